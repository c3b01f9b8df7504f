/*
 * Publishes: first the configs of discovery that are missing or differ, then
 * the states, then the deletion of what is left of former targets.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mqtt_protocol.h>

#include "plugins/mqtt/mqtt.h"
#include "plugins/mqtt/payload.h"

/* What one commit publishes.  Each message belongs to a topic. */
struct batch {
  struct mqtt *m;
  struct publication *list;
  struct topic **topics;
  struct payload_texts *texts; /* of states */
  size_t n;
  struct discovery_config *configs;
  size_t n_configs;
};

static int
no_memory(const struct mqtt *m)
{
  return mp_fail(m->host, MP_ENOMEM, NULL, "out of memory");
}

/* ---- Taking values ------------------------------------------------------- */

int
mqtt_begin(void *self, const struct mp_record *record)
{
  struct mqtt *m = self;
  int r = targets_learn(m);

  if (r != MP_OK)
    return r;
  return record_begin(&m->record, record) == MP_OK ? MP_OK : no_memory(m);
}

/* Converts VALUE to the unit that the target's option names, exactly. */
static int
convert_unit(const struct mqtt *m, uint32_t target, struct mp_value *value)
{
  const struct mp_host *host = m->host;
  const char *unit = host->target_option(host, target, "unit");
  struct mp_decimal number = value->number;

  if (!unit || value->kind == MP_TEXT)
    return MP_OK;
  if (host->unit_convert(&number, value->unit, unit, MP_EXACT) != MP_OK)
    return mp_fail(host, MP_ECONFIG, m->by_target[target]->name,
                   "%s cannot be converted to %s exactly; use a transform "
                   "convert, or another unit",
                   value->unit ? value->unit : "a number without a unit", unit);
  value->number = number;
  value->unit = unit;
  return MP_OK;
}

int
mqtt_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct mqtt *m = self;
  struct mp_value copy;
  int r = targets_learn(m);

  if (r != MP_OK)
    return r;
  if (target >= m->n)
    return mp_fail(m->host, MP_EINTERNAL, m->options.url,
                   "there is no target %lu", (unsigned long)target);
  mp_value_copy(&copy, value);
  r = convert_unit(m, target, &copy);
  if (r != MP_OK)
    return r;
  return record_write(&m->record, target, &copy) == MP_OK ? MP_OK
                                                          : no_memory(m);
}

/* ---- Making messages ----------------------------------------------------- */

static struct publication *
add_message(struct batch *b, struct topic *topic, const char *payload)
{
  struct publication *p = &b->list[b->n];

  *p = (struct publication){ .topic = topic->name, .payload = payload };
  b->topics[b->n++] = topic;
  return p;
}

/* Discovery asks for the newest value of a target.  Before the first one, the
 * last known value of a total is a 0 that is not displayed. */
static const struct mp_value *
newest_value(void *ctx, uint32_t target)
{
  struct mqtt *m = ctx;
  const struct mp_value *value = record_value(&m->record, target);
  const struct topic *topic = m->by_target[target];

  if (value || (!topic->is_displayed && !topic->id[0]))
    return value;
  return m->host->target_last(m->host, target);
}

static int
make_configs(struct batch *b)
{
  struct discovery d = targets_discovery(b->m, newest_value);

  return b->m->mode == DISCOVERY_OFF
           ? MP_OK
           : discovery_make(&d, &b->configs, &b->n_configs);
}

/* Adds CONFIG, and before it what removes entities that it no longer has. */
static int
add_config(struct batch *b, struct topic *topic,
           const struct discovery_config *config)
{
  char *removal = NULL;

  if (topic->text && strcmp(topic->text, config->text) == 0)
    return MP_OK;
  if (topic->text &&
      discovery_removal(topic->text, config->text, &removal) != MP_OK)
    return MP_ENOMEM;
  if (removal) {
    b->texts[b->n].payload.data = removal; /* is freed with it */
    add_message(b, topic, removal);
  }
  add_message(b, topic, config->text);
  return MP_OK;
}

static int
add_configs(struct batch *b)
{
  int r = MP_OK;

  for (size_t i = 0; r == MP_OK && i < b->n_configs; i++) {
    struct topic *topic = topics_find(&b->m->topics, b->configs[i].topic);

    if (topic)
      r = add_config(b, topic, &b->configs[i]);
  }
  return r;
}

/* Returns the seconds after which the broker is to delete VALUE; 0: never. */
static uint32_t
expiry_of(const struct mqtt *m, const struct mp_value *value)
{
  int64_t age = m->host->now(m->host) - value->time_ms;

  if (m->expire_ms == 0)
    return 0;
  if (age < 0)
    age = 0;
  return (uint32_t)((m->expire_ms - age + 999) / 1000);
}

static int
add_state(struct batch *b, uint32_t target, const struct mp_value *value)
{
  struct mqtt *m = b->m;
  struct payload_texts *texts = &b->texts[b->n];
  int r = m->plain
            ? payload_write_plain(&texts->payload, m->host, value)
            : payload_write(&texts->payload, m->host, value, m->record.id);
  struct publication *p;

  if (r != MP_OK)
    return r;
  p = add_message(b, m->by_target[target], texts->payload.data);
  p->expiry_s = expiry_of(m, value);
  if (m->plain)
    payload_add_properties(p, texts, value, m->record.id);
  return MP_OK;
}

static int
add_states(struct batch *b)
{
  int r = MP_OK;

  for (uint32_t i = 0; r == MP_OK && i < b->m->n; i++) {
    const struct mp_value *value = record_value(&b->m->record, i);

    if (value && !mqtt_is_expired(b->m, value->time_ms))
      r = add_state(b, i, value);
  }
  return r;
}

static void
add_deletions(struct batch *b)
{
  for (size_t i = 0; i < b->m->topics.n; i++)
    if (b->m->topics.list[i]->use == TOPIC_FORMER)
      add_message(b, b->m->topics.list[i], "");
}

static int
make_batch(struct batch *b)
{
  size_t most;
  int r = make_configs(b);

  most = 2 * b->n_configs + b->m->n + b->m->topics.n + 1;
  b->list = calloc(most, sizeof(*b->list));
  b->topics = calloc(most, sizeof(struct topic *));
  b->texts = calloc(most, sizeof(*b->texts));
  if (r != MP_OK || !b->list || !b->topics || !b->texts)
    return MP_ENOMEM;
  r = add_configs(b);
  if (r == MP_OK)
    r = add_states(b);
  add_deletions(b);
  return r;
}

static void
free_batch(struct batch *b)
{
  discovery_free(b->configs, b->n_configs);
  for (size_t i = 0; b->texts && i < b->n; i++)
    text_buffer_free(&b->texts[i].payload);
  free(b->list);
  free(b->topics);
  free(b->texts);
}

/* ---- Results ------------------------------------------------------------- */

/* Explains a refused message. */
static uint32_t
report_refusal(const struct mqtt *m, const struct publication *p)
{
  bool later = p->reason == MQTT_RC_IMPLEMENTATION_SPECIFIC ||
               p->reason == MQTT_RC_QUOTA_EXCEEDED;

  mp_fail(m->host, later ? MP_EAGAIN : MP_EREFUSED, p->topic,
          "the broker refused this topic: %s (code 0x%02X)%s",
          connection_reason(p->reason), (unsigned)p->reason,
          p->reason == MQTT_RC_NOT_AUTHORIZED
            ? "; give the user the right to write it"
            : "");
  return later ? MP_RETRY : MP_REJECTED;
}

static uint32_t
result_of(const struct mqtt *m, const struct publication *p)
{
  switch (p->result) {
  case PUBLISHED_ACCEPTED:
    return MP_ACCEPTED;
  case PUBLISHED_PERHAPS:
    return MP_PERHAPS;
  case PUBLISHED_REFUSED:
    return report_refusal(m, p);
  default:
    return MP_NOT_SENT;
  }
}

static void
take_state(struct mqtt *m, const struct mp_output_sink *sink,
           const struct publication *p, struct topic *topic)
{
  uint32_t result = result_of(m, p);

  if (result == MP_ACCEPTED) {
    topic->time_ms = record_value(&m->record, topic->target)->time_ms;
    if (!topic_set_text(&topic->id, m->record.id))
      topic->id[0] = '\0';
  }
  sink->result(sink, 0, topic->target, result);
}

static void
take_config(const struct mqtt *m, const struct publication *p,
            struct topic *topic)
{
  if (result_of(m, p) == MP_ACCEPTED &&
      !topic_set_text(&topic->text, p->payload))
    topic->text = NULL; /* it is published again */
}

static void
take_deletion(struct mqtt *m, const struct publication *p, struct topic *topic)
{
  if (result_of(m, p) != MP_ACCEPTED)
    return;
  mp_log(m->host, MP_LOG_NOTICE, topic->name,
         "deleted: this pipeline does not use this topic any more");
  topics_remove(&m->topics, topic);
}

static void
take_results(struct batch *b, const struct mp_output_sink *sink)
{
  for (size_t i = 0; i < b->n; i++) {
    struct topic *topic = b->topics[i];

    if (topic->use == TOPIC_STATE)
      take_state(b->m, sink, &b->list[i], topic);
    else if (topic->use == TOPIC_CONFIG)
      take_config(b->m, &b->list[i], topic);
    else
      take_deletion(b->m, &b->list[i], topic);
  }
}

/* A value that is too old to be displayed is done with. */
static void
accept_expired(struct mqtt *m, const struct mp_output_sink *sink)
{
  for (uint32_t i = 0; i < m->n; i++) {
    const struct mp_value *value = record_value(&m->record, i);

    if (!value || !mqtt_is_expired(m, value->time_ms))
      continue;
    sink->result(sink, 0, i, MP_ACCEPTED);
    m->by_target[i]->time_ms = value->time_ms;
    if (!topic_set_text(&m->by_target[i]->id, m->record.id))
      m->by_target[i]->id[0] = '\0';
  }
}

/* Nothing left: without this the host would assume that it may have. */
static int
give_up(struct mqtt *m, const struct mp_output_sink *sink, int reason)
{
  for (uint32_t i = 0; i < m->n; i++)
    if (record_value(&m->record, i))
      sink->result(sink, 0, i, MP_NOT_SENT);
  return reason;
}

int
mqtt_commit(void *self, const struct mp_output_sink *sink)
{
  struct mqtt *m = self;
  struct batch b = { .m = m };
  int r = mqtt_connect(m);

  if (r != MP_OK)
    return give_up(m, sink, r);
  r = make_batch(&b);
  if (r != MP_OK) {
    free_batch(&b);
    return give_up(m, sink, no_memory(m));
  }
  r = connection_publish(m->connection, b.list, b.n);
  accept_expired(m, sink);
  take_results(&b, sink);
  free_batch(&b);
  topics_save(&m->topics, m->host);
  return r;
}
