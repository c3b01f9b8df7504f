/*
 * Exact decimals, compared with a second arithmetic: decimal_oracle.py makes
 * random calculations and writes their exact results.
 */
#include "lib/decimal.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "meterpipe/plugin.h"
#include "tests/support/run_suite.h"

#define MAX_WORDS 16

static char line[1024]; /* from the oracle, for messages */

/* Returns the next number, "COEF EXP", and moves *WORDS past it. */
static struct mp_decimal
take_number(char ***words)
{
  struct mp_decimal d;

  ck_assert_msg((*words)[0] && (*words)[1], "number missing in: %s", line);
  d.coef = strtoll(*(*words)++, NULL, 10);
  d.exp10 = (int32_t)strtol(*(*words)++, NULL, 10);
  return d;
}

static int32_t
take_place(char ***words)
{
  ck_assert_msg(**words, "place missing in: %s", line);
  return (int32_t)strtol(*(*words)++, NULL, 10);
}

/* Removes zeros at the end of the coefficient, as the oracle does. */
static struct mp_decimal
trim(struct mp_decimal d)
{
  if (d.coef == 0)
    d.exp10 = 0;
  while (d.coef != 0 && d.coef % 10 == 0 && d.exp10 < DECIMAL_MAX_EXP) {
    d.coef /= 10;
    d.exp10++;
  }
  return d;
}

static int
expected_code(const char *word)
{
  static const struct {
    const char *word;
    int code;
  } codes[] = { { "ok", MP_OK },
                { "drop", MP_DROP },
                { "range", MP_ERANGE },
                { "data", MP_EDATA } };

  for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
    if (word && strcmp(word, codes[i].word) == 0)
      return codes[i].code;
  ck_abort_msg("no result in: %s", line);
  return -1;
}

/* Compares R and GOT with the RESULT in WORDS. */
static void
check_result(int r, struct mp_decimal got, char **words)
{
  int code = expected_code(*words++);
  char mode = *words ? **words++ : '\0';
  struct mp_decimal expected;

  if (mode == '?' && r == MP_ERANGE)
    return;
  ck_assert_msg(r == code, "returned %d: %s", r, line);
  if (code < 0)
    return;
  expected = take_number(&words);
  ck_assert_msg(decimal_valid(got), "invalid exponent: %s", line);
  if (mode != '=') {
    got = trim(got);
    expected = trim(expected);
  }
  ck_assert_msg(got.coef == expected.coef && got.exp10 == expected.exp10,
                "got %lld %d: %s", (long long)got.coef, got.exp10, line);
}

/* ---- Calls --------------------------------------------------------------- */

static void
call_parse(char **words)
{
  const char *text = words[0] + 1; /* [TEXT] */
  struct mp_decimal ret = { 0, 0 };
  int r = decimal_parse(text, strlen(text) - 1, &ret);

  check_result(r, ret, words + 1);
}

static void
call_format(char **words)
{
  char text[DECIMAL_TEXT];
  int len = decimal_format(take_number(&words), text, sizeof(text));

  ck_assert_msg(strcmp(text, words[0]) == 0, "got %s: %s", text, line);
  ck_assert_int_eq(len, (int)strlen(text));
}

static void
call_compare(char **words)
{
  struct mp_decimal a = take_number(&words), b = take_number(&words);

  ck_assert_msg(decimal_compare(a, b) == atoi(words[0]), "%s", line);
}

static void
call_shows(char **words)
{
  struct mp_decimal shown = take_number(&words), x = take_number(&words);
  int32_t place = take_place(&words);

  ck_assert_msg(decimal_shows(shown, place, x) == atoi(words[0]), "%s", line);
}

static void
check_pair(int (*fn)(struct mp_decimal a, struct mp_decimal b,
                     struct mp_decimal *ret),
           char **words)
{
  struct mp_decimal a = take_number(&words), b = take_number(&words);
  struct mp_decimal ret = { 0, 0 };
  int r = fn(a, b, &ret);

  check_result(r, ret, words);
}

static void
call_add(char **words)
{
  check_pair(decimal_add, words);
}

static void
call_sub(char **words)
{
  check_pair(decimal_sub, words);
}

static void
call_mul(char **words)
{
  check_pair(decimal_mul, words);
}

static void
call_scale(char **words)
{
  struct mp_decimal a = take_number(&words), b = take_number(&words);
  struct mp_decimal c = take_number(&words), ret = { 0, 0 };
  int32_t place = take_place(&words);
  int r = decimal_scale(a, b, c, place, &ret);

  check_result(r, ret, words);
}

static void
call_divide(char **words)
{
  struct mp_decimal a = take_number(&words), b = take_number(&words);
  struct mp_decimal ret = { 0, 0 };
  int32_t place = take_place(&words);
  int r = decimal_divide(a, b, place, &ret);

  check_result(r, ret, words);
}

static void
call_round(char **words)
{
  struct mp_decimal d = take_number(&words);
  int32_t place = take_place(&words);
  int r = decimal_round(&d, place);

  check_result(r, d, words);
}

static void
call_step(char **words)
{
  struct mp_decimal d = take_number(&words), step = take_number(&words);
  int r = decimal_round_step(&d, step);

  check_result(r, d, words);
}

static struct {
  const char *word;
  void (*fn)(char **words);
  unsigned long calls;
} calls[] = {
  { "parse", call_parse, 0 },     { "format", call_format, 0 },
  { "compare", call_compare, 0 }, { "shows", call_shows, 0 },
  { "add", call_add, 0 },         { "sub", call_sub, 0 },
  { "mul", call_mul, 0 },         { "scale", call_scale, 0 },
  { "divide", call_divide, 0 },   { "round", call_round, 0 },
  { "step", call_step, 0 },
};

/* Does the call in the line; returns false at the end. */
static bool
check_line(void)
{
  char copy[sizeof(line)], *words[MAX_WORDS + 1] = { NULL }, *rest = NULL;
  size_t n = 0;

  line[strcspn(line, "\n")] = '\0';
  memcpy(copy, line, sizeof(copy));
  for (char *word = strtok_r(copy, " ", &rest); word && n < MAX_WORDS;
       word = strtok_r(NULL, " ", &rest))
    words[n++] = word;
  if (n > 0 && strcmp(words[0], "end") == 0)
    return false;
  for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
    if (n > 1 && strcmp(calls[i].word, words[0]) == 0) {
      calls[i].fn(words + 1);
      calls[i].calls++;
      return true;
    }
  ck_abort_msg("not a call: %s", line);
  return false;
}

START_TEST(calculates_as_the_oracle)
{
  const char *srcdir = getenv("srcdir");
  bool ended = false;
  char command[512];
  FILE *oracle;

  snprintf(command, sizeof(command), "python3 '%s/tests/lib/decimal_oracle.py'",
           srcdir ? srcdir : ".");
  oracle = popen(command, "r");
  ck_assert_ptr_nonnull(oracle);
  while (!ended && fgets(line, sizeof(line), oracle))
    ended = !check_line();
  ck_assert_int_eq(pclose(oracle), 0);
  ck_assert(ended);
  for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
    ck_assert_msg(calls[i].calls >= 1000, "only %lu calls of %s",
                  calls[i].calls, calls[i].word);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("decimal and oracle");
  TCase *tc = tcase_create("oracle");

  tcase_set_timeout(tc, 300);
  tcase_add_test(tc, calculates_as_the_oracle);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
