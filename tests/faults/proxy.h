/*
 * A proxy between the program and a server, or between the program and the tty
 * of a meter.  It passes all bytes on and applies one ordered fault, at any
 * byte.
 *
 * Bytes are counted from 0 in each direction, beginning with the order, across
 * all connections.
 */
#ifndef FAULTS_PROXY_H
#define FAULTS_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proxy;

enum proxy_way {
  PROXY_THERE, /* from the program: requests */
  PROXY_BACK,  /* to the program: replies */
};

enum proxy_what {
  PROXY_PASS,
  PROXY_CUT,    /* ends the connection in place of the byte */
  PROXY_RESET,  /* the same, with a TCP reset */
  PROXY_LOSE,   /* the byte does not arrive */
  PROXY_CHANGE, /* another byte arrives instead */
  PROXY_ADD,    /* an additional byte arrives before it */
  PROXY_PAUSE,  /* it and all later bytes arrive 0.5 s late */
  PROXY_STALL,  /* it and all later bytes arrive 1.5 s late */
  PROXY_HUSH,   /* it and all later bytes do not arrive; nothing ends */
  PROXY_CALL,   /* a function is called before it arrives */
};

/* Behaviour of the server in telnet mode, combined with |. */
#define PROXY_NEGOTIATES 1 /* sends telnet options when a client connects */
#define PROXY_DOUBLES 2    /* sends each byte FF of a reply as FF FF */

/* Starts a proxy in front of 127.0.0.1:PORT, or of the tty at PATH.  Exits with
 * status 99 and a message on failure. */
struct proxy *proxy_start(unsigned port);
struct proxy *proxy_start_tty(const char *path);
/* Accepts NULL. */
void proxy_stop(struct proxy *p);

unsigned proxy_port(const struct proxy *p);

/* Switches to telnet mode: PROXY_NEGOTIATES, PROXY_DOUBLES, or both. */
void proxy_telnet(struct proxy *p, unsigned mode);

/* Orders the fault WHAT for byte AT in direction WAY, and resets both
 * counts. */
void proxy_order(struct proxy *p, enum proxy_what what, enum proxy_way way,
                 size_t at);

/* Sets the function that PROXY_CALL calls, in the proxy's thread.  If it
 * returns false, the connection ends. */
void proxy_on_call(struct proxy *p, bool (*call)(void *ctx), void *ctx);

/* Sets the function that is called, in the proxy's thread, with all bytes that
 * come from the server and all bytes that are passed on to it; before those of
 * a new connection LINE, with LEN 0. */
void proxy_on_bytes(struct proxy *p,
                    void (*bytes)(void *ctx, unsigned line, enum proxy_way way,
                                  const uint8_t *buf, size_t len),
                    void *ctx);

/* Sets the function that says, in the proxy's thread, how many of LEN bytes may
 * pass: with fewer, the connection ends after them.  It is called with LEN 0
 * before those of a new connection. */
void proxy_on_pass(struct proxy *p,
                   size_t (*pass)(void *ctx, unsigned line, enum proxy_way way,
                                  const uint8_t *buf, size_t len),
                   void *ctx);

/* Waits until no connection is open, at most 5 s: after the end of the program,
 * its last bytes may still be on their way. */
void proxy_settle(struct proxy *p);

/* Returns whether the ordered byte has passed, so that the fault was
 * applied. */
bool proxy_struck(struct proxy *p);

/* Returns the number of bytes in direction WAY since the order. */
size_t proxy_bytes(struct proxy *p, enum proxy_way way);

#endif
