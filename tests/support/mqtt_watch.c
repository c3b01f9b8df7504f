/* Puts the bytes of a proxy together to packets. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/mqtt_watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

#define MAX_LINES 16
#define MAX_BYTES 262144
#define MAX_MESSAGES 4000
#define MAX_PACKETS 4096

/* The bytes of one direction that are not a whole packet yet. */
struct stream {
  uint8_t buf[MAX_BYTES];
  size_t len;
};

struct connection {
  unsigned level;
  struct stream streams[2];
};

struct mqtt_watch {
  pthread_mutex_t lock; /* protects all members below */
  struct connection *connections[MAX_LINES];
  unsigned n_connections;
  struct mqtt_message messages[MAX_MESSAGES];
  size_t n_messages;
  size_t packets[2][MAX_PACKETS], n_packets[2], count[2];
};

__attribute__((noreturn)) static void
die(const char *what)
{
  fprintf(stderr, "mqtt_watch: %s\n", what);
  exit(99);
}

/* ---- Messages ---- */

/* Copies the id of a state: the user property, or the member of its JSON
 * object. */
static void
find_id(const struct mqtt_publish *publish, const char *payload, char *buf,
        size_t size)
{
  static const char key[] = "\"id\":\"";
  const char *at = strstr(payload, key);

  if (at)
    at += strlen(key);
  snprintf(buf, size, "%.*s", at ? (int)strcspn(at, "\"") : 63,
           at ? at : publish->id);
}

static void
add_message(struct mqtt_watch *w, unsigned line,
            const struct mqtt_publish *publish)
{
  struct mqtt_message *m = &w->messages[w->n_messages];

  if (w->n_messages == MAX_MESSAGES)
    die("too many messages");
  *m = (struct mqtt_message){ .packet_id = publish->packet_id,
                              .qos = publish->qos,
                              .line = line,
                              .retain = publish->retain,
                              .dup = publish->dup };
  memcpy(m->topic, publish->topic, sizeof(m->topic));
  m->payload = strndup(publish->payload, publish->payload_len);
  if (!m->payload)
    die("memory");
  find_id(publish, m->payload, m->id, sizeof(m->id));
  w->n_messages++;
}

/* The packet identifier is that of the last unanswered message of the line. */
static void
add_answer(struct mqtt_watch *w, unsigned line, unsigned packet_id,
           unsigned reason)
{
  for (size_t i = w->n_messages; i-- > 0;) {
    struct mqtt_message *m = &w->messages[i];

    if (m->line == line && m->packet_id == packet_id && !m->answered) {
      m->answered = true;
      m->acknowledged = reason < 0x80;
      return;
    }
  }
}

static void
add_displayed(struct mqtt_watch *w, const struct mqtt_publish *publish)
{
  char *payload = strndup(publish->payload, publish->payload_len), id[64];

  if (!payload)
    die("memory");
  find_id(publish, payload, id, sizeof(id));
  free(payload);
  for (size_t i = 0; i < w->n_messages && id[0]; i++)
    if (strcmp(w->messages[i].topic, publish->topic) == 0 &&
        strcmp(w->messages[i].id, id) == 0)
      w->messages[i].displayed = true;
}

/* ---- Packets ---- */

static void
see_packet(struct mqtt_watch *w, unsigned line, enum proxy_way way,
           const struct mqtt_packet *packet)
{
  struct connection *c = w->connections[line];
  struct mqtt_publish publish;
  unsigned id, reason;

  switch (packet->type) {
  case MQTT_CONNECT:
    c->level = mqtt_connect_level(packet);
    break;
  case MQTT_PUBLISH:
    if (!mqtt_publish_parse(packet, c->level, &publish))
      die("a PUBLISH is malformed");
    if (way == PROXY_THERE)
      add_message(w, line, &publish);
    else
      add_displayed(w, &publish);
    break;
  case MQTT_PUBACK:
    id = mqtt_puback_parse(packet, &reason);
    if (way == PROXY_BACK)
      add_answer(w, line, id, reason);
    break;
  default:
    break;
  }
}

static void
see_packets(struct mqtt_watch *w, unsigned line, enum proxy_way way)
{
  struct stream *s = &w->connections[line]->streams[way];
  struct mqtt_packet packet;
  size_t used = 0;

  while (mqtt_packet_parse(s->buf + used, s->len - used, &packet)) {
    if (w->n_packets[way] < MAX_PACKETS)
      w->packets[way][w->n_packets[way]++] = w->count[way];
    w->count[way] += packet.size;
    see_packet(w, line, way, &packet);
    used += packet.size;
  }
  memmove(s->buf, s->buf + used, s->len - used);
  s->len -= used;
}

static void
begin_connection(struct mqtt_watch *w, unsigned line)
{
  if (!w->connections[line])
    w->connections[line] = calloc(1, sizeof(**w->connections));
  if (!w->connections[line])
    die("memory");
  w->connections[line]->streams[0].len = 0;
  w->connections[line]->streams[1].len = 0;
  w->n_connections++;
}

static void
see_bytes(void *ctx, unsigned line, enum proxy_way way, const uint8_t *buf,
          size_t len)
{
  struct mqtt_watch *w = ctx;
  struct stream *s;

  pthread_mutex_lock(&w->lock);
  if (!buf) {
    begin_connection(w, line);
  } else if (len > 0) {
    s = &w->connections[line]->streams[way];
    if (len > sizeof(s->buf) - s->len)
      die("a packet is too long");
    memcpy(s->buf + s->len, buf, len);
    s->len += len;
    see_packets(w, line, way);
  }
  pthread_mutex_unlock(&w->lock);
}

/* ---- For tests ---- */

struct mqtt_watch *
mqtt_watch_new(struct proxy *p)
{
  struct mqtt_watch *w = calloc(1, sizeof(*w));

  if (!w)
    die("memory");
  pthread_mutex_init(&w->lock, NULL);
  proxy_on_bytes(p, see_bytes, w);
  return w;
}

void
mqtt_watch_forget(struct mqtt_watch *w)
{
  pthread_mutex_lock(&w->lock);
  for (size_t i = 0; i < w->n_messages; i++)
    free(w->messages[i].payload);
  w->n_messages = 0;
  w->n_connections = 0;
  pthread_mutex_unlock(&w->lock);
}

void
mqtt_watch_free(struct mqtt_watch *w)
{
  if (!w)
    return;
  mqtt_watch_forget(w);
  for (size_t i = 0; i < ARRAY_SIZE(w->connections); i++)
    free(w->connections[i]);
  pthread_mutex_destroy(&w->lock);
  free(w);
}

const struct mqtt_message *
mqtt_watch_message(struct mqtt_watch *w, size_t i)
{
  const struct mqtt_message *m;

  pthread_mutex_lock(&w->lock);
  m = i < w->n_messages ? &w->messages[i] : NULL;
  pthread_mutex_unlock(&w->lock);
  return m;
}

size_t
mqtt_watch_count(struct mqtt_watch *w, const char *prefix)
{
  size_t n = 0;

  pthread_mutex_lock(&w->lock);
  for (size_t i = 0; i < w->n_messages; i++)
    n += strncmp(w->messages[i].topic, prefix, strlen(prefix)) == 0;
  pthread_mutex_unlock(&w->lock);
  return n;
}

unsigned
mqtt_watch_connections(struct mqtt_watch *w)
{
  unsigned n;

  pthread_mutex_lock(&w->lock);
  n = w->n_connections;
  pthread_mutex_unlock(&w->lock);
  return n;
}

void
mqtt_watch_mark(struct mqtt_watch *w)
{
  pthread_mutex_lock(&w->lock);
  memset(w->n_packets, 0, sizeof(w->n_packets));
  memset(w->count, 0, sizeof(w->count));
  pthread_mutex_unlock(&w->lock);
}

bool
mqtt_watch_packet(struct mqtt_watch *w, enum proxy_way way, size_t i,
                  size_t *ret_at)
{
  bool found;

  pthread_mutex_lock(&w->lock);
  found = i < w->n_packets[way];
  if (found)
    *ret_at = w->packets[way][i];
  pthread_mutex_unlock(&w->lock);
  return found;
}
