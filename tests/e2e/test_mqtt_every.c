/*
 * Connections of the mqtt output: with --every, one for all cycles, replaced
 * after the broker was away; runs by cron connect, deliver and leave.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/mqtt_setup.h"
#include "tests/support/run_suite.h"
#include "tests/support/times_in.h"

#define ENERGY MQTT_SETUP_TOPIC "/energy"

static struct mqtt_setup h;

static void
build_with(const char *lines, const char *options)
{
  mqtt_setup_build(&h, lines);
  meter_set(h.m, "60=84.200GJ");
  mqtt_setup_write(&h, options);
}

static void
leave(void)
{
  mqtt_setup_leave(&h);
}

/* Waits until N readings were sent in all. */
static void
wait_for_readings(size_t n)
{
  for (int i = 0; mqtt_watch_count(h.watch, ENERGY) < n; i++) {
    ck_assert_msg(i < 20000, "%zu readings instead of %zu; %s",
                  mqtt_watch_count(h.watch, ENERGY), n,
                  sandbox_read(h.s, ".err"));
    usleep(1000);
  }
}

/* Ends a run with --every, and checks what it said. */
static void
end_run(const char *err)
{
  kill(sandbox_pid(h.s), SIGTERM);
  sandbox_wait(h.s);
  proxy_settle(h.proxy);
  ck_assert_str_eq(sandbox_err(h.s), err);
}

static const char *const protocols[] = { "protocol = 5\n",
                                         "protocol = 3.1.1\n" };

START_TEST(every_keeps_one_connection_and_publishes_configs_once)
{
  size_t configs;

  build_with("", protocols[_i]);
  sandbox_start(h.s, "run --every 100ms -c house.ini");
  wait_for_readings(1);
  for (size_t i = 0; i < 8; i++) {
    char text[32];

    snprintf(text, sizeof(text), "60=84.%zuGJ", 300 + i);
    meter_set(h.m, text);
    wait_for_readings(i + 2);
  }
  end_run("");
  ck_assert_uint_eq(mqtt_watch_connections(h.watch), 1);
  /* energy and its time at first; later usage and total */
  configs = mqtt_watch_count(h.watch, "homeassistant/");
  ck_assert_uint_eq(configs, 4);
  mqtt_setup_run(&h, NULL);
  ck_assert_uint_eq(mqtt_watch_count(h.watch, "homeassistant/"), configs);
}
END_TEST

/* Returns how many configs the broker acknowledged. */
static unsigned
acknowledged_configs(void)
{
  const struct mqtt_message *m;
  unsigned n = 0;

  for (size_t i = 0; (m = mqtt_watch_message(h.watch, i)); i++)
    n += m->acknowledged && strncmp(m->topic, "homeassistant/", 14) == 0;
  return n;
}

/* The broker ends and comes back between two cycles and during some, three
 * times. */
START_TEST(every_continues_after_restarts_of_the_broker)
{
  build_with("persistence true\n", protocols[_i]);
  sandbox_start(h.s, "run --every 200ms -c house.ini");
  wait_for_readings(1);
  for (unsigned i = 0; i < 3; i++) {
    char text[32];

    broker_stop(h.broker);
    usleep(150000 * i);
    broker_restart(h.broker);
    snprintf(text, sizeof(text), "60=84.%uGJ", 300 + i);
    meter_set(h.m, text);
    wait_for_readings(i + 2);
  }
  kill(sandbox_pid(h.s), SIGTERM);
  sandbox_wait(h.s);
  proxy_settle(h.proxy);
  /* an end of the connection, and a broker that cannot be reached */
  ck_assert_uint_le(times_in(sandbox_err(h.s), "error: "), 2 * 3);
  mqtt_setup_run(&h, NULL); /* delivers what the signal interrupted */
  ck_assert_int_eq(sandbox_status(h.s), EX_OK);
  ck_assert_uint_eq(acknowledged_configs(), 4);
  mqtt_setup_check_account(&h, "0.102", "0.102");
}
END_TEST

/* Starts the next broker with a clock that runs N times as fast. */
static void
hurry_broker(const char *n)
{
  setenv("LD_PRELOAD", getenv("CLOCK_PRELOAD"), 1);
  setenv("TEST_HURRY", n, 1);
}

/* Lets the broker continue with the usual clock: it has time for all again. */
static void
calm_broker(void)
{
  broker_stop(h.broker);
  unsetenv("LD_PRELOAD");
  unsetenv("TEST_HURRY");
  broker_restart(h.broker);
}

/* Between cycles nothing is called, so no PINGREQ is sent: a broker to which
 * one was promised would close the connection.  Its time runs 600 times as
 * fast: 2 s are 20 minutes. */
START_TEST(every_keeps_its_connection_over_20_idle_minutes)
{
  hurry_broker("600");
  build_with("", protocols[_i]);
  sandbox_setenv(h.s, "TEST_HURRY", NULL);
  sandbox_start(h.s, "run --every 2s -c house.ini");
  wait_for_readings(1);
  meter_set(h.m, "60=84.300GJ");
  wait_for_readings(2);
  end_run("");
  ck_assert_uint_eq(mqtt_watch_connections(h.watch), 1);
}
END_TEST

/* A broker that limits the keepalive closes idle connections: the next cycle
 * notices before it sends, and connects again without a word. */
START_TEST(connection_closed_by_the_broker_is_replaced)
{
  hurry_broker("10");
  build_with("persistence true\nmax_keepalive 30\n", /* 4.5 s */
             "protocol = 5\n");
  sandbox_setenv(h.s, "TEST_HURRY", NULL);
  sandbox_start(h.s, "run --every 8s -c house.ini");
  wait_for_readings(1);
  meter_set(h.m, "60=84.300GJ");
  wait_for_readings(2);
  end_run("");
  ck_assert_uint_eq(mqtt_watch_connections(h.watch), 2);
  calm_broker();
  mqtt_setup_run(&h, NULL); /* delivers what the signal interrupted */
  mqtt_setup_check_account(&h, "0.100", "0.1");
}
END_TEST

START_TEST(cron_runs_connect_deliver_and_leave)
{
  const char *log;

  build_with("", protocols[_i]);
  mqtt_setup_cycle(&h, "84.300", EX_OK, "");
  mqtt_setup_cycle(&h, "84.400", EX_OK, "");
  ck_assert_uint_eq(mqtt_watch_connections(h.watch), 2);
  broker_retained(h.broker, "nothing"); /* the broker has seen their end */
  log = broker_log(h.broker);
  ck_assert_uint_eq(times_in(log, "Client meterpipe-"), 2);
  while ((log = strstr(log, "Client meterpipe-"))) {
    log += strcspn(log, " ") + 1;
    log += strcspn(log, " ") + 1;
    ck_assert_msg(strncmp(log, "disconnected.", 13) == 0, "%.60s", log);
  }
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("mqtt every");
  TCase *t = tcase_create("mqtt every");

  if (!broker_is_there()) {
    fputs("skipped: there is no mosquitto\n", stderr);
    return EX_SKIP;
  }
  tcase_add_checked_fixture(t, NULL, leave);
  tcase_add_loop_test(t, every_keeps_one_connection_and_publishes_configs_once,
                      0, (int)ARRAY_SIZE(protocols));
  tcase_add_loop_test(t, every_continues_after_restarts_of_the_broker, 0,
                      (int)ARRAY_SIZE(protocols));
  tcase_add_loop_test(t, every_keeps_its_connection_over_20_idle_minutes, 0,
                      (int)ARRAY_SIZE(protocols));
  tcase_add_test(t, connection_closed_by_the_broker_is_replaced);
  tcase_add_loop_test(t, cron_runs_connect_deliver_and_leave, 0,
                      (int)ARRAY_SIZE(protocols));
  suite_add_tcase(s, t);
  return run_suite(s);
}
