/*
 * The line to the meter: the code that serial ports and serial servers share.
 *
 * Descriptors are non-blocking.  Every wait ends at its own deadline, at the
 * cycle's deadline, or when the host cancels the run.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/kmp/line/lock_table.h"
#include "plugins/kmp/line/port_impl.h"

/* The tty, and two directories of /proc to find its user. */
#define TTY_FILES 3
/* Time between two attempts to open a port in use. */
#define TRY_AGAIN_MS 100
/* Time limit for writing a request; a port that is slower never accepts it. */
#define WRITE_MS 2000

int
port_no_files(const struct mp_host *host, const char *device, int err)
{
  return mp_fail(host, MP_EIO, device,
                 "cannot be opened: %s: raise the limit of open files (ulimit "
                 "-n)",
                 strerror(err));
}

/* Reports which process uses the device.  LOCK is the socket connected to the
 * holder of the lock, or -1.  Returns MP_EBUSY. */
static int
report_busy(const struct mp_host *host, const char *device, int lock)
{
  char user[PORT_USER];

  if (lock >= 0)
    port_lock_user(lock, user, sizeof(user));
  else
    port_user(device, user, sizeof(user));
  if (user[0] != '\0')
    return mp_fail(host, MP_EBUSY, device,
                   "in use by %s: stop it, or read at other times", user);
  if (port_tcp_address(device))
    return mp_fail(host, MP_EBUSY, device,
                   "in use by another run of meterpipe: let it end, or read at "
                   "other times");
  return mp_fail(host, MP_EBUSY, device,
                 "in use by a program that this user cannot see: \"sudo fuser "
                 "-v %s\" names it; stop it, or read at other times",
                 device);
}

/* Waits until LOCK hangs up, or TRY_AGAIN_MS if it is -1.  Returns MP_OK: try
 * again; or a reason (reported). */
static int
wait_for_user(const struct mp_host *host, const char *device, int lock,
              int64_t until)
{
  int64_t next = port_clock() + TRY_AGAIN_MS;
  int r;

  if (port_clock() >= until)
    return report_busy(host, device, lock);
  r = port_wait(host, lock, 0, lock >= 0 || next > until ? until : next);
  if (r == MP_ECANCELED)
    return mp_fail(host, r, device, "interrupted while waiting for the port");
  if (r == MP_ETIMEOUT || (r == MP_DROP && lock >= 0))
    return report_busy(host, device, lock);
  if (r == MP_ENOMEM)
    return mp_fail(host, r, device, "cannot wait for the port");
  return MP_OK;
}

int
port_try_until(const struct mp_host *host, const char *device, port_try attempt,
               int64_t until, int *ret_fd)
{
  bool reported = false;

  for (;;) {
    int lock = -1;
    int r = attempt(host, device, &lock);

    if (r == MP_OK)
      *ret_fd = lock;
    if (r != MP_EBUSY)
      return r;
    if (!reported)
      mp_log(host, MP_LOG_INFO, device, "in use, waiting for it");
    reported = true;
    r = wait_for_user(host, device, lock, until);
    if (lock >= 0)
      close(lock);
    if (r != MP_OK)
      return r;
  }
}

uint32_t
port_files(const char *device)
{
  return port_tcp_address(device) ? port_tcp_files(device) : TTY_FILES;
}

char *
port_identity(const char *device)
{
  const char *address = port_tcp_address(device);
  char *name;

  if (!address)
    return realpath(device, NULL);
  return asprintf(&name, "tcp://%s", address) >= 0 ? name : NULL;
}

int
port_open(const struct mp_host *host, const struct port_settings *settings,
          int64_t patience_ms, struct port **ret_port)
{
  struct port *port = calloc(1, sizeof(*port));
  int64_t until = port_clock() + patience_ms;
  int r;

  if (!port)
    return mp_fail(host, MP_ENOMEM, settings->device, "out of memory");
  port->host = host;
  port->device = settings->device;
  port->fd = -1;
  port->lock = -1;
  if (port_tcp_address(settings->device))
    r = port_tcp_open(port, until);
  else
    r = port_tty_open(port, settings, until);
  if (r != MP_OK) {
    port_close(port);
    return r;
  }
  *ret_port = port;
  return MP_OK;
}

void
port_close(struct port *port)
{
  if (!port)
    return;
  port_tty_restore(port);
  if (port->fd >= 0)
    close(port->fd);
  if (port->lock >= 0)
    lock_table_close(port->lock);
  free(port);
}

bool
port_is_network(const struct port *port)
{
  return port_tcp_address(port->device);
}

bool
port_has_written(const struct port *port)
{
  return port->has_written;
}

unsigned
port_reconnects(const struct port *port)
{
  return port->reconnects;
}

static int
report_gone(const struct port *port, const char *why)
{
  if (port_is_network(port))
    return mp_fail(port->host, MP_EIO, port->device,
                   "the serial server ended the connection (%s): does another "
                   "program use it, and does it still run?",
                   why);
  return mp_fail(port->host, MP_EIO, port->device,
                 "the port is gone (%s): was the optical head unplugged?", why);
}

/* Handles a failed port; errno has the reason, 0 for the end of a connection.
 * Replaces a lost connection once and returns MP_DROP (logged); otherwise
 * returns a reason, as port_tcp_reconnect. */
static int
handle_lost_port(struct port *port)
{
  const char *why = errno == 0 ? "hung up" : strerror(errno);
  int r;

  if (!port_is_network(port) || port->reconnects > 0)
    return report_gone(port, why);
  mp_log(port->host, MP_LOG_INFO, port->device,
         "the serial server ended the connection (%s): connecting again", why);
  port->reconnects++;
  r = port_tcp_reconnect(port);
  return r == MP_OK ? MP_DROP : r;
}

/* Writes all bytes on one connection.  Returns as port_write, or as lost. */
static int
write_all(struct port *port, const uint8_t *buf, size_t len)
{
  int64_t until = port_clock() + WRITE_MS;

  /* No tcdrain(): it would wait for a line that does not drain, past every
   * deadline.  The session adds the request's time on the line to its own
   * wait. */
  while (len > 0) {
    ssize_t n = write(port->fd, buf, len);
    int r;

    if (n > 0) {
      port->has_written = true;
      buf += n;
      len -= (size_t)n;
      continue;
    }
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno != EAGAIN)
      return handle_lost_port(port);
    r = port_wait(port->host, port->fd, POLLOUT, until);
    if (r == MP_DROP)
      return mp_fail(port->host, MP_EIO, port->device,
                     "the port accepts no bytes: is it a serial port?");
    if (r != MP_OK)
      return r;
  }
  return MP_OK;
}

int
port_write(struct port *port, const uint8_t *buf, size_t len)
{
  int r;

  do
    r = write_all(port, buf, len);
  while (r == MP_DROP);
  return r;
}

/* Calls read() once.  Returns the number of bytes, 0 when there are none, or -1
 * with errno when the port is gone. */
static ssize_t
read_some(int fd, uint8_t *buf, size_t size)
{
  ssize_t n;

  do
    n = read(fd, buf, size);
  while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return 0;
  if (n == 0) {
    errno = 0; /* the end of a connection, or a tty that hung up */
    return -1;
  }
  return n;
}

int
port_read(struct port *port, uint8_t *buf, size_t size, int64_t until,
          size_t *ret_len)
{
  *ret_len = 0;
  for (;;) {
    int r = port_wait(port->host, port->fd, POLLIN, until);
    ssize_t n;

    if (r == MP_DROP)
      return MP_OK;
    if (r != MP_OK)
      return r;
    n = read_some(port->fd, buf, size);
    if (n < 0)
      return handle_lost_port(port);
    if (n > 0) {
      *ret_len = (size_t)n;
      return MP_OK;
    }
  }
}
