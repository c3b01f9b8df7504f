/* csv: files that cannot be written, and paths that are not files. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
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

/* ---- Failures ------------------------------------------------------------ */

START_TEST(missing_directory_is_a_create_error)
{
  fake_host_set(b.h, "path", "/nonexistent-directory/heat.csv");
  bench_open_row(&b);
  bench_check_refused(&b, MP_ECREATE, "its directory does not exist");
}
END_TEST

START_TEST(directory_as_path_is_a_create_error)
{
  fake_host_set(b.h, "path", b.dir);
  bench_open_row(&b);
  bench_check_refused(&b, MP_ECREATE, "is a directory");
}
END_TEST

START_TEST(missing_permission_is_a_permission_error)
{
  if (geteuid() == 0)
    return;
  bench_put(&b, HEADER);
  chmod(b.path, 0400);
  bench_open_row(&b);
  bench_check_refused(&b, MP_EPERM, "permission denied");
}
END_TEST

START_TEST(full_disk_leaves_whole_rows)
{
  /* A limit on the file's size replaces the full disk: writing fails likewise,
   * in the middle of a row. */
  struct rlimit limit = { .rlim_cur = sizeof(HEADER ROW0) + 10,
                          .rlim_max = RLIM_INFINITY };
  struct rlimit before;

  bench_open_row(&b);
  bench_commit(&b);
  bench_row(&b, 1, VALUES1);
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &before);
  limit.rlim_max = before.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
  bench_check_refused(&b, MP_EIO, strerror(EFBIG));
  setrlimit(RLIMIT_FSIZE, &before);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0);
  bench_row(&b, 1, VALUES1);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 ROW1);
}
END_TEST

START_TEST(failed_fsync_removes_the_rows_and_stops_writing)
{
  bench_put(&b, HEADER);
  bench_open_row(&b);
  bench_fsync_errno = EIO;
  bench_check_refused(&b, MP_EIO, "cannot be written to the disk");
  bench_fsync_errno = 0;
  ck_assert_str_eq(bench_get(&b), HEADER);
  fake_host_forget(b.h);
  bench_row(&b, 0, VALUES0);
  bench_check_refused(&b, MP_EIO, "nothing more is written");
  bench_next_run(&b, "energy usage");
  bench_open_row(&b);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0);
}
END_TEST

static void
add_note(void)
{
  bench_append(&b, "a note\n");
}

/* Cutting off our rows would also cut off the other program's line. */
START_TEST(failed_rows_followed_by_a_foreign_line_are_kept)
{
  bench_put(&b, HEADER);
  bench_open_row(&b);
  bench_fsync_errno = EIO;
  bench_at_fsync = add_note;
  ck_assert_int_eq(bench_commit(&b), MP_EIO);
  bench_fsync_errno = 0;
  bench_at_fsync = NULL;
  ck_assert_uint_eq(fake_sink_result(b.sink, 0, 0), MP_PERHAPS);
  ck_assert_ptr_nonnull(strstr(fake_host_log(b.h), "another program"));
  ck_assert_str_eq(bench_get(&b), HEADER ROW0 "a note\n");
}
END_TEST

static int rotations; /* still to make */

static void
rotate(void)
{
  if (rotations-- <= 0)
    return;
  ck_assert_int_eq(unlink(b.path), 0);
  bench_put(&b, HEADER);
}

START_TEST(rows_go_to_the_new_file_after_a_rotation)
{
  bench_put(&b, HEADER "rotated\n");
  bench_open_row(&b);
  rotations = 3;
  bench_at_flock = rotate;
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  bench_at_flock = NULL;
  ck_assert_str_eq(bench_get(&b), HEADER ROW0);
}
END_TEST

START_TEST(endless_rotation_fails_with_busy)
{
  bench_put(&b, HEADER);
  bench_open_row(&b);
  rotations = 1000;
  bench_at_flock = rotate;
  bench_check_refused(&b, MP_EBUSY, "another program keeps replacing it");
  bench_at_flock = NULL;
  ck_assert_int_gt(rotations, 900);
  ck_assert_str_eq(bench_get(&b), HEADER);
}
END_TEST

START_TEST(locked_file_fails_with_busy_after_a_wait)
{
  int fd;

  bench_put(&b, HEADER);
  fd = open(b.path, O_RDWR);
  ck_assert_int_eq(flock(fd, LOCK_EX), 0);
  fake_host_set_deadline(b.h, 60);
  bench_open_row(&b);
  bench_check_refused(&b, MP_EBUSY, "another program keeps it locked");
  ck_assert_int_eq(b.h->table.time_left(&b.h->table), 0);
  close(fd);
  bench_row(&b, 0, VALUES0);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0);
}
END_TEST

START_TEST(waiting_for_a_lock_can_be_cancelled)
{
  int fd;

  bench_put(&b, HEADER);
  fd = open(b.path, O_RDWR);
  ck_assert_int_eq(flock(fd, LOCK_EX), 0);
  fake_host_cancel(b.h);
  bench_open_row(&b);
  bench_check_refused(&b, MP_ECANCELED, "the run was interrupted");
  close(fd);
}
END_TEST

START_TEST(new_file_has_mode_0640)
{
  mode_t before = umask(0);
  struct stat st;

  bench_open_row(&b);
  bench_commit(&b);
  umask(before);
  ck_assert_int_eq(stat(b.path, &st), 0);
  ck_assert_uint_eq(st.st_mode & 0777, 0640);
}
END_TEST

START_TEST(own_link_is_followed)
{
  char target[sizeof(b.path) + 8];

  snprintf(target, sizeof(target), "%s.real", b.path);
  ck_assert_int_eq(symlink(target, b.path), 0);
  bench_open_row(&b);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_str_eq(bench_get(&b), HEADER ROW0);
  unlink(target);
}
END_TEST

START_TEST(planted_link_is_refused)
{
  char target[sizeof(b.path) + 8];

  if (geteuid() != 0)
    return; /* only root can change the owner of a link */
  snprintf(target, sizeof(target), "%s.real", b.path);
  ck_assert_int_eq(symlink(target, b.path), 0);
  ck_assert_int_eq(lchown(b.path, 65534, 65534), 0);
  ck_assert_int_eq(chmod(b.dir, 01777), 0);
  bench_open_row(&b);
  bench_check_refused(&b, MP_EPERM, "is a symbolic link of uid 65534, in");
  ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

/* ---- Pipes and devices --------------------------------------------------- */

START_TEST(device_takes_rows_without_token_and_lock)
{
  fake_host_set(b.h, "path", "/dev/null");
  bench_open_row(&b);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_uint_eq(fake_sink_result(b.sink, 0, 0), MP_ACCEPTED);
  ck_assert_int_eq(b.ops->fetch(b.self, &b.sink->output), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(b.sink, 0), "empty");
}
END_TEST

START_TEST(full_device_is_an_io_error)
{
  fake_host_set(b.h, "path", "/dev/full");
  bench_open_row(&b);
  bench_check_refused(&b, MP_EIO, strerror(ENOSPC));
}
END_TEST

START_TEST(pipe_without_reader_can_be_retried)
{
  ck_assert_int_eq(mkfifo(b.path, 0600), 0);
  bench_open_row(&b);
  bench_check_refused(&b, MP_EAGAIN, "no program reads this pipe");
}
END_TEST

START_TEST(pipe_gets_one_header)
{
  char text[256] = "";
  int fd;

  ck_assert_int_eq(mkfifo(b.path, 0600), 0);
  fd = open(b.path, O_RDONLY | O_NONBLOCK);
  bench_open_row(&b);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  bench_row(&b, 1, VALUES1);
  ck_assert_int_eq(bench_commit(&b), MP_OK);
  ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
  ck_assert_str_eq(text, HEADER ROW0 ROW1);
  close(fd);
}
END_TEST

/* Writing to a stuck pipe ends at the deadline, or when the run is
 * cancelled. */
START_TEST(stuck_pipe_ends_at_the_deadline_or_cancellation)
{
  int fd;

  ck_assert_int_eq(mkfifo(b.path, 0600), 0);
  fd = open(b.path, O_RDONLY | O_NONBLOCK);
  bench_open(&b);
  for (int i = 0; i < 3000; i++)
    bench_row(&b, i, VALUES0);
  if (_i == 0)
    fake_host_set_deadline(b.h, 50);
  else
    fake_host_cancel(b.h);
  ck_assert_int_eq(bench_commit(&b), _i == 0 ? MP_EAGAIN : MP_ECANCELED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 0, 0), MP_ACCEPTED);
  ck_assert_uint_eq(fake_sink_result(b.sink, 2999, 0), MP_NOT_SENT);
  close(fd);
}
END_TEST

static void
add_tests(TCase *tc)
{
  tcase_add_test(tc, missing_directory_is_a_create_error);
  tcase_add_test(tc, directory_as_path_is_a_create_error);
  tcase_add_test(tc, missing_permission_is_a_permission_error);
  tcase_add_test(tc, full_disk_leaves_whole_rows);
  tcase_add_test(tc, failed_fsync_removes_the_rows_and_stops_writing);
  tcase_add_test(tc, failed_rows_followed_by_a_foreign_line_are_kept);
  tcase_add_test(tc, rows_go_to_the_new_file_after_a_rotation);
  tcase_add_test(tc, endless_rotation_fails_with_busy);
  tcase_add_test(tc, locked_file_fails_with_busy_after_a_wait);
  tcase_add_test(tc, waiting_for_a_lock_can_be_cancelled);
  tcase_add_test(tc, new_file_has_mode_0640);
  tcase_add_test(tc, own_link_is_followed);
  tcase_add_test(tc, planted_link_is_refused);
  tcase_add_test(tc, device_takes_rows_without_token_and_lock);
  tcase_add_test(tc, full_device_is_an_io_error);
  tcase_add_test(tc, pipe_without_reader_can_be_retried);
  tcase_add_test(tc, pipe_gets_one_header);
  tcase_add_loop_test(tc, stuck_pipe_ends_at_the_deadline_or_cancellation, 0,
                      2);
}

int
main(void)
{
  Suite *suite = suite_create("csv_file");
  TCase *tc = tcase_create("csv_file");

  signal(SIGPIPE, SIG_IGN);
  tcase_add_checked_fixture(tc, setup, teardown);
  add_tests(tc);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
