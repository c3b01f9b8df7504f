/* Tables: columns are aligned, whatever their cells hold. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/run/table.h"
#include "tests/support/run_suite.h"

/* Prints a table of CELLS, which end with END, and compares the text. */
static void
check(size_t columns, const char *const *cells, unsigned indent,
      const char *expected)
{
  struct table table = { .columns = columns };
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);

  ck_assert_ptr_nonnull(out);
  for (; !*cells || (*cells)[0] != '\n'; cells++)
    table_add(&table, *cells);
  table_print(&table, indent, out);
  table_free(&table);
  ck_assert_int_eq(fclose(out), 0);
  ck_assert_str_eq(text, expected);
  free(text);
}

#define END "\n"

START_TEST(columns_are_as_wide_as_their_longest_cell)
{
  static const char *const cells[] = { "A",  "LONG", "C",    "aaa", "1",
                                       "cc", "",     "2222", "",    END };

  check(3, cells, 0,
        "A    LONG  C\n"
        "aaa  1     cc\n"
        "     2222\n");
}
END_TEST

START_TEST(rows_are_indented)
{
  static const char *const cells[] = { "a", "b", "", "c", END };

  check(2, cells, 2, "  a  b\n     c\n");
}
END_TEST

START_TEST(empty_columns_are_left_out)
{
  static const char *const cells[] = { "a", NULL, "b", "c", "", "d", END };

  check(3, cells, 0, "a  b\nc  d\n");
}
END_TEST

START_TEST(width_is_counted_in_characters)
{
  static const char *const cells[] = { "m³", "x", "Wärme", "y", END };

  check(2, cells, 0, "m³     x\nWärme  y\n");
}
END_TEST

START_TEST(control_characters_are_replaced)
{
  static const char *const cells[] = { "\033[2J",   "a\nb",      "\xff", "c",
                                       "\xc2\x9bx", "\u202ecba", END };

  check(2, cells, 0, "?[2J  a?b\n?     c\n??x   ???cba\n");
}
END_TEST

START_TEST(hundreds_of_rows_are_kept)
{
  struct table table = { .columns = 1 };

  for (int i = 0; i < 1000; i++)
    table_add(&table, "x");
  ck_assert_uint_eq(table.n, 1000);
  table_free(&table);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("table");
  TCase *t = tcase_create("table");

  tcase_add_test(t, columns_are_as_wide_as_their_longest_cell);
  tcase_add_test(t, rows_are_indented);
  tcase_add_test(t, empty_columns_are_left_out);
  tcase_add_test(t, width_is_counted_in_characters);
  tcase_add_test(t, control_characters_are_replaced);
  tcase_add_test(t, hundreds_of_rows_are_kept);
  suite_add_tcase(s, t);
  return run_suite(s);
}
