/*
 * The displayed value of a device, from recorded replies and from invented
 * ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/utf8.h"
#include "plugins/domoticz/device.h"
#include "tests/plugins/domoticz/recording.h"
#include "tests/support/run_suite.h"

/* Parses the first device of the reply BODY. */
static struct device
parse(const char *body)
{
  struct reply reply;
  struct device device;

  ck_assert_msg(reply_parse(body, strlen(body), &reply), "%s", body);
  ck_assert_msg(reply.results, "%s", body);
  ck_assert(device_parse(reply.results, reply.act_time, &device));
  reply_free(&reply);
  return device;
}

static struct device
parse_recording(const char *name)
{
  char *body = recording_body(name);
  struct device device = parse(body);

  free(body);
  return device;
}

/* Parses a device of TYPE and SUBTYPE with further MEMBERS, in which ' replaces
 * ". */
static struct device
parse_made(const char *type, const char *subtype, const char *members)
{
  char body[2048];

  snprintf(body, sizeof(body),
           "{'ActTime':100,'status':'OK','result':[{'idx':'1','Type':'%s',"
           "'SubType':'%s'%s%s}]}",
           type, subtype, members[0] == '\0' ? "" : ",", members);
  for (char *c = body; *c != '\0'; c++)
    if (*c == '\'')
      *c = '"';
  return parse(body);
}

START_TEST(recorded_devices_are_read_exactly)
{
  static const struct {
    const char *name;
    const char *kind;
    struct mp_decimal value;
    int32_t place;
    const char *unit;
    struct mp_decimal step;
  } rows[] = {
    { "update/custom-read",
      "Custom Sensor",
      { 12345, -3 },
      -4,
      "GJ",
      { 0, 0 } },
    { "edge/custom-6-digits-read",
      "Custom Sensor",
      { 123457, -1 },
      -1,
      "GJ",
      { 0, 0 } },
    { "edge/custom-exponent-in-data-read",
      "Custom Sensor",
      { 123457, 1 },
      1,
      "GJ",
      { 0, 0 } },
    { "edge/custom-exponent-sent-read",
      "Custom Sensor",
      { 1500, 0 },
      -2,
      "GJ",
      { 0, 0 } },
    { "edge/custom-negative-read",
      "Custom Sensor",
      { -525, -2 },
      -5,
      "GJ",
      { 0, 0 } },
    { "edge/custom-empty-read",
      "Custom Sensor",
      { 0, 0 },
      MP_EXACT,
      "GJ",
      { 0, 0 } },
    { "update/counter-read",
      "Counter",
      { 12345678, -3 },
      -3,
      "kWh",
      { 1, -3 } },
    { "update/counter-gas-read",
      "Counter",
      { 123456780, -3 },
      -3,
      "m3",
      { 1, -2 } },
    { "update/counter-water-read",
      "Counter",
      { 123456780, -3 },
      -3,
      "m3",
      { 1, -2 } },
    { "update/counter-custom-read",
      "Counter",
      { 12345678, -3 },
      -5,
      "GJ",
      { 1, -3 } },
    { "edge/counter-custom-large-read",
      "Counter",
      { 123456789, 0 },
      -1,
      "GJ",
      { 1, -3 } },
    { "edge/counter-large-read",
      "Counter",
      { 123456789012, -3 },
      -3,
      "kWh",
      { 1, -3 } },
    { "offset/counter-read",
      "Counter",
      { 12345678, -3 },
      -3,
      "kWh",
      { 1, -3 } },
    { "offset/counter-divider-read",
      "Counter",
      { 12345678000, -3 },
      -3,
      "kWh",
      { 1, 0 } },
    { "offset/temperature-read",
      "Temperature",
      { 6543, -2 },
      -2,
      "C",
      { 1, -2 } },
    { "update/temperature-read",
      "Temperature",
      { 6543, -2 },
      -2,
      "C",
      { 1, -2 } },
    { "update/pressure-read", "Pressure", { 6255, -3 }, -14, "bar", { 0, 0 } },
    { "update/voltage-read", "Voltage", { 3612, -3 }, -14, "V", { 0, 0 } },
    { "update/waterflow-read",
      "Waterflow",
      { 325, -2 },
      -5,
      "l/min",
      { 0, 0 } },
    { "update/usage-read", "Usage", { 43215, -1 }, -2, "W", { 0, 0 } },
    { "update/percentage-read", "Percentage", { 455, -1 }, -4, "%", { 0, 0 } },
    { "update/p1gas-read", "P1 gas", { 1234567, -3 }, -3, "m3", { 1, -3 } },
    { "update/kwh-read", "kWh", { 1234568, -3 }, -3, "kWh", { 1, -3 } },
    { "update/managed-one-number-read",
      "Managed Counter",
      { 12345678, -3 },
      -3,
      "kWh",
      { 1, -3 } },
    { "read-before/counter-custom",
      "Counter",
      { 0, 0 },
      MP_EXACT,
      "GJ",
      { 1, -3 } },
    { "read-before/kwh", "kWh", { 0, -3 }, -3, "kWh", { 1, -3 } },
    { "old-2022.2/read-custom-legacy",
      "Custom Sensor",
      { 123457, -1 },
      -1,
      "GJ",
      { 0, 0 } },
  };
  struct device d;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    d = parse_recording(rows[i].name);
    ck_assert_msg(d.state == DEVICE_SHOWS, "%s: %s", rows[i].name, d.problem);
    ck_assert_str_eq(d.kind, rows[i].kind);
    ck_assert_msg(d.value.coef == rows[i].value.coef &&
                    d.value.exp10 == rows[i].value.exp10,
                  "%s: value %lld e%d", rows[i].name, (long long)d.value.coef,
                  d.value.exp10);
    ck_assert_msg(d.place == rows[i].place, "%s: place %d", rows[i].name,
                  d.place);
    ck_assert_str_eq(d.unit, rows[i].unit);
    ck_assert_msg(d.step.coef == rows[i].step.coef &&
                    d.step.exp10 == rows[i].step.exp10,
                  "%s: step", rows[i].name);
    device_clear(&d);
  }
}
END_TEST

START_TEST(degrees_fahrenheit_become_celsius)
{
  static const struct {
    const char *fahrenheit;
    int64_t hundredths; /* of a degree Celsius */
  } rows[] = {
    { "32", 0 },      { "212", 10000 },
    { "-40", -4000 }, { "149.774", 6543 },
    { "0", -1778 },   { "32.018", 1 },
    { "31.982", -1 }, { "149.774000000001", 6543 },
  };
  struct device d;
  char members[64];

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    snprintf(members, sizeof(members), "'Data':'1.0 F','Temp':%s",
             rows[i].fahrenheit);
    d = parse_made("Temp", "x", members);
    ck_assert_msg(d.state == DEVICE_SHOWS, "%s", members);
    ck_assert_str_eq(d.unit, "C");
    ck_assert_int_eq(d.value.coef, rows[i].hundredths);
    ck_assert_int_eq(d.value.exp10, -2);
    device_clear(&d);
  }
}
END_TEST

START_TEST(kwh_device_has_a_power)
{
  struct device d = parse_recording("update/kwh-read");

  ck_assert(d.has_power);
  ck_assert_int_eq(d.power.coef, 450);
  ck_assert_int_eq(d.power.exp10, 0);
  ck_assert_int_eq(d.power_place, -3);
  device_clear(&d);
}
END_TEST

START_TEST(text_is_read_whole_and_hello_world_counts_as_empty)
{
  struct device d = parse_recording("update/text-read");

  ck_assert_str_eq(d.text, "hello 12.5 GJ \303\246\303\270\303\245");
  ck_assert_int_eq(d.state, DEVICE_SHOWS);
  device_clear(&d);
  d = parse_recording("read-before/text");
  ck_assert_int_eq(d.state, DEVICE_EMPTY);
  device_clear(&d);
}
END_TEST

START_TEST(invalid_number_is_garbled)
{
  static const char *const names[] = {
    "edge/custom-nan-read",
    "edge/counter-exponent-read",
    "edge/counter-empty-read",
    "edge/kwh-one-number-read",
  };
  struct device d;

  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    d = parse_recording(names[i]);
    ck_assert_msg(d.state == DEVICE_GARBLED, "%s", names[i]);
    ck_assert_ptr_nonnull(strstr(d.problem, "not a number"));
    device_clear(&d);
  }
}
END_TEST

START_TEST(unfit_and_garbled_devices_name_the_problem)
{
  static const struct {
    const char *type, *subtype, *members;
    enum device_state state;
    const char *problem;
  } rows[] = {
    { "Light/Switch", "Switch", "'Data':'Off'", DEVICE_UNFIT, "Counter" },
    { "General", "Barometer", "'Data':'1013 hPa'", DEVICE_UNFIT, "Counter" },
    { "Temp", "x", "'Data':'149.7 F','Temp':1e99", DEVICE_GARBLED,
      "not a number" },
    { "Temp", "x", "'Data':'149.7 F','Temp':9223372036854775807",
      DEVICE_GARBLED, "not a number" },
    { "RFXMeter", "RFXMeter counter",
      "'Data':'?','Divider':1000.0,'SwitchTypeVal':5", DEVICE_UNFIT,
      "choose the type Counter" },
    { "RFXMeter", "RFXMeter counter",
      "'Data':'1.000 kWh','Divider':3.0,'SwitchTypeVal':0", DEVICE_UNFIT,
      "divider 3.0" },
    { "RFXMeter", "RFXMeter counter",
      "'Data':'1.000 kWh','Divider':0.0,'SwitchTypeVal':0", DEVICE_UNFIT,
      "divider 0.0" },
    { "RFXMeter", "RFXMeter counter", "'Data':'1.000 kWh'", DEVICE_GARBLED,
      "divider" },
    { "RFXMeter", "RFXMeter counter",
      "'Data':'1.000 kWh','Divider':1000.0,'AddjValue':nan", DEVICE_GARBLED,
      "AddjValue" },
    { "General", "Pressure", "'Data':'1.0 Bar','Pressure':null", DEVICE_GARBLED,
      "not a number" },
    { "General", "Pressure", "'Data':'inf Bar','Pressure':1e+9999",
      DEVICE_GARBLED, "inf Bar" },
    { "General", "Pressure",
      "'Data':'1.0 Bar','Pressure':123456789012345678e99", DEVICE_GARBLED,
      "not a number" },
    { "Temp", "x", "'Data':'1.0 C'", DEVICE_GARBLED, "not a number" },
    { "General", "Custom Sensor", "", DEVICE_GARBLED,
      "is missing from the reply" },
    { "General", "Custom Sensor", "'Data':{'a':[1,2]}", DEVICE_GARBLED,
      "is missing from the reply" },
    { "General", "kWh", "'Data':'0, '", DEVICE_EMPTY, "" },
  };
  struct device d;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    d = parse_made(rows[i].type, rows[i].subtype, rows[i].members);
    ck_assert_msg(d.state == rows[i].state, "%s %s", rows[i].subtype,
                  rows[i].members);
    ck_assert_msg(strstr(d.problem, rows[i].problem), "%s", d.problem);
    device_clear(&d);
  }
}
END_TEST

START_TEST(step_and_place_follow_the_divider)
{
  struct device d = parse_made(
    "RFXMeter", "RFXMeter counter",
    "'Data':'1.004 GJ','Divider':250.0,'SwitchTypeVal':3,'AddjValue':0.0");

  ck_assert_int_eq(d.step.coef, 4);
  ck_assert_int_eq(d.step.exp10, -3);
  ck_assert_int_eq(d.place, -9);
  ck_assert(device_reads_back(&d));
  device_clear(&d);
  d = parse_made("RFXMeter", "RFXMeter counter",
                 "'Data':'1.004 kWh','Divider':10000.0,'SwitchTypeVal':0,"
                 "'AddjValue':0.10000000000000001");
  ck_assert_int_eq(d.value.coef, 904);
  ck_assert(!device_reads_back(&d));
  device_clear(&d);
  d = parse_made("RFXMeter", "RFXMeter counter",
                 "'Data':'100000000000000000.000 kWh','Divider':1000.0");
  ck_assert_int_eq(d.place, 3);
  device_clear(&d);
  d = parse_made("General", "Custom Sensor", "'Data':'12 things/day '");
  ck_assert_str_eq(d.unit, "things/day");
  ck_assert(!device_reads_back(&d));
  device_clear(&d);
}
END_TEST

START_TEST(update_within_two_seconds_needs_a_wait)
{
  static const struct {
    const char *updated;
    int64_t act_time; /* 1795327677 is 06:07:57 UTC */
    uint32_t wait_ms;
  } rows[] = {
    { "2026-11-22 06:07:57", 1795327677, 2000 },
    { "2026-11-22 06:07:56", 1795327677, 1000 },
    { "2026-11-22 06:07:55", 1795327677, 0 },
    { "2026-11-22 05:07:57", 1795327677, 2000 },
    { "2026-11-22 07:22:57", 1795327677, 2000 },
    { "2026-11-22 11:52:56", 1795327677, 1000 },
    { "2026-11-22 06:07:58", 1795327677, 3000 },
    { "2026-11-22 06:07:59", 1795327677, 4000 },
    { "2026-11-22 06:08:00", 1795327677, 0 },
    { "2026-11-22 05:59:59", 1795327200, 1000 },
    /* A clock that was never set starts in 1970. */
    { "1970-01-01 00:59:59", 60, 0 },
    { "1970-01-01 00:01:00", 59, 3000 },
    { "2026-11-22 06:07:57", -1, 2000 },
    { "yesterday", 1795327677, 2000 },
    { "2026-11-22 06:xx:57", 1795327677, 2000 },
    { "", 1795327677, 0 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    ck_assert_msg(device_wait_ms(rows[i].updated, rows[i].act_time) ==
                    rows[i].wait_ms,
                  "%s: %u", rows[i].updated,
                  device_wait_ms(rows[i].updated, rows[i].act_time));
}
END_TEST

START_TEST(invalid_json_replies_are_refused)
{
  static const char *const texts[] = {
    "",
    "{",
    "[]",
    "1",
    "\"OK\"",
    "{\"a\":1",
    "{\"a\":1}x",
    "<html>",
    "{\"a\":1\"b\"}",
    "{\"status\":\"OK\"",
    "{\"a\" 1}",
    "{\"a\":\"\\",
    "nan",
  };
  struct reply reply;

  for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
    ck_assert_msg(!reply_parse(texts[i], strlen(texts[i]), &reply), "%s",
                  texts[i]);
  ck_assert(!reply_parse("{\"a\":1}\0", 8, &reply));
}
END_TEST

START_TEST(numbers_keep_their_text)
{
  static const char text[] = "{\"a\":65.430000000000007,\"b\":[1,-2.5e+3],"
                             "\"c\":\"1,\\\"2\",\"d\":true,\"e\":nan}";
  struct reply reply;

  ck_assert(reply_parse(text, strlen(text), &reply));
  ck_assert_str_eq(reply_member(reply.root, "a"), "65.430000000000007");
  ck_assert_str_eq(reply_member(reply.root, "c"), "1,\"2");
  ck_assert(reply_is_true(reply.root, "d"));
  ck_assert_str_eq(reply_member(reply.root, "e"), "nan");
  ck_assert_ptr_null(reply_member(reply.root, "b"));
  ck_assert_ptr_null(reply_member(reply.root, "x"));
  ck_assert_str_eq(reply.status, "");
  ck_assert_int_eq(reply.act_time, -1);
  reply_free(&reply);
}
END_TEST

START_TEST(printed_text_is_sanitised)
{
  char buf[8], *repaired;

  device_copy_text(buf, sizeof(buf), "a\033[2J\345b");
  ck_assert_str_eq(buf, "a?[2J?b");
  device_copy_text(buf, sizeof(buf), "12345\303\246x");
  ck_assert_str_eq(buf, "12345\303\246");
  device_copy_text(buf, sizeof(buf), "123456\303\246");
  ck_assert_str_eq(buf, "123456");
  device_copy_text(buf, sizeof(buf), "a\302\2332J\302\240b");
  ck_assert_str_eq(buf, "a?2J\302\240b");
  device_copy_text(buf, sizeof(buf), NULL);
  ck_assert_str_eq(buf, "");
  repaired = utf8_repair("\346\370 \355\240\200 \364\220\200\200 \303");
  ck_assert_str_eq(repaired, "?? ??? ???? ?");
  free(repaired);
  /* The core accepts no text with a control character in it. */
  repaired = utf8_repair("a\n\177\302\205\302\240b");
  ck_assert_str_eq(repaired, "a???\302\240b");
  free(repaired);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("domoticz devices");
  TCase *tc = tcase_create("device");

  tcase_add_test(tc, recorded_devices_are_read_exactly);
  tcase_add_test(tc, degrees_fahrenheit_become_celsius);
  tcase_add_test(tc, kwh_device_has_a_power);
  tcase_add_test(tc, text_is_read_whole_and_hello_world_counts_as_empty);
  tcase_add_test(tc, invalid_number_is_garbled);
  tcase_add_test(tc, unfit_and_garbled_devices_name_the_problem);
  tcase_add_test(tc, step_and_place_follow_the_divider);
  tcase_add_test(tc, update_within_two_seconds_needs_a_wait);
  tcase_add_test(tc, invalid_json_replies_are_refused);
  tcase_add_test(tc, numbers_keep_their_text);
  tcase_add_test(tc, printed_text_is_sanitised);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
