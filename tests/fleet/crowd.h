/*
 * A proxy in front of many servers of 127.0.0.1, in one thread.  It resets a
 * percentage of the connections, each after a random number of bytes.
 */
#ifndef FLEET_CROWD_H
#define FLEET_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crowd;

/* Called in the thread of the proxy with the bytes of a connection, before they
 * are passed on.  THERE: to the server.  *ret_state is NULL at first, and freed
 * with free() at the end of the connection. */
typedef void (*crowd_bytes_fn)(void *ctx, void **ret_state, bool there,
                               const uint8_t *buf, size_t len);

struct crowd_counts {
  unsigned connections, resets;
};

/* Exits with status 99 and a message on failure. */
struct crowd *crowd_start(unsigned seed);
/* Accepts NULL. */
void crowd_stop(struct crowd *c);

/* Listens for the server on port BEHIND; returns the port of the proxy.  BYTES
 * may be NULL.  A reset comes within the first REACH bytes. */
unsigned crowd_add(struct crowd *c, unsigned behind, unsigned reach,
                   crowd_bytes_fn bytes, void *ctx);
void crowd_set_resets(struct crowd *c, unsigned percent);
struct crowd_counts crowd_count(struct crowd *c);

#endif
