/* The names in a pipeline file: each row is a file and its problems. */
#include <check.h>

#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

#define METER "[input meter]\nplugin = /meter\n"
#define HOUSE "[output house]\nplugin = /server\n"
#define PAGE "[output page]\nplugin = /page\n"
#define USAGE(value, minus)                                                    \
  "[transform usage]\nplugin = subtract\nvalue = " value "\nminus = " minus "\n"

static const struct {
  const char *name, *ini, *problems;
} rows[] = {
  { "fields, a transform and an operand",
    METER USAGE("meter.energy", "house.base") HOUSE
    "idx.base = meter.energy\nidx.usage = usage\n",
    "" },
  { "an operand may be a target that the pipeline only reads",
    METER USAGE("meter.energy", "house.other") HOUSE "idx.usage = usage\n",
    "" },
  { "an unknown field, nearly one that exists",
    METER HOUSE "idx.base = meter.enrgy\n",
    "5: idx.base: the input \"meter\" has no field \"enrgy\"; the nearest "
    "is \"energy\"" },
  { "an unknown field", METER HOUSE "idx.base = meter.temperature\n",
    "5: idx.base: the input \"meter\" has no field \"temperature\" "
    "(\"meterpipe plugins meter\" lists them)" },
  { "an unknown field in the option fields",
    METER "fields = energy, nothing\n" HOUSE "idx.base = meter.energy\n",
    "3: fields: the input \"meter\" has no field \"nothing\" (\"meterpipe "
    "plugins meter\" lists them)" },
  { "an unknown stage", METER HOUSE "idx.base = mter.energy\n",
    "5: idx.base: there is no stage \"mter\"; the nearest is \"meter\"" },
  { "an input without a field", METER HOUSE "idx.base = meter\n",
    "5: idx.base: \"meter\" is an input: name one of its fields, as in "
    "meter.FIELD" },
  { "a field of a transform",
    METER USAGE("meter.energy", "house.base") HOUSE
    "idx.base = meter.energy\nidx.usage = usage.x\n",
    "10: idx.usage: the transform \"usage\" makes one value, which is named "
    "\"usage\" alone, without \".x\"" },
  { "an output as a value",
    METER HOUSE "idx.base = meter.energy\nidx.copy = house.base\n",
    "6: idx.copy: \"house.base\" is the last known value of an output: only an "
    "operand of a transform (minus, plus) can name it" },
  { "an operand without a target",
    METER USAGE("meter.energy", "house") HOUSE "idx.base = meter.energy\n",
    "6: minus: \"house\" is not the name of a target: write OUTPUT.TARGET" },
  { "an operand with an empty name",
    METER USAGE("meter.energy", "house.") HOUSE "idx.base = meter.energy\n",
    "6: minus: \"house.\" is not the name of a target: write OUTPUT.TARGET" },
  { "an operand of an input",
    METER USAGE("meter.energy", "meter.energy") HOUSE
    "idx.base = meter.energy\n",
    "6: minus: \"meter\" is not an output: an operand is the last known value "
    "of OUTPUT.TARGET" },
  { "an operand of a live output",
    METER USAGE("meter.energy", "page.base") PAGE "idx.base = meter.energy\n",
    "6: minus: \"page\" is a live output, which has no last known values: name "
    "another output" },
};

static struct table_house house;

START_TEST(names_are_resolved)
{
  char buf[HOUSE_TEXT];

  house_build(&house, rows[_i].ini);
  house_check_text(rows[_i].name, "the problems", house_problems(&house, buf),
                   rows[_i].problems);
  house_clear(&house);
}
END_TEST

/* A field that is named twice has one value. */
START_TEST(a_field_has_one_slot)
{
  house_init(&house, METER "fields = energy, flow, energy\n" HOUSE
                           "idx.a = meter.energy\nidx.b = meter.energy\n");
  ck_assert_uint_eq(house.plan->n_slots, 2);
  ck_assert_ptr_eq(house_target(&house, "a")->source,
                   house_target(&house, "b")->source);
  ck_assert_str_eq(house.plan->slots[0]->name, "meter.energy");
  house_clear(&house);
}
END_TEST

/* What the plugin says about a field comes to its slot. */
START_TEST(a_slot_has_the_facts_of_its_field)
{
  const struct slot *speed;

  house_init(&house, METER HOUSE "idx.a = meter.speed\n");
  speed = house_slot(&house, "meter.speed");
  ck_assert_uint_eq(speed->kind, MP_COUNTER);
  ck_assert_str_eq(speed->usual_unit, "GJ");
  ck_assert_int_eq(speed->max_rate.coef, 1);
  ck_assert_str_eq(speed->max_rate_unit, "GJ");
  house_clear(&house);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("names");
  TCase *tc = tcase_create("names");

  tcase_add_loop_test(tc, names_are_resolved, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, a_field_has_one_slot);
  tcase_add_test(tc, a_slot_has_the_facts_of_its_field);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
