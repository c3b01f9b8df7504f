/* Lists of stages in one line. */
#include <check.h>
#include <stdlib.h>

#include "core/run/grouped.h"
#include "lib/array.h"
#include "tests/support/run_suite.h"

static const struct {
  size_t n;
  const char *text;
} counts[] = {
  { 0, "0" },
  { 12, "12" },
  { 999, "999" },
  { 1000, "1,000" },
  { 10000, "10,000" },
  { 123456, "123,456" },
  { 1000000, "1,000,000" },
};

START_TEST(count_has_commas)
{
  char buf[GROUPED_COUNT];

  ck_assert_str_eq(grouped_count(counts[_i].n, buf), counts[_i].text);
}
END_TEST

static void
add(struct grouped_list *list, size_t index, const char *stage,
    const char *text, bool is_news)
{
  const struct group group = { .name = "input {name}",
                               .n = 1000,
                               .index = index };

  grouped_add(list, &group, stage, text, is_news);
}

static void
expect(struct grouped_list *list, const char *expected)
{
  struct grouped *grouped = grouped_take(list, "input {name}");
  char *text;

  ck_assert_ptr_nonnull(grouped);
  text = grouped_text(grouped, "failed");
  ck_assert_str_eq(text, expected);
  free(text);
  ck_assert_ptr_null(grouped_take(list, "input {name}"));
  grouped_clear(list);
}

/* News first, then the order of the file; a stage counts once, with its first
 * text; details and remedies are left out. */
START_TEST(stages_are_sorted_and_counted_once)
{
  struct grouped_list list = { .n = 0 };

  add(&list, 9, "h9", "no answer: check the head", false);
  add(&list, 4, "h4", "no answer; check the head", false);
  add(&list, 4, "h4", "another text", true);
  add(&list, 7, "h7", "10:30 is no time", true);
  add(&list, 2, "h2", "broken", false);
  expect(&list, "4 of 1,000 failed: h4 (no answer), h7 (10:30 is no time), h2 "
                "(broken), and 1 more");
  add(&list, 1, "h1", "", false);
  expect(&list, "1 of 1,000 failed: h1 ()");
}
END_TEST

START_TEST(many_stages_are_counted)
{
  struct grouped_list list = { .n = 0 };

  for (size_t i = 1000; i > 0; i--)
    add(&list, i, i == 1 ? "h1" : "h", "x", false);
  expect(&list, "1,000 of 1,000 failed: h1 (x), h (x), h (x), and 997 more");
  ck_assert_ptr_null(grouped_take(&list, "input {name}"));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("grouped");
  TCase *tc = tcase_create("grouped");

  tcase_add_loop_test(tc, count_has_commas, 0, (int)ARRAY_SIZE(counts));
  tcase_add_test(tc, stages_are_sorted_and_counted_once);
  tcase_add_test(tc, many_stages_are_counted);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
