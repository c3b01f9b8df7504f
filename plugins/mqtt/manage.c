/* Lists the retained states, and checks what the user may do. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/mqtt/mqtt.h"
#include "plugins/mqtt/payload.h"

/* ---- List ---------------------------------------------------------------- */

struct listing {
  struct mqtt *m;
  const struct mp_output_sink *sink;
};

/* Turns what follows PREFIX in TOPIC into the name of a target, in place. */
static char *
target_name(char *topic, const char *prefix)
{
  char *name = topic + strlen(prefix) + 1;

  for (char *p = name; *p; p++)
    if (*p == '/')
      *p = '.';
  return name;
}

static void
list_payload(const struct listing *l, const char *name,
             const struct payload *payload)
{
  char number[DECIMAL_TEXT], time[RFC3339_SIZE];
  const struct mp_value *value = &payload->value;
  struct mp_listed listed = { .struct_size = sizeof(listed),
                              .name = name,
                              .type = payload->id[0] ? "state" : "message",
                              .value = value->text,
                              .unit = value->unit };

  if (!value->text) {
    l->m->host->decimal_format(value->number, number, sizeof(number));
    listed.value = number;
  }
  if (value->time_ms)
    listed.updated = rfc3339_format(NULL, value->time_ms, time);
  l->sink->listed(l->sink, &listed);
}

static void
list_message(void *ctx, const struct message *message)
{
  const struct listing *l = ctx;
  struct payload payload;
  char *topic;

  if (strlen(message->topic) <= strlen(l->m->topic) + 1 ||
      payload_read(l->m->host, message, &payload) != MP_OK)
    return;
  topic = strdup(message->topic);
  if (topic)
    list_payload(l, target_name(topic, l->m->topic), &payload);
  free(topic);
  payload_free(&payload);
}

int
mqtt_list(void *self, const struct mp_output_sink *sink)
{
  struct mqtt *m = self;
  struct listing l = { m, sink };
  char *filter;
  int r = mqtt_connect(m);

  if (r != MP_OK)
    return r;
  if (asprintf(&filter, "%s/#", m->topic) < 0)
    return mqtt_no_memory(m);
  r = connection_read(m->connection, &filter, 1, false, list_message, &l);
  free(filter);
  return r;
}

/* ---- Check --------------------------------------------------------------- */

static void
note_retained(void *ctx, const struct message *message)
{
  bool *found = ctx;

  (void)message;
  *found = true;
}

/* Reports the right that the user lacks for the topic of P: P was SEEN when it
 * was sent, and RETAINED afterwards. */
static void
report_rights(const struct mqtt *m, const struct publication *p, bool seen,
              bool retained)
{
  if (p->result == PUBLISHED_REFUSED)
    mp_fail(m->host, MP_EREFUSED, p->topic,
            "the broker refuses to write this topic: %s; allow the user to "
            "write it, and all topics beside it",
            connection_reason(p->reason));
  else if (!seen && !retained)
    mp_fail(m->host, MP_EREFUSED, p->topic,
            "the broker does not show what was written here; allow the user to "
            "read%s this topic, and all topics beside it",
            m->options.mqtt_3 ? " and to write" : "");
  else if (!retained)
    mp_fail(m->host, MP_EREFUSED, p->topic,
            "the broker does not retain this topic; allow retained messages");
}

/* Writes a message below PREFIX, reads it back and deletes it. */
static int
try_topic(struct mqtt *m, char *topic)
{
  struct publication p = { .topic = topic, .payload = "meterpipe check" };
  struct publication deletion = { .topic = topic, .payload = "" };
  bool seen = false, retained = false;
  int r = connection_echo(m->connection, &p, &seen);

  if (r == MP_OK)
    r = connection_read(m->connection, &topic, 1, false, note_retained,
                        &retained);
  if (r != MP_OK)
    return r;
  report_rights(m, &p, seen, retained);
  return retained ? connection_publish(m->connection, &deletion, 1) : MP_OK;
}

static int
try_prefix(struct mqtt *m, const char *prefix)
{
  char *topic;
  int r;

  if (asprintf(&topic, "%s/check", prefix) < 0)
    return mqtt_no_memory(m);
  r = try_topic(m, topic);
  free(topic);
  return r;
}

int
mqtt_check(void *self)
{
  struct mqtt *m = self;
  int r = mqtt_connect(m);

  if (r == MP_OK)
    r = try_prefix(m, m->topic);
  if (r == MP_OK && m->mode != DISCOVERY_OFF)
    r = try_prefix(m, m->prefix);
  return r;
}
