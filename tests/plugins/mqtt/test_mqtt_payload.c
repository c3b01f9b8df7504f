/* payload.c: the messages that hold a state, written and read back; and those
 * that others wrote. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/mqtt/payload.h"
#include "testkit/fake_host.h"
#include "tests/support/run_suite.h"

#define ID "0b5c1ac2-6d2f-4c55-b2f0-14a8e0a1f0aa-1795341600000"
#define TIME INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */

static struct fake_host *host;

static void
setup(void)
{
  host = fake_host_new(NULL, "bus");
}

static void
teardown(void)
{
  fake_host_free(host);
}

/* ---- Written and read back ----------------------------------------------- */

#define DIGITS_18 "123456789012345678"
#define ZEROS_45 "000000000000000000000000000000000000000000000"

/* A value of KIND as fake_host_value reads it, and its JSON. */
static const struct {
  uint32_t kind;
  const char *value, *json;
} values[] = {
  { MP_COUNTER, "84.208 GJ", "84.208,\"unit\":\"GJ\"" },
  { MP_COUNTER, "84.2080 GJ", "84.2080,\"unit\":\"GJ\"" },
  { MP_GAUGE, "-0.50 kW", "-0.50,\"unit\":\"kW\"" },
  { MP_GAUGE, "0", "0" },
  { MP_GAUGE, "0.000", "0.000" },
  { MP_DELTA, DIGITS_18 " m3", DIGITS_18 ",\"unit\":\"m3\"" },
  { MP_DELTA, "-0.00000000000" DIGITS_18, "-0.00000000000" DIGITS_18 },
  { MP_COUNTER, DIGITS_18 ZEROS_45, DIGITS_18 ZEROS_45 },
  { MP_TEXT, "no fault", "\"no fault\"" },
  { MP_TEXT, "", "\"\"" },
  { MP_TEXT, "17.50", "\"17.50\"" },
  { MP_TEXT, "{\"value\":1}", "\"{\\\"value\\\":1}\"" },
  { MP_TEXT, "{", "\"{\"" },
  { MP_TEXT, " \"quotes\", \\ and /", "\" \\\"quotes\\\", \\\\ and /\"" },
  { MP_TEXT, "caf\303\251 \360\237\230\200",
    "\"caf\303\251 \360\237\230\200\"" },
};

static struct mp_value
value_of(int i)
{
  struct mp_value value =
    fake_host_value(host, values[i].kind, values[i].value);

  value.time_ms = TIME;
  value.serial = "84968362";
  return value;
}

/* Checks that PAYLOAD is VALUE; its digits, too. */
static void
check_same(const struct payload *payload, const struct mp_value *value)
{
  ck_assert_str_eq(fake_host_show(host, &payload->value),
                   fake_host_show(host, value));
  ck_assert_str_eq(payload->value.serial, "84968362");
  ck_assert_int_eq(payload->value.time_ms, TIME);
  ck_assert_str_eq(payload->id, ID);
}

START_TEST(json_is_read_back)
{
  const struct mp_value value = value_of(_i);
  struct text_buffer text = { 0 };
  struct message message;
  struct payload payload;
  char want[512];

  ck_assert_int_eq(payload_write(&text, &host->table, &value, ID), MP_OK);
  snprintf(want, sizeof(want),
           "{\"value\":%s,\"time\":\"2026-11-22T10:00:00Z\","
           "\"serial\":\"84968362\",\"id\":\"" ID "\"}",
           values[_i].json);
  ck_assert_str_eq(text.data, want);
  message = (struct message){ .payload = text.data, .len = strlen(text.data) };
  ck_assert_int_eq(payload_read(&host->table, &message, &payload), MP_OK);
  ck_assert_uint_eq(payload.value.kind == MP_TEXT, value.kind == MP_TEXT);
  check_same(&payload, &value);
  payload_free(&payload);
  text_buffer_free(&text);
}
END_TEST

/* The properties as the connection delivers them. */
static size_t
deliver(const struct publication *p, struct message_property list[4])
{
  for (size_t i = 0; i < p->n_properties; i++)
    list[i] = (struct message_property){ strdup(p->properties[i].name),
                                         strdup(p->properties[i].value) };
  return p->n_properties;
}

START_TEST(plain_is_read_back)
{
  const struct mp_value value = value_of(_i);
  struct payload_texts texts = { .time = "" };
  struct publication p = { .n_properties = 0 };
  struct message_property list[4];
  struct message message = { .properties = list };
  struct payload payload;

  ck_assert_int_eq(payload_write_plain(&texts.payload, &host->table, &value),
                   MP_OK);
  /* An empty message would delete the retained one. */
  ck_assert_str_ne(texts.payload.data, "");
  payload_add_properties(&p, &texts, &value, ID);
  message.payload = texts.payload.data;
  message.len = strlen(texts.payload.data);
  message.n_properties = deliver(&p, list);
  ck_assert_int_eq(payload_read(&host->table, &message, &payload), MP_OK);
  check_same(&payload, &value);
  payload_free(&payload);
  for (size_t i = 0; i < message.n_properties; i++) {
    free(list[i].name);
    free(list[i].value);
  }
  text_buffer_free(&texts.payload);
}
END_TEST

/* ---- Written by others --------------------------------------------------- */

#define DIGITS_100                                                             \
  "1234567890123456789012345678901234567890123456789012345678901234567890"     \
  "123456789012345678901234567890"

/* A message, and what it is read as: the value, "time" in ms, "serial", "id";
 * NULL: nothing. */
static const struct {
  const char *payload;
  const char *value;
} foreign[] = {
  /* by hand */
  { "{\"value\":500}", "500" },
  { "{\"value\":500,\"unit\":\"GJ\"}", "500 GJ" },
  { " {\t\"value\" : 5.00 , \"unit\" : \"GJ\" } ", "5.00 GJ" },
  { "{\n  \"value\": 5.00,\r\n  \"unit\": \"GJ\"\n}\n", "5.00 GJ" },
  { "{\"value\":5\n}", "5" },
  { "\n{\"value\":5}", "5" },
  { "{\"note\":\"x\",\"value\":-1.5,\"ok\":true,\"none\":null}", "-1.5" },
  { "{\"value\":\"500\",\"unit\":\"GJ\"}", "500 GJ" },
  { "{\"value\":\"open\"}", "open" },
  { "500", "500" },
  { "-500.250", "-500.250" },
  { "500\n", "500" },
  { " 500 \r\n", "500" },
  { "0", "0" },
  /* facts that the host would refuse are left out */
  { "{\"value\":1,\"unit\":\" GJ\"}", "1" },
  { "{\"value\":1,\"unit\":\"G|J\"}", "1" },
  { "{\"value\":1,\"unit\":\"\"}", "1" },
  { "{\"value\":1,\"unit\":7}", "1" },
  { "{\"value\":1,\"unit\":null}", "1" },
  { "{\"value\":1,\"serial\":\"a\\nb\"}", "1" },
  { "{\"value\":1,\"serial\":\"7\"}", "1 serial 7" },
  { "{\"value\":1,\"id\":\"a\\nb\"}", "1" },
  { "{\"value\":1,\"id\":12}", "1" },
  { "{\"value\":1,\"id\":\"12\"}", "1 id 12" },
  { "{\"value\":1,\"time\":\"1970-01-01T00:00:01Z\"}", "1 at 1000" },
  { "{\"value\":1,\"time\":\"1969-12-31T23:59:59Z\"}", "1" },
  { "{\"value\":1,\"time\":\"1970-01-01T00:00:00Z\"}", "1" },
  { "{\"value\":1,\"time\":\"9999-12-31T23:59:59Z\"}", "1 at 253402300799000" },
  { "{\"value\":1,\"time\":\"9999-12-31T23:59:59-01:00\"}", "1" },
  { "{\"value\":1,\"time\":\"yesterday\"}", "1" },
  { "{\"value\":1,\"time\":1}", "1" },
  /* no value */
  { "", NULL },
  { "{", NULL },
  { "{}", NULL },
  { "[1]", NULL },
  { "\"1\"", NULL },
  { "nan", NULL },
  { "null", NULL },
  { "+1", NULL },
  { "1 2", NULL },
  { "1 GJ", NULL },
  { "1,5", NULL },
  { "0x10", NULL },
  { "text without an id", NULL },
  { "{\"value\":null}", NULL },
  { "{\"value\":true}", NULL },
  { "{\"value\":{}}", NULL },
  { "{\"value\":[1]}", NULL },
  { "{\"value\":1,\"value\":2}", NULL },
  { "{\"value\":1,\"more\":{\"a\":1}}", NULL },
  { "{\"Value\":1}", NULL },
  { "{\"unit\":\"GJ\"}", NULL },
  { "{\"value\":1}{\"value\":2}", NULL },
  { "{\"value\":\"a\\nb\"}", NULL },
  { "{\"value\":\"a\\u0000b\"}", NULL },
  { "{\"value\":\"\303\"}", NULL },
  { "\303\251", NULL },
  { "\377\376", NULL },
  { DIGITS_100, NULL },
  { "{\"value\":" DIGITS_100 "}", NULL },
  { "{\"value\":0." DIGITS_100 "}", NULL },
  { "{\"value\":1e999999999999}", NULL },
};

static const char *
describe(const struct payload *payload)
{
  static char text[512];
  size_t len = (size_t)snprintf(text, sizeof(text), "%s",
                                fake_host_show(host, &payload->value));

  if (payload->value.kind == MP_TEXT && payload->value.unit)
    len += (size_t)snprintf(text + len, sizeof(text) - len, " %s",
                            payload->value.unit);
  if (payload->value.time_ms)
    len += (size_t)snprintf(text + len, sizeof(text) - len, " at %lld",
                            (long long)payload->value.time_ms);
  if (payload->value.serial)
    len += (size_t)snprintf(text + len, sizeof(text) - len, " serial %s",
                            payload->value.serial);
  if (payload->id[0])
    snprintf(text + len, sizeof(text) - len, " id %s", payload->id);
  return text;
}

/* Checks that MESSAGE is read as WANT. */
static void
check_read(const struct message *message, const char *want)
{
  struct payload payload = { .text = NULL };
  int r = payload_read(&host->table, message, &payload);

  ck_assert_int_eq(r, want ? MP_OK : MP_EDATA);
  if (!want) {
    ck_assert_ptr_null(payload.text);
    return;
  }
  ck_assert_str_eq(describe(&payload), want);
  payload_free(&payload);
}

START_TEST(foreign_message_is_read)
{
  /* a copy, so that reading past its end is detected */
  char *payload = strdup(foreign[_i].payload);
  const struct message message = { .payload = payload, .len = strlen(payload) };

  check_read(&message, foreign[_i].value);
  free(payload);
}
END_TEST

START_TEST(nul_is_no_part_of_a_value)
{
  const struct message message = { .payload = "5\0006", .len = 3 };
  const struct message end = { .payload = "5\0", .len = 2 };
  const struct message json = { .payload = "{\"value\":5}\0", .len = 12 };

  check_read(&message, NULL);
  check_read(&end, NULL);
  check_read(&json, NULL);
}
END_TEST

/* The properties of a number, or of a text, and what it is read as. */
static const struct {
  const char *payload, *name, *property, *value;
} properties[] = {
  { "5", "unit", "GJ", "5 GJ" },
  { "5", "unit", " GJ", "5" },
  { "5", "id", "x", "5 id x" },
  { "5", "id", "", "5" },
  { "5", "id", "a\nb", "5" },
  { "5", "ID", "x", "5" },
  { "open", "id", "x", "open id x" },
  { "open", "id", "a\nb", NULL },
  { "open", "serial", "x", NULL },
  { "\377", "id", "x", NULL },
  { "a\nb", "id", "x", NULL },
  { "5", "time", "9999-12-31T23:59:59-23:59", "5" },
};

START_TEST(property_is_read)
{
  struct message_property list[] = { { strdup(properties[_i].name),
                                       strdup(properties[_i].property) } };
  const struct message message = { .payload = properties[_i].payload,
                                   .len = strlen(properties[_i].payload),
                                   .properties = list,
                                   .n_properties = 1 };

  check_read(&message, properties[_i].value);
  free(list[0].name);
  free(list[0].value);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("mqtt payload");
  TCase *tc = tcase_create("payloads");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, json_is_read_back, 0, ARRAY_SIZE(values));
  tcase_add_loop_test(tc, plain_is_read_back, 0, ARRAY_SIZE(values));
  tcase_add_loop_test(tc, foreign_message_is_read, 0, ARRAY_SIZE(foreign));
  tcase_add_test(tc, nul_is_no_part_of_a_value);
  tcase_add_loop_test(tc, property_is_read, 0, ARRAY_SIZE(properties));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
