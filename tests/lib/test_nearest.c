/*
 * The nearest known word: which distance counts as near.  The order of the
 * known words makes no difference.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/nearest.h"
#include "tests/support/run_suite.h"

static const struct {
  const char *word, *expected; /* NULL: none */
} rows[] = {
  { "device", "device" },
  { "devcie", "device" },  /* swapped */
  { "devise", "device" },  /* changed */
  { "devce", "device" },   /* left out */
  { "deviice", "device" }, /* surplus */
  { "DEVICE", "device" },  /* case does not count */
  { "Baudd", "baud" },
  { "stopbits", "stop_bits" },
  { "heat_energy", "heat_energy_e1" },
  { "rst", "rts" },
  { "x", NULL }, /* a single letter is not near to any word */
  { "q", NULL },
  { "", NULL },
  { "wholly_different", NULL },
  { "bd", NULL },
};

static const char *const names[] = { "baud",      "device",         "rts",
                                     "stop_bits", "heat_energy_e1", "d",
                                     NULL };

START_TEST(finds_the_nearest_name)
{
  const char *found = nearest_of(rows[_i].word, names);

  if (rows[_i].expected)
    ck_assert_ptr_nonnull(found);
  else
    ck_assert_msg(!found, "\"%s\" found \"%s\"", rows[_i].word, found);
  if (found)
    ck_assert_str_eq(found, rows[_i].expected);
}
END_TEST

START_TEST(ties_go_by_the_alphabet_in_any_order)
{
  static const char *const up[] = { "bat", "cat", "rat", NULL };
  static const char *const down[] = { "rat", "cat", "bat", NULL };

  ck_assert_str_eq(nearest_of("hat", up), "bat");
  ck_assert_str_eq(nearest_of("hat", down), "bat");
}
END_TEST

START_TEST(overlong_words_have_no_nearest_name)
{
  char word[NEAREST_MAX + 2], other[NEAREST_MAX + 2];
  const char *list[] = { other, NULL };

  memset(word, 'a', sizeof(word));
  memset(other, 'a', sizeof(other));
  word[NEAREST_MAX] = other[NEAREST_MAX] = '\0';
  ck_assert_ptr_eq(nearest_of(word, list), other);
  word[NEAREST_MAX] = 'a';
  word[NEAREST_MAX + 1] = '\0';
  ck_assert_ptr_null(nearest_of(word, list));
}
END_TEST

START_TEST(hint_names_the_nearest_or_nothing)
{
  char buf[NEAREST_HINT], name[NEAREST_MAX + 1];
  struct nearest nearest;

  nearest_start(&nearest, "urk");
  ck_assert_str_eq(nearest_hint(&nearest, buf, sizeof(buf)), "");
  nearest_offer(&nearest, "url");
  ck_assert_str_eq(nearest_hint(&nearest, buf, sizeof(buf)),
                   "; the nearest is \"url\"");
  memset(name, 'a', sizeof(name));
  name[NEAREST_MAX] = '\0';
  nearest_start(&nearest, name);
  nearest_offer(&nearest, name);
  nearest_hint(&nearest, buf, sizeof(buf));
  ck_assert_int_eq(buf[strlen(buf) - 1], '"');
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("nearest");
  TCase *t = tcase_create("nearest");

  tcase_add_loop_test(t, finds_the_nearest_name, 0, (int)ARRAY_SIZE(rows));
  tcase_add_test(t, ties_go_by_the_alphabet_in_any_order);
  tcase_add_test(t, overlong_words_have_no_nearest_name);
  tcase_add_test(t, hint_names_the_nearest_or_nothing);
  suite_add_tcase(s, t);
  return run_suite(s);
}
