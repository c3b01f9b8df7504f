/*
 * Inputs and transforms that break the contract: conform names the violation.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

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

/* Inputs and transforms that can be loaded, but break the contract. */
static const struct {
  const char *file, *bad, *err;
} other_rows[] = {
  { "input_bad.so", "field-small",
    "fields: list_fields: a field's struct_size is 8: too small" },
  { "input_bad.so", "field-name",
    "fields: list_fields: the field name \"A field\" has characters other than "
    "a-z, 0-9, _ "
    ". and -, or is too long" },
  { "input_bad.so", "field-kind",
    "fields: list_fields: the field \"a\" is of kind 9: use MP_COUNTER ..." },
  { "input_bad.so", "field-null",
    "fields: list_fields gave NULL instead of a field" },
  { "input_bad.so", "field-rate",
    "fields: list_fields: max_rate of the field \"a\" is out of range" },
  { "input_bad.so", "field-label",
    "fields: list_fields: the label or the number of the field \"a\" is not "
    "one line of clean UTF-8" },
  { "input_bad.so", "field-unit",
    "fields: list_fields: a unit of the field \"a\" is not clean UTF-8, is too "
    "long, or has \"|\" in it or a blank at its beginning or end" },
  { "input_bad.so", "field-counter",
    "read: read emitted \"a\" as a gauge, but field describes it as a "
    "counter" },
  { "input_bad.so", "fields-long",
    "fields: default_fields has a word of 1400 bytes: at most 127 are "
    "allowed" },
  { "input_bad.so", "read-null",
    "read: read emitted NULL instead of a value for \"a\"" },
  { "input_bad.so", "read-null-meter",
    "read: read gave NULL instead of facts of the meter" },
  { "input_bad.so", "probe-null",
    "check, identify and probe: probe gave NULL instead of an item" },
  { "input_bad.so", "field-twice",
    "fields: field(\"a\") returned 0 and called the sink 2 times" },
  { "input_bad.so", "field-other",
    "fields: list_fields names \"a\", but field returns \"b\"" },
  { "input_bad.so", "field-unknown",
    "fields: list_fields names \"b\", but field returns \"none\"" },
  { "input_bad.so", "field-code",
    "fields: field(\"\") returned -5: it may return MP_OK or MP_ECONFIG" },
  { "input_bad.so", "list-fails", "fields: list_fields failed" },
  { "input_bad.so", "list-none", "fields: list_fields lists no field" },
  { "input_bad.so", "read-exponent",
    "read: read emitted a value with an exponent out of range for \"a\"" },
  { "input_bad.so", "read-kind",
    "read: read emitted a value of an unknown kind for \"a\"" },
  { "input_bad.so", "read-small",
    "read: read emitted a value whose struct_size is too small for \"a\"" },
  { "input_bad.so", "read-unit",
    "read: read emitted a unit that is not clean UTF-8, is too long, or has "
    "\"|\" in it or a blank at its beginning or end for \"a\"" },
  { "input_bad.so", "read-serial",
    "read: read gave a serial number that is not clean UTF-8, is too long, or "
    "has \"|\" in it" },
  { "input_bad.so", "read-serial-long",
    "read: read gave a serial number that is not clean UTF-8, is too long, or "
    "has \"|\" in it" },
  { "input_bad.so", "read-serial-origin",
    "read: read gave a serial number of the origin 7: use MP_SERIAL_READ or "
    "MP_SERIAL_ASSUMED" },
  { "input_bad.so", "read-no-name",
    "read: read emitted a value without a field of [a-z0-9_.-]+" },
  { "input_bad.so", "read-late", "read: " LATE("read") },
  { "input_bad.so", "read-silent",
    "read: read returned -5 and did not say why: use mp_fail" },
  { "input_bad.so", "read-nonsense",
    "read: read returned 2, which it may not return" },
  { "input_bad.so", "close-late", "read: " LATE("close") },
  { "input_bad.so", "identify-nothing",
    "check, identify and probe: identify returned MP_OK and gave no serial "
    "number: call sink->serial with MP_SERIAL_READ" },
  { "input_bad.so", "identify-assumes",
    "check, identify and probe: identify returned MP_OK and gave no serial "
    "number: call sink->serial with MP_SERIAL_READ" },
  { "input_bad.so", "identify-parts",
    "check, identify and probe: identify gave a serial number that is not "
    "clean UTF-8, is too long, or has \"|\" in it" },
  { "input_bad.so", "identify-silent",
    "check, identify and probe: identify returned -8 and did not say why: use "
    "mp_fail" },
  { "input_bad.so", "identify-outcome",
    "check, identify and probe: identify returned 5, which it may not "
    "return" },
  { "input_bad.so", "identify-late",
    "check, identify and probe: " LATE("identify") },
  { "input_bad.so", "check-silent",
    "check, identify and probe: check returned -2 and did not say why: use "
    "mp_fail" },
  { "input_bad.so", "check-outcome",
    "check, identify and probe: check returned 5, which it may not return" },
  { "input_bad.so", "check-late", "check, identify and probe: " LATE("check") },
  { "input_bad.so", "probe-exponent",
    "check, identify and probe: probe gave a value with an exponent out of "
    "range" },
  { "input_bad.so", "probe-small",
    "check, identify and probe: probe gave an item whose struct_size is too "
    "small" },
  { "input_bad.so", "probe-name",
    "check, identify and probe: probe gave a field whose name has characters "
    "other than a-z, 0-9, _ . and -, or is too long" },
  { "input_bad.so", "probe-unknown",
    "check, identify and probe: probe names \"c\", but field returns "
    "\"none\"" },
  { "input_bad.so", "probe-number",
    "check, identify and probe: \"2\" is another spelling of \"a\", but field "
    "returns \"none\"" },
  { "input_bad.so", "probe-nothing",
    "check, identify and probe: probe gave an item with neither a field nor a "
    "label" },
  { "input_bad.so", "probe-text",
    "check, identify and probe: probe gave a text that is not one line of "
    "clean UTF-8" },
  { "input_bad.so", "probe-progress",
    "check, identify and probe: probe gave the progress 2 of 1" },
  { "input_bad.so", "probe-silent",
    "check, identify and probe: probe returned -5 and did not say why: use "
    "mp_fail" },
  { "input_bad.so", "probe-outcome",
    "check, identify and probe: probe returned 5, which it may not return" },
  { "input_bad.so", "probe-late", "check, identify and probe: " LATE("probe") },
  { "input_bad.so", "watch-tenths",
    "watch: probe gave an attempt whose value is not a round trip in whole "
    "milliseconds" },
  { "input_bad.so", "watch-field",
    "watch: probe gave an attempt with a field" },
  { "input_bad.so", "status-endless",
    "status: status wrote a text that is not a clean line of UTF-8 in the "
    "given "
    "size" },
  { "input_bad.so", "status-lines",
    "status: status wrote a text that is not a clean line of UTF-8 in the "
    "given "
    "size" },
  { "input_bad.so", "status-nonsense",
    "status: status returned 77, which it may not return" },
  { "transform_bad.so", "value-none",
    "value: it has no option \"value\" of MP_TYPE_VALUE: it would get no "
    "value" },
  { "transform_bad.so", "apply-exponent",
    "apply: apply made a value with an exponent out of range" },
  { "transform_bad.so", "apply-kind",
    "apply: apply made a value of an unknown kind" },
  { "transform_bad.so", "apply-unit",
    "apply: apply made a unit that is not clean UTF-8, is too long, or has "
    "\"|\" in it or a blank at its beginning or end" },
  { "transform_bad.so", "apply-text",
    "apply: apply made a text that is not clean UTF-8" },
  { "transform_bad.so", "apply-holds",
    "apply: apply held a value and did not say why: use mp_fail" },
  { "transform_bad.so", "apply-silent",
    "apply: apply returned -11 and did not say why: use mp_fail" },
  { "input_bad.so", "read-end",
    "read: read returned 4, which it may not return" },
  { "transform_bad.so", "apply-drops",
    "apply: apply dropped a value, and no operand is missing" },
  { "transform_bad.so", "apply-rebases",
    "apply: apply returned 3, which it may not return" },
  { "transform_bad.so", "apply-nonsense",
    "apply: apply returned 4, which it may not return" },
};

/* Checks only the first line; consequences of the violation may follow it. */
START_TEST(conform_detects_a_broken_input_or_transform)
{
  char first[256];

  sandbox_setenv(s, "BAD", other_rows[_i].bad);
  sandbox_run(s, "conform %s", other_rows[_i].file);
  snprintf(first, sizeof(first), "error: %s: %s\n", other_rows[_i].file,
           other_rows[_i].err);
  ck_assert_int_eq(sandbox_status(s), EX_SOFTWARE);
  if (strncmp(sandbox_err(s), first, strlen(first)) != 0)
    ck_assert_str_eq(sandbox_err(s), first);
  sandbox_setenv(s, "BAD", "");
  sandbox_run(s, "conform -q %s", other_rows[_i].file);
  check(EX_OK, "", "");
}
END_TEST

START_TEST(conform_detects_a_watch_that_cannot_be_cancelled)
{
  sandbox_setenv(s, "METERPIPE_CONFORM_SECONDS", "8");
  sandbox_setenv(s, "BAD", "watch-hangs");
  sandbox_run(s, "conform input_bad.so");
  check(EX_SOFTWARE, "",
        "error: input_bad.so: watch: probe does not return within 8 s: wait no "
        "longer than time_left\n");
}
END_TEST

static Suite *
conform_input_suite(void)
{
  Suite *suite = suite_create("conform input");
  TCase *tc = tcase_create("plugins");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, conform_detects_a_broken_input_or_transform, 0,
                      ARRAY_SIZE(other_rows));
  tcase_add_test(tc, conform_detects_a_watch_that_cannot_be_cancelled);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(conform_input_suite());
}
