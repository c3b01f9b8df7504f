/*
 * Standard error or standard output is blocked: a full pipe, a full socket, or
 * a terminal that is full or stopped (Ctrl-S).  The run continues and ends in
 * time, and at once after a signal.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/run_suite.h"

/* The program's parent script inherits the blocked descriptor under this
 * number. */
#define BLOCKED 9

static struct sandbox *s;
static char *program;
static int reader; /* the other end of BLOCKED */

static void
build(void)
{
  s = sandbox_new();
  program = strdup(getenv("METERPIPE"));
  reader = -1;
}

static void
leave(void)
{
  close(BLOCKED);
  close(reader);
  setenv("METERPIPE", program, 1);
  free(program);
  sandbox_free(s);
}

/* ---- Blocked descriptors ------------------------------------------------- */

/* Writes to FD until it is full; returns whether it took at least one byte. */
static bool
fill_once(int fd)
{
  static const char bytes[4096];
  bool any = false;

  while (write(fd, bytes, sizeof(bytes)) > 0)
    any = true;
  while (write(fd, bytes, 1) > 0)
    any = true;
  ck_assert_int_eq(errno, EAGAIN);
  return any;
}

/* Fills FD until it takes nothing for 100 ms: the kernel moves a terminal's
 * bytes to the other end with a delay. */
static void
fill(int fd)
{
  int flags = fcntl(fd, F_GETFL), quiet = 0;

  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  while (quiet < 5) {
    quiet = fill_once(fd) ? 0 : quiet + 1;
    usleep(20000);
  }
  fcntl(fd, F_SETFL, flags);
}

static void
make_pipe(int *ret_writer)
{
  int fds[2];

  ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
  reader = fds[0];
  *ret_writer = fds[1];
  fill(fds[1]);
}

static void
make_socket(int *ret_writer)
{
  int fds[2];

  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  reader = fds[0];
  *ret_writer = fds[1];
  fill(fds[1]);
}

static void
make_terminal(int *ret_writer)
{
  reader = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_ge(reader, 0);
  ck_assert_int_eq(grantpt(reader), 0);
  ck_assert_int_eq(unlockpt(reader), 0);
  *ret_writer = open(ptsname(reader), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_ge(*ret_writer, 0);
}

static void
make_full_terminal(int *ret_writer)
{
  make_terminal(ret_writer);
  fill(*ret_writer);
}

static void
make_stopped_terminal(int *ret_writer)
{
  make_terminal(ret_writer);
  ck_assert_int_eq(tcflow(*ret_writer, TCOOFF), 0);
}

/* In the last row the program may not open the descriptor's file anew, and must
 * use poll(). */
static const struct {
  void (*make)(int *ret_writer);
  bool as_nobody;
} kinds[] = {
  { make_pipe, false },          { make_socket, false },
  { make_full_terminal, false }, { make_stopped_terminal, false },
  { make_pipe, true },
};

/* Makes the program run with the blocked file as its descriptor FD.  It is the
 * same open file as the test's BLOCKED. */
static void
block(int kind, int fd)
{
  char path[256];
  int writer;

  kinds[kind].make(&writer);
  ck_assert_int_lt(fcntl(BLOCKED, F_GETFD), 0);
  ck_assert_int_eq(dup2(writer, BLOCKED), BLOCKED);
  close(writer);
  sandbox_write(s, "parent.sh", "#!/bin/sh\nexec '%s' \"$@\" %d>&%d %d>&-\n",
                program, fd, BLOCKED, BLOCKED);
  snprintf(path, sizeof(path), "%s/parent.sh", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0755), 0);
  ck_assert_int_eq(setenv("METERPIPE", path, 1), 0);
  if (kinds[kind].as_nobody)
    sandbox_become_nobody(s);
}

static int
n_kinds(void)
{
  return ARRAY_SIZE(kinds) - (geteuid() != 0 || !sandbox_has_nobody());
}

/* ---- Standard error ------------------------------------------------------ */

/* Writes a pipeline with two failing inputs, which cause messages before the
 * delivery. */
static void
write_talkative(const char *deadline)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\ndeadline = %s\n" EXEC_INPUT
                "[input one]\nplugin = exec\ncommand = sh one.sh\n"
                "[input two]\nplugin = exec\ncommand = false\n"
                "[output hook]\nplugin = exec\nclass = append\n"
                "command = sh take.sh\nvalue.energy = meter.energy\n"
                "value.one = one.a\nvalue.two = two.a\n",
                deadline);
  sandbox_write(s, "one.sh", "echo >failed\nexit 1\n");
  sandbox_write(s, "take.sh", "cat >got\n");
}

START_TEST(run_continues_when_its_messages_are_blocked)
{
  int64_t begun = clock_mono_ms();
  int flags;

  write_talkative("8s"); /* blocked messages use a part of it */
  block(_i, STDERR_FILENO);
  flags = fcntl(BLOCKED, F_GETFL);
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), EX_IOERR); /* of the failing inputs */
  ck_assert_int_lt(clock_mono_ms() - begun, 40000);
  ck_assert_int_eq(fcntl(BLOCKED, F_GETFL), flags);
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "got"), "84.208"));
}
END_TEST

START_TEST(signal_ends_a_run_whose_messages_are_blocked)
{
  int64_t begun;

  write_talkative("10m");
  block(_i, STDERR_FILENO);
  exec_set_reading(s, "84.208");
  sandbox_start(s, "run -c p.ini");
  exec_wait_for_file(s, "failed");
  usleep(200000);
  begun = clock_mono_ms();
  kill(sandbox_pid(s), SIGTERM);
  sandbox_wait(s);
  ck_assert_int_lt(sandbox_status(s), 128);
  ck_assert_int_lt(clock_mono_ms() - begun, 40000);
}
END_TEST

/* The pipeline file itself is wrong: there is no cycle yet, and no deadline. */
START_TEST(blocked_config_messages_do_not_delay_the_run)
{
  int64_t begun = clock_mono_ms();

  sandbox_write(s, "p.ini", "[input meter]\nplugin = exec\nno = yes\n");
  block(_i, STDERR_FILENO);
  sandbox_run(s, "run -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
  ck_assert_int_lt(clock_mono_ms() - begun, 40000);
}
END_TEST

/* Reads the available bytes into TEXT without waiting; returns their number. */
static size_t
drain(char *text, size_t size)
{
  size_t len = 0;
  ssize_t n;

  fcntl(reader, F_SETFL, fcntl(reader, F_GETFL) | O_NONBLOCK);
  do {
    n = read(reader, text + len, size - 1 - len);
    if (n > 0)
      len += (size_t)n;
  } while (n > 0 && len < size - 1);
  text[len] = '\0';
  return len;
}

START_TEST(dropped_lines_are_counted_in_a_warning)
{
  static char text[1 << 20];

  write_talkative("8s");
  sandbox_write(s, "take.sh",
                "echo >delivering\nwhile [ ! -e go ]; do sleep 0.01; done\n"
                "exit 1\n");
  block(0, STDERR_FILENO);
  exec_set_reading(s, "84.208");
  sandbox_start(s, "run -c p.ini");
  exec_wait_for_file(s, "delivering");
  ck_assert_uint_gt(drain(text, sizeof(text)), 4096);
  sandbox_write(s, "go", "%s", "");
  sandbox_wait(s);
  drain(text, sizeof(text));
  ck_assert_str_eq(
    text, "warning: 2 lines were dropped: standard error accepted no more\n"
          "error: hook: sh: ended with status 1\n");
}
END_TEST

/* ---- Standard output ----------------------------------------------------- */

static void
write_screen(const char *deadline)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\ndeadline = %s\n" EXEC_INPUT
                "[output screen]\nplugin = stdout\nformat = line\n"
                "field.energy = meter.energy\n"
                "[output hook]\nplugin = exec\nclass = append\n"
                "command = sh -c 'cat >got'\nvalue.energy = meter.energy\n",
                deadline);
}

START_TEST(blocked_output_fails_and_others_are_delivered)
{
  int64_t begun = clock_mono_ms();
  int flags;

  write_screen("6s");
  block(_i, STDOUT_FILENO);
  flags = fcntl(BLOCKED, F_GETFL);
  exec_run(s, "84.208");
  exec_check(
    s, EX_TEMPFAIL,
    "error: screen: standard output: accepted no more output in time\n");
  ck_assert_int_lt(clock_mono_ms() - begun, 6000);
  ck_assert_int_eq(fcntl(BLOCKED, F_GETFL), flags);
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "got"), "84.208"));
}
END_TEST

START_TEST(signal_ends_a_run_whose_output_is_blocked)
{
  int64_t begun = clock_mono_ms();

  write_screen("10m");
  block(_i, STDOUT_FILENO);
  exec_set_reading(s, "84.208");
  sandbox_start(s, "run -c p.ini");
  usleep(1000000); /* a signal sent sooner would end the reading */
  kill(sandbox_pid(s), SIGTERM);
  sandbox_wait(s);
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  ck_assert_int_lt(clock_mono_ms() - begun, 40000);
}
END_TEST

static Suite *
blocked_suite(void)
{
  Suite *suite = suite_create("blocked");
  TCase *tc = tcase_create("descriptor");
  int n = n_kinds();

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, run_continues_when_its_messages_are_blocked, 0, n);
  tcase_add_loop_test(tc, signal_ends_a_run_whose_messages_are_blocked, 0, n);
  tcase_add_loop_test(tc, blocked_config_messages_do_not_delay_the_run, 0, n);
  tcase_add_test(tc, dropped_lines_are_counted_in_a_warning);
  tcase_add_loop_test(tc, blocked_output_fails_and_others_are_delivered, 0, n);
  tcase_add_loop_test(tc, signal_ends_a_run_whose_output_is_blocked, 0, n);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(blocked_suite());
}
