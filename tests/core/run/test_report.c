/* Failures: their lines, their exit status, and their ends. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/run/log.h"
#include "core/run/report.h"
#include "lib/array.h"
#include "lib/clock.h"
#include "tests/support/run_suite.h"

#define IN REPORT_INPUT
#define OTHER REPORT_OTHER

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

struct failure {
  enum report_side side;
  const char *stage; /* NULL: no stage */
  int code;          /* 0: the end of the list */
  const char *object, *text;
};

static struct report *report;
static struct store *store;

/* ---- Standard error ------------------------------------------------------ */

static int stderr_before;
static FILE *captured;

/* Sends standard error to a file; log_setup must see it. */
static void
set_up(void)
{
  stderr_before = dup(STDERR_FILENO);
  captured = tmpfile();
  ck_assert_ptr_nonnull(captured);
  dup2(fileno(captured), STDERR_FILENO);
  log_setup(0);
  report = report_new();
  ck_assert_int_eq(store_open(NULL, NULL, STORE_MEMORY, &store), MP_OK);
  report_use_store(report, store);
}

static void
tear_down(void)
{
  report_free(report);
  store_close(store);
  dup2(stderr_before, STDERR_FILENO);
  close(stderr_before);
  fclose(captured);
}

/* Reads the lines that were written since the last call. */
static void
take_lines(char *buf, size_t size)
{
  ssize_t n = pread(fileno(captured), buf, size - 1, 0);

  ck_assert_int_ge(n, 0);
  buf[n] = '\0';
  ck_assert_int_eq(ftruncate(fileno(captured), 0), 0);
  ck_assert_int_eq(lseek(fileno(captured), 0, SEEK_SET), 0);
}

/* Asserts that exactly LINES were written since the last call. */
static void
assert_lines(const char *lines)
{
  char text[8192];

  take_lines(text, sizeof(text));
  ck_assert_str_eq(text, lines);
}

/* ---- Cycles -------------------------------------------------------------- */

static void
report_all(const struct failure *f)
{
  for (; f->code; f++)
    ck_assert_int_eq(
      report_failure(report, f->side, f->stage, f->code, f->object, f->text),
      f->code);
}

/* The stage "off" was not active, and the object "gone" is not in the pipeline
 * file any more. */
static enum report_object
state_of(void *ctx, const char *stage, const char *object)
{
  (void)ctx;
  if (strcmp(stage, "off") == 0)
    return REPORT_UNKNOWN;
  return strcmp(object, "gone") == 0 ? REPORT_GONE : REPORT_REACHED;
}

static void
end_cycle(void)
{
  report_end_cycle(report, state_of, NULL);
}

/* ---- The lines and the exit status of one cycle -------------------------- */

static const struct {
  const char *name;
  struct failure failures[4];
  const char *lines;
  int status;
} cycles[] = {
  { "no failure", { { 0 } }, "", EX_OK },
  { "no stage",
    { { OTHER, NULL, MP_EIO, NULL, "no disk" } },
    "error: no disk\n",
    EX_IOERR },
  { "a stage",
    { { IN, "meter", MP_EIO, NULL, "no port" } },
    "error: meter: no port\n",
    EX_IOERR },
  { "an object",
    { { OTHER, "server", MP_EREFUSED, "323", "rejected" } },
    "error: server: 323: rejected\n",
    EX_UNAVAILABLE },
  { "an object without a stage",
    { { OTHER, NULL, MP_EPERM, "the state", "no" } },
    "error: the state: no\n",
    EX_NOPERM },
  { "one failure twice",
    { { OTHER, "server", MP_EAGAIN, NULL, "away" },
      { OTHER, "server", MP_EAGAIN, NULL, "away" } },
    "error: server: away\n",
    EX_TEMPFAIL },
  { "another number in the text",
    { { IN, "meter", MP_ETIMEOUT, NULL, "no reply in 2000 ms" },
      { IN, "meter", MP_ETIMEOUT, NULL, "no reply in 1998.5 ms" } },
    "error: meter: no reply in 2000 ms\n"
    "error: meter: no reply in 1998.5 ms\n",
    EX_PROTOCOL },
  { "another whole number in the text",
    { { IN, "meter", MP_ETIMEOUT, NULL, "no reply in 2000 ms" },
      { IN, "meter", MP_ETIMEOUT, NULL, "no reply in 98 ms" } },
    "error: meter: no reply in 2000 ms\n",
    EX_PROTOCOL },
  { "another name in the text",
    { { IN, "meter", MP_EDATA, NULL, "no heat_energy_e1" },
      { IN, "meter", MP_EDATA, NULL, "no heat_energy_e2" } },
    "error: meter: no heat_energy_e1\n"
    "error: meter: no heat_energy_e2\n",
    EX_DATAERR },
  { "another register in the text",
    { { IN, "meter", MP_EDATA, NULL, "no register 60" },
      { IN, "meter", MP_EDATA, NULL, "no register 68" } },
    "error: meter: no register 60\n"
    "error: meter: no register 68\n",
    EX_DATAERR },
  { "another number in the object",
    { { OTHER, "server", MP_EREFUSED, "323", "rejected" },
      { OTHER, "server", MP_EREFUSED, "324", "rejected" } },
    "error: server: 323: rejected\n"
    "error: server: 324: rejected\n",
    EX_UNAVAILABLE },
  { "another stage",
    { { OTHER, "a", MP_EAGAIN, NULL, "away" },
      { OTHER, "b", MP_EAGAIN, NULL, "away" } },
    "error: a: away\n"
    "error: b: away\n",
    EX_TEMPFAIL },
  { "another code",
    { { OTHER, "a", MP_EAGAIN, NULL, "away" },
      { OTHER, "a", MP_EIO, NULL, "away" } },
    "error: a: away\n"
    "error: a: away\n",
    EX_IOERR },
  { "a line end in the text",
    { { OTHER, "a", MP_EIO, "b\n", "c\nd" } },
    "error: a: b?: c d\n",
    EX_IOERR },
};

START_TEST(cycle_has_lines_and_a_status)
{
  report_all(cycles[_i].failures);
  assert_lines(cycles[_i].lines);
  ck_assert_int_eq(report_status(report), cycles[_i].status);
}
END_TEST

START_TEST(formatted_failure_is_the_same_failure)
{
  report_failure(report, OTHER, "a", MP_EIO, "b", "c 1 d");
  ck_assert_int_eq(
    report_failuref(report, OTHER, "a", MP_EIO, "b", "c %d %s", 2, "d"),
    MP_EIO);
  assert_lines("error: a: b: c 1 d\n");
}
END_TEST

/* Without a state, nothing is known of the failures that were reported. */
START_TEST(without_a_store_each_failure_is_reported)
{
  report_use_store(report, NULL);
  for (int i = 0; i < 2; i++) {
    report_failure(report, OTHER, "a", MP_EIO, NULL, "no disk");
    end_cycle();
  }
  assert_lines("error: a: no disk\n"
               "error: a: no disk\n");
}
END_TEST

/* The user of -v wants to see all failures. */
START_TEST(with_v_each_failure_is_reported)
{
  log_setup(1);
  for (int i = 0; i < 2; i++)
    report_failure(report, OTHER, "a", MP_EIO, NULL, "no disk");
  assert_lines("error: a: no disk\n"
               "error: a: no disk\n");
}
END_TEST

/* ---- Exit statuses ------------------------------------------------------- */

static const struct {
  int code, of_input, of_other;
} statuses[] = {
  { MP_ECONFIG, EX_CONFIG, EX_CONFIG },
  { MP_EPERM, EX_NOPERM, EX_NOPERM },
  { MP_EINTERNAL, EX_SOFTWARE, EX_SOFTWARE },
  { MP_ENOMEM, EX_OSERR, EX_OSERR },
  { MP_EIO, EX_IOERR, EX_IOERR },
  { MP_ECREATE, EX_CANTCREAT, EX_CANTCREAT },
  { MP_ENOINPUT, EX_NOINPUT, EX_NOINPUT },
  { MP_ETIMEOUT, EX_PROTOCOL, EX_TEMPFAIL },
  { MP_EPROTO, EX_PROTOCOL, EX_TEMPFAIL },
  { MP_EDATA, EX_DATAERR, EX_DATAERR },
  { MP_ERANGE, EX_DATAERR, EX_DATAERR },
  { MP_EREFUSED, EX_UNAVAILABLE, EX_UNAVAILABLE },
  { MP_EBUSY, EX_TEMPFAIL, EX_TEMPFAIL },
  { MP_EAGAIN, EX_TEMPFAIL, EX_TEMPFAIL },
  { MP_ECANCELED, EX_TEMPFAIL, EX_TEMPFAIL },
  { -1000, EX_SOFTWARE, EX_SOFTWARE },
};

START_TEST(code_has_a_status)
{
  ck_assert_int_eq(report_exit_status(IN, statuses[_i].code),
                   statuses[_i].of_input);
  ck_assert_int_eq(report_exit_status(OTHER, statuses[_i].code),
                   statuses[_i].of_other);
}
END_TEST

/* As in meterpipe(1), EXIT STATUS. */
static const int order[] = { 78, 77, 70, 71, 74, 73, 66, 76, 65, 69, 75, 0 };

START_TEST(strongest_status_wins)
{
  for (size_t weak = 0; weak < ARRAY_SIZE(order); weak++)
    for (size_t strong = 0; strong <= weak; strong++)
      for (int swapped = 0; swapped < 2; swapped++) {
        struct report *two = report_new();

        report_note_status(two, order[swapped ? weak : strong]);
        report_note_status(two, order[swapped ? strong : weak]);
        ck_assert_int_eq(report_status(two), order[strong]);
        report_free(two);
      }
}
END_TEST

/* A failure that is not reported again has the same exit status. */
START_TEST(repeated_failure_has_its_status)
{
  struct report *next = report_new();

  report_failure(report, OTHER, "a", MP_EREFUSED, NULL, "no");
  end_cycle();
  assert_lines("error: a: no\n");
  report_use_store(next, store);
  report_failure(next, OTHER, "a", MP_EREFUSED, NULL, "no");
  assert_lines("");
  ck_assert_int_eq(report_status(next), EX_UNAVAILABLE);
  report_free(next);
}
END_TEST

/* ---- Repeated failures --------------------------------------------------- */

/* A failure of an earlier run: it began SINCE ago and was last reported
 * REPORTED ago.  Does this run report it? */
static const struct {
  int64_t since, reported;
  bool is_news;
} repetitions[] = {
  { MINUTE, MINUTE, false },
  { 21 * HOUR, 21 * HOUR, false },
  { 22 * HOUR, 22 * HOUR, true }, /* a daily run may start a little early */
  { 25 * HOUR, 25 * HOUR, true },
  { 25 * HOUR, HOUR, false },
  { 45 * HOUR, 23 * HOUR, false },
  { 46 * HOUR, 24 * HOUR, true },
  { 1000 * HOUR, 999 * HOUR, true },
  { -HOUR, -HOUR, true }, /* the clock was set back */
};

static void
put_failure(const char *stage, const char *key, int64_t since, int64_t reported)
{
  int64_t now = clock_now_ms();
  char body[96];

  snprintf(body, sizeof(body), "%lld %lld no disk", (long long)(now - since),
           (long long)(now - reported));
  store_put(store, STORE_FAILURE, stage, key, body);
}

START_TEST(failure_is_reported_once_a_day)
{
  put_failure("a", "b\t-5 no disk", repetitions[_i].since,
              repetitions[_i].reported);
  report_failure(report, OTHER, "a", MP_EIO, "b", "no disk");
  assert_lines(repetitions[_i].is_news ? "error: a: b: no disk\n" : "");
  end_cycle();
  assert_lines("");
}
END_TEST

START_TEST(failure_with_a_damaged_entry_is_reported)
{
  store_put(store, STORE_FAILURE, "a", "b\t-5 no disk", "yesterday");
  report_failure(report, OTHER, "a", MP_EIO, "b", "no disk");
  assert_lines("error: a: b: no disk\n");
  report_failure(report, OTHER, "a", MP_EIO, "b", "no disk");
  assert_lines("");
}
END_TEST

/* ---- Ends of failures ---------------------------------------------------- */

/* A failure in the state, and a cycle with the failures NOW. */
static const struct {
  const char *name;
  const char *stage, *key;
  int64_t since;
  struct failure now[2];
  const char *lines;
  bool is_kept; /* the state still has it */
} ends[] = {
  { "of an object",
    "a",
    "b\t-5 no disk",
    90 * MINUTE,
    { { 0 } },
    "notice: a: b: works again after 1 h 30 min\n",
    false },
  { "of a stage",
    "a",
    "\t-5 no disk",
    5 * HOUR,
    { { 0 } },
    "notice: a: works again after 5 h\n",
    false },
  { "without a stage",
    "",
    "\t-5 no disk",
    5 * HOUR,
    { { 0 } },
    "notice: works again after 5 h\n",
    false },
  { "after the clock was set back",
    "a",
    "b\t-5 no disk",
    -HOUR,
    { { 0 } },
    "notice: a: b: works again\n",
    false },
  { "it continues",
    "a",
    "b\t-5 no disk",
    HOUR,
    { { OTHER, "a", MP_EIO, "b", "no disk" } },
    "",
    true },
  { "another reason",
    "a",
    "b\t-5 no disk",
    HOUR,
    { { OTHER, "a", MP_EAGAIN, "b", "away" } },
    "error: a: b: away\n",
    true },
  { "another object fails",
    "a",
    "b\t-5 no disk",
    HOUR,
    { { OTHER, "a", MP_EIO, "c", "no disk" } },
    "error: a: c: no disk\n"
    "notice: a: b: works again after 1 h\n",
    false },
  { "an object whose name begins like it fails",
    "a",
    "b\t-5 no disk",
    HOUR,
    { { OTHER, "a", MP_EIO, "bb", "no disk" } },
    "error: a: bb: no disk\n"
    "notice: a: b: works again after 1 h\n",
    false },
  { "the stage was not reached",
    "off",
    "b\t-5 no disk",
    HOUR,
    { { 0 } },
    "",
    true },
  { "the object is gone", "a", "gone\t-5 no disk", HOUR, { { 0 } }, "", false },
};

START_TEST(end_of_a_failure_is_reported)
{
  put_failure(ends[_i].stage, ends[_i].key, ends[_i].since, ends[_i].since);
  report_all(ends[_i].now);
  end_cycle();
  assert_lines(ends[_i].lines);
  ck_assert_int_eq(
    !!store_get(store, STORE_FAILURE, ends[_i].stage, ends[_i].key),
    ends[_i].is_kept);
}
END_TEST

START_TEST(end_is_reported_once)
{
  put_failure("a", "b\t-5 no disk", HOUR, HOUR);
  end_cycle();
  assert_lines("notice: a: b: works again after 1 h\n");
  end_cycle();
  assert_lines("");
}
END_TEST

/* Of several failures of one object, the oldest gives the duration. */
START_TEST(object_with_several_failures_works_again_once)
{
  put_failure("a", "b\t-14 away", 2 * HOUR, HOUR);
  put_failure("a", "b\t-5 no disk", 3 * HOUR, HOUR);
  put_failure("a", "b\t-12 rejected", HOUR, HOUR);
  end_cycle();
  assert_lines("notice: a: b: works again after 3 h\n");
  ck_assert_ptr_null(store_get(store, STORE_FAILURE, "a", "b\t-14 away"));
  ck_assert_ptr_null(store_get(store, STORE_FAILURE, "a", "b\t-12 rejected"));
}
END_TEST

START_TEST(failure_after_its_end_is_reported_again)
{
  put_failure("a", "b\t-5 no disk", HOUR, HOUR);
  report_failure(report, OTHER, "a", MP_EIO, "b", "no disk");
  end_cycle();
  assert_lines("");
  end_cycle();
  assert_lines("notice: a: b: works again after 1 h\n");
  report_failure(report, OTHER, "a", MP_EIO, "b", "no disk");
  assert_lines("error: a: b: no disk\n");
}
END_TEST

/* ---- Limits -------------------------------------------------------------- */

/* N failures of objects of the stage "a", whose LINES lines are printed; then
 * one of the stage "b". */
static const struct {
  int verbosity;
  bool is_limited;
  int n, lines;
  const char *left_out; /* the line at the end of the run */
} limits[] = {
  { 0, true, 19, 19, "" },
  { 0, true, 20, 20, "" },
  { 0, true, 22, 20,
    "error: a: and 2 more failures: run with -v to see all of them\n" },
  { 0, false, 22, 22, "" },
  { 1, true, 22, 22, "" },
};

static void
fail_objects(int n)
{
  char object[16];

  for (int i = 0; i < n; i++) {
    snprintf(object, sizeof(object), "%d", i);
    report_failure(report, OTHER, "a", MP_EREFUSED, object, "no");
  }
}

/* Appends a line for each of the first N objects of the stage "a". */
static void
expect_objects(char *expected, int n, const char *head, const char *end)
{
  for (int i = 0; i < n; i++)
    sprintf(expected + strlen(expected), "%s: a: %d: %s\n", head, i, end);
}

START_TEST(stage_prints_a_limited_number_of_failures)
{
  char expected[4096] = "";

  log_setup(limits[_i].verbosity);
  if (limits[_i].is_limited)
    report_limit_lines(report);
  fail_objects(limits[_i].n);
  report_failure(report, OTHER, "b", MP_EIO, NULL, "no disk");
  expect_objects(expected, limits[_i].lines, "error", "no");
  strcat(expected, "error: b: no disk\n");
  assert_lines(expected);
  report_end_run(report);
  assert_lines(limits[_i].left_out);
  report_end_run(report); /* nothing was left out since then */
  assert_lines("");
}
END_TEST

/* The failures whose lines were left out end, too. */
START_TEST(stage_prints_a_limited_number_of_ends)
{
  char lines[8192];
  int n = 0;

  report_limit_lines(report);
  fail_objects(25);
  end_cycle();
  report_end_run(report);
  take_lines(lines, sizeof(lines));
  end_cycle();
  take_lines(lines, sizeof(lines));
  for (const char *p = lines; *p; p = strchr(p, '\n') + 1, n++)
    ck_assert_ptr_nonnull(strstr(p, ": works again after "));
  ck_assert_int_eq(n, 20);
  report_end_run(report);
  assert_lines("notice: a: and 5 more work again\n");
}
END_TEST

/* A failure whose line was left out counts as reported. */
START_TEST(line_that_was_left_out_is_not_printed_later)
{
  char lines[8192];

  report_limit_lines(report);
  fail_objects(25);
  report_end_run(report);
  take_lines(lines, sizeof(lines));
  fail_objects(25);
  assert_lines("");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("report");
  TCase *tc = tcase_create("report");

  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_loop_test(tc, cycle_has_lines_and_a_status, 0,
                      (int)ARRAY_SIZE(cycles));
  tcase_add_test(tc, formatted_failure_is_the_same_failure);
  tcase_add_test(tc, without_a_store_each_failure_is_reported);
  tcase_add_test(tc, with_v_each_failure_is_reported);
  tcase_add_loop_test(tc, code_has_a_status, 0, (int)ARRAY_SIZE(statuses));
  tcase_add_test(tc, strongest_status_wins);
  tcase_add_test(tc, repeated_failure_has_its_status);
  tcase_add_loop_test(tc, failure_is_reported_once_a_day, 0,
                      (int)ARRAY_SIZE(repetitions));
  tcase_add_test(tc, failure_with_a_damaged_entry_is_reported);
  tcase_add_loop_test(tc, end_of_a_failure_is_reported, 0,
                      (int)ARRAY_SIZE(ends));
  tcase_add_test(tc, end_is_reported_once);
  tcase_add_test(tc, object_with_several_failures_works_again_once);
  tcase_add_test(tc, failure_after_its_end_is_reported_again);
  tcase_add_loop_test(tc, stage_prints_a_limited_number_of_failures, 0,
                      (int)ARRAY_SIZE(limits));
  tcase_add_test(tc, stage_prints_a_limited_number_of_ends);
  tcase_add_test(tc, line_that_was_left_out_is_not_printed_later);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
