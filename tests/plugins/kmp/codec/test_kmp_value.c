/* KMP values: exact numbers, valid dates, and errors for invalid ones. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_convert.h"
#include "plugins/kmp/codec/kmp_unit.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "tests/support/run_suite.h"

/* Parses "27 04 03 05397fb1": unit, NoB, SiEx, mantissa. */
static struct kmp_record
parse(const char *hex, uint8_t bytes[64])
{
  struct kmp_record record = { .id = 60 };
  size_t n = 0;

  for (; *hex; hex++) {
    char digits[3] = { hex[0], hex[1], '\0' };

    if (*hex == ' ')
      continue;
    bytes[n++] = (uint8_t)strtoul(digits, NULL, 16);
    hex++;
  }
  record.unit = bytes[0];
  record.nob = bytes[1];
  record.siex = bytes[2];
  record.mantissa = bytes + 3;
  ck_assert_uint_eq(n, 3u + record.nob);
  return record;
}

/* Decodes HEX and formats the value, "(none)", or the error. */
static void
describe_value(const char *hex, char *buf, size_t size)
{
  char number[KMP_FORMAT_SIZE];
  struct kmp_value value;
  uint8_t bytes[64];
  struct kmp_record record = parse(hex, bytes);
  int r = kmp_value_decode(&record, &value);

  if (r != KMP_OK) {
    snprintf(buf, size, "%s", kmp_error_text(r));
  } else if (value.form == KMP_FORM_NONE) {
    snprintf(buf, size, "(none)");
  } else {
    ck_assert_uint_gt(kmp_value_format(&value, number, sizeof(number)), 0);
    snprintf(buf, size, "%s%s%s", number, value.unit ? " " : "",
             value.unit ? value.unit : "");
  }
}

struct row {
  const char *hex;
  const char *shown;
};

static void
check_rows(const struct row *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    char buf[128];

    describe_value(rows[i].hex, buf, sizeof(buf));
    ck_assert_msg(strcmp(buf, rows[i].shown) == 0, "%s: %s, not %s",
                  rows[i].hex, buf, rows[i].shown);
  }
}

START_TEST(test_numbers_are_exact)
{
  static const struct row rows[] = {
    { "0A 04 C2 00003039", "-123.45 kcal" },
    { "27 04 03 05397FB1", "87654321000 l" },
    { "28 01 03 FF", "255000 m3" },
    { "16 04 11 012AF024", "1959120400000000000000000 kW" },
    { "02 04 44 04481488", "7183.2712 kWh" },
    { "08 02 43 D958", "55.640 GJ" }, /* decimals stay */
    { "08 02 43 0005", "0.005 GJ" },
    { "08 02 42 0037", "0.55 GJ" },
    { "08 02 C2 0005", "-0.05 GJ" },
    { "16 02 41 0000", "0.0 kW" },
    { "16 02 C1 0000", "0.0 kW" }, /* there is no negative zero */
    { "16 01 05 00", "0 kW" },
    { "25 01 00 14", "20 C" },
    { "15 01 00 14", "20 W" },
    { "19 01 00 14", "20 var" },
    { "26 02 00 013B", "315 K" },
    { "33 04 00 0483DA69", "75749993 number" },
    { "00 01 00 07", "7" },
    { "08 08 00 7FFFFFFFFFFFFFFF", "9223372036854775807 GJ" },
    { "08 08 80 7FFFFFFFFFFFFFFF", "-9223372036854775807 GJ" },
    { "08 0A 00 00007FFFFFFFFFFFFFFF", "9223372036854775807 GJ" },
    { "08 08 7F 7FFFFFFFFFFFFFFF",
      "0.000000000000000000000000000000000000000000009223372036854775807 GJ" },
    { "33 0A 00 00000000000000BC614E", "12345678 number" },
    { "33 10 00 000000000000000000000000000004D2", "1234 number" },
    { "00 0A 00 00000000000000BC614E", "12345678" },
    { "08 00 43", "(none)" },
    { "FE 00 43", "(none)" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_x10_units_are_multiplied_out)
{
  static const struct row rows[] = {
    { "37 01 00 07", "70 m3" },
    { "38 01 42 7B", "12.3 ton" },
    { "39 01 41 7B", "123 GJ" },
    { "39 01 01 7B", "12300 GJ" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_numbers_beyond_64_bits_are_refused)
{
  static const struct row rows[] = {
    { "08 08 00 8000000000000000", "a number beyond 64 bits" },
    { "33 08 00 FFFFFFFFFFFFFFFF", "a number beyond 64 bits" },
    { "08 09 00 010000000000000000", "a number beyond 64 bits" },
    { "4B 08 00 8000000000000000", "a number beyond 64 bits" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_number_with_an_unknown_unit_code_has_no_unit)
{
  static const struct row rows[] = {
    { "4B 01 00 07", "7" },
    { "FF 02 42 07D0", "20.00" },
    { "F7 0A 00 00000000000000BC614E", "12345678" },
    { "F7 0A 00 010203040506070809FF", "0x010203040506070809ff" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_dates_and_times_are_iso_8601)
{
  static const struct row rows[] = {
    { "2F 04 00 00019258", "10:30:00" },
    { "2F 04 00 000399B7", "23:59:59" },
    { "2F 04 00 00000000", "00:00:00" },
    { "2F 01 00 07", "00:00:07" },
    { "30 04 00 0000ED98", "2006-08-24" },
    { "30 04 40 0000ED98", "2006-08-24" }, /* 10^-0 */
    { "30 04 00 000F1FFF", "2099-12-31" },
    { "30 04 00 000224DC", "2014-05-08" },
    { "30 04 00 0003AA65", "2024-02-29" },
    { "31 04 00 013351DC", "2014-05-08" },
    { "32 04 00 00000338", "08-24" },
    { "32 04 00 000004CF", "12-31" },
    { "32 04 00 000000E5", "02-29" },
    { "35 08 00 83071A23131B070E", "2014-07-27T19:35:26" },
    { "4F 07 00 00180C1F000004", "2024-12-31T00:00:04" },
    { "4F 07 00 3C10061E0E3037", "2016-06-30T14:48:55 +60 min DST" },
    { "3F 08 00 83071A23131B070E", "2014-07-27T19:35:26" },
    { "48 05 00 00186F9D80", "2012-12-28T00:00:00" },
    { "48 05 00 0100000001", "2000-01-01T00:00:01" },
    { "48 05 00 00FFFFFFFF", "2136-02-07T06:28:15" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_date_without_day_or_month_is_no_value)
{
  static const struct row rows[] = {
    { "30 04 00 00000000", "(none)" },
    { "30 04 00 000222E0", "(none)" }, /* 14-00-00 */
    { "30 04 00 00022344", "(none)" }, /* 14-01-00 */
    { "31 04 00 00000000", "(none)" },
    { "32 02 00 0000", "(none)" },
    { "32 02 00 001F", "(none)" }, /* 00-31 */
    { "35 08 00 0000000000000000", "(none)" },
    { "4F 07 00 00000000000000", "(none)" },
    { "4F 07 00 3C000000000000", "(none)" },
    { "48 05 00 0000000000", "(none)" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_impossible_dates_and_times_are_refused)
{
  static const struct row rows[] = {
    { "2F 04 00 0003D090", "no such date or time" }, /* 25:00:00 */
    { "2F 04 00 0003A980", "no such date or time" }, /* 24:00:00 */
    { "2F 04 00 00001770", "no such date or time" }, /* 00:60:00 */
    { "2F 04 00 0000003C", "no such date or time" }, /* 00:00:60 */
    { "2F 04 00 FFFFFFFF", "no such date or time" },
    { "2F 04 80 00019258", "no such date or time" },
    { "2F 04 41 00019258", "no such date or time" },
    { "30 04 00 00022838", "no such date or time" },         /* 14-13-68 */
    { "30 04 00 000227F5", "no such date or time" },         /* 14-13-01 */
    { "30 04 00 000223C6", "no such date or time" },         /* 14-02-30 */
    { "30 04 00 000223C5", "no such date or time" },         /* 14-02-29 */
    { "30 04 00 000F4240", "no such date or time" },         /* 100-00-00 */
    { "32 02 00 00E6", "no such date or time" },             /* 02-30 */
    { "32 02 00 0515", "no such date or time" },             /* 13-01 */
    { "35 08 00 83081A23131B070E", "no such date or time" }, /* weekday 8 */
    { "35 08 00 83071A23191B070E", "no such date or time" }, /* hour 25 */
    { "35 08 00 83071A23131B0764", "no such date or time" }, /* year 100 */
    { "35 07 00 83071A23131B07", "a length that this unit cannot have" },
    { "4F 07 00 00180D1F000004", "no such date or time" }, /* month 13 */
    { "4F 07 00 00180C1F00003C", "no such date or time" }, /* second 60 */
    { "4F 08 00 00180C1F00000400", "a length that this unit cannot have" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_texts_flags_and_addresses_are_decoded)
{
  static const struct row rows[] = {
    { "36 0D 00 303730343232 4A413833343836", "070422JA83486" },
    { "36 04 00 41422000", "AB" },
    { "36 04 7F 41422043", "AB C" },
    { "36 02 00 2000", "(none)" },
    { "36 03 00 41E642", "0x41e642" },
    { "36 03 00 410042", "0x410042" },
    { "3B 02 41 0140", "320 bitfield" },
    { "3B 08 00 8000000000000001", "0x8000000000000001" },
    { "00 10 00 000102030405060708090A0B0C0D0E0F",
      "0x000102030405060708090a0b0c0d0e0f" },
    { "00 10 00 00000000000000000000000000000001",
      "0x00000000000000000000000000000001" }, /* flags stay flags */
    { "33 09 00 010000000000000000", "0x010000000000000000" },
    { "3F 03 00 0A1B2C", "0x0a1b2c" },
    { "40 03 00 0A1B2C", "0x0a1b2c" },
    { "48 03 00 0A1B2C", "0x0a1b2c" },
    { "49 04 00 C0A80001", "192.168.0.1" },
    { "49 03 00 C0A800", "a length that this unit cannot have" },
    { "4A 10 00 20010DB8000000000000000000000001", "2001:db8::1" },
  };

  check_rows(rows, ARRAY_SIZE(rows));
}
END_TEST

/* A MULTICAL 21 sends register 1004 without a unit. */
START_TEST(test_register_1004_is_in_hours)
{
  uint8_t bytes[64];
  struct kmp_record record = parse("33 04 00 0000D668", bytes);
  struct kmp_value value;

  record.id = 1004;
  ck_assert_int_eq(kmp_value_decode(&record, &value), KMP_OK);
  ck_assert_str_eq(value.unit, "h");
  record.id = 1005;
  ck_assert_int_eq(kmp_value_decode(&record, &value), KMP_OK);
  ck_assert_str_eq(value.unit, "number");
}
END_TEST

START_TEST(test_info_weekday_and_dst_of_a_clock_are_decoded)
{
  uint8_t bytes[64];
  struct kmp_record record = parse("35 08 00 83071A23131B070E", bytes);
  struct kmp_value value;

  ck_assert_int_eq(kmp_value_decode(&record, &value), KMP_OK);
  ck_assert_int_eq(value.info, 0x83);
  ck_assert_int_eq(value.weekday, 7);
  ck_assert_int_eq(value.dst, -1);
  record = parse("4F 07 00 3C10061E0E3037", bytes);
  ck_assert_int_eq(kmp_value_decode(&record, &value), KMP_OK);
  ck_assert_int_eq(value.dst, 60);
  ck_assert_int_eq(value.info, -1);
}
END_TEST

/* Any bytes give a value that fits its buffer, or an error. */
START_TEST(test_any_mantissa_gives_a_value_or_an_error)
{
  uint8_t mantissa[KMP_MANTISSA_MAX];
  struct kmp_record record = { .mantissa = mantissa };
  unsigned none = 0;

  for (unsigned unit = 0; unit < 256; unit++)
    for (unsigned nob = 0; nob <= KMP_MANTISSA_MAX; nob++)
      for (unsigned fill = 0; fill < 256; fill += 17) {
        char buf[KMP_FORMAT_SIZE];
        struct kmp_value value;

        memset(mantissa, (int)fill, sizeof(mantissa));
        record.unit = (uint8_t)unit;
        record.nob = (uint8_t)nob;
        record.siex = (uint8_t)fill;
        if (kmp_value_decode(&record, &value) == KMP_OK &&
            value.form != KMP_FORM_NONE)
          none += kmp_value_format(&value, buf, sizeof(buf)) == 0;
      }
  ck_assert_uint_eq(none, 0);
}
END_TEST

/* Fails the test unless kmp_convert gives the value of kmp_value_decode. */
static void
check_conversion(const struct kmp_record *record)
{
  struct kmp_value space, decoded;
  struct mp_value value = { .struct_size = 1 };
  int error = KMP_OK, r = kmp_value_decode(record, &decoded);
  int answer = kmp_convert(record, MP_COUNTER, &space, &value, &error);

  ck_assert_int_eq(error, r);
  if (r != KMP_OK || decoded.form == KMP_FORM_NONE) {
    ck_assert_int_eq(answer, r == KMP_OK       ? MP_DROP
                             : r == KMP_ERANGE ? MP_ERANGE
                                               : MP_EDATA);
    ck_assert_uint_eq(value.struct_size, 1);
    return;
  }
  ck_assert_int_eq(answer, MP_OK);
  ck_assert_uint_eq(value.struct_size, sizeof(value));
  ck_assert(!value.serial && value.time_ms == 0);
  if (decoded.form == KMP_FORM_TEXT) {
    ck_assert_uint_eq(value.kind, MP_TEXT);
    ck_assert_str_eq(value.text, decoded.text);
    return;
  }
  ck_assert_uint_eq(value.kind, MP_COUNTER);
  ck_assert(value.unit == decoded.unit && !value.text);
  ck_assert_int_eq(value.number.coef, decoded.number.coef);
  ck_assert_int_eq(value.number.exp10, decoded.number.exp10);
}

START_TEST(test_conversion_gives_the_decoded_value)
{
  static const uint8_t mantissas[][8] = { { 0 },
                                          { 0x80, 1, 2, 3, 4, 5, 6, 7 },
                                          { 0, 0x03, 0x82, 0x41 } };
  static const uint16_t ids[] = { 60, KMP_REGISTER_HOURS };
  static const uint8_t siex[] = {
    0x00, 0x01, 0x3f, 0x40, 0x43, 0x7f, 0xc3, 0xff
  };

  for (unsigned n = 0; n < 256 * ARRAY_SIZE(siex); n++)
    for (size_t i = 0; i < ARRAY_SIZE(mantissas) * ARRAY_SIZE(ids); i++)
      for (uint8_t nob = 3; nob <= 5; nob++) {
        struct kmp_record record = { .id = ids[i % 2],
                                     .unit = (uint8_t)(n / ARRAY_SIZE(siex)),
                                     .siex = siex[n % ARRAY_SIZE(siex)],
                                     .nob = nob,
                                     .mantissa = mantissas[i / 2] };

        check_conversion(&record);
      }
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("kmp_value");
  TCase *numbers = tcase_create("numbers");
  TCase *others = tcase_create("others");

  tcase_add_test(numbers, test_numbers_are_exact);
  tcase_add_test(numbers, test_x10_units_are_multiplied_out);
  tcase_add_test(numbers, test_numbers_beyond_64_bits_are_refused);
  tcase_add_test(numbers, test_number_with_an_unknown_unit_code_has_no_unit);
  tcase_add_test(others, test_dates_and_times_are_iso_8601);
  tcase_add_test(others, test_date_without_day_or_month_is_no_value);
  tcase_add_test(others, test_impossible_dates_and_times_are_refused);
  tcase_add_test(others, test_texts_flags_and_addresses_are_decoded);
  tcase_add_test(others, test_register_1004_is_in_hours);
  tcase_add_test(others, test_info_weekday_and_dst_of_a_clock_are_decoded);
  tcase_add_test(others, test_conversion_gives_the_decoded_value);
  tcase_add_test(others, test_any_mantissa_gives_a_value_or_an_error);
  suite_add_tcase(s, numbers);
  suite_add_tcase(s, others);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
