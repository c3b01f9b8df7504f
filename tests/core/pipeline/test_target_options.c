/* The options of single targets: each row is a file and its problems. */
#include <check.h>
#include <string.h>

#include "core/config/options.h"
#include "core/pipeline/target_options.h"
#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

#define METER "[input meter]\nplugin = /meter\n"
#define HOUSE "[output house]\nplugin = /server\n"
#define PAGE "[output page]\nplugin = /page\n"

static struct table_house house;

/* ---- Problems ---- */

static const struct {
  const char *name, *ini, *problems;
} rows[] = {
  { "an option and a part of a target",
    METER HOUSE "idx.1 = meter.energy\nidx.1.digits = 2\n"
                "idx.1.power = meter.flow\n",
    "" },
  { "a value of the option that is not allowed",
    METER HOUSE "idx.1 = meter.energy\nidx.1.digits = 10\n",
    "6: digits: \"10\" is not within 0..9" },
  { "an option of a target that does not exist",
    METER HOUSE "idx.energy = meter.energy\nidx.enrgy.digits = 2\n",
    "6: idx.enrgy: [output house] has no such target; the nearest is "
    "\"energy\"" },
  { "an option of a value that no input has",
    METER "fields = energy\n" PAGE "idx.meter.flow.digits = 2\n",
    "6: idx.meter.flow: [output page] has no such value" },
  { "an option without a target",
    METER HOUSE "idx.1 = meter.energy\nidx..digits = 2\n",
    "6: \"idx..digits\" names no target" },
  { "an option that is nearly one",
    METER HOUSE "idx.1 = meter.energy\nidx.1.digit = 2\n",
    "6: idx.1.digit: there is no stage \"2\"\n"
    "6: idx.1.digit: \"digit\" is no option of a target; the nearest is "
    "\"digits\"" },
  { "a part of a target that does not exist",
    METER HOUSE "idx.1 = meter.energy\nidx.2.power = meter.flow\n",
    "6: idx.2.power needs the target idx.2: add it" },
  { "an output that takes every value leaves one out",
    METER "fields = energy, flow\n" PAGE "idx.meter.flow = none\n", "" },
  { "none in an output that does not take every value",
    METER HOUSE "idx.1 = meter.energy\nidx.2 = none\n",
    "6: idx.2: there is no stage \"none\"" },
};

START_TEST(options_are_checked)
{
  char buf[HOUSE_TEXT];

  house_build(&house, rows[_i].ini);
  house_check_text(rows[_i].name, "the problems", house_problems(&house, buf),
                   rows[_i].problems);
  house_clear(&house);
}
END_TEST

/* ---- Use ---- */

START_TEST(a_target_has_its_own_options_else_the_defaults)
{
  house_init(&house, METER HOUSE "idx.1 = meter.energy\nidx.1.digits = 2\n"
                                 "idx.2 = meter.flow\n");
  ck_assert_int_eq(
    options_int(target_options_of(house_target(&house, "1")), "digits"), 2);
  ck_assert_int_eq(
    options_int(target_options_of(house_target(&house, "2")), "digits"), 3);
  house_clear(&house);
}
END_TEST

START_TEST(a_value_that_is_left_out_has_no_target)
{
  const struct stage *page;

  house_init(&house,
             METER "fields = energy, flow\n" PAGE "idx.meter.flow = none\n");
  page = plan_stage(house.plan, "page");
  ck_assert(target_options_omit(page, "meter.flow"));
  ck_assert(!target_options_omit(page, "meter.energy"));
  ck_assert_uint_eq(page->n_targets, 1);
  ck_assert_str_eq(page->targets[0]->name, "meter.energy");
  house_clear(&house);
}
END_TEST

/* A field that an input emits later gets a target, too, unless it is left
 * out. */
START_TEST(a_later_field_gets_a_target)
{
  house_init(&house,
             METER "fields = energy\n" PAGE "idx.meter.energy.digits = 2\n");
  plan_add_field(house.plan, plan_stage(house.plan, "meter"), "late");
  ck_assert_uint_eq(plan_stage(house.plan, "page")->n_targets, 2);
  ck_assert_str_eq(house_target(&house, "meter.late")->object,
                   "idx.meter.late");
  house_clear(&house);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("target options");
  TCase *tc = tcase_create("target options");

  tcase_add_loop_test(tc, options_are_checked, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, a_target_has_its_own_options_else_the_defaults);
  tcase_add_test(tc, a_value_that_is_left_out_has_no_target);
  tcase_add_test(tc, a_later_field_gets_a_target);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
