/*
 * The read budget of the kmp input, with an emulated meter and the clock of a
 * fake host.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/remove_tree.h"
#include "tests/plugins/kmp/input/kmp_setup.h"
#include "tests/support/run_suite.h"

#define MINUTE INT64_C(60000)

static char state_dir[64];

static void
setup(void)
{
  kmp_setup();
  strcpy(state_dir, "/tmp/meterpipe-kmp-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(state_dir));
  h->table.state_dir = state_dir;
}

static void
teardown(void)
{
  kmp_leave();
  remove_tree(state_dir);
}

static int
cycle_and_identify(void)
{
  int r = cycle();

  return r == MP_OK ? input->identify(self, &sink->input) : r;
}

static int
run_and_identify(void)
{
  return with_instance(cycle_and_identify);
}

static int
check_meter(void)
{
  return input->check(self);
}

static int
check(void)
{
  return with_instance(check_meter);
}

static int
probe_meter(void)
{
  return input->probe(self, 0, &sink->probe);
}

/* ---- The status ---- */

static int
tell_status(void)
{
  static char text[256];

  return input->status(self, text, sizeof(text)) == MP_OK
           ? (fake_host_store(h, "told", text), MP_OK)
           : MP_DROP;
}

/* Checks the text of the status; NULL: there is none. */
static void
check_status(const char *text)
{
  ck_assert_int_eq(with_instance(tell_status), text ? MP_OK : MP_DROP);
  if (text)
    ck_assert_str_eq(fake_host_stored(h, "told"), text);
}

START_TEST(reading_within_min_interval_is_skipped)
{
  static const struct {
    int64_t later;
    int result;
  } rows[] = {
    { 60000, MP_SKIP },       { 8 * 60000, MP_SKIP }, { 9 * 60000, MP_SKIP },
    { 9 * 60000 + 1, MP_OK }, { 60000, MP_SKIP },     { -60000, MP_OK },
  };
  int64_t now = NOW;

  want(2);
  fake_host_set(h, "min_interval", "10m");
  ck_assert_int_eq(run(), MP_OK);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    fake_host_set_now(h, now + rows[i].later);
    ck_assert_int_eq(run(), rows[i].result);
    ck_assert_uint_eq(meter_requests(m), rows[i].result == MP_OK);
    if (rows[i].result == MP_OK)
      now += rows[i].later;
  }
}
END_TEST

/* A failed attempt counts, too, but for another interval. */
START_TEST(failed_attempt_waits_for_the_retry_interval)
{
  static const struct {
    const char *min, *retry;
    int64_t later;
    int result;
  } rows[] = {
    { "1h", NULL, 53, MP_SKIP }, { "1h", NULL, 55, MP_OK },
    { "1h", "10m", 8, MP_SKIP }, { "1h", "10m", 10, MP_OK },
    { "1h", "1d", 55, MP_SKIP }, { "1h", "1d", 22 * 60, MP_OK },
    { NULL, "10m", 8, MP_SKIP }, { NULL, "10m", 10, MP_OK },
    { "10m", "0", 0, MP_OK },
  };

  want(2);
  fake_host_set(h, "min_interval", rows[_i].min);
  fake_host_set(h, "retry_interval", rows[_i].retry);
  fake_host_set(h, "retries", "0");
  meter_fault(m, "crc");
  ck_assert_int_eq(run(), MP_EPROTO);
  ck_assert_uint_eq(meter_requests(m), 1);
  check_status("1 attempt in the last 24 hours, 1 failed");
  meter_clear_faults(m);
  fake_host_set_now(h, NOW + rows[_i].later * MINUTE);
  ck_assert_int_eq(run(), rows[_i].result);
  ck_assert_uint_eq(meter_requests(m) > 0, rows[_i].result == MP_OK);
}
END_TEST

/* All that is sent in one cycle is one attempt: retries, and the request for
 * the serial number afterwards. */
START_TEST(attempts_of_the_status_are_those_that_the_meter_counts)
{
  unsigned attempts = 0;

  want(8);
  check_status(NULL);
  for (int i = 0; i < 5; i++) {
    fake_host_set_now(h, NOW + i * HOUR);
    meter_fault(m, "crc*1");
    ck_assert_int_eq(run_and_identify(), MP_OK);
    ck_assert_uint_ge(meter_requests(m), 3);
    attempts += meter_requests(m) > 0;
  }
  ck_assert_uint_eq(attempts, 5);
  check_status("5 attempts in the last 24 hours, 0 failed");
  ck_assert_int_eq(check(), MP_OK);
  check_status("6 attempts in the last 24 hours, 0 failed");
  assert_logged("notice: meter: ");
  assert_logged(": this counts as an attempt to read the meter: 6 attempts");
  ck_assert_int_eq(with_instance(probe_meter), MP_OK);
  check_status("7 attempts in the last 24 hours, 0 failed");
  fake_host_set(h, "device", "/dev/there-is-no-such-tty");
  ck_assert_int_eq(run(), MP_EIO); /* no byte was sent */
  fake_host_set(h, "device", meter_path(m));
  check_status("7 attempts in the last 24 hours, 0 failed");
  fake_host_set_now(h, NOW + DAY + HOUR);
  check_status("5 attempts in the last 24 hours, 0 failed");
}
END_TEST

/* Returns true if the log has the notice about the battery; checks its text. */
static bool
is_noticed(void)
{
  if (!strstr(fake_host_log(h), "battery"))
    return false;
  assert_logged(
    " attempts in the last 24 hours, 0 failed; this meter's battery "
    "is calculated for 24: set min_interval = 60m; if the meter is "
    "on mains, ");
  return true;
}

/* Reads every 20 minutes.  Returns the number of readings with a notice about
 * the battery. */
static unsigned
read_often(unsigned times)
{
  unsigned notices = 0;

  for (unsigned i = 0; i < times; i++) {
    fake_host_set_now(h, NOW + i * 20 * MINUTE);
    fake_host_forget(h);
    ck_assert_int_eq(run(), MP_OK);
    notices += is_noticed();
  }
  return notices;
}

/* A MULTICAL 403, by its registers; its type is not published. */
START_TEST(too_many_attempts_are_noticed_once_a_day)
{
  want(2);
  meter_set(m, "type=4711");
  meter_set(m, "125=300l/h");
  meter_set(m, "266=84.208kWh");
  ck_assert_uint_eq(read_often(26), 0);
  check_status(
    "26 attempts in the last 24 hours, 0 failed; this meter's battery "
    "is calculated for 24");
  ck_assert_uint_eq(read_often(3 * 72), 3);
  check_status(
    "72 attempts in the last 24 hours, 0 failed; this meter's battery "
    "is calculated for 24");
}
END_TEST

/* Nobody knows the battery of another model.  Who sets min_interval has
 * decided. */
START_TEST(other_attempts_are_not_noticed)
{
  want(2);
  meter_set(m, _i ? "type=4711" : "type=1101 0106");
  meter_set(m, "125=300l/h");
  meter_set(m, "266=84.208kWh");
  if (_i)
    fake_host_set(h, "min_interval", _i == 1 ? "20m" : "0");
  ck_assert_uint_eq(read_often(2 * 72), 0);
  check_status(_i ? "72 attempts in the last 24 hours, 0 failed; this meter's "
                    "battery is calculated for 24"
                  : "72 attempts in the last 24 hours, 0 failed");
}
END_TEST

/* The meter is asked once, even if it does not answer. */
START_TEST(model_is_asked_for_when_it_begins_to_matter)
{
  want(2);
  if (_i) {
    meter_fault(m, "ignore=1");
    fake_host_set(h, "retries", "0");
  }
  for (unsigned i = 0; i < 30; i++) {
    fake_host_set_now(h, NOW + i * 20 * MINUTE);
    ck_assert_int_eq(run(), MP_OK);
    ck_assert_uint_eq(meter_requests(m), i == 24 ? 2 + _i : 1);
  }
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("budget");
  TCase *tcase = tcase_create("budget");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, reading_within_min_interval_is_skipped);
  tcase_add_loop_test(tcase, failed_attempt_waits_for_the_retry_interval, 0, 9);
  tcase_add_test(tcase, attempts_of_the_status_are_those_that_the_meter_counts);
  tcase_add_test(tcase, too_many_attempts_are_noticed_once_a_day);
  tcase_add_loop_test(tcase, other_attempts_are_not_noticed, 0, 3);
  tcase_add_loop_test(tcase, model_is_asked_for_when_it_begins_to_matter, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
