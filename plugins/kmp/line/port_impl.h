/*
 * Shared by port.c and the two kinds of port, port_tty.c and port_tcp.c.
 */
#ifndef KMP_PORT_IMPL_H
#define KMP_PORT_IMPL_H

#include <stdbool.h>
#include <termios.h>

#include "plugins/kmp/line/port.h"

struct port {
  const struct mp_host *host;
  const char *device;
  int fd;
  int lock; /* of a network port, a number of lock_table.h; or -1 */
  struct termios old;
  bool has_old; /* a tty whose old settings must be restored */
  unsigned reconnects;
  bool has_written; /* at least one byte */
};

/* Reports that DEVICE cannot be opened because of the limit of open files.
 * Returns MP_EIO. */
int port_no_files(const struct mp_host *host, const char *device, int err);

/* Waits until FD (-1: none) is ready for EVENTS.  Returns MP_OK; MP_DROP when
 * it was not ready by UNTIL; MP_ECANCELED or MP_ETIMEOUT when the cycle must
 * end; MP_ENOMEM when poll() failed.  Reports nothing. */
int port_wait(const struct mp_host *host, int fd, short events, int64_t until);

/* One attempt to reserve DEVICE.  Returns MP_OK with *ret_fd; MP_EBUSY when
 * another program has it (not reported), with *ret_fd -1 or a socket that hangs
 * up when that program releases it; or another reason (reported). */
typedef int (*port_try)(const struct mp_host *host, const char *device,
                        int *ret_fd);

/* Repeats ATTEMPT until it succeeds, fails for another reason than MP_EBUSY, or
 * UNTIL has passed.  Reports every failure. */
int port_try_until(const struct mp_host *host, const char *device,
                   port_try attempt, int64_t until, int *ret_fd);

/* Open a serial port, or a connection to a serial server.  PORT has host and
 * device set, and its descriptors are -1.  After a failure, port_close closes
 * the descriptors that were opened. */
int port_tty_open(struct port *port, const struct port_settings *settings,
                  int64_t until);
int port_tcp_open(struct port *port, int64_t until);

/* As port_files, of a serial server. */
uint32_t port_tcp_files(const char *device);

/* Replaces a lost connection.  Returns MP_OK; MP_EIO (reported); MP_ETIMEOUT,
 * MP_ECANCELED: the cycle must end (not reported). */
int port_tcp_reconnect(struct port *port);

/* Restores the old settings; leaves the descriptor open. */
void port_tty_restore(struct port *port);

/* Returns HOST:PORT of DEVICE if that names a serial server, else NULL. */
const char *port_tcp_address(const char *device);

/* Checks a DEVICE that is no file.  Returns MP_ECONFIG when it names a serial
 * server in another notation (reported), else MP_OK. */
int port_tcp_explain(const struct mp_host *host, const char *device);

/* Locks a serial server; a port_try.  Returns MP_OK with a number for
 * lock_table_close in *ret_fd; or with -1 when the holder of the lock may not
 * run this pipeline or is unknown: the server is then used without the lock
 * (logged). */
int port_lock_try(const struct mp_host *host, const char *device, int *ret_fd);
/* Writes which process holds the lock, or "".  FD is the socket of an MP_EBUSY
 * from port_lock_try. */
void port_lock_user(int fd, char *buf, size_t size);

/* Buffer size for the description of a process. */
#define PORT_USER 128

/* Writes "NAME (process N)"; returns BUF. */
const char *port_process(pid_t pid, char *buf, size_t size);
/* Writes the same for a process that has the device PATH open, under any of its
 * names, or "" when /proc does not show one. */
void port_user(const char *path, char *buf, size_t size);

#endif
