/* Hashes, and open addressing. */
#include "tests/exhaustive/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
hash_resize(void *p, size_t size)
{
  p = realloc(p, size);
  if (!p) {
    fputs("out of memory\n", stderr);
    exit(71);
  }
  return p;
}

static uint64_t
mix(uint64_t x)
{
  x ^= x >> 32;
  x *= UINT64_C(0xd6e8feb86659fd93);
  x ^= x >> 32;
  x *= UINT64_C(0xd6e8feb86659fd93);
  return x ^ x >> 32;
}

struct hash
hash_bytes(const uint8_t *bytes, size_t size)
{
  struct hash h = { size, ~(uint64_t)size };

  for (size_t at = 0; at < size; at += 8) {
    uint64_t word = 0;

    memcpy(&word, bytes + at, size - at < 8 ? size - at : 8);
    h.a = mix(h.a ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    h.b = mix((h.b << 29 | h.b >> 35) + word * UINT64_C(0xc2b2ae3d27d4eb4f));
  }
  return h;
}

/* ---- Sets ---- */

/* A free slot is all zeros, which no hash of bytes is. */
static bool
is_free(struct hash h)
{
  return h.a == 0 && h.b == 0;
}

/* Returns the slot of H, or the free slot where it belongs. */
static struct hash *
find_slot(const struct hash_set *set, struct hash h)
{
  size_t at = h.a & set->mask;

  while (!is_free(set->slots[at]) && !hash_same(set->slots[at], h))
    at = (at + 1) & set->mask;
  return &set->slots[at];
}

bool
hash_set_has(const struct hash_set *set, struct hash h)
{
  return set->slots && !is_free(*find_slot(set, h));
}

static void
grow(struct hash_set *set)
{
  struct hash_set old = *set;
  size_t size = old.slots ? (old.mask + 1) * 2 : 1 << 12;

  set->mask = size - 1;
  set->slots = hash_resize(NULL, size * sizeof(*set->slots));
  memset(set->slots, 0, size * sizeof(*set->slots));
  for (size_t i = 0; old.slots && i <= old.mask; i++)
    if (!is_free(old.slots[i]))
      *find_slot(set, old.slots[i]) = old.slots[i];
  free(old.slots);
}

void
hash_set_add(struct hash_set *set, struct hash h)
{
  struct hash *slot;

  if (!set->slots || set->n * 3 > set->mask * 2)
    grow(set);
  slot = find_slot(set, h);
  set->n += is_free(*slot);
  *slot = h;
}

void
hash_set_free(struct hash_set *set)
{
  free(set->slots);
  *set = (struct hash_set){ .slots = NULL };
}
