/* Lists of messages. */
#include <check.h>
#include <string.h>

#include "core/pipeline/messages.h"
#include "tests/support/run_suite.h"

static const struct stage stage = { .name = "house" };
static const struct base base;
static struct messages m;

START_TEST(each_kind_keeps_what_it_was_given)
{
  const struct message *at;
  char object[] = "idx.1";

  ck_assert_int_eq(messages_fail(&m, &stage, MP_EIO, object, "read %d", 7),
                   MP_EIO);
  messages_log(&m, &stage, MP_LOG_DEBUG, NULL, "%s", "line");
  messages_notice(&m, &base, &stage, MP_LOG_NOTICE, object, "changed");
  object[0] = '?'; /* it was copied */

  at = m.first;
  ck_assert_int_eq(at->kind, MESSAGE_FAILURE);
  ck_assert_int_eq(at->code, MP_EIO);
  ck_assert_ptr_eq(at->stage, &stage);
  ck_assert_str_eq(at->object, "idx.1");
  ck_assert_str_eq(at->text, "read 7");
  at = at->next;
  ck_assert_int_eq(at->kind, MESSAGE_LOG);
  ck_assert_int_eq(at->code, MP_LOG_DEBUG);
  ck_assert_ptr_null(at->object);
  ck_assert_ptr_null(at->base);
  at = at->next;
  ck_assert_int_eq(at->kind, MESSAGE_NOTICE);
  ck_assert_int_eq(at->code, MP_LOG_NOTICE);
  ck_assert_ptr_eq(at->base, &base);
  ck_assert_ptr_eq(at, m.last);
  ck_assert_ptr_null(at->next);
}
END_TEST

/* Checks that the texts of LIST are the letters of WANT. */
static void
check_order(const struct messages *list, const char *want)
{
  const struct message *last = NULL;

  for (const struct message *at = list->first; at; at = at->next) {
    ck_assert_int_eq(at->text[0], *want++);
    last = at;
  }
  ck_assert_int_eq(*want, '\0');
  ck_assert_ptr_eq(list->last, last);
}

static void
add_letters(struct messages *list, const char *letters)
{
  for (; *letters; letters++)
    messages_log(list, &stage, MP_LOG_INFO, NULL, "%c", *letters);
}

START_TEST(moving_keeps_the_order)
{
  static const struct {
    const char *to, *from, *after;
  } lists[] = { { "", "", "" },
                { "ab", "", "ab" },
                { "", "cd", "cd" },
                { "ab", "cd", "abcd" } };

  for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
    struct messages from = { .first = NULL };

    add_letters(&m, lists[i].to);
    add_letters(&from, lists[i].from);
    messages_move(&m, &from);
    check_order(&m, lists[i].after);
    check_order(&from, "");
    messages_clear(&m);
  }
}
END_TEST

START_TEST(messages_are_taken_one_by_one)
{
  struct messages other = { .first = NULL };
  struct message *message;

  add_letters(&m, "ab");
  message = messages_take(&m);
  ck_assert_str_eq(message->text, "a");
  ck_assert_ptr_null(message->next);
  check_order(&m, "b");
  messages_put(&other, message);
  messages_put(&other, messages_take(&m));
  check_order(&other, "ab");
  check_order(&m, "");
  ck_assert_ptr_null(messages_take(&m));
  add_letters(&m, "c");
  check_order(&m, "c");
  messages_clear(&other);
  check_order(&other, "");
}
END_TEST

START_TEST(a_long_text_is_cut)
{
  char text[4000];

  memset(text, 'x', sizeof(text));
  text[sizeof(text) - 1] = '\0';
  messages_log(&m, &stage, MP_LOG_INFO, NULL, "%s", text);
  ck_assert_uint_eq(strlen(m.first->text), 1535);
}
END_TEST

static void
clear(void)
{
  messages_clear(&m);
}

int
main(void)
{
  Suite *suite = suite_create("messages");
  TCase *tc = tcase_create("messages");

  tcase_add_checked_fixture(tc, NULL, clear);
  tcase_add_test(tc, each_kind_keeps_what_it_was_given);
  tcase_add_test(tc, moving_keeps_the_order);
  tcase_add_test(tc, messages_are_taken_one_by_one);
  tcase_add_test(tc, a_long_text_is_cut);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
