/*
 * Waits without an end: each call that can wait is made to hang in turn, and
 * the run ends in time with its state whole.  HACKING.md has the table of all
 * waits.
 */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
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

/* Seconds that the watchdog gives a run after its deadline, and that a busy
 * machine may take besides. */
#define GRACE_S 5
#define SLACK_S 10

#define PIPELINE "[pipeline]\nstate_dir = .\ndeadline = 2s\n"
#define LOG                                                                    \
  "[output log]\nplugin = csv\npath = heat.csv\n"                              \
  "column.energy = meter.energy\n"
#define BAD(class)                                                             \
  PIPELINE EXEC_INPUT LOG                                                      \
    "[output hook]\nplugin = bad\nclass = " class "\nplace.x = meter.energy\n"
#define GOOD PIPELINE EXEC_INPUT LOG
#define PATIENT                                                                \
  "[pipeline]\nstate_dir = .\ndeadline = 60s\n" EXEC_INPUT LOG                 \
  "[output hook]\nplugin = bad\nplace.x = meter.energy\n"
#define STOPPED                                                                \
  GOOD "[output hook]\nplugin = exec\nclass = append\n"                        \
       "command = sh stop.sh\nvalue.energy = meter.energy\n"
#define FAR_METER                                                              \
  PIPELINE "[input meter]\nplugin = kmp\n"                                     \
           "device = tcp://nowhere.example:1\n"                                \
           "[output log]\nplugin = csv\npath = heat.csv\n"                     \
           "column.energy = meter.heat_energy_e1\n"
#define HOUSE                                                                  \
  PIPELINE EXEC_INPUT "[output house]\nplugin = domoticz\n"                    \
                      "url = http://127.0.0.1:1\nidx.1 = meter.energy\n"
#define SECRET                                                                 \
  PIPELINE EXEC_INPUT                                                          \
    "[output house]\nplugin = domoticz\nurl = http://127.0.0.1:1\n"            \
    "username = me\npassword_file = secret\nidx.1 = meter.energy\n"

static struct sandbox *
new_scene(const char *pipeline)
{
  const char *plugins = getenv("METERPIPE_PLUGIN_PATH");
  const char *clock = getenv("CLOCK_PRELOAD");
  struct sandbox *s = sandbox_new();
  char from[1024], to[1024];

  ck_assert_ptr_nonnull(plugins);
  snprintf(from, sizeof(from), "%s/bad_plugin.so", plugins);
  snprintf(to, sizeof(to), "%s/output_bad.so", sandbox_dir(s));
  ck_assert_int_eq(symlink(from, to), 0);
  snprintf(to, sizeof(to), "%s:%s", plugins, sandbox_dir(s));
  sandbox_setenv(s, "METERPIPE_PLUGIN_PATH", to);
  snprintf(to, sizeof(to), "%s%s%s/hang_preload.so", clock ? clock : "",
           clock ? " " : "", plugins);
  sandbox_setenv(s, "LD_PRELOAD", to);
  if (pipeline)
    sandbox_write(s, "p.ini", "%s", pipeline);
  return s;
}

/* ---- The table ---- */

struct wait {
  const char *pipeline; /* NULL: there is no such file */
  const char *args;     /* NULL: "run -c p.ini" */
  const char *bad;      /* BAD of the run: the fault of the bad plugin */
  const char *hang;     /* the call that does not return */
  const char *fifo;     /* a file that is a pipe without a writer */
  int signal;           /* sent after a while; 0: none */
  const char *before;   /* BAD of a run before; "": no fault, NULL: no run */
  int status;
  const char *said; /* a part of the messages */
  const char *rows; /* in the file, after one more run; NULL: not checked */
};

/* A callback that ignores cancel_fd. */
#define CALL(class, callback, in_file)                                         \
  {                                                                            \
    .pipeline = BAD(class), .bad = "sleep-" callback, .status = EX_IOERR,      \
    .said = "error: hook: " callback " did not return; the run is ended 5 s "  \
            "after its deadline\n",                                            \
    .rows = in_file                                                            \
  }
#define DISK(call, words, in_file)                                             \
  {                                                                            \
    .pipeline = GOOD, .hang = call, .status = EX_IOERR, .said = words,         \
    .rows = in_file                                                            \
  }
/* A person who presses Ctrl-C ends the run, not the watchdog. */
#define PERSON(command)                                                        \
  {                                                                            \
    .pipeline = BAD("latest"), .args = command, .bad = "sleep-open",           \
    .signal = SIGINT, .status = EX_IOERR,                                      \
    .said = "error: hook: open did not return; the run is ended 5 s after "    \
            "the signal to stop\n"                                             \
  }

static const struct wait waits[] = {
  CALL("latest", "open", "2\n"),
  CALL("latest", "fetch", "2\n"),
  CALL("latest", "begin", "1\n2\n"),
  CALL("latest", "write", "1\n2\n"),
  CALL("latest", "commit", "1\n2\n"),
  CALL("latest", "close", "1\n2\n"),
  CALL("append", "token", "2\n"),
  CALL("append", "commit", "1\n2\n"),
  CALL("live", "commit", "1\n2\n"),
  DISK("fsync:heat.csv", "log: commit did not", "1\n2\n"),
  DISK("write:heat.csv", "log: commit did not", "1\n2\n"),
  DISK("flock:heat.csv", "log: token did not", "2\n"),
  DISK("fsync:p.db", "the state: open did not", "2\n"),
  DISK("pwrite:p.note", "the run is ended 5 s after", "2\n"),
  { .pipeline = GOOD,
    .hang = "fsync:p.db",
    .before = "",
    .status = EX_IOERR,
    .said = "the state: commit did not",
    .rows = "1\n2\n" },
  { .pipeline = BAD("append"),
    .bad = "sleep-recover",
    .before = "commit-exits",
    .status = EX_IOERR,
    .said = "error: hook: recover did not return",
    .rows = "1\n2\n" },
  { .pipeline = HOUSE,
    .hang = "connect:",
    .status = EX_IOERR,
    .said = "error: house: fetch did not return" },
  { .pipeline = BAD("latest"),
    .args = "run -c p.ini --every 1s",
    .bad = "sleep-commit",
    .status = EX_IOERR,
    .said = "error: hook: commit did not return",
    .rows = "1\n2\n" },
  { .pipeline = BAD("latest"),
    .bad = "masked-commit", /* with all signals blocked */
    .status = EX_IOERR,
    .said = "error: hook: commit did not return",
    .rows = "1\n2\n" },
  PERSON("check -c p.ini"),
  PERSON("targets -c p.ini hook"),
  { .pipeline = PATIENT,
    .args = "run -c p.ini --every 20m",
    .bad = "sleep-commit",
    .signal = SIGTERM,
    .status = EX_IOERR,
    .said = "error: hook: commit did not return; the run is ended 5 s after "
            "the signal to stop\n",
    .rows = "1\n2\n" },

  /* Ended without the watchdog: a stopped command, an input's thread, and pipes
   * without a writer. */
  { .pipeline = STOPPED,
    .status = EX_TEMPFAIL,
    .said = "was still running at its time limit",
    .rows = "1\n2\n" },
  { .pipeline = FAR_METER,
    .hang = "getaddrinfo:",
    .status = EX_PROTOCOL,
    .said = "was abandoned" },
  { .pipeline = NULL,
    .fifo = "p.ini",
    .status = EX_CONFIG,
    .said = "timed out" },
  { .pipeline = SECRET,
    .fifo = "secret",
    .status = EX_CONFIG,
    .said = "timed out" },
};

#define N_WAITS ARRAY_SIZE(waits)

static void
start_wait(struct sandbox *s, const struct wait *wait)
{
  char path[256];

  exec_set_reading(s, "1");
  if (wait->before) {
    sandbox_setenv(s, "BAD", wait->before);
    sandbox_run(s, "run -c p.ini");
  }
  sandbox_setenv(s, "BAD", wait->bad);
  sandbox_setenv(s, "TEST_HANG", wait->hang);
  sandbox_write(s, "stop.sh", "kill -STOP $$\n");
  if (wait->fifo) {
    snprintf(path, sizeof(path), "%s/%s", sandbox_dir(s), wait->fifo);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
  }
  sandbox_start(s, "%s", wait->args ? wait->args : "run -c p.ini");
}

static void
check_wait(struct sandbox *s, const struct wait *wait)
{
  sandbox_wait(s);
  ck_assert_msg(sandbox_status(s) == wait->status &&
                  strstr(sandbox_err(s), wait->said),
                "%s: %d, %s", wait->said, sandbox_status(s), sandbox_err(s));
}

/* Starts the next run, without faults and with time to serve all outputs. */
static void
start_next(struct sandbox *s)
{
  char *pipeline = strdup(sandbox_read(s, "p.ini"));
  char *deadline = strstr(pipeline, "deadline = 2s");

  if (deadline)
    memcpy(deadline, "deadline = 9s", strlen("deadline = 9s"));
  sandbox_write(s, "p.ini", "%s", pipeline);
  free(pipeline);
  sandbox_setenv(s, "BAD", NULL);
  sandbox_setenv(s, "TEST_HANG", NULL);
  sandbox_write(s, "stop.sh", "cat >/dev/null\n");
  sandbox_advance(s, 1200);
  exec_set_reading(s, "2");
  sandbox_start(s, "run -c p.ini");
}

/* Returns the last cell of each row of the file, a line each; valid until the
 * next call. */
static const char *
energies(struct sandbox *s)
{
  static char text[256];
  const char *line = sandbox_read(s, "heat.csv");

  text[0] = '\0';
  line = line ? strchr(line, '\n') : NULL;
  for (; line && line[1]; line = strchr(line + 1, '\n')) {
    int end = (int)strcspn(line + 1, "\n");
    const char *cell = line + 1 + end;

    while (cell > line && cell[-1] != ',')
      cell--;
    strncat(text, cell, (size_t)(line + 1 + end - cell));
    strcat(text, "\n");
  }
  return text;
}

/* Waits for the next run, and checks that each row is in the file once. */
static void
check_next(struct sandbox *s, const struct wait *wait)
{
  sandbox_wait(s);
  ck_assert_msg(sandbox_status(s) == EX_OK, "%s: %d, %s", wait->said,
                sandbox_status(s), sandbox_err(s));
  ck_assert_msg(strcmp(energies(s), wait->rows) == 0, "%s: %s", wait->said,
                sandbox_read(s, "heat.csv"));
}

/* All waits hang at the same time, and the runs are started with SIGALRM
 * blocked. */
START_TEST(every_wait_ends_and_leaves_the_state_whole)
{
  struct sandbox *scenes[N_WAITS];
  int64_t begun = clock_mono_ms();
  sigset_t alarm;

  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, NULL);
  for (size_t i = 0; i < N_WAITS; i++) {
    scenes[i] = new_scene(waits[i].pipeline);
    start_wait(scenes[i], &waits[i]);
  }
  usleep(1000000);
  for (size_t i = 0; i < N_WAITS; i++)
    if (waits[i].signal)
      kill(sandbox_pid(scenes[i]), waits[i].signal);
  for (size_t i = 0; i < N_WAITS; i++)
    check_wait(scenes[i], &waits[i]);
  ck_assert_int_lt(clock_mono_ms() - begun, (3 + GRACE_S + SLACK_S) * 1000);
  for (size_t i = 0; i < N_WAITS; i++)
    if (waits[i].rows)
      start_next(scenes[i]);
  for (size_t i = 0; i < N_WAITS; i++) {
    if (waits[i].rows)
      check_next(scenes[i], &waits[i]);
    sandbox_free(scenes[i]);
  }
}
END_TEST

/* ---- The note ---- */

static void
wait_for_note(struct sandbox *s, const char *text)
{
  int64_t begun = clock_mono_ms();
  const char *note;

  do {
    usleep(20000);
    note = sandbox_read(s, "p.note");
  } while ((!note || !strstr(note, text)) && clock_mono_ms() - begun < 20000);
  ck_assert_msg(note && strstr(note, text), "%s", note ? note : "no note");
}

/* Writes the output of status to the file "status" while a run is in
 * progress. */
static void
look_beside(const struct sandbox *s)
{
  char command[1024];

  snprintf(command, sizeof(command),
           "cd '%s' && METERPIPE_PLUGIN_PATH=$METERPIPE_PLUGIN_PATH:. "
           "'%s' status -c p.ini >status",
           sandbox_dir(s), getenv("METERPIPE"));
  ck_assert_int_eq(system(command), 0);
}

START_TEST(status_names_the_output_where_a_run_was_killed)
{
  struct sandbox *s = new_scene(BAD("latest"));

  sandbox_setenv(s, "BAD", "sleep-commit");
  exec_set_reading(s, "1");
  sandbox_start(s, "run -c p.ini");
  wait_for_note(s, "hook commit");
  look_beside(s);
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "status"),
                               "a run has been in progress since "
                               "2026-11-22T10:00:00Z, in output hook "
                               "(commit)\n"));
  kill(sandbox_pid(s), SIGKILL);
  sandbox_wait(s);
  sandbox_run(s, "status -c p.ini");
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(s), "the run that began at 2026-11-22T10:00:00Z did not "
                           "finish: it was in output hook (commit)\n"));
  sandbox_setenv(s, "BAD", NULL);
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -c p.ini");
  exec_check(
    s, EX_OK,
    "notice: hook: the run that began at 2026-11-22T10:00:00Z did not finish: "
    "it was in this output (commit), which is now served last\n");
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_OK, "");
  sandbox_free(s);
}
END_TEST

/* A note that is torn, or whose checksum is wrong. */
static const char *const notes[] = {
  "",
  "meterpipe-note-1 running 17953",
  "meterpipe-note-1 running 1 hook commit",
};

START_TEST(unreadable_note_is_ignored)
{
  struct sandbox *s = new_scene(GOOD);
  char path[256];

  sandbox_write(s, "p.note", "%s", notes[_i]);
  exec_set_reading(s, "1");
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_OK, "");
  sandbox_write(s, "p.note", "%-247s00000000\n", notes[_i]);
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_OK, "");
  sandbox_remove(s, "p.note");
  snprintf(path, sizeof(path), "%s/p.note", sandbox_dir(s));
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_OK, "");
  sandbox_free(s);
}
END_TEST

static Suite *
hang_suite(void)
{
  Suite *suite = suite_create("hang");
  TCase *tc = tcase_create("hang");

  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, every_wait_ends_and_leaves_the_state_whole);
  tcase_add_test(tc, status_names_the_output_where_a_run_was_killed);
  tcase_add_loop_test(tc, unreadable_note_is_ignored, 0, ARRAY_SIZE(notes));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(hang_suite());
}
