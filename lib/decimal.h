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

/* exp10 is from -DECIMAL_MAX_EXP to DECIMAL_MAX_EXP. */
#define DECIMAL_MAX_EXP 99
/* Room for any decimal as text, with its NUL. */
#define DECIMAL_TEXT 128

struct decimal {
  int64_t coef;
  int32_t exp10;
};

/* Returns whether the exponent is within its limits.  Check each number from
 * a plugin or a file once.  For a number beyond the limits, the arithmetic
 * below returns MP_ERANGE, decimal_shows returns false, and decimal_format
 * writes an empty text. */
bool decimal_valid(struct decimal d);

/* Reads "-12.50"; no exponent, no plus sign, no blanks.  MP_EDATA: not a
 * decimal; MP_ERANGE: does not fit. */
int decimal_parse(const char *text, size_t len, struct decimal *ret);

/* Reads a number at the beginning of TEXT, in the form of printf's %g:
 * "-12.50 GJ", "1.23457e+06".  Returns its length; 0: there is none ("inf" and
 * "nan" are none), or its exponent is beyond the limits.  Keeps the first 18
 * significant digits. */
size_t decimal_parse_prefix(const char *text, struct decimal *ret);

/* Writes the number plainly, never with an exponent.  Returns the length as
 * snprintf would; DECIMAL_TEXT bytes always suffice. */
int decimal_format(struct decimal d, char *buf, size_t size);

/* *ret = a + b, a - b, a * b.  MP_ERANGE: the exact result does not fit. */
int decimal_add(struct decimal a, struct decimal b, struct decimal *ret);
int decimal_sub(struct decimal a, struct decimal b, struct decimal *ret);
int decimal_mul(struct decimal a, struct decimal b, struct decimal *ret);

/* -1, 0 or 1; exact for any two numbers. */
int decimal_compare(struct decimal a, struct decimal b);

/* Returns the place (10^place) of the N-th significant digit of D, counted from
 * 1.  0 has no such digit: returns N places below its last decimal. */
int32_t decimal_digit_place(struct decimal d, int32_t n);

/* Removes the zeros at the end of the coefficient; 0 becomes 0 * 10^0. */
void decimal_trim(struct decimal *d);

/* Rounds half to even to 10^place.  MP_DROP: nothing changed, and
 * the number keeps its decimals.  MP_ERANGE: possible only for a
 * place of 10^81 and beyond. */
int decimal_round(struct decimal *d, int32_t place);

/* Rounds half to even to a whole number of STEP (> 0).  MP_OK, MP_DROP as for
 * decimal_round, MP_ERANGE. */
int decimal_round_step(struct decimal *d, struct decimal step);

/* *ret = a / b rounded half to even to 10^place; MP_OK when exact, MP_DROP when
 * rounded, MP_ERANGE.  b must not be 0. */
int decimal_divide(struct decimal a, struct decimal b, int32_t place,
                   struct decimal *ret);

/* *ret = a / b, not rounded.  MP_DROP: the quotient is no finite decimal, as
 * 1 / 3; MP_ERANGE: it does not fit, or a or b is not above 0. */
int decimal_divide_exactly(struct decimal a, struct decimal b,
                           struct decimal *ret);

/* *ret = a * b / c, rounded as decimal_divide does.  Only the
 * result has to fit. */
int decimal_scale(struct decimal a, struct decimal b, struct decimal c,
                  int32_t place, struct decimal *ret);

/* Returns whether SHOWN, whose last place is 10^place (MP_EXACT: not rounded),
 * can be a display of X.  They may differ by half a unit of that place, ties
 * either way, plus one part in 10^12 of X. */
int decimal_shows(struct decimal shown, int32_t place, struct decimal x);

#endif
