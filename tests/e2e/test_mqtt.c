/*
 * MQTT with a real broker: a house as Home Assistant sees it, retained states,
 * both versions of MQTT, and states that expire.
 */
#include <cjson/cJSON.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/mqtt_setup.h"
#include "tests/support/run_suite.h"

/* The exit status that make check counts as "skipped". */
#define EX_SKIP 77

static struct mqtt_setup h;

/* The program's time runs ten times as fast, which shortens the waits for a
 * meter that does not answer. */
static void
build(void)
{
  mqtt_setup_build(&h, "");
  sandbox_setenv(h.s, "TEST_HURRY", "10");
  meter_set_deaf(h.m, 1);
}

static void
leave(void)
{
  mqtt_setup_leave(&h);
}

/* ---- A house from a probe ------------------------------------------------ */

/* Registers of a meter that counts energy in UNIT. */
#define REGISTERS(energy)                                                      \
  "60=" energy " 68=520.41m3 80=15.5kW 74=267l/h 86=76.85C 87=25.26C "         \
  "89=51.59K 1004=7126h 99=4 1001=" MQTT_SETUP_SERIAL

static void
set_registers(const char *text)
{
  char word[64];
  int used;

  for (; sscanf(text, " %63s%n", word, &used) == 1; text += used)
    meter_set(h.m, word);
}

/* Writes "house.ini": the section that a probe prints, with MORE_FIELDS, and
 * [output bus] with OPTIONS. */
static void
write_probed(const char *more_fields, const char *options)
{
  const char *section, *end;

  meter_set(h.m, "type=11010601");
  sandbox_run(h.s, "probe kmp device=eye");
  ck_assert_int_eq(sandbox_status(h.s), EX_OK);
  section = strstr(sandbox_out(h.s), "[input meter]");
  ck_assert_ptr_nonnull(section);
  end = strstr(section, "\n# It also has: ");
  ck_assert_ptr_nonnull(end);
  sandbox_write(
    h.s, "house.ini", "%.*s%s\n[output bus]\nplugin = mqtt\nurl = %s\n%s",
    (int)(end - section), section, more_fields, mqtt_setup_url(&h), options);
}

#define INFO ", info_code, info_text"

/* Returns the entity of TOPIC among the configs in LINES, which the caller
 * deletes; NULL: there is none.  TEMPLATE is a part of its template. */
static cJSON *
entity_of(const char *lines, const char *topic, const char *template)
{
  for (const char *line = lines; *line; line = strchr(line, '\n') + 1) {
    cJSON *config = cJSON_Parse(strchr(line, ' ') + 1);
    const char *state = cJSON_GetStringValue(
                 cJSON_GetObjectItem(config, "state_topic")),
               *found = cJSON_GetStringValue(
                 cJSON_GetObjectItem(config, "value_template"));

    ck_assert_msg(config, "no JSON: %s", line);
    if (state && strcmp(state, topic) == 0 && found && strstr(found, template))
      return config;
    cJSON_Delete(config);
  }
  return NULL;
}

/* Checks member KEY of OBJECT; "": it must be missing. */
static void
check_member(const char *about, const cJSON *object, const char *key,
             const char *text)
{
  const cJSON *item = cJSON_GetObjectItem(object, key);
  char *printed = cJSON_IsString(item) ? strdup(item->valuestring)
                  : item               ? cJSON_PrintUnformatted(item)
                                       : strdup("");

  ck_assert_msg(strcmp(printed, text) == 0,
                "%s: %s is \"%s\" instead of \"%s\"", about, key, printed,
                text);
  free(printed);
}

struct entity {
  const char *target, *unit, *device_class, *state_class, *precision;
};

static const struct entity common_entities[] = {
  { "meter/volume_v1", "m³", "volume", "total_increasing", "2" },
  { "meter/power_e1", "kW", "power", "measurement", "1" },
  { "meter/flow_v1", "L/h", "volume_flow_rate", "measurement", "0" },
  { "meter/temperature_t1", "°C", "temperature", "measurement", "2" },
  { "meter/temperature_t2", "°C", "temperature", "measurement", "2" },
  { "meter/temperature_diff", "K", "", "measurement", "2" },
  { "meter/operating_hours", "h", "duration", "total_increasing", "0" },
  { "meter/info_text", "", "", "", "" },
};

static void
check_device(const char *about, const cJSON *device)
{
  check_member(about, device, "serial_number", MQTT_SETUP_SERIAL);
  check_member(about, device, "manufacturer", "Kamstrup");
  check_member(about, device, "model", "MULTICAL 402 (type 1101)");
}

static void
check_entity(const char *lines, const struct entity *e)
{
  char topic[128];
  cJSON *config;

  snprintf(topic, sizeof(topic), MQTT_SETUP_TOPIC "/%s", e->target);
  config = entity_of(lines, topic, "value_json.value");
  ck_assert_msg(config, "no entity for %s", e->target);
  check_member(e->target, config, "unit_of_measurement", e->unit);
  check_member(e->target, config, "device_class", e->device_class);
  check_member(e->target, config, "state_class", e->state_class);
  check_member(e->target, config, "suggested_display_precision", e->precision);
  check_device(e->target, cJSON_GetObjectItem(config, "device"));
  cJSON_Delete(config);
}

/* The info code is a diagnostic. */
static void
check_diagnostics(const char *lines)
{
  cJSON *config =
    entity_of(lines, MQTT_SETUP_TOPIC "/meter/info_code", "value_json.value");

  ck_assert_ptr_nonnull(config);
  check_member("info code", config, "entity_category", "diagnostic");
  check_member("info code", config, "unit_of_measurement", "");
  cJSON_Delete(config);
  config = entity_of(lines, MQTT_SETUP_TOPIC "/meter/heat_energy_e1",
                     "value_json.time");
  ck_assert_msg(config, "no entity for the last reading");
  check_member("last reading", config, "device_class", "timestamp");
  check_member("last reading", config, "entity_category", "diagnostic");
  cJSON_Delete(config);
}

static const struct {
  const char *registers;
  struct entity energy;
} meters[] = {
  { REGISTERS("84.208GJ"),
    { "meter/heat_energy_e1", "GJ", "energy", "total_increasing", "3" } },
  { REGISTERS("84.20MWh"),
    { "meter/heat_energy_e1", "MWh", "energy", "total_increasing", "2" } },
  { REGISTERS("84208kWh"),
    { "meter/heat_energy_e1", "kWh", "energy", "total_increasing", "0" } },
};

START_TEST(probed_meter_becomes_a_device_with_entities)
{
  const char *lines;

  set_registers(meters[_i].registers);
  write_probed(INFO, "timeout = 5s\n");
  sandbox_run(h.s, "run -c house.ini");
  mqtt_setup_check(&h, EX_OK, "");
  lines = broker_retained(h.broker, "homeassistant/#");
  check_entity(lines, &meters[_i].energy);
  for (size_t i = 0; i < ARRAY_SIZE(common_entities); i++)
    check_entity(lines, &common_entities[i]);
  check_diagnostics(lines);
}
END_TEST

/* The section as it is printed. */
START_TEST(device_of_a_probed_meter_is_complete_after_one_run)
{
  const char *lines;
  cJSON *config;

  set_registers(meters[0].registers);
  write_probed("", "");
  sandbox_run(h.s, "run -c house.ini");
  mqtt_setup_check(&h, EX_OK, "");
  lines = broker_retained(h.broker, "homeassistant/#");
  config = entity_of(lines, MQTT_SETUP_TOPIC "/meter/volume_v1", "value");
  ck_assert_ptr_nonnull(config);
  check_device("device", cJSON_GetObjectItem(config, "device"));
  cJSON_Delete(config);
}
END_TEST

/* With the two transforms of the manual. */
START_TEST(usage_and_total_become_entities)
{
  static const struct entity entities[] = {
    { "energy", "GJ", "energy", "total_increasing", "3" },
    { "usage", "GJ", "", "", "3" },
    { "total", "GJ", "energy", "total_increasing", "3" },
  };
  const char *lines;

  set_registers(meters[0].registers);
  write_probed(INFO, MQTT_SETUP_TARGETS MQTT_SETUP_TRANSFORMS);
  mqtt_setup_cycle(&h, "84.208", EX_OK, "");
  mqtt_setup_cycle(&h, "84.308", EX_OK, "");
  lines = broker_retained(h.broker, "homeassistant/#");
  for (size_t i = 0; i < ARRAY_SIZE(entities); i++)
    check_entity(lines, &entities[i]);
}
END_TEST

/* Returns what FILE, the output of mosquitto_sub -v, says, as sorted lines;
 * valid until the next call. */
static const char *
sorted_output(const char *file)
{
  char command[256];

  snprintf(command, sizeof(command), "LC_ALL=C sort -o '%s/%s' '%s/%s'",
           sandbox_dir(h.s), file, sandbox_dir(h.s), file);
  ck_assert_int_eq(system(command), 0);
  return sandbox_read(h.s, file);
}

/* Starts mosquitto_sub for SECONDS, with its output to FILE. */
static FILE *
subscribe(const char *version, int seconds, const char *file)
{
  char command[512];

  snprintf(command, sizeof(command),
           "mosquitto_sub -h 127.0.0.1 -V %s -p %u -t 'homeassistant/#' -t "
           "'meterpipe/#' -v "
           "-W %d >'%s/%s' 2>/dev/null",
           version, broker_port(h.broker), seconds, sandbox_dir(h.s), file);
  return popen(command, "r");
}

static const char *const versions[][2] = { { "5", "protocol = 5\n" },
                                           { "311", "protocol = 3.1.1\n" } };

START_TEST(later_subscriber_receives_all_that_an_earlier_one_did)
{
  FILE *early, *late;
  char *first;

  set_registers(meters[0].registers);
  write_probed(INFO, versions[_i][1]);
  early = subscribe(versions[_i][0], 2, "early");
  usleep(300000);
  sandbox_run(h.s, "run -c house.ini");
  mqtt_setup_check(&h, EX_OK, "");
  late = subscribe(versions[_i][0], 1, "late");
  pclose(late);
  pclose(early);
  first = strdup(sorted_output("early"));
  ck_assert_ptr_nonnull(strstr(first, "meterpipe/house/meter/volume_v1 "
                                      "{\"value\":520.41,\"unit\":\"m"));
  ck_assert_str_eq(sorted_output("late"), first);
  free(first);
}
END_TEST

/* ---- States -------------------------------------------------------------- */

#define STATE(number)                                                          \
  "{\"value\":" number ",\"unit\":\"GJ\",\"time\":\"TIME\",\"serial\":"        \
  "\"" MQTT_SETUP_SERIAL "\",\"id\":\"ID\"}\n"

static const char *const protocols[] = { "protocol = 5\n",
                                         "protocol = 3.1.1\n" };

START_TEST(states_are_retained_json_with_exact_digits)
{
  mqtt_setup_write(&h, protocols[_i]);
  mqtt_setup_cycle(&h, "84.200", EX_OK, "");
  ck_assert_str_eq(mqtt_setup_states(&h), "energy " STATE("84.200"));
  mqtt_setup_cycle(&h, "84.500", EX_OK, "");
  mqtt_setup_cycle(&h, "84.500", EX_OK, "");
  mqtt_setup_cycle(&h, "84.510", EX_OK, "");
  ck_assert_str_eq(
    mqtt_setup_states(&h),
    "energy " STATE("84.510") "total " STATE("0.310") "usage " STATE("0.010"));
  ck_assert_ptr_null(mqtt_setup_account(&h, "0.310", "0.31"));
}
END_TEST

/* Payload plain: the number alone, and a user property with the id. */
START_TEST(plain_states_keep_their_id_in_a_property)
{
  mqtt_setup_write(&h, "payload = plain\ndiscovery = off\n");
  mqtt_setup_cycle(&h, "84.200", EX_OK, "");
  mqtt_setup_cycle(&h, "84.500", EX_OK, "");
  ck_assert_str_eq(mqtt_setup_states(&h), "energy 84.500 id=ID\n"
                                          "total 0.300 id=ID\n"
                                          "usage 0.300 id=ID\n");
  mqtt_setup_cycle(&h, "84.510", EX_OK, "");
  ck_assert_ptr_null(mqtt_setup_account(&h, "0.310", "0.31"));
  ck_assert_str_eq(broker_retained(h.broker, "homeassistant/#"), "");
}
END_TEST

START_TEST(topic_is_that_of_the_option)
{
  mqtt_setup_write(&h, "topic = heat/my house\ndiscovery = off\n");
  mqtt_setup_cycle(&h, "84.200", EX_OK, "");
  ck_assert_str_eq(mqtt_setup_states(&h), "");
  ck_assert_ptr_nonnull(strstr(broker_retained(h.broker, "#"),
                               "heat/my house/energy {\"value\":84.200,"));
}
END_TEST

/* A meter that does not answer publishes nothing: no 0, no empty value. */
START_TEST(missing_value_publishes_nothing)
{
  size_t n;

  mqtt_setup_write(&h, "");
  mqtt_setup_cycle(&h, "84.200", EX_OK, "");
  n = mqtt_watch_count(h.watch, "");
  ck_assert_uint_gt(n, 0);
  meter_fault(h.m, "silent");
  mqtt_setup_run(&h, "84.300");
  ck_assert_int_ne(sandbox_status(h.s), EX_OK);
  ck_assert_uint_eq(mqtt_watch_count(h.watch, ""), n);
  ck_assert_str_eq(mqtt_setup_states(&h), "energy " STATE("84.200"));
}
END_TEST

/* ---- Expiry -------------------------------------------------------------- */

/* The broker's clock is that of the machine. */
START_TEST(expired_state_is_gone_and_stays_gone)
{
  mqtt_setup_write(&h, "expire = 2s\n");
  mqtt_setup_cycle(&h, "84.200", EX_OK, "");
  mqtt_setup_cycle(&h, "84.500", EX_OK, "");
  ck_assert_str_eq(mqtt_setup_number(&h, "total"), "0.300");
  ck_assert_ptr_nonnull(
    strstr(broker_retained(h.broker, "homeassistant/#"), "\"expire_after\":2"));
  usleep(4100000);
  ck_assert_str_eq(mqtt_setup_states(&h), "");
  meter_fault(h.m, "silent");
  for (int i = 0; i < 3; i++) {
    mqtt_setup_run(&h, "84.600");
    ck_assert_str_eq(mqtt_setup_states(&h), "");
  }
  meter_clear_faults(h.m);
  mqtt_setup_run(&h, "84.700");
  ck_assert_int_eq(sandbox_status(h.s), EX_OK);
  ck_assert_ptr_null(mqtt_setup_account(&h, "0.500", "0.5"));
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("mqtt");
  TCase *t = tcase_create("mqtt");

  if (!broker_is_there()) {
    fputs("skipped: there is no mosquitto\n", stderr);
    return EX_SKIP;
  }
  tcase_add_checked_fixture(t, build, leave);
  tcase_add_loop_test(t, probed_meter_becomes_a_device_with_entities, 0,
                      (int)ARRAY_SIZE(meters));
  tcase_add_test(t, device_of_a_probed_meter_is_complete_after_one_run);
  tcase_add_test(t, usage_and_total_become_entities);
  tcase_add_loop_test(t, later_subscriber_receives_all_that_an_earlier_one_did,
                      0, (int)ARRAY_SIZE(versions));
  tcase_add_loop_test(t, states_are_retained_json_with_exact_digits, 0,
                      (int)ARRAY_SIZE(protocols));
  tcase_add_test(t, plain_states_keep_their_id_in_a_property);
  tcase_add_test(t, topic_is_that_of_the_option);
  tcase_add_test(t, missing_value_publishes_nothing);
  tcase_add_test(t, expired_state_is_gone_and_stays_gone);
  suite_add_tcase(s, t);
  return run_suite(s);
}
