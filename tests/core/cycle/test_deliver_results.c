/* The results of a commit: each row is what was written and what the plugin
 * answered, and what counts. */
#include <check.h>

#include "core/cycle/deliver_results.h"
#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

static const char ini[] = "[input meter]\nplugin = /meter\n"
                          "[output house]\nplugin = /file\n"
                          "idx.a = meter.energy\nidx.b = meter.flow\n";

#define NONE 0
#define ALL MP_ALL_TARGETS

/* Of one target. */
enum write { NO_VALUE, TAKEN, REFUSED };

struct answer_of_plugin {
  uint32_t target, result; /* result 0: the end of the answers */
};

static const struct {
  const char *name;
  enum write a, b;
  struct answer_of_plugin answers[3];
  uint32_t record, result_a, result_b;
  uint32_t nonsense;
} rows[] = {
  { "the result of the record is that of its values",
    TAKEN,
    TAKEN,
    { { ALL, MP_ACCEPTED } },
    MP_ACCEPTED,
    MP_ACCEPTED,
    MP_ACCEPTED,
    0 },
  { "a target without a value has no result",
    TAKEN,
    NO_VALUE,
    { { ALL, MP_ACCEPTED } },
    MP_ACCEPTED,
    MP_ACCEPTED,
    NONE,
    0 },
  { "no result is an unknown outcome",
    TAKEN,
    TAKEN,
    { { 0, 0 } },
    MP_PERHAPS,
    MP_PERHAPS,
    MP_PERHAPS,
    0 },
  { "the result of a value comes before that of the record",
    TAKEN,
    TAKEN,
    { { ALL, MP_ACCEPTED }, { 1, MP_REJECTED } },
    MP_ACCEPTED,
    MP_ACCEPTED,
    MP_REJECTED,
    0 },
  { "a row is delivered when each value was accepted or rejected",
    TAKEN,
    TAKEN,
    { { 0, MP_ACCEPTED }, { 1, MP_REJECTED } },
    MP_ACCEPTED,
    MP_ACCEPTED,
    MP_REJECTED,
    0 },
  { "a row is not delivered while a value was not sent",
    TAKEN,
    TAKEN,
    { { 0, MP_ACCEPTED }, { 1, MP_NOT_SENT } },
    MP_NOT_SENT,
    MP_ACCEPTED,
    MP_NOT_SENT,
    0 },
  { "a row is not delivered while a value is to be sent again",
    TAKEN,
    TAKEN,
    { { 0, MP_RETRY }, { 1, MP_ACCEPTED } },
    MP_RETRY,
    MP_RETRY,
    MP_ACCEPTED,
    0 },
  { "an unknown value makes the outcome of the row unknown",
    TAKEN,
    TAKEN,
    { { 0, MP_NOT_SENT }, { 1, MP_PERHAPS } },
    MP_PERHAPS,
    MP_NOT_SENT,
    MP_PERHAPS,
    0 },
  { "a value without a result makes the outcome of the row unknown",
    TAKEN,
    TAKEN,
    { { 0, MP_ACCEPTED } },
    MP_PERHAPS,
    MP_ACCEPTED,
    MP_PERHAPS,
    0 },
  { "a row that is rejected as a whole is not delivered",
    TAKEN,
    TAKEN,
    { { ALL, MP_REJECTED } },
    MP_REJECTED,
    MP_REJECTED,
    MP_REJECTED,
    0 },
  { "a value that write refuses is rejected, whatever commit reports",
    TAKEN,
    REFUSED,
    { { 1, MP_ACCEPTED }, { ALL, MP_ACCEPTED } },
    MP_ACCEPTED,
    MP_ACCEPTED,
    MP_REJECTED,
    0 },
  { "a row that every value of was refused is delivered",
    REFUSED,
    REFUSED,
    { { 0, 0 } },
    MP_ACCEPTED,
    MP_REJECTED,
    MP_REJECTED,
    0 },
  { "a result for a target without a value is ignored",
    TAKEN,
    NO_VALUE,
    { { 1, MP_REJECTED }, { 0, MP_ACCEPTED } },
    MP_ACCEPTED,
    MP_ACCEPTED,
    NONE,
    0 },
  { "a result for a target that does not exist is ignored",
    TAKEN,
    TAKEN,
    { { 7, MP_REJECTED }, { ALL, MP_ACCEPTED } },
    MP_ACCEPTED,
    MP_ACCEPTED,
    MP_ACCEPTED,
    0 },
  { "set aside counts as rejected, except for a row of a history output",
    TAKEN,
    TAKEN,
    { { 0, MP_SET_ASIDE }, { 1, MP_ACCEPTED } },
    MP_ACCEPTED,
    MP_REJECTED,
    MP_ACCEPTED,
    0 },
  { "a result that does not exist is an unknown outcome",
    TAKEN,
    TAKEN,
    { { 0, 99 }, { 1, MP_ACCEPTED } },
    MP_PERHAPS,
    MP_PERHAPS,
    MP_ACCEPTED,
    99 },
};

static struct table_house house;

static void
note(struct results *results, uint32_t target, enum write write)
{
  if (write != NO_VALUE)
    deliver_results_note(results, 0, target, write == TAKEN);
}

static void
check(const char *name, const char *what, uint32_t have, uint32_t want)
{
  ck_assert_msg(have == want, "%s: %s is %u, not %u", name, what,
                (unsigned)have, (unsigned)want);
}

START_TEST(results_of_a_record)
{
  const struct stage *output;
  struct results results;
  struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = &results,
                                 .result = deliver_results_take };

  house_init(&house, ini);
  output = plan_stage(house.plan, "house");
  deliver_results_init(&results, output, 1);
  note(&results, 0, rows[_i].a);
  note(&results, 1, rows[_i].b);
  for (size_t i = 0; rows[_i].answers[i].result; i++)
    sink.result(&sink, 0, rows[_i].answers[i].target,
                rows[_i].answers[i].result);
  check(rows[_i].name, "the record", deliver_record_result(&results, 0),
        rows[_i].record);
  check(rows[_i].name, "a",
        deliver_target_result(&results, 0, output->targets[0]),
        rows[_i].result_a);
  check(rows[_i].name, "b",
        deliver_target_result(&results, 0, output->targets[1]),
        rows[_i].result_b);
  check(rows[_i].name, "the invalid result", results.nonsense,
        rows[_i].nonsense);
  deliver_results_free(&results);
  house_clear(&house);
}
END_TEST

/* A record that was not called for does not change another one. */
START_TEST(records_are_apart)
{
  const struct target *a;
  struct results results;
  struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = &results,
                                 .result = deliver_results_take };

  house_init(&house, ini);
  a = plan_stage(house.plan, "house")->targets[0];
  deliver_results_init(&results, a->stage, 2);
  deliver_results_note(&results, 0, 0, true);
  deliver_results_note(&results, 1, 0, true);
  sink.result(&sink, 0, MP_ALL_TARGETS, MP_ACCEPTED);
  sink.result(&sink, 1, 0, MP_REJECTED);
  /* There is no such record. */
  sink.result(&sink, UINT32_MAX, MP_ALL_TARGETS, MP_REJECTED);
  ck_assert_uint_eq(deliver_target_result(&results, 0, a), MP_ACCEPTED);
  ck_assert_uint_eq(deliver_target_result(&results, 1, a), MP_REJECTED);
  deliver_results_free(&results);
  house_clear(&house);
}
END_TEST

/* After a failure of begin or write, nothing was sent now; but in recovery, an
 * earlier run may have sent the rows. */
START_TEST(a_failed_write_leaves_all_records)
{
  static const struct {
    bool recovers;
    uint32_t result;
  } left[] = { { false, MP_NOT_SENT }, { true, MP_PERHAPS } };

  for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
    struct results results;

    house_init(&house, ini);
    deliver_results_init(&results, plan_stage(house.plan, "house"), 2);
    deliver_results_note(&results, 1, 0, true);
    deliver_results_leave(&results, left[i].recovers);
    ck_assert_uint_eq(deliver_record_result(&results, 0), left[i].result);
    ck_assert_uint_eq(deliver_record_result(&results, 1), left[i].result);
    deliver_results_free(&results);
    house_clear(&house);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("results of a commit");
  TCase *tc = tcase_create("results");

  tcase_add_loop_test(tc, results_of_a_record, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, records_are_apart);
  tcase_add_test(tc, a_failed_write_leaves_all_records);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
