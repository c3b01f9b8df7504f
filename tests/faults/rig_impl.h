/* The rig inside: rig.c (the house), rig_run.c (runs in it) and rig_check.c
 * (what they must come to). */
#ifndef FAULTS_RIG_IMPL_H
#define FAULTS_RIG_IMPL_H

#include "tests/faults/rig.h"

#include <stddef.h>
#include <sys/types.h>

#define RIG_MAX_RUNS 32
#define RIG_CSV "heat.csv"
/* What the command of exec keeps, and how it is told to fail. */
#define RIG_STORE "store"
#define RIG_AWAY "away"
#define RIG_LOSE "lose"
/* Made when an answer was lost. */
#define RIG_HIT "hit"

/* Devices of chain C: a meter, its usage, its running totals. */
#define RIG_BASE(c) (323 + 100 * (c))
#define RIG_USAGE(c) (322 + 100 * (c))
#define RIG_TOTAL(c, i) (327 + 100 * (c) + (i))

/* What a chain carries, in steps of a thousandth, and into what devices. */
struct rig_chain {
  unsigned register_no;
  const char *field, *unit;
  const char *base, *usage, *total; /* types of devices */
};

struct rig_plan {
  const struct rig_chain *chain;
  unsigned meters, totals;
  bool csv;
  const char *command; /* class of an exec output in place of Domoticz; NULL */
};

/* What makes a moment, except Domoticz. */
enum { RIG_FILE_STATE, RIG_FILE_CSV, RIG_FILE_STORE, RIG_FILES };

/* Readings and sums in thousandths. */
struct rig_moment {
  int64_t time;
  int64_t reading[2];
  int64_t given[2];   /* the sum of the usages that were written */
  unsigned writes[2]; /* of the usage device, so far */
  unsigned runs;
  struct {
    int64_t time, reading[2];
    bool must; /* it ended well: its row is there */
  } read[RIG_MAX_RUNS];
};

struct rig {
  const struct rig_plan *plan;
  char dir[128];
  struct domoticz_server *server;
  struct meter *meters[2];
  unsigned port;      /* of Domoticz, for the program */
  char device[2][64]; /* of the meters, for the program */
  struct rig_moment now, kept;
  struct {
    char *data; /* NULL: there was none */
    size_t len;
  } files[RIG_FILES];
  enum rig_answers answers;
  bool spoiled;       /* a request of the last run */
  bool csv_full;      /* the disk on which the CSV is */
  bool by_hand;       /* somebody may change devices */
  bool damaged;       /* the state may be set aside */
  unsigned queue_max; /* 0: the default */
  unsigned lost, doubled;
  char wrong[2048];
};

__attribute__((noreturn)) void rig_die(const char *what);

/* The whole file, with a NUL behind it; NULL: there is none. */
char *rig_read(const struct rig *rig, const char *name, size_t *ret_len);
void rig_write(const struct rig *rig, const char *name, const char *data,
               size_t len);
bool rig_has(const struct rig *rig, const char *pattern);
void rig_remove(const struct rig *rig, const char *pattern);

/* rig_check for the records that the command kept. */
void rig_check_records(struct rig *rig);
/* What the sum of usages of chain C must be; IS: what it is. */
int64_t rig_sum_must_be(const struct rig *rig, unsigned c, int64_t is);
void rig_check_sum(struct rig *rig, const char *what, unsigned idx, int64_t is,
                   int64_t must);

/* Time passes, and meter I counts so much. */
void rig_pass(struct rig *rig, int64_t seconds);
void rig_count(struct rig *rig, unsigned i, int64_t growth);

/* A run, now; without an account of what was read. */
void rig_do(struct rig *rig, struct rig_run *run);

/* Total I of chain C, which must not be there. */
void rig_add_total(struct rig *rig, unsigned c, unsigned i);

/* Lets meter I show what it has counted. */
void rig_set_meter(struct rig *rig, unsigned i);

/* 84208 is "84.208". */
void rig_format(int64_t energy, char *buf, size_t size);
int64_t rig_parse(const char *text);

#endif
