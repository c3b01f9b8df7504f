/*
 * The test rig that the sweeps share: one or two emulated meters, a stand-in
 * for Domoticz and a CSV file (or a command run by the exec output), the real
 * program, and an independent account of the expected results.
 *
 * The account knows the readings and their times.  From them it computes every
 * total, the sum of all usages and every byte of the CSV file, whatever faults
 * came in between.  The command keeps each record it receives; records with the
 * same id count once.
 *
 * A test drives a history run by run.  It can save a moment of the history and
 * return to it, so that a sweep executes the runs before a fault only once.
 */
#ifndef FAULTS_RIG_H
#define FAULTS_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/faults/fault_preload.h"
#include "tests/faults/tracer.h"
#include "tests/support/domoticz_server.h"
#include "plugins/kmp/emulator/meter.h"

/* Pipelines under test. */
enum rig_kind {
  RIG_SCRIPT, /* the old script's example: several totals of one usage */
  RIG_BOTH,   /* Domoticz and a CSV file */
  RIG_METERS, /* two meters */
  RIG_TYPES,  /* other device types, and volume instead of energy */
  RIG_LATEST, /* exec output of class latest, no Domoticz */
  RIG_APPEND, /* exec output of class append, no Domoticz */
  RIG_KINDS
};

/* The first kind without Domoticz; all earlier kinds have one. */
#define RIG_COMMANDS RIG_LATEST

extern const char *const rig_kind_names[RIG_KINDS];

/* Seconds between two runs.  Not a multiple of a quarter of an hour: time zones
 * differ by whole quarters, so the program would take such an update for a
 * recent one and wait. */
#define RIG_INTERVAL 1213

struct rig;

struct rig *rig_new(enum rig_kind kind);
void rig_free(struct rig *rig);

struct domoticz_server *rig_server(struct rig *rig);
struct meter *rig_meter(struct rig *rig, unsigned i);
/* Replaces all meters by new ones without faults, for example after one was
 * unplugged. */
void rig_replug(struct rig *rig);
/* Sets the ports at which the program reaches Domoticz and the first meter, for
 * example those of a proxy; 0: connects directly. */
void rig_lead_by(struct rig *rig, unsigned domoticz, unsigned meter);
/* Returns the path of the tty of meter I. */
const char *rig_tty(struct rig *rig, unsigned i);

/* ---- Histories ---- */

/* Returns to the moment before the first run. */
void rig_begin(struct rig *rig);
/* rig_keep saves the current moment; rig_back returns to the saved one. */
void rig_keep(struct rig *rig);
void rig_back(struct rig *rig);

/* rig_state returns the content of the state file, from malloc (NULL: there is
 * none).  rig_put_state replaces it by DATA (NULL: deletes it); from then on
 * the program is allowed to set the state aside. */
char *rig_state(struct rig *rig, size_t *ret_len);
void rig_put_state(struct rig *rig, const char *data, size_t len);
/* Returns the standard error of the last run, from malloc. */
char *rig_said(struct rig *rig);

/* The fault to apply to a run, and the result of the run. */
struct rig_run {
  struct trace_fault *fault;   /* NULL: no fault; traced only if log is set */
  struct trace_log *log;       /* receives the system calls; NULL: not wanted */
  struct fault_memory *memory; /* NULL: allocations are not counted */
  bool killed;                 /* ended by SIGKILL */
  int status;                  /* exit status if not killed */
  bool silent;                 /* standard error was empty */
};

/* Advances the time by RIG_INTERVAL, lets the meters count, and runs the
 * program. */
void rig_go(struct rig *rig, struct rig_run *run);
/* Does the same without a fault; notes an error unless the exit status is 0. */
void rig_go_well(struct rig *rig);

/* Does two runs without Domoticz, with no space for the CSV and with a command
 * that accepts nothing.  Values and rows stay pending for the next run. */
void rig_pile_up(struct rig *rig);

/* How all outputs answer from now on. */
enum rig_answers {
  RIG_ANSWERED,
  /* Domoticz closes the connection without doing the update; the disk of the
   * CSV is full; the command reads all records, keeps none and kills itself. */
  RIG_LOST_BEFORE,
  /* Domoticz does the update and closes the connection without a reply; the CSV
   * is written but its fsync() fails; the command keeps all records and kills
   * itself. */
  RIG_LOST_AFTER
};
void rig_answer(struct rig *rig, enum rig_answers answers);
/* Returns whether an answer was lost in the last run. */
bool rig_lost_answer(struct rig *rig);
/* Returns whether Domoticz applied a fault to a request of the last run. */
bool rig_spoiled(const struct rig *rig);

/* Returns whether the run after a fault may leave a value to the run after
 * that.  True for class latest: a run that resends an unacknowledged value
 * sends nothing new to that target. */
bool rig_lags(const struct rig *rig);

/* Checks all results after undisturbed runs.  Returns NULL, or an error message
 * that is valid until the next call. */
const char *rig_check(struct rig *rig);

/* Return whether a total or the sum of usages is too small (lost) or too large
 * (doubled). */
bool rig_lost(const struct rig *rig);
bool rig_doubled(const struct rig *rig);

/* Adds an error message to the result of rig_check. */
__attribute__((format(printf, 2, 3))) void rig_note(struct rig *rig,
                                                    const char *fmt, ...);

#endif
