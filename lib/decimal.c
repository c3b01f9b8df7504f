/*
 * Exact decimals in 64 bits.
 *
 * Most numbers take short paths through int64_t.  If that could overflow, the
 * calculation is repeated with struct wide, which holds every intermediate
 * result; only the result has to fit in 64 bits.  (The small machines that this
 * runs on have no 128 bit type.)
 */
#include "lib/decimal.h"

#include <stdbool.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/digit.h"
#include "lib/rare.h"
#include "lib/wide.h"

/* decimal_parse_prefix keeps this many significant digits. */
#define PREFIX_DIGITS 18
/* decimal_shows allows a relative error of 10^-RELATIVE_PLACES. */
#define RELATIVE_PLACES 12

/* ---- Decimals and wide integers ------------------------------------------ */

static uint64_t
coef_magnitude(int64_t coef)
{
  return coef < 0 ? 0 - (uint64_t)coef : (uint64_t)coef;
}

/* The greatest magnitude of a coefficient with this sign. */
static uint64_t
magnitude_limit(int negative)
{
  return (uint64_t)INT64_MAX + (negative != 0);
}

static int64_t
with_sign(uint64_t mag, int negative)
{
  if (!negative || mag == 0)
    return (int64_t)mag;
  return -(int64_t)(mag - 1) - 1;
}

static int
coef_sign(int64_t coef)
{
  return (coef > 0) - (coef < 0);
}

/* Returns the number of digits of MAG, 1 if it is 0: as many as its bits give
 * (1233 / 4096 is about the logarithm of 2), or one more. */
static int32_t
count_digits(uint64_t mag)
{
  const uint64_t odd = mag | 1; /* has as many digits as MAG */
  const int32_t n = (64 - __builtin_clzll(odd)) * 1233 >> 12;

  return n + (odd >= powers_of_ten[n]);
}

/* Fits the exact number into *RET: moves as few trailing zeros as possible
 * between coefficient and exponent.  MP_ERANGE: it does not fit. */
static int
fit_coefficient(struct wide *w, int negative, int64_t exp10,
                struct mp_decimal *ret)
{
  if (w->used == 0) {
    if (exp10 < -DECIMAL_MAX_EXP)
      exp10 = -DECIMAL_MAX_EXP;
    if (exp10 > DECIMAL_MAX_EXP)
      exp10 = DECIMAL_MAX_EXP;
  }
  for (; exp10 > DECIMAL_MAX_EXP && w->used <= 2; exp10--)
    wide_multiply(w, 10);
  for (; exp10 < -DECIMAL_MAX_EXP || w->used > 2 ||
         wide_low(w) > magnitude_limit(negative);
       exp10++) {
    if (wide_divide_small(w, 10) != 0)
      return MP_ERANGE;
  }
  if (exp10 > DECIMAL_MAX_EXP)
    return MP_ERANGE;
  ret->coef = with_sign(wide_low(w), negative);
  ret->exp10 = (int32_t)exp10;
  return MP_OK;
}

/* Sets W to the magnitude of D, as a whole number of 10^exp10. */
static void
wide_from(struct wide *w, struct mp_decimal d, int64_t exp10)
{
  wide_set(w, coef_magnitude(d.coef));
  wide_scale(w, d.exp10 - exp10);
}

/* ---- Text ---------------------------------------------------------------- */

/* The digits that a parser has read so far. */
struct digits {
  uint64_t mag;
  int64_t exp10;
  int lost; /* a digit other than 0 did not fit */
};

static void
digits_add(struct digits *d, unsigned digit, uint64_t limit, bool after_point)
{
  if (d->mag <= (limit - digit) / 10) {
    d->mag = d->mag * 10 + digit;
    d->exp10 -= after_point;
    return;
  }
  /* No further digit fits.  A zero needs no room: before the point it raises
   * the exponent, after the point it is dropped. */
  d->exp10 += !after_point;
  d->lost |= digit != 0;
}

int
decimal_parse(const char *text, size_t len, struct mp_decimal *ret)
{
  struct digits d = { 0, 0, 0 };
  struct wide w;
  bool negative = len > 0 && text[0] == '-';
  const uint64_t limit = magnitude_limit(negative);
  size_t point = len;

  for (size_t i = negative; i < len; i++) {
    if (text[i] >= '0' && text[i] <= '9') {
      digits_add(&d, (unsigned)(text[i] - '0'), limit, i > point);
    } else if (text[i] == '.' && point == len && i > (size_t)negative) {
      point = i;
    } else {
      return MP_EDATA;
    }
  }
  if (len == (size_t)negative || point + 1 == len)
    return MP_EDATA;
  if (d.lost)
    return MP_ERANGE;
  wide_set(&w, d.mag);
  return fit_coefficient(&w, negative, d.exp10, ret);
}

/* Adds the digits at TEXT, at most PREFIX_DIGITS; returns their end. */
static const char *
read_digits(struct digits *d, const char *text, bool after_point)
{
  const uint64_t limit = powers_of_ten[PREFIX_DIGITS] - 1;

  for (; digit_value(*text, 10) >= 0; text++)
    digits_add(d, (unsigned)digit_value(*text, 10), limit, after_point);
  return text;
}

/* Adds the exponent at TEXT, "e+06", to *EXP10; returns its end, or TEXT if
 * there is none. */
static const char *
read_exponent(const char *text, int64_t *exp10)
{
  const int64_t enough = 10000;
  const char *p = text;
  bool negative = false;
  int64_t n = 0;

  if (*p != 'e' && *p != 'E')
    return text;
  p++;
  if (*p == '+' || *p == '-')
    negative = *p++ == '-';
  if (digit_value(*p, 10) < 0)
    return text;
  for (; digit_value(*p, 10) >= 0; p++)
    if (n < enough)
      n = n * 10 + digit_value(*p, 10);
  *exp10 += negative ? -n : n;
  return p;
}

size_t
decimal_parse_prefix(const char *text, struct mp_decimal *ret)
{
  struct digits d = { 0, 0, 0 };
  const bool negative = text[0] == '-';
  const char *p = text + negative;

  if (digit_value(*p, 10) < 0)
    return 0;
  p = read_digits(&d, p, false);
  if (p[0] == '.' && digit_value(p[1], 10) >= 0)
    p = read_digits(&d, p + 1, true);
  p = read_exponent(p, &d.exp10);
  if (d.mag == 0 && (d.exp10 < -PREFIX_DIGITS || d.exp10 > 0))
    d.exp10 = 0;
  if (d.exp10 < -DECIMAL_MAX_EXP || d.exp10 > DECIMAL_MAX_EXP)
    return 0;
  ret->coef = with_sign(d.mag, negative);
  ret->exp10 = (int32_t)d.exp10;
  return (size_t)(p - text);
}

/* Writes the number backwards, with its last character in front of END; returns
 * its first character. */
static inline char *
write_number(struct mp_decimal d, char *end)
{
  uint64_t mag = coef_magnitude(d.coef);
  int32_t decimals = -d.exp10;

  if (mag > 0)
    for (int32_t place = 0; place < d.exp10; place++)
      *--end = '0';
  for (; decimals >= 2; decimals -= 2) {
    end -= 2;
    mag = put_last_two_digits(end, mag);
  }
  if (decimals > 0) {
    *--end = (char)('0' + mag % 10);
    mag /= 10;
  }
  if (d.exp10 < 0)
    *--end = '.';
  end = digits_put(end, mag);
  if (d.coef < 0)
    *--end = '-';
  return end;
}

/* Returns the length of D as text. */
static size_t
text_length(struct mp_decimal d)
{
  const uint64_t mag = coef_magnitude(d.coef);
  const int32_t decimals = d.exp10 < 0 ? -d.exp10 : 0;
  int32_t digits = count_digits(mag);

  if (d.exp10 > 0 && mag > 0)
    digits += d.exp10;
  if (digits <= decimals)
    digits = decimals + 1;
  return (size_t)(d.coef < 0) + (size_t)digits + (size_t)(decimals > 0);
}

/* Writes as much of D, whose text has LEN characters, as SIZE leaves room for.
 */
RARE static void
write_cut(struct mp_decimal d, size_t len, char *buf, size_t size)
{
  char whole[DECIMAL_TEXT];

  if (len > 0)
    write_number(d, whole + len);
  if (size > 0) {
    memcpy(buf, whole, size - 1);
    buf[size - 1] = '\0';
  }
}

int
decimal_format(struct mp_decimal d, char *buf, size_t size)
{
  const size_t len = decimal_valid(d) ? text_length(d) : 0;

  if (len >= size) {
    write_cut(d, len, buf, size);
  } else {
    if (len > 0)
      write_number(d, buf + len);
    buf[len] = '\0';
  }
  return (int)len;
}

/* ---- Arithmetic ---------------------------------------------------------- */

/* Rewrites D with the smaller exponent EXP10.  Returns false if its coefficient
 * would not fit in 64 bits. */
static bool
refine_exponent(struct mp_decimal *d, int32_t exp10)
{
  const int64_t places = (int64_t)d->exp10 - exp10;
  int64_t factor;

  if (places == 0)
    return true;
  if (places > 18)
    return false;
  factor = (int64_t)powers_of_ten[places];
  if (d->coef > INT64_MAX / factor || d->coef < -(INT64_MAX / factor))
    return false;
  d->coef *= factor;
  d->exp10 = exp10;
  return true;
}

/* *ret = a + b, or a - b with MINUS, by way of wide integers. */
static int
add_wide(struct mp_decimal a, struct mp_decimal b, bool minus,
         struct mp_decimal *ret)
{
  const int32_t exp10 = a.exp10 < b.exp10 ? a.exp10 : b.exp10;
  int negative = a.coef < 0;
  struct wide x, y;

  wide_from(&x, a, exp10);
  wide_from(&y, b, exp10);
  if ((a.coef < 0) == ((b.coef < 0) != minus))
    wide_add(&x, &y);
  else
    negative ^= wide_difference(&x, &y);
  return fit_coefficient(&x, negative, exp10, ret);
}

int
decimal_add(struct mp_decimal a, struct mp_decimal b, struct mp_decimal *ret)
{
  const int32_t exp10 = a.exp10 < b.exp10 ? a.exp10 : b.exp10;
  struct mp_decimal x = a, y = b;
  int64_t sum;

  if (!decimal_valid(a) || !decimal_valid(b))
    return MP_ERANGE;
  if (!refine_exponent(&x, exp10) || !refine_exponent(&y, exp10) ||
      __builtin_add_overflow(x.coef, y.coef, &sum))
    return add_wide(a, b, false, ret);
  ret->coef = sum;
  ret->exp10 = exp10;
  return MP_OK;
}

int
decimal_sub(struct mp_decimal a, struct mp_decimal b, struct mp_decimal *ret)
{
  const int32_t exp10 = a.exp10 < b.exp10 ? a.exp10 : b.exp10;
  struct mp_decimal x = a, y = b;
  int64_t difference;

  if (!decimal_valid(a) || !decimal_valid(b))
    return MP_ERANGE;
  if (!refine_exponent(&x, exp10) || !refine_exponent(&y, exp10) ||
      __builtin_sub_overflow(x.coef, y.coef, &difference))
    return add_wide(a, b, true, ret);
  ret->coef = difference;
  ret->exp10 = exp10;
  return MP_OK;
}

int
decimal_mul(struct mp_decimal a, struct mp_decimal b, struct mp_decimal *ret)
{
  struct wide product;

  if (!decimal_valid(a) || !decimal_valid(b))
    return MP_ERANGE;
  wide_product(&product, coef_magnitude(a.coef), coef_magnitude(b.coef));
  return fit_coefficient(&product, (a.coef < 0) != (b.coef < 0),
                         (int64_t)a.exp10 + b.exp10, ret);
}

/* Returns the number of digits before the decimal point (negative: of zeros
 * after it).  MAG is not 0. */
static int64_t
decimal_order(uint64_t mag, int32_t exp10)
{
  return (int64_t)count_digits(mag) + exp10;
}

/* Compares |a| with |b|; neither is 0. */
static int
compare_magnitudes(struct mp_decimal a, struct mp_decimal b)
{
  const int64_t a_order = decimal_order(coef_magnitude(a.coef), a.exp10);
  const int64_t b_order = decimal_order(coef_magnitude(b.coef), b.exp10);
  const int32_t exp10 = a.exp10 < b.exp10 ? a.exp10 : b.exp10;
  struct wide x, y;

  if (a_order != b_order)
    return a_order < b_order ? -1 : 1;
  /* Now the exponents differ by at most 18. */
  wide_from(&x, a, exp10);
  wide_from(&y, b, exp10);
  return wide_compare(&x, &y);
}

int
decimal_compare(struct mp_decimal a, struct mp_decimal b)
{
  if (a.exp10 == b.exp10)
    return (a.coef > b.coef) - (a.coef < b.coef);
  if (coef_sign(a.coef) != coef_sign(b.coef))
    return coef_sign(a.coef) < coef_sign(b.coef) ? -1 : 1;
  if (a.coef == 0)
    return 0;
  return a.coef < 0 ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

/* ---- Rounding ------------------------------------------------------------ */

int32_t
decimal_digit_place(struct mp_decimal d, int32_t n)
{
  return (int32_t)decimal_order(coef_magnitude(d.coef), d.exp10) - n;
}

void
decimal_trim(struct mp_decimal *d)
{
  if (d->coef == 0)
    d->exp10 = 0;
  for (; d->coef != 0 && d->coef % 10 == 0 && d->exp10 < DECIMAL_MAX_EXP;
       d->exp10++)
    d->coef /= 10;
}

int
decimal_round(struct mp_decimal *d, int32_t place)
{
  const int64_t places = (int64_t)place - d->exp10;
  const uint64_t mag = coef_magnitude(d->coef);
  /* If 10^places is beyond the table, it is more than twice any coefficient:
   * the quotient is then 0. */
  uint64_t quotient = 0, rest = mag, half = UINT64_MAX;
  struct wide w;

  if (places <= 0 || mag == 0)
    return MP_DROP;
  if (places < (int64_t)POWERS_OF_TEN) {
    quotient = mag / powers_of_ten[places];
    rest = mag % powers_of_ten[places];
    half = powers_of_ten[places] / 2;
  }
  if (rest == 0)
    return MP_DROP;
  quotient += rest > half || (rest == half && (quotient & 1) != 0);
  wide_set(&w, quotient);
  return fit_coefficient(&w, d->coef < 0, place, d);
}

int
decimal_round_step(struct mp_decimal *d, struct mp_decimal step)
{
  struct mp_decimal steps, rounded;
  int r;

  if (step.coef <= 0)
    return MP_ERANGE;
  r = decimal_divide(*d, step, 0, &steps);
  if (r == MP_OK)
    return MP_DROP;
  if (r == MP_DROP)
    r = decimal_mul(steps, step, &rounded);
  if (r == MP_OK)
    *d = rounded;
  return r;
}

int
decimal_divide(struct mp_decimal a, struct mp_decimal b, int32_t place,
               struct mp_decimal *ret)
{
  static const struct mp_decimal one = { 1, 0 };

  return decimal_scale(a, one, b, place, ret);
}

static int64_t
greatest_divisor(int64_t a, int64_t b)
{
  int64_t rest;

  while (b != 0) {
    rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

int
decimal_divide_exactly(struct mp_decimal a, struct mp_decimal b,
                       struct mp_decimal *ret)
{
  struct mp_decimal quotient = { 0, a.exp10 - b.exp10 };
  int64_t divisor, rest;

  if (a.coef <= 0 || b.coef <= 0)
    return MP_ERANGE;
  divisor = greatest_divisor(a.coef, b.coef);
  quotient.coef = a.coef / divisor;
  rest = b.coef / divisor;
  /* Each factor 2 or 5 of the denominator adds at most one decimal. */
  for (; rest % 10 == 0; rest /= 10)
    quotient.exp10--;
  for (; rest % 2 == 0 || rest % 5 == 0; quotient.exp10--) {
    const int64_t factor = rest % 2 == 0 ? 2 : 5;

    rest /= factor;
    if (__builtin_mul_overflow(quotient.coef, 10 / factor, &quotient.coef))
      return MP_ERANGE;
  }
  if (rest != 1)
    return MP_DROP;
  if (!decimal_valid(quotient))
    return MP_ERANGE;
  *ret = quotient;
  return MP_OK;
}

int
decimal_scale(struct mp_decimal a, struct mp_decimal b, struct mp_decimal c,
              int32_t place, struct mp_decimal *ret)
{
  const bool negative = (a.coef < 0) != (b.coef < 0);
  struct wide n, d;
  int64_t places;
  int r;
  bool exact;

  if (!decimal_valid(a) || !decimal_valid(b) || !decimal_valid(c) ||
      c.coef == 0 || place < -DECIMAL_MAX_EXP || place > DECIMAL_MAX_EXP)
    return MP_ERANGE;
  wide_product(&n, coef_magnitude(a.coef), coef_magnitude(b.coef));
  wide_set(&d, coef_magnitude(c.coef));
  places = (int64_t)a.exp10 + b.exp10 - c.exp10 - place;
  if (places > 0)
    wide_scale(&n, places);
  else
    wide_scale(&d, -places);
  exact = wide_divide(&n, &d);
  r = fit_coefficient(&n, negative != (c.coef < 0), place, ret);
  if (r == MP_OK && !exact)
    return MP_DROP;
  return r;
}

/* ---- Displayed values ---------------------------------------------------- */

int
decimal_shows(struct mp_decimal shown, int32_t place, struct mp_decimal x)
{
  const int32_t exp10 = shown.exp10 < x.exp10 ? shown.exp10 : x.exp10;
  struct wide difference, allowed, half;
  int64_t base;

  if (!decimal_valid(shown) || !decimal_valid(x))
    return 0;
  /* Half a unit is then more than the difference of any two numbers. */
  if (place > DECIMAL_MAX_EXP + 20)
    return 1;
  /* Half a unit is then too small to change the comparison below. */
  if (place < exp10 - RELATIVE_PLACES)
    place = MP_EXACT;
  base = place != MP_EXACT && place < exp10 ? place : exp10;

  /* Multiply everything by 2 * 10^12, to avoid fractions. */
  wide_from(&difference, shown, base);
  wide_from(&allowed, x, base);
  if ((shown.coef < 0) == (x.coef < 0))
    wide_difference(&difference, &allowed);
  else
    wide_add(&difference, &allowed);
  wide_double(&difference, 0);
  wide_scale(&difference, RELATIVE_PLACES);
  wide_double(&allowed, 0);
  if (place != MP_EXACT) {
    wide_set(&half, 1);
    wide_scale(&half, place - base + RELATIVE_PLACES);
    wide_add(&allowed, &half);
  }
  return wide_compare(&difference, &allowed) <= 0;
}
