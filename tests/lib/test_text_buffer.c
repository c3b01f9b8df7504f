/* The growing text of outputs: its order and its size limit. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/text_buffer.h"
#include "tests/support/huge_allocations.h"
#include "tests/support/run_suite.h"

START_TEST(parts_are_added_in_order)
{
  struct text_buffer b = { 0 };

  ck_assert_int_eq(text_buffer_add_text(&b, "bc"), MP_OK);
  ck_assert_int_eq(text_buffer_prepend(&b, "a", 1), MP_OK);
  ck_assert_int_eq(text_buffer_fill(&b, '.', 3), MP_OK);
  ck_assert_int_eq(text_buffer_add(&b, "", 1), MP_OK);
  ck_assert_str_eq(b.data, "abc...");
  text_buffer_free(&b);
  ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(many_parts_fit)
{
  struct text_buffer b = { 0 };

  for (int i = 0; i < 100000; i++)
    ck_assert_int_eq(text_buffer_add(&b, "0123456789", 10), MP_OK);
  ck_assert_uint_eq(b.len, 1000000);
  ck_assert_int_eq(memcmp(b.data + 999990, "0123456789", 10), 0);
  text_buffer_free(&b);
}
END_TEST

static const struct {
  size_t max, len, more; /* of LEN bytes, with room for MORE */
  int answer;
} limits[] = {
  { 1, 0, 0, MP_OK },
  { 1, 0, 1, MP_OK },
  { 1, 0, 2, MP_ENOMEM },
  { 1, 1, 0, MP_OK },
  { 1, 1, 1, MP_ENOMEM },
  { 100, 60, 40, MP_OK },
  { 100, 60, 41, MP_ENOMEM },
  { 5000, 4096, 904, MP_OK },
  { 5000, 4096, 905, MP_ENOMEM },
  { 5000, 0, SIZE_MAX, MP_ENOMEM },
  { 5000, 5000, SIZE_MAX, MP_ENOMEM },
  { SIZE_MAX, 0, SIZE_MAX, MP_ENOMEM }, /* no memory */
  { SIZE_MAX, 1, SIZE_MAX, MP_ENOMEM },
};

/* A failure changes nothing, and no buffer takes more than its maximum. */
START_TEST(buffer_has_its_own_maximum)
{
  struct text_buffer b = { .max = limits[_i].max };

  ck_assert_int_eq(text_buffer_fill(&b, 'x', limits[_i].len), MP_OK);
  ck_assert_int_eq(text_buffer_reserve(&b, limits[_i].more), limits[_i].answer);
  ck_assert_uint_eq(b.len, limits[_i].len);
  ck_assert_uint_le(b.size, limits[_i].max);
  if (limits[_i].answer == MP_OK) {
    ck_assert_ptr_nonnull(b.data);
    ck_assert_int_eq(text_buffer_fill(&b, 'y', limits[_i].more), MP_OK);
    ck_assert_uint_eq(b.len, limits[_i].len + limits[_i].more);
  }
  text_buffer_free(&b);
  ck_assert_uint_eq(b.max, limits[_i].max);
  ck_assert_int_eq(
    text_buffer_fill(&b, 'z', limits[_i].max > 5000 ? 1 : limits[_i].max),
    MP_OK);
  text_buffer_wipe(&b);
  ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(buffer_size_is_limited)
{
  struct text_buffer b = { 0 };

  ck_assert_int_eq(text_buffer_reserve(&b, TEXT_BUFFER_MAX + 1), MP_ENOMEM);
  ck_assert_int_eq(text_buffer_reserve(&b, SIZE_MAX), MP_ENOMEM);
  ck_assert_int_eq(text_buffer_add(&b, "b", 1), MP_OK);
  ck_assert_int_eq(text_buffer_prepend(&b, "a", 1), MP_OK);
  ck_assert_int_eq(text_buffer_reserve(&b, TEXT_BUFFER_MAX - 1), MP_ENOMEM);
  ck_assert_int_eq(memcmp(b.data, "ab", 2), 0);
  text_buffer_free(&b);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("text_buffer");
  TCase *tc = tcase_create("text_buffer");

  tcase_add_test(tc, parts_are_added_in_order);
  tcase_add_test(tc, many_parts_fit);
  tcase_add_loop_test(tc, buffer_has_its_own_maximum, 0,
                      (int)ARRAY_SIZE(limits));
  tcase_add_test(tc, buffer_size_is_limited);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
