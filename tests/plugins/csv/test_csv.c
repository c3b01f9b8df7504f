/* csv: the rows of the file, and the messages when they cannot be written. */
#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/plugins/csv/csv_bench.h"
#include "tests/support/run_suite.h"

static struct csv_bench b;

static void
setup(void)
{
  bench_begin(&b, "energy usage");
}

static void
teardown(void)
{
  bench_end(&b);
}

/* ---- Rows ---------------------------------------------------------------- */

START_TEST(new_file_has_a_header)
{
  bench_open_row(&b);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0);
  ck_assert_uint_eq(fake_sink_result(b.sink, 0, 0), MP_ACCEPTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 0, 1), MP_ACCEPTED);
  ck_assert_str_eq(fake_host_log(b.h), "");
}
END_TEST

START_TEST(next_run_appends)
{
  bench_open_row(&b);
  bench_commit(&b);
  bench_next_run(&b, "energy usage");
  bench_open(&b);
  bench_row(&b, 1, VALUES1);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 ROW1);
}
END_TEST

START_TEST(several_rows_in_a_commit_stay_in_order)
{
  bench_open_row(&b);
  bench_row(&b, 1, VALUES1);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 ROW1);
  ck_assert_uint_eq(fake_sink_result(b.sink, 1, 1), MP_ACCEPTED);
}
END_TEST

START_TEST(missing_value_is_an_empty_cell)
{
  bench_open_row(&b);
  bench_row(&b, 1, "|0.092 GJ");
  bench_row(&b, 2, "");
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  /* No cell of an earlier commit appears again. */
  bench_row(&b, 3, "84.4 GJ");
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 "2026-11-22T10:20:00Z,,0.092\n"
                                              "2026-11-22T10:40:00Z,,\n"
                                              "2026-11-22T11:00:00Z,84.4,\n");
}
END_TEST

START_TEST(crlf_ends_all_lines)
{
  fake_host_set(b.h, "eol", "crlf");
  bench_open_row(&b);
  bench_commit(&b);
  ck_assert_str_eq(bench_get(&b), "time,energy,usage\r\n"
                                  "2026-11-22T10:00:00Z,84.208,0.208\r\n");
}
END_TEST

START_TEST(texts_are_quoted_and_formulas_are_defused)
{
  bench_open(&b);
  bench_row(&b, 0, "~=1+1|~say \"a,b\"");
  bench_commit(&b);
  ck_assert_str_eq(bench_get(&b), HEADER
                   "2026-11-22T10:00:00Z,\"'=1+1\",\"say \"\"a,b\"\"\"\n");
}
END_TEST

START_TEST(commit_without_rows_creates_no_file)
{
  bench_open(&b);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_ptr_null(bench_get(&b));
}
END_TEST

START_TEST(column_that_is_only_read_is_not_written)
{
  bench_next_run(&b, "energy <other usage");
  bench_open(&b);
  bench_row(&b, 0, "84.208 GJ||0.208 GJ");
  bench_commit(&b);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0);
}
END_TEST

START_TEST(column_called_time_is_refused)
{
  void *self;

  bench_next_run(&b, "time");
  ck_assert_int_eq(meterpipe_plugin()->create(&b.h->table, &self), MP_OK);
  ck_assert_int_eq(b.ops->open(self), MP_ECONFIG);
  meterpipe_plugin()->destroy(self);
}
END_TEST

/* ---- Units --------------------------------------------------------------- */

START_TEST(column_keeps_its_unit)
{
  bench_open_row(&b);
  bench_commit(&b);
  ck_assert_str_eq(fake_host_stored(b.h, "unit.energy"), "GJ");
  bench_next_run(&b, "energy usage");
  bench_open(&b);
  bench_row(&b, 1, "1000 kWh|0.092 GJ");
  bench_commit(&b);
  ck_assert_str_eq(bench_get(&b),
                   HEADER ROW0 "2026-11-22T10:20:00Z,3.6000,0.092\n");
}
END_TEST

START_TEST(value_in_another_unit_is_rejected_alone)
{
  bench_open_row(&b);
  bench_row(&b, 1, "2.5 m3|0.092 GJ");
  bench_row(&b, 2, "2.6 m3|0.100 GJ");
  bench_row(&b, 3, "84.400 GJ|7");
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 "2026-11-22T10:20:00Z,,0.092\n"
                                              "2026-11-22T10:40:00Z,,0.100\n"
                                              "2026-11-22T11:00:00Z,84.400,\n");
  ck_assert_uint_eq(fake_sink_result(b.sink, 0, 0), MP_ACCEPTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 1, 0), MP_REJECTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 1, 1), MP_ACCEPTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 2, 0), MP_REJECTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 3, 0), MP_ACCEPTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 3, 1), MP_REJECTED);
  /* One failure for each column, however many rows. */
  ck_assert_uint_eq(fake_host_failures(b.h), 2);
  ck_assert_int_eq(fake_host_failure(b.h, 0), MP_ECONFIG);
  ck_assert_ptr_nonnull(strstr(fake_host_log(b.h), "GJ, but a value in m3"));
  ck_assert_ptr_nonnull(strstr(fake_host_log(b.h), "convert"));
}
END_TEST

START_TEST(value_too_large_for_the_unit_is_rejected_alone)
{
  bench_open_row(&b);
  bench_row(&b, 1, "9223372036854775807 MWh|0.092 GJ");
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 "2026-11-22T10:20:00Z,,0.092\n");
  ck_assert_uint_eq(fake_sink_result(b.sink, 1, 0), MP_REJECTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 1, 1), MP_ACCEPTED);
  ck_assert_uint_eq(fake_host_failures(b.h), 1);
  ck_assert_int_eq(fake_host_failure(b.h, 0), MP_ERANGE);
  ck_assert_ptr_nonnull(strstr(
    fake_host_log(b.h), "energy: a value in MWh is too large for the column's "
                        "unit GJ"));
}
END_TEST

/* ---- Other people's files ------------------------------------------------ */

START_TEST(file_with_another_header_is_refused)
{
  static const char *const headers[] = {
    "time,energy\n",
    "time,energy,usage,more\n",
    "time,usage,energy\n",
    "time,energy,usage",
    "\n",
    "x",
  };

  bench_put(&b, headers[_i]);
  bench_open_row(&b);
  bench_check_refused(&b, MP_ECONFIG,
                      "\"time,energy,usage\"; move the file away");
  ck_assert_str_eq(bench_get(&b), headers[_i]);
}
END_TEST

/* Invalid UTF-8, two control characters, and a character that is cut by the end
 * of the quoted part. */
START_TEST(other_header_is_sanitised_in_the_message)
{
  char header[200], shown[200];

  snprintf(header, sizeof(header), "Z\344hler\001\302\233%0150d\342\202\254\n",
           0);
  snprintf(shown, sizeof(shown), "its header is \"Z?hler??%0150d\", but", 0);
  bench_put(&b, header);
  bench_open_row(&b);
  bench_check_refused(&b, MP_ECONFIG, shown);
}
END_TEST

START_TEST(header_with_other_line_end_is_accepted)
{
  bench_put(&b, "time,energy,usage\r\n");
  bench_open_row(&b);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), "time,energy,usage\r\n" ROW0);
}
END_TEST

START_TEST(row_begins_on_a_new_line)
{
  bench_put(&b, HEADER "a note without line end");
  bench_open_row(&b);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER "a note without line end\n" ROW0);
}
END_TEST

START_TEST(emptied_or_removed_file_gets_a_header)
{
  bench_open_row(&b);
  bench_commit(&b);
  if (_i == 0)
    bench_put(&b, "");
  else
    ck_assert_int_eq(unlink(b.path), 0);
  bench_row(&b, 1, VALUES1);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW1);
}
END_TEST

/* ---- check --------------------------------------------------------------- */

START_TEST(check_reports_the_same_errors_as_a_run)
{
  bench_open(&b);
  ck_assert_int_eq(b.ops->check(b.self), MP_OK);
  ck_assert_ptr_null(bench_get(&b));
  bench_put(&b, "time,energy\n");
  ck_assert_int_eq(b.ops->check(b.self), MP_ECONFIG);
  bench_put(&b, HEADER);
  ck_assert_int_eq(b.ops->check(b.self), MP_OK);
  bench_next_run(&b, "energy usage");
  fake_host_set(b.h, "path", "/nonexistent-directory/heat.csv");
  bench_open(&b);
  ck_assert_int_eq(b.ops->check(b.self), MP_ECREATE);
}
END_TEST

START_TEST(check_tests_the_directory_of_a_new_file)
{
  static const char *const paths[] = { "heat.csv", "/meterpipe-test.csv" };
  bool may = _i == 0 || access("/", W_OK) == 0;

  ck_assert_int_eq(chdir(b.dir), 0);
  fake_host_set(b.h, "path", paths[_i]);
  bench_open(&b);
  ck_assert_int_eq(b.ops->check(b.self), may ? MP_OK : MP_EPERM);
  ck_assert_int_ne(access(paths[_i], F_OK), 0);
  if (_i > 0)
    return;
  bench_row(&b, 0, VALUES0);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0);
}
END_TEST

static void
add_tests(TCase *tc)
{
  tcase_add_test(tc, new_file_has_a_header);
  tcase_add_test(tc, next_run_appends);
  tcase_add_test(tc, several_rows_in_a_commit_stay_in_order);
  tcase_add_test(tc, missing_value_is_an_empty_cell);
  tcase_add_test(tc, crlf_ends_all_lines);
  tcase_add_test(tc, texts_are_quoted_and_formulas_are_defused);
  tcase_add_test(tc, commit_without_rows_creates_no_file);
  tcase_add_test(tc, column_that_is_only_read_is_not_written);
  tcase_add_test(tc, column_called_time_is_refused);
  tcase_add_test(tc, column_keeps_its_unit);
  tcase_add_test(tc, value_in_another_unit_is_rejected_alone);
  tcase_add_test(tc, value_too_large_for_the_unit_is_rejected_alone);
  tcase_add_loop_test(tc, file_with_another_header_is_refused, 0, 6);
  tcase_add_test(tc, other_header_is_sanitised_in_the_message);
  tcase_add_test(tc, header_with_other_line_end_is_accepted);
  tcase_add_test(tc, row_begins_on_a_new_line);
  tcase_add_loop_test(tc, emptied_or_removed_file_gets_a_header, 0, 2);
  tcase_add_test(tc, check_reports_the_same_errors_as_a_run);
  tcase_add_loop_test(tc, check_tests_the_directory_of_a_new_file, 0, 2);
}

int
main(void)
{
  Suite *suite = suite_create("csv");
  TCase *tc = tcase_create("csv");

  tcase_add_checked_fixture(tc, setup, teardown);
  add_tests(tc);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
