/*
 * The arithmetic that the domoticz output needs and the host does not offer:
 * numbers with an exponent, significant digits, and 1 / divider.
 */
#include "plugins/domoticz/number.h"

/* Any number of this many digits fits an int64_t. */
#define MAX_DIGITS 18

static bool
is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static int64_t
power_of_ten(int32_t exp10)
{
  int64_t p = 1;

  while (exp10-- > 0)
    p *= 10;
  return p;
}

/* Appends DIGIT to the coefficient.  When that is full, only counts the digit's
 * place. */
static void
take_digit(struct number *n, int *count, char digit, bool fraction)
{
  if (*count >= MAX_DIGITS) {
    n->exp10 += !fraction;
    return;
  }
  n->coef = n->coef * 10 + (digit - '0');
  n->exp10 -= fraction;
  *count += n->coef != 0;
}

/* Parses an exponent, "e+06", at TEXT.  Returns its length; 0: there is
 * none. */
static size_t
parse_exponent(const char *text, int32_t *ret_exp10)
{
  size_t i = 1;
  bool negative = false;
  int32_t exp10 = 0;

  if (text[0] != 'e' && text[0] != 'E')
    return 0;
  if (text[i] == '+' || text[i] == '-')
    negative = text[i++] == '-';
  if (!is_digit(text[i]))
    return 0;
  for (; is_digit(text[i]); i++)
    if (exp10 < 10000)
      exp10 = exp10 * 10 + (text[i] - '0');
  *ret_exp10 = negative ? -exp10 : exp10;
  return i;
}

size_t
number_parse(const char *text, struct number *ret)
{
  struct number n = { 0, 0 };
  int32_t exponent = 0;
  int count = 0;
  bool negative = text[0] == '-';
  size_t i = negative ? 1 : 0;

  if (!is_digit(text[i]))
    return 0;
  for (; is_digit(text[i]); i++)
    take_digit(&n, &count, text[i], false);
  if (text[i] == '.' && is_digit(text[i + 1]))
    for (i++; is_digit(text[i]); i++)
      take_digit(&n, &count, text[i], true);
  i += parse_exponent(text + i, &exponent);
  n.exp10 += exponent;
  if (n.coef == 0 && (n.exp10 < -MAX_DIGITS || n.exp10 > 0))
    n.exp10 = 0;
  if (n.exp10 < -NUMBER_MAX_EXP || n.exp10 > NUMBER_MAX_EXP)
    return 0;
  if (negative)
    n.coef = -n.coef;
  *ret = n;
  return i;
}

int32_t
number_place(struct number n, int32_t digits)
{
  int32_t place = n.exp10;

  for (; n.coef > 9 || n.coef < -9; n.coef /= 10)
    place++;
  return place - (digits - 1);
}

void
number_round(struct number *n, int32_t place)
{
  int32_t drop = place - n->exp10;
  int64_t unit, rest, half;

  if (drop <= 0)
    return;
  n->exp10 = place;
  if (drop > MAX_DIGITS) {
    n->coef = 0;
    return;
  }
  unit = power_of_ten(drop);
  half = unit / 2;
  rest = n->coef % unit;
  n->coef /= unit;
  if (rest > half || (rest == half && n->coef % 2 != 0))
    n->coef++;
  else if (rest < -half || (rest == -half && n->coef % 2 != 0))
    n->coef--;
}

void
number_trim(struct number *n)
{
  if (n->coef == 0) {
    n->exp10 = 0;
    return;
  }
  for (; n->coef % 10 == 0 && n->exp10 < NUMBER_MAX_EXP; n->exp10++)
    n->coef /= 10;
}

/* Rewrites N with the smaller exponent EXP10.  Returns false on overflow. */
static bool
number_refine(struct number *n, int32_t exp10)
{
  if (n->coef == 0)
    n->exp10 = exp10;
  for (; n->exp10 > exp10; n->exp10--)
    if (__builtin_mul_overflow(n->coef, (int64_t)10, &n->coef))
      return false;
  return true;
}

bool
number_subtract(struct number a, struct number b, struct number *ret)
{
  int32_t exp10 = a.exp10 < b.exp10 ? a.exp10 : b.exp10;

  if (!number_refine(&a, exp10) || !number_refine(&b, exp10))
    return false;
  if (__builtin_sub_overflow(a.coef, b.coef, &ret->coef))
    return false;
  ret->exp10 = exp10;
  return true;
}

bool
number_celsius(struct number fahrenheit, struct number *ret)
{
  const struct number freezing = { 32, 0 };
  /* No temperature is beyond this, and the arithmetic cannot overflow within
   * it. */
  const int64_t max = INT64_C(1000000000000);
  const int32_t place = -6;
  struct number n;

  if (!number_subtract(fahrenheit, freezing, &n))
    return false;
  if (n.exp10 < place)
    number_round(&n, place);
  if (n.coef > max || n.coef < -max || n.exp10 > 6)
    return false;
  for (; n.exp10 > place; n.exp10--)
    if (__builtin_mul_overflow(n.coef, 10, &n.coef))
      return false;
  if (n.coef > max || n.coef < -max)
    return false;
  n.coef *= 5;
  n.coef = (n.coef + (n.coef < 0 ? -4 : 4)) / 9;
  *ret = n;
  return true;
}

bool
number_invert(struct number n, struct number *ret)
{
  int64_t power = 1;
  int32_t digits = 0;

  if (n.coef <= 0)
    return false;
  number_trim(&n);
  for (; power % n.coef != 0; power *= 10)
    if (++digits > MAX_DIGITS)
      return false;
  if (-n.exp10 - digits < -NUMBER_MAX_EXP)
    return false;
  ret->coef = power / n.coef;
  ret->exp10 = -n.exp10 - digits;
  return true;
}

bool
number_count(struct number n, struct number step, int64_t *ret)
{
  number_trim(&n);
  if (n.coef == 0)
    n.exp10 = step.exp10;
  if (step.coef <= 0 || n.exp10 < step.exp10)
    return false;
  if (!number_refine(&n, step.exp10) || n.coef % step.coef != 0)
    return false;
  *ret = n.coef / step.coef;
  return true;
}
