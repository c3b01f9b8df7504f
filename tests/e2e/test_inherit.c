/*
 * A run delivers the same whatever its parent has passed on: signals that are
 * ignored or blocked, closed descriptors, limits, a umask, a time zone.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/run_suite.h"

static struct sandbox *s;
static char *program_before;

/* Runs the program from a shell that executes LINE first. */
static void
set_parent(const char *line)
{
  char path[256];

  sandbox_write(s, "parent.sh", "#!/bin/sh\n%s\nexec '%s' \"$@\"\n", line,
                program_before);
  snprintf(path, sizeof(path), "%s/parent.sh", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0755), 0);
  ck_assert_int_eq(setenv("METERPIPE", path, 1), 0);
}

static void
build(void)
{
  s = sandbox_new();
  program_before = strdup(getenv("METERPIPE"));
}

static void
leave(void)
{
  setenv("METERPIPE", program_before, 1);
  free(program_before);
  sandbox_free(s);
}

/* ---- Deliveries ---------------------------------------------------------- */

static const struct {
  const char *parent;
  int status;      /* of each run */
  const char *err; /* of the first run */
} rows[] = {
  { ":", EX_OK, "" },
  { "trap '' PIPE", EX_OK, "" },
  { "trap '' HUP TERM INT ALRM", EX_OK, "" },
  { "exec <&-", EX_OK, "" },
  { "exec >&-", EX_IOERR,
    "error: screen: standard output: cannot be written: Bad file "
    "descriptor\n" },
  { "exec 2>&-", EX_OK, "" },
  { "exec <&- 2>&-", EX_OK, "" },
  { "umask 0777", EX_OK, "" },
  { "umask 0", EX_OK, "" },
  { "TZ=XXX-14; export TZ", EX_OK, "" },
  { "TZ=:/nowhere; export TZ", EX_OK, "" },
  { "LC_ALL=tr_TR.UTF-8; export LC_ALL", EX_OK, "" },
};

static void
write_pipeline(void)
{
  exec_write_usage(s);
  sandbox_write(s, "take.sh",
                "sed 's/\"\\(time\\|serial\\|id\\|unit\\|kind\\)\":"
                "\"[^\"]*\",*//g' >>got\n");
}

static void
check_owner_can_use(const char *name)
{
  char path[256];
  struct stat st;

  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(s), name);
  ck_assert_int_eq(stat(path, &st), 0);
  ck_assert_uint_eq(st.st_mode & 0700, 0600);
  ck_assert_uint_eq(st.st_mode & 0027, 0);
}

/* The messages of the first run show whether another file was opened as
 * standard error by mistake. */
START_TEST(run_delivers_the_same_under_any_parent)
{
  static const char *const readings[] = { "84.208", "84.308" };

  write_pipeline();
  set_parent(rows[_i].parent);
  for (size_t i = 0; i < ARRAY_SIZE(readings); i++) {
    exec_run(s, readings[i]);
    if (i == 0)
      ck_assert_str_eq(sandbox_err(s), rows[_i].err);
    ck_assert_int_eq(sandbox_status(s), rows[_i].status);
  }
  exec_check_file(s, "got",
                  "{\"values\":{\"energy\":{\"value\":\"84.208\",}}}\n"
                  "{\"values\":{\"energy\":{\"value\":\"84.308\",},"
                  "\"usage\":{\"value\":\"0.100\",}}}\n");
  exec_check_file(s, "log.csv",
                  "time,energy\n2026-11-22T10:20:00Z,84.208\n"
                  "2026-11-22T10:40:00Z,84.308\n");
  exec_check_file(s, "p.lock", "");
  check_owner_can_use("p.db");
  check_owner_can_use("log.csv");
}
END_TEST

/* The messages of -v are discarded, and do not get into a file of the state. */
START_TEST(messages_are_not_written_to_state_files)
{
  write_pipeline();
  set_parent("exec <&- >&- 2>&-");
  exec_set_reading(s, "84.208");
  sandbox_run(s, "run -v -v -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_IOERR);
  exec_check_file(s, "p.lock", "");
  set_parent(":");
  sandbox_run(s, "status -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
}
END_TEST

/* The test ignores SIGCHLD itself, as a shell cannot pass this on. */
START_TEST(inherited_ignored_sigchld_is_reset)
{
  write_pipeline();
  exec_set_reading(s, "84.208");
  signal(SIGCHLD, SIG_IGN);
  sandbox_start(s, "run -c p.ini");
  signal(SIGCHLD, SIG_DFL);
  sandbox_wait(s);
  exec_check(s, EX_OK, "");
}
END_TEST

/* ---- Ending a run -------------------------------------------------------- */

static const struct {
  const char *parent;
  int signo;
  int status;
  const char *err;
} stop_rows[] = {
  { ":", SIGTERM, EX_TEMPFAIL, "error: hook: sh: the run was interrupted\n" },
  { "trap '' TERM", SIGTERM, EX_TEMPFAIL,
    "error: hook: sh: the run was interrupted\n" },
  { "trap '' INT", SIGINT, EX_TEMPFAIL,
    "error: hook: sh: the run was interrupted\n" },
  { ":", SIGHUP, EX_TEMPFAIL, "error: hook: sh: the run was interrupted\n" },
  { "trap '' HUP", SIGHUP, EX_OK, "" }, /* nohup */
};

/* The parent also blocks all signals. */
START_TEST(run_resets_inherited_signals_except_nohup)
{
  sigset_t all, before;

  exec_write(s, "class = append\ncommand = sh slow.sh\n");
  sandbox_write(s, "slow.sh",
                "echo $PPID >pid.new; mv pid.new pid\nsleep 1\n"
                "cat >got\n");
  set_parent(stop_rows[_i].parent);
  exec_set_reading(s, "84.208");
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  sandbox_start(s, "run -c p.ini");
  sigprocmask(SIG_SETMASK, &before, NULL);
  exec_wait_for_file(s, "pid");
  kill((pid_t)strtol(sandbox_read(s, "pid"), NULL, 10), stop_rows[_i].signo);
  sandbox_wait(s);
  exec_check(s, stop_rows[_i].status, stop_rows[_i].err);
  ck_assert_int_eq(sandbox_exists(s, "got"), stop_rows[_i].status == EX_OK);
}
END_TEST

/* ---- A limit for the size of files --------------------------------------- */

static void
write_long(const char *name, const char *head)
{
  char path[256];
  FILE *f;

  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(s), name);
  f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  fputs(head, f);
  for (int i = 0; i < 4000; i++)
    fputs("2026-11-21T10:00:00Z,84.000\n", f);
  ck_assert_int_eq(fclose(f), 0);
}

/* Limits in blocks of 512 bytes.  The state needs 20 KiB. */
static const struct {
  const char *parent, *output, *err;
} limit_rows[] = {
  { "ulimit -f 100",
    "[output log]\nplugin = csv\npath = log.csv\n"
    "column.energy = meter.energy\n",
    "error: log: log.csv: cannot be written: File too large\n" },
  { "ulimit -f 100; exec >>log.csv",
    "[output screen]\nplugin = stdout\nformat = line\n"
    "field.energy = meter.energy\n",
    "error: screen: standard output: cannot be written: File too large\n" },
  { "ulimit -f 8",
    "[output hook]\nplugin = exec\nclass = append\ncommand = sh take.sh\n"
    "value.energy = meter.energy\n",
    "p.db: using the state: File too large\n" },
};

START_TEST(file_size_limit_is_an_error_and_does_not_kill)
{
  sandbox_write(s, "p.ini", EXEC_INPUT "%s", limit_rows[_i].output);
  sandbox_write(s, "take.sh", "cat >>got\n");
  write_long("log.csv", "time,energy\n");
  set_parent(limit_rows[_i].parent);
  exec_run(s, "84.208");
  ck_assert_msg(strstr(sandbox_err(s), limit_rows[_i].err), "%s",
                sandbox_err(s));
  ck_assert_int_eq(sandbox_status(s), EX_IOERR);
  set_parent(":");
  exec_run(s, "84.308");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
}
END_TEST

static Suite *
inherit_suite(void)
{
  Suite *suite = suite_create("inherit");
  TCase *tc = tcase_create("parent");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, run_delivers_the_same_under_any_parent, 0,
                      ARRAY_SIZE(rows));
  tcase_add_test(tc, inherited_ignored_sigchld_is_reset);
  tcase_add_test(tc, messages_are_not_written_to_state_files);
  tcase_add_loop_test(tc, run_resets_inherited_signals_except_nohup, 0,
                      ARRAY_SIZE(stop_rows));
  tcase_add_loop_test(tc, file_size_limit_is_an_error_and_does_not_kill, 0,
                      ARRAY_SIZE(limit_rows));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  signal(SIGHUP, SIG_DFL); /* the tests may run under nohup */
  return run_suite(inherit_suite());
}
