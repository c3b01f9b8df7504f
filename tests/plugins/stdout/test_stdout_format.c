/*
 * The formats of stdout, and the UTF-8 in them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/utf8.h"
#include "plugins/stdout/stdout_format.h"
#include "tests/support/run_suite.h"

#define TIME "2026-11-22T10:00:00Z"

static const struct stdout_cell cells[] = {
  { .name = "meter.heat_energy_e1", .value = "84.208", .unit = "GJ" },
  { .name = "meter.flow", .value = "7", .unit = "l/h" },
  { .name = "meter.t1", .value = "-12.50", .unit = "\302\260C" },
  { .name = "meter.text", .value = "h\303\251llo", .is_text = true },
  { .name = "usage", .unit = "GJ" },
  { .name = "count", .value = "123456" },
};

static const struct {
  stdout_format_fn format;
  const char *text;
} formats[] = {
  { stdout_format_table, TIME "\n"
                              "  meter.heat_energy_e1      84.208  GJ\n"
                              "  meter.flow                 7      l/h\n"
                              "  meter.t1                 -12.50   \302\260C\n"
                              "  meter.text            h\303\251llo\n"
                              "  usage                      -\n"
                              "  count                 123456\n" },
  { stdout_format_line, "meter.heat_energy_e1 84.208 GJ\n"
                        "meter.flow 7 l/h\n"
                        "meter.t1 -12.50 \302\260C\n"
                        "meter.text h\303\251llo\n"
                        "count 123456\n" },
  { stdout_format_json,
    "{\"time\":\"" TIME "\",\"values\":{"
    "\"meter.heat_energy_e1\":{\"value\":\"84.208\",\"unit\":\"GJ\"},"
    "\"meter.flow\":{\"value\":\"7\",\"unit\":\"l/h\"},"
    "\"meter.t1\":{\"value\":\"-12.50\",\"unit\":\"\302\260C\"},"
    "\"meter.text\":{\"value\":\"h\303\251llo\",\"unit\":null},"
    "\"usage\":null,"
    "\"count\":{\"value\":\"123456\",\"unit\":null}}}\n" },
};

static const char *
format(stdout_format_fn fn, const struct stdout_cell *cycle, size_t n)
{
  struct stdout_cell row[ARRAY_SIZE(cells)] = { 0 };
  static char text[2048];
  struct text_buffer b = { 0 };

  for (size_t i = 0; i < n; i++) {
    row[i] = cycle[i];
    row[i].len = row[i].value ? strlen(row[i].value) : 0;
    ck_assert_int_eq(stdout_label_set(&row[i].label, row[i].name, row[i].unit),
                     MP_OK);
  }
  ck_assert_int_eq(fn(&b, TIME, row, n), MP_OK);
  for (size_t i = 0; i < n; i++)
    stdout_label_free(&row[i].label);
  ck_assert_uint_lt(b.len, sizeof(text));
  memcpy(text, b.data ? b.data : "", b.len);
  text[b.len] = '\0';
  text_buffer_free(&b);
  return text;
}

START_TEST(cycle_is_formatted)
{
  ck_assert_str_eq(format(formats[_i].format, cells, ARRAY_SIZE(cells)),
                   formats[_i].text);
}
END_TEST

START_TEST(empty_cycle_is_formatted)
{
  ck_assert_str_eq(format(stdout_format_table, NULL, 0), TIME "\n");
  ck_assert_str_eq(format(stdout_format_line, NULL, 0), "");
  ck_assert_str_eq(format(stdout_format_json, NULL, 0),
                   "{\"time\":\"" TIME "\",\"values\":{}}\n");
}
END_TEST

static const struct {
  const char *text, *plain, *json;
} texts[] = {
  { "a b", "a b", "a b" },
  { "say \"hi\" \\", "say \"hi\" \\", "say \\\"hi\\\" \\\\" },
  { "a\nb\tc", "a?b?c", "a\\u000ab\\u0009c" },
  { "\033[2J", "?[2J", "\\u001b[2J" },
  { "\177", "?", "\\u007f" },
  { "\302\233"
    "2J",
    "?2J", "\\u009b2J" },
  { "\342\200\256x", "?x", "\342\200\256x" },
  { "\342\200\250", "?", "\342\200\250" },
  { "\342\201\251", "?", "\342\201\251" },
  { "\303\251", "\303\251", "\303\251" },
  { "\360\237\224\245", "\360\237\224\245", "\360\237\224\245" },
  { "\377x", "\357\277\275x", "\357\277\275x" },
  { "\303", "\357\277\275", "\357\277\275" },
  { "\303x", "\357\277\275x", "\357\277\275x" },
  { "\300\257", "\357\277\275\357\277\275", "\357\277\275\357\277\275" },
  { "\355\240\200", "\357\277\275\357\277\275\357\277\275",
    "\357\277\275\357\277\275\357\277\275" },
};

START_TEST(control_characters_are_replaced_or_escaped)
{
  struct stdout_cell cell = { .name = "t",
                              .value = texts[_i].text,
                              .is_text = true };
  char expect[128];

  snprintf(expect, sizeof(expect), "t %s\n", texts[_i].plain);
  ck_assert_str_eq(format(stdout_format_line, &cell, 1), expect);
  snprintf(expect, sizeof(expect),
           "{\"time\":\"" TIME "\",\"values\":{\"t\":{\"value\":\"%s\","
           "\"unit\":null}}}\n",
           texts[_i].json);
  ck_assert_str_eq(format(stdout_format_json, &cell, 1), expect);
}
END_TEST

static const struct {
  const char *text;
  size_t width;
} widths[] = {
  { "", 0 },          { "abc", 3 },          { "m\302\263/h", 4 },
  { "e\314\201", 1 }, { "\346\260\264", 2 }, { "\377\377", 2 },
};

START_TEST(width_is_counted_in_terminal_columns)
{
  ck_assert_uint_eq(utf8_width(widths[_i].text), widths[_i].width);
}
END_TEST

START_TEST(every_character_is_encoded_and_decoded)
{
  char buf[5];

  for (uint32_t c = 1; c <= 0x10ffff; c++) {
    const char *p = buf;

    if (c >= 0xd800 && c <= 0xdfff)
      continue;
    buf[utf8_put(buf, c)] = '\0';
    /* utf8_take reads the replacement character byte by byte.  (Two assertions
     * for each of a million characters take longer than all other tests
     * here.) */
    if (utf8_take(&p) != c || (*p != '\0' && c != UTF8_REPLACEMENT))
      ck_abort_msg("U+%04X", (unsigned)c);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("stdout_format");
  TCase *tc = tcase_create("stdout_format");

  tcase_add_loop_test(tc, cycle_is_formatted, 0, ARRAY_SIZE(formats));
  tcase_add_test(tc, empty_cycle_is_formatted);
  tcase_add_loop_test(tc, control_characters_are_replaced_or_escaped, 0,
                      ARRAY_SIZE(texts));
  tcase_add_loop_test(tc, width_is_counted_in_terminal_columns, 0,
                      ARRAY_SIZE(widths));
  tcase_add_test(tc, every_character_is_encoded_and_decoded);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
