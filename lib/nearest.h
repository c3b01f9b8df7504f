/*
 * The name that was probably meant, for messages about one that is unknown.
 */
#ifndef LIB_NEAREST_H
#define LIB_NEAREST_H

#include <stddef.h>

/* Longer words have no nearest name. */
#define NEAREST_MAX 64

/* Candidates can come from anywhere: start, offer each, read best. */
struct nearest {
  const char *word;
  const char *best; /* of those offered; NULL: none is near enough */
  unsigned distance;
};

void nearest_start(struct nearest *nearest, const char *word);

/* CANDIDATE must live as long as best is used. */
void nearest_offer(struct nearest *nearest, const char *candidate);

/* The nearest of a list that ends with NULL; NULL when none is near enough.
 * Letters count without case; of equally near ones, the first by alphabet
 * wins, whatever their order. */
const char *nearest(const char *word, const char *const *candidates);

/* "; the nearest is "BEST"" for the end of a message; "" when BEST is NULL.
 * Returns BUF, of at least NEAREST_HINT bytes. */
#define NEAREST_HINT (NEAREST_MAX + sizeof("; the nearest is \"\""))
const char *nearest_hint(const char *best, char *buf, size_t size);

#endif
