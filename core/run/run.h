/*
 * What all stages of a run share: where failures go, the state, the time that
 * is left, and the order to stop.
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
  bool dry;       /* -n: nothing is delivered or recorded */
  bool offline;   /* -n --offline: no output is asked */
  bool stateless; /* the state failed: only live outputs are served */
  bool creating;  /* targets --create: an output may have none yet */

  int64_t begun_ms;  /* of the note beside the state; 0: no note is kept */
  const char *noted; /* the output that the note names */
  const char *noted_call;
  int64_t deadline_ms; /* on the monotonic clock; 0: none */
  int64_t whole_ms;    /* the cycle's deadline during a slice of it; 0: none */
  int cancel_fd;       /* readable when the cycle must end */
  int event_fd, timer_fd;
  bool abandoned; /* a thread of an input still runs: nothing can be freed */
};

/* MP_OK or MP_EIO; also takes SIGTERM, SIGINT and SIGHUP from now on, but
 * leaves a SIGHUP that is ignored (nohup) alone. */
int run_init(struct run *run, struct report *report);
void run_finish(struct run *run);

/* The cycle, or a part of it, must end in MS from now. */
void run_set_deadline(struct run *run, int64_t ms);
/* Until run_end_slice the deadline is that of one of N equal parts of the time
 * left.  Without a deadline there are no slices. */
void run_begin_slice(struct run *run, size_t n);
void run_end_slice(struct run *run);
/* As long as it takes: nothing ends for want of time. */
void run_drop_deadline(struct run *run);

/* Milliseconds that are left; never negative. */
int64_t run_time_left(const struct run *run);

/* Whether one of these signals came. */
bool run_stopped(void);

/* Sleeps between runs; false when a signal ended it. */
bool run_sleep(int64_t ms);

#endif
