/*
 * Sending to latest outputs: each row is the ledgers before, what the output
 * answers, and the ledgers after.  The names of the rows are rules of
 * doc/ledger.md, "Results of sending" and "Records".
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/book.h"
#include "core/cycle/deliver.h"
#include "core/cycle/deliver_rows.h"
#include "lib/clock.h"
#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

#define TARGETS "idx.base = meter.energy\nidx.usage = usage\n"
#define METER                                                                  \
  "[input meter]\nplugin = /meter\n"                                           \
  "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"               \
  "minus = house.base\n"

/* It can be asked, and displays its values. */
static const char asked[] = METER "[output house]\nplugin = /server\n" TARGETS;
static const char blind[] = METER "[output house]\nplugin = /blind\n" TARGETS;

/* The record that is put together has this number. */
#define NUMBER 100

struct row {
  const char *name, *ini, *ledgers;
  const char *results; /* of base and usage */
  const char *calls, *after, *said;
};

#define BOTH_PENDING "base.A=84GJ base.D=85GJ usage.D=1GJ"
#define BOTH_CALLS "base=85 GJ usage=1 GJ commit"

static const struct row rows[] = {
  /* Results of sending */
  { "accepted: M is acknowledged, and D is cleared", blind, BOTH_PENDING,
    "accepted accepted", BOTH_CALLS, "base.A=85GJ usage.A=1GJ", "" },
  { "certainly not sent: M is forgotten, D stays pending, in its record", blind,
    BOTH_PENDING, "not-sent not-sent", BOTH_CALLS,
    "base.A=84GJ base.D=85GJ base.r=100 usage.D=1GJ usage.r=100", "why" },
  { "rejected, the target can be asked: M is kept, D stays pending", asked,
    BOTH_PENDING, "rejected accepted", BOTH_CALLS,
    "base.A=84GJ base.M=85GJ base.N=84GJ base.D=85GJ base.r=100 usage.A=1GJ "
    "usage.B=0GJ",
    "why" },
  { "retry, the target can be asked: M is kept, D stays pending", asked,
    BOTH_PENDING, "retry accepted", BOTH_CALLS,
    "base.A=84GJ base.M=85GJ base.N=84GJ base.D=85GJ base.r=100 usage.A=1GJ "
    "usage.B=0GJ",
    "why" },
  { "rejected, the target cannot be asked: M is forgotten, D stays pending",
    blind, BOTH_PENDING, "rejected rejected", BOTH_CALLS,
    "base.A=84GJ base.D=85GJ base.r=100 usage.D=1GJ usage.r=100", "why" },
  { "retry, the target cannot be asked: M is forgotten, D stays pending", blind,
    BOTH_PENDING, "retry retry", BOTH_CALLS,
    "base.A=84GJ base.D=85GJ base.r=100 usage.D=1GJ usage.r=100", "why" },
  { "unknown outcome: M is kept, D stays pending", blind, BOTH_PENDING,
    "unknown unknown", BOTH_CALLS,
    "base.A=84GJ base.M=85GJ base.D=85GJ base.r=100 usage.M=1GJ usage.D=1GJ "
    "usage.r=100",
    "why" },
  { "no result counts as an unknown outcome, and is reported", blind,
    BOTH_PENDING, "none none", BOTH_CALLS,
    "base.A=84GJ base.M=85GJ base.D=85GJ base.r=100 usage.M=1GJ usage.D=1GJ "
    "usage.r=100",
    "the plugin gave no result for idx.base, idx.usage" },
  { "a result that does not exist counts as an unknown outcome", blind,
    BOTH_PENDING, "nonsense accepted", BOTH_CALLS,
    "base.A=84GJ base.M=85GJ base.D=85GJ base.r=100 usage.A=1GJ",
    "the plugin gave the result 99, which does not exist" },
  { "a result that is not accepted and not explained is reported", blind,
    BOTH_PENDING, "silent-not-sent accepted", BOTH_CALLS,
    "base.A=84GJ base.D=85GJ usage.A=1GJ",
    "gave \"not sent\" for idx.base and did not say why; without a state" },
  { "a value that write refuses is rejected, whatever commit reports", blind,
    BOTH_PENDING, "refused accepted", BOTH_CALLS,
    "base.A=84GJ base.D=85GJ usage.A=1GJ", "write failed" },
  { "after another failure of write, all values count as not sent, and commit "
    "is not called",
    blind, BOTH_PENDING, "accepted broken", "base=85 GJ usage=1 GJ",
    "base.A=84GJ base.D=85GJ base.r=100 usage.D=1GJ usage.r=100",
    "write failed" },
  /* Records */
  { "a value that is sent again unchanged keeps its record", blind,
    "base.A=84GJ base.m=85GJ base.D=85GJ base.r=7", "unknown none",
    "base=85 GJ commit", "base.A=84GJ base.M=85GJ base.D=85GJ base.r=7",
    "why" },
  { "a value that was changed gets a new record", blind,
    "base.A=84GJ base.m=85GJ base.D=86GJ base.r=7", "unknown none",
    "base=86 GJ commit", "base.A=84GJ base.M=86GJ base.D=86GJ base.r=100",
    "why" },
  { "several records are sent in the order of their numbers", blind,
    "base.A=84GJ base.D=86GJ usage.M=1GJ usage.D=1GJ usage.r=7",
    "accepted accepted", "usage=1 GJ commit base=86 GJ commit",
    "base.A=86GJ usage.A=1GJ", "" },
  { "an amount of an earlier run does not change; the rest follows in a record "
    "of its own",
    blind, "usage.M=1GJ usage.D=3GJ usage.r=7", "none accepted",
    "usage=1 GJ commit usage=2 GJ commit", "usage.A=2GJ", "" },
  { "an amount of an earlier run is kept even if this run gets rejected", blind,
    "usage.M=1GJ usage.D=3GJ usage.r=7", "none rejected", "usage=1 GJ commit",
    "usage.M=1GJ usage.D=3GJ usage.r=7", "why" },
  { "an amount of an earlier run is kept even if this run gets retry", blind,
    "usage.M=1GJ usage.D=3GJ usage.r=7", "none retry", "usage=1 GJ commit",
    "usage.M=1GJ usage.D=3GJ usage.r=7", "why" },
  { "an amount of an earlier run is kept even if it is not sent now", blind,
    "usage.M=1GJ usage.D=3GJ usage.r=7", "none not-sent", "usage=1 GJ commit",
    "usage.M=1GJ usage.D=3GJ usage.r=7", "why" },
  { "an amount of an earlier run that write refuses was never sent: the whole "
    "pending amount follows in a new record",
    blind, "usage.M=1GJ usage.D=3GJ usage.r=7", "none refused",
    "usage=1 GJ commit", "usage.D=3GJ", "write failed" },
  { "an amount that write refuses leaves the record in which an earlier run "
    "may have sent others",
    blind,
    "base.A=84GJ base.m=85GJ base.D=85GJ base.r=7 usage.M=1GJ usage.D=1GJ "
    "usage.r=7",
    "not-sent refused", BOTH_CALLS,
    "base.A=84GJ base.D=85GJ base.r=7 usage.D=1GJ",
    "write failed|commit failed" },
  { "write refuses, the target can be asked: M is forgotten, D stays pending",
    asked, BOTH_PENDING, "refused accepted", BOTH_CALLS,
    "base.A=84GJ base.D=85GJ usage.A=1GJ usage.B=0GJ", "write failed" },
  { "an M of an earlier run that is no delta is replaced by a newer D", blind,
    "base.A=84GJ base.M=85GJ base.D=86GJ base.r=7", "unknown none",
    "base=86 GJ commit", "base.A=84GJ base.M=86GJ base.D=86GJ base.r=100",
    "why" },
  { "a value that did not arrive gets a new record if another value of its "
    "record was accepted",
    blind, BOTH_PENDING, "accepted rejected", BOTH_CALLS,
    "base.A=85GJ usage.D=1GJ", "why" },
  { "a value that did not arrive gets a new record if another value of its "
    "record has an unknown outcome",
    blind, BOTH_PENDING, "unknown refused", BOTH_CALLS,
    "base.A=84GJ base.M=85GJ base.D=85GJ base.r=100 usage.D=1GJ",
    "write failed|commit failed" },
  { "a value that did not arrive keeps the record that nothing of arrived",
    blind, BOTH_PENDING, "retry not-sent", BOTH_CALLS,
    "base.A=84GJ base.D=85GJ base.r=100 usage.D=1GJ usage.r=100", "why" },
};

static struct table_house house;
static struct cycle *cycle;

/* ---- The output ---- */

static const struct {
  const char *word;
  uint32_t result;
  int write;
} words[] = {
  { "accepted", MP_ACCEPTED, MP_OK }, { "not-sent", MP_NOT_SENT, MP_OK },
  { "unknown", MP_PERHAPS, MP_OK },   { "retry", MP_RETRY, MP_OK },
  { "rejected", MP_REJECTED, MP_OK }, { "refused", MP_ACCEPTED, MP_EDATA },
  { "broken", MP_ACCEPTED, MP_EIO },  { "silent-not-sent", MP_NOT_SENT, MP_OK },
  { "nonsense", 99, MP_OK },          { "none", 0, MP_OK },
};

static void
set_result(size_t target, const char *word)
{
  for (size_t i = 0; i < ARRAY_SIZE(words); i++)
    if (strcmp(words[i].word, word) == 0) {
      house_script.results[target] = words[i].result;
      house_script.writes[target] = words[i].write;
      house_script.explains |= words[i].result >= MP_NOT_SENT &&
                               words[i].result <= MP_REJECTED &&
                               strncmp(word, "silent", strlen("silent")) != 0;
      return;
    }
  ck_abort_msg("there is no result %s", word);
}

static void
set_script(const char *results)
{
  char base[32], usage[32];

  memset(&house_script, 0, sizeof(house_script));
  ck_assert_int_eq(sscanf(results, "%31s %31s", base, usage), 2);
  set_result(0, base);
  set_result(1, usage);
}

/* ---- The test ---- */

/* Sends record by record, as long as one is ready; returns the messages. */
static void
send_all(struct messages *m)
{
  const struct stage *output = plan_stage(house.plan, "house");
  enum verdict verdict = VERDICT_GOOD;

  instance_of(cycle, output)->messages = m;
  instance_of(cycle, output)->is_open = true;
  while (verdict == VERDICT_GOOD && latest_ready(cycle, output) != INT64_MAX) {
    struct results results;

    latest_write(cycle, output, &results);
    verdict = latest_commit(cycle, output, &results);
    latest_tell(cycle, &results);
  }
  latest_leave(cycle, output);
  instance_of(cycle, output)->messages = NULL;
}

/* Gives the data of the house to the cycle, and then back. */
static void
swap_data(void)
{
  struct cycle_data used = cycle->d;

  cycle->d = house.d;
  house.d = used;
}

/* The cycle of the test works on the data of the house. */
static void
begin_cycle(void)
{
  ck_assert_int_eq(store_open(NULL, NULL, STORE_MEMORY, &house.run.store),
                   MP_OK);
  cycle = cycle_new(house.plan, house.instances, &house.run);
  swap_data();
}

/* Values that were displayed before: that of A, and 0 of a usage. */
static void
display(const struct row *row)
{
  if (row->ini == asked)
    house_set_answers(&house, "base=84GJ usage=0GJ");
}

START_TEST(results_of_sending)
{
  const struct row *row = &rows[_i];
  struct messages m = { .first = NULL };
  char buf[HOUSE_TEXT];
  size_t len;

  house_init(&house, row->ini);
  house_set_ledgers(&house, row->ledgers);
  display(row);
  set_script(row->results);
  begin_cycle();
  book_prepare(&cycle->d, NUMBER);
  send_all(&m);
  swap_data();

  len = strlen(house_script.calls);
  if (len > 0)
    house_script.calls[len - 1] = '\0';
  house_check_text(row->name, "the calls", house_script.calls, row->calls);
  house_check_text(row->name, "the ledgers", house_ledgers(&house, buf),
                   row->after);
  house_check_messages(
    row->name, &m, strcmp(row->said, "why") == 0 ? "commit failed" : row->said);
  messages_clear(&m);
  cycle_free(cycle);
  store_close(house.run.store);
  house_clear(&house);
}
END_TEST

/* ---- Waiting ---- */

/* Begins a cycle with two pending values that were prepared. */
static void
begin_prepared(const char *ini)
{
  house_init(&house, ini);
  house_set_ledgers(&house, BOTH_PENDING);
  if (ini == asked)
    house_set_answers(&house, "base=84GJ usage=0GJ");
  set_script("accepted accepted");
  begin_cycle();
  book_prepare(&cycle->d, NUMBER);
}

static void
end_prepared(void)
{
  swap_data();
  cycle_free(cycle);
  store_close(house.run.store);
  house_clear(&house);
}

/* The host waits two seconds between two sends to a target that can be
 * asked. */
START_TEST(a_target_is_sent_to_when_it_is_ready)
{
  static const struct {
    const char *name, *ini;
    int64_t ready_in_ms, sent_ago_ms;
    bool is_ready;
  } waits[] = {
    { "ready by both clocks", asked, 0, 2000, true },
    { "not by the server's clock", asked, 9000, 60000, false },
    { "not by our own last send", asked, 0, 100, false },
    { "an output that cannot be asked", blind, 0, 100, true },
  };

  for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
    const struct stage *output;
    bool is_ready;

    begin_prepared(waits[i].ini);
    output = plan_stage(house.plan, "house");
    for (size_t k = 0; k < output->n_targets; k++) {
      cycle->d.answers[k].ready_ms = clock_mono_ms() + waits[i].ready_in_ms;
      cycle->d.ledgers[k].sent_ms = clock_now_ms() - waits[i].sent_ago_ms;
    }
    is_ready = latest_ready(cycle, output) <= clock_mono_ms();
    ck_assert_msg(is_ready == waits[i].is_ready, "%s", waits[i].name);
    end_prepared();
  }
}
END_TEST

/* The targets of a record that are not ready follow in the next record. */
START_TEST(a_target_that_must_wait_gets_a_record_of_its_own)
{
  const struct stage *output;
  struct results results;
  char buf[HOUSE_TEXT];

  begin_prepared(asked);
  output = plan_stage(house.plan, "house");
  instance_of(cycle, output)->is_open = true;
  cycle->d.answers[1].ready_ms = clock_mono_ms() + 60000;
  latest_write(cycle, output, &results);
  latest_commit(cycle, output, &results);
  latest_tell(cycle, &results);
  ck_assert_str_eq(house_script.calls, "base=85 GJ commit ");
  ck_assert_int_gt(cycle->d.ledgers[0].sent_ms, 0);
  ck_assert_int_eq(cycle->d.ledgers[1].sent_ms, 0);
  swap_data();
  house_check_text("the other target waits", "the ledgers",
                   house_ledgers(&house, buf),
                   "base.A=85GJ base.B=84GJ usage.M=1GJ usage.N=0GJ "
                   "usage.D=1GJ usage.r=new");
  swap_data();
  end_prepared();
}
END_TEST

/* A record that was sent is closed: what is prepared later is in the next. */
START_TEST(a_sent_record_is_closed)
{
  const struct stage *output;
  struct results results;

  begin_prepared(blind);
  output = plan_stage(house.plan, "house");
  instance_of(cycle, output)->is_open = true;
  latest_write(cycle, output, &results);
  latest_commit(cycle, output, &results);
  latest_tell(cycle, &results);
  ck_assert_int_gt(book_number(&cycle->d, output, NUMBER), NUMBER);
  end_prepared();
}
END_TEST

START_TEST(values_that_were_not_sent_stay_pending)
{
  const struct stage *output;
  char buf[HOUSE_TEXT];

  begin_prepared(blind);
  output = plan_stage(house.plan, "house");
  ck_assert_uint_eq(latest_leave(cycle, output), 2);
  ck_assert_uint_eq(latest_leave(cycle, output), 0);
  ck_assert_int_eq(cycle->d.ledgers[0].sent_ms, 0);
  swap_data();
  house_check_text("not sent", "the ledgers", house_ledgers(&house, buf),
                   "base.A=84GJ base.D=85GJ base.r=100 usage.D=1GJ "
                   "usage.r=100");
  swap_data();
  end_prepared();
}
END_TEST

/* ---- Targets that are not sent to ---- */

/* If a target can be asked, but its displayed value is unknown in this run,
 * nothing is sent to it. */
START_TEST(nothing_is_sent_to_an_unknown_target)
{
  static const struct {
    const char *name, *ini, *answers, *after;
    bool failed;
  } unknown[] = {
    { "the displayed value is unknown", asked, "usage=0GJ",
      "base.A=84GJ base.D=85GJ usage.M=1GJ usage.N=0GJ usage.D=1GJ "
      "usage.r=100",
      false },
    { "a failure of the target was reported", asked, "base=84GJ usage=0GJ",
      "base.A=84GJ base.D=85GJ usage.M=1GJ usage.N=0GJ usage.D=1GJ "
      "usage.r=100",
      true },
    { "the output cannot be asked", blind, "",
      "base.A=84GJ base.M=85GJ base.D=85GJ base.r=100 usage.M=1GJ usage.D=1GJ "
      "usage.r=100",
      false },
  };

  for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
    char buf[HOUSE_TEXT];

    house_init(&house, unknown[i].ini);
    house_set_ledgers(&house, BOTH_PENDING);
    house_set_answers(&house, unknown[i].answers);
    if (unknown[i].failed)
      house.d.progress[house_target(&house, "base")->index] = TARGET_FAILED;
    book_prepare(&house.d, NUMBER);
    house_check_text(unknown[i].name, "the ledgers", house_ledgers(&house, buf),
                     unknown[i].after);
    house_clear(&house);
  }
}
END_TEST

/* ---- Rows ---- */

/* Sends the rows of the queue.  Returns how many are left. */
static size_t
send_rows(const struct stage *output)
{
  struct batch batch;

  cycle_begin(cycle);
  ck_assert(rows_next(cycle, output, &batch));
  rows_send(cycle, output, &batch);
  rows_tell(cycle, &batch);
  return store_row_count(house.run.store, "house");
}

/* A cycle of --every, after one in which write failed. */
START_TEST(rows_are_sent_after_a_failure_of_write)
{
  static const char row[] = "time 1795000000000\n"
                            "base\t1 85 0 1795000000000 GJ||\n";
  struct messages m = { .first = NULL };
  const struct stage *output;

  house_init(&house, "[input meter]\nplugin = /meter\n"
                     "[output house]\nplugin = /file\n"
                     "idx.base = meter.energy\n");
  set_script("broken none");
  begin_cycle();
  output = plan_stage(house.plan, "house");
  instance_of(cycle, output)->messages = &m;
  instance_of(cycle, output)->is_open = true;
  store_row_add(house.run.store, "house", row);
  ck_assert_uint_eq(send_rows(output), 1);
  set_script("accepted none");
  ck_assert_uint_eq(send_rows(output), 0);
  house_check_messages("rows", &m, "write failed");
  messages_clear(&m);
  instance_of(cycle, output)->messages = NULL;
  end_prepared();
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("deliver");
  TCase *tc = tcase_create("deliver");

  tcase_add_loop_test(tc, results_of_sending, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, a_target_is_sent_to_when_it_is_ready);
  tcase_add_test(tc, a_target_that_must_wait_gets_a_record_of_its_own);
  tcase_add_test(tc, a_sent_record_is_closed);
  tcase_add_test(tc, values_that_were_not_sent_stay_pending);
  tcase_add_test(tc, nothing_is_sent_to_an_unknown_target);
  tcase_add_test(tc, rows_are_sent_after_a_failure_of_write);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
