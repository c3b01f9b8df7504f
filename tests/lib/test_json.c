/* JSON: commas, nesting, and texts of any bytes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/json.h"
#include "tests/support/run_suite.h"

static char *text;
static size_t size;

static struct json
begin(void)
{
  struct json json = { .out = open_memstream(&text, &size) };

  ck_assert_ptr_nonnull(json.out);
  return json;
}

static void
check(struct json *json, const char *expected)
{
  ck_assert_int_eq(fclose(json->out), 0);
  ck_assert_str_eq(text, expected);
  free(text);
}

START_TEST(members_and_elements_are_parted_by_commas)
{
  struct json json = begin();

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
  { "\xff\xc3(", "\"\xef\xbf\xbd\xef\xbf\xbd(\"" },
  { "cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\"" },
  { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
};

START_TEST(texts_are_escaped)
{
  struct json json = begin();

  json_text(&json, NULL, rows[_i].text);
  check(&json, rows[_i].json);
}
END_TEST

START_TEST(names_of_members_are_escaped_too)
{
  struct json json = begin();

  json_object(&json, NULL);
  json_bool(&json, "a\"b", true);
  json_end_object(&json);
  check(&json, "{\"a\\\"b\":true}");
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("json");
  TCase *t = tcase_create("json");

  tcase_add_test(t, members_and_elements_are_parted_by_commas);
  tcase_add_loop_test(t, texts_are_escaped, 0, (int)ARRAY_SIZE(rows));
  tcase_add_test(t, names_of_members_are_escaped_too);
  suite_add_tcase(s, t);
  return run_suite(s);
}
