/*
 * KMP registers: the table equals registers.csv, and names are found in every
 * spelling.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_register.h"
#include "tests/plugins/kmp/codec/csv_rows.h"
#include "tests/support/run_suite.h"

enum { ID_DEC, ID_HEX, NAME, LABEL, UNIT, METERS, SOURCES, ELECTRICITY, KIND };

/* Returns whether values in one of these units are texts: dates, times,
 * names. */
static bool
is_text(const char *units)
{
  static const char *const texts[] = { "hh:mm:ss", "yy:mm:dd", "mm:dd",
                                       "RTC",      "ASCII",    "datetime" };
  size_t len = strcspn(units, "|");

  for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
    if (strlen(texts[i]) == len && memcmp(texts[i], units, len) == 0)
      return true;
  return units[len] == '|' && is_text(units + len + 1);
}

static uint32_t
expected_kind(const struct csv_rows *rows)
{
  if (rows->fields[UNIT][0] == '\0')
    return 0;
  if (strcmp(rows->fields[KIND], "counter") == 0)
    return MP_COUNTER;
  return is_text(rows->fields[UNIT]) ? MP_TEXT : MP_GAUGE;
}

START_TEST(test_register_table_equals_the_published_one)
{
  struct csv_rows rows;
  char hex[8];
  size_t i;

  csv_rows_open(&rows, "registers.csv");
  for (i = 0; csv_rows_next(&rows); i++) {
    const struct kmp_register *reg = kmp_register_at(i);
    const char *unit = rows.fields[UNIT];

    ck_assert_ptr_nonnull(reg);
    ck_assert_uint_eq(reg->id, strtoul(rows.fields[ID_DEC], NULL, 10));
    snprintf(hex, sizeof(hex), "%04X", (unsigned)reg->id);
    ck_assert_str_eq(hex, rows.fields[ID_HEX]);
    ck_assert_str_eq(reg->name, rows.fields[NAME]);
    ck_assert_str_eq(reg->label, rows.fields[LABEL]);
    /* registers.csv writes "minutes" for the symbol of units.csv. */
    ck_assert_str_eq(reg->unit, strcmp(unit, "minutes") == 0 ? "min" : unit);
    ck_assert_uint_eq(reg->kind, expected_kind(&rows));
    ck_assert_ptr_eq(kmp_register_find(reg->id), reg);
    ck_assert_int_eq(kmp_register_id(reg->name), reg->id);
  }
  ck_assert_uint_eq(i, 594);
  ck_assert_ptr_null(kmp_register_at(i));
}
END_TEST

START_TEST(test_names_are_found_in_every_spelling)
{
  static const struct {
    const char *name;
    int32_t id;
  } rows[] = {
    { "heat_energy_e1", 60 },
    { "60", 60 },
    { "0x3c", 60 },
    { "0x3C", 60 },
    { "0X3c", 60 },
    { "0x003c", 60 },
    { "serial_no", 1001 },
    { "0x3e9", 1001 },
    { "0", 0 },
    { "65535", 65535 },
    { "0xffff", 65535 },
    { "59", 59 },
    { "65536", -1 },
    { "0x10000", -1 },
    { "99999999999999", -1 },
    { "", -1 },
    { "0x", -1 },
    { "3c", -1 },
    { "-1", -1 },
    { "60 ", -1 },
    { " 60", -1 },
    { "heat_energy", -1 },
    { "Heat_Energy_E1", -1 },
    { "0x3g", -1 },
    { "1180", -1 }, /* the password */
    { "0x49c", -1 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    ck_assert_msg(kmp_register_id(rows[i].name) == rows[i].id, "%s",
                  rows[i].name);
}
END_TEST

START_TEST(test_unnamed_register_has_its_number_as_name)
{
  char buf[KMP_NUMBER_SIZE];

  ck_assert_ptr_null(kmp_register_find(59));
  ck_assert_ptr_null(kmp_register_find(0));
  ck_assert_ptr_null(kmp_register_find(65535));
  ck_assert_str_eq(kmp_register_name(59, buf), "59");
  ck_assert_str_eq(kmp_register_name(65535, buf), "65535");
  ck_assert_str_eq(kmp_register_name(60, buf), "heat_energy_e1");
}
END_TEST

/* Pipeline files may hold names from before a register's meaning was known. */
START_TEST(test_former_names_are_found)
{
  static const struct {
    const char *name;
    int32_t id;
  } rows[] = {
    { "reactive_energy_3", 3 },
    { "reactive_energy_7", -1 },
    { "tariff_energy_17", 17 },
    { "tariff_energy_34", 34 },
    { "tariff_energy_35", -1 },
    { "tariff_energy_", -1 },
    { "max_demand_35", 35 },
    { "max_demand_46", 46 },
    { "number_50", 50 },
    { "number_58", 58 },
    { "reg_1021", 1021 },
    { "reg_1039", 1039 },
    { "reg_1086", 1086 },
    { "reg_1092", 1092 },
    { "reg_1052", -1 },
    { "energy_1059", 1059 },
    { "reactive_energy_1074", 1074 },
    { "interval_1112", 1112 },
    { "energy_1121", 1121 },
    { "rtc_1181", 1181 },
    { "flags_1189", 1189 },
    { "flags_1202", 1202 },
    { "firmware_revision_b", 6031 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    ck_assert_msg(kmp_register_id(rows[i].name) == rows[i].id, "%s",
                  rows[i].name);
}
END_TEST

/* Counters that can be set to zero, and settings.  As counters they would be
 * held for ever after a fall. */
START_TEST(test_registers_that_may_fall_are_gauges)
{
  static const uint16_t falls[] = { 17, 18, 1039, 1121, 1295, 6008 };
  static const uint16_t counts[] = { 43, 46, 58, 1059, 1277, 1392 };

  for (size_t i = 0; i < ARRAY_SIZE(falls); i++)
    ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(falls[i])),
                      MP_GAUGE);
  for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
    ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(counts[i])),
                      MP_COUNTER);
}
END_TEST

START_TEST(test_only_counters_have_the_kind_counter)
{
  ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(60)),
                    MP_COUNTER);
  ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(68)),
                    MP_COUNTER);
  ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(1004)),
                    MP_COUNTER);
  ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(80)), MP_GAUGE);
  ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(128)), MP_GAUGE);
  ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(1001)),
                    MP_GAUGE);
  ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(1003)),
                    MP_GAUGE);
  ck_assert_uint_eq(kmp_register_number_kind(kmp_register_find(59)), MP_GAUGE);
}
END_TEST

/* The last field that the sink received, and the number of fields. */
struct told {
  unsigned count;
  uint32_t kind;
  char text[256];
};

static void
take_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  struct told *told = sink->ctx;

  told->count++;
  told->kind = field->kind;
  snprintf(told->text, sizeof(told->text), "%s %s '%s' %s", field->name,
           field->number ? field->number : "-",
           field->label ? field->label : "-", field->unit ? field->unit : "-");
}

START_TEST(test_fields_are_described)
{
  static const struct {
    const char *name;
    uint32_t kind;
    const char *text;
  } rows[] = {
    { "0x3C", MP_COUNTER, "heat_energy_e1 60 'Heat energy E1' MWh" },
    { "flow_v1", MP_GAUGE, "flow_v1 74 'Actual flow V1' l/h" },
    { "1003", 0, "date 1003 'Date' yy:mm:dd" },
    { "515", 0, "unknown_515 515 'Present in a year logger (603 or 303)' -" },
    { "info_text", MP_TEXT, "info_text - 'Current info code in words' -" },
    { "0x1a0a", 0, "6666 - '-' -" },
  };
  struct told told;
  struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                .ctx = &told,
                                .field = take_field };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    told.count = 0;
    ck_assert_int_eq(kmp_field(rows[i].name, &sink), MP_OK);
    ck_assert_uint_eq(told.count, 1);
    ck_assert_str_eq(told.text, rows[i].text);
    ck_assert_uint_eq(told.kind, rows[i].kind);
  }
  told.count = 0;
  ck_assert_int_eq(kmp_field("heat_energy", &sink), MP_ECONFIG);
  ck_assert_uint_eq(told.count, 0);
  ck_assert_int_eq(kmp_list_fields(&sink), MP_OK);
  ck_assert_uint_eq(told.count, 595); /* with info_text */
}
END_TEST

/* Checks that counters have a limit, except those of hours, events and
 * maxima. */
static void
check_limit(const struct mp_field_sink *sink, const struct mp_field *field)
{
  unsigned *limited = sink->ctx;
  bool has_limit = field->kind == MP_COUNTER && strcmp(field->unit, "h") != 0 &&
                   strcmp(field->unit, "number") != 0 &&
                   strcmp(field->unit, "kW") != 0 &&
                   strcmp(field->unit, "kvar") != 0;

  ck_assert_msg((field->max_rate.coef > 0) == has_limit, "%s", field->name);
  ck_assert_msg(!has_limit || field->max_rate_unit, "%s", field->name);
  *limited += has_limit != 0;
}

START_TEST(test_counters_have_a_limit)
{
  unsigned limited = 0;
  struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                .ctx = &limited,
                                .field = check_limit };

  ck_assert_int_eq(kmp_list_fields(&sink), MP_OK);
  ck_assert_uint_gt(limited, 50);
}
END_TEST

START_TEST(test_default_fields_fit_one_request)
{
  static const uint16_t ids[] = { 60, 68, 80, 74, 86, 87, 89, 1004 };
  const char *p = KMP_DEFAULT_FIELDS;

  for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
    char name[64] = "";
    size_t len = strcspn(p, ",");

    ck_assert_uint_lt(len, sizeof(name));
    memcpy(name, p, len);
    ck_assert_int_eq(kmp_register_id(name), ids[i]);
    p += len + (p[len] == ',');
  }
  ck_assert_str_eq(p, "");
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("kmp_register");
  TCase *tc = tcase_create("registers");

  tcase_add_test(tc, test_register_table_equals_the_published_one);
  tcase_add_test(tc, test_names_are_found_in_every_spelling);
  tcase_add_test(tc, test_unnamed_register_has_its_number_as_name);
  tcase_add_test(tc, test_former_names_are_found);
  tcase_add_test(tc, test_registers_that_may_fall_are_gauges);
  tcase_add_test(tc, test_only_counters_have_the_kind_counter);
  tcase_add_test(tc, test_fields_are_described);
  tcase_add_test(tc, test_counters_have_a_limit);
  tcase_add_test(tc, test_default_fields_fit_one_request);
  suite_add_tcase(s, tc);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
