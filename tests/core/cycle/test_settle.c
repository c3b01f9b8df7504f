/* Settling: each row is a ledger and an answer, and what follows. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/settle.h"
#include "lib/array.h"
#include "tests/core/cycle/small_house.h"
#include "tests/support/run_suite.h"

#define NOW_MS 1795000000000

static struct small_house house;

/* BASE and USAGE are "NUMBER UNIT"; "": none. */
static const struct {
  const char *name;
  const char *acknowledged;    /* of the base */
  const char *pending_usage;   /* of the usage */
  uint32_t answer;             /* for the base */
  const char *displayed;       /* by the base */
  enum entry_state entry;      /* of the base */
  enum ledger_outcome outcome; /* of the base */
  enum progress_of_target progress;
  const char *base_after, *usage_after;
  const char *said; /* the beginning of the only message */
} rows[] = {
  { "nothing happened", "84 GJ", "1 GJ", MP_SHOWN_VALUE, "84 GJ", ENTRY_GOOD,
    LEDGER_SETTLED, TARGET_IDLE, "84 GJ", "1 GJ", "" },
  { "the target was never set", "", "", MP_SHOWN_EMPTY, "", ENTRY_GOOD,
    LEDGER_FIRST, TARGET_IDLE, "-", "-", "" },
  { "a target seen for the first time", "", "", MP_SHOWN_VALUE, "84 GJ",
    ENTRY_GOOD, LEDGER_SETTLED, TARGET_IDLE, "84 GJ", "-", "" },
  { "a base changed by hand drops the usage computed from it", "84 GJ", "1 GJ",
    MP_SHOWN_VALUE, "90 GJ", ENTRY_GOOD, LEDGER_CHANGED, TARGET_IDLE, "90 GJ",
    "-", "displays 90 GJ, but 84 GJ was written: the value was changed" },
  { "a target that is not listed", "84 GJ", "1 GJ", MP_SHOWN_ABSENT, "",
    ENTRY_GOOD, LEDGER_SETTLED, TARGET_FAILED, "84 GJ", "1 GJ",
    "is not listed by the output" },
  { "a target that cannot take values", "84 GJ", "1 GJ", MP_SHOWN_UNFIT, "",
    ENTRY_GOOD, LEDGER_SETTLED, TARGET_FAILED, "84 GJ", "1 GJ", "" },
  { "a target that was not reached", "84 GJ", "1 GJ", 0, "90 GJ", ENTRY_GOOD,
    LEDGER_SETTLED, TARGET_IDLE, "84 GJ", "1 GJ", "" },
  { "an entry that cannot be read", "", "", MP_SHOWN_VALUE, "90 GJ",
    ENTRY_UNREADABLE, LEDGER_SETTLED, TARGET_IDLE, "-", "-", "" },
  { "a unit that does not convert", "84 GJ", "1 GJ", MP_SHOWN_VALUE, "90 m³",
    ENTRY_GOOD, LEDGER_SETTLED, TARGET_FAILED, "84 GJ", "1 GJ",
    "is in m³, but its values in the state are in GJ" },
};

static void
check_value(const struct value *v, const char *text)
{
  char buf[256];

  ck_assert_str_eq(value_describe(v, buf, sizeof(buf)), text);
}

static void
check_message(struct messages *m, const char *said)
{
  ck_assert_msg(!m->first == !*said, "%s",
                m->first ? m->first->text : "no message");
  if (!m->first)
    return;
  ck_assert_msg(strncmp(m->first->text, said, strlen(said)) == 0, "%s",
                m->first->text);
  ck_assert_ptr_null(m->first->next);
}

START_TEST(answers_settle_ledgers)
{
  struct ledger *base = &house.d.ledgers[BASE_TARGET];
  struct ledger *usage = &house.d.ledgers[USAGE_TARGET];
  struct answer *answer = &house.d.answers[BASE_TARGET];
  struct messages m = { .first = NULL };

  small_house_value(&base->acknowledged, MP_COUNTER, rows[_i].acknowledged);
  base->unit = base->acknowledged.unit;
  small_house_value(&usage->pending, MP_DELTA, rows[_i].pending_usage);
  usage->unit = usage->pending.unit;
  house.d.entries[BASE_TARGET] = rows[_i].entry;
  answer->kind = rows[_i].answer;
  answer->displayed.known = true;
  answer->displayed.place = MP_EXACT;
  small_house_value(&answer->displayed.value, MP_GAUGE, rows[_i].displayed);
  house.d.answers[USAGE_TARGET].kind = MP_SHOWN_VALUE;
  house.d.answers[USAGE_TARGET].displayed.known = true;

  settle(&house.d, NOW_MS, &m);
  ck_assert_int_eq(house.d.outcomes[BASE_TARGET], rows[_i].outcome);
  ck_assert_int_eq(house.d.progress[BASE_TARGET], rows[_i].progress);
  check_value(&base->acknowledged, rows[_i].base_after);
  check_value(&usage->pending, rows[_i].usage_after);
  check_message(&m, rows[_i].said);
  messages_clear(&m);
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
  Suite *suite = suite_create("settle");
  TCase *tc = tcase_create("settle");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_loop_test(tc, answers_settle_ledgers, 0, ARRAY_SIZE(rows));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
