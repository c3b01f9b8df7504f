/*
 * Data that all stages of a run share: the report of failures, the state, the
 * deadline, and the request to stop.
 */
#ifndef CORE_RUN_RUN_H
#define CORE_RUN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/run/report.h"
#include "core/store/store.h"

struct run {
  struct report *report;
  struct store *store;
  int64_t queue_max;

  int64_t begun_ms;  /* ms since 1970, for the note; 0: no note is kept */
  const char *noted; /* the output named in the note */
  const char *noted_call;
  int64_t deadline_ms; /* on the monotonic clock, ms; 0: none */
  int64_t whole_ms;    /* the cycle's deadline during a slice; 0: no slice */
  int cancel_fd;       /* readable when the cycle must end */
  int event_fd, timer_fd;
  bool abandoned; /* the thread of an input still runs: free nothing */
};

/* Initialises RUN and catches SIGTERM, SIGINT and SIGHUP; a SIGHUP that is
 * ignored (nohup) stays ignored.  MP_OK or MP_EIO. */
int run_init(struct run *run, struct report *report);
void run_finish(struct run *run);

/* Sets the deadline of the cycle, or of a part of it, to MS from now. */
void run_set_deadline(struct run *run, int64_t ms);
/* Between these two, the deadline is that of a slice: one of N equal parts of
 * the remaining time.  Without a deadline there are no slices. */
void run_begin_slice(struct run *run, size_t n);
void run_end_slice(struct run *run);
/* Removes the deadline: nothing times out. */
void run_drop_deadline(struct run *run);

/* Returns the remaining time in ms, never negative; INT32_MAX without a
 * deadline. */
int64_t run_time_left(const struct run *run);

/* Returns true if SIGTERM, SIGINT or SIGHUP was received. */
bool run_stopped(void);

/* Sleeps between cycles.  False: a signal ended the sleep. */
bool run_sleep(int64_t ms);

#endif
