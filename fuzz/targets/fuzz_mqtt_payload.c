/*
 * Fuzz target: the texts that the mqtt output reads back.  The first line of
 * the input selects one:
 *
 *     payload   a retained state: lines NAME=VALUE with its properties, an
 * empty line, the payload removal   a retained config of discovery, of which
 * entities are removed topics    the list of topics in the store
 *
 * Also checks that the core accepts the value of a state, and that it can be
 * written and read back unchanged, in both forms; that a config remains JSON;
 * that the list is sorted, and the same after it was stored again.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "fuzz/require.h"
#include "lib/storable.h"
#include "lib/value.h"
#include "plugins/mqtt/discovery.h"
#include "plugins/mqtt/payload.h"
#include "plugins/mqtt/topics.h"
#include "testkit/fake_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PROPERTIES 8

static struct fake_host *host;

/* ---- States -------------------------------------------------------------- */

static void
require_sound(const struct payload *payload)
{
  const struct mp_shown shown = { .struct_size = sizeof(shown),
                                  .answer = MP_SHOWN_VALUE,
                                  .place = MP_EXACT,
                                  .value = &payload->value,
                                  .id = payload->id };
  struct value imported = { 0 };

  require(!value_import(&imported, &payload->value));
  require(!storable_shown(&shown));
  value_clear(&imported);
}

static bool
same_text(const char *a, const char *b)
{
  return a == b || (a && b && strcmp(a, b) == 0);
}

/* A time is written without milliseconds. */
static void
require_same(const struct payload *a, const struct payload *b)
{
  require(strcmp(fake_host_show(host, &a->value),
                 fake_host_show(host, &b->value)) == 0);
  require(same_text(a->value.unit, b->value.unit));
  require(same_text(a->value.serial, b->value.serial));
  require(a->value.time_ms / 1000 == b->value.time_ms / 1000);
  require(strcmp(a->id, b->id) == 0);
}

static void
require_read(const struct message *message, const struct payload *want)
{
  struct payload payload;

  require(payload_read(&host->table, message, &payload) == MP_OK);
  require_sound(&payload);
  require_same(&payload, want);
  payload_free(&payload);
}

static void
write_json(const struct payload *payload)
{
  struct text_buffer text = { 0 };
  struct message message;

  require(payload_write(&text, &host->table, &payload->value, payload->id) ==
          MP_OK);
  message = (struct message){ .payload = text.data, .len = strlen(text.data) };
  require_read(&message, payload);
  text_buffer_free(&text);
}

static void
write_plain(const struct payload *payload)
{
  struct payload_texts texts = { .time = "" };
  struct publication p = { .n_properties = 0 };
  struct message_property list[4];
  struct message message = { .properties = list };

  require(payload_write_plain(&texts.payload, &host->table, &payload->value) ==
          MP_OK);
  payload_add_properties(&p, &texts, &payload->value, payload->id);
  for (size_t i = 0; i < p.n_properties; i++)
    list[i] =
      (struct message_property){ (char *)(uintptr_t)p.properties[i].name,
                                 (char *)(uintptr_t)p.properties[i].value };
  message.payload = texts.payload.data;
  message.len = strlen(message.payload);
  message.n_properties = p.n_properties;
  require(message.len > 0);
  require_read(&message, payload);
  text_buffer_free(&texts.payload);
}

/* A plain text that looks like a number is read as one. */
static bool
is_number_in_text(const struct mp_value *value)
{
  struct mp_decimal number;

  return value->kind == MP_TEXT &&
         host->table.decimal_parse(value->text, &number) == MP_OK;
}

/* Takes the lines of properties off TEXT, and returns the payload. */
static char *
take_properties(char *text, struct message *message,
                struct message_property *list)
{
  while (text && *text && *text != '\n') {
    char *line = strsep(&text, "\n"), *value = strchr(line, '=');

    if (!value || message->n_properties == MAX_PROPERTIES)
      continue;
    *value = '\0';
    list[message->n_properties++] =
      (struct message_property){ line, value + 1 };
  }
  return text && *text ? text + 1 : text;
}

static void
try_payload(char *text, size_t size)
{
  struct message_property list[MAX_PROPERTIES];
  struct message message = { .topic = "x", .properties = list };
  char *payload = take_properties(text, &message, list);
  struct payload read;

  if (!payload)
    return;
  message.payload = payload;
  message.len = size - (size_t)(payload - text);
  if (payload_read(&host->table, &message, &read) != MP_OK)
    return;
  require_sound(&read);
  write_json(&read);
  if (read.id[0] && !is_number_in_text(&read.value))
    write_plain(&read);
  payload_free(&read);
}

/* ---- Configs ------------------------------------------------------------- */

static void
try_removal(const char *old)
{
  static const char new[] =
    "{\"dev\":{\"ids\":[\"meterpipe_test_m\"]},\"cmps\":{"
    "\"meterpipe_test_m_a\":{\"p\":\"sensor\",\"name\":\"A\"},"
    "\"meterpipe_test_m_b\":{\"p\":\"sensor\",\"name\":\"B\"}}}";
  char *text = NULL;
  cJSON *json;

  require(discovery_removal(old, new, &text) == MP_OK);
  if (!text)
    return;
  require(strncmp(text, new, strlen(new) - strlen("}}")) == 0);
  json = cJSON_Parse(text);
  require(json);
  require(cJSON_GetArraySize(cJSON_GetObjectItem(json, "cmps")) > 2);
  cJSON_Delete(json);
  free(text);
}

/* ---- Topics -------------------------------------------------------------- */

static void
require_sorted(const struct topics *topics)
{
  for (size_t i = 0; i < topics->n; i++) {
    require(topics_find(topics, topics->list[i]->name) == topics->list[i]);
    require(i == 0 ||
            strcmp(topics->list[i - 1]->name, topics->list[i]->name) < 0);
  }
}

static void
try_topics(const char *text)
{
  struct topics topics = { .n = 0 }, again = { .n = 0 };
  const char *stored;

  if (!storable_kept_text(text))
    return;
  fake_host_store(host, "topics.0", text);
  require(topics_load(&topics, &host->table) == MP_OK);
  require_sorted(&topics);
  for (size_t i = 0; i < topics.n; i++)
    topics.list[i]->use = TOPIC_STATE;
  require(topics_save(&topics, &host->table) == MP_OK);
  stored = fake_host_stored(host, "topics.0");
  require(!stored || storable_kept_text(stored));
  require(!stored == (topics.n == 0));
  require(topics_load(&again, &host->table) == MP_OK);
  require_sorted(&again);
  require(again.n == topics.n);
  for (size_t i = 0; i < again.n; i++) {
    require(strcmp(again.list[i]->name, topics.list[i]->name) == 0);
    require(strcmp(again.list[i]->id, topics.list[i]->id) == 0);
    require(again.list[i]->time_ms == topics.list[i]->time_ms);
    require(again.list[i]->misses == topics.list[i]->misses);
  }
  while (again.n > 0)
    topics_remove(&again, again.list[again.n / 2]);
  topics_free(&again);
  topics_free(&topics);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text = calloc(1, size + 1), *rest;

  require(text);
  memcpy(text, data, size);
  rest = strchr(text, '\n');
  if (rest) {
    *rest++ = '\0';
    host = fake_host_new(NULL, "bus");
    if (strcmp(text, "payload") == 0)
      try_payload(rest, size - (size_t)(rest - text));
    else if (strcmp(text, "removal") == 0)
      try_removal(rest);
    else if (strcmp(text, "topics") == 0)
      try_topics(rest);
    fake_host_free(host);
  }
  free(text);
  return 0;
}
