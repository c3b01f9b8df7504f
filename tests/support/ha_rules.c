/*
 * The rules of Home Assistant for discovery messages.
 *
 * Sources are files of home-assistant/core, below homeassistant/, with the
 * release or the commit that was read.  Releases differ: these rules take what
 * every release from 2025.7 on accepts.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf */
#endif

#include "tests/support/ha_rules.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

/* ---- Helpers ------------------------------------------------------------- */

/* Returns a member that is a text; NULL: another one, or none. */
static const char *
text_of(const cJSON *object, const char *key)
{
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool
has(const cJSON *object, const char *key)
{
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* Returns whether WORD is in LIST, which ends with NULL. */
static bool
is_one_of(const char *const *list, const char *word)
{
  for (; *list; list++)
    if (word && strcmp(*list, word) == 0)
      return true;
  return false;
}

static bool
matches(const char *text, const char *pattern)
{
  regex_t regex;
  bool yes;

  if (!text || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
    return false;
  yes = regexec(&regex, text, 0, NULL, 0) == 0;
  regfree(&regex);
  return yes;
}

static bool
is_whole(const cJSON *number, double least)
{
  return cJSON_IsNumber(number) && number->valuedouble >= least &&
         number->valuedouble == (double)(long)number->valuedouble;
}

/* ---- Device classes ------------------------------------------------------ */

#define MEASURED                                                               \
  {                                                                            \
    "measurement", NULL                                                        \
  }
#define COUNTED                                                                \
  {                                                                            \
    "total", "total_increasing", NULL                                          \
  }
#define TIMED                                                                  \
  {                                                                            \
    "measurement", "total", "total_increasing", NULL                           \
  }

/* DEVICE_CLASS_UNITS and DEVICE_CLASS_STATE_CLASSES of components/sensor/
 * const.py (commit 3fd1a330, of about 2025.5), with the units of const.py
 * (2025.5.0b6).  temperature_delta: the same file at 00eb6680. */
static const struct class
{
  const char *name;
  const char *units[20];
  const char *states[4];
} classes[] = {
  { "current", { "mA", "A" }, MEASURED },
  { "date", { NULL }, { NULL } },
  { "duration", { "d", "h", "min", "s", "ms", "\316\274s" }, TIMED },
  { "energy",
    { "J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal",
      "kcal", "Mcal", "Gcal" },
    COUNTED },
  { "frequency", { "Hz", "kHz", "MHz", "GHz" }, MEASURED },
  { "gas", { "CCF", "ft\302\263", "m\302\263", "L" }, COUNTED },
  { "power", { "mW", "W", "kW", "MW", "GW", "TW" }, MEASURED },
  { "pressure",
    { "Pa", "hPa", "kPa", "bar", "cbar", "mbar", "mmHg", "inHg", "psi" },
    MEASURED },
  { "temperature", { "\302\260C", "\302\260F", "K" }, MEASURED },
  { "temperature_delta", { "\302\260C", "\302\260F", "K" }, MEASURED },
  { "timestamp", { NULL }, { NULL } },
  { "voltage", { "\302\265V", "mV", "V", "kV", "MV" }, MEASURED },
  { "volume",
    { "ft\302\263", "CCF", "m\302\263", "L", "mL", "gal", "fl. oz." },
    COUNTED },
  { "volume_flow_rate",
    { "m\302\263/h", "m\302\263/s", "ft\302\263/min", "L/h", "L/min", "L/s",
      "gal/min", "mL/s" },
    MEASURED },
  { "water", { "CCF", "ft\302\263", "m\302\263", "gal", "L" }, COUNTED },
};

/* Returns the device class of SENSOR; NULL: none, or an unknown one. */
static const struct class *
class_of(const cJSON *sensor)
{
  const char *name = text_of(sensor, "device_class");

  for (size_t i = 0; name && i < ARRAY_SIZE(classes); i++)
    if (strcmp(classes[i].name, name) == 0)
      return &classes[i];
  return NULL;
}

static bool
class_is_known(const cJSON *sensor)
{
  return !has(sensor, "device_class") || class_of(sensor);
}

static bool
unit_suits_class(const cJSON *sensor)
{
  const struct class *class = class_of(sensor);
  const char *unit = text_of(sensor, "unit_of_measurement");

  if (!class)
    return true;
  return class->units[0] ? is_one_of(class->units, unit) : !unit;
}

static bool
state_class_is_known(const cJSON *sensor)
{
  static const char *const all[] = TIMED;

  return !has(sensor, "state_class") ||
         is_one_of(all, text_of(sensor, "state_class"));
}

static bool
state_class_suits_class(const cJSON *sensor)
{
  const struct class *class = class_of(sensor);

  return !class || !has(sensor, "state_class") ||
         is_one_of(class->states, text_of(sensor, "state_class"));
}

static bool
time_is_no_number(const cJSON *sensor)
{
  const struct class *class = class_of(sensor);

  return !class || class->states[0] ||
         (!has(sensor, "state_class") && !has(sensor, "unit_of_measurement") &&
          !has(sensor, "suggested_display_precision"));
}

/* ---- Other rules --------------------------------------------------------- */

static bool
keys_are_known(const cJSON *sensor)
{
  static const char *const known[] = { "default_entity_id",
                                       "device",
                                       "device_class",
                                       "entity_category",
                                       "expire_after",
                                       "force_update",
                                       "json_attributes_topic",
                                       "name",
                                       "origin",
                                       "platform",
                                       "qos",
                                       "state_class",
                                       "state_topic",
                                       "suggested_display_precision",
                                       "unique_id",
                                       "unit_of_measurement",
                                       "value_template",
                                       NULL };
  const cJSON *member;

  cJSON_ArrayForEach(member, sensor)
  {
    if (!is_one_of(known, member->string))
      return false;
  }
  return true;
}

static bool
has_no_empty_text(const cJSON *object)
{
  const cJSON *member;

  cJSON_ArrayForEach(member, object)
  {
    const char *text = cJSON_GetStringValue(member);

    if (cJSON_IsNull(member) || (text && !*text))
      return false;
  }
  return true;
}

static bool
no_text_is_empty(const cJSON *sensor)
{
  return has_no_empty_text(sensor) &&
         has_no_empty_text(
           cJSON_GetObjectItemCaseSensitive(sensor, "device")) &&
         has_no_empty_text(cJSON_GetObjectItemCaseSensitive(sensor, "origin"));
}

static bool
required_keys_exist(const cJSON *sensor)
{
  return text_of(sensor, "state_topic") && text_of(sensor, "unique_id") &&
         text_of(sensor, "name");
}

static bool
state_topic_has_no_wildcard(const cJSON *sensor)
{
  return matches(text_of(sensor, "state_topic"), "^[^+#]+$");
}

static bool
qos_is_valid(const cJSON *sensor)
{
  const cJSON *qos = cJSON_GetObjectItemCaseSensitive(sensor, "qos");

  return !qos || (is_whole(qos, 0) && qos->valuedouble <= 2);
}

static bool
updates_are_forced(const cJSON *sensor)
{
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(sensor, "force_update"));
}

static bool
template_has_no_default(const cJSON *sensor)
{
  return !has(sensor, "value_template") ||
         matches(text_of(sensor, "value_template"),
                 "^\\{\\{ value_json\\.(value|time) \\}\\}$");
}

static bool
attributes_are_json(const cJSON *sensor)
{
  const char *topic = text_of(sensor, "json_attributes_topic");

  return !has(sensor, "json_attributes_topic") ||
         (topic && text_of(sensor, "state_topic") &&
          strcmp(topic, text_of(sensor, "state_topic")) == 0 &&
          has(sensor, "value_template"));
}

static bool
entity_id_is_valid(const cJSON *sensor)
{
  return matches(text_of(sensor, "default_entity_id"),
                 "^sensor\\.[0-9a-z]([0-9a-z_]*[0-9a-z])?$");
}

static bool
category_is_diagnostic(const cJSON *sensor)
{
  const char *category = text_of(sensor, "entity_category");

  return !has(sensor, "entity_category") ||
         (category && strcmp(category, "diagnostic") == 0);
}

static bool
precision_is_whole(const cJSON *sensor)
{
  const cJSON *precision =
    cJSON_GetObjectItemCaseSensitive(sensor, "suggested_display_precision");

  return !precision || is_whole(precision, 0);
}

static bool
expiry_is_whole(const cJSON *sensor)
{
  const cJSON *expiry =
    cJSON_GetObjectItemCaseSensitive(sensor, "expire_after");

  return !expiry || is_whole(expiry, 1);
}

static bool
device_is_identified(const cJSON *sensor)
{
  const cJSON *device = cJSON_GetObjectItemCaseSensitive(sensor, "device");
  const cJSON *ids = cJSON_GetObjectItemCaseSensitive(device, "identifiers");

  return cJSON_GetArraySize(ids) == 1 &&
         cJSON_IsString(cJSON_GetArrayItem(ids, 0));
}

static bool
device_keys_are_known(const cJSON *sensor)
{
  static const char *const known[] = { "manufacturer",  "model",      "name",
                                       "serial_number", "sw_version", NULL };
  const cJSON *member;
  const cJSON *device = cJSON_GetObjectItemCaseSensitive(sensor, "device");

  cJSON_ArrayForEach(member, device)
  {
    if (strcmp(member->string, "identifiers") != 0 &&
        (!cJSON_IsString(member) || !is_one_of(known, member->string)))
      return false;
  }
  return text_of(device, "name");
}

static bool
origin_has_a_name(const cJSON *sensor)
{
  const cJSON *origin = cJSON_GetObjectItemCaseSensitive(sensor, "origin");

  return text_of(origin, "name") && text_of(origin, "sw_version") &&
         cJSON_GetArraySize(origin) == 2;
}

static bool
name_is_not_that_of_the_device(const cJSON *sensor)
{
  const cJSON *device = cJSON_GetObjectItemCaseSensitive(sensor, "device");
  const char *name = text_of(sensor, "name");
  const char *before = text_of(device, "name");

  return !name || !before || strncmp(name, before, strlen(before)) != 0;
}

/* ---- The table ----------------------------------------------------------- */

const struct ha_rule ha_rules[] = {
  { "only keys that Home Assistant knows; no icon, no availability, not the "
    "object_id that it ignores from 2026.4 on",
    "about 2025.2, components/mqtt/sensor.py, _PLATFORM_SCHEMA_BASE with "
    "REMOVE_EXTRA; c6ca7f5f, components/mqtt/schemas.py, "
    "MQTT_ENTITY_COMMON_SCHEMA; default_entity_id: "
    "components/mqtt/entity.py, _init_entity_registry, from 2025.10 on",
    keys_are_known, "{\"object_id\":\"meter\"}" },
  { "no null and no empty text",
    "c6ca7f5f, components/mqtt/schemas.py: cv.string refuses null",
    no_text_is_empty, "{\"device\":{\"identifiers\":[\"a\"],\"name\":\"\"}}" },
  { "state_topic, unique_id and name exist",
    "components/mqtt/config.py, MQTT_RO_SCHEMA; home-assistant.io "
    "source/_integrations/mqtt.markdown: components need a unique_id",
    required_keys_exist, "{\"state_topic\":null}" },
  { "the state topic has no wildcard",
    "MQTT 5.0, 3.3.2.1; components/mqtt/util.py, valid_publish_topic",
    state_topic_has_no_wildcard, "{\"state_topic\":\"meterpipe/+/flow\"}" },
  { "qos is 0, 1 or 2", "components/mqtt/config.py, SCHEMA_BASE", qos_is_valid,
    "{\"qos\":3}" },
  { "the device class is one of those in this file",
    "3fd1a330, components/sensor/const.py, SensorDeviceClass", class_is_known,
    "{\"device_class\":\"heat\"}" },
  { "the unit suits the device class",
    "from 2025.7 on (pull request 146722), components/mqtt/sensor.py, "
    "validate_sensor_state_and_device_class_config; 3fd1a330, "
    "components/sensor/const.py, DEVICE_CLASS_UNITS; 2025.5.0b6, const.py",
    unit_suits_class, "{\"unit_of_measurement\":\"KWh\"}" },
  { "the state class is known",
    "3fd1a330, components/sensor/const.py, SensorStateClass",
    state_class_is_known, "{\"state_class\":\"increasing\"}" },
  { "the state class suits the device class",
    "3fd1a330, components/sensor/const.py, DEVICE_CLASS_STATE_CLASSES; "
    "components/sensor/__init__.py, SensorEntity.state, warns",
    state_class_suits_class, "{\"state_class\":\"measurement\"}" },
  { "a date or time has no unit, state class and precision",
    "components/sensor/__init__.py, _numeric_state_expected, and "
    "SensorEntity.state; NON_NUMERIC_DEVICE_CLASSES in const.py",
    time_is_no_number,
    "{\"device_class\":\"timestamp\",\"unit_of_measurement\":null,"
    "\"state_class\":null}" },
  { "the category of a sensor is diagnostic, not config",
    "2026.9, components/sensor/__init__.py, async_internal_added_to_hass",
    category_is_diagnostic, "{\"entity_category\":\"config\"}" },
  { "the precision is a whole number from 0 on",
    "about 2025.2, components/mqtt/sensor.py: cv.positive_int",
    precision_is_whole, "{\"suggested_display_precision\":-1}" },
  { "the expiry is a whole number of seconds; 0 would mean none",
    "about 2025.2, components/mqtt/sensor.py: cv.positive_int", expiry_is_whole,
    "{\"expire_after\":1.5}" },
  { "every state is an update, even with an unchanged value",
    "00cb367f, components/mqtt/entity.py, _attrs_have_changed",
    updates_are_forced, "{\"force_update\":false}" },
  { "the template puts no number in the place of a missing value",
    "0069cd7b, components/sensor/recorder.py, reset_detected: a 0 is a new "
    "meter, and the next value counts as consumption",
    template_has_no_default,
    "{\"value_template\":\"{{ value_json.value | default(0) }}\"}" },
  { "attributes come from states that are JSON",
    "00cb367f, components/mqtt/entity.py, _attributes_message_received",
    attributes_are_json, "{\"value_template\":null}" },
  { "default_entity_id is a valid id of a sensor",
    "core.py, VALID_ENTITY_ID; components/mqtt/entity.py, "
    "_init_entity_registry, takes the text after the dot",
    entity_id_is_valid, "{\"default_entity_id\":\"house_meter\"}" },
  { "a device has one identifier",
    "c6ca7f5f, components/mqtt/schemas.py, "
    "validate_device_has_at_least_one_identifier",
    device_is_identified, "{\"device\":{\"name\":\"House meter\"}}" },
  { "a device has a name and only keys that Home Assistant knows, all texts",
    "c6ca7f5f, components/mqtt/schemas.py, MQTT_ENTITY_DEVICE_INFO_SCHEMA "
    "without REMOVE_EXTRA; 00cb367f, components/mqtt/entity.py, "
    "_set_entity_name",
    device_keys_are_known,
    "{\"device\":{\"identifiers\":[\"a\"],\"name\":\"A\",\"serial\":\"1\"}}" },
  { "the origin has a name, and nothing unknown",
    "c6ca7f5f, components/mqtt/schemas.py, MQTT_ORIGIN_INFO_SCHEMA",
    origin_has_a_name, "{\"origin\":{\"sw_version\":\"1\"}}" },
  { "the name does not repeat that of the device",
    "00cb367f, components/mqtt/entity.py, MqttEntity._attr_has_entity_name",
    name_is_not_that_of_the_device, "{\"name\":\"House meter heat energy\"}" },
};

const size_t ha_rule_count = ARRAY_SIZE(ha_rules);

/* ---- Messages ------------------------------------------------------------ */

/* Gives member OLD of OBJECT the name NEW, as ABBREVIATIONS of
 * components/mqtt/abbreviations.py do. */
static void
rename_key(cJSON *object, const char *old, const char *new)
{
  cJSON *member = cJSON_DetachItemFromObjectCaseSensitive(object, old);

  if (member)
    cJSON_AddItemToObject(object, new, member);
}

/* Returns the parsed message with full key names; NULL: no object. */
static cJSON *
parse_message(const char *text)
{
  cJSON *message = cJSON_Parse(text), *component;

  if (!cJSON_IsObject(message)) {
    cJSON_Delete(message);
    return NULL;
  }
  rename_key(message, "dev", "device");
  rename_key(message, "o", "origin");
  rename_key(message, "cmps", "components");
  cJSON_ArrayForEach(component,
                     cJSON_GetObjectItemCaseSensitive(message, "components"))
  {
    rename_key(component, "p", "platform");
    cJSON_AddItemReferenceToObject(
      component, "device", cJSON_GetObjectItemCaseSensitive(message, "device"));
    cJSON_AddItemReferenceToObject(
      component, "origin", cJSON_GetObjectItemCaseSensitive(message, "origin"));
  }
  return message;
}

/* Returns the broken rule; NULL: all hold. */
static const struct ha_rule *
broken_rule(const cJSON *sensor)
{
  for (size_t i = 0; i < ha_rule_count; i++)
    if (!ha_rules[i].holds(sensor))
      return &ha_rules[i];
  return NULL;
}

/* Returns whether the unique id of SENSOR is a new one, and remembers it. */
static bool
add_id(struct ha_ids *ids, const cJSON *sensor)
{
  char *line, *all;
  bool new;

  if (asprintf(&line, "\n%s\n", text_of(sensor, "unique_id")) < 0)
    abort();
  new = !ids->text || !strstr(ids->text, line);
  if (asprintf(&all, "%s%s", ids->text ? ids->text : "", line) < 0)
    abort();
  free(ids->text);
  free(line);
  ids->text = all;
  ids->n++;
  return new;
}

static bool
sensor_holds(struct ha_ids *ids, const cJSON *sensor, char *why, size_t size)
{
  const struct ha_rule *broken = broken_rule(sensor);

  if (broken)
    snprintf(why, size, "%s (%s)", broken->rule, broken->source);
  else if (!add_id(ids, sensor))
    snprintf(why, size, "unique_id %s is there twice",
             text_of(sensor, "unique_id"));
  else
    return true;
  return false;
}

/* The last level but one of the topic is the unique id of a sensor, or the
 * identifier of a device; the docs call that best practice. */
static bool
topic_suits(const char *topic, const cJSON *message)
{
  const cJSON *components =
    cJSON_GetObjectItemCaseSensitive(message, "components");
  const cJSON *device = cJSON_GetObjectItemCaseSensitive(message, "device");
  const cJSON *ids = cJSON_GetObjectItemCaseSensitive(device, "identifiers");
  const char *id = components ? cJSON_GetStringValue(cJSON_GetArrayItem(ids, 0))
                              : text_of(message, "unique_id");
  char pattern[512];

  snprintf(pattern, sizeof(pattern), "^[^+#]+/%s/[a-zA-Z0-9_-]+/%s/config$",
           components ? "device" : "sensor", id ? id : "?");
  return matches(topic, pattern);
}

/* DEVICE_DISCOVERY_SCHEMA: exactly these keys, and each component has a
 * platform. */
static bool
components_are_valid(const cJSON *message, const cJSON *components)
{
  const cJSON *component;

  cJSON_ArrayForEach(component, components)
  {
    const char *id = text_of(component, "unique_id");
    const char *platform = text_of(component, "platform");

    if (!id || strcmp(id, component->string) != 0 || !platform ||
        strcmp(platform, "sensor") != 0)
      return false;
  }
  return cJSON_GetArraySize(components) > 0 &&
         cJSON_GetArraySize(message) == 3 && has(message, "device") &&
         has(message, "origin");
}

static bool
message_holds(struct ha_ids *ids, const char *topic, const cJSON *message,
              char *why, size_t size)
{
  const cJSON *components =
    cJSON_GetObjectItemCaseSensitive(message, "components");
  const cJSON *component;

  if (!topic_suits(topic, message)) {
    snprintf(why, size,
             "the topic is PREFIX/sensor/NODE/UNIQUE_ID/config or "
             "PREFIX/device/NODE/IDENTIFIER/config (00b08a43, "
             "components/mqtt/discovery.py, TOPIC_MATCHER)");
    return false;
  }
  if (!components)
    return sensor_holds(ids, message, why, size);
  if (!components_are_valid(message, components)) {
    snprintf(why, size,
             "a device has dev, o, cmps, and each component a platform and a "
             "unique id (0f5c1b54, components/mqtt/schemas.py, "
             "DEVICE_DISCOVERY_SCHEMA)");
    return false;
  }
  cJSON_ArrayForEach(component, components)
  {
    if (!sensor_holds(ids, component, why, size))
      return false;
  }
  return true;
}

bool
ha_rules_hold(struct ha_ids *ids, const char *topic, const char *text,
              char *why, size_t why_size)
{
  cJSON *message = parse_message(text);
  bool holds;

  if (!message) {
    snprintf(why, why_size,
             "a message is a JSON object (00b08a43, "
             "components/mqtt/discovery.py, json_loads_object)");
    return false;
  }
  holds = message_holds(ids, topic, message, why, why_size);
  cJSON_Delete(message);
  return holds;
}

void
ha_rules_each(const char *text, void (*fn)(void *ctx, const cJSON *sensor),
              void *ctx)
{
  cJSON *message = parse_message(text);
  const cJSON *components =
    cJSON_GetObjectItemCaseSensitive(message, "components");
  const cJSON *component;

  if (message && !components)
    fn(ctx, message);
  cJSON_ArrayForEach(component, components)
  {
    fn(ctx, component);
  }
  cJSON_Delete(message);
}
