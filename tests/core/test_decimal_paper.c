/*
 * Exact decimals against a second arithmetic, which works digit by digit as on
 * paper and shares nothing with the first.
 */
#include "core/decimal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct decimal
dec(int64_t coef, int32_t exp10)
{
  const struct decimal d = { coef, exp10 };

  return d;
}

/* ---- Paper --------------------------------------------------------------- */

/* digit[i] counts 10^(i - POINT). */
#define DIGITS 1024
#define POINT 512

struct paper {
  int negative;
  signed char digit[DIGITS];
};

static void
paper_set(struct paper *p, struct decimal d)
{
  char text[32];
  size_t len, i;

  memset(p, 0, sizeof(*p));
  p->negative = d.coef < 0;
  snprintf(text, sizeof(text), "%lld", (long long)d.coef);
  len = strlen(text);
  for (i = 0; i < len - (size_t)p->negative; i++)
    p->digit[POINT + d.exp10 + (int)i] = (signed char)(text[len - 1 - i] - '0');
}

static int
paper_compare_magnitude(const struct paper *a, const struct paper *b)
{
  size_t i;

  for (i = DIGITS; i > 0; i--) {
    if (a->digit[i - 1] != b->digit[i - 1])
      return a->digit[i - 1] < b->digit[i - 1] ? -1 : 1;
  }
  return 0;
}

static int
paper_is_zero(const struct paper *p)
{
  static const struct paper zero;

  return paper_compare_magnitude(p, &zero) == 0;
}

/* sum = a + b, where b's sign is turned round with MINUS. */
static void
paper_add(struct paper *sum, const struct paper *a, const struct paper *b,
          int minus)
{
  const int other_sign = a->negative != (b->negative != minus);
  const int turned = other_sign && paper_compare_magnitude(a, b) < 0;
  const struct paper *big = turned ? b : a, *small = turned ? a : b;
  struct paper result = { 0, { 0 } };
  int carry = 0, digit;
  size_t i;

  result.negative = a->negative != turned;
  for (i = 0; i < DIGITS; i++) {
    digit = carry + big->digit[i];
    digit += other_sign ? -small->digit[i] : small->digit[i];
    carry = digit < 0 ? -1 : digit / 10;
    result.digit[i] = (signed char)(digit - 10 * carry);
  }
  if (paper_is_zero(&result))
    result.negative = 0;
  *sum = result;
}

/* p *= factor * 10^places */
static void
paper_scale(struct paper *p, int factor, int places)
{
  struct paper result = { p->negative, { 0 } };
  int carry = 0, i;

  for (i = 0; i < DIGITS; i++) {
    if (i - places >= 0 && i - places < DIGITS)
      carry += factor * p->digit[i - places];
    result.digit[i] = (signed char)(carry % 10);
    carry /= 10;
  }
  *p = result;
}

/* product = a * b */
static void
paper_multiply(struct paper *product, const struct paper *a, struct decimal b)
{
  struct paper part, factor, sum = { 0, { 0 } };
  int i;

  paper_set(&factor, b);
  for (i = 0; i < DIGITS; i++) {
    if (factor.digit[i] == 0)
      continue;
    part = *a;
    part.negative = a->negative != factor.negative;
    paper_scale(&part, factor.digit[i], i - POINT);
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

/* Whether some coefficient and exponent are this number. */
static int
paper_fits(const struct paper *p)
{
  const char *limit =
    p->negative ? "9223372036854775808" : "9223372036854775807";
  char text[DIGITS + 1];
  int high = DIGITS - 1, low = 0, n = 0;

  if (paper_is_zero(p))
    return 1;
  while (p->digit[high] == 0)
    high--;
  while (p->digit[low] == 0)
    low++;
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

/* ---- Random numbers against it ------------------------------------------- */

#define RANDOM_ROUNDS 4000

static uint64_t
random_bits(uint64_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static struct decimal
random_decimal(uint64_t *state)
{
  static const int64_t edges[] = {
    0,
    1,
    -1,
    5,
    -5,
    10,
    INT64_MAX,
    INT64_MIN,
    INT64_MAX - 7,
    INT64_MIN + 8,
    INT64_C(1000000000000000000),
    INT64_C(-500000000000000000),
  };
  const uint64_t choice = random_bits(state);
  struct decimal d;

  if (choice % 4 == 0)
    d.coef = edges[(choice >> 8) % ARRAY_SIZE(edges)];
  else
    d.coef = (int64_t)random_bits(state) / (INT64_C(1) << choice % 63);
  d.exp10 = (int32_t)((choice >> 32) % 7) - 4;
  if ((choice >> 40) % 8 == 0)
    d.exp10 = (int32_t)((choice >> 48) % 199) - 99;
  return d;
}

static void
assert_equals_paper(int r, struct decimal d, const struct paper *expected)
{
  struct paper got;

  ck_assert_int_eq(r, paper_fits(expected) ? MP_OK : MP_ERANGE);
  if (r != MP_OK)
    return;
  ck_assert(decimal_valid(d));
  paper_set(&got, d);
  ck_assert_int_eq(paper_compare(&got, expected), 0);
}

START_TEST(agrees_with_paper_on_sums_products_and_order)
{
  uint64_t state = 88172645463325252u;
  struct decimal a, b, ret;
  struct paper x, y, expected;
  int i;

  for (i = 0; i < RANDOM_ROUNDS; i++) {
    a = random_decimal(&state);
    b = random_decimal(&state);
    paper_set(&x, a);
    paper_set(&y, b);
    ck_assert_int_eq(decimal_compare(a, b), paper_compare(&x, &y));
    paper_add(&expected, &x, &y, 0);
    assert_equals_paper(decimal_add(a, b, &ret), ret, &expected);
    paper_add(&expected, &x, &y, 1);
    assert_equals_paper(decimal_sub(a, b, &ret), ret, &expected);
    paper_multiply(&expected, &x, b);
    assert_equals_paper(decimal_mul(a, b, &ret), ret, &expected);
  }
}
END_TEST

/* REST is what rounding to a whole number of UNIT left over; RESULT is how many
 * units it was rounded to. */
static void
assert_rounded(struct paper rest, struct paper unit, const struct paper *result)
{
  int order, i;

  unit.negative = 0;
  rest.negative = 0;
  paper_scale(&rest, 2, 0);
  order = paper_compare(&rest, &unit);
  ck_assert_int_le(order, 0);
  if (order != 0)
    return;
  for (i = 0; i < POINT; i++)
    ck_assert_int_eq(result->digit[i], 0);
  ck_assert_int_eq(result->digit[POINT] % 2, 0);
}

START_TEST(agrees_with_paper_on_quotients)
{
  uint64_t state = 2463534242u;
  struct decimal a, b, c, ret;
  struct paper product, back, rest, divisor, units;
  int32_t place;
  int i, r;

  for (i = 0; i < RANDOM_ROUNDS; i++) {
    a = random_decimal(&state);
    b = random_decimal(&state);
    c = random_decimal(&state);
    place = (int32_t)(random_bits(&state) % 21) - 12;
    r = decimal_scale(a, b, c, place, &ret);
    if (r == MP_ERANGE)
      continue;
    paper_set(&product, a);
    paper_multiply(&product, &product, b);
    paper_set(&back, ret);
    units = back;
    paper_scale(&units, 1, -place);
    paper_multiply(&back, &back, c);
    paper_add(&rest, &product, &back, 1);
    ck_assert_int_eq(r, paper_is_zero(&rest) ? MP_OK : MP_DROP);
    paper_set(&divisor, c);
    paper_scale(&divisor, 1, place);
    assert_rounded(rest, divisor, &units);
  }
}
END_TEST

START_TEST(agrees_with_paper_on_rounding)
{
  uint64_t state = 362436069u;
  struct decimal a, rounded;
  struct paper before, after, rest, unit;
  int32_t place;
  int i, r;

  for (i = 0; i < RANDOM_ROUNDS; i++) {
    a = random_decimal(&state);
    place = a.exp10 + (int32_t)(random_bits(&state) % 23) - 1;
    rounded = a;
    r = decimal_round(&rounded, place);
    if (r == MP_ERANGE) {
      ck_assert_int_gt(place, DECIMAL_MAX_EXP);
      continue;
    }
    paper_set(&before, a);
    paper_set(&after, rounded);
    paper_add(&rest, &before, &after, 1);
    ck_assert_int_eq(r, paper_is_zero(&rest) ? MP_DROP : MP_OK);
    if (r == MP_DROP) {
      ck_assert(rounded.coef == a.coef && rounded.exp10 == a.exp10);
      continue;
    }
    paper_set(&unit, dec(1, 0));
    paper_scale(&unit, 1, place);
    paper_scale(&after, 1, -place);
    assert_rounded(rest, unit, &after);
  }
}
END_TEST

START_TEST(agrees_with_paper_on_displays)
{
  uint64_t state = 521288629u;
  struct decimal shown, x;
  struct paper p, difference, allowed, half;
  int32_t place;
  int i, seen[2] = { 0, 0 }, shows;

  for (i = 0; i < RANDOM_ROUNDS; i++) {
    shown = x = random_decimal(&state);
    x.coef = x.coef / 10 * 10 + (int64_t)(random_bits(&state) % 3);
    if (random_bits(&state) % 4 == 0)
      x = random_decimal(&state);
    place = x.exp10 + (int32_t)(random_bits(&state) % 40) - 20;
    paper_set(&p, shown);
    paper_set(&allowed, x);
    paper_add(&difference, &p, &allowed, 1);
    difference.negative = allowed.negative = 0;
    paper_scale(&difference, 2, 12);
    paper_scale(&allowed, 2, 0);
    paper_set(&half, dec(1, 0));
    paper_scale(&half, 1, place + 12);
    paper_add(&allowed, &allowed, &half, 0);
    shows = paper_compare(&difference, &allowed) <= 0;
    ck_assert_int_eq(decimal_shows(shown, place, x), shows);
    seen[shows]++;
  }
  ck_assert_int_gt(seen[0], RANDOM_ROUNDS / 10);
  ck_assert_int_gt(seen[1], RANDOM_ROUNDS / 10);
}
END_TEST

START_TEST(reads_back_what_it_wrote)
{
  uint64_t state = 123456789u;
  char text[DECIMAL_TEXT], again[DECIMAL_TEXT];
  struct decimal a, b;
  int i;

  for (i = 0; i < 10 * RANDOM_ROUNDS; i++) {
    a = random_decimal(&state);
    decimal_format(a, text, sizeof(text));
    ck_assert_int_eq(decimal_parse(text, strlen(text), &b), MP_OK);
    ck_assert_int_eq(decimal_compare(a, b), 0);
    if (a.exp10 <= 0)
      ck_assert_int_eq(a.exp10, b.exp10);
    decimal_format(b, again, sizeof(again));
    ck_assert_str_eq(again, text);
  }
}
END_TEST

static Suite *
decimal_paper_suite(void)
{
  Suite *suite = suite_create("decimal_paper");
  TCase *paper = tcase_create("paper");

  tcase_set_timeout(paper, 60);
  tcase_add_test(paper, agrees_with_paper_on_sums_products_and_order);
  tcase_add_test(paper, agrees_with_paper_on_quotients);
  tcase_add_test(paper, agrees_with_paper_on_rounding);
  tcase_add_test(paper, agrees_with_paper_on_displays);
  tcase_add_test(paper, reads_back_what_it_wrote);
  suite_add_tcase(suite, paper);
  return suite;
}

int
main(void)
{
  SRunner *runner = srunner_create(decimal_paper_suite());
  int failed;

  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
