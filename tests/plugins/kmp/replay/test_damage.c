/* Damaged frames: the later answers that make them good. */
#include <check.h>
#include <stdlib.h>

#include "plugins/kmp/replay/damage.h"
#include "tests/support/run_suite.h"

static struct kmp_request
request(uint8_t count, uint16_t first)
{
  struct kmp_request r = { .address = 0x3f,
                           .cid = KMP_GET_REGISTER,
                           .count = count };

  for (uint8_t i = 0; i < count; i++)
    r.ids[i] = (uint16_t)(first + i);
  return r;
}

START_TEST(test_repeated_request_repairs_damage)
{
  struct kmp_request eight = request(8, 60), other = request(8, 70);
  struct damage_list list = { .count = 0 };
  struct damage d;

  damage_add(&list, 12, "why", &eight);
  ck_assert(!damage_take_made_good(&list, &other, &d));
  ck_assert(damage_take_made_good(&list, &eight, &d));
  ck_assert_uint_eq(d.line, 12);
  ck_assert_str_eq(d.reason, "why");
  ck_assert(!damage_take(&list, &d));
}
END_TEST

START_TEST(test_both_halves_of_a_request_repair_damage)
{
  struct kmp_request eight = request(8, 60);
  struct kmp_request low = request(4, 60), high = request(4, 64);
  struct damage_list list = { .count = 0 };
  struct damage d;

  damage_add(&list, 1, "", &eight);
  ck_assert(!damage_take_made_good(&list, &low, &d));
  ck_assert(!damage_take_made_good(&list, &low, &d));
  ck_assert(damage_take_made_good(&list, &high, &d));
}
END_TEST

START_TEST(test_other_command_or_device_repairs_no_damage)
{
  struct kmp_request type = { .address = 0x3f, .cid = KMP_GET_TYPE };
  struct kmp_request serial = { .address = 0x3f, .cid = KMP_GET_SERIAL };
  struct kmp_request top = { .address = 0x7f, .cid = KMP_GET_TYPE };
  struct damage_list list = { .count = 0 };
  struct damage d;

  damage_add(&list, 1, "", NULL);
  damage_add(&list, 2, "", &type);
  ck_assert(!damage_take_made_good(&list, &serial, &d));
  ck_assert(!damage_take_made_good(&list, &top, &d));
  ck_assert(damage_take_made_good(&list, &type, &d));
  ck_assert_uint_eq(d.line, 2);
  ck_assert(damage_take(&list, &d));
  ck_assert_uint_eq(d.line, 1);
}
END_TEST

START_TEST(test_damage_list_is_bounded_and_ordered)
{
  struct damage_list list = { .count = 0 };
  struct damage d;
  uint64_t i;

  for (i = 0; i < DAMAGE_MAX; i++)
    ck_assert_ptr_nonnull(damage_add(&list, i, "", NULL));
  ck_assert_ptr_null(damage_add(&list, i, "", NULL));
  for (i = 0; i < DAMAGE_MAX; i++) {
    ck_assert(damage_take(&list, &d));
    ck_assert_uint_eq(d.line, i);
  }
  ck_assert(!damage_take(&list, &d));
}
END_TEST

START_TEST(test_damage_of_a_repetition_moves_to_the_next_cycle)
{
  struct damage_list list = { .count = 0 };
  struct damage d;

  damage_add(&list, 1, "", NULL)->repeats = true;
  damage_add(&list, 2, "", NULL);
  ck_assert(damage_take_unrepeated(&list, &d));
  ck_assert_uint_eq(d.line, 2);
  ck_assert(!damage_take_unrepeated(&list, &d));
  damage_next_cycle(&list);
  ck_assert(damage_take_unrepeated(&list, &d));
  ck_assert_uint_eq(d.line, 1);
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("replay_damage");
  TCase *tc = tcase_create("damage");

  tcase_add_test(tc, test_repeated_request_repairs_damage);
  tcase_add_test(tc, test_both_halves_of_a_request_repair_damage);
  tcase_add_test(tc, test_other_command_or_device_repairs_no_damage);
  tcase_add_test(tc, test_damage_list_is_bounded_and_ordered);
  tcase_add_test(tc, test_damage_of_a_repetition_moves_to_the_next_cycle);
  suite_add_tcase(s, tc);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
