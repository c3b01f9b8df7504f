/* Lists that grow by one item. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/array.h"
#include "tests/support/huge_allocations.h"
#include "tests/support/run_suite.h"

/* Written under valgrind and the sanitizers, which check the room. */
START_TEST(list_grows_by_one)
{
  uint32_t *list = NULL;
  uint32_t n = 0;

  while (n < 1000) {
    ck_assert(ARRAY_GROW(&list, n));
    list[n] = n;
    n++;
  }
  while (n-- > 0)
    ck_assert_uint_eq(list[n], n);
  free(list);
}
END_TEST

START_TEST(emptied_list_grows_again)
{
  char *list = NULL;

  for (size_t end = 0; end < 40; end++)
    for (size_t n = end / 3; n < end; n++) {
      ck_assert(ARRAY_GROW(&list, n));
      list[n] = 'x';
    }
  free(list);
}
END_TEST

static const struct {
  size_t n, item_size;
  bool grows;
} limits[] = {
  { 0, 1, true },
  { 0, 4096, true },
  { 0, SIZE_MAX, false },
  { 0, SIZE_MAX / 2 + 1, false },
  { (size_t)1 << (sizeof(size_t) * 8 - 1), 1, false },
  { (size_t)1 << (sizeof(size_t) * 8 - 2), 2, false },
  { (size_t)1 << (sizeof(size_t) * 8 - 4), 8, false },
  { (size_t)1 << (sizeof(size_t) * 8 - 4), SIZE_MAX, false },
  { 3, SIZE_MAX, true }, /* has room for 4 */
};

/* The number of bytes does not overflow, and a failure changes nothing. */
START_TEST(list_has_a_limit)
{
  void *const before = malloc(1);
  void *list = before;

  ck_assert_int_eq(array_grow(&list, limits[_i].n, limits[_i].item_size),
                   limits[_i].grows);
  if (!limits[_i].grows)
    ck_assert_ptr_eq(list, before);
  free(list);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("array");
  TCase *tc = tcase_create("array");

  tcase_add_test(tc, list_grows_by_one);
  tcase_add_test(tc, emptied_list_grows_again);
  tcase_add_loop_test(tc, list_has_a_limit, 0, (int)ARRAY_SIZE(limits));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
