/* Settling: each row is a ledger and an answer, and what follows. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/settle.h"
#include "lib/array.h"
#include "tests/core/cycle/small_house.h"
#include "tests/core/cycle/table_house.h"
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

/* ---- Several targets ---- */

#define METER "[input meter]\nplugin = /meter\n"
#define USAGE                                                                  \
  "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"               \
  "minus = house.base\n"
#define TOTAL                                                                  \
  "[transform total]\nplugin = add\nvalue = usage\nplus = house.total\n"
#define HOUSE "[output house]\nplugin = /server\nidx.base = meter.energy\n"

/* The base, what is computed from it, and a target of another base. */
static const char whole[] = METER USAGE TOTAL
  "[transform cold]\nplugin = subtract\nvalue = meter.speed\n"
  "minus = house.other\n" HOUSE "idx.usage = usage\nidx.total = total\n"
  "idx.other = meter.speed\nidx.cold = cold\n";
/* The usage is in another output than its base. */
static const char apart[] =
  METER USAGE HOUSE "[output page]\nplugin = /server\nidx.usage = usage\n";
/* The base `two` is fed by what is measured from the base `one`. */
static const char chain[] = METER
  "[transform a]\nplugin = subtract\nvalue = meter.energy\nminus = house.one\n"
  "[transform b]\nplugin = subtract\nvalue = a\nminus = house.two\n"
  "[output house]\nplugin = /server\nidx.one = meter.flow\nidx.two = a\n";
static const char file[] = METER "[output house]\nplugin = /file\n"
                                 "idx.flow = meter.flow\n";
static const char single[] = METER "[output house]\nplugin = /server\n"
                                   "idx.flow = meter.flow\n";

/* In the notation of table_house.h. */
static const struct {
  const char *name, *ini, *ledgers, *answers, *after, *said;
} house_rows[] = {
  { "row 1: M arrived", whole,
    "base.A=84GJ base.M=85GJ base.N=84GJ base.D=85GJ", "base=85GJ@t2",
    "base.A=85GJ base.B=84GJ", "" },
  { "row 2: M did not arrive; the rows below still apply", whole,
    "base.A=84GJ base.M=85GJ base.D=85GJ usage.D=1GJ", "base=90GJ@t2 usage=0GJ",
    "base.A=90GJ", "displays 90 GJ, but 84 GJ was written" },
  { "row 3: the server lost A, which is pending again", whole,
    "total.A=11GJ total.B=10GJ", "total=10GJ",
    "total.A=11GJ total.B=10GJ total.D=11GJ", "" },
  { "row 3: a lost delta is added to D", whole,
    "usage.A=2GJ usage.B=1GJ usage.D=3GJ", "usage=1GJ",
    "usage.B=1GJ usage.D=5GJ", "" },
  { "row 8: a total that was changed by hand; D follows", whole,
    "total.A=11GJ total.D=12GJ", "total=20GJ", "total.A=20GJ total.D=21GJ",
    "displays 20 GJ, but 11 GJ was written: the value was changed there" },
  { "row 9: a base that was changed drops what is computed from it, of its own "
    "base only",
    whole,
    "base.A=84GJ base.D=85GJ usage.A=2GJ usage.D=1GJ total.A=10GJ "
    "total.D=11GJ cold.D=3GJ",
    "base=90GJ usage=2GJ total=10GJ cold=0GJ",
    "base.A=90GJ total.A=10GJ cold.D=3GJ",
    "displays 90 GJ, but 84 GJ was written" },
  { "row 9: of a total, the display becomes A unless it can be one of A", whole,
    "base.A=84GJ total.A=10GJ total.D=11GJ", "base=90GJ total=9GJ",
    "base.A=90GJ total.A=9GJ",
    "displays 90 GJ|displays 9 GJ, but 10 GJ was written" },
  { "row 9: only in targets of the same output", apart,
    "base.A=84GJ usage.D=1GJ", "base=90GJ usage=0GJ", "base.A=90GJ usage.D=1GJ",
    "displays 90 GJ" },
  { "row 9: also in targets that were not reached", whole,
    "base.A=84GJ usage.D=1GJ total.A=10GJ total.D=11GJ", "base=90GJ",
    "base.A=90GJ total.A=10GJ", "displays 90 GJ" },
  { "row 9: not in a target that was not reached and has a value in flight",
    whole, "base.A=84GJ usage.M=1GJ usage.D=1GJ", "base=90GJ",
    "base.A=90GJ usage.M=1GJ usage.D=1GJ", "displays 90 GJ" },
  { "row 9: another base of the same group keeps its pending value", chain,
    "one.A=1GJ two.A=5GJ two.D=6GJ", "one=2GJ two=5GJ",
    "one.A=2GJ two.A=5GJ two.D=6GJ", "displays 2 GJ" },
  { "a queue is not settled", file, "flow.A=1l/h", "flow=2l/h", "flow.A=1l/h",
    "" },
  { "row 10: another program writes to the target", single, "flow.A=1l/h",
    "flow=2l/h", "flow.A=2l/h", "displays 2 l/h, but 1 l/h was written" },
  { "row i4: an older value of this state is written again", single,
    "flow.A=2l/h flow.r=9", "flow=1l/h$3", "flow.A=2l/h flow.D=2l/h flow.r=9",
    "displays 1 l/h, an older value; 2 l/h is written again" },
  { "row i5: a value that the output forgot is written again", single,
    "flow.A=2l/h", "flow=forgotten", "flow.A=2l/h flow.D=2l/h",
    "was forgotten by the output; 2 l/h is written again" },
  { "row i7: another pipeline writes to the target", single,
    "flow.A=2l/h flow.D=3l/h", "flow=1l/h$x-7", "flow.A=2l/h flow.D=3l/h",
    "is also written by another pipeline (record x-7)" },
  { "row i8: the state is new, or was lost", single, "flow.D=3l/h",
    "flow=1l/h$x-7", "flow.A=1l/h flow.D=3l/h",
    "displays 1 l/h, which another state wrote" },
  { "row i9: an older copy of the state was put back; pending values of the "
    "base are dropped, also its own",
    whole,
    "base.A=84GJ base.D=85GJ usage.D=1GJ total.A=10GJ total.D=11GJ cold.D=3GJ",
    "base=90GJ$500 usage=0GJ$ total=10GJ$ cold=0GJ$",
    "base.A=90GJ total.A=10GJ cold.D=3GJ",
    "which is newer than the state: an older copy of the state was put back" },
  { "row i9: of a usage; the pending value of its base is dropped", whole,
    "base.A=84GJ base.D=85GJ usage.D=1GJ", "base=84GJ$ usage=1GJ$500",
    "base.A=84GJ", "which is newer than the state" },
  { "another unit: the ledger is converted, and A is written again", single,
    "flow.A=1m³/h", "flow=1l/h", "flow.A=1000l/h flow.B=1l/h flow.D=1000l/h",
    "its unit or divider was changed; the value is written again" },
  { "a plain target whose unit does not convert begins with an empty ledger",
    single, "flow.A=1GJ flow.D=2GJ", "flow=5l/h", "flow.A=5l/h", "" },
  { "a target that is not listed keeps M and D", whole,
    "usage.A=1GJ usage.M=2GJ usage.D=2GJ", "usage=absent",
    "usage.A=1GJ usage.M=2GJ usage.D=2GJ", "is not listed by the output" },
};

static struct table_house table;

START_TEST(targets_settle_together)
{
  struct messages m = { .first = NULL };
  char buf[HOUSE_TEXT];

  house_init(&table, house_rows[_i].ini);
  house_set_ledgers(&table, house_rows[_i].ledgers);
  house_set_answers(&table, house_rows[_i].answers);
  settle(&table.d, NOW_MS, &m);
  house_check_text(house_rows[_i].name, "the ledgers",
                   house_ledgers(&table, buf), house_rows[_i].after);
  house_check_messages(house_rows[_i].name, &m, house_rows[_i].said);
  messages_clear(&m);
  house_clear(&table);
}
END_TEST

/* After row i9, the next number is above that of the id. */
START_TEST(numbers_continue_above_a_newer_state)
{
  struct messages m = { .first = NULL };
  const struct stage *output;

  house_init(&table, single);
  output = plan_stage(table.plan, "house");
  house_set_ledgers(&table, "flow.A=2l/h");
  house_set_answers(&table, "flow=1l/h$500");
  table.d.outputs[output->index].last_number = 400;
  settle(&table.d, NOW_MS, &m);
  ck_assert_int_eq(table.d.outputs[output->index].last_number, 500);
  messages_clear(&m);
  house_clear(&table);
}
END_TEST

/* Nothing is sent to a target that another pipeline writes to. */
START_TEST(a_target_of_another_pipeline_has_failed)
{
  struct messages m = { .first = NULL };

  house_init(&table, single);
  house_set_ledgers(&table, "flow.A=2l/h flow.D=3l/h");
  house_set_answers(&table, "flow=1l/h$x-7");
  settle(&table.d, NOW_MS, &m);
  ck_assert_int_eq(table.d.progress[0], TARGET_FAILED);
  ck_assert_int_eq(table.d.outcomes[0], LEDGER_OTHER_WRITER);
  messages_clear(&m);
  house_clear(&table);
}
END_TEST

/* The wait by the server's clock is left out if the target displays A, this
 * pipeline sent A, and our own last send was long ago. */
START_TEST(a_target_that_rests_needs_no_wait)
{
  static const struct {
    const char *name, *ledgers, *answers;
    int64_t sent_ms;
    int64_t ready_ms;
  } waits[] = {
    { "it rests", "flow.A=2l/h flow.B=1l/h", "flow=2l/h", NOW_MS - 2000, 0 },
    { "sent a moment ago", "flow.A=2l/h flow.B=1l/h", "flow=2l/h",
      NOW_MS - 1999, 77 },
    { "it displays another value", "flow.A=2l/h flow.B=1l/h", "flow=3l/h",
      NOW_MS - 9000, 77 },
    { "A was taken from a display", "flow.A=2l/h", "flow=2l/h", NOW_MS - 9000,
      77 },
    { "there is an M", "flow.A=2l/h flow.B=1l/h flow.M=3l/h", "flow=2l/h",
      NOW_MS - 9000, 77 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
    struct messages m = { .first = NULL };

    house_init(&table, single);
    house_set_ledgers(&table, waits[i].ledgers);
    house_set_answers(&table, waits[i].answers);
    table.d.ledgers[0].sent_ms = waits[i].sent_ms;
    table.d.answers[0].ready_ms = 77;
    settle(&table.d, NOW_MS, &m);
    ck_assert_msg(table.d.answers[0].ready_ms == waits[i].ready_ms, "%s",
                  waits[i].name);
    messages_clear(&m);
    house_clear(&table);
  }
}
END_TEST

/* -v -v says which rows applied, and the ledger before and after. */
START_TEST(the_log_names_the_rows)
{
  struct messages m = { .first = NULL };

  house_init(&table, single);
  table.d.shows_debug = true;
  house_set_ledgers(&table, "flow.A=1l/h");
  house_set_answers(&table, "flow=2l/h");
  settle(&table.d, NOW_MS, &m);
  house_check_messages(
    "the row", &m,
    "settled by row 10: A 1 l/h M - D - E 0; now A 2 l/h M - D - E 0|displays");
  messages_clear(&m);
  house_clear(&table);
}
END_TEST

/* ---- Rows that the state does not know ---- */

static const struct {
  const char *name;
  int64_t displayed, last; /* times of rows */
  bool is_adopted;
  const char *after;
} row_times[] = {
  { "a newer row than any that was booked", 9000, 5000, true, "flow.A=2l/h" },
  { "the newest row is known", 5000, 5000, false, "flow.A=1l/h flow.E=0.5" },
  { "times are compared in whole seconds", 5900, 5100, false,
    "flow.A=1l/h flow.E=0.5" },
  { "a time in the future is wrong", NOW_MS + 1000, 5000, false,
    "flow.A=1l/h flow.E=0.5" },
};

START_TEST(an_older_copy_of_the_state_adopts_the_last_row)
{
  const struct stage *output;
  struct answer *answer;
  int64_t newest;
  char buf[HOUSE_TEXT];

  house_init(&table, METER "[output house]\nplugin = /file\n"
                           "idx.flow = meter.flow\n");
  output = plan_stage(table.plan, "house");
  house_set_ledgers(&table, "flow.A=1l/h flow.E=0.5");
  house_set_answers(&table, "flow=2l/h");
  answer = &table.d.answers[house_target(&table, "flow")->index];
  answer->displayed.value.time_ms = row_times[_i].displayed;
  newest = settle_unknown_row(&table.d, output, row_times[_i].last, NOW_MS);
  ck_assert_int_eq(newest,
                   row_times[_i].is_adopted ? row_times[_i].displayed : 0);
  house_check_text(row_times[_i].name, "the ledger", house_ledgers(&table, buf),
                   row_times[_i].after);
  house_clear(&table);
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
  tc = tcase_create("several targets");
  tcase_add_loop_test(tc, targets_settle_together, 0, ARRAY_SIZE(house_rows));
  tcase_add_test(tc, numbers_continue_above_a_newer_state);
  tcase_add_test(tc, a_target_of_another_pipeline_has_failed);
  tcase_add_test(tc, a_target_that_rests_needs_no_wait);
  tcase_add_test(tc, the_log_names_the_rows);
  tcase_add_loop_test(tc, an_older_copy_of_the_state_adopts_the_last_row, 0,
                      ARRAY_SIZE(row_times));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
