/*
 * Totals and amounts at a real broker: the state of the program is lost or an
 * older copy, the broker forgets or goes back, people and other pipelines write
 * the topics, the meter is exchanged, targets change.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/support/mqtt_setup.h"
#include "tests/support/run_suite.h"

/* The exit status that make check counts as "skipped". */
#define EX_SKIP 77

static struct mqtt_setup h;

static const char *const protocols[] = { "protocol = 5\n",
                                         "protocol = 3.1.1\n" };

/* The broker saves its database when told to. */
static void
build(void)
{
  mqtt_setup_build(&h, "persistence true\nautosave_interval 0\n");
}

static void
leave(void)
{
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

/* Does a run, whose messages do not matter here. */
static void
run(const char *reading, int status)
{
  mqtt_setup_run(&h, reading);
  ck_assert_msg(sandbox_status(h.s) == status, "%d: %s", sandbox_status(h.s),
                sandbox_err(h.s));
}

static void
copy_file(const char *from, const char *to)
{
  char command[512];

  snprintf(command, sizeof(command), "cp '%s/%s' '%s/%s'", sandbox_dir(h.s),
           from, sandbox_dir(h.s), to);
  ck_assert_int_eq(system(command), 0);
}

/* Returns the name of the state's file. */
static const char *
state_file(void)
{
  static const char *const places[] = { "house.db", "meterpipe/house.db" };

  for (size_t i = 0; i < ARRAY_SIZE(places); i++)
    if (sandbox_exists(h.s, places[i]))
      return places[i];
  ck_abort_msg("there is no state");
  return NULL;
}

/* ---- The state of the program -------------------------------------------- */

START_TEST(lost_state_adopts_the_displayed_values)
{
  begin(protocols[_i]);
  sandbox_remove(h.s, state_file());
  run("84.6", EX_OK);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(h.s), "which another state wrote: this pipeline's state "
                             "is new or was lost; "));
  check_account("0.6", "0.6");
  mqtt_setup_cycle(&h, "84.7", EX_OK, "");
  check_account("0.7", "0.7");
}
END_TEST

START_TEST(older_copy_of_the_state_continues_from_the_displayed_values)
{
  begin(protocols[_i]);
  copy_file(state_file(), "older.db");
  run("84.6", EX_OK);
  run("84.7", EX_OK);
  copy_file("older.db", state_file());
  run("84.8", EX_OK);
  ck_assert_ptr_nonnull(strstr(sandbox_err(h.s), "which is newer than the "
                                                 "state: "));
  check_account("0.8", "0.8");
  mqtt_setup_cycle(&h, "84.9", EX_OK, "");
  check_account("0.9", "0.9");
}
END_TEST

/* ---- What the broker keeps ----------------------------------------------- */

/* The number of cycles since the broker saved its database; -1: it has none.
 * It is killed after them. */
static const int ages[] = { -1, 0, 1, 5 };

START_TEST(killed_broker_does_not_change_the_total)
{
  const int age = ages[_i % (int)ARRAY_SIZE(ages)];
  char reading[16];

  if (age < 0) {
    broker_kill(h.broker);
    broker_configure(h.broker, "persistence false\n");
    broker_restart(h.broker);
  }
  begin(protocols[_i / (int)ARRAY_SIZE(ages)]);
  if (age >= 0)
    broker_save(h.broker);
  for (int i = 1; i <= age; i++) {
    snprintf(reading, sizeof(reading), "84.5%d", i);
    run(reading, EX_OK);
  }
  broker_kill(h.broker);
  broker_restart(h.broker);
  run("85.5", EX_OK);
  check_account("1.5", "1.5");
  mqtt_setup_cycle(&h, "85.6", EX_OK, "");
  check_account("1.6", "1.6");
}
END_TEST

/* ---- Others write -------------------------------------------------------- */

START_TEST(total_changed_by_hand_continues_from_there)
{
  begin("");
  broker_publish(h.broker, MQTT_SETUP_TOPIC "/total",
                 "{\"value\":500,\"unit\":\"GJ\"}");
  run("84.6", EX_OK);
  ck_assert_ptr_nonnull(strstr(sandbox_err(h.s),
                               "displays 500 GJ, but 0.5 GJ was written: the "
                               "value was changed there; "));
  check_account("500.1", "0.6");
  mqtt_setup_cycle(&h, "84.7", EX_OK, "");
  check_account("500.2", "0.7");
}
END_TEST

/* A number alone, as mosquitto_pub -m 500 writes it. */
START_TEST(number_alone_is_a_manual_change_too)
{
  begin("");
  broker_publish(h.broker, MQTT_SETUP_TOPIC "/total", "500");
  run("84.6", EX_OK);
  check_account("500.1", "0.6");
}
END_TEST

/* Payloads without a value. */
static const char *const garbage[] = { "{",        "nan", "{\"value\":}",
                                       "\xff\xfe", "[1]", "{\"unit\":\"GJ\"}" };

START_TEST(garbage_in_a_topic_does_not_change_the_total)
{
  begin("");
  broker_publish(h.broker, MQTT_SETUP_TOPIC "/total", garbage[_i]);
  broker_publish(h.broker, MQTT_SETUP_TOPIC "/energy", garbage[_i]);
  run("84.6", EX_OK);
  check_account("0.6", "0.6");
}
END_TEST

START_TEST(deleted_states_are_written_from_the_ledger)
{
  begin("");
  broker_publish(h.broker, MQTT_SETUP_TOPIC "/total", "");
  broker_publish(h.broker, MQTT_SETUP_TOPIC "/energy", "");
  broker_publish(h.broker, MQTT_SETUP_TOPIC "/usage", "");
  run("84.6", EX_OK);
  check_account("0.6", "0.6");
}
END_TEST

static const char other[] =
  "[input meter]\nplugin = kmp\ndevice = eye\nfields = heat_energy_e1\n"
  "[output bus]\nplugin = mqtt\nurl = %s\ntopic = " MQTT_SETUP_TOPIC "\n"
  "discovery = off\nsensor.energy = meter.heat_energy_e1\n";

/* The other one adopts the displayed value, and this one is then the first that
 * finds an id of another state. */
START_TEST(second_pipeline_on_a_topic_is_reported)
{
  begin("");
  sandbox_write(h.s, "other.ini", other, mqtt_setup_url(&h));
  sandbox_run(h.s, "run -c other.ini");
  ck_assert_int_eq(sandbox_status(h.s), EX_OK);
  run("84.6", EX_CONFIG);
  ck_assert_ptr_nonnull(strstr(sandbox_err(h.s), "sensor.energy"));
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(h.s), "is also written by another pipeline"));
  ck_assert_str_eq(mqtt_setup_number(&h, "energy"), "84.5");
  /* once the other one is gone */
  broker_publish(h.broker, MQTT_SETUP_TOPIC "/energy", "");
  run("84.7", EX_OK);
  check_account("0.7", "0.7");
}
END_TEST

/* ---- Changes in the house ------------------------------------------------ */

/* The new meter begins at 1; the first reading is only its base. */
START_TEST(exchanged_meter_does_not_change_the_total)
{
  begin("");
  meter_set(h.m, "1001=68500002");
  run("1.0", EX_OK);
  run("1.0", EX_OK);
  check_account("0.5", NULL);
  run("1.2", EX_OK);
  check_account("0.7", NULL);
  ck_assert_ptr_nonnull(strstr(broker_retained(h.broker, "homeassistant/#"),
                               "\"serial_number\":\"68500002\""));
  ck_assert_ptr_null(strstr(broker_retained(h.broker, "homeassistant/#"),
                            "\"serial_number\":\"" MQTT_SETUP_SERIAL "\""));
}
END_TEST

static const char *const modes[] = { "discovery = single\n",
                                     "discovery = device\n" };

/* Writes the pipeline with TARGETS only. */
static void
write_targets(const char *options, const char *targets)
{
  sandbox_write(h.s, "house.ini",
                MQTT_SETUP_INPUT "[output bus]\nplugin = mqtt\nurl = %s\n%s%s",
                mqtt_setup_url(&h), options, targets);
}

#define TWO                                                                    \
  "sensor.first = meter.heat_energy_e1\nsensor.second = "                      \
  "meter.heat_energy_e1\n"

static const char *const changes[] = {
  "sensor.first = meter.heat_energy_e1\n",
  "sensor.first = meter.heat_energy_e1\nsensor.third = meter.heat_energy_e1\n",
  "sensor.third = meter.heat_energy_e1\n",
};

/* Target second is removed, or renamed: neither its state nor its entity stays,
 * also if the broker was away at first. */
START_TEST(nothing_of_a_removed_target_stays)
{
  const char *mode = modes[_i % (int)ARRAY_SIZE(modes)], *configs;

  write_targets(mode, TWO);
  mqtt_setup_cycle(&h, "84.0", EX_OK, "");
  ck_assert_ptr_nonnull(
    strstr(broker_retained(h.broker, "homeassistant/#"), "/second\""));
  write_targets(mode, changes[_i / (int)ARRAY_SIZE(modes)]);
  broker_stop(h.broker);
  mqtt_setup_run(&h, "84.1");
  broker_restart(h.broker);
  run("84.2", EX_OK);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(h.s), MQTT_SETUP_TOPIC "/second: deleted"));
  ck_assert_str_eq(mqtt_setup_number(&h, "second"), "");
  configs = broker_retained(h.broker, "homeassistant/#");
  ck_assert_msg(!strstr(configs, "second"), "%s", configs);
  ck_assert_str_ne(configs, "");
  mqtt_setup_cycle(&h, "84.3", EX_OK, "");
}
END_TEST

/* The whole output is given another topic. */
START_TEST(nothing_of_another_topic_stays)
{
  write_targets("", TWO);
  mqtt_setup_cycle(&h, "84.0", EX_OK, "");
  write_targets("topic = heat\n", TWO);
  run("84.1", EX_OK);
  ck_assert_str_eq(broker_retained(h.broker, "meterpipe/#"), "");
  ck_assert_ptr_null(
    strstr(broker_retained(h.broker, "homeassistant/#"), "meterpipe/house/"));
}
END_TEST

/* Discovery is switched off, or to the other mode: one set of entities. */
static const struct {
  const char *before, *after, *stays, *goes;
} switches[] = {
  { "discovery = single\n", "discovery = device\n", "homeassistant/device/#",
    "homeassistant/sensor/#" },
  { "discovery = device\n", "discovery = single\n", "homeassistant/sensor/#",
    "homeassistant/device/#" },
  { "discovery = single\n", "discovery = off\n", MQTT_SETUP_TOPIC "/#",
    "homeassistant/#" },
  { "discovery = device\n", "discovery = off\n", MQTT_SETUP_TOPIC "/#",
    "homeassistant/#" },
};

START_TEST(configs_of_another_mode_do_not_stay)
{
  write_targets(switches[_i].before, TWO);
  mqtt_setup_cycle(&h, "84.0", EX_OK, "");
  ck_assert_str_ne(broker_retained(h.broker, switches[_i].goes), "");
  write_targets(switches[_i].after, TWO);
  run("84.1", EX_OK);
  ck_assert_str_eq(broker_retained(h.broker, switches[_i].goes), "");
  ck_assert_str_ne(broker_retained(h.broker, switches[_i].stays), "");
  mqtt_setup_cycle(&h, "84.2", EX_OK, "");
}
END_TEST

/* The total continues in another unit, and its only config says so. */
START_TEST(target_given_another_unit_continues)
{
  const char *configs;

  begin("");
  mqtt_setup_write(&h, "sensor.total.unit = MJ\n");
  run("84.6", EX_OK);
  check_account("600", NULL);
  configs = broker_retained(h.broker, "homeassistant/#");
  ck_assert_ptr_nonnull(strstr(configs, "\"unit_of_measurement\":\"MJ\""));
  run("84.7", EX_OK);
  check_account("700", NULL);
  mqtt_setup_write(&h, "sensor.total.unit = GJ\n");
  run("84.8", EX_OK);
  check_account("0.8", "0.8");
  configs = broker_retained(h.broker, "homeassistant/#");
  ck_assert_ptr_null(strstr(configs, "\"unit_of_measurement\":\"MJ\""));
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("mqtt totals");
  TCase *t = tcase_create("mqtt totals");
  const int versions = (int)ARRAY_SIZE(protocols);

  if (!broker_is_there()) {
    fputs("skipped: there is no mosquitto\n", stderr);
    return EX_SKIP;
  }
  tcase_add_checked_fixture(t, build, leave);
  tcase_add_loop_test(t, lost_state_adopts_the_displayed_values, 0, versions);
  tcase_add_loop_test(
    t, older_copy_of_the_state_continues_from_the_displayed_values, 0,
    versions);
  tcase_add_loop_test(t, killed_broker_does_not_change_the_total, 0,
                      versions * (int)ARRAY_SIZE(ages));
  tcase_add_test(t, total_changed_by_hand_continues_from_there);
  tcase_add_test(t, number_alone_is_a_manual_change_too);
  tcase_add_loop_test(t, garbage_in_a_topic_does_not_change_the_total, 0,
                      (int)ARRAY_SIZE(garbage));
  tcase_add_test(t, deleted_states_are_written_from_the_ledger);
  tcase_add_test(t, second_pipeline_on_a_topic_is_reported);
  tcase_add_test(t, exchanged_meter_does_not_change_the_total);
  tcase_add_loop_test(t, nothing_of_a_removed_target_stays, 0,
                      (int)(ARRAY_SIZE(changes) * ARRAY_SIZE(modes)));
  tcase_add_test(t, nothing_of_another_topic_stays);
  tcase_add_loop_test(t, configs_of_another_mode_do_not_stay, 0,
                      (int)ARRAY_SIZE(switches));
  tcase_add_test(t, target_given_another_unit_continues);
  suite_add_tcase(s, t);
  return run_suite(s);
}
