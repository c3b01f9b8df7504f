/* convert: exact, or rounded if the user allows it. */
#include <check.h>
#include <stdlib.h>

#include "lib/array.h"
#include "tests/plugins/transforms/transform_rows.h"
#include "tests/support/run_suite.h"

/* clang-format off */
static const struct transform_row rows[] = {
  { "an exact conversion needs no decimals",
    "unit=GJ", 0, NULL, 0, MP_COUNTER, "1000 kWh", MP_OK, "3.6000 GJ",
    MP_COUNTER },
  { "the same unit changes nothing",
    "unit=GJ", 0, NULL, 0, MP_COUNTER, "84.20 GJ", MP_OK, "84.20 GJ",
    MP_COUNTER },
  { "an inexact conversion needs decimals",
    "unit=kWh", 0, NULL, 0, MP_COUNTER, "84.208 GJ", MP_ECONFIG,
    "84.208 GJ|kWh|`decimals`", 0 },
  { "decimals are needed even if this value is exact",
    "unit=kWh", 0, NULL, 0, MP_COUNTER, "3.6 GJ", MP_ECONFIG, "decimals", 0 },
  { "with decimals it is rounded",
    "unit=kWh decimals=2", 0, NULL, 0, MP_COUNTER, "84.208 GJ", MP_OK,
    "23391.11 kWh", MP_COUNTER },
  { "a tie goes to the even digit, down",
    "unit=m3 decimals=2", 0, NULL, 0, MP_GAUGE, "125 l", MP_OK, "0.12 m3",
    MP_GAUGE },
  { "a tie goes to the even digit, up",
    "unit=m3 decimals=2", 0, NULL, 0, MP_GAUGE, "135 l", MP_OK, "0.14 m3",
    MP_GAUGE },
  { "decimals = 0 differs from no decimals",
    "unit=kWh decimals=0", 0, NULL, 0, MP_COUNTER, "84.208 GJ", MP_OK,
    "23391 kWh", MP_COUNTER },
  { "an exact delta",
    "unit=l", 0, NULL, 0, MP_DELTA, "0.125 m3", MP_OK, "125 l", MP_DELTA },
  { "an exact delta with enough decimals",
    "unit=m3 decimals=3", 0, NULL, 0, MP_DELTA, "125 l", MP_OK, "0.125 m3",
    MP_DELTA },
  { "a delta is not rounded",
    "unit=m3 decimals=2", 0, NULL, 0, MP_DELTA, "125 l", MP_ECONFIG,
    "convert the reading, then subtract|decimals", 0 },
  { "a delta with an inexact factor",
    "unit=kWh", 0, NULL, 0, MP_DELTA, "0.208 GJ", MP_ECONFIG,
    "convert the reading, then subtract", 0 },
  { "a delta with an inexact factor and an exact result",
    "unit=kWh decimals=3", 0, NULL, 0, MP_DELTA, "3.6 GJ", MP_ECONFIG,
    "convert the reading, then subtract", 0 },
  { "units that measure other things are named",
    "unit=m3 decimals=3", 0, NULL, 0, MP_DELTA, "84 GJ", MP_ECONFIG,
    "GJ|cannot be converted to m3", 0 },
  { "an unknown unit",
    "unit=furlong", 0, NULL, 0, MP_COUNTER, "84 GJ", MP_ECONFIG,
    "GJ|cannot be converted to furlong", 0 },
  { "a number without a unit",
    "unit=GJ", 0, NULL, 0, MP_COUNTER, "84", MP_ECONFIG, "no unit|GJ", 0 },
  { "a text is a configuration error",
    "unit=GJ", 0, NULL, 0, MP_TEXT, "yes", MP_ECONFIG, "is a text", 0 },
  { "a result beyond 64 bits",
    "unit=kWh decimals=18", 0, NULL, 0, MP_COUNTER, "84.208 GJ", MP_ERANGE,
    "84.208 GJ in kWh", 0 },
};
/* clang-format on */

START_TEST(converted_value_or_error_matches_the_row)
{
  transform_check_row(&rows[_i], NULL);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("convert");
  TCase *tc = tcase_create("convert");

  tcase_add_loop_test(tc, converted_value_or_error_matches_the_row, 0,
                      ARRAY_SIZE(rows));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
