/*
 * add: running totals.
 */
#include <check.h>
#include <stdlib.h>

#include "lib/array.h"
#include "tests/plugins/transforms/transform_rows.h"
#include "tests/support/run_suite.h"

/* clang-format off */
static const struct transform_row rows[] = {
  { "a total grows exactly",
    NULL, 0, "84.000 GJ", 0, MP_DELTA, "0.208 GJ", MP_OK, "84.208 GJ",
    MP_COUNTER },
  { "a total of counters is a counter",
    NULL, 0, "1 GJ", 0, MP_COUNTER, "2.5 GJ", MP_OK, "3.5 GJ", MP_COUNTER },
  { "a total of gauges is a gauge",
    NULL, 0, "1 GJ", 0, MP_GAUGE, "-2.5 GJ", MP_OK, "-1.5 GJ", MP_GAUGE },
  { "a missing total makes the result missing",
    NULL, ROW_MISSING, NULL, 0, MP_DELTA, "0.208 GJ", MP_DROP, NULL, 0 },
  { "the first total is the value",
    NULL, ROW_FIRST, NULL, 0, MP_DELTA, "0.208 GJ", MP_OK, "0.208 GJ",
    MP_COUNTER },
  { "first = skip leaves out the first total",
    "first=skip", ROW_FIRST, NULL, 0, MP_DELTA, "0.208 GJ", MP_REBASE,
    NULL, 0 },
  { "first = skip does not apply to an existing total",
    "first=skip", 0, "0 GJ", 0, MP_DELTA, "0.2 GJ", MP_OK, "0.2 GJ",
    MP_COUNTER },
  { "a negative amount makes the total smaller",
    NULL, 0, "84 GJ", 0, MP_DELTA, "-1.5 GJ", MP_OK, "82.5 GJ", MP_COUNTER },
  { "a rounded total counts as the total",
    NULL, ROW_ROUNDED, "84 GJ", 0, MP_DELTA, "0.208 GJ", MP_OK,
    "84.208 GJ", MP_COUNTER },
  { "a total without a unit takes the value's",
    NULL, 0, "84", 0, MP_DELTA, "1 GJ", MP_OK, "85 GJ", MP_COUNTER },
  { "the total is converted to the value's unit if exactly possible",
    NULL, 0, "1000 kWh", 0, MP_DELTA, "0.5 GJ", MP_OK, "4.1000 GJ",
    MP_COUNTER },
  { "else the value is converted to the total's unit",
    NULL, 0, "3.6 GJ", 0, MP_DELTA, "1 kWh", MP_OK, "3.6036 GJ", MP_COUNTER },
  { "units that measure other things are named",
    NULL, 0, "84 m3", 0, MP_DELTA, "1 GJ", MP_ECONFIG, "GJ|m3|convert", 0 },
  { "a text is a configuration error",
    NULL, 0, "84 GJ", 0, MP_TEXT, "yes", MP_ECONFIG, "is a text", 0 },
  { "a total that holds a text is refused",
    NULL, 0, "hello", 0, MP_DELTA, "1 GJ", MP_ECONFIG,
    "out.base holds the text \"hello\"", 0 },
  { "a total beyond 64 bits",
    NULL, 0, "9223372036854775807 GJ", 0, MP_DELTA, "1 GJ", MP_ERANGE,
    "9223372036854775807 GJ plus 1 GJ", 0 },
};
/* clang-format on */

START_TEST(sum_or_error_matches_the_row)
{
  transform_check_row(&rows[_i], "plus");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("add");
  TCase *tc = tcase_create("add");

  tcase_add_loop_test(tc, sum_or_error_matches_the_row, 0, ARRAY_SIZE(rows));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
