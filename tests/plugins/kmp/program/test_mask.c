/*
 * Masking captures: which parts are replaced, which are unchanged, and that no
 * serial number is left, wherever it was written.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/codec/kmp_unit.h"
#include "plugins/kmp/program/mask.h"
#include "plugins/kmp/program/personal_registers.h"
#include "tests/plugins/kmp/codec/csv_rows.h"
#include "tests/support/run_suite.h"

static char *masked; /* by the last mask_capture */

static void
teardown(void)
{
  free(masked);
  masked = NULL;
}

static void
run_pass(struct pseudonyms *names, const char *text, FILE *out)
{
  struct mask *m = mask_new(names, out);

  ck_assert_ptr_nonnull(m);
  while (*text != '\0') {
    size_t len = strcspn(text, "\n");

    mask_line(m, text, len);
    text += len;
    if (*text == '\n') {
      mask_newline(m);
      text++;
    }
  }
  mask_free(m);
}

/* Masks TEXT in two passes, as the program does: collects the numbers, then
 * replaces them. */
static const char *
mask_capture(const char *text)
{
  struct pseudonyms *names = pseudonyms_new();
  size_t size;
  FILE *out;

  ck_assert_ptr_nonnull(names);
  run_pass(names, text, NULL);
  free(masked);
  out = open_memstream(&masked, &size);
  ck_assert_ptr_nonnull(out);
  run_pass(names, text, out);
  ck_assert_int_eq(fclose(out), 0);
  ck_assert(!pseudonyms_failed(names));
  pseudonyms_free(names);
  return masked;
}

/* ---- Rows ---------------------------------------------------------------- */

/* Serial number 75749993, as in V049 of vectors.csv, and another one. */
#define ASK_SERIAL "80 3f 10 01 03 e9 7c d4 0d"
#define SERIAL "40 3f 10 03 e9 33 04 00 04 83 da 69 cc a0 0d"
#define SERIAL_1 "40 3f 10 03 e9 33 04 00 00 00 00 01 73 19 0d"
#define OTHER "40 3f 10 03 e9 33 04 00 04 83 da 6a fc c3 0d"
#define OTHER_2 "40 3f 10 03 e9 33 04 00 00 00 00 02 43 7a 0d"
#define ASK_60 "80 3f 10 01 00 3c b2 5f 0d"
#define GJ_84 "40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d"
#define DAMAGED "40 3f 10 00 3c 08 04 43 00 01 48 f1 81 75 0d"
#define LOST_SERIAL "40 3f 10 03 e9 33 04 00 04 83 db 69 cc a0 0d"
#define FILLED "40 3f 10 ff ff ff ff ff ff ff ff ff ff ff 0d"

struct row {
  const char *name;
  const char *text;
  const char *wanted; /* NULL: unchanged */
};

static const struct row rows[] = {
  { "nothing personal",
    "# meterpipe capture 1 meter\n\n2026-11-22T10:00:00.120Z > " ASK_60
    "\n2026-11-22T10:00:00.345Z < " GJ_84 "\n\n",
    NULL },
  { "a serial number",
    "2026-11-22T10:00:00.120Z > " ASK_SERIAL "\n< " SERIAL "\n",
    "2026-11-22T10:00:00.120Z > " ASK_SERIAL "\n< " SERIAL_1 "\n" },
  { "a meter exchanged for another and back",
    SERIAL "\n" SERIAL "\n" OTHER "\n" SERIAL "\n",
    SERIAL_1 "\n" SERIAL_1 "\n" OTHER_2 "\n" SERIAL_1 "\n" },
  { "GetSerialNo is the same number", SERIAL "\n403F020483DA6901940D\n",
    SERIAL_1 "\n403F0200000001BE2D0D\n" },
  { "capitals, tabs, carriage return",
    "\t< 40\t3F 1003E93304000483DA69CCA00D\r",
    "\t< 40\t3F 1003E9330400000000017319"
    "0D\r" },
  { "a byte order mark before a time",
    "\xef\xbb\xbf"
    "2026-11-22T10:00:00.345678Z < " SERIAL "\r\n",
    "\xef\xbb\xbf"
    "2026-11-22T10:00:00.345678Z < " SERIAL_1 "\r\n" },
  { "a serial number of zero is kept",
    "40 3f 10 03 e9 33 04 00 00 00 00 00 63 38 0d", NULL },
  { "a frame that loses its stuffing",
    "< 40 3f 10 03 e9 33 04 00 04 1b bf da 1b e4 ed d2 0d\n",
    "< " SERIAL_1 "\n" },
  { "a frame that gains stuffing",
    "# 900001 900002 900003 900004 900005 900006 900007 900008 900009 900010\n"
    "< 403F020483DA6901940D\n< 40 3f 02 04 83 da 69 01 94 0d\n",
    "# 000001 000002 000003 000004 000005 000007 000008 000009 000010 000011\n"
    "< 403F020000000C6F1B7F0D\n< 40 3f 02 00 00 00 0c 6f 1b 7f 0d\n" },
  { "an echo, noise and the answer in one line",
    "< " ASK_SERIAL " 00 06 55 " SERIAL " 00\n",
    "< " ASK_SERIAL " 00 06 ff " SERIAL_1 " 00\n" },
  { "no newline at the end", "< " SERIAL, "< " SERIAL_1 },
  { "the old script",
    "2015-01-01 10:00:00.123456 Wr " ASK_SERIAL " Rd " SERIAL " Msg 75749993",
    "2015-01-01 10:00:00.123456 Wr " ASK_SERIAL " Rd " SERIAL_1
    " Msg 00000001" },
  /* Damage. */
  { "damage after a request without personal registers",
    "> " ASK_60 "\n< " DAMAGED "\n> " ASK_60 "\n< " GJ_84 "\n", NULL },
  { "damage of an answer to the serial number",
    "> " ASK_SERIAL "\n< " LOST_SERIAL "\n",
    "> " ASK_SERIAL "\n< " FILLED "\n" },
  { "a late damaged answer",
    "> " ASK_SERIAL "\n> " ASK_60 "\n< " LOST_SERIAL "\n",
    "> " ASK_SERIAL "\n> " ASK_60 "\n< " FILLED "\n" },
  { "damage that does not fit the request", "> " ASK_60 "\n< " LOST_SERIAL "\n",
    "> " ASK_60 "\n< " FILLED "\n" },
  { "damage without a request", LOST_SERIAL "\n", FILLED "\n" },
  { "a damaged request: the requested register is unknown",
    "> " ASK_60 "\n> 80 3f 10 01 00 3c b2 5e 0d\n< " DAMAGED "\n",
    "> " ASK_60 "\n> 80 3f 10 ff ff ff ff ff 0d\n< " FILLED "\n" },
  { "a blank line forgets the request",
    "> " ASK_60 "\n\n< " DAMAGED "\n> " ASK_SERIAL "\n\n> " ASK_60
    "\n< " DAMAGED "\n",
    "> " ASK_60 "\n\n< " FILLED "\n> " ASK_SERIAL "\n\n> " ASK_60 "\n< " DAMAGED
    "\n" },
  { "cut", "< 40 3f 10 03 e9 33 04 00 04 83\n",
    "< 40 3f 10 ff ff ff ff ff ff ff\n" },
  { "a capture that begins within a frame", "< 04 83 da 69 cc a0 0d\n",
    "< ff ff ff ff ff ff ff\n" },
  { "a start byte in the number", "< 40 83 da 69 cc a0 0d\n",
    "< 40 ff ff ff ff ff 0d\n" },
  { "damage behind a register with a stuffed number",
    "> 80 3f 10 01 00 1b 7f d4 08 0d\n"
    "< 40 3f 10 00 1b 7f 33 04 00 00 00 00 05 ca 69 0d\n",
    NULL },
  { "damage of an answer to GetType", "< 40 3f 01 00 01 01 05 14 7b 0d\n",
    "< 40 3f 01 ff ff ff ff ff ff 0d\n" },
  { "an invalid time", "2026-13-22T10:00:00Z > 80 3f\n",
    "0000-00-00T00:00:00Z > 00 00\n" },
  { "half a byte", "< 40 3f 10 03 e9 33 04 00 04 83 d\n",
    "< 00 00 00 00 00 00 00 00 00 00 0\n" },
  { "a line without hex digits", "2026-11-22T10:00:00Z < 04 83 da zz\n",
    "2026-11-22T10:00:00Z < 00 00 00 zz\n" },
  /* Comments. */
  { "a number before the frame that tells it",
    "# 75749993, SN75749993, 075749993, 75 749 993 and 0x483da69\n" SERIAL "\n",
    "# 00000001, SN00000001, 000000001, 00 000 001 and 0x0000001\n" SERIAL_1
    "\n" },
  { "a number that is in no frame",
    "# house 17, 1200 baud, customer 123456, 2026-11-22T10:00:00.120Z\n",
    "# house 17, 1200 baud, customer 000001, 2026-11-22T10:00:00.120Z\n" },
  { "a frame in a comment", "# see " SERIAL " there\n",
    "# see " SERIAL_1 " there\n" },
  { "damage in a comment", "> " ASK_60 "\n#< " DAMAGED "\n",
    "> " ASK_60 "\n#< " FILLED "\n" },
  { "bytes of a frame in a comment", "# 04 83 da 69 is it\n" SERIAL "\n",
    "# 00 00 00 01 is it\n" SERIAL_1 "\n" },
  /* Bytes in comments, however they are joined. */
  { "joined by a minus",
    "# 40-3f-10-03-e9-33-04-00-04-83-da-69-cc-a0-0d there\n",
    "# 40-3f-10-03-e9-33-04-00-00-00-00-01-73-19-0d there\n" },
  { "joined by colons and commas",
    "# 40:3F:10:03:E9:33:04:00:04:83:DA:69:CC:A0:0D, "
    "40,3f,10,03,e9,33,04,00,04,83,da,69,cc,a0,0d\n",
    "# 40:3F:10:03:E9:33:04:00:00:00:00:01:73:19:0D, "
    "40,3f,10,03,e9,33,04,00,00,00,00,01,73,19,0d\n" },
  { "in C and in Python",
    "# 0x40, 0x3f, 0x10, 0x03, 0xe9, 0x33, 0x04, 0x00, 0x04, 0x83, 0xda, 0x69, "
    "0xcc, 0xa0, 0x0d\n# b'\\x40\\x3f\\x10\\x03\\xe9\\x33\\x04\\x00\\x04"
    "\\x83\\xda\\x69\\xcc\\xa0\\x0d'\n",
    "# 0x40, 0x3f, 0x10, 0x03, 0xe9, 0x33, 0x04, 0x00, 0x00, 0x00, 0x00, 0x01, "
    "0x73, 0x19, 0x0d\n# b'\\x40\\x3f\\x10\\x03\\xe9\\x33\\x04\\x00\\x00"
    "\\x00\\x00\\x01\\x73\\x19\\x0d'\n" },
  { "in groups of two bytes", "# 403f 1003 e933 0400 0483 da69 cca0 0d\n",
    "# 403f 1003 e933 0400 0000 0001 7319 0d\n" },
  { "cut, and joined by a minus", "# 40-3f-10-03-e9-33-04-00-04-83-da-69-cc\n",
    "# 40-3f-10-ff-ff-ff-ff-ff-ff-ff-ff-ff-ff\n" },
  { "a pulse input is not personal",
    "40 3f 10 00 3a 00 04 00 00 01 e2 1b bf 38 c7 0d", NULL },
  { "words and registers", "# added face to facade; 60 68 80 74 86 87 89\n",
    NULL },
  /* Other commands. */
  { "a login's PIN", "> 803f921234fd980d\n", "> 803f92fffff3510d\n" },
  { "a request with a password and a new value",
    "> 80 3f 11 12 34 03 e9 33 04 00 04 83 da 69 17 c9 0d\n< " SERIAL "\n",
    "> 80 3f 11 ff ff 03 e9 33 04 00 00 00 00 01 89 5f 0d\n< " SERIAL_1 "\n" },
  { "half a password", "> 80 3f 11 12 eb a5 0d\n", "> 80 3f 11 ff c7 26 0d\n" },
};

START_TEST(only_personal_data_is_replaced)
{
  const struct row *row = &rows[_i];
  const char *wanted = row->wanted ? row->wanted : row->text;
  const char *got = mask_capture(row->text);

  ck_assert_msg(strcmp(got, wanted) == 0, "%s:\n%s\nexpected:\n%s", row->name,
                got, wanted);
}
END_TEST

/* ---- Frames built here --------------------------------------------------- */

static const char *
frame_text(uint8_t cid, const uint8_t *data, size_t len)
{
  static char text[3 * KMP_WIRE_MAX];
  struct kmp_frame frame = { .start = KMP_START_ANSWER,
                             .address = KMP_ADDRESS_METER,
                             .cid = cid,
                             .len = len,
                             .data = data };
  uint8_t wire[KMP_WIRE_MAX];
  size_t n = kmp_frame_encode(&frame, wire, sizeof(wire));

  for (size_t i = 0; i < n; i++)
    snprintf(text + 3 * i, sizeof(text) - 3 * i, "%02x ", wire[i]);
  return text;
}

/* Checks the data of the only frame in the masked text. */
static void
check_data(const char *text, const uint8_t *wanted, size_t len)
{
  uint8_t wire[KMP_WIRE_MAX], plain[KMP_WIRE_MAX];
  struct kmp_frame frame;
  unsigned byte;
  size_t n = 0;
  int used;

  for (; sscanf(text, "%2x%n", &byte, &used) == 1; text += used)
    wire[n++] = (uint8_t)byte;
  ck_assert_int_eq(kmp_frame_decode(wire, n, plain, &frame), KMP_OK);
  ck_assert_uint_eq(frame.len, len);
  ck_assert_mem_eq(frame.data, wanted, len);
}

struct data {
  const char *name;
  uint8_t cid;
  size_t len;
  uint8_t data[64], wanted[64];
};

/* clang-format off */
static const struct data frames[] = {
  { "a text and the number that it is",
    KMP_GET_REGISTER, 24,
    { 0x01, 0x5b, 54, 10, 0, '7', '5', '7', '4', '9', '9', '9', '3', ' ', 0,
      0x03, 0xe9, 51, 4, 0, 0x04, 0x83, 0xda, 0x69 },
    { 0x01, 0x5b, 54, 10, 0, '0', '0', '0', '0', '0', '0', '0', '1', ' ', 0,
      0x03, 0xe9, 51, 4, 0, 0, 0, 0, 1 } },
  { "a text of nothing but blanks",
    KMP_GET_REGISTER, 8, { 0x01, 0x5b, 54, 3, 0, ' ', ' ', 0 },
    { 0x01, 0x5b, 54, 3, 0, ' ', ' ', 0 } },
  { "a register that is in no table, as text and as energy",
    KMP_GET_REGISTER, 17,
    { 0xea, 0xdb, 54, 3, 0, 'A', '-', '7', 0xea, 0xdc, 8, 4, 0x43, 0, 1, 2, 3 },
    { 0xea, 0xdb, 54, 3, 0, '0', '-', '1', 0xea, 0xdc, 8, 4, 0x43, 0, 1, 2, 3 }
  },
  { "a type is not personal",
    KMP_GET_REGISTER, 9, { 0x00, 0xfe, 54, 4, 0, '6', '0', '3', 'C' },
    { 0x00, 0xfe, 54, 4, 0, '6', '0', '3', 'C' } },
  { "an address in a network",
    KMP_GET_REGISTER, 9, { 0x00, 0x3c, 73, 4, 0, 192, 168, 1, 2 },
    { 0x00, 0x3c, 73, 4, 0, 0, 0, 0, 1 } },
  { "a number longer than any of ours, and another",
    KMP_GET_REGISTER, 28,
    { 0x03, 0xe9, 51, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
      0x03, 0xe9, 51, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10 },
    { 0x03, 0xe9, 51, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
      0x03, 0xe9, 51, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 } },
  { "records that do not end with the data",
    KMP_GET_REGISTER, 8, { 0x03, 0xe9, 51, 4, 0, 0x04, 0x83, 0xda },
    { 255, 255, 255, 255, 255, 255, 255, 255 } },
  { "a log with rows of values only",
    KMP_GET_LOG_TIME_PRESENT, 32,
    { 1, 2, 0x10, 0xf3, 0x03, 0xe9, 51, 4, 0, 0x04, 0x83, 0xda, 0x69,
      0x00, 0x3c, 8, 1, 0x43, 7, 0x10, 0xf4, 0x04, 0x83, 0xda, 0x6a, 8,
      0x10, 0xf4, 0x11, 0x02, 0, 9 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
      255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
      255, 255 } },
  { "a whole log",
    KMP_GET_LOG_TIME_PRESENT, 31,
    { 1, 2, 0x10, 0xf3, 0x03, 0xe9, 51, 4, 0, 0x04, 0x83, 0xda, 0x69,
      0x00, 0x3c, 8, 1, 0x43, 7, 0x10, 0xf4, 0x04, 0x83, 0xda, 0x6a, 8,
      0x10, 0xf4, 0x11, 0x02, 0 },
    { 1, 2, 0x10, 0xf3, 0x03, 0xe9, 51, 4, 0, 0, 0, 0, 1,
      0x00, 0x3c, 8, 1, 0x43, 7, 0x10, 0xf4, 0, 0, 0, 2, 8,
      0x10, 0xf4, 0x11, 0x02, 0 } },
  { "a logger of a 603",
    KMP_LOGGER, 30,
    { 6, 4, 0, 2, 2, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0xc0,
      0x03, 0xe9, 51, 2, 0, 0x27, 0x11, 0x00, 0x3c, 8, 1, 0x43, 7,
      0x27, 0x12 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
      255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
    } },
  { "a whole logger record",
    KMP_LOGGER, 31,
    { 6, 4, 0, 2, 2, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0xc0,
      0x03, 0xe9, 51, 2, 0, 0x27, 0x11, 0x00, 0x3c, 8, 1, 0x43, 7,
      0x27, 0x12, 8 },
    { 6, 4, 0, 2, 2, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0xc0,
      0x03, 0xe9, 51, 2, 0, 0, 1, 0x00, 0x3c, 8, 1, 0x43, 7,
      0, 2, 8 } },
  { "an unknown command",
    0x77, 4, { 0x04, 0x83, 0xda, 0x69 }, { 255, 255, 255, 255 } },
};
/* clang-format on */

START_TEST(personal_registers_are_masked_in_every_frame_type)
{
  const struct data *row = &frames[_i];

  check_data(mask_capture(frame_text(row->cid, row->data, row->len)),
             row->wanted, row->len);
}
END_TEST

/* Checks that a damaged frame of LEN bytes is masked as BYTES. */
static void
check_damaged(const uint8_t *bytes, size_t len)
{
  char text[2 * KMP_WIRE_MAX + 1];
  uint8_t wire[KMP_WIRE_MAX];

  for (size_t i = 0; i < len; i++)
    snprintf(text + 2 * i, 3, "%02x", bytes[i] == 0xff ? 0x54 : bytes[i]);
  ck_assert_uint_eq(csv_hex(mask_capture(text), wire, sizeof(wire)), len);
  ck_assert_mem_eq(wire, bytes, len);
}

/* An overwritten frame has a wrong checksum at every length.  Otherwise a
 * reader would take it for a good frame. */
START_TEST(overwritten_frame_has_a_wrong_crc_at_every_length)
{
  static const uint8_t heads[][2] = {
    { 0x3f, 0x10 }, { 0x3f, 0x02 }, { 0x3f, 0x01 }, { 0x3f, 0xb8 },
    { 0x7f, 0x10 }, { 0x7f, 0x02 }, { 0x7f, 0x01 }, { 0x7f, 0xb8 },
    { 0xbf, 0x10 }, { 0xbf, 0x02 }, { 0xbf, 0x01 }, { 0xbf, 0xb8 },
    { 0xff, 0xff }, /* an overwritten head */
  };
  uint8_t wire[KMP_WIRE_MAX] = { 0x40 }, plain[KMP_WIRE_MAX];
  struct kmp_frame frame;

  for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
    for (size_t len = 5; len <= KMP_WIRE_MAX; len++) {
      memset(wire + 1, 0xff, len - 2);
      memcpy(wire + 1, heads[i], 2);
      wire[len - 1] = 0x0d;
      ck_assert_msg(kmp_frame_decode(wire, len, plain, &frame) != KMP_OK,
                    "head %zu, %zu bytes", i, len);
      if (len == 5 || len == 77)
        check_damaged(wire, len);
    }
    check_damaged(wire, KMP_WIRE_MAX);
  }
}
END_TEST

/* A value of one byte has too few numbers for all meters; the others get its
 * highest one. */
START_TEST(one_byte_numbers_share_the_highest_pseudonym)
{
  static const uint8_t short_one[] = { 0x03, 0xe9, 51, 1, 0, 7 };
  static const uint8_t wanted[] = { 0x03, 0xe9, 51, 1, 0, 0xff };
  uint8_t data[] = { 0x03, 0xe9, 51, 4, 0, 9, 9, 0, 0 };
  static char text[300 * 64];
  size_t len = 0;
  const char *last;

  for (int i = 0; i < 300; i++) {
    data[7] = (uint8_t)(i / 100);
    data[8] = (uint8_t)(i % 100);
    len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n",
                            frame_text(KMP_GET_REGISTER, data, sizeof(data)));
  }
  snprintf(text + len, sizeof(text) - len, "%s",
           frame_text(KMP_GET_REGISTER, short_one, sizeof(short_one)));
  last = strrchr(mask_capture(text), '\n');
  ck_assert_ptr_nonnull(last);
  check_data(last + 1, wanted, sizeof(wanted));
}
END_TEST

/* More meters than two bytes can number: every meter has its own number. */
START_TEST(pseudonyms_are_distinct_and_need_no_stuffing)
{
  struct pseudonyms *names = pseudonyms_new();
  uint32_t last = 0;

  for (unsigned i = 1; i <= 70000; i++) {
    uint8_t bytes[4] = { 9, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
    char key[PSEUDONYM_KEY_SIZE];
    uint32_t number;

    ck_assert(pseudonym_key_of_number(bytes, sizeof(bytes), key));
    number = pseudonym_give(names, key);
    ck_assert_uint_gt(number, last);
    ck_assert_uint_eq(pseudonym_find(names, key), number);
    ck_assert_uint_ne(number & 0xff, KMP_STUFFING);
    last = number;
  }
  pseudonyms_free(names);
}
END_TEST

/* ---- Tables -------------------------------------------------------------- */

enum { REGISTER_ID = 0, REGISTER_NAME = 2, REGISTER_KIND = 8 };

/* Values that many meters have in common. */
static const char *const not_personal[] = {
  "software_checksum", "type_no",           "module_software_rev",
  "meter_type",        "meter_type_text",   "software_edition",
  "type_text_short",   "meter_type_number", "firmware_revision_a",
  "software_revision", "rom_checksum",
};

START_TEST(every_id_register_except_types_is_masked)
{
  struct csv_rows table;
  size_t found = 0;

  csv_rows_open(&table, "registers.csv");
  while (csv_rows_next(&table)) {
    uint16_t id = (uint16_t)strtoul(table.fields[REGISTER_ID], NULL, 10);
    bool personal = personal_register(id) == PERSONAL_ALWAYS;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(not_personal); i++)
      if (strcmp(table.fields[REGISTER_NAME], not_personal[i]) == 0)
        break;
    found += i < ARRAY_SIZE(not_personal);
    if (strcmp(table.fields[REGISTER_KIND], "id") == 0)
      ck_assert_msg(personal == (i == ARRAY_SIZE(not_personal)), "%s",
                    table.fields[REGISTER_NAME]);
    else if (strncmp(table.fields[REGISTER_NAME], "mbus_", 5) != 0)
      ck_assert_msg(!personal, "%s", table.fields[REGISTER_NAME]);
  }
  ck_assert_uint_eq(found, ARRAY_SIZE(not_personal));
}
END_TEST

enum { VECTOR_ID, VECTOR_DIRECTION, VECTOR_HEX, VECTOR_EXPECT, VECTOR_STATUS };

/* Real frames: good ones stay good and keep their length, except for stuffing;
 * those without a personal register are unchanged. */
START_TEST(masked_vectors_stay_valid_frames)
{
  struct csv_rows table;
  size_t same = 0, changed = 0;

  csv_rows_open(&table, "vectors.csv");
  while (csv_rows_next(&table)) {
    uint8_t wire[2048], plain[2048];
    struct kmp_frame before, after;
    const char *text = table.fields[VECTOR_HEX];
    size_t n;

    if (strcmp(table.fields[VECTOR_STATUS], "valid") != 0)
      continue;
    n = csv_hex(text, wire, sizeof(wire));
    if (n == 1) /* an acknowledge */
      continue;
    ck_assert_int_eq(kmp_frame_decode(wire, n, plain, &before), KMP_OK);
    n = csv_hex(mask_capture(text), wire, sizeof(wire));
    ck_assert_msg(kmp_frame_decode(wire, n, plain, &after) == KMP_OK, "%s",
                  table.fields[VECTOR_ID]);
    ck_assert_uint_eq(after.cid, before.cid);
    ck_assert_uint_eq(after.len, before.len);
    if (strcmp(masked, text) == 0)
      same++;
    else
      changed++;
  }
  ck_assert_uint_gt(same, 50);
  ck_assert_uint_ge(changed, 3);
}
END_TEST

static Suite *
mask_suite(void)
{
  Suite *suite = suite_create("mask");
  TCase *tcase = tcase_create("mask");

  tcase_add_checked_fixture(tcase, NULL, teardown);
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, only_personal_data_is_replaced, 0,
                      ARRAY_SIZE(rows));
  tcase_add_loop_test(tcase, personal_registers_are_masked_in_every_frame_type,
                      0, ARRAY_SIZE(frames));
  tcase_add_test(tcase, overwritten_frame_has_a_wrong_crc_at_every_length);
  tcase_add_test(tcase, one_byte_numbers_share_the_highest_pseudonym);
  tcase_add_test(tcase, pseudonyms_are_distinct_and_need_no_stuffing);
  tcase_add_test(tcase, every_id_register_except_types_is_masked);
  tcase_add_test(tcase, masked_vectors_stay_valid_frames);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(mask_suite());
}
