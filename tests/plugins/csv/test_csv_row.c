/* CSV as text: quotes, formulas, and splitting rows into cells. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/csv_cells.h"
#include "plugins/csv/csv_row.h"
#include "tests/support/run_suite.h"

static const struct {
  const char *text;
  const char *cell;
} texts[] = {
  { "", "" },
  { "plain", "plain" },
  { "2026-11-22", "2026-11-22" },
  { "a,b", "\"a,b\"" },
  { "say \"hi\"", "\"say \"\"hi\"\"\"" },
  { " blank", "\" blank\"" },
  { "blank ", "\"blank \"" },
  { "two\nlines", "\"two lines\"" },
  { "two\r\nlines", "\"two  lines\"" },
  { "=1+1", "\"'=1+1\"" },
  { "+1", "\"'+1\"" },
  { "-1", "\"'-1\"" },
  { "@SUM(A1)", "\"'@SUM(A1)\"" },
  { "\t=1", "\"'\t=1\"" },
  { "\r\n=1", "\"'  =1\"" },
  { "=cmd|' /c calc'!\"A0\"", "\"'=cmd|' /c calc'!\"\"A0\"\"\"" },
  { "'=1", "\"''=1\"" },
  { "'' -1", "\"''' -1\"" },
  { "'s", "'s" },
  { "a=1", "a=1" },
  { "m\302\263", "m\302\263" },
};

START_TEST(text_is_written_as_a_cell)
{
  struct text_buffer b = { 0 };

  ck_assert_int_eq(csv_add_text(&b, texts[_i].text), MP_OK);
  ck_assert_uint_eq(b.len, strlen(texts[_i].cell));
  ck_assert_int_eq(memcmp(b.data, texts[_i].cell, b.len), 0);
  text_buffer_free(&b);
}
END_TEST

/* Any text is read back; only its line ends become blanks. */
START_TEST(cell_is_read_back_as_its_text)
{
  struct text_buffer b = { 0 };
  char text[64], *cell;

  ck_assert_int_eq(csv_add_text(&b, texts[_i].text), MP_OK);
  ck_assert_int_eq(text_buffer_reserve(&b, 1), MP_OK);
  cell = b.data;
  cell = csv_take_cell(&cell, b.data + b.len);
  snprintf(text, sizeof(text), "%s", texts[_i].text);
  for (size_t i = 0; text[i] != '\0'; i++)
    if (text[i] == '\r' || text[i] == '\n')
      text[i] = ' ';
  ck_assert_str_eq(csv_text_of_cell(cell), text);
  text_buffer_free(&b);
}
END_TEST

static const struct {
  const char *row;
  size_t n;
  const char *cells; /* each followed by ; */
} splits[] = {
  { "", 1, ";" },
  { "a", 1, "a;" },
  { "a,b", 2, "a;b;" },
  { "a,,c", 3, "a;;c;" },
  { ",", 2, ";;" },
  { "a,b,", 3, "a;b;;" },
  { "\"a,b\",c", 2, "a,b;c;" },
  { "\"say \"\"hi\"\"\",x", 2, "say \"hi\";x;" },
  { "\"\",\"\"", 2, ";;" },
  { "\"open", 0, NULL },
  { "\"a\"b,c", 0, NULL },
  { "a\"b,c", 0, NULL },
  { "\"", 0, NULL },
  { "\"\"\"", 0, NULL },
};

START_TEST(row_is_split_into_cells)
{
  const size_t len = strlen(splits[_i].row);
  /* Exactly as long as needed: valgrind detects reading past the end. */
  char *row = malloc(len + 1), *rest = row;
  char cells[64] = "";

  memcpy(row, splits[_i].row, len);
  row[len] = '#';
  ck_assert_uint_eq(csv_count_cells(row, len), splits[_i].n);
  for (size_t i = 0; i < splits[_i].n; i++) {
    strncat(cells, csv_take_cell(&rest, row + len), 30);
    strncat(cells, ";", 2);
  }
  if (splits[_i].n > 0)
    ck_assert_str_eq(cells, splits[_i].cells);
  free(row);
}
END_TEST

START_TEST(row_with_a_nul_byte_has_no_cells)
{
  static const char row[] = "t1,84.2\0\0,1";

  ck_assert_uint_eq(csv_count_cells(row, sizeof(row) - 1), 0);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("csv_row");
  TCase *tc = tcase_create("csv_row");

  tcase_add_loop_test(tc, text_is_written_as_a_cell, 0, ARRAY_SIZE(texts));
  tcase_add_loop_test(tc, cell_is_read_back_as_its_text, 0, ARRAY_SIZE(texts));
  tcase_add_test(tc, row_with_a_nul_byte_has_no_cells);
  tcase_add_loop_test(tc, row_is_split_into_cells, 0, ARRAY_SIZE(splits));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
