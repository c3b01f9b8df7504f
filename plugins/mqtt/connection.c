/*
 * A connection to an MQTT broker that stands: waiting, reading, publishing.
 *
 * The library runs without a thread: the waits are here, so that each ends in
 * time, and at once when the run must end.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mqtt_protocol.h>

#include "lib/clock.h"
#include "plugins/mqtt/connection_impl.h"

/* A connection of an earlier cycle may be dead without a sign.  This long a
 * live one is given to answer. */
#define STALE_MS 3000

/* ---- Callbacks of the library -------------------------------------------- */

static void
note_log(struct mosquitto *m, void *ctx, int level, const char *text)
{
  struct connection *c = ctx;

  (void)m;
  if (level == MOSQ_LOG_ERR && !c->why[0])
    snprintf(c->why, sizeof(c->why), "%s",
             strncmp(text, "Error: ", 7) == 0 ? text + 7 : text);
  if (c->host->log_enabled(c->host, MP_LOG_DEBUG))
    mp_log(c->host, MP_LOG_DEBUG, c->options.url, "%s", text);
}

static void
note_connack(struct mosquitto *m, void *ctx, int reason, int flags,
             const mosquitto_property *properties)
{
  struct connection *c = ctx;
  uint8_t byte;
  uint16_t most;

  (void)m;
  (void)flags;
  c->connack = reason;
  c->most_on_the_way = CONNECTION_ON_THE_WAY;
  if (mosquitto_property_read_byte(properties, MQTT_PROP_RETAIN_AVAILABLE,
                                   &byte, false))
    c->may_not_retain = byte == 0;
  if (mosquitto_property_read_byte(properties, MQTT_PROP_MAXIMUM_QOS, &byte,
                                   false))
    c->may_not_acknowledge = byte == 0;
  if (mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM,
                                    &most, false) &&
      most > 0 && most < CONNECTION_ON_THE_WAY)
    c->most_on_the_way = most;
}

static void
note_disconnect(struct mosquitto *m, void *ctx, int reason,
                const mosquitto_property *properties)
{
  struct connection *c = ctx;

  (void)m;
  (void)properties;
  c->stage = STAGE_LOST;
  if (reason >= 0x80)
    snprintf(c->why, sizeof(c->why), "%s", mosquitto_reason_string(reason));
}

/* Copies the user's properties into LIST of N, for free_properties.  Returns
 * their number. */
static size_t
copy_properties(const mosquitto_property *properties,
                struct message_property *list, size_t n)
{
  size_t found = 0;
  bool again = false;

  while (found < n) {
    properties = mosquitto_property_read_string_pair(
      properties, MQTT_PROP_USER_PROPERTY, &list[found].name,
      &list[found].value, again);
    if (!properties)
      break;
    again = true;
    found++;
  }
  return found;
}

static void
note_message(struct mosquitto *m, void *ctx,
             const struct mosquitto_message *message,
             const mosquitto_property *properties)
{
  struct connection *c = ctx;
  struct message_property list[8];
  struct message got = { .topic = message->topic, .properties = list };

  (void)m;
  if (c->echo && strcmp(message->topic, c->echo) == 0 && !message->retain)
    c->is_echoed = true;
  if (!message->retain || !c->on_message || message->payloadlen <= 0)
    return;
  /* The library adds the NUL. */
  got.payload = message->payload;
  got.len = (size_t)message->payloadlen;
  got.n_properties =
    copy_properties(properties, list, sizeof(list) / sizeof(*list));
  c->on_message(c->on_message_ctx, &got);
  for (size_t i = 0; i < got.n_properties; i++) {
    free(list[i].name);
    free(list[i].value);
  }
}

static void
note_suback(struct mosquitto *m, void *ctx, int mid, int n, const int *granted,
            const mosquitto_property *properties)
{
  struct connection *c = ctx;

  (void)m;
  (void)properties;
  c->answered_mid = mid;
  for (int i = 0; i < n; i++)
    if (granted[i] >= 0x80)
      c->refused = granted[i];
}

static void
note_unsuback(struct mosquitto *m, void *ctx, int mid,
              const mosquitto_property *properties)
{
  struct connection *c = ctx;

  (void)m;
  (void)properties;
  c->answered_mid = mid;
}

static void
note_puback(struct mosquitto *m, void *ctx, int mid, int reason,
            const mosquitto_property *properties)
{
  struct connection *c = ctx;

  (void)m;
  (void)properties;
  for (size_t i = c->first; i < c->n; i++) {
    struct publication *p = &c->list[i];

    if (p->result != PUBLISHED_PERHAPS || p->mid != mid)
      continue;
    p->reason = reason;
    p->result = reason < 0x80 ? PUBLISHED_ACCEPTED : PUBLISHED_REFUSED;
    break;
  }
  while (c->first < c->n && c->list[c->first].result > PUBLISHED_PERHAPS)
    c->first++;
}

void
connection_listen(struct connection *c)
{
  struct mosquitto *m = c->mosquitto;

  mosquitto_log_callback_set(m, note_log);
  mosquitto_connect_v5_callback_set(m, note_connack);
  mosquitto_disconnect_v5_callback_set(m, note_disconnect);
  mosquitto_message_v5_callback_set(m, note_message);
  mosquitto_subscribe_v5_callback_set(m, note_suback);
  mosquitto_unsubscribe_v5_callback_set(m, note_unsuback);
  mosquitto_publish_v5_callback_set(m, note_puback);
}

/* ---- Waiting ------------------------------------------------------------- */

/* The kernel delays its acknowledgement of the broker's answer by 40 ms, and
 * the broker's kernel sends the next answer only after it.  The setting does
 * not last. */
static void
acknowledge_quickly(const struct connection *c)
{
  int on = 1;

  setsockopt(mosquitto_socket(c->mosquitto), IPPROTO_TCP, TCP_QUICKACK, &on,
             sizeof(on));
}

int
connection_lose(struct connection *c, int code)
{
  c->stage = STAGE_LOST;
  if (!c->why[0])
    snprintf(c->why, sizeof(c->why), "%s",
             code == MOSQ_ERR_ERRNO ? strerror(errno)
                                    : mosquitto_strerror(code));
  return MP_EAGAIN;
}

/* Returns whether the connection ended during the TLS handshake: the library
 * would try to continue it for ever. */
static bool
is_dead(const struct connection *c)
{
  char byte;
  ssize_t n;

  if (!c->tls || c->stage != STAGE_CONNECTING)
    return false;
  n = recv(mosquitto_socket(c->mosquitto), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static int
work(struct connection *c, short events)
{
  int r = is_dead(c) ? MOSQ_ERR_CONN_LOST : MOSQ_ERR_SUCCESS;

  if (r == MOSQ_ERR_SUCCESS && (events & (POLLIN | POLLERR | POLLHUP)) != 0) {
    r = mosquitto_loop_read(c->mosquitto, 1000);
    if (r == MOSQ_ERR_SUCCESS)
      acknowledge_quickly(c);
  }
  if (r == MOSQ_ERR_SUCCESS && (events & POLLOUT) != 0)
    r = mosquitto_loop_write(c->mosquitto, 1000);
  return r == MOSQ_ERR_SUCCESS ? MP_OK : connection_lose(c, r);
}

static int
time_until(const struct connection *c, int64_t until)
{
  int64_t wait = until - clock_mono_ms(), left = c->host->time_left(c->host);

  if (wait > left)
    wait = left;
  return wait < 0 ? 0 : wait > 60000 ? 60000 : (int)wait;
}

int
connection_wait(const struct connection *c, short events, int64_t until)
{
  struct pollfd fds[] = {
    { .fd = mosquitto_socket(c->mosquitto), .events = events },
    { .fd = c->host->cancel_fd(c->host), .events = POLLIN },
  };
  int n = poll(fds, 2, time_until(c, until));

  if (n < 0 && errno != EINTR)
    return MP_EIO;
  /* A broker that sends a byte now and then does not get more time. */
  if (time_until(c, until) == 0)
    return MP_ETIMEOUT;
  if (n > 0 && fds[1].revents)
    return MP_ECANCELED;
  return n > 0 ? fds[0].revents : 0;
}

int
connection_turn(struct connection *c, int64_t until)
{
  short events = POLLIN;
  int r;

  if (c->stage == STAGE_LOST || mosquitto_socket(c->mosquitto) < 0)
    return connection_lose(c, MOSQ_ERR_CONN_LOST);
  if (mosquitto_want_write(c->mosquitto))
    events |= POLLOUT;
  r = connection_wait(c, events, until);
  if (r <= 0)
    return r;
  r = work(c, (short)r);
  return c->stage == STAGE_LOST ? connection_lose(c, MOSQ_ERR_CONN_LOST) : r;
}

int
connection_report(const struct connection *c, int r, const char *what)
{
  if (r == MP_ETIMEOUT)
    return mp_fail(c->host, r, c->options.url, "%s: no answer in time", what);
  if (r == MP_EAGAIN)
    return mp_fail(c->host, r, c->options.url, "%s: %s", what, c->why);
  return r;
}

/* Takes what arrived since the last call, such as the end of the connection. */
bool
connection_is_up(struct connection *c)
{
  int r = MP_OK;

  while (r == MP_OK && c->stage == STAGE_UP) {
    struct pollfd fd = { .fd = mosquitto_socket(c->mosquitto),
                         .events = POLLIN };

    if (poll(&fd, 1, 0) <= 0)
      break;
    r = work(c, fd.revents);
  }
  return c->stage == STAGE_UP;
}

/* ---- Reading ------------------------------------------------------------- */

static int
await_mid(struct connection *c, int mid, int64_t until)
{
  int r = MP_OK;

  while (r == MP_OK && c->answered_mid != mid)
    r = connection_turn(c, until);
  return c->answered_mid == mid ? MP_OK : r;
}

static int
subscribe(struct connection *c, char *const *filters, int n, int64_t until)
{
  int mid, r;

  c->answered_mid = 0;
  c->refused = 0;
  r = mosquitto_subscribe_multiple(c->mosquitto, &mid, n, filters, 0, 0, NULL);
  return r == MOSQ_ERR_SUCCESS ? await_mid(c, mid, until)
                               : connection_lose(c, r);
}

/* The broker answers in order: all messages of the subscription have arrived
 * when this returns. */
static int
unsubscribe(struct connection *c, char *const *filters, int n, int64_t until)
{
  int mid;
  int r = mosquitto_unsubscribe_multiple(c->mosquitto, &mid, n, filters, NULL);

  return r == MOSQ_ERR_SUCCESS ? await_mid(c, mid, until)
                               : connection_lose(c, r);
}

/* Reads the retained messages of N filters, into c->on_message. */
static int
read_some(struct connection *c, char *const *filters, int n, int64_t until)
{
  int r = subscribe(c, filters, n, until);

  return r == MP_OK && !c->refused ? unsubscribe(c, filters, n, until) : r;
}

int
connection_read(struct connection *c, char *const *filters, size_t n,
                bool quietly,
                void (*fn)(void *ctx, const struct message *message), void *ctx)
{
  int64_t wait = c->options.timeout_ms;
  const char *first = NULL;
  int r = MP_OK;

  if (quietly && wait > STALE_MS)
    wait = STALE_MS;
  c->on_message = fn;
  c->on_message_ctx = ctx;
  c->refused = 0;
  while (r == MP_OK && !c->refused && n > 0) {
    size_t some = n < CONNECTION_AT_ONCE ? n : CONNECTION_AT_ONCE;

    first = *filters;
    r = read_some(c, filters, (int)some, clock_mono_ms() + wait);
    filters += some;
    n -= some;
  }
  c->on_message = NULL;
  if (c->refused)
    return mp_fail(c->host, MP_EREFUSED, c->options.url,
                   "the broker does not let this user read %s: %s", first,
                   connection_reason(c->refused));
  if (r == MP_OK)
    return MP_OK;
  c->stage = STAGE_LOST;
  if (quietly && r != MP_ECANCELED)
    return MP_DROP;
  return connection_report(c, r, "cannot read the retained messages");
}

/* ---- Publishing ---------------------------------------------------------- */

static mosquitto_property *
properties_of(const struct publication *p)
{
  mosquitto_property *list = NULL;

  for (size_t i = 0; i < p->n_properties; i++)
    mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY,
                                       p->properties[i].name,
                                       p->properties[i].value);
  if (p->expiry_s > 0)
    mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                 p->expiry_s);
  return list;
}

/* Hands P to the library, which sends it at once.  MP_OK, also if the message
 * alone is refused. */
static int
send_one(struct connection *c, struct publication *p)
{
  mosquitto_property *properties = c->options.mqtt_3 ? NULL : properties_of(p);
  int r;

  /* The answer may come before the library returns. */
  p->result = PUBLISHED_PERHAPS;
  r = mosquitto_publish_v5(c->mosquitto, &p->mid, p->topic,
                           (int)strlen(p->payload), p->payload, 1, true,
                           properties);
  mosquitto_property_free_all(&properties);
  if (r == MOSQ_ERR_SUCCESS)
    return MP_OK;
  if (r == MOSQ_ERR_OVERSIZE_PACKET || r == MOSQ_ERR_PAYLOAD_SIZE) {
    p->result = PUBLISHED_REFUSED;
    p->reason = MQTT_RC_PACKET_TOO_LARGE;
    return MP_OK;
  }
  if (r == MOSQ_ERR_NO_CONN || r == MOSQ_ERR_INVAL)
    p->result = PUBLISHED_NOT;
  return connection_lose(c, r);
}

static size_t
on_the_way(const struct connection *c, size_t next)
{
  size_t n = 0;

  for (size_t i = c->first; i < next; i++)
    n += c->list[i].result == PUBLISHED_PERHAPS;
  return n;
}

static int
publish_all(struct connection *c)
{
  size_t next = 0;
  int r = MP_OK;

  while (r == MP_OK && c->first < c->n) {
    while (r == MP_OK && next < c->n &&
           on_the_way(c, next) < c->most_on_the_way)
      r = send_one(c, &c->list[next++]);
    while (c->first < c->n && c->list[c->first].result > PUBLISHED_PERHAPS)
      c->first++;
    if (r == MP_OK && c->first < c->n)
      r = connection_turn(c, clock_mono_ms() + c->options.timeout_ms);
  }
  return r;
}

/* A broker of MQTT 3.1.1 has no other way to refuse a message. */
static int
report_publishing(const struct connection *c, int r)
{
  if (r == MP_EAGAIN && c->options.mqtt_3 && c->first == 0)
    return mp_fail(c->host, MP_EREFUSED, c->list[0].topic,
                   "the broker ended the connection at this message (%s): it "
                   "may retain no messages, or not let this user write them",
                   c->why);
  return connection_report(c, r, "the broker did not acknowledge all values");
}

int
connection_publish(struct connection *c, struct publication *list, size_t n)
{
  int r;

  for (size_t i = 0; i < n; i++)
    list[i].result = PUBLISHED_NOT;
  c->list = list;
  c->n = n;
  c->first = 0;
  r = publish_all(c);
  if (r != MP_OK) {
    r = report_publishing(c, r);
    c->stage = STAGE_LOST; /* the library must not answer for it any more */
  }
  c->list = NULL;
  c->n = c->first = 0;
  return r;
}

int
connection_echo(struct connection *c, struct publication *p, bool *ret_seen)
{
  char *topic = (char *)(uintptr_t)p->topic;
  int64_t until = clock_mono_ms() + c->options.timeout_ms;
  int r;

  c->echo = p->topic;
  c->is_echoed = false;
  r = subscribe(c, &topic, 1, until);
  if (r == MP_OK)
    r = connection_publish(c, p, 1);
  else
    connection_report(c, r, "cannot subscribe");
  if (r == MP_OK && !c->refused)
    r = connection_report(c, unsubscribe(c, &topic, 1, until),
                          "cannot unsubscribe");
  c->echo = NULL;
  *ret_seen = c->is_echoed;
  return r;
}

const char *
connection_reason(int reason)
{
  return mosquitto_reason_string(reason);
}
