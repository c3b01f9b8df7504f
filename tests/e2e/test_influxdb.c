/*
 * The influxdb output and real servers: InfluxDB 1, and VictoriaMetrics.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/faults/proxy.h"
#include "tests/support/capture_cycle.h"
#include "tests/support/http_stand_in.h"
#include "tests/support/point_server.h"
#include "tests/support/run_suite.h"
#include "tests/support/times_in.h"

static struct sandbox *s;
static struct point_server *server;
static struct proxy *proxy;
static struct http_stand_in *stand_in;

static void
build_with(enum point_server_kind kind)
{
  s = sandbox_new();
  server = point_server_start(s, kind);
  proxy = proxy_start(daemon_port(point_server_daemon(server)));
}

#define OUTPUT "[output points]\nplugin = influxdb\nurl = http://127.0.0.1:%u\n"
#define V1 "api = v1\ndatabase = home\n"

/* The pipeline "p.ini": the input of exec_sandbox.h, and an output at PORT. */
static void
write_pipeline(unsigned port, const char *options)
{
  char path[256];

  sandbox_write(s, "p.ini", EXEC_INPUT OUTPUT "%sfield.energy = meter.energy\n",
                port, options);
  snprintf(path, sizeof(path), "%s/p.ini", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0600), 0); /* it may have a token */
}

/* ---- A stand-in ---- */

/* What it does, and what it has accepted. */
static struct {
  enum { GOOD, AWAY, REFUSES_66, REFUSES_ALL, REVOKES, SMALL, BUSY } mode;
  unsigned requests;
  char accepted[1 << 20];
  char head[2048];
} site;

static struct stand_in_answer
judge(const struct stand_in_request *r)
{
  switch (site.mode) {
  case AWAY:
    return (struct stand_in_answer){ .status = 503, .body = "starting\n" };
  case REFUSES_66:
    if (!strstr(r->body, "=66 "))
      break;
    return (struct stand_in_answer){
      .status = 422,
      .body = "{\"code\":\"unprocessable entity\",\"message\":\"66 is out\"}"
    };
  case REFUSES_ALL:
    return (struct stand_in_answer){
      .status = 400,
      .body = "{\"code\":\"invalid\",\"message\":\"no points here\"}"
    };
  case REVOKES:
    if (site.requests == 1)
      break;
    return (struct stand_in_answer){
      .status = 401,
      .body = "{\"code\":\"unauthorized\",\"message\":\"revoked\"}"
    };
  case SMALL:
    if (times_in(r->body, "\n") <= 100)
      break;
    return (struct stand_in_answer){ .status = 413 };
  case BUSY:
    return (struct stand_in_answer){ .status = 429,
                                     .headers = "Retry-After: 3500\r\n" };
  default:
    break;
  }
  strcat(site.accepted, r->body);
  return (struct stand_in_answer){ .status = 204 };
}

static struct stand_in_answer
answer(void *ctx, const struct stand_in_request *r)
{
  (void)ctx;
  site.requests++;
  snprintf(site.head, sizeof(site.head), "%s", r->head);
  return judge(r);
}

static void
build_stand_in(void)
{
  s = sandbox_new();
  stand_in = http_stand_in_start(answer, NULL);
  write_pipeline(http_stand_in_port(stand_in),
                 "org = house\nbucket = heat meter\ntoken = top-secret\n");
}

static void
leave(void)
{
  proxy_stop(proxy);
  http_stand_in_stop(stand_in);
  point_server_free(server);
  sandbox_free(s);
}

/* Checks that the last run ended with STATUS, and WHAT about the stand-in. */
static void
check_error(int status, const char *what)
{
  char err[1024];

  snprintf(err, sizeof(err), "error: points: http://127.0.0.1:%u: %s\n",
           http_stand_in_port(stand_in), what);
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_int_eq(sandbox_status(s), status);
}

/* Runs with each of the readings while the server takes none. */
static void
queue_up(const char *const *readings, size_t n)
{
  site.mode = AWAY;
  for (size_t i = 0; i < n; i++) {
    exec_run(s, readings[i]);
    ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  }
}

static const enum point_server_kind kinds[] = { INFLUXDB, VICTORIA_METRICS };

START_TEST(each_reading_is_one_point_at_its_own_time)
{
  build_with(kinds[_i]);
  write_pipeline(proxy_port(proxy), V1);
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  exec_run(s, "84.310");
  exec_check(s, EX_OK, "");
  ck_assert_str_eq(point_server_select(server, "energy"),
                   "1795342800000 84.208\n1795344000000 84.31\n");
}
END_TEST

/* The answer to a point is lost, so the point is sent again. */
START_TEST(repeated_point_replaces_itself_only_in_influxdb)
{
  static const char *const shown[] = {
    [INFLUXDB] = "1795342800000 84.208\n1795344000000 84.31\n",
    [VICTORIA_METRICS] = "1795342800000 84.208\n1795342800000 84.208\n"
                         "1795344000000 84.31\n",
  };

  build_with(kinds[_i]);
  write_pipeline(proxy_port(proxy), V1);
  proxy_order(proxy, PROXY_CUT, PROXY_BACK, 0);
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  proxy_order(proxy, PROXY_PASS, PROXY_BACK, 0);
  exec_run(s, "84.310");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_str_eq(point_server_select(server, "energy"), shown[kinds[_i]]);
}
END_TEST

/* Older versions of VictoriaMetrics lose a line that they cannot read without a
 * word: 1.79 of Debian 12, but not 1.112 of Debian 13. */
START_TEST(unreadable_line_is_refused)
{
  char command[256], got[16] = "";
  FILE *f;

  build_with(kinds[_i]);
  snprintf(command, sizeof(command),
           "curl -sS -m 20 -o /dev/null -w '%%{http_code}' --data-binary "
           "'no point' 'http://127.0.0.1:%u/write?db=home'",
           daemon_port(point_server_daemon(server)));
  f = popen(command, "re");
  ck_assert_ptr_nonnull(f);
  ck_assert_ptr_nonnull(fgets(got, sizeof(got), f));
  pclose(f);
  ck_assert(strcmp(got, "400") == 0 ||
            (strcmp(got, "204") == 0 && kinds[_i] == VICTORIA_METRICS));
}
END_TEST

/* ---- A month ---- */

#define CYCLES 2160

/* Runs with cycles FROM to TO - 1. */
static void
run_cycles(uint32_t from, uint32_t to)
{
  char *text;
  size_t size;
  FILE *f = open_memstream(&text, &size);

  ck_assert_ptr_nonnull(f);
  for (uint32_t i = from; i < to; i++)
    capture_cycle_put(f, 1, i);
  fclose(f);
  sandbox_write(s, "month.capture", "%s", text);
  sandbox_run(s, "run -c month.ini");
  free(text);
}

/* InfluxDB logs each request. */
START_TEST(month_is_caught_up_in_ten_requests)
{
  struct daemon *daemon;
  unsigned before;

  build_with(kinds[_i]);
  daemon = point_server_daemon(server);
  sandbox_write(s, "month.ini",
                "[pipeline]\nstate_dir = %s/month\n"
                "[input meter]\nplugin = replay\npath = month.capture\n"
                "[output points]\nplugin = influxdb\napi = v1\n"
                "database = home\nurl = http://127.0.0.1:%u\n"
                "field.energy = meter.heat_energy_e1\n",
                sandbox_dir(s), daemon_port(daemon));
  daemon_kill(daemon);
  run_cycles(0, CYCLES);
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  daemon_restart(daemon);
  sandbox_advance(s, 1200);
  before = times_in(daemon_log(daemon), "POST /write");
  run_cycles(CYCLES, CYCLES + 1);
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  if (kinds[_i] == INFLUXDB)
    ck_assert_uint_le(times_in(daemon_log(daemon), "POST /write") - before, 10);
  ck_assert_uint_eq(times_in(point_server_select(server, "energy"), "\n"),
                    CYCLES + 1);
}
END_TEST

/* ---- Answers of InfluxDB 2 ---- */

START_TEST(request_is_that_of_version_2)
{
  build_stand_in();
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  ck_assert_ptr_nonnull(strstr(
    site.head, "POST /api/v2/write?org=house&bucket=heat%20meter&precision=ms "
               "HTTP/1.1\r\n"));
  ck_assert_ptr_nonnull(
    strstr(site.head, "\r\nAuthorization: Token top-secret\r\n"));
  ck_assert_str_eq(site.accepted, "heat_meter,meter=meter,serial=6789 "
                                  "energy=84.208 1795342800000\n");
}
END_TEST

START_TEST(refused_point_is_set_aside_and_can_be_retried)
{
  static const char *const readings[] = { "1", "66", "3" };

  build_stand_in();
  queue_up(readings, ARRAY_SIZE(readings));
  site.mode = REFUSES_66;
  exec_run(s, "4");
  ck_assert_int_eq(sandbox_status(s), EX_UNAVAILABLE);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), ": HTTP 422: 66 is out\n"));
  sandbox_run(s, "status --set-aside -c p.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "HTTP 422: 66 is out"));
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "66 GJ"));
  site.mode = GOOD;
  sandbox_run(s, "retry points -c p.ini");
  ck_assert_str_eq(
    sandbox_out(s),
    "points: 1 row is pending again; the next run sends it first\n");
  exec_run(s, "5");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_str_eq(
    site.accepted,
    "heat_meter,meter=meter,serial=6789 energy=1 1795342800000\n"
    "heat_meter,meter=meter,serial=6789 energy=3 1795345200000\n"
    "heat_meter,meter=meter,serial=6789 energy=4 1795346400000\n"
    "heat_meter,meter=meter,serial=6789 energy=66 1795344000000\n"
    "heat_meter,meter=meter,serial=6789 energy=5 1795347600000\n");
}
END_TEST

START_TEST(nothing_is_set_aside_when_every_point_is_refused)
{
  build_stand_in();
  for (int i = 0; i < 20; i++)
    queue_up((const char *const[]){ "84.208" }, 1);
  site.mode = REFUSES_ALL;
  exec_run(s, "84.208");
  check_error(EX_UNAVAILABLE, "the server refuses every record, so the options "
                              "may be wrong; all stay pending: HTTP 400: no "
                              "points here");
  site.mode = GOOD;
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_eq(times_in(site.accepted, "\n"), 22);
}
END_TEST

START_TEST(single_point_that_is_refused_stays_pending)
{
  build_stand_in();
  site.mode = REFUSES_ALL;
  exec_run(s, "84.208");
  check_error(EX_UNAVAILABLE, "HTTP 400: no points here");
  site.mode = GOOD;
  exec_run(s, "84.310");
  ck_assert_uint_eq(times_in(site.accepted, "\n"), 2);
}
END_TEST

/* 600 rows, in requests of at most 256. */
static void
queue_month(const char *options)
{
  char path[256];

  sandbox_write(s, "month.ini",
                "[pipeline]\nstate_dir = %s/month\n"
                "[input meter]\nplugin = replay\npath = month.capture\n" OUTPUT
                "%sfield.energy = meter.heat_energy_e1\n",
                sandbox_dir(s), http_stand_in_port(stand_in), options);
  snprintf(path, sizeof(path), "%s/month.ini", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0600), 0);
  site.mode = AWAY;
  run_cycles(0, 599);
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  sandbox_advance(s, 1200);
  site.requests = 0;
}

#define V2 "bucket = home\ntoken = top-secret\n"

START_TEST(token_that_is_revoked_in_a_backlog_sets_nothing_aside)
{
  build_stand_in();
  queue_month(V2);
  site.mode = REVOKES;
  run_cycles(599, 600);
  check_error(EX_UNAVAILABLE, "the server refuses the request; check the "
                              "options: HTTP 401: revoked");
  ck_assert_uint_eq(site.requests, 2);
  ck_assert_uint_eq(times_in(site.accepted, "\n"), 256);
  sandbox_run(s, "status --set-aside -c month.ini");
  ck_assert_str_eq(sandbox_out(s), "month.ini: no rows are set aside\n");
  site.mode = GOOD;
  run_cycles(600, 601);
  ck_assert_uint_eq(times_in(site.accepted, "\n"), 601);
}
END_TEST

START_TEST(batch_that_is_too_large_is_halved)
{
  build_stand_in();
  queue_month(V2);
  site.mode = SMALL;
  run_cycles(599, 600);
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_eq(times_in(site.accepted, "\n"), 600);
}
END_TEST

START_TEST(busy_server_is_left_alone_until_the_time_it_names)
{
  build_stand_in();
  site.mode = BUSY;
  exec_run(s, "84.208"); /* 10:20 */
  check_error(EX_TEMPFAIL, "the server cannot take the values now: HTTP 429");
  exec_run(s, "84.310");
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  exec_run(s, "84.410");
  ck_assert_uint_eq(site.requests, 1);
  site.mode = GOOD;
  exec_run(s, "84.510"); /* 11:20 */
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_eq(times_in(site.accepted, "\n"), 4);
}
END_TEST

/* ---- Accidents of InfluxDB ---- */

/* The server gets SIGKILL in the fifth request. */
static void
kill_in_fifth(void *ctx, unsigned line, enum proxy_way way, const uint8_t *buf,
              size_t len)
{
  (void)ctx, (void)line, (void)buf;
  if (way == PROXY_THERE && len > 5 && memcmp(buf, "POST ", 5) == 0 &&
      ++site.requests == 5)
    kill(daemon_pid(point_server_daemon(server)), SIGKILL);
}

START_TEST(server_that_dies_in_a_backlog_loses_nothing)
{
  build_with(INFLUXDB);
  sandbox_write(
    s, "month.ini",
    "[pipeline]\nstate_dir = %s/month\n"
    "[input meter]\nplugin = replay\npath = month.capture\n" OUTPUT V1
    "field.energy = meter.heat_energy_e1\n",
    sandbox_dir(s), proxy_port(proxy));
  daemon_kill(point_server_daemon(server));
  run_cycles(0, CYCLES);
  daemon_restart(point_server_daemon(server));
  site.requests = 0;
  proxy_on_bytes(proxy, kill_in_fifth, NULL);
  sandbox_advance(s, 1200);
  run_cycles(CYCLES, CYCLES + 1);
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  ck_assert_uint_ge(site.requests, 5);
  daemon_kill(point_server_daemon(server));
  daemon_restart(point_server_daemon(server));
  sandbox_advance(s, 1200);
  run_cycles(CYCLES + 1, CYCLES + 2);
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_eq(times_in(point_server_select(server, "energy"), "\n"),
                    CYCLES + 2);
}
END_TEST

static const enum proxy_what cuts[] = { PROXY_CUT, PROXY_RESET };

/* Each run delivers the reading before, and its own.  The sweeps of
 * tests/faults cut at each byte. */
START_TEST(cut_at_any_byte_neither_loses_nor_doubles)
{
  unsigned n = 0;

  build_with(INFLUXDB);
  write_pipeline(proxy_port(proxy), V1);
  for (int way = PROXY_THERE; way <= PROXY_BACK; way++)
    for (size_t at = 0; at == 0 || proxy_struck(proxy); at += 89) {
      proxy_order(proxy, cuts[_i], (enum proxy_way)way, at);
      exec_run(s, "84.208");
      proxy_settle(proxy);
      n++;
      /* Of a reply, the status line is enough. */
      ck_assert_msg(sandbox_status(s) == EX_TEMPFAIL || !proxy_struck(proxy) ||
                      way == PROXY_BACK,
                    "byte %zu, way %d: %d: %s", at, way, sandbox_status(s),
                    sandbox_err(s));
    }
  proxy_order(proxy, PROXY_PASS, PROXY_THERE, 0);
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_gt(n, 8);
  ck_assert_uint_eq(times_in(point_server_select(server, "energy"), "\n"),
                    n + 1);
}
END_TEST

/* ---- The content of a point ---- */

START_TEST(serial_number_is_left_out_while_it_is_unknown)
{
  build_with(INFLUXDB);
  write_pipeline(proxy_port(proxy), V1);
  daemon_kill(point_server_daemon(server));
  sandbox_advance(s, 1200);
  sandbox_write(s, "reading",
                "{\"field\":\"energy\",\"value\":\"84.208\",\"unit\":\"GJ\","
                "\"kind\":\"counter\",\"time\":\"2026-11-22T10:20:00Z\"}\n");
  sandbox_run(s, "run -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  daemon_restart(point_server_daemon(server));
  exec_run(s, "84.310");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_str_eq(
    point_server_query(server, "select energy, serial from heat_meter"),
    "name,tags,time,energy,serial\n"
    "heat_meter,,1795342800000,84.208,\n"
    "heat_meter,,1795344000000,84.31,6789\n");
}
END_TEST

#define TEXT_READING                                                           \
  "{\"field\":\"energy\",\"value\":\"84.208\",\"unit\":\"GJ\"}\n"              \
  "{\"field\":\"state\",\"text\":\"a \\\"b\\\\ c\","                           \
  "\"time\":\"2026-11-22T10:00:00Z\"}\n"

START_TEST(text_is_written_on_demand)
{
  build_with(INFLUXDB);
  write_pipeline(proxy_port(proxy),
                 V1 "texts = yes\nfield.state = meter.state\n");
  sandbox_write(s, "reading", TEXT_READING);
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_OK, "");
  ck_assert_str_eq(point_server_query(server, "select state from heat_meter"),
                   "name,tags,time,state\nheat_meter,,1795341600000,"
                   "\"a \"\"b\\ c\"\n");
}
END_TEST

START_TEST(text_is_refused_otherwise)
{
  build_stand_in();
  write_pipeline(http_stand_in_port(stand_in),
                 V2 "field.state = meter.state\n");
  sandbox_write(s, "reading", TEXT_READING);
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_CONFIG,
             "error: points: field.state: is a text; set `texts = yes`, or "
             "remove it (p.ini:9)\n");
}
END_TEST

static Suite *
influxdb_suite(void)
{
  Suite *suite = suite_create("influxdb");
  TCase *tc = tcase_create("influxdb");

  tcase_set_timeout(tc, 300);
  tcase_add_checked_fixture(tc, NULL, leave);
  tcase_add_loop_test(tc, each_reading_is_one_point_at_its_own_time, 0,
                      ARRAY_SIZE(kinds));
  tcase_add_loop_test(tc, repeated_point_replaces_itself_only_in_influxdb, 0,
                      ARRAY_SIZE(kinds));
  tcase_add_loop_test(tc, unreadable_line_is_refused, 0, ARRAY_SIZE(kinds));
  tcase_add_loop_test(tc, month_is_caught_up_in_ten_requests, 0,
                      ARRAY_SIZE(kinds));
  tcase_add_test(tc, request_is_that_of_version_2);
  tcase_add_test(tc, refused_point_is_set_aside_and_can_be_retried);
  tcase_add_test(tc, nothing_is_set_aside_when_every_point_is_refused);
  tcase_add_test(tc, single_point_that_is_refused_stays_pending);
  tcase_add_test(tc, token_that_is_revoked_in_a_backlog_sets_nothing_aside);
  tcase_add_test(tc, batch_that_is_too_large_is_halved);
  tcase_add_test(tc, busy_server_is_left_alone_until_the_time_it_names);
  tcase_add_test(tc, server_that_dies_in_a_backlog_loses_nothing);
  tcase_add_test(tc, serial_number_is_left_out_while_it_is_unknown);
  tcase_add_test(tc, text_is_written_on_demand);
  tcase_add_test(tc, text_is_refused_otherwise);
  tcase_add_loop_test(tc, cut_at_any_byte_neither_loses_nor_doubles, 0,
                      ARRAY_SIZE(cuts));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  if (!point_server_is_there()) {
    fputs("skipped: there is no InfluxDB, or no VictoriaMetrics\n", stderr);
    return EX_SKIP;
  }
  return run_suite(influxdb_suite());
}
