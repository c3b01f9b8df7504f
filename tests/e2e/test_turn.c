/*
 * The time of a cycle is divided: outputs that wait or do not answer leave
 * enough time for the others.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

/* Returns a socket that accepts connections and never answers, and its port in
 * RET_PORT. */
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

/* Writes a pipeline with six servers that do not answer, before a seventh
 * output, of class latest, that displays values. */
static void
write_seven(struct sandbox *s, unsigned port)
{
  char text[2048];
  int len = snprintf(text, sizeof(text), "%s",
                     "[pipeline]\nstate_dir = .\ndeadline = 5s\n" EXEC_INPUT);

  for (int i = 1; i <= 6; i++)
    len += snprintf(text + len, sizeof(text) - (size_t)len,
                    "[output dead%d]\nplugin = domoticz\nidx.1 = meter.energy\n"
                    "url = http://127.0.0.1:%u\ntimeout = 60s\n",
                    i, port);
  sandbox_write(s, "p.ini",
                "%s[output live]\nplugin = exec\nclass = latest\n"
                "command = sh take.sh\nfetch = cat shown\n"
                "value.energy = meter.energy\n",
                text);
  sandbox_write(s, "take.sh", "cat >>got; echo >>got\n");
  sandbox_write(s, "shown", "%s", "{\"target\":\"energy\",\"value\":\"0\"}\n");
}

START_TEST(dead_servers_do_not_starve_a_live_one)
{
  struct sandbox *s = sandbox_new();
  unsigned port;
  int fd = listen_silently(&port);

  write_seven(s, port);
  exec_run(s, "1");
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  ck_assert_msg(sandbox_read(s, "got") &&
                  strstr(sandbox_read(s, "got"), "\"1\""),
                "%s", sandbox_err(s));
  exec_run(s, "2");
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "got"), "\"2\""));
  close(fd);
  sandbox_free(s);
}
END_TEST

/* ---- The order ---- */

/* Writes a pipeline with two outputs of CLASS that add their names to "order";
 * the first fails while the file "fails" exists. */
static void
write_two(struct sandbox *s, const char *class)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = .\n" EXEC_INPUT
                "[output one]\nplugin = exec\nclass = %s\n"
                "command = sh take.sh one\nvalue.energy = meter.energy\n"
                "[output two]\nplugin = exec\nclass = %s\n"
                "command = sh take.sh two\nvalue.energy = meter.energy\n",
                class, class);
  sandbox_write(s, "take.sh",
                "echo $1 >>order\n"
                "test $1 = two || test ! -e fails || exit 75\n"
                "test ! -e dies || kill -9 $PPID\n");
}

static const char *const classes[] = { "live", "latest", "append" };

static void
next_order(struct sandbox *s, const char *energy, const char *order)
{
  sandbox_remove(s, "order");
  exec_run(s, energy);
  exec_check_file(s, "order", order);
}

START_TEST(output_that_failed_is_served_last)
{
  struct sandbox *s = sandbox_new();

  write_two(s, classes[_i]);
  sandbox_write(s, "fails", "%s", "");
  sandbox_write(s, "order", "%s", "");
  next_order(s, "1", "one\ntwo\n");
  next_order(s, "2", "two\none\n");
  sandbox_remove(s, "fails");
  next_order(s, "3", "two\none\n");
  next_order(s, "4", "one\ntwo\n");
  sandbox_free(s);
}
END_TEST

START_TEST(output_where_a_run_was_killed_is_served_last)
{
  struct sandbox *s = sandbox_new();

  write_two(s, "live");
  sandbox_write(s, "dies", "%s", "");
  sandbox_write(s, "order", "%s", "");
  next_order(s, "1", "one\n");
  sandbox_remove(s, "dies");
  next_order(s, "2", "two\none\n");
  next_order(s, "3", "one\ntwo\n");
  sandbox_free(s);
}
END_TEST

/* ---- Two seconds after the last update ---- */

/* Domoticz's clock is compared modulo 15 minutes: an update that was sent a
 * multiple of 15 minutes ago looks as if it had just been sent. */
START_TEST(run_every_15_minutes_does_not_wait)
{
  struct domoticz_setup h;
  double least = 60;

  domoticz_setup_build(&h, DOMOTICZ_2025_1);
  domoticz_server_add(h.server, 323, "custom", "GJ");
  domoticz_setup_write(&h, "", "idx.323 = meter.heat_energy_e1\n", "");
  domoticz_setup_run(&h, "84.100GJ");
  for (int i = 0; i < 4; i++) { /* machines are busy: the fastest counts */
    char reading[32];
    int64_t begun;

    domoticz_setup_wait(&h, 900 - DOMOTICZ_SETUP_INTERVAL);
    snprintf(reading, sizeof(reading), "84.%d00GJ", i + 2);
    begun = clock_mono_ms();
    domoticz_setup_run(&h, reading);
    domoticz_setup_check(&h, EX_OK, "");
    if ((double)(clock_mono_ms() - begun) / 1000 < least)
      least = (double)(clock_mono_ms() - begun) / 1000;
  }
  domoticz_setup_check_device(&h, 323, "84.500");
  domoticz_setup_leave(&h);
  ck_assert_msg(least < 1.9, "%.1f s", least);
}
END_TEST

static Suite *
turn_suite(void)
{
  Suite *suite = suite_create("turn");
  TCase *tc = tcase_create("turn");

  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, dead_servers_do_not_starve_a_live_one);
  tcase_add_loop_test(tc, output_that_failed_is_served_last, 0,
                      ARRAY_SIZE(classes));
  tcase_add_test(tc, output_where_a_run_was_killed_is_served_last);
  tcase_add_test(tc, run_every_15_minutes_does_not_wait);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(turn_suite());
}
