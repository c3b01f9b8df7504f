/*
 * Rows that wait for an output: those that a killed run leaves, and their
 * effect on the next run.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

#define INTERVAL 1200

static struct sandbox *s;

static void
build(void)
{
  s = sandbox_new();
}

static void
leave(void)
{
  sandbox_free(s);
}

/* Writes a pipeline with an input that runs "reading.sh", and an output of
 * CLASS that runs "hook.sh" for each row; PIPELINE are options of
 * [pipeline]. */
static void
write_pipeline(const char *pipeline, const char *class)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n%s"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output hook]\nplugin = exec\nclass = %s\n"
                "command = sh hook.sh\nvalue.energy = meter.energy\n",
                pipeline, class);
}

static void
set_reading(const char *energy)
{
  sandbox_advance(s, INTERVAL);
  if (energy)
    sandbox_write(s, "reading.sh",
                  "echo '{\"field\":\"energy\",\"value\":\"%s\"}'\n", energy);
  else
    sandbox_write(s, "reading.sh", "exit 75\n");
}

static void
run(const char *energy, int status, const char *err)
{
  set_reading(energy);
  sandbox_run(s, "run -c p.ini");
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_int_eq(sandbox_status(s), status);
}

static bool
hook_has_begun(void)
{
  return sandbox_exists(s, "begun");
}

/* Starts a run, and kills it while the command has its row. */
static void
run_killed(const char *energy)
{
  set_reading(energy);
  sandbox_write(s, "hook.sh", "touch begun; exec sleep 5\n");
  sandbox_start(s, "run -c p.ini");
  domoticz_setup_wait_for(hook_has_begun);
  kill(sandbox_pid(s), SIGKILL);
  sandbox_wait(s);
}

/* Returns the number of rows that the command was given. */
static int
rows_given(void)
{
  const char *got = sandbox_read(s, "got");
  int n = 0;

  for (; got && (got = strstr(got, "\"energy\"")); got++)
    n++;
  return n;
}

/* ---- After a kill ---- */

#define WAS_KILLED                                                             \
  "notice: hook: the run that began at 2026-11-22T10:20:00Z did not finish: "  \
  "it was in this output (commit), which is now served last\n"

/* The command takes longer than the part of the deadline that is kept for
 * outputs. */
START_TEST(slow_command_gets_the_rows_of_a_killed_run)
{
  write_pipeline("deadline = 6s\n", "append");
  run_killed("1");
  sandbox_write(s, "hook.sh", "sleep 1; cat >>got\n");
  run("2", EX_OK, WAS_KILLED);
  ck_assert_int_eq(rows_given(), 2);
}
END_TEST

/* A history output does not need the outcome of the killed run's row. */
START_TEST(queued_rows_are_delivered_after_a_change_to_history)
{
  write_pipeline("", "append");
  run_killed("1");
  write_pipeline("", "history");
  sandbox_write(s, "hook.sh", "cat >>got\n");
  run("2", EX_OK, WAS_KILLED);
  ck_assert_int_eq(rows_given(), 2);
}
END_TEST

/* Another plugin does not understand the earlier plugin's note on the row. */
START_TEST(queued_rows_are_delivered_by_another_plugin)
{
  write_pipeline("", "append");
  run_killed("1");
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output hook]\nplugin = csv\npath = got\n"
                "column.energy = meter.energy\n");
  run("2", EX_OK, WAS_KILLED);
  ck_assert_ptr_nonnull(sandbox_read(s, "got"));
}
END_TEST

/* ---- Values that a column does not take ---- */

static void
write_reading(const char *value, const char *unit, const char *kind)
{
  sandbox_advance(s, INTERVAL);
  sandbox_write(s, "reading.sh",
                "echo '{\"field\":\"energy\",\"kind\":\"%s\",\"value\":\"%s\","
                "\"unit\":\"%s\"}'\n",
                kind, value, unit);
}

static void
run_in(const char *value, const char *unit, int status)
{
  write_reading(value, unit, "counter");
  sandbox_run(s, "run -c p.ini");
  ck_assert_msg(sandbox_status(s) == status, "%s %s: %d %s", value, unit,
                sandbox_status(s), sandbox_err(s));
}

static const char usage_section[] = "[transform usage]\nplugin = subtract\n"
                                    "value = meter.energy\n"
                                    "minus = log.energy\n";

/* The meter is switched from MWh to GJ and back.  A value that does not fit its
 * column is not booked, and the next row has the whole usage. */
START_TEST(value_in_another_unit_blocks_no_later_row)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n%s"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.energy\n%s",
                _i ? usage_section : "", _i ? "column.usage = usage\n" : "");
  run_in("55.006", "MWh", EX_OK);
  run_in("198.04", "GJ", EX_CONFIG);
  run_in("55.020", "MWh", EX_OK);
  run_in("55.021", "MWh", EX_OK);
  ck_assert_str_eq(sandbox_read(s, "heat.csv"),
                   _i ? "time,energy,usage\n"
                        "2026-11-22T10:20:00Z,55.006,\n"
                        "2026-11-22T10:40:00Z,,\n"
                        "2026-11-22T11:00:00Z,55.020,0.014\n"
                        "2026-11-22T11:20:00Z,55.021,0.001\n"
                      : "time,energy\n"
                        "2026-11-22T10:20:00Z,55.006\n"
                        "2026-11-22T10:40:00Z,\n"
                        "2026-11-22T11:00:00Z,55.020\n"
                        "2026-11-22T11:20:00Z,55.021\n");
}
END_TEST

/* A history output has no columns of its own, but its values have a unit. */
START_TEST(value_in_another_unit_blocks_no_later_history_record)
{
  write_pipeline("", "history");
  sandbox_write(s, "hook.sh", "cat >>got\n");
  run_in("55.006", "MWh", EX_OK);
  run_in("198.04", "GJ", EX_CONFIG);
  run_in("55.020", "MWh", EX_OK);
  ck_assert_int_eq(rows_given(), 2);
}
END_TEST

static void
write_picky(void)
{
  char command[2200];

  snprintf(command, sizeof(command), "cp %s/picky_output.so %s/output_picky.so",
           getenv("METERPIPE_PLUGIN_PATH"), sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "%s"
                "[output log]\nplugin = ./output_picky.so\n"
                "place.energy = meter.energy\nplace.usage = usage\n",
                usage_section);
}

/* A row that the output took counts as delivered, even if it rejected values of
 * the row; a rejected amount is part of the next one. */
START_TEST(rejected_amount_is_added_to_the_next_one)
{
  write_picky();
  run_in("10", "GJ", EX_OK);
  sandbox_write(s, "rejects", "usage\n");
  run_in("11", "GJ", EX_UNAVAILABLE);
  run_in("13", "GJ", EX_UNAVAILABLE);
  sandbox_write(s, "rejects", "energy\n");
  run_in("17", "GJ", EX_UNAVAILABLE);
  sandbox_remove(s, "rejects");
  run_in("25", "GJ", EX_OK);
  ck_assert_str_eq(sandbox_read(s, "taken"), "energy 10\n.\n"
                                             "energy 11\n.\n"
                                             "energy 13\n.\n"
                                             "usage 7\n.\n"
                                             "energy 25\nusage 8\n.\n");
}
END_TEST

/* All columns rejected, one by one: the row is delivered, and empty. */
START_TEST(row_with_all_values_rejected_counts_as_delivered)
{
  write_picky();
  sandbox_write(s, "rejects", "energy\n");
  run_in("10", "GJ", EX_UNAVAILABLE);
  sandbox_remove(s, "rejects");
  run_in("11", "GJ", EX_OK);
  ck_assert_str_eq(sandbox_read(s, "taken"), ".\nenergy 11\nusage 1\n.\n");
}
END_TEST

START_TEST(wholly_rejected_record_stays_queued)
{
  write_picky();
  sandbox_write(s, "rejects", "all\n");
  run_in("10", "GJ", EX_UNAVAILABLE);
  sandbox_remove(s, "rejects");
  run_in("11", "GJ", EX_OK);
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "taken"), "energy 10"));
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "taken"), "energy 11"));
}
END_TEST

/* ---- An older copy of the state ---- */

static void
copy(const char *from, const char *to)
{
  char command[4400];

  snprintf(command, sizeof(command), "cp %s/%s %s/%s", sandbox_dir(s), from,
           sandbox_dir(s), to);
  ck_assert_int_eq(system(command), 0);
}

/* After the copy is restored, the file has rows that the state does not know.
 * A usage in one of them is not written again. */
START_TEST(restored_older_state_does_not_write_usage_again)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n%s"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.energy\ncolumn.usage = usage\n",
                usage_section);
  run_in("10", "GJ", EX_OK);
  copy("p.db", "old.db");
  run_in("11", "GJ", EX_OK);
  run_in("13", "GJ", EX_OK);
  copy("old.db", "p.db");
  run_in("17", "GJ", EX_OK);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "older copy of the state"));
  run_in("25", "GJ", EX_OK);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_str_eq(sandbox_read(s, "heat.csv"), "time,energy,usage\n"
                                                "2026-11-22T10:20:00Z,10,\n"
                                                "2026-11-22T10:40:00Z,11,1\n"
                                                "2026-11-22T11:00:00Z,13,2\n"
                                                "2026-11-22T11:20:00Z,17,4\n"
                                                "2026-11-22T11:40:00Z,25,8\n");
}
END_TEST

/* Rows that were queued in the copied state, and delivered afterwards, are not
 * written again either. */
START_TEST(restored_older_state_does_not_write_rows_again)
{
  char lock[1200];
  int fd;

  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.energy\n");
  run_in("10", "GJ", EX_OK);
  snprintf(lock, sizeof(lock), "%s/heat.csv", sandbox_dir(s));
  fd = open(lock, O_RDONLY | O_CLOEXEC);
  ck_assert_int_eq(flock(fd, LOCK_EX), 0);
  run_in("11", "GJ", EX_TEMPFAIL);
  close(fd);
  copy("p.db", "old.db");
  run_in("13", "GJ", EX_OK);
  copy("old.db", "p.db");
  run_in("17", "GJ", EX_OK);
  ck_assert_str_eq(sandbox_read(s, "heat.csv"), "time,energy\n"
                                                "2026-11-22T10:20:00Z,10\n"
                                                "2026-11-22T10:40:00Z,11\n"
                                                "2026-11-22T11:00:00Z,13\n"
                                                "2026-11-22T11:20:00Z,17\n");
}
END_TEST

/* ---- queue_max ---- */

START_TEST(count_of_dropped_rows_survives_runs_without_a_row)
{
  write_pipeline("queue_max = 2\n", "append");
  sandbox_write(s, "hook.sh", "cat >/dev/null; exit 75\n");
  set_reading("1");
  sandbox_run(s, "run -c p.ini");
  set_reading("2");
  sandbox_run(s, "run -c p.ini");
  set_reading("3");
  sandbox_run(s, "run -c p.ini");
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s), "the oldest are dropped (so far 1)"));
  set_reading(NULL);
  sandbox_run(s, "run -c p.ini");
  ck_assert_ptr_null(strstr(sandbox_err(s), "works again"));
  set_reading("4");
  sandbox_run(s, "run -v -c p.ini");
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s), "the oldest are dropped (so far 2)"));
  sandbox_run(s, "status -c p.ini");
  ck_assert_msg(strstr(sandbox_out(s), "the oldest are dropped (so far 2)"),
                "%s", sandbox_out(s));
}
END_TEST

/* ---- Time ---- */

/* A program that only locks the file does not use up the time of all other
 * outputs. */
START_TEST(locked_file_leaves_time_for_the_next_output)
{
  char path[256];
  int fd;

  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\ndeadline = 20s\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output log]\nplugin = csv\npath = log.csv\n"
                "column.energy = meter.energy\n"
                "[output hook]\nplugin = exec\nclass = append\n"
                "command = sh hook.sh\nvalue.energy = meter.energy\n");
  sandbox_write(s, "hook.sh", "cat >>got\n");
  run("1", EX_OK, "");
  snprintf(path, sizeof(path), "%s/log.csv", sandbox_dir(s));
  fd = open(path, O_RDWR | O_CLOEXEC);
  ck_assert_int_eq(flock(fd, LOCK_EX), 0);
  run("2", EX_TEMPFAIL,
      "error: log: log.csv: another program keeps it locked; the next run "
      "writes the rows\n");
  close(fd);
  ck_assert_int_eq(rows_given(), 2);
}
END_TEST

/* A capture that arrives slowly: the deadline of a cycle begins when the cycle
 * has arrived. */
START_TEST(slow_capture_is_read_to_its_end)
{
  static const char frame[] =
    "40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d\n\n";
  struct timespec pause = { .tv_nsec = 700000000 };
  char path[256];
  int fd;

  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\ndeadline = 500ms\n"
                "[input meter]\nplugin = replay\npath = -\n"
                "[output log]\nplugin = csv\npath = got\n"
                "column.energy = meter.60\n");
  snprintf(path, sizeof(path), "%s/pipe", sandbox_dir(s));
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  sandbox_set_stdin(s, path);
  fd = open(path, O_RDWR | O_CLOEXEC);
  sandbox_start(s, "run -c p.ini");
  for (int i = 0; i < 3; i++) {
    ck_assert_int_gt(write(fd, frame, sizeof(frame) - 1), 0);
    nanosleep(&pause, NULL);
  }
  close(fd);
  ck_assert_msg(sandbox_wait(s) == EX_OK, "%s", sandbox_err(s));
  ck_assert_uint_eq(strlen(sandbox_read(s, "got")),
                    strlen("time,energy\n") + 3 * 28);
}
END_TEST

static bool
three_cycles_were_shown(void)
{
  const char *out = sandbox_read(s, "shown");
  int n = 0;

  for (; out && (out = strchr(out, '\n')); out++)
    n++;
  return n >= 3;
}

/* With --every, one output's configuration error (78) does not end the
 * program. */
START_TEST(every_continues_despite_a_misconfigured_output)
{
  char path[256];

  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
                "[output log]\nplugin = csv\npath = log.csv\n"
                "column.energy = meter.energy\n"
                "[output show]\nplugin = stdout\nformat = line\n");
  sandbox_write(s, "log.csv", "time,other\n");
  set_reading("1");
  snprintf(path, sizeof(path), "%s/shown", sandbox_dir(s));
  sandbox_set_stdout(s, path);
  sandbox_start(s, "run -c p.ini --every 100ms");
  domoticz_setup_wait_for(three_cycles_were_shown);
  kill(sandbox_pid(s), SIGTERM);
  sandbox_wait(s);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("queue");
  TCase *tc = tcase_create("queue");

  tcase_set_timeout(tc, 120);
  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, slow_command_gets_the_rows_of_a_killed_run);
  tcase_add_test(tc, queued_rows_are_delivered_after_a_change_to_history);
  tcase_add_test(tc, queued_rows_are_delivered_by_another_plugin);
  tcase_add_loop_test(tc, value_in_another_unit_blocks_no_later_row, 0, 2);
  tcase_add_test(tc, value_in_another_unit_blocks_no_later_history_record);
  tcase_add_test(tc, rejected_amount_is_added_to_the_next_one);
  tcase_add_test(tc, row_with_all_values_rejected_counts_as_delivered);
  tcase_add_test(tc, wholly_rejected_record_stays_queued);
  tcase_add_test(tc, restored_older_state_does_not_write_usage_again);
  tcase_add_test(tc, restored_older_state_does_not_write_rows_again);
  tcase_add_test(tc, count_of_dropped_rows_survives_runs_without_a_row);
  tcase_add_test(tc, locked_file_leaves_time_for_the_next_output);
  tcase_add_test(tc, slow_capture_is_read_to_its_end);
  tcase_add_test(tc, every_continues_despite_a_misconfigured_output);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
