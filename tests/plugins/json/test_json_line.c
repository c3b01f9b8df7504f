/* json_line: parses the lines that commands print. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/json/json_line.h"
#include "tests/support/run_suite.h"

#define NO_OBJECT "is not a JSON object"
#define BAD_TEXT "holds a text that is not a JSON string"
#define BAD_VALUE                                                              \
  "holds a value that is not a text, number, true, false or null"

/* The expected members, each as "TYPE NAME=TEXT;", or the expected error. */
static const struct {
  const char *line, *want;
} rows[] = {
  { "{}", "" },
  { " { } \r", "" },
  { "{\"a\":\"x\"}", "0 a=x;" },
  { "\t{ \"a\" : \"x\" , \"b\" : 1 }", "0 a=x;1 b=1;" },
  { "\n{\n\"a\"\n:\r\n1\r\n,\n\"b\":2\n}\n", "1 a=1;1 b=2;" },
  { "{\"a\":17.50,\"b\":-0.5e+3,\"c\":0}", "1 a=17.50;1 b=-0.5e+3;1 c=0;" },
  { "{\"a\":true,\"b\":false,\"c\":null}", "2 a=true;2 b=false;3 c=null;" },
  { "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "0 a=\"\\/\b\f\n\r\t;" },
  { "{\"\\u0061\":\"\\u00e9\\u20AC\\ud83d\\ude00\"}",
    "0 a=\303\251\342\202\254\360\237\230\200;" },
  { "{\"a\":\"{,}: \"}", "0 a={,}: ;" },
  { "", NO_OBJECT },
  { "x", NO_OBJECT },
  { "[1]", NO_OBJECT },
  { "{", BAD_TEXT },
  { "{\"a\"}", NO_OBJECT },
  { "{\"a\":1", NO_OBJECT },
  { "{\"a\":1,", BAD_TEXT },
  { "{\"a\":1,}", BAD_TEXT },
  { "{\"a\":1 2}", NO_OBJECT },
  { "{\"a\":1}}", NO_OBJECT },
  { "{\"a\":1} x", NO_OBJECT },
  { "{\"a\":}", BAD_VALUE },
  { "{\"a\":01}", BAD_VALUE },
  { "{\"a\":1.}", BAD_VALUE },
  { "{\"a\":.5}", BAD_VALUE },
  { "{\"a\":+1}", BAD_VALUE },
  { "{\"a\":-}", BAD_VALUE },
  { "{\"a\":1e}", BAD_VALUE },
  { "{\"a\":NaN}", BAD_VALUE },
  { "{\"a\":nul}", BAD_VALUE },
  { "{\"a\":{}}", BAD_VALUE },
  { "{\"a\":[]}", BAD_VALUE },
  { "{\"a\":\"x}", BAD_TEXT },
  { "{\"a\":\"\001\"}", BAD_TEXT },
  { "{\"a\":\"\\x\"}", BAD_TEXT },
  { "{\"a\":\"\\", BAD_TEXT },
  { "{\"a\":\"\\u", BAD_TEXT },
  { "{\"a\":\"\\u12\"}", BAD_TEXT },
  { "{\"a\":\"\\u0000\"}", BAD_TEXT },
  { "{\"a\":\"\\ud800\"}", BAD_TEXT },
  { "{\"a\":\"\\ud800\\u0061\"}", BAD_TEXT },
  { "{\"a\":\"\\udc00\"}", BAD_TEXT },
  { "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,"
    "\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,"
    "\"q\":1}",
    "has too many members" },
  { "{\"a\":1,\"b\":2,\"a\":null}", "has a member twice" },
};

START_TEST(line_is_split_into_members)
{
  char *line = strdup(rows[_i].line); /* a copy, so that reading past its end is
                                       * detected */
  char have[512] = "";
  struct json_line members;
  const char *wrong = json_line_parse(line, &members);
  size_t len = 0;

  for (size_t i = 0; !wrong && i < members.n; i++)
    len += (size_t)snprintf(have + len, sizeof(have) - len, "%d %s=%s;",
                            (int)members.members[i].type,
                            members.members[i].name, members.members[i].text);
  ck_assert_str_eq(wrong ? wrong : have, rows[_i].want);
  free(line);
}
END_TEST

START_TEST(null_member_counts_as_missing)
{
  char line[] = "{\"a\":null,\"b\":\"\"}";
  struct json_line members;

  ck_assert_ptr_null(json_line_parse(line, &members));
  ck_assert_ptr_null(json_line_find(&members, "a"));
  ck_assert_ptr_null(json_line_find(&members, "c"));
  ck_assert_str_eq(json_line_find(&members, "b")->text, "");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("json_line");
  TCase *tc = tcase_create("lines");

  tcase_add_loop_test(tc, line_is_split_into_members, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, null_member_counts_as_missing);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
