/*
 * Trying a pipeline: run -n and --replay show what would be delivered, and
 * deliver and store nothing.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/emulator/meter.h"
#include "tests/support/domoticz_server.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

#define INTERVAL 1200
/* A port of this machine that nothing listens on. */
#define NO_SERVER "http://127.0.0.1:9"

/* Register 60: 84.208, 84.308 and 84.558 GJ, 20 minutes apart. */
#define CAPTURE                                                                \
  "# meterpipe capture 1 meter\n\n"                                            \
  "2026-11-22T10:00:00Z < 40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d\n\n"    \
  "2026-11-22T10:20:00Z < 40 3f 10 00 3c 08 04 43 00 01 49 54 47 2a 0d\n\n"    \
  "2026-11-22T10:40:00Z < 40 3f 10 00 3c 08 04 43 00 01 4a 4e a1 02 0d\n"

static struct sandbox *s;
static struct meter *m;
static struct domoticz_server *server;

static void
setup(void)
{
  s = sandbox_new();
  m = meter_start();
  meter_set(m, "60=84.208GJ");
  meter_set(m, "1001=68500001");
  server = domoticz_server_start(DOMOTICZ_2025_1);
  domoticz_server_set_clock(server, sandbox_now(s) - INTERVAL);
  domoticz_server_add(server, 323, "counter-custom", "GJ");
  domoticz_server_add(server, 322, "custom", "GJ");
  domoticz_server_add(server, 327, "counter-custom", "GJ");
  domoticz_server_set_clock(server, sandbox_now(s));
}

static void
teardown(void)
{
  domoticz_server_stop(server);
  meter_stop(m);
  sandbox_free(s);
}

/* The pipeline of the manual: usage and total into Domoticz, and a file. */
static void
write_pipeline(const char *device, const char *url)
{
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n"
                "[transform usage]\nplugin = subtract\n"
                "value = meter.heat_energy_e1\nminus = domoticz.323\n"
                "[transform total]\nplugin = add\n"
                "value = usage\nplus = domoticz.327\n"
                "[output domoticz]\nplugin = domoticz\nurl = %s\n"
                "idx.323 = meter.heat_energy_e1\nidx.322 = usage\n"
                "idx.327 = total\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.heat_energy_e1\ncolumn.usage = usage\n",
                device, url);
}

static void
next_interval(void)
{
  sandbox_advance(s, INTERVAL);
  domoticz_server_advance(server, INTERVAL);
}

static void
check(int status, const char *out, const char *err)
{
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_str_eq(sandbox_out(s), out);
  ck_assert_int_eq(sandbox_status(s), status);
}

/* ---- Files of the sandbox -------------------------------------------------
 */

/* Leaves out the files of attempts: a dry run reads the meter, so it counts. */
static int
is_visible(const struct dirent *entry)
{
  return entry->d_name[0] != '.' &&
         strncmp(entry->d_name, "attempts-", strlen("attempts-")) != 0;
}

static uint32_t
sum_of_file(const char *name)
{
  char path[512];
  uint32_t sum = 2166136261u;
  FILE *f;

  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(s), name);
  f = fopen(path, "re");
  ck_assert_ptr_nonnull(f);
  for (int c = getc(f); c != EOF; c = getc(f))
    sum = (sum ^ (uint32_t)c) * 16777619u;
  fclose(f);
  return sum;
}

/* Lists the sandbox's files, each with a checksum. */
static void
describe_files(char *buf, size_t size)
{
  struct dirent **entries;
  int n = scandir(sandbox_dir(s), &entries, is_visible, alphasort);
  size_t len = 0;

  ck_assert_int_ge(n, 0);
  for (int i = 0; i < n; i++) {
    len +=
      (size_t)snprintf(buf + len, size - len, "%s %08x\n", entries[i]->d_name,
                       (unsigned)sum_of_file(entries[i]->d_name));
    ck_assert_uint_lt(len, size);
    free(entries[i]);
  }
  free(entries);
}

/* Runs the program with ARGS, and checks that no file has changed. */
static void
run_without_a_trace(const char *args)
{
  char before[1024], after[1024];

  describe_files(before, sizeof(before));
  sandbox_run(s, "%s", args);
  describe_files(after, sizeof(after));
  ck_assert_str_eq(after, before);
}

/* ---- Without meter and server ------------------------------------------- */

#define SHOWN                                                                  \
  "# 2026-11-22T10:00:00Z\n"                                                   \
  "domoticz.323 84.208 GJ\n"                                                   \
  "log.energy 84.208 GJ\n"                                                     \
  "# 2026-11-22T10:20:00Z\n"                                                   \
  "domoticz.323 84.308 GJ\n"                                                   \
  "domoticz.322 0.100 GJ\n"                                                    \
  "domoticz.327 0.100 GJ\n"                                                    \
  "log.energy 84.308 GJ\n"                                                     \
  "log.usage 0.100 GJ\n"                                                       \
  "# 2026-11-22T10:40:00Z\n"                                                   \
  "domoticz.323 84.558 GJ\n"                                                   \
  "domoticz.322 0.250 GJ\n"                                                    \
  "domoticz.327 0.350 GJ\n"                                                    \
  "log.energy 84.558 GJ\n"                                                     \
  "log.usage 0.250 GJ\n"

START_TEST(offline_replay_needs_no_meter_and_no_server)
{
  sandbox_write(s, "meter.capture", CAPTURE);
  write_pipeline("nowhere", NO_SERVER);
  run_without_a_trace("run -n --offline -c house.ini --replay meter.capture");
  check(0, SHOWN, "");
}
END_TEST

START_TEST(total_with_first_skip_continues_in_the_next_cycle)
{
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = /dev/none\n"
                "[transform total]\nplugin = add\nvalue = meter.60\n"
                "plus = domoticz.327\nfirst = skip\n"
                "[output domoticz]\nplugin = domoticz\nurl = %s\n"
                "idx.327 = total\n",
                NO_SERVER);
  sandbox_write(s, "house.capture", CAPTURE);
  sandbox_run(s, "run -n --offline -c house.ini --replay house.capture");
  check(0,
        "# 2026-11-22T10:00:00Z\n"
        "# 2026-11-22T10:20:00Z\n"
        "domoticz.327 84.308 GJ\n"
        "# 2026-11-22T10:40:00Z\n"
        "domoticz.327 168.866 GJ\n",
        "");
}
END_TEST

START_TEST(dry_replay_fetches_from_the_server_once)
{
  sandbox_write(s, "meter.capture", CAPTURE);
  write_pipeline("nowhere", domoticz_server_url(server));
  run_without_a_trace("run -n -c house.ini --replay meter.capture");
  check(0, SHOWN, "");
  ck_assert_uint_eq(domoticz_server_requests(server), 1);
  ck_assert_uint_eq(domoticz_server_count(server, "udevice"), 0);
}
END_TEST

/* ---- Against meter and server ------------------------------------------- */

START_TEST(dry_run_delivers_and_records_nothing)
{
  write_pipeline(meter_path(m), domoticz_server_url(server));
  run_without_a_trace("run -n -c house.ini");
  check(0, "domoticz.323 84.208 GJ\nlog.energy 84.208 GJ\n", "");
  ck_assert_uint_eq(domoticz_server_count(server, "udevice"), 0);
  ck_assert_uint_eq(domoticz_server_writes(server, 323), 0);
}
END_TEST

START_TEST(dry_run_uses_the_state_and_does_not_change_it)
{
  write_pipeline(meter_path(m), domoticz_server_url(server));
  sandbox_run(s, "run -c house.ini");
  check(0, "", "");
  next_interval();
  meter_set(m, "60=84.308GJ");
  for (int i = 0; i < 2; i++) {
    run_without_a_trace("run -n -c house.ini");
    check(0,
          "domoticz.323 84.308 GJ\ndomoticz.322 0.100 GJ\n"
          "domoticz.327 0.100 GJ\nlog.energy 84.308 GJ\n"
          "log.usage 0.100 GJ\n",
          "");
  }
  sandbox_run(s, "run -c house.ini");
  check(0, "", "");
  ck_assert_str_eq(domoticz_server_get(server, 323), "84308");
  ck_assert_str_eq(domoticz_server_get(server, 322), "0.100");
  ck_assert_str_eq(domoticz_server_get(server, 327), "100");
  ck_assert_uint_eq(domoticz_server_writes(server, 323), 2);
}
END_TEST

START_TEST(offline_dry_run_uses_the_state)
{
  write_pipeline(meter_path(m), domoticz_server_url(server));
  sandbox_run(s, "run -c house.ini");
  check(0, "", "");
  next_interval();
  meter_set(m, "60=84.308GJ");
  domoticz_server_forget(server);
  run_without_a_trace("run -n --offline -c house.ini");
  check(0,
        "domoticz.323 84.308 GJ\ndomoticz.322 0.100 GJ\n"
        "domoticz.327 0.100 GJ\nlog.energy 84.308 GJ\n"
        "log.usage 0.100 GJ\n",
        "");
  ck_assert_uint_eq(domoticz_server_requests(server), 0);
}
END_TEST

/* ---- --replay ----------------------------------------------------------- */

static const struct {
  const char *args;
  int status;
  const char *err;
} refused[] = {
  { "run -c house.ini --replay meter.capture", 64,
    "error: domoticz: --replay would deliver old readings to it: add -n to see "
    "what would be delivered\n" },
  { "run -n --offline -c house.ini --replay other=meter.capture", 64,
    "error: --replay: there is no input \"other\" in house.ini\n" },
  { "run -n --offline -c house.ini --replay log=meter.capture", 64,
    "error: --replay: there is no input \"log\" in house.ini\n" },
  { "run --offline -c house.ini", 64,
    "error: --offline needs -n: nothing can be delivered without contacting "
    "the outputs\n"
    "Usage: meterpipe run [-c FILE] [-n [--offline]] [--replay "
    "[INPUT=]FILE]... "
    "[--every DURATION]\n" },
  { "run -n --offline -c house.ini --replay nowhere.capture", 66,
    "error: meter: nowhere.capture: there is no such file\n" },
};

START_TEST(invalid_replay_options_are_refused)
{
  sandbox_write(s, "meter.capture", CAPTURE);
  write_pipeline("nowhere", NO_SERVER);
  run_without_a_trace(refused[_i].args);
  check(refused[_i].status, "", refused[_i].err);
}
END_TEST

START_TEST(replay_is_delivered_to_files)
{
  sandbox_write(s, "meter.capture", CAPTURE);
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = nowhere\n"
                "[transform usage]\nplugin = subtract\n"
                "value = meter.60\nminus = log.energy\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.60\ncolumn.usage = usage\n");
  sandbox_run(s, "run -c house.ini --replay meter.capture");
  check(0, "", "");
  ck_assert_str_eq(sandbox_read(s, "heat.csv"),
                   "time,energy,usage\n"
                   "2026-11-22T10:00:00Z,84.208,\n"
                   "2026-11-22T10:20:00Z,84.308,0.100\n"
                   "2026-11-22T10:40:00Z,84.558,0.250\n");
  ck_assert(!sandbox_exists(s, "house.db"));
}
END_TEST

START_TEST(each_input_can_have_its_own_capture)
{
  sandbox_write(s, "east.capture", CAPTURE);
  /* One cycle: 1422.53 m3. */
  sandbox_write(
    s, "west.capture",
    "2026-11-22T10:00:00Z < 40 3f 10 00 44 28 04 42 00 02 2b ad 67 75 "
    "0d\n");
  sandbox_write(s, "house.ini",
                "[input east]\nplugin = kmp\ndevice = nowhere\nfields = 60\n"
                "[input west]\nplugin = kmp\ndevice = nowhere\nfields = 68\n"
                "[output show]\nplugin = stdout\nformat = line\n");
  sandbox_run(s, "run -c house.ini --replay east=east.capture "
                 "--replay west=west.capture");
  check(0,
        "east.heat_energy_e1 84.208 GJ\nwest.volume_v1 1422.53 m³\n"
        "east.heat_energy_e1 84.308 GJ\neast.heat_energy_e1 84.558 GJ\n",
        "");
}
END_TEST

START_TEST(input_without_a_capture_is_read_from_its_meter)
{
  sandbox_write(
    s, "west.capture",
    "2026-11-22T10:00:00Z < 40 3f 10 00 44 28 04 42 00 02 2b ad 67 75 "
    "0d\n");
  sandbox_write(s, "house.ini",
                "[input east]\nplugin = kmp\ndevice = %s\nfields = 60\n"
                "[input west]\nplugin = kmp\ndevice = nowhere\nfields = 68\n"
                "[output show]\nplugin = stdout\nformat = line\n",
                meter_path(m));
  sandbox_run(s, "run -c house.ini --replay west=west.capture");
  check(0, "east.heat_energy_e1 84.208 GJ\nwest.volume_v1 1422.53 m³\n", "");
}
END_TEST

/* --replay also replaces the capture of a replay input. */
START_TEST(replay_option_replaces_the_path_of_a_replay_input)
{
  sandbox_write(s, "meter.capture", CAPTURE);
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = replay\npath = nowhere.capture\n"
                "[output show]\nplugin = stdout\nformat = line\n");
  sandbox_run(s, "run -c house.ini --replay meter.capture");
  check(0,
        "meter.heat_energy_e1 84.208 GJ\nmeter.heat_energy_e1 84.308 GJ\n"
        "meter.heat_energy_e1 84.558 GJ\n",
        "");
}
END_TEST

START_TEST(input_without_captures_cannot_be_replayed)
{
  sandbox_write(s, "meter.capture", CAPTURE);
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = exec\ncommand = touch read\n"
                "[output show]\nplugin = stdout\nfield.a = meter.a\n");
  sandbox_run(s, "run -c house.ini --replay meter.capture");
  check(78, "",
        "house.ini:1: the plugin of [input meter] does not support --replay\n");
  ck_assert(!sandbox_exists(s, "read"));
}
END_TEST

START_TEST(replay_option_needs_the_replay_plugin)
{
  static const char begin[] =
    "house.ini:1: --replay: there is no input plugin \"replay\" in /nowhere:";
  const char *dir = getenv("METERPIPE_PLUGIN_PATH");

  ck_assert_ptr_nonnull(dir);
  sandbox_write(s, "meter.capture", CAPTURE);
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = %s/input_kmp.so\ndevice = nowhere\n"
                "[output show]\nplugin = %s/output_stdout.so\n",
                dir, dir);
  if (sandbox_has_installed(s))
    return;
  sandbox_run(s, "run -c house.ini --replay meter.capture");
  ck_assert_int_eq(strncmp(sandbox_err(s), begin, strlen(begin)), 0);
  ck_assert_int_eq(sandbox_status(s), 78);
}
END_TEST

/* A replay has its state in memory: no row is kept for the file that cannot be
 * opened, and the other output is served. */
START_TEST(unopenable_output_does_not_stop_a_replay)
{
  sandbox_write(s, "meter.capture", CAPTURE);
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = nowhere\n"
                "[output log]\nplugin = csv\npath = nowhere/heat.csv\n"
                "column.energy = meter.60\n"
                "[output show]\nplugin = stdout\nformat = line\n"
                "field.energy = meter.60\n");
  sandbox_run(s, "run -c house.ini --replay meter.capture");
  check(73, "energy 84.208 GJ\nenergy 84.308 GJ\nenergy 84.558 GJ\n",
        "error: log: nowhere/heat.csv: its directory does not exist; create "
        "it, or change `path`\n");
}
END_TEST

/* An error message that is too long is cut, and remains one line. */
START_TEST(message_with_an_overlong_name_is_cut_to_one_line)
{
  char path[3001];

  memset(path, 'x', sizeof(path) - 1);
  path[sizeof(path) - 1] = '\0';
  write_pipeline("nowhere", NO_SERVER);
  sandbox_run(s, "run -n --offline -c house.ini --replay %s", path);
  ck_assert_int_ne(sandbox_status(s), 0);
  ck_assert_int_eq(strncmp(sandbox_err(s), "error: meter: xxx", 17), 0);
  ck_assert_uint_eq(strcspn(sandbox_err(s), "\n"), strlen(sandbox_err(s)) - 1);
  ck_assert_uint_lt(strlen(sandbox_err(s)), sizeof(path));
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("dry_run");
  TCase *tcase = tcase_create("dry_run");

  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 30);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, offline_replay_needs_no_meter_and_no_server);
  tcase_add_test(tcase, total_with_first_skip_continues_in_the_next_cycle);
  tcase_add_test(tcase, dry_replay_fetches_from_the_server_once);
  tcase_add_test(tcase, dry_run_delivers_and_records_nothing);
  tcase_add_test(tcase, dry_run_uses_the_state_and_does_not_change_it);
  tcase_add_test(tcase, offline_dry_run_uses_the_state);
  tcase_add_loop_test(tcase, invalid_replay_options_are_refused, 0,
                      ARRAY_SIZE(refused));
  tcase_add_test(tcase, replay_is_delivered_to_files);
  tcase_add_test(tcase, each_input_can_have_its_own_capture);
  tcase_add_test(tcase, input_without_a_capture_is_read_from_its_meter);
  tcase_add_test(tcase, replay_option_replaces_the_path_of_a_replay_input);
  tcase_add_test(tcase, input_without_captures_cannot_be_replayed);
  tcase_add_test(tcase, replay_option_needs_the_replay_plugin);
  tcase_add_test(tcase, unopenable_output_does_not_stop_a_replay);
  tcase_add_test(tcase, message_with_an_overlong_name_is_cut_to_one_line);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
