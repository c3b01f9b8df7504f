/*
 * KMP frames in words: the description of every published frame equals the one
 * in its table.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "tests/plugins/kmp/codec/kmp_describe.h"
#include "plugins/kmp/codec/kmp_unit.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "tests/plugins/kmp/codec/csv_rows.h"
#include "tests/support/run_suite.h"

enum { ID, DIRECTION, HEX, EXPECT, STATUS };

static bool
is_status(const struct csv_rows *rows, const char *status)
{
  return strcmp(rows->fields[STATUS], status) == 0;
}

/* Decodes the one frame of a row, if it has one. */
static int
row_frame(const struct csv_rows *rows, uint8_t plain[KMP_WIRE_MAX],
          struct kmp_frame *frame)
{
  uint8_t wire[KMP_WIRE_MAX];
  size_t len = csv_hex(rows->fields[HEX], wire, sizeof(wire));

  return kmp_frame_decode(wire, len, plain, frame);
}

/* A water meter's hours have no unit in the frame, and none in the table; adds
 * it to the expected text. */
static void
say_hours(char *expected)
{
  static const char bare[] = "1004=54888 number";
  char *hours = strstr(expected, bare);
  size_t len = strlen(bare);

  if (!hours)
    return;
  memcpy(hours, "1004=54888 h", strlen("1004=54888 h"));
  memmove(hours + strlen("1004=54888 h"), hours + len, strlen(hours + len) + 1);
}

START_TEST(test_valid_frames_are_described)
{
  /* The table also gives the order in which it read the bytes of the time. */
  static const char order[] = " (byte order info,wk,ss,mm,hh,DD,MM,YY)";
  char said[KMP_DESCRIBE_SIZE];
  uint8_t plain[KMP_WIRE_MAX];
  struct kmp_frame frame;
  struct csv_rows rows;
  size_t seen = 0;
  char *tail;

  csv_rows_open(&rows, "vectors.csv");
  while (csv_rows_next(&rows)) {
    if (!is_status(&rows, "valid") && !is_status(&rows, "derived"))
      continue;
    if (row_frame(&rows, plain, &frame) != KMP_OK) {
      ck_assert_str_eq(rows.fields[HEX], "06");
      continue;
    }
    tail = strstr(rows.fields[EXPECT], order);
    if (tail)
      *tail = '\0';
    say_hours(rows.fields[EXPECT]);
    ck_assert_int_eq(kmp_describe(&frame, said, sizeof(said)), KMP_OK);
    ck_assert_msg(strcmp(said, rows.fields[EXPECT]) == 0, "%s: %s, not %s",
                  rows.fields[ID], said, rows.fields[EXPECT]);
    seen++;
  }
  ck_assert_uint_eq(seen, 75);
}
END_TEST

/* Removes the brackets from "1003=2012-09-10 (raw 120910); ...". */
static void
cut_raw(char *said)
{
  char *end;

  for (char *raw = strstr(said, " (raw "); raw; raw = strstr(raw, " (raw ")) {
    end = strchr(raw, ')');
    ck_assert_ptr_nonnull(end);
    memmove(raw, end + 1, strlen(end + 1) + 1);
  }
}

/* Captures of a public head-end and of other readers. */
START_TEST(test_frames_of_other_readers_are_described)
{
  /* The table does not decode the log's data. */
  static const char log[] =
    "addr=3F cid=A2 log=7 regs=3; record 0005: 1049=2011-11-18T23:15:00, "
    "39=0.222 kW, 43=1.234 kW; last read 0005, newest 0005, info 10";
  char said[KMP_DESCRIBE_SIZE];
  uint8_t plain[KMP_WIRE_MAX];
  struct kmp_frame frame;
  struct csv_rows rows;
  size_t seen = 0;

  csv_rows_open(&rows, "vectors-2.csv");
  for (; csv_rows_next(&rows); seen++) {
    bool is_log = strcmp(rows.fields[ID], "B013") == 0;

    ck_assert_int_eq(row_frame(&rows, plain, &frame), KMP_OK);
    ck_assert_int_eq(kmp_describe(&frame, said, sizeof(said)), KMP_OK);
    cut_raw(said);
    ck_assert_str_eq(said, is_log ? log : rows.fields[EXPECT]);
  }
  ck_assert_uint_eq(seen, 16);
}
END_TEST

START_TEST(test_good_frame_with_bad_data_is_refused)
{
  char said[KMP_DESCRIBE_SIZE];
  uint8_t plain[KMP_WIRE_MAX];
  struct kmp_frame frame;
  struct csv_rows rows;
  size_t seen = 0;

  csv_rows_open(&rows, "vectors.csv");
  while (csv_rows_next(&rows)) {
    if (!is_status(&rows, "valid_frame_bad_payload"))
      continue;
    ck_assert_int_eq(row_frame(&rows, plain, &frame), KMP_OK);
    ck_assert_int_eq(kmp_describe(&frame, said, sizeof(said)), KMP_ELENGTH);
    ck_assert_str_eq(said, "");
    seen++;
  }
  ck_assert_uint_eq(seen, 1);
}
END_TEST

/* Whole streams, such as "echo of request for 99, then 99=0 number". */
START_TEST(test_streams_are_described)
{
  uint8_t buf[KMP_WIRE_MAX];
  struct csv_rows rows;
  size_t seen = 0;

  csv_rows_open(&rows, "vectors.csv");
  while (csv_rows_next(&rows)) {
    char said[KMP_DESCRIBE_SIZE] = "";
    struct kmp_deframer d;
    enum kmp_event event;
    size_t len, fed = 0;
    int echoes = 0;

    if (!is_status(&rows, "stream"))
      continue;
    len = csv_hex(rows.fields[HEX], buf, sizeof(buf));
    kmp_deframer_init(&d);
    /* The request that was sent ends with the first stop byte. */
    kmp_deframer_sent(&d, buf,
                      1 + (size_t)((uint8_t *)memchr(buf, 0x0d, len) - buf));
    while (fed < len) {
      fed += kmp_deframer_feed(&d, buf + fed, len - fed, &event);
      echoes += event == KMP_EVENT_ECHO;
      if (event == KMP_EVENT_FRAME)
        ck_assert_int_eq(kmp_describe(&d.frame, said, sizeof(said)), KMP_OK);
    }
    ck_assert_int_eq(echoes, 1);
    if (strcmp(rows.fields[EXPECT], "echo only, no answer") == 0)
      ck_assert_str_eq(said, "");
    else
      ck_assert_str_eq(said, "addr=3F cid=10 GetRegister 99=0 number");
    seen++;
  }
  ck_assert_uint_eq(seen, 2);
}
END_TEST

/* Formats a value as the table does: "date 06-08-24", "228 V". */
static void
say_fragment(const uint8_t *bytes, size_t len, char *said, size_t size)
{
  struct kmp_record record = {
    .unit = bytes[0], .nob = bytes[1], .siex = bytes[2], .mantissa = bytes + 3
  };
  const struct kmp_unit *unit = kmp_unit_find(bytes[0]);
  char text[KMP_FORMAT_SIZE], *t;
  struct kmp_value value;

  ck_assert_ptr_nonnull(unit);
  ck_assert_uint_eq(len, 3u + record.nob);
  ck_assert_int_eq(kmp_value_decode(&record, &value), KMP_OK);
  kmp_value_format(&value, text, sizeof(text));
  t = strchr(text, 'T');
  if (unit->layout == KMP_LAYOUT_YMD)
    snprintf(said, size, "date %s", text + 2);
  else if (unit->layout == KMP_LAYOUT_MD)
    snprintf(said, size, "month-day %s", text);
  else if (unit->layout == KMP_LAYOUT_RTC && t)
    snprintf(said, size, "%.10s %s, weekday %d, info %02X", text, t + 1,
             value.weekday, (unsigned)value.info);
  else if (unit->layout == KMP_LAYOUT_DATETIME && t)
    snprintf(said, size, "%.10s %.8s, DST offset %d min", text, t + 1,
             value.dst);
  else if (unit->layout == KMP_LAYOUT_ASCII)
    snprintf(said, size, "\"%s\"", text);
  else
    snprintf(said, size, "%s%s%s", text, value.unit ? " " : "",
             value.unit ? value.unit : "");
}

START_TEST(test_fragments_are_described)
{
  uint8_t buf[64];
  struct csv_rows rows;
  size_t seen = 0;

  csv_rows_open(&rows, "vectors.csv");
  while (csv_rows_next(&rows)) {
    char said[128];

    if (!is_status(&rows, "fragment"))
      continue;
    say_fragment(buf, csv_hex(rows.fields[HEX], buf, sizeof(buf)), said,
                 sizeof(said));
    ck_assert_str_eq(said, rows.fields[EXPECT]);
    seen++;
  }
  ck_assert_uint_eq(seen, 18);
}
END_TEST

START_TEST(test_frames_missing_from_captures_are_described)
{
  static const struct {
    uint8_t start, cid;
    const char *data;
    size_t len;
    const char *said; /* NULL: refused */
  } rows[] = {
    { 0x40, 0x01, "\x00\x04\0\0", 4, "addr=3F cid=01 GetType type=0004" },
    { 0x40, 0x10, "\0\x3c\x4b\x01\0\x07", 6,
      "addr=3F cid=10 GetRegister 60=7 (unit code 4B)" },
    { 0x40, 0x10, "\0\x3c\x08\0\0", 5, "addr=3F cid=10 GetRegister 60=none" },
    { 0x40, 0x10, "\0\x3c\x08\x01\0", 5, NULL },
    { 0x40, 0x9b, "\0\0\x01\0", 4,
      "addr=3F cid=9B GetEventStatus status=00000100" },
    { 0x80, 0x9c, "\0\0\x02\0\0\0\0\0", 8,
      "addr=3F cid=9C ClearEventStatus masks=0000020000000000" },
    { 0x80, 0x9c, "\0\0\x02\0", 4, NULL },
    { 0x80, 0x9b, "\0", 1, NULL },
    { 0x80, 0x09, "\0\0\0\0", 4, NULL },
    { 0x80, 0xa1, "\x01\x09", 2, NULL },
    { 0x80, 0xa1, "\x01\x02\0\x3c", 4, NULL },
    { 0x80, 0xa1, "\x01\x01\0\x3c\x03\x80\0", 7, NULL },
    { 0x40, 0xa0, "\x01\0\0\0\0\0\x08", 7,
      "addr=3F cid=A0 log=1 regs=0; last read 0000, newest 0000, info 08" },
    { 0x40, 0xa0, "\x01\x09", 2, NULL },
    { 0x40, 0xa0, "\x01\x01\x10\xf3\0\x3c\x08\x04\0\x01", 10, NULL },
    /* The second record is cut off. */
    { 0x40, 0xa0,
      "\x01\x01\x10\xf3\0\x3c\x08\x08\0\0\0\0\0\0\0\0\x07"
      "\x10\xf4\0\0\0\0",
      23, NULL },
    { 0x80, 0xb8, "", 0, "addr=3F cid=B8 data=" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct kmp_frame frame = { rows[i].start, 0x3f, rows[i].cid, rows[i].len,
                               (const uint8_t *)rows[i].data };
    char said[KMP_DESCRIBE_SIZE];
    int r = kmp_describe(&frame, said, sizeof(said));

    ck_assert_msg((r == KMP_OK) == !!rows[i].said, "row %zu: %d", i, r);
    ck_assert_str_eq(said, rows[i].said ? rows[i].said : "");
  }
}
END_TEST

START_TEST(test_small_buffer_cuts_the_text)
{
  static const uint8_t data[100] = { 0 };
  struct kmp_frame frame = { 0x40, 0x3f, 0xb8, sizeof(data), data };
  char said[KMP_DESCRIBE_SIZE];

  for (size_t size = 1; size < 64; size++) {
    memset(said, 'x', sizeof(said));
    ck_assert_int_eq(kmp_describe(&frame, said, size), KMP_OK);
    ck_assert_uint_eq(strlen(said), size - 1);
  }
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("kmp_describe");
  TCase *vectors = tcase_create("vectors");
  TCase *others = tcase_create("others");

  tcase_add_test(vectors, test_valid_frames_are_described);
  tcase_add_test(vectors, test_frames_of_other_readers_are_described);
  tcase_add_test(vectors, test_good_frame_with_bad_data_is_refused);
  tcase_add_test(vectors, test_streams_are_described);
  tcase_add_test(vectors, test_fragments_are_described);
  tcase_add_test(others, test_frames_missing_from_captures_are_described);
  tcase_add_test(others, test_small_buffer_cuts_the_text);
  suite_add_tcase(s, vectors);
  suite_add_tcase(s, others);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
