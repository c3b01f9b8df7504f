/* The growing text of outputs: its order and its size limit. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/text_buffer.h"
#include "tests/support/run_suite.h"

START_TEST(parts_stand_in_order)
{
  struct text_buffer b = { NULL, 0, 0 };

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
  struct text_buffer b = { NULL, 0, 0 };
  int i;

  for (i = 0; i < 100000; i++)
    ck_assert_int_eq(text_buffer_add(&b, "0123456789", 10), MP_OK);
  ck_assert_uint_eq(b.len, 1000000);
  ck_assert_int_eq(memcmp(b.data + 999990, "0123456789", 10), 0);
  text_buffer_free(&b);
}
END_TEST

START_TEST(buffer_has_an_end)
{
  struct text_buffer b = { NULL, 0, 0 };

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

  tcase_add_test(tc, parts_stand_in_order);
  tcase_add_test(tc, many_parts_fit);
  tcase_add_test(tc, buffer_has_an_end);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
