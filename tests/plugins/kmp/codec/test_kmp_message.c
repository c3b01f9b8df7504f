/* KMP messages: encoding requests, decoding answers, and refusing bad ones. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "tests/support/kmp_answer_encode.h"
#include "tests/support/run_suite.h"

static struct kmp_request
registers(uint8_t count, uint16_t a, uint16_t b)
{
  struct kmp_request request = { .address = KMP_ADDRESS_METER,
                                 .cid = KMP_GET_REGISTER,
                                 .count = count,
                                 .ids = { a, b } };

  return request;
}

static struct kmp_frame
answer_frame(uint8_t cid, const void *data, size_t len)
{
  struct kmp_frame frame = { KMP_START_ANSWER, KMP_ADDRESS_METER, cid, len,
                             data };

  return frame;
}

START_TEST(test_requests_equal_the_published_ones)
{
  struct kmp_request type = { .address = 0x3f, .cid = KMP_GET_TYPE };
  struct kmp_request serial = { .address = 0x3f, .cid = KMP_GET_SERIAL };
  struct kmp_request one = registers(1, 128, 0);
  struct kmp_request two = registers(2, 1003, 1002);
  uint8_t wire[KMP_REQUEST_WIRE_MAX];

  ck_assert_uint_eq(kmp_request_encode(&type, wire, sizeof(wire)), 6);
  ck_assert_mem_eq(wire, "\x80\x3f\x01\x05\x8a\x0d", 6);
  ck_assert_uint_eq(kmp_request_encode(&serial, wire, sizeof(wire)), 6);
  ck_assert_mem_eq(wire, "\x80\x3f\x02\x35\xe9\x0d", 6);
  ck_assert_uint_eq(kmp_request_encode(&one, wire, sizeof(wire)), 10);
  ck_assert_mem_eq(wire, "\x80\x3f\x10\x01\x00\x1b\x7f\xd4\x08\x0d", 10);
  ck_assert_uint_eq(kmp_request_encode(&two, wire, sizeof(wire)), 11);
  ck_assert_mem_eq(wire, "\x80\x3f\x10\x02\x03\xeb\x03\xea\x4f\x48\x0d", 11);
}
END_TEST

START_TEST(test_requests_of_0_or_9_registers_are_refused)
{
  struct kmp_request none = registers(0, 0, 0);
  struct kmp_request nine = registers(9, 1, 2);
  uint8_t wire[KMP_REQUEST_WIRE_MAX];

  ck_assert_uint_eq(kmp_request_encode(&none, wire, sizeof(wire)), 0);
  ck_assert_uint_eq(kmp_request_encode(&nine, wire, sizeof(wire)), 0);
  none = registers(1, 60, 0);
  ck_assert_uint_eq(kmp_request_encode(&none, wire, 8), 0);
  ck_assert_uint_eq(kmp_request_encode(&none, wire, 9), 9);
}
END_TEST

/* Commands that reset the meter, stop the debiting period, cut off the supply
 * and the like; and the register with the password. */
START_TEST(test_only_reading_commands_are_encoded)
{
  struct kmp_request password = registers(2, 60, 1180);
  uint8_t wire[KMP_REQUEST_WIRE_MAX];

  ck_assert_uint_eq(kmp_request_encode(&password, wire, sizeof(wire)), 0);
  for (unsigned cid = 0; cid < 256; cid++) {
    struct kmp_request request = registers(1, 60, 0);
    bool reads = cid == 0x01 || cid == 0x02 || cid == 0x10;

    request.cid = (uint8_t)cid;
    ck_assert_int_eq(kmp_request_encode(&request, wire, sizeof(wire)) > 0,
                     reads);
  }
}
END_TEST

START_TEST(test_longest_request_fits_its_buffer)
{
  struct kmp_request request = registers(8, 0x8080, 0x4040);
  uint8_t wire[KMP_REQUEST_WIRE_MAX], plain[KMP_REQUEST_WIRE_MAX];
  struct kmp_request again;
  struct kmp_frame frame;
  size_t len;

  for (uint8_t i = 2; i < 8; i++)
    request.ids[i] = (uint16_t)(0x0d06 + i * 0x100);
  len = kmp_request_encode(&request, wire, sizeof(wire));
  ck_assert_uint_gt(len, 0);
  ck_assert_int_eq(kmp_frame_decode(wire, len, plain, &frame), KMP_OK);
  ck_assert_int_eq(kmp_request_decode(&frame, &again), KMP_OK);
  ck_assert_uint_eq(again.count, 8);
  ck_assert_mem_eq(again.ids, request.ids, sizeof(request.ids));
}
END_TEST

START_TEST(test_malformed_requests_are_refused)
{
  static const struct {
    uint8_t cid;
    const char *data;
    size_t len;
    int error;
  } rows[] = {
    { KMP_GET_TYPE, "", 0, KMP_OK },
    { KMP_GET_TYPE, "\0", 1, KMP_ELENGTH },
    { KMP_GET_SERIAL, "\0", 1, KMP_ELENGTH },
    { KMP_GET_REGISTER, "", 0, KMP_ELENGTH },
    { KMP_GET_REGISTER, "\0", 1, KMP_ECOUNT },
    { KMP_GET_REGISTER, "\x09", 1, KMP_ECOUNT },
    { KMP_GET_REGISTER, "\x01\0", 2, KMP_ELENGTH },
    { KMP_GET_REGISTER, "\x01\0\x3c", 3, KMP_OK },
    { KMP_GET_REGISTER, "\x01\0\x3c\0", 4, KMP_ELENGTH },
    { KMP_GET_REGISTER, "\x02\0\x3c\0\x3c", 5, KMP_EDUPLICATE },
    { KMP_LOGGER, "\x05\x02", 2, KMP_OK },
  };
  struct kmp_request request;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct kmp_frame frame =
      answer_frame(rows[i].cid, rows[i].data, rows[i].len);

    ck_assert_int_eq(kmp_request_decode(&frame, &request), KMP_EDIRECTION);
    frame.start = KMP_START_REQUEST;
    ck_assert_int_eq(kmp_request_decode(&frame, &request), rows[i].error);
  }
}
END_TEST

/* Registers 60, 68 and 86, with one byte each. */
#define R60 "\x00\x3c\x08\x01\x42\x11"
#define R68 "\x00\x44\x28\x01\x42\x22"
#define R86 "\x00\x56\x25\x01\x42\x33"

START_TEST(test_answer_must_fit_the_request_completely)
{
  static const struct {
    const char *data;
    size_t len;
    int error;
    unsigned count, surplus;
  } rows[] = {
    { R60 R68, 12, KMP_OK, 2, 0 },
    { R68 R60, 12, KMP_OK, 2, 0 },
    { R60, 6, KMP_OK, 1, 0 },
    { "", 0, KMP_OK, 0, 0 },
    { "\x00\x3c\x08\x00\x42", 5, KMP_OK, 1, 0 }, /* no value */
    { R86 R60, 12, KMP_OK, 1, 1 },
    { R86, 6, KMP_EOTHER, 0, 0 },
    { R60 R60, 12, KMP_EDUPLICATE, 0, 0 },
    { R60 "\x00", 7, KMP_ERECORD, 0, 0 },
    { R60 R68, 11, KMP_ERECORD, 0, 0 },
    { "\x00\x3c\x08\x21\x42", 5, KMP_EMANTISSA, 0, 0 },
    { "\x00\x3c\x08\x20\x42", 5, KMP_ERECORD, 0, 0 },
  };
  struct kmp_request request = registers(2, 60, 68);

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct kmp_frame frame =
      answer_frame(KMP_GET_REGISTER, rows[i].data, rows[i].len);
    struct kmp_answer answer;

    ck_assert_msg(kmp_answer_decode(&frame, &request, &answer) == rows[i].error,
                  "row %zu", i);
    if (rows[i].error != KMP_OK)
      continue;
    ck_assert_uint_eq(answer.count, rows[i].count);
    ck_assert_uint_eq(answer.surplus, rows[i].surplus);
  }
}
END_TEST

START_TEST(test_answer_of_another_device_or_command_is_refused)
{
  struct kmp_request request = registers(1, 60, 0);
  struct kmp_frame frame = answer_frame(KMP_GET_REGISTER, R60, 6);
  struct kmp_answer answer;

  ck_assert_int_eq(kmp_answer_decode(&frame, &request, &answer), KMP_OK);
  frame.address = KMP_ADDRESS_TOP;
  ck_assert_int_eq(kmp_answer_decode(&frame, &request, &answer), KMP_EADDRESS);
  frame.address = KMP_ADDRESS_METER;
  frame.cid = KMP_GET_TYPE;
  ck_assert_int_eq(kmp_answer_decode(&frame, &request, &answer), KMP_ECID);
  frame.cid = KMP_GET_REGISTER;
  frame.start = KMP_START_REQUEST;
  ck_assert_int_eq(kmp_answer_decode(&frame, &request, &answer),
                   KMP_EDIRECTION);
}
END_TEST

START_TEST(test_records_are_found_by_their_id)
{
  struct kmp_frame frame = answer_frame(KMP_GET_REGISTER, R68 R60, 12);
  const struct kmp_record *record;
  struct kmp_answer answer;

  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &answer), KMP_OK);
  record = kmp_answer_find(&answer, 60);
  ck_assert_ptr_nonnull(record);
  ck_assert_uint_eq(record->unit, 8);
  ck_assert_uint_eq(record->mantissa[0], 0x11);
  ck_assert_ptr_null(kmp_answer_find(&answer, 86));
}
END_TEST

START_TEST(test_answer_with_nine_registers_is_refused)
{
  uint8_t data[9 * 5] = { 0 };
  struct kmp_frame frame = answer_frame(KMP_GET_REGISTER, data, sizeof(data));
  struct kmp_answer answer;

  for (uint8_t i = 0; i < 9; i++)
    data[5 * i + 1] = i;
  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &answer), KMP_ECOUNT);
  frame.len -= 5;
  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &answer), KMP_OK);
}
END_TEST

/* The request is for registers 60 and 68. */
START_TEST(test_trailing_bytes_show_that_an_answer_was_cut)
{
  static const uint8_t whole[] = { 0x00, 0x3c, 0x02, 0x01, 0x00, 0x01,
                                   0x00, 0x44, 0x27, 0x01, 0x00, 0x02 };
  static const uint8_t behind[] = { 0xff, 0x0a, 0x0d, 0xff, 0x0d };
  static const uint8_t echo[] = { 0x80, 0x3f, 0x10, 0x00, 0x0d };
  const struct kmp_request request = registers(2, 60, 68);
  struct kmp_frame frame = answer_frame(KMP_GET_REGISTER, whole, sizeof(whole));

  ck_assert(!kmp_answer_is_cut(&frame, &request, behind, sizeof(behind)));
  ck_assert(kmp_answer_is_cut(&frame, NULL, behind, sizeof(behind)));
  frame.len = sizeof(whole) / 2;
  ck_assert(kmp_answer_is_cut(&frame, &request, behind, sizeof(behind)));
  ck_assert(!kmp_answer_is_cut(&frame, &request, behind, KMP_STRAY_MAX));
  ck_assert(!kmp_answer_is_cut(&frame, NULL, behind, KMP_STRAY_MAX));
  ck_assert(!kmp_answer_is_cut(&frame, &request, echo, sizeof(echo)));
}
END_TEST

START_TEST(test_type_and_serial_have_four_bytes)
{
  struct kmp_frame frame = answer_frame(KMP_GET_TYPE, "\x00\x04\x06\x01", 4);
  struct kmp_answer answer;

  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &answer), KMP_OK);
  ck_assert_uint_eq(answer.type, 4);
  ck_assert_uint_eq(answer.revision[0], 6);
  ck_assert_uint_eq(answer.revision[1], 1);
  frame.len = 3;
  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &answer), KMP_ELENGTH);
  frame = answer_frame(KMP_GET_SERIAL, "\xff\x23\x45\x67", 4);
  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &answer), KMP_OK);
  ck_assert_uint_eq(answer.serial, 0xff234567);
  frame.len = 0;
  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &answer), KMP_ELENGTH);
}
END_TEST

/* Checks that an answer, encoded as by a meter, is decoded to the same
 * values. */
static void
round_trip(const struct kmp_answer *answer)
{
  uint8_t wire[KMP_WIRE_MAX], plain[KMP_WIRE_MAX];
  struct kmp_answer again;
  struct kmp_frame frame;
  size_t len = kmp_answer_encode(KMP_ADDRESS_METER, answer, wire, sizeof(wire));

  ck_assert_uint_gt(len, 0);
  ck_assert_int_eq(kmp_frame_decode(wire, len, plain, &frame), KMP_OK);
  ck_assert_int_eq(kmp_answer_decode(&frame, NULL, &again), KMP_OK);
  ck_assert_uint_eq(again.type, answer->type);
  ck_assert_uint_eq(again.serial, answer->serial);
  ck_assert_uint_eq(again.count, answer->count);
  for (uint8_t i = 0; i < answer->count; i++) {
    ck_assert_uint_eq(again.records[i].id, answer->records[i].id);
    ck_assert_uint_eq(again.records[i].siex, answer->records[i].siex);
    ck_assert_mem_eq(again.records[i].mantissa, answer->records[i].mantissa,
                     answer->records[i].nob);
  }
}

START_TEST(test_written_answers_are_read_back)
{
  static const uint8_t mantissa[KMP_MANTISSA_MAX] = { 0x80, 0x40, 0x0d, 0x06 };
  struct kmp_answer type = { .cid = KMP_GET_TYPE, .type = 0x1101 };
  struct kmp_answer serial = { .cid = KMP_GET_SERIAL, .serial = 0x80400d06 };
  struct kmp_answer answer = { .cid = KMP_GET_REGISTER };

  round_trip(&type);
  round_trip(&serial);
  round_trip(&answer);
  for (; answer.count < KMP_REGISTERS_MAX; answer.count++)
    answer.records[answer.count] =
      (struct kmp_record){ .id = (uint16_t)(60 + answer.count),
                           .unit = 8,
                           .nob = KMP_MANTISSA_MAX,
                           .siex = 0x43,
                           .mantissa = mantissa };
  round_trip(&answer);
}
END_TEST

START_TEST(test_impossible_answers_are_not_encoded)
{
  struct kmp_answer answer = { .cid = KMP_SET_CLOCK };
  uint8_t wire[KMP_WIRE_MAX];

  ck_assert_uint_eq(kmp_answer_encode(0x3f, &answer, wire, sizeof(wire)), 0);
  answer.cid = KMP_GET_REGISTER;
  answer.count = KMP_REGISTERS_MAX + 1;
  ck_assert_uint_eq(kmp_answer_encode(0x3f, &answer, wire, sizeof(wire)), 0);
  answer.count = 1;
  answer.records[0].nob = KMP_MANTISSA_MAX + 1;
  ck_assert_uint_eq(kmp_answer_encode(0x3f, &answer, wire, sizeof(wire)), 0);
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("kmp_message");
  TCase *requests = tcase_create("requests");
  TCase *answers = tcase_create("answers");

  tcase_add_test(requests, test_requests_equal_the_published_ones);
  tcase_add_test(requests, test_requests_of_0_or_9_registers_are_refused);
  tcase_add_test(requests, test_only_reading_commands_are_encoded);
  tcase_add_test(requests, test_longest_request_fits_its_buffer);
  tcase_add_test(requests, test_malformed_requests_are_refused);
  tcase_add_test(answers, test_answer_must_fit_the_request_completely);
  tcase_add_test(answers, test_answer_of_another_device_or_command_is_refused);
  tcase_add_test(answers, test_records_are_found_by_their_id);
  tcase_add_test(answers, test_answer_with_nine_registers_is_refused);
  tcase_add_test(answers, test_trailing_bytes_show_that_an_answer_was_cut);
  tcase_add_test(answers, test_type_and_serial_have_four_bytes);
  tcase_add_test(answers, test_written_answers_are_read_back);
  tcase_add_test(answers, test_impossible_answers_are_not_encoded);
  suite_add_tcase(s, requests);
  suite_add_tcase(s, answers);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
