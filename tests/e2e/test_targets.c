/*
 * meterpipe targets: lists the devices of a server, and creates new ones.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

static struct domoticz_setup house;

static void
build(enum domoticz_version version)
{
  domoticz_setup_build(&house, version);
  domoticz_server_add(house.server, 323, "counter-custom", "GJ");
  domoticz_server_set_name(house.server, 323, "Heat energy");
  domoticz_server_set(house.server, 323, "84208");
  domoticz_server_add(house.server, 6, "temperature", NULL);
  domoticz_server_set_name(house.server, 6, "Wärme \"t1\"");
  domoticz_server_set(house.server, 6, "60.2");
}

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

/* Runs "targets domoticz url=URL MORE". */
static void
targets(const char *more)
{
  sandbox_run(house.sandbox, "targets domoticz url=%s %s",
              domoticz_server_url(house.server), more);
}

static void
check_out(const char *text)
{
  ck_assert_str_eq(sandbox_out(house.sandbox),
                   domoticz_setup_text(&house, text));
}

/* ---- The list ---- */

#define LISTED                                                                 \
  "IDX  NAME         TYPE         VALUE   UNIT  LAST UPDATE\n"                 \
  "6    Wärme \"t1\"   Temperature  60.2    °C    2026-11-22 10:00:00\n"     \
  "323  Heat energy  Counter      84.208  GJ    2026-11-22 10:00:00\n"

static const enum domoticz_version versions[] = {
  DOMOTICZ_2026_3, DOMOTICZ_2025_1, DOMOTICZ_2024_7, DOMOTICZ_2023_2,
  DOMOTICZ_2022_2
};

START_TEST(devices_are_listed)
{
  build(versions[_i]);
  targets("");
  domoticz_setup_check(&house, EX_OK, "");
  check_out(LISTED);
}
END_TEST

START_TEST(devices_of_a_pipelines_output_are_listed)
{
  build(DOMOTICZ_2025_1);
  domoticz_setup_write(&house, "", "idx.323 = meter.heat_energy_e1\n", "");
  sandbox_run(house.sandbox, "targets -c house.ini domoticz");
  domoticz_setup_check(&house, EX_OK, "");
  check_out(LISTED);
  ck_assert(!sandbox_exists(house.sandbox, "house.db"));
}
END_TEST

START_TEST(missing_login_is_reported)
{
  build(DOMOTICZ_2025_1);
  domoticz_server_set_login(house.server, "me", "secret", false);
  targets("");
  domoticz_setup_check(
    &house, EX_UNAVAILABLE,
    "error: domoticz: {url}: HTTP 401: the server requires a login; add this "
    "machine's address to the trusted networks (Setup, Settings, Security), or "
    "give `token`, or `username` and `password`\n");
  check_out("");
}
END_TEST

/* ---- New devices ---- */

#define NEW                                                                    \
  "--create 'Energy meter:counter-gj' --create 'Energy: usage:custom-GJ'"

#define PLAN                                                                   \
  "notice: domoticz: {url}: would make \"Energy meter\" (Counter with own "    \
  "unit GJ) on %s\n"                                                           \
  "notice: domoticz: {url}: would make \"Energy: usage\" (Custom Sensor GJ) "  \
  "on %s\n"

#define NEXT                                                                   \
  "notice: put these lines into the pipeline file, with the name of a value "  \
  "in place of VALUE, and run at once: until its first value, a device holds " \
  "0 (with -c FILE OUTPUT, --create NAME:TYPE=VALUE delivers that value "      \
  "right away)\n"

static const char *
plan_on(const char *hardware)
{
  static char text[1024];

  snprintf(text, sizeof(text), PLAN, hardware, hardware);
  return text;
}

/* Checks that the existing devices were neither changed nor deleted. */
static void
check_old_devices(void)
{
  domoticz_setup_check_device(&house, 323, "84208");
  domoticz_setup_check_device(&house, 6, "60.2");
  ck_assert_uint_eq(domoticz_server_writes(house.server, 323), 0);
  ck_assert_uint_eq(domoticz_server_count(house.server, "delete"), 0);
  ck_assert_uint_eq(domoticz_server_count(house.server, "idx=323"), 0);
  ck_assert_uint_eq(domoticz_server_count(house.server, "idx=6"), 0);
}

static unsigned
count_made(void)
{
  return domoticz_server_count(house.server, "createdevice");
}

START_TEST(new_devices_are_made_after_a_yes)
{
  char said[2048];

  build(DOMOTICZ_2025_1);
  sandbox_write(house.sandbox, "answer", "yes\n");
  sandbox_set_stdin(house.sandbox, "answer");
  targets(NEW);
  snprintf(said, sizeof(said), "%s" NEXT, plan_on("the Dummy hardware 2"));
  domoticz_setup_check(&house, EX_OK, said);
  check_out("Type yes to do this: "
            "idx.324 = VALUE ; Energy meter, Counter\n"
            "idx.325 = VALUE ; Energy: usage, Custom Sensor\n");
  ck_assert_uint_eq(count_made(), 2);
  check_old_devices();
}
END_TEST

START_TEST(new_devices_are_made_unasked_with_yes_option)
{
  build(DOMOTICZ_2023_2);
  targets("--yes -q " NEW);
  domoticz_setup_check(&house, EX_OK, "");
  check_out("idx.324 = VALUE ; Energy meter, Counter\n"
            "idx.325 = VALUE ; Energy: usage, Custom Sensor\n");
  check_old_devices();
  targets("");
  check_out("IDX  NAME           TYPE           VALUE   UNIT  LAST UPDATE\n"
            "6    Wärme \"t1\"     Temperature    60.2    °C    2026-11-22 "
            "10:00:00\n"
            "323  Heat energy    Counter        84.208  GJ    2026-11-22 "
            "10:00:00\n"
            "324  Energy meter   Counter        0       GJ    2026-11-22 "
            "10:00:00\n"
            "325  Energy: usage  Custom Sensor  0       GJ    2026-11-22 "
            "10:00:00\n");
}
END_TEST

START_TEST(old_server_that_makes_no_devices_is_reported)
{
  build(DOMOTICZ_2022_2);
  targets("--yes " NEW);
  domoticz_setup_check(
    &house, EX_UNAVAILABLE,
    "error: domoticz: {url}: the server refused to list its hardware; --create "
    "needs Domoticz 2023.2 or later and the rights of an administrator; or "
    "make the device by hand (Setup, Hardware)\n");
  check_out("");
  check_old_devices();
}
END_TEST

static const char *const answers[] = { "", "no\n", "y\n", "yes please\n",
                                       "yesss\n" };

START_TEST(nothing_is_made_without_a_yes)
{
  char said[2048];

  build(DOMOTICZ_2025_1);
  sandbox_write(house.sandbox, "answer", "%s", answers[_i]);
  sandbox_set_stdin(house.sandbox, "answer");
  targets("-q " NEW);
  snprintf(said, sizeof(said),
           "%serror: domoticz: nothing was made: the answer was not yes; --yes "
           "makes it without asking\n",
           plan_on("the Dummy hardware 2"));
  domoticz_setup_check(&house, EX_USAGE, said);
  check_out("Type yes to do this: ");
  ck_assert_uint_eq(count_made(), 0);
  check_old_devices();
}
END_TEST

START_TEST(no_device_is_made_if_one_type_is_invalid)
{
  build(DOMOTICZ_2025_1);
  targets("--yes --create 'Energy:counter-gj' --create 'Bread:toaster'");
  domoticz_setup_check(
    &house, EX_USAGE,
    "notice: domoticz: {url}: would make \"Energy\" (Counter with "
    "own unit GJ) on the Dummy hardware 2\nerror: domoticz: toaster: "
    "unknown type of device; use one of counter-UNIT, counter-gas, "
    "counter-water, custom-UNIT, kwh, temperature, waterflow, usage, "
    "percentage, pressure, voltage or text\n");
  check_out("");
  ck_assert_uint_eq(count_made(), 0);
}
END_TEST

START_TEST(new_devices_accept_the_values_of_a_run)
{
  build(DOMOTICZ_2025_1);
  targets("--yes -q " NEW);
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  domoticz_setup_write(&house, "",
                       "idx.324 = meter.heat_energy_e1\nidx.325 = usage\n",
                       "[transform usage]\nplugin = subtract\n"
                       "value = meter.heat_energy_e1\nminus = domoticz.324\n");
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_run(&house, "84.209GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_device(&house, 324, "84209");
  domoticz_setup_check_device(&house, 325, "0.001");
}
END_TEST

START_TEST(unlisted_devices_are_counted)
{
  build(DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 400, "counter", NULL);
  domoticz_server_set_used(house.server, 400, false);
  targets("");
  domoticz_setup_check(
    &house, EX_OK,
    "notice: domoticz: {url}: 1 device is left out: not in use, "
    "hidden (the name begins with $), or of disabled hardware; "
    "Setup, Devices shows them\n");
  check_out(LISTED);
}
END_TEST

START_TEST(missing_right_to_make_devices_is_reported)
{
  build(DOMOTICZ_2025_1);
  domoticz_server_fault(house.server, DOMOTICZ_STATUS, "gethardware", 0, 0,
                        403);
  targets("--yes " NEW);
  domoticz_setup_check(
    &house, EX_UNAVAILABLE,
    "error: domoticz: {url}: HTTP 403: permission denied; only an "
    "administrator may make devices; give the login or token of an "
    "administrator (Setup, Users)\n");
  ck_assert_uint_eq(count_made(), 0);
}
END_TEST

START_TEST(device_with_an_existing_name_is_not_made)
{
  build(DOMOTICZ_2026_3);
  targets("--yes -q " NEW);
  domoticz_setup_check(&house, EX_OK, "");
  targets("--yes " NEW);
  domoticz_setup_check(
    &house, EX_USAGE,
    "error: domoticz: Energy meter: exists already, with idx 324; "
    "use that device, or choose another name\n");
  check_out("");
  ck_assert_uint_eq(count_made(), 2);
}
END_TEST

/* ---- Wrong arguments ---- */

#define USAGE                                                                  \
  "Usage: meterpipe targets PLUGIN [OPTION=VALUE]... [--create "               \
  "NAME:TYPE]... [--yes] |\n           -c FILE OUTPUT [--create "              \
  "NAME:TYPE[=VALUE]]... [--yes]\n"

static const struct {
  const char *words, *said;
} mistakes[] = {
  { "", "error: an argument is missing\n" USAGE },
  { "csv path=x.csv", "error: csv: the plugin \"csv\" cannot list targets\n" },
  { "csv path=x.csv --create a:b",
    "error: csv: the plugin \"csv\" cannot make targets\n" },
  { "domoticz url=http://127.0.0.1:1 --create Heat",
    "error: --create: \"Heat\" is not NAME:TYPE, such as \"Heat "
    "energy:counter-gj\"\n" },
  { "domoticz url=http://127.0.0.1:1 --yes",
    "error: --yes needs --create\n" USAGE },
  { "domoticz url=http://127.0.0.1:1 password=x password_file=y username=u",
    "command line: \"password\" and \"password_file\" are both given\n" },
  { "domoticz",
    "command line: option \"url\" is missing: http://HOST:PORT or "
    "https://HOST, with a path if behind a proxy; for example: url = TEXT\n" },
  { "-c house.ini domotics",
    "error: there is no output \"domotics\" in house.ini; the nearest is "
    "\"domoticz\"\n" },
  { "-c house.ini meter",
    "error: there is no output \"meter\" in house.ini\n" },
  { "-c house.ini domoticz url=x",
    "error: -c needs one more argument: the name of an output in the file\n" },
};

START_TEST(wrong_arguments_of_targets_are_reported)
{
  build(DOMOTICZ_2025_1);
  domoticz_setup_write(&house, "", "idx.323 = meter.heat_energy_e1\n", "");
  sandbox_run(house.sandbox, "targets %s", mistakes[_i].words);
  domoticz_setup_check(&house, EX_USAGE, mistakes[_i].said);
  check_out("");
  ck_assert_uint_eq(domoticz_server_requests(house.server), 0);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("targets");
  TCase *t = tcase_create("targets");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, devices_are_listed, 0, (int)ARRAY_SIZE(versions));
  tcase_add_test(t, devices_of_a_pipelines_output_are_listed);
  tcase_add_test(t, missing_login_is_reported);
  tcase_add_test(t, new_devices_are_made_after_a_yes);
  tcase_add_test(t, new_devices_are_made_unasked_with_yes_option);
  tcase_add_test(t, old_server_that_makes_no_devices_is_reported);
  tcase_add_loop_test(t, nothing_is_made_without_a_yes, 0,
                      (int)ARRAY_SIZE(answers));
  tcase_add_test(t, no_device_is_made_if_one_type_is_invalid);
  tcase_add_test(t, new_devices_accept_the_values_of_a_run);
  tcase_add_test(t, unlisted_devices_are_counted);
  tcase_add_test(t, missing_right_to_make_devices_is_reported);
  tcase_add_test(t, device_with_an_existing_name_is_not_made);
  tcase_add_loop_test(t, wrong_arguments_of_targets_are_reported, 0,
                      (int)ARRAY_SIZE(mistakes));
  suite_add_tcase(s, t);
  return run_suite(s);
}
