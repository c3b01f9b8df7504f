/*
 * A connection to an MQTT broker, by libmosquitto: reads retained messages, and
 * publishes.  Knows nothing of values and targets.
 *
 * Each connection has a libmosquitto handle of its own, which ends with it: a
 * handle that connects again sends the messages again that were not answered.
 */
#ifndef MQTT_CONNECTION_H
#define MQTT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/mqtt/address.h"

struct connection;

/* The strings must live as long as the connection; NULL: not given. */
struct connection_options {
  const char *url; /* for messages */
  struct address address;
  const char *client_id; /* NULL: a random one */
  const char *username, *password;
  const char *ca_file, *cert_file, *key_file;
  bool tls_verify;
  bool mqtt_3; /* 3.1.1 instead of 5 */
  int64_t timeout_ms;
};

/* Initialises libmosquitto for this process; connection_exit undoes it. */
void connection_init(void);
void connection_exit(void);

/* Connects.  MP_OK and *RET, or a reason, reported. */
int connection_open(const struct mp_host *host,
                    const struct connection_options *options,
                    struct connection **ret);
/* Accepts NULL. */
void connection_close(struct connection *c);

/* Returns false if the connection has been found to be lost. */
bool connection_is_up(struct connection *c);

/* ---- Reading --------------------------------------------------------------
 */

struct message_property {
  char *name, *value;
};

/*
 * The most topics to read at once.  Mosquitto drops those messages of a
 * subscription that neither the socket nor its queue has room for
 * (max_queued_messages, 1000), and version 2.0.11 then sends nothing more on
 * this connection.
 */
#define CONNECTION_AT_ONCE 100

/* A retained message. */
struct message {
  const char *topic;
  const char *payload; /* ends with a NUL that LEN does not count */
  size_t len;
  const struct message_property *properties; /* of the user, MQTT 5 */
  size_t n_properties;
};

/* Calls FN for each retained message whose topic fits one of the N filters, of
 * which it subscribes to CONNECTION_AT_ONCE at a time.  MP_OK; or a reason,
 * reported.  QUIETLY, for a connection of an earlier cycle: MP_DROP if it turns
 * out to be dead, not reported. */
int connection_read(struct connection *c, char *const *filters, size_t n,
                    bool quietly,
                    void (*fn)(void *ctx, const struct message *message),
                    void *ctx);

/* ---- Publishing -----------------------------------------------------------
 */

enum published {
  PUBLISHED_NOT,      /* certainly did not leave */
  PUBLISHED_PERHAPS,  /* left, without an answer */
  PUBLISHED_ACCEPTED, /* acknowledged */
  PUBLISHED_REFUSED   /* acknowledged with the error `reason` */
};

struct publication_property {
  const char *name, *value;
};

/* A message to be retained, with QoS 1.  The strings are borrowed. */
struct publication {
  const char *topic;
  const char *payload; /* ends with a NUL; "": deletes the retained message */
  struct publication_property properties[4];
  size_t n_properties;
  uint32_t expiry_s; /* MQTT 5: the broker deletes it after that; 0: never */
  /* Of connection_publish: */
  enum published result;
  int reason; /* MQTT 5 reason code */
  int mid;    /* libmosquitto's number */
};

/* Publishes and waits for the answers.  Sets the result of each.  MP_OK if all
 * were answered; or the reason, reported. */
int connection_publish(struct connection *c, struct publication *list,
                       size_t n);

/* The same for one message, while subscribed to its topic.  *RET_SEEN: whether
 * the broker sent it back. */
int connection_echo(struct connection *c, struct publication *p,
                    bool *ret_seen);

/* Returns the words for a reason code of PUBACK. */
const char *connection_reason(int reason);

#endif
