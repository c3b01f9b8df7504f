/* Makes the cycles of a capture. */
#include "tests/support/capture_cycle.h"

#include "lib/rfc3339.h"
#include "plugins/kmp/codec/capture.h"
#include "tests/support/kmp_answer_encode.h"

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
put_line(FILE *to, int64_t time_ms, char direction, const uint8_t *wire,
         size_t len)
{
  char line[3 * KMP_WIRE_MAX + CAPTURE_LINE_EXTRA];

  fwrite(line, 1,
         capture_format(line, sizeof(line), time_ms, direction, wire, len), to);
}

static void
put_request(FILE *to, uint8_t count, int64_t time_ms)
{
  struct kmp_request request = { .address = KMP_ADDRESS_METER,
                                 .cid = KMP_GET_REGISTER,
                                 .count = count };
  uint8_t wire[KMP_WIRE_MAX];
  char when[RFC3339_MS_SIZE] = "";

  for (uint8_t i = 0; i < count; i++)
    request.ids[i] = registers[i].id;
  rfc3339_format_ms(when, sizeof(when), time_ms);
  fprintf(to, "\n# %s\n", when);
  put_line(to, time_ms, CAPTURE_TO_METER, wire,
           kmp_request_encode(&request, wire, sizeof(wire)));
}

size_t
capture_cycle_answer(uint8_t count, uint32_t number, uint8_t *wire)
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

void
capture_cycle_put(FILE *to, uint8_t count, uint32_t number)
{
  int64_t time_ms = CAPTURE_CYCLE_FIRST_MS + number * CAPTURE_CYCLE_MS;
  uint8_t wire[KMP_WIRE_MAX];
  size_t len = capture_cycle_answer(count, number, wire);

  put_request(to, count, time_ms);
  put_line(to, time_ms + ANSWER_MS, CAPTURE_FROM_METER, wire, len);
}
