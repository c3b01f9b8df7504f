/*
 * Finds the known name that is most similar to an unknown one, for messages.
 */
#ifndef LIB_NEAREST_H
#define LIB_NEAREST_H

#include <stddef.h>

/* Longer words have no nearest name. */
#define NEAREST_MAX 64

/* Call nearest_start, then nearest_offer for each candidate, from any source,
 * then read best.  Case is ignored; of equally near candidates, the first by
 * alphabet wins, whatever their order. */
struct nearest {
  const char *word;
  char best[NEAREST_MAX + 1]; /* "": no candidate is near enough */
  unsigned distance;
};

void nearest_start(struct nearest *nearest, const char *word);

void nearest_offer(struct nearest *nearest, const char *candidate);

/* Writes "; the nearest is "BEST"" for the end of a message; "" if there is
 * none.  Returns BUF, of at least NEAREST_HINT bytes. */
#define NEAREST_HINT (NEAREST_MAX + sizeof("; the nearest is \"\""))
const char *nearest_hint(const struct nearest *nearest, char *buf, size_t size);

/* Returns the nearest of CANDIDATES, a list that ends with NULL; NULL:
 * none is near enough. */
const char *nearest_of(const char *word, const char *const *candidates);

#endif
