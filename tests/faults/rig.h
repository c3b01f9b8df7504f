/*
 * What the sweeps have in common: a house with one or two meters, a Domoticz
 * and a CSV, or a command of exec, the real program, and an account of what
 * they must show.
 *
 * The account is the rig's own: it knows the readings and when they were read,
 * and from them what every total, the sum of all usages and every byte of the
 * CSV must be, whatever went wrong in between.  The command keeps each record
 * that comes; one id counts once.
 *
 * A history is driven run by run.  A moment of it can be kept and gone back to,
 * so that a sweep pays for the runs before a fault only once.
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
  RIG_SCRIPT, /* the old script's example: several adds on one reference */
  RIG_BOTH,   /* two outputs at once */
  RIG_METERS, /* two meters */
  RIG_TYPES,  /* other types of devices, of another value */
  RIG_LATEST, /* exec of class latest, without Domoticz */
  RIG_APPEND, /* exec of class append, without Domoticz */
  RIG_KINDS
};

/* The kinds before this one have a Domoticz. */
#define RIG_COMMANDS RIG_LATEST

extern const char *const rig_kind_names[RIG_KINDS];

/* From run to run, in seconds; no multiple of a quarter of an hour, of which
 * the wait between two writes of a device knows nothing more. */
#define RIG_INTERVAL 1213

struct rig;

struct rig *rig_new(enum rig_kind kind);
void rig_free(struct rig *rig);

struct domoticz_server *rig_server(struct rig *rig);
struct meter *rig_meter(struct rig *rig, unsigned i);
/* Takes a meter that was unplugged away, and puts a good one there. */
void rig_replug(struct rig *rig);
/* The ports by which the program reaches Domoticz and the first meter from now
 * on; 0: directly. */
void rig_lead_by(struct rig *rig, unsigned domoticz, unsigned meter);
/* The tty of meter I. */
const char *rig_tty(struct rig *rig, unsigned i);

/* ---- Histories ---- */

/* Back to before the first run. */
void rig_begin(struct rig *rig);
/* Keeps this moment, and goes back to it. */
void rig_keep(struct rig *rig);
void rig_back(struct rig *rig);

/* The state, from malloc (NULL: there is none), and another in its place, which
 * may be set aside; NULL: none. */
char *rig_state(struct rig *rig, size_t *ret_len);
void rig_put_state(struct rig *rig, const char *data, size_t len);
/* What the last run said, from malloc. */
char *rig_said(struct rig *rig);

/* How a run is to go wrong, and what came of it. */
struct rig_run {
  struct trace_fault *fault;   /* NULL: untraced, unless there is a log */
  struct trace_log *log;       /* NULL: not wanted */
  struct fault_memory *memory; /* NULL: no allocation is counted */
  bool killed;                 /* by SIGKILL */
  int status;                  /* else its exit status */
  bool silent;                 /* it had nothing to say */
};

/* Time passes, the meters count, and the program runs. */
void rig_go(struct rig *rig, struct rig_run *run);
/* The same, undisturbed: it must end well, and with status 0. */
void rig_go_well(struct rig *rig);

/* Two runs without Domoticz, without room for the CSV, and with a command that
 * takes nothing: values and rows wait for the next one. */
void rig_pile_up(struct rig *rig);

/* What becomes of the answers of all outputs from now on. */
enum rig_answers {
  RIG_ANSWERED,
  /* The update is not carried out, and the connection ends; nothing is written
   * to the CSV's full disk; the command reads all, keeps nothing, and dies. */
  RIG_LOST_BEFORE,
  /* It is carried out, and the connection ends; the CSV is written, and its
   * fsync() fails; the command keeps all, and dies. */
  RIG_LOST_AFTER
};
void rig_answer(struct rig *rig, enum rig_answers answers);
/* Whether an answer was lost in the last run. */
bool rig_lost_answer(struct rig *rig);
/* Whether Domoticz did a fault to a request of the last run. */
bool rig_spoiled(const struct rig *rig);

/* Whether a run after a fault can leave a value to the one after it: one that
 * sends again what had no answer sends nothing new to that target. */
bool rig_lags(const struct rig *rig);

/* Whether all is as it must be after undisturbed runs.  NULL, or what is
 * wrong; valid until the next call. */
const char *rig_check(struct rig *rig);

/* Whether a total or the sum of usages came out too small, or too large. */
bool rig_lost(const struct rig *rig);
bool rig_doubled(const struct rig *rig);

/* Notes that something is wrong, for rig_check. */
__attribute__((format(printf, 2, 3))) void rig_note(struct rig *rig,
                                                    const char *fmt, ...);

#endif
