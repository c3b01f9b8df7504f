/*
 * The MQTT broker of the house, a real mosquitto behind a proxy, and the checks
 * of what it got: an amount arrived if the broker retained it, after some run,
 * as the usage; each id counts once.  No id was given to two values of a topic,
 * and the broker kept what it acknowledged.
 */
#include "tests/faults/fault_setup_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/faults/proxy.h"
#include "tests/support/broker.h"
#include "tests/support/mqtt_packet.h"
#include "tests/support/mqtt_watch.h"

#define TOPIC "meterpipe/house/"
#define DATABASE "broker.db"
#define LINES "persistence true\nautosave_interval 0\n"

/* A direction of a connection: the bytes left of a packet's body, or the bytes
 * of the header so far. */
struct course {
  size_t body;
  uint8_t first;
  unsigned header;
  size_t length;
};

struct setup_bus {
  struct sandbox *s;
  struct broker *broker;
  struct proxy *proxy;
  struct mqtt_watch *watch;
  struct course courses[2];
  unsigned lost; /* packet type at which connections end; 0: none */
  unsigned hit;
  char *database; /* of the saved moment; NULL: there was none */
  size_t database_len;
};

/* ---- Lost answers -------------------------------------------------------- */

/* Takes BYTE.  Returns whether it begins a packet. */
static bool
take_byte(struct course *c, uint8_t byte)
{
  if (c->body > 0) {
    c->body--;
    return false;
  }
  if (c->header++ == 0) {
    c->first = byte;
    c->length = 0;
    return true;
  }
  c->length |= (size_t)(byte & 0x7f) << 7 * (c->header - 2);
  if (byte & 0x80)
    return false;
  c->body = c->length;
  c->header = 0;
  return false;
}

/* proxy_on_pass: ends a connection at the first packet that is to be lost. */
static size_t
let_pass(void *ctx, unsigned line, enum proxy_way way, const uint8_t *buf,
         size_t len)
{
  struct setup_bus *bus = ctx;
  unsigned lost = __atomic_load_n(&bus->lost, __ATOMIC_SEQ_CST);

  (void)line; /* the program has one at a time */
  if (len == 0)
    memset(bus->courses, 0, sizeof(bus->courses));
  for (size_t i = 0; i < len; i++)
    if (take_byte(&bus->courses[way], buf[i]) && lost > 0 &&
        buf[i] >> 4 == (int)lost) {
      __atomic_store_n(&bus->hit, 1, __ATOMIC_SEQ_CST);
      return i;
    }
  return len;
}

void
setup_bus_answer(struct fault_setup *setup, enum setup_answers answers)
{
  static const unsigned lost[] = { [SETUP_ANSWERED] = 0,
                                   [SETUP_LOST_BEFORE] = MQTT_PUBLISH,
                                   [SETUP_LOST_AFTER] = MQTT_PUBACK };

  __atomic_store_n(&setup->bus->hit, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&setup->bus->lost, lost[answers], __ATOMIC_SEQ_CST);
}

bool
setup_bus_lost_answer(const struct fault_setup *setup)
{
  return __atomic_load_n(&setup->bus->hit, __ATOMIC_SEQ_CST) > 0;
}

/* ---- Moments ------------------------------------------------------------- */

void
setup_bus_new(struct fault_setup *setup)
{
  struct setup_bus *bus = calloc(1, sizeof(*bus));

  if (!bus || !broker_is_there())
    setup_die("mosquitto");
  setup->bus = bus;
  bus->s = sandbox_new();
  bus->broker = broker_start(bus->s, "broker", LINES);
  bus->proxy = proxy_start(broker_port(bus->broker));
  bus->watch = mqtt_watch_new(bus->proxy);
  proxy_on_pass(bus->proxy, let_pass, bus);
}

void
setup_bus_free(struct fault_setup *setup)
{
  struct setup_bus *bus = setup->bus;

  proxy_stop(bus->proxy);
  mqtt_watch_free(bus->watch);
  broker_free(bus->broker);
  sandbox_free(bus->s);
  free(bus->database);
  free(bus);
}

unsigned
setup_bus_port(const struct fault_setup *setup)
{
  return proxy_port(setup->bus->proxy);
}

/* Starts the broker with a database of LEN bytes; DATA NULL: without. */
static void
start_with(struct setup_bus *bus, const char *data, size_t len)
{
  char path[256];
  FILE *f;

  broker_kill(bus->broker);
  snprintf(path, sizeof(path), "%s/" DATABASE, sandbox_dir(bus->s));
  remove(path);
  if (data) {
    f = fopen(path, "w");
    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
      setup_die(path);
  }
  sandbox_write(bus->s, "broker.log", "%s", ""); /* or it fills the disk */
  broker_restart(bus->broker);
  mqtt_watch_forget(bus->watch);
}

void
setup_bus_begin(struct fault_setup *setup)
{
  start_with(setup->bus, NULL, 0);
}

void
setup_bus_keep(struct fault_setup *setup)
{
  struct setup_bus *bus = setup->bus;
  char path[256];
  FILE *f;

  broker_stop(bus->broker);
  free(bus->database);
  bus->database = NULL;
  bus->database_len = 0;
  snprintf(path, sizeof(path), "%s/" DATABASE, sandbox_dir(bus->s));
  f = fopen(path, "r");
  if (f) {
    bus->database = malloc(1 << 20);
    if (!bus->database)
      setup_die("memory");
    bus->database_len = fread(bus->database, 1, 1 << 20, f);
    fclose(f);
  }
  broker_restart(bus->broker);
}

void
setup_bus_back(struct fault_setup *setup)
{
  start_with(setup->bus, setup->bus->database, setup->bus->database_len);
}

void
setup_bus_down(struct fault_setup *setup)
{
  broker_stop(setup->bus->broker);
}

void
setup_bus_up(struct fault_setup *setup)
{
  broker_restart(setup->bus->broker);
}

/* ---- The account --------------------------------------------------------- */

/* Reads the member KEY, such as "\"value\":", of PAYLOAD. */
static int64_t
find_number(const char *payload, const char *key)
{
  const char *at = strstr(payload, key);
  char number[32] = "";

  if (at)
    sscanf(at + strlen(key), "%31[-0-9.]", number);
  return number[0] ? setup_parse(number) : -1;
}

static void
find_id(const char *payload, char *buf, size_t size)
{
  static const char key[] = "\"id\":\"";
  const char *at = strstr(payload, key);

  snprintf(buf, size, "%.*s", at ? (int)strcspn(at + strlen(key), "\"") : 0,
           at ? at + strlen(key) : "");
}

/* Returns the payload that the broker retains for NAME; "": none.  Valid until
 * the next call. */
static const char *
retained(struct fault_setup *setup, const char *name)
{
  char topic[64];
  const char *line;

  snprintf(topic, sizeof(topic), TOPIC "%s", name);
  line = broker_retained(setup->bus->broker, topic);
  return *line ? line + strlen(topic) + 1 : "";
}

static bool
has_arrived(const struct setup_moment *now, const char *id)
{
  for (unsigned i = 0; i < now->n_arrived; i++)
    if (strcmp(now->arrived[i].id, id) == 0)
      return true;
  return false;
}

static void
take_arrived(struct fault_setup *setup)
{
  struct setup_moment *now = &setup->now;
  const char *payload = retained(setup, "usage");
  char id[64];

  find_id(payload, id, sizeof(id));
  if (!*payload || has_arrived(now, id))
    return;
  if (now->n_arrived == SETUP_MAX_ARRIVED)
    setup_die("too many amounts");
  memcpy(now->arrived[now->n_arrived].id, id, sizeof(id));
  now->arrived[now->n_arrived++].usage = find_number(payload, "\"value\":");
}

/* Checks a published state against those before it. */
static void
take_sent(struct fault_setup *setup, const struct mqtt_message *m)
{
  struct setup_moment *now = &setup->now;
  struct setup_sent sent = { .value = find_number(m->payload, "\"value\":") };

  snprintf(sent.name, sizeof(sent.name), "%s", m->topic + strlen(TOPIC));
  snprintf(sent.id, sizeof(sent.id), "%s", m->id);
  if (!m->id[0] || m->qos != 1 || !m->retain || m->dup)
    setup_note(setup, "a state with id \"%s\", QoS %u: %s %s", m->id, m->qos,
               m->topic, m->payload);
  for (unsigned i = 0; i < now->n_sent; i++)
    if (strcmp(now->sent[i].name, sent.name) == 0 &&
        strcmp(now->sent[i].id, sent.id) == 0 &&
        now->sent[i].value != sent.value)
      setup_note(setup, "%s: %" PRId64 " and %" PRId64 " have the id %s",
                 sent.name, now->sent[i].value, sent.value, sent.id);
  if (now->n_sent == SETUP_MAX_SENT)
    setup_die("too many messages");
  now->sent[now->n_sent++] = sent;
}

void
setup_bus_account(struct fault_setup *setup)
{
  struct setup_bus *bus = setup->bus;
  const struct mqtt_message *m;

  proxy_settle(bus->proxy);
  if (broker_pid(bus->broker) == 0)
    return;
  take_arrived(setup);
  for (size_t i = 0; (m = mqtt_watch_message(bus->watch, i)); i++) {
    if (strncmp(m->topic, TOPIC, strlen(TOPIC)) != 0)
      continue;
    take_sent(setup, m);
    if (m->acknowledged && strcmp(m->topic, TOPIC "usage") == 0 &&
        !has_arrived(&setup->now, m->id))
      setup_note(setup, "the broker acknowledged the amount %s, and lost it",
                 m->payload);
  }
  mqtt_watch_forget(bus->watch);
}

void
setup_check_bus(struct fault_setup *setup)
{
  const struct setup_moment *now = &setup->now;
  const char *total;
  int64_t sum = 0, must, energy;

  for (unsigned i = 0; i < now->n_arrived; i++)
    sum += now->arrived[i].usage;
  must = setup_sum_must_be(setup, 0, sum);
  setup_check_sum(setup, "the sum of usages", 0, sum, must);
  total = retained(setup, "total");
  setup_check_sum(setup, "total", 0,
                  *total ? find_number(total, "\"value\":") : 0, must);
  energy = find_number(retained(setup, "energy"), "\"value\":");
  if (energy != now->reading[0])
    setup_note(setup, "the last reading is %" PRId64 " and must be %" PRId64,
               energy, now->reading[0]);
}
