/*
 * exec: values are read from the lines that a command prints; an error names
 * the wrong line.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/run_suite.h"

static struct sandbox *s;

static void
build(void)
{
  s = sandbox_new();
}

static void
leave(void)
{
  sandbox_free(s);
}

#define PRINTED "error: meter: sh: line 1 of its output "

static const struct {
  const char *script;
  int status;
  const char *out, *err;
} input_rows[] = {
  { "echo '{\"field\":\"a\",\"value\":\"1.50\",\"unit\":\"kW\"}'", EX_OK,
    "meter.a 1.50 kW\n", "" },
  { "echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
    "echo '{\"field\":\"a\",\"value\":\"2\"}'",
    EX_OK, "meter.a 2\n", "" },
  { "echo '{\"field\":\"a\",\"value\":\"1\"}'; echo look >&2", EX_OK,
    "meter.a 1\n", "notice: meter: sh: look\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\"}'; echo asleep >&2; exit 75",
    EX_TEMPFAIL, "", "error: meter: sh: ended with status 75: asleep\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\"}'; exit 1", EX_IOERR, "",
    "error: meter: sh: ended with status 1\n" },
  { "kill -9 $$", EX_PROTOCOL, "",
    "error: meter: sh: was killed by signal 9\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1e3\"}'", EX_PROTOCOL, "",
    "error: meter: sh: line 1 of its output has a value that is not a "
    "decimal "
    "number, such as \"17.50\"\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"kind\":\"sum\"}'", EX_PROTOCOL,
    "",
    "error: meter: sh: line 1 of its output has a kind other than "
    "counter, gauge and delta\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"time\":\"now\"}'", EX_PROTOCOL,
    "",
    "error: meter: sh: line 1 of its output has a time that is not "
    "written "
    "as 2026-11-22T10:00:00Z\n" },
  { "echo '{\"field\":\"A b\",\"value\":\"1\"}'", EX_PROTOCOL, "",
    "error: meter: sh: line 1 of its output has a field name with characters "
    "other than a-z, 0-9, _ . and -\n" },
  { "echo '{\"value\":\"1\"}'", EX_PROTOCOL, "",
    "error: meter: sh: line 1 of its output has no field\n" },
  { "echo '{\"field\":\"a\",\"value\":[1]}'", EX_PROTOCOL, "",
    "error: meter: sh: line 1 of its output holds a value that is not a "
    "text, "
    "number, true, false or null\n" },
  { "printf '{\"field\":\"a\",\"text\":\"\\377\"}'", EX_PROTOCOL, "",
    PRINTED "is not UTF-8\n" },
  { "printf '{\"field\":\"a\",\"text\":\"%s\"}' '\\u001b[31m'", EX_PROTOCOL, "",
    PRINTED "has a text with line ends or other control characters\n" },
  { "printf '{\"field\":\"a\",\"text\":\"%s\"}' '\\u009b31m'", EX_PROTOCOL, "",
    PRINTED "has a text with line ends or other control characters\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"unit\":\"l|h\"}'", EX_PROTOCOL,
    "",
    PRINTED "has a unit or a serial number that contains | or is longer than "
            "199 bytes\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"unit\":\"GJ \"}'", EX_PROTOCOL,
    "", PRINTED "has a unit with a blank at its beginning or end\n" },
  { "echo '{\"serial\":\"1|2\"}'", EX_PROTOCOL, "",
    PRINTED "has a unit or a serial number that contains | or is longer than "
            "199 bytes\n" },
  { "printf '{\"field\":\"a\",\"value\":1,\"serial\":\"%0200d\"}' 0",
    EX_PROTOCOL, "",
    PRINTED "has a unit or a serial number that contains | or is longer than "
            "199 bytes\n" },
  { "printf '{\"field\":\"a\",\"text\":\"%s\"}' '\\ud800'", EX_PROTOCOL, "",
    PRINTED "holds a text that is not a JSON string\n" },
  { "printf '{\"field\":\"a\",\"value\":\"1\"}\\0{}\\n'", EX_PROTOCOL, "",
    "error: meter: sh: printed a NUL byte; all its output was discarded\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"value\":\"2\"}'", EX_PROTOCOL, "",
    PRINTED "has a member twice\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"text\":\"x\"}'", EX_PROTOCOL, "",
    PRINTED "has both a value and a text\n" },
  { "echo '{\"field\":\"a\",\"vlaue\":\"1\"}'", EX_PROTOCOL, "",
    PRINTED "has neither value nor text; use null for a missing value\n" },
  { "echo '{\"field\":\"a\",\"value\":NaN}'", EX_PROTOCOL, "",
    PRINTED "holds a value that is not a text, number, true, false or null\n" },
  { "echo '{\"field\":\"a\",\"value\":1e999999}'", EX_PROTOCOL, "",
    PRINTED "has a value that is not a decimal number, such as \"17.50\"\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\","
    "\"time\":\"2026-11-22T10:00:00\"}'",
    EX_PROTOCOL, "",
    PRINTED "has a time that is not written as 2026-11-22T10:00:00Z\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\","
    "\"time\":\"0001-01-01T00:00:00Z\"}'",
    EX_PROTOCOL, "",
    PRINTED "has a time before 1970: leave it out for the current time\n" },
  { "printf '{\"field\":\"a\",\"value\":\"1\"}\\n{\"field\":\"b\",\"val'",
    EX_PROTOCOL, "",
    "error: meter: sh: line 2 of its output holds a text that is not a JSON "
    "string\n" },
  { "yes '{\"field\":\"a\",\"value\":\"1\"}' | head -c 5000000", EX_PROTOCOL,
    "", "error: meter: sh: printed more than 4 MiB; it was stopped\n" },
  { ":", EX_OK, "", "" },
};

START_TEST(lines_of_a_command_are_values)
{
  sandbox_write(s, "read.sh", "%s\n", input_rows[_i].script);
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\ncommand = sh read.sh\n"
                "[output table]\nplugin = stdout\nformat = line\n");
  sandbox_run(s, "run -c p.ini");
  exec_check(s, input_rows[_i].status, input_rows[_i].err);
  ck_assert_str_eq(sandbox_out(s), input_rows[_i].out);
}
END_TEST

/* A field that an output names and the command does not print is reported; null
 * counts as printed. */
START_TEST(wanted_field_missing_from_the_output_is_reported)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[output table]\nplugin = stdout\nformat = line\n"
                           "field.a = meter.a\nfield.b = meter.b\n"
                           "field.c = meter.c\n");
  sandbox_write(s, "reading",
                "{\"field\":\"a\",\"value\":\"1\"}\n"
                "{\"field\":\"b\",\"value\":null}\n"
                "{\"field\":\"C\",\"value\":\"1\"}\n");
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_PROTOCOL,
             "error: meter: cat: line 3 of its output has a field name with "
             "characters other than a-z, 0-9, _ . and -\n");
  sandbox_write(s, "reading",
                "{\"field\":\"a\",\"value\":\"1\"}\n"
                "{\"field\":\"b\",\"value\":null}\n");
  sandbox_run(s, "run -c p.ini");
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s), "error: meter: c: cat did not print this field\n"));
  ck_assert_ptr_null(strstr(sandbox_err(s), "meter: b"));
  ck_assert_int_eq(sandbox_status(s), EX_DATAERR);
  ck_assert_str_eq(sandbox_out(s), "a 1\n");
}
END_TEST

START_TEST(slow_command_is_killed_and_other_inputs_are_delivered)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[input slow]\nplugin = exec\ncommand = sleep 60\n"
                           "timeout = 100ms\n"
                           "[output table]\nplugin = stdout\nformat = line\n");
  exec_run(s, "84.208");
  exec_check(s, EX_PROTOCOL,
             "error: slow: sleep: was still running at its time limit, and was "
             "stopped\n");
  ck_assert_str_eq(sandbox_out(s), "meter.energy 84.208 GJ\n");
}
END_TEST

/* ---- Too much, or not all ---- */

/* The command is ended at once, and not at its timeout half a minute later. */
START_TEST(command_that_prints_too_much_is_killed_at_once)
{
  time_t begun = time(NULL);

  sandbox_write(s, "read.sh", "echo $$ >pid\nyes\n");
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\ncommand = sh read.sh\n"
                "[output table]\nplugin = stdout\n");
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_PROTOCOL,
             "error: meter: sh: printed more than 4 MiB; it was stopped\n");
  ck_assert_str_eq(sandbox_out(s), "");
  ck_assert_int_lt(time(NULL) - begun, 20);
}
END_TEST

/* The library that makes calls fail has its own allocator, with which
 * ThreadSanitizer does not start. */
#ifdef __SANITIZE_THREAD__
#define CAN_SPOIL 0
#else
#define CAN_SPOIL 1
#endif

/* The pipe fails after the first value: no value counts. */
START_TEST(partly_read_output_of_a_command_is_discarded)
{
  sandbox_write(s, "read.sh",
                "echo '{\"field\":\"a\",\"value\":\"1\"}'\nsleep 0.2\n"
                "echo '{\"field\":\"b\",\"value\":\"2\"}'\nexit 0\n");
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\ncommand = sh read.sh\n"
                "[output table]\nplugin = stdout\nformat = line\n");
  exec_spoil(s, "\"b\"", EIO);
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_IOERR,
             "error: meter: sh: cannot read its output: Input/output error; it "
             "was stopped\n");
  ck_assert_str_eq(sandbox_out(s), "");
}
END_TEST

static Suite *
exec_input_suite(void)
{
  Suite *suite = suite_create("exec input");
  TCase *tc = tcase_create("command");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, lines_of_a_command_are_values, 0,
                      ARRAY_SIZE(input_rows));
  tcase_add_test(tc, wanted_field_missing_from_the_output_is_reported);
  tcase_add_test(tc, slow_command_is_killed_and_other_inputs_are_delivered);
  tcase_add_test(tc, command_that_prints_too_much_is_killed_at_once);
  tcase_add_loop_test(tc, partly_read_output_of_a_command_is_discarded, 0,
                      CAN_SPOIL);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(exec_input_suite());
}
