/* Numbers of replies: exact values, digits and steps. */
#include <stdint.h>
#include <stdlib.h>

#include <check.h>

#include "lib/array.h"
#include "plugins/domoticz/number.h"
#include "tests/support/run_suite.h"

START_TEST(numbers_are_read_exactly)
{
  static const struct {
    const char *text;
    size_t length;
    int64_t coef;
    int32_t exp10;
  } rows[] = {
    { "12345.7 GJ", 7, 123457, -1 },
    { "-0.005 kWh", 6, -5, -3 },
    { "0 GJ", 1, 0, 0 },
    { "0.000 m3", 5, 0, -3 },
    { "-0", 2, 0, 0 },
    { "1.23457e+06 GJ", 11, 123457, 1 },
    { "1e-06%", 5, 1, -6 },
    { "1e+20", 5, 1, 20 },
    { "45.5%", 4, 455, -1 },
    { "0, 1.5e3", 1, 0, 0 },
    { "12.", 2, 12, 0 },
    { "1.5e 3", 3, 15, -1 },
    { "1.5e", 3, 15, -1 },
    { "65.430000000000007", 18, 65430000000000007, -15 },
    { "99999999999999999999", 20, 999999999999999999, 2 },
    { "0.0000000000000000000001234567890123456789", 42, 123456789012345678,
      -39 },
    { "000000000000000000000000012", 27, 12, 0 },
    { "0e-300", 6, 0, 0 },
    { "9e99", 4, 9, 99 },
    { "9e100", 0, 0, 0 },
    { "1e-100", 0, 0, 0 },
    { "1e99999999999", 0, 0, 0 },
    { "inf GJ", 0, 0, 0 },
    { "nan", 0, 0, 0 },
    { "-", 0, 0, 0 },
    { "+1", 0, 0, 0 },
    { " 1", 0, 0, 0 },
    { ".5", 0, 0, 0 },
    { "", 0, 0, 0 },
  };
  struct number n;
  size_t i;

  for (i = 0; i < ARRAY_SIZE(rows); i++) {
    n = (struct number){ 0, 0 };
    ck_assert_msg(number_parse(rows[i].text, &n) == rows[i].length,
                  "length of %s", rows[i].text);
    ck_assert_msg(n.coef == rows[i].coef && n.exp10 == rows[i].exp10,
                  "%s: %lld e%d", rows[i].text, (long long)n.coef, n.exp10);
  }
}
END_TEST

START_TEST(places_count_from_the_first_digit)
{
  ck_assert_int_eq(number_place((struct number){ 123457, -1 }, 6), -1);
  ck_assert_int_eq(number_place((struct number){ 123457, 1 }, 6), 1);
  ck_assert_int_eq(number_place((struct number){ 100, 0 }, 6), -3);
  ck_assert_int_eq(number_place((struct number){ 1, 2 }, 6), -3);
  ck_assert_int_eq(number_place((struct number){ -5, -3 }, 6), -8);
  ck_assert_int_eq(number_place((struct number){ INT64_MIN, 0 }, 1), 18);
}
END_TEST

START_TEST(rounding_is_half_to_even)
{
  static const struct {
    struct number n;
    int32_t place;
    struct number result;
  } rows[] = {
    { { 65430000000000007, -15 }, -2, { 6543, -2 } },
    { { 62549999999999999, -16 }, -14, { 625500000000000, -14 } },
    { { 25, -1 }, 0, { 2, 0 } },
    { { 35, -1 }, 0, { 4, 0 } },
    { { -25, -1 }, 0, { -2, 0 } },
    { { -35, -1 }, 0, { -4, 0 } },
    { { -251, -2 }, 0, { -3, 0 } },
    { { 7, 0 }, 30, { 0, 30 } },
    { { 7, 0 }, -2, { 7, 0 } },
  };
  struct number n;
  size_t i;

  for (i = 0; i < ARRAY_SIZE(rows); i++) {
    n = rows[i].n;
    number_round(&n, rows[i].place);
    ck_assert_int_eq(n.coef, rows[i].result.coef);
    ck_assert_int_eq(n.exp10, rows[i].result.exp10);
  }
}
END_TEST

START_TEST(differences_are_exact_or_refused)
{
  struct number r = { 1, 1 };

  ck_assert(number_subtract((struct number){ 13345678, -3 },
                            (struct number){ 1, 3 }, &r));
  ck_assert_int_eq(r.coef, 12345678);
  ck_assert_int_eq(r.exp10, -3);
  ck_assert(
    number_subtract((struct number){ 5, 0 }, (struct number){ 15, -1 }, &r));
  ck_assert_int_eq(r.coef, 35);
  ck_assert_int_eq(r.exp10, -1);
  ck_assert(
    number_subtract((struct number){ 5, -2 }, (struct number){ 0, 40 }, &r));
  ck_assert_int_eq(r.coef, 5);
  ck_assert(
    !number_subtract((struct number){ 1, 20 }, (struct number){ 1, -2 }, &r));
  ck_assert(!number_subtract((struct number){ INT64_MIN, 0 },
                             (struct number){ 1, 0 }, &r));
}
END_TEST

START_TEST(degrees_fahrenheit_become_celsius)
{
  static const struct {
    struct number fahrenheit;
    int64_t micro_celsius;
  } rows[] = {
    { { 32, 0 }, 0 },          { { 212, 0 }, 100000000 },
    { { -40, 0 }, -40000000 }, { { 149774, -3 }, 65430000 },
    { { 0, 0 }, -17777778 },   { { 32018, -3 }, 10000 },
    { { 31982, -3 }, -10000 }, { { 149774000000001, -12 }, 65430000 },
  };
  struct number n;
  size_t i;

  for (i = 0; i < ARRAY_SIZE(rows); i++) {
    ck_assert(number_celsius(rows[i].fahrenheit, &n));
    ck_assert_int_eq(n.coef, rows[i].micro_celsius);
    ck_assert_int_eq(n.exp10, -6);
  }
  ck_assert(!number_celsius((struct number){ 1, 99 }, &n));
  ck_assert(!number_celsius((struct number){ INT64_MAX, 0 }, &n));
}
END_TEST

START_TEST(dividers_make_steps_or_none)
{
  static const struct {
    struct number divider, step;
  } rows[] = {
    { { 1000, 0 }, { 1, -3 } },     { { 10000, -1 }, { 1, -3 } },
    { { 250, 0 }, { 4, -3 } },      { { 1, 0 }, { 1, 0 } },
    { { 5, -1 }, { 2, 0 } },        { { 4, 0 }, { 25, -2 } },
    { { 100, 0 }, { 1, -2 } },      { { 1024, 0 }, { 9765625, -10 } },
    { { 3, 0 }, { 0, 0 } },         { { 0, 0 }, { 0, 0 } },
    { { -1000, 0 }, { 0, 0 } },     { { 1, 99 }, { 1, -99 } },
    { { INT64_MAX, 0 }, { 0, 0 } },
  };
  struct number step;
  size_t i;

  for (i = 0; i < ARRAY_SIZE(rows); i++) {
    step = (struct number){ 0, 0 };
    ck_assert_int_eq(number_invert(rows[i].divider, &step),
                     rows[i].step.coef != 0);
    ck_assert_int_eq(step.coef, rows[i].step.coef);
    ck_assert_int_eq(step.exp10, rows[i].step.exp10);
  }
}
END_TEST

START_TEST(counts_are_whole_or_refused)
{
  static const struct {
    struct number n, step;
    int64_t count; /* -1: refused */
  } rows[] = {
    { { 84208, -3 }, { 1, -3 }, 84208 }, { { 842080, -4 }, { 1, -3 }, 84208 },
    { { 842081, -4 }, { 1, -3 }, -1 },   { { 84, 0 }, { 1, -3 }, 84000 },
    { { 12, -3 }, { 4, -3 }, 3 },        { { 10, -3 }, { 4, -3 }, -1 },
    { { 5, 0 }, { 25, -1 }, 2 },         { { 0, -9 }, { 1, -3 }, 0 },
    { { 0, 50 }, { 2, 0 }, 0 },          { { 1, 0 }, { 2, 0 }, -1 },
    { { 1, 30 }, { 1, -3 }, -1 },        { { 1, 0 }, { 0, 0 }, -1 },
  };
  int64_t count;
  size_t i;

  for (i = 0; i < ARRAY_SIZE(rows); i++) {
    count = -1;
    ck_assert_int_eq(number_count(rows[i].n, rows[i].step, &count),
                     rows[i].count >= 0);
    ck_assert_int_eq(count, rows[i].count);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("domoticz numbers");
  TCase *tc = tcase_create("number");

  tcase_add_test(tc, numbers_are_read_exactly);
  tcase_add_test(tc, places_count_from_the_first_digit);
  tcase_add_test(tc, rounding_is_half_to_even);
  tcase_add_test(tc, differences_are_exact_or_refused);
  tcase_add_test(tc, degrees_fahrenheit_become_celsius);
  tcase_add_test(tc, dividers_make_steps_or_none);
  tcase_add_test(tc, counts_are_whole_or_refused);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
