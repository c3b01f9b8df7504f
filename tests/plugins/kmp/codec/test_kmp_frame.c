/* KMP frames: every published frame, and damage as by a bad line. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "tests/plugins/kmp/codec/csv_rows.h"
#include "tests/support/run_suite.h"

enum { ID, DIRECTION, HEX, EXPECT, STATUS };

static bool
starts_with(const char *text, const char *prefix)
{
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Returns whether the row is one frame that is good as a frame. */
static bool
is_good_frame(const struct csv_rows *rows)
{
  if (strcmp(rows->fields[HEX], "06") == 0)
    return false;
  return starts_with(rows->fields[STATUS], "valid") ||
         strcmp(rows->fields[STATUS], "derived") == 0;
}

static size_t
frame_bytes(const struct csv_rows *rows, uint8_t wire[KMP_WIRE_MAX])
{
  return csv_hex(rows->fields[HEX], wire, KMP_WIRE_MAX);
}

START_TEST(test_crc_has_the_published_values)
{
  static const struct {
    const char *text;
    size_t len;
    uint16_t crc;
  } rows[] = {
    { "123456789", 9, 0x31c3 },
    { "\x3f\x01", 2, 0x058a },
    { "\x3f\x02", 2, 0x35e9 },
    { "\x3f\x10\x01\x00\x80", 5, 0xd408 },
    { "\x3f\x10\x01\x00\x3c", 5, 0xb25f },
    { "\x3f\x10\x01\x03\xea", 5, 0x4cb7 },
  };
  uint8_t wire[32];

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const uint8_t *text = (const uint8_t *)rows[i].text;
    const struct kmp_frame frame = { .start = KMP_START_ANSWER,
                                     .address = text[0],
                                     .cid = text[1],
                                     .data = text + 2,
                                     .len = rows[i].len - 2 };
    size_t len = kmp_frame_encode(&frame, wire, sizeof(wire));

    ck_assert_uint_gt(len, 3);
    ck_assert_uint_eq(wire[len - 3] << 8 | wire[len - 2], rows[i].crc);
  }
}
END_TEST

START_TEST(test_every_valid_frame_is_decoded_and_encoded_again)
{
  uint8_t wire[KMP_WIRE_MAX], plain[KMP_WIRE_MAX], again[KMP_WIRE_MAX];
  struct kmp_frame frame;
  struct csv_rows rows;
  size_t len, seen = 0;

  csv_rows_open(&rows, "vectors.csv");
  while (csv_rows_next(&rows)) {
    if (!is_good_frame(&rows))
      continue;
    len = frame_bytes(&rows, wire);
    ck_assert_msg(kmp_frame_decode(wire, len, plain, &frame) == KMP_OK,
                  "%s refused", rows.fields[ID]);
    ck_assert_uint_eq(kmp_frame_encode(&frame, again, sizeof(again)), len);
    ck_assert_mem_eq(again, wire, len);
    ck_assert_uint_eq(kmp_frame_encode(&frame, again, len - 1), 0);
    seen++;
  }
  ck_assert_uint_gt(seen, 75);
}
END_TEST

START_TEST(test_every_bad_frame_is_refused_with_its_reason)
{
  static const struct {
    const char *id;
    int error;
  } others[] = {
    { "V079", KMP_EUNSTUFFED }, { "V081", KMP_ESTUFFING },
    { "V082", KMP_ESTUFFING },  { "V083", KMP_ESHORT },
    { "V085", KMP_EUNSTUFFED },
  };
  uint8_t wire[KMP_WIRE_MAX], plain[KMP_WIRE_MAX];
  struct kmp_frame frame;
  struct csv_rows rows;
  size_t seen = 0;

  csv_rows_open(&rows, "vectors.csv");
  while (csv_rows_next(&rows)) {
    int expected = KMP_ECRC;

    if (!starts_with(rows.fields[STATUS], "invalid"))
      continue;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
      if (strcmp(others[i].id, rows.fields[ID]) == 0)
        expected = others[i].error;
    ck_assert_msg(kmp_frame_decode(wire, frame_bytes(&rows, wire), plain,
                                   &frame) == expected,
                  "%s: %s", rows.fields[ID], kmp_error_text(expected));
    seen++;
  }
  ck_assert_uint_gt(seen, 14);
}
END_TEST

START_TEST(test_malformed_frames_have_distinct_errors)
{
  static const struct {
    const char *hex;
    int error;
  } rows[] = {
    { "", KMP_ESTART },
    { "0D", KMP_ESTART },
    { "06", KMP_ESTART },
    { "40", KMP_ECUT },
    { "403F10003C", KMP_ECUT },
    { "400D", KMP_ESHORT },
    { "403F0000 0D", KMP_ESHORT },
    { "403F06010203040D", KMP_EUNSTUFFED },
    { "403F0D010203040D", KMP_EUNSTUFFED },
    { "403F1B01020304050D", KMP_ESTUFFING },
    { "403F1BE51122330D", KMP_ESTUFFING },
    { "00000000000D", KMP_ESTART },
    { "400000000000000D", KMP_OK }, /* all zeros: the CRC is right */
  };
  uint8_t wire[KMP_WIRE_MAX], plain[KMP_WIRE_MAX];
  struct kmp_frame frame;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    char hex[64];
    size_t n = 0;

    for (size_t k = 0; rows[i].hex[k]; k++)
      if (rows[i].hex[k] != ' ')
        hex[n++] = rows[i].hex[k];
    hex[n] = '\0';
    ck_assert_msg(kmp_frame_decode(wire, csv_hex(hex, wire, sizeof(wire)),
                                   plain, &frame) == rows[i].error,
                  "row %zu: not %s", i, kmp_error_text(rows[i].error));
  }
}
END_TEST

START_TEST(test_stuffing_is_undone_in_one_pass)
{
  /* 1B E4 7F must become 1B 7F; replaced pair by pair it would become 80. */
  static const uint8_t data[] = { 0x1b, 0x7f, 0x80, 0x40, 0x0d, 0x06, 0x1b };
  struct kmp_frame frame = { KMP_START_ANSWER, 0x3f, 0x10, sizeof(data), data };
  uint8_t wire[64], plain[64];
  struct kmp_frame again;
  size_t len = kmp_frame_encode(&frame, wire, sizeof(wire));

  ck_assert_mem_eq(wire + 3, "\x1b\xe4\x7f\x1b\x7f\x1b\xbf\x1b\xf2\x1b\xf9",
                   11);
  ck_assert_int_eq(kmp_frame_decode(wire, len, plain, &again), KMP_OK);
  ck_assert_uint_eq(again.len, sizeof(data));
  ck_assert_mem_eq(again.data, data, sizeof(data));
}
END_TEST

START_TEST(test_every_error_has_a_text)
{
  for (int error = KMP_ETRAILING; error <= KMP_OK; error++)
    ck_assert_str_ne(kmp_error_text(error), "unknown error");
  ck_assert_str_eq(kmp_error_text(KMP_ETRAILING - 1), "unknown error");
  ck_assert_str_eq(kmp_error_text(1), "unknown error");
}
END_TEST

/* ---- The stream ------------------------------------------------------ */

/* Feeds bytes in pieces of STEP and returns the events as letters: F frame, E
 * echo, A acknowledge, B bad. */
static const char *
feed_all(struct kmp_deframer *d, const uint8_t *buf, size_t len, size_t step)
{
  static char seen[64];
  size_t n = 0;

  while (len > 0) {
    size_t piece = len < step ? len : step;
    enum kmp_event event;
    size_t taken = kmp_deframer_feed(d, buf, piece, &event);

    ck_assert_uint_le(taken, piece);
    ck_assert(taken > 0 || event == KMP_EVENT_BAD);
    buf += taken;
    len -= taken;
    ck_assert_uint_lt(n, sizeof(seen) - 2);
    if (event != KMP_EVENT_NONE)
      seen[n++] = "-FEBA"[event];
  }
  if (kmp_deframer_end(d) == KMP_EVENT_BAD)
    seen[n++] = 'C';
  seen[n] = '\0';
  return seen;
}

START_TEST(test_streams_give_the_same_events_in_any_pieces)
{
  static const struct {
    const char *hex;
    const char *events; /* C: cut off at the end */
    size_t noise, zeros;
  } rows[] = {
    { "803F1001006319450D403F1000633302000000CF4E0D", "EF", 0, 0 },
    { "00803F1001006319450D00FF403F1000633302000000CF4E0D11", "EF", 2, 2 },
    { "403F1000633302000000CF4E0D403F1000633302000000CF4E0D", "FF", 0, 0 },
    { "403F10403F1000633302000000CF4E0D", "BF", 0, 0 },
    { "403F10803F1001006319450D", "BE", 0, 0 },
    { "803F05058A0D", "B", 0, 0 },
    { "803F01058A0D", "F", 0, 0 },
    { "0606", "AA", 0, 0 },
    { "403F1B0D403F1000633302000000CF4E0D", "BF", 0, 0 },
    { "403F10", "C", 0, 0 },
    { "F00D1B7F", "", 4, 0 },
  };
  uint8_t buf[256], sent[64];
  size_t sent_len = csv_hex("803F1001006319450D", sent, sizeof(sent));

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    for (size_t step = 1; step < 64; step++) {
      size_t len = csv_hex(rows[i].hex, buf, sizeof(buf));
      struct kmp_deframer d;

      kmp_deframer_init(&d);
      kmp_deframer_sent(&d, sent, sent_len);
      ck_assert_str_eq(feed_all(&d, buf, len, step), rows[i].events);
      ck_assert_uint_eq(d.noise, rows[i].noise);
      ck_assert_uint_eq(d.zeros, rows[i].zeros);
    }
}
END_TEST

START_TEST(test_malformed_echo_is_recognised)
{
  uint8_t sent[64];
  size_t len =
    csv_hex("803FA0010100440C1B7F170509172D0000000000F10D", sent, sizeof(sent));
  struct kmp_deframer d;

  kmp_deframer_init(&d);
  ck_assert_str_eq(feed_all(&d, sent, len, len), "B");
  kmp_deframer_sent(&d, sent, len);
  ck_assert_str_eq(feed_all(&d, sent, len, len), "E");
}
END_TEST

START_TEST(test_endless_frame_is_abandoned)
{
  uint8_t buf[KMP_WIRE_MAX + 10];
  struct kmp_deframer d;
  enum kmp_event event;

  memset(buf, 0x55, sizeof(buf));
  buf[0] = KMP_START_ANSWER;
  kmp_deframer_init(&d);
  ck_assert_uint_eq(kmp_deframer_feed(&d, buf, sizeof(buf), &event),
                    KMP_WIRE_MAX);
  ck_assert_int_eq(event, KMP_EVENT_BAD);
  ck_assert_int_eq(d.error, KMP_ELONG);
  ck_assert_uint_eq(kmp_deframer_feed(&d, buf + KMP_WIRE_MAX, 10, &event), 10);
  ck_assert_uint_eq(d.noise, 10);
}
END_TEST

START_TEST(test_longest_frame_is_taken)
{
  uint8_t data[KMP_WIRE_MAX], wire[KMP_WIRE_MAX];
  struct kmp_frame frame = { KMP_START_ANSWER, 0x3f, 0xb8, 0, data };
  struct kmp_deframer d;
  enum kmp_event event;
  size_t len;

  memset(data, 0x55, sizeof(data));
  /* The CRC bytes at these lengths need no stuffing. */
  for (frame.len = KMP_WIRE_MAX - 10;; frame.len++) {
    len = kmp_frame_encode(&frame, wire, sizeof(wire));
    if (len == 0 || len == KMP_WIRE_MAX)
      break;
  }
  ck_assert_uint_eq(len, KMP_WIRE_MAX);
  kmp_deframer_init(&d);
  ck_assert_uint_eq(kmp_deframer_feed(&d, wire, len, &event), len);
  ck_assert_int_eq(event, KMP_EVENT_FRAME);
  ck_assert_uint_eq(d.frame.len, frame.len);
}
END_TEST

/* ---- Damage ---------------------------------------------------------- */

/* A good answer as the line delivers it, and its request. */
struct victim {
  uint8_t wire[KMP_WIRE_MAX];
  size_t len;
  struct kmp_request request;
};

/* Returns whether the bytes would be accepted as the answer. */
static bool
is_believed(const struct victim *v, const uint8_t *wire)
{
  static struct kmp_deframer d;
  struct kmp_answer answer;
  enum kmp_event event;
  size_t fed = 0;

  kmp_deframer_init(&d);
  while (fed < v->len) {
    fed += kmp_deframer_feed(&d, wire + fed, v->len - fed, &event);
    if (event == KMP_EVENT_FRAME &&
        !kmp_answer_is_cut(&d.frame, &v->request, wire + fed, v->len - fed) &&
        kmp_answer_decode(&d.frame, &v->request, &answer) == KMP_OK)
      return true;
  }
  return false;
}

static void
take_victim(struct victim *v, const char *hex)
{
  uint8_t plain[KMP_WIRE_MAX];
  struct kmp_answer answer;
  struct kmp_frame frame;

  v->len = csv_hex(hex, v->wire, sizeof(v->wire));
  ck_assert_int_eq(kmp_frame_decode(v->wire, v->len, plain, &frame), KMP_OK);
  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &answer), KMP_OK);
  v->request.address = frame.address;
  v->request.cid = frame.cid;
  v->request.count = answer.count;
  for (uint8_t i = 0; i < answer.count; i++)
    v->request.ids[i] = answer.records[i].id;
  ck_assert(is_believed(v, v->wire));
}

static void
flip(uint8_t *wire, size_t bit)
{
  wire[bit / 8] ^= (uint8_t)(1u << (bit % 8));
}

START_TEST(test_up_to_three_flipped_bits_are_noticed)
{
  static const char *const frames[] = {
    "403F10003C0304430000D6DE03220D",
    "403F1000501604410000000330230D",
    "403F1003E933040004CF95765A1BBF0D",
  };
  struct victim v;
  size_t i;

  take_victim(&v, frames[_i]);
  i = v.len * 8;
  for (size_t a = 0; a < i; a++) {
    flip(v.wire, a);
    ck_assert(!is_believed(&v, v.wire));
    for (size_t b = a + 1; b < i; b++) {
      flip(v.wire, b);
      ck_assert(!is_believed(&v, v.wire));
      for (size_t c = b + 1; c < i; c++) {
        flip(v.wire, c);
        if (is_believed(&v, v.wire))
          ck_abort_msg("bits %zu %zu %zu", a, b, c);
        flip(v.wire, c);
      }
      flip(v.wire, b);
    }
    flip(v.wire, a);
  }
}
END_TEST

START_TEST(test_false_stop_byte_is_detected_by_trailing_bytes)
{
  /* A burst made this an answer without registers, with a CRC right by
   * chance. */
  struct victim v;
  uint8_t wire[KMP_WIRE_MAX];

  take_victim(&v, "403F10005625024214F569DC0D");
  csv_hex("403F10079A0D024214F569DC0D", wire, sizeof(wire));
  ck_assert(!is_believed(&v, wire));
  ck_assert(kmp_is_trailing((const uint8_t *)"\0\0\x06\x11", 4));
  ck_assert(!kmp_is_trailing((const uint8_t *)"\0\x06", 2));
  ck_assert(!kmp_is_trailing((const uint8_t *)"\0\x40", 2));
  ck_assert(!kmp_is_trailing((const uint8_t *)"", 0));
}
END_TEST

/* Tries every pattern of up to 16 bits, with its first and last bit flipped, at
 * every place. */
static void
try_bursts(struct victim *v, size_t bit)
{
  for (uint32_t pattern = 1; pattern < 0x10000; pattern += 2) {
    uint8_t wire[KMP_WIRE_MAX];

    memcpy(wire, v->wire, v->len);
    for (size_t k = 0; k < 16 && bit + k < v->len * 8; k++)
      if (pattern >> k & 1)
        wire[(bit + k) / 8] ^= (uint8_t)(0x80u >> ((bit + k) % 8));
    if (is_believed(v, wire))
      ck_abort_msg("bit %zu, pattern %x", bit, (unsigned)pattern);
  }
}

START_TEST(test_bursts_up_to_sixteen_bits_are_noticed)
{
  struct victim v;

  take_victim(&v, "403F1003E933040004CF95765A1BBF0D");
  for (size_t bit = 0; bit < v.len * 8; bit++)
    try_bursts(&v, bit);
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("kmp_frame");
  TCase *frames = tcase_create("frames");
  TCase *streams = tcase_create("streams");
  TCase *damage = tcase_create("damage");

  tcase_add_test(frames, test_crc_has_the_published_values);
  tcase_add_test(frames, test_every_valid_frame_is_decoded_and_encoded_again);
  tcase_add_test(frames, test_every_bad_frame_is_refused_with_its_reason);
  tcase_add_test(frames, test_malformed_frames_have_distinct_errors);
  tcase_add_test(frames, test_stuffing_is_undone_in_one_pass);
  tcase_add_test(frames, test_every_error_has_a_text);
  tcase_add_test(streams, test_streams_give_the_same_events_in_any_pieces);
  tcase_add_test(streams, test_malformed_echo_is_recognised);
  tcase_add_test(streams, test_endless_frame_is_abandoned);
  tcase_add_test(streams, test_longest_frame_is_taken);
  tcase_add_test(damage, test_false_stop_byte_is_detected_by_trailing_bytes);
  tcase_set_timeout(damage, 30);
  tcase_add_loop_test(damage, test_up_to_three_flipped_bits_are_noticed, 0, 3);
  tcase_add_test(damage, test_bursts_up_to_sixteen_bits_are_noticed);
  suite_add_tcase(s, frames);
  suite_add_tcase(s, streams);
  suite_add_tcase(s, damage);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
