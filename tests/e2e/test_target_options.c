/*
 * What an output learns about its targets: options of single targets, the field
 * and the meter that feed a target, and its last known value.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

static struct sandbox *s;

static void
build(void)
{
  char command[2200];

  s = sandbox_new();
  snprintf(command, sizeof(command),
           "cp %s/telling_output.so %s/output_telling.so",
           getenv("METERPIPE_PLUGIN_PATH"), sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
  sandbox_write(s, "reading.sh",
                "echo '{\"serial\":\"77\"}'\n"
                "echo '{\"field\":\"energy\",\"value\":\"84.208\","
                "\"unit\":\"GJ\"}'\n"
                "echo '{\"field\":\"heat\",\"value\":\"1.5\","
                "\"unit\":\"kW\"}'\n");
}

static void
leave(void)
{
  sandbox_free(s);
}

/* Runs a pipeline whose output has the lines TARGETS, and checks the status. */
static void
run(const char *targets, int status)
{
  sandbox_write(s, "house.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "counters = energy\n"
                "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"
                "minus = log.base\nfirst = zero\n"
                "[output log]\nplugin = ./output_telling.so\n%s",
                targets);
  sandbox_run(s, "run -c house.ini");
  ck_assert_msg(sandbox_status(s) == status, "%d: %s", sandbox_status(s),
                sandbox_err(s));
}

static void
check_said(const char *text)
{
  ck_assert_msg(strstr(sandbox_err(s), text), "\"%s\" is not in:\n%s", text,
                sandbox_err(s));
}

#define BASE "sensor.base = meter.energy\nsensor.use = usage\n"

START_TEST(output_is_told_about_its_targets)
{
  run(BASE "sensor.base.label = Heat\nsensor.base.digits = 5\n"
           "sensor.use.low = meter.heat\n",
      EX_OK);
  check_said("notice: log: house: log, debug 0\n");
  check_said("log: base: - of meter.energy: kind 1, -, -, -; "
             "label Heat, digits 5\n");
  check_said("log: meter: meter 77 - - -, last 84.208\n");
  check_said("log: close: last 84.208\n");
  check_said("log: use: - of usage: kind 3, -, -, -; label -, digits 3\n");
  check_said("log: use: low of meter.heat: kind ");
}
END_TEST

/* Without `fields`, the input emits all that it prints: the outputs get targets
 * in the first cycle. */
START_TEST(output_that_takes_all_has_options_and_omissions)
{
  sandbox_write(s, "house.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output log]\nplugin = ./output_telling.so\n"
                "sensor.meter.energy.label = Heat\n"
                "sensor.meter.heat = none\n");
  sandbox_run(s, "run -c house.ini");
  ck_assert_msg(sandbox_status(s) == EX_OK, "%s", sandbox_err(s));
  check_said("log: meter.energy: - of meter.energy: kind 2, -, -, -; "
             "label Heat, digits 3\n");
  ck_assert_ptr_null(strstr(sandbox_err(s), "meter.heat"));
}
END_TEST

static const struct {
  const char *targets, *said;
} mistakes[] = {
  { BASE "sensor.base.digits = 12\n",
    "house.ini:16: digits: \"12\" is not within 0..9\n" },
  { BASE "sensor.base.digits = 1\nsensor.base.digits = 2\n",
    "house.ini:17: option \"sensor.base.digits\" is given twice" },
  { BASE "sensor.bas.label = Heat\n",
    "house.ini:16: sensor.bas: [output log] has no such target; the nearest is "
    "\"base\"\n" },
  { BASE "sensor.base.lable = Heat\n",
    "house.ini:16: sensor.base.lable: \"lable\" is no option of a target; the "
    "nearest is \"label\"\n" },
  { BASE "sensor.other.low = meter.heat\n",
    "house.ini:16: sensor.other.low needs the target sensor.other: add it\n" },
  { BASE "sensor.base.label =\n", "house.ini:16: label: the value is empty" },
  { BASE "sensor..label = Heat\n",
    "house.ini:16: \"sensor..label\" names no target\n" },
};

START_TEST(mistake_in_a_target_option_is_refused)
{
  run(mistakes[_i].targets, EX_CONFIG);
  check_said(mistakes[_i].said);
}
END_TEST

static Suite *
target_options_suite(void)
{
  Suite *suite = suite_create("target options");
  TCase *tc = tcase_create("targets");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, output_is_told_about_its_targets);
  tcase_add_test(tc, output_that_takes_all_has_options_and_omissions);
  tcase_add_loop_test(tc, mistake_in_a_target_option_is_refused, 0,
                      ARRAY_SIZE(mistakes));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(target_options_suite());
}
