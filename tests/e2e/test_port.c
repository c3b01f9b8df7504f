/*
 * What becomes of the serial port: its settings, its lock, its permissions.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "tests/support/site.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* As some terminal program may have left it. */
static struct termios
leave_settings(const char *path, int *ret_fd)
{
  struct termios tio;

  *ret_fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_ge(*ret_fd, 0);
  ck_assert_int_eq(tcgetattr(*ret_fd, &tio), 0);
  cfsetispeed(&tio, B9600);
  cfsetospeed(&tio, B9600);
  tio.c_iflag |= IXON | ICRNL;
  tio.c_lflag |= ISIG | IEXTEN;
  tio.c_cc[VMIN] = 7;
  ck_assert_int_eq(tcsetattr(*ret_fd, TCSANOW, &tio), 0);
  ck_assert_int_eq(tcgetattr(*ret_fd, &tio), 0);
  return tio;
}

static bool
has_settings(int fd, const struct termios *as)
{
  struct termios now;

  ck_assert_int_eq(tcgetattr(fd, &now), 0);
  return now.c_iflag == as->c_iflag && now.c_oflag == as->c_oflag &&
         now.c_cflag == as->c_cflag && now.c_lflag == as->c_lflag &&
         memcmp(now.c_cc, as->c_cc, sizeof(now.c_cc)) == 0 &&
         cfgetospeed(&now) == cfgetospeed(as);
}

static const int signals[] = { SIGINT, SIGTERM };

START_TEST(a_signal_ends_the_reading_and_restores_the_port)
{
  struct site site = site_new(SITE_HEAT);
  struct termios before;
  int fd;

  before = leave_settings(meter_path(site.m), &fd);
  meter_fault(site.m, "silent");
  site_write(&site, SITE_TWO "timeout = 20s\n");
  scene_start(site.s, "run -c house.ini");
  site_wait_request(site.m, 1);
  ck_assert(!has_settings(fd, &before));
  kill(scene_pid(site.s), signals[_i]);
  ck_assert_int_eq(scene_wait(site.s), 75);
  ck_assert_str_eq(scene_out(site.s), "");
  ck_assert_str_eq(scene_err(site.s),
                   "error: meter: eye: interrupted while the meter was read\n");
  ck_assert(has_settings(fd, &before));
  close(fd);
  site_free(&site);
}
END_TEST

START_TEST(a_good_reading_restores_the_port)
{
  struct site site = site_new(SITE_HEAT);
  struct termios before;
  int fd;

  before = leave_settings(meter_path(site.m), &fd);
  site_write(&site, SITE_TWO);
  ck_assert_uint_eq(site_run(&site), 1);
  ck_assert(has_settings(fd, &before));
  close(fd);
  site_free(&site);
}
END_TEST

START_TEST(a_port_that_another_program_holds_is_named_with_it)
{
  struct site site = site_new(SITE_HEAT);
  char expected[256], name[32] = "";
  FILE *comm = fopen("/proc/self/comm", "re");
  int fd = open(meter_path(site.m), O_RDWR | O_NOCTTY | O_CLOEXEC);

  ck_assert_ptr_nonnull(comm);
  ck_assert_int_eq(fscanf(comm, "%31[^\n]", name), 1);
  fclose(comm);
  ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
  scene_write(site.s, "house.ini",
              "[pipeline]\ndeadline = 400ms\n"
              "[input meter]\nplugin = kmp\ndevice = eye\n" SITE_TWO
              "[output show]\nplugin = stdout\n");
  ck_assert_int_eq(scene_run(site.s, "run -c house.ini"), 75);
  snprintf(expected, sizeof(expected),
           "error: meter: eye: in use by %s (process %ld): stop it, or read at "
           "other times\n",
           name, (long)getpid());
  ck_assert_str_eq(scene_err(site.s), expected);
  ck_assert_uint_eq(meter_requests(site.m), 0);
  close(fd);
  site_free(&site);
}
END_TEST

START_TEST(a_port_that_may_not_be_opened_is_a_matter_of_permission)
{
  struct site site = site_new(SITE_HEAT);

  site_write(&site, SITE_TWO);
  ck_assert_int_eq(chmod(meter_path(site.m), 0), 0);
  scene_become_nobody(site.s);
  ck_assert_int_eq(scene_run(site.s, "run -c house.ini"), 77);
  ck_assert_str_eq(scene_err(site.s),
                   "error: meter: eye: no permission to open it: give this "
                   "user read and write access\n");
  site_free(&site);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("port");
  TCase *tcase = tcase_create("port");

  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, a_signal_ends_the_reading_and_restores_the_port, 0,
                      ARRAY_SIZE(signals));
  tcase_add_test(tcase, a_good_reading_restores_the_port);
  tcase_add_test(tcase, a_port_that_another_program_holds_is_named_with_it);
  if (scene_has_nobody())
    tcase_add_test(tcase,
                   a_port_that_may_not_be_opened_is_a_matter_of_permission);
  return suite;
}

int
main(void)
{
  SRunner *runner = srunner_create(suite());
  int failed;

  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
