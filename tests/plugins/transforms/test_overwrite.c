/* overwrite: passes the value on unchanged. */
#include <check.h>
#include <stdlib.h>

#include "lib/array.h"
#include "tests/plugins/transforms/transform_rows.h"
#include "tests/support/run_suite.h"

static const struct transform_row rows[] = {
  { "a number", NULL, 0, NULL, 0, MP_COUNTER, "17.50 GJ", MP_OK, "17.50 GJ",
    MP_COUNTER },
  { "a delta", NULL, 0, NULL, 0, MP_DELTA, "-1 m3", MP_OK, "-1 m3", MP_DELTA },
  { "a number without a unit", NULL, 0, NULL, 0, MP_GAUGE, "0", MP_OK, "0",
    MP_GAUGE },
  { "a text", NULL, 0, NULL, 0, MP_TEXT, "2026-11-22", MP_OK, "2026-11-22",
    MP_TEXT },
};

START_TEST(any_value_is_passed_on_unchanged)
{
  transform_check_row(&rows[_i], NULL);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("overwrite");
  TCase *tc = tcase_create("overwrite");

  tcase_add_loop_test(tc, any_value_is_passed_on_unchanged, 0,
                      ARRAY_SIZE(rows));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
