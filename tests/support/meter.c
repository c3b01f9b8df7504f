/*
 * A meter on a pseudo terminal: the line and the thread that serves it.
 *
 * A pty, not a pipe: deadlines, locks and terminal settings of the program that
 * reads are then tested too.  Bytes on a pty take no time; with a speed set,
 * the meter waits as long as they would take on the line.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/meter_impl.h"

#define START_REQUEST 0x80
#define STOP 0x0d

/* What is written into the thread's pipe. */
#define END_THREAD 'e'
#define UNPLUG_PORT 'u'

/* KMP 2.3: a longer pause inside a request, and the meter drops it. */
#define GAP_US 27000
/* KMP 2.3: after what it did not understand, it ignores all for so long. */
#define DEAF_US 1600000
#define BITS_PER_BYTE 11
/* How often to look whether somebody has opened the tty. */
#define LOOK_MS 2

struct meter {
  pthread_t thread;
  pthread_mutex_t lock; /* of all below */
  int fd;               /* master; -1: unplugged */
  int wake[2];          /* tells the thread to end or to unplug */
  char path[64];
  char link[256];
  unsigned baud;
  unsigned delay_ms;
  unsigned requests;
  unsigned unheard;
  size_t bytes;
  struct meter_memory memory;
  struct meter_faults faults;

  /* The thread's own. */
  struct meter_bytes heard;
  int64_t last_us; /* when the last byte came */
  int64_t deaf_until_us;
};

__attribute__((noreturn)) static void
die(const char *what, const char *about)
{
  fprintf(stderr, "meter: %s: %s\n", what, about);
  abort();
}

static int64_t
clock_us(void)
{
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
line_us(const struct meter *m, size_t len)
{
  return m->baud == 0 ? 0 : (int64_t)len * BITS_PER_BYTE * 1000000 / m->baud;
}

/* Sleeps; 0 when the meter was told something. */
static int
sleep_until(struct meter *m, int64_t until_us)
{
  for (;;) {
    struct pollfd fd = { .fd = m->wake[0], .events = POLLIN };
    int64_t left = until_us - clock_us();

    if (poll(&fd, 1, left <= 0 ? 0 : (int)(left / 1000)) > 0)
      return 0;
    left = until_us - clock_us();
    if (left <= 0)
      return 1;
    if (left < 1000)
      usleep((useconds_t)left);
  }
}

static void
unplug(struct meter *m)
{
  if (m->fd >= 0)
    close(m->fd);
  m->fd = -1;
}

/* Sends bytes at the line's speed; the first has arrived a byte's time after
 * BEGIN_US. */
static void
say(struct meter *m, const struct meter_bytes *bytes, int64_t begin_us,
    long unplug_at)
{
  size_t i;

  for (i = 0; i < bytes->len; i++) {
    if (!sleep_until(m, begin_us + line_us(m, i + 1)))
      return;
    pthread_mutex_lock(&m->lock);
    if ((long)i == unplug_at)
      unplug(m);
    if (m->fd >= 0 && write(m->fd, bytes->buf + i, 1) == 1)
      m->bytes++;
    pthread_mutex_unlock(&m->lock);
  }
}

/* A frame has come: answers if it is a good request. */
static void
hear(struct meter *m)
{
  int64_t came_us = m->last_us;
  struct meter_bytes request;
  struct meter_plan plan;
  int64_t begin_us;

  pthread_mutex_lock(&m->lock);
  if (meter_unframe(m->heard.buf, m->heard.len, START_REQUEST, &request) < 0) {
    m->unheard += (unsigned)m->heard.len;
    m->deaf_until_us = came_us + DEAF_US;
    pthread_mutex_unlock(&m->lock);
    return;
  }
  m->requests++;
  m->bytes += m->heard.len;
  meter_faults_plan(&m->faults, &m->memory, &m->heard, &request, &plan);
  if (plan.answer.len == 0)
    m->deaf_until_us = came_us + line_us(m, m->heard.len) + DEAF_US;
  begin_us = came_us + line_us(m, m->heard.len) +
             (int64_t)(m->delay_ms + (unsigned long)plan.late_ms) * 1000;
  pthread_mutex_unlock(&m->lock);
  say(m, &plan.echo, came_us, -1);
  if (sleep_until(m, begin_us))
    say(m, &plan.answer, begin_us, plan.unplug_at);
}

static void
take(struct meter *m, uint8_t byte)
{
  int64_t now_us = clock_us();
  int64_t gap_us = now_us - m->last_us;

  m->last_us = now_us;
  if (now_us < m->deaf_until_us) {
    m->deaf_until_us = now_us + DEAF_US;
    m->unheard++;
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
  hear(m);
  m->heard.len = 0;
}

static int
take_all(struct meter *m, int fd)
{
  uint8_t buf[256];
  ssize_t n = read(fd, buf, sizeof(buf));
  ssize_t i;

  for (i = 0; i < n; i++)
    take(m, buf[i]);
  return n > 0;
}

/* Does what it was told; 0: end.  Only the thread itself closes the port: in
 * the middle of a poll() by it, the port would stay open. */
static int
obey(struct meter *m)
{
  char order = END_THREAD;

  if (read(m->wake[0], &order, 1) != 1 || order == END_THREAD)
    return 0;
  pthread_mutex_lock(&m->lock);
  unplug(m);
  pthread_mutex_unlock(&m->lock);
  return 1;
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
serve(void *arg)
{
  struct meter *m = arg;

  for (;;) {
    struct pollfd fds[2] = {
      { .fd = m->wake[0], .events = POLLIN },
      { .fd = port_fd(m), .events = POLLIN },
    };

    if (poll(fds, 2, -1) < 0 && errno != EINTR)
      die("poll", strerror(errno));
    if (fds[0].revents != 0 && !obey(m))
      return NULL;
    /* While nobody has the tty open, the master is "hung up" all the time. */
    if (fds[1].revents != 0 && !take_all(m, fds[1].fd))
      sleep_until(m, clock_us() + LOOK_MS * 1000);
  }
}

static void
tell(struct meter *m, char order)
{
  if (write(m->wake[1], &order, 1) != 1)
    die("pipe", strerror(errno));
}

/* Raw from the beginning: else the terminal itself would echo. */
static void
make_raw(const char *path)
{
  struct termios raw;
  int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

  if (fd < 0 || tcgetattr(fd, &raw) < 0)
    die(path, strerror(errno));
  cfmakeraw(&raw);
  if (tcsetattr(fd, TCSANOW, &raw) < 0)
    die(path, strerror(errno));
  close(fd);
}

struct meter *
meter_start(void)
{
  struct meter *m = calloc(1, sizeof(*m));

  if (m == NULL)
    die("calloc", "out of memory");
  m->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (m->fd < 0 || grantpt(m->fd) < 0 || unlockpt(m->fd) < 0 ||
      ptsname_r(m->fd, m->path, sizeof(m->path)) != 0)
    die("posix_openpt", strerror(errno));
  make_raw(m->path);
  m->faults.seed = 1;
  m->memory.type[1] = 1; /* MULTICAL 601 Pt500 */
  if (pipe2(m->wake, O_CLOEXEC) < 0)
    die("pipe", strerror(errno));
  pthread_mutex_init(&m->lock, NULL);
  if (pthread_create(&m->thread, NULL, serve, m) != 0)
    die("pthread_create", "no thread");
  return m;
}

void
meter_stop(struct meter *m)
{
  if (m == NULL)
    return;
  tell(m, END_THREAD);
  pthread_join(m->thread, NULL);
  unplug(m);
  close(m->wake[0]);
  close(m->wake[1]);
  if (m->link[0] != '\0')
    unlink(m->link);
  pthread_mutex_destroy(&m->lock);
  free(m);
}

const char *
meter_path(const struct meter *m)
{
  return m->path;
}

void
meter_link(struct meter *m, const char *path)
{
  if (snprintf(m->link, sizeof(m->link), "%s", path) >= (int)sizeof(m->link))
    die(path, "too long");
  unlink(path);
  if (symlink(m->path, path) < 0)
    die(path, strerror(errno));
}

int
meter_try_set(struct meter *m, const char *text)
{
  int r;

  pthread_mutex_lock(&m->lock);
  r = meter_memory_set(&m->memory, text);
  pthread_mutex_unlock(&m->lock);
  return r;
}

void
meter_set(struct meter *m, const char *text)
{
  if (meter_try_set(m, text) < 0)
    die(text, "neither a register nor a type");
}

void
meter_remove(struct meter *m, uint16_t id)
{
  pthread_mutex_lock(&m->lock);
  meter_memory_remove(&m->memory, id);
  pthread_mutex_unlock(&m->lock);
}

/* "... < 40 3f ..." of a capture: whatever follows the sign is hex. */
static void
learn_line(struct meter *m, const char *line)
{
  const char *hex = strchr(line, '<');
  struct meter_bytes frame = { .len = 0 };
  unsigned byte;
  int used;

  for (hex = hex == NULL ? line : hex + 1;
       sscanf(hex, "%2x%n", &byte, &used) == 1; hex += used)
    meter_put(&frame, (uint8_t)byte);
  pthread_mutex_lock(&m->lock);
  (void)meter_memory_learn(&m->memory, frame.buf, frame.len);
  pthread_mutex_unlock(&m->lock);
}

int
meter_load(struct meter *m, const char *path)
{
  char line[4096];
  FILE *file = fopen(path, "re");

  if (file == NULL)
    return -1;
  while (fgets(line, sizeof(line), file) != NULL)
    if (line[0] != '#' && meter_try_set(m, line) < 0)
      learn_line(m, line);
  fclose(file);
  return 0;
}

void
meter_set_baud(struct meter *m, unsigned baud)
{
  pthread_mutex_lock(&m->lock);
  m->baud = baud;
  pthread_mutex_unlock(&m->lock);
}

void
meter_set_delay(struct meter *m, unsigned ms)
{
  pthread_mutex_lock(&m->lock);
  m->delay_ms = ms;
  pthread_mutex_unlock(&m->lock);
}

void
meter_set_seed(struct meter *m, uint32_t seed)
{
  pthread_mutex_lock(&m->lock);
  m->faults.seed = seed;
  pthread_mutex_unlock(&m->lock);
}

int
meter_try_fault(struct meter *m, const char *text)
{
  int r;

  pthread_mutex_lock(&m->lock);
  r = meter_faults_add(&m->faults, text);
  pthread_mutex_unlock(&m->lock);
  return r;
}

void
meter_fault(struct meter *m, const char *text)
{
  if (meter_try_fault(m, text) < 0)
    die(text, "no such fault");
}

void
meter_clear_faults(struct meter *m)
{
  pthread_mutex_lock(&m->lock);
  m->faults.count = 0;
  pthread_mutex_unlock(&m->lock);
}

void
meter_unplug(struct meter *m)
{
  tell(m, UNPLUG_PORT);
  while (port_fd(m) >= 0)
    usleep(1000);
}

void
meter_say(struct meter *m, const uint8_t *buf, size_t len)
{
  pthread_mutex_lock(&m->lock);
  if (m->fd >= 0 && write(m->fd, buf, len) == (ssize_t)len)
    m->bytes += len;
  pthread_mutex_unlock(&m->lock);
}

unsigned
meter_requests(struct meter *m)
{
  unsigned n;

  pthread_mutex_lock(&m->lock);
  n = m->requests;
  pthread_mutex_unlock(&m->lock);
  return n;
}

unsigned
meter_unheard(struct meter *m)
{
  unsigned n;

  pthread_mutex_lock(&m->lock);
  n = m->unheard;
  pthread_mutex_unlock(&m->lock);
  return n;
}

void
meter_forget(struct meter *m)
{
  pthread_mutex_lock(&m->lock);
  m->requests = 0;
  m->unheard = 0;
  m->bytes = 0;
  pthread_mutex_unlock(&m->lock);
}

size_t
meter_bytes(struct meter *m)
{
  size_t n;

  pthread_mutex_lock(&m->lock);
  n = m->bytes;
  pthread_mutex_unlock(&m->lock);
  return n;
}
