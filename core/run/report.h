/*
 * Failures.  Each is reported once and decides the exit status.  The next runs
 * do not repeat it until a day has passed; its end is reported, too.
 */
#ifndef CORE_RUN_REPORT_H
#define CORE_RUN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/run/grouped.h"
#include "core/store/store.h"
#include "meterpipe/plugin.h"

struct report;

/* Which side failed; it decides the exit status of a timeout or protocol
 * error. */
enum report_side { REPORT_INPUT, REPORT_OTHER };

struct report *report_new(void);
void report_free(struct report *report);

/* From now on, failures that STORE already has are not reported again.  NULL:
 * all are reported each time. */
void report_use_store(struct report *report, struct store *store);

/* From now on, failures of stages that FIND puts into one group are reported in
 * one line, unless -v asks for all, and repeated once a day for the whole
 * group. CTX must outlive the report. */
void report_use_groups(struct report *report,
                       bool (*find)(const void *ctx, const char *stage,
                                    struct group *ret),
                       const void *ctx);

/* Reports the failures of groups so far.  The report does it, too, at the end
 * of the cycle and of the run. */
void report_groups(struct report *report);

/* Limits each stage to 20 lines of failures from now on, unless -v asks for
 * all; report_end_run says how many were left out.  A failure whose line was
 * left out counts as reported: the state has it, and status lists it. */
void report_limit_lines(struct report *report);
void report_end_run(struct report *report);

/* Reports a failure of STAGE (the section's name; NULL: no stage) concerning
 * OBJECT (NULL: the whole stage).  Any thread.  Returns CODE. */
int report_failure(struct report *report, enum report_side side,
                   const char *stage, int code, const char *object,
                   const char *text);
int report_failuref(struct report *report, enum report_side side,
                    const char *stage, int code, const char *object,
                    const char *fmt, ...) MP_PRINTF(6, 7);

/* State of an object of a stage in this cycle. */
enum report_object {
  REPORT_UNKNOWN, /* the stage was not active: not known */
  REPORT_REACHED, /* the stage was active: the object failed or is in order */
  REPORT_GONE,    /* the pipeline file no longer names it */
};

/* Ends the cycle: a failure that did not occur again in it has ended.  The end
 * is reported if STATE_OF says that the object was reached; failures of an
 * object that is gone are forgotten silently.  Changes the store, but does not
 * commit. */
void report_end_cycle(struct report *report,
                      enum report_object (*state_of)(void *ctx,
                                                     const char *stage,
                                                     const char *object),
                      void *ctx);

/* Returns the exit status for an error code. */
int report_exit_status(enum report_side side, int code);

/* Returns the exit status of all failures so far: the one that comes first in
 * the order of meterpipe(1). */
int report_status(struct report *report);

/* Adds an exit status that has no failure of a stage. */
void report_note_status(struct report *report, int status);

#endif
