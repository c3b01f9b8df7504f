/*
 * Accidents of meters and servers in years of use: meters that are exchanged,
 * readings that fall, devices that are set by hand, deleted, cut off from power
 * or restored from a backup.  Running totals and usages come out as if nothing
 * had happened, or as the person who did it meant.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

/* Messages give a duration of hours to the minute, without seconds. */
#define AN_HOUR 3600

static struct domoticz_setup house;

static void
set_up(void)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  meter_set(house.meter, "68=520.41m3");
  domoticz_server_add(house.server, 322, "custom", "GJ");
  domoticz_server_add(house.server, 323, "counter-custom", "GJ");
  domoticz_server_add(house.server, 327, "counter-custom", "GJ");
}

static void
tear_down(void)
{
  domoticz_setup_leave(&house);
}

/* Writes a pipeline with a reading, its usage and a running total, and MORE
 * sections after them. */
static void
write_pipeline(const char *more)
{
  char sections[1024];

  snprintf(sections, sizeof(sections),
           "[transform usage]\nplugin = subtract\n"
           "value = meter.heat_energy_e1\nminus = domoticz.323\n"
           "[transform total]\nplugin = add\nvalue = usage\n"
           "plus = domoticz.327\n%s",
           more);
  domoticz_setup_write(&house, "",
                       "idx.323 = meter.heat_energy_e1\nidx.322 = usage\n"
                       "idx.327 = total\n",
                       sections);
}

#define LOG                                                                    \
  "[output log]\nplugin = csv\npath = heat.csv\n"                              \
  "column.energy = meter.heat_energy_e1\ncolumn.usage = usage\n"               \
  "column.total = total\ncolumn.volume = meter.volume_v1\n"

static void
cycle(const char *reading, int status, const char *said)
{
  domoticz_setup_cycle(&house, reading, status, said);
}

static void
quiet_cycle(const char *reading)
{
  cycle(reading, 0, "");
}

/* Runs a cycle and checks its exit status only; another test checks its
 * messages. */
static void
some_cycle(const char *reading, int status)
{
  domoticz_setup_wait(&house, 20);
  domoticz_setup_run(&house, reading);
  ck_assert_int_eq(sandbox_status(house.sandbox), status);
}

static void
expect(const char *devices)
{
  domoticz_setup_check_devices(&house, devices);
}

/* Returns the rows of the CSV file PATH without their times, each ended by a
 * blank; valid until the next call. */
static const char *
rows(const char *path)
{
  static char text[1024];
  const char *file = sandbox_read(house.sandbox, path);
  size_t len = 0;

  ck_assert_msg(file, "%s does not exist", path);
  for (const char *line = strchr(file, '\n'); line && line[1];
       line = strchr(line + 1, '\n')) {
    const char *values = strchr(line, ',') + 1;

    len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s ",
                            (int)strcspn(values, "\n"), values);
  }
  return text;
}

/* Runs two cycles, after which the base is 84.308, the usage 0.1 and the total
 * 0.1. */
static void
two_cycles(void)
{
  quiet_cycle("84.208GJ");
  expect("323=84208");
  quiet_cycle("84.308GJ");
  expect("322=0.100 323=84308 327=100");
}

#define REFUSED "error: domoticz: {url}: cannot connect: Connection refused\n"

/* ---- Meters ---- */

#define OTHER_NUMBER(now, was)                                                 \
  "notice: meter: the serial number is " now " and was " was                   \
  " before: the next reading decides whether the meter was exchanged; until "  \
  "then this one is kept and not used\n"
#define EXCHANGED(first)                                                       \
  "notice: usage: domoticz.323: the meter was exchanged: the serial number "   \
  "is 68500002 and was 68500001 before; its first reading, " first " GJ, is "  \
  "the base, and running totals continue\n"
#define RIGHT_AGAIN(now, was)                                                  \
  "notice: meter: the serial number is " now                                   \
  " again: the meter was not exchanged, " was                                  \
  " was wrong, and no usage is lost\n"

#define REBASED                                                                \
  "notice: usage: domoticz.323: the reading is the new base, as \"meterpipe "  \
  "rebase\" asked for\n"

static const struct {
  const char *first, *second; /* readings of the new meter, 0.2 GJ apart */
  const char *exchanged, *second_base;
} new_meters[] = {
  { "0.500GJ", "0.700GJ", EXCHANGED("0.500"), "323=700" },
  { "99.000GJ", "99.200GJ", EXCHANGED("99.000"), "323=99200" },
};

/* The first reading with the new number is a candidate; the second confirms
 * it. */
START_TEST(exchanged_meter_gets_a_new_base_and_totals_continue)
{
  write_pipeline("");
  two_cycles();
  meter_set(house.meter, "1001=68500002");
  cycle(new_meters[_i].first, 0, OTHER_NUMBER("68500002", "68500001"));
  expect("322=0.100 323=84308 327=100");
  cycle(new_meters[_i].second, 0, new_meters[_i].exchanged);
  expect("322=0.200 327=300");
  expect(new_meters[_i].second_base);
  quiet_cycle(NULL);
  expect("322=0.000 327=300");
}
END_TEST

START_TEST(meter_exchanged_during_an_outage_loses_no_usage)
{
  write_pipeline("");
  two_cycles();
  domoticz_server_down(house.server);
  cycle("84.408GJ", 75, REFUSED);
  meter_set(house.meter, "1001=68500002");
  cycle(new_meters[_i].first, 75, OTHER_NUMBER("68500002", "68500001"));
  domoticz_server_up(house.server);
  some_cycle(new_meters[_i].second, 0);
  expect("322=0.300 327=400");
  expect(new_meters[_i].second_base);
}
END_TEST

START_TEST(row_of_an_exchange_leaves_the_measured_fields_empty)
{
  write_pipeline(LOG);
  two_cycles();
  meter_set(house.meter, "1001=68500002");
  cycle("0.500GJ", 0, OTHER_NUMBER("68500002", "68500001"));
  cycle("0.700GJ", 0, EXCHANGED("0.500"));
  ck_assert_str_eq(rows("heat.csv"),
                   "84.208,,,520.41 84.308,0.100,0.100,520.41 "
                   ",,,520.41 0.700,0.200,0.300,520.41 ");
}
END_TEST

START_TEST(serial_number_that_is_wrong_once_loses_no_usage)
{
  write_pipeline(LOG);
  quiet_cycle("84.000GJ");
  quiet_cycle("84.200GJ");
  meter_set(house.meter, "1001=99");
  cycle("84.300GJ", 0, OTHER_NUMBER("99", "68500001"));
  meter_set(house.meter, "1001=68500001");
  cycle("84.400GJ", 0, RIGHT_AGAIN("68500001", "99"));
  quiet_cycle("84.500GJ");
  expect("322=0.100 323=84500 327=500");
  ck_assert_str_eq(rows("heat.csv"),
                   "84.000,,,520.41 84.200,0.200,0.200,520.41 ,,,520.41 "
                   "84.400,0.200,0.400,520.41 84.500,0.100,0.500,520.41 ");
}
END_TEST

START_TEST(third_serial_number_is_the_new_candidate)
{
  write_pipeline("");
  two_cycles();
  meter_set(house.meter, "1001=99");
  cycle("84.408GJ", 0, OTHER_NUMBER("99", "68500001"));
  meter_set(house.meter, "1001=68500002");
  cycle("0.500GJ", 0, OTHER_NUMBER("68500002", "68500001"));
  expect("322=0.100 323=84308 327=100");
  cycle("0.700GJ", 0, EXCHANGED("0.500"));
  expect("322=0.200 323=700 327=300");
}
END_TEST

START_TEST(rebase_takes_a_candidate_at_once)
{
  write_pipeline("");
  two_cycles();
  meter_set(house.meter, "1001=68500002");
  cycle("0.500GJ", 0, OTHER_NUMBER("68500002", "68500001"));
  sandbox_run(house.sandbox, "rebase -c house.ini");
  cycle("0.700GJ", 0, REBASED);
  expect("322=0.100 323=700 327=100");
  quiet_cycle("0.900GJ");
  expect("322=0.200 323=900 327=300");
}
END_TEST

#define BELOW(reading, base)                                                   \
  "error: usage: meter.heat_energy_e1: " reading                               \
  " GJ is below the last known " base                                          \
  " GJ, held; if it is right: meterpipe rebase usage\n"

/* A candidate is kept until it is booked as the base: a held reading in between
 * does not replace it. */
START_TEST(candidate_is_kept_until_it_is_the_base)
{
  write_pipeline("");
  two_cycles();
  meter_set(house.meter, "1001=68500002");
  cycle("0.500GJ", 0, OTHER_NUMBER("68500002", "68500001"));
  cycle("0.300GJ", 65, BELOW("0.300", "0.500"));
  expect("322=0.100 323=84308 327=100");
  cycle("0.700GJ", 0,
        EXCHANGED("0.500") "notice: usage: meter.heat_energy_e1: works again "
                           "after 20 min 20 s\n");
  expect("322=0.200 323=700 327=300");
}
END_TEST

/* Two fields, each with its own base: the other serial number is reported
 * once. */
START_TEST(other_serial_number_is_reported_once_for_two_fields)
{
  domoticz_server_add(house.server, 405, "counter-custom", "m3");
  domoticz_server_add(house.server, 406, "custom", "m3");
  domoticz_setup_write(&house, "",
                       "idx.323 = meter.heat_energy_e1\nidx.322 = usage\n"
                       "idx.405 = meter.volume_v1\nidx.406 = water\n",
                       "[transform usage]\nplugin = subtract\n"
                       "value = meter.heat_energy_e1\nminus = domoticz.323\n"
                       "[transform water]\nplugin = subtract\n"
                       "value = meter.volume_v1\nminus = domoticz.405\n");
  quiet_cycle("84.208GJ");
  meter_set(house.meter, "1001=99");
  meter_set(house.meter, "68=520.51m3");
  cycle("84.308GJ", 0, OTHER_NUMBER("99", "68500001"));
  expect("323=84208 405=520410");
  meter_set(house.meter, "1001=68500001");
  cycle("84.408GJ", 0, RIGHT_AGAIN("68500001", "99"));
  expect("322=0.200 323=84408 405=520510 406=0.10");
}
END_TEST

/* ---- Readings that fall ---- */

#define HELD                                                                   \
  "error: usage: meter.heat_energy_e1: 80.000 GJ is below the last known "     \
  "84.308 GJ, held; if it is right: meterpipe rebase usage\n"

START_TEST(lower_reading_is_held_and_next_good_one_covers_the_usage)
{
  write_pipeline(LOG);
  two_cycles();
  meter_set(house.meter, "68=520.42m3");
  cycle("80.000GJ", 65, HELD);
  expect("322=0.100 323=84308 327=100");
  domoticz_setup_wait(&house, AN_HOUR);
  meter_set(house.meter, "68=520.43m3");
  cycle("80.000GJ", 65, ""); /* reported already */
  expect("322=0.100 323=84308 327=100");
  ck_assert_uint_eq(domoticz_server_writes(house.server, 323), 2);
  cycle("84.508GJ", 0,
        "notice: usage: meter.heat_energy_e1: works again after 1 h 41 min\n");
  expect("322=0.200 323=84508 327=300");
  ck_assert_str_eq(rows("heat.csv"),
                   "84.208,,,520.41 84.308,0.100,0.100,520.41 ,,,520.42 "
                   ",,,520.43 84.508,0.200,0.300,520.43 ");
}
END_TEST

static const char *const rebases[] = { "rebase -c house.ini",
                                       "rebase -c house.ini usage" };

START_TEST(rebase_takes_a_lower_reading_as_the_base)
{
  write_pipeline("");
  two_cycles();
  cycle("80.000GJ", 65, HELD);
  domoticz_setup_wait(&house, AN_HOUR);
  sandbox_run(house.sandbox, "%s", rebases[_i]);
  domoticz_setup_check(&house, 0, "");
  ck_assert_str_eq(sandbox_out(house.sandbox),
                   "usage: the next reading is the base (domoticz.323)\n");
  cycle(NULL, 0,
        REBASED
        "notice: usage: meter.heat_energy_e1: works again after 1 h 20 min\n");
  expect("322=0.100 323=80000 327=100");
  quiet_cycle("80.250GJ"); /* the rebase applied once */
  expect("322=0.250 323=80250 327=350");
}
END_TEST

START_TEST(rebase_takes_a_higher_reading_as_the_base)
{
  write_pipeline("");
  two_cycles();
  sandbox_run(house.sandbox, "%s", rebases[_i]);
  cycle("99.000GJ", 0, REBASED);
  expect("322=0.100 323=99000 327=100");
  quiet_cycle("99.100GJ");
  expect("322=0.100 323=99100 327=200");
}
END_TEST

START_TEST(rebase_applies_to_the_next_reading_during_an_outage)
{
  write_pipeline("");
  two_cycles();
  sandbox_run(house.sandbox, "rebase -c house.ini");
  domoticz_server_down(house.server);
  some_cycle("80.000GJ", 75);
  some_cycle("80.100GJ", 75);
  domoticz_server_up(house.server);
  some_cycle("80.300GJ", 0);
  expect("322=0.300 323=80300 327=400");
}
END_TEST

/* ---- Devices that are set by hand ---- */

static const struct {
  const char *set, *said, *then; /* then: after 0.2 GJ more */
} totals[] = {
  { "0",
    "notice: domoticz: idx.327: displays 0 GJ, but 0.100 GJ was written: the "
    "value was changed there; the next values continue from the displayed "
    "one\n",
    "322=0.200 323=84508 327=200" },
  { "500000",
    "notice: domoticz: idx.327: displays 500 GJ, but 0.100 GJ was written: the "
    "value was changed there; the next values continue from the displayed "
    "one\n",
    "322=0.200 323=84508 327=500200" },
};

START_TEST(total_set_by_hand_continues_from_the_new_value)
{
  write_pipeline("");
  two_cycles();
  domoticz_setup_wait(&house, 300);
  domoticz_server_set(house.server, 327, totals[_i].set);
  cycle("84.508GJ", 0, totals[_i].said);
  expect(totals[_i].then);
  quiet_cycle("84.508GJ"); /* reported once */
  expect("322=0.000 323=84508");
}
END_TEST

START_TEST(total_set_by_hand_keeps_its_pending_usage)
{
  write_pipeline("");
  two_cycles();
  domoticz_server_down(house.server);
  some_cycle("84.508GJ", 75);
  domoticz_setup_wait(&house, 300);
  domoticz_server_set(house.server, 327, "500000");
  domoticz_server_up(house.server);
  some_cycle("84.608GJ", 0);
  expect("322=0.300 323=84608 327=500300");
}
END_TEST

START_TEST(base_reset_to_zero_changes_nothing)
{
  write_pipeline("");
  two_cycles();
  domoticz_setup_wait(&house, 300);
  domoticz_server_set(house.server, 323, "0");
  quiet_cycle("84.508GJ");
  expect("322=0.200 323=84508 327=300");
}
END_TEST

START_TEST(usage_is_measured_from_a_base_set_by_hand)
{
  write_pipeline("");
  two_cycles();
  domoticz_setup_wait(&house, 300);
  domoticz_server_set(house.server, 323, "84000");
  cycle("84.508GJ", 0,
        "notice: domoticz: idx.323: displays 84 GJ, but 84.308 GJ was written: "
        "the value was changed there; the next values continue from the "
        "displayed one\n");
  expect("322=0.508 323=84508 327=608");
}
END_TEST

#define CHANGED                                                                \
  " was written: its unit or divider was changed; the value is written "       \
  "again\n"

START_TEST(changed_divider_causes_no_usage)
{
  write_pipeline("");
  two_cycles();
  domoticz_server_set_divider(house.server, 323, 100);
  domoticz_server_set_divider(house.server, 327, 10000);
  cycle("84.508GJ", 0,
        "notice: domoticz: idx.323: displays 843.08 GJ, but 84.308 GJ" CHANGED
        "notice: domoticz: idx.327: displays 0.01 GJ, but 0.100 GJ" CHANGED);
  expect("322=0.200 323=8451 327=3000");
  quiet_cycle("84.608GJ");
  expect("322=0.100 323=8461 327=4000");
}
END_TEST

START_TEST(deleted_and_recreated_base_loses_no_usage)
{
  write_pipeline("");
  two_cycles();
  domoticz_server_delete(house.server, 323);
  cycle("84.508GJ", 69,
        "error: domoticz: idx.323: is not listed by the output: there is no "
        "such target, it is hidden or disabled, or this user may not see it; "
        "its pending value is kept\n");
  expect("322=0.200 327=300");
  cycle("84.608GJ", 69, "");
  expect("322=0.100 327=400");
  domoticz_setup_wait(&house, AN_HOUR);
  domoticz_server_add(house.server, 323, "counter-custom", "GJ");
  cycle("84.908GJ", 0,
        "notice: domoticz: idx.323: works again after 1 h 41 min\n");
  expect("322=0.300 323=84908 327=700");
}
END_TEST

START_TEST(base_recreated_between_two_runs_loses_no_usage)
{
  write_pipeline("");
  two_cycles();
  domoticz_server_delete(house.server, 323);
  domoticz_setup_wait(&house, 300);
  domoticz_server_add(house.server, 323, "counter-custom", "GJ");
  quiet_cycle("84.508GJ");
  expect("322=0.200 323=84508 327=300");
}
END_TEST

/* ---- Servers ---- */

START_TEST(values_lost_in_a_power_cut_are_delivered_again)
{
  write_pipeline("");
  two_cycles();
  domoticz_server_power_cut(house.server);
  expect("323=84208");
  quiet_cycle("84.508GJ");
  expect("322=0.300 323=84508 327=300");
  quiet_cycle("84.608GJ");
  expect("322=0.100 323=84608 327=400");
}
END_TEST

START_TEST(usage_continues_from_a_restored_backup)
{
  write_pipeline("");
  two_cycles();
  domoticz_setup_wait(&house, 60);
  domoticz_server_snapshot(house.server);
  quiet_cycle("84.508GJ");
  quiet_cycle("84.608GJ");
  expect("322=0.100 323=84608 327=400");
  domoticz_setup_wait(&house, 60);
  domoticz_server_restore(house.server);
  expect("322=0.100 323=84308 327=100");
  cycle("84.908GJ", 0,
        "notice: domoticz: idx.323: displays 84.308 GJ, but 84.608 GJ was "
        "written: the value was changed there; the next values continue from "
        "the displayed one\n"
        "notice: domoticz: idx.327: displays 0.1 GJ, but 0.400 GJ was written: "
        "the value was changed there; the next values continue from the "
        "displayed one\n");
  expect("322=0.600 323=84908 327=700"); /* the gap is delivered again */
  quiet_cycle("85.008GJ");
  expect("322=0.100 323=85008 327=800");
}
END_TEST

START_TEST(restored_backup_replaces_the_pending_values)
{
  write_pipeline("");
  two_cycles();
  domoticz_setup_wait(&house, 60);
  domoticz_server_snapshot(house.server);
  quiet_cycle("84.508GJ");
  quiet_cycle("84.608GJ"); /* one write alone would look like a power cut */
  domoticz_server_down(house.server);
  some_cycle("84.708GJ", 75);
  domoticz_setup_wait(&house, 60);
  domoticz_server_restore(house.server);
  domoticz_server_up(house.server);
  some_cycle("84.908GJ", 0);
  expect("322=0.600 323=84908 327=700"); /* all since the backup, once */
}
END_TEST

START_TEST(failing_output_does_not_delay_the_others)
{
  char logs[128];

  write_pipeline("[output log]\nplugin = csv\npath = logs/heat.csv\n"
                 "column.energy = meter.heat_energy_e1\n"
                 "column.usage = usage\n");
  cycle("84.208GJ", 73,
        "error: log: logs/heat.csv: its directory does not exist; create it, "
        "or change `path`\n");
  expect("323=84208");
  cycle("84.308GJ", 73, "");
  expect("322=0.100 323=84308 327=100");

  snprintf(logs, sizeof(logs), "%s/logs", sandbox_dir(house.sandbox));
  ck_assert_int_eq(mkdir(logs, 0755), 0);
  domoticz_server_down(house.server);
  some_cycle("84.508GJ", 75);
  ck_assert_str_eq(rows("logs/heat.csv"), "84.208, 84.308,0.100 84.508,0.200 ");
  domoticz_server_up(house.server);
  some_cycle("84.608GJ", 0);
  expect("322=0.300 323=84608 327=400");
  ck_assert_str_eq(rows("logs/heat.csv"), "84.208, 84.308,0.100 84.508,0.200 "
                                          "84.608,0.100 ");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("accidents");
  TCase *t = tcase_create("accidents");

  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_loop_test(t, exchanged_meter_gets_a_new_base_and_totals_continue, 0,
                      ARRAY_SIZE(new_meters));
  tcase_add_loop_test(t, meter_exchanged_during_an_outage_loses_no_usage, 0,
                      ARRAY_SIZE(new_meters));
  tcase_add_test(t, row_of_an_exchange_leaves_the_measured_fields_empty);
  tcase_add_test(t, serial_number_that_is_wrong_once_loses_no_usage);
  tcase_add_test(t, third_serial_number_is_the_new_candidate);
  tcase_add_test(t, rebase_takes_a_candidate_at_once);
  tcase_add_test(t, candidate_is_kept_until_it_is_the_base);
  tcase_add_test(t, other_serial_number_is_reported_once_for_two_fields);
  tcase_add_test(t, lower_reading_is_held_and_next_good_one_covers_the_usage);
  tcase_add_loop_test(t, rebase_takes_a_lower_reading_as_the_base, 0,
                      ARRAY_SIZE(rebases));
  tcase_add_loop_test(t, rebase_takes_a_higher_reading_as_the_base, 0,
                      ARRAY_SIZE(rebases));
  tcase_add_test(t, rebase_applies_to_the_next_reading_during_an_outage);
  tcase_add_loop_test(t, total_set_by_hand_continues_from_the_new_value, 0,
                      ARRAY_SIZE(totals));
  tcase_add_test(t, total_set_by_hand_keeps_its_pending_usage);
  tcase_add_test(t, base_reset_to_zero_changes_nothing);
  tcase_add_test(t, usage_is_measured_from_a_base_set_by_hand);
  tcase_add_test(t, changed_divider_causes_no_usage);
  tcase_add_test(t, deleted_and_recreated_base_loses_no_usage);
  tcase_add_test(t, base_recreated_between_two_runs_loses_no_usage);
  tcase_add_test(t, values_lost_in_a_power_cut_are_delivered_again);
  tcase_add_test(t, usage_continues_from_a_restored_backup);
  tcase_add_test(t, restored_backup_replaces_the_pending_values);
  tcase_add_test(t, failing_output_does_not_delay_the_others);
  suite_add_tcase(suite, t);

  return run_suite(suite);
}
