/*
 * Unsigned integers wide enough for every intermediate result of decimal.c.
 * Only decimal.c includes this header, so that the compiler can inline the
 * parts it needs; most numbers never use these functions.
 */
#ifndef LIB_WIDE_H
#define LIB_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/array.h"

static const uint64_t powers_of_ten[] = {
  UINT64_C(1),
  UINT64_C(10),
  UINT64_C(100),
  UINT64_C(1000),
  UINT64_C(10000),
  UINT64_C(100000),
  UINT64_C(1000000),
  UINT64_C(10000000),
  UINT64_C(100000000),
  UINT64_C(1000000000),
  UINT64_C(10000000000),
  UINT64_C(100000000000),
  UINT64_C(1000000000000),
  UINT64_C(10000000000000),
  UINT64_C(100000000000000),
  UINT64_C(1000000000000000),
  UINT64_C(10000000000000000),
  UINT64_C(100000000000000000),
  UINT64_C(1000000000000000000),
  UINT64_C(10000000000000000000),
};

#define POWERS_OF_TEN ARRAY_SIZE(powers_of_ten)

/*
 * An unsigned integer, least limb first, without leading zero limbs.  The
 * widest one occurs in decimal_scale, as the product of two coefficients and a
 * power of ten made of three exponents and a place: 126 bits and 4 * 63 digits,
 * less than 964 bits.
 */
#define WIDE_LIMBS 32

struct wide {
  size_t used;
  uint32_t limb[WIDE_LIMBS];
};

static inline void
wide_set(struct wide *w, uint64_t n)
{
  w->limb[0] = (uint32_t)n;
  w->limb[1] = (uint32_t)(n >> 32);
  w->used = w->limb[1] != 0 ? 2 : w->limb[0] != 0;
}

static inline uint64_t
wide_low(const struct wide *w)
{
  uint64_t low = 0;

  if (w->used > 0)
    low = w->limb[0];
  if (w->used > 1)
    low |= (uint64_t)w->limb[1] << 32;
  return low;
}

static inline void
wide_push(struct wide *w, uint32_t limb)
{
  if (limb != 0)
    w->limb[w->used++] = limb;
}

static inline void
wide_trim(struct wide *w)
{
  while (w->used > 0 && w->limb[w->used - 1] == 0)
    w->used--;
}

static inline int
wide_compare(const struct wide *a, const struct wide *b)
{
  if (a->used != b->used)
    return a->used < b->used ? -1 : 1;
  for (size_t i = a->used; i > 0; i--) {
    if (a->limb[i - 1] != b->limb[i - 1])
      return a->limb[i - 1] < b->limb[i - 1] ? -1 : 1;
  }
  return 0;
}

static inline void
wide_add(struct wide *a, const struct wide *b)
{
  uint64_t sum = 0;
  size_t i;

  for (i = 0; i < a->used || i < b->used; i++) {
    sum += i < a->used ? a->limb[i] : 0;
    sum += i < b->used ? b->limb[i] : 0;
    a->limb[i] = (uint32_t)sum;
    sum >>= 32;
  }
  a->used = i;
  wide_push(a, (uint32_t)sum);
}

/* a -= b; b is not greater than a. */
static inline void
wide_subtract(struct wide *a, const struct wide *b)
{
  uint64_t borrow = 0, take;

  for (size_t i = 0; i < a->used; i++) {
    take = (i < b->used ? b->limb[i] : 0) + borrow;
    borrow = a->limb[i] < take;
    a->limb[i] = (uint32_t)(a->limb[i] - take);
  }
  wide_trim(a);
}

/* a = |a - b|; returns whether b was greater. */
static inline bool
wide_difference(struct wide *a, const struct wide *b)
{
  struct wide greater;

  if (wide_compare(a, b) >= 0) {
    wide_subtract(a, b);
    return false;
  }
  greater = *b;
  wide_subtract(&greater, a);
  *a = greater;
  return true;
}

static inline void
wide_multiply(struct wide *w, uint32_t factor)
{
  uint64_t carry = 0;

  for (size_t i = 0; i < w->used; i++) {
    carry += (uint64_t)w->limb[i] * factor;
    w->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  wide_push(w, (uint32_t)carry);
  wide_trim(w);
}

/* w = a * b */
static inline void
wide_product(struct wide *w, uint64_t a, uint64_t b)
{
  struct wide high;

  wide_set(&high, a);
  wide_multiply(&high, (uint32_t)(b >> 32));
  wide_multiply(&high, UINT32_C(1) << 16);
  wide_multiply(&high, UINT32_C(1) << 16);
  wide_set(w, a);
  wide_multiply(w, (uint32_t)b);
  wide_add(w, &high);
}

/* w *= 10^places */
static inline void
wide_scale(struct wide *w, int64_t places)
{
  for (; places >= 9; places -= 9)
    wide_multiply(w, (uint32_t)powers_of_ten[9]);
  wide_multiply(w, (uint32_t)powers_of_ten[places]);
}

/* w /= divisor; returns the remainder. */
static inline uint32_t
wide_divide_small(struct wide *w, uint32_t divisor)
{
  uint64_t rest = 0;

  for (size_t i = w->used; i > 0; i--) {
    rest = rest << 32 | w->limb[i - 1];
    w->limb[i - 1] = (uint32_t)(rest / divisor);
    rest %= divisor;
  }
  wide_trim(w);
  return (uint32_t)rest;
}

/* w = 2 * w + bit */
static inline void
wide_double(struct wide *w, uint32_t bit)
{
  uint32_t carry;

  for (size_t i = 0; i < w->used; i++) {
    carry = w->limb[i] >> 31;
    w->limb[i] = w->limb[i] << 1 | bit;
    bit = carry;
  }
  wide_push(w, bit);
}

/* n /= d rounded half to even; returns whether the result is exact. */
static inline bool
wide_divide(struct wide *n, const struct wide *d)
{
  struct wide quotient = { 0, { 0 } }, rest = { 0, { 0 } }, one;
  int order;

  for (size_t bit = n->used * 32; bit > 0; bit--) {
    wide_double(&rest, n->limb[(bit - 1) / 32] >> (bit - 1) % 32 & 1);
    order = wide_compare(&rest, d);
    wide_double(&quotient, order >= 0);
    if (order >= 0)
      wide_subtract(&rest, d);
  }
  *n = quotient;
  if (rest.used == 0)
    return true;
  wide_double(&rest, 0);
  order = wide_compare(&rest, d);
  if (order > 0 || (order == 0 && (wide_low(n) & 1) != 0)) {
    wide_set(&one, 1);
    wide_add(n, &one);
  }
  return false;
}

#endif
