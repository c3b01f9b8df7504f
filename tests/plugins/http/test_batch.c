/* What becomes of records by the answers of a server. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/http/batch.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"
#include "tests/support/run_suite.h"

static const struct mp_plugin no_plugin = {
  .abi_version = MP_ABI_VERSION,
  .struct_size = sizeof(no_plugin),
};

static struct fake_host *host;
static struct fake_sink *sink;
static unsigned requests;

static void
build(void)
{
  host = fake_host_new(&no_plugin, "out");
  fake_host_set_now(host, 1000000);
  sink = fake_sink_new(&host->table);
  requests = 0;
}

static void
leave(void)
{
  fake_sink_free(sink);
  fake_host_free(host);
}

/*
 * Records as letters, by which a server answers a request that has them: the
 * first of these that one of the records is.
 *
 *     u  not authorized    r  refuses the record    b  busy, for an hour
 *     n  no answer, after all was sent              c  cannot be reached
 *     o  200 instead of 204                         g  good
 */
static struct http_answer
answer_of(char letter)
{
  switch (letter) {
  case 'u':
    return (struct http_answer){ .status = 401, .body = "{}", .len = 2 };
  case 'r':
    return (struct http_answer){ .status = 422,
                                 .body = "{\"message\":\"no\"}",
                                 .len = 16 };
  case 'b':
    return (struct http_answer){ .status = 503, .retry_after_s = 3600 };
  case 'n':
    return (struct http_answer){ .code = MP_ETIMEOUT,
                                 .sent = true,
                                 .what = "no reply" };
  case 'c':
    return (struct http_answer){ .code = MP_EAGAIN, .what = "refused" };
  case 'o':
    return (struct http_answer){ .status = 200 };
  default:
    return (struct http_answer){ .status = 204 };
  }
}

static void
send_records(void *ctx, uint32_t first, uint32_t n, struct http_answer *ret)
{
  const char *records = ctx;

  requests++;
  for (const char *letter = "urbnco"; *letter; letter++)
    if (memchr(records + first, *letter, n)) {
      *ret = answer_of(*letter);
      return;
    }
  *ret = answer_of('g');
}

static int
send_all(const char *records, bool is_live, uint32_t most)
{
  char copy[64];
  const struct batch batch = { .host = &host->table,
                               .url = "http://site",
                               .send = send_records,
                               .ctx = copy,
                               .success = 204,
                               .most = most,
                               .is_live = is_live };

  snprintf(copy, sizeof(copy), "%s", records);
  return batch_send(&batch, (uint32_t)strlen(records), &sink->output);
}

/* A accepted, S set aside, R rejected, P perhaps, - not sent. */
static const char *
results(size_t n)
{
  static const char letters[] = {
    [MP_ACCEPTED] = 'A', [MP_SET_ASIDE] = 'S', [MP_REJECTED] = 'R',
    [MP_PERHAPS] = 'P',  [MP_NOT_SENT] = '-',
  };
  static char text[64];

  for (size_t i = 0; i < n; i++)
    text[i] = letters[fake_sink_result(sink, (uint32_t)i, 0)];
  text[n] = '\0';
  return text;
}

#define R15 "rrrrrrrrrrrrrrr"
#define S15 "SSSSSSSSSSSSSSS"

static const struct {
  const char *records, *results;
  int answer;
  const char *log; /* its last line begins so */
} rows[] = {
  { "", "", MP_OK, "" },
  { "gggg", "AAAA", MP_OK, "" },
  { "ggrgg", "AASAA", MP_OK, "error: out: http://site: HTTP 422: no\n" },
  { "rg", "SA", MP_OK, "error: out: http://site: HTTP 422: no\n" },
  { "gr", "AS", MP_OK, "error: out: http://site: HTTP 422: no\n" },
  /* None was accepted: the options may be wrong. */
  { "r", "R", MP_OK, "error: out: http://site: HTTP 422: no\n" },
  { "rr", "RR", MP_OK, "error: out: http://site: HTTP 422: no\n" },
  { R15 "g", S15 "A", MP_OK, "error: out: http://site: HTTP 422: no\n" },
  { "g" R15, "A" S15, MP_OK, "error: out: http://site: HTTP 422: no\n" },
  { "g" R15 "r", "ARRRRRRRRRRRRRRRR", MP_OK,
    "error: out: http://site: HTTP 422: no\n" },
  { R15 "rg", "-----------------", MP_EREFUSED,
    "error: out: http://site: the server refuses every record, so the options "
    "may be wrong; all stay pending: HTTP 422: no\n" },
  { "ggug", "----", MP_EREFUSED,
    "error: out: http://site: the server refuses the request; check the "
    "options: HTTP 401: {}\n" },
  { "gogg", "----", MP_EREFUSED,
    "error: out: http://site: the server refuses the request; check the "
    "options: HTTP 200\n" },
  { "rgbg", "SA--", MP_EAGAIN, "" },
  { "gb", "--", MP_EAGAIN,
    "error: out: http://site: the server cannot take the values now: HTTP "
    "503\n" },
  { "gn", "PP", MP_ETIMEOUT, "error: out: http://site: no reply\n" },
  { "rgng", "SAPP", MP_ETIMEOUT, "" },
  { "gc", "--", MP_EAGAIN, "error: out: http://site: refused\n" },
};

START_TEST(results_follow_from_the_answers)
{
  const char *log;

  ck_assert_int_eq(send_all(rows[_i].records, false, 0), rows[_i].answer);
  ck_assert_str_eq(results(strlen(rows[_i].records)), rows[_i].results);
  log = fake_host_log(host);
  ck_assert_int_ge(strlen(log), strlen(rows[_i].log));
  ck_assert_str_eq(rows[_i].log[0] ? log + strlen(log) - strlen(rows[_i].log)
                                   : "",
                   rows[_i].log);
}
END_TEST

START_TEST(refused_live_record_is_rejected)
{
  ck_assert_int_eq(send_all("grg", true, 0), MP_OK);
  ck_assert_str_eq(results(3), "ARA");
}
END_TEST

/* Of one request a record: the answers to the others are not touched. */
static const struct {
  const char *records, *results;
  unsigned requests;
} single_rows[] = {
  { "ggg", "AAA", 3 },
  { "grg", "ASA", 3 },
  { "gbg", "A--", 2 },
  { "gng", "AP-", 2 },
  { "gug", "A--", 2 },
  { "r", "R", 1 },
  { R15 "rg", "-----------------", 16 },
};

START_TEST(records_are_sent_one_by_one)
{
  send_all(single_rows[_i].records, false, 1);
  ck_assert_str_eq(results(strlen(single_rows[_i].records)),
                   single_rows[_i].results);
  ck_assert_uint_eq(requests, single_rows[_i].requests);
}
END_TEST

START_TEST(nothing_is_sent_before_the_time_that_the_server_named)
{
  send_all("b", false, 0);
  ck_assert_uint_eq(requests, 1);
  fake_host_set_now(host, 1000000 + 3599000);
  ck_assert_int_eq(send_all("g", false, 0), MP_EAGAIN);
  ck_assert_str_eq(results(1), "-");
  ck_assert_uint_eq(requests, 1);
  fake_host_set_now(host, 1000000 + 3600000);
  ck_assert_int_eq(send_all("g", false, 0), MP_OK);
  ck_assert_uint_eq(requests, 2);
}
END_TEST

/* The clock was set back: the stored time proves nothing. */
START_TEST(time_that_is_more_than_a_day_away_is_ignored)
{
  fake_host_store(host, "retry_after", "99999999999999");
  ck_assert_int_eq(send_all("g", false, 0), MP_OK);
}
END_TEST

static Suite *
batch_suite(void)
{
  Suite *suite = suite_create("batch");
  TCase *tc = tcase_create("batch");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_loop_test(tc, results_follow_from_the_answers, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, refused_live_record_is_rejected);
  tcase_add_loop_test(tc, records_are_sent_one_by_one, 0,
                      ARRAY_SIZE(single_rows));
  tcase_add_test(tc, nothing_is_sent_before_the_time_that_the_server_named);
  tcase_add_test(tc, time_that_is_more_than_a_day_away_is_ignored);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(batch_suite());
}
