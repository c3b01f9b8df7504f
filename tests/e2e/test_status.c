/*
 * meterpipe status: the last run of a pipeline, its targets, and its pending
 * values and rows.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

static struct domoticz_setup house;

#define MORE                                                                   \
  DOMOTICZ_SETUP_USAGE DOMOTICZ_SETUP_TOTAL                                    \
    "[output log]\nplugin = csv\npath = rows/heat.csv\n"                       \
    "column.energy = meter.heat_energy_e1\n"                                   \
    "[output show]\nplugin = stdout\nformat = line\nfield.e = usage\n"

static void
build(void)
{
  domoticz_setup_build_heat(&house);
  domoticz_setup_write(&house, "retries = 0\ntimeout = 3s\n",
                       DOMOTICZ_SETUP_TARGETS, MORE);
}

static void
make_directory(const char *name)
{
  char command[256];

  snprintf(command, sizeof(command), "mkdir %s/%s", sandbox_dir(house.sandbox),
           name);
  ck_assert_int_eq(system(command), 0);
}

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

static void
status(const char *words)
{
  sandbox_run(house.sandbox, "status -c house.ini %s", words);
}

static void
check_out(const char *text)
{
  ck_assert_str_eq(sandbox_out(house.sandbox),
                   domoticz_setup_text(&house, text));
}

START_TEST(status_reports_a_state_never_written)
{
  build();
  status("");
  domoticz_setup_check(&house, EX_OK, "");
  check_out("house.ini: no run yet: the state {dir}/house.db was never "
            "written\n");
  status("--json");
  domoticz_setup_check(&house, EX_OK, "");
  check_out("{\"pipeline\":\"house.ini\",\"state\":\"{dir}/house.db\","
            "\"written\":false,\"last_run\":null,\"unfinished_run\":null,"
            "\"targets\":["
            "{\"target\":\"domoticz.322\",\"last\":null,\"due\":null,"
            "\"due_since\":null},"
            "{\"target\":\"domoticz.323\",\"last\":null,\"due\":null,"
            "\"due_since\":null},"
            "{\"target\":\"domoticz.324\",\"last\":null,\"due\":null,"
            "\"due_since\":null},"
            "{\"target\":\"log.energy\",\"last\":null,\"due\":null,"
            "\"due_since\":null}],"
            "\"queues\":[{\"output\":\"log\",\"rows\":0,\"since\":null,"
            "\"set_aside\":0}],"
            "\"readings\":[{\"reading\":\"meter.heat_energy_e1\","
            "\"believed\":null,\"held\":null,\"candidate\":null}],"
            "\"devices\":[],\"outages\":[]}\n");
  ck_assert(!sandbox_exists(house.sandbox, "house.db"));
  ck_assert(!sandbox_exists(house.sandbox, "house.lock"));
}
END_TEST

START_TEST(status_after_a_good_run_lists_nothing_pending)
{
  build();
  make_directory("rows");
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_wait(&house, 300);
  status("");
  domoticz_setup_check(&house, EX_OK, "");
  check_out("house.ini: last run 2026-11-22T10:20:00Z, 5 min ago: 0, all read "
            "and delivered\n"
            "state: {dir}/house.db\n"
            "meter: 1 attempt in the last 24 hours, 0 failed\n"
            "\n"
            "TARGET        LAST VALUE  AGE    PENDING  FOR\n"
            "domoticz.322  0.208 GJ    5 min\n"
            "domoticz.323  84.208 GJ   5 min\n"
            "domoticz.324  1.208 GJ    5 min\n"
            "log.energy    84.208 GJ   5 min\n");
}
END_TEST

/* The ledger of a total begins with 0, which nobody wrote. */
START_TEST(status_shows_no_value_for_a_total_never_set)
{
  build();
  make_directory("rows");
  domoticz_server_set(house.server, 323, "0");
  domoticz_server_set(house.server, 324, "0");
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_wait(&house, 300);
  status("");
  check_out("house.ini: last run 2026-11-22T10:20:00Z, 5 min ago: 0, all read "
            "and delivered\n"
            "state: {dir}/house.db\n"
            "meter: 1 attempt in the last 24 hours, 0 failed\n"
            "\n"
            "TARGET        LAST VALUE  AGE    PENDING  FOR\n"
            "domoticz.322  -\n"
            "domoticz.323  84.208 GJ   5 min\n"
            "domoticz.324  -\n"
            "log.energy    84.208 GJ   5 min\n");
  status("--json");
  ck_assert_ptr_nonnull(strstr(sandbox_out(house.sandbox),
                               "{\"target\":\"domoticz.324\",\"last\":null,"));
}
END_TEST

/* Domoticz is down from the second run on, and the directory of the file is
 * missing from the first run on. */
static void
run_into_trouble(void)
{
  build();
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_server_down(house.server);
  domoticz_setup_run(&house, "84.300GJ");
  domoticz_setup_run(&house, "84.400GJ");
  domoticz_setup_wait(&house, 60);
}

/* The sum of repeated targets counts such totals as it shows them. */
START_TEST(total_never_set_is_not_set_in_a_sum)
{
  domoticz_setup_build_heat(&house);
  domoticz_server_add(house.server, 325, "custom", "GJ");
  for (unsigned idx = 323; idx <= 325; idx++)
    domoticz_server_set(house.server, idx, "0");
  domoticz_setup_write(&house, "retries = 0\n",
                       "idx.323 = meter.heat_energy_e1\nidx.{total} = {name}\n",
                       "[fleet]\nlist = totals.csv\n" DOMOTICZ_SETUP_USAGE
                       "[transform {name}]\nplugin = add\nvalue = usage\n"
                       "plus = domoticz.{total}\n");
  sandbox_write(house.sandbox, "totals.csv", "name,total\na,324\nb,325\n");
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, EX_OK, "");
  status("");
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(house.sandbox), "\ndomoticz.{total}  0 of 2 set\n"));
}
END_TEST

START_TEST(status_lists_pending_values_with_their_age)
{
  run_into_trouble();
  status("");
  domoticz_setup_check(&house, EX_OK, "");
  check_out(
    "house.ini: last run 2026-11-22T11:00:00Z, 1 min ago: 73, cannot create a "
    "file\n"
    "state: {dir}/house.db\n"
    "meter: 3 attempts in the last 24 hours, 0 failed\n"
    "\n"
    "TARGET        LAST VALUE  AGE     PENDING    FOR\n"
    "domoticz.322  0.208 GJ    41 min  0.192 GJ   21 min\n"
    "domoticz.323  84.208 GJ   41 min  84.400 GJ  21 min\n"
    "domoticz.324  1.208 GJ    41 min  1.400 GJ   21 min\n"
    "log.energy    84.400 GJ   1 min\n"
    "log                               3 rows     41 min\n"
    "\n"
    "FAILING   OBJECT                  FOR     WHAT\n"
    "log       rows/heat.csv           41 min  its directory does not exist; "
    "create it, or change `path`\n"
    "domoticz  {url}  21 min  cannot connect: Connection refused\n");
}
END_TEST

START_TEST(ended_outage_disappears_from_the_status)
{
  run_into_trouble();
  domoticz_server_up(house.server);
  make_directory("rows");
  domoticz_setup_run(&house, "84.500GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  domoticz_setup_wait(&house, 60);
  status("");
  check_out("house.ini: last run 2026-11-22T11:21:00Z, 1 min ago: 0, all read "
            "and delivered\n"
            "state: {dir}/house.db\n"
            "meter: 4 attempts in the last 24 hours, 0 failed\n"
            "\n"
            "TARGET        LAST VALUE  AGE    PENDING  FOR\n"
            "domoticz.322  0.292 GJ    1 min\n"
            "domoticz.323  84.500 GJ   1 min\n"
            "domoticz.324  1.500 GJ    1 min\n"
            "log.energy    84.500 GJ   1 min\n");
}
END_TEST

#define AT(time) "\"time\":\"2026-11-22T" time "Z\",\"serial\":\"68500001\""
#define LAST(value)                                                            \
  "\"last\":{\"value\":\"" value "\",\"unit\":\"GJ\"," AT("10:20:00") "}"
#define DUE(value)                                                             \
  "\"due\":{\"value\":\"" value "\",\"unit\":\"GJ\"," AT(                      \
    "10:40:00") "},\"due_since\":\"2026-11-22T10:40:00Z\""

#define USED_0208 LAST("0.208") "," DUE("0.001") "}"
#define READ_84208 LAST("84.208") "," DUE("84.209") "}"
#define TOTAL_1208 LAST("1.208") "," DUE("1.209") "}"
#define READ_AT_1040 "{\"value\":\"84.209\",\"unit\":\"GJ\"," AT("10:40:00") "}"

START_TEST(status_json_is_one_object)
{
  build();
  make_directory("rows");
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_server_fault(house.server, DOMOTICZ_STATUS, NULL, 0, 0, 401);
  domoticz_setup_run(&house, "84.209GJ");
  status("--json");
  domoticz_setup_check(&house, EX_OK, "");
  check_out(
    "{\"pipeline\":\"house.ini\",\"state\":\"{dir}/house.db\","
    "\"written\":true,\"last_run\":{"
    "\"begun\":\"2026-11-22T10:40:00Z\","
    "\"ended\":\"2026-11-22T10:40:00Z\",\"status\":69,"
    "\"result\":\"an output refuses\"},"
    "\"unfinished_run\":null,\"targets\":["
    "{\"target\":\"domoticz.322\"," USED_0208 ","
    "{\"target\":\"domoticz.323\"," READ_84208 ","
    "{\"target\":\"domoticz.324\"," TOTAL_1208 ","
    "{\"target\":\"log.energy\",\"last\":" READ_AT_1040 ",\"due\":null,"
    "\"due_since\":null}],"
    "\"queues\":[{\"output\":\"log\",\"rows\":0,\"since\":null,"
    "\"set_aside\":0}],"
    "\"readings\":[{\"reading\":\"meter.heat_energy_e1\","
    "\"believed\":" READ_AT_1040 ",\"held\":null,\"candidate\":null}],"
    "\"devices\":[{\"input\":\"meter\","
    "\"use\":\"2 attempts in the last 24 hours, 0 failed\"}],"
    "\"outages\":[{\"stage\":\"domoticz\",\"object\":\"{url}\","
    "\"since\":\"2026-11-22T10:40:00Z\",\"reason\":\"HTTP 401: the server "
    "requires a login; add this machine's address to the trusted networks "
    "(Setup, Settings, Security), or give `token`, or `username` and "
    "`password`\"}]}\n");
}
END_TEST

START_TEST(status_lists_a_candidate_until_the_next_reading)
{
  build();
  make_directory("rows");
  domoticz_setup_run(&house, "84.208GJ");
  meter_set(house.meter, "1001=99");
  domoticz_setup_run(&house, "84.300GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  domoticz_setup_wait(&house, 60);
  status("");
  ck_assert_ptr_nonnull(strstr(
    sandbox_out(house.sandbox),
    "\nREADING               VALUE      SERIAL NUMBER  AGE    NEXT READING "
    "DECIDES\n"
    "meter.heat_energy_e1  84.300 GJ  99             1 min  candidate: "
    "exchanged meter?\n"));
  status("--json");
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(house.sandbox),
           "\"held\":null,\"candidate\":{\"value\":\"84.300\",\"unit\":\"GJ\","
           "\"time\":\"2026-11-22T10:40:00Z\",\"serial\":\"99\"}}]"));
  meter_set(house.meter, "1001=68500001");
  domoticz_setup_run(&house, "84.400GJ");
  status("");
  ck_assert_ptr_null(strstr(sandbox_out(house.sandbox), "READING"));
}
END_TEST

/* ---- Status takes no lock and changes nothing ---- */

START_TEST(status_does_not_wait_for_a_running_pipeline)
{
  char lock[128];
  int fd;

  build();
  make_directory("rows");
  domoticz_setup_run(&house, "84.208GJ");
  snprintf(lock, sizeof(lock), "%s/house.lock", sandbox_dir(house.sandbox));
  fd = open(lock, O_RDWR | O_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
  status("");
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_ptr_nonnull(strstr(sandbox_out(house.sandbox), "84.208 GJ"));
  close(fd);
}
END_TEST

START_TEST(status_reports_a_damaged_state_and_does_not_change_it)
{
  build();
  sandbox_write(house.sandbox, "house.db", "%s",
                "this is no database, however long one looks at it");
  status("");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_IOERR);
  check_out("");
  ck_assert_str_eq(sandbox_read(house.sandbox, "house.db"),
                   "this is no database, however long one looks at it");
}
END_TEST

START_TEST(status_reports_that_a_replay_keeps_no_state)
{
  build();
  sandbox_write(house.sandbox, "house.ini",
                "[input meter]\nplugin = replay\npath = eye.log\n"
                "[output show]\nplugin = stdout\n");
  status("");
  domoticz_setup_check(&house, EX_OK, "");
  check_out("house.ini: keeps no state: its inputs are captures, and "
            "[pipeline] has no state_dir\n");
  status("--json");
  domoticz_setup_check(&house, EX_OK, "");
  check_out("{\"pipeline\":\"house.ini\",\"state\":null,\"written\":false,"
            "\"last_run\":null,\"unfinished_run\":null,\"targets\":[],"
            "\"queues\":[],\"readings\":[],\"devices\":[],\"outages\":[]}\n");
}
END_TEST

START_TEST(status_shows_no_age_after_the_clock_was_set_back)
{
  build();
  make_directory("rows");
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_wait(&house, -7200);
  status("");
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(house.sandbox), "domoticz.323  84.208 GJ   ?\n"));
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("status");
  TCase *t = tcase_create("status");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, status_reports_a_state_never_written);
  tcase_add_test(t, status_after_a_good_run_lists_nothing_pending);
  tcase_add_test(t, status_shows_no_value_for_a_total_never_set);
  tcase_add_test(t, total_never_set_is_not_set_in_a_sum);
  tcase_add_test(t, status_lists_pending_values_with_their_age);
  tcase_add_test(t, ended_outage_disappears_from_the_status);
  tcase_add_test(t, status_json_is_one_object);
  tcase_add_test(t, status_lists_a_candidate_until_the_next_reading);
  tcase_add_test(t, status_does_not_wait_for_a_running_pipeline);
  tcase_add_test(t, status_reports_a_damaged_state_and_does_not_change_it);
  tcase_add_test(t, status_reports_that_a_replay_keeps_no_state);
  tcase_add_test(t, status_shows_no_age_after_the_clock_was_set_back);
  suite_add_tcase(s, t);
  return run_suite(s);
}
