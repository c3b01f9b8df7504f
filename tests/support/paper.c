#include "tests/support/paper.h"

#include <stdio.h>
#include <string.h>

#include <meterpipe/plugin.h>

/* The value of digit[i] is 10^(i - POINT); digits outside of low to high are
 * 0. */
#define DIGITS 1024
#define POINT 512

struct paper {
  int negative;
  int low, high;
  signed char digit[DIGITS];
};

static const struct paper zero = { .low = POINT, .high = POINT };

/* ---- On paper ------------------------------------------------------------ */

static void
paper_set(struct paper *p, struct decimal d)
{
  char text[32];
  int len = snprintf(text, sizeof(text), "%lld", (long long)d.coef), i;

  *p = zero;
  p->negative = d.coef < 0;
  p->low = POINT + d.exp10;
  p->high = p->low + len - p->negative - 1;
  for (i = p->low; i <= p->high; i++)
    p->digit[i] = (signed char)(text[len - 1 - (i - p->low)] - '0');
}

/* Returns the index of the most significant digit that is not 0; -1: all are
 * 0. */
static int
paper_high(const struct paper *p)
{
  int i = p->high;

  while (i >= p->low && p->digit[i] == 0)
    i--;
  return i < p->low ? -1 : i;
}

static int
paper_low(const struct paper *p)
{
  int i = p->low;

  while (i <= p->high && p->digit[i] == 0)
    i++;
  return i;
}

/* Removes the leading digit if it is 0: callers reserve one digit too many. */
static void
paper_trim(struct paper *p)
{
  if (p->digit[p->high] == 0 && p->high > p->low)
    p->high--;
}

static int
paper_is_zero(const struct paper *p)
{
  return paper_high(p) < 0;
}

static int
lower(int a, int b)
{
  return a < b ? a : b;
}

static int
higher(int a, int b)
{
  return a > b ? a : b;
}

static int
paper_compare_magnitude(const struct paper *a, const struct paper *b)
{
  int low = lower(a->low, b->low), i;

  for (i = higher(a->high, b->high); i >= low; i--) {
    if (a->digit[i] != b->digit[i])
      return a->digit[i] < b->digit[i] ? -1 : 1;
  }
  return 0;
}

/* sum = a + b, or a - b if MINUS */
static void
paper_add(struct paper *sum, const struct paper *a, const struct paper *b,
          int minus)
{
  const int other_sign = a->negative != (b->negative != minus);
  const int turned = other_sign && paper_compare_magnitude(a, b) < 0;
  const struct paper *big = turned ? b : a, *small = turned ? a : b;
  struct paper result = zero;
  int carry = 0, digit, i;

  result.negative = a->negative != turned;
  result.low = lower(a->low, b->low);
  result.high = higher(a->high, b->high) + 1;
  for (i = result.low; i <= result.high; i++) {
    digit = carry + big->digit[i];
    digit += other_sign ? -small->digit[i] : small->digit[i];
    carry = digit < 0 ? -1 : digit / 10;
    result.digit[i] = (signed char)(digit - 10 * carry);
  }
  paper_trim(&result);
  if (paper_is_zero(&result))
    result.negative = 0;
  *sum = result;
}

/* p *= factor * 10^places */
static void
paper_scale(struct paper *p, int factor, int places)
{
  struct paper result = zero;
  int carry = 0, i;

  result.negative = p->negative;
  result.low = p->low + places;
  result.high = p->high + places + 1;
  for (i = result.low; i <= result.high; i++) {
    carry += factor * p->digit[i - places];
    result.digit[i] = (signed char)(carry % 10);
    carry /= 10;
  }
  paper_trim(&result);
  *p = result;
}

/* product = a * b */
static void
paper_multiply(struct paper *product, const struct paper *a,
               const struct paper *b)
{
  struct paper part, sum = zero;
  int i;

  for (i = paper_low(b); i <= paper_high(b); i++) {
    if (b->digit[i] == 0)
      continue;
    part = *a;
    part.negative = a->negative != b->negative;
    paper_scale(&part, b->digit[i], i - POINT);
    paper_add(&sum, &sum, &part, 0);
  }
  *product = sum;
}

static int
paper_compare(const struct paper *a, const struct paper *b)
{
  struct paper difference;

  paper_add(&difference, a, b, 1);
  if (paper_is_zero(&difference))
    return 0;
  return difference.negative ? -1 : 1;
}

/* Computes the quotient rounded to the nearest whole number, ties to even.
 * Returns whether the division is exact. */
static int
paper_divide(struct paper *quotient, const struct paper *a,
             const struct paper *b)
{
  static const struct decimal one = { 1, 0 };
  struct paper rest = *a, divisor = *b, part, unit, q = zero;
  int places = paper_high(a) - paper_high(b), order;

  rest.negative = divisor.negative = 0;
  q.low = POINT;
  q.high = POINT + higher(places, 0);
  for (; places >= 0; places--) {
    part = divisor;
    paper_scale(&part, 1, places);
    for (; paper_compare_magnitude(&rest, &part) >= 0;
         q.digit[POINT + places]++)
      paper_add(&rest, &rest, &part, 1);
  }
  part = rest;
  paper_scale(&part, 2, 0);
  order = paper_compare_magnitude(&part, &divisor);
  paper_set(&unit, one);
  if (order > 0 || (order == 0 && q.digit[POINT] % 2 != 0))
    paper_add(&q, &q, &unit, 0);
  q.negative = !paper_is_zero(&q) && a->negative != b->negative;
  *quotient = q;
  return paper_is_zero(&rest);
}

/* Returns whether a coefficient and an exponent can represent this number. */
static int
paper_fits(const struct paper *p)
{
  const char *limit =
    p->negative ? "9223372036854775808" : "9223372036854775807";
  char text[DIGITS + 1];
  int high = paper_high(p), low = paper_low(p), n = 0;

  if (high < 0)
    return 1;
  if (low < POINT - DECIMAL_MAX_EXP)
    return 0;
  if (low > POINT + DECIMAL_MAX_EXP)
    low = POINT + DECIMAL_MAX_EXP;
  for (; high >= low; high--)
    text[n++] = (char)('0' + p->digit[high]);
  text[n] = '\0';
  if (strlen(text) != strlen(limit))
    return strlen(text) < strlen(limit);
  return strcmp(text, limit) <= 0;
}

/* ---- Comparison ---------------------------------------------------------- */

/* Returns whether R is CODE and D is EXPECTED, or R reports that EXPECTED does
 * not fit. */
static int
agrees(int r, struct decimal d, int code, const struct paper *expected)
{
  struct paper got;

  if (!paper_fits(expected))
    return r == MP_ERANGE;
  if (r != code || !decimal_valid(d))
    return 0;
  paper_set(&got, d);
  return paper_compare(&got, expected) == 0;
}

/* Writes P with DECIMALS decimals to TEXT: up to DIGITS characters and a
 * NUL. */
static void
paper_write(const struct paper *p, int decimals, char *text)
{
  int i = paper_high(p) > POINT ? paper_high(p) : POINT;

  if (p->negative)
    *text++ = '-';
  for (; i >= POINT; i--)
    *text++ = (char)('0' + p->digit[i]);
  if (decimals > 0)
    *text++ = '.';
  for (; i >= POINT - decimals; i--)
    *text++ = (char)('0' + p->digit[i]);
  *text = '\0';
}

const char *
paper_check_format(struct decimal d)
{
  char text[DECIMAL_TEXT], expected[DIGITS + 3];
  struct decimal back = { 0, 0 };
  struct paper p;
  int len = decimal_format(d, text, sizeof(text));

  paper_set(&p, d);
  paper_write(&p, d.exp10 < 0 ? -d.exp10 : 0, expected);
  if (strcmp(text, expected) != 0 || len != (int)strlen(expected))
    return "written otherwise than on paper";
  if (!agrees(decimal_parse(text, strlen(text), &back), back, MP_OK, &p))
    return "not read back as it was";
  if (d.exp10 <= 0 && back.exp10 != d.exp10)
    return "decimals lost between writing and reading";
  return NULL;
}

static size_t
count_digits(const char *text, size_t len)
{
  size_t n = 0;

  while (n < len && text[n] >= '0' && text[n] <= '9')
    n++;
  return n;
}

/* Reads a number like "-12.50"; DECIMALS receives its number of decimals.
 * Returns 0 if TEXT is not such a number. */
static int
paper_read(const char *text, size_t len, struct paper *ret, size_t *decimals)
{
  const size_t minus = len > 0 && text[0] == '-';
  const size_t whole = count_digits(text + minus, len - minus);
  const size_t point = minus + whole;
  size_t i, n = 0;

  if (whole == 0)
    return 0;
  if (point < len) {
    n = len - point - 1;
    if (text[point] != '.' || n == 0 || count_digits(text + point + 1, n) != n)
      return 0;
  }
  *ret = zero;
  ret->low = POINT - (int)n;
  ret->high = POINT + (int)whole - 1;
  for (i = 0; i < whole; i++)
    ret->digit[POINT + whole - 1 - i] = (signed char)(text[minus + i] - '0');
  for (i = 0; i < n; i++)
    ret->digit[POINT - 1 - i] = (signed char)(text[point + 1 + i] - '0');
  ret->negative = minus && !paper_is_zero(ret);
  *decimals = n;
  return 1;
}

const char *
paper_check_text(const char *text, size_t len)
{
  struct decimal d = { 0, 0 };
  struct paper p;
  size_t decimals;
  int r = decimal_parse(text, len, &d);

  if (!paper_read(text, len, &p, &decimals))
    return r == MP_EDATA ? NULL : "what is no number was read as one";
  if (!agrees(r, d, MP_OK, &p))
    return "read otherwise than on paper";
  if (r != MP_OK)
    return NULL;
  /* If the decimals fit, all of them must be kept. */
  if (decimals <= DECIMAL_MAX_EXP &&
      paper_high(&p) - (POINT - (int)decimals) < 18 &&
      d.exp10 != -(int32_t)decimals)
    return "decimals of the text lost";
  return paper_check_format(d);
}

const char *
paper_check_pair(struct decimal a, struct decimal b)
{
  struct decimal ret = { 0, 0 };
  struct paper x, y, expected;

  paper_set(&x, a);
  paper_set(&y, b);
  if (decimal_compare(a, b) != paper_compare(&x, &y))
    return "another order than on paper";
  paper_add(&expected, &x, &y, 0);
  if (!agrees(decimal_add(a, b, &ret), ret, MP_OK, &expected))
    return "another sum than on paper";
  paper_add(&expected, &x, &y, 1);
  if (!agrees(decimal_sub(a, b, &ret), ret, MP_OK, &expected))
    return "another difference than on paper";
  paper_multiply(&expected, &x, &y);
  if (!agrees(decimal_mul(a, b, &ret), ret, MP_OK, &expected))
    return "another product than on paper";
  return NULL;
}

const char *
paper_check_scale(struct decimal a, struct decimal b, struct decimal c,
                  int32_t place)
{
  struct decimal ret = { 0, 0 };
  struct paper x, y, expected;
  int r = decimal_scale(a, b, c, place, &ret), exact;

  if (place < -DECIMAL_MAX_EXP || place > DECIMAL_MAX_EXP)
    return r == MP_ERANGE ? NULL : "divided to a place that is none";
  paper_set(&x, a);
  paper_set(&y, b);
  paper_multiply(&x, &x, &y);
  paper_scale(&x, 1, -place);
  paper_set(&y, c);
  exact = paper_divide(&expected, &x, &y);
  paper_scale(&expected, 1, place);
  if (!agrees(r, ret, exact ? MP_OK : MP_DROP, &expected))
    return "another quotient than on paper";
  return NULL;
}

/* Checks the result R and AFTER of rounding BEFORE to a whole number of UNIT;
 * UNITS receives that number. */
static int
agrees_rounded(int r, struct decimal before, struct decimal after,
               const struct paper *unit, struct paper *units)
{
  struct paper x, expected;
  int exact;

  paper_set(&x, before);
  exact = paper_divide(units, &x, unit);
  if (exact)
    return r == MP_DROP && after.coef == before.coef &&
           after.exp10 == before.exp10;
  paper_multiply(&expected, units, unit);
  return agrees(r, after, MP_OK, &expected);
}

const char *
paper_check_round(struct decimal d, int32_t place)
{
  static const struct decimal one = { 1, 0 };
  struct decimal rounded = d;
  struct paper unit, units;
  int r = decimal_round(&rounded, place);

  paper_set(&unit, one);
  paper_scale(&unit, 1, place);
  if (!agrees_rounded(r, d, rounded, &unit, &units))
    return "rounded otherwise than on paper";
  return NULL;
}

const char *
paper_check_step(struct decimal d, struct decimal step)
{
  struct decimal rounded = d;
  struct paper unit, units;
  int r = decimal_round_step(&rounded, step);

  paper_set(&unit, step);
  if (agrees_rounded(r, d, rounded, &unit, &units))
    return NULL;
  /* The number of steps must also fit. */
  return r == MP_ERANGE && !paper_fits(&units)
           ? NULL
           : "rounded to steps otherwise than on paper";
}

/* Checks |shown - x| <= 10^place / 2 + |x| / 10^12, all times 2 * 10^12. */
const char *
paper_check_shows(struct decimal shown, int32_t place, struct decimal x,
                  int *ret)
{
  static const struct decimal one = { 1, 0 };
  struct paper p, difference, allowed, half;

  paper_set(&p, shown);
  paper_set(&allowed, x);
  paper_add(&difference, &p, &allowed, 1);
  difference.negative = allowed.negative = 0;
  paper_scale(&difference, 2, 12);
  paper_scale(&allowed, 2, 0);
  paper_set(&half, one);
  paper_scale(&half, 1, place + 12);
  paper_add(&allowed, &allowed, &half, 0);
  *ret = paper_compare(&difference, &allowed) <= 0;
  if (decimal_shows(shown, place, x) != *ret)
    return "shows otherwise than on paper";
  return NULL;
}
