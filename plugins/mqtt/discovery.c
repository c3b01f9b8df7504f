/* The messages of Home Assistant's MQTT discovery. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf */
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

struct entity {
  const struct mp_target *target;
  uint32_t number;       /* of the target */
  bool is_time;          /* the time of the target's last reading */
  struct mp_meter meter; /* id NULL: several meters, or none */
  char *device, *id;     /* from malloc */
};

/* All entities, each device together, its targets in their order. */
struct entities {
  struct entity *all;
  size_t n;
  char *node; /* in the topics; from malloc */
};

/* ---- Names --------------------------------------------------------------- */

/* Turns each character that topics and ids must not have into `_`. */
static char *
clean_id(char *id)
{
  static const char allowed[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  char *to = id;

  for (const char *from = id; *from; from++)
    if (((unsigned char)*from & 0xc0) != 0x80) /* not within a character */
      *to++ = strchr(allowed, *from) ? *from : '_';
  *to = '\0';
  return id;
}

/* Returns a clean id from malloc; NULL: out of memory. */
static char *
join_id(const char *before, const char *after)
{
  char *id;

  return asprintf(&id, "%s%s", before, after) < 0 ? NULL : clean_id(id);
}

/* Returns what follows PREFIX and a dot in TEXT; NULL: another text. */
static const char *
after_dot(const char *text, const char *prefix)
{
  size_t len = strlen(prefix);

  return strncmp(text, prefix, len) == 0 && text[len] == '.' ? text + len + 1
                                                             : NULL;
}

/* Returns the name of the meter's input; NULL: several meters, or none. */
static const char *
section_of(const struct discovery *d, const struct entity *e)
{
  const char *id = e->meter.id;
  const char *section = id ? after_dot(id, d->host->pipeline) : NULL;

  return section ? section : id;
}

/* Returns the target's name, without that of its input. */
static const char *
short_name(const struct discovery *d, const struct entity *e)
{
  const char *section = section_of(d, e);
  const char *rest = section ? after_dot(e->target->name, section) : NULL;

  return rest ? rest : e->target->name;
}

/* Returns the name of the field that feeds the target; NULL: something else
 * does, such as a transform. */
static const char *
field_of(const struct discovery *d, const struct entity *e)
{
  const char *section = section_of(d, e);

  return section && e->target->source ? after_dot(e->target->source, section)
                                      : NULL;
}

/* ---- Entities ------------------------------------------------------------ */

static void
free_entity(struct entity *e)
{
  free(e->device);
  free(e->id);
}

static void
free_entities(struct entities *es)
{
  for (size_t i = 0; i < es->n; i++)
    free_entity(&es->all[i]);
  free(es->all);
  free(es->node);
}

static int
set_ids(const struct discovery *d, struct entity *e)
{
  char *name = join_id("_", e->is_time ? "last_reading" : short_name(d, e));

  e->device = join_id(ID_PREFIX, e->meter.id ? e->meter.id : d->host->pipeline);
  if (e->device && name)
    e->id = join_id(e->device, name);
  free(name);
  return e->id ? MP_OK : MP_ENOMEM;
}

static int
add_entity(const struct discovery *d, struct entities *es, uint32_t number,
           bool is_time)
{
  struct entity e = { .target = d->host->target(d->host, number),
                      .number = number,
                      .is_time = is_time,
                      .meter = { .struct_size = sizeof(e.meter) } };

  if (d->host->target_meter(d->host, number, &e.meter) != MP_OK)
    e.meter.id = NULL;
  if (set_ids(d, &e) != MP_OK || !ARRAY_GROW(&es->all, es->n)) {
    free_entity(&e);
    return MP_ENOMEM;
  }
  es->all[es->n++] = e;
  return MP_OK;
}

static int
compare_devices(const void *a, const void *b)
{
  const struct entity *x = a, *y = b;
  int order = strcmp(x->device, y->device);

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
  return i == 0 || strcmp(es->all[i - 1].device, es->all[i].device) != 0;
}

static int
add_targets(const struct discovery *d, struct entities *es)
{
  const struct mp_target *target = d->host->target(d->host, 0);
  int r = MP_OK;

  for (uint32_t i = 0; target && r == MP_OK; i++) {
    if (!(target->flags & MP_TARGET_READ))
      r = add_entity(d, es, i, false);
    target = d->host->target(d->host, i + 1);
  }
  sort(es, compare_devices);
  return r;
}

/* Adds the time of the last reading of each device: that of its first target.
 * A plain state has no time. */
static int
add_times(const struct discovery *d, struct entities *es)
{
  size_t n = es->n;
  int r = MP_OK;

  if (d->plain)
    return MP_OK;
  for (size_t i = 0; i < n && r == MP_OK; i++)
    if (is_first(es, i))
      r = add_entity(d, es, es->all[i].number, true);
  sort(es, compare_devices);
  return r;
}

/* Lists the entities; *RET must be freed even after a failure. */
static int
list_entities(const struct discovery *d, struct entities *ret)
{
  int r;

  *ret = (struct entities){ 0 };
  if (d->mode == DISCOVERY_OFF)
    return MP_OK;
  ret->node = join_id(ID_PREFIX, d->host->pipeline);
  r = ret->node ? add_targets(d, ret) : MP_ENOMEM;
  return r == MP_OK ? add_times(d, ret) : r;
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

/* Writes the name of the entity alone: Home Assistant puts that of the device
 * before it.  The label of a field does not suit what a transform makes of
 * it. */
static void
put_name(struct json *json, const struct discovery *d, const struct entity *e)
{
  const char *label = d->host->target_option(d->host, e->number, "label");

  if (e->is_time)
    label = "Last reading";
  else if (!label && field_of(d, e))
    label = e->target->label;
  if (label)
    json_text(json, "name", label);
  else
    put_readable(json, "name", short_name(d, e));
}

/* Home Assistant's entity ids have lower case letters, digits and `_`. */
static void
put_entity_id(struct json *json, const struct entity *e)
{
  char *id;

  if (asprintf(&id, "sensor.%s", e->id + strlen(ID_PREFIX)) < 0) {
    json->failed = true;
    return;
  }
  for (char *p = id; *p; p++)
    if (*p >= 'A' && *p <= 'Z')
      *p = (char)(*p - 'A' + 'a');
    else if (*p == '-')
      *p = '_';
  json_text(json, "default_entity_id", id);
  free(id);
}

/* Texts of a meter and its info codes are no measured quantities. */
static const char *
category_of(const struct discovery *d, const struct entity *e, bool is_text)
{
  const char *option = d->host->target_option(d->host, e->number, "category");
  const char *field = field_of(d, e);

  if (option)
    return strcmp(option, "none") == 0 ? NULL : option;
  return is_text || (field && strncmp(field, "info_", 5) == 0) ? "diagnostic"
                                                               : NULL;
}

static void
put_class(struct json *json, const struct discovery *d, const struct entity *e,
          const struct mp_value *value)
{
  const struct mp_host *host = d->host;
  struct sensor_options options = {
    .unit = host->target_option(host, e->number, "unit"),
    .device_class = host->target_option(host, e->number, "device_class"),
    .state_class = host->target_option(host, e->number, "state_class"),
  };
  struct sensor_class class;

  sensor_class_of(e->target, value, &options, &class);
  put_known(json, "unit_of_measurement", class.unit);
  put_known(json, "device_class", class.device_class);
  put_known(json, "state_class", class.state_class);
  put_known(json, "entity_category", category_of(d, e, class.decimals < 0));
  if (class.decimals < 0)
    return;
  json_number(json, "suggested_display_precision",
              host->target_option(host, e->number, "precision")
                ? host->target_option_int(host, e->number, "precision")
                : class.decimals);
}

/* The time of the last reading does not expire: it tells since when the other
 * states are missing. */
static void
put_time_class(struct json *json)
{
  json_text(json, "device_class", "timestamp");
  json_text(json, "entity_category", "diagnostic");
}

/* force_update: a value that has not changed is a new reading, too. */
static void
put_entity(struct json *json, const struct discovery *d, const struct entity *e,
           const struct mp_value *value)
{
  const char *topic = d->state_topics[e->number];

  put_name(json, d, e);
  json_text(json, "unique_id", e->id);
  put_entity_id(json, e);
  json_text(json, "state_topic", topic);
  json_number(json, "qos", 1);
  json_bool(json, "force_update", true);
  if (!d->plain)
    json_text(json, "value_template",
              e->is_time ? "{{ value_json.time }}" : "{{ value_json.value }}");
  if (e->is_time) {
    put_time_class(json);
    return;
  }
  if (!d->plain)
    json_text(json, "json_attributes_topic", topic);
  if (d->expire_ms > 0)
    json_number(json, "expire_after", (d->expire_ms + 999) / 1000);
  put_class(json, d, e, value);
}

static void
put_device(struct json *json, const char *key, const struct discovery *d,
           const struct entity *e)
{
  json_object(json, key);
  json_array(json, "identifiers");
  json_text(json, NULL, e->device);
  json_end_array(json);
  put_readable(json, "name", e->meter.id ? e->meter.id : d->host->pipeline);
  if (e->meter.id) {
    put_known(json, "manufacturer", e->meter.manufacturer);
    put_known(json, "model", e->meter.model);
    put_known(json, "serial_number", e->meter.serial);
    put_known(json, "sw_version", e->meter.software);
  }
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

/* ---- Messages ------------------------------------------------------------ */

/* Returns the number of entities in the message that begins with entity I. */
static size_t
message_size(const struct discovery *d, const struct entities *es, size_t i)
{
  size_t n = 1;

  while (d->mode == DISCOVERY_DEVICE && i + n < es->n && !is_first(es, i + n))
    n++;
  return n;
}

/* Returns a text from malloc; NULL: out of memory. */
static char *
make_topic(const struct discovery *d, const struct entities *es,
           const struct entity *e)
{
  bool device = d->mode == DISCOVERY_DEVICE;
  char *topic;

  if (asprintf(&topic, "%s/%s/%s/%s/config", d->prefix,
               device ? "device" : "sensor", es->node,
               device ? e->device : e->id) < 0)
    return NULL;
  return topic;
}

static void
put_single(struct json *json, const struct discovery *d, const struct entity *e)
{
  json_object(json, NULL);
  put_entity(json, d, e, d->value_of(d->ctx, e->number));
  put_device(json, "device", d, e);
  put_origin(json, "origin", d);
  json_end_object(json);
}

static void
put_components(struct json *json, const struct discovery *d,
               const struct entity *e, size_t n)
{
  json_object(json, NULL);
  put_device(json, "dev", d, e);
  put_origin(json, "o", d);
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
  json_end_object(json);
}

/* Returns a text from malloc; NULL: out of memory. */
static char *
make_text(const struct discovery *d, const struct entity *e, size_t n)
{
  struct text_buffer text = { 0 };
  struct json json = { .text = &text };

  if (d->mode == DISCOVERY_DEVICE)
    put_components(&json, d, e, n);
  else
    put_single(&json, d, e);
  if (json.failed || text_buffer_add(&text, "", 1) != MP_OK) {
    text_buffer_free(&text);
    return NULL;
  }
  return text.data;
}

/* Returns whether a value is known of one of the entities. */
static bool
is_known(const struct discovery *d, const struct entity *e, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (d->value_of(d->ctx, e[i].number))
      return true;
  return false;
}

static int
add_config(const struct discovery *d, const struct entities *es,
           const struct entity *e, size_t n, struct discovery_config **configs,
           size_t *n_configs)
{
  struct discovery_config config;

  if (!ARRAY_GROW(configs, *n_configs))
    return MP_ENOMEM;
  config.topic = make_topic(d, es, e);
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
    size = message_size(d, &es, i);
    if (is_known(d, &es.all[i], size))
      r = add_config(d, &es, &es.all[i], size, &configs, &n);
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

int
discovery_topics(const struct discovery *d,
                 int (*fn)(void *ctx, const char *topic), void *ctx)
{
  struct entities es;
  int r = list_entities(d, &es);

  for (size_t i = 0; i < es.n && r == MP_OK; i += message_size(d, &es, i)) {
    char *topic = make_topic(d, &es, &es.all[i]);

    r = topic ? fn(ctx, topic) : MP_ENOMEM;
    free(topic);
  }
  free_entities(&es);
  return r;
}

static int
refuse_id(const struct discovery *d, const struct entity *e)
{
  const char *last = "the time of the last reading";

  return mp_fail(d->host, MP_ECONFIG, e[0].target->name,
                 "%s has the same id in Home Assistant as %s, %s: give one of "
                 "them another name",
                 e[0].is_time ? last : "the target",
                 e[1].is_time ? last : e[1].target->name, e[0].id);
}

int
discovery_check(const struct discovery *d)
{
  struct entities es;
  int r = list_entities(d, &es);

  sort(&es, compare_ids);
  for (size_t i = 1; i < es.n && r == MP_OK; i++)
    if (strcmp(es.all[i - 1].id, es.all[i].id) == 0)
      r = refuse_id(d, &es.all[i - 1]);
  free_entities(&es);
  return r;
}
