/*
 * Brokers that refuse, and brokers that are none: ACLs, passwords,
 * certificates, refusals to connect, limits, silence.  One line for each, the
 * deadline holds, and nothing is lost: with the right broker, all totals are
 * exact.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "tests/support/mqtt_setup.h"
#include "tests/support/rude_server.h"
#include "tests/support/run_suite.h"
#include "tests/support/tls_front.h"

/* The exit status that make check counts as "skipped". */
#define EX_SKIP 77

static struct mqtt_setup h;
static struct rude_server *rude;

static void
build(const char *lines)
{
  umask(077); /* the files hold passwords */
  mqtt_setup_build(&h, lines);
}

static void
leave(void)
{
  rude_server_stop(rude);
  rude = NULL;
  mqtt_setup_leave(&h);
}

static void
check_account(const char *total, const char *sum)
{
  const char *wrong = mqtt_setup_account(&h, total, sum);

  ck_assert_msg(!wrong, "%s", wrong);
}

/* Two good cycles; the total is 0.5. */
static void
begin(const char *options)
{
  mqtt_setup_write(&h, options);
  mqtt_setup_cycle(&h, "84.0", EX_OK, "");
  mqtt_setup_cycle(&h, "84.5", EX_OK, "");
  check_account("0.5", "0.5");
}

/* Checks that the last run ended with STATUS, and that the only error is its
 * last line, which contains WORDS. */
static void
check_last_line(int status, const char *words)
{
  const char *said = sandbox_err(h.s), *error = strstr(said, "error: bus: ");

  ck_assert_msg(sandbox_status(h.s) == status, "status %d instead of %d: %s",
                sandbox_status(h.s), status, said);
  ck_assert_msg(error, "%s", said);
  ck_assert_msg(strchr(error, '\n') == said + strlen(said) - 1, "%s", said);
  ck_assert_msg(strstr(error, words), "no \"%s\" in: %s", words, said);
}

/* The same; the error is the only line. */
static void
check_one_line(int status, const char *words)
{
  check_last_line(status, words);
  ck_assert_msg(strncmp(sandbox_err(h.s), "error: bus: ", 12) == 0, "%s",
                sandbox_err(h.s));
}

/* Does a run with the reading 85, and checks that the pending values arrived.
 */
static void
check_nothing_is_lost(void)
{
  mqtt_setup_run(&h, "85.0");
  ck_assert_msg(sandbox_status(h.s) == EX_OK, "%s", sandbox_err(h.s));
  check_account("1.0", "1");
}

/* Writes "house.ini" with the broker at PORT of HOST. */
static void
write_file(const char *scheme, const char *host, unsigned port,
           const char *options)
{
  sandbox_write(
    h.s, "house.ini",
    MQTT_SETUP_INPUT MQTT_SETUP_TRANSFORMS
    "[output bus]\nplugin = mqtt\nurl = %s://%s:%u\n%s" MQTT_SETUP_TARGETS,
    scheme, host, port, options);
}

/* ---- ACLs ---------------------------------------------------------------- */

#define ALL "topic readwrite meterpipe/#\ntopic readwrite homeassistant/#\n"
/* All but writing the usage. */
#define NO_USAGE                                                               \
  "topic readwrite homeassistant/#\ntopic read meterpipe/#\n"                  \
  "topic readwrite meterpipe/house/energy\n"                                   \
  "topic readwrite meterpipe/house/total\n"
#define NO_READING "topic write meterpipe/#\ntopic write homeassistant/#\n"
#define NO_WRITING "topic read meterpipe/#\ntopic read homeassistant/#\n"
#define NO_CONFIGS "topic readwrite meterpipe/#\ntopic read homeassistant/#\n"

static void
set_acl(const char *rules)
{
  sandbox_write(h.s, "acl", "%s", rules);
  broker_reload(h.broker);
}

static void
build_acl(void)
{
  build("");
  broker_kill(h.broker);
  sandbox_write(h.s, "acl", "%s", ALL);
  broker_configure(h.broker, "acl_file acl\n");
  broker_restart(h.broker);
}

START_TEST(topic_that_may_not_be_written_does_not_stop_the_others)
{
  build_acl();
  begin("");
  set_acl(NO_USAGE);
  mqtt_setup_run(&h, "84.7");
  check_one_line(EX_UNAVAILABLE, "meterpipe/house/usage: ");
  ck_assert_str_eq(mqtt_setup_number(&h, "energy"), "84.7");
  ck_assert_str_eq(mqtt_setup_number(&h, "usage"), "0.5");
  check_account("0.7", NULL);
  mqtt_setup_run(&h, "84.8");
  ck_assert_int_eq(sandbox_status(h.s), EX_UNAVAILABLE);
  check_account("0.8", NULL);
  set_acl(ALL);
  check_nothing_is_lost();
}
END_TEST

/* With 3.1.1, mosquitto acknowledges the write.  The total stays exact, an
 * amount is lost. */
START_TEST(write_that_mqtt_3_cannot_refuse_is_reported_within_two_cycles)
{
  build_acl();
  begin("protocol = 3.1.1\n");
  set_acl(NO_USAGE);
  mqtt_setup_run(&h, "84.7");
  mqtt_setup_run(&h, "84.8");
  mqtt_setup_run(&h, "84.9");
  ck_assert_msg(strstr(sandbox_err(h.s), "meterpipe/house/usage: "), "%s",
                sandbox_err(h.s));
  ck_assert_ptr_nonnull(strstr(sandbox_err(h.s), "ACL"));
  ck_assert_int_eq(sandbox_status(h.s), EX_UNAVAILABLE);
  check_account("0.9", NULL);
}
END_TEST

static const char *const protocols[] = { "protocol = 5\n",
                                         "protocol = 3.1.1\n" };

static bool
says(const char *words)
{
  return strstr(sandbox_err(h.s), words);
}

START_TEST(forbidden_reading_is_reported)
{
  bool said = false;

  build_acl();
  begin(protocols[_i]);
  set_acl(NO_READING);
  sandbox_run(h.s, "check -c house.ini");
  ck_assert_int_eq(sandbox_status(h.s), EX_UNAVAILABLE);
  ck_assert_msg(says("read"), "%s", sandbox_err(h.s));
  for (unsigned i = 0; i < 2; i++) {
    mqtt_setup_run(&h, i ? "84.7" : "84.6");
    said |= says("ACL");
  }
  ck_assert_msg(said, "%s", sandbox_err(h.s));
  /* not again on that day */
  mqtt_setup_run(&h, "84.8");
  ck_assert_msg(!says("ACL"), "%s", sandbox_err(h.s));
  set_acl(ALL);
  mqtt_setup_run(&h, "85.0");
  check_account("1.0", NULL);
}
END_TEST

/* check says which of write, read and retain fails. */
static const struct {
  const char *acl, *words;
} checks[] = {
  { NO_WRITING, "write" },
  { NO_READING, "read" },
  { NO_CONFIGS, "homeassistant" },
};

START_TEST(check_says_what_is_forbidden)
{
  build_acl();
  begin("");
  set_acl(checks[_i].acl);
  sandbox_run(h.s, "check -c house.ini");
  ck_assert_int_eq(sandbox_status(h.s), EX_UNAVAILABLE);
  ck_assert_msg(says(checks[_i].words), "%s", sandbox_err(h.s));
  set_acl(ALL);
  sandbox_run(h.s, "check -c house.ini");
  ck_assert_msg(sandbox_status(h.s) == EX_OK, "%s", sandbox_err(h.s));
  ck_assert_str_eq(broker_retained(h.broker, "+/check"), "");
  ck_assert_str_eq(broker_retained(h.broker, "meterpipe/+/check"), "");
}
END_TEST

/* An error of discovery: the states go out all the same. */
START_TEST(forbidden_configs_do_not_stop_the_states)
{
  build_acl();
  set_acl(NO_CONFIGS);
  mqtt_setup_write(&h, "");
  mqtt_setup_run(&h, "84.0");
  ck_assert_int_eq(sandbox_status(h.s), EX_UNAVAILABLE);
  ck_assert_ptr_nonnull(strstr(sandbox_err(h.s), "homeassistant/"));
  mqtt_setup_run(&h, "84.5");
  check_account("0.5", "0.5");
  set_acl(ALL);
  check_nothing_is_lost();
  ck_assert_str_ne(broker_retained(h.broker, "homeassistant/#"), "");
}
END_TEST

/* ---- Logins -------------------------------------------------------------- */

static const struct {
  const char *protocol, *login;
} logins[] = {
  { "protocol = 5\n", "username = house\npassword = wrong\n" },
  { "protocol = 5\n", "" },
  { "protocol = 3.1.1\n", "username = house\npassword = wrong\n" },
  { "protocol = 3.1.1\n", "username = somebody\npassword = s3cret\n" },
};

START_TEST(wrong_login_is_one_line_and_loses_nothing)
{
  char options[128];

  build("");
  broker_kill(h.broker);
  broker_add_user(h.s, "users", "house", "s3cret");
  broker_configure(h.broker, "password_file users\n");
  broker_restart(h.broker);
  begin("username = house\npassword = s3cret\n");
  snprintf(options, sizeof(options), "%s%s", logins[_i].protocol,
           logins[_i].login);
  mqtt_setup_write(&h, options);
  mqtt_setup_run(&h, "84.7");
  check_one_line(EX_UNAVAILABLE, "username");
  ck_assert_ptr_null(strstr(sandbox_err(h.s), "wrong"));
  mqtt_setup_write(&h, "username = house\npassword = s3cret\n");
  check_nothing_is_lost();
}
END_TEST

/* ---- Certificates -------------------------------------------------------- */

#define TRUST "ca_file = ca.pem\n"

/* Starts the broker again, with TLS and certificate NAME. */
static void
use_certificate(const char *name)
{
  char lines[256];

  snprintf(lines, sizeof(lines),
           "persistence true\nallow_anonymous true\ncertfile %s.pem\n"
           "keyfile %s.key\n",
           name, name);
  tls_make_certificate(h.s, name);
  broker_stop(h.broker);
  broker_configure(h.broker, lines);
  broker_restart(h.broker);
}

static void
build_tls(void)
{
  build("persistence true\n");
  tls_make_ca(h.s);
  use_certificate("good");
}

static const struct {
  const char *name, *words;
} bad_certificates[] = {
  { "elsewhere", "is for another host" }, { "expired", "has expired" },
  { "early", "is not valid yet" },        { "self", "is self-signed" },
  { "stranger", "'s CA is not trusted" },
};

START_TEST(bad_certificate_is_one_line_and_loses_nothing)
{
  build_tls();
  write_file("mqtts", "127.0.0.1", broker_port(h.broker), TRUST);
  mqtt_setup_cycle(&h, "84.0", EX_OK, "");
  mqtt_setup_cycle(&h, "84.5", EX_OK, "");
  use_certificate(bad_certificates[_i].name);
  mqtt_setup_run(&h, "84.7");
  check_one_line(EX_UNAVAILABLE, bad_certificates[_i].words);
  ck_assert_str_eq(mqtt_setup_number(&h, "energy"), "84.5");
  use_certificate("good");
  mqtt_setup_run(&h, "85.0");
  ck_assert_msg(sandbox_status(h.s) == EX_OK, "%s", sandbox_err(h.s));
  check_account("1.0", NULL);
}
END_TEST

static const struct trust {
  const char *certificate, *host, *options;
  int status;
} trusts[] = {
  { "good", "127.0.0.1", TRUST, EX_OK },
  { "good", "localhost", TRUST, EX_OK },
  { "self", "127.0.0.1", "ca_file = self.pem\n", EX_OK },
  { "good", "127.0.0.1", "", EX_UNAVAILABLE },
  { "good", "127.0.0.1", "ca_file = unknown.pem\n", EX_UNAVAILABLE },
  { "good", "127.0.0.1", "ca_file = nowhere.pem\n", EX_CONFIG },
  { "good", "127.0.0.1", "ca_file = ca.conf\n", EX_CONFIG },
};

START_TEST(certificate_is_trusted_by_its_ca_file_only)
{
  const struct trust *t = &trusts[_i];

  build_tls();
  use_certificate(t->certificate);
  write_file("mqtts", t->host, broker_port(h.broker), t->options);
  mqtt_setup_run(&h, "84.0");
  if (t->status == EX_OK)
    mqtt_setup_check(&h, EX_OK, "");
  else
    check_one_line(t->status, "ca_file");
  ck_assert_str_eq(mqtt_setup_number(&h, "energy"),
                   t->status == EX_OK ? "84.0" : "");
}
END_TEST

START_TEST(disabled_verification_causes_a_warning_in_every_run)
{
  build_tls();
  use_certificate(bad_certificates[_i].name);
  write_file("mqtts", "127.0.0.1", broker_port(h.broker), "tls_verify = no\n");
  for (int i = 0; i < 2; i++) {
    mqtt_setup_run(&h, "84.0");
    ck_assert_int_eq(sandbox_status(h.s), EX_OK);
    ck_assert_msg(strncmp(sandbox_err(h.s), "warning: bus: ", 14) == 0, "%s",
                  sandbox_err(h.s));
    ck_assert_ptr_nonnull(strstr(sandbox_err(h.s), "tls_verify = no"));
  }
  ck_assert_str_eq(mqtt_setup_number(&h, "energy"), "84.0");
}
END_TEST

/* The broker asks for a certificate of the client. */
START_TEST(client_certificate_is_sent)
{
  build_tls();
  broker_stop(h.broker);
  broker_configure(h.broker, "certfile good.pem\nkeyfile good.key\n"
                             "cafile ca.pem\nrequire_certificate true\n"
                             "allow_anonymous true\n");
  broker_restart(h.broker);
  write_file("mqtts", "127.0.0.1", broker_port(h.broker), TRUST);
  mqtt_setup_run(&h, "84.0");
  ck_assert_int_ne(sandbox_status(h.s), EX_OK);
  write_file("mqtts", "127.0.0.1", broker_port(h.broker),
             TRUST "cert_file = good.pem\nkey_file = good.key\n");
  mqtt_setup_run(&h, "84.0");
  ck_assert_msg(sandbox_status(h.s) == EX_OK, "%s", sandbox_err(h.s));
}
END_TEST

START_TEST(port_without_tls_is_one_line)
{
  build("");
  write_file("mqtts", "127.0.0.1", broker_port(h.broker), "timeout = 2s\n");
  mqtt_setup_run(&h, "84.0");
  check_one_line(EX_TEMPFAIL, "TLS");
}
END_TEST

START_TEST(port_with_tls_is_one_line)
{
  build_tls();
  write_file("mqtt", "127.0.0.1", broker_port(h.broker), "timeout = 2s\n");
  mqtt_setup_run(&h, "84.0");
  check_one_line(EX_TEMPFAIL, "");
}
END_TEST

/* Nobody listens: a handshake with TLS must not be begun for ever. */
START_TEST(stopped_broker_is_one_line)
{
  unsigned port;

  build("");
  port = broker_port(h.broker);
  broker_stop(h.broker);
  write_file(_i == 0 ? "mqtt" : "mqtts", "127.0.0.1", port, "timeout = 20s\n");
  mqtt_setup_run(&h, "84.0");
  check_one_line(EX_TEMPFAIL, _i == 0 ? "refused" : "");
}
END_TEST

/* ---- CONNACK ------------------------------------------------------------- */

/* A broker that answers CONNECT with CODE, of MQTT 5 unless ROW says 3.1.1. */
static const struct refusal {
  unsigned code;
  bool is_3;
  int status;
} refusals[] = {
  { 0x84, false, EX_CONFIG },      /* unsupported protocol version */
  { 0x86, false, EX_UNAVAILABLE }, /* bad user name or password */
  { 0x87, false, EX_UNAVAILABLE }, /* not authorized */
  { 0x88, false, EX_TEMPFAIL },    /* server unavailable */
  { 0x95, false, EX_UNAVAILABLE }, /* packet too large */
  { 0x97, false, EX_TEMPFAIL },    /* quota exceeded */
  { 0x9c, false, EX_CONFIG },      /* use another server */
  { 1, true, EX_CONFIG },          /* unacceptable protocol version */
  { 2, true, EX_UNAVAILABLE },     /* identifier rejected */
  { 3, true, EX_TEMPFAIL },        /* server unavailable */
  { 4, true, EX_UNAVAILABLE },     /* bad user name or password */
  { 5, true, EX_UNAVAILABLE },     /* not authorized */
};

START_TEST(refused_connection_is_one_line_and_loses_nothing)
{
  const struct refusal *r = &refusals[_i];
  char connack[5] = { 0x20, (char)(r->is_3 ? 2 : 3), 0, (char)r->code, 0 };

  build("");
  begin("");
  rude = rude_server_start(&(struct rude){
    .greeting = connack, .greeting_len = r->is_3 ? 4 : 5, .hangs_up = true });
  write_file("mqtt", "127.0.0.1", rude_server_port(rude),
             r->is_3 ? "protocol = 3.1.1\n" : "");
  mqtt_setup_run(&h, "84.7");
  check_one_line(r->status, "");
  ck_assert_uint_eq(rude_server_connections(rude), 1);
  mqtt_setup_write(&h, "");
  check_nothing_is_lost();
}
END_TEST

/* Brokers without a necessary ability, and the words about it. */
static const struct {
  const char *lines, *protocol;
  int status;
  const char *words;
} limits[] = {
  { "retain_available false\n", "protocol = 5\n", EX_CONFIG, "retain" },
  { "max_qos 0\n", "protocol = 5\n", EX_CONFIG, "QoS" },
  { "retain_available false\n", "protocol = 3.1.1\n", EX_UNAVAILABLE,
    "retain" },
};

START_TEST(broker_without_retained_messages_or_qos_is_refused)
{
  build("");
  begin("");
  broker_stop(h.broker);
  broker_configure(h.broker, limits[_i].lines);
  broker_restart(h.broker);
  mqtt_setup_write(&h, limits[_i].protocol);
  mqtt_setup_run(&h, "84.7");
  check_last_line(limits[_i].status, limits[_i].words);
  broker_stop(h.broker);
  broker_configure(h.broker, "");
  broker_restart(h.broker);
  mqtt_setup_write(&h, "");
  mqtt_setup_run(&h, "85.0"); /* may tell that the broker forgets */
  check_account("1.0", "1");
}
END_TEST

/* ---- Silence ------------------------------------------------------------- */

#define DEADLINE_MS 4000

/* Does a run with a deadline, and checks that it holds. */
static void
run_in_time(const char *reading)
{
  int64_t begun = clock_mono_ms();

  mqtt_setup_run(&h, reading);
  ck_assert_int_lt(clock_mono_ms() - begun, DEADLINE_MS + 2000);
}

START_TEST(broker_that_never_answers_is_one_line_and_loses_nothing)
{
  build("");
  begin("");
  rude = rude_server_start(&(struct rude){ .greeting = NULL });
  write_file("mqtt", "127.0.0.1", rude_server_port(rude), "timeout = 500ms\n");
  run_in_time("84.7");
  check_one_line(EX_TEMPFAIL, "");
  mqtt_setup_write(&h, "");
  check_nothing_is_lost();
}
END_TEST

/* RFC 6761 reserves the name. */
START_TEST(unknown_name_is_one_line_and_loses_nothing)
{
  build("");
  begin("");
  write_file("mqtt", "house.invalid", 1883, "timeout = 5s\n");
  run_in_time("84.7");
  check_one_line(EX_TEMPFAIL, "cannot resolve the name \"house.invalid\"");
  mqtt_setup_write(&h, "");
  check_nothing_is_lost();
}
END_TEST

/* The answers of a real broker end at packet _i: CONNACK, SUBACK, retained
 * messages, UNSUBACK, PUBACKs.  Or what the program sends does not arrive. */
START_TEST(broker_that_falls_silent_loses_nothing)
{
  const enum proxy_way way = _i % 2 ? PROXY_THERE : PROXY_BACK;
  size_t at;

  build("");
  begin("timeout = 300ms\n");
  mqtt_watch_mark(h.watch);
  mqtt_setup_cycle(&h, "84.6", EX_OK, "");
  ck_assert(mqtt_watch_packet(h.watch, way, (size_t)_i / 2, &at));
  proxy_order(h.proxy, PROXY_HUSH, way, at);
  mqtt_watch_mark(h.watch);
  run_in_time("84.7");
  ck_assert_int_eq(sandbox_status(h.s), EX_TEMPFAIL);
  proxy_order(h.proxy, PROXY_PASS, way, 0);
  mqtt_watch_mark(h.watch);
  check_nothing_is_lost();
}
END_TEST

/* More bytes than any packet has, and bytes that are no packet. */
static const struct rude floods[] = {
  { .refrain = "\x30\x7f"
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
  { .greeting = "\x20\xff\xff\xff\x7f",
    .refrain = "aaaaaaaaaaaaaaaaaaaaaaaaaa" },
  { .greeting = "HTTP/1.1 400 Bad Request\r\n\r\n", .hangs_up = true },
  { .greeting = "\x20\x03\x00\x00\x00", .greeting_len = 5, .hangs_up = true },
  { .greeting = "\x20\x03\x00\x00\x00", .greeting_len = 5, .refrain = "\xd0" },
};

START_TEST(server_that_is_no_broker_is_one_line_and_loses_nothing)
{
  build("");
  begin("");
  rude = rude_server_start(&floods[_i]);
  write_file("mqtt", "127.0.0.1", rude_server_port(rude), "timeout = 500ms\n");
  run_in_time("84.7");
  check_one_line(EX_TEMPFAIL, "");
  mqtt_setup_write(&h, "");
  check_nothing_is_lost();
}
END_TEST

/* Unrelated messages instead of answers: each wait has its limit all the
 * same. */
START_TEST(broker_that_only_talks_about_other_topics_is_one_line)
{
  /* a PUBLISH of 3.1.1: the topic has 257 characters */
  char publish[5 + 257 + 1] = "\x30\x83\x02\x01\x01";

  memset(publish + 5, 'a', 257);
  build("");
  begin("");
  rude = rude_server_start(&(struct rude){ .greeting = "\x20\x02\x00\x00",
                                           .greeting_len = 4,
                                           .refrain = publish,
                                           .pause_ms = 20 });
  write_file("mqtt", "127.0.0.1", rude_server_port(rude),
             "protocol = 3.1.1\ntimeout = 500ms\n");
  run_in_time("84.7");
  check_one_line(EX_TEMPFAIL, "in time");
  mqtt_setup_write(&h, "");
  check_nothing_is_lost();
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("mqtt refusals");
  TCase *t = tcase_create("mqtt refusals");

  if (!broker_is_there() || !tls_is_there()) {
    fputs("skipped: there is no mosquitto or no openssl\n", stderr);
    return EX_SKIP;
  }
  tcase_add_checked_fixture(t, NULL, leave);
  tcase_add_test(t, topic_that_may_not_be_written_does_not_stop_the_others);
  tcase_add_test(t,
                 write_that_mqtt_3_cannot_refuse_is_reported_within_two_cycles);
  tcase_add_loop_test(t, forbidden_reading_is_reported, 0,
                      (int)ARRAY_SIZE(protocols));
  tcase_add_loop_test(t, check_says_what_is_forbidden, 0,
                      (int)ARRAY_SIZE(checks));
  tcase_add_test(t, forbidden_configs_do_not_stop_the_states);
  tcase_add_loop_test(t, wrong_login_is_one_line_and_loses_nothing, 0,
                      (int)ARRAY_SIZE(logins));
  tcase_add_loop_test(t, bad_certificate_is_one_line_and_loses_nothing, 0,
                      (int)ARRAY_SIZE(bad_certificates));
  tcase_add_loop_test(t, certificate_is_trusted_by_its_ca_file_only, 0,
                      (int)ARRAY_SIZE(trusts));
  tcase_add_loop_test(t, disabled_verification_causes_a_warning_in_every_run, 0,
                      (int)ARRAY_SIZE(bad_certificates));
  tcase_add_test(t, client_certificate_is_sent);
  tcase_add_test(t, port_without_tls_is_one_line);
  tcase_add_test(t, port_with_tls_is_one_line);
  tcase_add_loop_test(t, stopped_broker_is_one_line, 0, 2);
  tcase_add_loop_test(t, refused_connection_is_one_line_and_loses_nothing, 0,
                      (int)ARRAY_SIZE(refusals));
  tcase_add_loop_test(t, broker_without_retained_messages_or_qos_is_refused, 0,
                      (int)ARRAY_SIZE(limits));
  tcase_add_test(t, broker_that_never_answers_is_one_line_and_loses_nothing);
  tcase_add_test(t, unknown_name_is_one_line_and_loses_nothing);
  tcase_add_loop_test(t, broker_that_falls_silent_loses_nothing, 0, 12);
  tcase_add_loop_test(t, server_that_is_no_broker_is_one_line_and_loses_nothing,
                      0, (int)ARRAY_SIZE(floods));
  tcase_add_test(t, broker_that_only_talks_about_other_topics_is_one_line);
  suite_add_tcase(s, t);
  return run_suite(s);
}
