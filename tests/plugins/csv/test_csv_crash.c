/*
 * csv after a crash: whatever part of a block of rows was written, in the end
 * the file holds each row once, and other programs' lines are unchanged.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/plugins/csv/csv_bench.h"
#include "tests/support/run_suite.h"

#define ROW2 "2026-11-22T10:40:00Z,84.400,0.100\n"
#define NOTE "a note of somebody's\n"

#define ROWS 2
static const char *const values[ROWS] = { "84.300 GJ|0.092 GJ",
                                          "84.400 GJ|0.100 GJ" };

static struct csv_bench b;
static char token[256];

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

static void
begin_run(void)
{
  bench_next_run(&b, "energy usage");
  bench_open(&b);
}

static void
take_token(void)
{
  begin_run();
  ck_assert_int_eq(b.ops->append->token(b.self, token, sizeof(token)), MP_OK);
}

/* Makes the next run: recovers both rows, and delivers again those not sent.
 * Returns the number of rows that were found. */
static int
recover(void)
{
  uint32_t results[ROWS];
  int there = 0;

  begin_run();
  for (int i = 0; i < ROWS; i++)
    bench_row(&b, i + 1, values[i]);
  ck_assert_int_eq(b.ops->append->recover(b.self, token, &b.sink->output),
                   MP_OK);
  for (int i = 0; i < ROWS; i++) {
    results[i] = fake_sink_result(b.sink, (uint32_t)i, 0);
    there += results[i] == MP_ACCEPTED;
  }
  for (int i = 0; i < ROWS; i++) {
    if (results[i] == MP_ACCEPTED)
      continue;
    ck_assert_uint_eq(results[i], MP_NOT_SENT);
    bench_row(&b, i + 1, values[i]);
  }
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(fake_host_log(b.h), "");
  return there;
}

/* The file before the block, and the block that follows it. */
static const struct {
  const char *before;
  const char *block;
} starts[] = {
  { HEADER ROW0, ROW1 ROW2 },
  { HEADER, ROW1 ROW2 },
  { "", HEADER ROW1 ROW2 },
  { NULL, HEADER ROW1 ROW2 },
  { HEADER "no end", "\n" ROW1 ROW2 },
};

static void
put_start(int i)
{
  unlink(b.path);
  if (starts[i].before)
    bench_put(&b, starts[i].before);
}

static void
check_file(int i, const char *more)
{
  char expect[512];

  snprintf(expect, sizeof(expect), "%s%s%s",
           starts[i].before ? starts[i].before : "", starts[i].block, more);
  ck_assert_str_eq(bench_get(&b), expect);
}

START_TEST(block_cut_at_any_byte_is_recovered)
{
  const size_t len = strlen(starts[_i].block);
  char part[256];

  for (size_t n = 0; n <= len; n++) {
    put_start(_i);
    take_token();
    snprintf(part, n + 1, "%s", starts[_i].block);
    bench_append(&b, part);
    ck_assert_int_eq(recover(), n == len ? 2 : n >= len - strlen(ROW2));
    check_file(_i, "");
  }
}
END_TEST

/* Returns TEXT with CRLF for LF; valid until the next call. */
static const char *
with_crlf(const char *text)
{
  static char out[512];
  size_t len = 0;

  for (; *text != '\0'; text++) {
    ck_assert_uint_lt(len + 2, sizeof(out));
    if (*text == '\n')
      out[len++] = '\r';
    out[len++] = *text;
  }
  out[len] = '\0';
  return out;
}

/* The run that crashed wrote CRLF; the next one is configured for LF. */
START_TEST(cut_block_is_recovered_after_eol_changed)
{
  const char *before = starts[_i].before;
  char block[256], expect[512];
  size_t len, rows;

  snprintf(block, sizeof(block), "%s", with_crlf(starts[_i].block));
  len = strlen(block);
  for (size_t n = 0; n <= len; n++) {
    put_start(_i);
    if (before)
      bench_put(&b, with_crlf(before));
    take_token();
    snprintf(expect, n + 1, "%s", block);
    bench_append(&b, expect);
    rows = n == len ? 2 : n >= len - strlen(ROW2) - 1;
    ck_assert_int_eq(recover(), (int)rows);
    snprintf(
      expect, sizeof(expect), "%s%.*s%s", before ? with_crlf(before) : "",
      rows == 0 ? 0 : (int)(rows == 2 ? len : len - strlen(ROW2) - 1), block,
      rows == 0   ? starts[_i].block
      : rows == 1 ? ROW2
                  : "");
    ck_assert_str_eq(bench_get(&b), expect);
  }
}
END_TEST

START_TEST(rows_followed_by_a_foreign_line_are_found)
{
  put_start(_i);
  take_token();
  bench_append(&b, starts[_i].block);
  bench_append(&b, NOTE);
  ck_assert_int_eq(recover(), 2);
  check_file(_i, NOTE);
}
END_TEST

START_TEST(foreign_line_in_place_of_the_rows_is_kept)
{
  bench_put(&b, HEADER ROW0);
  take_token();
  bench_append(&b, NOTE);
  ck_assert_int_eq(recover(), 0);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 NOTE ROW1 ROW2);
}
END_TEST

START_TEST(foreign_line_after_the_first_row_is_kept)
{
  bench_put(&b, HEADER ROW0);
  take_token();
  bench_append(&b, ROW1 NOTE);
  ck_assert_int_eq(recover(), 1);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 ROW1 NOTE ROW2);
}
END_TEST

START_TEST(unterminated_foreign_line_is_kept)
{
  bench_put(&b, HEADER ROW0);
  take_token();
  bench_append(&b, "2026-11-22T10:20:00Z,84.300,0.0x");
  ck_assert_int_eq(recover(), 0);
  ck_assert_str_eq(bench_get(&b),
                   HEADER ROW0 "2026-11-22T10:20:00Z,84.300,0.0x\n" ROW1 ROW2);
}
END_TEST

START_TEST(shorter_file_is_not_cut)
{
  bench_put(&b, HEADER ROW0 ROW0);
  take_token();
  bench_put(&b, HEADER ROW0);
  ck_assert_int_eq(recover(), 0);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 ROW1 ROW2);
}
END_TEST

START_TEST(missing_file_gets_a_header_and_all_rows)
{
  bench_put(&b, HEADER ROW0);
  take_token();
  ck_assert_int_eq(unlink(b.path), 0);
  ck_assert_int_eq(recover(), 0);
  ck_assert_str_eq(bench_get(&b), HEADER ROW1 ROW2);
}
END_TEST

/* A rotation between the crash and the next run: the rows are found in the
 * rotated file, and a partial row is cut off there. */
static const struct {
  const char *name;  /* of the rotated file, in the same directory */
  const char *block; /* the part of the block written before the crash */
  const char *fresh; /* the new file after the rotation; NULL: none */
  int there;
} rotations[] = {
  { "heat.csv.1", ROW1 ROW2, NULL, 2 },
  { "heat-20261122.csv", ROW1 ROW2, "", 2 },
  { "heat.csv.1", ROW1 "2026-11-22T10:40", NULL, 1 },
  { "heat.csv.1", "2026-11-22T10:20:00Z,84.3", "", 0 },
  { "heat.csv.1", ROW1 ROW2, HEADER, 2 },
};

START_TEST(rows_of_a_rotated_file_are_not_written_again)
{
  const char *left[] = { HEADER ROW0, HEADER ROW0 ROW1, HEADER ROW0 ROW1 ROW2 };
  const char *missing[] = { HEADER ROW1 ROW2, HEADER ROW2, NULL };
  char rotated[512], own[128];
  int there = rotations[_i].there;

  bench_put(&b, HEADER ROW0);
  take_token();
  bench_append(&b, rotations[_i].block);
  snprintf(rotated, sizeof(rotated), "%s/%s", b.dir, rotations[_i].name);
  ck_assert_int_eq(rename(b.path, rotated), 0);
  if (rotations[_i].fresh)
    bench_put(&b, rotations[_i].fresh);
  ck_assert_int_eq(recover(), there);
  if (missing[there])
    ck_assert_str_eq(bench_get(&b), missing[there]);
  memcpy(own, b.path, sizeof(own));
  snprintf(b.path, sizeof(b.path), "%s/%s", b.dir, rotations[_i].name);
  ck_assert_str_eq(bench_get(&b), left[there]);
  unlink(b.path);
  memcpy(b.path, own, sizeof(own));
}
END_TEST

/* Another program's file, such as an archive, whose name begins with ours. */
START_TEST(nul_bytes_of_another_file_are_kept)
{
  static const char nuls[9000];
  char path[512];
  struct stat st;
  FILE *f;

  snprintf(path, sizeof(path), "%s/heat.csv.tar", b.dir);
  f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(nuls, 1, sizeof(nuls), f), sizeof(nuls));
  fclose(f);
  bench_put(&b, HEADER ROW0);
  take_token();
  ck_assert_int_eq(recover(), 0);
  ck_assert_int_eq(stat(path, &st), 0);
  ck_assert_int_eq(st.st_size, sizeof(nuls));
  unlink(path);
}
END_TEST

/* After a power cut, XFS and FAT may leave a file with its new length but
 * without the data. */
START_TEST(nul_bytes_at_the_end_are_cut_off)
{
  static const char *const blocks[] = { "", ROW1, ROW1 "2026-11-22T10:4" };
  static const char nuls[9000];
  FILE *f;

  bench_put(&b, HEADER ROW0);
  take_token();
  bench_append(&b, blocks[_i]);
  f = fopen(b.path, "a");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(nuls, 1, sizeof(nuls), f), sizeof(nuls));
  fclose(f);
  begin_run();
  bench_row(&b, 1, values[0]);
  bench_row(&b, 2, values[1]);
  ck_assert_int_eq(b.ops->append->recover(b.self, token, &b.sink->output),
                   MP_OK);
  ck_assert_uint_eq(fake_sink_result(b.sink, 0, 0),
                    _i == 0 ? MP_NOT_SENT : MP_ACCEPTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 1, 0), MP_NOT_SENT);
  ck_assert_str_eq(bench_get(&b), _i == 0 ? HEADER ROW0 : HEADER ROW0 ROW1);
  ck_assert_ptr_nonnull(strstr(fake_host_log(b.h), "9000 NUL bytes"));
}
END_TEST

/* Trailing NUL bytes are cut off even without a crash of ours, so that new rows
 * follow whole rows. */
START_TEST(nul_bytes_are_cut_off_before_a_row_is_written)
{
  static const char nuls[3];
  FILE *f;

  bench_put(&b, HEADER ROW0);
  f = fopen(b.path, "a");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(nuls, 1, sizeof(nuls), f), sizeof(nuls));
  fclose(f);
  begin_run();
  bench_row(&b, 1, values[0]);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 ROW1);
}
END_TEST

/* A file that is refused is not changed either. */
START_TEST(nul_bytes_after_another_header_are_kept)
{
  static const char nuls[100];
  struct stat st;
  FILE *f;

  bench_put(&b, "date;power\n");
  f = fopen(b.path, "a");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(nuls, 1, sizeof(nuls), f), sizeof(nuls));
  fclose(f);
  begin_run();
  bench_row(&b, 1, values[0]);
  ck_assert_int_eq(bench_commit(&b), MP_ECONFIG);
  ck_assert_int_eq(stat(b.path, &st), 0);
  ck_assert_int_eq(st.st_size, strlen("date;power\n") + sizeof(nuls));
}
END_TEST

/* No data of this file reached the disk: it counts as new. */
START_TEST(file_of_nul_bytes_is_empty)
{
  static const char nuls[100];
  FILE *f = fopen(b.path, "w");

  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(nuls, 1, sizeof(nuls), f), sizeof(nuls));
  fclose(f);
  begin_run();
  ck_assert_int_eq(b.ops->check(b.self), MP_OK);
  ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_OK);
  ck_assert_str_eq(fake_host_log(b.h), "");
  bench_row(&b, 1, values[0]);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW1);
}
END_TEST

START_TEST(commit_after_token_appends_at_the_offset)
{
  bench_put(&b, HEADER ROW0);
  take_token();
  ck_assert_str_eq(token, "52");
  bench_row(&b, 1, values[0]);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 ROW1);
}
END_TEST

START_TEST(invalid_token_is_an_error)
{
  static const char *const tokens[] = { "", "x", "-1", "1.5" };

  begin_run();
  for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
    bench_row(&b, 1, values[0]);
    ck_assert_int_eq(b.ops->append->recover(b.self, tokens[i], &b.sink->output),
                     MP_EINTERNAL);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("csv_crash");
  TCase *tc = tcase_create("csv_crash");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, block_cut_at_any_byte_is_recovered, 0, 5);
  tcase_add_loop_test(tc, cut_block_is_recovered_after_eol_changed, 0, 5);
  tcase_add_loop_test(tc, rows_followed_by_a_foreign_line_are_found, 0, 5);
  tcase_add_test(tc, foreign_line_in_place_of_the_rows_is_kept);
  tcase_add_test(tc, foreign_line_after_the_first_row_is_kept);
  tcase_add_test(tc, unterminated_foreign_line_is_kept);
  tcase_add_test(tc, shorter_file_is_not_cut);
  tcase_add_test(tc, missing_file_gets_a_header_and_all_rows);
  tcase_add_test(tc, nul_bytes_of_another_file_are_kept);
  tcase_add_loop_test(tc, rows_of_a_rotated_file_are_not_written_again, 0,
                      ARRAY_SIZE(rotations));
  tcase_add_loop_test(tc, nul_bytes_at_the_end_are_cut_off, 0, 3);
  tcase_add_test(tc, nul_bytes_are_cut_off_before_a_row_is_written);
  tcase_add_test(tc, nul_bytes_after_another_header_are_kept);
  tcase_add_test(tc, file_of_nul_bytes_is_empty);
  tcase_add_test(tc, commit_after_token_appends_at_the_offset);
  tcase_add_test(tc, invalid_token_is_an_error);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
