/*
 * Choosing the right device: the findings of "meterpipe check" before a run,
 * the output of -n, and the first value of a new device.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

static struct domoticz_setup house;

static void
setup(void)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  meter_set(house.meter, "60=84.208GJ");
  meter_set(house.meter, "1003=261122yy:mm:dd");
  meter_set(house.meter, "74=123l/h");
  meter_set(house.meter, "86=63.478C");
}

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

static void
add(unsigned idx, const char *type, const char *unit)
{
  domoticz_server_add(house.server, idx, type, unit);
}

static void
run(const char *args)
{
  sandbox_run(house.sandbox, "%s", args);
}

static void
check_out(const char *text)
{
  ck_assert_str_eq(sandbox_out(house.sandbox),
                   domoticz_setup_text(&house, text));
}

/* ---- Rights -------------------------------------------------------------- */

static const struct {
  int rights, status;
  const char *said;
} rights[] = {
  { 0, EX_UNAVAILABLE,
    "error: domoticz: {url}: this login has only the right to read, so "
    "Domoticz would reject every update; give it the right to update devices "
    "(rights User, not Viewer)\n" },
  { 1, EX_OK, "" },
  { 2, EX_OK, "" },
};

START_TEST(check_reports_a_read_only_login)
{
  add(323, "counter-custom", "GJ");
  domoticz_server_set_rights(house.server, rights[_i].rights);
  domoticz_setup_write(&house, "", "idx.323 = meter.heat_energy_e1\n", "");
  run("check -c house.ini");
  domoticz_setup_check(&house, rights[_i].status, rights[_i].said);
}
END_TEST

/* ---- Texts and units ----------------------------------------------------- */

#define NO_TEXT                                                                \
  "error: domoticz: idx.2: takes numbers only, and meter.date %s a text: "     \
  "name a target that takes texts"

static const struct {
  const char *command, *often;
} texts[] = {
  { "check -c house.ini", "is usually" },
  { "run -n -c house.ini", "is" },
  { "run -c house.ini", "is" },
};

START_TEST(text_is_refused_by_check_and_every_run)
{
  char said[256];

  add(2, "custom", "days");
  domoticz_setup_write(&house, "", "idx.2 = meter.date\n", "");
  run(texts[_i].command);
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_CONFIG);
  snprintf(said, sizeof(said), NO_TEXT, texts[_i].often);
  ck_assert_msg(strstr(sandbox_err(house.sandbox), said), "%s",
                sandbox_err(house.sandbox));
  check_out("");
  ck_assert_uint_eq(domoticz_server_writes(house.server, 2), 0);
}
END_TEST

START_TEST(text_goes_to_a_text_device)
{
  add(2, "text", NULL);
  domoticz_setup_write(&house, "", "idx.2 = meter.date\n", "");
  run("check -c house.ini");
  domoticz_setup_check(&house, EX_OK, "");
}
END_TEST

#define TAKES "warning: domoticz: idx.1: takes "
#define CAN_BE_GJ                                                              \
  ", and meter.heat_energy_e1 can be in GJ: then put a transform \"convert\" " \
  "with unit = "

static const struct {
  const char *type, *unit, *said;
} units[] = {
  { "kwh", NULL, TAKES "kWh" CAN_BE_GJ "kWh and decimals = 3 between them\n" },
  { "custom", "MWh", "" },
  { "custom", "Gcal",
    TAKES "Gcal, and meter.heat_energy_e1 is usually in MWh: put a transform "
          "\"convert\" with unit = Gcal and decimals = 3 between them\n" },
  { "temperature", NULL,
    TAKES "°C, and meter.heat_energy_e1 is usually in MWh: these units do not "
          "convert; name another target\n" },
  { "custom", "MJ", "" },
  { "counter-custom", "GJ", "" },
  { "custom", "things", "" },
};

START_TEST(check_warns_about_the_usual_unit)
{
  add(1, units[_i].type, units[_i].unit);
  domoticz_setup_write(&house, "", "idx.1 = meter.heat_energy_e1\n", "");
  run("check -c house.ini");
  domoticz_setup_check(&house, EX_OK, units[_i].said);
}
END_TEST

START_TEST(check_derives_units_through_transforms)
{
  add(1, "kwh", NULL);
  add(2, "custom", "kWh");
  add(323, "counter-custom", "GJ");
  domoticz_setup_write(&house, "",
                       "idx.1 = kwh\nidx.2 = usage\n"
                       "idx.323 = meter.heat_energy_e1\n",
                       DOMOTICZ_SETUP_USAGE
                       "[transform kwh]\nplugin = convert\nunit = kWh\n"
                       "decimals = 3\nvalue = meter.heat_energy_e1\n");
  run("check -c house.ini");
  domoticz_setup_check(
    &house, EX_OK,
    "warning: domoticz: idx.2: takes kWh, and usage can be in GJ: "
    "then convert the reading with a transform \"convert\" with "
    "unit = kWh and decimals = 3, and calculate the usage from "
    "that\n");
}
END_TEST

START_TEST(power_in_an_energy_unit_is_refused_before_sending)
{
  add(1, "kwh", NULL);
  domoticz_setup_write(
    &house, "", "idx.1 = kwh\nidx.1.power = meter.heat_energy_e1\n",
    "[transform kwh]\nplugin = convert\nunit = kWh\ndecimals = 3\n"
    "value = meter.heat_energy_e1\n");
  run("check -c house.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_err(house.sandbox),
                               "warning: domoticz: idx.1.power: takes W, and "
                               "meter.heat_energy_e1 is usually in MWh"));
  run("run -n -c house.ini");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_CONFIG);
}
END_TEST

/* ---- Steps --------------------------------------------------------------- */

static const struct {
  double divider;
  const char *step, *shown;
} steps[] = {
  { 0, "1", "84 GJ (84.208 is stored as 84)" },
  { 1, "1", "84 GJ (84.208 is stored as 84)" },
  { 10, "0.1", "84.2 GJ (84.208 is stored as 84.2)" },
  { 100, "0.01", "84.21 GJ (84.208 is stored as 84.21)" },
  { 1000, NULL, "84.208 GJ" },
};

START_TEST(check_warns_about_the_coarse_step_of_a_base)
{
  char said[512] = "", out[128];

  add(323, "counter-custom", "GJ");
  add(322, "custom", "GJ");
  domoticz_server_set_divider(house.server, 323, steps[_i].divider);
  domoticz_setup_write(&house, "",
                       "idx.323 = meter.heat_energy_e1\nidx.322 = usage\n",
                       DOMOTICZ_SETUP_USAGE);
  run("check -c house.ini");
  if (steps[_i].step)
    snprintf(said, sizeof(said),
             "warning: domoticz: idx.323: \"Device 323\" (Counter): this "
             "operand stores steps of %s GJ, which may be coarser than the "
             "reading; if the state is lost, the usage is wrong by up to one "
             "step; give it the divider 1000\n",
             steps[_i].step);
  domoticz_setup_check(&house, EX_OK, said);
  run("run -n -c house.ini");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  snprintf(out, sizeof(out), "domoticz.323 %s\n", steps[_i].shown);
  check_out(out);
  run("run -c house.ini");
  ck_assert_int_eq(!!strstr(sandbox_err(house.sandbox), "stores 84.208 GJ as "),
                   !!steps[_i].step);
  domoticz_setup_run(&house, "84.308GJ");
  domoticz_setup_check(&house, EX_OK, "");
}
END_TEST

START_TEST(dry_run_prints_the_stored_temperature)
{
  add(6, "temperature", NULL);
  domoticz_setup_write(&house, "", "idx.6 = meter.temperature_t1\n", "");
  run("run -n -c house.ini");
  domoticz_setup_check(&house, EX_OK, "");
  check_out("domoticz.6 63.48 °C (63.478 is stored as 63.48)\n");
}
END_TEST

/* ---- Types --------------------------------------------------------------- */

static const struct {
  const char *type, *said;
} types[] = {
  { "managed", "(Managed Counter): Domoticz draws no graph of a Managed "
               "Counter from these updates; use a Counter\n" },
  { "counter-water",
    "(Counter): Domoticz counts and prices it as bought water: right for a "
    "water meter; for the water of a heating circuit, use a Counter with own "
    "unit m3\n" },
  { "counter-gas", "(Counter): Domoticz counts and prices it as bought gas; "
                   "use a Counter with own unit m3\n" },
  { "p1gas", "(P1 gas): Domoticz counts and prices it as bought gas; use a "
             "Counter with own unit m3\n" },
};

START_TEST(check_warns_about_unsuitable_device_types)
{
  char line[512];

  add(1, types[_i].type, NULL);
  domoticz_setup_write(&house, "", "idx.1 = meter.volume_v1\n", "");
  run("check -c house.ini");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  snprintf(line, sizeof(line), "warning: domoticz: idx.1: \"Device 1\" %s",
           types[_i].said);
  ck_assert_msg(strstr(sandbox_err(house.sandbox), line), "%s",
                sandbox_err(house.sandbox));
}
END_TEST

/* ---- The first value ----------------------------------------------------- */

static const struct {
  const char *type, *unit, *unit_of_run, *shown;
} counters[] = {
  { "counter-custom", "GJ", "GJ", "84.208 GJ" },
  { "kwh", NULL, "kWh", "23391.111 kWh" },
};

START_TEST(first_value_after_a_logged_zero_is_reported_once)
{
  char said[512], *file;

  add(1, counters[_i].type, counters[_i].unit);
  domoticz_server_log_rows(house.server);
  domoticz_setup_write(&house, "", "idx.1 = reading\n",
                       "[transform reading]\nplugin = convert\ndecimals = 3\n"
                       "value = meter.heat_energy_e1\nunit = ");
  file = strdup(sandbox_read(house.sandbox, "house.ini"));
  sandbox_write(house.sandbox, "house.ini", "%s%s\n", file,
                counters[_i].unit_of_run);
  free(file);
  snprintf(
    said, sizeof(said),
    "notice: domoticz: idx.1: \"Device 1\" (%s): Domoticz logged this counter "
    "as 0 before its first value, so its graphs show %s as today's usage; its "
    "next values are right; to remove today's bar, log in to Domoticz as an "
    "administrator and click the bar with Shift held\n",
    counters[_i].unit ? "Counter" : "kWh", counters[_i].shown);
  domoticz_setup_cycle(&house, "84.208GJ", EX_OK, said);
  domoticz_setup_cycle(&house, "84.308GJ", EX_OK, "");
}
END_TEST

START_TEST(unlogged_device_and_total_cause_no_notice)
{
  add(1, "counter-custom", "GJ");
  domoticz_setup_write(&house, "", "idx.1 = meter.heat_energy_e1\n", "");
  domoticz_setup_cycle(&house, "84.208GJ", EX_OK, "");
  add(322, "counter-custom", "GJ");
  add(323, "counter-custom", "GJ");
  domoticz_server_set(house.server, 323, "84208");
  domoticz_server_log_rows(house.server);
  domoticz_setup_write(
    &house, "", "idx.323 = meter.heat_energy_e1\nidx.322 = total\n",
    DOMOTICZ_SETUP_USAGE "[transform total]\nplugin = add\nvalue = usage\n"
                         "plus = domoticz.322\n");
  domoticz_setup_cycle(&house, "84.308GJ", EX_OK, "");
  domoticz_setup_cycle(&house, "84.508GJ", EX_OK, "");
  domoticz_setup_check_device(&house, 322, "300");
}
END_TEST

/* ---- New devices and their first value ----------------------------------- */

static void
write_without_targets(void)
{
  domoticz_setup_write(&house, "", "", "");
}

#define MADE                                                                   \
  "notice: domoticz: put these lines into the section of this output in "      \
  "house.ini"

START_TEST(new_device_gets_its_first_value_in_one_step)
{
  write_without_targets();
  run("targets -c house.ini domoticz --yes --create "
      "'Heat:counter-gj=meter.heat_energy_e1' --create "
      "'Flow:custom-l/h=meter.flow_v1'");
  domoticz_setup_check(
    &house, EX_OK,
    "notice: domoticz: {url}: would make \"Heat\" (Counter with own "
    "unit GJ) on the Dummy hardware 2\n"
    "notice: domoticz: {url}: would make \"Flow\" (Custom Sensor "
    "l/h) on the Dummy hardware 2\n" MADE "; the first value was delivered\n");
  check_out("idx.1 = meter.heat_energy_e1 ; Heat, Counter\n"
            "idx.2 = meter.flow_v1 ; Flow, Custom Sensor\n");
  domoticz_setup_check_device(&house, 1, "84208");
  domoticz_setup_check_device(&house, 2, "123");
  /* With the printed lines in the file, the usage is measured from that
   * reading. */
  add(322, "custom", "GJ");
  domoticz_setup_write(&house, "",
                       "idx.1 = meter.heat_energy_e1\nidx.322 = usage\n",
                       "[transform usage]\nplugin = subtract\n"
                       "value = meter.heat_energy_e1\nminus = domoticz.1\n");
  domoticz_setup_cycle(&house, "84.308GJ", EX_OK, "");
  domoticz_setup_check_device(&house, 322, "0.100");
}
END_TEST

START_TEST(new_device_without_a_value_prints_the_next_step)
{
  write_without_targets();
  run("targets -c house.ini domoticz --yes --create Heat:counter-gj");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(house.sandbox),
           "notice: domoticz: put this line into the section of this output in "
           "house.ini, with the name of a value in place of VALUE, and run at "
           "once: until its first value, a device holds 0 (--create "
           "NAME:TYPE=VALUE delivers that value right away)\n"));
  check_out("idx.1 = VALUE ; Heat, Counter\n");
  ck_assert(!sandbox_exists(house.sandbox, "house.db"));
}
END_TEST

START_TEST(silent_meter_leaves_a_new_device_without_a_value)
{
  write_without_targets();
  meter_fault(house.meter, "silent");
  run("targets -c house.ini domoticz --yes --create "
      "Heat:counter-gj=meter.heat_energy_e1");
  ck_assert_int_ne(sandbox_status(house.sandbox), EX_OK);
  ck_assert_ptr_nonnull(strstr(
    sandbox_err(house.sandbox),
    "notice: domoticz: put this line into the section of this output in "
    "house.ini and run at once: until its first value, a device holds 0\n"));
  check_out("idx.1 = meter.heat_energy_e1 ; Heat, Counter\n");
}
END_TEST

START_TEST(skipped_first_value_is_not_reported_as_delivered)
{
  add(323, "counter-custom", "GJ");
  domoticz_setup_write(&house, "", "idx.323 = meter.heat_energy_e1\n",
                       DOMOTICZ_SETUP_USAGE);
  run("targets -c house.ini domoticz --yes --create Use:custom-GJ=usage");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(house.sandbox),
           "notice: domoticz: put this line into the section of this output in "
           "house.ini and run at once"));
}
END_TEST

static const struct {
  const char *words;
  int status;
  const char *said;
} mistakes[] = {
  { "-c house.ini domoticz --yes --create Heat:counter-gj=meter.heat_enrgy_e1",
    EX_CONFIG, "has no field \"heat_enrgy_e1\"" },
  { "-c house.ini domoticz --yes --create Heat:counter-gj=usage", EX_CONFIG,
    "usage" },
  { "domoticz url=http://127.0.0.1:1 --create Heat:counter-gj=usage", EX_USAGE,
    "--create NAME:TYPE=VALUE needs -c FILE OUTPUT" },
  { "-c house.ini domoticz --create Heat:counter-gj=", EX_USAGE,
    "\"Heat:counter-gj=\" is not NAME:TYPE" },
};

START_TEST(create_with_an_unknown_value_makes_no_device)
{
  write_without_targets();
  sandbox_run(house.sandbox, "targets %s", mistakes[_i].words);
  ck_assert_int_eq(sandbox_status(house.sandbox), mistakes[_i].status);
  ck_assert_msg(strstr(sandbox_err(house.sandbox), mistakes[_i].said), "%s",
                sandbox_err(house.sandbox));
  ck_assert_uint_eq(domoticz_server_requests(house.server), 0);
}
END_TEST

/* A made device cannot be taken back, so the units are compared before. */
static const struct {
  const char *create, *plan, *error;
} unfit[] = {
  { "Water:counter-gj=meter.volume_v1", "Counter with own unit GJ",
    "Water: nothing was made: it would take GJ, and meter.volume_v1 is in "
    "m\302\263: these units do not convert; name another target" },
  { "Water:counter-water=meter.heat_energy_e1", "Counter, water",
    "Water: nothing was made: it would take m\302\263, and "
    "meter.heat_energy_e1 is in MWh: these units do not convert; name another "
    "target" },
  { "Water:custom-kWh=energy", "Custom Sensor kWh",
    "Water: nothing was made: it would take kWh, and energy is in GJ: put a "
    "transform \"convert\" with unit = kWh and decimals = 3 between them" },
};

START_TEST(value_whose_unit_does_not_fit_makes_no_device)
{
  char said[1024];

  domoticz_setup_write(&house, "", "",
                       "[transform energy]\nplugin = convert\nunit = GJ\n"
                       "value = meter.heat_energy_e1\n");
  sandbox_run(house.sandbox,
              "targets -c house.ini domoticz --yes --create "
              "Heat:counter-gj=meter.heat_energy_e1 --create %s",
              unfit[_i].create);
  snprintf(said, sizeof(said),
           "notice: domoticz: {url}: would make \"Heat\" (Counter with own "
           "unit GJ) on the Dummy hardware 2\n"
           "notice: domoticz: {url}: would make \"Water\" (%s) on the Dummy "
           "hardware 2\nerror: domoticz: %s\n",
           unfit[_i].plan, unfit[_i].error);
  domoticz_setup_check(&house, EX_USAGE, said);
  check_out("");
  ck_assert_uint_eq(domoticz_server_count(house.server, "createdevice"), 0);
}
END_TEST

/* The displayed values, and all answers, are those of a server. */
START_TEST(plugin_keeps_the_contract_with_a_server)
{
  add(1, "custom", "GJ");
  add(2, "counter-custom", "GJ");
  sandbox_run(house.sandbox, "conform -q %s/output_domoticz.so url=%s",
              getenv("METERPIPE_PLUGIN_PATH"),
              domoticz_server_url(house.server));
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_uint_gt(domoticz_server_count(house.server, "createdevice"), 0);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("devices");
  TCase *t = tcase_create("devices");

  tcase_add_checked_fixture(t, setup, leave);
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, check_reports_a_read_only_login, 0,
                      (int)ARRAY_SIZE(rights));
  tcase_add_loop_test(t, text_is_refused_by_check_and_every_run, 0,
                      (int)ARRAY_SIZE(texts));
  tcase_add_test(t, text_goes_to_a_text_device);
  tcase_add_loop_test(t, check_warns_about_the_usual_unit, 0,
                      (int)ARRAY_SIZE(units));
  tcase_add_test(t, check_derives_units_through_transforms);
  tcase_add_test(t, power_in_an_energy_unit_is_refused_before_sending);
  tcase_add_loop_test(t, check_warns_about_the_coarse_step_of_a_base, 0,
                      (int)ARRAY_SIZE(steps));
  tcase_add_test(t, dry_run_prints_the_stored_temperature);
  tcase_add_loop_test(t, check_warns_about_unsuitable_device_types, 0,
                      (int)ARRAY_SIZE(types));
  tcase_add_loop_test(t, first_value_after_a_logged_zero_is_reported_once, 0,
                      (int)ARRAY_SIZE(counters));
  tcase_add_test(t, unlogged_device_and_total_cause_no_notice);
  tcase_add_test(t, new_device_gets_its_first_value_in_one_step);
  tcase_add_test(t, new_device_without_a_value_prints_the_next_step);
  tcase_add_test(t, silent_meter_leaves_a_new_device_without_a_value);
  tcase_add_test(t, skipped_first_value_is_not_reported_as_delivered);
  tcase_add_test(t, plugin_keeps_the_contract_with_a_server);
  tcase_add_loop_test(t, value_whose_unit_does_not_fit_makes_no_device, 0,
                      ARRAY_SIZE(unfit));
  tcase_add_loop_test(t, create_with_an_unknown_value_makes_no_device, 0,
                      (int)ARRAY_SIZE(mistakes));
  suite_add_tcase(s, t);
  return run_suite(s);
}
