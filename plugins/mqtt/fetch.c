/* Reads what the broker has retained: the states of the targets, and the
 * configs of discovery. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/mqtt/mqtt.h"
#include "plugins/mqtt/payload.h"

/* After this many reads in a row without the last value, the broker is
 * blamed. */
#define MANY_MISSES 2

struct reading {
  struct mqtt *m;
  const struct mp_output_sink *sink;
  bool no_memory;
};

int
mqtt_connect(struct mqtt *m)
{
  if (m->connection && connection_is_up(m->connection))
    return MP_OK;
  connection_close(m->connection);
  m->connection = NULL;
  return connection_open(m->host, &m->options, &m->connection);
}

bool
mqtt_is_expired(const struct mqtt *m, int64_t time_ms)
{
  return m->expire_ms > 0 && m->host->now(m->host) - time_ms >= m->expire_ms;
}

/* ---- Misses -------------------------------------------------------------- */

/* Returns whether ID is an older one than that of LAST, of the same state. */
static bool
is_older(const char *id, const char *last)
{
  const char *dash = strrchr(last, '-');
  size_t len = dash ? (size_t)(dash - last) + 1 : 0, a, b;

  if (len == 0 || strncmp(id, last, len) != 0)
    return false;
  a = strlen(id + len);
  b = strlen(last + len);
  return a != b ? a < b : strcmp(id + len, last + len) < 0;
}

/* Counts a read of TOPIC, which displays the record ID; NULL: nothing. */
static void
count_misses(struct topic *topic, const char *id)
{
  bool missed = topic->id[0] && (!id || is_older(id, topic->id));

  topic->misses = missed ? topic->misses + 1 : 0;
}

/* Reports topics that the broker acknowledges but does not show. */
static void
report_misses(const struct mqtt *m)
{
  const struct topic *first = NULL;
  unsigned n = 0;

  for (uint32_t i = 0; i < m->n; i++)
    if (m->by_target[i]->misses >= MANY_MISSES && n++ == 0)
      first = m->by_target[i];
  if (n == 1)
    mp_fail(m->host, MP_EREFUSED, first->name,
            "the broker acknowledges this topic but does not keep it, or does "
            "not show it: check its ACL and persistence");
  else if (n > 1)
    mp_fail(m->host, MP_EREFUSED, first->name,
            "the broker acknowledges this topic and %u others but does not "
            "keep them, or does not show them: check its ACL and persistence",
            n - 1);
}

/* ---- Answers ------------------------------------------------------------- */

static void
show(const struct reading *r, uint32_t target, uint32_t answer,
     const struct mp_value *value, const char *id)
{
  const struct mp_shown shown = {
    .struct_size = sizeof(shown),
    .target = target,
    .answer = answer,
    .place = MP_EXACT,
    .value = value,
    .id = id,
  };

  r->sink->shown(r->sink, &shown);
}

static void
show_state(struct reading *r, struct topic *topic,
           const struct message *message)
{
  struct payload payload;
  int answer = payload_read(r->m->host, message, &payload);

  if (answer == MP_ENOMEM)
    r->no_memory = true;
  if (answer == MP_EDATA)
    mp_log(r->m->host, MP_LOG_NOTICE, topic->name,
           "holds something that is no value; it is replaced by the next one");
  if (answer != MP_OK)
    return;
  topic->is_displayed = true;
  count_misses(topic, payload.id);
  show(r, topic->target, MP_SHOWN_VALUE, &payload.value, payload.id);
  payload_free(&payload);
}

static void
take_message(void *ctx, const struct message *message)
{
  struct reading *r = ctx;
  struct topic *topic = topics_find(&r->m->topics, message->topic);

  if (!topic)
    return;
  if (topic->use == TOPIC_STATE || topic->use == TOPIC_READ)
    show_state(r, topic, message);
  if (topic->use == TOPIC_CONFIG &&
      !topic_set_text(&topic->text, message->payload))
    r->no_memory = true;
}

/*
 * Answers for a target without a retained state.  If the state has expired as
 * `expire` wants it, that is no loss: the answer is the value that was there.
 */
static void
show_missing(const struct reading *r, uint32_t target)
{
  struct topic *topic = r->m->by_target[target];
  const struct mp_value *last = r->m->host->target_last(r->m->host, target);

  if (topic->id[0] && last && mqtt_is_expired(r->m, topic->time_ms)) {
    show(r, target, MP_SHOWN_VALUE, last, topic->id);
    return;
  }
  count_misses(topic, NULL);
  show(r, target, MP_SHOWN_FORGOTTEN, NULL, NULL);
}

/* ---- Reading ------------------------------------------------------------- */

static void
forget_displays(struct mqtt *m)
{
  for (size_t i = 0; i < m->topics.n; i++) {
    struct topic *topic = m->topics.list[i];

    topic->is_displayed = false;
    free(topic->text);
    topic->text = NULL;
  }
}

static int
read_topics(struct reading *r, char *const *filters, size_t n, bool quietly)
{
  forget_displays(r->m);
  return connection_read(r->m->connection, filters, n, quietly, take_message,
                         r);
}

/* Reads all.  A connection of an earlier cycle may turn out to be dead. */
static int
read_all(struct reading *r, char *const *filters, size_t n)
{
  struct mqtt *m = r->m;
  const struct connection *before = m->connection;
  int result = mqtt_connect(m);

  if (result == MP_OK)
    result = read_topics(r, filters, n, before == m->connection);
  if (result != MP_DROP)
    return result;
  result = mqtt_connect(m);
  return result == MP_OK ? read_topics(r, filters, n, false) : result;
}

/* Returns the filter for the configs, from malloc: all have the same two last
 * levels but one.  NULL: there are none, or memory ran out. */
static char *
config_filter(const struct mqtt *m)
{
  const struct topic *config = NULL;
  char *filter = NULL;
  const char *slash;

  for (size_t i = 0; i < m->topics.n && !config; i++)
    if (m->topics.list[i]->use == TOPIC_CONFIG)
      config = m->topics.list[i];
  if (!config)
    return NULL;
  slash = memrchr(config->name, '/', strlen(config->name) - strlen("/config"));
  return asprintf(&filter, "%.*s/+/config", (int)(slash - config->name),
                  config->name) < 0
           ? NULL
           : filter;
}

/* Two filters fit all topics. */
static int
read_filters(struct reading *r)
{
  struct mqtt *m = r->m;
  char *filters[2] = { NULL, config_filter(m) };
  int result;

  if (asprintf(&filters[0], "%s/#", m->topic) < 0)
    return mp_fail(m->host, MP_ENOMEM, NULL, "out of memory");
  result = read_all(r, filters, filters[1] ? 2 : 1);
  free(filters[0]);
  free(filters[1]);
  return result;
}

/* The broker might not send so many messages for one filter. */
static int
read_names(struct reading *r)
{
  const struct topics *topics = &r->m->topics;
  char **names = calloc(topics->n, sizeof(*names));
  int result;

  if (!names)
    return mp_fail(r->m->host, MP_ENOMEM, NULL, "out of memory");
  for (size_t i = 0; i < topics->n; i++)
    names[i] = topics->list[i]->name;
  result = read_all(r, names, topics->n);
  free(names);
  return result;
}

int
mqtt_fetch(void *self, const struct mp_output_sink *sink)
{
  struct mqtt *m = self;
  struct reading r = { .m = m, .sink = sink };
  int result = targets_learn(m);

  if (result == MP_OK)
    result =
      m->topics.n > CONNECTION_AT_ONCE ? read_names(&r) : read_filters(&r);
  if (result == MP_OK && r.no_memory)
    result = mp_fail(m->host, MP_ENOMEM, NULL, "out of memory");
  if (result != MP_OK)
    return result;
  for (uint32_t i = 0; i < m->n; i++)
    if (!m->by_target[i]->is_displayed)
      show_missing(&r, i);
  report_misses(m);
  return topics_save(&m->topics, m->host);
}
