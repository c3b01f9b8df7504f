/*
 * The read budget: the program's clock is set, and the emulated meter counts
 * the attempts.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/meter_setup.h"
#include "tests/support/run_suite.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static struct meter_setup setup;
static unsigned attempts; /* cycles in which the meter heard a byte */

static void
enter(void)
{
  setup = meter_setup_new(METER_SETUP_HEAT);
  attempts = 0;
  meter_setup_write(&setup, METER_SETUP_TWO "min_interval = 1h\nretries = 0\n");
}

static void
leave(void)
{
  meter_setup_free(&setup);
}

/* Returns true, and counts, if the meter heard something since meter_forget. */
static bool
was_asked(void)
{
  bool asked = meter_requests(setup.m) + meter_unheard(setup.m) > 0;

  attempts += asked;
  return asked;
}

/* Runs the program some SECONDS later.  Returns true if the meter was asked. */
static bool
asks_after(int64_t seconds, const char *words)
{
  sandbox_advance(setup.s, seconds);
  meter_forget(setup.m);
  sandbox_run(setup.s, "%s", words);
  return was_asked();
}

static bool
reads_after(int64_t seconds)
{
  bool asked = asks_after(seconds, "run -c house.ini");

  ck_assert_str_eq(sandbox_err(setup.s), "");
  ck_assert_int_eq(sandbox_status(setup.s), 0);
  ck_assert_str_eq(sandbox_out(setup.s), asked ? METER_SETUP_TWO_SHOWN : "");
  return asked;
}

/* Checks that the program has counted what the meter has. */
static void
check_attempts(const char *pipeline, unsigned failed)
{
  char line[128];

  snprintf(line, sizeof(line),
           "\nmeter: %u attempt%s in the last 24 hours, %u failed\n", attempts,
           attempts == 1 ? "" : "s", failed);
  sandbox_run(setup.s, "status -c %s", pipeline);
  ck_assert_msg(strstr(sandbox_out(setup.s), line), "%s in:\n%s", line,
                sandbox_out(setup.s));
}

/* Writes the name of the device's file of attempts. */
static void
name_file(char *buf, size_t size)
{
  int n = 0;

  ck_assert_int_eq(sscanf(meter_path(setup.m), "/dev/pts/%d", &n), 1);
  snprintf(buf, size, "attempts-%%2Fdev%%2Fpts%%2F%d", n);
}

START_TEST(day_has_one_attempt_an_hour)
{
  for (int i = 0; i < 3 * 24; i++)
    ck_assert_int_eq(reads_after(i > 0 ? 20 * MINUTE : 0), i % 3 == 0);
  ck_assert_uint_eq(attempts, 24);
  check_attempts("house.ini", 0);
}
END_TEST

START_TEST(clock_an_hour_forward_or_back_reads_once_more)
{
  ck_assert(reads_after(0));
  ck_assert(!reads_after(20 * MINUTE));
  ck_assert(reads_after(HOUR + 20 * MINUTE)); /* forward */
  ck_assert(!reads_after(20 * MINUTE));
  ck_assert(reads_after(-HOUR + 20 * MINUTE)); /* back */
  ck_assert(!reads_after(20 * MINUTE));
  ck_assert(!reads_after(20 * MINUTE));
  ck_assert(reads_after(20 * MINUTE));
  ck_assert_uint_eq(attempts, 4);
  check_attempts("house.ini", 0);
}
END_TEST

/* The second pipeline names the device in another way. */
START_TEST(two_pipelines_share_the_attempts_of_a_device)
{
  meter_setup_link(&setup, setup.m, "eye2");
  sandbox_write(setup.s, "garden.ini",
                "[input meter]\nplugin = kmp\ndevice = eye2\n" METER_SETUP_TWO
                "min_interval = 30m\n[output show]\nplugin = stdout\n");
  ck_assert(reads_after(0));
  ck_assert(!asks_after(20 * MINUTE, "run -c garden.ini"));
  ck_assert_int_eq(sandbox_status(setup.s), 0);
  ck_assert(asks_after(20 * MINUTE, "run -c garden.ini"));
  check_attempts("garden.ini", 0);
  ck_assert(!reads_after(20 * MINUTE));
  check_attempts("house.ini", 0);
}
END_TEST

/* The second one finds the port in use, waits for it, and then need not read.
 */
START_TEST(two_pipelines_at_the_same_time_make_one_attempt)
{
  struct sandbox *other = sandbox_new();

  sandbox_setenv(other, "STATE_DIRECTORY", sandbox_dir(setup.s));
  sandbox_write(other, "garden.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n" METER_SETUP_TWO
                "min_interval = 1h\n[output show]\nplugin = stdout\n",
                meter_path(setup.m));
  sandbox_advance(other, MINUTE);
  meter_set_delay(setup.m, 1000);
  sandbox_start(setup.s, "run -c house.ini");
  meter_setup_wait_request(setup.m, 1);
  ck_assert_int_eq(sandbox_run(other, "run -v -c garden.ini"), 0);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(other), ": not read: the last attempt was "));
  ck_assert_int_eq(sandbox_wait(setup.s), 0);
  ck_assert_str_eq(sandbox_out(setup.s), METER_SETUP_TWO_SHOWN);
  ck_assert_uint_eq(meter_requests(setup.m), 1);
  sandbox_free(other);
}
END_TEST

/* They read regardless of min_interval, and count. */
START_TEST(probe_check_and_dry_run_count)
{
  char words[128];

  snprintf(words, sizeof(words), "probe kmp device=%s", meter_path(setup.m));
  ck_assert(reads_after(0));
  ck_assert(asks_after(30 * MINUTE, words));
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(setup.s),
           ": this counts as an attempt to read the meter: 2 attempts in the "
           "last 24 hours, 0 failed\n"));
  ck_assert(!reads_after(30 * MINUTE));
  ck_assert(asks_after(MINUTE, "check -c house.ini"));
  ck_assert_str_eq(sandbox_err(setup.s),
                   "notice: meter: eye: this counts as an attempt to read the "
                   "meter: 3 attempts in the last 24 hours, 0 failed\n");
  ck_assert(!reads_after(30 * MINUTE));
  ck_assert(!asks_after(0, "run -n -c house.ini"));
  ck_assert(asks_after(30 * MINUTE, "run -n -c house.ini"));
  ck_assert(!reads_after(30 * MINUTE));
  ck_assert(reads_after(30 * MINUTE));
  ck_assert_uint_eq(attempts, 5);
  check_attempts("house.ini", 0);
}
END_TEST

START_TEST(failed_attempt_is_repeated_after_the_retry_interval)
{
  meter_setup_write(&setup, METER_SETUP_TWO "min_interval = 1h\nretries = 0\n"
                                            "retry_interval = 40m\n");
  meter_fault(setup.m, "crc");
  ck_assert(asks_after(0, "run -c house.ini"));
  ck_assert_int_eq(sandbox_status(setup.s), 76);
  meter_clear_faults(setup.m);
  ck_assert(!reads_after(20 * MINUTE));
  check_attempts("house.ini", 1);
  ck_assert(asks_after(20 * MINUTE, "run -c house.ini"));
  ck_assert_int_eq(sandbox_status(setup.s), 0);
  ck_assert(!reads_after(40 * MINUTE));
  check_attempts("house.ini", 1);
}
END_TEST

/* A run that is killed after its request has failed.  One that finds no port
 * has made no attempt. */
START_TEST(attempt_is_what_sent_a_byte)
{
  sandbox_remove(setup.s, "eye");
  ck_assert(!asks_after(0, "run -c house.ini"));
  ck_assert_int_eq(sandbox_status(setup.s), 74);
  meter_setup_link(&setup, setup.m, "eye");
  meter_fault(setup.m, "silent*1");
  sandbox_start(setup.s, "run -c house.ini");
  meter_setup_wait_request(setup.m, 1);
  usleep(200 * 1000); /* the request is counted right after it was written */
  kill(sandbox_pid(setup.s), SIGKILL);
  sandbox_wait(setup.s);
  ck_assert(was_asked());
  check_attempts("house.ini", 1);
  ck_assert(!asks_after(20 * MINUTE, "run -c house.ini"));
  ck_assert_int_eq(sandbox_status(setup.s), 0);
}
END_TEST

START_TEST(lost_state_reads)
{
  char name[64];

  name_file(name, sizeof(name));
  ck_assert(reads_after(0));
  ck_assert(!reads_after(20 * MINUTE));
  sandbox_remove(setup.s, name);
  ck_assert(reads_after(0));
  sandbox_remove(setup.s, "house.db");
  ck_assert(!reads_after(20 * MINUTE)); /* the database does not matter */
  attempts = 1;
  check_attempts("house.ini", 0);
}
END_TEST

START_TEST(unwritable_file_reads_and_is_reported_once_a_day)
{
  char name[64], path[256], said[512];

  name_file(name, sizeof(name));
  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(setup.s), name);
  snprintf(said, sizeof(said),
           "warning: meter: %s: Is a directory: cannot count the attempts to "
           "read the meter; it is read regardless of min_interval\n",
           path);
  ck_assert_int_eq(mkdir(path, 0755), 0);
  ck_assert(asks_after(0, "run -c house.ini"));
  ck_assert_str_eq(sandbox_err(setup.s), said);
  ck_assert_int_eq(sandbox_status(setup.s), 0);
  ck_assert(reads_after(20 * MINUTE));
  ck_assert(asks_after(DAY, "run -c house.ini"));
  ck_assert_str_eq(sandbox_err(setup.s), said);
  ck_assert_int_eq(rmdir(path), 0);
  ck_assert(reads_after(20 * MINUTE));
  ck_assert(!reads_after(20 * MINUTE));
}
END_TEST

START_TEST(skipped_reading_delivers_pending_values)
{
  sandbox_write(setup.s, "take.sh", "exit 75\n");
  sandbox_write(setup.s, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = eye\n"
                "min_interval = 1h\n[output hook]\nplugin = exec\n"
                "class = latest\ncommand = sh take.sh\n"
                "value.energy = meter.heat_energy_e1\n");
  ck_assert(asks_after(0, "run -c house.ini"));
  ck_assert_int_eq(sandbox_status(setup.s), 75);
  sandbox_write(setup.s, "take.sh", "cat >got\n");
  ck_assert(!asks_after(20 * MINUTE, "run -c house.ini"));
  ck_assert_int_eq(sandbox_status(setup.s), 0);
  ck_assert_ptr_nonnull(strstr(sandbox_read(setup.s, "got"), "\"84.208\""));
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("budget");
  TCase *tcase = tcase_create("budget");

  suite_add_tcase(suite, tcase);
  tcase_add_checked_fixture(tcase, enter, leave);
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, day_has_one_attempt_an_hour);
  tcase_add_test(tcase, clock_an_hour_forward_or_back_reads_once_more);
  tcase_add_test(tcase, two_pipelines_share_the_attempts_of_a_device);
  tcase_add_test(tcase, two_pipelines_at_the_same_time_make_one_attempt);
  tcase_add_test(tcase, probe_check_and_dry_run_count);
  tcase_add_test(tcase, failed_attempt_is_repeated_after_the_retry_interval);
  tcase_add_test(tcase, attempt_is_what_sent_a_byte);
  tcase_add_test(tcase, lost_state_reads);
  tcase_add_test(tcase, unwritable_file_reads_and_is_reported_once_a_day);
  tcase_add_test(tcase, skipped_reading_delivers_pending_values);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
