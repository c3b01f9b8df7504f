/*
 * The line to the meter: sends and receives bytes with deadlines, through a
 * serial port or, over TCP, a serial server.
 *
 * While it is open, the port is reserved for this process.  Closing a serial
 * port restores its old settings.  All times are on port_clock().
 */
#ifndef KMP_PORT_H
#define KMP_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

/* The allowed speeds, in the form of an option table. */
#define PORT_BAUDS "300|600|1200|2400|4800|9600|19200|38400|57600|115200"

struct port;

struct port_settings {
  const char *device; /* path of a tty, tcp://HOST:PORT, socket://... */
  unsigned baud;
  char parity; /* 'N', 'E' or 'O' */
  unsigned stop_bits;
  bool dtr;
  bool rts;
};

/* Returns milliseconds on CLOCK_MONOTONIC. */
int64_t port_clock(void);

/* Returns a name that all names of the port DEVICE share: tcp://HOST:PORT, or
 * the path that symbolic links lead to.  The caller frees it.  NULL: there is
 * no such port, or memory is short. */
char *port_identity(const char *device);

/* Opens, locks and sets up the port.  Waits for another user of the port for at
 * most PATIENCE_MS, and not past the cycle's deadline.  settings->device must
 * outlive the port.  Returns MP_OK or a reason (reported): MP_ECONFIG,
 * MP_EPERM, MP_EIO, MP_EBUSY, MP_EAGAIN, MP_ECANCELED, MP_ENOMEM. */
int port_open(const struct mp_host *host, const struct port_settings *settings,
              int64_t patience_ms, struct port **ret_port);
/* Accepts NULL. */
void port_close(struct port *port);

/* Returns the most descriptors that an open port on DEVICE uses, and that
 * opening it needs. */
uint32_t port_files(const char *device);

/* True for a serial server: bytes come in packets, with network delays between
 * them. */
bool port_is_network(const struct port *port);

/* Writes LEN bytes, in one piece if the port accepts them so.  If the
 * connection is lost and replaced, writes all of them again.  Returns MP_OK;
 * MP_EIO: the port is gone or accepts nothing (reported); MP_ETIMEOUT,
 * MP_ECANCELED: the cycle must end (not reported). */
int port_write(struct port *port, const uint8_t *buf, size_t len);

/* True if any byte was written since the port was opened. */
bool port_has_written(const struct port *port);

/* Returns how often a lost connection was replaced: 0 or 1. */
unsigned port_reconnects(const struct port *port);

/* Waits for bytes until UNTIL and reads those available; *ret_len is 0 when
 * there are none.  Returns MP_OK; MP_DROP: the connection was lost and
 * replaced, so the last request gets no answer (logged), and *ret_len is 0;
 * MP_EIO: the port is gone (reported); MP_ETIMEOUT, MP_ECANCELED: the cycle
 * must end (not reported). */
int port_read(struct port *port, uint8_t *buf, size_t size, int64_t until,
              size_t *ret_len);

#endif
