/*
 * Requests to meters: how many, when, after failures, and with the serial
 * number; several meters; and the captures of these requests.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/meter_setup.h"

#define MINUTE 60
#define DAY 86400

/* ---- Requests ----------------------------------------------------------- */

struct asking {
  unsigned registers;
  unsigned first, next, day_later; /* requests in these runs */
};

/* The serial number is added to a request that has room for it; otherwise it
 * costs a request of its own, once a day. */
static const struct asking askings[] = {
  { 1, 1, 1, 1 }, { 7, 1, 1, 1 },  { 8, 2, 1, 2 },
  { 9, 2, 2, 2 }, { 16, 3, 2, 3 }, { 40, 6, 5, 6 },
};

/* Writes a pipeline that reads N registers from 200 on; the meter has all of
 * them. */
static void
write_registers(const struct meter_setup *setup, unsigned n)
{
  char fields[512] = "fields = 200";
  size_t len = strlen(fields);
  char text[32];

  for (unsigned i = 0; i < n; i++) {
    snprintf(text, sizeof(text), "%u=%u", 200 + i, i);
    meter_set(setup->m, text);
    if (i == 0)
      continue;
    len += (size_t)snprintf(fields + len, sizeof(fields) - len, ",%s%u",
                            i % 10 == 0 ? "\n  " : " ", 200 + i);
  }
  meter_setup_write(setup, fields);
}

START_TEST(registers_are_read_in_the_fewest_requests)
{
  const struct asking *a = &askings[_i];
  struct meter_setup setup = meter_setup_new("1001=68500001");

  write_registers(&setup, a->registers);
  ck_assert_uint_eq(meter_setup_run(&setup), a->first);
  ck_assert_uint_eq(meter_setup_run(&setup), a->next);
  sandbox_advance(setup.s, DAY);
  ck_assert_uint_eq(meter_setup_run(&setup), a->day_later);
  meter_setup_free(&setup);
}
END_TEST

START_TEST(meter_without_serial_number_is_read_without_error)
{
  struct meter_setup setup = meter_setup_new("");

  write_registers(&setup, 8);
  ck_assert_uint_eq(meter_setup_run(&setup), 2);
  ck_assert_uint_eq(meter_setup_run(&setup), 1);
  meter_setup_free(&setup);
}
END_TEST

START_TEST(serial_number_is_requested_after_a_failed_run)
{
  static const char again[] = "notice: meter: eye: works again after ";
  struct meter_setup setup = meter_setup_new("1001=68500001");

  write_registers(&setup, 8);
  ck_assert_uint_eq(meter_setup_run(&setup), 2);
  ck_assert_uint_eq(meter_setup_run(&setup), 1);
  meter_unplug(setup.m);
  ck_assert_int_eq(sandbox_run(setup.s, "run -c house.ini"), 74);
  meter_stop(setup.m);
  setup.m = meter_start();
  meter_setup_link(&setup, setup.m, "eye");
  meter_set(setup.m, "1001=68500001");
  write_registers(&setup, 8);
  sandbox_advance(setup.s, 20 * MINUTE);
  sandbox_run(setup.s, "run -c house.ini");
  /* Compares only the beginning: the run's own time adds to the 20 minutes. */
  ck_assert_msg(strncmp(sandbox_err(setup.s), again, strlen(again)) == 0, "%s",
                sandbox_err(setup.s));
  ck_assert_uint_eq(meter_requests(setup.m), 2);
  meter_setup_free(&setup);
}
END_TEST

START_TEST(silent_meter_gets_one_request_only)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);

  meter_fault(setup.m, "silent");
  meter_setup_write(
    &setup, "timeout = 3s\nretries = 0\n"
            "fields = 60, 68, 74, 80, 86, 87, 89, 97, 98, 99, 110, 113\n");
  ck_assert_int_eq(sandbox_run(setup.s, "run -c house.ini"), 76);
  ck_assert_uint_eq(meter_requests(setup.m), 1);
  meter_setup_free(&setup);
}
END_TEST

START_TEST(min_interval_suppresses_readings)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);

  meter_setup_write(&setup, METER_SETUP_TWO "min_interval = 1h\n");
  ck_assert_uint_eq(meter_setup_run(&setup), 1);
  /* The port is not even opened. */
  sandbox_remove(setup.s, "eye");
  ck_assert_uint_eq(meter_setup_run(&setup), 0);
  ck_assert_str_eq(sandbox_out(setup.s), "");
  ck_assert_uint_eq(meter_setup_run(&setup), 0);
  meter_setup_link(&setup, setup.m, "eye");
  sandbox_advance(setup.s, -5 * MINUTE); /* within the tolerance */
  ck_assert_uint_eq(meter_setup_run(&setup), 1);
  ck_assert_str_eq(sandbox_out(setup.s), METER_SETUP_TWO_SHOWN);
  /* A reading from the future counts as an old one. */
  sandbox_advance(setup.s, -DAY);
  ck_assert_uint_eq(meter_setup_run(&setup), 1);
  meter_setup_free(&setup);
}
END_TEST

/* ---- Several inputs ----------------------------------------------------- */

START_TEST(two_inputs_on_one_device_are_read_one_after_the_other)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);

  meter_setup_link(&setup, setup.m, "eye2");
  meter_set_delay(setup.m, 60);
  sandbox_write(setup.s, "house.ini",
                "[input a]\nplugin = kmp\ndevice = eye\nfields = 60\n"
                "[input b]\nplugin = kmp\ndevice = eye2\nfields = 68\n"
                "[output show]\nplugin = stdout\nformat = line\n");
  ck_assert_uint_eq(meter_setup_run(&setup), 2);
  ck_assert_str_eq(sandbox_out(setup.s), "a.heat_energy_e1 84.208 GJ\n"
                                         "b.volume_v1 520.41 m³\n");
  ck_assert_uint_eq(meter_unheard(setup.m), 0);
  meter_setup_free(&setup);
}
END_TEST

static void
write_two_meters(struct sandbox *s, const char *pipeline, const char *options)
{
  sandbox_write(s, "house.ini",
                "%s[input a]\nplugin = kmp\ndevice = eye\nfields = 60\n%s"
                "[input b]\nplugin = kmp\ndevice = eye2\nfields = 68\n%s"
                "[output show]\nplugin = stdout\nformat = line\n",
                pipeline, options, options);
}

START_TEST(two_meters_are_read_at_the_same_time)
{
  struct meter_setup a = meter_setup_new(METER_SETUP_HEAT);
  struct meter *b = meter_setup_add_meter(&a, METER_SETUP_HEAT);

  meter_fault(a.m, "late=700");
  meter_fault(b, "late=700");
  write_two_meters(a.s, "", "");
  sandbox_start(a.s, "run -c house.ini");
  /* Both are asked before the first one answers. */
  meter_setup_wait_request(a.m, 1);
  meter_setup_wait_request(b, 1);
  ck_assert_uint_eq(meter_bytes(a.m), meter_bytes(b));
  ck_assert_int_eq(sandbox_wait(a.s), 0);
  ck_assert_str_eq(sandbox_out(a.s), "a.heat_energy_e1 84.208 GJ\n"
                                     "b.volume_v1 520.41 m³\n");
  meter_stop(b);
  meter_setup_free(&a);
}
END_TEST

/* ---- The limit of open files -------------------------------------------- */

#define INPUTS 40

/* Each input has five or more files open while it is read. */
static void
write_many_inputs(struct sandbox *s)
{
  static char text[INPUTS * 128];
  size_t n = (size_t)snprintf(text, sizeof(text),
                              "[output o]\n"
                              "plugin = stdout\n"
                              "format = line\n");

  for (int i = 0; i < INPUTS; i++)
    n +=
      (size_t)snprintf(text + n, sizeof(text) - n, "field.i%d = i%d.v\n", i, i);
  for (int i = 0; i < INPUTS; i++)
    n +=
      (size_t)snprintf(text + n, sizeof(text) - n,
                       "[input i%d]\nplugin = exec\ncommand = sh read.sh\n", i);
  sandbox_write(s, "many.ini", "[pipeline]\ndeadline = 50s\n%s", text);
  sandbox_write(s, "read.sh",
                "ulimit -S -n >limit\n"
                "echo '{\"field\":\"v\",\"value\":\"1\"}'\n");
}

static unsigned
count_lines(const char *text)
{
  unsigned n = 0;

  for (; *text; text++)
    n += *text == '\n';
  return n;
}

/* The program raises its soft limit, but not that of its commands; if it
 * cannot, it reads the inputs in turns. */
START_TEST(many_inputs_are_read_with_few_open_files)
{
  const struct rlimit limit = { 90, _i == 0 ? 2000 : 90 };
  struct sandbox *s = sandbox_new();

  write_many_inputs(s);
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
  sandbox_run(s, "run -c many.ini");
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_uint_eq(count_lines(sandbox_out(s)), INPUTS);
  ck_assert_str_eq(sandbox_read(s, "limit"), "90\n");
  sandbox_free(s);
}
END_TEST

START_TEST(inputs_without_a_turn_before_the_deadline_are_reported)
{
  const struct rlimit limit = { 40, 40 };
  struct sandbox *s = sandbox_new();

  sandbox_write(s, "read.sh", "sleep 60\n");
  sandbox_write(s, "few.ini",
                "[pipeline]\ndeadline = 3s\n"
                "[input a]\nplugin = exec\ncommand = sh read.sh\n"
                "[input b]\nplugin = exec\ncommand = sh read.sh\n"
                "[output o]\nplugin = stdout\nformat = line\n"
                "field.a = a.v\nfield.b = b.v\n");
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ck_assert_int_eq(sandbox_run(s, "run -c few.ini"), 76);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s),
           "error: b: was not read before the deadline of the cycle: only 1 "
           "inputs fit into the limit of open files at a time; raise it "
           "(ulimit -n)\n"));
  sandbox_free(s);
}
END_TEST

START_TEST(silent_meter_does_not_prevent_reading_the_other)
{
  struct meter_setup a = meter_setup_new(METER_SETUP_HEAT);
  struct meter *b = meter_setup_add_meter(&a, METER_SETUP_HEAT);
  unsigned waited_ms, requests;

  meter_fault(a.m, "silent");
  write_two_meters(a.s, "[pipeline]\ndeadline = 6s\n", "timeout = 30s\n");
  ck_assert_int_eq(sandbox_run(a.s, "run -c house.ini"), 76);
  ck_assert_str_eq(sandbox_out(a.s), "b.volume_v1 520.41 m³\n");
  ck_assert_msg(sscanf(sandbox_err(a.s),
                       "error: a: eye: out of time: no reply in %u ms "
                       "(requests sent: %u): press a button",
                       &waited_ms, &requests) == 2,
                "messages: %s", sandbox_err(a.s));
  ck_assert_uint_lt(waited_ms, 10000); /* not the 30 s of its timeout */
  ck_assert_uint_eq(requests, 1);
  meter_stop(b);
  meter_setup_free(&a);
}
END_TEST

START_TEST(gravest_of_several_failures_is_the_exit_status)
{
  struct meter_setup a = meter_setup_new("60=84.208GJ");
  struct meter *b = meter_setup_add_meter(&a, METER_SETUP_HEAT);

  meter_remove(a.m, 60);
  meter_fault(b, "silent");
  write_two_meters(a.s, "", "timeout = 3s\nretries = 0\n");
  ck_assert_int_eq(sandbox_run(a.s, "run -c house.ini"), 76);
  meter_clear_faults(b);
  meter_stop(b);
  sandbox_advance(a.s, 20 * MINUTE);
  ck_assert_int_eq(sandbox_run(a.s, "run -c house.ini"), 74);
  meter_setup_free(&a);
}
END_TEST

/* ---- Captures ----------------------------------------------------------- */

START_TEST(capture_of_runs_replays_with_the_same_values)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);
  char shown[1024] = "";
  size_t len;

  meter_setup_write(&setup,
                    "capture = house.capture\ntimeout = 4s\nretries = 1\n");
  meter_fault(setup.m, "echo*1");
  meter_fault(setup.m, "crc*1");
  for (int i = 0; i < 3; i++) {
    meter_setup_run(&setup);
    len = strlen(shown);
    snprintf(shown + len, sizeof(shown) - len, "%s", sandbox_out(setup.s));
    meter_set(setup.m, i == 0 ? "60=84.210GJ" : "60=84.345GJ");
  }
  sandbox_write(setup.s, "again.ini",
                "[input meter]\nplugin = replay\npath = house.capture\n"
                "fields = heat_energy_e1, volume_v1, power_e1, flow_v1,\n"
                "  temperature_t1, temperature_t2, temperature_diff,\n"
                "  operating_hours\n"
                "[output show]\nplugin = stdout\nformat = line\n");
  ck_assert_int_eq(sandbox_run(setup.s, "run -c again.ini"), 0);
  ck_assert_str_eq(sandbox_err(setup.s), "");
  ck_assert_str_eq(sandbox_out(setup.s), shown);
  ck_assert_ptr_nonnull(strstr(shown, "84.345"));
  meter_setup_free(&setup);
}
END_TEST

/* ---- Another meter ------------------------------------------------------ */

static void
write_usage(struct sandbox *s, const char *options)
{
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = eye\n%s"
                "[transform usage]\nplugin = subtract\n"
                "value = meter.60\nminus = log.energy\n"
                "[transform total]\nplugin = add\n"
                "value = usage\nplus = log.total\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.60\ncolumn.usage = usage\n"
                "column.total = total\n",
                options);
}

#define OTHER_NUMBER(now, was)                                                 \
  "notice: meter: the serial number is " now " and was " was                   \
  " before: the next reading decides whether the meter was exchanged; until "  \
  "then this one is kept and not used\n"
#define EXCHANGED(now, was, first)                                             \
  "notice: usage: log.energy: the meter was exchanged: the serial number "     \
  "is " now " and was " was " before; its first reading, " first               \
  ", is the base, and running totals continue\n"

#define NO_NUMBER(field)                                                       \
  "notice: meter: " field                                                      \
  ": the meter may have been exchanged, and its serial number could not be "   \
  "read: readings are held until it can be read; if it was exchanged, run "    \
  "\"meterpipe rebase\"\n"

/* Runs once, checks the exit status and the messages, and advances the clock to
 * the next run. */
static void
telling_run(const struct meter_setup *setup, int status, const char *said)
{
  ck_assert_int_eq(sandbox_run(setup->s, "run -c house.ini"), status);
  ck_assert_str_eq(sandbox_err(setup->s), said);
  sandbox_advance(setup->s, 20 * MINUTE);
}

START_TEST(exchanged_meter_gets_a_new_base_and_its_total_continues)
{
  struct meter_setup setup = meter_setup_new("60=84.208GJ 1001=68500001");

  write_usage(setup.s, "");
  meter_setup_run(&setup);
  meter_set(setup.m, "60=84.308GJ");
  meter_setup_run(&setup);
  /* The serial number decides, whether the reading is lower or higher. */
  meter_set(setup.m, "1001=77700002");
  meter_set(setup.m, "60=99.000GJ");
  telling_run(&setup, 0, OTHER_NUMBER("77700002", "68500001"));
  meter_set(setup.m, "60=99.250GJ");
  telling_run(&setup, 0, EXCHANGED("77700002", "68500001", "99.000 GJ"));
  ck_assert_str_eq(sandbox_read(setup.s, "heat.csv"),
                   "time,energy,usage,total\n"
                   "2026-11-22T10:00:00Z,84.208,,\n"
                   "2026-11-22T10:20:00Z,84.308,0.100,0.100\n"
                   "2026-11-22T10:40:00Z,,,\n"
                   "2026-11-22T11:00:00Z,99.250,0.250,0.350\n");
  meter_setup_free(&setup);
}
END_TEST

#define EIGHT "fields = 60, 68, 74, 80, 86, 87, 89, 1004\n"

#define ASKED_CSV                                                              \
  "time,energy,usage,total\n"                                                  \
  "2026-11-22T10:00:00Z,84.208,,\n"                                            \
  "2026-11-22T10:20:00Z,84.208,0.000,0.000\n"                                  \
  "2026-11-22T10:40:00Z,,,\n"                                                  \
  "2026-11-22T11:00:00Z,1.250,0.250,0.250\n"                                   \
  "2026-11-22T11:20:00Z,1.500,0.250,0.500\n"

/* The requests here have no room for the serial number: a reading below its
 * base makes the input ask for it, regardless of min_interval. */
START_TEST(lower_reading_makes_the_input_request_the_serial_number)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);

  write_usage(setup.s, EIGHT "min_interval = 20m\ncapture = house.capture\n");
  ck_assert_uint_eq(meter_setup_run(&setup), 2);
  ck_assert_uint_eq(meter_setup_run(&setup), 1);
  meter_set(setup.m, "1001=77700002");
  meter_set(setup.m, "60=1.000GJ");
  meter_forget(setup.m);
  telling_run(&setup, 0, OTHER_NUMBER("77700002", "68500001"));
  ck_assert_uint_eq(meter_requests(setup.m), 2);
  meter_set(setup.m, "60=1.250GJ");
  meter_forget(setup.m);
  telling_run(&setup, 0, EXCHANGED("77700002", "68500001", "1.000 GJ"));
  ck_assert_uint_eq(meter_requests(setup.m), 2); /* asked for again */
  meter_set(setup.m, "60=1.500GJ");
  ck_assert_uint_eq(meter_setup_run(&setup), 1);
  ck_assert_str_eq(sandbox_read(setup.s, "heat.csv"), ASKED_CSV);
  /* In the capture, the number belongs to the cycle that asked for it. */
  sandbox_remove(setup.s, "heat.csv");
  ck_assert_int_eq(
    sandbox_run(setup.s, "run -c house.ini --replay house.capture"), 0);
  ck_assert_str_eq(sandbox_read(setup.s, "heat.csv"), ASKED_CSV);
  meter_setup_free(&setup);
}
END_TEST

/* The meter leaves out its number in the run that needs it for the decision. */
START_TEST(missing_serial_number_decides_nothing)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);

  write_usage(setup.s, EIGHT);
  meter_setup_run(&setup);
  meter_set(setup.m, "1001=77700002");
  meter_set(setup.m, "60=1.000GJ");
  telling_run(&setup, 0, OTHER_NUMBER("77700002", "68500001"));
  meter_set(setup.m, "60=1.100GJ");
  meter_fault(setup.m, "missing=1001");
  telling_run(&setup, 0, NO_NUMBER("heat_energy_e1"));
  meter_clear_faults(setup.m);
  meter_set(setup.m, "60=1.250GJ");
  telling_run(&setup, 0, EXCHANGED("77700002", "68500001", "1.000 GJ"));
  ck_assert_str_eq(sandbox_read(setup.s, "heat.csv"),
                   "time,energy,usage,total\n"
                   "2026-11-22T10:00:00Z,84.208,,\n"
                   "2026-11-22T10:20:00Z,,,\n"
                   "2026-11-22T10:40:00Z,,,\n"
                   "2026-11-22T11:00:00Z,1.250,0.250,0.250\n");
  meter_setup_free(&setup);
}
END_TEST

/* An input that gives a serial number in some runs only, and cannot be asked
 * for it. */
START_TEST(candidate_waits_for_a_reading_with_a_serial_number)
{
  static const struct {
    const char *value, *serial;
    int status;
    const char *said;
  } runs[] = {
    { "84.0", "12", EX_OK, "" },
    { "84.2", "", EX_OK, "" }, /* no sign of an exchanged meter */
    { "84.3", "99", EX_OK, OTHER_NUMBER("99", "12") },
    { "84.4", "", EX_OK, NO_NUMBER("energy") },
    { "84.5", "", EX_DATAERR,
      "error: meter: energy: held: the serial number is not known, and the "
      "meter may have been exchanged; if it was, run \"meterpipe rebase\"\n" },
    { "84.55", "", EX_DATAERR, "" }, /* the same failure: reported once a day */
    { "84.6", "12", EX_OK,
      "notice: meter: the serial number is 12 again: the meter was not "
      "exchanged, 99 was wrong, and no usage is lost\n" },
  };
  struct sandbox *s = sandbox_new();

  sandbox_write(s, "house.ini",
                "[pipeline]\nstate_dir = .\n"
                "[input meter]\nplugin = exec\ncommand = cat reading\n"
                "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"
                "minus = log.energy\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.energy\ncolumn.usage = usage\n");
  for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
    sandbox_write(s, "reading",
                  "{\"field\":\"energy\",\"value\":\"%s\",\"unit\":\"GJ\","
                  "\"kind\":\"counter\"%s%s%s}\n",
                  runs[i].value, *runs[i].serial ? ",\"serial\":\"" : "",
                  runs[i].serial, *runs[i].serial ? "\"" : "");
    ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), runs[i].status);
    ck_assert_ptr_nonnull(strstr(sandbox_err(s), runs[i].said));
    if (!*runs[i].said)
      ck_assert_str_eq(sandbox_err(s), "");
    sandbox_advance(s, 20 * MINUTE);
  }
  ck_assert_str_eq(sandbox_read(s, "heat.csv"),
                   "time,energy,usage\n"
                   "2026-11-22T10:00:00Z,84.0,\n"
                   "2026-11-22T10:20:00Z,84.2,0.2\n"
                   "2026-11-22T10:40:00Z,,\n"
                   "2026-11-22T11:00:00Z,,\n"
                   "2026-11-22T11:20:00Z,,\n"
                   "2026-11-22T11:40:00Z,,\n"
                   "2026-11-22T12:00:00Z,84.6,0.4\n");
  sandbox_free(s);
}
END_TEST

START_TEST(lower_reading_of_the_same_meter_is_held)
{
  struct meter_setup setup = meter_setup_new(METER_SETUP_HEAT);

  write_usage(setup.s, EIGHT);
  meter_setup_run(&setup);
  meter_set(setup.m, "60=1.000GJ");
  meter_forget(setup.m);
  ck_assert_int_eq(sandbox_run(setup.s, "run -c house.ini"), 65);
  ck_assert_uint_eq(meter_requests(setup.m), 2);
  ck_assert_str_eq(sandbox_err(setup.s),
                   "error: usage: meter.60: 1.000 GJ is below the last known "
                   "84.208 GJ, held; if it is right: meterpipe rebase usage\n");
  sandbox_advance(setup.s, 20 * MINUTE);
  meter_set(setup.m, "60=84.308GJ");
  ck_assert_int_eq(sandbox_run(setup.s, "run -c house.ini"), 0);
  ck_assert_str_eq(sandbox_read(setup.s, "heat.csv"),
                   "time,energy,usage,total\n"
                   "2026-11-22T10:00:00Z,84.208,,\n"
                   "2026-11-22T10:20:00Z,,,\n"
                   "2026-11-22T10:40:00Z,84.308,0.100,0.100\n");
  meter_setup_free(&setup);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("asking");
  TCase *tcase = tcase_create("asking");

  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, registers_are_read_in_the_fewest_requests, 0,
                      ARRAY_SIZE(askings));
  tcase_add_test(tcase, meter_without_serial_number_is_read_without_error);
  tcase_add_test(tcase, serial_number_is_requested_after_a_failed_run);
  tcase_add_test(tcase, silent_meter_gets_one_request_only);
  tcase_add_test(tcase, min_interval_suppresses_readings);
  tcase_add_test(tcase, two_inputs_on_one_device_are_read_one_after_the_other);
  tcase_add_test(tcase, two_meters_are_read_at_the_same_time);
  tcase_add_loop_test(tcase, many_inputs_are_read_with_few_open_files, 0, 2);
  tcase_add_test(tcase, inputs_without_a_turn_before_the_deadline_are_reported);
  tcase_add_test(tcase, silent_meter_does_not_prevent_reading_the_other);
  tcase_add_test(tcase, gravest_of_several_failures_is_the_exit_status);
  tcase_add_test(tcase, capture_of_runs_replays_with_the_same_values);
  tcase_add_test(tcase,
                 exchanged_meter_gets_a_new_base_and_its_total_continues);
  tcase_add_test(tcase,
                 lower_reading_makes_the_input_request_the_serial_number);
  tcase_add_test(tcase, lower_reading_of_the_same_meter_is_held);
  tcase_add_test(tcase, missing_serial_number_decides_nothing);
  tcase_add_test(tcase, candidate_waits_for_a_reading_with_a_serial_number);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
