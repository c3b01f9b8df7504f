/* The rules of meterpipe report: vectors of a supplier's bill, and uses. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/csv/report/rules.h"
#include "plugins/csv/report/uses.h"
#include "tests/support/run_suite.h"

static struct mp_decimal
dec(const char *text)
{
  struct mp_decimal d;

  ck_assert_int_eq(decimal_parse(text, strlen(text), &d), MP_OK);
  return d;
}

static void
expect_decimal(struct mp_decimal d, const char *text)
{
  char buf[DECIMAL_TEXT];

  decimal_format(d, buf, sizeof(buf));
  ck_assert_str_eq(buf, text);
}

/* ---- Money --------------------------------------------------------------- */

static const struct {
  const char *energy, *price, *expected, *bonus, *malus, *zone;
  bool excess;
  const char *returned, *money;
} bills[] = {
  { "18", "545", "40.7", "2", "1", "0", false, "38.0", "-529.74" },
  { "18", "545", "40.7", "2", "1", "0", false, "48.0", "716.13" },
  { "18", "545", "40.7", "2", "1", "5", false, "48.0", "716.13" },
  { "18", "545", "40.7", "2", "1", "5", true, "48.0", "225.63" },
  { "18", "545", "40.7", "2", "1", "5", true, "43.0", "0.00" },
  { "18", "545", "40.7", "2", "1", "0", false, "40.7", "0.00" },
  { "18", "545", "40.7", "2", "1", "5", false, "45.7", "0.00" },
  { "18.1", "50", "39", "1", "1", "3", true, "50", "72.40" },
  { "18.1", "50", "39", "1", "1", "3", true, "35", "-36.20" },
  { "18.1", "50", "41", "2", "1", "3", true, "32", "-162.90" },
};

START_TEST(return_temperature_costs)
{
  struct rules rules = { .n_points = 1,
                         .bonus = dec(bills[_i].bonus),
                         .malus = dec(bills[_i].malus),
                         .free_zone = dec(bills[_i].zone),
                         .counts_excess = bills[_i].excess };
  struct rules_fraction cost = { .den = { 1, 0 } }, degrees, exact;
  struct mp_decimal money;

  rules.points[0].expected = dec(bills[_i].expected);
  ck_assert_int_eq(
    decimal_mul(dec(bills[_i].energy), dec(bills[_i].price), &cost.num), MP_OK);
  ck_assert_int_eq(rules_degrees(&rules, (struct mp_decimal){ 0, 0 },
                                 dec(bills[_i].returned), &degrees),
                   MP_OK);
  ck_assert_int_eq(rules_money(&rules, &cost, &degrees, &exact), MP_OK);
  ck_assert_int_eq(rules_round(&exact, &money), MP_OK);
  expect_decimal(money, bills[_i].money);
}
END_TEST

/* The table 60:39 61:39 62:38 65:37, with 1 % malus and bonus of 100.00. */
static const struct {
  const char *flow, *returned, *money;
} curve[] = {
  { "50", "40", "1.00" },   { "60", "39", "0.00" }, { "60.5", "39", "0.00" },
  { "61.5", "39", "0.50" }, { "62", "38", "0.00" }, { "63", "38", "0.33" },
  { "64", "37", "-0.33" },  { "65", "37", "0.00" }, { "80", "36.5", "-0.50" },
};

START_TEST(table_is_linear_between_points_and_held_beyond)
{
  struct rules rules = {
    .points = { { { 60, 0 }, { 39, 0 } },
                { { 61, 0 }, { 39, 0 } },
                { { 62, 0 }, { 38, 0 } },
                { { 65, 0 }, { 37, 0 } } },
    .n_points = 4,
    .bonus = { 1, 0 },
    .malus = { 1, 0 },
  };
  struct rules_fraction cost = { { 100, 0 }, { 1, 0 } }, degrees, exact;
  struct mp_decimal money;

  ck_assert_int_eq(rules_degrees(&rules, dec(curve[_i].flow),
                                 dec(curve[_i].returned), &degrees),
                   MP_OK);
  ck_assert_int_eq(rules_money(&rules, &cost, &degrees, &exact), MP_OK);
  ck_assert_int_eq(rules_round(&exact, &money), MP_OK);
  expect_decimal(money, curve[_i].money);
}
END_TEST

/* ---- Uses ---------------------------------------------------------------- */

static int
add_energy(struct uses *uses, int64_t day, const char *energy)
{
  struct uses_row row = { .day = day, .has = { true, false } };

  row.value[USES_ENERGY] = dec(energy);
  return uses_add(uses, &row);
}

START_TEST(use_belongs_to_the_day_of_the_later_row)
{
  struct uses uses = { .n = 0 };

  add_energy(&uses, 10, "1.00");
  add_energy(&uses, 10, "1.25");
  add_energy(&uses, 11, "1.75");
  ck_assert_uint_eq(uses.n, 2);
  expect_decimal(uses.records[0].used[USES_ENERGY], "0.25");
  expect_decimal(uses.records[1].used[USES_ENERGY], "0.50");
  ck_assert_int_eq(uses.records[1].day, 11);
  uses_free(&uses);
}
END_TEST

START_TEST(gap_has_a_record_of_its_own)
{
  struct uses uses = { .n = 0 };

  add_energy(&uses, 10, "1.0");
  add_energy(&uses, 14, "4.2");
  add_energy(&uses, 14, "4.3");
  ck_assert_uint_eq(uses.n, 2);
  ck_assert_int_eq(uses.records[0].span, 4);
  expect_decimal(uses.records[0].used[USES_ENERGY], "3.2");
  ck_assert_int_eq(uses.records[1].span, 1);
  expect_decimal(uses.records[1].used[USES_ENERGY], "0.1");
  uses_free(&uses);
}
END_TEST

START_TEST(falling_counter_starts_anew)
{
  struct uses uses = { .n = 0 };

  add_energy(&uses, 10, "100.0");
  add_energy(&uses, 10, "101.0");
  add_energy(&uses, 10, "2.0");
  add_energy(&uses, 10, "2.5");
  ck_assert_uint_eq(uses.n, 1);
  ck_assert_uint_eq(uses.records[0].falls, 1);
  expect_decimal(uses.records[0].used[USES_ENERGY], "1.5");
  uses_free(&uses);
}
END_TEST

START_TEST(two_meters_are_refused)
{
  struct uses uses = { .n = 0 };

  ck_assert_int_eq(add_energy(&uses, 10, "500.0"), MP_OK);
  ck_assert_int_eq(add_energy(&uses, 10, "10.0"), MP_OK);
  ck_assert_int_eq(add_energy(&uses, 10, "500.1"), MP_EDATA);
  uses_free(&uses);
}
END_TEST

/* A new meter may reach the old value after a year. */
START_TEST(new_meter_reaches_the_old_value_later)
{
  struct uses uses = { .n = 0 };

  ck_assert_int_eq(add_energy(&uses, 10, "50.0"), MP_OK);
  ck_assert_int_eq(add_energy(&uses, 10, "0.0"), MP_OK);
  ck_assert_int_eq(add_energy(&uses, 375, "49.9"), MP_OK);
  ck_assert_int_eq(add_energy(&uses, 375, "50.1"), MP_OK);
  uses_free(&uses);
}
END_TEST

START_TEST(mean_is_weighted_by_volume)
{
  static const char *const rows[][2] = {
    { "0", "70" }, { "1", "60.00" }, { "4", "65.01" }, { "4", "90" }
  };
  struct uses uses = { .n = 0 };
  struct mp_decimal mean;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct uses_row row = { .day = 5,
                            .has = { false, true },
                            .has_t = { true, false } };

    row.value[USES_VOLUME] = dec(rows[i][0]);
    row.t[USES_FLOW_T] = dec(rows[i][1]);
    ck_assert_int_eq(uses_add(&uses, &row), MP_OK);
  }
  /* (60 x 1 + 65.01 x 3) / 4 = 63.7575 */
  ck_assert_int_eq(uses_mean(&uses.records[0].means[USES_FLOW_T], &mean),
                   MP_OK);
  expect_decimal(mean, "63.76");
  ck_assert_int_eq(uses_mean(&uses.records[0].means[USES_RETURN_T], &mean),
                   MP_DROP);
  uses_free(&uses);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("report rules");
  TCase *tc = tcase_create("rules");

  tcase_add_loop_test(tc, return_temperature_costs, 0, ARRAY_SIZE(bills));
  tcase_add_loop_test(tc, table_is_linear_between_points_and_held_beyond, 0,
                      ARRAY_SIZE(curve));
  tcase_add_test(tc, use_belongs_to_the_day_of_the_later_row);
  tcase_add_test(tc, gap_has_a_record_of_its_own);
  tcase_add_test(tc, falling_counter_starts_anew);
  tcase_add_test(tc, two_meters_are_refused);
  tcase_add_test(tc, new_meter_reaches_the_old_value_later);
  tcase_add_test(tc, mean_is_weighted_by_volume);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
