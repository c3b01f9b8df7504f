/* subtract: usages, and the readings that give none. */
#include <check.h>
#include <stdlib.h>

#include "lib/array.h"
#include "testkit/fake_host.h"
#include "tests/plugins/transforms/transform_rows.h"
#include "tests/support/run_suite.h"

#define FIRST ROW_FIRST
#define MISSING ROW_MISSING
#define ZEROS_62                                                               \
  "00000000000000000000000000000000000000000000000000000000000000"
#define ROUNDED ROW_ROUNDED
#define COUNTER MP_COUNTER
#define GAUGE MP_GAUGE
#define DELTA MP_DELTA
#define BELOW "is below the last known|meterpipe rebase stage"

/* clang-format off */
static const struct transform_row rows[] = {
  { "a usage is exact and keeps its decimals",
    NULL, 0, "84.000 GJ", 0, COUNTER, "84.208 GJ", MP_OK, "0.208 GJ", DELTA },
  { "no usage is zero, not missing",
    NULL, 0, "84.208 GJ", 0, COUNTER, "84.208 GJ", MP_OK, "0.000 GJ", DELTA },
  { "the finer decimals are kept",
    NULL, 0, "84.2 GJ", 0, COUNTER, "84.208 GJ", MP_OK, "0.008 GJ", DELTA },
  { "a missing base makes the result missing",
    NULL, MISSING, NULL, 0, COUNTER, "84.208 GJ", MP_DROP, NULL, 0 },
  { "a missing base is no first base",
    "first=zero", MISSING | FIRST, NULL, 0, COUNTER, "84.208 GJ", MP_DROP,
    NULL, 0 },
  { "the first reading is left out and becomes the base",
    NULL, FIRST, NULL, 0, COUNTER, "84.208 GJ", MP_REBASE, NULL, 0 },
  { "first = zero counts from 0",
    "first=zero", FIRST, NULL, 0, COUNTER, "84.208 GJ", MP_OK, "84.208 GJ",
    DELTA },
  { "a base of zero is a value",
    NULL, 0, "0 GJ", 0, COUNTER, "84.208 GJ", MP_OK, "84.208 GJ", DELTA },
  { "a base of the smallest exponent is too far away",
    NULL, 0, "0." ZEROS_62 "1 GJ", 0, COUNTER, "84.208 GJ", MP_ERANGE,
    "84.208 GJ minus 0." ZEROS_62 "1 GJ has too many digits", 0 },
  { "two numbers of the smallest exponent",
    NULL, 0, "0." ZEROS_62 "1 GJ", 0, COUNTER, "0." ZEROS_62 "3 GJ", MP_OK,
    "0." ZEROS_62 "2 GJ", DELTA },

  { "a counter that falls is held",
    NULL, 0, "84.000 GJ", 0, COUNTER, "83.999 GJ", MP_HOLD,
    "83.999 GJ " BELOW "|84.000 GJ", 0 },
  { "a fall from near 10^7 of its last place names wrap",
    NULL, 0, "9999.950 GJ", 0, COUNTER, "0.012 GJ", MP_HOLD,
    "0.012 GJ " BELOW "|began again at 0, set wrap = 10000", 0 },
  { "a fall from near 10^8 of its last place names wrap",
    NULL, 0, "999999.50 m3", 0, COUNTER, "0.12 m3", MP_HOLD,
    BELOW "|wrap = 1000000", 0 },
  { "a gauge may fall",
    NULL, 0, "21.50 C", 0, GAUGE, "20.25 C", MP_OK, "-1.25 C", DELTA },
  { "decrease = allow",
    "decrease=allow", 0, "84 GJ", 0, COUNTER, "83 GJ", MP_OK, "-1 GJ", DELTA },
  { "decrease = hold for a gauge",
    "decrease=hold", 0, "84 GJ", 0, GAUGE, "83 GJ", MP_HOLD, BELOW, 0 },
  { "decrease = rebase logs nothing",
    "decrease=rebase", 0, "84 GJ", 0, COUNTER, "83 GJ", MP_REBASE, NULL, 0 },

  { "wrap: over the top",
    "wrap=10000", 0, "9999.5 m3", 0, COUNTER, "0.7 m3", MP_OK, "1.2 m3",
    DELTA },
  { "wrap: a rise just below half of wrap is an overflow",
    "wrap=1000", 0, "600 m3", 0, COUNTER, "99 m3", MP_OK, "499 m3", DELTA },
  { "wrap: a rise of half of wrap is held",
    "wrap=1000", 0, "600 m3", 0, COUNTER, "100 m3", MP_HOLD, BELOW, 0 },
  { "wrap: a base beyond wrap is no overflow",
    "wrap=1000", 0, "1600 m3", 0, COUNTER, "100 m3", MP_HOLD, BELOW, 0 },
  { "wrap does not apply to a rise",
    "wrap=1000", 0, "1 m3", 0, COUNTER, "999 m3", MP_OK, "998 m3", DELTA },
  { "wrap and decrease = rebase",
    "wrap=1000 decrease=rebase", 0, "600 m3", 0, COUNTER, "300 m3", MP_REBASE,
    NULL, 0 },
  { "wrap is in the counter's unit, not the base's",
    "wrap=1000", 0, "3599.6 GJ", 0, COUNTER, "0.1 MWh", MP_OK,
    "0.76 GJ", DELTA },

  { "max: a usage of max is accepted",
    "max=5", 0, "80 GJ", 0, COUNTER, "85 GJ", MP_OK, "5 GJ", DELTA },
  { "max: a usage above max is held",
    "max=5", 0, "80 GJ", 0, COUNTER, "85.001 GJ", MP_HOLD,
    "85.001 GJ|5.001 GJ|max is 5 GJ|meterpipe rebase stage", 0 },
  { "max: a usage above max after an overflow is held",
    "max=5 wrap=100", 0, "90 GJ", 0, COUNTER, "1 GJ", MP_HOLD, "11 GJ", 0 },
  { "max: a first usage above max is held",
    "max=5 first=zero", FIRST, NULL, 0, COUNTER, "84 GJ", MP_HOLD, "84 GJ", 0 },

  { "rounded: a reading that rounds to the base is no usage",
    NULL, ROUNDED, "84 GJ", 0, COUNTER, "84.208 GJ", MP_OK, "0.000 GJ",
    DELTA },
  { "rounded: a lower reading that rounds to the base is no usage",
    NULL, ROUNDED, "84 GJ", 0, COUNTER, "83.792 GJ", MP_OK, "0.000 GJ",
    DELTA },
  { "rounded: a tie can be displayed either way",
    NULL, ROUNDED, "84 GJ", 0, COUNTER, "84.500 GJ", MP_OK, "0.000 GJ",
    DELTA },
  { "rounded: above the rounding, the displayed value is the base",
    NULL, ROUNDED, "84 GJ", 0, COUNTER, "84.501 GJ", MP_OK, "0.501 GJ",
    DELTA },
  { "rounded: a reading below the rounding is held",
    NULL, ROUNDED, "84 GJ", 0, COUNTER, "83.499 GJ", MP_HOLD, BELOW, 0 },
  { "rounded in a coarser unit",
    NULL, ROUNDED, "23391 kWh", 0, COUNTER, "84.208 GJ", MP_OK, "0.000 GJ",
    DELTA },
  { "rounded in a coarser unit: above the rounding",
    NULL, ROUNDED, "23390 kWh", 0, COUNTER, "84.208 GJ", MP_OK, "0.0040 GJ",
    DELTA },
  { "rounded to no place is exact",
    NULL, ROUNDED, "84 GJ", MP_EXACT, COUNTER, "84.208 GJ", MP_OK, "0.208 GJ",
    DELTA },

  { "a base without a unit takes the reading's",
    NULL, 0, "84.000", 0, COUNTER, "84.208 GJ", MP_OK, "0.208 GJ", DELTA },
  { "the base is converted to the reading's unit if exactly possible",
    NULL, 0, "1000 kWh", 0, COUNTER, "3.7 GJ", MP_OK, "0.1000 GJ", DELTA },
  { "else the reading is converted to the base's unit",
    NULL, 0, "3.6 GJ", 0, COUNTER, "1001 kWh", MP_OK, "0.0036 GJ", DELTA },
  { "units that measure other things are named",
    NULL, 0, "84 m3", 0, COUNTER, "85 GJ", MP_ECONFIG, "GJ|m3|convert", 0 },
  { "no exact conversion in either direction",
    NULL, 0, "1 days", 0, COUNTER, "90000 USgal", MP_ECONFIG,
    "USgal|days|convert", 0 },
  { "a reading without a unit does not mix",
    NULL, 0, "84 GJ", 0, COUNTER, "85", MP_ECONFIG, "no unit|GJ", 0 },
  { "the same unit in another spelling",
    NULL, 0, "1.5 m\302\263", 0, COUNTER, "2.0 m3", MP_OK, "0.5 m3", DELTA },

  { "a reading too large for the base's unit",
    NULL, 0, "1 GJ", 0, COUNTER, "9223372036854775807 MWh", MP_ERANGE,
    "too large to be converted between MWh and GJ", 0 },
  { "a reading too large for the unit of a rounded base",
    NULL, ROUNDED, "1 kWh", 0, COUNTER, "9223372036854775807 GJ", MP_ERANGE,
    "cannot be compared in kWh with the rounded base", 0 },

  { "a wrap too large for the base's unit",
    "wrap=9223372036854775807", 0, "3599.6 GJ", 0, COUNTER, "0.1 MWh",
    MP_ERANGE, "0.1 MWh minus 3599.6 GJ has too many digits for an exact number", 0 },

  { "a text is a configuration error",
    NULL, 0, "84 GJ", 0, MP_TEXT, "2026-11-22", MP_ECONFIG, "is a text", 0 },
  { "a base that holds a text is refused",
    NULL, 0, "hello", 0, COUNTER, "84 GJ", MP_ECONFIG,
    "out.base holds the text \"hello\"", 0 },
  { "a result beyond 64 bits",
    "decrease=allow", 0, "-9223372036854775807 GJ", 0, COUNTER,
    "9223372036854775807 GJ", MP_ERANGE, "too many digits", 0 },
};
/* clang-format on */

START_TEST(difference_or_error_matches_the_row)
{
  transform_check_row(&rows[_i], "minus");
}
END_TEST

/* The operand and its unit no longer exist when the next stage reads the
 * value. */
START_TEST(result_keeps_its_unit_after_the_operand_is_freed)
{
  const struct mp_plugin *plugin = meterpipe_plugin();
  struct fake_host *h = fake_host_new(plugin, "stage");
  struct fake_host *short_lived = fake_host_new(plugin, "stage");
  struct mp_value value = fake_host_value(h, MP_COUNTER, "1001 kWh");
  void *self;

  fake_host_set(short_lived, "value", "usage");
  fake_host_set_operand(short_lived, "minus", "3.6 GJ", MP_EXACT);
  ck_assert_int_eq(plugin->create(&short_lived->table, &self), MP_OK);
  ck_assert_int_eq(plugin->transform->apply(self, &value), MP_OK);
  value = fake_host_value(h, MP_COUNTER, "1002 kWh");
  ck_assert_int_eq(plugin->transform->apply(self, &value), MP_OK);
  fake_host_free(short_lived);
  ck_assert_str_eq(fake_host_show(h, &value), "0.0072 GJ");
  plugin->destroy(self);
  fake_host_free(h);
}
END_TEST

START_TEST(destroy_takes_null)
{
  meterpipe_plugin()->destroy(NULL);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("subtract");
  TCase *tc = tcase_create("subtract");

  tcase_add_loop_test(tc, difference_or_error_matches_the_row, 0,
                      ARRAY_SIZE(rows));
  tcase_add_test(tc, result_keeps_its_unit_after_the_operand_is_freed);
  tcase_add_test(tc, destroy_takes_null);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
