/* Rows set aside: moved from the queue to the list and back, unchanged. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/set_aside.h"
#include "meterpipe/plugin.h"
#include "tests/support/run_suite.h"

#define NOW INT64_C(1795342800000)

static struct store *store;

static void
set_up(void)
{
  ck_assert_int_eq(store_open(NULL, "house.ini", STORE_MEMORY, &store), MP_OK);
  for (int i = 1; i <= 12; i++) {
    char body[32];

    snprintf(body, sizeof(body), "time %d\nenergy\t%d\n", i, i);
    ck_assert_int_eq(store_row_add(store, i == 12 ? "other" : "hook", body), i);
  }
}

static void
tear_down(void)
{
  store_close(store);
}

static void
check_row(const struct row_aside *row, const char *output, int64_t id,
          int64_t since_ms, const char *reason, const char *body)
{
  ck_assert_str_eq(row->output, output);
  ck_assert_int_eq(row->id, id);
  ck_assert_int_eq(row->since_ms, since_ms);
  ck_assert_str_eq(row->reason, reason);
  ck_assert_str_eq(row->body, body);
}

/* The order is that of numbers: 9, 10, 11. */
START_TEST(rows_are_listed_by_output_and_id)
{
  struct rows_aside list;

  set_aside_row(store, "other", 12, NOW, "HTTP 400: a\\b, 3 x");
  set_aside_row(store, "hook", 10, NOW + 1, NULL);
  set_aside_row(store, "hook", 9, NOW + 2, "");
  set_aside_list(store, NULL, &list);
  ck_assert_uint_eq(list.n, 3);
  check_row(&list.rows[0], "hook", 9, NOW + 2, "", "time 9\nenergy\t9\n");
  check_row(&list.rows[1], "hook", 10, NOW + 1, "", "time 10\nenergy\t10\n");
  check_row(&list.rows[2], "other", 12, NOW, "HTTP 400: a\\b, 3 x",
            "time 12\nenergy\t12\n");
  set_aside_free(&list);
  set_aside_list(store, "other", &list);
  ck_assert_uint_eq(list.n, 1);
  set_aside_free(&list);
  ck_assert_uint_eq(set_aside_count(store, "hook"), 2);
  ck_assert_uint_eq(store_row_count(store, "hook"), 9);
}
END_TEST

/* A row of another output, and one that is not in the queue, stay as they
 * are. */
START_TEST(only_a_row_of_the_output_is_moved)
{
  set_aside_row(store, "hook", 12, NOW, NULL);
  set_aside_row(store, "hook", 13, NOW, NULL);
  ck_assert_uint_eq(set_aside_count(store, "hook"), 0);
  ck_assert_uint_eq(store_row_count(store, "hook"), 11);
  ck_assert_uint_eq(store_row_count(store, "other"), 1);
}
END_TEST

static void
check_queue(const char *output, const int *ids, size_t n)
{
  const struct store_row *row = store_row_next(store, output, 0);
  char body[32];

  for (size_t i = 0; i < n; i++) {
    ck_assert_ptr_nonnull(row);
    ck_assert_int_eq(row->id, ids[i]);
    snprintf(body, sizeof(body), "time %d\nenergy\t%d\n", ids[i], ids[i]);
    ck_assert_str_eq(row->body, body);
    row = store_row_next(store, output, row->id);
  }
  ck_assert_ptr_null(row);
}

START_TEST(retry_puts_rows_back_in_the_order_of_their_ids)
{
  static const int all[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };

  set_aside_row(store, "hook", 10, NOW, "x");
  set_aside_row(store, "hook", 2, NOW, "x");
  set_aside_row(store, "hook", 1, NOW, "x");
  set_aside_row(store, "other", 12, NOW, "x");
  if (_i == 0)
    ck_assert_int_eq(store_commit(store), MP_OK);
  ck_assert_uint_eq(set_aside_retry(store, "hook"), 3);
  check_queue("hook", all, 11);
  ck_assert_uint_eq(set_aside_count(store, "hook"), 0);
  ck_assert_uint_eq(set_aside_count(store, "other"), 1);
  ck_assert_uint_eq(set_aside_retry(store, "hook"), 0);
}
END_TEST

/* The count of dropped rows begins anew after a retry. */
START_TEST(oldest_rows_beyond_the_bound_are_dropped_and_counted)
{
  static const int kept[] = { 5, 6, 7, 8, 9, 10, 11 };

  for (int id = 1; id <= 5; id++)
    set_aside_row(store, "hook", id, NOW, NULL);
  ck_assert_int_eq(set_aside_bound(store, "hook", 5), 0);
  ck_assert_int_eq(set_aside_bound(store, "hook", 3), 2);
  ck_assert_int_eq(set_aside_bound(store, "hook", 3), 0);
  ck_assert_int_eq(set_aside_bound(store, "hook", 1), 4);
  ck_assert_uint_eq(set_aside_retry(store, "hook"), 1);
  check_queue("hook", kept, 7);
  set_aside_row(store, "hook", 5, NOW, NULL);
  ck_assert_int_eq(set_aside_bound(store, "hook", 0), 1);
}
END_TEST

/* An entry that is not of the form written here is kept as a row: the next run
 * reports that it cannot be read. */
START_TEST(unreadable_entry_is_not_lost)
{
  static const char *const texts[] = { "",     "no number\nx", "12",
                                       "\n5 ", "7\nreason\n",  " x\n" };
  struct rows_aside list;

  store_put(store, STORE_ASIDE, "hook", "3", texts[_i]);
  set_aside_list(store, "hook", &list);
  ck_assert_uint_eq(list.n, 1);
  ck_assert_int_eq(list.rows[0].id, 3);
  set_aside_free(&list);
  store_row_remove(store, 3);
  ck_assert_int_eq(store_commit(store), MP_OK);
  ck_assert_uint_eq(set_aside_retry(store, "hook"), 1);
  ck_assert_int_eq(store_row_next(store, "hook", 2)->id, 3);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("set aside");
  TCase *tc = tcase_create("set aside");

  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, rows_are_listed_by_output_and_id);
  tcase_add_test(tc, only_a_row_of_the_output_is_moved);
  tcase_add_loop_test(tc, retry_puts_rows_back_in_the_order_of_their_ids, 0, 2);
  tcase_add_test(tc, oldest_rows_beyond_the_bound_are_dropped_and_counted);
  tcase_add_loop_test(tc, unreadable_entry_is_not_lost, 0, 6);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
