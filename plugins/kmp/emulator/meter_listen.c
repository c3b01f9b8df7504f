/*
 * An emulated meter on a TCP port, as behind a serial server in raw mode.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugins/kmp/emulator/meter_impl.h"

/* Connections that wait while one is served. */
#define BACKLOG 16
/* Pause after a connection could not be accepted. */
#define PAUSE_US 10000

/* Returns a socket that listens on ADDRESS; -1: see errno. */
static int
listen_on_one(const struct addrinfo *address)
{
  int fd = socket(address->ai_family,
                  address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                  address->ai_protocol);
  int on = 1;
  int err;

  if (fd < 0)
    return -1;
  /* Connections of an earlier emulator can still be in TIME-WAIT. */
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
      listen(fd, BACKLOG) == 0)
    return fd;
  err = errno;
  close(fd);
  errno = err;
  return -1;
}

/* Returns a socket that listens on the first address of LIST that can be used;
 * -1: see errno. */
static int
listen_on_any(const struct addrinfo *list)
{
  int fd = -1;

  for (; list && fd < 0; list = list->ai_next)
    fd = listen_on_one(list);
  return fd;
}

/* Returns the port that FD listens on; 0: unknown. */
static unsigned
port_of(int fd)
{
  struct sockaddr_storage address;
  socklen_t len = sizeof(address);
  char port[8];

  if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
      getnameinfo((struct sockaddr *)&address, len, NULL, 0, port, sizeof(port),
                  NI_NUMERICSERV) != 0)
    return 0;
  return (unsigned)strtoul(port, NULL, 10);
}

/* Listens on the addresses of HOST.  Returns -1 on failure, with the reason in
 * *RET_WHY. */
static int
listen_on_host(const char *host, unsigned port, const char **ret_why)
{
  const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                  .ai_socktype = SOCK_STREAM };
  struct addrinfo *list = NULL;
  char service[16];
  int fd, r;

  snprintf(service, sizeof(service), "%u", port);
  r = getaddrinfo(host, service, &hints, &list);
  if (r != 0) {
    *ret_why = r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r);
    return -1;
  }
  fd = listen_on_any(list);
  if (fd < 0)
    *ret_why = strerror(errno);
  freeaddrinfo(list);
  return fd;
}

int
meter_listen(struct meter *m, const char *host, unsigned port,
             const char **ret_why)
{
  m->listener = listen_on_host(host, port, ret_why);
  if (m->listener < 0)
    return -1;
  snprintf(m->path, sizeof(m->path),
           strchr(host, ':') ? "tcp://[%s]:%u" : "tcp://%s:%u", host,
           port_of(m->listener));
  return 0;
}

void
meter_accept(struct meter *m)
{
  int fd = accept4(m->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  int on = 1;

  if (fd < 0) { /* the client has left, or too many files are open */
    usleep(PAUSE_US);
    return;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  pthread_mutex_lock(&m->lock);
  m->fd = fd;
  pthread_mutex_unlock(&m->lock);
}

void
meter_end_listening(struct meter *m)
{
  if (m->listener >= 0)
    close(m->listener);
  m->listener = -1;
}
