/*
 * Explores every history of a system, breadth first by the number of
 * disturbances, and visits no state twice.  Knows nothing of the system: a
 * state is a string of bytes, a step a number.
 *
 * A step costs 0 to EXPLORE_MOST_COST disturbances.  Level N has the states
 * that are first reached with N disturbances; it is complete before level N + 1
 * begins.  A state is known by the 128-bit hash of its bytes.  Each known state
 * keeps its parent and the step from there, so that its history can be printed;
 * its bytes are kept only while it may still have to be expanded.
 */
#ifndef TESTS_EXHAUSTIVE_EXPLORE_H
#define TESTS_EXHAUSTIVE_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EXPLORE_MOST_COST 3

/* Takes a successor: the step that leads to it, and its bytes, which the
 * caller may overwrite after the call. */
struct explore_sink {
  void (*take)(struct explore_sink *sink, uint32_t step, const uint8_t *bytes,
               size_t size);
};

/* The system to explore.  The functions get CTX. */
struct explore_system {
  void *ctx;
  /* A level begins; no disturbance can follow the states of the LAST one. */
  void (*begin_level)(void *ctx, bool last);
  /* Gives the first state. */
  void (*first)(void *ctx, struct explore_sink *sink);
  /* Gives each successor of a state by a step that costs exactly COST. */
  void (*expand)(void *ctx, const uint8_t *bytes, size_t size, unsigned cost,
                 struct explore_sink *sink);
  /* Returns true if a new state violates nothing. */
  bool (*check)(void *ctx, const uint8_t *bytes, size_t size);
  /* Prints the history of N steps, as a table. */
  void (*print)(void *ctx, const uint32_t *steps, size_t n, FILE *out);
};

struct explore_limits {
  unsigned depth;    /* most disturbances */
  double seconds;    /* of processor time; 0: no limit */
  size_t violations; /* stop after so many; 0: no limit */
  size_t printed;    /* histories of violations that are printed */
  size_t memory;     /* bytes of the states to expand; 0: no limit */
  unsigned share;    /* of the states with disturbances, expand one in so many
                        by further ones; 0, 1: all.  A sample proves nothing */
  bool quiet;        /* print no line for each level */
};

struct explore_result {
  uint64_t states, transitions, violations;
  unsigned depth;       /* the last complete level */
  unsigned first_depth; /* level of the first violation */
  bool complete;        /* all levels up to the limit */
  bool closed;          /* the last level has no new state: nothing is left */
  double seconds;
};

/* Returns the processor time of the process, in seconds. */
double explore_seconds(void);

/* Explores SYSTEM and prints to OUT one line for each level, and the shortest
 * histories of violations. */
struct explore_result explore(const struct explore_system *system,
                              const struct explore_limits *limits, FILE *out);

#endif
