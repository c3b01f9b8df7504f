/*
 * A serial server in raw mode (ser2net, a Wi-Fi bridge), as tcp://HOST:PORT or
 * socket://HOST:PORT.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/array.h"
#include "plugins/kmp/line/lock_table.h"
#include "plugins/kmp/line/port_impl.h"

/* pyserial calls the same thing socket://. */
static const char *const schemes[] = { "tcp://", "socket://" };

/* Time limit for connecting to one address; serial servers are nearby. */
#define CONNECT_MS 5000

/* The connection; with a name, files and sockets of the resolver instead. */
#define NUMERIC_FILES 1
#define NAME_FILES 3

const char *
port_tcp_address(const char *device)
{
  for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
    if (strncasecmp(device, schemes[i], strlen(schemes[i])) == 0)
      return device + strlen(schemes[i]);
  return NULL;
}

static int
bad_name(const struct mp_host *host, const char *device)
{
  return mp_fail(host, MP_ECONFIG, device,
                 "a serial server is named tcp://HOST:PORT, with a PORT from 1 "
                 "to 65535");
}

static bool
is_port(const char *text)
{
  size_t digits = strspn(text, "0123456789");
  unsigned port = 0;

  if (digits == 0 || digits > 5 || text[digits] != '\0')
    return false;
  for (; *text; text++)
    port = 10 * port + (unsigned)(*text - '0');
  return port >= 1 && port <= 65535;
}

/* Splits "HOST:PORT" or "[ADDRESS]:PORT" into its two parts.  Returns MP_OK or
 * MP_ECONFIG. */
static int
split_address(const char *begin, char *host, size_t host_size,
              const char **ret_port)
{
  const char *colon = strrchr(begin, ':');
  size_t len;

  if (!colon || colon == begin || !is_port(colon + 1) || strchr(begin, '/'))
    return MP_ECONFIG;
  len = (size_t)(colon - begin);
  if (begin[0] == '[') {
    if (len < 3 || begin[len - 1] != ']')
      return MP_ECONFIG;
    begin++;
    len -= 2;
  }
  if (len >= host_size)
    return MP_ECONFIG;
  memcpy(host, begin, len);
  host[len] = '\0';
  *ret_port = colon + 1;
  return MP_OK;
}

static int
split_host_and_port(const char *device, char *host, size_t host_size,
                    const char **ret_port)
{
  const char *address = port_tcp_address(device);

  if (!address)
    return MP_ECONFIG;
  return split_address(address, host, host_size, ret_port);
}

/* Copies the address at the beginning of TEXT, which ends at "/" or "?".
 * Returns true if it is a valid address, else false. */
static bool
is_address(const char *text, char *ret_address, size_t size)
{
  char host[256];
  const char *service;
  int len = (int)strcspn(text, "/?");

  snprintf(ret_address, size, "%.*s", len, text);
  return split_address(ret_address, host, sizeof(host), &service) == MP_OK;
}

int
port_tcp_explain(const struct mp_host *host, const char *device)
{
  const char *slashes = strstr(device, "://");
  const char *rest = slashes ? slashes + 3 : device;
  char address[256];

  /* socat writes tcp:HOST:PORT. */
  if (!slashes && strncasecmp(device, "tcp:", 4) == 0)
    rest += 4;
  if (!is_address(rest, address, sizeof(address))) {
    if (!slashes)
      return MP_OK;
    snprintf(address, sizeof(address), "HOST:PORT");
  }
  if (strncasecmp(device, "rfc2217:", 8) == 0 ||
      strncasecmp(device, "telnet:", 7) == 0)
    return mp_fail(
      host, MP_ECONFIG, device,
      "RFC 2217 and telnet are not supported: set the serial server "
      "to raw TCP and to the meter's baud, and device to tcp://%s",
      address);
  return mp_fail(host, MP_ECONFIG, device,
                 "not the name of a port: for a serial server, set device to "
                 "tcp://%s",
                 address);
}

uint32_t
port_tcp_files(const char *device)
{
  uint8_t address[sizeof(struct in6_addr)];
  uint32_t lock = lock_table_is_separate() ? 0 : 1;
  const char *service;
  char name[256];

  if (split_host_and_port(device, name, sizeof(name), &service) == MP_OK &&
      (inet_pton(AF_INET, name, address) == 1 ||
       inet_pton(AF_INET6, name, address) == 1))
    return lock + NUMERIC_FILES;
  return lock + NAME_FILES;
}

/* Connects to one address.  Returns MP_OK; MP_DROP with errno set; MP_ECANCELED
 * or MP_ETIMEOUT when the cycle must end. */
static int
connect_one(struct port *port, const struct addrinfo *address)
{
  int on = 1;
  int err = 0;
  socklen_t size = sizeof(err);
  int r;

  port->fd = socket(address->ai_family,
                    address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    address->ai_protocol);
  if (port->fd < 0)
    return MP_DROP;
  /* Send each request at once: the meter drops a request with gaps. */
  setsockopt(port->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(port->fd, address->ai_addr, address->ai_addrlen) == 0)
    return MP_OK;
  if (errno != EINPROGRESS && errno != EINTR)
    return MP_DROP;
  r = port_wait(port->host, port->fd, POLLOUT, port_clock() + CONNECT_MS);
  if (r == MP_DROP)
    errno = ETIMEDOUT;
  if (r != MP_OK)
    return r;
  if (getsockopt(port->fd, SOL_SOCKET, SO_ERROR, &err, &size) < 0)
    return MP_DROP;
  errno = err;
  return err == 0 ? MP_OK : MP_DROP;
}

/* Connects to the first address that accepts.  Returns MP_OK; MP_DROP with
 * errno set; MP_ECANCELED or MP_ETIMEOUT when the cycle must end. */
static int
connect_any(struct port *port, const struct addrinfo *list)
{
  int r = MP_DROP;
  int err = EADDRNOTAVAIL;

  for (const struct addrinfo *address = list; address && r == MP_DROP;
       address = address->ai_next) {
    r = connect_one(port, address);
    if (r == MP_OK)
      return MP_OK;
    err = errno;
    if (port->fd >= 0)
      close(port->fd);
    port->fd = -1;
  }
  errno = err;
  return r;
}

static int
cannot_connect(const struct port *port, int err)
{
  if (err == EMFILE || err == ENFILE)
    return port_no_files(port->host, port->device, err);
  return mp_fail(port->host, MP_EIO, port->device,
                 "cannot connect to the serial server: %s", strerror(err));
}

/* Looks up the server's name and connects.  Returns MP_OK; MP_ETIMEOUT or
 * MP_ECANCELED (not reported); or another reason (reported). */
static int
look_up_and_connect(struct port *port)
{
  struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
  struct addrinfo *list = NULL;
  const char *service;
  char name[256];
  int r;

  if (split_host_and_port(port->device, name, sizeof(name), &service) != MP_OK)
    return bad_name(port->host, port->device);
  r = getaddrinfo(name, service, &hints, &list);
  if (r == EAI_SERVICE)
    return bad_name(port->host, port->device);
  if (r == EAI_SYSTEM && (errno == EMFILE || errno == ENFILE))
    return cannot_connect(port, errno);
  if (r != 0)
    return mp_fail(port->host, MP_EIO, port->device,
                   "cannot resolve the name of the serial server: %s",
                   r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
  r = connect_any(port, list);
  if (r == MP_DROP)
    r = cannot_connect(port, errno);
  freeaddrinfo(list);
  return r;
}

int
port_tcp_open(struct port *port, int64_t until)
{
  const char *service;
  char name[256];
  int r;

  if (split_host_and_port(port->device, name, sizeof(name), &service) != MP_OK)
    return bad_name(port->host, port->device);
  r =
    port_try_until(port->host, port->device, port_lock_try, until, &port->lock);
  if (r != MP_OK)
    return r;
  r = look_up_and_connect(port);
  if (r == MP_ECANCELED)
    return mp_fail(port->host, r, port->device, "interrupted while connecting");
  return r == MP_ETIMEOUT ? cannot_connect(port, ETIMEDOUT) : r;
}

int
port_tcp_reconnect(struct port *port)
{
  close(port->fd);
  port->fd = -1;
  return look_up_and_connect(port);
}
