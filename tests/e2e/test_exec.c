/*
 * exec: values are passed to a command in any language; its exit status is the
 * result of the delivery.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/run_suite.h"

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

/* ---- The command's input and environment ---- */

START_TEST(record_is_exact_and_complete)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT
                "[output hook]\nplugin = exec\nclass = append\n"
                "command = sh -c 'cat >got'\n"
                "value.energy = meter.energy\nvalue.flow = meter.flow\n"
                "value.note = meter.note\nvalue.never = meter.never\n");
  sandbox_write(s, "reading",
                "{\"field\":\"energy\",\"value\":\"84.200\",\"unit\":\"GJ\","
                "\"kind\":\"counter\",\"time\":\"2026-11-22T11:00:00+01:00\"}\n"
                "{\"field\":\"flow\",\"value\":-0.50,\"unit\":\"m3/h\","
                "\"time\":\"2026-11-22T09:59:59.999Z\"}\r\n\n"
                "{\"field\":\"note\",\"text\":\"\\u201ehot\\u201c \\\\ \\\"\","
                "\"time\":\"2026-11-22T10:00:00Z\"}\n"
                "{\"field\":\"never\",\"value\":null}\n"
                "{\"serial\":\"6789\"}\n");
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_OK, "");
  exec_check_file(
    s, "got",
    "{\"id\":\"UUID-1795341600000-1\","
    "\"time\":\"2026-11-22T10:00:00Z\",\"values\":{"
    "\"energy\":{\"value\":\"84.200\",\"unit\":\"GJ\","
    "\"kind\":\"counter\",\"time\":\"2026-11-22T10:00:00Z\","
    "\"serial\":\"6789\"},"
    "\"flow\":{\"value\":\"-0.50\",\"unit\":\"m3/h\","
    "\"kind\":\"gauge\",\"time\":\"2026-11-22T09:59:59Z\","
    "\"serial\":\"6789\"},"
    "\"note\":{\"value\":\"\342\200\236hot\342\200\234 \\\\ \\\"\","
    "\"kind\":\"text\",\"time\":\"2026-11-22T10:00:00Z\","
    "\"serial\":\"6789\"}}}\n");
}
END_TEST

/* The longest line of a pipeline file. */
START_TEST(word_of_4000_bytes_reaches_the_command)
{
  char *options, word[5 * 678 + 1];
  size_t len;
  FILE *f = open_memstream(&options, &len);

  ck_assert_ptr_nonnull(f);
  fputs("command = sh take.sh '#1234", f);
  for (size_t i = 0; i < 678; i++) {
    fputs("; # \\;", f);
    memcpy(word + 5 * i, "; # ;", 6);
  }
  fputs("'\nclass = append\n", f);
  ck_assert_int_eq(fclose(f), 0);
  ck_assert_uint_eq(strcspn(options, "\n"), 4096);
  exec_write(s, options);
  free(options);
  sandbox_write(s, "take.sh", "printf %%s \"$1\" >got\n");
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  ck_assert_int_eq(strncmp(sandbox_read(s, "got"), "#1234", 5), 0);
  ck_assert_str_eq(sandbox_read(s, "got") + 5, word);
}
END_TEST

/* The command has three descriptors (ls opens the fourth) and a process group
 * of its own; none of the 31 signals that a program may use is ignored or
 * blocked. */
START_TEST(command_inherits_nothing_of_the_host)
{
  static const char script[] =
    "ls /proc/self/fd >got\n"
    "while read -r name bits; do\n"
    "  case $name in SigBlk:|SigIgn:)\n"
    "    echo $name $((0x$bits & 0x7fffffff)) >>got ;; esac\n"
    "done </proc/self/status\n"
    "read -r _ _ _ _ group _ </proc/self/stat\n"
    "[ \"$group\" = $$ ] && echo leads >>got\n";

  sandbox_write(s, "look.sh", "%s", script);
  exec_write(s, "class = live\ncommand = sh look.sh\n");
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  exec_check_file(s, "got", "0\n1\n2\n3\nSigBlk: 0\nSigIgn: 0\nleads\n");
}
END_TEST

static const struct {
  const char *command;
  const char *words; /* as the command gets them */
} word_rows[] = {
  { "sh words.sh a  b", "<a><b>" },
  { "sh words.sh 'a  b' ''", "<a  b><>" },
  { "sh words.sh \"it's\" x", "<it's><x>" },
  { "sh words.sh a\\ b \\' '\\'", "<a b><'><\\>" },
  { "sh words.sh $HOME *.ini `x` >y", "<$HOME><*.ini><`x`><>y>" },
};

START_TEST(command_is_split_into_words_without_a_shell)
{
  sandbox_write(s, "words.sh", "printf '<%%s>' \"$@\" >got\n");
  sandbox_write(s, "p.ini",
                EXEC_INPUT
                "[output hook]\nplugin = exec\nclass = live\ncommand = %s\n"
                "value.energy = meter.energy\n",
                word_rows[_i].command);
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  exec_check_file(s, "got", word_rows[_i].words);
}
END_TEST

/* ---- The status is the acknowledgement ---- */

static const struct {
  const char *class;
  int status;      /* of the command */
  int run_status;  /* of the run */
  const char *err; /* of the run */
  bool again;      /* true: the next run sends the record again */
} status_rows[] = {
  { "live", 0, EX_OK, "notice: hook: sh: a word\n", false },
  { "live", 75, EX_TEMPFAIL, "error: hook: sh: ended with status 75: a word\n",
    false },
  { "live", 1, EX_UNAVAILABLE, "error: hook: sh: ended with status 1: a word\n",
    false },
  { "append", 0, EX_OK, "notice: hook: sh: a word\n", false },
  { "append", 75, EX_TEMPFAIL,
    "error: hook: sh: ended with status 75: a word\n", true },
  { "append", 1, EX_UNAVAILABLE,
    "error: hook: sh: ended with status 1: a word\n", true },
  { "history", 0, EX_OK, "notice: hook: sh: a word\n", false },
  { "history", 75, EX_TEMPFAIL,
    "error: hook: sh: ended with status 75: a word\n", true },
  { "history", 1, EX_UNAVAILABLE,
    "error: hook: sh: ended with status 1: a word\n", true },
};

/* Shell command: adds the ids of the received records to "got", a line each. */
#define IDS "sed 's/^{\"id\":\"\\([^\"]*\\).*/\\1/' >>got\n"

START_TEST(exit_status_decides_the_result_of_a_record)
{
  const bool queued = strcmp(status_rows[_i].class, "live") != 0;
  char options[128], want[256];

  snprintf(options, sizeof(options), "class = %s\ncommand = sh take.sh\n",
           status_rows[_i].class);
  exec_write(s, options);
  sandbox_write(s, "take.sh", IDS "echo a word >&2\nexit %d\n",
                status_rows[_i].status);
  exec_run(s, "84.208");
  exec_check(s, status_rows[_i].run_status, status_rows[_i].err);
  sandbox_write(s, "take.sh", IDS);
  sandbox_remove(s, "got");
  exec_run(s, "84.300");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  snprintf(want, sizeof(want), "%s%s",
           status_rows[_i].again ? "UUID-1795342800000-1\n" : "",
           queued ? "UUID-1795344000000-2\n" : "");
  if (queued)
    exec_check_file(s, "got", want);
}
END_TEST

START_TEST(unrunnable_command_is_named)
{
  exec_write(s, "class = append\ncommand = no-such-program --token=abc\n");
  exec_run(s, "84.208");
  exec_check(s, EX_CONFIG,
             "error: hook: no-such-program: cannot be run: No such file or "
             "directory\n");
  sandbox_write(s, "plain", "text\n");
  exec_write(s, "class = append\ncommand = ./plain\n");
  exec_run(s, "84.300");
  exec_check(s, EX_NOPERM,
             "error: hook: ./plain: cannot be run: Permission denied\n");
}
END_TEST

/* check searches for a command in the same places as a run. */
START_TEST(check_searches_the_same_path_as_a_run)
{
  static const struct {
    const char *path, *command; /* path NULL: unset */
    int status;
    const char *err;
  } rows[] = {
    { NULL, "true", EX_OK, "" },
    { "/nowhere:", "true-here", EX_OK, "" },
    { ":/nowhere", "true-here", EX_OK, "" },
    { "dir::/bin:/usr/bin", "true", EX_OK, "" },
    { "dir", "plain", EX_NOPERM,
      "error: hook: plain: cannot be run: Permission denied\n" },
    { "dir:/nowhere", "plain", EX_NOPERM,
      "error: hook: plain: cannot be run: Permission denied\n" },
    { "dir", "true-here", EX_CONFIG,
      "error: hook: true-here: cannot be run: No such file or directory\n" },
  };
  char path[512];

  snprintf(path, sizeof(path), "%s/dir", sandbox_dir(s));
  ck_assert_int_eq(mkdir(path, 0700), 0);
  sandbox_write(s, "dir/plain", "text\n");
  snprintf(path, sizeof(path), "%s/true-here", sandbox_dir(s));
  sandbox_write(s, "true-here", "#!/bin/sh\nwhile read -r line; do :; done\n");
  ck_assert_int_eq(chmod(path, 0700), 0);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    sandbox_write(s, "p.ini",
                  "[input meter]\nplugin = exec\ncommand = /bin/cat reading\n"
                  "[output hook]\nplugin = exec\nclass = live\ncommand = %s\n"
                  "value.energy = meter.energy\n",
                  rows[i].command);
    sandbox_setenv(s, "PATH", rows[i].path);
    exec_set_reading(s, "84.208");
    sandbox_run(s, "check -c p.ini");
    exec_check(s, rows[i].status, rows[i].err);
    sandbox_run(s, "run -v -c p.ini");
    ck_assert_int_eq(sandbox_status(s), rows[i].status);
    ck_assert_ptr_nonnull(strstr(sandbox_err(s), rows[i].err));
  }
}
END_TEST

/* check reports it before the first run. */
START_TEST(check_reports_an_unrunnable_command)
{
  exec_write(s, "class = append\ncommand = no-such-program --token=abc\n");
  sandbox_write(s, "reading", "%s", "");
  sandbox_run(s, "check -c p.ini");
  exec_check(s, EX_CONFIG,
             "error: hook: no-such-program: cannot be run: No such file or "
             "directory\n");
  exec_write(s, "class = append\ncommand = ./p.ini\n");
  sandbox_run(s, "check -c p.ini");
  exec_check(s, EX_NOPERM,
             "error: hook: ./p.ini: cannot be run: Permission denied\n");
  exec_write(s, "class = append\ncommand = /etc\n");
  sandbox_run(s, "check -c p.ini");
  exec_check(s, EX_NOPERM,
             "error: hook: /etc: cannot be run: Permission denied\n");
  exec_write(s, "class = append\ncommand = true\n");
  sandbox_run(s, "check -c p.ini");
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\ncommand = no-such-program\n"
                "[output table]\nplugin = stdout\nfield.a = meter.a\n");
  sandbox_run(s, "check -c p.ini");
  exec_check(s, EX_CONFIG,
             "error: meter: no-such-program: cannot be run: No such file or "
             "directory\n");
}
END_TEST

/* A megabyte on standard error does not become a megabyte of mail, and cannot
 * control the terminal of its reader. */
START_TEST(messages_of_a_command_are_bounded_and_sanitised)
{
  exec_write(s, "class = append\ncommand = sh take.sh\n");
  sandbox_write(s, "take.sh",
                "yes complaint | head -n 200000 >&2\n"
                "printf 'the \\033[31mlast\\377\\n' >&2\nexit 1\n");
  exec_run(s, "84.208");
  exec_check(s, EX_UNAVAILABLE,
             "error: hook: sh: ended with status 1: the ?[31mlast?\n");
  sandbox_write(s, "take.sh",
                "i=0\nwhile [ $i -lt 30 ]; do\n"
                "  i=$((i + 1)); echo \"$i \" >&2; done\n");
  exec_run(s, "84.300");
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s),
           "notice: hook: sh: wrote more than 20 lines to standard error; "
           "these are the last\nnotice: hook: sh: 11 \n"));
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "sh: 30 \n"));
}
END_TEST

START_TEST(command_may_ignore_its_input)
{
  exec_write(s, "class = append\ncommand = true\n");
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
}
END_TEST

/* ---- Time ---- */

/* Returns the state of process PID, as /proc has it; X: no such process. */
static char
process_state(int pid)
{
  char path[64], state = 'X';
  FILE *f;

  snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  f = fopen(path, "r");
  if (f) {
    if (fscanf(f, "%*d %*s %c", &state) != 1)
      state = 'X';
    fclose(f);
  }
  return state;
}

/* Checks that the process whose number a script left in FILE is gone, or a
 * zombie that init has not reaped yet.  Waits up to 10 s, as the run did not
 * wait for it. */
static void
check_gone(const char *file)
{
  const char *text = sandbox_read(s, file);
  int64_t until = clock_mono_ms() + 10000;
  char state;
  int pid;

  ck_assert_ptr_nonnull(text);
  pid = (int)strtol(text, NULL, 10);
  for (state = process_state(pid);
       clock_mono_ms() < until && !strchr("XZ", state);
       state = process_state(pid))
    usleep(5000);
  ck_assert_msg(strchr("XZ", state), "process %d is in state %c", pid, state);
}

static const char *const slow_scripts[] = {
  "sleep 60 & echo $! >pid\nwait\n",
  "trap '' TERM\nsleep 60 & echo $! >pid\nwait\nsleep 60\n",
  "echo $$ >pid\nkill -STOP $$\n",
};

START_TEST(whole_group_ends_at_the_timeout)
{
  int64_t begun = clock_mono_ms();

  sandbox_write(s, "slow.sh", "%s", slow_scripts[_i]);
  exec_write(s, "class = append\ncommand = sh slow.sh\ntimeout = 200ms\n");
  exec_run(s, "84.208");
  exec_check(
    s, EX_TEMPFAIL,
    "error: hook: sh: was still running at its time limit, and was stopped\n");
  ck_assert_int_lt(clock_mono_ms() - begun, 30000);
  check_gone("pid");
}
END_TEST

START_TEST(deadline_of_the_cycle_ends_the_command)
{
  int64_t begun = clock_mono_ms();

  sandbox_write(s, "slow.sh", "sleep 60\n");
  sandbox_write(s, "p.ini",
                "[pipeline]\ndeadline = 500ms\n" EXEC_INPUT
                "[output hook]\nplugin = exec\nclass = append\n"
                "command = sh slow.sh\nvalue.energy = meter.energy\n");
  exec_run(s, "84.208");
  exec_check(
    s, EX_TEMPFAIL,
    "error: hook: sh: was still running at its time limit, and was stopped\n");
  ck_assert_int_lt(clock_mono_ms() - begun, 30000);
}
END_TEST

START_TEST(background_process_of_a_command_is_killed)
{
  int64_t begun = clock_mono_ms();

  sandbox_write(s, "leave.sh", "sleep 60 & echo $! >pid\n");
  exec_write(s, "class = append\ncommand = sh leave.sh\n");
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  ck_assert_int_lt(clock_mono_ms() - begun, 30000);
  check_gone("pid");
}
END_TEST

/* A process that left the group keeps running and writing; the run does not
 * wait for it. */
START_TEST(process_outside_the_group_is_not_waited_for)
{
  int64_t begun = clock_mono_ms();

  sandbox_write(s, "leave.sh", "setsid yes >&2 &\nsleep 0.1\n");
  exec_write(s, "class = append\ncommand = sh leave.sh\n");
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_int_lt(clock_mono_ms() - begun, 30000);
}
END_TEST

/* The run may not kill the command, as if it ran as another user (sudo, for
 * example). */
START_TEST(unkillable_command_is_abandoned)
{
  int64_t begun = clock_mono_ms();

  sandbox_write(s, "slow.sh", "echo $$ >pid\nexec sleep 50\n");
  exec_write(s, "class = append\ncommand = sh slow.sh\ntimeout = 200ms\n");
  exec_spoil(s, NULL, 0);
  exec_run(s, "84.208");
  exec_check(s, EX_TEMPFAIL,
             "error: hook: sh: was still running at its time limit, and did "
             "not end when it was killed\n");
  ck_assert_int_lt(clock_mono_ms() - begun, 30000);
  check_gone("pid"); /* its guard killed it after the run */
}
END_TEST

START_TEST(signal_ends_the_run_and_the_command)
{
  sandbox_write(s, "slow.sh", "echo $$ >pid\nsleep 60\n");
  exec_write(s, "class = append\ncommand = sh slow.sh\n");
  exec_set_reading(s, "84.208");
  sandbox_start(s, "run -c p.ini");
  exec_wait_for_file(s, "pid");
  kill(sandbox_pid(s), SIGTERM);
  sandbox_wait(s);
  exec_check(s, EX_TEMPFAIL, "error: hook: sh: the run was interrupted\n");
  check_gone("pid");
}
END_TEST

/* The meter takes almost all of the deadline: the output is not begun, and its
 * pending value is kept. */
START_TEST(output_is_not_contacted_after_the_deadline)
{
  static const char pipeline[] =
    "[pipeline]\ndeadline = %s\n[input meter]\nplugin = exec\n"
    "command = sh read.sh\n"
    "[output hook]\nplugin = exec\nclass = latest\n"
    "command = sh take.sh\nfetch = sh show.sh\nvalue.energy = meter.energy\n";

  sandbox_write(s, "read.sh", "cat reading\n");
  sandbox_write(s, "take.sh", "exit 75\n");
  sandbox_write(s, "show.sh",
                "echo asked >>asked\n"
                "echo '{\"target\":\"energy\",\"value\":null}'\n");
  sandbox_write(s, "p.ini", pipeline, "60s");
  exec_run(s, "84.208");
  exec_check(s, EX_TEMPFAIL, "error: hook: sh: ended with status 75\n");
  sandbox_write(s, "p.ini", pipeline, "400ms");
  sandbox_write(s, "read.sh", "sleep 60\n");
  sandbox_write(s, "take.sh", "cat >got\n");
  exec_run(s, "84.300");
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s), "error: hook: ran out of time before asking it; its "
                           "pending values are kept\n"));
  ck_assert_int_ne(sandbox_status(s), EX_OK);
  exec_check_file(s, "asked", "asked\n");
  sandbox_write(s, "p.ini", pipeline, "60s");
  sandbox_write(s, "read.sh", "exit 1\n"); /* a pending value needs no meter */
  exec_run(s, "84.300");
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "got"), "\"84.208\""));
}
END_TEST

/* ---- Pipes that fail ---- */

static const struct {
  const char *class;
  int error;
  const char *why;
} pipe_rows[] = {
  { "append", ENOMEM, "Cannot allocate memory" },
  { "append", EIO, "Input/output error" },
  { "history", ENOMEM, "Cannot allocate memory" },
  { "latest", ENOMEM, "Cannot allocate memory" },
};

/* The command gets an empty input and might end with 0; the record does not
 * count as delivered. */
START_TEST(record_not_written_to_the_command_stays_pending)
{
  char text[256];

  snprintf(text, sizeof(text), "class = %s\ncommand = sh take.sh\n",
           pipe_rows[_i].class);
  exec_write(s, text);
  sandbox_write(s, "take.sh", "trap '' TERM\ncat >>got\n");
  exec_spoil(s, "\"values\":", pipe_rows[_i].error);
  exec_run(s, "84.208");
  snprintf(
    text, sizeof(text),
    "error: hook: sh: cannot write to its standard input: %s; it was stopped\n",
    pipe_rows[_i].why);
  exec_check(s, EX_IOERR, text);
  exec_heal(s);
  exec_set_reading(s, "84.208");
  sandbox_run(s, "run -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "got"), "\"84.208\""));
}
END_TEST

/* ---- A killed run ---- */

/* Returns the guard of the process group GROUP; 0: it has none. */
static int
find_guard(int group)
{
  glob_t all;
  int guard = 0;

  ck_assert_int_eq(glob("/proc/[0-9]*/stat", 0, NULL, &all), 0);
  for (size_t i = 0; i < all.gl_pathc && guard == 0; i++) {
    FILE *f = fopen(all.gl_pathv[i], "r");
    int pid, in;

    if (!f)
      continue;
    if (fscanf(f, "%d (meterpipe-guard) %*c %*d %d", &pid, &in) == 2 &&
        in == group)
      guard = pid;
    fclose(f);
  }
  globfree(&all);
  return guard;
}

static int
count_descriptors(int pid)
{
  char path[64];
  DIR *dir;
  int n = 0;

  snprintf(path, sizeof(path), "/proc/%d/fd", pid);
  dir = opendir(path);
  ck_assert_ptr_nonnull(dir);
  while (readdir(dir))
    n++;
  closedir(dir);
  return n - 2; /* . and .. */
}

/* The command's guard has only the pipe from the run open, and neither the lock
 * of the state nor the terminal.  Signals from a terminal do not end it. */
START_TEST(command_of_a_killed_run_is_ended)
{
  int command, guard = 0;

  sandbox_write(s, "slow.sh", "echo $$ >pid.new; mv pid.new pid\nsleep 60\n");
  exec_write(s, "class = append\ncommand = sh slow.sh\n");
  exec_set_reading(s, "84.208");
  sandbox_start(s, "run -c p.ini");
  exec_wait_for_file(s, "pid");
  command = (int)strtol(sandbox_read(s, "pid"), NULL, 10);
  for (int i = 0; i < 2000 && (guard = find_guard(command)) == 0; i++)
    usleep(5000);
  ck_assert_int_ne(guard, 0);
  ck_assert_int_eq(count_descriptors(guard), 1);
  kill(guard, SIGTERM);
  kill(guard, SIGINT);
  kill(guard, SIGHUP);
  kill(sandbox_pid(s), SIGKILL);
  sandbox_wait(s);
  check_gone("pid");
  sandbox_write(s, "pid", "%d\n", guard);
  check_gone("pid");
  sandbox_write(s, "slow.sh", "cat >got\n");
  exec_run(s, "84.300");
  exec_check(s, EX_OK, UNFINISHED("hook", "10:00:00"));
}
END_TEST

/* ---- Redelivery ---- */

/* The host is killed after the command has taken the record, and before the
 * host has noted that: the record is sent again with the same id. */
START_TEST(record_is_sent_again_with_its_id_after_a_crash)
{
  sandbox_write(s, "take.sh", IDS "kill -9 $PPID\nsleep 60\n");
  exec_write(s, "class = append\ncommand = sh take.sh\n");
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), 128 + SIGKILL);
  exec_check_file(s, "got", "UUID-1795342800000-1\n");
  sandbox_write(s, "take.sh", IDS);
  exec_run(s, "84.300");
  exec_check(s, EX_OK, EXEC_UNFINISHED);
  exec_check_file(s, "got",
                  "UUID-1795342800000-1\nUUID-1795342800000-1\n"
                  "UUID-1795344000000-2\n");
}
END_TEST

/* ---- Amounts in class latest, without fetch ---- */

#define USAGE                                                                  \
  EXEC_INPUT "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"    \
             "minus = hook.energy\n"

#define USAGE_PIPELINE                                                         \
  USAGE "[output hook]\nplugin = exec\nclass = latest\ntimeout = 1s\n"         \
        "command = sh take.sh\n"                                               \
        "value.energy = meter.energy\nvalue.usage = usage\n"

/* Shell command: adds a line for each received record to "got": its id, then
 * "NAME=VALUE" of each value. */
#define RECORDS                                                                \
  "sed 's/^{\"id\":\"\\([^\"]*\\)\",\"time\":\"[^\"]*\",\"values\":{/\\1 /;"   \
  "s/\"\\([a-z]*\\)\":{\"value\":\"\\([^\"]*\\)\"[^}]*}[,}]/\\1=\\2 /g;s/ "    \
  "}$//' >>got\n"

/* The end of the command that receives the first usage, and takes it or not. */
static const struct {
  const char *script;
  const char *taken; /* records in "got" */
} amount_rows[] = {
  { RECORDS "kill -9 $PPID\nsleep 60\n", "1 energy=84.300 usage=0.092\n" },
  { RECORDS "sleep 60\n", "1 energy=84.300 usage=0.092\n" },
  { "kill -9 $PPID\nsleep 60\n", "" },
};

/* Returns "got" with its ids counted from 1, in the order in which they first
 * appear; valid until the next call. */
static const char *
records(void)
{
  static char text[4096];
  char ids[16][64], id[64];
  const char *line = sandbox_read(s, "got");
  size_t n = 0, i, len = 0;

  text[0] = 0;
  for (; line && *line; line = strchr(line, '\n') + 1) {
    ck_assert_int_eq(sscanf(line, "%63s", id), 1);
    for (i = 0; i < n && strcmp(ids[i], id) != 0;)
      i++;
    if (i == n)
      strcpy(ids[n++], id);
    len += (size_t)snprintf(text + len, sizeof(text) - len, "%zu%.*s\n", i + 1,
                            (int)(strcspn(line, "\n") - strlen(id)),
                            line + strlen(id));
  }
  return text;
}

/* The amount is sent again with the same id; the usage since then is a record
 * of its own. */
START_TEST(unanswered_amount_is_resent_apart_from_later_usage)
{
  char want[256];

  sandbox_write(s, "p.ini", USAGE_PIPELINE);
  sandbox_write(s, "take.sh", "true\n");
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  sandbox_write(s, "take.sh", "%s", amount_rows[_i].script);
  exec_run(s, "84.300");
  sandbox_write(s, "take.sh", RECORDS);
  exec_run(s, "84.350");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  exec_run(s, "84.350");
  exec_check(s, EX_OK, "");
  snprintf(want, sizeof(want),
           "%s1 usage=0.092\n2 energy=84.350 usage=0.050\n"
           "3 energy=84.350 usage=0.000\n",
           amount_rows[_i].taken);
  ck_assert_str_eq(records(), want);
}
END_TEST

/* Without usage in between, exactly the same record is sent again. */
START_TEST(unanswered_record_is_resent_unchanged)
{
  char first[512];

  sandbox_write(s, "p.ini", USAGE_PIPELINE);
  sandbox_write(s, "take.sh", "true\n");
  exec_run(s, "84.208");
  sandbox_write(s, "take.sh", "cat >>got\nkill -9 $PPID\nsleep 60\n");
  exec_run(s, "84.300");
  snprintf(first, sizeof(first), "%s", sandbox_read(s, "got"));
  sandbox_write(s, "take.sh", "cat >again\n");
  exec_run(s, "84.300");
  exec_check(s, EX_OK, UNFINISHED("hook", "10:40:00"));
  exec_check_file(s, "again", first);
}
END_TEST

/* Each run ends with the status of the refusal; the amount that is taken in the
 * end contains all refused ones. */
START_TEST(rejected_amount_is_added_to_the_next_one)
{
  static const int refusals[] = { 75, 1 };

  sandbox_write(s, "p.ini", USAGE_PIPELINE);
  sandbox_write(s, "take.sh", "true\n");
  exec_run(s, "84.000");
  sandbox_write(s, "take.sh", "exit %d\n", refusals[_i]);
  for (int i = 1; i <= 3; i++) {
    char reading[16];

    snprintf(reading, sizeof(reading), "84.%d00", i);
    exec_run(s, reading);
    ck_assert_int_eq(sandbox_status(s), _i ? EX_UNAVAILABLE : EX_TEMPFAIL);
    ck_assert_int_eq(sandbox_err(s)[0] != 0, i == 1); /* the first one only */
  }
  sandbox_write(s, "take.sh", RECORDS);
  exec_run(s, "84.300");
  ck_assert_str_eq(records(), "1 energy=84.300 usage=0.300\n");
}
END_TEST

/* A refusal does not settle a record whose outcome is unknown: that one is sent
 * again with its id. */
START_TEST(rejection_does_not_settle_an_earlier_unknown_outcome)
{
  sandbox_write(s, "p.ini", USAGE_PIPELINE);
  sandbox_write(s, "take.sh", "true\n");
  exec_run(s, "84.000");
  sandbox_write(s, "take.sh", RECORDS "kill -9 $PPID\nsleep 60\n");
  exec_run(s, "84.100");
  sandbox_write(s, "take.sh", "exit 75\n");
  exec_run(s, "84.200");
  sandbox_write(s, "take.sh", RECORDS);
  exec_run(s, "84.300");
  ck_assert_str_eq(records(), "1 energy=84.100 usage=0.100\n1 usage=0.100\n"
                              "2 energy=84.300 usage=0.200\n");
}
END_TEST

/* No id is used twice, even after the clock was set back. */
START_TEST(record_ids_grow_even_if_the_clock_is_set_back)
{
  char first[64], second[64];

  sandbox_write(s, "take.sh", IDS);
  exec_write(s, "class = latest\ncommand = sh take.sh\n");
  exec_run(s, "84.208");
  sandbox_advance(s, -7200);
  exec_run(s, "84.300");
  exec_check(s, EX_OK, "");
  ck_assert_int_eq(sscanf(exec_without_uuids(sandbox_read(s, "got")),
                          "UUID-%63[0-9] UUID-%63[0-9]", first, second),
                   2);
  ck_assert_msg(strcmp(first, second) < 0, "%s", sandbox_read(s, "got"));
}
END_TEST

/* ---- The results of one output, and the next output ---- */

/* Two outputs of CLASS; the second one's command can kill the host. */
static const struct {
  const char *class;
  const char *got; /* by the first one; acknowledged records once */
} pair_rows[] = {
  { "latest", "1 energy=84.000\n2 energy=84.300 usage=0.300\n"
              "3 energy=84.400 usage=0.100\n" },
  { "append", "1 energy=84.000\n2 energy=84.300 usage=0.300\n"
              "3 energy=84.400 usage=0.100\n" },
  { "history", "1 energy=84.000\n2 energy=84.300 usage=0.300\n"
               "3 energy=84.400 usage=0.100\n" },
};

START_TEST(results_are_committed_before_the_next_output_runs)
{
  const char *class = pair_rows[_i].class;

  sandbox_write(s, "p.ini",
                USAGE "[output hook]\nplugin = exec\nclass = %s\n"
                      "command = sh take.sh\n"
                      "value.energy = meter.energy\nvalue.usage = usage\n"
                      "[output other]\nplugin = exec\nclass = %s\n"
                      "command = sh other.sh\nvalue.energy = meter.energy\n",
                class, class);
  sandbox_write(s, "take.sh", RECORDS);
  sandbox_write(s, "other.sh", "true\n");
  exec_run(s, "84.000");
  exec_check(s, EX_OK, "");
  sandbox_write(s, "other.sh", "kill -9 $PPID\nsleep 60\n");
  exec_run(s, "84.300");
  ck_assert_int_eq(sandbox_status(s), 128 + SIGKILL);
  sandbox_write(s, "other.sh", "true\n");
  exec_run(s, "84.400");
  exec_check(s, EX_OK, UNFINISHED("other", "10:40:00"));
  ck_assert_str_eq(records(), pair_rows[_i].got);
}
END_TEST

/* The result cannot be committed: the next output is not called, and the record
 * is sent again. */
START_TEST(no_output_is_called_after_a_failed_commit)
{
  char journal[512];

  sandbox_write(s, "p.ini",
                USAGE "[output hook]\nplugin = exec\nclass = %s\n"
                      "command = sh take.sh\n"
                      "value.energy = meter.energy\nvalue.usage = usage\n"
                      "[output other]\nplugin = exec\nclass = %s\n"
                      "command = sh -c 'cat >other'\n"
                      "value.energy = meter.energy\n",
                pair_rows[_i].class, pair_rows[_i].class);
  sandbox_write(s, "take.sh", RECORDS);
  exec_run(s, "84.000");
  exec_check(s, EX_OK, "");
  sandbox_remove(s, "other");
  sandbox_write(s, "take.sh", RECORDS "rm p.db-journal\nmkdir p.db-journal\n");
  exec_run(s, "84.300");
  ck_assert_int_eq(sandbox_status(s), EX_IOERR);
  ck_assert(!sandbox_exists(s, "other"));
  sandbox_write(s, "take.sh", RECORDS);
  snprintf(journal, sizeof(journal), "%s/p.db-journal", sandbox_dir(s));
  ck_assert_int_eq(rmdir(journal), 0);
  exec_run(s, "84.300");
  ck_assert_ptr_nonnull(sandbox_read(s, "other"));
  ck_assert_ptr_nonnull(strstr(records(), "2 energy=84.300 usage=0.300\n"
                                          "2 energy=84.300 usage=0.300\n"));
}
END_TEST

/* The same for the recovery of rows whose outcome was unknown. */
START_TEST(recovered_rows_are_committed_before_the_next_output)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[output hook]\nplugin = exec\nclass = append\n"
                           "command = sh take.sh\ntimeout = 3s\n"
                           "value.energy = meter.energy\n"
                           "[output other]\nplugin = exec\nclass = append\n"
                           "command = sh other.sh\ntimeout = 3s\n"
                           "value.energy = meter.energy\n");
  sandbox_write(s, "take.sh", "sleep 60\n");
  sandbox_write(s, "other.sh", "sleep 60\n");
  exec_run(s, "84.000");
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  sandbox_write(s, "take.sh", RECORDS);
  sandbox_write(s, "other.sh", "kill -9 $PPID\nsleep 60\n");
  exec_run(s, "84.100");
  ck_assert_int_eq(sandbox_status(s), 128 + SIGKILL);
  sandbox_write(s, "other.sh", "true\n");
  exec_run(s, "84.200");
  ck_assert_str_eq(records(), "1 energy=84.000\n2 energy=84.200\n");
}
END_TEST

START_TEST(status_dates_an_unsent_value_from_its_reading)
{
  sandbox_write(s, "take.sh", "kill -9 $PPID\nsleep 60\n");
  exec_write(s, "class = latest\ncommand = sh take.sh\n");
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), 128 + SIGKILL);
  sandbox_advance(s, 1200);
  sandbox_run(s, "status -c p.ini");
  exec_check(s, EX_OK, "");
  ck_assert_msg(strstr(sandbox_out(s), "  84.208 GJ  20 min\n"), "%s",
                sandbox_out(s));
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(s), "the run that began at 2026-11-22T10:20:00Z did not "
                           "finish: it was in output hook (commit)\n"));
  sandbox_run(s, "status --json -c p.ini");
  ck_assert_ptr_nonnull(strstr(
    sandbox_out(s), "\"unfinished_run\":{\"begun\":\"2026-11-22T10:20:00Z\","
                    "\"in_progress\":false,\"output\":\"hook\","
                    "\"callback\":\"commit\"}"));
}
END_TEST

/* A new state, after a loss, counts its rows from 1 again; no id is used
 * twice. */
START_TEST(record_ids_are_not_reused_after_a_state_loss)
{
  sandbox_write(s, "take.sh", IDS);
  exec_write(s, "class = append\ncommand = sh take.sh\n");
  exec_run(s, "84.208");
  sandbox_remove(s, "p.db");
  exec_run(s, "84.300");
  exec_check(s, EX_OK, "");
  exec_check_file(s, "got", "UUID-1795342800000-1\nUUID-1795344000000-1\n");
}
END_TEST

/* A live output is served even if the state cannot be kept. */
START_TEST(record_has_its_id_without_a_state)
{
  char number[64];

  sandbox_write(s, "take.sh", IDS);
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = /proc/none\n" EXEC_INPUT
                "[output hook]\nplugin = exec\nclass = live\n"
                "command = sh take.sh\nvalue.energy = meter.energy\n");
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), EX_IOERR);
  ck_assert_int_eq(
    sscanf(exec_without_uuids(sandbox_read(s, "got")), "UUID-%63[0-9]", number),
    1);
  ck_assert_msg(strcmp(number, "1795342800000") >= 0, "%s", number);
}
END_TEST

/* ---- Displayed values ---- */

#define SHOWN_PIPELINE                                                         \
  EXEC_INPUT "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"    \
             "minus = hook.energy\n"                                           \
             "[output hook]\nplugin = exec\nclass = latest\n"                  \
             "command = sh -c 'cat >got'\nfetch = sh show.sh\n"                \
             "value.energy = meter.energy\nvalue.usage = usage\n"

/* Without a record, the displayed value counts as the last known value. */
START_TEST(displayed_value_is_the_first_base)
{
  sandbox_write(s, "p.ini", SHOWN_PIPELINE);
  sandbox_write(s, "show.sh",
                "cat >asked\n"
                "echo '{\"target\":\"energy\",\"value\":\"84.000\","
                "\"unit\":\"GJ\",\"updated\":\"monday\"}'\n"
                "echo '{\"target\":\"usage\",\"value\":null}'\n"
                "echo '{\"target\":\"of somebody else\",\"value\":\"1\"}'\n");
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  exec_check_file(s, "asked",
                  "{\"target\":\"energy\"}\n{\"target\":\"usage\"}\n");
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(s, "got"), "\"usage\":{\"value\":\"0.208\""));
}
END_TEST

static const struct {
  const char *script;
  int status;
  const char *err;
} fetch_rows[] = {
  { "echo away >&2; exit 75", EX_TEMPFAIL,
    "error: hook: sh: ended with status 75: away\n" },
  { "exit 2", EX_UNAVAILABLE, "error: hook: sh: ended with status 2\n" },
  { "echo '{\"target\":\"energy\",\"value\":\"x\"}'", EX_TEMPFAIL,
    "error: hook: sh: line 1 of its output has a value that is not a decimal "
    "number, such as \"17.50\"\n" },
  { "echo '{}'", EX_TEMPFAIL,
    "error: hook: sh: line 1 of its output has no target\n" },
  { "echo; echo nonsense", EX_TEMPFAIL,
    "error: hook: sh: line 2 of its output is not a JSON object\n" },
};

START_TEST(failed_fetch_prevents_sending)
{
  sandbox_write(s, "p.ini", SHOWN_PIPELINE);
  sandbox_write(s, "show.sh", "%s\n", fetch_rows[_i].script);
  exec_run(s, "84.208");
  exec_check(s, fetch_rows[_i].status, fetch_rows[_i].err);
  ck_assert(!sandbox_exists(s, "got"));
}
END_TEST

/* Values that were pending in the meantime stay pending; the usage is not
 * lost. */
START_TEST(target_in_another_unit_keeps_its_pending_values)
{
  static const char show[] =
    "echo '{\"target\":\"energy\",\"value\":\"84.000\",\"unit\":\"%s\","
    "\"updated\":\"monday\"}'\n"
    "echo '{\"target\":\"usage\",\"value\":null}'\n";

  sandbox_write(s, "p.ini", SHOWN_PIPELINE);
  sandbox_write(s, "show.sh", show, "GJ");
  exec_run(s, "84.000");
  exec_check(s, EX_OK, "");
  sandbox_write(s, "show.sh", show, "m3");
  sandbox_remove(s, "got");
  exec_run(s, "84.208");
  exec_check(s, EX_CONFIG,
             "error: hook: value.energy: is in m³, but its values in the state "
             "are in GJ, which does not convert exactly: give it back that "
             "unit, or name another target (p.ini:13)\n");
  ck_assert_ptr_null(strstr(sandbox_read(s, "got"), "\"energy\""));
  sandbox_write(s, "show.sh", show, "GJ");
  exec_run(s, "84.300");
  exec_check(s, EX_OK,
             "notice: hook: value.energy: works again after 20 min\n");
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(s, "got"), "\"energy\":{\"value\":\"84.300\""));
}
END_TEST

/* The target's unit has changed, but not its number: the value is written
 * again, and the displayed value is neither a new value nor a usage. */
START_TEST(changed_unit_label_causes_a_rewrite_and_no_usage)
{
  static const char show[] =
    "echo '{\"target\":\"energy\",\"value\":\"84.000\",\"unit\":\"%s\","
    "\"updated\":\"%s\"}'\n"
    "echo '{\"target\":\"usage\",\"value\":null}'\n";

  sandbox_write(s, "p.ini", SHOWN_PIPELINE);
  sandbox_write(s, "show.sh", show, "GJ", "monday");
  exec_run(s, "84.000");
  sandbox_write(s, "show.sh", show, "GJ", "tuesday");
  exec_run(s, "84.000");
  exec_check(s, EX_OK, "");
  sandbox_write(s, "show.sh", show, "MJ", "tuesday");
  exec_run(s, "84.208");
  exec_check(
    s, EX_OK,
    "notice: hook: value.energy: displays 84.000 MJ, but 84.000 GJ was "
    "written: its unit or divider was changed; the value is written again\n");
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "got"),
                               "\"energy\":{\"value\":\"84208\",\"unit\":"
                               "\"MJ\""));
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(s, "got"), "\"usage\":{\"value\":\"0.208\""));
}
END_TEST

/* A reading is pending for a target that turns out to have another unit: the
 * remedy that the error names works. */
START_TEST(pending_reading_allows_a_convert_to_another_unit)
{
  static const char hook[] =
    EXEC_INPUT "[transform heat]\nplugin = convert\nvalue = meter.energy\n"
               "unit = kWh\ndecimals = 3\n"
               "[output hook]\nplugin = exec\nclass = latest\n"
               "command = sh -c 'cat >got'\nfetch = sh show.sh\n"
               "value.energy = %s\n";

  sandbox_write(s, "p.ini", hook, "meter.energy");
  sandbox_write(s, "show.sh", "exit 75\n");
  exec_run(s, "84.000");
  exec_check(s, EX_TEMPFAIL, "error: hook: sh: ended with status 75\n");
  sandbox_write(s, "show.sh",
                "echo '{\"target\":\"energy\",\"value\":\"0\",\"unit\":\"kWh\","
                "\"updated\":\"monday\"}'\n");
  exec_run(s, "84.000");
  exec_check(
    s, EX_CONFIG,
    "error: hook: value.energy: takes kWh, and meter.energy is in GJ: "
    "put a transform \"convert\" with unit = kWh and decimals = 3 between them "
    "(p.ini:14)\n"
    "notice: hook: sh: works again after 20 min\n");
  sandbox_write(s, "p.ini", hook, "heat");
  exec_run(s, "84.000");
  exec_check(s, EX_OK,
             "notice: hook: value.energy: works again after 20 min\n");
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(s, "got"), "\"energy\":{\"value\":\"23333.333\""));
}
END_TEST

/* With -v -v, a run logs the row of doc/ledger.md that settled a target, and
 * the ledger before and after. */
START_TEST(log_names_the_row_that_settled_a_target)
{
  exec_write(s, "class = latest\ncommand = sh -c 'cat >/dev/null'\n"
                "fetch = sh show.sh\n");
  sandbox_write(s, "show.sh",
                "echo '{\"target\":\"energy\",\"value\":\"12\"}'\n");
  exec_run(s, "84.000");
  sandbox_write(s, "show.sh",
                "echo '{\"target\":\"energy\",\"value\":\"99\"}'\n");
  exec_set_reading(s, "85.000");
  sandbox_run(s, "run -v -v -c p.ini");
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s), "debug: hook: value.energy: settled by row 10: A "
                           "84.000 GJ"));
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "; now A 99 "));
}
END_TEST

/* Numbers end at 9223372036854775807: a second usage of this size stays in the
 * meter until the first one is delivered. */
START_TEST(usage_beyond_64_bits_is_not_lost)
{
  static const char *const given[] = { "9000000000000000001",
                                       "9000000000000000002" };

  sandbox_write(s, "p.ini",
                EXEC_INPUT
                "[transform usage]\nplugin = subtract\n"
                "value = meter.energy\nminus = hook.energy\n"
                "[output hook]\nplugin = exec\nclass = latest\n"
                "command = sh take.sh\n"
                "value.energy = meter.energy\nvalue.usage = usage\n");
  sandbox_write(s, "take.sh", "cat >got\n");
  exec_run(s, "-9000000000000000001");
  exec_check(s, EX_OK, "");
  sandbox_write(s, "take.sh", "exit 75\n");
  exec_run(s, "0");
  exec_check(s, EX_TEMPFAIL, "error: hook: sh: ended with status 75\n");
  sandbox_write(s, "take.sh", "cat >got\n");
  exec_run(s, "9000000000000000002");
  ck_assert_int_eq(sandbox_status(s), EX_DATAERR);
  ck_assert_ptr_nonnull(strstr(
    sandbox_err(s), "error: hook: value.usage: its pending amount cannot "
                    "grow further and stay exact: this value and its base "
                    "are left out until the amount is delivered\n"));
  for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
    char usage[64];

    snprintf(usage, sizeof(usage), "\"usage\":{\"value\":\"%s\"", given[i]);
    ck_assert_msg(strstr(sandbox_read(s, "got"), usage), "%s",
                  sandbox_read(s, "got"));
    exec_run(s, "9000000000000000002");
    ck_assert_int_eq(sandbox_status(s), EX_OK);
  }
}
END_TEST

/* A base and all results that are computed from it are booked together or not
 * at all, even over two steps. */
START_TEST(missing_result_two_steps_later_holds_the_base)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[transform usage]\nplugin = subtract\n"
                           "value = meter.energy\nminus = hook.energy\n"
                           "[transform above]\nplugin = subtract\n"
                           "value = usage\nminus = limit.allowed\n"
                           "[output hook]\nplugin = exec\nclass = latest\n"
                           "command = sh -c 'cat >got'\n"
                           "value.energy = meter.energy\nvalue.usage = usage\n"
                           "[output limit]\nplugin = exec\nclass = latest\n"
                           "command = sh -c 'cat >above'\nfetch = sh limit.sh\n"
                           "value.above = above\n");
  sandbox_write(s, "limit.sh",
                "echo '{\"target\":\"allowed\",\"value\":\"1\","
                "\"unit\":\"GJ\"}'\n"
                "echo '{\"target\":\"above\",\"value\":null}'\n");
  exec_run(s, "84.000");
  exec_check(s, EX_OK, "");
  sandbox_remove(s, "got");
  sandbox_write(s, "away.sh", "%s", sandbox_read(s, "limit.sh"));
  sandbox_write(s, "limit.sh", "exit 75\n");
  exec_run(s, "86.500");
  exec_check(s, EX_TEMPFAIL, "error: limit: sh: ended with status 75\n");
  ck_assert(!sandbox_exists(s, "got"));
  sandbox_write(s, "limit.sh", "%s", sandbox_read(s, "away.sh"));
  exec_run(s, "87.000");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(s, "got"), "\"usage\":{\"value\":\"3.000\""));
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(s, "above"), "\"above\":{\"value\":\"2.000\""));
}
END_TEST

/* ---- Texts ---- */

/* A target that displays an empty text displays no value. */
START_TEST(text_is_written_only_when_it_changed)
{
  static const char show[] = "echo '{\"target\":\"note\",\"text\":\"%s\","
                             "\"updated\":\"%s\"}'\n";
  static const char reading[] = "{\"field\":\"note\",\"text\":\"%s\"}\n";

  sandbox_write(s, "p.ini",
                EXEC_INPUT "[output hook]\nplugin = exec\nclass = latest\n"
                           "command = sh -c 'cat >got'\nfetch = sh show.sh\n"
                           "value.note = meter.note\n");
  sandbox_write(s, "reading", reading, "hot");
  sandbox_write(s, "show.sh", show, "", "monday");
  sandbox_run(s, "run -n -c p.ini");
  exec_check(s, EX_OK, "");
  ck_assert_str_eq(sandbox_out(s), "hook.note hot\n");
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_OK, "");
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(s, "got"), "\"note\":{\"value\":\"hot\""));
  sandbox_write(s, "show.sh", show, "hot", "tuesday");
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_OK, "");
  sandbox_write(s, "show.sh", show, "mine", "friday");
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -c p.ini");
  exec_check(
    s, EX_OK,
    "notice: hook: value.note: displays mine, but hot was written: the value "
    "was changed there; the next values continue from the displayed one\n");
}
END_TEST

/* ---- Zero ---- */

/* OPTIONS feed 0 or an empty text to the target note, which displays nothing in
 * each run; that is no manual change. */
static const struct {
  const char *reading, *options;
} zero_rows[] = {
  { "{\"field\":\"energy\",\"value\":\"84.000\",\"kind\":\"counter\"}\n",
    "value.energy = meter.energy\nvalue.note = total\n"
    "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"
    "minus = hook.energy\n"
    "[transform total]\nplugin = add\nvalue = usage\nplus = hook.note\n" },
  { "{\"field\":\"flow\",\"value\":\"0\"}\n", "value.note = meter.flow\n" },
  { "{\"field\":\"note\",\"text\":\"\"}\n", "value.note = meter.note\n" },
};

START_TEST(zero_may_be_displayed_as_nothing)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[output hook]\nplugin = exec\nclass = latest\n"
                           "command = sh -c 'cat >got'\nfetch = sh show.sh\n%s",
                zero_rows[_i].options);
  sandbox_write(s, "reading", "%s", zero_rows[_i].reading);
  sandbox_write(s, "show.sh",
                "sed -n 's/.*\"energy\":{\"value\":\"\\([^\"]*\\).*/"
                "{\"target\":\"energy\",\"value\":\"\\1\"}/p' got 2>/dev/null\n"
                "[ -s got ] || echo '{\"target\":\"energy\",\"value\":null}'\n"
                "[ -s got ] && at=later || at=before\n"
                "echo '{\"target\":\"note\",\"value\":null,'"
                "'\"updated\":\"'$at'\"}'\n");
  for (int i = 0; i < 3; i++) {
    sandbox_run(s, "run -c p.ini");
    exec_check(s, EX_OK, "");
    sandbox_advance(s, 1200);
  }
}
END_TEST

/* ---- Mistakes in the pipeline file ---- */

static const struct {
  const char *options, *err;
} mistake_rows[] = {
  { "command = true\n",
    "p.ini:4: option \"class\" is missing: the delivery class: see DELIVERY "
    "CLASSES in meterpipe-plugin(3); for example: class = live\n" },
  { "class = append\n", "p.ini:4: option \"command\" is missing: the program "
                        "that delivers the records, and its arguments; run "
                        "without a shell; for example: command = TEXT\n" },
  { "command = true\nclass = apend\n",
    "p.ini:7: class: \"apend\" is not one of live|latest|append|history; the "
    "nearest is \"append\"\n" },
  { "class = append\ncommand = sh -c 'exit\n",
    "p.ini:7: command: is not a command: write PROGRAM ARGUMENT..., and close "
    "each "
    "quote\n" },
  { "class = append\ncommand = true\nfetch = ''\n",
    "p.ini:8: fetch: is not a command: write PROGRAM ARGUMENT..., and close "
    "each "
    "quote\n" },
};

START_TEST(mistake_is_reported_with_its_line)
{
  exec_write(s, mistake_rows[_i].options);
  sandbox_run(s, "check --offline -c p.ini");
  exec_check(s, EX_CONFIG, mistake_rows[_i].err);
}
END_TEST

START_TEST(live_target_cannot_be_an_operand)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[transform usage]\nplugin = subtract\n"
                           "value = meter.energy\nminus = hook.energy\n"
                           "[output hook]\nplugin = exec\nclass = live\n"
                           "command = true\nvalue.energy = meter.energy\n");
  sandbox_run(s, "check --offline -c p.ini");
  exec_check(s, EX_CONFIG,
             "p.ini:7: minus: \"hook\" is a live output, which has no last "
             "known values: name another output\n");
}
END_TEST

static Suite *
exec_suite(void)
{
  Suite *suite = suite_create("exec");
  TCase *tc = tcase_create("command");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, record_is_exact_and_complete);
  tcase_add_test(tc, word_of_4000_bytes_reaches_the_command);
  tcase_add_test(tc, command_inherits_nothing_of_the_host);
  tcase_add_loop_test(tc, command_is_split_into_words_without_a_shell, 0,
                      ARRAY_SIZE(word_rows));
  tcase_add_loop_test(tc, exit_status_decides_the_result_of_a_record, 0,
                      ARRAY_SIZE(status_rows));
  tcase_add_test(tc, unrunnable_command_is_named);
  tcase_add_test(tc, check_searches_the_same_path_as_a_run);
  tcase_add_test(tc, check_reports_an_unrunnable_command);
  tcase_add_test(tc, messages_of_a_command_are_bounded_and_sanitised);
  tcase_add_test(tc, command_may_ignore_its_input);
  tcase_add_loop_test(tc, whole_group_ends_at_the_timeout, 0,
                      ARRAY_SIZE(slow_scripts));
  tcase_add_test(tc, deadline_of_the_cycle_ends_the_command);
  tcase_add_test(tc, background_process_of_a_command_is_killed);
  if (exec_has_program("setsid"))
    tcase_add_test(tc, process_outside_the_group_is_not_waited_for);
  tcase_add_test(tc, unkillable_command_is_abandoned);
  tcase_add_test(tc, signal_ends_the_run_and_the_command);
  tcase_add_loop_test(tc, record_not_written_to_the_command_stays_pending, 0,
                      ARRAY_SIZE(pipe_rows));
  tcase_add_test(tc, command_of_a_killed_run_is_ended);
  tcase_add_test(tc, record_is_sent_again_with_its_id_after_a_crash);
  tcase_add_test(tc, record_ids_are_not_reused_after_a_state_loss);
  tcase_add_test(tc, record_has_its_id_without_a_state);
  tcase_add_loop_test(tc, unanswered_amount_is_resent_apart_from_later_usage, 0,
                      ARRAY_SIZE(amount_rows));
  tcase_add_test(tc, unanswered_record_is_resent_unchanged);
  tcase_add_loop_test(tc, rejected_amount_is_added_to_the_next_one, 0, 2);
  tcase_add_test(tc, rejection_does_not_settle_an_earlier_unknown_outcome);
  tcase_add_test(tc, record_ids_grow_even_if_the_clock_is_set_back);
  tcase_add_loop_test(tc, results_are_committed_before_the_next_output_runs, 0,
                      ARRAY_SIZE(pair_rows));
  tcase_add_loop_test(tc, no_output_is_called_after_a_failed_commit, 0,
                      ARRAY_SIZE(pair_rows));
  tcase_add_test(tc, recovered_rows_are_committed_before_the_next_output);
  tcase_add_loop_test(tc, zero_may_be_displayed_as_nothing, 0,
                      ARRAY_SIZE(zero_rows));
  tcase_add_test(tc, displayed_value_is_the_first_base);
  tcase_add_loop_test(tc, failed_fetch_prevents_sending, 0,
                      ARRAY_SIZE(fetch_rows));
  tcase_add_loop_test(tc, mistake_is_reported_with_its_line, 0,
                      ARRAY_SIZE(mistake_rows));
  tcase_add_test(tc, live_target_cannot_be_an_operand);
  tcase_add_test(tc, target_in_another_unit_keeps_its_pending_values);
  tcase_add_test(tc, changed_unit_label_causes_a_rewrite_and_no_usage);
  tcase_add_test(tc, pending_reading_allows_a_convert_to_another_unit);
  tcase_add_test(tc, log_names_the_row_that_settled_a_target);
  tcase_add_test(tc, usage_beyond_64_bits_is_not_lost);
  tcase_add_test(tc, missing_result_two_steps_later_holds_the_base);
  tcase_add_test(tc, text_is_written_only_when_it_changed);
  tcase_add_test(tc, output_is_not_contacted_after_the_deadline);
  tcase_add_test(tc, status_dates_an_unsent_value_from_its_reading);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(exec_suite());
}
