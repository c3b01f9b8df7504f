/* Internals of the rig: rig.c (the house: meters, Domoticz, files),
 * rig_run.c (runs of the program), rig_check.c and rig_records.c (the
 * expected results). */
#ifndef FAULTS_RIG_IMPL_H
#define FAULTS_RIG_IMPL_H

#include "tests/faults/rig.h"

#include <stddef.h>
#include <sys/types.h>

#define RIG_MAX_RUNS 32
#define RIG_CSV "heat.csv"
/* Files of the exec command: the records it keeps, and two that make it
 * fail. */
#define RIG_STORE "store"
#define RIG_AWAY "away"
#define RIG_LOSE "lose"
/* Created when an answer is lost. */
#define RIG_HIT "hit"

/* Device idx of chain C: its base (the meter reading), its usage, its running
 * totals. */
#define RIG_BASE(c) (323 + 100 * (c))
#define RIG_USAGE(c) (322 + 100 * (c))
#define RIG_TOTAL(c, i) (327 + 100 * (c) + (i))

/* A chain: one field of a meter, its usage and its totals.  Values are in
 * thousandths of the unit. */
struct rig_chain {
  unsigned register_no;
  const char *field, *unit;
  const char *base, *usage, *total; /* device types */
};

struct rig_plan {
  const struct rig_chain *chain;
  unsigned meters, totals;
  bool csv;
  const char *command; /* class of the exec output; NULL: Domoticz instead */
};

/* The files that belong to a moment, besides Domoticz's devices. */
enum { RIG_FILE_STATE, RIG_FILE_CSV, RIG_FILE_STORE, RIG_FILES };

/* A moment of the history; readings and sums in thousandths. */
struct rig_moment {
  int64_t time;
  int64_t reading[2];
  int64_t given[2];   /* sum of the usages written to Domoticz */
  unsigned writes[2]; /* updates of the usage device so far */
  unsigned runs;
  struct {
    int64_t time, reading[2];
    bool must; /* the run succeeded, so its row must exist */
  } read[RIG_MAX_RUNS];
};

struct rig {
  const struct rig_plan *plan;
  char dir[128];
  struct domoticz_server *server;
  struct meter *meters[2];
  unsigned port;      /* where the program connects to Domoticz */
  char device[2][64]; /* option "device" of each meter's input */
  struct rig_moment now, kept;
  struct {
    char *data; /* NULL: the file did not exist */
    size_t len;
  } files[RIG_FILES];
  enum rig_answers answers;
  bool spoiled;       /* a request of the last run had a fault */
  bool csv_full;      /* no space left for the CSV */
  bool by_hand;       /* the test changes devices by hand */
  bool damaged;       /* the state may be set aside */
  unsigned queue_max; /* 0: the default */
  unsigned lost, doubled;
  char wrong[2048];
};

__attribute__((noreturn)) void rig_die(const char *what);

/* Returns the whole file with a NUL after it, from malloc; NULL: it does not
 * exist. */
char *rig_read(const struct rig *rig, const char *name, size_t *ret_len);
void rig_write(const struct rig *rig, const char *name, const char *data,
               size_t len);
bool rig_has(const struct rig *rig, const char *pattern);
void rig_remove(const struct rig *rig, const char *pattern);

/* The part of rig_check for the records that the exec command kept. */
void rig_check_records(struct rig *rig);
/* Returns the expected sum of usages of chain C; IS: the actual sum, see
 * rig_check.c. */
int64_t rig_sum_must_be(const struct rig *rig, unsigned c, int64_t is);
void rig_check_sum(struct rig *rig, const char *what, unsigned idx, int64_t is,
                   int64_t must);

/* rig_pass advances the time; rig_count adds GROWTH to the reading of meter
 * I. */
void rig_pass(struct rig *rig, int64_t seconds);
void rig_count(struct rig *rig, unsigned i, int64_t growth);

/* Runs the program at the current time, without recording the reading in the
 * account. */
void rig_do(struct rig *rig, struct rig_run *run);

/* Adds the device of total I of chain C, which must not exist yet. */
void rig_add_total(struct rig *rig, unsigned c, unsigned i);

/* Copies the reading of the account to meter I. */
void rig_set_meter(struct rig *rig, unsigned i);

/* Convert between thousandths and text: 84208 is "84.208". */
void rig_format(int64_t energy, char *buf, size_t size);
int64_t rig_parse(const char *text);

#endif
