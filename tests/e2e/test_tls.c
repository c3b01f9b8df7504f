/*
 * Domoticz behind a real TLS server (stunnel): a server with an untrusted
 * certificate gets no login and no value, nothing is lost, and each run without
 * the check gives a warning.
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
#include "tests/support/tls_front.h"

#define TRUST "ca_file = ca.pem\n"
#define NO_TRUST "tls_verify = no\n"
#define WARNING                                                                \
  "warning: domoticz: {front}: tls_verify = no: anybody on the network path "  \
  "can read and change all data; name the server's CA with ca_file instead\n"

static struct domoticz_setup house;
static struct tls_front *front;
static struct rude_server *rude;

/* Writes "house.ini" with the server at URL and the TLS OPTIONS. */
static void
write_file(const char *url, const char *options)
{
  sandbox_write(house.sandbox, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n"
                "[output domoticz]\nplugin = domoticz\nurl = %s\n"
                "username = user\npassword = s3cret\n%s" DOMOTICZ_SETUP_TARGETS
                  DOMOTICZ_SETUP_USAGE DOMOTICZ_SETUP_TOTAL,
                meter_path(house.meter), url, options);
}

static const char *
front_url(const char *scheme, const char *host)
{
  static char url[64];

  snprintf(url, sizeof(url), "%s://%s:%u", scheme, host, tls_front_port(front));
  return url;
}

/* Starts the TLS server again, with certificate NAME. */
static void
use_certificate(const char *name)
{
  unsigned port = front ? tls_front_port(front) : 0;

  tls_front_stop(front);
  tls_make_certificate(house.sandbox, name);
  front = tls_front_start(house.sandbox, name, port,
                          domoticz_server_port(house.server));
}

/* Returns TEXT with {front} replaced by the URL of the TLS server; valid until
 * the next call. */
static const char *
front_text(const char *text)
{
  static char buf[1024];
  const char *at = strstr(text, "{front}");

  if (!at)
    return text;
  ck_assert_int_lt(snprintf(buf, sizeof(buf), "%.*s%s%s", (int)(at - text),
                            text, front_url("https", "127.0.0.1"),
                            at + strlen("{front}")),
                   (int)sizeof(buf));
  return buf;
}

static void
check_run(int status, const char *said)
{
  domoticz_setup_check(&house, status, front_text(said));
}

/* Builds a house whose server has certificate NAME, and to which nothing was
 * sent yet. */
static void
build(const char *name)
{
  umask(077); /* the file holds a password */
  domoticz_setup_build_heat(&house);
  domoticz_server_set_login(house.server, "user", "s3cret", true);
  tls_make_ca(house.sandbox);
  use_certificate(name);
}

static void
leave(void)
{
  tls_front_stop(front);
  rude_server_stop(rude);
  front = NULL;
  rude = NULL;
  domoticz_setup_leave(&house);
}

/* ---- Certificates -------------------------------------------------------- */

#define DISTRUST "error: domoticz: {front}: the certificate"

static const struct bad_certificate {
  const char *name, *said;
} bad_certificates[] = {
  { "elsewhere", DISTRUST
    " is for another host; use the host name of the certificate in `url` (" },
  { "expired", DISTRUST " has expired; the server needs a new one\n" },
  { "early",
    DISTRUST " is not valid yet; compare the clocks of both machines\n" },
  { "self", DISTRUST
    " is self-signed; if it is that of your server, name it with ca_file\n" },
  { "stranger", DISTRUST "'s CA is not trusted; name that CA with ca_file\n" },
};

/* Checks that the run printed one line, which begins as BAD says; the TLS
 * library adds its own text after a "(". */
static void
check_refused(const struct bad_certificate *bad, const char *said)
{
  const char *expected = front_text(bad->said);

  ck_assert_int_eq(sandbox_status(house.sandbox), EX_UNAVAILABLE);
  ck_assert_msg(strncmp(said, expected, strlen(expected)) == 0, "%s", said);
  ck_assert_uint_eq(strcspn(said, "\n") + 1, strlen(said));
}

START_TEST(bad_certificate_receives_nothing_and_values_are_kept)
{
  const struct bad_certificate *bad = &bad_certificates[_i];

  build("good");
  write_file(front_url("https", "127.0.0.1"), TRUST);
  domoticz_setup_run(&house, "84.200GJ");
  check_run(EX_OK, "");
  use_certificate(bad->name);
  domoticz_server_forget(house.server);
  domoticz_setup_run(&house, "84.208GJ");
  check_refused(bad, sandbox_err(house.sandbox));
  sandbox_run(house.sandbox, "check -c house.ini");
  check_refused(bad, domoticz_setup_after_attempt(&house));
  sandbox_run(house.sandbox, "run -v -v -c house.ini");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_UNAVAILABLE);
  ck_assert_ptr_null(strstr(sandbox_err(house.sandbox), "s3cret"));
  ck_assert_uint_eq(domoticz_server_requests(house.server), 0);
  use_certificate("good");
  domoticz_setup_run(&house, "84.210GJ");
  check_run(EX_OK, "notice: domoticz: {front}: works again after 20 min\n");
  domoticz_setup_check_devices(&house, "322=0.010 323=84.210 324=1.210");
}
END_TEST

/* A certificate, and the options that make it trusted or not. */
static const struct trust {
  const char *certificate, *host, *options;
  int status;
  const char *said;
} trusts[] = {
  { "good", "127.0.0.1", TRUST, EX_OK, "" },
  { "good", "localhost", TRUST, EX_OK, "" },
  { "self", "127.0.0.1", "ca_file = self.pem\n", EX_OK, "" },
  { "good", "127.0.0.1", "", EX_UNAVAILABLE,
    DISTRUST "'s CA is not trusted; name that CA with ca_file\n" },
  { "good", "127.0.0.1", "ca_file = unknown.pem\n", EX_UNAVAILABLE,
    DISTRUST "'s CA is not trusted; name that CA with ca_file\n" },
  { "good", "127.0.0.1", "ca_file = nowhere.pem\n", EX_CONFIG,
    "error: domoticz: {front}: ca_file cannot be read, or holds no PEM "
    "certificate\n" },
  { "good", "127.0.0.1", "ca_file = ca.conf\n", EX_CONFIG,
    "error: domoticz: {front}: ca_file cannot be read, or holds no PEM "
    "certificate\n" },
};

START_TEST(certificate_is_trusted_by_its_ca_file_only)
{
  const struct trust *t = &trusts[_i];

  build(t->certificate);
  write_file(front_url("https", t->host), t->options);
  domoticz_setup_run(&house, "84.200GJ");
  check_run(t->status, t->said);
  if (t->status == EX_OK)
    domoticz_setup_check_devices(&house, "322=0.200 323=84.200 324=1.200");
  else
    ck_assert_uint_eq(domoticz_server_requests(house.server), 0);
}
END_TEST

static const char *const shown_certificates[] = { "self", "good" };

/* Saves the certificate with the commands of meterpipe-domoticz(5). */
START_TEST(certificate_saved_from_the_server_can_be_trusted)
{
  char command[512];

  build(shown_certificates[_i]);
  snprintf(command, sizeof(command),
           "openssl s_client -connect 127.0.0.1:%u </dev/null 2>/dev/null | "
           "openssl x509 >'%s/domoticz.pem'",
           tls_front_port(front), sandbox_dir(house.sandbox));
  ck_assert_int_eq(system(command), 0);
  write_file(front_url("https", "127.0.0.1"), "ca_file = domoticz.pem\n");
  domoticz_setup_run(&house, "84.200GJ");
  check_run(EX_OK, "");
}
END_TEST

/* The runs have no terminal and no option for more messages, as under cron. */
START_TEST(disabled_verification_causes_a_warning_in_every_run)
{
  build(bad_certificates[_i].name);
  write_file(front_url("https", "127.0.0.1"), NO_TRUST);
  domoticz_setup_run(&house, "84.200GJ");
  check_run(EX_OK, WARNING);
  domoticz_setup_run(&house, "84.201GJ");
  check_run(EX_OK, WARNING);
  domoticz_setup_check_devices(&house, "322=0.001 323=84.201 324=1.201");
  sandbox_run(house.sandbox, "check -c house.ini");
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(house.sandbox), front_text(WARNING)));
}
END_TEST

/* ---- Servers without TLS, and failed handshakes -------------------------- */

/* Runs once against an https URL whose server behaves as described by
 * BEHIND. */
static void
run_against(const struct rude *behind, const char *options)
{
  char url[64];

  build("good");
  rude = rude_server_start(behind);
  snprintf(url, sizeof(url), "https://127.0.0.1:%u", rude_server_port(rude));
  write_file(url, options);
  domoticz_setup_run(&house, "84.200GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_TEMPFAIL);
}

/* Checks that the last run reported FACT; text of the TLS library may follow
 * it. */
static void
check_said(const char *fact)
{
  const char *said = sandbox_err(house.sandbox);

  ck_assert_msg(strstr(said, fact), "%s", said);
}

START_TEST(plain_http_server_at_an_https_url_is_reported)
{
  run_against(&(struct rude){ .greeting = "HTTP/1.1 400 Bad Request\r\n\r\n",
                              .hangs_up = true },
              TRUST);
  check_said(": the TLS handshake failed; is this an https port? (");
}
END_TEST

START_TEST(handshake_that_hangs_ends_at_the_timeout)
{
  int64_t begin = clock_mono_ms();

  run_against(&(struct rude){ .greeting = NULL }, TRUST "timeout = 500ms\n");
  check_said(": no reply in 500 ms\n");
  ck_assert_int_lt(clock_mono_ms() - begin, 40000);
}
END_TEST

/* The way in which the server ends the connection depends on timing. */
START_TEST(tls_server_at_an_http_url_is_reported)
{
  const char *said;

  build("good");
  write_file(front_url("http", "127.0.0.1"), "");
  domoticz_setup_run(&house, "84.200GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_TEMPFAIL);
  said = sandbox_err(house.sandbox);
  ck_assert_msg(strstr(said, ": the connection broke before a reply\n") ||
                  strstr(said, ": the connection ended before a reply\n"),
                "%s", said);
  ck_assert_uint_eq(domoticz_server_requests(house.server), 0);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("tls");
  TCase *t = tcase_create("tls");

  if (!tls_is_there()) {
    fputs("skipped: there is no stunnel or no openssl\n", stderr);
    return EX_SKIP;
  }
  tcase_add_checked_fixture(t, NULL, leave);
  tcase_add_loop_test(t, bad_certificate_receives_nothing_and_values_are_kept,
                      0, (int)ARRAY_SIZE(bad_certificates));
  tcase_add_loop_test(t, certificate_is_trusted_by_its_ca_file_only, 0,
                      (int)ARRAY_SIZE(trusts));
  tcase_add_loop_test(t, certificate_saved_from_the_server_can_be_trusted, 0,
                      (int)ARRAY_SIZE(shown_certificates));
  tcase_add_loop_test(t, disabled_verification_causes_a_warning_in_every_run, 0,
                      (int)ARRAY_SIZE(bad_certificates));
  tcase_add_test(t, plain_http_server_at_an_https_url_is_reported);
  tcase_add_test(t, handshake_that_hangs_ends_at_the_timeout);
  tcase_add_test(t, tls_server_at_an_http_url_is_reported);
  suite_add_tcase(s, t);
  return run_suite(s);
}
