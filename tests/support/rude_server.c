/* Serves one connection at a time, until the client closes it or the server
 * hangs up. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/rude_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rude_server {
  struct rude rude;
  int listener, wake[2];
  unsigned port;
  pthread_t thread;
  pthread_mutex_t lock;
  unsigned connections;
  char heard[4096];
};

/* Waits until FD has EVENTS, at most MS ms (-1: no limit).  Returns false if
 * the test is over. */
static bool
wait_for(const struct rude_server *r, int fd, short events, int ms)
{
  struct pollfd fds[] = { { .fd = r->wake[0], .events = POLLIN },
                          { .fd = fd, .events = events } };

  poll(fds, 2, ms);
  return fds[0].revents == 0;
}

/* Sends TEXT (LEN bytes; 0: up to its NUL), in several pieces if necessary.
 * Returns false if the client is gone or the test is over. */
static bool
say(const struct rude_server *r, int fd, const char *text, size_t len)
{
  ssize_t n;

  if (text && len == 0)
    len = strlen(text);
  for (; len > 0; text += n, len -= (size_t)n) {
    if (!wait_for(r, fd, POLLOUT, -1))
      return false;
    n = send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0)
      return false;
  }
  return true;
}

static void
listen_to(struct rude_server *r, int fd)
{
  char heard[sizeof(r->heard)];
  ssize_t n = 0;

  if (wait_for(r, fd, POLLIN, -1))
    n = recv(fd, heard, sizeof(heard) - 1, MSG_DONTWAIT);
  heard[n > 0 ? n : 0] = '\0';
  pthread_mutex_lock(&r->lock);
  memcpy(r->heard, heard, sizeof(heard));
  pthread_mutex_unlock(&r->lock);
}

static void
answer(struct rude_server *r, int fd)
{
  const struct rude *rude = &r->rude;
  bool on = say(r, fd, rude->greeting, rude->greeting_len);

  for (unsigned i = 0; on && rude->refrain; i++) {
    if (rude->times > 0 && i == rude->times)
      break;
    if (rude->pause_ms > 0)
      on = wait_for(r, -1, 0, (int)rude->pause_ms);
    on = on && say(r, fd, rude->refrain, 0);
  }
  if (on && !rude->hangs_up)
    wait_for(r, fd, POLLIN, -1);
}

static void *
serve(void *ctx)
{
  struct rude_server *r = ctx;
  int fd;

  while (wait_for(r, r->listener, POLLIN, -1)) {
    fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
      continue;
    pthread_mutex_lock(&r->lock);
    r->connections++;
    pthread_mutex_unlock(&r->lock);
    listen_to(r, fd);
    answer(r, fd);
    close(fd);
  }
  return NULL;
}

struct rude_server *
rude_server_start(const struct rude *rude)
{
  struct rude_server *r = calloc(1, sizeof(*r));
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof(address);

  ck_assert_ptr_nonnull(r);
  r->rude = *rude;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(r->listener, (struct sockaddr *)&address, len), 0);
  ck_assert_int_eq(listen(r->listener, 4), 0);
  ck_assert_int_eq(getsockname(r->listener, (struct sockaddr *)&address, &len),
                   0);
  r->port = ntohs(address.sin_port);
  ck_assert_int_eq(pipe2(r->wake, O_CLOEXEC), 0);
  pthread_mutex_init(&r->lock, NULL);
  ck_assert_int_eq(pthread_create(&r->thread, NULL, serve, r), 0);
  return r;
}

void
rude_server_stop(struct rude_server *r)
{
  if (!r)
    return;
  close(r->wake[1]); /* makes its other end readable */
  pthread_join(r->thread, NULL);
  close(r->wake[0]);
  close(r->listener);
  pthread_mutex_destroy(&r->lock);
  free(r);
}

unsigned
rude_server_port(const struct rude_server *r)
{
  return r->port;
}

unsigned
rude_server_connections(struct rude_server *r)
{
  unsigned n;

  pthread_mutex_lock(&r->lock);
  n = r->connections;
  pthread_mutex_unlock(&r->lock);
  return n;
}

const char *
rude_server_heard(struct rude_server *r)
{
  return r->heard;
}
