/*
 * The normal form of a state: two states that differ only in names have the
 * same one.  README.md proves each renaming; each can be switched off.
 */
#ifndef TESTS_EXHAUSTIVE_NORMAL_H
#define TESTS_EXHAUSTIVE_NORMAL_H

#include "tests/exhaustive/house.h"

enum renaming {
  RENAME_READINGS, /* readings and totals: relative */
  RENAME_TIMES,    /* times of update and numbers of records: by appearance */
  RENAME_SERIALS,  /* serial numbers: by appearance */
  RENAME_SUMS,     /* sums given: the difference to the true usage */
  RENAME_DISPLAYS, /* displays of the past that cannot come back: one */
  RENAME_LOSSES,   /* what only events read that cannot follow: nothing */
  RENAMINGS
};

extern const char *const renaming_names[RENAMINGS];
extern bool renaming_off[RENAMINGS];

/* The events that can still follow a state. */
enum following {
  FOLLOWING_ALL,
  FOLLOWING_LOSS, /* a device loses its last value, and gets it back before it
                     loses another */
  FOLLOWING_NONE, /* none: the alphabet has none, or no disturbance is left */
};

extern enum following normal_following;

/* The most runs of a history; 0: no limit.  With a limit, the number of runs is
 * part of the state. */
extern int64_t normal_most_runs;

/* With RENAME_READINGS, a meter counts this in each normal form, and a total
 * should be this. */
#define NORMAL_COUNT 100000

void normal_form(const struct house *house, struct state *s);

#endif
