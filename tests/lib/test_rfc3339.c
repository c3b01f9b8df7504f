/* rfc3339: parses the times that commands print. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/rfc3339.h"
#include "tests/support/run_suite.h"

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

START_TEST(what_is_no_time_is_refused)
{
  int64_t ms = -1;

  ck_assert_msg(!rfc3339_parse(wrong[_i], &ms), "%s", wrong[_i]);
  ck_assert_int_eq(ms, -1);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("rfc3339");
  TCase *tc = tcase_create("times");

  tcase_add_loop_test(tc, time_is_read, 0, ARRAY_SIZE(times));
  tcase_add_loop_test(tc, what_is_no_time_is_refused, 0, ARRAY_SIZE(wrong));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
