/* Internals of the setup: fault_setup.c (the house: meters, Domoticz, files),
 * fault_setup_run.c (runs of the program), fault_setup_check.c,
 * fault_setup_records.c and fault_setup_shelf.c (the expected results),
 * fault_setup_bus.c (the MQTT broker, and its expected results),
 * fault_setup_series.c (the outputs for time series). */
#ifndef FAULTS_FAULT_SETUP_IMPL_H
#define FAULTS_FAULT_SETUP_IMPL_H

#include "tests/faults/fault_setup.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define SETUP_MAX_RUNS 32
/* Seconds after the start of a run within which its reading ends. */
#define SETUP_READ_WITHIN 60
/* Amounts and messages of an MQTT broker. */
#define SETUP_MAX_ARRIVED (2 * SETUP_MAX_RUNS)
#define SETUP_MAX_SENT (8 * SETUP_MAX_RUNS)
#define SETUP_CSV "heat.csv"
/* Files of the exec command: the records it keeps, and two that make it
 * fail. */
#define SETUP_STORE "store"
#define SETUP_AWAY "away"
#define SETUP_LOSE "lose"
/* Created when an answer is lost. */
#define SETUP_HIT "hit"
/* Files of the history output: the rows it took, all rows it was given, and the
 * readings whose rows it refuses. */
#define SETUP_TAKEN "taken"
#define SETUP_SEEN "seen"
#define SETUP_REFUSED "refused"
/* What the server of time series took, and the file for Prometheus. */
#define SETUP_POINTS "points"
#define SETUP_RECORDS "records"
#define SETUP_METRICS "house.prom"

/* Device idx of chain C: its base (the meter reading), its usage, its running
 * totals. */
#define SETUP_BASE(c) (323 + 100 * (c))
#define SETUP_USAGE(c) (322 + 100 * (c))
#define SETUP_TOTAL(c, i) (327 + 100 * (c) + (i))

/* A chain: one field of a meter, its usage and its totals.  Values are in
 * thousandths of the unit. */
struct setup_chain {
  unsigned register_no;
  const char *field, *unit;
  const char *base, *usage, *total; /* device types */
};

struct setup_plan {
  const struct setup_chain *chain;
  unsigned meters, totals;
  bool csv;
  const char *class; /* of the output "hook"; NULL: Domoticz instead */
  bool shelf;        /* "hook" is the history output that refuses rows, and not
                        the exec command */
  bool bus;          /* "hook" is the mqtt output */
  bool series;       /* outputs for time series, beside Domoticz */
};

/* The files that belong to a moment, besides Domoticz's devices. */
enum {
  SETUP_FILE_STATE,
  SETUP_FILE_CSV,
  SETUP_FILE_STORE,
  SETUP_FILE_TAKEN,
  SETUP_FILE_SEEN,
  SETUP_FILE_POINTS,
  SETUP_FILE_RECORDS,
  SETUP_FILE_METRICS,
  SETUP_FILES
};

/* A state that was published: target NAME, VALUE in thousandths. */
struct setup_sent {
  char name[8], id[64];
  int64_t value;
};

/* A moment of the history; readings and sums in thousandths. */
struct setup_moment {
  int64_t time;
  int64_t reading[2];
  int64_t given[2];   /* sum of the usages written to Domoticz */
  unsigned writes[2]; /* updates of the usage device so far */
  unsigned runs;
  bool takes_all; /* the history output refuses no row any more */
  struct {
    int64_t time, reading[2];
    bool must; /* the run succeeded, so its row must exist */
  } read[SETUP_MAX_RUNS];
  struct {
    char id[64];
    int64_t usage;
  } arrived[SETUP_MAX_ARRIVED];
  struct setup_sent sent[SETUP_MAX_SENT];
  unsigned n_arrived, n_sent;
  int64_t exported; /* the reading in the file for Prometheus; -1: none */
};

struct fault_setup {
  const struct setup_plan *plan;
  char dir[128];
  struct domoticz_server *server;
  struct meter *meters[2];
  struct setup_bus *bus;       /* NULL: no MQTT broker */
  struct setup_series *series; /* NULL: no server of time series */
  unsigned port;               /* where the program connects to Domoticz */
  unsigned series_port;        /* and to the server of time series */
  char device[2][64];          /* option "device" of each meter's input */
  struct setup_moment now, kept;
  struct {
    char *data; /* NULL: the file did not exist */
    size_t len;
  } files[SETUP_FILES];
  enum setup_answers answers;
  bool spoiled;       /* a request of the last run had a fault */
  bool csv_full;      /* no space left for the CSV */
  bool by_hand;       /* the test changes devices by hand */
  bool damaged;       /* the state may be moved aside */
  unsigned queue_max; /* 0: the default */
  unsigned lost, doubled;
  char wrong[2048];
};

__attribute__((noreturn)) void setup_die(const char *what);

/* Returns the whole file with a NUL after it, from malloc; NULL: it does not
 * exist. */
char *setup_read(const struct fault_setup *setup, const char *name,
                 size_t *ret_len);
void setup_write(const struct fault_setup *setup, const char *name,
                 const char *data, size_t len);
bool setup_has(const struct fault_setup *setup, const char *pattern);
void setup_remove(const struct fault_setup *setup, const char *pattern);

/* The part of setup_check for the records that the exec command kept. */
void setup_check_records(struct fault_setup *setup);
/* The part of setup_check for the history output. */
void setup_check_shelf(struct fault_setup *setup);
/* The MQTT broker: its beginning and end, its port, the moments, how it
 * answers, and whether it runs. */
void setup_bus_new(struct fault_setup *setup);
unsigned setup_bus_port(const struct fault_setup *setup);
void setup_bus_free(struct fault_setup *setup);
void setup_bus_begin(struct fault_setup *setup);
void setup_bus_keep(struct fault_setup *setup);
void setup_bus_back(struct fault_setup *setup);
void setup_bus_answer(struct fault_setup *setup, enum setup_answers answers);
bool setup_bus_lost_answer(const struct fault_setup *setup);
void setup_bus_down(struct fault_setup *setup);
void setup_bus_up(struct fault_setup *setup);
/* Takes what arrived and what was published in the last run. */
void setup_bus_account(struct fault_setup *setup);
/* The part of setup_check for the broker. */
void setup_check_bus(struct fault_setup *setup);
/* The server of time series: as for the broker. */
void setup_series_new(struct fault_setup *setup);
void setup_series_free(struct fault_setup *setup);
unsigned setup_series_port(const struct fault_setup *setup);
void setup_series_answer(struct fault_setup *setup, enum setup_answers answers);
bool setup_series_lost_answer(const struct fault_setup *setup);
/* AWAY: it answers 503. */
void setup_series_away(struct fault_setup *setup, bool away);
/* Writes the sections of its outputs; they reach the server at PORT. */
void setup_put_series(FILE *f, unsigned port);
/* Checks that the file for Prometheus is complete, whatever happened. */
void setup_check_metrics(struct fault_setup *setup);
/* The part of setup_check for these outputs. */
void setup_check_series(struct fault_setup *setup);
/* Returns whether the history output refuses the row of run N for good. */
bool setup_is_refused(unsigned n);
/* Returns whether TEXT, the standard error of a run, has nothing but rows that
 * were set aside, and notices. */
bool setup_only_set_aside(const char *text);
/* Writes the file with the readings that are refused. */
void setup_write_refused(struct fault_setup *setup);
/* Returns what meter I counts from the run before to run N. */
int64_t setup_growth(unsigned n, unsigned i);
/* The reading of meter I before the first run. */
int64_t setup_first_reading(unsigned i);
/* Returns the expected sum of usages of chain C; IS: the actual sum, see
 * fault_setup_check.c. */
int64_t setup_sum_must_be(const struct fault_setup *setup, unsigned c,
                          int64_t is);
void setup_check_sum(struct fault_setup *setup, const char *what, unsigned idx,
                     int64_t is, int64_t must);

/* setup_pass advances the time; setup_count adds GROWTH to the reading of meter
 * I. */
void setup_pass(struct fault_setup *setup, int64_t seconds);
void setup_count(struct fault_setup *setup, unsigned i, int64_t growth);

/* Runs the program at the current time, without recording the reading in the
 * account. */
void setup_do(struct fault_setup *setup, struct setup_run *run);

/* Adds the device of total I of chain C, which must not exist yet. */
void setup_add_total(struct fault_setup *setup, unsigned c, unsigned i);

/* Copies the reading of the account to meter I. */
void setup_set_meter(struct fault_setup *setup, unsigned i);

/* Convert between thousandths and text: 84208 is "84.208". */
void setup_format(int64_t energy, char *buf, size_t size);
int64_t setup_parse(const char *text);

#endif
