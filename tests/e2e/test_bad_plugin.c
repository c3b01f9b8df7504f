/*
 * Plugins that break the contract: a run comes to its end, and reports the
 * violation in a line.
 */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/e2e/bad_sandbox.h"
#include "tests/support/run_suite.h"

static struct sandbox *s;

static void
build(void)
{
  s = bad_sandbox_new();
}

static void
leave(void)
{
  sandbox_free(s);
}

static void
check(int status, const char *out, const char *err)
{
  bad_check(s, status, out, err);
}

/* ---- A run ---- */

#define GAVE(what) "error: bad: place.1: the plugin's fetch gave " what "\n"

static const struct {
  const char *bad;
  int status;
  const char *err;
} run_rows[] = {
  { "", EX_OK, "" },
  { "newer", EX_OK, "" },
  { "ops-no-begin", EX_OK, "" },
  { "open-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's open returned 77, which is not a valid "
    "result\n" },
  { "open-outcome", EX_SOFTWARE,
    "error: bad: the plugin's open returned 2, which is not a valid result\n" },
  { "write-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's write returned -99, which is not a valid "
    "result\n" },
  { "fetch-exponent", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave a value with an exponent out "
    "of range\n" },
  { "fetch-text", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave a text that is not clean "
    "UTF-8\n" },
  { "fetch-target", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that does not exist\n" },
  { "fetch-answer", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that does not exist\n" },
  { "fetch-no-value", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave MP_SHOWN_VALUE without a "
    "value\n" },
  { "fetch-small", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that does not exist\n" },
  { "fetch-step", EX_SOFTWARE, GAVE("a step out of range") },
  { "fetch-step-below", EX_SOFTWARE, GAVE("a step out of range") },
  { "fetch-place", EX_SOFTWARE, GAVE("a place out of range") },
  { "fetch-twice", EX_SOFTWARE, GAVE("a place out of range") },
  { "fetch-updated", EX_SOFTWARE,
    GAVE("a time of last update that is not clean UTF-8 or is too long") },
  { "fetch-wait", EX_SOFTWARE, GAVE("a wait_ms of more than an hour") },
  { "fetch-unit", EX_SOFTWARE,
    GAVE("a unit that is not clean UTF-8, is too long, or has \"|\" in it or a "
         "blank at its beginning or end") },
  { "commit-result", EX_SOFTWARE,
    "error: bad: the plugin gave the result 9, which does not exist\n" },
  { "commit-silent", EX_IOERR,
    "error: bad: the plugin's commit failed (-5) and did not say why\n" },
  { "commit-outcome", EX_SOFTWARE,
    "error: bad: the plugin's commit returned 2, which is not a valid "
    "result\n" },
  { "commit-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's commit returned 9, which is not a valid "
    "result\n" },
};

/* The run serves the other output, too. */
START_TEST(bad_plugin_does_not_bring_the_run_down)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output bad]\nplugin = ./output_bad.so\nplace.1 = meter.a\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\n");
  sandbox_setenv(s, "BAD", run_rows[_i].bad);
  sandbox_run(s, "run -c p.ini");
  check(run_rows[_i].status, "a 1\n", run_rows[_i].err);
}
END_TEST

static unsigned
count(const char *text, const char *what)
{
  unsigned n = 0;

  for (text = strstr(text, what); text; text = strstr(text + 1, what))
    n++;
  return n;
}

/* ---- Ends of the process ---- */

#define RUN_ENDED "error: bad: the plugin ended the process from its "

static const struct {
  const char *plugin, *bad, *out, *err;
} end_rows[] = {
  { "output", "commit-calls-exit", "a 1\n", RUN_ENDED "commit\n" },
  { "output", "commit-calls-quick-exit", "a 1\n", RUN_ENDED "commit\n" },
  { "output", "commit-calls-pthread-exit", "a 1\n", RUN_ENDED "commit\n" },
  { "output", "destroy-calls-exit", "a 1\n", RUN_ENDED "destroy\n" },
  { "output", "table-calls-exit", "", "error: a plugin ended the process\n" },
  { "input", "field-calls-exit", "", RUN_ENDED "field\n" },
  { "input", "read-calls-exit", "", RUN_ENDED "read\n" },
  { "input", "read-calls-quick-exit", "", RUN_ENDED "read\n" },
  /* The other inputs continue, and the run does not wait for the deadline. */
  { "input", "read-calls-pthread-exit", "a 1\n",
    "error: bad: the plugin ended the thread of its read\n" },
};

START_TEST(plugin_that_ends_the_process_is_named)
{
  bool is_input = strcmp(end_rows[_i].plugin, "input") == 0;
  time_t begun = time(NULL);

  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[%s bad]\nplugin = ./%s_bad.so\n%s"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\n%s",
                end_rows[_i].plugin, end_rows[_i].plugin,
                is_input ? "" : "place.1 = meter.a\n",
                is_input ? "field.b = bad.a\n" : "");
  sandbox_setenv(s, "BAD", end_rows[_i].bad);
  sandbox_run(s, "run -c p.ini");
  check(EX_SOFTWARE, end_rows[_i].out, end_rows[_i].err);
  ck_assert_int_lt(time(NULL) - begun, 30); /* the deadline is 60 s */
}
END_TEST

/* ---- Deliveries that fail ---- */

/* The classes to which a row applies.  KEEPS: append and history, whose rows
 * are kept in a queue. */
enum { KEEPS = 1, LIVE = 2, LATEST = 4, ALL = KEEPS | LIVE | LATEST };

#define SILENT(what, of_what, kept)                                            \
  "error: bad: the plugin gave " what " for " of_what                          \
  " and did not say why; " kept "\n"
#define SILENT_ROWS(status, bad, what)                                         \
  { LATEST, bad, status, 2,                                                    \
    SILENT(what, "place.1, place.2", "the pending values are kept") },         \
    { KEEPS, bad, status, 1,                                                   \
      SILENT(what, "1 of 1 records", "the rows are kept") },                   \
  {                                                                            \
    LIVE, bad, status, 0,                                                      \
      SILENT(what, "place.1, place.2", "a live output keeps nothing")          \
  }
#define LEFT_OUT(what)                                                         \
  "error: bad: the plugin's fetch left out " what                              \
  " and did not say why; pending values are kept\n"
#define EXPLAINED "error: bad: fails as it was told\n"

static const struct {
  unsigned classes;
  const char *bad;
  int status;
  unsigned waiting; /* values of a latest output, rows of a queue */
  const char *err;
} delivery_rows[] = {
  { ALL, "", EX_OK, 0, "" },
  SILENT_ROWS(EX_TEMPFAIL, "commit-says0", "no result"),
  SILENT_ROWS(EX_TEMPFAIL, "commit-says2", "\"not sent\""),
  SILENT_ROWS(EX_TEMPFAIL, "commit-says3", "\"outcome unknown\""),
  SILENT_ROWS(EX_TEMPFAIL, "commit-says4", "\"retry\""),
  SILENT_ROWS(EX_UNAVAILABLE, "commit-says5", "\"rejected\""),
  /* A failure that the plugin explained is not reported twice. */
  { LATEST, "commit-fails", EX_IOERR, 2, EXPLAINED },
  { KEEPS, "commit-fails", EX_IOERR, 1, EXPLAINED },
  { LATEST, "fetch-none", EX_TEMPFAIL, 1, LEFT_OUT("place.1") },
  { LATEST, "fetch-one", EX_TEMPFAIL, 1, LEFT_OUT("place.2") },
  { LATEST, "fetch-unfit", EX_UNAVAILABLE, 2,
    "error: bad: the plugin's fetch said that place.1, place.2 cannot take "
    "values, but not why; pending values are kept\n" },
  { KEEPS | LIVE, "fetch-none", EX_OK, 0, "" },
  { LATEST, "fetch-skips", EX_OK, 0, "" },
  /* A value that write refuses is rejected, although commit accepts all. */
  { LATEST, "write-fails-10", EX_DATAERR, 1, EXPLAINED },
  { LATEST, "write-fails-11", EX_DATAERR, 1, EXPLAINED },
  { LATEST, "write-fails-1", EX_CONFIG, 1, EXPLAINED },
  { KEEPS | LIVE, "write-fails-10", EX_DATAERR, 0, EXPLAINED },
  /* After any other failure commit, which accepts all, is not called. */
  { LATEST, "write-fails-5", EX_IOERR, 2, EXPLAINED },
  { LATEST, "begin-fails-10", EX_DATAERR, 2, EXPLAINED },
  { KEEPS, "write-fails-5", EX_IOERR, 1, EXPLAINED },
  { KEEPS, "begin-fails-10", EX_DATAERR, 1, EXPLAINED },
  { LIVE, "begin-fails-5", EX_IOERR, 0, EXPLAINED },
};

/* Returns the number of pending values of targets, plus the rows in queues. */
static unsigned
count_waiting(void)
{
  const char *rows, *out;

  sandbox_setenv(s, "BAD", "");
  sandbox_run(s, "status --json -c p.ini");
  out = sandbox_out(s);
  rows = strstr(out, "\"rows\":");
  return count(out, "\"due\":{") +
         (rows ? (unsigned)atoi(rows + strlen("\"rows\":")) : 0);
}

static void
check_delivery(int row, const char *class)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = state-%s\n"
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output bad]\nplugin = ./output_bad.so\nclass = %s\n"
                "place.1 = meter.a\nplace.2 = meter.a\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\n",
                class, class);
  sandbox_setenv(s, "BAD", delivery_rows[row].bad);
  sandbox_run(s, "run -c p.ini");
  check(delivery_rows[row].status, "a 1\n", delivery_rows[row].err);
  ck_assert_uint_eq(count_waiting(), delivery_rows[row].waiting);
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_eq(count_waiting(), 0);
}

/* A run that fails to deliver a value does not end with status 0, and the next
 * run delivers the kept values. */
START_TEST(failed_delivery_is_reported_and_loses_nothing)
{
  unsigned classes = delivery_rows[_i].classes;

  if (classes & LATEST)
    check_delivery(_i, "latest");
  if (classes & LIVE)
    check_delivery(_i, "live");
  if (classes & KEEPS) {
    check_delivery(_i, "append");
    check_delivery(_i, "history");
  }
}
END_TEST

static const struct {
  const char *bad;
  int status;
  const char *out, *err;
} stage_rows[] = {
  { "", EX_OK, "a 1\nb 1\nc 1\n", "" },
  { "read-exponent", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a value with an exponent out of "
    "range\n" },
  { "read-serial", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave a serial number that is not clean text\n" },
  { "read-serial-parts", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave a serial number that is not clean text\n" },
  { "read-serial-long", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave a serial number that is too long\n" },
  { "read-serial-huge", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a serial number that is not clean "
    "UTF-8, is too long, or has \"|\" in it\n" },
  { "read-unit-blank", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a unit that is not clean UTF-8, is too "
    "long, or has \"|\" in it or a blank at its beginning or end\n" },
  { "read-past", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a value with a time before 1970 or "
    "after 9999\n" },
  { "read-future", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a value with a time before 1970 or "
    "after 9999\n" },
  { "read-counter", EX_DATAERR, "a 1\n",
    "error: bad: a: is a counter in this reading, but a gauge in the plugin's "
    "description of its fields: it is left out\n" },
  { "read-no-name", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin emitted a value without a field\n" },
  { "field-open", EX_OK, "a 1\nb 1\nc 1\n", "" },
  { "store-full", EX_OK, "a 1\nb 1\nc 1\n", "" },
  { "store-long", EX_DATAERR, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave store_set a text of more than 64 KiB\n" },
  { "store-text", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave store_set a text that is not clean UTF-8\n" },
  { "store-key", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave store_set a key that is not clean UTF-8, is "
    "empty or is too long\n" },
  { "read-nonsense", EX_SOFTWARE, "a 1\n",
    "error: bad: the plugin's read returned 2, which is not a valid result\n" },
  { "read-end", EX_SOFTWARE, "a 1\n",
    "error: bad: the plugin's read returned 4, which is not a valid result\n" },
  { "read-skip", EX_OK, "a 1\n", "" },
  { "read-silent", EX_IOERR, "a 1\n",
    "error: bad: the plugin's read failed (-5) and did not say why\n" },
  { "apply-exponent", EX_SOFTWARE, "a 1\nb 1\n",
    "error: change: the plugin made a value with an exponent out of range\n" },
  { "apply-nonsense", EX_SOFTWARE, "a 1\nb 1\n",
    "error: change: the plugin's apply returned 4, which is not a valid "
    "result\n" },
  { "apply-holds", EX_DATAERR, "a 1\n",
    "error: change: the plugin's apply held the value and did not say why\n" },
  { "apply-drops", EX_SOFTWARE, "a 1\nb 1\n",
    "error: change: the plugin's apply dropped the value, and no operand is "
    "missing\n" },
  { "apply-rebases", EX_SOFTWARE, "a 1\nb 1\n",
    "error: change: the plugin's apply returned 3, which is not a valid "
    "result\n" },
  { "apply-limit", EX_OK, "a 1\nb 1\nc 17.50\n", "" },
};

/* Only the values of the bad input or transform are missing. */
START_TEST(bad_input_or_transform_does_not_bring_the_run_down)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[input bad]\nplugin = ./input_bad.so\n"
                "[transform change]\nplugin = ./transform_bad.so\n"
                "value = bad.a\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\nfield.b = bad.a\nfield.c = change\n");
  sandbox_setenv(s, "BAD", stage_rows[_i].bad);
  sandbox_run(s, "run -c p.ini");
  check(stage_rows[_i].status, stage_rows[_i].out, stage_rows[_i].err);
}
END_TEST

/* The row stays in the queue. */
START_TEST(token_without_an_end_is_refused)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output bad]\nplugin = ./output_bad.so\nclass = append\n"
                "place.1 = meter.a\n");
  sandbox_setenv(s, "BAD", "token-endless");
  sandbox_run(s, "run -c p.ini");
  check(EX_SOFTWARE, "",
        "error: bad: the plugin's token is not a line of clean UTF-8 that ends "
        "within 512 bytes\n");
  sandbox_run(s, "status -c p.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "1 row"));
}
END_TEST

/* The input's other fields are delivered. */
START_TEST(names_of_unrequested_fields_are_checked)
{
  sandbox_write(s, "p.ini",
                "[input bad]\nplugin = ./input_bad.so\n"
                "[output table]\nplugin = stdout\nformat = line\n");
  sandbox_setenv(s, "BAD", "read-name");
  sandbox_run(s, "run -c p.ini");
  check(EX_SOFTWARE, "bad.a 1\n",
        "error: bad: the plugin emitted a field whose name has characters "
        "other than a-z, 0-9, _ . and -, or is too long\n");
}
END_TEST

/* Nothing is read or delivered if an instance cannot be created. */
static const struct {
  const char *bad;
  int status;
  const char *err;
} create_rows[] = {
  { "create-silent", EX_CONFIG,
    "p.ini:4: the plugin's create failed (-1) and did not say why\n" },
  { "create-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's create returned 2, which is not a valid "
    "result\n" },
};

START_TEST(failed_create_ends_the_run_before_reading)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\ncommand = touch read\n"
                "[output bad]\nplugin = ./output_bad.so\nplace.1 = meter.a\n");
  sandbox_setenv(s, "BAD", create_rows[_i].bad);
  sandbox_run(s, "run -c p.ini");
  check(create_rows[_i].status, "", create_rows[_i].err);
  ck_assert(!sandbox_exists(s, "read"));
}
END_TEST

/* A live output keeps no values, so it is left out if it cannot be opened; the
 * other output is served, with a meter and with a capture. */
static const char *const live_inputs[] = {
  "plugin = exec\ncommand = echo '{\"field\":\"heat_energy_e1\","
  "\"value\":\"84.208\",\"unit\":\"GJ\"}'\n",
  "plugin = replay\npath = meter.capture\n",
};

START_TEST(unopenable_live_output_is_skipped)
{
  sandbox_write(s, "meter.capture",
                "< 40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d\n\n"
                "< 40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d\n");
  sandbox_write(s, "p.ini",
                "[input meter]\n%s"
                "[output bad]\nplugin = ./output_bad.so\nclass = live\n"
                "place.1 = meter.heat_energy_e1\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.heat_energy_e1\n",
                live_inputs[_i]);
  sandbox_setenv(s, "BAD", "open-nonsense");
  sandbox_run(s, "run -c p.ini");
  check(
    EX_SOFTWARE, _i ? "a 84.208 GJ\na 84.208 GJ\n" : "a 84.208 GJ\n",
    "error: bad: the plugin's open returned 77, which is not a valid result\n");
}
END_TEST

START_TEST(probe_lists_an_invalid_value_as_null_with_the_reason)
{
  sandbox_setenv(s, "BAD", "probe-exponent");
  sandbox_run(s, "probe ./input_bad.so --json");
  check(
    EX_OK,
    "{\"plugin\":\"bad\",\"answered\":true,\"facts\":[],\"fields\":["
    "{\"field\":\"a\",\"number\":\"1\",\"label\":null,\"value\":null,"
    "\"unit\":null,\"remark\":\"a value with an exponent out of range\"}]}\n",
    "");
}
END_TEST

START_TEST(targets_fails_if_the_output_cannot_be_opened)
{
  sandbox_setenv(s, "BAD", "open-nonsense");
  sandbox_run(s, "targets ./output_bad.so");
  check(
    EX_SOFTWARE, "",
    "error: bad: the plugin's open returned 77, which is not a valid result\n");
}
END_TEST

START_TEST(watch_describes_an_attempt_that_has_no_text)
{
  sandbox_run(s, "probe ./input_bad.so --watch --json");
  check(EX_OK,
        "{\"attempt\":1,\"answered\":true,\"round_trip_ms\":0,"
        "\"what\":\"answers\",\"detail\":null}\n"
        "{\"attempt\":2,\"answered\":false,\"round_trip_ms\":null,"
        "\"what\":\"no reply\",\"detail\":null}\n",
        "");
}
END_TEST

START_TEST(hanging_input_is_abandoned_after_a_signal)
{
  time_t begin = time(NULL);

  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = ./input_bad.so\n"
                "[output out]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\n");
  sandbox_setenv(s, "BAD", "read-hangs");
  sandbox_start(s, "run -c house.ini");
  sleep(1);
  kill(sandbox_pid(s), SIGTERM);
  ck_assert_int_eq(sandbox_wait(s), 75);
  ck_assert_int_lt(time(NULL) - begin, 30); /* the deadline is 60 s */
  ck_assert_str_eq(sandbox_err(s),
                   "error: meter: was still reading when the run "
                   "had to end and was abandoned\n");
}
END_TEST

/* The run abandons the hanging input's thread and delivers the other meter's
 * values. */
START_TEST(hanging_input_is_abandoned_at_the_deadline)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\ndeadline = 1s\n"
                "[input bad]\nplugin = ./input_bad.so\n"
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\nfield.b = bad.b\n");
  sandbox_setenv(s, "BAD", "read-hangs");
  sandbox_run(s, "run -c p.ini");
  check(76, "a 1\n",
        "error: bad: was still reading at the deadline of the cycle and was "
        "abandoned; a longer \"deadline\" in [pipeline] gives it more time\n");
}
END_TEST

/* The plugin's code must stay loaded between two cycles, as its thread runs. */
START_TEST(remaining_thread_of_a_plugin_does_not_crash_the_run)
{
  sandbox_write(s, "p.ini",
                "[input bad]\nplugin = ./input_bad.so\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = bad.a\n");
  sandbox_setenv(s, "BAD", "create-thread");
  sandbox_start(s, "run -c p.ini --every 100ms");
  sleep(1);
  kill(sandbox_pid(s), SIGTERM);
  ck_assert_int_eq(sandbox_wait(s), EX_TEMPFAIL);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "a 1\na 1\n"));
}
END_TEST

/* ---- Many failures of one stage ---- */

static void
write_failing_house(const char *how)
{
  sandbox_write(s, "p.ini",
                "[input bad]\nplugin = ./input_bad.so\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = bad.a\n");
  sandbox_setenv(s, "BAD", how);
}

/* The exit status, the state and "meterpipe status" include all failures. */
START_TEST(stage_prints_twenty_failures_and_how_many_more)
{
  write_failing_house("read-fails-100");
  ck_assert_int_eq(sandbox_run(s, "run -c p.ini"), EX_DATAERR);
  ck_assert_uint_eq(count(sandbox_err(s), ": is damaged\n"), 20);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s),
                               "error: bad: and 80 more failures: "
                               "\"meterpipe status\" lists all of them\n"));
  sandbox_run(s, "status -c p.ini");
  ck_assert_uint_eq(count(sandbox_out(s), "is damaged\n"), 100);
  /* All 100 failures count as reported. */
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -c p.ini");
  check(EX_DATAERR, "", "");
  sandbox_run(s, "run -v -c p.ini");
  ck_assert_uint_eq(count(sandbox_err(s), ": is damaged\n"), 100);
  sandbox_setenv(s, "BAD", "");
  sandbox_run(s, "run -c p.ini");
  ck_assert_uint_eq(count(sandbox_err(s), ": works again after "), 20);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s), "notice: bad: and 80 more work again\n"));
  ck_assert_int_eq(sandbox_status(s), EX_OK);
}
END_TEST

START_TEST(thousands_of_outages_are_listed_and_cleared)
{
  write_failing_house("read-fails-5000");
  ck_assert_int_eq(sandbox_run(s, "run -c p.ini"), EX_DATAERR);
  sandbox_run(s, "status -c p.ini");
  ck_assert_uint_eq(count(sandbox_out(s), "is damaged\n"), 5000);
  sandbox_run(s, "status --json -c p.ini");
  ck_assert_uint_eq(count(sandbox_out(s), "\"reason\":\"is damaged\""), 5000);
  sandbox_setenv(s, "BAD", "");
  ck_assert_int_eq(sandbox_run(s, "run -c p.ini"), EX_OK);
  sandbox_run(s, "status -c p.ini");
  ck_assert_uint_eq(count(sandbox_out(s), "is damaged\n"), 0);
}
END_TEST

START_TEST(plugin_of_the_wrong_kind_is_refused)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = ./output_bad.so\n"
                "[output table]\nplugin = stdout\nfield.a = meter.a\n");
  sandbox_run(s, "check --offline -c p.ini");
  check(EX_CONFIG, "",
        "p.ini:2: ./output_bad.so: the plugin is for a section [output NAME], "
        "not for [input NAME]\n");
}
END_TEST

static Suite *
bad_plugin_suite(void)
{
  Suite *suite = suite_create("bad plugin");
  TCase *tc = tcase_create("plugins");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, bad_plugin_does_not_bring_the_run_down, 0,
                      ARRAY_SIZE(run_rows));
  tcase_add_loop_test(tc, plugin_that_ends_the_process_is_named, 0,
                      ARRAY_SIZE(end_rows));
  tcase_add_loop_test(tc, failed_delivery_is_reported_and_loses_nothing, 0,
                      ARRAY_SIZE(delivery_rows));
  tcase_add_loop_test(tc, bad_input_or_transform_does_not_bring_the_run_down, 0,
                      ARRAY_SIZE(stage_rows));
  tcase_add_test(tc, token_without_an_end_is_refused);
  tcase_add_test(tc, names_of_unrequested_fields_are_checked);
  tcase_add_loop_test(tc, failed_create_ends_the_run_before_reading, 0,
                      ARRAY_SIZE(create_rows));
  tcase_add_loop_test(tc, unopenable_live_output_is_skipped, 0,
                      ARRAY_SIZE(live_inputs));
  tcase_add_test(tc, probe_lists_an_invalid_value_as_null_with_the_reason);
  tcase_add_test(tc, watch_describes_an_attempt_that_has_no_text);
  tcase_add_test(tc, targets_fails_if_the_output_cannot_be_opened);
  tcase_add_test(tc, hanging_input_is_abandoned_at_the_deadline);
  tcase_add_test(tc, hanging_input_is_abandoned_after_a_signal);
  tcase_add_test(tc, remaining_thread_of_a_plugin_does_not_crash_the_run);
  tcase_add_test(tc, stage_prints_twenty_failures_and_how_many_more);
  tcase_add_test(tc, thousands_of_outages_are_listed_and_cleared);
  tcase_add_test(tc, plugin_of_the_wrong_kind_is_refused);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(bad_plugin_suite());
}
