/* KMP unit codes: the table equals units.csv. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_unit.h"
#include "tests/plugins/kmp/codec/csv_rows.h"
#include "tests/support/run_suite.h"

enum { CODE, SYMBOL, QUANTITY, NOTE, CODE_HEX };

START_TEST(test_unit_table_equals_the_published_one)
{
  char known[256] = { 0 };
  struct csv_rows rows;
  size_t count = 0;
  unsigned code;

  csv_rows_open(&rows, "units.csv");
  for (; csv_rows_next(&rows); count++) {
    const struct kmp_unit *unit;

    code = (unsigned)strtoul(rows.fields[CODE], NULL, 10);
    ck_assert_uint_eq(code, strtoul(rows.fields[CODE_HEX], NULL, 16));
    unit = kmp_unit_find((uint8_t)code);
    ck_assert_ptr_nonnull(unit);
    ck_assert_str_eq(unit->code_symbol, rows.fields[SYMBOL]);
    known[code] = 1;
  }
  ck_assert_uint_eq(count, 82);
  for (code = 0; code < 256; code++)
    ck_assert_int_eq(!!kmp_unit_find((uint8_t)code), known[code]);
}
END_TEST

START_TEST(test_unit_codes_give_symbol_and_scale)
{
  static const struct {
    uint8_t code;
    const char *symbol; /* NULL: none */
    uint8_t scale;
  } rows[] = {
    { 0x00, NULL, 0 },  { 0x08, "GJ", 0 }, { 0x15, "W", 0 },
    { 0x19, "var", 0 }, { 0x26, "K", 0 },  { 0x33, "number", 0 },
    { 0x2f, NULL, 0 },  { 0x36, NULL, 0 }, { 0x37, "m3", 1 },
    { 0x38, "ton", 1 }, { 0x39, "GJ", 1 }, { 0x3e, "days", 0 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const struct kmp_unit *unit = kmp_unit_find(rows[i].code);

    ck_assert_ptr_nonnull(unit);
    ck_assert_pstr_eq(unit->symbol, rows[i].symbol);
    ck_assert_uint_eq(unit->scale, rows[i].scale);
  }
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("kmp_unit");
  TCase *tc = tcase_create("units");

  tcase_add_test(tc, test_unit_table_equals_the_published_one);
  tcase_add_test(tc, test_unit_codes_give_symbol_and_scale);
  suite_add_tcase(s, tc);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
