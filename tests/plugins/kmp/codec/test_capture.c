/* Captures: the kinds of lines, and lines that are refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/capture.h"
#include "tests/support/run_suite.h"

/* 2026-11-22T10:00:00Z */
#define TEN_O_CLOCK INT64_C(1795341600000)
/* A byte order mark. */
#define MARK "\xef\xbb\xbf"

/* Formats a line in short: "> 803f01", "blank", "comment", "header 1", or the
 * error. */
static const char *
describe_line(const char *text)
{
  static struct capture_line line;
  static char shown[256];
  size_t len = 0;
  int r = capture_begin(&line, text, strlen(text));

  if (r < 0)
    return capture_error_text(r);
  if (r == CAPTURE_BLANK || r == CAPTURE_COMMENT)
    return r == CAPTURE_BLANK ? "blank" : "comment";
  if (r == CAPTURE_HEADER) {
    snprintf(shown, sizeof(shown), "header %u", (unsigned)line.version);
    return shown;
  }
  shown[0] = '\0';
  for (r = capture_next(&line); r > 0; r = capture_next(&line)) {
    len += (size_t)snprintf(shown + len, sizeof(shown) - len, "%s%c ",
                            len > 0 ? " " : "", line.direction);
    for (size_t i = 0; i < line.len; i++)
      len += (size_t)snprintf(shown + len, sizeof(shown) - len, "%02x",
                              line.bytes[i]);
  }
  return r < 0 ? capture_error_text(r) : shown;
}

struct row {
  const char *text;
  const char *shown;
};

static void
check_rows(const struct row *rows, size_t count)
{
  for (size_t i = 0; i < count; i++)
    ck_assert_msg(strcmp(describe_line(rows[i].text), rows[i].shown) == 0,
                  "%s: %s", rows[i].text, describe_line(rows[i].text));
}

START_TEST(test_own_capture_lines_are_parsed)
{
  static const struct row rows[] = {
    { "", "blank" },
    { " \t\r", "blank" },
    { "# anything", "comment" },
    { "  #", "comment" },
    { "# meterpipe capture 1 meter", "header 1" },
    { "# meterpipe capture 1", "header 1" },
    { "# meterpipe capture 12 meter\r", "header 12" },
    { "# meterpipe capture 4294967297 meter", "header 4294967" },
    { "# meterpipe capture", "comment" },
    { "# meterpipe capture ", "comment" },
    { "# meterpipe capture x", "comment" },
    { "# meterpipe capture 1x", "comment" },
    { "2026-11-22T10:00:00.120Z > 80 3f 01", "> 803f01" },
    { "2026-11-22T10:00:00.120Z < 40 3f 01", "< 403f01" },
    { "2026-11-22T10:00:00.120Z 40 3f 01", "< 403f01" },
    { "2026-11-22T10:00:00.120Z>80", "> 80" },
    { "> 80 3F 01\r", "> 803f01" },
    { ">803f01", "> 803f01" },
    { "  <\t403f 01 ", "< 403f01" },
    { "403f1000", "< 403f1000" },
    { "40 3f 10 00", "< 403f1000" },
    { "> 80 3f1001", "> 803f1001" },
    { "> 80 3f  10 01", "> 803f1001" },
    { "> 80 3f\t10 01 \r", "> 803f1001" },
    /* As an editor may save the file. */
    { MARK "# meterpipe capture 1 meter\r", "header 1" },
    { MARK "2026-11-22T10:00:00.120Z > 80 3f 01", "> 803f01" },
    { MARK "403f1000", "< 403f1000" },
    { MARK "\r", "comment" },
    { MARK, "comment" },
    { "\xef\xbb", "not a line of a capture: neither hex digits nor a comment" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_log_lines_of_the_old_script_are_parsed)
{
  static const struct row rows[] = {
    { "Wr\t 80  3f  10  01 ", "> 803f1001" },
    { "Rd\t 40  3f  10 ", "< 403f10" },
    { "Wr 80 3f 10", "> 803f10" },
    { "2026-11-22 10:00:00 Wr 80 3f 10", "> 803f10" },
    { "Nov 22 10:00:00 host: Rd 40 3f", "< 403f" },
    { "[1234.5] Rd 40 3f", "< 403f" },
    { "Rd\t 40  0d Wr\t 80  0d ", "< 400d > 800d" },
    { "Msg\tRx TimeoutWr\t 80 ", "> 80" },
    { "Msg\tRx Timeout", "" },
    { "Rd\t 40 Msg\tCRC error", "< 40" },
    { "Wr\t", "" },
    { "Wr\t Rd\t 40 ", "< 40" },
    { "Wr\t 80 x Rd\t 40 ",
      "not a line of a capture: neither hex digits nor a comment" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_invalid_capture_lines_are_refused)
{
  static const struct row rows[] = {
    { "40 3", "half a byte: an odd number of hex digits" },
    { "> 80 3f 1", "half a byte: an odd number of hex digits" },
    { "> 80 3f 1 01", "half a byte: an odd number of hex digits" },
    { "> 80 3f x1",
      "not a line of a capture: neither hex digits nor a comment" },
    { "4 0", "half a byte: an odd number of hex digits" },
    { "40 3g", "not a line of a capture: neither hex digits nor a comment" },
    { "hello", "not a line of a capture: neither hex digits nor a comment" },
    { "> 80 > 80",
      "not a line of a capture: neither hex digits nor a comment" },
    { "\xff", "not a line of a capture: neither hex digits nor a comment" },
    { "2026-13-22T10:00:00Z > 80",
      "not a time as in 2026-11-22T10:00:00.120Z" },
    { "2026-11-22T10:00:00 > 80", "not a time as in 2026-11-22T10:00:00.120Z" },
    { ">", "no bytes" },
    { "2026-11-22T10:00:00Z", "no bytes" },
    { "2026-11-22T10:00:00Z <", "no bytes" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

/* Bytes as other programs write them, and as we do: "55" and " 55". */
START_TEST(test_longest_event_is_taken_and_a_longer_one_refused)
{
  static char text[1 + 3 * (CAPTURE_BYTES_MAX + 1)];
  static struct capture_line line;
  size_t byte = 2 + (size_t)_i, all = 1 + byte * CAPTURE_BYTES_MAX;

  memset(text, '5', sizeof(text));
  text[0] = '>';
  for (size_t i = 1; _i == 1 && i < sizeof(text); i += byte)
    text[i] = ' ';
  capture_begin(&line, text, all);
  ck_assert_int_eq(capture_next(&line), 1);
  ck_assert_uint_eq(line.len, CAPTURE_BYTES_MAX);
  ck_assert_int_eq(capture_next(&line), 0);
  capture_begin(&line, text, all + byte);
  ck_assert_int_eq(capture_next(&line), CAPTURE_ELONG);
  ck_assert_int_eq(capture_next(&line), 0);
}
END_TEST

START_TEST(test_written_line_is_read_back)
{
  static const uint8_t bytes[] = { 0x80, 0x3f, 0x01, 0x05, 0x8a, 0x0d };
  static struct capture_line line;
  char buf[3 * sizeof(bytes) + CAPTURE_LINE_EXTRA];
  size_t n = capture_format(buf, sizeof(buf), TEN_O_CLOCK + 120, '>', bytes,
                            sizeof(bytes));

  ck_assert_uint_gt(n, 0);
  ck_assert_mem_eq(buf, "2026-11-22T10:00:00.120Z > 80 3f 01 05 8a 0d\n", n);
  ck_assert_int_eq(capture_begin(&line, buf, n - 1), CAPTURE_EVENTS);
  ck_assert_int_eq(line.has_time, 1);
  ck_assert_int_eq(line.time_ms, TEN_O_CLOCK + 120);
  ck_assert_int_eq(capture_next(&line), 1);
  ck_assert_mem_eq(line.bytes, bytes, sizeof(bytes));
  ck_assert_uint_eq(
    capture_format(buf, sizeof(buf) - 1, 0, '>', bytes, sizeof(bytes)), 0);
}
END_TEST

START_TEST(test_every_error_has_a_text)
{
  for (int error = CAPTURE_EEMPTY; error <= 0; error++)
    ck_assert_str_ne(capture_error_text(error), "unknown error");
  ck_assert_str_eq(capture_error_text(CAPTURE_EEMPTY - 1), "unknown error");
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("capture");
  TCase *lines = tcase_create("lines");
  TCase *times = tcase_create("times");

  tcase_add_test(lines, test_own_capture_lines_are_parsed);
  tcase_add_test(lines, test_log_lines_of_the_old_script_are_parsed);
  tcase_add_test(lines, test_invalid_capture_lines_are_refused);
  tcase_add_loop_test(
    lines, test_longest_event_is_taken_and_a_longer_one_refused, 0, 2);
  tcase_add_test(lines, test_written_line_is_read_back);
  tcase_add_test(lines, test_every_error_has_a_text);
  suite_add_tcase(s, lines);
  suite_add_tcase(s, times);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
