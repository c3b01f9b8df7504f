/*
 * The promise, checked in a state: two undisturbed runs, once with the meter
 * answering and once with it silent.  Then every base shows its reading, totals
 * and amounts are true, and nothing is pending.
 */
#ifndef TESTS_EXHAUSTIVE_ORACLE_H
#define TESTS_EXHAUSTIVE_ORACLE_H

#include "tests/exhaustive/driver.h"
#include "tests/exhaustive/hash.h"

/* What the oracle has found so far.  All zeros at first. */
struct oracle_counts {
  uint64_t excused[EXCEPTIONS]; /* errors excused by one exception alone */
  uint64_t together;            /* by several */
  int64_t greatest[EXCEPTIONS]; /* the greatest error, in units of a reading */
  /* States from which one more good run was checked, with the meter answering
   * and silent: many histories lead to the same one. */
  struct hash_set checked[2];
};

void oracle_counts_clear(struct oracle_counts *counts);

/* One undisturbed run. */
void oracle_run(struct driver *d, struct state *s, bool is_silent);

/* Returns true if the promise holds.  Otherwise writes to WHY what is wrong. */
bool oracle_check(struct driver *d, const struct house *house,
                  const struct state *s, struct oracle_counts *counts,
                  char *why, size_t size);

#endif
