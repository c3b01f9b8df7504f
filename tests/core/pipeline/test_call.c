/* Calls into plugins: what counts as a result, and what is said about it. */
#include <check.h>

#include "core/pipeline/call.h"
#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

static const char ini[] = "[input meter]\nplugin = /meter\n"
                          "[output house]\nplugin = /server\n"
                          "idx.1 = meter.energy\n";

#define BAD "the plugin's read returned "

static const struct {
  const char *name;
  int returned;
  unsigned allowed; /* bits of outcomes besides MP_OK */
  bool explained;   /* the plugin called mp_fail */
  int result;
  const char *said; /* besides the explanation */
} rows[] = {
  { "MP_OK is always allowed", MP_OK, 0, false, MP_OK, "" },
  { "an outcome that is allowed", MP_END, CALL_ALLOWS(MP_END), false, MP_END,
    "" },
  { "an outcome that is not allowed here", MP_END, CALL_ALLOWS(MP_SKIP), false,
    MP_EINTERNAL, BAD "4, which is not a valid result" },
  { "a reason that was explained", MP_EIO, 0, true, MP_EIO, "" },
  { "a reason that was not explained", MP_EIO, 0, false, MP_EIO,
    "the plugin's read failed (-5) and did not say why" },
  { "a cancelled call needs no explanation", MP_ECANCELED, 0, false,
    MP_ECANCELED, "" },
  { "a number above all outcomes", MP_SKIP + 1, ~0u, false, MP_EINTERNAL, BAD },
  { "a number below all reasons", MP_ECANCELED - 1, 0, true, MP_EINTERNAL,
    BAD },
};

static struct table_house house;

START_TEST(results_of_calls)
{
  struct instance *instance;
  struct messages m = { .first = NULL };
  struct call call;

  house_init(&house, ini);
  instance = &house.instances->list[0];
  instance->messages = &m;
  call = call_begin(instance, "read");
  if (rows[_i].explained) {
    instance_fail(instance, MP_EIO, NULL, "explained");
    messages_clear(&m);
  }
  ck_assert_msg(call_explained(&call) == rows[_i].explained, "%s",
                rows[_i].name);
  ck_assert_msg(call_end(&call, rows[_i].returned, rows[_i].allowed) ==
                  rows[_i].result,
                "%s", rows[_i].name);
  house_check_messages(rows[_i].name, &m, rows[_i].said);
  instance->messages = NULL;
  messages_clear(&m);
  house_clear(&house);
}
END_TEST

/* An explanation before the call does not explain its failure. */
START_TEST(an_earlier_explanation_does_not_count)
{
  struct instance *instance;
  struct messages m = { .first = NULL };
  struct call call;

  house_init(&house, ini);
  instance = &house.instances->list[0];
  instance->messages = &m;
  instance_fail(instance, MP_EIO, NULL, "before");
  call = call_begin(instance, "read");
  ck_assert_int_eq(call_end(&call, MP_EPROTO, 0), MP_EPROTO);
  house_check_messages("an earlier explanation", &m,
                       "before|and did not say why");
  instance->messages = NULL;
  messages_clear(&m);
  house_clear(&house);
}
END_TEST

/* Only a call that can hang is watched: a replay makes millions of others. */
START_TEST(only_calls_with_a_deadline_are_watched)
{
  struct instance *instance;

  house_init(&house, ini);
  instance = &house.instances->list[0];
  ck_assert(!call_begin(instance, "read").is_watched);
  house.run.deadline_ms = INT64_MAX;
  ck_assert(call_begin(instance, "read").is_watched);
  ck_assert_int_gt(call_begin(instance, "read").begun_ms, 0);
  ck_assert(!call_begin_direct(instance, "apply").is_watched);
  house_clear(&house);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("calls");
  TCase *tc = tcase_create("calls");

  tcase_add_loop_test(tc, results_of_calls, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, an_earlier_explanation_does_not_count);
  tcase_add_test(tc, only_calls_with_a_deadline_are_watched);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
