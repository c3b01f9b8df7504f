/*
 * A sweep: many test cases, divided among worker processes.  It prints one
 * summary line of its coverage.
 *
 * Without options it runs a fixed sample, which takes seconds.
 *
 *     OPTIONS: --all          all cases except those of sweep_leaves_out()
 *              --share N      one case in N; --seed selects which ones
 *              --seed K       share K of N: the shares 0 to N-1 have no case in
 *                             common, and together are all cases of --all
 *                             --seed 0; other seeds draw other random numbers
 *                             (printed)
 *              --for SECONDS  skips cases not started within this time
 *              --jobs N       workers (default: three per processor, since many
 *                             cases only wait)
 *              --only TEXT    only cases whose name contains TEXT
 *
 * To divide a sweep, run each program with --share N and each K, save the
 * output, and let sum.sh add up the counts.
 *
 * A case must hit its fault.  Runs differ a little, so a case that does not
 * reach its fault is repeated, at least REACH_TRIES times in all; a system call
 * is also replaced by an earlier one.  After that it counts as an unreached
 * fault, and the sweep fails.  The second fault of a pair and the random faults
 * of the year may be missed: these are counted separately and are no failure.
 */
#ifndef FAULTS_SWEEP_H
#define FAULTS_SWEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "tests/faults/fault_setup.h"

enum sweep_count {
  SWEEP_RUNS,
  SWEEP_CALLS,
  SWEEP_KILLS,
  SWEEP_ERRORS,
  SWEEP_CUTS,
  SWEEP_FAULTS,
  SWEEP_ALLOCATIONS,
  SWEEP_STATES,
  SWEEP_REPEATED,
  SWEEP_ANSWERS,
  SWEEP_HANGS,
  SWEEP_DRAWN_MISSED,
  SWEEP_LEFT,
  SWEEP_MISSED,
  SWEEP_LOST,
  SWEEP_DOUBLE,
  SWEEP_WRONG,
  SWEEP_COUNTS
};

struct sweep {
  unsigned share; /* runs 1 case in SHARE; 1: all; 0: the sample */
  unsigned jobs, worker;
  bool whole;       /* this worker has all cases of the current group */
  int64_t until_ms; /* CLOCK_MONOTONIC; 0: no limit */
  uint32_t seed;
  const char *only;
};

/* Parses the arguments, calls WORK in each worker and prints the summary.
 * Returns the exit status of the program: 77 if something needed is missing. */
int sweep_main(int argc, char **argv, void (*work)(struct sweep *s));

#define REACH_TRIES 4
#define SWEEP_EARLY 10

/* Begins group N of cases.  Returns false if it belongs to another worker.  For
 * the sample and for small shares, one worker has the whole group, because
 * reaching its first case takes longer than the case.  Otherwise each worker
 * has a part of every group. */
bool sweep_begin_group(struct sweep *s, unsigned n);

/* Returns whether this worker has to run case N of a series; the sample
 * contains one case in EVERY. */
bool sweep_is_mine(const struct sweep *s, unsigned n, unsigned every);

/* Returns whether to leave out event N of a run; LOCK is the event that locks
 * the state.  Nothing can be lost before that, and most of these events come
 * from the loader and the initialisation of libraries.  One in SWEEP_EARLY of
 * them is enough. */
bool sweep_leaves_out(const struct sweep *s, unsigned long n,
                      unsigned long lock);

/* Returns whether the time of --for is over, so that no further case may
 * begin. */
bool sweep_is_late(const struct sweep *s);

/* Returns whether --only selects the case NAME. */
bool sweep_wants(const struct sweep *s, const char *name);

void sweep_add(enum sweep_count count, unsigned long n);

/* Counts a case whose fault was never hit. */
void sweep_miss(const char *name);

/* Ends a case: if WRONG is not NULL, prints it and counts the case as lost,
 * double or wrong. */
void sweep_end_case(struct fault_setup *setup, const char *name,
                    const char *wrong);

/* Does one undisturbed run after the faults and checks the results.  In one
 * case of SECOND_EVERY it does and checks a second one; for a setup_lags()
 * setup it always does two and checks after the second.  Ends the case. */
void sweep_end_well(struct fault_setup *setup, const char *name);

/* Returns the random seed of case N, never 0.  It does not depend on how the
 * cases are divided into shares and workers. */
uint32_t sweep_seed(const struct sweep *s, unsigned n);

/* Returns the next random number; the sequence is the same on every
 * platform. */
uint32_t sweep_random(uint32_t *state);

#endif
