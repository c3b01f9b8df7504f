/*
 * A sweep: many cases, dealt out to workers, and one line that says what was
 * covered.
 *
 * Without options it is a fixed sample, which takes seconds.
 *
 *     OPTIONS: --all          every case but those of sweep_leaves_out()
 *              --share N      one case in N; which ones, --seed says
 *              --seed K       share K of N: the shares 0 to N-1 have no case in
 *                             common, and together all cases of --all --seed 0;
 *                             other seeds draw other random numbers (printed)
 *              --for SECONDS  skips what was not begun by then
 *              --jobs N       workers (three a processor: many cases wait)
 *              --only TEXT    only cases whose name contains TEXT
 *
 * So a sweep can be divided: run each program with --share N and each K, keep
 * what they print, and let sum.sh add it up.
 *
 * A case must hit its fault.  Runs differ a little, so a case whose run did not
 * come so far is tried again, at least REACH_TRIES times in all, a system call
 * also with another one.  Then it counts as an unreached fault, and the sweep
 * fails.  A fault that follows
 * another one, or is drawn at random in the year, may not be there: then it is
 * counted apart, and is no failure.
 */
#ifndef FAULTS_SWEEP_H
#define FAULTS_SWEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "tests/faults/rig.h"

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
  unsigned share; /* one case in so many; 1: all; 0: the sample */
  unsigned jobs, worker;
  bool whole;   /* all cases of the group in hand are this worker's */
  time_t until; /* of the monotonic clock; 0: no limit */
  uint32_t seed;
  const char *only;
};

/* Parses the arguments, lets WORK run in each worker, and prints the line.
 * Returns the exit status of the program: 77 where something is missing. */
int sweep_main(int argc, char **argv, void (*work)(struct sweep *s));

#define REACH_TRIES 4
#define SWEEP_EARLY 10

/* Begins group N of cases.  Of the sample and of small shares, a whole group is
 * one worker's, for getting to its first case takes longer than the case;
 * false: it is not ours.  Else each worker has its part of each group. */
bool sweep_begin_group(struct sweep *s, unsigned n);

/* Whether case N of a row of cases is to be done, and by this worker; of the
 * sample, one in EVERY is. */
bool sweep_is_mine(const struct sweep *s, unsigned n, unsigned every);

/* Whether event N of a run, one of those up to LOCK, is left out.  Before the
 * state is locked there is nothing to lose, and what happens there is for the
 * most part done by the loader and by libraries that start, over and over: of
 * those events one in SWEEP_EARLY is enough. */
bool sweep_leaves_out(const struct sweep *s, unsigned long n,
                      unsigned long lock);

/* Whether it is too late to begin another case. */
bool sweep_is_late(const struct sweep *s);

/* Whether the case of that name is wanted. */
bool sweep_wants(const struct sweep *s, const char *name);

void sweep_add(enum sweep_count count, unsigned long n);

/* Counts a case whose fault was never hit. */
void sweep_miss(const char *name);

/* What became of a case: prints what is wrong with it, and counts it. */
void sweep_end_case(struct rig *rig, const char *name, const char *wrong);

/* After the faults: all is well again with the first undisturbed run and, which
 * not every case looks at, stays so with the second.  Ends the case. */
void sweep_end_well(struct rig *rig, const char *name);

/* Random numbers for case N of all: the same ones for each way to divide them.
 * Never 0. */
uint32_t sweep_seed(const struct sweep *s, unsigned n);

/* The same numbers everywhere. */
uint32_t sweep_random(uint32_t *state);

#endif
