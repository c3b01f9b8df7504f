/*
 * An emulated meter: the line and its thread.
 *
 * The line is a pty, not a pipe, so that the deadlines, locks and terminal
 * settings of the reading program are tested too; or it is a connection, see
 * meter_listen.c.  Bytes on both take no time, so with a line speed set the
 * meter waits as long as a serial line would take.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "plugins/kmp/emulator/meter_impl.h"

#define START_REQUEST 0x80
#define STOP 0x0d

/* Orders in the thread's pipe. */
#define END_THREAD 'e'
#define UNPLUG_PORT 'u'

/* KMP 2.3: a longer pause inside a request makes the meter drop the request. */
#define GAP_US 27000
/* KMP 2.3: after bytes that it did not understand, the meter ignores the line
 * for this long. */
#define DEAF_MS 1600
#define BITS_PER_BYTE 11
/* Interval for checking whether a program has opened the tty. */
#define LOOK_MS 2
/* Enough for the thread's frames.  With the default of 8 MiB, the address space
 * can be too small for a thousand meters. */
#define STACK_SIZE ((size_t)256 << 10)

void
meter_die(const char *what, const char *about)
{
  fprintf(stderr, "meter: %s: %s\n", what, about);
  abort();
}

static int64_t
line_us(const struct meter *m, size_t len)
{
  return m->baud == 0 ? 0 : (int64_t)len * BITS_PER_BYTE * 1000000 / m->baud;
}

/* Sleeps until UNTIL_US.  Returns true, or false early when an order arrives.
 */
static bool
sleep_until(struct meter *m, int64_t until_us)
{
  for (;;) {
    struct pollfd fd = { .fd = m->wake[0], .events = POLLIN };
    int64_t left = until_us - clock_mono_us();

    if (poll(&fd, 1, left <= 0 ? 0 : (int)(left / 1000)) > 0)
      return false;
    left = until_us - clock_mono_us();
    if (left <= 0)
      return true;
    if (left < 1000)
      usleep((useconds_t)left);
  }
}

static void
close_port(struct meter *m)
{
  if (m->fd >= 0)
    close(m->fd);
  m->fd = -1;
}

/* Writes LEN bytes to the line and counts them. */
static void
write_to_line(struct meter *m, const uint8_t *buf, size_t len)
{
  ssize_t n = m->fd >= 0 ? write(m->fd, buf, len) : 0;

  if (n > 0)
    m->bytes += (size_t)n;
}

/* Returns how many bytes are written at a time.  Without a speed all of them,
 * because a loaded machine can pause between two writes.  A connection gets all
 * of them, too, as a serial server collects the bytes of a packet. */
static size_t
bytes_at_once(const struct meter *m, size_t len, long unplug_at)
{
  return unplug_at < 0 && (m->baud == 0 || m->listener >= 0) ? len : 1;
}

/* Sends bytes at the line's speed; the first has arrived one byte's time after
 * BEGIN_US.  UNPLUG_AT: index of the byte at which the port closes; -1:
 * never. */
static void
log_meter_event(struct meter *m, const struct meter_bytes *bytes,
                int64_t begin_us, long unplug_at)
{
  size_t step = bytes_at_once(m, bytes->len, unplug_at);

  for (size_t i = 0; i < bytes->len; i += step) {
    if (!sleep_until(m, begin_us + line_us(m, i + step)))
      return;
    pthread_mutex_lock(&m->lock);
    if ((long)i == unplug_at)
      close_port(m);
    write_to_line(m, bytes->buf + i, step);
    pthread_mutex_unlock(&m->lock);
  }
}

/* Plans the reaction to the received frame.  Returns false when that is not a
 * request. */
static bool
plan_answer(struct meter *m, struct meter_plan *ret_plan)
{
  int64_t came_us = m->last_us;
  struct meter_bytes request;
  bool known =
    meter_unframe(m->heard.buf, m->heard.len, START_REQUEST, &request) == 0;
  bool listens = meter_sleep_listens(&m->sleep, came_us);

  if (!known || !listens)
    m->unheard += (unsigned)m->heard.len;
  if (!known) {
    m->deaf_until_us = came_us + (int64_t)m->deaf_ms * 1000;
    return false;
  }
  m->bytes += m->heard.len;
  if (!listens) {
    meter_faults_plan_echo(&m->faults, &m->heard, ret_plan);
    return true;
  }
  m->requests++;
  meter_faults_plan(&m->faults, &m->memory, &m->heard, &request, ret_plan);
  if (ret_plan->answer.len == 0)
    m->deaf_until_us =
      came_us + line_us(m, m->heard.len) + (int64_t)m->deaf_ms * 1000;
  else
    meter_sleep_answered(&m->sleep, came_us);
  return true;
}

/* Handles a received frame: answers if it is a good request. */
static void
handle_frame(struct meter *m)
{
  int64_t came_us = m->last_us;
  struct meter_plan plan;
  int64_t begin_us;
  bool known;

  pthread_mutex_lock(&m->lock);
  known = plan_answer(m, &plan);
  begin_us = came_us + line_us(m, m->heard.len);
  if (known)
    begin_us += (int64_t)(m->delay_ms + (unsigned long)plan.late_ms) * 1000;
  pthread_mutex_unlock(&m->lock);
  if (!known)
    return;
  log_meter_event(m, &plan.echo, came_us, -1);
  if (sleep_until(m, begin_us))
    log_meter_event(m, &plan.answer, begin_us, plan.unplug_at);
}

static void
take_byte(struct meter *m, uint8_t byte)
{
  int64_t now_us = clock_mono_us();
  int64_t gap_us = now_us - m->last_us;

  m->last_us = now_us;
  if (now_us < m->deaf_until_us) {
    pthread_mutex_lock(&m->lock);
    m->deaf_until_us = now_us + (int64_t)m->deaf_ms * 1000;
    m->unheard++;
    pthread_mutex_unlock(&m->lock);
    return;
  }
  if (byte == START_REQUEST || gap_us > GAP_US)
    m->heard.len = 0;
  if (m->heard.len == 0 && byte != START_REQUEST) {
    m->unheard++;
    return;
  }
  meter_put(&m->heard, byte);
  if (byte != STOP)
    return;
  handle_frame(m);
  m->heard.len = 0;
}

static bool
take_all(struct meter *m, int fd)
{
  uint8_t buf[256];
  ssize_t n = read(fd, buf, sizeof(buf));

  for (ssize_t i = 0; i < n; i++)
    take_byte(m, buf[i]);
  return n > 0;
}

/* Handles a line without bytes.  While no program has the tty open, poll
 * reports the master as hung up.  A connection has ended: the next one is
 * accepted. */
static void
handle_idle_line(struct meter *m)
{
  if (m->listener < 0) {
    sleep_until(m, clock_mono_us() + LOOK_MS * 1000);
    return;
  }
  pthread_mutex_lock(&m->lock);
  close_port(m);
  pthread_mutex_unlock(&m->lock);
}

/* Carries out an order from the pipe.  Returns false when the thread must end.
 * Only the thread itself closes the port: if another thread closed it during
 * poll(), it would stay open. */
static bool
obey_order(struct meter *m)
{
  char order = END_THREAD;

  if (read(m->wake[0], &order, 1) != 1 || order == END_THREAD)
    return false;
  pthread_mutex_lock(&m->lock);
  close_port(m);
  meter_end_listening(m);
  pthread_mutex_unlock(&m->lock);
  return true;
}

static int
port_fd(struct meter *m)
{
  int fd;

  pthread_mutex_lock(&m->lock);
  fd = m->fd;
  pthread_mutex_unlock(&m->lock);
  return fd;
}

static void *
serve_line(void *arg)
{
  struct meter *m = arg;

  for (;;) {
    int fd = port_fd(m);
    struct pollfd fds[3] = {
      { .fd = m->wake[0], .events = POLLIN },
      { .fd = fd, .events = POLLIN },
      /* One connection at a time: the next one waits. */
      { .fd = fd < 0 ? m->listener : -1, .events = POLLIN },
    };

    if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
      meter_die("poll", strerror(errno));
    if (fds[0].revents != 0 && !obey_order(m))
      return NULL;
    if (fds[1].revents != 0 && !take_all(m, fd))
      handle_idle_line(m);
    if (fds[2].revents != 0)
      meter_accept(m);
  }
}

static void
send_order(struct meter *m, char order)
{
  if (write(m->wake[1], &order, 1) != 1)
    meter_die("pipe", strerror(errno));
}

/* Makes the tty raw from the beginning; otherwise it would echo. */
static int
make_raw(const char *path)
{
  struct termios raw;
  int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  int r;

  if (fd < 0)
    return -1;
  r = tcgetattr(fd, &raw);
  if (r == 0) {
    cfmakeraw(&raw);
    r = tcsetattr(fd, TCSANOW, &raw);
  }
  close(fd);
  return r;
}

static void
close_fd(int fd)
{
  if (fd >= 0)
    close(fd);
}

/* Frees everything except the thread; preserves errno. */
static void
free_meter(struct meter *m)
{
  int err = errno;

  close_fd(m->fd);
  close_fd(m->listener);
  close_fd(m->wake[0]);
  close_fd(m->wake[1]);
  pthread_mutex_destroy(&m->lock);
  free(m);
  errno = err;
}

/* Opens the pty.  Returns -1 on failure, see errno. */
static int
open_pty(struct meter *m)
{
  m->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (m->fd < 0)
    return -1;
  if (grantpt(m->fd) < 0 || unlockpt(m->fd) < 0)
    return -1;
  errno = ptsname_r(m->fd, m->path, sizeof(m->path));
  return errno != 0 ? -1 : make_raw(m->path);
}

struct meter *
meter_new(void)
{
  struct meter *m = calloc(1, sizeof(*m));

  if (!m)
    return NULL;
  m->fd = m->listener = m->wake[0] = m->wake[1] = -1;
  m->faults.seed = 1;
  m->deaf_ms = DEAF_MS;
  m->memory.type[1] = 1; /* MULTICAL 601 Pt500 */
  pthread_mutex_init(&m->lock, NULL);
  return m;
}

/* Starts the thread.  It blocks SIGPIPE, which a connection that has ended
 * would send.  Returns 0 or an errno. */
static int
start_thread(struct meter *m)
{
  pthread_attr_t attr;
  sigset_t pipe, before;
  int err;

  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, STACK_SIZE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  err = pthread_create(&m->thread, &attr, serve_line, m);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  m->serves = err == 0;
  return err;
}

int
meter_serve(struct meter *m)
{
  if (m->listener < 0 && open_pty(m) < 0)
    return -1;
  if (pipe2(m->wake, O_CLOEXEC) < 0)
    return -1;
  errno = start_thread(m);
  return errno == 0 ? 0 : -1;
}

struct meter *
meter_start(void)
{
  struct meter *m = meter_new();

  if (!m || meter_serve(m) < 0)
    meter_die("no pty", strerror(errno));
  return m;
}

/* Removes the link, if it still points to this meter's tty. */
static void
remove_link(const struct meter *m)
{
  char to[sizeof(m->path)];
  ssize_t n = readlink(m->link, to, sizeof(to));

  if (n > 0 && (size_t)n == strlen(m->path) &&
      memcmp(to, m->path, (size_t)n) == 0)
    unlink(m->link);
}

void
meter_stop(struct meter *m)
{
  if (!m)
    return;
  if (m->serves) {
    send_order(m, END_THREAD);
    pthread_join(m->thread, NULL);
  }
  if (m->link[0] != '\0')
    remove_link(m);
  free_meter(m);
}

const char *
meter_path(const struct meter *m)
{
  return m->path;
}

int
meter_try_link(struct meter *m, const char *path)
{
  struct stat st;

  if (strlen(path) >= sizeof(m->link)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
    unlink(path);
  if (symlink(m->path, path) < 0)
    return -1;
  snprintf(m->link, sizeof(m->link), "%s", path);
  return 0;
}

void
meter_link(struct meter *m, const char *path)
{
  if (meter_try_link(m, path) < 0)
    meter_die(path, strerror(errno));
}

static bool
is_plugged(struct meter *m)
{
  bool is;

  pthread_mutex_lock(&m->lock);
  is = m->fd >= 0 || m->listener >= 0;
  pthread_mutex_unlock(&m->lock);
  return is;
}

void
meter_unplug(struct meter *m)
{
  send_order(m, UNPLUG_PORT);
  while (is_plugged(m))
    usleep(1000);
}
