/*
 * A line that can be cut at any byte: stands between the program and a server,
 * or between the program and the tty of a meter, and passes on what comes, but
 * for the one thing that was ordered.
 *
 * Bytes are counted for each way, from 0, from the order on, whatever
 * connections they come over.
 */
#ifndef FAULTS_PROXY_H
#define FAULTS_PROXY_H

#include <stdbool.h>
#include <stddef.h>

struct proxy;

enum proxy_way {
  PROXY_THERE, /* from the program: requests */
  PROXY_BACK,  /* to it: replies */
};

enum proxy_what {
  PROXY_PASS,
  PROXY_CUT,    /* ends the connection in place of the byte */
  PROXY_RESET,  /* the same, by a reset */
  PROXY_LOSE,   /* the byte does not arrive */
  PROXY_CHANGE, /* another one does */
  PROXY_ADD,    /* one more arrives before it */
  PROXY_PAUSE,  /* it and all after it come half a second late */
  PROXY_STALL,  /* the same, one and a half seconds late */
};

/* How a server behaves in telnet mode. */
#define PROXY_NEGOTIATES 1 /* sends options at connect */
#define PROXY_DOUBLES 2    /* replies have FF FF for FF */

/* In front of 127.0.0.1:PORT, or of the tty at PATH.  Ends the program when it
 * cannot be done. */
struct proxy *proxy_start(unsigned port);
struct proxy *proxy_start_tty(const char *path);
/* Accepts NULL. */
void proxy_stop(struct proxy *p);

unsigned proxy_port(const struct proxy *p);

/* From now on in telnet mode: PROXY_NEGOTIATES, PROXY_DOUBLES, or both. */
void proxy_telnet(struct proxy *p, unsigned mode);

/* WHAT is done at byte AT; counts begin anew. */
void proxy_order(struct proxy *p, enum proxy_what what, enum proxy_way way,
                 size_t at);

/* Whether byte AT came by since the order. */
bool proxy_struck(struct proxy *p);

/* Bytes that came that way since the order. */
size_t proxy_bytes(struct proxy *p, enum proxy_way way);

#endif
