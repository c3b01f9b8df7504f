/* The configs of Home Assistant's MQTT discovery. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf, memmem */
#endif

#include "plugins/mqtt/discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/json.h"
#include "lib/text_buffer.h"
#include "plugins/mqtt/sensor_class.h"

#define ID_PREFIX "meterpipe_"

/* Of a topic's last levels, homeassistant/components/mqtt/discovery.py. */
static const char id_characters[] =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

struct entity {
  const struct mp_target *target;
  uint32_t number; /* of the target */
  bool is_time;    /* the time of the target's last reading */
  struct mp_meter meter;
  const char *section;  /* of the meter; NULL: several meters, or none */
  char *place;          /* PIPELINE.SECTION, or PIPELINE; from malloc */
  char *device_id, *id; /* from malloc */
};

/* Device by device, the entities of each in the order of their targets. */
struct entities {
  struct entity *all;
  size_t n;
};

/* ---- Names --------------------------------------------------------------- */

/* Returns a text from malloc, in which `_` replaces each character that topics
 * and ids must not have; NULL: out of memory. */
static char *
make_id(const char *before, const char *middle, const char *after)
{
  char *id, *to;

  if (asprintf(&id, "%s%s%s", before, middle, after) < 0)
    return NULL;
  to = id;
  for (const char *from = id; *from; from++) {
    if (((unsigned char)*from & 0xc0) == 0x80) /* within a character */
      continue;
    *to = *from;
    if (!strchr(id_characters, *to))
      *to = '_';
    to++;
  }
  *to = '\0';
  return id;
}

/* Returns TEXT after "PREFIX."; NULL: it does not begin so. */
static const char *
after_dot(const char *text, const char *prefix)
{
  size_t len = prefix ? strlen(prefix) : 0;

  if (!text || !prefix || strncmp(text, prefix, len) != 0 || text[len] != '.')
    return NULL;
  return text + len + 1;
}

/* Returns the target's name without that of its input. */
static const char *
short_name(const struct entity *e)
{
  const char *name = after_dot(e->target->name, e->section);

  return name ? name : e->target->name;
}

/* Returns the name of the field that feeds the target; NULL: a transform. */
static const char *
field_of(const struct entity *e)
{
  return after_dot(e->target->source, e->section);
}

/* ---- Entities ------------------------------------------------------------ */

static void
free_entities(struct entities *es)
{
  for (size_t i = 0; i < es->n; i++) {
    free(es->all[i].place);
    free(es->all[i].device_id);
    free(es->all[i].id);
  }
  free(es->all);
}

static int
add_entity(const struct mp_host *host, struct entities *es, uint32_t number,
           bool is_time)
{
  struct mp_meter meter = { .struct_size = sizeof(meter) };
  struct entity *e;

  if (!ARRAY_GROW(&es->all, es->n))
    return MP_ENOMEM;
  e = &es->all[es->n++];
  *e = (struct entity){ .target = host->target(host, number),
                        .number = number,
                        .is_time = is_time };
  if (host->target_meter(host, number, &meter) == MP_OK)
    e->meter = meter;
  e->section = e->meter.section;
  if (asprintf(&e->place, "%s%s%s", host->pipeline, e->section ? "." : "",
               e->section ? e->section : "") < 0)
    e->place = NULL;
  if (e->place)
    e->device_id = make_id(ID_PREFIX, e->place, "");
  if (e->device_id)
    e->id =
      make_id(e->device_id, "_", is_time ? "last_reading" : short_name(e));
  return e->id ? MP_OK : MP_ENOMEM;
}

static int
compare_devices(const void *a, const void *b)
{
  const struct entity *x = a, *y = b;
  int order = strcmp(x->device_id, y->device_id);

  if (order != 0)
    return order;
  if (x->number != y->number)
    return x->number < y->number ? -1 : 1;
  return x->is_time - y->is_time;
}

static int
compare_ids(const void *a, const void *b)
{
  const struct entity *x = a, *y = b;
  int order = strcmp(x->id, y->id);

  return order != 0 ? order : compare_devices(a, b);
}

static void
sort(struct entities *es, int (*compare)(const void *, const void *))
{
  if (es->n > 0)
    qsort(es->all, es->n, sizeof(es->all[0]), compare);
}

/* Returns whether entity I is the first of its device. */
static bool
is_first(const struct entities *es, size_t i)
{
  return i == 0 || strcmp(es->all[i - 1].device_id, es->all[i].device_id) != 0;
}

/* Lists the entities; *RET must be freed even after a failure.  The time of a
 * device's last reading is that of its first target; a plain state has none. */
static int
list_entities(const struct discovery *d, struct entities *ret)
{
  const struct mp_host *host = d->host;
  size_t n;
  int r = MP_OK;

  *ret = (struct entities){ 0 };
  if (d->mode == DISCOVERY_OFF)
    return MP_OK;
  for (uint32_t i = 0; r == MP_OK; i++) {
    const struct mp_target *target = host->target(host, i);

    if (!target)
      break;
    if (!(target->flags & MP_TARGET_READ))
      r = add_entity(host, ret, i, false);
  }
  if (r != MP_OK)
    return r;
  sort(ret, compare_devices);
  n = d->plain ? 0 : ret->n;
  for (size_t i = 0; i < n && r == MP_OK; i++)
    if (is_first(ret, i))
      r = add_entity(host, ret, ret->all[i].number, true);
  if (r == MP_OK)
    sort(ret, compare_devices);
  return r;
}

static int
refuse_id(const struct discovery *d, const struct entity *e)
{
  const char *time = "the time of the last reading";

  return mp_fail(d->host, MP_ECONFIG, e[0].is_time ? time : e[0].target->name,
                 "has the same id in Home Assistant as %s, %s: give the target "
                 "another name",
                 e[1].is_time ? time : e[1].target->name, e[0].id);
}

int
discovery_check(const struct discovery *d)
{
  struct entities es;
  int r = list_entities(d, &es);

  if (r == MP_OK)
    sort(&es, compare_ids);
  for (size_t i = 1; i < es.n && r == MP_OK; i++)
    if (strcmp(es.all[i - 1].id, es.all[i].id) == 0)
      r = refuse_id(d, &es.all[i - 1]);
  free_entities(&es);
  return r;
}

/* ---- Texts --------------------------------------------------------------- */

/* Writes the member if TEXT is not NULL. */
static void
put_known(struct json *json, const char *key, const char *text)
{
  if (text)
    json_text(json, key, text);
}

/* Writes NAME as people write: "Flow v1" for "flow_v1". */
static void
put_readable(struct json *json, const char *key, const char *name)
{
  char *text = strdup(name);

  if (!text) {
    json->failed = true;
    return;
  }
  for (char *p = text; *p; p++)
    if (*p == '_' || *p == '.')
      *p = ' ';
  if (*text >= 'a' && *text <= 'z')
    *text = (char)(*text - 'a' + 'A');
  json_text(json, key, text);
  free(text);
}

/* Home Assistant puts the device's name before that of an entity.  The label
 * of a field does not suit the result of a transform. */
static void
put_name(struct json *json, const struct discovery *d, const struct entity *e)
{
  const char *label = d->host->target_option(d->host, e->number, "label");

  if (e->is_time)
    label = "Last reading";
  else if (!label && field_of(e))
    label = e->target->label;
  if (label)
    json_text(json, "name", label);
  else
    put_readable(json, "name", short_name(e));
}

/* An entity id of Home Assistant has lower case letters, digits and `_`. */
static void
put_entity_id(struct json *json, const struct entity *e)
{
  char *id = make_id("sensor_", e->id + strlen(ID_PREFIX), "");

  if (!id) {
    json->failed = true;
    return;
  }
  for (char *p = id; *p; p++)
    if (*p >= 'A' && *p <= 'Z')
      *p = (char)(*p - 'A' + 'a');
    else if (*p == '-')
      *p = '_';
  id[strlen("sensor")] = '.';
  json_text(json, "default_entity_id", id);
  free(id);
}

/* Texts and info codes of a meter describe its state, not a quantity. */
static void
put_class(struct json *json, const struct discovery *d, const struct entity *e,
          const struct mp_value *value)
{
  const char *field = field_of(e);
  struct sensor_class class;
  bool diagnostic;

  sensor_class_of(d->host, e->number, value, &class);
  diagnostic = class.decimals < 0 || (field && strncmp(field, "info_", 5) == 0);
  put_known(json, "unit_of_measurement", class.unit);
  put_known(json, "device_class", class.device_class);
  put_known(json, "state_class", class.state_class);
  put_known(json, "entity_category",
            sensor_class_option(d->host, e->number, "category",
                                diagnostic ? "diagnostic" : NULL));
  if (class.decimals >= 0)
    json_number(json, "suggested_display_precision", class.decimals);
}

/* The members of a state that belong to the value. */
static void
put_value(struct json *json, const struct discovery *d, const struct entity *e,
          const struct mp_value *value)
{
  put_class(json, d, e, value);
  if (d->expire_ms > 0)
    json_number(json, "expire_after", (d->expire_ms + 999) / 1000);
  if (d->plain)
    return;
  json_text(json, "value_template", "{{ value_json.value }}");
  json_text(json, "json_attributes_topic", d->state_topics[e->number]);
}

/* It does not expire: it tells since when the values are missing. */
static void
put_time(struct json *json)
{
  json_text(json, "device_class", "timestamp");
  json_text(json, "entity_category", "diagnostic");
  json_text(json, "value_template", "{{ value_json.time }}");
}

static void
put_entity(struct json *json, const struct discovery *d, const struct entity *e,
           const struct mp_value *value)
{
  put_name(json, d, e);
  json_text(json, "unique_id", e->id);
  put_entity_id(json, e);
  json_text(json, "state_topic", d->state_topics[e->number]);
  json_number(json, "qos", 1);
  /* An unchanged value is a new reading, too. */
  json_bool(json, "force_update", true);
  if (e->is_time)
    put_time(json);
  else
    put_value(json, d, e, value);
}

static void
put_device(struct json *json, const char *key, const struct entity *e)
{
  json_object(json, key);
  json_array(json, "identifiers");
  json_text(json, NULL, e->device_id);
  json_end_array(json);
  put_readable(json, "name", e->place);
  put_known(json, "manufacturer", e->meter.manufacturer);
  put_known(json, "model", e->meter.model);
  put_known(json, "serial_number", e->meter.serial);
  put_known(json, "sw_version", e->meter.software);
  json_end_object(json);
}

static void
put_origin(struct json *json, const char *key, const struct discovery *d)
{
  json_object(json, key);
  json_text(json, "name", "meterpipe");
  json_text(json, "sw_version", d->host->version);
  json_end_object(json);
}

static void
put_components(struct json *json, const struct discovery *d,
               const struct entity *e, size_t n)
{
  json_object(json, "cmps");
  for (size_t i = 0; i < n; i++) {
    const struct mp_value *value = d->value_of(d->ctx, e[i].number);

    if (!value)
      continue;
    json_object(json, e[i].id);
    json_text(json, "p", "sensor");
    put_entity(json, d, &e[i], value);
    json_end_object(json);
  }
  json_end_object(json);
}

/* ---- Configs ------------------------------------------------------------- */

/* Returns a text from malloc; NULL: out of memory. */
static char *
make_topic(const struct discovery *d, const struct entity *e)
{
  bool device = d->mode == DISCOVERY_DEVICE;
  char *node = make_id(ID_PREFIX, d->host->pipeline, ""), *topic = NULL;

  if (node && asprintf(&topic, "%s/%s/%s/%s/config", d->prefix,
                       device ? "device" : "sensor", node,
                       device ? e->device_id : e->id) < 0)
    topic = NULL;
  free(node);
  return topic;
}

/* Likewise. */
static char *
make_text(const struct discovery *d, const struct entity *e, size_t n)
{
  bool device = d->mode == DISCOVERY_DEVICE;
  struct text_buffer text = { 0 };
  struct json json = { .text = &text };

  json_object(&json, NULL);
  put_device(&json, device ? "dev" : "device", e);
  put_origin(&json, device ? "o" : "origin", d);
  if (device)
    put_components(&json, d, e, n);
  else
    put_entity(&json, d, e, d->value_of(d->ctx, e->number));
  json_end_object(&json);
  if (!json.failed && text_buffer_add(&text, "", 1) == MP_OK)
    return text.data;
  text_buffer_free(&text);
  return NULL;
}

/* Returns the number of entities in the config that begins with entity I. */
static size_t
config_size(const struct discovery *d, const struct entities *es, size_t i)
{
  size_t n = 1;

  while (d->mode == DISCOVERY_DEVICE && i + n < es->n && !is_first(es, i + n))
    n++;
  return n;
}

int
discovery_topics(const struct discovery *d,
                 int (*fn)(void *ctx, const char *topic), void *ctx)
{
  struct entities es;
  int r = list_entities(d, &es);

  for (size_t i = 0; i < es.n && r == MP_OK; i += config_size(d, &es, i)) {
    char *topic = make_topic(d, &es.all[i]);

    r = topic ? fn(ctx, topic) : MP_ENOMEM;
    free(topic);
  }
  free_entities(&es);
  return r;
}

static bool
has_value(const struct discovery *d, const struct entity *e, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (d->value_of(d->ctx, e[i].number))
      return true;
  return false;
}

/* Adds the config of N entities to the list, if one of them has a value. */
static int
add_config(const struct discovery *d, const struct entity *e, size_t n,
           struct discovery_config **configs, size_t *n_configs)
{
  struct discovery_config config;

  if (!has_value(d, e, n))
    return MP_OK;
  if (!ARRAY_GROW(configs, *n_configs))
    return MP_ENOMEM;
  config.topic = make_topic(d, e);
  config.text = make_text(d, e, n);
  (*configs)[(*n_configs)++] = config;
  return config.topic && config.text ? MP_OK : MP_ENOMEM;
}

int
discovery_make(const struct discovery *d, struct discovery_config **ret,
               size_t *ret_n)
{
  struct discovery_config *configs = NULL;
  struct entities es;
  size_t n = 0, size;
  int r = list_entities(d, &es);

  for (size_t i = 0; i < es.n && r == MP_OK; i += size) {
    size = config_size(d, &es, i);
    r = add_config(d, &es.all[i], size, &configs, &n);
  }
  free_entities(&es);
  if (r != MP_OK) {
    discovery_free(configs, n);
    return r;
  }
  *ret = configs;
  *ret_n = n;
  return MP_OK;
}

void
discovery_free(struct discovery_config *configs, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    free(configs[i].topic);
    free(configs[i].text);
  }
  free(configs);
}

/* ---- Removal ------------------------------------------------------------- */

/* The text after the id of each component.  It is nowhere else in a config: a
 * quote within a text has an escape. */
static const char begins[] = "\":{\"p\":\"sensor\"";

/* Finds the next component in *TEXT, and moves *TEXT past the beginning of its
 * object.  Returns its id, with the quote before it; NULL: there is none. */
static const char *
next_component(const char **text)
{
  const char *from = *text, *end = strstr(from, begins);

  for (; end; end = strstr(*text, begins)) {
    const char *id = end;

    *text = end + strlen(begins);
    while (id > from && strchr(id_characters, id[-1]))
      id--;
    if (id < end && id > from && id[-1] == '"')
      return id - 1;
  }
  return NULL;
}

/* Adds the members that remove the components of OLD that NEW lacks. */
static int
add_removals(struct text_buffer *b, const char *old, const char *new)
{
  int r = MP_OK;

  for (const char *id = next_component(&old); id && r == MP_OK;
       id = next_component(&old)) {
    size_t len = (size_t)(old - id);

    if (memmem(new, strlen(new), id, len))
      continue;
    if (b->len == 0)
      r = text_buffer_add(b, new, strlen(new) - strlen("}}"));
    if (r == MP_OK)
      r = text_buffer_add_text(b, ",");
    if (r == MP_OK)
      r = text_buffer_add(b, id, len);
    if (r == MP_OK)
      r = text_buffer_add_text(b, "}");
  }
  return r;
}

int
discovery_removal(const char *old, const char *new, char **ret)
{
  struct text_buffer b = { 0 };
  int r = add_removals(&b, old, new);

  if (r == MP_OK && b.len > 0)
    r = text_buffer_add(&b, "}}", sizeof("}}"));
  if (r != MP_OK) {
    text_buffer_free(&b);
    return r;
  }
  *ret = b.data;
  return MP_OK;
}
