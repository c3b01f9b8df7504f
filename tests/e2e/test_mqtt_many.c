/*
 * MQTT with more topics than are read at once: each is read, so no message is
 * published without need, and a restored state continues from the broker.
 */
#include <check.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/support/mqtt_setup.h"
#include "tests/support/run_suite.h"

/* The exit status that make check counts as "skipped". */
#define EX_SKIP 77

/* With the configs, four portions of 100. */
#define TARGETS 180

static struct mqtt_setup h;

static void
build(void)
{
  mqtt_setup_build(&h, "");
}

static void
leave(void)
{
  mqtt_setup_leave(&h);
}

static FILE *
create(const char *name)
{
  char path[128];
  FILE *f;

  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(h.s), name);
  f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  return f;
}

static void
write_pipeline(void)
{
  FILE *f = create("house.ini");

  fprintf(f,
          "[input many]\nplugin = exec\ncommand = cat readings\n"
          "[output bus]\nplugin = mqtt\nurl = %s\n",
          mqtt_setup_url(&h));
  for (int i = 0; i < TARGETS; i++)
    fprintf(f, "sensor.value%d = many.field%d\nsensor.total%d = total%d\n", i,
            i, i, i);
  for (int i = 0; i < TARGETS; i++)
    fprintf(f,
            "[transform usage%d]\nplugin = subtract\nvalue = many.field%d\n"
            "minus = bus.value%d\n"
            "[transform total%d]\nplugin = add\nvalue = usage%d\n"
            "plus = bus.total%d\n",
            i, i, i, i, i, i);
  fclose(f);
}

/* Runs with readings of VALUE GJ. */
static void
run(const char *value)
{
  FILE *f = create("readings");

  for (int i = 0; i < TARGETS; i++)
    fprintf(f,
            "{\"field\":\"field%d\",\"value\":\"%s\",\"unit\":\"GJ\","
            "\"kind\":\"counter\"}\n",
            i, value);
  fclose(f);
  mqtt_setup_run(&h, NULL);
  ck_assert_int_eq(sandbox_status(h.s), EX_OK);
}

/* Runs with readings of VALUE GJ, which publishes all states and no config. */
static void
run_steadily(const char *value)
{
  mqtt_watch_forget(h.watch);
  run(value);
  ck_assert_uint_eq(mqtt_watch_count(h.watch, "homeassistant/"), 0);
  ck_assert_uint_eq(mqtt_watch_count(h.watch, MQTT_SETUP_TOPIC "/"),
                    2 * TARGETS);
}

static void
check_totals(const char *total)
{
  char name[32];

  for (int i = 0; i < TARGETS; i++) {
    snprintf(name, sizeof(name), "total%d", i);
    ck_assert_str_eq(mqtt_setup_number(&h, name), total);
  }
}

START_TEST(all_topics_are_read)
{
  char path[128];

  write_pipeline();
  run("84.200");
  run("84.500");
  ck_assert_uint_gt(mqtt_watch_count(h.watch, "homeassistant/"), 2 * TARGETS);
  run_steadily("84.500");
  snprintf(path, sizeof(path), "%s/house.db", sandbox_dir(h.s));
  ck_assert_int_eq(unlink(path), 0);
  run_steadily("84.600");
  check_totals("0.400");
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("mqtt_many");
  TCase *t = tcase_create("mqtt_many");

  if (!broker_is_there()) {
    fputs("skipped: there is no mosquitto\n", stderr);
    return EX_SKIP;
  }
  tcase_add_checked_fixture(t, build, leave);
  tcase_add_test(t, all_topics_are_read);
  suite_add_tcase(s, t);
  return run_suite(s);
}
