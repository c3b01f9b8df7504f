/* JSON: commas, nesting, and texts of any bytes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/json.h"
#include "tests/support/run_suite.h"

/* The destinations of the text: a file, or a buffer. */
enum { TO_FILE, TO_BUFFER, SINKS };

static char *text;
static size_t size;
static struct text_buffer buffer;

static struct json
begin(int sink)
{
  struct json json = { 0 };

  if (sink == TO_FILE)
    json.out = open_memstream(&text, &size);
  else
    json.text = &buffer;
  ck_assert(json.out || json.text);
  return json;
}

static void
check(struct json *json, const char *expected)
{
  ck_assert(!json->failed);
  if (json->out) {
    ck_assert_int_eq(fclose(json->out), 0);
    ck_assert_str_eq(text, expected);
    free(text);
    return;
  }
  ck_assert_uint_eq(buffer.len, strlen(expected));
  ck_assert_mem_eq(buffer.data, expected, buffer.len);
  text_buffer_free(&buffer);
}

START_TEST(members_and_elements_are_separated_by_commas)
{
  struct json json = begin(_i);

  json_object(&json, NULL);
  json_text(&json, "a", "x");
  json_array(&json, "b");
  json_number(&json, NULL, -12);
  json_object(&json, NULL);
  json_end_object(&json);
  json_array(&json, NULL);
  json_bool(&json, NULL, true);
  json_end_array(&json);
  json_end_array(&json);
  json_bool(&json, "c", false);
  json_number(&json, "d", INT64_MIN);
  json_text(&json, "e", NULL);
  json_end_object(&json);
  check(&json, "{\"a\":\"x\",\"b\":[-12,{},[true]],\"c\":false,"
               "\"d\":-9223372036854775808,\"e\":null}");
}
END_TEST

static const struct {
  const char *text, *json;
} rows[] = {
  { "", "\"\"" },
  { "84.208 m³", "\"84.208 m³\"" },
  { "say \"hi\" \\o/", "\"say \\\"hi\\\" \\\\o/\"" },
  { "a\tb\nc\x1b[0m\x7f", "\"a\\u0009b\\u000ac\\u001b[0m\\u007f\"" },
  { "\xc2\x9b"
    "2J",
    "\"\\u009b2J\"" },
  { "\xf0\x9f\x94\xa5", "\"\xf0\x9f\x94\xa5\"" },
  { "\xff\xc3(", "\"\xef\xbf\xbd\xef\xbf\xbd(\"" },
  { "cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\"" },
  { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
};

START_TEST(texts_are_escaped)
{
  struct json json = begin(_i % SINKS);

  json_text(&json, NULL, rows[_i / SINKS].text);
  check(&json, rows[_i / SINKS].json);
}
END_TEST

START_TEST(names_of_members_are_escaped)
{
  struct json json = begin(_i);

  json_object(&json, NULL);
  json_bool(&json, "a\"b", true);
  json_end_object(&json);
  check(&json, "{\"a\\\"b\":true}");
}
END_TEST

START_TEST(a_full_buffer_is_a_failure)
{
  struct json json = begin(TO_BUFFER);
  char full = 'x';

  buffer = (struct text_buffer){ .data = &full,
                                 .len = TEXT_BUFFER_MAX,
                                 .size = TEXT_BUFFER_MAX };
  if (_i == 0)
    json_text(&json, NULL, "plain");
  else if (_i == 1)
    json_text(&json, NULL, "\n");
  else
    json_number(&json, NULL, 1);
  ck_assert(json.failed);
  buffer = (struct text_buffer){ 0 };
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("json");
  TCase *t = tcase_create("json");

  tcase_add_loop_test(t, members_and_elements_are_separated_by_commas, 0,
                      SINKS);
  tcase_add_loop_test(t, texts_are_escaped, 0, SINKS * ARRAY_SIZE(rows));
  tcase_add_loop_test(t, names_of_members_are_escaped, 0, SINKS);
  tcase_add_loop_test(t, a_full_buffer_is_a_failure, 0, 3);
  suite_add_tcase(s, t);
  return run_suite(s);
}
