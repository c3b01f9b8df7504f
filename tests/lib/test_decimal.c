/* Exact decimals: parsing, formatting, arithmetic, and the errors. */
#include "lib/array.h"
#include "lib/decimal.h"
#include "tests/support/run_suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

static struct mp_decimal
dec(int64_t coef, int32_t exp10)
{
  const struct mp_decimal d = { coef, exp10 };

  return d;
}

static struct mp_decimal
parsed(const char *text)
{
  struct mp_decimal d;

  ck_assert_msg(decimal_parse(text, strlen(text), &d) == MP_OK, "%s", text);
  return d;
}

static void
assert_is(struct mp_decimal d, const char *text)
{
  char buf[DECIMAL_TEXT];

  decimal_format(d, buf, sizeof(buf));
  ck_assert_str_eq(buf, text);
}

/* Also compares the decimals: 17.50 is not 17.5. */
static void
assert_equal(struct mp_decimal d, struct mp_decimal expected)
{
  ck_assert_int_eq(d.coef, expected.coef);
  ck_assert_int_eq(d.exp10, expected.exp10);
}

#define ZEROS_10 "0000000000"
#define ZEROS_54 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 "0000"

/* ---- Reading and writing ------------------------------------------------- */

static const struct text_case {
  const char *text;
  int64_t coef;
  int32_t exp10;
  const char *written; /* NULL: the same text */
} text_cases[] = {
  { "0", 0, 0, NULL },
  { "0.0", 0, -1, NULL },
  { "-0.0", 0, -1, "0.0" },
  { "-0", 0, 0, "0" },
  { "17.50", 1750, -2, NULL },
  { "-12.50", -1250, -2, NULL },
  { "0.0005", 5, -4, NULL },
  { "-0.5", -5, -1, NULL },
  { "007", 7, 0, "7" },
  { "9223372036854775807", INT64_MAX, 0, NULL },
  { "-9223372036854775808", INT64_MIN, 0, NULL },
  { "-922337203685477580.8", INT64_MIN, -1, NULL },
  { "-0.9223372036854775808", INT64_MIN, -19, NULL },
  /* Trailing zeros may exceed the digits of 64 bits. */
  { "92233720368547758070", INT64_MAX, 1, NULL },
  { "1.0000000000000000000000", INT64_C(1000000000000000000), -18,
    "1.000000000000000000" },
  { "100000000000000000000.0", INT64_C(1000000000000000000), 2,
    "100000000000000000000" },
  { "1" ZEROS_54 ZEROS_10, INT64_C(1000000000000000000), 46, NULL },
  { "0." ZEROS_54 "000000001", 1, -63, NULL },
  { "0." ZEROS_54 "0000000010", 1, -63, "0." ZEROS_54 "000000001" },
  { "0." ZEROS_54 ZEROS_10 ZEROS_10, 0, -63, "0." ZEROS_54 "000000000" },
};

START_TEST(reads_and_writes_decimals)
{
  const struct text_case *c = &text_cases[_i];
  const struct mp_decimal d = parsed(c->text);

  ck_assert_int_eq(d.coef, c->coef);
  ck_assert_int_eq(d.exp10, c->exp10);
  assert_is(d, c->written ? c->written : c->text);
}
END_TEST

static const struct refusal {
  const char *text;
  int code;
} refusals[] = {
  { "", MP_EDATA },
  { "-", MP_EDATA },
  { ".", MP_EDATA },
  { ".5", MP_EDATA },
  { "-.5", MP_EDATA },
  { "5.", MP_EDATA },
  { "+5", MP_EDATA },
  { "--5", MP_EDATA },
  { "5-", MP_EDATA },
  { " 5", MP_EDATA },
  { "5 ", MP_EDATA },
  { "1.2.3", MP_EDATA },
  { "1,5", MP_EDATA },
  { "1e3", MP_EDATA },
  { "0x10", MP_EDATA },
  { "nan", MP_EDATA },
  { "9223372036854775808", MP_ERANGE },
  { "-9223372036854775809", MP_ERANGE },
  { "92233720368547758071", MP_ERANGE },
  { "922337203685477580700000.1", MP_ERANGE },
  { "9999999999999999999999 ", MP_EDATA },
  { "0." ZEROS_54 "0000000001", MP_ERANGE },
  { "1" ZEROS_54 ZEROS_10 ZEROS_10 ZEROS_10, MP_ERANGE },
};

START_TEST(refuses_invalid_and_overlong_text)
{
  const struct refusal *c = &refusals[_i];
  struct mp_decimal d = { 42, 7 };

  ck_assert_int_eq(decimal_parse(c->text, strlen(c->text), &d), c->code);
  ck_assert_msg(d.coef == 42 && d.exp10 == 7,
                "a refused text changed the result: %s", c->text);
}
END_TEST

START_TEST(reads_no_further_than_its_length)
{
  struct mp_decimal d;

  ck_assert_int_eq(decimal_parse("12x", 2, &d), MP_OK);
  ck_assert_int_eq(d.coef, 12);
  ck_assert_int_eq(decimal_parse("1\0002", 3, &d), MP_EDATA);
}
END_TEST

static const struct {
  const char *text;
  size_t length;
  struct mp_decimal number;
} prefixes[] = {
  { "12345.7 GJ", 7, { 123457, -1 } },
  { "-0.005 kWh", 6, { -5, -3 } },
  { "0 GJ", 1, { 0, 0 } },
  { "0.000 m3", 5, { 0, -3 } },
  { "-0", 2, { 0, 0 } },
  { "1.23457e+06 GJ", 11, { 123457, 1 } },
  { "1e-06%", 5, { 1, -6 } },
  { "1E6", 3, { 1, 6 } },
  { "1e+20", 5, { 1, 20 } },
  { "45.5%", 4, { 455, -1 } },
  { "0, 1.5e3", 1, { 0, 0 } },
  { "12.", 2, { 12, 0 } },
  { "1.5e 3", 3, { 15, -1 } },
  { "1.5e", 3, { 15, -1 } },
  { "1.5e+", 3, { 15, -1 } },
  { "65.430000000000007", 18, { 65430000000000007, -15 } },
  { "99999999999999999999", 20, { 999999999999999999, 2 } },
  { "0.0000000000000000000001234567890123456789",
    42,
    { 123456789012345678, -39 } },
  { "000000000000000000000000012", 27, { 12, 0 } },
  { "0e-300", 6, { 0, 0 } },
  { "9e63", 4, { 9, 63 } },
  { "9e64", 0, { 0, 0 } },
  { "1e-64", 0, { 0, 0 } },
  { "1e99999999999", 0, { 0, 0 } },
  { "inf GJ", 0, { 0, 0 } },
  { "nan", 0, { 0, 0 } },
  { "-", 0, { 0, 0 } },
  { "+1", 0, { 0, 0 } },
  { " 1", 0, { 0, 0 } },
  { ".5", 0, { 0, 0 } },
  { "", 0, { 0, 0 } },
};

START_TEST(reads_the_number_at_the_beginning)
{
  struct mp_decimal d = { 0, 0 };

  ck_assert_uint_eq(decimal_parse_prefix(prefixes[_i].text, &d),
                    prefixes[_i].length);
  assert_equal(d, prefixes[_i].number);
}
END_TEST

static const struct {
  int64_t coef;
  int32_t exp10;
  const char *text;
} writings[] = {
  { 123, 5, "12300000" },
  { 0, 5, "0" },
  { 0, -3, "0.000" },
  { -5, -1, "-0.5" },
  { -5, -3, "-0.005" },
  { 12345, -5, "0.12345" },
  { 12345, -4, "1.2345" },
  { INT64_MIN, 1, "-92233720368547758080" },
  { 1, 63, "1" ZEROS_54 "000000000" },
  { 1, 64, "" },
  { 1, -64, "" },
};

START_TEST(writes_without_exponent)
{
  assert_is(dec(writings[_i].coef, writings[_i].exp10), writings[_i].text);
}
END_TEST

START_TEST(truncates_like_snprintf)
{
  char buf[8] = "xxxxxxx";

  ck_assert_int_eq(decimal_format(dec(-1250, -2), NULL, 0), 6);
  ck_assert_int_eq(decimal_format(dec(-1250, -2), buf, 4), 6);
  ck_assert_str_eq(buf, "-12");
  ck_assert_int_eq(decimal_format(dec(-1250, -2), buf, 7), 6);
  ck_assert_str_eq(buf, "-12.50");
  ck_assert_int_eq(decimal_format(dec(7, 0), buf, 1), 1);
  ck_assert_str_eq(buf, "");
}
END_TEST

/* ---- Arithmetic ---------------------------------------------------------- */

static const struct sum {
  const char *a, *b, *sum;
} sums[] = {
  { "84.208", "0.012", "84.220" },
  { "17.5", "0.50", "18.00" },
  { "1", "-1.00", "0.00" },
  { "9223372036854775807", "-1", "9223372036854775806" },
  { "9223372036854775807", "1", NULL },
  { "-9223372036854775808", "-1", NULL },
  { "-9223372036854775808", "1", "-9223372036854775807" },
  { "9223372036854775807", "9223372036854775807", NULL },
  /* The sum fits, though the first number does not in tenths. */
  { "1000000000000000000", "-922337203685477580.7", "77662796314522419.3" },
  { "9223372036854775807", "0.0", "9223372036854775807" },
  { "9223372036854775807", "-0.5", NULL },
  { "100000000000000000000", "5000000000000000", "100005000000000000000" },
  { "5", "0." ZEROS_54 "000000001", NULL },
};

START_TEST(adds_and_subtracts_exactly)
{
  const struct sum *c = &sums[_i];
  struct mp_decimal b = parsed(c->b), minus_b = b, ret = { 42, 7 };

  ck_assert_int_eq(decimal_add(parsed(c->a), b, &ret),
                   c->sum ? MP_OK : MP_ERANGE);
  if (c->sum)
    assert_is(ret, c->sum);
  else
    ck_assert_int_eq(ret.coef, 42);

  if (b.coef == INT64_MIN)
    return;
  minus_b.coef = -b.coef;
  ck_assert_int_eq(decimal_sub(parsed(c->a), minus_b, &ret),
                   c->sum ? MP_OK : MP_ERANGE);
  if (c->sum)
    assert_is(ret, c->sum);
}
END_TEST

START_TEST(subtracts_at_the_lower_end)
{
  struct mp_decimal ret;

  ck_assert_int_eq(decimal_sub(dec(-1, 0), dec(INT64_MIN, 0), &ret), MP_OK);
  ck_assert_int_eq(ret.coef, INT64_MAX);
  ck_assert_int_eq(decimal_sub(dec(0, 0), dec(INT64_MIN, 0), &ret), MP_ERANGE);
}
END_TEST

static const struct {
  struct mp_decimal a, b, difference;
} differences[] = {
  { { 13345678, -3 }, { 1, 3 }, { 12345678, -3 } },
  { { 5, 0 }, { 15, -1 }, { 35, -1 } },
  { { 5, -2 }, { 0, 40 }, { 5, -2 } },
};

START_TEST(subtracts_numbers_of_any_decimals)
{
  struct mp_decimal ret;

  ck_assert_int_eq(decimal_sub(differences[_i].a, differences[_i].b, &ret),
                   MP_OK);
  assert_equal(ret, differences[_i].difference);
}
END_TEST

START_TEST(subtracts_only_if_the_difference_fits)
{
  struct mp_decimal ret;

  ck_assert_int_eq(decimal_sub(dec(1, 20), dec(1, -2), &ret), MP_ERANGE);
  ck_assert_int_eq(decimal_sub(dec(INT64_MIN, 0), dec(1, 0), &ret), MP_ERANGE);
}
END_TEST

static const struct {
  const char *a, *b, *product;
} products[] = {
  { "84.208", "3.6", "303.1488" },
  { "-0.5", "0.5", "-0.25" },
  { "0", "-3.0", "0.0" },
  { "3037000499", "3037000499", "9223372030926249001" },
  { "4294967296", "2147483648", NULL },
  { "-4294967296", "2147483648", "-9223372036854775808" },
  { "9223372036854775807", "10", "92233720368547758070" },
  { "9223372036854775807", "9223372036854775807", NULL },
};

START_TEST(multiplies_exactly)
{
  struct mp_decimal ret;
  const int r =
    decimal_mul(parsed(products[_i].a), parsed(products[_i].b), &ret);

  ck_assert_int_eq(r, products[_i].product ? MP_OK : MP_ERANGE);
  if (r == MP_OK)
    assert_is(ret, products[_i].product);
}
END_TEST

static const struct {
  const char *a, *b;
  int32_t place;
  const char *quotient;
  int code;
} quotients[] = {
  { "200.304", "3.6", -3, "55.640", MP_OK },
  { "1", "3", -3, "0.333", MP_DROP },
  { "2", "3", -3, "0.667", MP_DROP },
  { "-2", "3", -3, "-0.667", MP_DROP },
  { "0.5", "1", 0, "0", MP_DROP },
  { "1.5", "1", 0, "2", MP_DROP },
  { "2.5", "-1", 0, "-2", MP_DROP },
  { "149", "1", 2, "100", MP_DROP },
  { "9223372036854775807", "-9223372036854775808", 0, "-1", MP_DROP },
  { "1", "9223372036854775807", -63, NULL, MP_ERANGE },
  { "6", "2", -40, "3.000000000000000000", MP_OK },
  { "6", "0", -3, NULL, MP_ERANGE },
  { "6", "2", MP_EXACT, NULL, MP_ERANGE },
};

START_TEST(divides_half_to_even)
{
  struct mp_decimal ret;
  const int r = decimal_divide(parsed(quotients[_i].a), parsed(quotients[_i].b),
                               quotients[_i].place, &ret);

  ck_assert_int_eq(r, quotients[_i].code);
  if (r >= 0)
    assert_is(ret, quotients[_i].quotient);
}
END_TEST

/* The count of steps of a counter: whole, and within 64 bits. */
static const struct {
  struct mp_decimal n, step;
  int64_t count; /* -1: none */
} counts[] = {
  { { 84208, -3 }, { 1, -3 }, 84208 }, { { 842080, -4 }, { 1, -3 }, 84208 },
  { { 842081, -4 }, { 1, -3 }, -1 },   { { 84, 0 }, { 1, -3 }, 84000 },
  { { 12, -3 }, { 4, -3 }, 3 },        { { 10, -3 }, { 4, -3 }, -1 },
  { { 5, 0 }, { 25, -1 }, 2 },         { { 0, -9 }, { 1, -3 }, 0 },
  { { 0, 50 }, { 2, 0 }, 0 },          { { 1, 0 }, { 2, 0 }, -1 },
  { { 1, 30 }, { 1, -3 }, -1 },        { { 1, 0 }, { 0, 0 }, -1 },
};

START_TEST(divides_into_a_whole_count_or_refuses)
{
  struct mp_decimal ret;
  bool whole =
    decimal_divide(counts[_i].n, counts[_i].step, 0, &ret) == MP_OK &&
    ret.exp10 == 0;

  ck_assert_int_eq(whole, counts[_i].count >= 0);
  if (whole)
    ck_assert_int_eq(ret.coef, counts[_i].count);
}
END_TEST

static const struct {
  struct mp_decimal a, b, quotient;
  int code;
} exact_quotients[] = {
  { { 1, 0 }, { 1000, 0 }, { 1, -3 }, MP_OK },
  { { 1, 0 }, { 10000, -1 }, { 1, -3 }, MP_OK },
  { { 1, 0 }, { 250, 0 }, { 4, -3 }, MP_OK },
  { { 1, 0 }, { 1, 0 }, { 1, 0 }, MP_OK },
  { { 1, 0 }, { 5, -1 }, { 2, 0 }, MP_OK },
  { { 1, 0 }, { 4, 0 }, { 25, -2 }, MP_OK },
  { { 1, 0 }, { 100, 0 }, { 1, -2 }, MP_OK },
  { { 1, 0 }, { 1024, 0 }, { 9765625, -10 }, MP_OK },
  { { 1, 0 }, { 1, 63 }, { 1, -63 }, MP_OK },
  { { 36, 8 }, { 1, 9 }, { 36, -1 }, MP_OK },
  { { 21, 0 }, { 6, 0 }, { 35, -1 }, MP_OK },
  { { 1, 0 }, { 3, 0 }, { 0, 0 }, MP_DROP },
  { { 1, 0 }, { INT64_MAX, 0 }, { 0, 0 }, MP_DROP },
  { { 1, 0 }, { INT64_C(1) << 62, 0 }, { 0, 0 }, MP_ERANGE },
  { { 1, 0 }, { 2, 63 }, { 0, 0 }, MP_ERANGE },
  { { 1, 0 }, { 0, 0 }, { 0, 0 }, MP_ERANGE },
  { { 1, 0 }, { -1000, 0 }, { 0, 0 }, MP_ERANGE },
  { { 0, 0 }, { 1, 0 }, { 0, 0 }, MP_ERANGE },
};

START_TEST(divides_exactly_or_refuses)
{
  struct mp_decimal ret = { 0, 0 };

  ck_assert_int_eq(
    decimal_divide_exactly(exact_quotients[_i].a, exact_quotients[_i].b, &ret),
    exact_quotients[_i].code);
  assert_equal(ret, exact_quotients[_i].quotient);
}
END_TEST

START_TEST(scales_where_only_the_result_fits)
{
  struct mp_decimal ret;

  ck_assert_int_eq(
    decimal_scale(dec(INT64_MIN, 0), dec(36, 8), dec(36, 8), 0, &ret), MP_OK);
  ck_assert_int_eq(ret.coef, INT64_MIN);
}
END_TEST

/* ---- Comparing and rounding ---------------------------------------------- */

static const struct {
  const char *a, *b;
  int order;
} orders[] = {
  { "17.50", "17.5", 0 },
  { "17.50", "17.51", -1 },
  { "-17.50", "-17.51", 1 },
  { "0.000", "0", 0 },
  { "0", "-0.001", 1 },
  { "-1", "1", -1 },
  { "9223372036854775807", "9223372036854775807.0", 0 },
  { "9223372036854775807", "922337203685477580.7", 1 },
  { "922337203685477580.7", "922337203685477580", 1 },
  { "-9223372036854775808", "-922337203685477580.8", -1 },
  { "1" ZEROS_54 "000000000", "0." ZEROS_54 "000000001", 1 },
};

START_TEST(compares_by_value)
{
  const struct mp_decimal a = parsed(orders[_i].a), b = parsed(orders[_i].b);

  ck_assert_int_eq(decimal_compare(a, b), orders[_i].order);
  ck_assert_int_eq(decimal_compare(b, a), -orders[_i].order);
}
END_TEST

START_TEST(compares_beyond_the_exponents)
{
  ck_assert_int_eq(decimal_compare(dec(1, INT32_MAX), dec(1, INT32_MIN)), 1);
  ck_assert_int_eq(decimal_compare(dec(-1, INT32_MAX), dec(1, INT32_MIN)), -1);
  ck_assert_int_eq(decimal_compare(dec(0, INT32_MAX), dec(0, INT32_MIN)), 0);
}
END_TEST

static const struct {
  struct mp_decimal d;
  int32_t n, place;
} digit_places[] = {
  { { 123457, -1 }, 6, -1 }, { { 123457, 1 }, 6, 1 },
  { { 100, 0 }, 6, -3 },     { { 1, 2 }, 6, -3 },
  { { -5, -3 }, 6, -8 },     { { INT64_MIN, 0 }, 1, 18 },
};

START_TEST(counts_places_from_the_first_digit)
{
  ck_assert_int_eq(decimal_digit_place(digit_places[_i].d, digit_places[_i].n),
                   digit_places[_i].place);
}
END_TEST

static const struct {
  struct mp_decimal d, trimmed;
} trims[] = {
  { { 1750, -2 }, { 175, -1 } }, { { -10, 0 }, { -1, 1 } },
  { { 175, -1 }, { 175, -1 } },  { { 0, -3 }, { 0, 0 } },
  { { 100, 62 }, { 10, 63 } },
};

START_TEST(trims_zeros_at_the_end)
{
  struct mp_decimal d = trims[_i].d;

  decimal_trim(&d);
  assert_equal(d, trims[_i].trimmed);
}
END_TEST

static const struct {
  const char *text;
  int32_t place;
  const char *rounded;
  int code;
} roundings[] = {
  { "65.430000000000007", -2, "65.43", MP_OK },
  { "6.2549999999999999", -14, "6.25500000000000", MP_OK },
  { "2.5", 0, "2", MP_OK },
  { "3.5", 0, "4", MP_OK },
  { "-2.5", 0, "-2", MP_OK },
  { "-3.5", 0, "-4", MP_OK },
  { "-2.51", 0, "-3", MP_OK },
  { "7", 30, "0", MP_OK },
  { "7", -2, "7", MP_DROP },
  { "17.55", -1, "17.6", MP_OK },
  { "17.45", -1, "17.4", MP_OK },
  { "17.451", -1, "17.5", MP_OK },
  { "-17.45", -1, "-17.4", MP_OK },
  { "17.50", -1, "17.50", MP_DROP },
  { "17.50", -5, "17.50", MP_DROP },
  { "17.50", MP_EXACT, "17.50", MP_DROP },
  { "-0.4", 0, "0", MP_OK },
  { "0.5", 0, "0", MP_OK },
  { "1.5", 0, "2", MP_OK },
  { "0.00", 0, "0.00", MP_DROP },
  { "9223372036854775807", 1, "9223372036854775810", MP_OK },
  { "-9223372036854775808", 1, "-9223372036854775810", MP_OK },
  { "9223372036854775807", 18, "9000000000000000000", MP_OK },
  { "9223372036854775807", 19, "10000000000000000000", MP_OK },
  { "5000000000000000000", 19, "0", MP_OK },
  { "9223372036854775807", 20, "0", MP_OK },
  { "9223372036854775807", 63, "0", MP_OK },
  { "9223372036854775807", INT32_MAX, "0", MP_OK },
};

START_TEST(rounds_half_to_even)
{
  struct mp_decimal d = parsed(roundings[_i].text);

  ck_assert_int_eq(decimal_round(&d, roundings[_i].place), roundings[_i].code);
  assert_is(d, roundings[_i].rounded);
}
END_TEST

static const struct {
  const char *text, *step, *rounded;
  int code;
} steps[] = {
  { "17.503", "0.01", "17.50", MP_OK },
  { "17.50", "0.01", "17.50", MP_DROP },
  { "17.5", "0.01", "17.5", MP_DROP },
  { "1.001", "0.004", "1.000", MP_OK },
  { "1.002", "0.004", "1.000", MP_OK },
  { "1.006", "0.004", "1.008", MP_OK },
  { "-1.003", "0.004", "-1.004", MP_OK },
  { "0.4", "1", "0", MP_OK },
  { "9223372036854775807", "10", "9223372036854775810", MP_OK },
  { "9000000000000000000", "0.001", "9000000000000000000", MP_DROP },
  { "1", "0", "1", MP_ERANGE },
};

START_TEST(rounds_to_whole_steps)
{
  struct mp_decimal d = parsed(steps[_i].text);

  ck_assert_int_eq(decimal_round_step(&d, parsed(steps[_i].step)),
                   steps[_i].code);
  assert_is(d, steps[_i].rounded);
}
END_TEST

static const struct {
  const char *shown;
  int32_t place;
  const char *x;
  bool shows;
} displays[] = {
  { "84.208", -3, "84.208", true },
  { "84.21", -2, "84.208", true },
  { "84.20", -2, "84.208", false },
  /* A tie may have been rounded up or down. */
  { "84.2", -1, "84.25", true },
  { "84.3", -1, "84.25", true },
  { "84.2", -1, "84.2500000001", false },
  /* A tolerance of one part in 10^12 of x is allowed, and no more. */
  { "1000000000000", MP_EXACT, "1000000000001", true },
  { "1000000000000", MP_EXACT, "1000000000001.1", false },
  { "1000000000001", MP_EXACT, "1000000000000", true },
  { "1000000000001.1", MP_EXACT, "1000000000000", false },
  { "84.2", -1, "84.25000000008425", true },
  { "84.2", -1, "84.25000000008426", false },
  { "84.208", MP_EXACT, "84.208", true },
  { "84.209", MP_EXACT, "84.208", false },
  { "0", MP_EXACT, "0." ZEROS_54 "000000001", false },
  { "0", 0, "0.5", true },
  { "0", 0, "-0.5", true },
  { "0", 0, "0.50001", false },
  { "-1", 0, "1", false },
  { "-1", 1, "1", true },
  { "1234570", 1, "1234567", true },
  { "1234570", 0, "1234567", false },
  { "9223372036854775807", 0, "-9223372036854775808", false },
  { "9223372036854775807", 20, "-9223372036854775808", true },
  { "1", INT32_MAX, "-1", true },
  { "1" ZEROS_54 "000000000", -63, "0." ZEROS_54 "000000001", false },
};

START_TEST(decides_whether_a_display_can_show_a_value)
{
  ck_assert_int_eq(decimal_shows(parsed(displays[_i].shown), displays[_i].place,
                                 parsed(displays[_i].x)),
                   displays[_i].shows);
}
END_TEST

START_TEST(refuses_exponents_beyond_their_limits)
{
  const struct mp_decimal wild = { 1, 64 };
  struct mp_decimal ret;

  ck_assert(!decimal_valid(wild));
  ck_assert(decimal_valid(dec(1, 63)));
  ck_assert_int_eq(decimal_add(wild, wild, &ret), MP_ERANGE);
  ck_assert_int_eq(decimal_sub(wild, wild, &ret), MP_ERANGE);
  ck_assert_int_eq(decimal_mul(wild, dec(1, -60), &ret), MP_ERANGE);
  ck_assert_int_eq(decimal_divide(wild, dec(1, 60), 0, &ret), MP_ERANGE);
  ck_assert_int_eq(decimal_shows(wild, MP_EXACT, wild), 0);
}
END_TEST

static Suite *
decimal_suite(void)
{
  Suite *suite = suite_create("decimal");
  TCase *text = tcase_create("text");
  TCase *tables = tcase_create("tables");

  tcase_add_loop_test(text, reads_and_writes_decimals, 0,
                      ARRAY_SIZE(text_cases));
  tcase_add_loop_test(text, refuses_invalid_and_overlong_text, 0,
                      ARRAY_SIZE(refusals));
  tcase_add_test(text, reads_no_further_than_its_length);
  tcase_add_loop_test(text, reads_the_number_at_the_beginning, 0,
                      ARRAY_SIZE(prefixes));
  tcase_add_loop_test(text, writes_without_exponent, 0, ARRAY_SIZE(writings));
  tcase_add_test(text, truncates_like_snprintf);
  suite_add_tcase(suite, text);

  tcase_add_loop_test(tables, adds_and_subtracts_exactly, 0, ARRAY_SIZE(sums));
  tcase_add_test(tables, subtracts_at_the_lower_end);
  tcase_add_loop_test(tables, subtracts_numbers_of_any_decimals, 0,
                      ARRAY_SIZE(differences));
  tcase_add_test(tables, subtracts_only_if_the_difference_fits);
  tcase_add_loop_test(tables, multiplies_exactly, 0, ARRAY_SIZE(products));
  tcase_add_loop_test(tables, divides_half_to_even, 0, ARRAY_SIZE(quotients));
  tcase_add_loop_test(tables, divides_into_a_whole_count_or_refuses, 0,
                      ARRAY_SIZE(counts));
  tcase_add_loop_test(tables, divides_exactly_or_refuses, 0,
                      ARRAY_SIZE(exact_quotients));
  tcase_add_test(tables, scales_where_only_the_result_fits);
  tcase_add_loop_test(tables, compares_by_value, 0, ARRAY_SIZE(orders));
  tcase_add_test(tables, compares_beyond_the_exponents);
  tcase_add_loop_test(tables, counts_places_from_the_first_digit, 0,
                      ARRAY_SIZE(digit_places));
  tcase_add_loop_test(tables, trims_zeros_at_the_end, 0, ARRAY_SIZE(trims));
  tcase_add_loop_test(tables, rounds_half_to_even, 0, ARRAY_SIZE(roundings));
  tcase_add_loop_test(tables, rounds_to_whole_steps, 0, ARRAY_SIZE(steps));
  tcase_add_loop_test(tables, decides_whether_a_display_can_show_a_value, 0,
                      ARRAY_SIZE(displays));
  tcase_add_test(tables, refuses_exponents_beyond_their_limits);
  suite_add_tcase(suite, tables);
  return suite;
}

int
main(void)
{
  return run_suite(decimal_suite());
}
