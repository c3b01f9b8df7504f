/* topics.c: the list of topics, in memory and in the store. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/storable.h"
#include "plugins/mqtt/topics.h"
#include "testkit/fake_host.h"
#include "tests/support/run_suite.h"

static struct fake_host *host;
static struct topics topics;

static void
setup(void)
{
  host = fake_host_new(NULL, "bus");
}

static void
teardown(void)
{
  topics_free(&topics);
  fake_host_free(host);
}

/* Adds a topic with all that the store keeps. */
static struct topic *
add(const char *name, const char *id, int64_t time_ms, unsigned misses)
{
  struct topic *topic = topics_obtain(&topics, name);

  ck_assert_ptr_nonnull(topic);
  ck_assert(topic_set_text(&topic->id, id));
  topic->use = TOPIC_STATE;
  topic->time_ms = time_ms;
  topic->misses = misses;
  return topic;
}

static void
reload(void)
{
  topics_free(&topics);
  ck_assert_int_eq(topics_load(&topics, &host->table), MP_OK);
}

/* Saves, and checks that the core would accept each text. */
static unsigned
save(void)
{
  const char *text;
  unsigned n = 0;
  char key[32];

  ck_assert_int_eq(topics_save(&topics, &host->table), MP_OK);
  snprintf(key, sizeof(key), "topics.%u", n);
  while ((text = fake_host_stored(host, key))) {
    ck_assert_uint_le(strlen(text), STORABLE_KEPT_TEXT);
    ck_assert(storable_kept_text(text));
    snprintf(key, sizeof(key), "topics.%u", ++n);
  }
  return n;
}

static void
check_sorted(size_t n)
{
  ck_assert_uint_eq(topics.n, n);
  for (size_t i = 0; i < n; i++) {
    ck_assert_ptr_eq(topics_find(&topics, topics.list[i]->name),
                     topics.list[i]);
    if (i > 0)
      ck_assert_str_lt(topics.list[i - 1]->name, topics.list[i]->name);
  }
}

/* ---- The list ------------------------------------------------------------ */

START_TEST(topics_are_found_by_name)
{
  static const char *const names[] = { "m/b",  "m/a",  "m",   "m/c/d",   "m/c",
                                       "m/aa", "m/a/", "a/m", "\303\251" };
  const struct topic *b;

  ck_assert_ptr_null(topics_find(&topics, "m"));
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    ck_assert_ptr_nonnull(topics_obtain(&topics, names[i]));
    check_sorted(i + 1);
  }
  b = topics_find(&topics, "m/b");
  ck_assert_ptr_eq(topics_obtain(&topics, "m/b"), b);
  check_sorted(ARRAY_SIZE(names));
  ck_assert_int_eq(b->use, TOPIC_FORMER);
  ck_assert_str_eq(b->id, "");
  ck_assert_ptr_null(b->text);
  ck_assert_ptr_null(topics_find(&topics, "m/"));
  ck_assert_ptr_null(topics_find(&topics, ""));
  ck_assert_ptr_null(topics_find(&topics, "z"));
}
END_TEST

/* The list shrinks and grows across the sizes of its memory. */
START_TEST(topics_are_removed)
{
  char name[32];

  for (int round = 0; round < 3; round++) {
    for (unsigned i = 0; i < 70; i++) {
      snprintf(name, sizeof(name), "m/%u", i * 37 % 70);
      ck_assert_ptr_nonnull(topics_obtain(&topics, name));
    }
    check_sorted(70);
    for (unsigned i = 0; i < 70; i++) {
      snprintf(name, sizeof(name), "m/%u", i * 11 % 70);
      topics_remove(&topics, topics_find(&topics, name));
      ck_assert_ptr_null(topics_find(&topics, name));
      check_sorted(69 - i);
    }
  }
}
END_TEST

/* ---- The store ----------------------------------------------------------- */

START_TEST(topics_are_kept)
{
  const struct topic *topic;

  add("m/a", "0b5c-1795341600000", INT64_C(253402300799999), 3);
  add("m/b", "", 0, 0);
  add("homeassistant/sensor/x/y/config", "", 0, 0)->use = TOPIC_CONFIG;
  ck_assert_uint_eq(save(), 1);
  reload();
  check_sorted(3);
  topic = topics_find(&topics, "m/a");
  ck_assert_str_eq(topic->id, "0b5c-1795341600000");
  ck_assert_int_eq(topic->time_ms, INT64_C(253402300799999));
  ck_assert_uint_eq(topic->misses, 3);
  for (size_t i = 0; i < topics.n; i++)
    ck_assert_int_eq(topics.list[i]->use, TOPIC_FORMER);
  ck_assert_str_eq(topics_find(&topics, "m/b")->id, "");
}
END_TEST

/* A topic that is only read is not deleted later. */
START_TEST(read_topic_is_not_kept)
{
  add("m/a", "", 0, 0)->use = TOPIC_READ;
  add("m/b", "", 0, 0);
  add("m/c", "", 0, 0)->use = TOPIC_READ;
  save();
  reload();
  check_sorted(1);
  ck_assert_ptr_nonnull(topics_find(&topics, "m/b"));
}
END_TEST

START_TEST(many_topics_are_kept)
{
  static const char id[] = "0b5c1ac2-6d2f-4c55-b2f0-14a8e0a1f0aa-17953416%05u";
  char name[128], text[64];

  for (unsigned i = 0; i < 3000; i++) {
    snprintf(name, sizeof(name), "meterpipe/fleet/house_%u/heat_energy_e1",
             i * 7 % 3000);
    snprintf(text, sizeof(text), id, i);
    add(name, text, i, i % 3);
  }
  ck_assert_uint_gt(save(), 4);
  reload();
  check_sorted(3000);
  for (unsigned i = 0; i < 3000; i++) {
    const struct topic *topic;

    snprintf(name, sizeof(name), "meterpipe/fleet/house_%u/heat_energy_e1",
             i * 7 % 3000);
    snprintf(text, sizeof(text), id, i);
    topic = topics_find(&topics, name);
    ck_assert_str_eq(topic->id, text);
    ck_assert_int_eq(topic->time_ms, i);
    ck_assert_uint_eq(topic->misses, i % 3);
  }
}
END_TEST

/* Lengths of names around those at which one, two or three lines fill a text of
 * the store. */
static const size_t lengths[] = { 100,   15000, 20000, 21700, 21845, 30000,
                                  32700, 32767, 59000, 60000, 65000 };

START_TEST(long_topics_are_kept)
{
  size_t len = lengths[_i];
  char *name = calloc(1, len + 1);

  memset(name, 'a', len);
  for (int i = 0; i < 7; i++) {
    name[len - 1] = (char)('a' + i);
    add(name, "0b5c-1795341600000", 1, 0);
  }
  save();
  reload();
  check_sorted(7);
  free(name);
}
END_TEST

START_TEST(former_texts_are_removed)
{
  char name[32];

  for (unsigned i = 0; i < 6000; i++) {
    snprintf(name, sizeof(name), "meterpipe/fleet/house_%u", i);
    add(name, "", 0, 0);
  }
  ck_assert_uint_gt(save(), 2);
  while (topics.n > 1)
    topics_remove(&topics, topics.list[topics.n - 1]);
  ck_assert_uint_eq(save(), 1);
  ck_assert_ptr_null(fake_host_stored(host, "topics.2"));
  reload();
  check_sorted(1);
  topics_remove(&topics, topics.list[0]);
  ck_assert_uint_eq(save(), 0);
  reload();
  check_sorted(0);
}
END_TEST

/* A text that another version wrote, and the names that remain, each with a
 * blank after it. */
static const struct {
  const char *text, *names;
} others[] = {
  { "", "" },
  { "\n\n", "" },
  { "m/a\n", "" },
  { "0\tm/a\n", "" },
  { "0\t0\tid\n", "" },
  { "0\t0\tid\t\n", "" },
  { "0\t0\tid\tm/a", "m/a " },
  { "0\t0\t\tm/b\n0\t0\t\tm/a\n", "m/a m/b " },
  { "0\t0\t\tm/a\n0\t0\t\tm/a\n", "m/a " },
  { "x\ty\tz\tm/a\n", "m/a " },
  { "-1\t-5\tid\tm/a\n", "m/a " },
  { "99999999999999999999\t99999999999999999999\tid\tm/a\n", "m/a " },
  { "version 2\nSTATE m/x\n0\t0\t\tm/a\n", "m/a " },
};

START_TEST(text_of_another_version_is_read)
{
  char names[64] = "";

  fake_host_store(host, "topics.0", others[_i].text);
  ck_assert_int_eq(topics_load(&topics, &host->table), MP_OK);
  for (size_t i = 0; i < topics.n; i++)
    snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ",
             topics.list[i]->name);
  ck_assert_str_eq(names, others[_i].names);
  save();
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("mqtt topics");
  TCase *tc = tcase_create("topics");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, topics_are_found_by_name);
  tcase_add_test(tc, topics_are_removed);
  tcase_add_test(tc, topics_are_kept);
  tcase_add_test(tc, read_topic_is_not_kept);
  tcase_add_test(tc, many_topics_are_kept);
  tcase_add_loop_test(tc, long_topics_are_kept, 0, ARRAY_SIZE(lengths));
  tcase_add_test(tc, former_texts_are_removed);
  tcase_add_loop_test(tc, text_of_another_version_is_read, 0,
                      ARRAY_SIZE(others));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
