/*
 * Exact decimals, compared on random numbers with the second arithmetic of
 * tests/support/paper.h.
 */
#include "lib/decimal.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "tests/support/paper.h"

#define RANDOM_ROUNDS 4000

static uint64_t
random_bits(uint64_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static struct decimal
random_decimal(uint64_t *state)
{
  static const int64_t edges[] = {
    0,
    1,
    -1,
    5,
    -5,
    10,
    INT64_MAX,
    INT64_MIN,
    INT64_MAX - 7,
    INT64_MIN + 8,
    INT64_C(1000000000000000000),
    INT64_C(-500000000000000000),
  };
  const uint64_t choice = random_bits(state);
  struct decimal d;

  if (choice % 4 == 0)
    d.coef = edges[(choice >> 8) % ARRAY_SIZE(edges)];
  else
    d.coef = (int64_t)random_bits(state) / (INT64_C(1) << choice % 63);
  d.exp10 = (int32_t)((choice >> 32) % 7) - 4;
  if ((choice >> 40) % 8 == 0)
    d.exp10 = (int32_t)((choice >> 48) % 199) - 99;
  return d;
}

/* Fails the test with FAULT, the finding of paper.h; NULL: none. */
static void
assert_right(const char *fault)
{
  ck_assert_msg(fault == NULL, "%s", fault);
}

START_TEST(agrees_with_paper_on_sums_products_and_order)
{
  uint64_t state = 88172645463325252u;
  int i;

  for (i = 0; i < RANDOM_ROUNDS; i++) {
    struct decimal a = random_decimal(&state);

    assert_right(paper_check_pair(a, random_decimal(&state)));
  }
}
END_TEST

START_TEST(agrees_with_paper_on_quotients)
{
  uint64_t state = 2463534242u;
  int i;

  for (i = 0; i < RANDOM_ROUNDS; i++) {
    struct decimal a = random_decimal(&state), b = random_decimal(&state);
    struct decimal c = random_decimal(&state);
    int32_t place = (int32_t)(random_bits(&state) % 21) - 12;

    if (c.coef != 0)
      assert_right(paper_check_scale(a, b, c, place));
  }
}
END_TEST

START_TEST(agrees_with_paper_on_rounding)
{
  uint64_t state = 362436069u;
  int i;

  for (i = 0; i < RANDOM_ROUNDS; i++) {
    struct decimal d = random_decimal(&state), step = random_decimal(&state);

    assert_right(
      paper_check_round(d, d.exp10 + (int32_t)(random_bits(&state) % 23) - 1));
    if (step.coef > 0)
      assert_right(paper_check_step(d, step));
  }
}
END_TEST

START_TEST(agrees_with_paper_on_displays)
{
  uint64_t state = 521288629u;
  struct decimal shown, x;
  int32_t place;
  int i, seen[2] = { 0, 0 }, shows;

  for (i = 0; i < RANDOM_ROUNDS; i++) {
    shown = x = random_decimal(&state);
    x.coef = x.coef / 10 * 10 + (int64_t)(random_bits(&state) % 3);
    if (random_bits(&state) % 4 == 0)
      x = random_decimal(&state);
    place = x.exp10 + (int32_t)(random_bits(&state) % 40) - 20;
    assert_right(paper_check_shows(shown, place, x, &shows));
    seen[shows]++;
  }
  ck_assert_int_gt(seen[0], RANDOM_ROUNDS / 10);
  ck_assert_int_gt(seen[1], RANDOM_ROUNDS / 10);
}
END_TEST

START_TEST(reads_back_what_it_wrote)
{
  uint64_t state = 123456789u;
  int i;

  for (i = 0; i < 10 * RANDOM_ROUNDS; i++)
    assert_right(paper_check_format(random_decimal(&state)));
}
END_TEST

/* Makes a text that is a number, or nearly one. */
static size_t
random_text(uint64_t *state, char *text, size_t size)
{
  static const char letters[] = "0000123456789950.00.-";
  size_t len = random_bits(state) % size, i;

  for (i = 0; i < len; i++)
    text[i] = letters[random_bits(state) % (sizeof(letters) - 1)];
  return len;
}

START_TEST(agrees_with_paper_on_what_a_text_says)
{
  uint64_t state = 88675123u;
  char text[26];
  int i;

  for (i = 0; i < 10 * RANDOM_ROUNDS; i++)
    assert_right(
      paper_check_text(text, random_text(&state, text, sizeof(text))));
}
END_TEST

static Suite *
decimal_paper_suite(void)
{
  Suite *suite = suite_create("decimal_paper");
  TCase *paper = tcase_create("paper");

  tcase_set_timeout(paper, 60);
  tcase_add_test(paper, agrees_with_paper_on_sums_products_and_order);
  tcase_add_test(paper, agrees_with_paper_on_quotients);
  tcase_add_test(paper, agrees_with_paper_on_rounding);
  tcase_add_test(paper, agrees_with_paper_on_displays);
  tcase_add_test(paper, reads_back_what_it_wrote);
  tcase_add_test(paper, agrees_with_paper_on_what_a_text_says);
  suite_add_tcase(suite, paper);
  return suite;
}

int
main(void)
{
  SRunner *runner = srunner_create(decimal_paper_suite());
  int failed;

  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
