/*
 * The file of attempts.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/remove_tree.h"
#include "plugins/kmp/input/attempts.h"
#include "tests/support/run_suite.h"

#define NOW INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */
#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define HEADER "meterpipe attempts 1\n"

static char dir[64], *path;
static struct attempts attempts;

static void
setup(void)
{
  strcpy(dir, "/tmp/meterpipe-attempts-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(dir));
  path = attempts_path(dir, "/dev/ttyUSB0");
  ck_assert_ptr_nonnull(path);
  memset(&attempts, 0, sizeof(attempts));
}

static void
teardown(void)
{
  attempts_clear(&attempts);
  free(path);
  remove_tree(dir);
}

static void
write_text(const char *text)
{
  FILE *file = fopen(path, "w");

  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  ck_assert_int_eq(fclose(file), 0);
}

static const char *
read_text(void)
{
  static char text[1024];
  FILE *file = fopen(path, "r");

  ck_assert_ptr_nonnull(file);
  text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
  fclose(file);
  return text;
}

START_TEST(each_device_has_a_file_of_its_own)
{
  static const struct {
    const char *device, *name;
  } rows[] = {
    { "/dev/ttyUSB0", "/s/attempts-%2Fdev%2FttyUSB0" },
    { "/dev_ttyUSB0", "/s/attempts-%2Fdev%5FttyUSB0" },
    { "tcp://[::1]:3001", "/s/attempts-tcp%3A%2F%2F%5B%3A%3A1%5D%3A3001" },
    { "\303\251", "/s/attempts-%C3%A9" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    char *name = attempts_path("/s", rows[i].device);

    ck_assert_str_eq(name, rows[i].name);
    free(name);
  }
}
END_TEST

START_TEST(saved_file_is_read_back)
{
  static const char text[] = HEADER "model 1101 0b\n"
                                    "noticed 1795341600001\n"
                                    "1795341600000 ok\n"
                                    "1795345200000 failed\n";

  ck_assert_int_eq(attempts_load(path, &attempts), 0); /* no file yet */
  ck_assert_uint_eq(attempts.n, 0);
  ck_assert_int_eq(attempts_add(&attempts, NOW), 0);
  attempts.list[0].failed = false;
  ck_assert_int_eq(attempts_add(&attempts, NOW + HOUR), 0);
  attempts.asked_model = true;
  attempts.model = (struct model){ .type = 0x1101, .has = 0x0b };
  attempts.noticed_ms = NOW + 1;
  ck_assert_int_eq(attempts_save(path, &attempts), 0);
  ck_assert_str_eq(read_text(), text);
  attempts_clear(&attempts);
  ck_assert_int_eq(attempts_load(path, &attempts), 0);
  ck_assert_int_eq(attempts_save(path, &attempts), 0);
  ck_assert_str_eq(read_text(), text);
}
END_TEST

START_TEST(missing_directories_are_made)
{
  free(path);
  ck_assert_int_gt(asprintf(&path, "%s/a/b/attempts-x", dir), 0);
  ck_assert_int_eq(attempts_save(path, &attempts), 0);
  ck_assert_str_eq(read_text(), HEADER);
}
END_TEST

/* Damaged lines do not count, nor does a file of another version. */
START_TEST(damaged_file_is_read_as_far_as_possible)
{
  static const struct {
    const char *text;
    size_t n;
  } rows[] = {
    { "", 0 },
    { "1795341600000 ok\n", 0 },
    { "meterpipe attempts 2\n1795341600000 ok\n", 0 },
    { HEADER, 0 },
    { HEADER "1795341600000 ok", 1 },
    { HEADER "1795341600000\n", 0 },
    { HEADER "x ok\nmodel\nnoticed\n\n1795341600000 ok\n", 1 },
    { HEADER "99999999999999999999999999 ok\n1795341600000 ok\n", 2 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    write_text(rows[i].text);
    ck_assert_int_eq(attempts_load(path, &attempts), 0);
    ck_assert_msg(attempts.n == rows[i].n, "%zu: %zu", i, attempts.n);
    attempts_clear(&attempts);
  }
}
END_TEST

START_TEST(file_that_cannot_be_used_is_an_error)
{
  ck_assert_int_eq(mkdir(path, 0700), 0);
  ck_assert_int_eq(attempts_load(path, &attempts), EISDIR);
  ck_assert_int_eq(attempts_save(path, &attempts), EISDIR);
}
END_TEST

/* An attempt less than a day in the future was made before the clock was set
 * back; one further ahead is from a wrong clock. */
START_TEST(attempts_of_a_day_are_kept)
{
  static const struct {
    int64_t before;
    size_t n;
  } rows[] = {
    { 0, 1 }, { DAY - 1, 1 }, { DAY, 0 }, { -(DAY - 1), 1 }, { -DAY, 0 },
  };
  size_t failed;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    ck_assert_int_eq(attempts_add(&attempts, NOW - rows[i].before), 0);
    ck_assert_uint_eq(attempts_count(&attempts, NOW, &failed), rows[i].n);
    ck_assert_uint_eq(failed, rows[i].n);
    ck_assert_int_eq(attempts_add(&attempts, NOW), 0);
    ck_assert_uint_eq(attempts.n, rows[i].n + 1);
    attempts_clear(&attempts);
  }
}
END_TEST

START_TEST(oldest_attempts_make_room)
{
  size_t failed;

  for (int i = 0; i < ATTEMPTS_MAX + 2; i++)
    ck_assert_int_eq(attempts_add(&attempts, NOW + i), 0);
  ck_assert_uint_eq(attempts_count(&attempts, NOW, &failed), ATTEMPTS_MAX);
  ck_assert_int_eq(attempts.list[0].time_ms, NOW + 2);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("attempts");
  TCase *tcase = tcase_create("attempts");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, each_device_has_a_file_of_its_own);
  tcase_add_test(tcase, saved_file_is_read_back);
  tcase_add_test(tcase, missing_directories_are_made);
  tcase_add_test(tcase, damaged_file_is_read_as_far_as_possible);
  tcase_add_test(tcase, file_that_cannot_be_used_is_an_error);
  tcase_add_test(tcase, attempts_of_a_day_are_kept);
  tcase_add_test(tcase, oldest_attempts_make_room);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
