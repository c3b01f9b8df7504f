/*
 * The mqtt output: its instance, and the functions that its files share.
 */
#ifndef MQTT_MQTT_H
#define MQTT_MQTT_H

#include <stdbool.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/mqtt/connection.h"
#include "plugins/mqtt/discovery.h"
#include "plugins/mqtt/topics.h"
#include "plugins/record/record.h"

struct mqtt {
  const struct mp_host *host;
  struct connection_options options;
  char *topic;        /* before the names of the targets */
  const char *prefix; /* of discovery */
  enum discovery_mode mode;
  bool plain;
  int64_t expire_ms; /* 0: never */
  struct connection *connection;
  struct topics topics;
  const char **states; /* the topic of each target, by number */
  struct topic **by_target;
  uint32_t n; /* of targets */
  struct record record;
  struct mqtt *next; /* of the open instances */
};

/* Reports that memory ran out; returns MP_ENOMEM. */
static inline int
mqtt_no_memory(const struct mqtt *m)
{
  return mp_fail(m->host, MP_ENOMEM, NULL, "out of memory");
}

/* ---- targets.c: the targets and their topics ------------------------------
 */

/* Learns the targets that are not known yet, and their topics.  MP_OK, or a
 * reason, reported. */
int targets_learn(struct mqtt *m);
/* Forgets all. */
void targets_forget(struct mqtt *m);

/* Returns what discovery needs to know.  VALUE_OF and CTX are its members. */
struct discovery
targets_discovery(struct mqtt *m,
                  const struct mp_value *(*value_of)(void *ctx, uint32_t i));

/* Returns NULL if TEXT can be the beginning of a topic, or its problem in
 * words. */
const char *targets_topic_problem(const char *text);

/* ---- fetch.c --------------------------------------------------------------
 */

/* Connects unless the connection of an earlier call is still open.  MP_OK, or a
 * reason, reported. */
int mqtt_connect(struct mqtt *m);
int mqtt_fetch(void *self, const struct mp_output_sink *sink);

/* Returns whether a state with a value of TIME_MS has expired. */
bool mqtt_is_expired(const struct mqtt *m, int64_t time_ms);

/* ---- send.c ---------------------------------------------------------------
 */

int mqtt_begin(void *self, const struct mp_record *record);
int mqtt_write(void *self, uint32_t target, const struct mp_value *value);
int mqtt_commit(void *self, const struct mp_output_sink *sink);

/* ---- manage.c -------------------------------------------------------------
 */

int mqtt_list(void *self, const struct mp_output_sink *sink);
int mqtt_check(void *self);

#endif
