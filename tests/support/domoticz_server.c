/*
 * The stand-in's thread: accepts connections on 127.0.0.1, receives requests
 * and sends replies.  It never blocks: a delayed reply delays no other
 * connection.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4, pipe2 */
#endif
#include "tests/support/domoticz_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

#define HEAD_MAX ((size_t)64 * 1024)

void
domoticz_wake(struct domoticz_server *s)
{
  if (write(s->wake[1], "", 1) < 0 && errno != EAGAIN)
    domoticz_die("wake: %s", strerror(errno));
}

/* ---- Sockets ------------------------------------------------------------- */

void
domoticz_listen(struct domoticz_server *s)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof(address);
  int on = 1;

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)s->port);
  s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(s->listener, (struct sockaddr *)&address, len) < 0 ||
      listen(s->listener, 16) < 0 ||
      getsockname(s->listener, (struct sockaddr *)&address, &len) < 0)
    domoticz_die("127.0.0.1:%u: %s", s->port, strerror(errno));
  s->port = ntohs(address.sin_port);
}

static void
drop(struct domoticz_connection *c)
{
  struct linger reset = { .l_onoff = 1, .l_linger = 0 };

  if (c->reset_after)
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  else
    shutdown(c->fd, SHUT_RDWR); /* effective even during poll() */
  close(c->fd);
  text_buffer_free(&c->in);
  text_buffer_free(&c->out);
  memset(c, 0, sizeof(*c));
  c->fd = -1;
}

void
domoticz_drop_connections(struct domoticz_server *s)
{
  if (s->listener >= 0) {
    shutdown(s->listener, SHUT_RDWR);
    close(s->listener);
  }
  s->listener = -1;
  for (size_t i = 0; i < DOMOTICZ_CONNECTIONS; i++)
    if (s->connections[i].fd >= 0)
      drop(&s->connections[i]);
}

static void
accept_one(struct domoticz_server *s)
{
  int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  size_t i;

  if (fd < 0)
    return;
  for (i = 0; i < DOMOTICZ_CONNECTIONS && s->connections[i].fd >= 0; i++)
    continue;
  if (i == DOMOTICZ_CONNECTIONS)
    domoticz_die("too many connections at once");
  s->connections[i].fd = fd;
  s->connection_count++;
}

/* ---- Connections --------------------------------------------------------- */

/* Serves a request once its head is complete; there are no bodies and no
 * pipelining. */
static void
take_request(struct domoticz_server *s, struct domoticz_connection *c)
{
  char *end = c->in.data ? strstr(c->in.data, "\r\n\r\n") : NULL;

  if (!end || c->out.data)
    return;
  end[2] = '\0';
  domoticz_serve(s, c, c->in.data);
  text_buffer_free(&c->in);
}

static void
receive(struct domoticz_server *s, struct domoticz_connection *c)
{
  char buf[8192];
  ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0 || c->in.len > HEAD_MAX) {
    drop(c);
    return;
  }
  domoticz_append(&c->in, buf, (size_t)n);
  take_request(s, c);
}

static bool
is_due(const struct domoticz_connection *c)
{
  return c->out.data && clock_mono_ms() >= c->not_before;
}

/* Sends as much of the reply as possible; frees it when it is complete. */
static void
transmit(struct domoticz_connection *c)
{
  ssize_t n = 0;
  int on = 1;

  /* Send the FIN together with the end of the reply: a client that has read the
   * reply can then know that the connection is closed. */
  if (c->close_after && !c->reset_after)
    setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
  if (c->sent < c->out.len)
    n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n < 0) {
    drop(c);
    return;
  }
  c->sent += (size_t)n;
  if (c->sent < c->out.len)
    return;
  if (c->close_after) {
    drop(c);
    return;
  }
  text_buffer_free(&c->out);
  c->sent = 0;
  c->not_before = 0;
}

static void
attend(struct domoticz_server *s, struct domoticz_connection *c, short events)
{
  /* Notice a closed connection even while its reply is delayed, so that the
   * reply is dropped. */
  if (events & (POLLIN | POLLHUP | POLLERR))
    receive(s, c);
  if (c->fd >= 0 && is_due(c))
    transmit(c);
}

/* Fills in FDS for poll().  Returns its timeout in ms; -1: none. */
static int
prepare_poll(struct domoticz_server *s, struct pollfd *fds)
{
  int timeout = -1;

  fds[0] = (struct pollfd){ .fd = s->wake[0], .events = POLLIN };
  fds[1] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
  for (size_t i = 0; i < DOMOTICZ_CONNECTIONS; i++) {
    const struct domoticz_connection *c = &s->connections[i];
    int64_t wait = c->not_before - clock_mono_ms();

    fds[2 + i] = (struct pollfd){ .fd = c->fd, .events = POLLIN };
    if (is_due(c))
      fds[2 + i].events |= POLLOUT;
    else if (c->fd >= 0 && c->out.data && (timeout < 0 || wait < timeout))
      timeout = wait < 0 ? 0 : (int)wait + 1;
  }
  return timeout;
}

static void *
serve(void *server)
{
  struct domoticz_server *s = server;
  struct pollfd fds[2 + DOMOTICZ_CONNECTIONS];
  char drained[64];
  int timeout;

  pthread_mutex_lock(&s->lock);
  while (!s->stopping) {
    timeout = prepare_poll(s, fds);
    pthread_mutex_unlock(&s->lock);
    poll(fds, 2 + DOMOTICZ_CONNECTIONS, timeout);
    pthread_mutex_lock(&s->lock);
    if (fds[0].revents != 0 && read(s->wake[0], drained, sizeof(drained)) < 0)
      continue;
    /* Skip descriptors closed while poll() waited: they differ from those in
     * fds. */
    if (fds[1].revents != 0 && fds[1].fd == s->listener)
      accept_one(s);
    for (size_t i = 0; i < DOMOTICZ_CONNECTIONS; i++)
      if (s->connections[i].fd >= 0 && s->connections[i].fd == fds[2 + i].fd)
        attend(s, &s->connections[i], fds[2 + i].revents);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

/* ---- Beginning and end --------------------------------------------------- */

struct domoticz_server *
domoticz_server_start_at(enum domoticz_version version, unsigned port)
{
  struct domoticz_server *s = calloc(1, sizeof(*s));

  if (!s || pipe2(s->wake, O_CLOEXEC | O_NONBLOCK) < 0)
    domoticz_die("cannot start: %s", strerror(errno));
  for (size_t i = 0; i < DOMOTICZ_CONNECTIONS; i++)
    s->connections[i].fd = -1;
  pthread_mutex_init(&s->lock, NULL);
  s->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  s->prefix = strdup("");
  s->version = version;
  s->rights = 2;
  s->port = port;
  s->hardware = 2;
  s->clock = time(NULL);
  s->clock_ms = clock_mono_ms();
  domoticz_listen(s);
  if (!s->prefix || pthread_create(&s->thread, NULL, serve, s) != 0)
    domoticz_die("cannot start");
  return s;
}

struct domoticz_server *
domoticz_server_start(enum domoticz_version version)
{
  return domoticz_server_start_at(version, 0);
}

void
domoticz_server_stop(struct domoticz_server *s)
{
  if (!s)
    return;
  pthread_mutex_lock(&s->lock);
  s->stopping = true;
  pthread_mutex_unlock(&s->lock);
  domoticz_wake(s);
  pthread_join(s->thread, NULL);
  domoticz_drop_connections(s);
  domoticz_server_heal(s);
  domoticz_server_forget(s);
  while (s->devices)
    domoticz_remove(s, s->devices->idx);
  while (s->kept_count > 0)
    free(s->kept[--s->kept_count]);
  close(s->wake[0]);
  close(s->wake[1]);
  freelocale(s->c_locale);
  pthread_mutex_destroy(&s->lock);
  free(s->kept);
  free(s->requests);
  free(s->head);
  free(s->login);
  free(s->token);
  free(s->prefix);
  free(s);
}
