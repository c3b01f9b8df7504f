/*
 * The test setup that the sweeps share: one or two emulated meters, a stand-in
 * for Domoticz and a CSV file (or a command run by the exec output, a real MQTT
 * broker, or a stand-in for servers of time series), the real program, and an
 * independent account of the expected results.
 *
 * The account knows the readings and their times.  From them it computes every
 * total, the sum of all usages and every byte of the CSV file, whatever faults
 * came in between.  The command keeps each record it receives; records with the
 * same id count once.  The history output (tests/support/shelf_output.c) sets
 * some rows aside.
 *
 * A test drives a history run by run.  It can save a moment of the history and
 * return to it, so that a sweep executes the runs before a fault only once.
 */
#ifndef FAULTS_FAULT_SETUP_H
#define FAULTS_FAULT_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/faults/fault_preload.h"
#include "tests/faults/tracer.h"
#include "tests/support/domoticz_server.h"
#include "plugins/kmp/emulator/meter.h"

/* Pipelines under test. */
enum setup_kind {
  SETUP_SCRIPT, /* the old script's example: several totals of one usage */
  SETUP_BOTH,   /* Domoticz and a CSV file */
  SETUP_METERS, /* two meters */
  SETUP_TYPES,  /* other device types, and volume instead of energy */
  SETUP_SERIES, /* outputs for time series, beside Domoticz */
  SETUP_LATEST, /* exec output of class latest, no Domoticz */
  SETUP_APPEND, /* exec output of class append, no Domoticz */
  SETUP_SHELF,  /* output of class history that refuses some rows for good, no
                   Domoticz */
  SETUP_MQTT,   /* mqtt output with a real broker, no Domoticz */
  SETUP_KINDS
};

/* The first kind without Domoticz; all earlier kinds have one. */
#define SETUP_COMMANDS SETUP_LATEST

extern const char *const setup_kind_names[SETUP_KINDS];

/* Seconds between two runs.  Not a multiple of a quarter of an hour: time zones
 * differ by whole quarters, so the program would take such an update for a
 * recent one and wait. */
#define SETUP_INTERVAL 1213

struct fault_setup;

struct fault_setup *setup_new(enum setup_kind kind);
void setup_free(struct fault_setup *setup);

struct domoticz_server *setup_server(struct fault_setup *setup);
struct meter *setup_meter(struct fault_setup *setup, unsigned i);
/* Replaces all meters by new ones without faults, for example after one was
 * unplugged. */
void setup_replug(struct fault_setup *setup);
/* Sets the ports at which the program reaches the HTTP server (of SETUP_SERIES:
 * that of time series, else Domoticz) and the first meter, for example those of
 * a proxy; 0: connects directly. */
void setup_lead_by(struct fault_setup *setup, unsigned http, unsigned meter);
/* Returns the port of that HTTP server. */
unsigned setup_http_port(const struct fault_setup *setup);
/* Returns the path of the tty of meter I. */
const char *setup_tty(struct fault_setup *setup, unsigned i);

/* ---- Histories ---- */

/* Returns to the moment before the first run. */
void setup_begin(struct fault_setup *setup);
/* setup_keep saves the current moment; setup_back returns to the saved one. */
void setup_keep(struct fault_setup *setup);
void setup_back(struct fault_setup *setup);

/* setup_state returns the content of the state file, from malloc (NULL: there
 * is none).  setup_put_state replaces it by DATA (NULL: deletes it); from then
 * on the program is allowed to move the state aside. */
char *setup_state(struct fault_setup *setup, size_t *ret_len);
void setup_put_state(struct fault_setup *setup, const char *data, size_t len);
/* Returns the standard error of the last run, from malloc. */
char *setup_said(struct fault_setup *setup);

/* The fault to apply to a run, and the result of the run. */
struct setup_run {
  char *const *words;          /* arguments of the program; NULL: a run */
  struct trace_fault *fault;   /* NULL: no fault; traced only if log is set */
  struct trace_log *log;       /* receives the system calls; NULL: not wanted */
  struct fault_memory *memory; /* NULL: allocations are not counted */
  bool killed;                 /* ended by SIGKILL */
  int status;                  /* exit status if not killed */
  bool silent;                 /* standard error was empty */
};

/* Advances the time by SETUP_INTERVAL, lets the meters count, and runs the
 * program. */
void setup_go(struct fault_setup *setup, struct setup_run *run);
/* Does the same without a fault; notes an error unless the exit status is 0. */
void setup_go_well(struct fault_setup *setup);

/* Makes the rows pending again that were set aside (meterpipe retry). */
void setup_retry(struct fault_setup *setup, struct setup_run *run);
/* The history output refuses no row any more. */
void setup_take_all(struct fault_setup *setup);

/* Does two runs without Domoticz, with no space for the CSV and with a command
 * that accepts nothing.  Values and rows stay pending for the next run. */
void setup_pile_up(struct fault_setup *setup);

/* How all outputs answer from now on. */
enum setup_answers {
  SETUP_ANSWERED,
  /* Domoticz closes the connection without doing the update; the disk of the
   * CSV is full; the command reads all records, keeps none and kills itself;
   * the connection to the MQTT broker ends before the first message; the server
   * of time series closes the connection. */
  SETUP_LOST_BEFORE,
  /* Domoticz does the update and closes the connection without a reply; the CSV
   * is written but its fsync() fails; the command keeps all records and kills
   * itself; the connection to the MQTT broker ends before its first answer; the
   * server of time series takes the row and closes the connection. */
  SETUP_LOST_AFTER
};
void setup_answer(struct fault_setup *setup, enum setup_answers answers);
/* Returns whether an answer was lost in the last run. */
bool setup_lost_answer(struct fault_setup *setup);
/* Returns whether Domoticz applied a fault to a request of the last run. */
bool setup_spoiled(const struct fault_setup *setup);

/* Returns whether the run after a fault may leave a value to the run after
 * that.  True for class latest: a run that resends an unacknowledged value
 * sends nothing new to that target. */
bool setup_lags(const struct fault_setup *setup);

/* Checks all results after undisturbed runs.  Returns NULL, or an error message
 * that is valid until the next call.  For SETUP_SHELF, it then makes the rows
 * pending again that were set aside, does a run, and checks the results once
 * more. */
const char *setup_check(struct fault_setup *setup);

/* Returns how often the command received a record that it had already. */
unsigned setup_repeated(struct fault_setup *setup);

/* Return whether a total or the sum of usages is too small (lost) or too large
 * (doubled). */
bool setup_lost(const struct fault_setup *setup);
bool setup_doubled(const struct fault_setup *setup);

/* Adds an error message to the result of setup_check. */
__attribute__((format(printf, 2, 3))) void setup_note(struct fault_setup *setup,
                                                      const char *fmt, ...);

#endif
