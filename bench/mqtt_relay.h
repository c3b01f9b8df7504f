/*
 * A relay between a client and an MQTT broker, which records and times both,
 * and the bare client: it sends what another client sent, and does nothing
 * else.
 */
#ifndef BENCH_MQTT_RELAY_H
#define BENCH_MQTT_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/mqtt_packet.h"

/* The bytes of one direction of a connection. */
struct stream {
  uint8_t *bytes;
  size_t len, parsed;
};

/* Returns the next packet, valid until the stream grows, or false if there is
 * no complete one. */
bool stream_next(struct stream *s, struct mqtt_packet *ret);
void stream_clear(struct stream *s);

struct connection_record {
  struct stream sent, answers; /* by the client, and by the broker */
  int64_t begun_us, ended_us;  /* first byte sent; the last PUBACK left */
  unsigned acknowledged;       /* PUBACKs */
  bool is_held;                /* the kernel still holds a PUBACK back */
};

/* Clears R; the relay's thread waits for one connection, and relays and records
 * it to its end.  BROKER is the path of the broker's Unix socket. */
void relay_begin(struct connection_record *r, const char *broker);
/* Returns the port of 127.0.0.1 that the relay listens on; always the same. */
unsigned relay_port(void);
/* Waits until the connection has ended. */
void relay_end(void);
void record_clear(struct connection_record *r);

/* Connects to PORT and sends the packets of SENT, in order, each as soon as the
 * broker takes it. */
void bare_client_run(unsigned port, struct stream *sent);

#endif
