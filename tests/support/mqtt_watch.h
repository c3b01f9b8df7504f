/*
 * An observer of MQTT connections that pass through a proxy
 * (tests/faults/proxy.h): which messages the program published, which of them
 * the broker acknowledged, and which of them it displayed later.
 *
 *     w = mqtt_watch_new(proxy);
 *     ... runs ...
 *     for (i = 0; (m = mqtt_watch_message(w, i)); i++)
 *       ...
 *     mqtt_watch_free(w);          after proxy_stop
 */
#ifndef SUPPORT_MQTT_WATCH_H
#define SUPPORT_MQTT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/faults/proxy.h"
#include "tests/support/mqtt_packet.h"

/* A PUBLISH that was passed on to the broker. */
struct mqtt_message {
  char topic[MQTT_MAX_TOPIC];
  char *payload;
  char id[64]; /* of a state: from its payload or its user property; "": none */
  unsigned packet_id, qos, line;
  bool retain, dup;
  bool answered, acknowledged; /* a PUBACK came; one that is not a refusal */
  bool displayed; /* the broker sent a message with this topic and id later */
};

struct mqtt_watch;

struct mqtt_watch *mqtt_watch_new(struct proxy *p);
/* Call it after proxy_stop.  Accepts NULL. */
void mqtt_watch_free(struct mqtt_watch *w);

/* Message I since the last mqtt_watch_forget; NULL: there are fewer. */
const struct mqtt_message *mqtt_watch_message(struct mqtt_watch *w, size_t i);
/* Returns how many messages were published to a topic that begins with
 * PREFIX. */
size_t mqtt_watch_count(struct mqtt_watch *w, const char *prefix);
/* Returns the number of connections. */
unsigned mqtt_watch_connections(struct mqtt_watch *w);
void mqtt_watch_forget(struct mqtt_watch *w);

/* The positions of packets in direction WAY, as proxy_order counts bytes: where
 * packet I begins since the last mqtt_watch_mark (call it with each
 * proxy_order).  Returns false if there are fewer. */
bool mqtt_watch_packet(struct mqtt_watch *w, enum proxy_way way, size_t i,
                       size_t *ret_at);
void mqtt_watch_mark(struct mqtt_watch *w);

#endif
