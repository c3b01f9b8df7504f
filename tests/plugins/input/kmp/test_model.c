/*
 * Meter models: names of types, revisions, info codes in words.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdlib.h>

#include "plugins/input/kmp/model.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
  uint16_t type;
  const char *name;
} types[] = {
  { 0x0001, "MULTICAL 601 Pt500 (type 0001)" },
  { 0x1101, "MULTICAL 402 (type 1101)" },
  { 0x0912, "top module (type 0912)" },
  { 0x16ff, "base module (type 16ff)" },
  { 0x4711, "type 4711" },
};

START_TEST(types_have_names_or_are_shown_as_hex)
{
  char name[80];

  model_name(types[_i].type, name, sizeof(name));
  ck_assert_str_eq(name, types[_i].name);
}
END_TEST

static const struct {
  uint8_t revision[2];
  const char *text;
} revisions[] = {
  { { 6, 1 }, "F1" },     { { 26, 255 }, "Z255" }, { { 0, 0 }, "" },
  { { 27, 1 }, "1b 01" }, { { 0, 1 }, "00 01" },
};

START_TEST(revisions_are_a_letter_and_a_number)
{
  char text[16];

  model_revision(revisions[_i].revision, text, sizeof(text));
  ck_assert_str_eq(text, revisions[_i].text);
}
END_TEST

static const struct {
  uint16_t type;
  uint16_t id;
  int64_t code;
  const char *text;
} codes[] = {
  { 0x1101, MODEL_INFO, 0, "" },
  { 0x1101, MODEL_INFO, -1, "" },
  { 0x1101, MODEL_INFO, INT64_C(0x100000000), "" },
  { 0x1101, MODEL_INFO, 4 + 8, "t2 outside range, t1 outside range" },
  { 0x1101, MODEL_INFO, 2, "bit 1" },
  { 0x4711, MODEL_INFO, 1 + 8, "bit 0, bit 3" },
  { 0x4711, MODEL_INFO_BITS, 8 + 1024, "t1 above range or open, bit 10" },
  { 0x4711, MODEL_INFO_BITS, INT64_C(0x80000000), "leak, water penetration" },
};

START_TEST(info_codes_are_told_in_words)
{
  char text[256];

  model_info(codes[_i].type, codes[_i].id, codes[_i].code, text, sizeof(text));
  ck_assert_str_eq(text, codes[_i].text);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_cut)
{
  char text[20];

  model_info(0x0001, MODEL_INFO, 0xffff, text, sizeof(text));
  ck_assert_str_eq(text, "supply voltage was ");
}
END_TEST

static Suite *
model_suite(void)
{
  Suite *suite = suite_create("model");
  TCase *tcase = tcase_create("model");

  tcase_add_loop_test(tcase, types_have_names_or_are_shown_as_hex, 0,
                      (int)ARRAY_SIZE(types));
  tcase_add_loop_test(tcase, revisions_are_a_letter_and_a_number, 0,
                      (int)ARRAY_SIZE(revisions));
  tcase_add_loop_test(tcase, info_codes_are_told_in_words, 0,
                      (int)ARRAY_SIZE(codes));
  tcase_add_test(tcase, a_text_that_is_too_long_is_cut);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  SRunner *runner = srunner_create(model_suite());
  int failed;

  srunner_run_all(runner, CK_NORMAL);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
