/* targets.c: the names of targets, their topics, and conflicts between them.
 * Through the plugin's table; nothing here connects to a broker. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/mqtt/mqtt.h"
#include "testkit/fake_host.h"
#include "tests/support/run_suite.h"

#define MOST 3

/* A section of the pipeline file. */
struct section {
  struct fake_host *host;
  struct mqtt *self;
};

static void
begin(struct section *s, const char *name)
{
  s->host = fake_host_new(meterpipe_plugin(), name);
  s->self = NULL;
  fake_host_set(s->host, "url", "mqtt://house.example");
}

static void
add(struct section *s, const char *name)
{
  fake_host_add_target(s->host, name, NULL, "meter.value", 0);
}

/* Creates the instance, and opens it.  Returns the result of the first that
 * fails. */
static int
start(struct section *s)
{
  void *self = NULL;
  int r = meterpipe_plugin()->create(&s->host->table, &self);

  s->self = self;
  return r == MP_OK ? meterpipe_plugin()->output->open(self) : r;
}

/* Closes it if it is open. */
static void
end(struct section *s)
{
  if (s->self && s->self->states)
    meterpipe_plugin()->output->close(s->self);
  if (s->self)
    meterpipe_plugin()->destroy(s->self);
  fake_host_free(s->host);
}

static void
check_refused(struct section *s, int r, const char *words)
{
  ck_assert_int_eq(r, MP_ECONFIG);
  ck_assert_uint_ge(fake_host_failures(s->host), 1);
  ck_assert_msg(strstr(fake_host_log(s->host), words), "%s",
                fake_host_log(s->host));
}

/* ---- The topic option ---------------------------------------------------- */

static const struct {
  const char *key, *topic, *problem; /* NULL: none */
} options[] = {
  { "topic", "heat", NULL },
  { "topic", "heat/cellar one", NULL },
  { "topic", "\303\251", NULL },
  { "topic", "heat/$x", NULL },
  { "topic", "/heat", "has an empty level" },
  { "topic", "heat/", "has an empty level" },
  { "topic", "a//b", "has an empty level" },
  { "topic", "/", "has an empty level" },
  { "topic", "a+", "contains + or #" },
  { "topic", "a/#", "contains + or #" },
  { "topic", "$SYS/x", "begins with $" },
  { "topic", "a\tb", "contains a control character" },
  { "topic", "a\302\205b", "contains a control character" },
  { "topic", "\377", "contains a control character" },
  { "discovery_prefix", "ha", NULL },
  { "discovery_prefix", "ha/", "has an empty level" },
  { "discovery_prefix", "+/ha", "contains + or #" },
};

START_TEST(topic_option_is_checked)
{
  struct section s;
  int r;

  begin(&s, "bus");
  fake_host_set(s.host, options[_i].key, options[_i].topic);
  add(&s, "energy");
  r = start(&s);
  if (options[_i].problem)
    check_refused(&s, r, options[_i].problem);
  else
    ck_assert_int_eq(r, MP_OK);
  end(&s);
}
END_TEST

/* The name of a pipeline is that of its file. */
static const char *const pipelines[][2] = {
  { "house", "meterpipe/house/energy" },
  { "my house", "meterpipe/my house/energy" },
  { "a+b#c", "meterpipe/a_b_c/energy" },
  { "a/b", "meterpipe/a_b/energy" },
  { "caf\303\251", "meterpipe/caf\303\251/energy" },
};

START_TEST(topic_is_made_of_the_pipelines_name)
{
  struct section s;

  begin(&s, "bus");
  s.host->table.pipeline = pipelines[_i][0];
  add(&s, "energy");
  ck_assert_int_eq(start(&s), MP_OK);
  ck_assert_str_eq(s.self->states[0], pipelines[_i][1]);
  end(&s);
}
END_TEST

/* A file can have a name that no topic can have. */
START_TEST(pipelines_name_without_a_topic_is_refused)
{
  struct section s;

  begin(&s, "bus");
  s.host->table.pipeline = "caf\351";
  add(&s, "energy");
  check_refused(&s, start(&s),
                "topic: must be given: the name of this pipeline");
  end(&s);
}
END_TEST

/* ---- Names --------------------------------------------------------------- */

/* Names of targets, and the topics below meterpipe/test; or the problem. */
static const struct {
  const char *names[MOST];
  const char *topics[MOST];
  const char *problem;
} rows[] = {
  { { "energy" }, { "energy" }, NULL },
  { { "meter.energy", "meter.t1.max" },
    { "meter/energy", "meter/t1/max" },
    NULL },
  { { "a-b", "a_b2" }, { "a-b", "a_b2" }, NULL },
  { { "Energy", "energy" }, { "Energy", "energy" }, NULL },
  { { "a+b" }, { NULL }, "sensor.a+b: cannot become a topic" },
  { { "#" }, { NULL }, "sensor.#: cannot become a topic" },
  { { ".a" }, { NULL }, "sensor..a: cannot become a topic" },
  { { "a." }, { NULL }, "sensor.a.: cannot become a topic" },
  { { "a..b" }, { NULL }, "sensor.a..b: cannot become a topic" },
  { { "check" }, { NULL }, "sensor.check: cannot become a topic" },
  { { "a.check" }, { "a/check" }, NULL },
  { { "ok", "a+b" }, { NULL }, "sensor.a+b: cannot become a topic" },
  /* one topic */
  { { "a.b", "a/b" }, { NULL }, "another target has the same topic" },
  { { "x", "a/b", "a.b" }, { NULL }, "another target has the same topic" },
  /* one object id */
  { { "a.b", "a_b" }, { NULL }, "a_b" },
  { { "a b", "a_b" }, { NULL }, "a_b" },
};

START_TEST(name_becomes_a_topic)
{
  struct section s;
  int r;

  begin(&s, "bus");
  for (int i = 0; i < MOST && rows[_i].names[i]; i++)
    add(&s, rows[_i].names[i]);
  r = start(&s);
  if (rows[_i].problem)
    check_refused(&s, r, rows[_i].problem);
  else
    ck_assert_int_eq(r, MP_OK);
  for (int i = 0; i < MOST && rows[_i].topics[i]; i++) {
    char topic[64];

    snprintf(topic, sizeof(topic), "meterpipe/test/%s", rows[_i].topics[i]);
    ck_assert_str_eq(s.self->states[i], topic);
  }
  end(&s);
}
END_TEST

/* Without discovery there are no object ids. */
START_TEST(object_ids_do_not_matter_without_discovery)
{
  struct section s;

  begin(&s, "bus");
  fake_host_set(s.host, "discovery", "off");
  add(&s, "a.b");
  add(&s, "a_b");
  ck_assert_int_eq(start(&s), MP_OK);
  end(&s);
}
END_TEST

/* A state topic within the topics of discovery. */
START_TEST(state_on_a_config_topic_is_refused)
{
  struct section s;

  begin(&s, "bus");
  fake_host_set(s.host, "topic",
                "homeassistant/sensor/meterpipe_test/meterpipe_test_config");
  add(&s, "config");
  check_refused(&s, start(&s), "is both a state and a topic of discovery");
  end(&s);
}
END_TEST

/* In an output that takes every value, targets appear after open. */
START_TEST(later_target_is_learnt)
{
  const struct mp_record record = { .struct_size = sizeof(record),
                                    .id = "1-1" };
  const struct mp_output_ops *ops = meterpipe_plugin()->output;
  struct section s;

  begin(&s, "bus");
  ck_assert_int_eq(start(&s), MP_OK);
  add(&s, "meter.energy");
  ck_assert_int_eq(ops->begin(s.self, &record), MP_OK);
  ck_assert_uint_eq(s.self->n, 1);
  ck_assert_str_eq(s.self->states[0], "meterpipe/test/meter/energy");
  ck_assert_ptr_nonnull(
    strstr(fake_host_stored(s.host, "topics.0"), "/meter/energy\n"));
  add(&s, "meter_energy");
  check_refused(&s, ops->begin(s.self, &record), "meter_energy");
  end(&s);
}
END_TEST

START_TEST(many_targets_are_learnt)
{
  struct section s;
  char name[32];

  begin(&s, "bus");
  for (int i = 0; i < 1000; i++) {
    snprintf(name, sizeof(name), "house%d.energy", i);
    add(&s, name);
  }
  ck_assert_int_eq(start(&s), MP_OK);
  ck_assert_str_eq(s.self->states[999], "meterpipe/test/house999/energy");
  end(&s);
}
END_TEST

/* ---- Two sections -------------------------------------------------------- */

/* Options of two sections, whether their targets have the same name, and the
 * problem of the second. */
static const struct {
  const char *url, *other_url;
  const char *topic, *other_topic;
  const char *discovery, *prefix;
  const char *target;
  const char *problem; /* NULL: none */
} pairs[] = {
  { "mqtt://a", "mqtt://b", NULL, NULL, "single", NULL, "energy", NULL },
  { "mqtt://a", "mqtt://a", NULL, NULL, "off", NULL, "energy",
    "[output one] has the same `url` and `topic`" },
  { "mqtt://a", "mqtt://a", NULL, NULL, "off", NULL, "volume",
    "[output one] has the same `url` and `topic`" },
  { "mqtt://a", "MQTT://A", "x", "x", "off", NULL, "energy",
    "[output one] has the same `url` and `topic`" },
  { "mqtt://a", "mqtt://a:1883", "x", "x", "off", NULL, "energy",
    "[output one] has the same `url` and `topic`" },
  { "mqtt://a", "mqtt://a:1884", "x", "x", "off", NULL, "energy", NULL },
  { "mqtt://a", "mqtt://a/", "x", "x", "off", NULL, "energy",
    "[output one] has the same `url` and `topic`" },
  { "mqtt://a", "mqtt://a", "x", "y", "off", NULL, "energy", NULL },
  { "mqtt://a", "mqtt://a", "x", "x/y", "off", NULL, "energy", NULL },
  { "mqtt://a", "mqtt://a", "x", "x/y", "off", NULL, "y.energy", NULL },
  { "mqtt://a", "mqtt://a", "x/y", "x", "off", NULL, "y.energy",
    "x/y/energy: is also a topic of [output one]" },
  { "mqtt://a", "mqtt://a", "x", "y", "single", NULL, "energy",
    "is also a topic of [output one]" },
  { "mqtt://a", "mqtt://a", "x", "y", "device", NULL, "volume",
    "is also a topic of [output one]" },
  { "mqtt://a", "mqtt://a", "x", "y", "single", "other", "energy", NULL },
};

static void
begin_pair(struct section *s, int i, bool other)
{
  begin(s, other ? "two" : "one");
  fake_host_set(s->host, "url", other ? pairs[i].other_url : pairs[i].url);
  fake_host_set(s->host, "topic",
                other ? pairs[i].other_topic : pairs[i].topic);
  fake_host_set(s->host, "discovery", pairs[i].discovery);
  if (other && pairs[i].prefix)
    fake_host_set(s->host, "discovery_prefix", pairs[i].prefix);
  add(s, other ? pairs[i].target : "energy");
}

START_TEST(two_sections_do_not_share_a_topic)
{
  struct section one, two;
  int r;

  begin_pair(&one, _i, false);
  begin_pair(&two, _i, true);
  ck_assert_int_eq(start(&one), MP_OK);
  r = start(&two);
  if (pairs[_i].problem)
    check_refused(&two, r, pairs[_i].problem);
  else
    ck_assert_msg(r == MP_OK, "%s", fake_host_log(two.host));
  end(&two);
  end(&one);
}
END_TEST

/* Once the first is closed, the second one can be opened. */
START_TEST(closed_section_has_no_topics)
{
  struct section one, two;

  begin_pair(&one, 1, false);
  begin_pair(&two, 1, true);
  ck_assert_int_eq(start(&one), MP_OK);
  end(&one);
  ck_assert_int_eq(start(&two), MP_OK);
  end(&two);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("mqtt targets");
  TCase *tc = tcase_create("targets");

  tcase_add_loop_test(tc, topic_option_is_checked, 0, ARRAY_SIZE(options));
  tcase_add_loop_test(tc, topic_is_made_of_the_pipelines_name, 0,
                      ARRAY_SIZE(pipelines));
  tcase_add_test(tc, pipelines_name_without_a_topic_is_refused);
  tcase_add_loop_test(tc, name_becomes_a_topic, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, object_ids_do_not_matter_without_discovery);
  tcase_add_test(tc, state_on_a_config_topic_is_refused);
  tcase_add_test(tc, later_target_is_learnt);
  tcase_add_test(tc, many_targets_are_learnt);
  tcase_add_loop_test(tc, two_sections_do_not_share_a_topic, 0,
                      ARRAY_SIZE(pairs));
  tcase_add_test(tc, closed_section_has_no_topics);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
