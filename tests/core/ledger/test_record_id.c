/* The ids of records: their text, and which of them belong to this state. */
#include <check.h>
#include <string.h>

#include "core/ledger/record_id.h"
#include "lib/array.h"
#include "tests/support/run_suite.h"

#define UUID "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
#define OTHER "6ba7b811-9dad-41d1-80b4-00c04fd430c8"

static const struct record_ids ids = { UUID, 1000 };

START_TEST(uuid_has_its_version_and_variant)
{
  static const struct {
    uint8_t fill;
    const char *text;
  } rows[] = {
    { 0x00, "00000000-0000-4000-8000-000000000000" },
    { 0xff, "ffffffff-ffff-4fff-bfff-ffffffffffff" },
    { 0x5a, "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    uint8_t bytes[16];
    char text[RECORD_UUID];

    memset(bytes, rows[i].fill, sizeof(bytes));
    record_id_make_uuid(bytes, text);
    ck_assert_str_eq(text, rows[i].text);
  }
}
END_TEST

static const struct {
  int64_t number, row;
  const char *id;
} formats[] = {
  { 1000, 0, UUID "-1000" },
  { INT64_MAX, INT64_MAX, UUID "-9223372036854775807-9223372036854775807" },
  { 1795327476001, 7, UUID "-1795327476001-7" },
  /* what an earlier version sent or queued keeps its id */
  { 999, 0, "domo-999" },
  { 999, 7, "domo-999-7" },
  { 1, 0, "domo-1" },
};

START_TEST(record_id_has_its_form)
{
  char id[RECORD_ID];

  ck_assert_str_eq(
    record_id_format(&ids, "domo", formats[_i].number, formats[_i].row, id),
    formats[_i].id);
}
END_TEST

static const struct {
  const char *text;
  enum ledger_id id;
  int64_t number;
} parses[] = {
  { NULL, LEDGER_NO_ID, 0 },
  { UUID "-1000", LEDGER_OWN_ID, 1000 },
  { UUID "-9223372036854775807", LEDGER_OWN_ID, INT64_MAX },
  { "domo-999", LEDGER_OWN_ID, 999 },
  { OTHER "-1000", LEDGER_OTHER_ID, 0 },
  { "csv-999", LEDGER_OTHER_ID, 0 },
  /* forms that this state did not write */
  { UUID "-999", LEDGER_OTHER_ID, 0 },
  { "domo-1000", LEDGER_OTHER_ID, 0 },
  { UUID "-1000-7", LEDGER_OTHER_ID, 0 },
  { UUID "-9223372036854775808", LEDGER_OTHER_ID, 0 },
  { UUID "-01000", LEDGER_OTHER_ID, 0 },
  { UUID "-1000 ", LEDGER_OTHER_ID, 0 },
  { UUID "-", LEDGER_OTHER_ID, 0 },
  { UUID, LEDGER_OTHER_ID, 0 },
  { "domo-0", LEDGER_OTHER_ID, 0 },
  { "domo--1", LEDGER_OTHER_ID, 0 },
  { "999", LEDGER_OTHER_ID, 0 },
  { "", LEDGER_OTHER_ID, 0 },
};

START_TEST(own_ids_are_told_from_others)
{
  int64_t number = 0;

  ck_assert_int_eq(record_id_parse(&ids, "domo", parses[_i].text, &number),
                   parses[_i].id);
  ck_assert_int_eq(number, parses[_i].number);
}
END_TEST

START_TEST(new_state_has_no_ids_of_the_old_form)
{
  static const struct record_ids new_state = { UUID, 0 };
  char id[RECORD_ID];
  int64_t number = 0;

  ck_assert_str_eq(record_id_format(&new_state, "domo", 1, 0, id), UUID "-1");
  ck_assert_int_eq(record_id_parse(&new_state, "domo", "domo-1", &number),
                   LEDGER_OTHER_ID);
}
END_TEST

static const struct {
  const char *id, *other;
  bool precedes;
} orders[] = {
  { "x-1", "x-2", true },  { "x-9", "x-10", true }, { "x-2", "x-2", false },
  { "x-2", "x-1", false }, { "y-1", "x-2", false }, { "x1-1", "x-2", false },
  { "x", "x-2", false },   { "x-1", "", false },
};

START_TEST(older_id_of_the_same_state_precedes)
{
  ck_assert_int_eq(record_id_precedes(orders[_i].id, orders[_i].other),
                   orders[_i].precedes);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("record ids");
  TCase *tc = tcase_create("record ids");

  tcase_add_test(tc, uuid_has_its_version_and_variant);
  tcase_add_loop_test(tc, record_id_has_its_form, 0, ARRAY_SIZE(formats));
  tcase_add_loop_test(tc, own_ids_are_told_from_others, 0, ARRAY_SIZE(parses));
  tcase_add_test(tc, new_state_has_no_ids_of_the_old_form);
  tcase_add_loop_test(tc, older_id_of_the_same_state_precedes, 0,
                      ARRAY_SIZE(orders));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
