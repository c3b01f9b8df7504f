/* Whether the values of a source suit their target, and the remedy. */
#include <check.h>

#include "core/pipeline/target_fit.h"
#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

static const char ini[] =
  "[input meter]\nplugin = /meter\n"
  "[transform mj]\nplugin = convert\nvalue = meter.energy\nunit = MJ\n"
  "[transform day]\nplugin = subtract\nvalue = meter.energy\n"
  "minus = house.energy\n"
  "[output house]\nplugin = /server\nidx.energy = meter.energy\nidx.mj = mj\n"
  "idx.day = day\nidx.note = meter.note\nidx.flow = meter.flow\n"
  "idx.any = meter.any\nidx.heat = meter.heat\nidx.when = meter.when\n";

static struct table_house house;

/* ---- Checks without values ---- */

static const struct {
  const char *name, *target;
  bool numbers_only;
  const char *unit; /* that the target displays; NULL: none */
  struct mp_decimal step;
  const char *said;
} rows[] = {
  { "the unit of the field", "energy", true, "GJ", { 0, 0 }, "" },
  { "a target without a unit", "energy", true, NULL, { 0, 0 }, "" },
  { "an exact conversion", "energy", true, "MJ", { 0, 0 }, "" },
  { "no exact conversion",
    "energy",
    true,
    "MWh",
    { 0, 0 },
    "takes MWh, and meter.energy is usually in GJ: put a transform \"convert\" "
    "with unit = MWh and decimals = 3 between them" },
  { "decimals are those of the target's step",
    "energy",
    true,
    "MWh",
    { 1, -1 },
    "unit = MWh and decimals = 1 between" },
  { "a step of tens has no decimals",
    "energy",
    true,
    "MWh",
    { 1, 1 },
    "unit = MWh and decimals = 0 between" },
  { "units that do not convert",
    "energy",
    true,
    "m³",
    { 0, 0 },
    "these units do not convert; name another target" },
  { "a usage: the reading is converted",
    "day",
    true,
    "MWh",
    { 0, 0 },
    "convert the reading with a transform \"convert\" with unit = MWh and "
    "decimals = 3, and calculate the usage from that" },
  { "the unit of the last transform decides",
    "mj",
    true,
    "MWh",
    { 0, 0 },
    "takes MWh, and mj is in MJ" },
  { "no unit is known", "any", true, "MWh", { 0, 0 }, "" },
  { "a text for a target that takes numbers only",
    "note",
    true,
    NULL,
    { 0, 0 },
    "takes numbers only, and meter.note is a text" },
  { "a meter that counts GJ in place of the usual unit",
    "heat",
    true,
    "kWh",
    { 0, 0 },
    "takes kWh, and meter.heat can be in GJ: then put a transform" },
  { "the usual unit of the field: it was made for such a meter",
    "heat",
    true,
    "MWh",
    { 0, 0 },
    "" },
  { "a field that is usually a text",
    "when",
    true,
    NULL,
    { 0, 0 },
    "takes numbers only, and meter.when is usually a text" },
  { "a text for a target that takes texts", "note", false, NULL, { 0, 0 }, "" },
};

START_TEST(targets_are_checked_before_there_are_values)
{
  const struct target *t;
  struct messages m = { .first = NULL };
  struct target_facts facts;

  house_init(&house, ini);
  t = house_target(&house, rows[_i].target);
  facts = (struct target_facts){ .target = t,
                                 .numbers_only = rows[_i].numbers_only,
                                 .unit = value_intern(rows[_i].unit),
                                 .step = rows[_i].step };
  target_fit_check(&facts, &m);
  house_check_messages(rows[_i].name, &m, rows[_i].said);
  messages_clear(&m);
  house_clear(&house);
}
END_TEST

/* A text is a failure of the configuration, a unit only a warning. */
START_TEST(a_text_is_a_failure_and_a_unit_a_warning)
{
  struct messages m = { .first = NULL };
  struct target_facts facts = { .numbers_only = true };

  house_init(&house, ini);
  facts.target = house_target(&house, "note");
  target_fit_check(&facts, &m);
  facts.target = house_target(&house, "energy");
  facts.unit = value_intern("MWh");
  target_fit_check(&facts, &m);
  ck_assert_int_eq(m.first->kind, MESSAGE_FAILURE);
  ck_assert_int_eq(m.first->code, MP_ECONFIG);
  ck_assert_int_eq(m.first->next->kind, MESSAGE_LOG);
  ck_assert_int_eq(m.first->next->code, MP_LOG_WARNING);
  messages_clear(&m);
  house_clear(&house);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("target fit");
  TCase *tc = tcase_create("target fit");

  tcase_add_loop_test(tc, targets_are_checked_before_there_are_values, 0,
                      ARRAY_SIZE(rows));
  tcase_add_test(tc, a_text_is_a_failure_and_a_unit_a_warning);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
