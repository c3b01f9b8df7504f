/*
 * Failures: each is told once, decides the exit status, and is not repeated in
 * the next run until a day has passed; its end is told.
 */
#ifndef CORE_RUN_REPORT_H
#define CORE_RUN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/store/store.h"
#include "meterpipe/plugin.h"

struct report;

/* Whose failure it is; it decides what a timeout or nonsense leads to. */
enum report_side { REPORT_INPUT, REPORT_OTHER };

struct report *report_new(void);
void report_free(struct report *report);

/* From here on failures are held against those that STORE knows; NULL: told
 * every time. */
void report_use_store(struct report *report, struct store *store);

/* From here on each stage prints at most 20 lines of its failures, unless -v
 * asks for all; report_end_run tells how many it left out.  A line left out
 * counts as told: the state has its failure, and status shows it. */
void report_limit_lines(struct report *report);
void report_end_run(struct report *report);

/* A failure of STAGE (the section's name; NULL: of no stage) concerning OBJECT
 * (NULL: all of it).  Any thread.  Returns code. */
int report_failure(struct report *report, enum report_side side,
                   const char *stage, int code, const char *object,
                   const char *text);
int report_failuref(struct report *report, enum report_side side,
                    const char *stage, int code, const char *object,
                    const char *fmt, ...) MP_PRINTF(6, 7);

/* What the cycle says of OBJECT of STAGE. */
enum report_object {
  REPORT_UNKNOWN, /* the stage was not at work: nothing */
  REPORT_REACHED, /* it failed in this cycle, or is in order */
  REPORT_GONE,    /* the pipeline file does not name it any more */
};

/* The cycle is over: what failed before and did not in this one has ended.
 * That is told where STATE_OF says that the object was reached; the failures of
 * an object that is gone are forgotten.  The store is changed, not committed.
 */
void report_end_cycle(struct report *report,
                      enum report_object (*state_of)(void *ctx,
                                                     const char *stage,
                                                     const char *object),
                      void *ctx);

/* The exit status that a reason leads to. */
int report_exit_status(enum report_side side, int code);

/* The exit status of all failures so far: the first of the order in
 * meterpipe(1). */
int report_status(struct report *report);

/* Notes a status that comes with no failure of a stage. */
void report_note_status(struct report *report, int status);

#endif
