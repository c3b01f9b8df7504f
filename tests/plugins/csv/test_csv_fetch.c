/*
 * csv: the last known values of a file.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/csv/csv_tail.h"
#include "tests/plugins/csv/csv_bench.h"
#include "tests/support/run_suite.h"

static struct csv_bench b;

static void
setup(void)
{
  bench_begin(&b, "-energy usage");
  fake_host_store(b.h, "unit.energy", "GJ");
}

static void
teardown(void)
{
  bench_end(&b);
}

static const struct {
  const char *title;
  const char *file; /* NULL: none */
  const char *energy, *usage;
} rows[] = {
  { "no file", NULL, "empty", "empty" },
  { "empty file", "", "empty", "empty" },
  { "header alone", HEADER, "empty", "empty" },
  { "last row", HEADER "t1,1.0,2\nt2,3.50,4\n", "3.50 GJ", "4" },
  { "the last value of each column", HEADER "t1,1.0,2\nt2,,4\nt3,,\n", "1.0 GJ",
    "4" },
  { "an unterminated last line does not count", HEADER "t1,1.0,2\nt2,3.0,4",
    "1.0 GJ", "2" },
  { "an unterminated line alone does not count", "time,energy,usage", "empty",
    "empty" },
  { "carriage returns", "time,energy,usage\r\nt1,1.0,2\r\n", "1.0 GJ", "2" },
  { "lines with another number of cells are skipped",
    HEADER "t1,1.0,2\nt2,5.0\nt3,5.0,6,7\nnote\n\n", "1.0 GJ", "2" },
  { "lines with broken quotes are skipped",
    HEADER "t1,1.0,2\nt2,5.0,\"6\nt3,5.0,6\"\n", "1.0 GJ", "2" },
  { "texts", HEADER "t1,1.0,\"a, \"\"b\"\"\"\n", "1.0 GJ", "a, \"b\"" },
  { "the guard of a text is removed", HEADER "t1,1.0,\"'=1\"\n", "1.0 GJ",
    "=1" },
  { "a cell that is not clean UTF-8 is no value",
    HEADER "t1,1.0,good\nt2,3.\0015,caf\351\nt3,,\302\233m\n", "1.0 GJ",
    "good" },
  { "a damaged time is no time", HEADER "t1,1.0,2\nt\3512,3.50,4\n", "3.50 GJ",
    "4" },
  { "a time before 1970 is no time", HEADER "1969-11-22T10:20:00Z,1.0,2\n",
    "1.0 GJ", "2" },
  { "columns in another order", "time,usage,more,energy\nt1,2,x,1.0\n",
    "1.0 GJ", "2" },
  { "zero is a value", HEADER "t1,1.0,2\nt2,0,0\n", "0 GJ", "0" },
};

START_TEST(last_value_of_each_column_is_fetched)
{
  if (rows[_i].file)
    bench_put(&b, rows[_i].file);
  bench_open(&b);
  ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_OK);
  ck_assert_msg(strcmp(fake_sink_shown_text(b.sink, 0), rows[_i].energy) == 0,
                "%s: %s", rows[_i].title, fake_sink_shown_text(b.sink, 0));
  ck_assert_msg(strcmp(fake_sink_shown_text(b.sink, 1), rows[_i].usage) == 0,
                "%s: %s", rows[_i].title, fake_sink_shown_text(b.sink, 1));
  ck_assert_str_eq(fake_host_log(b.h), "");
}
END_TEST

START_TEST(missing_column_is_reported_as_another_header)
{
  bench_put(&b, "time,energy\nt1,1.0\n");
  bench_open(&b);
  ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 0), "1.0 GJ");
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 1), "unfit");
  ck_assert_int_eq(fake_host_failure(b.h, 0), MP_ECONFIG);
  ck_assert_uint_eq(fake_host_failures(b.h), 1);
  ck_assert_ptr_nonnull(strstr(fake_host_log(b.h),
                               "its header is \"time,energy\", but the columns "
                               "of the pipeline are \"time,energy,usage\""));
}
END_TEST

START_TEST(value_is_exact_and_has_its_time)
{
  const struct mp_shown *shown;

  bench_put(&b, HEADER "2026-11-22T10:00:00Z,84.208,0.2\n");
  bench_open(&b);
  b.ops->fetch(b.self, &b.sink->output);
  shown = fake_sink_shown(b.sink, 0);
  ck_assert_int_eq(shown->place, MP_EXACT);
  ck_assert_str_eq(shown->updated, "2026-11-22T10:00:00Z");
}
END_TEST

/* Writes the row with the only energy, then LINES times TEXT. */
static void
put_long_file(const char *text, size_t lines)
{
  FILE *f = fopen(b.path, "w");

  fputs(HEADER "t0,84.208,1\n", f);
  for (size_t i = 0; i < lines; i++)
    fputs(text, f);
  fclose(f);
}

START_TEST(operand_is_found_at_any_distance_from_the_end)
{
  /* With these lengths the reader's chunks end at every place of a line. */
  static const size_t lines[] = { 17, 8190, 8191, 8192, 8193, 20000, 40001 };

  put_long_file("t1,,42\n", lines[_i]);
  bench_open(&b);
  ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 0), "84.208 GJ");
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 1), "42");
}
END_TEST

/* The reader's first chunk begins at each byte of the only row with a value. */
START_TEST(row_across_two_chunks_is_whole)
{
  static const char row[] = "t0,84.208,1\n";
  static const char filler[] = "t1,,\n";
  size_t left;
  FILE *f;

  bench_open(&b);
  for (size_t cut = 0; cut <= sizeof(row); cut++) {
    f = fopen(b.path, "w");
    fprintf(f, HEADER "%s", row);
    for (left = CSV_TAIL_CHUNK - cut; left >= 4 * sizeof(filler);
         left -= sizeof(filler) - 1)
      fputs(filler, f);
    fprintf(f, "%*s\n", (int)left - 1, ",,");
    fclose(f);
    fake_sink_forget(b.sink);
    ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_OK);
    ck_assert_str_eq(fake_sink_shown_text(b.sink, 0), "84.208 GJ");
  }
}
END_TEST

START_TEST(search_for_an_operand_ends_at_the_deadline)
{
  put_long_file("t1,,42\n", 20000);
  bench_open(&b);
  fake_host_set_time_left(b.h, 0);
  ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_ETIMEOUT);
  ck_assert_ptr_nonnull(strstr(fake_host_log(b.h), "no time left to look"));
  /* Reported as unreached, not as empty: an empty operand would count as
   * first. */
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 0), "unreached");
}
END_TEST

START_TEST(overlong_line_is_refused)
{
  put_long_file("0123456789012345678901234567890123456789", 40000);
  bench_append(&b, "\n");
  bench_open(&b);
  ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_EDATA);
  ck_assert_ptr_nonnull(strstr(fake_host_log(b.h), "1048576 bytes"));
}
END_TEST

START_TEST(read_only_column_needs_no_other_column)
{
  bench_put(&b, "time,a,b,other\nt1,1,2,3\n");
  bench_next_run(&b, "<other");
  bench_open(&b);
  ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 0), "3");
}
END_TEST

START_TEST(own_rows_are_read_back)
{
  bench_open(&b);
  bench_row(&b, 0, "84.208 GJ|~=1+1, \"x\"");
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  b.ops->fetch(b.self, &b.sink->output);
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 0), "84.208 GJ");
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 1), "=1+1, \"x\"");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("csv_fetch");
  TCase *tc = tcase_create("csv_fetch");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, last_value_of_each_column_is_fetched, 0,
                      ARRAY_SIZE(rows));
  tcase_add_test(tc, missing_column_is_reported_as_another_header);
  tcase_add_test(tc, value_is_exact_and_has_its_time);
  tcase_add_loop_test(tc, operand_is_found_at_any_distance_from_the_end, 0, 7);
  tcase_add_test(tc, row_across_two_chunks_is_whole);
  tcase_add_test(tc, search_for_an_operand_ends_at_the_deadline);
  tcase_add_test(tc, overlong_line_is_refused);
  tcase_add_test(tc, read_only_column_needs_no_other_column);
  tcase_add_test(tc, own_rows_are_read_back);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
