/*
 * The tests' own view of a broker: what tests/support/broker.h says that is
 * retained, and what the observer behind the proxy sees, compared with
 * mosquitto's clients.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "tests/support/mqtt_setup.h"
#include "tests/support/run_suite.h"

/* The exit status that make check counts as "skipped". */
#define EX_SKIP 77

static struct mqtt_setup h;

static void
leave(void)
{
  mqtt_setup_leave(&h);
}

/* Publishes with mosquitto's client, through the proxy. */
static int
publish(const char *options, const char *topic, const char *message)
{
  char command[512];
  int status;

  snprintf(command, sizeof(command),
           "mosquitto_pub -h 127.0.0.1 -p %u %s -t %s -m '%s' 2>/dev/null",
           proxy_port(h.proxy), options, topic, message);
  status = system(command);
  proxy_settle(h.proxy);
  return status;
}

START_TEST(retained_messages_are_those_of_the_broker)
{
  mqtt_setup_build(&h, "");
  publish("-V 5 -q 1 -r -D publish user-property id one-1", "a/b", "{\"x\":1}");
  publish("-V 311 -q 1 -r", "a/a", "2");
  publish("-V 5 -q 1", "a/c", "3");
  ck_assert_str_eq(broker_retained(h.broker, "a/#"),
                   "a/a 2\na/b {\"x\":1} id=one-1\n");
  broker_publish(h.broker, "a/a", "");
  broker_publish(h.broker, "a/d", "4");
  ck_assert_str_eq(broker_retained(h.broker, "a/#"),
                   "a/b {\"x\":1} id=one-1\na/d 4\n");
}
END_TEST

START_TEST(broker_that_is_killed_has_what_it_saved)
{
  mqtt_setup_build(&h, "persistence true\nautosave_interval 0\n");
  broker_publish(h.broker, "a", "1");
  broker_save(h.broker);
  broker_publish(h.broker, "a", "2");
  broker_kill(h.broker);
  broker_restart(h.broker);
  ck_assert_str_eq(broker_retained(h.broker, "#"), "a 1\n");
  broker_publish(h.broker, "a", "3");
  broker_stop(h.broker);
  broker_restart(h.broker);
  ck_assert_str_eq(broker_retained(h.broker, "#"), "a 3\n");
}
END_TEST

START_TEST(reloaded_acl_applies)
{
  mqtt_setup_build(&h, "");
  broker_kill(h.broker);
  sandbox_write(h.s, "acl", "topic readwrite a\n");
  broker_configure(h.broker, "acl_file acl\n");
  broker_restart(h.broker);
  publish("-V 5 -q 1 -r", "b", "1");
  ck_assert_str_eq(broker_retained(h.broker, "#"), "");
  sandbox_write(h.s, "acl", "topic readwrite b\n");
  broker_reload(h.broker);
  publish("-V 5 -q 1 -r", "b", "2");
  ck_assert_str_eq(broker_retained(h.broker, "#"), "b 2\n");
}
END_TEST

static const char *const versions[] = { "-V 5", "-V 311" };

START_TEST(observer_sees_what_is_published_and_acknowledged)
{
  const struct mqtt_message *m;
  char options[64];
  size_t at;

  mqtt_setup_build(&h, "");
  snprintf(options, sizeof(options), "%s -q 1 -r", versions[_i]);
  publish(options, "a/b", "{\"value\":1,\"id\":\"x-1\"}");
  m = mqtt_watch_message(h.watch, 0);
  ck_assert_ptr_nonnull(m);
  ck_assert_str_eq(m->topic, "a/b");
  ck_assert_str_eq(m->id, "x-1");
  ck_assert(m->retain && m->qos == 1 && m->acknowledged && !m->displayed);
  ck_assert_uint_eq(mqtt_watch_connections(h.watch), 1);
  ck_assert(mqtt_watch_packet(h.watch, PROXY_THERE, 2, &at)); /* DISCONNECT */
  ck_assert(!mqtt_watch_packet(h.watch, PROXY_THERE, 3, &at));
}
END_TEST

/* Cuts at PUBACK: the message arrived, and the client does not know. */
START_TEST(cut_in_place_of_an_answer_is_seen_as_acknowledged)
{
  size_t at;

  mqtt_setup_build(&h, "");
  publish("-V 5 -q 1 -r", "a", "1");
  ck_assert(mqtt_watch_packet(h.watch, PROXY_BACK, 1, &at));
  proxy_order(h.proxy, PROXY_RESET, PROXY_BACK, at);
  mqtt_watch_forget(h.watch);
  ck_assert_int_ne(publish("-V 5 -q 1 -r", "a", "2"), 0);
  ck_assert(proxy_struck(h.proxy));
  ck_assert(mqtt_watch_message(h.watch, 0)->acknowledged);
  ck_assert_str_eq(broker_retained(h.broker, "a"), "a 2\n");
}
END_TEST

START_TEST(cut_in_a_message_lets_nothing_arrive)
{
  size_t at;

  mqtt_setup_build(&h, "");
  publish("-V 5 -q 1 -r", "a", "1");
  ck_assert(mqtt_watch_packet(h.watch, PROXY_THERE, 2, &at));
  proxy_order(h.proxy, PROXY_CUT, PROXY_THERE, at - 1);
  mqtt_watch_forget(h.watch);
  ck_assert_int_ne(publish("-V 5 -q 1 -r", "a", "2"), 0);
  ck_assert_ptr_null(mqtt_watch_message(h.watch, 0));
  ck_assert_str_eq(broker_retained(h.broker, "a"), "a 1\n");
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("broker");
  TCase *t = tcase_create("broker");

  if (!broker_is_there()) {
    fputs("skipped: there is no mosquitto\n", stderr);
    return EX_SKIP;
  }
  tcase_add_checked_fixture(t, NULL, leave);
  tcase_add_test(t, retained_messages_are_those_of_the_broker);
  tcase_add_test(t, broker_that_is_killed_has_what_it_saved);
  tcase_add_test(t, reloaded_acl_applies);
  tcase_add_loop_test(t, observer_sees_what_is_published_and_acknowledged, 0,
                      (int)ARRAY_SIZE(versions));
  tcase_add_test(t, cut_in_place_of_an_answer_is_seen_as_acknowledged);
  tcase_add_test(t, cut_in_a_message_lets_nothing_arrive);
  suite_add_tcase(s, t);
  return run_suite(s);
}
