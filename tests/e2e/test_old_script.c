/*
 * The command lines of the script that meterpipe replaces: each is imported,
 * and the resulting pipeline file is run against a meter and a server.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

/* The example from the help of the script. */
#define EXAMPLE                                                                \
  "324:60:2:323,325:60:2:323,326:60:2:323,327:60:2:323,322:60:1:323,323:60:0"

#define STOP_THE_SCRIPT                                                        \
  "notice: import: stop the old script's cron line before this pipeline "      \
  "runs, or both write to the same devices\n"

static const enum domoticz_version versions[] = {
  DOMOTICZ_2025_1, DOMOTICZ_2024_7, DOMOTICZ_2023_2, DOMOTICZ_2022_2
};

static const unsigned devices[] = { 322, 323, 324, 325, 326, 327 };

static struct domoticz_setup house;

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

/* Imports the command line SPEC, checks the messages against SAID, and writes
 * the result as the pipeline file. */
static void
import(const char *spec, const char *said)
{
  sandbox_run(house.sandbox, "import %s %s --url %s", meter_path(house.meter),
              spec, domoticz_server_url(house.server));
  domoticz_setup_check(&house, EXIT_SUCCESS, said);
  sandbox_write(house.sandbox, "house.ini", "%s", sandbox_out(house.sandbox));
}

/* Runs once, and checks that the run succeeds without a message. */
static void
run_well(const char *reading)
{
  domoticz_setup_run(&house, reading);
  domoticz_setup_check(&house, EXIT_SUCCESS, "");
  ck_assert_str_eq(sandbox_out(house.sandbox), "");
}

static void
add_devices(void)
{
  for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
    domoticz_server_add(house.server, devices[i], "custom", "GJ");
}

/* ---- The example --------------------------------------------------------- */

/* clang-format off */
static const struct step {
  const char *reading;
  int64_t hours;     /* in which the meter counts it */
  const char *shown; /* by 323: six digits at most */
  const char *stored[ARRAY_SIZE(devices)];
} steps[] = {
  { NULL, 0, "84 GJ", { "0", "84.000", "1", "2", "3", "4" } },
  { "84.208GJ", 0, "84.208 GJ",
    { "0.208", "84.208", "1.208", "2.208", "3.208", "4.208" } },
  { "84.2085GJ", 0, "84.2085 GJ",
    { "0.0005", "84.2085", "1.2085", "2.2085", "3.2085", "4.2085" } },
  { "12384.2095GJ", 124, "12384.2 GJ",
    { "12300.0010", "12384.2095", "12301.2095", "12302.2095", "12303.2095",
      "12304.2095" } },
  /* The totals stay exact although the device displays them rounded. */
  { "12384.2105GJ", 0, "12384.2 GJ",
    { "0.0010", "12384.2105", "12301.2105", "12302.2105", "12303.2105",
      "12304.2105" } },
};
/* clang-format on */

static void
check_step(const struct step *step)
{
  for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
    domoticz_setup_check_device(&house, devices[i], step->stored[i]);
  ck_assert_str_eq(domoticz_server_data(house.server, 323), step->shown);
}

START_TEST(example_counts_exactly_on_every_version)
{
  domoticz_setup_build(&house, versions[_i]);
  add_devices();
  for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
    domoticz_server_set(house.server, devices[i], steps[0].stored[i]);
  import(EXAMPLE, STOP_THE_SCRIPT);
  for (size_t i = 1; i < ARRAY_SIZE(steps); i++) {
    domoticz_setup_wait(&house, steps[i].hours * 3600);
    meter_forget(house.meter);
    run_well(steps[i].reading);
    check_step(&steps[i]);
    ck_assert_uint_eq(meter_requests(house.meter), 1);
  }
}
END_TEST

START_TEST(example_reads_all_devices_in_one_request_if_possible)
{
  /* Six devices are read and six are written. */
  static const unsigned requests[] = { 1 + 6, 1 + 6, 6 + 6, 6 + 6 };

  domoticz_setup_build(&house, versions[_i]);
  add_devices();
  import(EXAMPLE, STOP_THE_SCRIPT);
  run_well("84.208GJ"); /* finds the requests the server knows */
  run_well("84.209GJ");
  domoticz_server_forget(house.server);
  run_well("84.210GJ");
  ck_assert_uint_eq(domoticz_server_requests(house.server), requests[_i]);
  ck_assert_uint_eq(domoticz_server_connections(house.server), 1);
}
END_TEST

START_TEST(new_devices_start_without_a_usage)
{
  domoticz_setup_build(&house, versions[_i]);
  domoticz_server_add(house.server, 322, "custom", "GJ");
  domoticz_server_add(house.server, 323, "custom", "GJ");
  import("322:60:1:323,323:60:0", STOP_THE_SCRIPT);
  run_well("84.208GJ");
  domoticz_setup_check_device(&house, 323, "84.208");
  ck_assert_uint_eq(domoticz_server_writes(house.server, 322), 0);
  run_well("84.210GJ");
  domoticz_setup_check_device(&house, 323, "84.210");
  domoticz_setup_check_device(&house, 322, "0.002");
}
END_TEST

START_TEST(new_total_starts_with_the_second_reading)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 323, "custom", "GJ");
  domoticz_server_add(house.server, 324, "custom", "GJ");
  import("324:60:2:323,323:60:0", STOP_THE_SCRIPT);
  run_well("84.208GJ");
  ck_assert_uint_eq(domoticz_server_writes(house.server, 324), 0);
  run_well("84.210GJ");
  domoticz_setup_check_device(&house, 324, "0.002");
  run_well("84.215GJ");
  domoticz_setup_check_device(&house, 324, "0.007");
}
END_TEST

/* ---- Command lines with mistakes ----------------------------------------- */

START_TEST(idx_given_twice_gets_its_usage_once)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 323, "custom", "GJ");
  domoticz_server_add(house.server, 325, "custom", "GJ");
  domoticz_server_set(house.server, 323, "84");
  domoticz_server_set(house.server, 325, "2");
  import("325:60:2:323,325:60:2:323",
         "warning: import: 325:60:2:323: idx 325 is given twice: it is written "
         "once\n"
         "warning: import: 325:60:2:323: no item writes 323: if no other "
         "program does, the result is a gauge, the rise since 323 was set, and "
         "not the usage since the last run; to write the reading to it, add "
         "323:60:0\n" STOP_THE_SCRIPT);
  run_well("84.208GJ");
  domoticz_setup_check_device(&house, 325, "2.208");
  domoticz_setup_check_device(&house, 323, "84");
  ck_assert_uint_eq(domoticz_server_writes(house.server, 325), 1);
}
END_TEST

START_TEST(base_written_first_still_gives_the_usage)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 322, "custom", "GJ");
  domoticz_server_add(house.server, 323, "custom", "GJ");
  domoticz_server_set(house.server, 323, "84");
  import("323:60:0,322:60:1:323",
         "warning: import: 322:60:1:323: 323:60:0 overwrites 323 before it is "
         "used, which gave 0 in the old script; here the order does not "
         "matter: the value that 323 had before counts\n" STOP_THE_SCRIPT);
  run_well("84.208GJ");
  domoticz_setup_check_device(&house, 323, "84.208");
  domoticz_setup_check_device(&house, 322, "0.208");
  run_well("84.2085GJ");
  domoticz_setup_check_device(&house, 323, "84.2085");
  domoticz_setup_check_device(&house, 322, "0.0005");
}
END_TEST

/* ---- Devices that display less than they store --------------------------- */

/* Volumes 0.03 m3 apart. */
static const char *const volumes[][3] = {
  { "11388.25", "11388.28", "11388.31" },
  { "11388.15", "11388.18", "11388.21" },
  { "12345.45", "12345.48", "12345.51" },
  { "12346.00", "12346.03", "12346.06" },
};

static void
read_volume(const char *volume)
{
  char text[64];

  snprintf(text, sizeof(text), "68=%sm3", volume);
  meter_set(house.meter, text);
  run_well(NULL);
  domoticz_setup_check_device(&house, 11, volume);
}

START_TEST(usage_is_exact_despite_six_displayed_digits)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 11, "custom", "m3");
  domoticz_server_add(house.server, 12, "custom", "m3");
  import("12:68:1:11,11:68:0", STOP_THE_SCRIPT);
  read_volume(volumes[_i][0]);
  ck_assert_uint_eq(domoticz_server_writes(house.server, 12), 0);
  read_volume(volumes[_i][1]);
  domoticz_setup_check_device(&house, 12, "0.03");
  read_volume(volumes[_i][2]);
  domoticz_setup_check_device(&house, 12, "0.03");
}
END_TEST

START_TEST(six_digit_displayed_value_becomes_the_exact_base)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 11, "custom", "m3");
  domoticz_server_add(house.server, 12, "custom", "m3");
  domoticz_server_set(house.server, 11, volumes[_i][0]);
  import("12:68:1:11,11:68:0", STOP_THE_SCRIPT);
  read_volume(volumes[_i][0]); /* maybe the displayed value: no usage */
  domoticz_setup_check_device(&house, 12, "0.00");
  read_volume(volumes[_i][1]);
  domoticz_setup_check_device(&house, 12, "0.03");
  read_volume(volumes[_i][2]);
  domoticz_setup_check_device(&house, 12, "0.03");
}
END_TEST

START_TEST(custom_sensor_displays_six_digits)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 11, "custom", "m3");
  domoticz_server_set(house.server, 11, "11388.25");
  ck_assert_str_eq(domoticz_server_data(house.server, 11), "11388.2 m3");
  domoticz_server_set(house.server, 11, "11388.31");
  ck_assert_str_eq(domoticz_server_data(house.server, 11), "11388.3 m3");
}
END_TEST

/* ---- The forms in which a command line was published --------------------- */

#define SCRIPT "/home/pi/multical402-4-domoticz.py"

/* Each is the same as "import /dev/ttyUSB1 88:60:0,89:80:0 --url URL". */
static const struct {
  const char *words, *url;
} forms[] = {
  /* 2018 to 2020 */
  { "/dev/ttyUSB1 88:60:0,89:80:0", "http://127.0.0.1:8080" },
  { "/dev/ttyUSB1 88:60:0, 89:80:0", "http://127.0.0.1:8080" },
  { "/dev/ttyUSB1 '88:60:0, 89:80:0'", "http://127.0.0.1:8080" },
  { "/dev/ttyUSB1 88:60:0,89:80:0,", "http://127.0.0.1:8080" },
  { SCRIPT " /dev/ttyUSB1 88:60:0,89:80:0", "http://127.0.0.1:8080" },
  /* since 2021 */
  { "-d /dev/ttyUSB1 88:60:0 89:80:0", "http://127.0.0.1:8080" },
  { "88:60:0 89:80:0 --device=/dev/ttyUSB1 --verbose --debug",
    "http://127.0.0.1:8080" },
  { "-d/dev/ttyUSB1 --ip 10.0.0.1 --port=8084 88:60:0 89:80:0",
    "http://10.0.0.1:8084" },
  { "-d /dev/ttyUSB1 --port 80 88:60:0 89:80:0", "http://127.0.0.1:80" },
  { "--url http://h:1/p /usr/bin/python3 " SCRIPT
    " -d /dev/ttyUSB1 --ip 10.0.0.1 88:60:0 89:80:0",
    "http://h:1/p" },
  { "-d /dev/ttyUSB1 --debug-file /tmp/x 88:60:0 89:80:0 --url http://h:1/p",
    "http://h:1/p" },
  /* a line of a crontab */
  { "'*/20 *  * * * /usr/bin/python3 " SCRIPT
    " -d /dev/ttyUSB1 88:60:0 89:80:0'",
    "http://127.0.0.1:8080" },
  { "'*/20 * * * * pi cd /home/pi && python3 multical402-4-domoticz.py "
    "/dev/ttyUSB1 88:60:0,89:80:0 > /dev/null 2>&1 # heat'",
    "http://127.0.0.1:8080" },
  { "'0 * * * * \"" SCRIPT "\" -d \"/dev/ttyUSB1\" --ip=\"10.0.0.1\" 88:60:0 "
    "89:80:0 2>/dev/null|logger' -v",
    "http://10.0.0.1:8080" },
};

START_TEST(every_published_form_is_imported)
{
  char *wanted;

  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  sandbox_run(house.sandbox, "import /dev/ttyUSB1 88:60:0,89:80:0 --url %s",
              forms[_i].url);
  wanted = strdup(sandbox_out(house.sandbox));
  ck_assert_ptr_nonnull(strstr(wanted, "device = /dev/ttyUSB1\n"));
  sandbox_run(house.sandbox, "import %s", forms[_i].words);
  domoticz_setup_check(&house, EXIT_SUCCESS, STOP_THE_SCRIPT);
  ck_assert_str_eq(sandbox_out(house.sandbox), wanted);
  free(wanted);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("old script");
  TCase *t = tcase_create("old script");
  const int n_versions = (int)ARRAY_SIZE(versions);
  const int n_volumes = (int)ARRAY_SIZE(volumes);

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, example_counts_exactly_on_every_version, 0,
                      n_versions);
  tcase_add_loop_test(t, example_reads_all_devices_in_one_request_if_possible,
                      0, n_versions);
  tcase_add_loop_test(t, new_devices_start_without_a_usage, 0, n_versions);
  tcase_add_test(t, new_total_starts_with_the_second_reading);
  tcase_add_test(t, idx_given_twice_gets_its_usage_once);
  tcase_add_test(t, base_written_first_still_gives_the_usage);
  tcase_add_loop_test(t, usage_is_exact_despite_six_displayed_digits, 0,
                      n_volumes);
  tcase_add_loop_test(t, six_digit_displayed_value_becomes_the_exact_base, 0,
                      n_volumes);
  tcase_add_test(t, custom_sensor_displays_six_digits);
  tcase_add_loop_test(t, every_published_form_is_imported, 0,
                      (int)ARRAY_SIZE(forms));
  suite_add_tcase(s, t);
  return run_suite(s);
}
