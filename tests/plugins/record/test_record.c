/* The values that an output keeps from write to commit. */
#include <check.h>
#include <string.h>

#include "plugins/record/record.h"
#include "tests/support/run_suite.h"

static struct record r;

static void
build(void)
{
  const struct mp_record first = { .struct_size = sizeof(first),
                                   .time_ms = 1000,
                                   .id = "first" };

  ck_assert_int_eq(record_open(&r, 3), MP_OK);
  ck_assert_int_eq(record_begin(&r, &first), MP_OK);
}

static void
leave(void)
{
  record_close(&r);
}

START_TEST(values_are_copied_with_their_texts)
{
  char unit[] = "GJ", serial[] = "4711";
  struct mp_value v = { .struct_size = sizeof(v),
                        .kind = MP_COUNTER,
                        .number = { 84208, -3 },
                        .time_ms = 7,
                        .unit = unit,
                        .serial = serial };
  const struct mp_value *kept;

  ck_assert_int_eq(record_write(&r, 1, &v), MP_OK);
  memset(unit, 'x', 2);
  memset(serial, 'x', 4);
  kept = record_value(&r, 1);
  ck_assert_ptr_nonnull(kept);
  ck_assert_uint_eq(kept->kind, MP_COUNTER);
  ck_assert_int_eq(kept->number.coef, 84208);
  ck_assert_int_eq(kept->number.exp10, -3);
  ck_assert_int_eq(kept->time_ms, 7);
  ck_assert_str_eq(kept->unit, "GJ");
  ck_assert_str_eq(kept->serial, "4711");
  ck_assert_ptr_null(kept->text);
  ck_assert_ptr_null(record_value(&r, 0));
  ck_assert_ptr_null(record_value(&r, 2));
}
END_TEST

START_TEST(later_value_of_a_target_replaces_the_earlier_one)
{
  struct mp_value v = { .struct_size = sizeof(v),
                        .kind = MP_TEXT,
                        .text = "leak" };

  ck_assert_int_eq(record_write(&r, 0, &v), MP_OK);
  v.text = "no leak";
  ck_assert_int_eq(record_write(&r, 0, &v), MP_OK);
  ck_assert_str_eq(record_value(&r, 0)->text, "no leak");
}
END_TEST

START_TEST(next_record_begins_without_values)
{
  const struct mp_record second = { .struct_size = sizeof(second),
                                    .time_ms = 2000,
                                    .id = "second" };
  const struct mp_value v = { .struct_size = sizeof(v),
                              .kind = MP_GAUGE,
                              .unit = "kW" };

  ck_assert_str_eq(r.id, "first");
  ck_assert_int_eq(record_write(&r, 2, &v), MP_OK);
  ck_assert_int_eq(record_begin(&r, &second), MP_OK);
  ck_assert_ptr_null(record_value(&r, 2));
  ck_assert_str_eq(r.id, "second");
  ck_assert_int_eq(r.time_ms, 2000);
}
END_TEST

START_TEST(target_that_does_not_exist_has_no_value)
{
  const struct mp_value v = { .struct_size = sizeof(v), .kind = MP_GAUGE };

  ck_assert_int_eq(record_write(&r, 3, &v), MP_EINTERNAL);
  ck_assert_ptr_null(record_value(&r, 3));
  ck_assert_ptr_null(record_value(&r, UINT32_MAX));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("record");
  TCase *tc = tcase_create("record");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, values_are_copied_with_their_texts);
  tcase_add_test(tc, later_value_of_a_target_replaces_the_earlier_one);
  tcase_add_test(tc, next_record_begins_without_values);
  tcase_add_test(tc, target_that_does_not_exist_has_no_value);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
