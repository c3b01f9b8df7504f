/*
 * What the files of a connection share.
 */
#ifndef MQTT_CONNECTION_IMPL_H
#define MQTT_CONNECTION_IMPL_H

#include <mosquitto.h>

#include "plugins/mqtt/connection.h"
#include "plugins/mqtt/tls.h"

/* The most messages on the way without an answer: the broker's limit, and at
 * most libmosquitto's own. */
#define CONNECTION_ON_THE_WAY 20

enum stage { STAGE_CONNECTING, STAGE_UP, STAGE_LOST };

struct connection {
  const struct mp_host *host;
  struct connection_options options;
  struct mosquitto *mosquitto;
  struct tls *tls;
  enum stage stage;
  char why[256]; /* the connection was lost, or the library's last error */
  /* CONNACK */
  int connack; /* -1: none yet */
  bool may_not_retain, may_not_acknowledge;
  size_t most_on_the_way;
  /* Reading */
  int answered_mid; /* of the last SUBACK or UNSUBACK */
  int refused;      /* reason code of a refused subscription; 0: none */
  void (*on_message)(void *ctx, const struct message *message);
  void *on_message_ctx;
  const char *echo; /* a topic whose messages are awaited */
  bool is_echoed;
  /* Publishing */
  struct publication *list;
  size_t n, first; /* all before `first` have been answered */
};

/* Sets the callbacks of c->mosquitto. */
void connection_listen(struct connection *c);

/* Notes that the connection was lost, with CODE of the library.  Returns
 * MP_EAGAIN. */
int connection_lose(struct connection *c, int code);
/* Waits for the socket, for EVENTS of poll.  Returns those that came, 0 for
 * none yet, or MP_ETIMEOUT, MP_ECANCELED or MP_EIO. */
int connection_wait(const struct connection *c, short events, int64_t until);
/* Waits once until the broker, or the socket, lets the library go on.  MP_OK;
 * MP_EAGAIN: the connection is lost; MP_ETIMEOUT; MP_ECANCELED. */
int connection_turn(struct connection *c, int64_t until);
/* Reports that WHAT did not happen, because a wait returned R, which it
 * returns. */
int connection_report(const struct connection *c, int r, const char *what);

#endif
