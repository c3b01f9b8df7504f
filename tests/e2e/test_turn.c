/*
 * The time of a cycle is divided: outputs that do not answer, or wait, leave
 * enough of it to the others.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/e2e/exec_scene.h"

/* Takes connections, and never says a word. */
static int
listen_silently(unsigned *ret_port)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof(address);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
  ck_assert_int_eq(listen(fd, 64), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  *ret_port = ntohs(address.sin_port);
  return fd;
}

/* Six dead servers before a seventh output, of CLASS, that can be asked. */
static void
write_seven(struct scene *s, unsigned port)
{
  char text[2048];
  int len = snprintf(text, sizeof(text), "%s",
                     "[pipeline]\nstate_dir = .\ndeadline = 5s\n" EXEC_INPUT);

  for (int i = 1; i <= 6; i++)
    len += snprintf(text + len, sizeof(text) - (size_t)len,
                    "[output dead%d]\nplugin = domoticz\nidx.1 = meter.energy\n"
                    "url = http://127.0.0.1:%u\ntimeout = 60s\n",
                    i, port);
  scene_write(s, "p.ini",
              "%s[output live]\nplugin = exec\nclass = latest\n"
              "command = sh take.sh\nfetch = cat shown\n"
              "value.energy = meter.energy\n",
              text);
  scene_write(s, "take.sh", "cat >>got; echo >>got\n");
  scene_write(s, "shown", "%s", "{\"target\":\"energy\",\"value\":\"0\"}\n");
}

START_TEST(dead_servers_do_not_starve_a_live_one)
{
  struct scene *s = scene_new();
  unsigned port;
  int fd = listen_silently(&port);

  write_seven(s, port);
  exec_run(s, "1");
  ck_assert_int_eq(scene_status(s), EX_TEMPFAIL);
  ck_assert_msg(scene_read(s, "got") && strstr(scene_read(s, "got"), "\"1\""),
                "%s", scene_err(s));
  exec_run(s, "2");
  ck_assert_ptr_nonnull(strstr(scene_read(s, "got"), "\"2\""));
  close(fd);
  scene_free(s);
}
END_TEST

static Suite *
turn_suite(void)
{
  Suite *suite = suite_create("turn");
  TCase *tc = tcase_create("turn");

  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, dead_servers_do_not_starve_a_live_one);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  SRunner *runner = srunner_create(turn_suite());
  int failed;

  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
