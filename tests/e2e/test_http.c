/*
 * HTTP with a hostile server: endless answers cost neither memory nor time, and
 * requests go only to the configured server.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/rude_server.h"
#include "tests/support/run_suite.h"

#define A10 "aaaaaaaaaa"
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10
#define A1000 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100

static struct domoticz_setup house;
static struct rude_server *rude, *recorder;

/* Writes "house.ini" with the server at URL and its OPTIONS. */
static void
write_file(const char *url, const char *options)
{
  sandbox_write(house.sandbox, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n"
                "[output domoticz]\nplugin = domoticz\nurl = %s\n%s"
                "idx.323 = meter.heat_energy_e1\n",
                meter_path(house.meter), url, options);
}

static const char *
url_of(const char *scheme, const char *host, unsigned port)
{
  static char url[64];

  snprintf(url, sizeof(url), "%s://%s:%u", scheme, host, port);
  return url;
}

static void
build(void)
{
  umask(077); /* the file holds a password */
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  meter_set(house.meter, "60=84.200GJ");
  domoticz_server_add(house.server, 323, "custom", "GJ");
  recorder = rude_server_start(&(struct rude){ .hangs_up = true });
}

static void
leave(void)
{
  rude_server_stop(rude);
  rude_server_stop(recorder);
  rude = recorder = NULL;
  domoticz_setup_leave(&house);
}

#define LOGIN "username = user\npassword = s3cret\n"

/* Runs once against a server that behaves as described by BEHIND. */
static void
run_against(const struct rude *behind, const char *options)
{
  rude = rude_server_start(behind);
  write_file(url_of("http", "127.0.0.1", rude_server_port(rude)), options);
  domoticz_setup_run(&house, NULL);
}

/* Checks that the run failed with one line about the server, which ends with
 * FACT. */
static void
check_told(const char *fact)
{
  char line[512];

  ck_assert_int_lt(snprintf(line, sizeof(line), "error: domoticz: %s: %s\n",
                            url_of("http", "127.0.0.1", rude_server_port(rude)),
                            fact),
                   (int)sizeof(line));
  domoticz_setup_check(&house, EX_TEMPFAIL, line);
}

/* ---- Too much, and too slow ---------------------------------------------- */

#define SHORT "timeout = 600ms\n"
#define HEAD "HTTP/1.1 200 OK\r\n"
#define NO_ANSWER "no reply in 600 ms"
#define LONG_HEAD "the header of the reply is longer than 64 KiB"
#define TOO_LONG "the reply is longer than 1024 KiB"

static const struct flood {
  struct rude rude;
  const char *fact;
} floods[] = {
  { { .greeting = HEAD "\r\n", .refrain = A1000 }, TOO_LONG },
  { { .greeting = HEAD "Content-Length: 10000000000\r\n\r\n",
      .refrain = A1000 },
    TOO_LONG },
  { { .greeting = HEAD "Transfer-Encoding: chunked\r\n\r\n",
      .refrain = "3e8\r\n" A1000 "\r\n" },
    TOO_LONG },
  { { .greeting = HEAD "Connection: close\r\n\r\n{",
      .refrain = " ",
      .pause_ms = 50 },
    NO_ANSWER },
  { { .greeting = HEAD, .refrain = "X-A: " A1000 "\r\n" }, LONG_HEAD },
  { { .greeting = HEAD "X-A: ", .refrain = A1000 },
    "a header line of the reply is too long, or memory ran out" },
  { { .refrain = "HTTP/1.1 100 Continue\r\n\r\n" }, LONG_HEAD },
  { { .greeting = HEAD, .refrain = "X", .pause_ms = 50 }, NO_ANSWER },
  { { .refrain = A1000 }, "the reply is not HTTP" },
  { { .greeting = NULL }, NO_ANSWER },
};

/* Returns the memory of a run without an answer, in KiB: that of the libraries
 * and of the sanitizers, if any. */
static long
usual_kib(void)
{
  write_file(url_of("http", "127.0.0.1", rude_server_port(recorder)), "");
  sandbox_run(house.sandbox, "run -n -c house.ini");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_TEMPFAIL);
  return sandbox_max_kib(house.sandbox);
}

START_TEST(endless_reply_is_bounded_in_memory_and_time)
{
  const struct flood *f = &floods[_i];
  int64_t begin;
  long usual;

  build();
  usual = usual_kib();
  begin = clock_mono_ms();
  run_against(&f->rude, strcmp(f->fact, NO_ANSWER) == 0 ? SHORT : "");
  check_told(f->fact);
  ck_assert_int_lt(clock_mono_ms() - begin, 10000);
  ck_assert_int_lt(sandbox_max_kib(house.sandbox) - usual, 8 * 1024);
}
END_TEST

/* ---- Other servers ------------------------------------------------------- */

static const int redirects[] = { 301, 302, 303, 307, 308 };

/* libc waits for 10 to 20 s; the run does not. */
START_TEST(silent_name_server_is_bounded_by_the_timeout)
{
  int64_t begin;

  build();
  write_file("http://house.example", SHORT);
  sandbox_setenv(house.sandbox, "TEST_NO_NAMES", "yes");
  begin = clock_mono_ms();
  domoticz_setup_run(&house, NULL);
  ck_assert_int_lt(clock_mono_ms() - begin, 10000);
  domoticz_setup_check(&house, EX_TEMPFAIL,
                       "error: domoticz: http://house.example: the name cannot "
                       "be resolved: no reply from a name server in 600 ms\n");
}
END_TEST

/* The message leaves out the login, query and fragment of the URL. */
START_TEST(redirect_is_reported_and_not_followed)
{
  char answer[512], fact[256];
  unsigned port;

  build();
  port = rude_server_port(recorder);
  snprintf(answer, sizeof(answer),
           "HTTP/1.1 %d Elsewhere\r\nContent-Length: 0\r\n"
           "Location: http://who:t0psecret@127.0.0.1:%u/home/json.htm"
           "?token=t0psecret#t0psecret\r\n\r\n",
           redirects[_i], port);
  snprintf(fact, sizeof(fact),
           "HTTP %d: a redirect to http://127.0.0.1:%u/home, which was not "
           "followed; if that is the server, give it as `url`",
           redirects[_i], port);
  run_against(&(struct rude){ .greeting = answer }, LOGIN);
  check_told(fact);
  ck_assert_uint_eq(rude_server_connections(rude), 1);
  ck_assert_uint_eq(rude_server_connections(recorder), 0);
}
END_TEST

static const struct location {
  const char *line, *fact; /* fact NULL: the server's own URL, /login */
} locations[] = {
  { "Location: /login?from=here\r\n", NULL },
  { "Location: file:///etc/passwd\r\n", "HTTP 302: unexpected status" },
  { "Location: ftp://127.0.0.1/\r\n", "HTTP 302: unexpected status" },
  /* A URL with a terminal's control character is not shown. */
  { "Location: http://h.example/\xc2\x9b"
    "31m\r\n",
    "HTTP 302: unexpected status" },
  { "", "HTTP 302: unexpected status" },
};

START_TEST(invalid_redirect_is_reported_as_a_protocol_error)
{
  const struct location *l = &locations[_i];
  char answer[256], fact[256];

  build();
  snprintf(answer, sizeof(answer),
           "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n%s\r\n", l->line);
  run_against(&(struct rude){ .greeting = answer }, LOGIN);
  snprintf(fact, sizeof(fact),
           "HTTP 302: a redirect to %s/login, which was not followed; if that "
           "is the server, give it as `url`",
           url_of("http", "127.0.0.1", rude_server_port(rude)));
  check_told(l->fact ? l->fact : fact);
}
END_TEST

/* ---- Words for a terminal ------------------------------------------------ */

/* Control characters that clear a terminal in two ways, change the direction of
 * the text, end a line, and imitate another line. */
#define COMMANDS                                                               \
  "\\u001b[2J\xc2\x9b"                                                         \
  "2J\\u202e\\u2066\\u2028\x7f\\n<3>error: "
#define DEVICE(name, type)                                                     \
  HEAD "Connection: close\r\n\r\n{\"status\":\"OK\","                          \
       "\"app_version\":\"" COMMANDS "\",\"result\":[{\"idx\":\"323\","        \
       "\"Name\":\"" name COMMANDS "\",\"Type\":\"" type "\",\"SubType\":"     \
       "\"Custom Sensor\",\"Data\":\"" COMMANDS                                \
       "\",\"SensorUnit\":\"" COMMANDS                                         \
       "\",\"HardwareDisabled\":true,\"LastUpdate\":\"" COMMANDS "\"}]}"

static const char *const talkers[] = {
  DEVICE("x", "Light" COMMANDS),
  DEVICE("$x", "General"),
};

static void
check_plain(const char *said)
{
  static const char *const commands[] = { "\033",         "\xc2\x9b",
                                          "\xe2\x80\xae", "\xe2\x81\xa6",
                                          "\xe2\x80\xa8", "\x7f",
                                          "\n<3>" };

  for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
    ck_assert_msg(!strstr(said, commands[i]), "%zu: %s", i, said);
}

START_TEST(server_text_cannot_control_the_terminal)
{
  static const char *const commands[] = { "run -v -v -c house.ini",
                                          "check -c house.ini",
                                          "targets -c house.ini domoticz",
                                          "status -c house.ini" };

  build();
  rude = rude_server_start(
    &(struct rude){ .greeting = talkers[_i], .hangs_up = true });
  write_file(url_of("http", "127.0.0.1", rude_server_port(rude)), "");
  for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
    sandbox_run(house.sandbox, "%s", commands[i]);
    check_plain(sandbox_out(house.sandbox));
    check_plain(sandbox_err(house.sandbox));
  }
  ck_assert_uint_ge(rude_server_connections(rude), 3);
}
END_TEST

/* ---- The environment ----------------------------------------------------- */

static void
set_proxies(void)
{
  static const char *const names[] = { "http_proxy", "https_proxy", "all_proxy",
                                       "ALL_PROXY" };
  const char *url = url_of("http", "127.0.0.1", rude_server_port(recorder));

  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    sandbox_setenv(house.sandbox, names[i], url);
  sandbox_setenv(house.sandbox, "no_proxy", NULL);
  sandbox_setenv(house.sandbox, "NO_PROXY", NULL);
}

/* 0.0.0.0 reaches this machine, but does not look like a local address. */
START_TEST(environment_proxy_is_not_used_for_plain_http)
{
  build();
  domoticz_server_set_login(house.server, "user", "s3cret", true);
  set_proxies();
  write_file(url_of("http", "0.0.0.0", domoticz_server_port(house.server)),
             LOGIN);
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_device(&house, 323, "84.200");
  ck_assert_uint_eq(rude_server_connections(recorder), 0);
}
END_TEST

START_TEST(https_proxy_receives_only_the_host_name)
{
  build();
  set_proxies();
  write_file("https://0.0.0.0:1/path", LOGIN);
  domoticz_setup_run(&house, NULL);
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_TEMPFAIL);
  ck_assert_uint_eq(rude_server_connections(recorder), 1);
  ck_assert_int_eq(
    strncmp(rude_server_heard(recorder), "CONNECT 0.0.0.0:1 HTTP/1.1\r\n", 28),
    0);
  ck_assert_ptr_null(strstr(rude_server_heard(recorder), "Authorization"));
}
END_TEST

START_TEST(login_is_not_taken_from_a_netrc)
{
  build();
  sandbox_write(house.sandbox, ".netrc",
                "machine 127.0.0.1 login who password t0psecret\n"
                "default login who password t0psecret\n");
  sandbox_setenv(house.sandbox, "NETRC", ".netrc");
  write_file(domoticz_server_url(house.server), "");
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_ptr_null(
    strstr(domoticz_server_head(house.server), "Authorization"));
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("http");
  TCase *t = tcase_create("http");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_add_loop_test(t, endless_reply_is_bounded_in_memory_and_time, 0,
                      (int)ARRAY_SIZE(floods));
  tcase_add_test(t, silent_name_server_is_bounded_by_the_timeout);
  tcase_add_loop_test(t, redirect_is_reported_and_not_followed, 0,
                      (int)ARRAY_SIZE(redirects));
  tcase_add_loop_test(t, invalid_redirect_is_reported_as_a_protocol_error, 0,
                      (int)ARRAY_SIZE(locations));
  tcase_add_loop_test(t, server_text_cannot_control_the_terminal, 0,
                      (int)ARRAY_SIZE(talkers));
  tcase_add_test(t, environment_proxy_is_not_used_for_plain_http);
  tcase_add_test(t, https_proxy_receives_only_the_host_name);
  tcase_add_test(t, login_is_not_taken_from_a_netrc);
  suite_add_tcase(s, t);
  return run_suite(s);
}
