/* Meter models: names of types, revisions, and info codes in words. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdlib.h>

#include "lib/array.h"
#include "plugins/kmp/codec/model.h"
#include "tests/support/run_suite.h"

static const struct {
  uint16_t type;
  const char *name;
} types[] = {
  { 0x0001, "MULTICAL 601 Pt500 (type 0001)" },
  { 0x1101, "MULTICAL 402 (type 1101)" },
  { 0x0912, "top module (type 0912)" },
  { 0x16ff, "base module (type 16ff)" },
  { 0x4711, "type 4711" },
  { 0x5300, "Kamstrup 382 (type 5300)" },
  { 0x5703, "Kamstrup 162 (type 5703)" },
  { 0x6301, "Kamstrup 382L (type 6301)" },
  { 0x7000, "Kamstrup 162M (type 7000)" },
  { 0x7600, "Kamstrup 251C (type 7600)" },
  { 0x5a00, "OMNIPOWER (type 5a00)" },
  { 0x5a01, "type 5a01" },
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

/* The registers by which a model is recognised. */
#define R_601                                                                  \
  {                                                                            \
    60, 125, 155                                                               \
  }
#define R_302                                                                  \
  {                                                                            \
    60, 266                                                                    \
  }
#define R_403                                                                  \
  {                                                                            \
    60, 125, 266                                                               \
  }
#define R_603                                                                  \
  {                                                                            \
    60, 125, 266, 369                                                          \
  }
#define R_21                                                                   \
  {                                                                            \
    292                                                                        \
  }
#define R_KWM                                                                  \
  {                                                                            \
    292, 409, 582                                                              \
  }
#define R_FLOWIQ                                                               \
  {                                                                            \
    292, 582                                                                   \
  }

static const struct {
  uint16_t type;
  uint16_t has[MODEL_MARKERS];
  uint16_t id;
  int64_t code;
  const char *text;
} codes[] = {
  { 0x1101, { 0 }, MODEL_INFO, 0, "" },
  { 0x1101, { 0 }, MODEL_INFO, -1, "" },
  { 0x1101, { 0 }, MODEL_INFO, INT64_C(0x100000000), "" },
  { 0x1101, { 0 }, MODEL_INFO, 4 + 8, "t2 outside range, t1 outside range" },
  { 0x1101, { 0 }, MODEL_INFO, 2, "bit 1" },
  { 0x4711, { 0 }, MODEL_INFO, 1 + 8, "bit 0, bit 3" },
  { 0x4711,
    { 0 },
    MODEL_INFO_BITS,
    8 + 1024,
    "t1 above range or open, bit 10" },
  { 0x4711,
    { 0 },
    MODEL_INFO_BITS,
    INT64_C(0x80000000),
    "leak, water penetration" },
  /* The type decides; the code of an electricity meter has no words. */
  { 0x1101, R_403, MODEL_INFO, 8, "t1 outside range" },
  { 0x5300, R_403, MODEL_INFO, 8, "bit 3" },
  /* Without a known type, the registers decide. */
  { 0, R_601, MODEL_INFO, 8 + 4096, "t1 outside range, V1 signal weak (air)" },
  { 0x1234, R_601, MODEL_INFO, 16, "V1 communication fault" },
  { 0, R_302, MODEL_INFO, 8 + 4096, "bit 3, bit 12" },
  { 0, R_403, MODEL_INFO, 8 + 4096, "t1 above range or open, leak at input A" },
  { 0, R_603, MODEL_INFO, 8 + 4096, "" }, /* may be the display's code */
  { 0, R_603, MODEL_INFO_BITS, 8 + 65536,
    "t1 above range or open, V1 communication fault" },
  { 0, R_21, MODEL_INFO, 4, "leak" },
  { 0, R_21, MODEL_INFO, 1 + (2 << 4) + (7 << 13),
    "dry, dry for 9-24 hours, burst for 22-31 days" },
  { 0, R_KWM, MODEL_INFO_WATER, 32 + 128, "low battery, bit 7" },
  { 0, R_FLOWIQ, MODEL_INFO, 4, "bit 2" },
  /* A model has words for the code of one register only. */
  { 0, R_KWM, MODEL_INFO, 32, "" },
  { 0, R_21, MODEL_INFO_WATER, 16 + 4, "bit 2, bit 4" },
  { 0, R_403, MODEL_INFO_WATER, 8, "bit 3" },
};

static struct model
row_model(uint16_t type, const uint16_t *has)
{
  struct model model = { .type = type };

  for (size_t i = 0; i < MODEL_MARKERS && has[i] != 0; i++)
    model_note_register(&model, has[i]);
  return model;
}

START_TEST(info_codes_are_put_into_words)
{
  struct model model = row_model(codes[_i].type, codes[_i].has);
  char text[256];

  model_info(&model, codes[_i].id, codes[_i].code, text, sizeof(text));
  ck_assert_str_eq(text, codes[_i].text);
}
END_TEST

START_TEST(partial_register_list_may_still_identify_a_model)
{
  static const struct {
    uint16_t has[MODEL_MARKERS];
    bool has_words;
  } rows[] = {
    { R_601, true }, { R_403, false }, { R_603, true },
    { R_21, false }, { R_KWM, true },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct model model = row_model(0, rows[i].has);

    model.partial = true;
    ck_assert_int_eq(model_has_words(&model), rows[i].has_words);
  }
}
END_TEST

START_TEST(info_code_register_depends_on_the_model)
{
  static const struct {
    uint16_t has[MODEL_MARKERS];
    uint16_t id;
  } rows[] = {
    { R_601, MODEL_INFO },      { R_403, MODEL_INFO },
    { R_603, MODEL_INFO_BITS }, { R_KWM, MODEL_INFO_WATER },
    { { 0 }, MODEL_INFO },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct model model = row_model(0, rows[i].has);

    ck_assert_uint_eq(model_info_register(&model), rows[i].id);
    ck_assert_int_eq(model_has_words(&model), i < 4);
  }
}
END_TEST

/* No figure is known for another model, nor for one that is not identified for
 * certain. */
START_TEST(battery_of_a_multical_403_is_calculated_for_24_readings)
{
  static const struct {
    uint16_t type;
    uint16_t has[MODEL_MARKERS];
    bool partial;
    unsigned readings;
  } rows[] = {
    { 0, R_403, false, MODEL_FEWEST_READINGS },
    { 0x4711, R_403, false, 24 },
    { 0, R_403, true, 0 },
    { 0x1101, R_403, false, 0 }, /* the type is that of a MULTICAL 402 */
    { 0, R_302, false, 0 },
    { 0, R_601, false, 0 },
    { 0, R_603, false, 0 },
    { 0, R_21, false, 0 },
    { 0, { 0 }, false, 0 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct model model = row_model(rows[i].type, rows[i].has);

    model.partial = rows[i].partial;
    ck_assert_uint_eq(model_battery_readings(&model), rows[i].readings);
  }
}
END_TEST

START_TEST(text_of_an_info_code_is_never_empty)
{
  struct model model = { .type = 0 };
  char text[MODEL_TEXT_SIZE];

  model_info_text(&model, MODEL_INFO, 0, text);
  ck_assert_str_eq(text, "no fault");
  model_info_text(&model, MODEL_INFO, INT64_C(0x100000000), text);
  ck_assert_str_eq(text, "info code 4294967296");
}
END_TEST

START_TEST(text_that_is_too_long_is_cut)
{
  struct model model = { .type = 0x0001 };
  char text[20];

  model_info(&model, MODEL_INFO, 0xffff, text, sizeof(text));
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
  tcase_add_loop_test(tcase, info_codes_are_put_into_words, 0,
                      (int)ARRAY_SIZE(codes));
  tcase_add_test(tcase, partial_register_list_may_still_identify_a_model);
  tcase_add_test(tcase, info_code_register_depends_on_the_model);
  tcase_add_test(tcase,
                 battery_of_a_multical_403_is_calculated_for_24_readings);
  tcase_add_test(tcase, text_of_an_info_code_is_never_empty);
  tcase_add_test(tcase, text_that_is_too_long_is_cut);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(model_suite());
}
