/* The proxy: one thread forwards the bytes of all connections. */
#include "tests/faults/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LINES 16
#define PAUSE_US 500000
#define STALL_US 1500000
#define SETTLE_US 500
#define SETTLE_TRIES 10000

/* A connection: fd[PROXY_THERE] leads to the program, whose requests are read
 * from it; fd[PROXY_BACK] leads to the server or the tty. */
struct line {
  int fd[2]; /* -1: none */
};

struct proxy {
  pthread_t thread;
  pthread_mutex_t lock; /* protects all members below */
  char path[256];       /* path of the tty; empty: use port BEHIND */
  unsigned port, behind;
  int listener, wake[2];
  struct line lines[MAX_LINES];
  enum proxy_what what;
  enum proxy_way way;
  size_t at, count[2];
  unsigned telnet;
  bool (*call)(void *ctx);
  void *call_ctx;
  void (*bytes)(void *ctx, unsigned line, enum proxy_way way,
                const uint8_t *buf, size_t len);
  void *bytes_ctx;
  size_t (*pass)(void *ctx, unsigned line, enum proxy_way way,
                 const uint8_t *buf, size_t len);
  void *pass_ctx;
};

__attribute__((noreturn)) static void
die(const char *what)
{
  fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
  exit(99);
}

static void
tell(const struct proxy *p, const struct line *line, enum proxy_way way,
     const uint8_t *buf, size_t len)
{
  if (p->bytes)
    p->bytes(p->bytes_ctx, (unsigned)(line - p->lines), way, buf, len);
}

/* Returns how many of the bytes may pass. */
static size_t
ask(const struct proxy *p, const struct line *line, enum proxy_way way,
    const uint8_t *buf, size_t len)
{
  return p->pass
           ? p->pass(p->pass_ctx, (unsigned)(line - p->lines), way, buf, len)
           : len;
}

static bool
put(int fd, const uint8_t *buf, size_t len)
{
  while (len > 0) {
    ssize_t n = write(fd, buf, len);

    if (n < 0 && errno == EAGAIN) {
      usleep(1000);
      continue;
    }
    if (n <= 0)
      return false;
    buf += n;
    len -= (size_t)n;
  }
  return true;
}

/* ---- Connections ---- */

static int
open_behind(const struct proxy *p)
{
  struct sockaddr_in to = { .sin_family = AF_INET };
  int fd, on = 1;

  if (p->path[0])
    return open(p->path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  to.sin_port = htons((uint16_t)p->behind);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
    close(fd);
    return -1;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

/* Sends the telnet options WILL and DO binary, WILL echo, as ser2net does. */
static void
negotiate(int fd)
{
  static const uint8_t options[] = { 0xff, 0xfb, 0x00, 0xff, 0xfd,
                                     0x00, 0xff, 0xfb, 0x01 };

  put(fd, options, sizeof(options));
}

static void
accept_line(struct proxy *p)
{
  int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
  int behind = fd < 0 ? -1 : open_behind(p);

  for (int i = 0; i < MAX_LINES && behind >= 0; i++)
    if (p->lines[i].fd[0] < 0) {
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      p->lines[i] = (struct line){ { fd, behind } };
      tell(p, &p->lines[i], PROXY_THERE, NULL, 0);
      ask(p, &p->lines[i], PROXY_THERE, NULL, 0);
      if (p->telnet & PROXY_NEGOTIATES)
        negotiate(fd);
      return;
    }
  if (fd >= 0)
    close(fd);
  if (behind >= 0)
    close(behind);
}

static void
end_line(struct line *line, bool reset)
{
  struct linger hard = { .l_onoff = 1, .l_linger = 0 };

  if (reset)
    setsockopt(line->fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close(line->fd[0]);
  close(line->fd[1]);
  line->fd[0] = line->fd[1] = -1;
}

/* ---- Bytes ---- */

/* Applies the ordered fault to BYTE instead of forwarding it.  Returns false if
 * the connection has ended. */
static bool
spoil(struct proxy *p, struct line *line, int to, uint8_t byte)
{
  const uint8_t other = byte ^ 0x10;

  switch (p->what) {
  case PROXY_CUT:
  case PROXY_RESET:
    end_line(line, p->what == PROXY_RESET);
    return false;
  case PROXY_LOSE:
    return true;
  case PROXY_CALL:
    if (p->call(p->call_ctx))
      return put(to, &byte, 1);
    end_line(line, true);
    return false;
  case PROXY_CHANGE:
    return put(to, &other, 1);
  case PROXY_ADD:
    return put(to, &other, 1) && put(to, &byte, 1);
  case PROXY_PAUSE:
  case PROXY_STALL:
    usleep(p->what == PROXY_PAUSE ? PAUSE_US : STALL_US);
    return put(to, &byte, 1);
  default:
    return put(to, &byte, 1);
  }
}

static bool
put_doubled(int fd, const uint8_t *buf, size_t len)
{
  bool good = true;

  for (size_t i = 0; i < len && good; i++)
    good = put(fd, buf + i, 1) && (buf[i] != 0xff || put(fd, buf + i, 1));
  return good;
}

/* Returns how many of LEN bytes after the first BEGIN are to be forwarded as
 * they are. */
static size_t
before_fault(const struct proxy *p, enum proxy_way way, size_t begin,
             size_t len)
{
  if (p->what == PROXY_PASS || p->way != way || p->at >= begin + len)
    return len;
  if (p->at < begin)
    return p->what == PROXY_HUSH ? 0 : len;
  return p->at - begin;
}

/* Forwards BUF, with the ordered fault if it is in it.  Returns false if the
 * connection has ended. */
static bool
pass(struct proxy *p, struct line *line, enum proxy_way way, const uint8_t *buf,
     size_t len)
{
  size_t before = before_fault(p, way, p->count[way], len);
  int to = line->fd[!way];

  p->count[way] += len;
  tell(p, line, way, buf, way == PROXY_BACK ? len : before);
  if (way == PROXY_BACK && p->telnet & PROXY_DOUBLES)
    return put_doubled(to, buf, len);
  if (!put(to, buf, before))
    return false;
  if (before == len || p->what == PROXY_HUSH)
    return true;
  if (!spoil(p, line, to, buf[before]))
    return false;
  if (way == PROXY_THERE)
    tell(p, line, way, buf + before, len - before);
  return put(to, buf + before + 1, len - before - 1);
}

static void
handle_line(struct proxy *p, struct line *line, enum proxy_way way)
{
  uint8_t buf[16384];
  ssize_t n = read(line->fd[way], buf, sizeof(buf));
  size_t may;

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  may = n > 0 ? ask(p, line, way, buf, (size_t)n) : 0;
  if ((may == 0 || !pass(p, line, way, buf, may) || may < (size_t)n) &&
      line->fd[0] >= 0)
    end_line(line, false);
}

static void *
serve(void *arg)
{
  struct proxy *p = arg;
  struct pollfd fds[2 + 2 * MAX_LINES];

  for (;;) {
    fds[0] = (struct pollfd){ .fd = p->wake[0], .events = POLLIN };
    fds[1] = (struct pollfd){ .fd = p->listener, .events = POLLIN };
    for (int i = 0; i < 2 * MAX_LINES; i++)
      fds[2 + i] =
        (struct pollfd){ .fd = p->lines[i / 2].fd[i % 2], .events = POLLIN };
    poll(fds, 2 + 2 * MAX_LINES, -1);
    if (fds[0].revents)
      return NULL;
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < 2 * MAX_LINES; i++)
      if (fds[2 + i].revents && fds[2 + i].fd == p->lines[i / 2].fd[i % 2])
        handle_line(p, &p->lines[i / 2], (enum proxy_way)(i % 2));
    if (fds[1].revents)
      accept_line(p);
    pthread_mutex_unlock(&p->lock);
  }
}

/* ---- Beginning and end ---- */

static struct proxy *
start(unsigned behind, const char *path)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  socklen_t len = sizeof(at);
  struct proxy *p = calloc(1, sizeof(*p));

  if (!p)
    die("memory");
  p->behind = behind;
  snprintf(p->path, sizeof(p->path), "%s", path);
  for (int i = 0; i < MAX_LINES; i++)
    p->lines[i] = (struct line){ { -1, -1 } };
  pthread_mutex_init(&p->lock, NULL);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (pipe2(p->wake, O_CLOEXEC) != 0 ||
      bind(p->listener, (struct sockaddr *)&at, len) != 0 ||
      listen(p->listener, 16) != 0 ||
      getsockname(p->listener, (struct sockaddr *)&at, &len) != 0)
    die("listen");
  p->port = ntohs(at.sin_port);
  signal(SIGPIPE, SIG_IGN);
  if (pthread_create(&p->thread, NULL, serve, p) != 0)
    die("thread");
  return p;
}

struct proxy *
proxy_start(unsigned port)
{
  return start(port, "");
}

struct proxy *
proxy_start_tty(const char *path)
{
  return start(0, path);
}

void
proxy_stop(struct proxy *p)
{
  if (!p)
    return;
  if (write(p->wake[1], "", 1) != 1)
    die("wake");
  pthread_join(p->thread, NULL);
  for (int i = 0; i < MAX_LINES; i++)
    if (p->lines[i].fd[0] >= 0)
      end_line(&p->lines[i], false);
  close(p->listener);
  close(p->wake[0]);
  close(p->wake[1]);
  pthread_mutex_destroy(&p->lock);
  free(p);
}

unsigned
proxy_port(const struct proxy *p)
{
  return p->port;
}

void
proxy_order(struct proxy *p, enum proxy_what what, enum proxy_way way,
            size_t at)
{
  pthread_mutex_lock(&p->lock);
  p->what = what;
  p->way = way;
  p->at = at;
  p->count[0] = p->count[1] = 0;
  pthread_mutex_unlock(&p->lock);
}

void
proxy_on_call(struct proxy *p, bool (*call)(void *ctx), void *ctx)
{
  pthread_mutex_lock(&p->lock);
  p->call = call;
  p->call_ctx = ctx;
  pthread_mutex_unlock(&p->lock);
}

void
proxy_on_bytes(struct proxy *p,
               void (*bytes)(void *ctx, unsigned line, enum proxy_way way,
                             const uint8_t *buf, size_t len),
               void *ctx)
{
  pthread_mutex_lock(&p->lock);
  p->bytes = bytes;
  p->bytes_ctx = ctx;
  pthread_mutex_unlock(&p->lock);
}

void
proxy_telnet(struct proxy *p, unsigned mode)
{
  pthread_mutex_lock(&p->lock);
  p->telnet = mode;
  pthread_mutex_unlock(&p->lock);
}

static bool
has_lines(struct proxy *p)
{
  bool has = false;

  pthread_mutex_lock(&p->lock);
  for (int i = 0; i < MAX_LINES; i++)
    has |= p->lines[i].fd[0] >= 0;
  pthread_mutex_unlock(&p->lock);
  return has;
}

void
proxy_on_pass(struct proxy *p,
              size_t (*may_pass)(void *ctx, unsigned line, enum proxy_way way,
                                 const uint8_t *buf, size_t len),
              void *ctx)
{
  pthread_mutex_lock(&p->lock);
  p->pass = may_pass;
  p->pass_ctx = ctx;
  pthread_mutex_unlock(&p->lock);
}

void
proxy_settle(struct proxy *p)
{
  for (int i = 0; i < SETTLE_TRIES && has_lines(p); i++)
    usleep(SETTLE_US);
}

bool
proxy_struck(struct proxy *p)
{
  bool struck;

  pthread_mutex_lock(&p->lock);
  struck = p->at < p->count[p->way];
  pthread_mutex_unlock(&p->lock);
  return struck;
}

size_t
proxy_bytes(struct proxy *p, enum proxy_way way)
{
  size_t n;

  pthread_mutex_lock(&p->lock);
  n = p->count[way];
  pthread_mutex_unlock(&p->lock);
  return n;
}
