/* Booking: each row is the results of a cycle, and which values are booked. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/book.h"
#include "lib/array.h"
#include "tests/core/cycle/small_house.h"
#include "tests/support/run_suite.h"

static struct small_house house;

/* Values are "NUMBER UNIT"; "": none. */
static const struct {
  const char *name;
  uint32_t kind;           /* of the reading */
  const char *reading;     /* feeds the base */
  const char *usage;       /* the result that is measured from the base */
  uint32_t kind_before;    /* of the base's ledger */
  const char *ledger_unit; /* of the base's ledger; NULL: not known yet */
  bool numbers_only;       /* the base takes no texts */
  enum entry_state entry;  /* of the usage */
  enum refusal refusal;    /* of the base */
  const char *base_booked, *usage_booked;
  const char *said; /* the beginning of the only message */
} rows[] = {
  { "a reading and its usage", MP_COUNTER, "85 GJ", "1 GJ", 0, "GJ", false,
    ENTRY_GOOD, REFUSAL_NONE, "85 GJ", "1 GJ", "" },
  { "the first value gives the ledger its unit", MP_COUNTER, "85 GJ", "1 GJ", 0,
    NULL, false, ENTRY_GOOD, REFUSAL_NONE, "85 GJ", "1 GJ", "" },
  { "a value is converted to the unit of the ledger", MP_COUNTER, "85 GJ",
    "1 GJ", 0, "MJ", false, ENTRY_GOOD, REFUSAL_NONE, "85000 MJ", "1 GJ", "" },
  { "a base of another kind blocks the usage", MP_GAUGE, "85 GJ", "1 GJ",
    MP_COUNTER, "GJ", false, ENTRY_GOOD, REFUSAL_OTHER_KIND, "-", "-",
    "meter.energy is a gauge in this reading, and was a counter before" },
  { "a delta cannot be an operand", MP_DELTA, "85 GJ", "1 GJ", 0, "GJ", false,
    ENTRY_GOOD, REFUSAL_OTHER_KIND, "-", "-",
    "meter.energy is a delta in this reading, and the target is an operand" },
  { "a base in another unit blocks the usage", MP_COUNTER, "85 m³", "1 GJ", 0,
    "GJ", false, ENTRY_GOOD, REFUSAL_UNFIT, "-", "-",
    "takes GJ, and meter.energy is in m³" },
  { "a text for a target that takes numbers only", MP_TEXT, "off", "1 GJ", 0,
    NULL, true, ENTRY_GOOD, REFUSAL_UNFIT, "-", "-", "takes numbers only" },
  { "an amount that cannot be booked blocks its base", MP_COUNTER, "85 GJ",
    "1 GJ", 0, "GJ", false, ENTRY_UNREADABLE, REFUSAL_NONE, "-", "-", "" },
  { "no reading", MP_COUNTER, "", "", 0, "GJ", false, ENTRY_GOOD, REFUSAL_NONE,
    "-", "-", "" },
};

static void
set_result(size_t slot, uint32_t kind, const char *text)
{
  struct slot_result *result = &house.d.evaluation.slots[slot];

  small_house_value(&result->made, kind, text);
  result->value = &result->made;
  result->state = *text ? SLOT_VALUE : SLOT_MISSING;
}

static void
check_value(const struct value *v, const char *text)
{
  char buf[256];

  ck_assert_str_eq(value_describe(v, buf, sizeof(buf)), text);
}

START_TEST(results_are_booked_together_or_not_at_all)
{
  struct ledger *base = &house.d.ledgers[BASE_TARGET];
  const struct messages *m = &house.d.evaluation.messages;

  set_result(READING, rows[_i].kind, rows[_i].reading);
  set_result(USAGE, MP_DELTA, rows[_i].usage);
  base->kind = rows[_i].kind_before;
  base->unit = value_intern(rows[_i].ledger_unit);
  house.d.answers[BASE_TARGET].numbers_only = rows[_i].numbers_only;
  house.d.entries[USAGE_TARGET] = rows[_i].entry;

  book_check(&house.d);
  ck_assert_int_eq(house.d.evaluation.refusals[BASE_TARGET], rows[_i].refusal);
  book(&house.d);
  check_value(&base->pending, rows[_i].base_booked);
  check_value(&house.d.ledgers[USAGE_TARGET].pending, rows[_i].usage_booked);
  ck_assert_msg(!m->first == !*rows[_i].said, "%s",
                m->first ? m->first->text : "no message");
  if (m->first)
    ck_assert_msg(
      strncmp(m->first->text, rows[_i].said, strlen(rows[_i].said)) == 0, "%s",
      m->first->text);
}
END_TEST

/* ---- Records ---- */

/* A record's number is the time, but never one that was used before. */
START_TEST(numbers_of_records_only_grow)
{
  static const struct {
    int64_t last, now, number;
  } numbers[] = {
    { 0, 1000, 1000 },
    { 999, 1000, 1000 },
    { 1000, 1000, 1001 },
    { 5000, 1000, 5001 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
    house.d.outputs[house.output.index] =
      (struct output_state){ .last_number = numbers[i].last };
    ck_assert_int_eq(book_number(&house.d, &house.output, numbers[i].now),
                     numbers[i].number);
    ck_assert_int_eq(book_number(&house.d, &house.output, numbers[i].now + 1),
                     numbers[i].number);
  }
}
END_TEST

static void
build(void)
{
  small_house_init(&house);
}

static void
leave(void)
{
  small_house_clear(&house);
}

int
main(void)
{
  Suite *suite = suite_create("book");
  TCase *tc = tcase_create("book");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_loop_test(tc, results_are_booked_together_or_not_at_all, 0,
                      ARRAY_SIZE(rows));
  tcase_add_test(tc, numbers_of_records_only_grow);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
