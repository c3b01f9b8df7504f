/*
 * Units: spellings, conversions, and every pair of convertible units compared
 * with fractions computed here.
 */
#include "lib/array.h"
#include "lib/unit.h"
#include "tests/support/run_suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

/* ---- Spellings ----------------------------------------------------------- */

static const struct {
  const char *typed, *canonical, *display;
} spellings[] = {
  { "GJ", "GJ", "GJ" },
  { "m3", "m3", "m³" },
  { "m³", "m3", "m³" },
  { "m3/h", "m3/h", "m³/h" },
  { "m³/h", "m3/h", "m³/h" },
  { "C", "C", "°C" },
  { "°C", "C", "°C" },
  { "℃", "C", "°C" },
  { "K", "K", "K" },
  { "m3xC", "m3xC", "m³×°C" },
  { "m³×°C", "m3xC", "m³×°C" },
  { "L/h", "l/h", "l/h" },
  { "t", "ton", "ton" },
  { "d", "days", "days" },
  { "", "", "" },
  { "boxes", "boxes", "boxes" },
  { "m3/min", "m3/min", "m³/min" },
  { "deg", "deg", "°" },
};

START_TEST(accepts_both_spellings)
{
  ck_assert_str_eq(unit_canonical(spellings[_i].typed),
                   spellings[_i].canonical);
  ck_assert_str_eq(unit_display(spellings[_i].typed), spellings[_i].display);
}
END_TEST

static const struct {
  const char *text, *symbol;
} cases[] = {
  { "GJ", "GJ" },       { "gj", "GJ" },       { "MWH", "MWh" },
  { "kvarh", "kvarh" }, { "L", "l" },         { "M3/H", "m3/h" },
  { "mw", "MW" },       { "mW", "mW" },       { "m³", "m³" },
  { "boxes", "boxes" }, { "ascii", "ascii" },
};

START_TEST(finds_a_unit_in_any_case)
{
  ck_assert_str_eq(unit_in_any_case(cases[_i].text), cases[_i].symbol);
}
END_TEST

static const struct {
  const char *a, *b;
  bool same;
} pairs[] = {
  { "m3", "m³", true },         { "GJ", "GJ", true },
  { NULL, "", true },           { NULL, NULL, true },
  { "number", "", true },       { "boxes", "boxes", true },
  { "GJ", "MJ", false },        { "C", "K", false },
  { "GJ", "", false },          { NULL, "GJ", false },
  { "boxes", "GJ", false },     { "GJ", "boxes", false },
  { "boxes", "", false },       { "MW", "mW", false },
  { "boxes", "crates", false }, { "kWh", "kW", false },
};

START_TEST(knows_which_symbols_mean_the_same)
{
  ck_assert_int_eq(unit_same(pairs[_i].a, pairs[_i].b), pairs[_i].same);
  ck_assert_int_eq(unit_same(pairs[_i].b, pairs[_i].a), pairs[_i].same);
}
END_TEST

/* Opens a data file of the sources. */
static FILE *
open_data(const char *name)
{
  const char *srcdir = getenv("srcdir");
  char path[4096];
  int n;

  n = snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", name);
  ck_assert_int_lt(n, (int)sizeof(path));
  return fopen(path, "r");
}

START_TEST(knows_every_unit_of_the_kmp_table)
{
  FILE *f = open_data("tests/data/kmp/units.csv");
  char line[512], symbol[64];
  unsigned code, known = 0;

  ck_assert_ptr_nonnull(f);
  while (fgets(line, sizeof(line), f)) {
    if (sscanf(line, "%u,%63[^,]", &code, symbol) != 2)
      continue;
    /* Symbols such as "x10": the decoder multiplies these values out. */
    if (strstr(symbol, "x10"))
      continue;
    ck_assert_msg(unit_known(symbol), "%s", symbol);
    ck_assert_str_eq(unit_canonical(symbol), symbol);
    ck_assert(unit_known(unit_display(symbol)));
    known++;
  }
  fclose(f);
  ck_assert_uint_gt(known, 70);
}
END_TEST

/* ---- Conversion ---------------------------------------------------------- */

static const struct conversion {
  const char *value, *from, *to;
  int32_t place;
  const char *result; /* NULL: none */
  int code;
} conversions[] = {
  { "55.640", "MWh", "GJ", MP_EXACT, "200.3040", MP_OK },
  { "84.208", "GJ", "MJ", MP_EXACT, "84208", MP_OK },
  { "84208", "MJ", "GJ", MP_EXACT, "84.208", MP_OK },
  { "1", "Gcal", "GJ", MP_EXACT, "4.1868", MP_OK },
  { "1", "Gcal", "MWh", MP_EXACT, "1.163", MP_OK },
  { "267", "l/h", "m³/h", MP_EXACT, "0.267", MP_OK },
  { "2", "h", "min", MP_EXACT, "120", MP_OK },
  { "17.50", "GJ", "GJ", MP_EXACT, "17.50", MP_OK },
  { "17.50", "m3", "m³", MP_EXACT, "17.50", MP_OK },
  /* An exact conversion is not rounded, whatever the place. */
  { "55.640", "MWh", "GJ", 0, "200.3040", MP_OK },
  { "1", "GJ", "MWh", MP_EXACT, NULL, MP_ECONFIG },
  { "1", "GJ", "MWh", -3, "0.278", MP_DROP },
  { "3.6", "GJ", "MWh", -3, "1.000", MP_DROP },
  { "-1", "GJ", "MWh", -6, "-0.277778", MP_DROP },
  { "4.5", "GJ", "MWh", -1, "1.2", MP_DROP },
  { "90", "min", "h", -1, "1.5", MP_DROP },
  { "1", "GJ", "Gcal", -4, "0.2388", MP_DROP },
  { "20.00", "C", "K", MP_EXACT, NULL, MP_ECONFIG },
  { "20.00", "C", "K", -2, NULL, MP_ECONFIG },
  { "1", "kWh", "kW", -2, NULL, MP_ECONFIG },
  { "1", "kWh", "kVAh", -2, NULL, MP_ECONFIG },
  { "1", "imp/l", "l/imp", -2, NULL, MP_ECONFIG },
  { "1", "GJ", "", -2, NULL, MP_ECONFIG },
  { "1", NULL, "GJ", -2, NULL, MP_ECONFIG },
  { "1", "boxes", "GJ", -2, NULL, MP_ECONFIG },
  { "1", "GJ", "boxes", -2, NULL, MP_ECONFIG },
  { "1", "RTC", "datetime", -2, NULL, MP_ECONFIG },
  { "1", "boxes", "boxes", MP_EXACT, "1", MP_OK },
  { "1", "number", "", MP_EXACT, "1", MP_OK },
  { "9223372036854775807", "MWh", "GJ", MP_EXACT, NULL, MP_ERANGE },
  { "9223372036854775807", "GWh", "Wh", MP_EXACT,
    "9223372036854775807000000000", MP_OK },
  { "9223372036854775807", "GJ", "MWh", 0, "2562047788015215502", MP_DROP },
  { "9223372036854775807", "GJ", "MWh", -3, NULL, MP_ERANGE },
};

START_TEST(converts_exactly_or_fails)
{
  const struct conversion *c = &conversions[_i];
  char text[DECIMAL_TEXT];
  struct mp_decimal d;

  ck_assert_int_eq(decimal_parse(c->value, strlen(c->value), &d), MP_OK);
  ck_assert_int_eq(unit_convert(&d, c->from, c->to, c->place), c->code);
  if (c->place != MP_EXACT)
    ck_assert_int_eq(unit_converts(c->from, c->to), c->code != MP_ECONFIG);
  decimal_format(d, text, sizeof(text));
  ck_assert_str_eq(text, c->result ? c->result : c->value);
}
END_TEST

/* ---- All pairs, by fractions --------------------------------------------- */

struct fraction {
  int64_t n, d;
};

/* The factor of each unit to the first unit of its group. */
static const struct factor {
  const char *symbol;
  char group;
  struct fraction factor;
} factors[] = {
  { "J", 'e', { 1, 1 } },
  { "kJ", 'e', { 1000, 1 } },
  { "MJ", 'e', { 1000000, 1 } },
  { "GJ", 'e', { 1000000000, 1 } },
  { "Wh", 'e', { 3600, 1 } },
  { "kWh", 'e', { 3600000, 1 } },
  { "MWh", 'e', { INT64_C(3600000000), 1 } },
  { "GWh", 'e', { INT64_C(3600000000000), 1 } },
  { "cal", 'e', { 10467, 2500 } },
  { "kcal", 'e', { 20934, 5 } },
  { "Mcal", 'e', { 4186800, 1 } },
  { "Gcal", 'e', { INT64_C(4186800000), 1 } },
  { "W", 'p', { 1, 1 } },
  { "kW", 'p', { 1000, 1 } },
  { "MW", 'p', { 1000000, 1 } },
  { "m3", 'v', { 1, 1 } },
  { "l", 'v', { 1, 1000 } },
  { "USgal", 'v', { 473176473, INT64_C(125000000000) } },
  { "m3/h", 'f', { 1, 1 } },
  { "l/h", 'f', { 1, 1000 } },
  { "l/min", 'f', { 3, 50 } },
  { "l/s", 'f', { 18, 5 } },
  { "m3/s", 'f', { 3600, 1 } },
  { "USgal/min", 'f', { 1419529419, INT64_C(6250000000) } },
  { "h", 't', { 1, 1 } },
  { "min", 't', { 1, 60 } },
  { "s", 't', { 1, 3600 } },
  { "ms", 't', { 1, 3600000 } },
  { "days", 't', { 24, 1 } },
  { "bar", 'b', { 1, 1 } },
  { "mbar", 'b', { 1, 1000 } },
  { "kPa", 'b', { 1, 100 } },
  { "MPa", 'b', { 10, 1 } },
  { "ton", 'm', { 1, 1 } },
  { "kg", 'm', { 1, 1000 } },
  { "ton/h", 'r', { 1, 1 } },
  { "kg/h", 'r', { 1, 1000 } },
  { "C", 'c', { 1, 1 } },
  { "K", 'k', { 1, 1 } },
  { "V", 'u', { 1, 1 } },
  { "kV", 'u', { 1000, 1 } },
  { "kvarh", 'q', { 1, 1 } },
  { "kVAh", 'a', { 1, 1 } },
};

static int64_t
common_divisor(int64_t a, int64_t b)
{
  return b == 0 ? a : common_divisor(b, a % b);
}

/* a * n / d in lowest terms; cancels before it multiplies. */
static struct fraction
times(struct fraction a, int64_t n, int64_t d)
{
  const int64_t x = common_divisor(a.n, d), y = common_divisor(n, a.d);
  const int64_t z = common_divisor(n / y, d / x);
  const struct fraction product = { a.n / x * (n / y / z),
                                    a.d / y * (d / x / z) };

  return product;
}

static struct fraction
fraction_of(struct mp_decimal d)
{
  struct fraction f = { d.coef, 1 };

  for (; d.exp10 > 0; d.exp10--)
    f = times(f, 10, 1);
  for (; d.exp10 < 0; d.exp10++)
    f = times(f, 1, 10);
  return f;
}

/* Returns whether the fraction, in lowest terms, is a finite decimal. */
static bool
ends(struct fraction f)
{
  while (f.d % 2 == 0)
    f.d /= 2;
  while (f.d % 5 == 0)
    f.d /= 5;
  return f.d == 1;
}

START_TEST(agrees_with_fractions_for_every_pair)
{
  const struct factor *from = &factors[_i], *to;
  struct fraction ratio, got;
  struct mp_decimal d;
  int r;

  for (size_t i = 0; i < ARRAY_SIZE(factors); i++) {
    to = &factors[i];
    d.coef = 7;
    d.exp10 = -1;
    r = unit_convert(&d, from->symbol, to->symbol, MP_EXACT);
    ratio = from->factor;
    if (from->group == to->group)
      ratio = times(ratio, to->factor.d, to->factor.n);
    if (from->group != to->group || !ends(ratio)) {
      ck_assert_msg(r == MP_ECONFIG, "%s to %s", from->symbol, to->symbol);
      continue;
    }
    ratio = times(ratio, 7, 10);
    got = fraction_of(d);
    ck_assert_msg(r == MP_OK && got.n == ratio.n && got.d == ratio.d,
                  "%s to %s", from->symbol, to->symbol);
  }
}
END_TEST

static const struct {
  const char *symbol, *quantity; /* NULL: none */
} facts[] = {
  { "GJ", "energy" },
  { "m3", "volume" },
  { "m\302\263/h", "volume flow" },
  { "\342\204\203", "temperature" },
  { "K", "temperature difference" },
  { "L", "volume" },
  { NULL, "number" },
  { "yy:mm:dd", NULL },
  { "furlong", NULL },
};

START_TEST(tells_the_quantity_of_a_unit)
{
  const char *quantity = unit_quantity(facts[_i].symbol);

  ck_assert_pstr_eq(quantity, facts[_i].quantity);
}
END_TEST

static Suite *
unit_suite(void)
{
  Suite *suite = suite_create("unit");
  TCase *names = tcase_create("names");
  TCase *conversion = tcase_create("conversion");

  tcase_add_loop_test(names, accepts_both_spellings, 0, ARRAY_SIZE(spellings));
  tcase_add_loop_test(names, finds_a_unit_in_any_case, 0, ARRAY_SIZE(cases));
  tcase_add_loop_test(names, knows_which_symbols_mean_the_same, 0,
                      ARRAY_SIZE(pairs));
  tcase_add_test(names, knows_every_unit_of_the_kmp_table);
  tcase_add_loop_test(names, tells_the_quantity_of_a_unit, 0,
                      ARRAY_SIZE(facts));
  suite_add_tcase(suite, names);

  tcase_add_loop_test(conversion, converts_exactly_or_fails, 0,
                      ARRAY_SIZE(conversions));
  tcase_add_loop_test(conversion, agrees_with_fractions_for_every_pair, 0,
                      ARRAY_SIZE(factors));
  suite_add_tcase(suite, conversion);
  return suite;
}

int
main(void)
{
  return run_suite(unit_suite());
}
