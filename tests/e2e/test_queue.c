/*
 * Rows that wait for an output: what a run that was killed leaves behind, and
 * what it means for the next.
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

#include "tests/support/house.h"

#define INTERVAL 1200

static struct scene *s;

static void
build(void)
{
  s = scene_new();
}

static void
leave(void)
{
  scene_free(s);
}

/* A reader, and a command that takes each row and keeps what it was given. */
static void
write_pipeline(const char *pipeline, const char *class)
{
  scene_write(s, "p.ini",
              "[pipeline]\nstate_dir = .\n%s"
              "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
              "[output hook]\nplugin = exec\nclass = %s\n"
              "command = sh hook.sh\nvalue.energy = meter.energy\n",
              pipeline, class);
}

static void
set_reading(const char *energy)
{
  scene_advance(s, INTERVAL);
  if (energy)
    scene_write(s, "reading.sh",
                "echo '{\"field\":\"energy\",\"value\":\"%s\"}'\n", energy);
  else
    scene_write(s, "reading.sh", "exit 75\n");
}

static void
run(const char *energy, int status, const char *err)
{
  set_reading(energy);
  scene_run(s, "run -c p.ini");
  ck_assert_str_eq(scene_err(s), err);
  ck_assert_int_eq(scene_status(s), status);
}

static bool
hook_has_begun(void)
{
  return scene_exists(s, "begun");
}

/* A run that is killed while the command has its row. */
static void
run_killed(const char *energy)
{
  set_reading(energy);
  scene_write(s, "hook.sh", "touch begun; exec sleep 5\n");
  scene_start(s, "run -c p.ini");
  house_wait_for(hook_has_begun);
  kill(scene_pid(s), SIGKILL);
  scene_wait(s);
}

/* How many rows the command was given. */
static int
rows_given(void)
{
  const char *got = scene_read(s, "got");
  int n = 0;

  for (; got && (got = strstr(got, "\"energy\"")) != NULL; got++)
    n++;
  return n;
}

/* ---- After a kill ---- */

#define WAS_KILLED                                                             \
  "notice: hook: the run begun at 2026-11-22T10:20:00Z did not end: it was "   \
  "in this output (commit), which is served last in this run\n"

/* It takes longer than the part of the deadline that is kept for outputs. */
START_TEST(slow_command_gets_the_rows_of_a_killed_run)
{
  write_pipeline("deadline = 6s\n", "append");
  run_killed("1");
  scene_write(s, "hook.sh", "sleep 1; cat >>got\n");
  run("2", EX_OK, WAS_KILLED);
  ck_assert_int_eq(rows_given(), 2);
}
END_TEST

/* What the killed run had to find out, a history need not know. */
START_TEST(rows_go_on_when_the_class_becomes_history)
{
  write_pipeline("", "append");
  run_killed("1");
  write_pipeline("", "history");
  scene_write(s, "hook.sh", "cat >>got\n");
  run("2", EX_OK, WAS_KILLED);
  ck_assert_int_eq(rows_given(), 2);
}
END_TEST

/* Nor does another plugin understand what the one before it has noted. */
START_TEST(rows_go_on_when_the_plugin_is_another_one)
{
  write_pipeline("", "append");
  run_killed("1");
  scene_write(s, "p.ini",
              "[pipeline]\nstate_dir = .\n"
              "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
              "[output hook]\nplugin = csv\npath = got\n"
              "column.energy = meter.energy\n");
  run("2", EX_OK, WAS_KILLED);
  ck_assert_ptr_nonnull(scene_read(s, "got"));
}
END_TEST

/* ---- queue_max ---- */

START_TEST(dropped_rows_are_counted_over_runs_without_a_row)
{
  write_pipeline("queue_max = 2\n", "append");
  scene_write(s, "hook.sh", "cat >/dev/null; exit 75\n");
  set_reading("1");
  scene_run(s, "run -c p.ini");
  set_reading("2");
  scene_run(s, "run -c p.ini");
  set_reading("3");
  scene_run(s, "run -c p.ini");
  ck_assert_ptr_nonnull(strstr(scene_err(s), "so far 1 of the oldest dropped"));
  set_reading(NULL);
  scene_run(s, "run -c p.ini");
  ck_assert_ptr_null(strstr(scene_err(s), "in order again"));
  set_reading("4");
  scene_run(s, "run -v -c p.ini");
  ck_assert_ptr_nonnull(strstr(scene_err(s), "so far 2 of the oldest dropped"));
  scene_run(s, "status -c p.ini");
  ck_assert_msg(strstr(scene_out(s), "so far 2 of the oldest") != NULL, "%s",
                scene_out(s));
}
END_TEST

/* ---- Time ---- */

/* Who only holds the file does not take the time of all other outputs. */
START_TEST(held_file_leaves_time_for_the_next_output)
{
  char path[256];
  int fd;

  scene_write(s, "p.ini",
              "[pipeline]\nstate_dir = .\ndeadline = 20s\n"
              "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
              "[output log]\nplugin = csv\npath = log.csv\n"
              "column.energy = meter.energy\n"
              "[output hook]\nplugin = exec\nclass = append\n"
              "command = sh hook.sh\nvalue.energy = meter.energy\n");
  scene_write(s, "hook.sh", "cat >>got\n");
  run("1", EX_OK, "");
  snprintf(path, sizeof(path), "%s/log.csv", scene_dir(s));
  fd = open(path, O_RDWR | O_CLOEXEC);
  ck_assert_int_eq(flock(fd, LOCK_EX), 0);
  run("2", EX_TEMPFAIL,
      "error: log: log.csv: another program keeps it locked; the rows wait for "
      "the next run\n");
  close(fd);
  ck_assert_int_eq(rows_given(), 2);
}
END_TEST

/* A recording that comes slowly: each cycle has its deadline when it is there.
 */
START_TEST(slow_recording_is_read_to_its_end)
{
  static const char frame[] =
    "40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d\n\n";
  struct timespec pause = { .tv_nsec = 700000000 };
  char path[256];
  int fd;

  scene_write(s, "p.ini",
              "[pipeline]\nstate_dir = .\ndeadline = 500ms\n"
              "[input meter]\nplugin = replay\npath = -\n"
              "[output log]\nplugin = csv\npath = got\n"
              "column.energy = meter.60\n");
  snprintf(path, sizeof(path), "%s/pipe", scene_dir(s));
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  scene_set_stdin(s, path);
  fd = open(path, O_RDWR | O_CLOEXEC);
  scene_start(s, "run -c p.ini");
  for (int i = 0; i < 3; i++) {
    ck_assert_int_gt(write(fd, frame, sizeof(frame) - 1), 0);
    nanosleep(&pause, NULL);
  }
  close(fd);
  ck_assert_msg(scene_wait(s) == EX_OK, "%s", scene_err(s));
  ck_assert_uint_eq(strlen(scene_read(s, "got")),
                    strlen("time,energy\n") + 3 * 28);
}
END_TEST

static bool
three_cycles_were_shown(void)
{
  const char *out = scene_read(s, "shown");
  int n = 0;

  for (; out && (out = strchr(out, '\n')) != NULL; out++)
    n++;
  return n >= 3;
}

/* 78 of one output is no reason to end all. */
START_TEST(every_goes_on_beside_an_output_that_must_be_mended)
{
  char path[256];

  scene_write(s, "p.ini",
              "[pipeline]\nstate_dir = .\n"
              "[input meter]\nplugin = exec\ncommand = sh reading.sh\n"
              "[output log]\nplugin = csv\npath = log.csv\n"
              "column.energy = meter.energy\n"
              "[output show]\nplugin = stdout\nformat = line\n");
  scene_write(s, "log.csv", "time,other\n");
  set_reading("1");
  snprintf(path, sizeof(path), "%s/shown", scene_dir(s));
  scene_set_stdout(s, path);
  scene_start(s, "run -c p.ini --every 100ms");
  house_wait_for(three_cycles_were_shown);
  kill(scene_pid(s), SIGTERM);
  scene_wait(s);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("queue");
  TCase *tc = tcase_create("queue");
  SRunner *runner = srunner_create(suite);
  int failed;

  tcase_set_timeout(tc, 120);
  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, slow_command_gets_the_rows_of_a_killed_run);
  tcase_add_test(tc, rows_go_on_when_the_class_becomes_history);
  tcase_add_test(tc, rows_go_on_when_the_plugin_is_another_one);
  tcase_add_test(tc, dropped_rows_are_counted_over_runs_without_a_row);
  tcase_add_test(tc, held_file_leaves_time_for_the_next_output);
  tcase_add_test(tc, slow_recording_is_read_to_its_end);
  tcase_add_test(tc, every_goes_on_beside_an_output_that_must_be_mended);
  suite_add_tcase(suite, tc);
  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
