/*
 * A house to explore: the pipeline file, what its server is like, and what can
 * happen in it.
 */
#ifndef TESTS_EXHAUSTIVE_HOUSE_H
#define TESTS_EXHAUSTIVE_HOUSE_H

#include "tests/exhaustive/state.h"

struct house {
  const char *name;
  const char *about;
  const char *config; /* the pipeline file */
  struct world_plan plan;
  const char *targets[WORLD_TARGETS]; /* names in the outputs "server" and
                                         "file" */
  const char *inputs[WORLD_METERS];
  int64_t start[WORLD_TARGETS]; /* values before the first run; 0: empty */
  int64_t steps[WORLD_TARGETS]; /* the step of a device; 0: it takes any */
  int64_t unit;                 /* the size of a reading "+1" */
  bool shows_zero;              /* an empty device displays 0 */
  bool has_file;
  bool keeps_older;  /* the state may be lost, or an older copy restored */
  bool is_relative;  /* displays are exact, to the step: readings are made
                        relative */
  int64_t most_runs; /* of a history; 0: no limit */
};

extern const struct house houses[];
extern const size_t n_houses;

/* Returns the house of that name; NULL: there is none. */
const struct house *house_find(const char *name);

#endif
