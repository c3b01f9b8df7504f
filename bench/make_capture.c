/*
 * Writes a capture of any length, the same at every call:
 *
 *     make_capture REGISTERS CYCLES [answers] >FILE
 *
 * Each cycle has the form that kmp's option `capture` writes, twenty minutes
 * after the previous one: a blank line, a comment with the time, request and
 * answer.  With `answers` it is one line, the answer without its time.  The
 * first register counts up, as energy does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rfc3339.h"
#include "plugins/kmp/codec/capture.h"
#include "tests/support/kmp_answer_encode.h"

/* 2026-01-01T00:00:00Z */
#define FIRST_TIME_MS INT64_C(1767225600000)
#define CYCLE_MS INT64_C(1200000)
#define ANSWER_MS 225
#define MANTISSA_SIZE 4

/* The eight default registers of a MULTICAL. */
static const struct kmp_record registers[KMP_REGISTERS_MAX] = {
  { .id = 60, .unit = 0x08, .siex = 0x43 },   /* heat energy, GJ */
  { .id = 68, .unit = 0x28, .siex = 0x42 },   /* volume, m3 */
  { .id = 1004, .unit = 0x2e, .siex = 0x00 }, /* hours */
  { .id = 86, .unit = 0x25, .siex = 0x42 },   /* temperatures, C */
  { .id = 87, .unit = 0x25, .siex = 0x42 },
  { .id = 89, .unit = 0x26, .siex = 0x42 },
  { .id = 80, .unit = 0x16, .siex = 0x41 }, /* power, kW */
  { .id = 74, .unit = 0x29, .siex = 0x00 }, /* flow, l/h */
};

static void
put_mantissa(uint8_t *to, uint32_t n)
{
  for (size_t i = 0; i < MANTISSA_SIZE; i++)
    to[i] = (uint8_t)(n >> 8 * (MANTISSA_SIZE - 1 - i));
}

static void
put_line(int64_t time_ms, char direction, const uint8_t *wire, size_t len)
{
  char line[3 * KMP_WIRE_MAX + CAPTURE_LINE_EXTRA];

  fwrite(line, 1,
         capture_format(line, sizeof(line), time_ms, direction, wire, len),
         stdout);
}

static void
put_request(uint8_t count, int64_t time_ms)
{
  struct kmp_request request = { .address = KMP_ADDRESS_METER,
                                 .cid = KMP_GET_REGISTER,
                                 .count = count };
  uint8_t wire[KMP_WIRE_MAX];
  char when[RFC3339_MS_SIZE] = "";

  for (uint8_t i = 0; i < count; i++)
    request.ids[i] = registers[i].id;
  rfc3339_format_ms(when, sizeof(when), time_ms);
  printf("\n# %s\n", when);
  put_line(time_ms, CAPTURE_TO_METER, wire,
           kmp_request_encode(&request, wire, sizeof(wire)));
}

/* Writes the answer to WIRE, KMP_WIRE_MAX bytes; returns its length. */
static size_t
encode_answer(uint8_t count, uint32_t number, uint8_t *wire)
{
  struct kmp_answer answer = { .cid = KMP_GET_REGISTER, .count = count };
  uint8_t mantissas[KMP_REGISTERS_MAX][MANTISSA_SIZE];

  for (uint8_t i = 0; i < count; i++) {
    answer.records[i] = registers[i];
    answer.records[i].nob = MANTISSA_SIZE;
    answer.records[i].mantissa = mantissas[i];
    put_mantissa(mantissas[i], i == 0 ? 84000 + number : 1700 + number % 997);
  }
  return kmp_answer_encode(KMP_ADDRESS_METER, &answer, wire, KMP_WIRE_MAX);
}

static void
put_cycle(uint8_t count, uint32_t number)
{
  int64_t time_ms = FIRST_TIME_MS + number * CYCLE_MS;
  uint8_t wire[KMP_WIRE_MAX];
  size_t len = encode_answer(count, number, wire);

  put_request(count, time_ms);
  put_line(time_ms + ANSWER_MS, CAPTURE_FROM_METER, wire, len);
}

/* Writes the line of an answer without its time. */
static void
put_answer(uint8_t count, uint32_t number)
{
  uint8_t wire[KMP_WIRE_MAX];
  size_t len = encode_answer(count, number, wire);

  putchar(CAPTURE_FROM_METER);
  for (size_t i = 0; i < len; i++)
    printf(" %02x", wire[i]);
  putchar('\n');
}

int
main(int argc, char **argv)
{
  unsigned long count = argc >= 3 ? strtoul(argv[1], NULL, 10) : 0;
  unsigned long cycles = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
  bool answers = argc == 4 && strcmp(argv[3], "answers") == 0;

  if (count < 1 || count > KMP_REGISTERS_MAX || cycles > 10000000 ||
      argc != 3 + answers) {
    fputs("usage: make_capture REGISTERS CYCLES [answers] >FILE\n", stderr);
    return 64;
  }
  printf("# meterpipe capture %d meter\n", CAPTURE_VERSION);
  for (uint32_t i = 0; i < cycles; i++)
    if (answers)
      put_answer((uint8_t)count, i);
    else
      put_cycle((uint8_t)count, i);
  return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 74;
}
