/*
 * Inputs that cannot tell the kinds of their values beforehand: the first
 * booked value decides the kind, and a later value of another kind is refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/run_suite.h"

#define HOOK                                                                   \
  "[output hook]\nplugin = exec\nclass = latest\ncommand = sh take.sh\n"

static struct sandbox *s;

static void
build(void)
{
  s = sandbox_new();
  sandbox_write(s, "take.sh", "test -e away && exit 75\ncat >>got\n");
}

static void
leave(void)
{
  sandbox_free(s);
}

static void
write_pipeline(const char *rest)
{
  sandbox_write(s, "p.ini", EXEC_INPUT "%s", rest);
}

/* Advances the clock to the next run, in which the input prints VALUE of KIND,
 * and checks that it ends with STATUS. */
static void
run(const char *value, const char *kind, int status)
{
  sandbox_advance(s, 1200);
  if (strcmp(kind, "text") == 0)
    sandbox_write(s, "reading", "{\"field\":\"energy\",\"text\":\"%s\"}\n",
                  value);
  else
    sandbox_write(s, "reading",
                  "{\"field\":\"energy\",\"value\":\"%s\",\"unit\":\"GJ\","
                  "\"kind\":\"%s\"}\n",
                  value, kind);
  sandbox_run(s, "run -c p.ini");
  ck_assert_msg(sandbox_status(s) == status, "%s %s: %d: %s", value, kind,
                sandbox_status(s), sandbox_err(s));
}

static void
run_away(const char *value, const char *kind)
{
  sandbox_write(s, "away", "%s", "");
  run(value, kind, EX_TEMPFAIL);
  sandbox_remove(s, "away");
}

/* Returns the values of TARGET that the hook has received, in order, as in "1
 * 1110 "; valid until the next call. */
static const char *
given(const char *target)
{
  static char all[256];
  const char *got = sandbox_read(s, "got");
  char mark[64];

  all[0] = '\0';
  snprintf(mark, sizeof(mark), "\"%s\":{\"value\":\"", target);
  while (got && (got = strstr(got, mark))) {
    size_t len = strlen(all);

    got += strlen(mark);
    snprintf(all + len, sizeof(all) - len, "%.*s ", (int)strcspn(got, "\""),
             got);
  }
  return all;
}

START_TEST(amounts_of_an_input_are_added_up_during_an_outage)
{
  write_pipeline(HOOK "value.energy = meter.energy\n");
  run("1", "delta", EX_OK);
  run_away("10", "delta");
  run_away("100", "delta");
  run("1000", "delta", EX_OK);
  ck_assert_str_eq(given("energy"), "1 1110 ");
}
END_TEST

/* A result has the kind of the input value. */
START_TEST(amounts_of_a_convert_are_added_up_during_an_outage)
{
  write_pipeline("[transform energy]\nplugin = convert\n"
                 "value = meter.energy\nunit = MJ\n" HOOK
                 "value.energy = energy\n");
  run("1", "delta", EX_OK);
  run_away("10", "delta");
  run("100", "delta", EX_OK);
  ck_assert_str_eq(given("energy"), "1000 110000 ");
}
END_TEST

/* A value that is added to a total must keep its kind. */
START_TEST(total_of_amounts_refuses_a_reading)
{
  write_pipeline("[transform total]\nplugin = add\n"
                 "value = meter.energy\nplus = hook.total\n" HOOK
                 "value.total = total\n");
  run("1", "delta", EX_OK);
  run_away("10", "delta");
  run("100", "delta", EX_OK);
  ck_assert_str_eq(given("total"), "1 111 ");
  run("84208", "counter", EX_DATAERR);
  ck_assert_str_eq(
    sandbox_err(s),
    "error: hook: value.total: meter.energy is a counter in this reading, and "
    "was a delta before: it is left out; \"meterpipe rebase --forget "
    "hook.total\" lets the target begin anew with the other kind\n");
  ck_assert_str_eq(given("total"), "1 111 ");
  run("1000", "delta", EX_OK);
  ck_assert_str_eq(given("total"), "1 111 1111 ");
}
END_TEST

/* Two kinds: the first value is booked and stays pending, the second is
 * refused. */
static const struct {
  const char *first, *then;
} changes[] = {
  { "delta", "counter" }, { "delta", "gauge" },   { "delta", "text" },
  { "counter", "delta" }, { "counter", "gauge" }, { "gauge", "delta" },
  { "gauge", "counter" }, { "gauge", "text" },    { "text", "gauge" },
};

START_TEST(other_kind_is_refused_and_the_pending_value_is_kept)
{
  const char *first = changes[_i].first, *then = changes[_i].then;
  char told[512];

  write_pipeline(HOOK "value.energy = meter.energy\n");
  run_away("10", first);
  sandbox_write(s, "away", "%s", "");
  run("84208", then, EX_DATAERR);
  sandbox_remove(s, "away");
  snprintf(told, sizeof(told),
           "error: hook: value.energy: meter.energy is a %s in this reading, "
           "and was a %s before: it is left out; \"meterpipe rebase --forget "
           "hook.energy\" lets the target begin anew with the other kind\n",
           then, first);
  ck_assert_msg(strstr(sandbox_err(s), told), "%s", sandbox_err(s));
  run("84209", then, EX_DATAERR);
  ck_assert_str_eq(given("energy"), "10 ");
  sandbox_run(s, "rebase --forget hook.energy -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  run("7", then, EX_OK);
}
END_TEST

/* The row is written, and its cell is empty. */
START_TEST(column_of_amounts_refuses_a_reading)
{
  write_pipeline("[output log]\nplugin = csv\npath = log.csv\n"
                 "column.energy = meter.energy\n");
  run("1", "delta", EX_OK);
  run("84208", "counter", EX_DATAERR);
  run("10", "delta", EX_OK);
  ck_assert_str_eq(sandbox_read(s, "log.csv"), "time,energy\n"
                                               "2026-11-22T10:20:00Z,1\n"
                                               "2026-11-22T10:40:00Z,\n"
                                               "2026-11-22T11:00:00Z,10\n");
}
END_TEST

/* A usage is no operand: nothing can be measured from it, or added to it. */
START_TEST(operand_refuses_an_amount)
{
  write_pipeline("[transform usage]\nplugin = subtract\n"
                 "value = meter.energy\nminus = hook.energy\n" HOOK
                 "value.energy = meter.energy\nvalue.usage = usage\n");
  run("84", "counter", EX_OK);
  run("1", "delta", EX_DATAERR);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s),
           "error: hook: value.energy: meter.energy is a delta in this "
           "reading, and the target is an operand, which holds a "
           "reading or a total: it is left out\n"));
  run("90", "counter", EX_OK);
  ck_assert_str_eq(given("energy"), "84 90 ");
  ck_assert_str_eq(given("usage"), "6 ");
}
END_TEST

/* A value that a target displays before its first amount is no amount. */
START_TEST(first_amount_ignores_the_displayed_value)
{
  sandbox_write(
    s, "show.sh",
    "touch got\n"
    "v=$(sed -n '$s/.*\"energy\":{\"value\":\"\\([0-9]*\\)\".*/\\1/p' "
    "got)\n"
    "n=$(wc -l <got)\n"
    "echo '{\"target\":\"energy\",\"unit\":\"GJ\",'"
    "'\"value\":\"'${v:-55}'\",\"updated\":\"'$n'\"}'\n");
  write_pipeline(HOOK "fetch = sh show.sh\nvalue.energy = meter.energy\n");
  run("1", "delta", EX_OK);
  run_away("10", "delta");
  run("100", "delta", EX_OK);
  ck_assert_str_eq(given("energy"), "1 110 ");
}
END_TEST

static Suite *
kinds_suite(void)
{
  Suite *suite = suite_create("kinds");
  TCase *tc = tcase_create("kinds");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, amounts_of_an_input_are_added_up_during_an_outage);
  tcase_add_test(tc, amounts_of_a_convert_are_added_up_during_an_outage);
  tcase_add_test(tc, total_of_amounts_refuses_a_reading);
  tcase_add_loop_test(tc, other_kind_is_refused_and_the_pending_value_is_kept,
                      0, ARRAY_SIZE(changes));
  tcase_add_test(tc, column_of_amounts_refuses_a_reading);
  tcase_add_test(tc, operand_refuses_an_amount);
  tcase_add_test(tc, first_amount_ignores_the_displayed_value);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(kinds_suite());
}
