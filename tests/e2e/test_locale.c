/*
 * In a locale with a decimal comma numbers are read and written with a point
 * all the same.  The program never sets a locale, but a library that a plugin
 * brings along may.
 */
#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

static struct domoticz_setup house;
static const char *comma_locale;

static void
set_up(void)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  meter_set(house.meter, "86=60.21C");
  domoticz_server_add(house.server, 322, "custom", "GJ");
  domoticz_server_add(house.server, 323, "counter-custom", "GJ");
  domoticz_server_add(house.server, 324, "temperature", NULL);
  sandbox_setenv(house.sandbox, "LC_ALL", comma_locale);
  sandbox_setenv(house.sandbox, "TEST_LOCALE", comma_locale);
}

static void
tear_down(void)
{
  domoticz_setup_leave(&house);
}

static void
write_pipeline(void)
{
  domoticz_setup_write(
    &house, "",
    "idx.323 = meter.heat_energy_e1\nidx.322 = usage\n"
    "idx.324 = meter.temperature_t1\n",
    "[transform usage]\nplugin = subtract\nmax = 1.5\n"
    "value = meter.heat_energy_e1\nminus = domoticz.323\n"
    "[transform whole]\nplugin = convert\ndecimals = 1\n"
    "value = meter.heat_energy_e1\nunit = MWh\n"
    "[output log]\nplugin = csv\npath = log.csv\n"
    "column.energy = meter.heat_energy_e1\ncolumn.usage = usage\n"
    "[output screen]\nplugin = stdout\nformat = line\n"
    "field.usage = usage\nfield.whole = whole\n");
}

START_TEST(delivered_numbers_have_a_decimal_point)
{
  write_pipeline();
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, 0, "");
  domoticz_setup_run(&house, "84.308GJ");
  domoticz_setup_check(&house, 0, "");
  ck_assert_str_eq(sandbox_out(house.sandbox),
                   "usage 0.100 GJ\nwhole 23.4 MWh\n");
  domoticz_setup_check_devices(&house, "322=0.100 323=84308 324=60.21");
  ck_assert_str_eq(sandbox_read(house.sandbox, "log.csv"),
                   "time,energy,usage\n"
                   "2026-11-22T10:20:00Z,84.208,\n"
                   "2026-11-22T10:40:00Z,84.308,0.100\n");
}
END_TEST

START_TEST(options_are_read_with_a_decimal_point)
{
  write_pipeline();
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_run(&house, "85.709GJ"); /* a rise of 1.501; max is 1.5 */
  ck_assert_int_eq(sandbox_status(house.sandbox), 65);
  domoticz_setup_run(&house, "85.708GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), 0);
  domoticz_setup_check_devices(&house, "322=1.500 323=85708 324=60.21");
}
END_TEST

static const struct {
  const char *args, *shown;
} rows[] = {
  { "status -c house.ini", "84.208 GJ" },
  { "status --json -c house.ini", "\"84.208\"" },
  { "run -n -c house.ini", "domoticz.324 60.21" },
  { "probe kmp device={tty} --json", "\"value\":\"84.208\"" },
  { "targets -c house.ini domoticz", "60.2" },
};

START_TEST(printed_numbers_have_a_decimal_point)
{
  write_pipeline();
  domoticz_setup_run(&house, "84.208GJ");
  sandbox_setenv(house.sandbox, "TEST_HURRY", "5");
  sandbox_run(house.sandbox, "%s", domoticz_setup_text(&house, rows[_i].args));
  ck_assert_int_eq(sandbox_status(house.sandbox), 0);
  ck_assert_msg(strstr(sandbox_out(house.sandbox), rows[_i].shown), "%s",
                sandbox_out(house.sandbox));
}
END_TEST

/* A missing locale is an error, so these tests really run in theirs. */
START_TEST(program_runs_in_the_test_locale)
{
  sandbox_setenv(house.sandbox, "TEST_LOCALE", "xx_XX");
  sandbox_run(house.sandbox, "--version");
  ck_assert_str_eq(sandbox_err(house.sandbox),
                   "TEST_LOCALE: there is no locale xx_XX\n");
}
END_TEST

/* Returns the name of an installed locale with a decimal comma, or NULL. */
static const char *
find_comma_locale(void)
{
  static const char *const names[] = { "de_DE.UTF-8", "nl_NL.UTF-8",
                                       "da_DK.UTF-8", "fr_FR.UTF-8" };
  const char *found = NULL;

  for (size_t i = 0; i < ARRAY_SIZE(names) && !found; i++)
    if (setlocale(LC_ALL, names[i]))
      found = names[i];
  setlocale(LC_ALL, "C");
  return found;
}

int
main(void)
{
  Suite *suite;
  TCase *t;

  comma_locale = find_comma_locale();
  if (!comma_locale || !getenv("CLOCK_PRELOAD")) {
    printf("there is no locale with a decimal comma (make check-comma makes "
           "one)\n");
    return EX_SKIP;
  }
  suite = suite_create("locale");
  t = tcase_create("decimal comma");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_test(t, program_runs_in_the_test_locale);
  tcase_add_test(t, delivered_numbers_have_a_decimal_point);
  tcase_add_test(t, options_are_read_with_a_decimal_point);
  tcase_add_loop_test(t, printed_numbers_have_a_decimal_point, 0,
                      (int)ARRAY_SIZE(rows));
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
