/* The targets of an output and their topics. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/utf8.h"
#include "plugins/mqtt/mqtt.h"

/* The longest topic of MQTT. */
#define MAX_TOPIC 65535

/* The instances that are open: two must not fill the same topics. */
static struct mqtt *open_instances;

static int
no_memory(const struct mqtt *m)
{
  return mp_fail(m->host, MP_ENOMEM, NULL, "out of memory");
}

/* ---- Names --------------------------------------------------------------- */

const char *
targets_topic_problem(const char *text)
{
  size_t len = strlen(text);

  if (len == 0 || text[0] == '/' || text[len - 1] == '/' || strstr(text, "//"))
    return "has an empty level";
  if (strpbrk(text, "+#"))
    return "contains + or #, which stand for other topics";
  if (text[0] == '$')
    return "begins with $, which is for the broker's own topics";
  return !utf8_is_plain(text) || len > MAX_TOPIC / 2
           ? "contains a control character, or is too long"
           : NULL;
}

/* Returns the topic of the target NAME, from malloc; NULL: out of memory. */
static char *
topic_of(const struct mqtt *m, const char *name)
{
  char *topic;

  if (asprintf(&topic, "%s/%s", m->topic, name) < 0)
    return NULL;
  for (char *p = topic + strlen(m->topic); *p; p++)
    if (*p == '.')
      *p = '/';
  return topic;
}

/* ---- Conflicts ----------------------------------------------------------- */

static bool
is_filled(const struct topic *topic)
{
  return topic->use == TOPIC_STATE || topic->use == TOPIC_CONFIG;
}

/* However their URLs are written. */
static bool
is_same_broker(const struct address *a, const struct address *b)
{
  return strcasecmp(a->name, b->name) == 0 &&
         strtol(a->port, NULL, 10) == strtol(b->port, NULL, 10);
}

static int
check_neighbour(const struct mqtt *m, const struct mqtt *other)
{
  if (!is_same_broker(&m->options.address, &other->options.address))
    return MP_OK;
  if (strcmp(m->topic, other->topic) == 0)
    return mp_fail(m->host, MP_ECONFIG, "topic",
                   "[output %s] has the same `url` and `topic`; give one of "
                   "them another topic",
                   other->host->name);
  for (size_t i = 0; i < m->topics.n; i++) {
    const struct topic *mine = m->topics.list[i];
    const struct topic *its = topics_find(&other->topics, mine->name);

    if (its && is_filled(its) && is_filled(mine))
      return mp_fail(m->host, MP_ECONFIG, mine->name,
                     "is also a topic of [output %s]; rename a target, or "
                     "switch `discovery` off in one of them",
                     other->host->name);
  }
  return MP_OK;
}

static int
check_neighbours(const struct mqtt *m)
{
  int r = MP_OK;

  for (const struct mqtt *o = open_instances; o && r == MP_OK; o = o->next)
    if (o != m)
      r = check_neighbour(m, o);
  return r;
}

/* ---- Learning ------------------------------------------------------------ */

static int
bad_name(const struct mqtt *m, const char *name, const char *problem)
{
  char object[256];

  snprintf(object, sizeof(object), "sensor.%s", name);
  return mp_fail(m->host, MP_ECONFIG, object,
                 "cannot become a topic: %s; rename it", problem);
}

/* Adds the state topic of target I. */
static int
add_state(struct mqtt *m, uint32_t i)
{
  const struct mp_target *target = m->host->target(m->host, i);
  const char *name = target->name, *problem;
  char *topic_name = topic_of(m, name);
  struct topic *topic;

  if (!topic_name)
    return no_memory(m);
  problem = targets_topic_problem(topic_name);
  if (!problem && strcmp(topic_name + strlen(m->topic), "/check") == 0)
    problem = "`meterpipe check` uses this topic";
  topic = problem ? NULL : topics_obtain(&m->topics, topic_name);
  free(topic_name);
  if (problem)
    return bad_name(m, name, problem);
  if (!topic)
    return no_memory(m);
  if (topic->use != TOPIC_FORMER)
    return bad_name(m, name, "another target has the same topic");
  topic->use = (target->flags & MP_TARGET_READ) ? TOPIC_READ : TOPIC_STATE;
  topic->target = i;
  m->by_target[i] = topic;
  m->states[i] = topic->name;
  return MP_OK;
}

static int
add_config(void *ctx, const char *name)
{
  struct mqtt *m = ctx;
  struct topic *topic = topics_obtain(&m->topics, name);

  if (!topic)
    return no_memory(m);
  if (topic->use == TOPIC_STATE || topic->use == TOPIC_READ)
    return mp_fail(m->host, MP_ECONFIG, name,
                   "is both a state and a topic of discovery; change `topic`");
  topic->use = TOPIC_CONFIG;
  return MP_OK;
}

static bool
make_room(struct mqtt *m, uint32_t n)
{
  const char **states = realloc(m->states, (n + 1) * sizeof(*states));
  struct topic **by_target;

  if (!states)
    return false;
  m->states = states;
  by_target = realloc(m->by_target, (n + 1) * sizeof(struct topic *));
  if (!by_target)
    return false;
  m->by_target = by_target;
  return record_open(&m->record, n) == MP_OK;
}

static int
add_targets(struct mqtt *m, uint32_t n)
{
  struct discovery d = targets_discovery(m, NULL);
  int r = MP_OK, first = MP_OK;

  for (uint32_t i = m->n; i < n; i++) {
    r = add_state(m, i);
    if (first == MP_OK)
      first = r;
  }
  if (first != MP_OK)
    return first;
  m->n = n;
  if (m->mode == DISCOVERY_OFF)
    return MP_OK;
  r = discovery_check(&d);
  return r == MP_OK ? discovery_topics(&d, add_config, m) : r;
}

int
targets_learn(struct mqtt *m)
{
  bool is_first = !m->states;
  uint32_t n = m->n;
  int r = MP_OK;

  while (m->host->target(m->host, n))
    n++;
  if (n == m->n && !is_first)
    return MP_OK;
  if (is_first && topics_load(&m->topics, m->host) != MP_OK)
    return no_memory(m);
  if (!make_room(m, n))
    return no_memory(m);
  r = add_targets(m, n);
  if (r == MP_OK)
    r = check_neighbours(m);
  if (r == MP_OK && is_first) {
    m->next = open_instances;
    open_instances = m;
  }
  /* On disk before anything is sent: the next run must know what to delete. */
  return r == MP_OK ? topics_save(&m->topics, m->host) : r;
}

void
targets_forget(struct mqtt *m)
{
  for (struct mqtt **at = &open_instances; *at; at = &(*at)->next)
    if (*at == m) {
      *at = m->next;
      break;
    }
  topics_free(&m->topics);
  record_close(&m->record);
  free(m->states);
  free(m->by_target);
  m->states = NULL;
  m->by_target = NULL;
  m->next = NULL;
  m->n = 0;
}

struct discovery
targets_discovery(struct mqtt *m,
                  const struct mp_value *(*value_of)(void *ctx, uint32_t i))
{
  return (struct discovery){
    .host = m->host,
    .mode = m->mode,
    .prefix = m->prefix,
    .state_topics = m->states,
    .plain = m->plain,
    .expire_ms = m->expire_ms,
    .value_of = value_of,
    .ctx = m,
  };
}
