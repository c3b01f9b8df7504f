/*
 * Values that a plugin passes: an accepted value can be written to the state
 * and read back; a value that cannot is refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/storable.h"
#include "lib/value.h"
#include "tests/support/run_suite.h"

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define LONGEST FIFTY FIFTY FIFTY TEN TEN TEN TEN "012345678"

static const char *const texts[] = {
  NULL,  "",    "GJ",   "m\302\263", LONGEST,    LONGEST "9", " GJ", "GJ ",
  "G J", "a|b", "a\nb", "\377",      "\033[31m", "\302\233",  " ",
};
static const int32_t exponents[] = { -64, -63, 0, 63, 64, INT32_MIN };
static const int64_t times[] = {
  -1, 0, 1, STORABLE_TIME_MAX, STORABLE_TIME_MAX + 1, INT64_MIN, INT64_MAX,
};

/* Returns V as it is written to the state. */
static char *
written(const struct value *v)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);

  ck_assert_ptr_nonnull(out);
  value_write(out, v);
  ck_assert_int_eq(fclose(out), 0);
  return text;
}

static bool
is_same(const char *a, const char *b)
{
  return a == b || (a && b && strcmp(a, b) == 0);
}

/* Returns whether V is unchanged when it is written and read back. */
static bool
survives(const struct value *v)
{
  struct value back = { 0 };
  char *text = written(v);
  bool same = !strchr(text, '\n') && value_decode(&back, text) &&
              back.kind == v->kind && back.number.coef == v->number.coef &&
              back.number.exp10 == v->number.exp10 &&
              back.time_ms == v->time_ms && back.unit == v->unit &&
              back.serial == v->serial && is_same(back.text, v->text);

  value_clear(&back);
  free(text);
  return same;
}

/* Checks that V is accepted only if it can be read back from the state. */
static void
check_value(const struct mp_value *v)
{
  struct value taken = { 0 };
  const char *fault = value_import(&taken, v);
  struct value raw = { .kind = v->kind,
                       .number = v->number,
                       .time_ms = v->time_ms,
                       .unit = v->unit && *v->unit ? v->unit : NULL,
                       .serial = v->serial && *v->serial ? v->serial : NULL,
                       .text = (char *)(uintptr_t)v->text };

  if (fault)
    ck_assert_msg(!survives(&raw), "%s: %d %lld \"%s\" \"%s\"", fault,
                  v->number.exp10, (long long)v->time_ms, v->unit, v->serial);
  else
    ck_assert_msg(survives(&taken), "%d %lld \"%s\" \"%s\"", v->number.exp10,
                  (long long)v->time_ms, v->unit, v->serial);
  value_clear(&taken);
}

START_TEST(accepted_values_are_read_back)
{
  struct mp_value v = { .struct_size = sizeof(v),
                        .number = { INT64_MIN, exponents[_i] } };

  for (size_t t = 0; t < ARRAY_SIZE(times); t++)
    for (size_t u = 0; u < ARRAY_SIZE(texts); u++)
      for (size_t s = 0; s < ARRAY_SIZE(texts); s++) {
        v.kind = MP_COUNTER + (uint32_t)((t + u + s) % 3);
        v.time_ms = times[t];
        v.unit = texts[u];
        v.serial = texts[s];
        check_value(&v);
      }
}
END_TEST

START_TEST(accepted_texts_are_read_back)
{
  struct mp_value v = { .struct_size = sizeof(v), .kind = MP_TEXT };
  struct value taken = { 0 };

  for (size_t i = 1; i < ARRAY_SIZE(texts); i++) {
    v.text = texts[i];
    check_value(&v);
  }
  v.text = NULL;
  ck_assert_ptr_nonnull(value_import(&taken, &v));
}
END_TEST

/* A refused value leaves the previous one unchanged. */
START_TEST(refused_value_keeps_the_previous_one)
{
  struct value taken = { 0 };
  struct mp_value v = {
    .struct_size = sizeof(v), .kind = MP_GAUGE, .number = { 7, 0 }, .unit = "GJ"
  };

  ck_assert_ptr_null(value_import(&taken, &v));
  v.number.coef = 8;
  v.serial = "a|b";
  ck_assert_ptr_nonnull(value_import(&taken, &v));
  ck_assert_int_eq(taken.number.coef, 7);
  ck_assert_ptr_null(taken.serial);
}
END_TEST

static const struct {
  const char *name;
  bool sound;
} fields[] = {
  { "a", true },
  { "heat_energy_e1", true },
  { "0.a-b_c", true },
  { "", false },
  { "A", false },
  { "a b", false },
  { "a\t", false },
  { FIFTY FIFTY TEN TEN "0123456", true },
  { FIFTY FIFTY TEN TEN "01234567", false },
};

START_TEST(field_names_are_checked)
{
  ck_assert_int_eq(storable_field(fields[_i].name), fields[_i].sound);
}
END_TEST

static Suite *
value_suite(void)
{
  Suite *suite = suite_create("value");
  TCase *tc = tcase_create("value");

  tcase_add_loop_test(tc, accepted_values_are_read_back, 0,
                      ARRAY_SIZE(exponents));
  tcase_add_test(tc, accepted_texts_are_read_back);
  tcase_add_test(tc, refused_value_keeps_the_previous_one);
  tcase_add_loop_test(tc, field_names_are_checked, 0, ARRAY_SIZE(fields));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(value_suite());
}
