/*
 * The discovery messages for Home Assistant, without a broker: each must keep
 * the rules of tests/support/ha_rules.c.  README.md has what this cannot show.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/mqtt/discovery.h"
#include "testkit/fake_host.h"
#include "tests/support/ha_rules.h"
#include "tests/support/run_suite.h"

#define TARGETS 1000

/* The options of a target, as in the plugin. */
static const struct mp_option target_options[] = {
  { "label", MP_TYPE_STRING, 0, NULL, NULL, "name" },
  { "device_class", MP_TYPE_STRING, 0, NULL, NULL, "device class; none" },
  { "state_class", MP_TYPE_STRING, 0, NULL, NULL, "state class; none" },
  { "unit", MP_TYPE_STRING, 0, NULL, NULL, "unit" },
  { "precision", MP_TYPE_INT, 0, NULL, "0..12", "decimals" },
  { "category", MP_TYPE_CHOICE, 0, NULL, "none|diagnostic", "category" },
  { NULL, 0, 0, NULL, NULL, NULL },
};
static const struct mp_output_ops ops = {
  .struct_size = sizeof(ops),
  .delivery = MP_LATEST,
  .target_prefix = "sensor",
  .target_options = target_options,
};
static const struct mp_plugin plugin = {
  .struct_size = sizeof(plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "mqtt",
  .version = "1",
  .summary = "for this test",
  .output = &ops,
};

static struct fake_host *h;
static struct discovery d;
static uint32_t n_targets;
static char *topics[TARGETS];
static struct mp_value values[TARGETS];
static bool known[TARGETS];
static cJSON *sensors; /* of the last messages, by unique id */
static size_t n_configs;

static const struct mp_value *
value_of(void *ctx, uint32_t target)
{
  ck_assert_ptr_eq(ctx, &d);
  return known[target] ? &values[target] : NULL;
}

static void
set_up(void)
{
  h = fake_host_new(&plugin, "ha");
  h->table.pipeline = "house";
  h->table.version = "1.4.0";
  d = (struct discovery){ .host = &h->table,
                          .prefix = "homeassistant",
                          .state_topics = (const char *const *)topics,
                          .value_of = value_of,
                          .ctx = &d };
}

static void
tear_down(void)
{
  for (uint32_t i = 0; i < n_targets; i++) {
    free(topics[i]);
    known[i] = false;
  }
  n_targets = 0;
  cJSON_Delete(sensors);
  sensors = NULL;
  fake_host_free(h);
}

/* ---- Targets ------------------------------------------------------------- */

/* VALUE NULL: not known yet. */
static void
set_value(uint32_t target, uint32_t kind, const char *value)
{
  known[target] = value;
  if (value)
    values[target] = fake_host_value(h, kind, value);
}

/* Adds a target without a meter. */
static uint32_t
add_target(const char *name, const char *source, uint32_t flags, uint32_t kind,
           const char *value)
{
  uint32_t target = fake_host_add_target(h, name, NULL, source, flags);
  char topic[512];

  ck_assert_uint_lt(target, TARGETS);
  snprintf(topic, sizeof(topic), "meterpipe/house/%s", name);
  for (char *p = topic; *p; p++)
    if (*p == '.')
      *p = '/';
  topics[target] = strdup(topic);
  n_targets = target + 1;
  fake_host_set_target_source(h, target, kind, NULL, NULL, NULL);
  set_value(target, kind, value);
  return target;
}

static void
set_meter(uint32_t target, const char *section, const char *serial)
{
  struct mp_meter meter = { .struct_size = sizeof(meter),
                            .serial = serial,
                            .manufacturer = "Kamstrup",
                            .model = "MULTICAL 403",
                            .software = "1.2",
                            .section = section };

  fake_host_set_target_meter(h, target, &meter);
}

/* Adds the target of a field of the meter, as in an output that takes every
 * value. */
static uint32_t
add_field(const char *field, uint32_t kind, const char *label,
          const char *usual_unit, const char *value)
{
  char source[256];
  uint32_t target;

  snprintf(source, sizeof(source), "meter.%s", field);
  target = add_target(source, source, 0, kind, value);
  fake_host_set_target_source(h, target, kind, label, NULL, usual_unit);
  set_meter(target, "meter", "84968362");
  return target;
}

/* ---- Messages ------------------------------------------------------------ */

static void
keep_sensor(void *ctx, const cJSON *sensor)
{
  (void)ctx;
  cJSON_AddItemToObject(
    sensors, cJSON_GetObjectItemCaseSensitive(sensor, "unique_id")->valuestring,
    cJSON_Duplicate(sensor, true));
}

static int
compare_topic(void *ctx, const char *topic)
{
  return strcmp(topic, ctx) == 0 ? MP_END : MP_OK;
}

/* Returns whether discovery_topics tells TOPIC. */
static bool
tells_topic(char *topic)
{
  return discovery_topics(&d, compare_topic, topic) == MP_END;
}

/* Makes the messages, and checks all rules. */
static void
make_configs(void)
{
  struct discovery_config *configs = NULL;
  struct ha_ids ids = { 0 };
  char why[1024];

  cJSON_Delete(sensors);
  sensors = cJSON_CreateObject();
  ck_assert_int_eq(discovery_check(&d), MP_OK);
  ck_assert_int_eq(discovery_make(&d, &configs, &n_configs), MP_OK);
  for (size_t i = 0; i < n_configs; i++) {
    ck_assert_msg(
      ha_rules_hold(&ids, configs[i].topic, configs[i].text, why, sizeof(why)),
      "rule: %s\n%s\n%s", why, configs[i].topic, configs[i].text);
    ck_assert(tells_topic(configs[i].topic));
    ha_rules_each(configs[i].text, keep_sensor, NULL);
  }
  free(ids.text);
  discovery_free(configs, n_configs);
}

/* Returns member KEY of a sensor as a text; "": there is none. */
static const char *
member(const char *id, const char *key)
{
  static char text[256];
  const cJSON *sensor = cJSON_GetObjectItemCaseSensitive(sensors, id);
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(sensor, key);

  ck_assert_msg(sensor, "no sensor %s", id);
  if (cJSON_IsString(item))
    return item->valuestring;
  snprintf(text, sizeof(text), "%g", item ? item->valuedouble : -1);
  return item ? text : "";
}

static const char *
device_member(const char *id, const char *key)
{
  const cJSON *sensor = cJSON_GetObjectItemCaseSensitive(sensors, id);
  const cJSON *device = cJSON_GetObjectItemCaseSensitive(sensor, "device");
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(device, key);

  ck_assert_msg(sensor, "no sensor %s", id);
  if (cJSON_IsArray(item))
    item = cJSON_GetArrayItem(item, 0);
  return item ? item->valuestring : "";
}

/* ---- The rules ----------------------------------------------------------- */

/* A sensor that breaks each rule in turn, made from a good one. */
START_TEST(each_rule_refuses_what_breaks_it)
{
  const struct ha_rule *rule = &ha_rules[_i];
  cJSON *changes = cJSON_Parse(rule->broken), *change, *next, *sensor;

  add_field("heat_energy_e1", MP_COUNTER, "Heat energy E1", "GJ", "84.817 GJ");
  d.expire_ms = 1000;
  make_configs();
  sensor = cJSON_GetObjectItemCaseSensitive(
    sensors, "meterpipe_house_meter_heat_energy_e1");
  ck_assert_ptr_nonnull(changes);
  ck_assert(rule->holds(sensor));
  for (change = changes->child; change; change = next) {
    next = change->next;
    cJSON_DetachItemViaPointer(changes, change);
    cJSON_DeleteItemFromObjectCaseSensitive(sensor, change->string);
    if (cJSON_IsNull(change))
      cJSON_Delete(change);
    else
      cJSON_AddItemToObject(sensor, change->string, change);
  }
  ck_assert_msg(!rule->holds(sensor), "not refused: %s", rule->rule);
  cJSON_Delete(changes);
}
END_TEST

START_TEST(two_messages_with_one_id_break_a_rule)
{
  struct discovery_config *configs = NULL;
  struct ha_ids ids = { 0 };
  size_t n;
  char why[1024];

  add_field("flow_v1", MP_GAUGE, NULL, NULL, "267 l/h");
  ck_assert_int_eq(discovery_make(&d, &configs, &n), MP_OK);
  ck_assert(
    ha_rules_hold(&ids, configs[0].topic, configs[0].text, why, sizeof(why)));
  ck_assert(
    !ha_rules_hold(&ids, configs[0].topic, configs[0].text, why, sizeof(why)));
  ck_assert(
    !ha_rules_hold(&ids, configs[1].topic, configs[0].text, why, sizeof(why)));
  free(ids.text);
  discovery_free(configs, n);
}
END_TEST

/* All registers of KMP, in each of their units. */
static void
add_registers(void)
{
  for (size_t i = 0; kmp_register_at(i); i++) {
    const struct kmp_register *reg = kmp_register_at(i);
    char units[128], *rest = units, *unit;

    snprintf(units, sizeof(units), "%s", reg->unit);
    for (unsigned n = 0; (unit = strsep(&rest, "|")); n++) {
      char name[128], value[128];

      snprintf(name, sizeof(name), "%s.%u", reg->name, n);
      snprintf(value, sizeof(value), "12.5 %s", unit);
      if (reg->kind == MP_TEXT)
        snprintf(value, sizeof(value), "2026-11-22");
      add_field(name, reg->kind, reg->label, unit,
                *unit || reg->kind == MP_TEXT ? value : "12.5");
      if (!reg->kind)
        values[n_targets - 1].kind = MP_GAUGE;
    }
  }
}

/* The index has three bits: mode, plain, expiry. */
START_TEST(every_register_keeps_the_rules)
{
  d.mode = _i & 1 ? DISCOVERY_DEVICE : DISCOVERY_SINGLE;
  d.plain = _i & 2;
  d.expire_ms = _i & 4 ? 3600000 : 0;
  add_registers();
  make_configs();
  ck_assert_uint_gt(n_targets, 400);
  ck_assert_int_eq(cJSON_GetArraySize(sensors), (int)n_targets + !d.plain);
  ck_assert_uint_eq(n_configs,
                    d.mode == DISCOVERY_DEVICE ? 1 : n_targets + !d.plain);
}
END_TEST

/* ---- A meter ------------------------------------------------------------- */

static const struct expected {
  const char *field;
  uint32_t kind;
  const char *label, *usual_unit;
  const char *value;
  const char *unit, *device_class, *state_class, *category, *decimals;
} expected[] = {
  { "heat_energy_e1", MP_COUNTER, "Heat energy E1", "MWh", "84.817 GJ", "GJ",
    "energy", "total_increasing", "", "3" },
  { "energy_mwh", MP_COUNTER, "Heat energy E1", "MWh", "23.560 MWh", "MWh",
    "energy", "total_increasing", "", "3" },
  { "energy_kwh", MP_COUNTER, "Heat energy E1", "MWh", "23560 kWh", "kWh",
    "energy", "total_increasing", "", "0" },
  { "energy_gcal", MP_COUNTER, "Heat energy E1", "MWh", "20.26 Gcal", "Gcal",
    "energy", "total_increasing", "", "2" },
  { "volume_v1", MP_COUNTER, "Volume V1", "m3", "520.41 m3", "m\302\263",
    "volume", "total_increasing", "", "2" },
  { "volume_hires", MP_COUNTER, "Volume", "l", "520410 l", "L", "volume",
    "total_increasing", "", "0" },
  { "power_e1", MP_GAUGE, "Power", "kW", "15.5 kW", "kW", "power",
    "measurement", "", "1" },
  { "flow_v1", MP_GAUGE, "Flow", "l/h", "267 l/h", "L/h", "volume_flow_rate",
    "measurement", "", "0" },
  { "flow_v2", MP_GAUGE, "Flow", "l/h", "0.267 m3/h", "m\302\263/h",
    "volume_flow_rate", "measurement", "", "3" },
  { "temperature_t1", MP_GAUGE, "t1", "C", "76.85 C", "\302\260C",
    "temperature", "measurement", "", "2" },
  { "temperature_diff", MP_GAUGE, "t1-t2", "K", "51.59 K", "K", "",
    "measurement", "", "2" },
  { "temperature_diff_c", MP_GAUGE, "t1-t2", "K", "51.59 C", "\302\260C", "",
    "measurement", "", "2" },
  { "operating_hours", MP_COUNTER, "Hours", "h", "12345 h", "h", "duration",
    "total_increasing", "", "0" },
  { "battery_days_left", MP_GAUGE, "Battery", "days", "3000 days", "d",
    "duration", "measurement", "", "0" },
  { "pressure_p1", MP_GAUGE, "P1", "bar", "1.25 bar", "bar", "pressure",
    "measurement", "", "2" },
  { "mass_m1", MP_COUNTER, "M1", "ton", "500.2 ton", "t", "",
    "total_increasing", "", "1" },
  { "info_code", MP_GAUGE, "Info code", "number", "20", "", "", "",
    "diagnostic", "0" },
  { "info_bits", MP_GAUGE, "Info bits", "bitfield", "20 bitfield", "", "", "",
    "diagnostic", "0" },
  { "info_event_counter", MP_COUNTER, "Events", "number", "3 number", "", "",
    "total_increasing", "diagnostic", "0" },
  { "info_text", MP_TEXT, "In words", NULL, "sensor open; leak", "", "", "",
    "diagnostic", "" },
  { "cop", MP_GAUGE, "COP", "number", "3.5", "", "", "", "", "1" },
  { "date", MP_TEXT, "Date", "yy:mm:dd", "2026-11-22", "", "date", "",
    "diagnostic", "" },
  { "no_date", MP_TEXT, "Type", "ASCII", "2026-22-11", "", "", "", "diagnostic",
    "" },
  { "clock", MP_TEXT, "Clock", "hh:mm:ss", "10:20:30", "", "", "", "diagnostic",
    "" },
  { "rtc", MP_TEXT, "Clock", "RTC", "2026-11-22T10:20:30", "", "", "",
    "diagnostic", "" },
  { "date_time", MP_TEXT, "Clock", "datetime", "2026-11-22T10:20:30+01:00", "",
    "timestamp", "", "diagnostic", "" },
  { "resettable_energy_in", MP_GAUGE, "Resettable", "kWh", "12.5 kWh", "kWh",
    "energy", "", "", "1" },
  { "accumulated_max_power_in", MP_COUNTER, "Max", "kW", "12.5 kW", "kW",
    "power", "", "", "1" },
  { "unknown_unit", MP_GAUGE, "Price", "kr", "12.50 kr", "kr", "",
    "measurement", "", "2" },
  { "tera", MP_COUNTER, "Energy", "TJ", "1.5 TJ", "TJ", "", "total_increasing",
    "", "1" },
  { "large", MP_COUNTER, "Volume", "m3", "123000000 m3", "m\302\263", "volume",
    "total_increasing", "", "0" },
};

START_TEST(values_of_a_meter)
{
  const struct expected *e = &expected[_i];
  char id[256];

  add_field(e->field, e->kind, e->label, e->usual_unit, e->value);
  make_configs();
  snprintf(id, sizeof(id), "meterpipe_house_meter_%s", e->field);
  ck_assert_str_eq(member(id, "name"), e->label);
  ck_assert_str_eq(member(id, "unit_of_measurement"), e->unit);
  ck_assert_str_eq(member(id, "device_class"), e->device_class);
  ck_assert_str_eq(member(id, "state_class"), e->state_class);
  ck_assert_str_eq(member(id, "entity_category"), e->category);
  ck_assert_str_eq(member(id, "suggested_display_precision"), e->decimals);
}
END_TEST

#define E1 "meterpipe_house_meter_heat_energy_e1"
#define LAST "meterpipe_house_meter_last_reading"

START_TEST(message_of_a_target)
{
  struct discovery_config *configs = NULL;
  size_t n;

  add_field("heat_energy_e1", MP_COUNTER, "Heat energy E1", "GJ", "84.817 GJ");
  d.expire_ms = 4200000;
  ck_assert_int_eq(discovery_make(&d, &configs, &n), MP_OK);
  ck_assert_uint_eq(n, 2);
  ck_assert_str_eq(configs[0].topic,
                   "homeassistant/sensor/meterpipe_house/" E1 "/config");
  ck_assert_str_eq(
    configs[0].text,
    "{\"device\":{\"identifiers\":[\"meterpipe_house_meter\"],\"name\":\"House "
    "meter\",\"manufacturer\":\"Kamstrup\",\"model\":\"MULTICAL "
    "403\",\"serial_number\":\"84968362\",\"sw_version\":\"1.2\"},"
    "\"origin\":{\"name\":\"meterpipe\",\"sw_version\":\"1.4.0\"},"
    "\"name\":\"Heat energy E1\",\"unique_id\":\"" E1
    "\",\"default_entity_id\":\"sensor.house_meter_heat_energy_e1\","
    "\"state_topic\":\"meterpipe/house/meter/heat_energy_e1\",\"qos\":1,"
    "\"force_update\":true,\"unit_of_measurement\":\"GJ\","
    "\"device_class\":\"energy\",\"state_class\":\"total_increasing\","
    "\"suggested_display_precision\":3,\"expire_after\":4200,"
    "\"value_template\":\"{{ value_json.value }}\","
    "\"json_attributes_topic\":\"meterpipe/house/meter/heat_energy_e1\"}");
  ck_assert_str_eq(configs[1].topic,
                   "homeassistant/sensor/meterpipe_house/" LAST "/config");
  discovery_free(configs, n);
}
END_TEST

START_TEST(last_reading_is_that_of_the_first_target)
{
  uint32_t first = add_field("flow_v1", MP_GAUGE, NULL, NULL, "267 l/h");

  add_field("heat_energy_e1", MP_COUNTER, NULL, NULL, "84.817 GJ");
  d.expire_ms = 4200000;
  make_configs();
  ck_assert_str_eq(member(LAST, "name"), "Last reading");
  ck_assert_str_eq(member(LAST, "state_topic"), topics[first]);
  ck_assert_str_eq(member(LAST, "value_template"), "{{ value_json.time }}");
  ck_assert_str_eq(member(LAST, "device_class"), "timestamp");
  ck_assert_str_eq(member(LAST, "entity_category"), "diagnostic");
  ck_assert_str_eq(member(LAST, "expire_after"), "");
  ck_assert_str_eq(member(LAST, "json_attributes_topic"), "");
}
END_TEST

START_TEST(plain_states_have_no_template)
{
  add_field("heat_energy_e1", MP_COUNTER, NULL, NULL, "84.817 GJ");
  d.plain = true;
  make_configs();
  ck_assert_uint_eq(n_configs, 1);
  ck_assert_str_eq(member(E1, "value_template"), "");
  ck_assert_str_eq(member(E1, "json_attributes_topic"), "");
}
END_TEST

START_TEST(expiry_is_rounded_up_to_a_second)
{
  add_field("heat_energy_e1", MP_COUNTER, NULL, NULL, "84.817 GJ");
  d.expire_ms = 1;
  make_configs();
  ck_assert_str_eq(member(E1, "expire_after"), "1");
  d.expire_ms = 2001;
  make_configs();
  ck_assert_str_eq(member(E1, "expire_after"), "3");
  d.expire_ms = 0;
  make_configs();
  ck_assert_str_eq(member(E1, "expire_after"), "");
}
END_TEST

/* ---- Missing values ------------------------------------------------------ */

/* The index is the mode. */
START_TEST(missing_value_has_no_entity)
{
  uint32_t energy = add_field("heat_energy_e1", MP_COUNTER, NULL, NULL, NULL);

  add_field("flow_v1", MP_GAUGE, NULL, NULL, NULL);
  d.mode = (enum discovery_mode)_i;
  make_configs();
  ck_assert_uint_eq(n_configs, 0);

  set_value(1, MP_GAUGE, "0 l/h");
  make_configs();
  ck_assert_int_eq(cJSON_GetArraySize(sensors), 1);
  ck_assert_str_eq(member("meterpipe_house_meter_flow_v1", "state_class"),
                   "measurement");

  set_value(energy, MP_COUNTER, "84.817 GJ");
  make_configs();
  ck_assert_int_eq(cJSON_GetArraySize(sensors), 3);
}
END_TEST

START_TEST(topics_include_those_without_a_value)
{
  char energy[] = "homeassistant/sensor/meterpipe_house/" E1 "/config";
  char last[] = "homeassistant/sensor/meterpipe_house/" LAST "/config";
  char device[] =
    "homeassistant/device/meterpipe_house/meterpipe_house_meter/config";

  add_field("heat_energy_e1", MP_COUNTER, NULL, NULL, NULL);
  ck_assert(tells_topic(energy));
  ck_assert(tells_topic(last));
  ck_assert(!tells_topic(device));
  d.mode = DISCOVERY_DEVICE;
  ck_assert(!tells_topic(energy));
  ck_assert(tells_topic(device));
  d.mode = DISCOVERY_OFF;
  ck_assert(!tells_topic(device));
}
END_TEST

START_TEST(no_discovery)
{
  struct discovery_config *configs = NULL;
  size_t n = 1;

  add_field("heat_energy_e1", MP_COUNTER, NULL, NULL, "84.817 GJ");
  d.mode = DISCOVERY_OFF;
  ck_assert_int_eq(discovery_check(&d), MP_OK);
  ck_assert_int_eq(discovery_make(&d, &configs, &n), MP_OK);
  ck_assert_uint_eq(n, 0);
  discovery_free(configs, n);
}
END_TEST

/* ---- Transforms ---------------------------------------------------------- */

/* The manual's usage and running total; the host describes them by the field
 * that they come from. */
static void
add_transforms(void)
{
  uint32_t usage = add_target("usage", "usage", 0, MP_DELTA, "0.208 GJ");
  uint32_t total =
    add_target("total", "total", MP_TARGET_TOTAL, MP_COUNTER, "84.208 GJ");

  fake_host_set_target_source(h, usage, MP_DELTA, "Heat energy E1", "60", "GJ");
  fake_host_set_target_source(h, total, MP_COUNTER, "Heat energy E1", "60",
                              "GJ");
  set_meter(usage, "meter", "84968362");
  set_meter(total, "meter", "84968362");
}

START_TEST(usage_and_total)
{
  add_transforms();
  make_configs();
  ck_assert_str_eq(member("meterpipe_house_meter_usage", "name"), "Usage");
  ck_assert_str_eq(member("meterpipe_house_meter_usage", "unit_of_measurement"),
                   "GJ");
  ck_assert_str_eq(member("meterpipe_house_meter_usage", "device_class"), "");
  ck_assert_str_eq(member("meterpipe_house_meter_usage", "state_class"), "");
  ck_assert_str_eq(member("meterpipe_house_meter_total", "name"), "Total");
  ck_assert_str_eq(member("meterpipe_house_meter_total", "device_class"),
                   "energy");
  ck_assert_str_eq(member("meterpipe_house_meter_total", "state_class"),
                   "total_increasing");
}
END_TEST

START_TEST(total_of_gauges_can_fall)
{
  add_target("sum", "sum", MP_TARGET_TOTAL, MP_GAUGE, "12.5 kWh");
  make_configs();
  ck_assert_str_eq(member("meterpipe_house_sum", "state_class"), "total");
}
END_TEST

/* A broker shows values that are of no kind in particular. */
START_TEST(kind_of_the_field_counts_more_than_that_of_the_value)
{
  add_target("heat", "heat", 0, MP_COUNTER, NULL);
  add_target("load", "load", 0, 0, NULL);
  add_target("total", "total", MP_TARGET_TOTAL, 0, NULL);
  set_value(0, MP_GAUGE, "12.5 kWh");
  set_value(1, MP_COUNTER, "12.5 kWh");
  set_value(2, MP_GAUGE, "12.5 kWh");
  make_configs();
  ck_assert_str_eq(member("meterpipe_house_heat", "state_class"),
                   "total_increasing");
  ck_assert_str_eq(member("meterpipe_house_load", "state_class"),
                   "total_increasing");
  ck_assert_str_eq(member("meterpipe_house_total", "state_class"),
                   "total_increasing");
}
END_TEST

START_TEST(large_step_has_no_decimals)
{
  add_field("energy", MP_COUNTER, NULL, NULL, "123 GJ");
  values[0].number.exp10 = 6;
  make_configs();
  ck_assert_str_eq(
    member("meterpipe_house_meter_energy", "suggested_display_precision"), "0");
}
END_TEST

START_TEST(target_that_is_only_read_has_no_entity)
{
  uint32_t base = add_target("base", NULL, MP_TARGET_READ | MP_TARGET_BASE,
                             MP_COUNTER, "84.000 GJ");

  set_meter(base, "meter", NULL);
  make_configs();
  ck_assert_uint_eq(n_configs, 0);
}
END_TEST

/* ---- Options ------------------------------------------------------------- */

START_TEST(options_override)
{
  uint32_t t = add_field("volume_v1", MP_COUNTER, "Volume V1", "m3", "1.25 m3");
  const char *id = "meterpipe_house_meter_volume_v1";

  fake_host_set_target_option(h, t, "label", "Hot water");
  fake_host_set_target_option(h, t, "device_class", "water");
  fake_host_set_target_option(h, t, "state_class", "total");
  fake_host_set_target_option(h, t, "precision", "0");
  fake_host_set_target_option(h, t, "category", "diagnostic");
  fake_host_set_target_option(h, t, "unit", "l");
  make_configs();
  ck_assert_str_eq(member(id, "name"), "Hot water");
  ck_assert_str_eq(member(id, "device_class"), "water");
  ck_assert_str_eq(member(id, "state_class"), "total");
  ck_assert_str_eq(member(id, "suggested_display_precision"), "0");
  ck_assert_str_eq(member(id, "entity_category"), "diagnostic");
  ck_assert_str_eq(member(id, "unit_of_measurement"), "L");
}
END_TEST

START_TEST(options_leave_out)
{
  uint32_t t = add_field("info_code", MP_COUNTER, NULL, NULL, "1.25 m3");
  const char *id = "meterpipe_house_meter_info_code";

  fake_host_set_target_option(h, t, "device_class", "none");
  fake_host_set_target_option(h, t, "state_class", "none");
  fake_host_set_target_option(h, t, "category", "none");
  make_configs();
  ck_assert_str_eq(member(id, "device_class"), "");
  ck_assert_str_eq(member(id, "state_class"), "");
  ck_assert_str_eq(member(id, "entity_category"), "");
}
END_TEST

START_TEST(state_class_suits_the_device_class_of_the_user)
{
  uint32_t t = add_field("temperature_diff", MP_GAUGE, NULL, "K", "51.59 K");
  uint32_t gauge = add_field("bucket", MP_GAUGE, NULL, "m3", "1.25 m3");

  fake_host_set_target_option(h, t, "device_class", "temperature_delta");
  fake_host_set_target_option(h, gauge, "device_class", "water");
  make_configs();
  ck_assert_str_eq(
    member("meterpipe_house_meter_temperature_diff", "device_class"),
    "temperature_delta");
  ck_assert_str_eq(
    member("meterpipe_house_meter_temperature_diff", "state_class"),
    "measurement");
  ck_assert_str_eq(member("meterpipe_house_meter_bucket", "state_class"), "");
}
END_TEST

/* ---- Ids and devices ----------------------------------------------------- */

START_TEST(exchange_of_the_meter_keeps_the_ids)
{
  uint32_t t = add_field("heat_energy_e1", MP_COUNTER, NULL, NULL, "1.5 GJ");

  set_meter(t, "meter", "11111111");
  make_configs();
  ck_assert_str_eq(device_member(E1, "identifiers"), "meterpipe_house_meter");
  ck_assert_str_eq(device_member(E1, "serial_number"), "11111111");
}
END_TEST

START_TEST(facts_that_are_not_known_are_left_out)
{
  struct mp_meter meter = { .struct_size = sizeof(meter), .section = "meter" };
  uint32_t t = add_field("heat_energy_e1", MP_COUNTER, NULL, NULL, "1.5 GJ");

  fake_host_set_target_meter(h, t, &meter);
  make_configs();
  ck_assert_str_eq(device_member(E1, "name"), "House meter");
  ck_assert_str_eq(device_member(E1, "serial_number"), "");
  ck_assert_str_eq(device_member(E1, "model"), "");
}
END_TEST

START_TEST(target_of_no_meter_belongs_to_the_pipeline)
{
  add_target("sum.of_all", "sum", 0, MP_GAUGE, "1.5 kW");
  make_configs();
  ck_assert_str_eq(device_member("meterpipe_house_sum_of_all", "identifiers"),
                   "meterpipe_house");
  ck_assert_str_eq(device_member("meterpipe_house_sum_of_all", "name"),
                   "House");
  ck_assert_str_eq(device_member("meterpipe_house_sum_of_all", "model"), "");
  ck_assert_str_eq(member("meterpipe_house_sum_of_all", "name"), "Sum of all");
}
END_TEST

START_TEST(named_target_of_a_meter)
{
  uint32_t t =
    add_target("Energy-1", "meter.heat_energy_e1", 0, MP_COUNTER, "1.5 GJ");
  const char *id = "meterpipe_house_meter_Energy-1";

  fake_host_set_target_source(h, t, MP_COUNTER, "Heat energy E1", "60", "GJ");
  set_meter(t, "meter", NULL);
  make_configs();
  ck_assert_str_eq(member(id, "name"), "Heat energy E1");
  ck_assert_str_eq(member(id, "default_entity_id"),
                   "sensor.house_meter_energy_1");
}
END_TEST

START_TEST(odd_names_become_ids)
{
  uint32_t t =
    add_target("v\303\244rme +#/\"\\x", "meter.e1", 0, MP_COUNTER, "1.5 GJ");
  static char topic[] = "meterpipe/house/odd";

  free(topics[t]);
  topics[t] = strdup(topic);
  h->table.pipeline = "our house";
  set_meter(t, "n\303\270rre", NULL);
  make_configs();
  ck_assert_str_eq(
    device_member("meterpipe_our_house_n_rre_v_rme______x", "identifiers"),
    "meterpipe_our_house_n_rre");
}
END_TEST

static void
add_second_meter(void)
{
  uint32_t t =
    add_target("cellar.flow_v1", "cellar.flow_v1", 0, MP_GAUGE, "12 l/h");

  set_meter(t, "cellar", "222");
}

START_TEST(each_meter_is_a_device)
{
  add_field("flow_v1", MP_GAUGE, NULL, NULL, "267 l/h");
  add_second_meter();
  add_field("power_e1", MP_GAUGE, NULL, NULL, "15.5 kW");
  add_target("sum", "sum", 0, MP_GAUGE, "1.5 kW");
  d.mode = DISCOVERY_DEVICE;
  make_configs();
  ck_assert_uint_eq(n_configs, 3);
  ck_assert_int_eq(cJSON_GetArraySize(sensors), 4 + 3);
  ck_assert_str_eq(
    device_member("meterpipe_house_cellar_flow_v1", "serial_number"), "222");
  ck_assert_str_eq(member(LAST, "state_topic"), topics[0]);
}
END_TEST

/* Each row has two names of targets of a meter. */
static const char *const same_ids[][2] = {
  { "meter.flow", "flow" },
  { "a.b", "a_b" },
  { "flow", "last_reading" },
  { "last.reading", "flow" },
};

START_TEST(same_id_is_refused)
{
  for (int i = 0; i < 2; i++)
    set_meter(add_target(same_ids[_i][i], "usage", 0, MP_GAUGE, NULL), "meter",
              NULL);
  ck_assert_int_eq(discovery_check(&d), MP_ECONFIG);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  ck_assert_ptr_nonnull(strstr(fake_host_log(h), "same id in Home Assistant"));
  d.mode = DISCOVERY_DEVICE;
  ck_assert_int_eq(discovery_check(&d), MP_ECONFIG);
}
END_TEST

START_TEST(plain_states_have_no_time_to_collide_with)
{
  set_meter(add_target("last_reading", "usage", 0, MP_GAUGE, NULL), "meter",
            NULL);
  d.plain = true;
  ck_assert_int_eq(discovery_check(&d), MP_OK);
}
END_TEST

/* ---- The example --------------------------------------------------------- */

static FILE *
open_card(void)
{
  const char *srcdir = getenv("srcdir");
  char path[4096];
  FILE *card;

  snprintf(path, sizeof(path), "%s/examples/homeassistant/dashboard-card.yaml",
           srcdir ? srcdir : ".");
  card = fopen(path, "r");
  ck_assert_msg(card, "cannot open %s", path);
  return card;
}

static bool
is_entity(const char *entity_id)
{
  const cJSON *sensor;

  cJSON_ArrayForEach(sensor, sensors)
  {
    if (strcmp(member(sensor->string, "default_entity_id"), entity_id) == 0)
      return true;
  }
  return false;
}

START_TEST(entities_of_the_card_exist)
{
  char fields[] = KMP_DEFAULT_FIELDS ",info_code,info_text", *rest = fields;
  char line[256], *field, *id;
  FILE *card = open_card();
  int n = 0;

  while ((field = strsep(&rest, ",")))
    add_field(field, MP_GAUGE, NULL, NULL, "1");
  add_transforms();
  make_configs();
  while (fgets(line, sizeof(line), card)) {
    line[strcspn(line, "#\n")] = '\0';
    id = strstr(line, "sensor.");
    if (!id)
      continue;
    ck_assert_msg(is_entity(id), "no entity %s", id);
    n++;
  }
  ck_assert_int_gt(n, 10);
  fclose(card);
}
END_TEST

/* ---- Removal ------------------------------------------------------------- */

/* Returns the text of the only message, from malloc. */
static char *
make_text(void)
{
  struct discovery_config *configs = NULL;
  size_t n;
  char *text;

  ck_assert_int_eq(discovery_make(&d, &configs, &n), MP_OK);
  ck_assert_uint_eq(n, 1);
  text = strdup(configs[0].text);
  discovery_free(configs, n);
  return text;
}

static char *
removal(const char *old, const char *new)
{
  char *text = NULL;

  ck_assert_int_eq(discovery_removal(old, new, &text), MP_OK);
  return text;
}

START_TEST(device_removes_entities)
{
  char *old, *new, *text, *again;
  cJSON *message, *components;

  add_field("flow_v1", MP_GAUGE, "\"},{\":{\"p\":\"sensor\"", NULL, "267 l/h");
  add_field("power_e1", MP_GAUGE, NULL, NULL, "15.5 kW");
  add_field("power_e2", MP_GAUGE, NULL, NULL, "15.5 kW");
  d.mode = DISCOVERY_DEVICE;
  old = make_text();
  known[1] = known[2] = false;
  new = make_text();
  text = removal(old, new);
  message = cJSON_Parse(text);
  components = cJSON_GetObjectItemCaseSensitive(message, "cmps");
  ck_assert_int_eq(cJSON_GetArraySize(components), 2 + 2);
  ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(
                     components, "meterpipe_house_meter_power_e1")),
                   1);

  again = removal(text, new); /* the run ended before it sent NEW */
  ck_assert_str_eq(again, text);
  ck_assert_ptr_null(removal(new, old));
  ck_assert_ptr_null(removal(new, new));
  cJSON_Delete(message);
  free(again);
  free(text);
  free(new);
  free(old);
}
END_TEST

/* Retained texts that somebody else wrote. */
static const char *const strange[] = {
  "",
  "{}",
  "\":{\"p\":\"sensor\"",
  "\"\":{\"p\":\"sensor\"",
  "{\"a b\":{\"p\":\"sensor\"}}",
  "x\":{\"p\":\"sensor\"",
};

START_TEST(strange_text_removes_nothing)
{
  ck_assert_ptr_null(
    removal(strange[_i], "{\"cmps\":{\"b\":{\"p\":\"sensor\"}}}"));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("mqtt_discovery");
  TCase *tc = tcase_create("mqtt_discovery");

  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_loop_test(tc, each_rule_refuses_what_breaks_it, 0,
                      (int)ha_rule_count);
  tcase_add_test(tc, two_messages_with_one_id_break_a_rule);
  tcase_add_loop_test(tc, every_register_keeps_the_rules, 0, 8);
  tcase_add_loop_test(tc, values_of_a_meter, 0, ARRAY_SIZE(expected));
  tcase_add_test(tc, message_of_a_target);
  tcase_add_test(tc, last_reading_is_that_of_the_first_target);
  tcase_add_test(tc, plain_states_have_no_template);
  tcase_add_test(tc, expiry_is_rounded_up_to_a_second);
  tcase_add_loop_test(tc, missing_value_has_no_entity, DISCOVERY_SINGLE,
                      DISCOVERY_OFF);
  tcase_add_test(tc, topics_include_those_without_a_value);
  tcase_add_test(tc, no_discovery);
  tcase_add_test(tc, usage_and_total);
  tcase_add_test(tc, total_of_gauges_can_fall);
  tcase_add_test(tc, kind_of_the_field_counts_more_than_that_of_the_value);
  tcase_add_test(tc, large_step_has_no_decimals);
  tcase_add_test(tc, target_that_is_only_read_has_no_entity);
  tcase_add_test(tc, options_override);
  tcase_add_test(tc, options_leave_out);
  tcase_add_test(tc, state_class_suits_the_device_class_of_the_user);
  tcase_add_test(tc, exchange_of_the_meter_keeps_the_ids);
  tcase_add_test(tc, facts_that_are_not_known_are_left_out);
  tcase_add_test(tc, target_of_no_meter_belongs_to_the_pipeline);
  tcase_add_test(tc, named_target_of_a_meter);
  tcase_add_test(tc, odd_names_become_ids);
  tcase_add_test(tc, each_meter_is_a_device);
  tcase_add_loop_test(tc, same_id_is_refused, 0, ARRAY_SIZE(same_ids));
  tcase_add_test(tc, plain_states_have_no_time_to_collide_with);
  tcase_add_test(tc, entities_of_the_card_exist);
  tcase_add_test(tc, device_removes_entities);
  tcase_add_loop_test(tc, strange_text_removes_nothing, 0, ARRAY_SIZE(strange));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
