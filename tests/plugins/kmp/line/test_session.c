/*
 * The conversation with a meter: when a request is sent, and which answer is
 * accepted.
 *
 * test_mistakes.c covers the result of each kind of mistake.
 *
 * A loaded machine may delay any step by seconds.  So the timeouts are longer
 * than that, and no test compares an elapsed time with an upper limit.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "plugins/kmp/emulator/meter_impl.h"
#include "plugins/kmp/line/block.h"
#include "plugins/kmp/line/diagnose.h"
#include "plugins/kmp/line/port_impl.h"
#include "plugins/kmp/line/session.h"
#include "testkit/fake_host.h"
#include "tests/support/run_suite.h"

static struct meter *m;
static struct fake_host *h;
static struct port *port;
static struct session session;
static unsigned taken; /* number of registers */

static void
begin_session(void)
{
  const struct session_settings talk = {
    .address = KMP_ADDRESS_METER,
    .baud = 19200,
    .timeout_ms = 3000,
    .retries = 2,
  };

  session_init(&session, &h->table, meter_path(m), port, &talk);
  session.gap_ms = 5000;
}

static void
setup(void)
{
  const struct port_settings line = {
    .baud = 19200,
    .parity = 'N',
    .stop_bits = 2,
  };
  struct port_settings settings = line;
  char text[32];

  m = meter_start();
  for (unsigned id = 100; id < 140; id++) {
    snprintf(text, sizeof(text), "%u=%u", id, id);
    meter_set(m, text);
  }
  h = fake_host_new(NULL, "meter");
  settings.device = meter_path(m);
  ck_assert_int_eq(port_open(&h->table, &settings, 0, &port), MP_OK);
  begin_session();
  taken = 0;
}

static void
teardown(void)
{
  port_close(port);
  fake_host_free(h);
  meter_stop(m);
}

/* Counts the registers; each value must be the id of its register. */
static void
count_registers(void *ctx, const struct kmp_request *request,
                const struct kmp_answer *answer)
{
  (void)ctx;
  for (size_t i = 0; i < request->count; i++) {
    const struct kmp_record *record = kmp_answer_find(answer, request->ids[i]);
    int64_t value = -1;

    if (!record)
      continue;
    ck_assert_int_eq(kmp_mantissa_decode(record, &value), KMP_OK);
    ck_assert_int_eq(value, request->ids[i]);
    taken++;
  }
}

static int
ask(uint16_t from, size_t count)
{
  uint16_t ids[KMP_REGISTERS_MAX];

  for (size_t i = 0; i < count; i++)
    ids[i] = (uint16_t)(from + i);
  return session_registers(&session, ids, count, count_registers, NULL);
}

/* Checks that the next request may be sent after the normal pause. */
static void
assert_ready_at_once(void)
{
  ck_assert_int_le(session.not_before, port_clock() + 20);
}

START_TEST(good_requests_follow_each_other_at_once)
{
  int64_t begin = port_clock();

  for (int i = 0; i < 5; i++) {
    ck_assert_int_eq(ask((uint16_t)(100 + 8 * i), 8), MP_OK);
    assert_ready_at_once();
  }
  ck_assert_uint_eq(taken, 40);
  ck_assert_uint_eq(meter_requests(m), 5);
  ck_assert_int_ge(port_clock() - begin, 4 * 20);
}
END_TEST

START_TEST(retry_waits_until_the_line_is_quiet)
{
  int64_t begin = port_clock();

  meter_fault(m, "truncate=10*1");
  ck_assert_int_eq(ask(100, 8), MP_OK);
  ck_assert_int_ge(port_clock() - begin, 1700);
  ck_assert_uint_eq(meter_unheard(m), 0);
}
END_TEST

START_TEST(meter_that_refuses_eight_is_read_in_halves)
{
  meter_fault(m, "limit=4");
  ck_assert_int_eq(ask(100, 8), MP_OK);
  ck_assert_uint_eq(taken, 8);
  ck_assert_uint_eq(meter_requests(m), 4);
  ck_assert_uint_eq(session.limit, 4);
  ck_assert_int_eq(ask(108, 4), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 5);
  ck_assert_uint_eq(meter_unheard(m), 0);
}
END_TEST

/* The first answer arrives while the session waits for the second one. */
START_TEST(late_answer_to_another_request_is_not_taken)
{
  struct kmp_request request = {
    .address = KMP_ADDRESS_METER,
    .cid = KMP_GET_REGISTER,
    .count = 2,
    .ids = { 100, 101 },
  };
  struct kmp_answer answer;

  meter_fault(m, "late=6000*1");
  session.settings.timeout_ms = 400;
  ck_assert_int_eq(session_ask(&session, &request, 1, &answer), MP_DROP);
  session.settings.timeout_ms = 20000;
  ck_assert_int_eq(ask(102, 2), MP_OK);
  ck_assert_uint_eq(taken, 2);
  ck_assert_uint_ge(session.seen.strange, 1);
}
END_TEST

/* Waits until LEN bytes can be read from the port. */
static void
wait_for_bytes(size_t len)
{
  int have = 0;

  while (ioctl(port->fd, FIONREAD, &have) == 0 && (size_t)have < len)
    usleep(1000);
}

START_TEST(stale_bytes_are_thrown_away)
{
  /* The answer to an earlier run's request for the same register. */
  static const uint8_t stale[] = { 0x40, 0x3f, 0x10, 0x00, 0x64, 0x33,
                                   0x01, 0x00, 0x07, 0x09, 0x5a, 0x0d };

  meter_say(m, stale, sizeof(stale));
  wait_for_bytes(sizeof(stale));
  ck_assert_int_eq(ask(100, 1), MP_OK);
  ck_assert_uint_eq(taken, 1);
  ck_assert_uint_eq(meter_requests(m), 1);
}
END_TEST

/* Sends another program's request after ours has arrived, long before its
 * answer. */
static void *
talk_to_the_meter_too(void *arg)
{
  static const uint8_t ask_60[] = { 0x80, 0x3f, 0x10, 0x01, 0x00,
                                    0x3c, 0xb2, 0x5f, 0x0d };

  while (meter_requests(m) == 0)
    usleep(1000);
  meter_say(m, ask_60, sizeof(ask_60));
  return arg;
}

START_TEST(foreign_request_is_counted_and_own_one_is_answered)
{
  pthread_t thread;

  session.settings.timeout_ms = 20000;
  meter_set_delay(m, 4000);
  ck_assert_int_eq(pthread_create(&thread, NULL, talk_to_the_meter_too, NULL),
                   0);
  ck_assert_int_eq(ask(100, 2), MP_OK);
  pthread_join(thread, NULL);
  ck_assert_uint_eq(taken, 2);
  ck_assert_uint_eq(session.seen.strangers, 1);
  ck_assert_uint_eq(session.seen.echoes, 0);
  ck_assert_uint_eq(meter_requests(m), 1);
}
END_TEST

/* A line slower than configured, perhaps through a bridge: the answer comes
 * later than the timeout after the request was written, but earlier than the
 * timeout after its echo. */
START_TEST(timeout_of_an_answer_begins_after_the_echo)
{
  session.settings.timeout_ms = 5000;
  session.settings.baud = 300;
  meter_set_baud(m, 50);
  meter_set_delay(m, 2500);
  meter_fault(m, "echo");
  ck_assert_int_eq(ask(200, 8), MP_OK);
  ck_assert_uint_eq(session.seen.echoes, 1);
  ck_assert_uint_eq(session.seen.answers, 1);
  ck_assert_uint_eq(session.seen.silences, 0);
  ck_assert_uint_eq(meter_requests(m), 1);
}
END_TEST

START_TEST(answer_to_the_previous_request_is_not_taken)
{
  ck_assert_int_eq(ask(100, 4), MP_OK);
  meter_fault(m, "previous*1");
  ck_assert_int_eq(ask(104, 4), MP_OK);
  ck_assert_uint_eq(taken, 8);
  ck_assert_uint_eq(meter_requests(m), 3);
}
END_TEST

/* The bytes arrive one by one, as at 1200 baud, or all at once. */
START_TEST(answer_cut_by_a_false_stop_byte_is_not_taken)
{
  meter_set_baud(m, _i == 0 ? 1200 : 0);
  /* From the speed, the session computes how long to wait for a byte after the
   * stop byte. */
  session.settings.baud = _i == 0 ? 10 : 19200;
  meter_fault(m, "stop*1");
  ck_assert_int_eq(ask(100, 4), MP_OK);
  ck_assert_uint_eq(taken, 4);
  ck_assert_uint_eq(session.seen.broken, 1);
  ck_assert_uint_eq(meter_requests(m), 2);
}
END_TEST

/* A stray byte 00 may arrive at any time. */
START_TEST(answer_without_registers_is_taken)
{
  static const uint8_t zero[] = { 0 };

  ck_assert_int_eq(ask(200, 8), MP_OK);
  assert_ready_at_once();
  meter_say(m, zero, sizeof(zero));
  ck_assert_int_eq(ask(200, 8), MP_OK);
  ck_assert_uint_eq(taken, 0);
  ck_assert_uint_eq(session.seen.answers, 2);
}
END_TEST

/* ---- Meters that sleep --------------------------------------------------- */

/* Asks in a new session, which has no pause to keep. */
static int
ask_once(void)
{
  struct kmp_request request = {
    .address = KMP_ADDRESS_METER,
    .cid = KMP_GET_REGISTER,
    .count = 1,
    .ids = { 100 },
  };
  struct kmp_answer answer;

  begin_session();
  return session_ask(&session, &request, 1, &answer);
}

START_TEST(sleeping_402_ignores_requests_until_a_key_is_pressed)
{
  meter_sleep(m, "eye=4s");
  ck_assert_int_eq(ask_once(), MP_OK);
  usleep(300000);
  ck_assert_int_eq(ask_once(), MP_OK);
  usleep(4100000);
  ck_assert_int_eq(ask_once(), MP_DROP);
  ck_assert_int_eq(ask_once(), MP_DROP);
  meter_press_key(m);
  ck_assert_int_eq(ask_once(), MP_OK);
}
END_TEST

START_TEST(water_meter_ignores_requests_after_some_answers)
{
  meter_sleep(m, "water=2,2900ms"); /* the timeout is longer */
  ck_assert_int_eq(ask_once(), MP_OK);
  ck_assert_int_eq(ask_once(), MP_OK);
  ck_assert_int_eq(ask_once(), MP_DROP);
  ck_assert_int_eq(ask_once(), MP_OK);
  ck_assert_int_eq(ask_once(), MP_OK);
  ck_assert_int_eq(ask_once(), MP_DROP);
}
END_TEST

START_TEST(meter_403_ignores_requests_without_the_magnet)
{
  meter_sleep(m, "magnet");
  meter_fault(m, "echo");
  ck_assert_int_eq(ask_once(), MP_OK);
  ck_assert_int_eq(meter_move_magnet(m), 1);
  ck_assert_int_eq(ask_once(), MP_DROP);
  ck_assert_uint_eq(session.seen.echoes, 1);
  ck_assert_int_eq(meter_move_magnet(m), 0);
  ck_assert_int_eq(ask_once(), MP_OK);
}
END_TEST

START_TEST(invalid_sleep_options_are_refused)
{
  static const char *const wrong[] = {
    "",        "sleep",    "eye=",     "eye=0s",  "eye=5",     "eye=5days",
    "water=0", "water=2,", "magnet=1", "none=1s", "water=,5s", "ey",
  };

  for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
    ck_assert_msg(meter_try_sleep(m, wrong[i]) == -1, "%s", wrong[i]);
  ck_assert_int_eq(meter_try_sleep(m, "eye=30m"), 0);
  ck_assert_int_eq(meter_try_sleep(m, "water=5"), 0);
  ck_assert_int_eq(meter_try_sleep(m, "none"), 0);
}
END_TEST

/* ---- Requests that a meter does not answer ------------------------------- */

static void
say_to_meter(const char *bytes, size_t len)
{
  ck_assert_int_eq(port_write(port, (const uint8_t *)bytes, len), MP_OK);
}

/* KMP 2.3: the meter also ignores everything for 1.6 s after the last byte. */
START_TEST(meter_ignores_requests_after_an_invalid_one)
{
  say_to_meter("\x80\x3f\x10\x01\x00\x3c\xb2\x5e\x0d", 9);
  ck_assert_int_eq(ask_once(), MP_DROP);
  ck_assert_uint_eq(meter_requests(m), 0);
  ck_assert_uint_eq(meter_unheard(m), 2 * 9);
  usleep(1700000);
  ck_assert_int_eq(ask_once(), MP_OK);
}
END_TEST

/* KMP 2.3: a meter drops a request that has a pause of more than 27 ms. */
START_TEST(request_with_a_pause_inside_is_dropped)
{
  say_to_meter("\x80\x3f\x10\x01", 4);
  usleep(3000000);
  say_to_meter("\x00\x64\x69\xa2\x0d", 5);
  ck_assert_int_eq(ask_once(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 1);
}
END_TEST

START_TEST(another_address_is_not_answered)
{
  struct kmp_request request = { .address = 0x7f, .cid = KMP_GET_TYPE };
  struct kmp_answer answer;

  ck_assert_int_eq(session_ask(&session, &request, 1, &answer), MP_DROP);
  ck_assert_uint_eq(meter_requests(m), 1);
  ck_assert_uint_eq(session.seen.silences, 1);
}
END_TEST

/* PROTOCOL 6.1: a type, and its revision F1. */
START_TEST(emulated_meter_gives_a_learnt_answer_to_get_type)
{
  static const uint8_t learnt[] = { 0x40, 0x3f, 0x01, 0x00, 0x04, 0x1b,
                                    0xf9, 0x01, 0x26, 0x99, 0x0d };
  struct kmp_request request = { .address = KMP_ADDRESS_METER,
                                 .cid = KMP_GET_TYPE };
  struct kmp_answer answer;

  ck_assert_int_eq(meter_learn(m, learnt, sizeof(learnt)), 0);
  ck_assert_int_eq(session_ask(&session, &request, 1, &answer), MP_OK);
  ck_assert_uint_eq(answer.type, 4);
  ck_assert_uint_eq(answer.revision[0], 6);
  ck_assert_uint_eq(answer.revision[1], 1);
}
END_TEST

/* ---- Diagnoses ----------------------------------------------------------- */

static const struct {
  const char *outcome, *why;
  struct session_seen seen;
  int reason;
} diagnoses[] = {
  { "another program on the line",
    "requests of another program are on the line: let only one program read "
    "this meter",
    { .requests = 3, .silences = 1, .strangers = 2 },
    MP_EPROTO },
  { "answers",
    "requests without a reply: 2 of 3: align the head, and read at least "
    "every 30 minutes, or the eye switches off",
    { .requests = 3, .answers = 1, .silences = 2 },
    MP_ETIMEOUT },
  { "only 00 bytes",
    "only 00 bytes: 7 (requests sent: 2): the line is held low: check the "
    "polarity, wiring and supply of the head (dtr, rts), then press a button "
    "on the meter and check the position of the head",
    { .requests = 2, .silences = 2, .zeros = 7 },
    MP_EPROTO },
  { "only an echo",
    "only an echo (requests sent: 2): the head works",
    { .requests = 2, .silences = 2, .echoes = 2 },
    MP_ETIMEOUT },
};

START_TEST(diagnosis_names_the_cause_and_the_remedy)
{
  const struct session_seen nothing = { 0 };
  char why[256];

  session.seen = diagnoses[_i].seen;
  ck_assert_int_eq(session_diagnose(&session, why, sizeof(why)),
                   diagnoses[_i].reason);
  if (strncmp(why, diagnoses[_i].why, strlen(diagnoses[_i].why)) != 0)
    ck_assert_str_eq(why, diagnoses[_i].why);
  ck_assert_str_eq(session_outcome(&nothing, &session.seen),
                   diagnoses[_i].outcome);
}
END_TEST

/* ---- Deadlines and signals ----------------------------------------------- */

START_TEST(end_of_the_cycle_ends_the_wait)
{
  session.settings.timeout_ms = INT32_MAX;
  meter_fault(m, "silent");
  fake_host_set_deadline(h, 200);
  ck_assert_int_eq(ask(100, 8), MP_ETIMEOUT);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  ck_assert_ptr_nonnull(strstr(fake_host_log(h), "out of time"));
}
END_TEST

/* The deadline is to blame: the meter answered every request. */
START_TEST(out_of_time_after_good_answers_names_the_deadline)
{
  ck_assert_int_eq(ask(100, 8), MP_OK);
  fake_host_set_time_left(h, 0);
  ck_assert_int_eq(ask(108, 8), MP_ETIMEOUT);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  ck_assert_ptr_nonnull(strstr(fake_host_log(h),
                               "out of time after 1 replies: allow a longer "
                               "deadline in [pipeline]"));
}
END_TEST

/* The other end is not read, and its buffer is full. */
START_TEST(blocked_request_ends_with_the_cycle)
{
  static const uint8_t block[1024];
  const struct port_settings line = { .baud = 19200,
                                      .parity = 'N',
                                      .stop_bits = 2 };
  struct port_settings settings = line;
  const struct session_settings talk = session.settings;
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct port *full = NULL;
  char tty[64];

  ck_assert_int_ge(master, 0);
  ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
  ck_assert_int_eq(ptsname_r(master, tty, sizeof(tty)), 0);
  settings.device = tty;
  ck_assert_int_eq(port_open(&h->table, &settings, 0, &full), MP_OK);
  /* A small block may still fit when a large one does not. */
  for (size_t size = sizeof(block); size > 0; size /= 32) {
    fake_host_set_deadline(h, 100);
    while (port_write(full, block, size) == MP_OK)
      continue;
  }
  fake_host_set_deadline(h, 100);
  session_init(&session, &h->table, tty, full, &talk);
  ck_assert_int_eq(ask(100, 8), MP_ETIMEOUT);
  ck_assert_uint_eq(session.seen.requests, 0);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  ck_assert_ptr_nonnull(strstr(fake_host_log(h), "out of time"));
  port_close(full);
  close(master);
}
END_TEST

START_TEST(signal_ends_the_wait)
{
  fake_host_cancel(h);
  ck_assert_int_eq(ask(100, 8), MP_ECANCELED);
  ck_assert_uint_eq(fake_host_failures(h), 1);
}
END_TEST

/* At 1200 baud; bench/ measures the time beyond that of the line. */
START_TEST(session_waits_for_a_slow_line)
{
  int64_t begin;
  int64_t line_ms;

  session.settings.baud = 1200;
  meter_set_baud(m, 1200);
  meter_set_delay(m, 20);
  begin = port_clock();
  ck_assert_int_eq(ask(100, 8), MP_OK);
  ck_assert_int_eq(ask(108, 8), MP_OK);
  line_ms = (int64_t)meter_bytes(m) * 11 * 1000 / 1200;
  ck_assert_int_ge(port_clock() - begin, line_ms);
}
END_TEST

static Suite *
session_suite(void)
{
  Suite *suite = suite_create("session");
  TCase *talk = tcase_create("talk");

  tcase_add_checked_fixture(talk, setup, teardown);
  tcase_set_timeout(talk, 60);
  tcase_add_test(talk, good_requests_follow_each_other_at_once);
  tcase_add_test(talk, retry_waits_until_the_line_is_quiet);
  tcase_add_test(talk, meter_that_refuses_eight_is_read_in_halves);
  tcase_add_test(talk, late_answer_to_another_request_is_not_taken);
  tcase_add_test(talk, stale_bytes_are_thrown_away);
  tcase_add_test(talk, foreign_request_is_counted_and_own_one_is_answered);
  tcase_add_test(talk, timeout_of_an_answer_begins_after_the_echo);
  tcase_add_test(talk, answer_to_the_previous_request_is_not_taken);
  tcase_add_loop_test(talk, answer_cut_by_a_false_stop_byte_is_not_taken, 0, 2);
  tcase_add_test(talk, answer_without_registers_is_taken);
  tcase_add_test(talk, sleeping_402_ignores_requests_until_a_key_is_pressed);
  tcase_add_test(talk, water_meter_ignores_requests_after_some_answers);
  tcase_add_test(talk, meter_403_ignores_requests_without_the_magnet);
  tcase_add_test(talk, meter_ignores_requests_after_an_invalid_one);
  tcase_add_test(talk, request_with_a_pause_inside_is_dropped);
  tcase_add_test(talk, another_address_is_not_answered);
  tcase_add_test(talk, emulated_meter_gives_a_learnt_answer_to_get_type);
  tcase_add_test(talk, invalid_sleep_options_are_refused);
  tcase_add_loop_test(talk, diagnosis_names_the_cause_and_the_remedy, 0,
                      ARRAY_SIZE(diagnoses));
  tcase_add_test(talk, end_of_the_cycle_ends_the_wait);
  tcase_add_test(talk, out_of_time_after_good_answers_names_the_deadline);
  tcase_add_test(talk, blocked_request_ends_with_the_cycle);
  tcase_add_test(talk, signal_ends_the_wait);
  tcase_add_test(talk, session_waits_for_a_slow_line);
  suite_add_tcase(suite, talk);
  return suite;
}

int
main(void)
{
  return run_suite(session_suite());
}
