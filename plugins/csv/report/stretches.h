/*
 * Stretches: rows whose times rise without a gap.  A clock that was wrong makes
 * stretches that do not fit between the others; they are not used.  Pure.
 */
#ifndef REPORT_STRETCHES_H
#define REPORT_STRETCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STRETCHES_MAX 4096

struct stretch {
  int64_t first_s, last_s; /* times since 1970 */
  int64_t rows;
  unsigned long line; /* of the first row */
  bool used;
};

/* Initialise with zeros. */
struct stretches {
  struct stretch *list; /* in the order of the file */
  size_t n, size;
};

/* Adds the time of the row in LINE.  MP_OK; MP_ERANGE: more than STRETCHES_MAX;
 * MP_ENOMEM. */
int stretches_add(struct stretches *stretches, unsigned long line, int64_t ms);

/* Marks those that are used: in the order of the file, each ends later than the
 * one before it, and together they have the most rows.  Of equal choices, the
 * one that ends earlier.  MP_OK or MP_ENOMEM. */
int stretches_choose(struct stretches *stretches);

/* Returns whether the row in LINE is used.  *AT is the caller's position: 0 at
 * first, and lines come in order. */
bool stretches_used(const struct stretches *stretches, unsigned long line,
                    size_t *at);

void stretches_free(struct stretches *stretches);

#endif
