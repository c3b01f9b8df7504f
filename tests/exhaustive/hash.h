/*
 * 128-bit hashes of states, and sets of them.
 */
#ifndef TESTS_EXHAUSTIVE_HASH_H
#define TESTS_EXHAUSTIVE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two independent 64-bit hashes: of 10^8 states, two have the same hash with a
 * probability below 10^-22. */
struct hash {
  uint64_t a, b;
};

struct hash hash_bytes(const uint8_t *bytes, size_t size);

static inline bool
hash_same(struct hash x, struct hash y)
{
  return x.a == y.a && x.b == y.b;
}

/* A set that only grows.  All zeros is the empty set. */
struct hash_set {
  struct hash *slots;
  size_t n, mask; /* size of slots less 1, a power of two less 1 */
};

bool hash_set_has(const struct hash_set *set, struct hash h);
void hash_set_add(struct hash_set *set, struct hash h);
void hash_set_free(struct hash_set *set);

/* As realloc, but ends the program if memory runs out. */
void *hash_resize(void *p, size_t size);

#endif
