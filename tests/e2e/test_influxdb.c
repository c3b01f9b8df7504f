/*
 * The influxdb output and real servers: InfluxDB 1, and VictoriaMetrics.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/faults/proxy.h"
#include "tests/support/point_server.h"
#include "tests/support/run_suite.h"

/* The exit status that make check counts as "skipped". */
#define EX_SKIP 77

static struct sandbox *s;
static struct point_server *server;
static struct proxy *proxy;

static void
build_with(enum point_server_kind kind)
{
  s = sandbox_new();
  server = point_server_start(s, kind);
  proxy = proxy_start(daemon_port(point_server_daemon(server)));
}

static void
leave(void)
{
  proxy_stop(proxy);
  point_server_free(server);
  sandbox_free(s);
}

/* The pipeline "p.ini": the input of exec_sandbox.h, and an output that reaches
 * the server through the proxy. */
static void
write_pipeline(const char *options)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[output points]\nplugin = influxdb\napi = v1\n"
                           "database = home\nurl = http://127.0.0.1:%u\n%s"
                           "field.energy = meter.energy\n",
                proxy_port(proxy), options);
}

static const enum point_server_kind kinds[] = { INFLUXDB, VICTORIA_METRICS };

START_TEST(each_reading_is_one_point_at_its_own_time)
{
  build_with(kinds[_i]);
  write_pipeline("");
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  exec_run(s, "84.310");
  exec_check(s, EX_OK, "");
  ck_assert_str_eq(point_server_select(server, "energy"),
                   "1795342800000 84.208\n1795344000000 84.31\n");
}
END_TEST

static Suite *
influxdb_suite(void)
{
  Suite *suite = suite_create("influxdb");
  TCase *tc = tcase_create("influxdb");

  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, NULL, leave);
  tcase_add_loop_test(tc, each_reading_is_one_point_at_its_own_time, 0,
                      ARRAY_SIZE(kinds));
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
