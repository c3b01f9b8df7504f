/*
 * Ports: opening, locking, line settings, deadlines, and the messages when a
 * port is missing, not permitted, in use or unplugged.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"
#include "plugins/kmp/line/port_impl.h"
#include "testkit/fake_host.h"
#include "tests/support/run_suite.h"

#define NOBODY 65534

static struct fake_host *h;
static int master;
static char tty[64];

static void
setup(void)
{
  h = fake_host_new(NULL, "meter");
  master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  ck_assert_int_ge(master, 0);
  ck_assert_int_eq(grantpt(master), 0);
  ck_assert_int_eq(unlockpt(master), 0);
  ck_assert_int_eq(ptsname_r(master, tty, sizeof(tty)), 0);
}

static void
teardown(void)
{
  close(master);
  fake_host_free(h);
}

static struct port_settings
settings(const char *device)
{
  return (struct port_settings){
    .device = device,
    .baud = 1200,
    .parity = 'N',
    .stop_bits = 2,
    .dtr = true,
    .rts = true,
  };
}

static int
open_port(const char *device, int64_t patience_ms, struct port **ret)
{
  struct port_settings s = settings(device);

  return port_open(&h->table, &s, patience_ms, ret);
}

static void
assert_logged(const char *part)
{
  ck_assert_msg(strstr(fake_host_log(h), part), "\"%s\" is not in:\n%s", part,
                fake_host_log(h));
}

/* ---- Devices that are not ports ----------------------------------------- */

static const struct {
  const char *device;
  int code;
  const char *part;
} no_ports[] = {
  { "/dev/there-is-no-such-tty", MP_EIO, "no such port" },
  { "/dev/null/x", MP_EIO, "no such port: is the optical head" },
  { "ttyUSB0", MP_EIO, "no such port: write its whole path" },
  { "/dev/null", MP_ECONFIG, "not a serial port" },
  { "/", MP_ECONFIG, "not a serial port" },
  { "/etc/passwd", MP_ECONFIG, "not a serial port" },
  { "tcp://", MP_ECONFIG, "tcp://HOST:PORT" },
  { "tcp://localhost", MP_ECONFIG, "tcp://HOST:PORT" },
  { "tcp://localhost:", MP_ECONFIG, "tcp://HOST:PORT" },
  { "tcp://:2000", MP_ECONFIG, "tcp://HOST:PORT" },
  { "tcp://[]:2000", MP_ECONFIG, "tcp://HOST:PORT" },
  { "tcp://[::1:2000", MP_ECONFIG, "tcp://HOST:PORT" },
  { "tcp://localhost:2000/x", MP_ECONFIG, "tcp://HOST:PORT" },
  { "tcp://localhost:0", MP_ECONFIG, "from 1 to 65535" },
  { "tcp://localhost:99999", MP_ECONFIG, "from 1 to 65535" },
  { "tcp://localhost:telnet", MP_ECONFIG, "from 1 to 65535" },
  { "tcp://127.0.0.1:1", MP_EIO, "cannot connect" },
  { "socket://127.0.0.1:1", MP_EIO, "cannot connect" },
  { "Socket://127.0.0.1", MP_ECONFIG, "tcp://HOST:PORT" },
  { "127.0.0.1:3001", MP_ECONFIG, "set device to tcp://127.0.0.1:3001" },
  { "[::1]:3001", MP_ECONFIG, "set device to tcp://[::1]:3001" },
  { "TCP:bridge:23", MP_ECONFIG, "set device to tcp://bridge:23" },
  { "http://bridge/", MP_ECONFIG, "set device to tcp://HOST:PORT" },
  { "esphome://bridge:6053/?key=x", MP_ECONFIG, "to tcp://bridge:6053" },
  { "rfc2217://bridge:2217", MP_ECONFIG, "set the serial server to raw TCP" },
  { "rfc2217://bridge:2217?ign_set_control", MP_ECONFIG, "tcp://bridge:2217" },
  { "telnet://bridge", MP_ECONFIG, "telnet are not supported" },
  { "ttyUSB0:x", MP_EIO, "write its whole path" },
  { "tcp://[127.0.0.1]:1", MP_EIO, "cannot connect" },
};

START_TEST(invalid_port_is_refused_with_its_reason)
{
  struct port *port = NULL;

  ck_assert_int_eq(open_port(no_ports[_i].device, 0, &port), no_ports[_i].code);
  ck_assert_ptr_null(port);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  assert_logged(no_ports[_i].device);
  assert_logged(no_ports[_i].part);
}
END_TEST

START_TEST(pipe_is_not_opened)
{
  struct port *port = NULL;
  char path[] = "/tmp/meterpipe-port-XXXXXX";
  char pipe_path[64];

  ck_assert_ptr_nonnull(mkdtemp(path));
  snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", path);
  ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
  ck_assert_int_eq(open_port(pipe_path, 0, &port), MP_ECONFIG);
  unlink(pipe_path);
  rmdir(path);
}
END_TEST

START_TEST(port_without_permission_names_the_group_to_join)
{
  struct port *port = NULL;

  ck_assert_int_eq(chmod(tty, 0060), 0);
  /* Each test is a process of its own, so this one can give up root. */
  if (geteuid() == 0) {
    ck_assert_int_eq(chown(tty, 0, 0), 0);
    ck_assert_int_eq(setgroups(0, NULL), 0);
    ck_assert_int_eq(setgid(NOBODY), 0);
    ck_assert_int_eq(setuid(NOBODY), 0);
  }
  ck_assert_int_eq(open_port(tty, 0, &port), MP_EPERM);
  assert_logged("add this user to the group ");
}
END_TEST

START_TEST(limit_of_open_files_is_named_as_the_reason)
{
  static const char *const devices[] = { NULL, "tcp://127.0.0.1:1" };
  struct port *port = NULL;
  struct rlimit limit = { (rlim_t)dup(master), 4096 };

  close((int)limit.rlim_cur);
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ck_assert_int_eq(open_port(_i == 0 ? tty : devices[_i], 0, &port), MP_EIO);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  assert_logged("Too many open files: raise the limit of open files (ulimit "
                "-n)");
  ck_assert_ptr_null(strstr(fake_host_log(h), "cannot connect"));
}
END_TEST

/* ---- Line settings ------------------------------------------------------ */

static struct termios
line_now(void)
{
  struct termios now;
  int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);

  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(tcgetattr(fd, &now), 0);
  close(fd);
  return now;
}

START_TEST(line_is_raw_while_open_and_restored_on_close)
{
  struct termios before = line_now();
  struct termios during;
  struct termios after;
  struct port *port = NULL;

  ck_assert(before.c_lflag & ECHO);
  ck_assert_int_eq(open_port(tty, 0, &port), MP_OK);
  during = line_now();
  port_close(port);
  after = line_now();
  ck_assert_uint_eq(during.c_lflag & (ECHO | ICANON | ISIG | IEXTEN), 0);
  ck_assert_uint_eq(during.c_oflag & OPOST, 0);
  ck_assert_uint_eq(during.c_iflag & (IXON | ICRNL | ISTRIP), 0);
  ck_assert_uint_eq(during.c_cflag & CSTOPB, CSTOPB);
  ck_assert_uint_eq(cfgetospeed(&during), B1200);
  ck_assert_uint_eq(after.c_lflag, before.c_lflag);
  ck_assert_uint_eq(after.c_iflag, before.c_iflag);
  ck_assert_uint_eq(after.c_oflag, before.c_oflag);
  ck_assert_uint_eq(after.c_cflag, before.c_cflag);
}
END_TEST

START_TEST(every_speed_of_the_option_is_known)
{
  char bauds[] = PORT_BAUDS;
  char *next = bauds;

  while (next) {
    char *text = strsep(&next, "|");
    struct port_settings s = settings(tty);
    struct port *port = NULL;

    s.baud = (unsigned)strtoul(text, NULL, 10);
    ck_assert_int_eq(port_open(&h->table, &s, 0, &port), MP_OK);
    port_close(port);
  }
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

/* A pty has neither parity nor modem lines: a missing parity is an error,
 * missing modem lines are not. */
START_TEST(unsupported_line_setting_is_reported)
{
  struct port_settings s = settings(tty);
  struct port *port = NULL;

  s.parity = 'E';
  ck_assert_int_eq(port_open(&h->table, &s, 0, &port), MP_ECONFIG);
  assert_logged("parity even");
  s.parity = 'O';
  ck_assert_int_eq(port_open(&h->table, &s, 0, &port), MP_ECONFIG);
  assert_logged("parity odd");
  s.parity = 'N';
  s.baud = 1234;
  ck_assert_int_eq(port_open(&h->table, &s, 0, &port), MP_ECONFIG);
  assert_logged("1234 is not a speed of serial ports");
}
END_TEST

/* ---- Other users -------------------------------------------------------- */

START_TEST(port_used_by_the_same_process_is_reported)
{
  struct port *first = NULL;
  struct port *second = NULL;

  ck_assert_int_eq(open_port(tty, 0, &first), MP_OK);
  ck_assert_int_eq(open_port(tty, 0, &second), MP_EBUSY);
  assert_logged("another input of this pipeline");
  port_close(first);
  ck_assert_int_eq(open_port(tty, 0, &second), MP_OK);
  port_close(second);
}
END_TEST

/* Starts another process that holds the port until it is killed. */
static pid_t
start_user(void)
{
  int ready[2];
  char byte;
  pid_t pid;

  ck_assert_int_eq(pipe(ready), 0);
  pid = fork();
  if (pid == 0) {
    int fd = open(tty, O_RDWR | O_NOCTTY);

    flock(fd, LOCK_EX);
    byte = fd >= 0;
    if (write(ready[1], &byte, 1) == 1)
      pause();
    _exit(0);
  }
  ck_assert_int_eq(read(ready[0], &byte, 1), 1);
  ck_assert_int_eq(byte, 1);
  close(ready[0]);
  close(ready[1]);
  return pid;
}

/* The master of the pty stays open, as with socat.  Root may open a port that
 * TIOCEXCL protects, so this test gives up root. */
START_TEST(port_of_a_killed_run_can_be_opened)
{
  struct port *port = NULL;
  int status;
  pid_t pid;

  ck_assert_int_eq(chmod(tty, 0666), 0);
  if (geteuid() == 0)
    ck_assert_int_eq(setuid(NOBODY), 0);
  pid = fork();
  if (pid == 0) {
    if (open_port(tty, 0, &port) != MP_OK)
      _exit(1);
    raise(SIGKILL);
  }
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert(WIFSIGNALED(status));
  ck_assert_int_eq(open_port(tty, 0, &port), MP_OK);
  port_close(port);
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

START_TEST(port_in_use_names_the_process)
{
  struct port *port = NULL;
  char name[64];
  pid_t pid = start_user();
  int r = open_port(tty, 150, &port);

  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  ck_assert_int_eq(r, MP_EBUSY);
  snprintf(name, sizeof(name), "(process %ld)", (long)pid);
  assert_logged(name);
}
END_TEST

/* Starts a process with mounts of its own, as in a container: SOURCE is mounted
 * at PLACE there, and the process keeps it open.  Returns -1 if this system
 * does not allow that. */
static pid_t
start_contained(const char *source, const char *place)
{
  int ready[2];
  char byte = 0;
  pid_t pid;

  ck_assert_int_eq(pipe(ready), 0);
  pid = fork();
  if (pid == 0) {
    byte = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           mount(source, place, NULL, MS_BIND, NULL) == 0 &&
           open(place, O_RDWR | O_NOCTTY) >= 0;
    if (write(ready[1], &byte, 1) == 1)
      pause();
    _exit(0);
  }
  ck_assert_int_eq(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  if (byte)
    return pid;
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  return -1;
}

/* In a container, the same path may be another device, and another path the
 * port. */
START_TEST(process_that_holds_a_port_is_found_by_device_number)
{
  char file[] = "/tmp/test_port.XXXXXX", found[PORT_USER];
  int fd = mkstemp(file);
  pid_t pid =
    _i == 0 ? start_contained("/dev/null", tty) : start_contained(tty, file);

  ck_assert_int_ge(fd, 0);
  port_user(tty, found, sizeof(found));
  close(fd);
  unlink(file);
  if (pid < 0)
    return;
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  if (_i == 0)
    ck_assert_str_eq(found, "");
  else
    ck_assert_ptr_nonnull(strstr(found, "(process "));
}
END_TEST

static void *
close_soon(void *port)
{
  usleep(250000);
  port_close(port);
  return NULL;
}

START_TEST(open_waits_for_another_process)
{
  struct port *first = NULL;
  struct port *second = NULL;
  pthread_t thread;
  int64_t begin = port_clock();

  ck_assert_int_eq(open_port(tty, 0, &first), MP_OK);
  ck_assert_int_eq(pthread_create(&thread, NULL, close_soon, first), 0);
  ck_assert_int_eq(open_port(tty, 5000, &second), MP_OK);
  ck_assert_int_ge(port_clock() - begin, 240);
  pthread_join(thread, NULL);
  port_close(second);
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

START_TEST(wait_for_another_process_ends_with_the_cycle)
{
  struct port *first = NULL;
  struct port *second = NULL;

  ck_assert_int_eq(open_port(tty, 0, &first), MP_OK);
  fake_host_set_deadline(h, 150);
  ck_assert_int_eq(open_port(tty, INT32_MAX, &second), MP_EBUSY);
  fake_host_set_time_left(h, 60000);
  fake_host_cancel(h);
  ck_assert_int_eq(open_port(tty, INT32_MAX, &second), MP_ECANCELED);
  port_close(first);
}
END_TEST

/* ---- Bytes -------------------------------------------------------------- */

START_TEST(bytes_pass_both_ways_unchanged)
{
  uint8_t all[256];
  uint8_t got[256];
  struct port *port = NULL;
  size_t have = 0;
  size_t len;

  for (size_t i = 0; i < sizeof(all); i++)
    all[i] = (uint8_t)i;
  ck_assert_int_eq(open_port(tty, 0, &port), MP_OK);
  ck_assert_int_eq(port_write(port, all, sizeof(all)), MP_OK);
  ck_assert_int_eq(read(master, got, sizeof(got)), (int)sizeof(got));
  ck_assert_mem_eq(got, all, sizeof(all));
  ck_assert_int_eq(write(master, all, sizeof(all)), (int)sizeof(all));
  while (have < sizeof(got)) {
    ck_assert_int_eq(port_read(port, got + have, sizeof(got) - have,
                               port_clock() + 1000, &len),
                     MP_OK);
    ck_assert_uint_gt(len, 0);
    have += len;
  }
  ck_assert_mem_eq(got, all, sizeof(all));
  port_close(port);
}
END_TEST

START_TEST(read_ends_at_its_deadline)
{
  struct port *port = NULL;
  uint8_t buf[8];
  size_t len = 99;
  int64_t begin;

  ck_assert_int_eq(open_port(tty, 0, &port), MP_OK);
  begin = port_clock();
  ck_assert_int_eq(port_read(port, buf, sizeof(buf), begin + 100, &len), MP_OK);
  ck_assert_uint_eq(len, 0);
  ck_assert_int_ge(port_clock() - begin, 100);
  port_close(port);
}
END_TEST

START_TEST(read_ends_with_the_cycle)
{
  struct port *port = NULL;
  uint8_t buf[8];
  size_t len;
  int64_t forever = port_clock() + 60000;

  ck_assert_int_eq(open_port(tty, 0, &port), MP_OK);
  fake_host_set_deadline(h, 100);
  ck_assert_int_eq(port_read(port, buf, sizeof(buf), forever, &len),
                   MP_ETIMEOUT);
  fake_host_set_time_left(h, 60000);
  fake_host_cancel(h);
  ck_assert_int_eq(port_read(port, buf, sizeof(buf), forever, &len),
                   MP_ECANCELED);
  ck_assert_uint_eq(fake_host_failures(h), 0);
  port_close(port);
}
END_TEST

/* The other end is not read: sooner or later the kernel's buffer is full. */
START_TEST(write_to_a_full_line_ends_at_the_deadline)
{
  static const uint8_t block[1024];
  struct port *port = NULL;
  int r = MP_OK;

  ck_assert_int_eq(open_port(tty, 0, &port), MP_OK);
  fake_host_set_deadline(h, 300);
  for (int i = 0; i < 1000 && r == MP_OK; i++)
    r = port_write(port, block, sizeof(block));
  ck_assert_int_eq(r, MP_ETIMEOUT);
  port_close(port);
}
END_TEST

START_TEST(unplugged_port_is_reported)
{
  struct port *port = NULL;
  uint8_t buf[8] = { 0 };
  size_t len;

  ck_assert_int_eq(open_port(tty, 0, &port), MP_OK);
  close(master);
  ck_assert_int_eq(port_read(port, buf, sizeof(buf), port_clock() + 1000, &len),
                   MP_EIO);
  assert_logged("the port is gone");
  ck_assert_int_eq(port_write(port, buf, sizeof(buf)), MP_EIO);
  port_close(port);
  master = -1;
}
END_TEST

/* ---- Serial servers ----------------------------------------------------- */

static int
listen_local(char *device, size_t size)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
  socklen_t len = sizeof(address);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
  ck_assert_int_eq(listen(fd, 4), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  snprintf(device, size, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
  return fd;
}

/* Once by its name, and once by a name longer than a lock's name can be. */
START_TEST(serial_server_works_like_a_port)
{
  char name[64], device[256];
  int server = listen_local(name, sizeof(name));
  struct port *port = NULL;
  struct port *second = NULL;
  uint8_t buf[8];
  size_t len;
  int fd;

  snprintf(device, sizeof(device), "%s", name);
  if (_i == 1)
    snprintf(device, sizeof(device), "tcp://0x%0150x%s", INADDR_LOOPBACK,
             strrchr(name, ':'));
  ck_assert_int_eq(open_port(device, 0, &port), MP_OK);
  ck_assert(port_is_network(port));
  fd = accept(server, NULL, NULL);
  ck_assert_int_eq(port_write(port, (const uint8_t *)"ask", 3), MP_OK);
  ck_assert_int_eq(read(fd, buf, sizeof(buf)), 3);
  ck_assert_int_eq(write(fd, "answer", 6), 6);
  ck_assert_int_eq(port_read(port, buf, sizeof(buf), port_clock() + 1000, &len),
                   MP_OK);
  ck_assert_uint_eq(len, 6);
  ck_assert_int_eq(open_port(device, 0, &second), MP_EBUSY);
  close(fd);
  ck_assert_int_eq(port_read(port, buf, sizeof(buf), port_clock() + 1000, &len),
                   MP_DROP);
  fd = accept(server, NULL, NULL);
  ck_assert_int_eq(port_write(port, (const uint8_t *)"again", 5), MP_OK);
  ck_assert_int_eq(read(fd, buf, sizeof(buf)), 5);
  ck_assert_uint_eq(fake_host_failures(h), 1); /* the second user's */
  close(fd);
  ck_assert_int_eq(port_read(port, buf, sizeof(buf), port_clock() + 1000, &len),
                   MP_EIO);
  assert_logged("the serial server ended the connection (");
  port_close(port);
  ck_assert_int_eq(open_port(device, 0, &port), MP_OK);
  port_close(port);
  close(server);
}
END_TEST

/* Fills the queue of a server that accepts no connection: a further client gets
 * no answer, not even a refusal. */
static void
fill_queue(int server, int fds[], size_t count)
{
  struct sockaddr_in address;
  socklen_t len = sizeof(address);

  ck_assert_int_eq(listen(server, 0), 0);
  ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &len), 0);
  for (size_t i = 0; i < count; i++) {
    fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)connect(fds[i], (struct sockaddr *)&address, len);
  }
}

START_TEST(connecting_to_a_serial_server_ends_with_the_cycle)
{
  static const struct {
    int code;
    const char *part;
  } rows[] = {
    { MP_EIO, "cannot connect to the serial server: Connection timed out" },
    { MP_ECANCELED, "interrupted while connecting" },
  };
  char device[64];
  int server = listen_local(device, sizeof(device));
  struct port *port = NULL;
  int fds[4];

  fill_queue(server, fds, 4);
  if (_i == 0)
    fake_host_set_deadline(h, 200);
  else
    fake_host_cancel(h);
  ck_assert_int_eq(open_port(device, 0, &port), rows[_i].code);
  ck_assert_ptr_null(port);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  assert_logged(rows[_i].part);
  for (size_t i = 0; i < 4; i++)
    close(fds[i]);
  close(server);
}
END_TEST

/* ---- The lock of a serial server ----------------------------------------- */

#define GROUP 4321 /* of the state directory */

enum hold { LISTENS, BOUND, FULL_QUEUE };

/* Takes the lock of DEVICE as another program would. */
static void
take_name(const char *device, enum hold how)
{
  struct sockaddr_un name = { .sun_family = AF_UNIX };
  int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1,
                     "meterpipe-kmp %s", device);
  socklen_t size =
    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (bind(fd, (struct sockaddr *)&name, size) != 0 ||
      (how != BOUND && listen(fd, 0) != 0))
    _exit(1);
  for (int i = 0; how == FULL_QUEUE && i < 4; i++)
    (void)connect(
      socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
      (struct sockaddr *)&name, size);
}

/* Starts a process of UID (0: ours) that holds the lock of DEVICE for MS. */
static pid_t
hold_lock(const char *device, enum hold how, uid_t uid, gid_t group, int ms)
{
  int ready[2];
  char byte = 0;
  pid_t pid;

  ck_assert_int_eq(pipe(ready), 0);
  pid = fork();
  if (pid == 0) {
    if (uid != 0 &&
        (setgroups(1, &group) != 0 || setgid(uid) != 0 || setuid(uid) != 0))
      _exit(1);
    take_name(device, how);
    if (write(ready[1], "", 1) == 1)
      poll(NULL, 0, ms);
    _exit(0);
  }
  ck_assert_int_eq(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return pid;
}

static void
end_holder(pid_t pid)
{
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static const struct {
  enum hold how;
  uid_t uid; /* 0: ours */
  uid_t owner;
  mode_t mode; /* of the state directory; 0: there is none */
  int code;
  const char *part;
} holders[] = {
  { LISTENS, 0, 0, 0, MP_EBUSY, " (process " },
  { LISTENS, 0, 0, 0700, MP_EBUSY, " (process " },
  { BOUND, 0, 0, 0, MP_OK, "a program of an unknown user" },
  { FULL_QUEUE, 0, 0, 0, MP_OK, "a program of an unknown user" },
  { LISTENS, NOBODY, 0, 0, MP_OK, "uid 65534" },
  { LISTENS, NOBODY, 0, 0750, MP_OK, "uid 65534" },
  { LISTENS, NOBODY, 0, 0707, MP_OK, "uid 65534" },
  { LISTENS, NOBODY, 0, 0770, MP_EBUSY, " (process " },
  { LISTENS, NOBODY, NOBODY, 0700, MP_EBUSY, " (process " },
};

/* Returns whether the kernel reports the groups of a peer; an emulated kernel
 * may not. */
static bool
tells_groups(void)
{
  socklen_t size = 0;
  int fds[2];
  bool tells;

  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  tells = getsockopt(fds[0], SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 ||
          errno == ERANGE;
  close(fds[0]);
  close(fds[1]);
  return tells;
}

START_TEST(serial_server_lock_binds_users_of_the_same_state)
{
  char device[64], dir[] = "/tmp/test_port.XXXXXX";
  int server = listen_local(device, sizeof(device));
  int64_t begin;
  struct port *port = NULL;
  pid_t pid;

  ck_assert_ptr_nonnull(mkdtemp(dir));
  if (holders[_i].mode != 0) {
    h->table.state_dir = dir;
    ck_assert_int_eq(chmod(dir, holders[_i].mode), 0);
  }
  if (geteuid() == 0)
    ck_assert_int_eq(chown(dir, holders[_i].owner, GROUP), 0);
  if ((geteuid() == 0 && (holders[_i].mode != 0770 || tells_groups())) ||
      holders[_i].uid == 0) { /* another user needs root */
    pid = hold_lock(device, holders[_i].how, holders[_i].uid, GROUP, 60000);
    begin = port_clock();
    ck_assert_int_eq(open_port(device, 300, &port), holders[_i].code);
    ck_assert_int_lt(port_clock() - begin, 10000);
    assert_logged(holders[_i].part);
    port_close(port);
    end_holder(pid);
  }
  rmdir(dir);
  close(server);
}
END_TEST

/* The descriptors of the locks are in a table of their own. */
START_TEST(serial_server_needs_one_descriptor)
{
  char device[64];
  int server = listen_local(device, sizeof(device));
  uint32_t files = port_files(device);
  struct port *port = NULL;
  size_t before = file_count_entries("/proc/self/fd");

  ck_assert_int_eq(open_port(device, 0, &port), MP_OK);
  ck_assert_uint_eq(file_count_entries("/proc/self/fd") - before, files);
#ifndef __SANITIZE_THREAD__
  ck_assert_uint_eq(files, 1);
#endif
  port_close(port);
  ck_assert_int_eq(open_port(device, 0, &port), MP_OK); /* it is free */
  port_close(port);
  close(server);
}
END_TEST

START_TEST(serial_server_lock_of_root_binds_every_user)
{
  char device[64];
  int server = listen_local(device, sizeof(device));
  struct port *port = NULL;
  int status;
  pid_t pid;

  ck_assert_int_eq(open_port(device, 0, &port), MP_OK);
  pid = fork();
  if (pid == 0) {
    struct port *second = NULL;

    if (geteuid() == 0 && setuid(NOBODY) != 0)
      _exit(1);
    _exit(open_port(device, 100, &second) == MP_EBUSY ? 0 : 2);
  }
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_int_eq(status, 0);
  port_close(port);
  close(server);
}
END_TEST

START_TEST(open_waits_until_a_serial_server_is_free)
{
  char device[64];
  int server = listen_local(device, sizeof(device));
  struct port *port = NULL;
  int64_t begin;
  pid_t pid = hold_lock(device, LISTENS, 0, GROUP, 500);

  begin = port_clock();
  ck_assert_int_eq(open_port(device, 20000, &port), MP_OK);
  ck_assert_int_ge(port_clock() - begin, 300);
  ck_assert_int_lt(port_clock() - begin, 10000);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  ck_assert_uint_eq(fake_host_failures(h), 0);
  port_close(port);
  close(server);
}
END_TEST

static Suite *
port_suite(void)
{
  Suite *suite = suite_create("port");
  TCase *tcase = tcase_create("port");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 30);
  tcase_add_loop_test(tcase, invalid_port_is_refused_with_its_reason, 0,
                      (int)ARRAY_SIZE(no_ports));
  tcase_add_test(tcase, pipe_is_not_opened);
  tcase_add_test(tcase, port_without_permission_names_the_group_to_join);
  tcase_add_loop_test(tcase, limit_of_open_files_is_named_as_the_reason, 0, 2);
  tcase_add_test(tcase, line_is_raw_while_open_and_restored_on_close);
  tcase_add_test(tcase, every_speed_of_the_option_is_known);
  tcase_add_test(tcase, unsupported_line_setting_is_reported);
  tcase_add_test(tcase, port_used_by_the_same_process_is_reported);
  tcase_add_test(tcase, port_of_a_killed_run_can_be_opened);
  tcase_add_test(tcase, port_in_use_names_the_process);
  tcase_add_loop_test(
    tcase, process_that_holds_a_port_is_found_by_device_number, 0, 2);
  tcase_add_test(tcase, open_waits_for_another_process);
  tcase_add_test(tcase, wait_for_another_process_ends_with_the_cycle);
  tcase_add_test(tcase, bytes_pass_both_ways_unchanged);
  tcase_add_test(tcase, read_ends_at_its_deadline);
  tcase_add_test(tcase, read_ends_with_the_cycle);
  tcase_add_test(tcase, write_to_a_full_line_ends_at_the_deadline);
  tcase_add_test(tcase, unplugged_port_is_reported);
  tcase_add_loop_test(tcase, serial_server_works_like_a_port, 0, 2);
  tcase_add_loop_test(tcase, serial_server_lock_binds_users_of_the_same_state,
                      0, (int)ARRAY_SIZE(holders));
  tcase_add_test(tcase, serial_server_needs_one_descriptor);
  tcase_add_test(tcase, serial_server_lock_of_root_binds_every_user);
  tcase_add_test(tcase, open_waits_until_a_serial_server_is_free);
  tcase_add_loop_test(tcase, connecting_to_a_serial_server_ends_with_the_cycle,
                      0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(port_suite());
}
