/*
 * A serial port: permission, lock, line settings, modem lines.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "lib/array.h"
#include "plugins/kmp/line/port_impl.h"

/* clang-format off */
static const struct {
  unsigned baud;
  speed_t speed;
} speeds[] = {
  { 300, B300 },
  { 600, B600 },
  { 1200, B1200 },
  { 2400, B2400 },
  { 4800, B4800 },
  { 9600, B9600 },
  { 19200, B19200 },
  { 38400, B38400 },
  { 57600, B57600 },
  { 115200, B115200 },
};
/* clang-format on */

/* The flags of c_cflag that read_back compares with the settings. */
#define LINE_FLAGS ((tcflag_t)(CSIZE | CSTOPB | PARENB | PARODD))

static int
no_permission(const struct mp_host *host, const char *device)
{
  struct stat st;
  struct group group;
  struct group *found = NULL;
  char buf[1024];

  if (stat(device, &st) == 0 &&
      (st.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP))
    getgrgid_r(st.st_gid, &group, buf, sizeof(buf), &found);
  if (!found)
    return mp_fail(host, MP_EPERM, device,
                   "permission denied; give this user read and write "
                   "access");
  return mp_fail(host, MP_EPERM, device,
                 "permission denied; add this user to the group %s "
                 "(usermod -a -G %s USER) and log in again",
                 found->gr_name, found->gr_name);
}

static int
cannot_open(const struct mp_host *host, const char *device, int err)
{
  switch (err) {
  case EACCES:
  case EPERM:
    return no_permission(host, device);
  case ENOENT:
  case ENOTDIR:
    if (port_tcp_explain(host, device) != MP_OK)
      return MP_ECONFIG;
    return mp_fail(host, MP_EIO, device, "no such port: %s",
                   strchr(device, '/')
                     ? "is the optical head plugged in?"
                     : "write its whole path, such as /dev/ttyUSB0");
  case ENXIO:
  case ENODEV:
    return mp_fail(host, MP_EIO, device,
                   "there is no device at this port (%s): is the optical "
                   "head plugged in?",
                   strerror(err));
  case EMFILE:
  case ENFILE:
    return port_no_files(host, device, err);
  case ENOMEM:
    return mp_fail(host, MP_ENOMEM, device, "%s", strerror(err));
  default:
    return mp_fail(host, MP_EIO, device, "cannot be opened: %s", strerror(err));
  }
}

static int
not_a_tty(const struct mp_host *host, const char *device)
{
  return mp_fail(host, MP_ECONFIG, device,
                 "not a serial port: set device to a tty such as "
                 "/dev/ttyUSB0, or to tcp://HOST:PORT");
}

/* Opens the device, checks that it is a tty, and locks it; a port_try.  The
 * lock is only a flock(), which ends with the process.  TIOCEXCL would outlive
 * a killed run for as long as any other process has the port open, and refuse
 * every later run. */
static int
try_tty(const struct mp_host *host, const char *device, int *ret_fd)
{
  struct stat st;
  int fd;

  *ret_fd = -1;
  /* Open nothing but a character device: opening others may block or start
   * something. */
  if (stat(device, &st) < 0)
    return cannot_open(host, device, errno);
  if (!S_ISCHR(st.st_mode))
    return not_a_tty(host, device);
  /* O_NONBLOCK: without a carrier, open() would wait for one. */
  fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 && errno == EBUSY)
    return MP_EBUSY; /* another program set TIOCEXCL */
  if (fd < 0)
    return cannot_open(host, device, errno);
  if (!isatty(fd)) {
    bool gone = errno == EIO;

    close(fd);
    return gone ? cannot_open(host, device, EIO) : not_a_tty(host, device);
  }
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    int err = errno;

    close(fd);
    return err == EWOULDBLOCK ? MP_EBUSY : cannot_open(host, device, err);
  }
  *ret_fd = fd;
  return MP_OK;
}

static int
find_speed(unsigned baud, speed_t *ret_speed)
{
  for (size_t i = 0; i < ARRAY_SIZE(speeds); i++) {
    if (speeds[i].baud == baud) {
      *ret_speed = speeds[i].speed;
      return MP_OK;
    }
  }
  return MP_ECONFIG;
}

static tcflag_t
line_flags(const struct port_settings *settings)
{
  tcflag_t flags = CS8;

  if (settings->stop_bits == 2)
    flags |= CSTOPB;
  if (settings->parity != 'N')
    flags |= PARENB;
  if (settings->parity == 'O')
    flags |= PARODD;
  return flags;
}

/* Checks that the port now has the settings: drivers may silently ignore those
 * that their hardware does not support.  Returns MP_OK or a reason
 * (reported). */
static int
read_back(struct port *port, const struct port_settings *settings,
          speed_t speed)
{
  tcflag_t wanted = line_flags(settings);
  struct termios now;

  if (tcgetattr(port->fd, &now) < 0)
    return cannot_open(port->host, port->device, errno);
  if (cfgetospeed(&now) != speed || cfgetispeed(&now) != speed)
    return mp_fail(
      port->host, MP_ECONFIG, port->device,
      "the port does not support %u baud: set baud to a speed that it supports",
      settings->baud);
  if ((now.c_cflag & LINE_FLAGS) == wanted)
    return MP_OK;
  if (((now.c_cflag ^ wanted) & LINE_FLAGS) == CSTOPB) {
    mp_log(
      port->host, MP_LOG_WARNING, port->device,
      "the port does not support %u stop bits; most meters work all the same",
      settings->stop_bits);
    return MP_OK;
  }
  return mp_fail(port->host, MP_ECONFIG, port->device,
                 "the port does not support 8 data bits with parity %s: set "
                 "parity to one that it supports",
                 settings->parity == 'N'   ? "none"
                 : settings->parity == 'E' ? "even"
                                           : "odd");
}

static int
set_line(struct port *port, const struct port_settings *settings)
{
  struct termios raw;
  speed_t speed;

  if (find_speed(settings->baud, &speed) != MP_OK)
    return mp_fail(port->host, MP_ECONFIG, port->device,
                   "%u is not a speed of serial ports", settings->baud);
  if (tcgetattr(port->fd, &port->old) < 0)
    return cannot_open(port->host, port->device, errno);
  port->has_old = true;
  raw = port->old;
  cfmakeraw(&raw);
  raw.c_cflag &= ~(LINE_FLAGS | CRTSCTS);
  raw.c_cflag |= line_flags(settings) | CREAD | CLOCAL;
  raw.c_iflag &= ~(tcflag_t)(IXOFF | IXANY | INPCK);
  raw.c_iflag |= IGNBRK; /* light on the eye gives no 00 byte */
  /* With VMIN 0 a non-blocking read without data returns 0, as it does on an
   * unplugged port. */
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  cfsetispeed(&raw, speed);
  cfsetospeed(&raw, speed);
  if (tcsetattr(port->fd, TCSANOW, &raw) < 0)
    return cannot_open(port->host, port->device, errno);
  return read_back(port, settings, speed);
}

/* Raises or drops one modem line; it may power the optical head.  A port
 * without modem lines (ENOTTY, EINVAL, ENOSYS) is no error: it powers
 * nothing. */
static int
set_modem_line(struct port *port, int line, bool up)
{
  if (ioctl(port->fd, up ? TIOCMBIS : TIOCMBIC, &line) == 0)
    return MP_OK;
  if (errno == ENOTTY || errno == EINVAL || errno == ENOSYS)
    return MP_OK;
  return cannot_open(port->host, port->device, errno);
}

int
port_tty_open(struct port *port, const struct port_settings *settings,
              int64_t until)
{
  int r = port_try_until(port->host, port->device, try_tty, until, &port->fd);

  if (r != MP_OK)
    return r;
  r = set_line(port, settings);
  if (r != MP_OK)
    return r;
  r = set_modem_line(port, TIOCM_DTR, settings->dtr);
  if (r != MP_OK)
    return r;
  r = set_modem_line(port, TIOCM_RTS, settings->rts);
  if (r != MP_OK)
    return r;
  tcflush(port->fd, TCIOFLUSH);
  return MP_OK;
}

void
port_tty_restore(struct port *port)
{
  if (!port->has_old)
    return;
  /* Discard unsent bytes: close() would wait for them. */
  tcflush(port->fd, TCIOFLUSH);
  tcsetattr(port->fd, TCSANOW, &port->old);
}
