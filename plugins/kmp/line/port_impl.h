/*
 * What port.c shares with the two kinds of port, port_tty.c and port_tcp.c.
 */
#ifndef KMP_PORT_IMPL_H
#define KMP_PORT_IMPL_H

#include <termios.h>

#include "plugins/kmp/line/port.h"

struct port {
  const struct mp_host *host;
  const char *device;
  int fd;
  int lock_fd; /* of a network port: the name that it is locked by; or -1 */
  struct termios old;
  int has_old; /* a tty, with settings to give back */
  unsigned reconnects;
};

/* Reports that the limit of open files does not let us open DEVICE. */
int port_no_files(const struct mp_host *host, const char *device, int err);

/* Waits until FD (-1: none) is ready for EVENTS.  MP_OK, MP_DROP when it was
 * not until UNTIL, MP_ECANCELED or MP_ETIMEOUT when the cycle must end.
 * Reports nothing. */
int port_wait(const struct mp_host *host, int fd, short events, int64_t until);

/* One attempt to get hold of DEVICE: MP_OK; MP_EBUSY when another program has
 * it (not reported), with *ret_fd a socket that hangs up when it does no more,
 * or -1; or another reason (reported). */
typedef int (*port_try)(const struct mp_host *host, const char *device,
                        int *ret_fd);

/* Tries until it succeeds, fails for another reason than MP_EBUSY, or UNTIL.
 * Reports all but success. */
int port_try_until(const struct mp_host *host, const char *device,
                   port_try attempt, int64_t until, int *ret_fd);

/* Opens each kind; PORT has host, device, and descriptors of -1.  What was
 * opened until a failure is left in PORT, for port_close. */
int port_tty_open(struct port *port, const struct port_settings *settings,
                  int64_t until);
int port_tcp_open(struct port *port, int64_t until);

/* Connects once more, in place of a connection that was lost.  MP_OK; MP_EIO
 * (reported); MP_ETIMEOUT, MP_ECANCELED: the cycle must end (not reported). */
int port_tcp_reconnect(struct port *port);

/* Gives the old settings back; leaves the descriptor open. */
void port_tty_restore(struct port *port);

/* HOST:PORT of DEVICE if that names a serial server; else NULL. */
const char *port_tcp_address(const char *device);

/* DEVICE is no file: reports a name of a serial server that is written in
 * another way (MP_ECONFIG); else MP_OK. */
int port_tcp_explain(const struct mp_host *host, const char *device);

/* The lock of a serial server, a port_try.  MP_OK with *ret_fd -1: another user
 * holds the lock who is not waited for, and that was reported. */
int port_lock_try(const struct mp_host *host, const char *device, int *ret_fd);
/* Writes who holds the lock that the socket of an MP_EBUSY leads to, or "". */
void port_lock_user(int fd, char *buf, size_t size);

/* Room for the words about a process. */
#define PORT_USER 128

/* Writes "NAME (process N)"; returns BUF. */
const char *port_process(pid_t pid, char *buf, size_t size);
/* Writes that of a process that has the device PATH open, under whatever name,
 * or "" where /proc does not tell. */
void port_user(const char *path, char *buf, size_t size);

#endif
