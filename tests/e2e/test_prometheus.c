/*
 * The prometheus output: its file, promtool, and a real node-exporter.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/daemon.h"
#include "tests/support/run_suite.h"

#define EXPORTER "/usr/bin/prometheus-node-exporter"

static struct sandbox *s;
static struct daemon *exporter;

static void
build(void)
{
  char path[256];

  s = sandbox_new();
  snprintf(path, sizeof(path), "%s/files", sandbox_dir(s));
  ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void
leave(void)
{
  daemon_free(exporter);
  exporter = NULL;
  sandbox_free(s);
}

/* Writes the pipeline NAME.ini, with the file files/NAME.prom and TARGETS. */
static void
write_pipeline(const char *name, const char *targets)
{
  char file[64];

  snprintf(file, sizeof(file), "%s.ini", name);
  sandbox_write(s, file,
                EXEC_INPUT "[output prom]\nplugin = prometheus\n"
                           "path = %s/files/%s.prom\n%s",
                sandbox_dir(s), name, targets);
}

static void
run(const char *name, const char *lines)
{
  sandbox_advance(s, 1200);
  sandbox_write(s, "reading", "%s", lines);
  sandbox_run(s, "run -c %s.ini", name);
}

#define ENERGY                                                                 \
  "{\"field\":\"energy\",\"value\":\"84.208\",\"unit\":\"GJ\","                \
  "\"kind\":\"counter\",\"time\":\"2026-11-22T10:20:00Z\",\"serial\":\"68\"}"  \
  "\n"
#define FLOW                                                                   \
  "{\"field\":\"flow\",\"value\":\"267\",\"unit\":\"l/h\",\"kind\":\"gauge\"," \
  "\"time\":\"2026-11-22T10:20:00Z\",\"serial\":\"68\"}\n"
#define LABELS(name) "{pipeline=\"" name "\",meter=\"meter\",serial=\"68\"} "

START_TEST(file_has_the_last_values_in_base_units)
{
  write_pipeline("house", "metric.heat_energy = meter.energy\n"
                          "metric.flow = meter.flow\n");
  run("house", ENERGY FLOW);
  exec_check(s, EX_OK, "");
  ck_assert_str_eq(
    sandbox_read(s, "files/house.prom"),
    "# HELP meterpipe_heat_energy_joules_total A value that meterpipe read "
    "from a meter.\n"
    "# TYPE meterpipe_heat_energy_joules_total counter\n"
    "meterpipe_heat_energy_joules_total" LABELS(
      "house") "84208000000\n"
               "# HELP meterpipe_flow_cubic_meters_per_second A value that "
               "meterpipe read "
               "from a meter.\n"
               "# TYPE meterpipe_flow_cubic_meters_per_second gauge\n"
               "meterpipe_flow_cubic_meters_per_second" LABELS(
                 "house") "0.000074166667\n"
                          "# HELP meterpipe_reading_timestamp_seconds A value "
                          "that meterpipe read "
                          "from a meter.\n"
                          "# TYPE meterpipe_reading_timestamp_seconds gauge\n"
                          "meterpipe_reading_timestamp_seconds" LABELS(
                            "house") "1795342800.000\n");
  ck_assert_str_eq(
    sandbox_output_of(s, "promtool check metrics <files/house.prom"), "");
}
END_TEST

START_TEST(value_that_was_not_read_keeps_its_last_one)
{
  write_pipeline("house", "metric.heat_energy = meter.energy\n"
                          "metric.flow = meter.flow\n");
  run("house", ENERGY FLOW);
  run("house", ENERGY);
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(s, "files/house.prom"), "0.000074166667\n"));
}
END_TEST

static void
start_exporter(void)
{
  static const char *const words[] = {
    EXPORTER,
    "--collector.disable-defaults",
    "--collector.textfile",
    "--collector.textfile.directory=files",
    "--web.listen-address=127.0.0.1:{port}",
    NULL,
  };

  exporter = daemon_start(s, "exporter", words, NULL, NULL);
}

START_TEST(exporter_shows_the_files_of_two_pipelines)
{
  char command[128];
  const char *shown;

  write_pipeline("house", "metric.heat_energy = meter.energy\n");
  write_pipeline("barn", "metric.heat_energy = meter.energy\n"
                         "metric.flow = meter.flow\n");
  run("house", ENERGY);
  run("barn", ENERGY FLOW);
  start_exporter();
  snprintf(command, sizeof(command),
           "curl -sS -m 20 http://127.0.0.1:%u/metrics", daemon_port(exporter));
  shown = sandbox_output_of(s, command);
  ck_assert_ptr_nonnull(strstr(shown, "\nmeterpipe_heat_energy_joules_total{"
                                      "meter=\"meter\",pipeline=\"house\","
                                      "serial=\"68\"} 8.4208e+10\n"));
  ck_assert_ptr_nonnull(strstr(shown, "\nmeterpipe_heat_energy_joules_total{"
                                      "meter=\"meter\",pipeline=\"barn\","
                                      "serial=\"68\"} 8.4208e+10\n"));
  ck_assert_ptr_nonnull(strstr(shown, "\nmeterpipe_flow_cubic_meters_per_"
                                      "second{"));
  ck_assert_ptr_nonnull(strstr(shown, "\nnode_textfile_scrape_error 0\n"));
  ck_assert_ptr_null(strstr(daemon_log(exporter), "level=error"));
}
END_TEST

static const struct {
  const char *targets, *err;
} refused[] = {
  { "metric.usage = usage\n[transform usage]\nplugin = subtract\n"
    "value = meter.energy\nminus = log.energy\n[output log]\nplugin = csv\n"
    "path = log.csv\ncolumn.energy = meter.energy\n",
    "error: prom: metric.usage: is an amount; give Prometheus the counter "
    "instead, and let queries compute amounts (p.ini:7)\n" },
  { "metric.Energy = meter.energy\n",
    "error: prom: metric.Energy: \"Energy\" can only have a-z, 0-9 and _; give "
    "another name with metric.Energy.name (p.ini:7)\n" },
  { "metric.a = meter.energy\nmetric.b = meter.energy\nmetric.b.name = a\n",
    "error: prom: metric.b: is the same series as metric.a; give another name "
    "with metric.b.name (p.ini:8)\n" },
};

START_TEST(target_that_prometheus_cannot_store_is_refused)
{
  write_pipeline("p", refused[_i].targets);
  exec_run(s, "84.208");
  if (strstr(refused[_i].targets, "usage")) /* now it is known */
    exec_run(s, "84.310");
  exec_check(s, EX_CONFIG, refused[_i].err);
}
END_TEST

START_TEST(text_is_refused)
{
  sandbox_write(s, "p.ini",
                "[input k]\nplugin = kmp\ndevice = nowhere\n"
                "[output prom]\nplugin = prometheus\npath = p.prom\n"
                "metric.info = k.info_text\n");
  sandbox_run(s, "check -c p.ini");
  ck_assert_msg(strstr(sandbox_err(s),
                       "error: prom: metric.info: is a text, which Prometheus "
                       "cannot store; remove it (p.ini:7)\n"),
                "%s", sandbox_err(s));
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
}
END_TEST

START_TEST(check_names_the_command_that_gives_access)
{
  char path[256];

  write_pipeline("house", "metric.heat_energy = meter.energy\n");
  snprintf(path, sizeof(path), "%s/files", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0555), 0);
  sandbox_become_nobody(s);
  sandbox_run(s, "check -c house.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "as root: chgrp "));
}
END_TEST

static Suite *
prometheus_suite(void)
{
  Suite *suite = suite_create("prometheus");
  TCase *tc = tcase_create("prometheus");

  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, file_has_the_last_values_in_base_units);
  tcase_add_test(tc, value_that_was_not_read_keeps_its_last_one);
  tcase_add_test(tc, exporter_shows_the_files_of_two_pipelines);
  tcase_add_loop_test(tc, target_that_prometheus_cannot_store_is_refused, 0,
                      ARRAY_SIZE(refused));
  tcase_add_test(tc, text_is_refused);
  tcase_add_test(tc, check_names_the_command_that_gives_access);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  if (access(EXPORTER, X_OK) != 0 ||
      system("command -v promtool curl >/dev/null") != 0) {
    fputs("skipped: there is no node-exporter, or no promtool\n", stderr);
    return EX_SKIP;
  }
  return run_suite(prometheus_suite());
}
