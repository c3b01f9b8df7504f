/*
 * Exact decimals: coef * 10^exp10, never a double.
 *
 * All functions are pure.  Numbers keep their decimals: 17.50 stays 17.50.
 * Results follow the reasons of <meterpipe/plugin.h>.
 */
#ifndef LIB_DECIMAL_H
#define LIB_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meterpipe/plugin.h"

/* exp10 is from -DECIMAL_MAX_EXP to DECIMAL_MAX_EXP. */
#define DECIMAL_MAX_EXP 63
/* Room for any decimal as text, with its NUL. */
#define DECIMAL_TEXT 128

/* Returns whether the exponent is within its limits.  Check each number from
 * a plugin or a file once.  For a number beyond the limits, the arithmetic
 * below returns MP_ERANGE, decimal_shows returns false, and decimal_format
 * writes an empty text. */
static inline bool
decimal_valid(struct mp_decimal d)
{
  return d.exp10 >= -DECIMAL_MAX_EXP && d.exp10 <= DECIMAL_MAX_EXP;
}

/* Copies FROM, which was written just now.  Copied as a whole, it would keep
 * the processor waiting until both members are in its cache. */
static inline void
decimal_copy(struct mp_decimal *to, const struct mp_decimal *from)
{
  to->coef = from->coef;
  to->exp10 = from->exp10;
}

/* Reads "-12.50"; no exponent, no plus sign, no blanks.  MP_EDATA: not a
 * decimal; MP_ERANGE: does not fit. */
int decimal_parse(const char *text, size_t len, struct mp_decimal *ret);

/* Reads a number at the beginning of TEXT, in the form of printf's %g:
 * "-12.50 GJ", "1.23457e+06".  Returns its length; 0: there is none ("inf" and
 * "nan" are none), or its exponent is beyond the limits.  Keeps the first 18
 * significant digits. */
size_t decimal_parse_prefix(const char *text, struct mp_decimal *ret);

/* Writes the number plainly, never with an exponent.  Returns the length as
 * snprintf would; DECIMAL_TEXT bytes always suffice. */
int decimal_format(struct mp_decimal d, char *buf, size_t size);

/* *ret = a + b, a - b, a * b.  MP_ERANGE: the exact result does not fit. */
int decimal_add(struct mp_decimal a, struct mp_decimal b,
                struct mp_decimal *ret);
int decimal_sub(struct mp_decimal a, struct mp_decimal b,
                struct mp_decimal *ret);
int decimal_mul(struct mp_decimal a, struct mp_decimal b,
                struct mp_decimal *ret);

/* -1, 0 or 1; exact for any two numbers. */
int decimal_compare(struct mp_decimal a, struct mp_decimal b);

/* Returns the place (10^place) of the N-th significant digit of D, counted from
 * 1.  0 has no such digit: returns N places below its last decimal. */
int32_t decimal_digit_place(struct mp_decimal d, int32_t n);

/* Removes the zeros at the end of the coefficient; 0 becomes 0 * 10^0. */
void decimal_trim(struct mp_decimal *d);

/* Rounds half to even to 10^place.  MP_DROP: nothing changed, and
 * the number keeps its decimals.  MP_ERANGE: possible only for a
 * place of 10^81 and beyond. */
int decimal_round(struct mp_decimal *d, int32_t place);

/* Rounds half to even to a whole number of STEP (> 0).  MP_OK, MP_DROP as for
 * decimal_round, MP_ERANGE. */
int decimal_round_step(struct mp_decimal *d, struct mp_decimal step);

/* *ret = a / b rounded half to even to 10^place; MP_OK when exact, MP_DROP when
 * rounded, MP_ERANGE.  b must not be 0. */
int decimal_divide(struct mp_decimal a, struct mp_decimal b, int32_t place,
                   struct mp_decimal *ret);

/* *ret = a / b, not rounded.  MP_DROP: the quotient is no finite decimal, as
 * 1 / 3; MP_ERANGE: it does not fit, or a or b is not above 0. */
int decimal_divide_exactly(struct mp_decimal a, struct mp_decimal b,
                           struct mp_decimal *ret);

/* *ret = a * b / c, rounded as decimal_divide does.  Only the
 * result has to fit. */
int decimal_scale(struct mp_decimal a, struct mp_decimal b, struct mp_decimal c,
                  int32_t place, struct mp_decimal *ret);

/* Returns whether SHOWN, whose last place is 10^place (MP_EXACT: not rounded),
 * can be a display of X.  They may differ by half a unit of that place, ties
 * either way, plus one part in 10^12 of X. */
int decimal_shows(struct mp_decimal shown, int32_t place, struct mp_decimal x);

#endif
