/* Times as texts: both directions, the calendar, and the cached day. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/rfc3339.h"
#include "tests/support/run_suite.h"

#define TEN_O_CLOCK INT64_C(1795341600000)

static const struct {
  const char *text;
  int64_t ms;
} times[] = {
  { "1970-01-01T00:00:00Z", 0 },
  { "2026-11-22T10:00:00Z", INT64_C(1795341600000) },
  { "2026-11-22T11:00:00+01:00", INT64_C(1795341600000) },
  { "2026-11-22T00:30:00-09:30", INT64_C(1795341600000) },
  { "2026-11-22T10:00:00.25z", INT64_C(1795341600250) },
  { "2026-11-22T10:00:00.1239Z", INT64_C(1795341600123) },
  { "2000-02-29T00:00:00Z", INT64_C(951782400000) },
  { "2038-01-19T03:14:08Z", INT64_C(2147483648000) },
  { "1969-12-31T23:59:59Z", -1000 },
  { "9999-12-31T23:59:59Z", INT64_C(253402300799000) },
  { "0000-01-01T00:00:00Z", INT64_C(-62167219200000) },
  { "0000-03-01T00:00:00Z", INT64_C(-62162035200000) },
};

static const char *const wrong[] = {
  "",
  "now",
  "2026-11-22",
  "2026-11-22T10:00:00",
  "2026-11-22 10:00:00Z",
  "2026-11-22T10:00Z",
  "2026-11-22T10:00:00ZZ",
  "2026-11-22T10:00:00+0100",
  "2026-11-22T10:00:00+24:00",
  "2026-11-22T10:00:00.Z",
  "2026-00-22T10:00:00Z",
  "2026-13-22T10:00:00Z",
  "2026-11-00T10:00:00Z",
  "2026-11-31T10:00:00Z",
  "2023-02-29T10:00:00Z",
  "1900-02-29T10:00:00Z",
  "2026-11-22T24:00:00Z",
  "2026-11-22T10:60:00Z",
  "2026-11-22T10:00:61Z",
  "+2026-11-22T10:00:00Z",
};

START_TEST(time_is_read)
{
  int64_t ms = -1;

  ck_assert(rfc3339_parse(times[_i].text, &ms));
  ck_assert_msg(ms == times[_i].ms, "%s: %" PRId64, times[_i].text, ms);
}
END_TEST

START_TEST(invalid_time_is_refused)
{
  int64_t ms = -1;

  ck_assert_msg(!rfc3339_parse(wrong[_i], &ms), "%s", wrong[_i]);
  ck_assert_int_eq(ms, -1);
}
END_TEST

START_TEST(times_are_read_to_the_millisecond)
{
  struct rfc3339_day last = { 0 };
  static const struct {
    const char *text;
    size_t len; /* 0: none */
    int64_t ms;
  } rows[] = {
    { "1970-01-01T00:00:00Z", 20, 0 },
    { "1970-01-01T00:00:00.001Z", 24, 1 },
    { "1969-12-31T23:59:59.999Z", 24, -1 },
    { "2026-11-22T10:00:00.120Z", 24, TEN_O_CLOCK + 120 },
    { "2026-11-22t10:00:00z <", 20, TEN_O_CLOCK },
    { "2026-11-22 10:00:00Z", 20, TEN_O_CLOCK },
    { "2026-11-22T11:30:00+01:30", 25, TEN_O_CLOCK },
    { "2026-11-22T05:00:00.5-05:00", 27, TEN_O_CLOCK + 500 },
    { "2026-11-22T10:00:00.1239999Z", 28, TEN_O_CLOCK + 123 },
    { "2000-02-29T00:00:00Z", 20, INT64_C(951782400000) },
    { "2038-01-19T03:14:08Z", 20, INT64_C(2147483648000) },
    { "9999-12-31T23:59:59.999Z", 24, INT64_C(253402300799999) },
    { "0000-01-01T00:00:00Z", 20, INT64_C(-62167219200000) },
    { "2016-12-31T23:59:60Z", 20, INT64_C(1483228800000) },
    { "1900-02-29T00:00:00Z", 0, 0 },
    { "2026-02-30T00:00:00Z", 0, 0 },
    { "2026-00-22T10:00:00Z", 0, 0 },
    { "2026-11-00T10:00:00Z", 0, 0 },
    { "2026-11-22T24:00:00Z", 0, 0 },
    { "2026-11-22T10:60:00Z", 0, 0 },
    { "2026-11-22T10:00:61Z", 0, 0 },
    { "2026-11-22T10:00:00", 0, 0 },
    { "2026-11-22T10:00:00 ", 0, 0 },
    { "2026-11-22T10:00:00.Z", 0, 0 },
    { "2026-11-22T10:00:00.120", 0, 0 },
    { "2026-11-22T10:00:00+1:00", 0, 0 },
    { "2026-11-22T10:00:00+24:00", 0, 0 },
    { "2026/11/22T10:00:00Z", 0, 0 },
    { "026-11-22T10:00:00Z", 0, 0 },
    { "", 0, 0 },
  };

  for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
    size_t row = i / 2;
    int64_t ms = 0;

    /* the second time, the date may be in the cache */
    ck_assert_msg(rfc3339_scan(&last, rows[row].text, strlen(rows[row].text),
                               &ms) == rows[row].len,
                  "%s", rows[row].text);
    ck_assert_msg(ms == rows[row].ms, "%s: %lld", rows[row].text,
                  (long long)ms);
  }
}
END_TEST

START_TEST(every_day_of_a_calendar_comes_back)
{
  struct rfc3339_day last = { 0 };
  int64_t ms;
  char buf[RFC3339_MS_SIZE];

  for (int64_t day = -719528; day < 2932897; day += 37) {
    int64_t time = day * 86400000 + 43200123;
    size_t n = rfc3339_format_ms(buf, sizeof(buf), time);

    if (n != 24 || rfc3339_scan(NULL, buf, n, &ms) != 24 || ms != time)
      ck_abort_msg("day %lld: %s", (long long)day, buf);
    for (int again = 0; again < 2; again++)
      if (rfc3339_scan(&last, buf, n, &ms) != 24 || ms != time)
        ck_abort_msg("day %lld, with a cache: %s", (long long)day, buf);
  }
  ck_assert_uint_eq(rfc3339_format_ms(buf, sizeof(buf), INT64_MAX), 0);
  ck_assert_uint_eq(rfc3339_format_ms(buf, sizeof(buf), INT64_MIN), 0);
  ck_assert_uint_eq(rfc3339_format_ms(buf, 24, 0), 0);
  ck_assert_uint_eq(rfc3339_format_ms(buf, 25, 0), 24);
}
END_TEST

static const struct {
  int64_t ms;
  const char *text;
} written[] = {
  { 0, "1970-01-01T00:00:00Z" },
  { 999, "1970-01-01T00:00:00Z" },
  { -1, "1969-12-31T23:59:59Z" },
  { -86400000, "1969-12-31T00:00:00Z" },
  { INT64_C(951782399000), "2000-02-28T23:59:59Z" },
  { INT64_C(951782400000), "2000-02-29T00:00:00Z" },
  { INT64_C(1709164800000), "2024-02-29T00:00:00Z" },
  { INT64_C(1709251200000), "2024-03-01T00:00:00Z" },
  { INT64_C(1795341600345), "2026-11-22T10:00:00Z" },
  { INT64_C(2147483648000), "2038-01-19T03:14:08Z" },
  { INT64_C(4107542400000), "2100-03-01T00:00:00Z" },
  { INT64_C(253402300799999), "9999-12-31T23:59:59Z" },
  { INT64_MAX, "9999-12-31T23:59:59Z" },
  { INT64_C(-62167219200000), "0000-01-01T00:00:00Z" },
  { INT64_MIN, "0000-01-01T00:00:00Z" },
};

START_TEST(time_is_written)
{
  char buf[RFC3339_SIZE];

  ck_assert_str_eq(rfc3339_format(NULL, written[_i].ms, buf), written[_i].text);
}
END_TEST

START_TEST(cached_day_is_replaced_when_the_day_changes)
{
  struct rfc3339_day t = { 0 };
  char buf[RFC3339_SIZE];

  for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
    ck_assert_str_eq(rfc3339_format(&t, written[i].ms, buf), written[i].text);
    ck_assert_str_eq(rfc3339_format(&t, written[i].ms, buf), written[i].text);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("rfc3339");
  TCase *tc = tcase_create("times");

  tcase_add_loop_test(tc, time_is_read, 0, ARRAY_SIZE(times));
  tcase_add_loop_test(tc, invalid_time_is_refused, 0, ARRAY_SIZE(wrong));
  tcase_add_test(tc, times_are_read_to_the_millisecond);
  tcase_add_test(tc, every_day_of_a_calendar_comes_back);
  tcase_add_loop_test(tc, time_is_written, 0, ARRAY_SIZE(written));
  tcase_add_test(tc, cached_day_is_replaced_when_the_day_changes);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
