/*
 * Rows that a history output will never take (MP_SET_ASIDE): they are set
 * aside, later rows are sent, and `meterpipe retry` makes them pending again.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

#define INTERVAL 1200

static struct sandbox *s;

/* Writes a pipeline with an input that runs "reading.sh", and the output shelf;
 * PIPELINE are options of [pipeline], OUTPUT of the output. */
static void
write_pipeline(const char *pipeline, const char *output)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n%s"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output shelf]\nplugin = ./output_shelf.so\n"
                "place.energy = meter.energy\n%s",
                pipeline, output);
}

#define USAGE                                                                  \
  "place.usage = usage\n[transform usage]\nplugin = subtract\n"                \
  "value = meter.energy\nminus = shelf.energy\n"

static void
build(void)
{
  char command[2200];

  s = sandbox_new();
  snprintf(command, sizeof(command), "cp %s/shelf_output.so %s/output_shelf.so",
           getenv("METERPIPE_PLUGIN_PATH"), sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
  write_pipeline("", USAGE);
}

static void
leave(void)
{
  sandbox_free(s);
}

static void
run(const char *energy, int status)
{
  sandbox_advance(s, INTERVAL);
  sandbox_write(s, "reading.sh",
                "echo '{\"field\":\"energy\",\"kind\":\"counter\","
                "\"value\":\"%s\",\"unit\":\"GJ\"}'\n",
                energy);
  sandbox_run(s, "run -c p.ini");
  ck_assert_msg(sandbox_status(s) == status, "%s: %d %s", energy,
                sandbox_status(s), sandbox_err(s));
}

static void
command(const char *words, int status)
{
  sandbox_run(s, "%s", words);
  ck_assert_msg(sandbox_status(s) == status, "%s: %d %s", words,
                sandbox_status(s), sandbox_err(s));
}

static void
out_has(const char *text)
{
  ck_assert_msg(strstr(sandbox_out(s), text), "%s", sandbox_out(s));
}

static void
err_has(const char *text)
{
  ck_assert_msg(strstr(sandbox_err(s), text), "%s", sandbox_err(s));
}

#define ROW_1 "energy=10\n"
#define ROW_2 "energy=11 usage=1\n"
#define ROW_3 "energy=13 usage=2\n"
#define ROW_4 "energy=17 usage=4\n"

static void
taken_is(const char *rows)
{
  const char *taken = sandbox_read(s, "taken");

  ck_assert_str_eq(taken ? taken : "", rows);
}

/* Checks that X and Y, which are lines "ID ROW", have the same id exactly if
 * they are the same row. */
static void
check_ids(const char *x, const char *y)
{
  size_t x_id = strcspn(x, " "), y_id = strcspn(y, " ");
  size_t x_len = strcspn(x, "\n"), y_len = strcspn(y, "\n");
  bool same_id = x_id == y_id && strncmp(x, y, x_id) == 0;
  bool same_row = x_len - x_id == y_len - y_id &&
                  strncmp(x + x_id, y + y_id, x_len - x_id) == 0;

  ck_assert_msg(same_id == same_row, "%s", x);
}

/* Checks all records that the output was given in N deliveries. */
static void
each_row_kept_its_id(unsigned n)
{
  const char *seen = sandbox_read(s, "seen");
  unsigned lines = 0;

  for (const char *x = seen; *x; x = strchr(x, '\n') + 1, lines++)
    for (const char *y = seen; *y; y = strchr(y, '\n') + 1)
      check_ids(x, y);
  ck_assert_uint_eq(lines, n);
}

/* Sets row 2 aside. */
static void
set_one_aside(void)
{
  run("10", EX_OK);
  sandbox_write(s, "refused", "11\n");
  run("11", EX_UNAVAILABLE);
}

START_TEST(later_rows_are_sent)
{
  set_one_aside();
  ck_assert_str_eq(sandbox_err(s),
                   "error: shelf: does not take 11\n"
                   "error: shelf: set aside: rows that the output will never "
                   "take (so far 1); \"meterpipe status --set-aside\" lists "
                   "them, and \"meterpipe retry shelf\" makes them pending "
                   "again\n");
  run("13", EX_OK);
  taken_is(ROW_1 ROW_3);
}
END_TEST

/* Four rows in one commit, of which the first and the third are refused. */
START_TEST(rows_of_one_commit_are_set_aside_one_by_one)
{
  sandbox_write(s, "away", "%s", "");
  sandbox_write(s, "refused", "10\n13\n");
  run("10", EX_TEMPFAIL);
  run("11", EX_TEMPFAIL);
  run("13", EX_TEMPFAIL);
  sandbox_remove(s, "away");
  run("17", EX_UNAVAILABLE);
  taken_is(ROW_2 ROW_4);
  command("status -c p.ini --set-aside", EX_OK);
  out_has("does not take 10  energy 10 GJ\n");
  out_has("does not take 13  energy 13 GJ, usage 2 GJ\n");
}
END_TEST

START_TEST(failure_lasts_until_retry)
{
  set_one_aside();
  run("13", EX_OK);
  ck_assert_ptr_null(strstr(sandbox_err(s), "set aside"));
  command("status -c p.ini", EX_OK);
  out_has("rows that the output will never take (so far 1)");
  sandbox_remove(s, "refused");
  command("retry -c p.ini shelf", EX_OK);
  run("17", EX_OK);
  ck_assert_str_eq(sandbox_err(s), "");
  command("status -c p.ini", EX_OK);
  ck_assert_ptr_null(strstr(sandbox_out(s), "FAILING"));
}
END_TEST

/* ---- Status ---- */

START_TEST(status_counts_and_lists_the_rows)
{
  set_one_aside();
  sandbox_advance(s, 300);
  command("status -c p.ini", EX_OK);
  out_has("shelf                            1 set aside  5 min\n");
  command("status -c p.ini --json", EX_OK);
  out_has("\"queues\":[{\"output\":\"shelf\",\"rows\":0,\"since\":null,"
          "\"set_aside\":1}]");
  command("status -c p.ini --set-aside", EX_OK);
  ck_assert_str_eq(
    sandbox_out(s),
    "OUTPUT  TIME                  SET ASIDE             REASON            "
    "VALUES\n"
    "shelf   2026-11-22T10:40:00Z  2026-11-22T10:40:00Z  does not take 11  "
    "energy 11 GJ, usage 1 GJ\n");
}
END_TEST

/* The host reports the row in any case. */
START_TEST(reason_that_was_not_said_is_not_known)
{
  sandbox_write(s, "silent", "%s", "");
  set_one_aside();
  ck_assert_ptr_eq(strstr(sandbox_err(s), "error: shelf: set aside: rows"),
                   sandbox_err(s));
  command("status -c p.ini --set-aside", EX_OK);
  out_has("  not known  energy 11 GJ");
  command("status -c p.ini --set-aside --json", EX_OK);
  out_has("\"reason\":null");
}
END_TEST

START_TEST(status_lists_the_rows_as_json)
{
  set_one_aside();
  command("status -c p.ini --set-aside --json", EX_OK);
  ck_assert_str_eq(
    sandbox_out(s),
    "{\"pipeline\":\"p.ini\",\"state\":\"./p.db\",\"set_aside\":["
    "{\"output\":\"shelf\",\"time\":\"2026-11-22T10:40:00Z\","
    "\"since\":\"2026-11-22T10:40:00Z\","
    "\"reason\":\"does not take 11\",\"values\":{"
    "\"energy\":{\"value\":\"11\",\"unit\":\"GJ\","
    "\"time\":\"2026-11-22T10:40:00Z\",\"serial\":null},"
    "\"usage\":{\"value\":\"1\",\"unit\":\"GJ\","
    "\"time\":\"2026-11-22T10:40:00Z\",\"serial\":null}}}]}\n");
}
END_TEST

START_TEST(empty_list_is_said)
{
  command("status -c p.ini --set-aside", EX_OK);
  ck_assert_str_eq(sandbox_out(s), "p.ini: no rows are set aside\n");
  run("10", EX_OK);
  command("status -c p.ini --set-aside", EX_OK);
  ck_assert_str_eq(sandbox_out(s), "p.ini: no rows are set aside\n");
  command("retry -c p.ini shelf", EX_OK);
  ck_assert_str_eq(sandbox_out(s), "shelf: no rows are set aside\n");
}
END_TEST

/* The list has rows of outputs that are no longer in the pipeline file. */
START_TEST(rows_of_a_removed_output_are_listed)
{
  set_one_aside();
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output other]\nplugin = ./output_shelf.so\n"
                "place.energy = meter.energy\n");
  command("status -c p.ini --set-aside", EX_OK);
  out_has("shelf   2026-11-22T10:40:00Z");
}
END_TEST

/* ---- Discard ---- */

#define DISCARDED                                                              \
  "OUTPUT  TIME                  SET ASIDE             REASON            "     \
  "VALUES\n"                                                                   \
  "shelf   2026-11-22T10:40:00Z  2026-11-22T10:40:00Z  does not take 11  "     \
  "energy 11 GJ, usage 1 GJ\n"                                                 \
  "shelf: 1 row was deleted\n"

START_TEST(discarded_row_is_printed_and_never_sent)
{
  set_one_aside();
  run("13", EX_OK);
  sandbox_remove(s, "refused");
  command("retry -c p.ini --discard shelf", EX_OK);
  ck_assert_str_eq(sandbox_out(s), DISCARDED);
  command("retry -c p.ini --discard shelf", EX_OK);
  ck_assert_str_eq(sandbox_out(s), "shelf: no rows are set aside\n");
  command("retry -c p.ini shelf", EX_OK);
  ck_assert_str_eq(sandbox_out(s), "shelf: no rows are set aside\n");
  run("17", EX_OK);
  taken_is(ROW_1 ROW_3 ROW_4);
  command("status -c p.ini", EX_OK);
  ck_assert_ptr_null(strstr(sandbox_out(s), "FAILING"));
}
END_TEST

START_TEST(rows_of_a_removed_output_can_be_discarded)
{
  set_one_aside();
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output other]\nplugin = ./output_shelf.so\n"
                "place.energy = meter.energy\n");
  command("retry -c p.ini shelf", EX_USAGE);
  command("retry -c p.ini --discard shelf", EX_OK);
  ck_assert_str_eq(sandbox_out(s), DISCARDED);
  command("retry -c p.ini --discard shelf", EX_USAGE);
  command("status -c p.ini --set-aside", EX_OK);
  ck_assert_str_eq(sandbox_out(s), "p.ini: no rows are set aside\n");
}
END_TEST

/* The printed rows are the last copy of their values. */
START_TEST(rows_that_cannot_be_printed_are_not_discarded)
{
  set_one_aside();
  sandbox_set_stdout(s, "/dev/full");
  command("retry -c p.ini --discard shelf", EX_IOERR);
  sandbox_set_stdout(s, NULL);
  command("status -c p.ini --set-aside", EX_OK);
  out_has("does not take 11  energy 11 GJ");
}
END_TEST

/* ---- Retry ---- */

START_TEST(retried_row_is_the_same_record)
{
  set_one_aside();
  run("13", EX_OK);
  sandbox_remove(s, "refused");
  command("retry -c p.ini shelf", EX_OK);
  ck_assert_str_eq(sandbox_out(s),
                   "shelf: 1 row is pending again; the next run sends it "
                   "first\n");
  run("17", EX_OK);
  taken_is(ROW_1 ROW_3 ROW_2 ROW_4);
  each_row_kept_its_id(5);
}
END_TEST

/* Rows that were read later are already in the queue. */
START_TEST(retried_rows_come_before_later_rows)
{
  set_one_aside();
  sandbox_write(s, "away", "%s", "");
  run("13", EX_TEMPFAIL);
  sandbox_remove(s, "refused");
  command("retry -c p.ini shelf", EX_OK);
  command("status -c p.ini", EX_OK);
  out_has("2 rows");
  run("17", EX_TEMPFAIL);
  sandbox_remove(s, "away");
  run("25", EX_OK);
  taken_is(ROW_1 ROW_2 ROW_3 ROW_4 "energy=25 usage=8\n");
}
END_TEST

START_TEST(row_that_is_refused_again_is_set_aside_again)
{
  set_one_aside();
  command("retry -c p.ini shelf", EX_OK);
  run("13", EX_UNAVAILABLE);
  taken_is(ROW_1 ROW_3);
  sandbox_remove(s, "refused");
  command("retry -c p.ini shelf", EX_OK);
  run("17", EX_OK);
  taken_is(ROW_1 ROW_3 ROW_2 ROW_4);
}
END_TEST

START_TEST(retry_refuses_what_is_no_such_output)
{
  write_pipeline("", USAGE
                 "[output now]\nplugin = ./output_shelf.so\nclass = live\n"
                 "place.energy = meter.energy\n");
  set_one_aside();
  command("retry -c p.ini shelv", EX_USAGE);
  err_has("there is no output \"shelv\" in p.ini; the nearest is \"shelf\"");
  command("retry -c p.ini now", EX_USAGE);
  err_has("now: has no queue");
  command("retry -c p.ini meter", EX_USAGE);
  err_has("there is no output \"meter\"");
  command("retry -c p.ini", EX_USAGE);
  err_has("an argument is missing");
}
END_TEST

START_TEST(retry_needs_the_lock)
{
  char path[1200];
  int fd;

  set_one_aside();
  snprintf(path, sizeof(path), "%s/p.lock", sandbox_dir(s));
  fd = open(path, O_RDWR | O_CLOEXEC);
  ck_assert_int_eq(flock(fd, LOCK_EX), 0);
  command("retry -c p.ini shelf", EX_TEMPFAIL);
  close(fd);
  command("status -c p.ini --set-aside", EX_OK);
  out_has("energy 11 GJ");
}
END_TEST

/* Makes the output shelf one of class append, whose command appends its records
 * to the file "got", and then executes LINES. */
static void
append_by_command(const char *lines)
{
  sandbox_write(s, "take.sh", "cat >>got\n%s", lines);
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output shelf]\nplugin = exec\nclass = append\n"
                "command = sh take.sh\nvalue.energy = meter.energy\n"
                "value.usage = usage\n"
                "[transform usage]\nplugin = subtract\n"
                "value = meter.energy\nminus = shelf.energy\n");
}

/* Checks the readings of the records in "got", and that a record that came
 * again has the same id and values. */
static void
got_is(const char *readings)
{
  const char *got = sandbox_read(s, "got");
  char have[256] = "", last[16] = "";

  for (const char *line = got; line && *line; line = strchr(line, '\n') + 1) {
    const char *value = strstr(line, "\"energy\":{\"value\":\"");
    size_t len = strcspn(line, "\n"), used = strlen(have);
    char reading[16];

    ck_assert_int_eq(sscanf(value, "\"energy\":{\"value\":\"%15[0-9]", reading),
                     1);
    if (strcmp(reading, last) == 0)
      ck_assert_int_eq(strncmp(line, line - len - 1, len), 0);
    snprintf(last, sizeof(last), "%s", reading);
    snprintf(have + used, sizeof(have) - used, "%s ", reading);
  }
  ck_assert_str_eq(have, readings);
}

/* The output became one of class append, and a run was killed while it wrote a
 * row: a row put before that one would count as written. */
START_TEST(retry_waits_until_the_outcome_of_rows_is_known)
{
  set_one_aside();
  append_by_command("kill -9 $PPID\nsleep 60\n");
  run("13", 128 + SIGKILL);
  command("retry -c p.ini shelf", EX_TEMPFAIL);
  err_has("shelf: a run ended while it wrote rows: repeat this after the next "
          "run");
  command("status -c p.ini --set-aside", EX_OK);
  out_has("energy 11 GJ");
  append_by_command("");
  run("17", EX_OK);
  command("retry -c p.ini shelf", EX_OK);
  run("25", EX_OK);
  got_is("13 13 17 11 25 ");
  command("retry -c p.ini shelf", EX_OK);
  out_has("no rows are set aside");
}
END_TEST

/* ---- Failures ---- */

/* The run is killed after the results and before their commit: the row is sent
 * again with the same id, and is set aside then. */
START_TEST(kill_before_the_commit_loses_and_doubles_nothing)
{
  run("10", EX_OK);
  sandbox_write(s, "refused", "11\n");
  sandbox_write(s, "dies", "%s", "");
  run("11", 128 + SIGKILL);
  command("status -c p.ini --set-aside", EX_OK);
  ck_assert_str_eq(sandbox_out(s), "p.ini: no rows are set aside\n");
  sandbox_remove(s, "dies");
  run("13", EX_UNAVAILABLE);
  taken_is(ROW_1 ROW_3);
  sandbox_remove(s, "refused");
  command("retry -c p.ini shelf", EX_OK);
  sandbox_write(s, "dies", "%s", "");
  run("17", 128 + SIGKILL);
  sandbox_remove(s, "dies");
  run("25", EX_OK);
  taken_is(ROW_1 ROW_3 ROW_2 ROW_4 ROW_2 ROW_4 "energy=25 usage=8\n");
  each_row_kept_its_id(9);
}
END_TEST

START_TEST(oldest_rows_are_dropped_beyond_queue_max)
{
  write_pipeline("queue_max = 1\n", USAGE);
  sandbox_write(s, "refused", "10\n11\n13\n");
  run("10", EX_UNAVAILABLE);
  run("11", EX_DATAERR);
  err_has("shelf: set aside: more than queue_max = 1 rows are set aside; the "
          "oldest are dropped (so far 1)");
  run("13", EX_DATAERR);
  command("status -c p.ini", EX_OK);
  out_has("1 set aside");
  out_has("the oldest are dropped (so far 2)");
  command("retry -c p.ini shelf", EX_OK);
  sandbox_remove(s, "refused");
  run("17", EX_OK);
  taken_is(ROW_3 ROW_4);
}
END_TEST

/* Only a history output can set rows aside. */
START_TEST(other_classes_reject)
{
  static const char *const classes[] = { "class = live\n", "class = latest\n" };

  sandbox_write(s, "careless", "%s", "");
  write_pipeline("", classes[_i]);
  sandbox_write(s, "refused", "10\n");
  run("10", EX_UNAVAILABLE);
  ck_assert_str_eq(sandbox_err(s), "error: shelf: does not take 10\n");
  command("status -c p.ini --set-aside", EX_OK);
  ck_assert_str_eq(sandbox_out(s), "p.ini: no rows are set aside\n");
}
END_TEST

/* Makes a run; the next one's usage of 1 is refused. */
static void
begin_refusing_usage(void)
{
  write_pipeline("", "class = latest\n" USAGE);
  run("10", EX_OK);
  sandbox_write(s, "refused", "1\n");
  sandbox_write(s, "strict", "%s", "");
}

/* The run is killed after the rest of the record was sent.  The refused usage
 * must not follow under the same id: the receiver would take it for a
 * repetition. */
START_TEST(value_that_write_refuses_gets_another_record)
{
  begin_refusing_usage();
  sandbox_write(s, "dies", "%s", "");
  run("11", 128 + SIGKILL);
  sandbox_remove(s, "refused");
  sandbox_remove(s, "dies");
  run("13", EX_OK);
  taken_is("energy=10\nenergy=11\nenergy=13 usage=3\n");
  each_row_kept_its_id(3);
}
END_TEST

/* The first output has answered when the second one kills the run: what the
 * plugin of the first one kept in open and commit is on disk with its answer.
 */
START_TEST(texts_of_a_plugin_are_committed_with_its_answers)
{
  write_pipeline("", "class = latest\n"
                     "[output second]\nplugin = ./output_shelf.so\n"
                     "class = latest\nplace.energy = meter.energy\n");
  sandbox_write(s, "counts", "%s", "");
  sandbox_write(s, "dies", "second");
  run("10", 128 + SIGKILL);
  sandbox_remove(s, "dies");
  run("11", EX_OK);
  ck_assert_str_eq(sandbox_read(s, "counts"),
                   "shelf opened 0 sent 0\nsecond opened 0 sent 0\n"
                   "shelf opened 1 sent 1\nsecond opened 1 sent 0\n");
}
END_TEST

/* Two readings with the same time are two records, which a receiver must not
 * take for a repetition. */
START_TEST(live_records_of_one_time_have_different_ids)
{
  char seen[512];

  write_pipeline("", "class = live\n");
  for (int i = 1; i <= 2; i++) {
    sandbox_advance(s, INTERVAL);
    sandbox_write(s, "reading.sh",
                  "echo '{\"field\":\"energy\",\"value\":\"%d\","
                  "\"time\":\"2026-11-22T10:00:00Z\"}'\n",
                  i);
    command("run -c p.ini", EX_OK);
  }
  taken_is("energy=1\nenergy=2\n");
  snprintf(seen, sizeof(seen), "%s", sandbox_read(s, "seen"));
  ck_assert_ptr_nonnull(strchr(seen, '\n'));
  check_ids(seen, strchr(seen, '\n') + 1);
}
END_TEST

/* Else a run that is killed then would take the refused value for sent. */
START_TEST(nothing_leaves_before_a_refusal_is_committed)
{
  begin_refusing_usage();
  sandbox_write(s, "full", "%s", "");
  sandbox_write(s, "lose", "after\n");
  run("11", EX_IOERR);
  ck_assert(!sandbox_exists(s, "hit"));
  sandbox_remove(s, "refused");
  sandbox_remove(s, "lose");
  run("13", EX_OK);
  taken_is("energy=10\nusage=1\nenergy=13 usage=2\n");
}
END_TEST

/* The values of conform are 84.208 in most records. */
START_TEST(conform_knows_the_result)
{
  sandbox_write(s, "refused", "84.208\n");
  command("conform ./output_shelf.so", EX_OK);
  sandbox_write(s, "careless", "%s", "");
  command("conform ./output_shelf.so", EX_SOFTWARE);
  err_has("commit gave MP_SET_ASIDE: only a history output may, with "
          "MP_ALL_TARGETS");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("set aside");
  TCase *tc = tcase_create("set aside");

  tcase_set_timeout(tc, 120);
  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, later_rows_are_sent);
  tcase_add_test(tc, rows_of_one_commit_are_set_aside_one_by_one);
  tcase_add_test(tc, failure_lasts_until_retry);
  tcase_add_test(tc, status_counts_and_lists_the_rows);
  tcase_add_test(tc, reason_that_was_not_said_is_not_known);
  tcase_add_test(tc, status_lists_the_rows_as_json);
  tcase_add_test(tc, empty_list_is_said);
  tcase_add_test(tc, rows_of_a_removed_output_are_listed);
  tcase_add_test(tc, discarded_row_is_printed_and_never_sent);
  tcase_add_test(tc, rows_of_a_removed_output_can_be_discarded);
  tcase_add_test(tc, rows_that_cannot_be_printed_are_not_discarded);
  tcase_add_test(tc, retried_row_is_the_same_record);
  tcase_add_test(tc, retried_rows_come_before_later_rows);
  tcase_add_test(tc, row_that_is_refused_again_is_set_aside_again);
  tcase_add_test(tc, retry_refuses_what_is_no_such_output);
  tcase_add_test(tc, retry_needs_the_lock);
  tcase_add_test(tc, retry_waits_until_the_outcome_of_rows_is_known);
  tcase_add_test(tc, kill_before_the_commit_loses_and_doubles_nothing);
  tcase_add_test(tc, oldest_rows_are_dropped_beyond_queue_max);
  tcase_add_loop_test(tc, other_classes_reject, 0, 2);
  tcase_add_test(tc, value_that_write_refuses_gets_another_record);
  tcase_add_test(tc, texts_of_a_plugin_are_committed_with_its_answers);
  tcase_add_test(tc, live_records_of_one_time_have_different_ids);
  tcase_add_test(tc, nothing_leaves_before_a_refusal_is_committed);
  tcase_add_test(tc, conform_knows_the_result);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
