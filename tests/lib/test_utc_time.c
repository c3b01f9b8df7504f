/* Times as texts: the calendar, and the cached day. */
#include <check.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/utc_time.h"
#include "tests/support/run_suite.h"

static const struct {
  int64_t ms;
  const char *text;
} rows[] = {
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
  struct utc_time fresh = { 0 };
  char buf[UTC_TIME_SIZE];

  ck_assert_str_eq(utc_time_format(&fresh, rows[_i].ms, buf), rows[_i].text);
}
END_TEST

START_TEST(remembered_day_is_that_of_the_time)
{
  struct utc_time t = { 0 };
  char buf[UTC_TIME_SIZE];
  size_t i;

  for (i = 0; i < ARRAY_SIZE(rows); i++) {
    ck_assert_str_eq(utc_time_format(&t, rows[i].ms, buf), rows[i].text);
    ck_assert_str_eq(utc_time_format(&t, rows[i].ms, buf), rows[i].text);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("utc_time");
  TCase *tc = tcase_create("utc_time");

  tcase_add_loop_test(tc, time_is_written, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, remembered_day_is_that_of_the_time);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
