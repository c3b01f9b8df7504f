/*
 * The serial port: its settings, its lock and its permissions.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/faults/proxy.h"
#include "tests/support/run_suite.h"
#include "tests/support/meter_setup.h"

/* Opens the port and sets it as a terminal program may have left it.  Returns
 * the settings, and the open port in RET_FD. */
static struct termios
leave_settings(const char *path, int *ret_fd)
{
  struct termios tio;

  *ret_fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_ge(*ret_fd, 0);
  ck_assert_int_eq(tcgetattr(*ret_fd, &tio), 0);
  cfsetispeed(&tio, B9600);
  cfsetospeed(&tio, B9600);
  tio.c_iflag |= IXON | ICRNL;
  tio.c_lflag |= ISIG | IEXTEN;
  tio.c_cc[VMIN] = 7;
  ck_assert_int_eq(tcsetattr(*ret_fd, TCSANOW, &tio), 0);
  ck_assert_int_eq(tcgetattr(*ret_fd, &tio), 0);
  return tio;
}

static bool
has_settings(int fd, const struct termios *as)
{
  struct termios now;

  ck_assert_int_eq(tcgetattr(fd, &now), 0);
  return now.c_iflag == as->c_iflag && now.c_oflag == as->c_oflag &&
         now.c_cflag == as->c_cflag && now.c_lflag == as->c_lflag &&
         memcmp(now.c_cc, as->c_cc, sizeof(now.c_cc)) == 0 &&
         cfgetospeed(&now) == cfgetospeed(as);
}

static const int signals[] = { SIGINT, SIGTERM };

START_TEST(signal_ends_the_reading_and_restores_the_port)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);
  struct termios before;
  int fd;

  before = leave_settings(meter_path(setup.m), &fd);
  meter_fault(setup.m, "silent");
  meter_setup_write(&setup, METER_SETUP_TWO "timeout = 20s\n");
  sandbox_start(setup.s, "run -c house.ini");
  meter_setup_wait_request(setup.m, 1);
  ck_assert(!has_settings(fd, &before));
  kill(sandbox_pid(setup.s), signals[_i]);
  ck_assert_int_eq(sandbox_wait(setup.s), 75);
  ck_assert_str_eq(sandbox_out(setup.s), "");
  ck_assert_str_eq(sandbox_err(setup.s),
                   "error: meter: eye: interrupted while reading the meter\n");
  ck_assert(has_settings(fd, &before));
  close(fd);
  meter_setup_free(&setup);
}
END_TEST

START_TEST(good_reading_restores_the_port)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);
  struct termios before;
  int fd;

  before = leave_settings(meter_path(setup.m), &fd);
  meter_setup_write(&setup, METER_SETUP_TWO);
  ck_assert_uint_eq(meter_setup_run(&setup), 1);
  ck_assert(has_settings(fd, &before));
  close(fd);
  meter_setup_free(&setup);
}
END_TEST

START_TEST(locked_port_message_names_the_process)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);
  char expected[256], name[32] = "";
  FILE *comm = fopen("/proc/self/comm", "re");
  int fd = open(meter_path(setup.m), O_RDWR | O_NOCTTY | O_CLOEXEC);

  ck_assert_ptr_nonnull(comm);
  ck_assert_int_eq(fscanf(comm, "%31[^\n]", name), 1);
  fclose(comm);
  ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
  sandbox_write(setup.s, "house.ini",
                "[pipeline]\ndeadline = 400ms\n"
                "[input meter]\nplugin = kmp\ndevice = eye\n" METER_SETUP_TWO
                "[output show]\nplugin = stdout\n");
  ck_assert_int_eq(sandbox_run(setup.s, "run -c house.ini"), 75);
  snprintf(expected, sizeof(expected),
           "error: meter: eye: in use by %s (process %ld): stop it, or read at "
           "other times\n",
           name, (long)getpid());
  ck_assert_str_eq(sandbox_err(setup.s), expected);
  ck_assert_uint_eq(meter_requests(setup.m), 0);
  close(fd);
  meter_setup_free(&setup);
}
END_TEST

/* /proc does not show the descriptors of another user's process. */
START_TEST(locked_port_message_names_a_command_if_the_process_is_hidden)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);
  int fd = open(meter_path(setup.m), O_RDWR | O_NOCTTY | O_CLOEXEC);

  if (geteuid() != 0 || !sandbox_has_nobody()) {
    meter_setup_free(&setup);
    return;
  }
  ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
  ck_assert_int_eq(chmod(meter_path(setup.m), 0666), 0);
  sandbox_write(setup.s, "house.ini",
                "[pipeline]\ndeadline = 400ms\n"
                "[input meter]\nplugin = kmp\ndevice = eye\n" METER_SETUP_TWO
                "[output show]\nplugin = stdout\n");
  sandbox_become_nobody(setup.s);
  ck_assert_int_eq(sandbox_run(setup.s, "run -c house.ini"), 75);
  ck_assert_str_eq(sandbox_err(setup.s),
                   "error: meter: eye: in use by a program that this user "
                   "cannot see: \"sudo fuser -v eye\" names it; stop it, or "
                   "read at other times\n");
  close(fd);
  meter_setup_free(&setup);
}
END_TEST

START_TEST(port_without_access_is_a_permission_error)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);

  meter_setup_write(&setup, METER_SETUP_TWO);
  ck_assert_int_eq(chmod(meter_path(setup.m), 0), 0);
  sandbox_become_nobody(setup.s);
  ck_assert_int_eq(sandbox_run(setup.s, "run -c house.ini"), 77);
  ck_assert_str_eq(sandbox_err(setup.s),
                   "error: meter: eye: permission denied; give this "
                   "user read and write access\n");
  meter_setup_free(&setup);
}
END_TEST

/* ---- The lock of a serial server ----------------------------------------- */

#define SERVER "tcp://127.0.0.1:1" /* nothing listens there */

/* Starts a process of another user, which holds the server's lock. */
static pid_t
hold_lock(void)
{
  struct sockaddr_un name = { .sun_family = AF_UNIX };
  int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1,
                     "meterpipe-kmp " SERVER);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  pid_t pid;

  ck_assert_int_eq(
    bind(fd, (struct sockaddr *)&name,
         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)),
    0);
  pid = fork();
  if (pid == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0 || listen(fd, 8) != 0)
      _exit(1);
    poll(NULL, 0, 60000);
    _exit(0);
  }
  close(fd);
  return pid;
}

/* The lock of another user is respected only if the state directory is open to
 * that user's group; the directory is named in the file or in the
 * environment. */
#define UNLOCKED                                                               \
  "uid 65534); this run does not wait for other users, so the requests of "    \
  "both can mix: stop that program, or run both as one user\n"

static const struct {
  const char *state_dir; /* an option of [pipeline], or "" */
  mode_t mode;
  const char *args;
  int status;
  const char *said;
} holders[] = {
  { "state_dir = st\n", 0700, "run -c house.ini", 74, UNLOCKED },
  { "state_dir = st\n", 0770, "run -c house.ini", 75, "in use by " },
  { "", 0700, "run -c house.ini", 74, UNLOCKED },
  { "", 0770, "run -c house.ini", 75, "in use by " },
  { "state_dir = st\n", 0770, "check -c house.ini", 75, "in use by " },
  { "", 0700, "probe kmp device=" SERVER, 74, UNLOCKED },
  { "", 0770, "probe kmp device=" SERVER, 75, "in use by " },
};

START_TEST(serial_server_lock_binds_users_of_the_same_state)
{
  struct sandbox *s;
  char dir[256];
  pid_t pid;

  if (geteuid() != 0)
    return; /* only root can act for another user */
  s = sandbox_new();
  snprintf(dir, sizeof(dir), "%s/st", sandbox_dir(s));
  ck_assert_int_eq(mkdir(dir, 0700), 0);
  ck_assert_int_eq(chown(dir, 0, 65534), 0);
  ck_assert_int_eq(chmod(dir, holders[_i].mode), 0);
  sandbox_setenv(s, "STATE_DIRECTORY", dir);
  sandbox_write(s, "house.ini",
                "[pipeline]\ndeadline = 1s\n%s[input meter]\nplugin = kmp\n"
                "device = " SERVER "\n[output show]\nplugin = stdout\n",
                holders[_i].state_dir);
  pid = hold_lock();
  ck_assert_msg(sandbox_run(s, "%s", holders[_i].args) == holders[_i].status,
                "%d: %s", sandbox_status(s), sandbox_err(s));
  ck_assert_msg(strstr(sandbox_err(s), holders[_i].said), "%s", sandbox_err(s));
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  sandbox_free(s);
}
END_TEST

/* ---- Serial servers that cause trouble ----------------------------------- */

/* The volume holds a byte FF. */
#define FULL "60=84.208GJ 68=2.55m3 1001=1"
#define FULL_SHOWN                                                             \
  "meter.heat_energy_e1 84.208 GJ\n"                                           \
  "meter.volume_v1 2.55 m³\n"
#define TELNET                                                                 \
  "the serial server is in telnet mode, which changes bytes of the replies: "  \
  "set it to raw TCP"

static const struct {
  const char *scheme, *options;
  unsigned telnet;
  enum proxy_what what;
  size_t at; /* byte of the answers */
  int status;
  const char *out, *said;
} servers[] = {
  { "tcp", "", 0, PROXY_PASS, 0, 0, FULL_SHOWN, "" },
  { "socket", "", 0, PROXY_PASS, 0, 0, FULL_SHOWN, "" },
  { "tcp", "", PROXY_NEGOTIATES, PROXY_PASS, 0, 0, FULL_SHOWN, "" },
  { "tcp", "retries = 0\n", PROXY_NEGOTIATES | PROXY_DOUBLES, PROXY_PASS, 0, 76,
    "", TELNET },
  { "tcp", "retries = 0\n", PROXY_DOUBLES, PROXY_PASS, 0, 76, "", TELNET },
  { "tcp", "retries = 0\n", 0, PROXY_RESET, 0, 0, FULL_SHOWN, "" },
  { "tcp", "retries = 0\n", 0, PROXY_RESET, 9, 0, FULL_SHOWN, "" },
  { "tcp", "retries = 0\n", 0, PROXY_CUT, 9, 0, FULL_SHOWN, "" },
  { "tcp", "retries = 0\n", 0, PROXY_STALL, 9, 76, "", "raise gap" },
  { "tcp", "retries = 0\ngap = 20s\n", 0, PROXY_STALL, 9, 0, FULL_SHOWN, "" },
};

START_TEST(serial_server_is_read_or_its_fault_is_named)
{
  struct meter_setup setup = meter_setup_new(FULL);
  struct proxy *proxy = proxy_start_tty(meter_path(setup.m));
  char options[256];

  snprintf(options, sizeof(options),
           METER_SETUP_TWO "device = %s://127.0.0.1:%u\n%s", servers[_i].scheme,
           proxy_port(proxy), servers[_i].options);
  proxy_telnet(proxy, servers[_i].telnet);
  proxy_order(proxy, servers[_i].what, PROXY_BACK, servers[_i].at);
  meter_setup_write(&setup, options);
  ck_assert_msg(sandbox_run(setup.s, "run -c house.ini") == servers[_i].status,
                "%d: %s", sandbox_status(setup.s), sandbox_err(setup.s));
  ck_assert_str_eq(sandbox_out(setup.s), servers[_i].out);
  if (servers[_i].said[0] == '\0')
    ck_assert_str_eq(sandbox_err(setup.s), "");
  ck_assert_msg(strstr(sandbox_err(setup.s), servers[_i].said), "%s",
                sandbox_err(setup.s));
  proxy_stop(proxy);
  meter_setup_free(&setup);
}
END_TEST

/* If the server hangs up each time, the program connects twice and then
 * fails. */
START_TEST(serial_server_that_always_hangs_up_fails)
{
  struct meter_setup setup = meter_setup_new(FULL);
  struct proxy *proxy = proxy_start_tty("/dev/null"); /* hangs up at once */
  char options[128];

  snprintf(options, sizeof(options),
           METER_SETUP_TWO "device = tcp://127.0.0.1:%u\n", proxy_port(proxy));
  meter_setup_write(&setup, options);
  sandbox_run(setup.s, "run -v -c house.ini");
  ck_assert_int_eq(sandbox_status(setup.s), 74);
  ck_assert_ptr_nonnull(strstr(sandbox_err(setup.s), "connecting again\n"));
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(setup.s), ": the serial server ended the connection ("));
  proxy_stop(proxy);
  meter_setup_free(&setup);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("port");
  TCase *tcase = tcase_create("port");

  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, signal_ends_the_reading_and_restores_the_port, 0,
                      ARRAY_SIZE(signals));
  tcase_add_test(tcase, good_reading_restores_the_port);
  tcase_add_test(tcase, locked_port_message_names_the_process);
  tcase_add_test(tcase,
                 locked_port_message_names_a_command_if_the_process_is_hidden);
  tcase_add_loop_test(tcase, serial_server_lock_binds_users_of_the_same_state,
                      0, (int)ARRAY_SIZE(holders));
  tcase_add_loop_test(tcase, serial_server_is_read_or_its_fault_is_named, 0,
                      (int)ARRAY_SIZE(servers));
  tcase_add_test(tcase, serial_server_that_always_hangs_up_fails);
  if (sandbox_has_nobody())
    tcase_add_test(tcase, port_without_access_is_a_permission_error);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
