/*
 * Fuzz target: decimals.  Parsing and formatting must return the same digits,
 * and the results of the arithmetic must agree with each other: a - b + b is a.
 * (tests/lib/test_decimal_oracle.c compares the results with a second
 * arithmetic.)
 *
 * The first byte is a place; the rest is up to three numbers, separated by
 * blanks.
 */
#include "lib/decimal.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NUMBERS 3
#define DIGITS "0123456789"

static bool
same(struct mp_decimal a, struct mp_decimal b)
{
  return decimal_compare(a, b) == 0;
}

static struct mp_decimal
magnitude(struct mp_decimal d)
{
  d.coef = d.coef < 0 ? -d.coef : d.coef;
  return d;
}

/* ---- Texts --------------------------------------------------------------- */

/* Returns true if TEXT looks like "-12.50". */
static bool
is_number(const char *text)
{
  size_t whole, decimals;

  text += *text == '-';
  whole = strspn(text, DIGITS);
  decimals = text[whole] == '.' ? strspn(text + whole + 1, DIGITS) : 0;
  return whole > 0 && text[whole + (decimals > 0 ? decimals + 1 : 0)] == '\0';
}

/* Checks that D, the number in TEXT, has all its digits.  Zeros at the
 * beginning are not kept, nor is the sign of 0. */
static void
require_digits(struct mp_decimal d, const char *text)
{
  char written[DECIMAL_TEXT];
  size_t len = (size_t)decimal_format(d, written, sizeof(written));
  bool minus = *text == '-' && text[strspn(text, "-0.")] != '\0';

  require(len == strlen(written) && (written[0] == '-') == minus);
  text += *text == '-';
  while (text[0] == '0' && text[1] != '\0' && text[1] != '.')
    text++;
  require(strcmp(written + minus, text) == 0);
}

static void
require_written(struct mp_decimal d)
{
  char text[DECIMAL_TEXT];
  struct mp_decimal back;

  require(decimal_format(d, text, sizeof(text)) == (int)strlen(text));
  require(is_number(text));
  require(decimal_parse(text, strlen(text), &back) == MP_OK && same(back, d));
  require(d.exp10 > 0 || back.exp10 == d.exp10);
}

/* Parses up to the next blank; a text that is not a number gives 0. */
static struct mp_decimal
read_number(const char **text, const char *end)
{
  const char *blank = memchr(*text, ' ', (size_t)(end - *text));
  size_t len = (size_t)((blank ? blank : end) - *text);
  char *copy = strndup(*text, len);
  struct mp_decimal d = { 0, 0 };
  int r = decimal_parse(*text, len, &d);

  require(copy);
  require((r == MP_EDATA) == (strlen(copy) < len || !is_number(copy)));
  require(r == MP_OK || r == MP_EDATA || (r == MP_ERANGE && len > 18));
  if (r == MP_OK && len <= 18)
    require_digits(d, copy);
  free(copy);
  *text = blank ? blank + 1 : end;
  return d;
}

/* ---- Arithmetic ---------------------------------------------------------- */

static void
check_pair(struct mp_decimal a, struct mp_decimal b)
{
  struct mp_decimal ret, back;
  int order = decimal_compare(a, b);

  require(decimal_compare(b, a) == -order);
  if (decimal_sub(a, b, &ret) == MP_OK) {
    require(decimal_compare(ret, (struct mp_decimal){ 0, 0 }) == order);
    require(decimal_add(b, ret, &back) == MP_OK && same(back, a));
  }
  if (decimal_add(a, b, &ret) == MP_OK)
    require(decimal_sub(ret, b, &back) == MP_OK && same(back, a));
  if (decimal_mul(a, b, &ret) == MP_OK && b.coef != 0)
    require(decimal_divide(ret, b, a.exp10, &back) == MP_OK && same(back, a));
}

/* Checks that AFTER, the result R of rounding BEFORE to steps of UNIT, is at
 * most half a unit away. */
static void
require_near(int r, struct mp_decimal before, struct mp_decimal after,
             struct mp_decimal unit)
{
  struct mp_decimal two = { 2, 0 }, difference;

  if (r < 0)
    return;
  require((r == MP_DROP) == same(before, after));
  if (decimal_sub(after, before, &difference) == MP_OK &&
      difference.coef != INT64_MIN &&
      decimal_mul(magnitude(difference), two, &difference) == MP_OK)
    require(decimal_compare(difference, unit) <= 0);
}

static void
check_rounding(struct mp_decimal d, struct mp_decimal step, int32_t place)
{
  struct mp_decimal rounded = d;
  int r = decimal_round(&rounded, place);

  if (place >= -DECIMAL_MAX_EXP && place <= DECIMAL_MAX_EXP)
    require_near(r, d, rounded, (struct mp_decimal){ 1, place });
  require(r < 0 || decimal_round(&rounded, place) == MP_DROP);
  if (step.coef <= 0)
    return;
  rounded = d;
  r = decimal_round_step(&rounded, step);
  require_near(r, d, rounded, step);
  require(r < 0 || decimal_round_step(&rounded, step) == MP_DROP);
}

/* a * b / c, times c, is a * b. */
static void
check_scale(const struct mp_decimal *n, int32_t place)
{
  struct mp_decimal quotient, back, product;
  int r = decimal_scale(n[0], n[1], n[2], place, &quotient);

  if (place < -DECIMAL_MAX_EXP || place > DECIMAL_MAX_EXP)
    require(r == MP_ERANGE);
  if (r == MP_OK && decimal_mul(quotient, n[2], &back) == MP_OK)
    require(decimal_mul(n[0], n[1], &product) == MP_OK && same(product, back));
}

/* Passes exponents as a plugin may hand them over: each must give an error at
 * most. */
static void
check_invalid(struct mp_decimal a, struct mp_decimal b)
{
  struct mp_decimal ret;
  char text[DECIMAL_TEXT];

  a.exp10 = DECIMAL_MAX_EXP + 1;
  if (decimal_valid(a) || decimal_format(a, text, sizeof(text)) != 0 ||
      decimal_shows(a, MP_EXACT, b) || decimal_add(a, b, &ret) != MP_ERANGE ||
      decimal_sub(b, a, &ret) != MP_ERANGE ||
      decimal_mul(a, b, &ret) != MP_ERANGE ||
      decimal_divide(b, a, 0, &ret) != MP_ERANGE)
    abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data + 1, *end = (const char *)data + size;
  struct mp_decimal n[NUMBERS];

  if (size < 2)
    return 0;
  for (size_t i = 0; i < NUMBERS; i++)
    n[i] = read_number(&text, end);
  require_written(n[0]);
  check_pair(n[0], n[1]);
  check_rounding(n[0], n[1], (int8_t)data[0]);
  if (n[2].coef != 0)
    check_scale(n, (int8_t)data[0]);
  require(decimal_shows(n[0], (int8_t)data[0], n[0]) == 1);
  check_invalid(n[0], n[1]);
  return 0;
}
