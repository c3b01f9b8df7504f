/*
 * A sweep: many cases, dealt out to workers, and one line that says what was
 * covered.
 *
 * Without options it is a fixed sample, which takes seconds.
 *
 *     OPTIONS: --all          every case
 *              --share N      one case in N, and other ones for another seed
 *              --for SECONDS  skips what was not begun by then
 *              --jobs N       workers (three a processor: many cases wait)
 *              --seed N       of what is drawn at random (printed)
 *              --only TEXT    only cases whose name contains TEXT
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
  SWEEP_LEFT,
  SWEEP_LOST,
  SWEEP_DOUBLE,
  SWEEP_WRONG,
  SWEEP_COUNTS
};

struct sweep {
  unsigned share; /* one case in so many; 1: all; 0: the sample */
  unsigned jobs, worker;
  time_t until; /* of the monotonic clock; 0: no limit */
  uint32_t seed;
  const char *only;
};

/* Parses the arguments, lets WORK run in each worker, and prints the line.
 * Returns the exit status of the program: 77 where something is missing. */
int sweep_main(int argc, char **argv, void (*work)(struct sweep *s));

/* Whether case N of a row of cases is to be done, and by this worker; of the
 * sample, one in EVERY is. */
bool sweep_is_mine(const struct sweep *s, unsigned n, unsigned every);

/* Whether it is too late to begin another case. */
bool sweep_is_late(const struct sweep *s);

/* How many there are of what is not counted: ALL, a share, or SAMPLE. */
unsigned sweep_number(const struct sweep *s, unsigned all, unsigned sample);

/* Whether the case of that name is wanted. */
bool sweep_wants(const struct sweep *s, const char *name);

void sweep_add(enum sweep_count count, unsigned long n);

/* What became of a case: prints what is wrong with it, and counts it. */
void sweep_end_case(struct rig *rig, const char *name, const char *wrong);

/* After the faults: all is well again with the first undisturbed run, and stays
 * so with the second.  Ends the case. */
void sweep_end_well(struct rig *rig, const char *name);

/* The same numbers everywhere. */
uint32_t sweep_random(uint32_t *state);

#endif
