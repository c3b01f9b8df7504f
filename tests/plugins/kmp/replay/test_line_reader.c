/*
 * Lines of files and pipes, of any length, through one small buffer.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "plugins/kmp/replay/line_reader.h"
#include "testkit/fake_host.h"
#include "tests/support/run_suite.h"

static struct fake_host *host;
static struct line_reader *lines;
static char path[64];

static void
set_up(void)
{
  int fd;

  host = fake_host_new(NULL, "meter");
  lines = calloc(1, sizeof(*lines));
  ck_assert_ptr_nonnull(lines);
  snprintf(path, sizeof(path), "/tmp/test_line_reader.XXXXXX");
  fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
}

static void
tear_down(void)
{
  line_reader_close(lines);
  free(lines);
  unlink(path);
  fake_host_free(host);
}

static void
write_file(const char *text, size_t len)
{
  FILE *f = fopen(path, "w");

  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(text, 1, len, f), len);
  ck_assert_int_eq(fclose(f), 0);
}

static int
open_file(void)
{
  return line_reader_open(lines, &host->table, path);
}

START_TEST(test_lines_are_returned_unchanged)
{
  static const char *const expected[] = { "one", "", "three\r", "last" };
  const char *line;
  size_t len;

  write_file("one\n\nthree\r\nlast", 16);
  ck_assert_int_eq(open_file(), MP_OK);
  for (size_t i = 0; i < 4; i++) {
    ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_LINE);
    ck_assert_uint_eq(len, strlen(expected[i]));
    ck_assert_mem_eq(line, expected[i], len);
    ck_assert_uint_eq(lines->number, i + 1);
  }
  ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_END);
  ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_END);
}
END_TEST

START_TEST(test_lines_across_buffer_ends_are_whole)
{
  /* The buffer does not hold a whole number of lines of 1001 bytes. */
  const size_t count = 300, size = 1001;
  char *text = malloc(count * size);
  const char *line;
  size_t len;

  ck_assert_ptr_nonnull(text);
  for (size_t i = 0; i < count; i++) {
    memset(text + i * size, 'a' + (int)(i % 26), size - 1);
    text[(i + 1) * size - 1] = '\n';
  }
  write_file(text, count * size);
  ck_assert_int_eq(open_file(), MP_OK);
  for (size_t i = 0; i < count; i++) {
    ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_LINE);
    ck_assert_uint_eq(len, size - 1);
    ck_assert_mem_eq(line, text + i * size, len);
  }
  ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_END);
  free(text);
}
END_TEST

START_TEST(test_line_longer_than_the_buffer_is_skipped)
{
  static char text[3 * LINE_READER_BUFFER + 8];
  const char *line;
  size_t len, sizes[] = { LINE_READER_BUFFER, LINE_READER_BUFFER + 1,
                          3 * LINE_READER_BUFFER };

  for (size_t i = 0; i < 3; i++) {
    memset(text, 'x', sizeof(text));
    memcpy(text + sizes[i], "\nend\n", 5);
    write_file(text, sizes[i] + 5);
    ck_assert_int_eq(open_file(), MP_OK);
    ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_LONG);
    ck_assert_uint_eq(lines->number, 1);
    ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_LINE);
    ck_assert_uint_eq(len, 3);
    ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_END);
    line_reader_close(lines);
  }
  write_file(text, 2 * LINE_READER_BUFFER); /* and no newline at all */
  ck_assert_int_eq(open_file(), MP_OK);
  ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_LONG);
  ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_END);
}
END_TEST

START_TEST(test_blank_lines_between_lines_separate_cycles)
{
  static const struct {
    const char *text;
    int separated;
  } rows[] = {
    { "", 0 },           { "a\nb\n", 0 },      { "a\n\nb\n", 1 },
    { "a\n\n", 0 },      { "a\n \t\r\nb", 1 }, { "\na\n", 1 },
    { "a\n\n\n \n", 0 }, { "  a\n  b\n", 0 },  { "a\r\n\r\nb", 1 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    write_file(rows[i].text, strlen(rows[i].text));
    ck_assert_int_eq(open_file(), MP_OK);
    ck_assert_msg(line_reader_separated(lines) == rows[i].separated, "row %zu",
                  i);
    line_reader_close(lines);
  }
}
END_TEST

START_TEST(test_blank_line_is_found_in_the_buffered_pipe)
{
  const char *line;
  size_t len;
  int fds[2];

  ck_assert_int_eq(pipe(fds), 0);
  ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  ck_assert_int_eq(write(fds[1], "a\nb\n\nc\n", 7), 7);
  close(fds[1]);
  close(fds[0]);
  ck_assert_int_eq(line_reader_open(lines, &host->table, "-"), MP_OK);
  ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_LINE);
  ck_assert_int_eq(line_reader_separated(lines), 1);
  ck_assert_int_eq(line_reader_next(lines, &line, &len), LINE_READER_LINE);
  ck_assert_mem_eq(line, "b", 1);
}
END_TEST

START_TEST(test_looking_ahead_in_a_pipe_keeps_the_current_line)
{
  const char *first, *second;
  size_t len;
  int fds[2];

  ck_assert_int_eq(pipe(fds), 0);
  ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  close(fds[0]);
  ck_assert_int_eq(write(fds[1], "first\nsec", 9), 9);
  ck_assert_int_eq(line_reader_open(lines, &host->table, "-"), MP_OK);
  ck_assert_int_eq(line_reader_next(lines, &first, &len), LINE_READER_LINE);
  ck_assert_int_eq(write(fds[1], "ond\n\nthird\n", 11), 11);
  close(fds[1]);
  ck_assert_int_eq(line_reader_separated(lines), 1);
  ck_assert_mem_eq(first, "first", 5);
  ck_assert_int_eq(line_reader_next(lines, &second, &len), LINE_READER_LINE);
  ck_assert_mem_eq(second, "second", 6);
}
END_TEST

START_TEST(test_silent_pipe_ends_with_the_cycle)
{
  const char *line;
  size_t len;
  int fds[2];

  ck_assert_int_eq(pipe(fds), 0);
  ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  fake_host_set_time_left(host, 10);
  ck_assert_int_eq(line_reader_open(lines, &host->table, "-"), MP_OK);
  ck_assert_int_eq(line_reader_next(lines, &line, &len), MP_ETIMEOUT);
  fake_host_cancel(host);
  ck_assert_int_eq(line_reader_next(lines, &line, &len), MP_ECANCELED);
}
END_TEST

START_TEST(test_reading_a_file_can_be_cancelled)
{
  const char *line;
  size_t len;

  write_file("a\n", 2);
  ck_assert_int_eq(open_file(), MP_OK);
  fake_host_cancel(host);
  ck_assert_int_eq(line_reader_next(lines, &line, &len), MP_ECANCELED);
}
END_TEST

START_TEST(test_unopenable_file_is_reported_with_the_reason)
{
  ck_assert_int_eq(line_reader_open(lines, &host->table, "/nonexistent/file"),
                   MP_ENOINPUT);
  ck_assert_int_eq(line_reader_open(lines, &host->table, "/"), MP_ENOINPUT);
  ck_assert_str_eq(fake_host_log(host),
                   "error: meter: /nonexistent/file: there is no such file\n"
                   "error: meter: /: is a directory, not a capture\n");
  if (geteuid() == 0)
    return; /* root may read every file */
  ck_assert_int_eq(chmod(path, 0), 0);
  ck_assert_int_eq(open_file(), MP_EPERM);
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("replay_lines");
  TCase *tc = tcase_create("lines");

  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, test_lines_are_returned_unchanged);
  tcase_add_test(tc, test_lines_across_buffer_ends_are_whole);
  tcase_add_test(tc, test_line_longer_than_the_buffer_is_skipped);
  tcase_add_test(tc, test_blank_lines_between_lines_separate_cycles);
  tcase_add_test(tc, test_blank_line_is_found_in_the_buffered_pipe);
  tcase_add_test(tc, test_looking_ahead_in_a_pipe_keeps_the_current_line);
  tcase_add_test(tc, test_silent_pipe_ends_with_the_cycle);
  tcase_add_test(tc, test_reading_a_file_can_be_cancelled);
  tcase_add_test(tc, test_unopenable_file_is_reported_with_the_reason);
  suite_add_tcase(s, tc);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
