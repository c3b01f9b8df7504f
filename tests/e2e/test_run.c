/*
 * The course of a run: its waits, the work it leaves to other programs, and its
 * ends.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

#define TRANSFORMS DOMOTICZ_SETUP_USAGE DOMOTICZ_SETUP_TOTAL

#define DAY 86400

static struct domoticz_setup house;

static void
build(const char *more)
{
  domoticz_setup_build_heat(&house);
  domoticz_setup_write(&house, "", DOMOTICZ_SETUP_TARGETS, more);
}

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

static bool
meter_was_asked(void)
{
  return meter_requests(house.meter) > 0;
}

static bool
update_has_come(void)
{
  return domoticz_server_count(house.server, "udevice") > 0;
}

/* ---- Degrees ------------------------------------------------------------- */

START_TEST(temperature_reaches_a_server_set_to_fahrenheit)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 325, "temperature", NULL);
  domoticz_server_set_fahrenheit(house.server, true);
  domoticz_setup_write(&house, "", "idx.325 = meter.temperature_t1\n", "");
  meter_set(house.meter, "86=60.21C");
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_device(&house, 325, "60.21");
  ck_assert_str_eq(domoticz_server_data(house.server, 325), "140.4 F");
  /* The displayed value is the sent one in another unit, and no manual
   * change. */
  meter_set(house.meter, "86=60.37C");
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_device(&house, 325, "60.37");
}
END_TEST

/* ---- Two runs at once ---------------------------------------------------- */

START_TEST(second_run_ends_while_the_first_is_running)
{
  struct sandbox *second = sandbox_new();

  build(TRANSFORMS);
  domoticz_setup_write(&house, "timeout = 50s\n", DOMOTICZ_SETUP_TARGETS,
                       TRANSFORMS);
  meter_set(house.meter, "60=84.208GJ");
  meter_set_delay(house.meter, 5000);
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  sandbox_start(house.sandbox, "run -c house.ini");
  domoticz_setup_wait_for(meter_was_asked);
  sandbox_setenv(second, "STATE_DIRECTORY", sandbox_dir(house.sandbox));
  sandbox_run(second, "run -c %s/house.ini", sandbox_dir(house.sandbox));
  ck_assert_str_eq(
    sandbox_err(second),
    domoticz_setup_text(&house,
                        "error: {dir}/house.lock: another run of this pipeline "
                        "is in progress; this one does nothing\n"));
  ck_assert_int_eq(sandbox_status(second), EX_TEMPFAIL);
  sandbox_wait(house.sandbox);
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_uint_eq(meter_requests(house.meter), 1);
  domoticz_setup_check_heat(&house, "0.208", "84.208", "1.208");
  sandbox_free(second);
}
END_TEST

/* ---- A port in use ------------------------------------------------------- */

/* Locks the port, as any cooperative program does. */
static int
hold_port(void)
{
  int fd = open(meter_path(house.meter), O_RDWR | O_NOCTTY | O_CLOEXEC);

  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
  return fd;
}

static const char *
own_name(void)
{
  static char name[32];
  FILE *f = fopen("/proc/self/comm", "r");

  ck_assert_ptr_nonnull(f);
  ck_assert_ptr_nonnull(fgets(name, sizeof(name), f));
  fclose(f);
  name[strcspn(name, "\n")] = '\0';
  return name;
}

START_TEST(port_in_use_is_named_with_its_user)
{
  char said[256];
  int fd;

  build(TRANSFORMS "[pipeline]\ndeadline = 10s\n");
  fd = hold_port();
  domoticz_setup_run(&house, "84.208GJ");
  snprintf(said, sizeof(said),
           "error: meter: {tty}: in use by %s (process %ld): stop it, or read "
           "at other times\n",
           own_name(), (long)getpid());
  domoticz_setup_check(&house, EX_TEMPFAIL, said);
  ck_assert_uint_eq(meter_requests(house.meter), 0);
  close(fd);
  domoticz_setup_wait(&house, DAY);
  domoticz_setup_run(&house, "84.209GJ");
  domoticz_setup_check(&house, EX_OK,
                       "notice: meter: {tty}: works again after 1 d\n");
  domoticz_setup_check_heat(&house, "0.209", "84.209", "1.209");
}
END_TEST

/* A stage or target that only an earlier pipeline file named was not asked, and
 * is not reported as working again. */
START_TEST(recovery_of_a_removed_stage_is_not_reported)
{
  build("");
  sandbox_write(house.sandbox, "house.ini", "%s",
                domoticz_setup_text(
                  &house, "[input meter]\nplugin = kmp\ndevice = {dir}/none\n"
                          "[output domoticz]\nplugin = domoticz\nurl = {url}\n"
                          "idx.323 = meter.heat_energy_e1\n"));
  domoticz_setup_run(&house, "84.208GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_IOERR);
  domoticz_setup_write(&house, "",
                       "idx.323 = meter.heat_energy_e1\n"
                       "idx.999 = meter.heat_energy_e1\n",
                       "");
  domoticz_setup_run(&house, "84.209GJ");
  ck_assert_int_ne(sandbox_status(house.sandbox), 0);
  ck_assert_ptr_null(strstr(sandbox_err(house.sandbox), "again"));
  domoticz_setup_write(&house, "", "idx.323 = meter.heat_energy_e1\n", "");
  domoticz_setup_run(&house, "84.210GJ");
  domoticz_setup_check(&house, 0, "");
}
END_TEST

START_TEST(run_waits_for_a_busy_port)
{
  const int held_ms = 300;
  int64_t begun;
  int fd;

  build(TRANSFORMS);
  fd = hold_port();
  meter_set(house.meter, "60=84.208GJ");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  begun = clock_mono_ms();
  sandbox_start(house.sandbox, "run -c house.ini");
  usleep(held_ms * 1000);
  close(fd);
  sandbox_wait(house.sandbox);
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_int_ge(clock_mono_ms() - begun, held_ms);
  domoticz_setup_check_heat(&house, "0.208", "84.208", "1.208");
}
END_TEST

/* ---- Signals ------------------------------------------------------------- */

static const int stops[] = { SIGTERM, SIGINT };

static void
get_settings(int fd, struct termios *ret)
{
  memset(ret, 0, sizeof(*ret));
  ck_assert_int_eq(tcgetattr(fd, ret), 0);
}

START_TEST(signal_ends_the_reading_and_restores_the_port)
{
  struct termios before, during, after;
  int64_t begun;
  int fd;

  build(TRANSFORMS);
  domoticz_setup_write(&house, "timeout = 50s\n", DOMOTICZ_SETUP_TARGETS,
                       TRANSFORMS);
  fd = open(meter_path(house.meter), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  get_settings(fd, &before);
  meter_fault(house.meter, "silent");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  sandbox_start(house.sandbox, "run -c house.ini");
  domoticz_setup_wait_for(meter_was_asked);
  get_settings(fd, &during);
  begun = clock_mono_ms();
  kill(sandbox_pid(house.sandbox), stops[_i]);
  sandbox_wait(house.sandbox);
  domoticz_setup_check(
    &house, EX_TEMPFAIL,
    "error: meter: {tty}: interrupted while reading the meter\n");
  ck_assert_int_lt(clock_mono_ms() - begun, 30000);
  get_settings(fd, &after);
  close(fd);
  ck_assert_mem_eq(&after, &before, sizeof(before));
  ck_assert_mem_ne(&during, &before, sizeof(before));
  meter_clear_faults(house.meter);
  usleep(1700 * 1000); /* until the meter listens again */
  domoticz_setup_run(&house, "84.209GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_heat(&house, "0.209", "84.209", "1.209");
}
END_TEST

START_TEST(signal_lets_the_current_update_finish)
{
  build(TRANSFORMS);
  domoticz_server_fault(house.server, DOMOTICZ_DELAY, "udevice", 0, 1, 500);
  meter_set(house.meter, "60=84.208GJ");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  sandbox_start(house.sandbox, "run -c house.ini");
  domoticz_setup_wait_for(update_has_come);
  kill(sandbox_pid(house.sandbox), stops[_i]);
  sandbox_wait(house.sandbox);
  domoticz_setup_check(&house, EX_TEMPFAIL, "");
  ck_assert_uint_eq(domoticz_server_count(house.server, "udevice"), 1);
  domoticz_setup_check_device(&house, 322, "0.208");
  domoticz_setup_run(&house, "84.209GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_heat(&house, "0.001", "84.209", "1.209");
}
END_TEST

/* ---- Two values of a target are two seconds apart ------------------------ */

/* Another program created and set all devices a moment ago. */
START_TEST(run_waits_after_another_update_of_the_device)
{
  int64_t begun;

  build(TRANSFORMS);
  meter_set(house.meter, "60=84.208GJ");
  begun = clock_mono_ms();
  sandbox_run(house.sandbox, "run -c house.ini");
  begun = clock_mono_ms() - begun;
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_int_ge(begun, 2000);
  /* All targets wait at the same time: one by one they would take 6 s. */
  ck_assert_int_lt(begun, 6000);
  domoticz_setup_check_heat(&house, "0.208", "84.208", "1.208");
}
END_TEST

START_TEST(run_waits_after_its_own_recent_update)
{
  int64_t begun;

  build(TRANSFORMS);
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_server_advance(house.server, DOMOTICZ_SETUP_INTERVAL);
  sandbox_advance(house.sandbox, 1); /* from the beginning of that run */
  meter_set(house.meter, "60=84.209GJ");
  begun = clock_mono_ms();
  sandbox_run(house.sandbox, "run -c house.ini");
  begun = clock_mono_ms() - begun;
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_int_ge(begun, 1000);
  domoticz_setup_check_heat(&house, "0.001", "84.209", "1.209");
}
END_TEST

static bool
devices_were_asked(void)
{
  return domoticz_server_requests(house.server) > 0;
}

/* Before the values may be sent, the deadline passes or a signal arrives: they
 * are certainly not sent, and the next run sends them. */
static const struct {
  const char *pipeline;
  bool stops;
  const char *said;
} waits[] = {
  { "[pipeline]\ndeadline = 1900ms\n", false,
    "error: domoticz: ran out of time before sending 3 values; the next run "
    "sends them\n" },
  { "", true, "" },
};

START_TEST(value_that_cannot_be_sent_in_time_stays_pending)
{
  char more[1024];

  snprintf(more, sizeof(more), "%s%s", TRANSFORMS, waits[_i].pipeline);
  build(more);
  meter_set(house.meter, "60=84.208GJ");
  domoticz_server_forget(house.server);
  sandbox_start(house.sandbox, "run -c house.ini");
  if (waits[_i].stops) {
    domoticz_setup_wait_for(devices_were_asked);
    usleep(200000);
    kill(sandbox_pid(house.sandbox), SIGTERM);
  }
  sandbox_wait(house.sandbox);
  domoticz_setup_check(&house, EX_TEMPFAIL, waits[_i].said);
  ck_assert_uint_eq(domoticz_server_count(house.server, "udevice"), 0);
  domoticz_setup_check_device(&house, 323, "84");
  domoticz_setup_check_device(&house, 324, "1");
  domoticz_setup_wait(&house, 20);
  domoticz_setup_run(&house, "84.211GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  domoticz_setup_check_heat(&house, "0.211", "84.211", "1.211");
  ck_assert_uint_eq(domoticz_server_count(house.server, "udevice"), 3);
}
END_TEST

/* ---- Without cron -------------------------------------------------------- */

static size_t
rows_written(void)
{
  const char *text = sandbox_read(house.sandbox, "heat.csv");
  size_t n = 0;

  for (; text && *text; text++)
    n += *text == '\n';
  return n;
}

static bool
three_rows_are_written(void)
{
  return rows_written() >= 1 + 3;
}

static bool
four_rows_are_written(void)
{
  return rows_written() >= 1 + 4;
}

START_TEST(every_repeats_until_a_signal_arrives)
{
  int64_t begun = clock_mono_ms();

  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  sandbox_write(house.sandbox, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.heat_energy_e1\n",
                meter_path(house.meter));
  meter_set(house.meter, "60=84.208GJ");
  sandbox_start(house.sandbox, "run --every 1s -c house.ini");
  domoticz_setup_wait_for(three_rows_are_written);
  ck_assert_int_ge(clock_mono_ms() - begun, 2000);
  kill(sandbox_pid(house.sandbox), SIGTERM);
  sandbox_wait(house.sandbox);
  domoticz_setup_check(&house, EX_TEMPFAIL, "");
  ck_assert_uint_eq(rows_written(), 1 + 3);

  /* The signal arrives while the program sleeps. */
  sandbox_start(house.sandbox, "run --every 1h -c house.ini");
  domoticz_setup_wait_for(four_rows_are_written);
  usleep(500000);
  kill(sandbox_pid(house.sandbox), SIGTERM);
  sandbox_wait(house.sandbox);
  domoticz_setup_check(&house, EX_TEMPFAIL, "");
}
END_TEST

/* With --every, an output stays open: its next cycle uses the same
 * connection. */
START_TEST(every_keeps_the_connection_of_an_output)
{
  domoticz_setup_build_heat(&house);
  sandbox_write(house.sandbox, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.heat_energy_e1\n"
                "[output dom]\nplugin = domoticz\nurl = %s\n"
                "idx.323 = meter.heat_energy_e1\n",
                meter_path(house.meter), domoticz_server_url(house.server));
  meter_set(house.meter, "60=84.208GJ");
  sandbox_start(house.sandbox, "run --every 100ms -c house.ini");
  domoticz_setup_wait_for(three_rows_are_written);
  kill(sandbox_pid(house.sandbox), SIGTERM);
  sandbox_wait(house.sandbox);
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_TEMPFAIL);
  ck_assert_uint_ge(domoticz_server_count(house.server, "getdevices"), 3);
  ck_assert_uint_eq(domoticz_server_connections(house.server), 1);
}
END_TEST

static bool
other_file_has_rows(void)
{
  return sandbox_exists(house.sandbox, "other.csv") &&
         strchr(sandbox_read(house.sandbox, "other.csv"), '2');
}

static void
write_log(const char *path, const char *field)
{
  char from[256], to[256];

  sandbox_write(house.sandbox, "new.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n"
                "[output log]\nplugin = csv\npath = %s\n"
                "column.energy = meter.%s\n",
                meter_path(house.meter), path, field);
  snprintf(from, sizeof(from), "%s/new.ini", sandbox_dir(house.sandbox));
  snprintf(to, sizeof(to), "%s/house.ini", sandbox_dir(house.sandbox));
  ck_assert_int_eq(rename(from, to), 0);
}

/* With --every, a pipeline file that has changed is read before the next cycle.
 * If it has mistakes, the run ends. */
START_TEST(every_reads_a_changed_pipeline_file)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  write_log("heat.csv", "heat_energy_e1");
  meter_set(house.meter, "60=84.208GJ");
  sandbox_start(house.sandbox, "run --every 100ms -c house.ini");
  domoticz_setup_wait_for(three_rows_are_written);
  write_log("other.csv", "heat_energy_e1");
  domoticz_setup_wait_for(other_file_has_rows);
  write_log("other.csv", "heat_energy_e99");
  sandbox_wait(house.sandbox);
  domoticz_setup_check(&house, EX_CONFIG,
                       "house.ini:7: column.energy: the input \"meter\" has no "
                       "field \"heat_energy_e99\"; the nearest is "
                       "\"heat_energy_e1\"\n");
}
END_TEST

/* ---- The list of deliveries ---------------------------------------------- */

#define LIST_SECOND                                                            \
  "domoticz.322  0.123 GJ   delivered\n"                                       \
  "domoticz.323  84.331 GJ  delivered\n"                                       \
  "domoticz.324  0.123 GJ   delivered\n"

/* Builds a house with new devices, to which nothing was ever written. */
static void
build_new(void)
{
  build(TRANSFORMS);
  domoticz_server_set(house.server, 323, "0");
  domoticz_server_set(house.server, 324, "0");
  meter_set(house.meter, "60=84.208GJ");
}

START_TEST(verbose_run_lists_delivered_values)
{
  build_new();
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  ck_assert_int_eq(sandbox_run(house.sandbox, "run -v -c house.ini"), 0);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(house.sandbox),
           "domoticz.322  -          none yet: this reading is the base, and "
           "the next run delivers the first value\n"
           "domoticz.323  84.208 GJ  delivered\n"
           "domoticz.324  -          none yet: this reading is the base, and "
           "the next run delivers the first value\n"));
  meter_set(house.meter, "60=84.331GJ");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  ck_assert_int_eq(sandbox_run(house.sandbox, "run -v -c house.ini"), 0);
  ck_assert_str_eq(sandbox_err(house.sandbox), LIST_SECOND);
}
END_TEST

/* Reads from the terminal FD into BUF, without the carriage returns. */
static void
read_terminal(int fd, char *buf, size_t size)
{
  ssize_t n = read(fd, buf, size - 1);
  char *to = buf;

  ck_assert_int_gt(n, 0);
  buf[n] = '\0';
  for (const char *p = buf; *p; p++)
    if (*p != '\r')
      *to++ = *p;
  *to = '\0';
}

START_TEST(run_on_a_terminal_lists_delivered_values)
{
  int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  char shown[2048];

  ck_assert(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
  build_new();
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(&house, 0, "");
  meter_set(house.meter, "60=84.331GJ");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  sandbox_set_stderr(house.sandbox, ptsname(fd));
  ck_assert_int_eq(sandbox_run(house.sandbox, "run -c house.ini"), 0);
  read_terminal(fd, shown, sizeof(shown));
  ck_assert_str_eq(shown, LIST_SECOND);
  close(fd);
}
END_TEST

static const struct {
  const char *output, *first, *second;
} lists[] = {
  { "[output log]\nplugin = csv\npath = heat.csv\n"
    "column.energy = meter.heat_energy_e1\n",
    "log.energy  84.208 GJ  delivered\n",
    "log.energy  84.208 GJ  delivered\n" },
  { "[output show]\nplugin = stdout\n", "", "" },
  { "[output tell]\nplugin = exec\nclass = live\ncommand = /bin/true\n"
    "value.energy = meter.heat_energy_e1\n",
    "tell.energy  84.208 GJ  delivered\n",
    "tell.energy  84.208 GJ  delivered\n" },
};

START_TEST(verbose_run_lists_each_kind_of_output)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  sandbox_write(house.sandbox, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n"
                "fields = heat_energy_e1\n%s",
                meter_path(house.meter), lists[_i].output);
  meter_set(house.meter, "60=84.208GJ");
  ck_assert_int_eq(sandbox_run(house.sandbox, "run -v -c house.ini"), 0);
  ck_assert_str_eq(sandbox_err(house.sandbox), lists[_i].first);
  sandbox_advance(house.sandbox, DOMOTICZ_SETUP_INTERVAL);
  ck_assert_int_eq(sandbox_run(house.sandbox, "run -q -c house.ini"), 0);
  ck_assert_str_eq(sandbox_err(house.sandbox), "");
  sandbox_advance(house.sandbox, DOMOTICZ_SETUP_INTERVAL);
  ck_assert_int_eq(sandbox_run(house.sandbox, "run -v -c house.ini"), 0);
  ck_assert_str_eq(sandbox_err(house.sandbox), lists[_i].second);
}
END_TEST

START_TEST(run_without_new_values_reports_it)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  sandbox_write(house.sandbox, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n"
                "fields = heat_energy_e1\nmin_interval = 1h\n"
                "[output show]\nplugin = stdout\nformat = line\n",
                meter_path(house.meter));
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, 0, "");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  ck_assert_int_eq(sandbox_run(house.sandbox, "run -v -c house.ini"), 0);
  ck_assert_str_eq(sandbox_out(house.sandbox), "");
  ck_assert_ptr_nonnull(strstr(sandbox_err(house.sandbox),
                               "no new value: nothing was delivered\n"));
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("run");
  TCase *t = tcase_create("run");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, temperature_reaches_a_server_set_to_fahrenheit);
  tcase_add_test(t, second_run_ends_while_the_first_is_running);
  tcase_add_test(t, port_in_use_is_named_with_its_user);
  tcase_add_test(t, recovery_of_a_removed_stage_is_not_reported);
  tcase_add_test(t, run_waits_for_a_busy_port);
  tcase_add_loop_test(t, signal_ends_the_reading_and_restores_the_port, 0,
                      (int)ARRAY_SIZE(stops));
  tcase_add_loop_test(t, signal_lets_the_current_update_finish, 0,
                      (int)ARRAY_SIZE(stops));
  tcase_add_test(t, run_waits_after_another_update_of_the_device);
  tcase_add_test(t, run_waits_after_its_own_recent_update);
  tcase_add_loop_test(t, value_that_cannot_be_sent_in_time_stays_pending, 0,
                      (int)ARRAY_SIZE(waits));
  tcase_add_test(t, every_repeats_until_a_signal_arrives);
  tcase_add_test(t, every_keeps_the_connection_of_an_output);
  tcase_add_test(t, every_reads_a_changed_pipeline_file);
  tcase_add_test(t, verbose_run_lists_delivered_values);
  tcase_add_test(t, run_on_a_terminal_lists_delivered_values);
  tcase_add_loop_test(t, verbose_run_lists_each_kind_of_output, 0,
                      (int)ARRAY_SIZE(lists));
  tcase_add_test(t, run_without_new_values_reports_it);
  suite_add_tcase(s, t);
  return run_suite(s);
}
