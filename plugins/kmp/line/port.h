/*
 * The line to the meter, as bytes with deadlines: a serial port, or a serial
 * server reached over TCP.
 *
 * The port is this process's alone while it is open, and a serial port has its
 * old settings back when it is closed.  All times are those of port_clock().
 */
#ifndef KMP_PORT_H
#define KMP_PORT_H

#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

/* The speeds that PORT_BAUDS allows, as an option table writes them. */
#define PORT_BAUDS "300|600|1200|2400|4800|9600|19200|38400|57600|115200"

struct port;

struct port_settings {
  const char *device; /* path of a tty, tcp://HOST:PORT, socket://... */
  unsigned baud;
  char parity; /* 'N', 'E' or 'O' */
  unsigned stop_bits;
  int dtr;
  int rts;
};

/* Milliseconds on CLOCK_MONOTONIC. */
int64_t port_clock(void);

/* Opens, locks and sets up the port.  Another user of it is waited for, at
 * most PATIENCE_MS and the time left of the cycle.  DEVICE must outlive the
 * port.  Reports what is wrong: MP_ECONFIG, MP_EPERM, MP_EIO, MP_EBUSY,
 * MP_EAGAIN, MP_ECANCELED, MP_ENOMEM. */
int port_open(const struct mp_host *host, const struct port_settings *settings,
              int64_t patience_ms, struct port **ret_port);
/* Accepts NULL. */
void port_close(struct port *port);

/* Whether bytes come in packets, with pauses of the network's between them. */
int port_is_network(const struct port *port);

/* Hands over LEN bytes, in one piece if the port takes them so; all of them
 * again where the connection was lost and made anew.  MP_EIO: the
 * port is gone or takes nothing (reported); MP_ETIMEOUT, MP_ECANCELED: the
 * cycle must end (not reported). */
int port_write(struct port *port, const uint8_t *buf, size_t len);

/* How often a connection that was lost was made anew: at most once. */
unsigned port_reconnects(const struct port *port);

/* Waits for bytes until UNTIL, then takes what is there; *ret_len is 0 when
 * nothing came.  MP_DROP: the connection was lost and made anew, so the answer
 * to what was written does not come (logged); *ret_len is 0.  MP_EIO: the port
 * is gone (reported); MP_ETIMEOUT, MP_ECANCELED: the cycle must end (not
 * reported). */
int port_read(struct port *port, uint8_t *buf, size_t size, int64_t until,
              size_t *ret_len);

#endif
