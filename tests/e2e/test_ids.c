/*
 * An output that displays the ids of records: what the program does after the
 * output went back, forgot, or was written to by others, and after its own
 * state was lost or put back.  tests/support/bus_output.c keeps each topic in a
 * file.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "lib/decimal.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/run_suite.h"

static struct sandbox *s;

#define PIPELINE                                                               \
  "[pipeline]\nstate_dir = .\n" EXEC_INPUT                                     \
  "[transform usage]\nplugin = subtract\n"                                     \
  "value = meter.energy\nminus = bus.base\n"                                   \
  "[transform total]\nplugin = add\nvalue = usage\nplus = bus.total\n"         \
  "[output bus]\nplugin = ./output_bus.so\ntopic.base = meter.energy\n"        \
  "topic.usage = usage\ntopic.total = total\n"

static void
build(void)
{
  char command[2200];

  s = sandbox_new();
  snprintf(command, sizeof(command), "cp %s/bus_output.so %s/output_bus.so",
           getenv("METERPIPE_PLUGIN_PATH"), sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
  sandbox_write(s, "p.ini", "%s", PIPELINE);
}

static void
leave(void)
{
  sandbox_free(s);
}

/* Runs with the reading ENERGY, and checks the status and the last words. */
static void
run(const char *energy, int status, const char *err)
{
  exec_run(s, energy);
  exec_check(s, status, err);
}

/* Returns the number that TOPIC displays; "": it is forgotten. */
static const char *
displayed(const char *topic)
{
  static char number[128];
  char name[64];
  const char *text;

  snprintf(name, sizeof(name), "topic.%s", topic);
  text = sandbox_read(s, name);
  snprintf(number, sizeof(number), "%.*s", (int)strcspn(text ? text : "", " "),
           text ? text : "");
  return number;
}

static const char *const topics[] = { "base", "usage", "total" };

/* Copies the topics to ("copy.") or from that copy. */
static void
copy_topics(bool back)
{
  for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
    char topic[64], copy[64];
    const char *text;

    snprintf(topic, sizeof(topic), "topic.%s", topics[i]);
    snprintf(copy, sizeof(copy), "copy.%s", topics[i]);
    text = sandbox_read(s, back ? copy : topic);
    ck_assert_ptr_nonnull(text);
    sandbox_write(s, back ? topic : copy, "%s", text);
  }
}

static void
forget_topics(void)
{
  for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
    char topic[64];

    snprintf(topic, sizeof(topic), "topic.%s", topics[i]);
    sandbox_remove(s, topic);
  }
}

static void
copy_state(const char *from, const char *to)
{
  char command[4400];

  snprintf(command, sizeof(command), "cp '%s/%s' '%s/%s'", sandbox_dir(s), from,
           sandbox_dir(s), to);
  ck_assert_int_eq(system(command), 0);
}

/* Returns the sum of the usages taken. */
static const char *
sum_of_usages(void)
{
  static char text[DECIMAL_TEXT];
  const char *taken = sandbox_read(s, "taken");
  struct mp_decimal sum = { 0 }, usage;

  for (const char *line = taken; line && *line; line = strchr(line, '\n') + 1) {
    if (strncmp(line, "usage ", 6) == 0) {
      ck_assert_uint_gt(decimal_parse_prefix(line + 6, &usage), 0);
      ck_assert_int_eq(decimal_add(sum, usage, &sum), MP_OK);
    }
  }
  decimal_trim(&sum);
  decimal_format(sum, text, sizeof(text));
  return text;
}

static void
begin(void)
{
  run("84", EX_OK, "");
  run("84.5", EX_OK, "");
  ck_assert_str_eq(displayed("total"), "0.5");
}

START_TEST(id_is_that_of_the_state_and_grows)
{
  char first[128], second[128];
  int n = 0;

  begin();
  snprintf(first, sizeof(first), "%s", sandbox_read(s, "topic.total"));
  run("85", EX_OK, "");
  snprintf(second, sizeof(second), "%s", sandbox_read(s, "topic.total"));
  ck_assert_int_eq(sscanf(first,
                          "0.5 %*8[0-9a-f]-%*4[0-9a-f]-4%*3[0-9a-f]-"
                          "%*4[0-9a-f]-%*12[0-9a-f]-%*[0-9]%n",
                          &n),
                   0);
  ck_assert_int_gt(n, 0);
  ck_assert_int_eq(strncmp(first + 4, second + 4, 36), 0);
  ck_assert_int_lt(atoll(first + 41), atoll(second + 4 + 37 - 0));
}
END_TEST

/* The broker goes back by several cycles: today's total is written again, and
 * no amount is. */
START_TEST(older_copy_is_overwritten_by_the_ledger)
{
  begin();
  copy_topics(false);
  run("84.6", EX_OK, "");
  run("84.7", EX_OK, "");
  copy_topics(true);
  run("84.8", EX_OK,
      "notice: bus: topic.base: displays 84.5 GJ, an older value; 84.7 GJ is "
      "written "
      "again\n"
      "notice: bus: topic.total: displays 0.5 GJ, an older value; 0.7 GJ is "
      "written "
      "again\n");
  ck_assert_str_eq(displayed("total"), "0.8");
  ck_assert_str_eq(sum_of_usages(), "0.8");
  run("84.8", EX_OK, "");
}
END_TEST

START_TEST(forgotten_targets_are_written_from_the_ledger)
{
  begin();
  forget_topics();
  run(
    "84.6", EX_OK,
    "notice: bus: the output forgot topic.base, topic.total; they are written "
    "again\n");
  ck_assert_str_eq(displayed("total"), "0.6");
  ck_assert_str_eq(sum_of_usages(), "0.6");
}
END_TEST

/* No answer, and the id proves that the values arrived. */
START_TEST(displayed_id_decides_an_unknown_outcome)
{
  begin();
  sandbox_write(s, "answer", "lost\n");
  run("84.6", EX_TEMPFAIL, "error: bus: was told to fail\n");
  sandbox_remove(s, "answer");
  run("84.7", EX_OK, "notice: bus: works again after 20 min\n");
  ck_assert_str_eq(displayed("total"), "0.7");
  ck_assert_str_eq(sum_of_usages(), "0.7");
}
END_TEST

START_TEST(value_without_id_is_a_manual_change)
{
  begin();
  sandbox_write(s, "topic.total", "500 -\n");
  run("84.6", EX_OK,
      "notice: bus: topic.total: displays 500 GJ, but 0.5 GJ was written: the "
      "value "
      "was changed there; the next values continue from the displayed one\n");
  ck_assert_str_eq(displayed("total"), "500.1");
  run("84.7", EX_OK, "");
  ck_assert_str_eq(displayed("total"), "500.2");
}
END_TEST

/* Nothing is sent to that target until the user has given one of the two
 * another topic; then nothing is missing. */
START_TEST(target_of_another_pipeline_is_left_alone)
{
  begin();
  sandbox_write(s, "topic.total", "77 other-17\n");
  run("84.6", EX_CONFIG,
      "error: bus: topic.total: is also written by another pipeline (record "
      "other-17): give one of the two another target; the pending value is "
      "kept (p.ini:18)\n");
  ck_assert_str_eq(displayed("total"), "77");
  ck_assert_str_eq(displayed("base"), "84.6");
  exec_run(s, "84.7");
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
  ck_assert_str_eq(displayed("total"), "77");
  sandbox_remove(s, "topic.total");
  exec_run(s, "84.8");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_str_eq(displayed("total"), "0.8");
}
END_TEST

START_TEST(lost_state_adopts_the_displayed_values_once)
{
  begin();
  sandbox_remove(s, "p.db");
  run("84.6", EX_OK,
      "notice: bus: topic.base: displays 84.5 GJ, which another state wrote: "
      "this "
      "pipeline's state is new or was lost; the next values continue from "
      "it\n"
      "notice: bus: topic.usage: displays 0.5 GJ, which another state wrote: "
      "this "
      "pipeline's state is new or was lost; the next values continue from "
      "it\n"
      "notice: bus: topic.total: displays 0.5 GJ, which another state wrote: "
      "this "
      "pipeline's state is new or was lost; the next values continue from "
      "it\n");
  ck_assert_str_eq(displayed("total"), "0.6");
  run("84.7", EX_OK, "");
  ck_assert_str_eq(displayed("total"), "0.7");
  ck_assert_str_eq(sum_of_usages(), "0.7");
  /* the other writes again */
  sandbox_write(s, "topic.total", "77 other-17\n");
  exec_run(s, "84.8");
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
}
END_TEST

START_TEST(older_copy_of_the_state_continues_from_the_displayed_values)
{
  begin();
  copy_state("p.db", "older.db");
  run("84.6", EX_OK, "");
  run("84.7", EX_OK, "");
  copy_state("older.db", "p.db");
  run("84.8", EX_OK,
      "notice: bus: topic.base: displays 84.7 GJ, which is newer than the "
      "state: an "
      "older copy of the state was put back; the next values continue from "
      "it\n"
      "notice: bus: topic.usage: displays 0.1 GJ, which is newer than the "
      "state: an "
      "older copy of the state was put back; the next values continue from "
      "it\n"
      "notice: bus: topic.total: displays 0.7 GJ, which is newer than the "
      "state: an "
      "older copy of the state was put back; the next values continue from "
      "it\n");
  ck_assert_str_eq(displayed("total"), "0.8");
  ck_assert_str_eq(sum_of_usages(), "0.8");
}
END_TEST

/* The clock is behind the newest record, too: its id must not be used again. */
START_TEST(number_continues_above_the_displayed_id)
{
  char newest[128], next[128];
  int64_t clock;

  begin();
  copy_state("p.db", "older.db");
  clock = sandbox_now(s);
  run("84.6", EX_OK, "");
  run("84.7", EX_OK, "");
  snprintf(newest, sizeof(newest), "%s", sandbox_read(s, "topic.total"));
  copy_state("older.db", "p.db");
  sandbox_set_clock(s, clock - 1200);
  exec_run(s, "84.8");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  snprintf(next, sizeof(next), "%s", sandbox_read(s, "topic.total"));
  ck_assert_int_gt(atoll(strrchr(next, '-') + 1),
                   atoll(strrchr(newest, '-') + 1));
  ck_assert_str_eq(displayed("total"), "0.8");
}
END_TEST

/* With -v -v, the log names the row of doc/ledger.md. */
START_TEST(log_names_the_row)
{
  begin();
  forget_topics();
  exec_set_reading(s, "84.6");
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -v -v -c p.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "settled by row i5: "));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("ids of records");
  TCase *tc = tcase_create("ids of records");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, id_is_that_of_the_state_and_grows);
  tcase_add_test(tc, older_copy_is_overwritten_by_the_ledger);
  tcase_add_test(tc, forgotten_targets_are_written_from_the_ledger);
  tcase_add_test(tc, displayed_id_decides_an_unknown_outcome);
  tcase_add_test(tc, value_without_id_is_a_manual_change);
  tcase_add_test(tc, target_of_another_pipeline_is_left_alone);
  tcase_add_test(tc, lost_state_adopts_the_displayed_values_once);
  tcase_add_test(tc,
                 older_copy_of_the_state_continues_from_the_displayed_values);
  tcase_add_test(tc, number_continues_above_the_displayed_id);
  tcase_add_test(tc, log_names_the_row);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
