/*
 * The name that was probably meant, for messages about one that is unknown.
 */
#ifndef LIB_NEAREST_H
#define LIB_NEAREST_H

#include <stddef.h>

/* Longer words have no nearest name. */
#define NEAREST_MAX 64

/* Candidates can come from anywhere: start, offer each, read best.  Letters
 * count without case; of equally near ones, the first by alphabet wins,
 * whatever their order. */
struct nearest {
  const char *word;
  char best[NEAREST_MAX + 1]; /* of those offered; "": none is near enough */
  unsigned distance;
};

void nearest_start(struct nearest *nearest, const char *word);

void nearest_offer(struct nearest *nearest, const char *candidate);

/* "; the nearest is "BEST"" for the end of a message; "" where there is none.
 * Returns BUF, of at least NEAREST_HINT bytes. */
#define NEAREST_HINT (NEAREST_MAX + sizeof("; the nearest is \"\""))
const char *nearest_hint(const struct nearest *nearest, char *buf, size_t size);

/* The nearest of a list that ends with NULL; NULL when none is near enough. */
const char *nearest_of(const char *word, const char *const *candidates);

#endif
