/*
 * The registers of an emulated meter, and its answers to requests.
 *
 * Written from the protocol's description, independently of the codec under
 * test: the CRC bit by bit, the stuffing by a comparison.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/digit.h"
#include "plugins/kmp/emulator/meter_impl.h"

#define START_REQUEST 0x80
#define START_ANSWER 0x40
#define STOP 0x0d
#define ACKNOWLEDGE 0x06
#define STUFF 0x1b

#define GET_TYPE 0x01
#define GET_SERIAL_NO 0x02
#define GET_REGISTER 0x10

#define SERIAL_REGISTER 1001
#define MAX_ASKED 8
/* Bytes of a record before the mantissa: id, unit, length, SiEx. */
#define RECORD_HEAD 5

/* Units for REGISTER=VALUE; registers with other units are set as bytes. */
static const struct {
  uint8_t code;
  const char *symbol;
} units[] = {
  { 2, "kWh" },   { 3, "MWh" },  { 8, "GJ" },        { 12, "Gcal" },
  { 21, "W" },    { 22, "kW" },  { 23, "MW" },       { 37, "C" },
  { 38, "K" },    { 39, "l" },   { 40, "m3" },       { 41, "l/h" },
  { 42, "m3/h" }, { 46, "h" },   { 47, "hh:mm:ss" }, { 48, "yy:mm:dd" },
  { 51, "" },     { 52, "bar" },
};

void
meter_put(struct meter_bytes *bytes, uint8_t byte)
{
  if (bytes->len < sizeof(bytes->buf))
    bytes->buf[bytes->len++] = byte;
}

static uint16_t
crc_of(const uint8_t *buf, size_t len)
{
  uint16_t crc = 0;

  for (size_t i = 0; i < len; i++) {
    crc ^= (uint16_t)(buf[i] << 8);
    for (int bit = 0; bit < 8; bit++)
      crc = (uint16_t)((crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1);
  }
  return crc;
}

static bool
is_special(uint8_t byte)
{
  return byte == START_REQUEST || byte == START_ANSWER || byte == STOP ||
         byte == ACKNOWLEDGE || byte == STUFF;
}

static void
put_stuffed(struct meter_bytes *bytes, uint8_t byte)
{
  if (is_special(byte)) {
    meter_put(bytes, STUFF);
    byte = (uint8_t)~byte;
  }
  meter_put(bytes, byte);
}

void
meter_frame(const struct meter_bytes *body, uint16_t crc_error,
            struct meter_bytes *ret_frame)
{
  uint16_t crc = crc_of(body->buf, body->len) ^ crc_error;

  ret_frame->len = 0;
  meter_put(ret_frame, START_ANSWER);
  for (size_t i = 0; i < body->len; i++)
    put_stuffed(ret_frame, body->buf[i]);
  put_stuffed(ret_frame, (uint8_t)(crc >> 8));
  put_stuffed(ret_frame, (uint8_t)crc);
  meter_put(ret_frame, STOP);
}

int
meter_unframe(const uint8_t *frame, size_t len, uint8_t start,
              struct meter_bytes *ret_body)
{
  struct meter_bytes plain = { .len = 0 };

  if (len < 6 || frame[0] != start || frame[len - 1] != STOP)
    return -1;
  for (size_t i = 1; i + 1 < len; i++) {
    uint8_t byte = frame[i];

    if (byte == STUFF) {
      i++;
      byte = (uint8_t)~frame[i];
      if (i + 1 >= len || !is_special(byte))
        return -1;
    }
    meter_put(&plain, byte);
  }
  if (plain.len < 4 || crc_of(plain.buf, plain.len) != 0)
    return -1;
  plain.len -= 2;
  *ret_body = plain;
  return 0;
}

static struct meter_register *
find_meter_register(struct meter_memory *memory, uint16_t id)
{
  for (size_t i = 0; i < memory->count; i++)
    if (memory->registers[i].id == id)
      return &memory->registers[i];
  return NULL;
}

void
meter_memory_remove(struct meter_memory *memory, uint16_t id)
{
  struct meter_register *reg = find_meter_register(memory, id);

  if (reg)
    *reg = memory->registers[--memory->count];
}

void
meter_memory_copy(struct meter_memory *to, const struct meter_memory *from)
{
  memcpy(to->type, from->type, sizeof(to->type));
  memcpy(to->registers, from->registers,
         from->count * sizeof(*from->registers));
  to->count = from->count;
}

void
meter_memory_count_serial(struct meter_memory *memory, uint64_t first,
                          unsigned n)
{
  struct meter_register *serial = find_meter_register(memory, SERIAL_REGISTER);
  char text[32];

  if (!serial) {
    snprintf(text, sizeof(text), "%d=%llu", SERIAL_REGISTER,
             (unsigned long long)first + n);
    meter_memory_set(memory, text);
    return;
  }
  /* The mantissa ends the record. */
  for (size_t i = serial->len; i > RECORD_HEAD && n > 0; i--) {
    n += serial->record[i - 1];
    serial->record[i - 1] = (uint8_t)n;
    n >>= 8;
  }
}

/* Stores a register.  RECORD begins with the unit code.  Returns -1 when it is
 * invalid or there is no room. */
static int
store_register(struct meter_memory *memory, uint16_t id, const uint8_t *record,
               size_t len)
{
  struct meter_register *reg = find_meter_register(memory, id);

  if (len < 3 || len != 3u + record[1] || len + 2 > METER_RECORD)
    return -1;
  if (!reg) {
    if (memory->count == METER_REGISTERS)
      return -1;
    reg = &memory->registers[memory->count++];
  }
  reg->id = id;
  reg->len = (uint8_t)(len + 2);
  reg->record[0] = (uint8_t)(id >> 8);
  reg->record[1] = (uint8_t)id;
  memcpy(reg->record + 2, record, len);
  return 0;
}

/* Parses hex, with or without blanks, to the end of TEXT. */
static int
parse_hex(const char *text, struct meter_bytes *ret)
{
  ret->len = 0;
  for (;;) {
    int high;
    int low;

    text += strspn(text, " \t\r\n");
    if (*text == '\0')
      return 0;
    high = digit_value(text[0], 16);
    low = digit_value(text[1], 16);
    if (high < 0 || low < 0)
      return -1;
    meter_put(ret, (uint8_t)(high << 4 | low));
    text += 2;
  }
}

/* Parses "0001F1": type, and revision as a letter and a number of at most two
 * digits; or the four bytes that a meter sends, "00010601". */
static int
parse_type(const char *text, uint8_t type[4])
{
  struct meter_bytes bytes;
  char head[5], *end;
  unsigned long number;

  snprintf(head, sizeof(head), "%.4s", text);
  if (strlen(text) > 5 && strlen(text) < 8 && text[4] >= 'A' &&
      text[4] <= 'Z' && parse_hex(head, &bytes) == 0 && bytes.len == 2) {
    number = strtoul(text + 5, &end, 10);
    if (*end == '\0' && number <= UINT8_MAX) {
      meter_put(&bytes, (uint8_t)(text[4] - 'A' + 1));
      meter_put(&bytes, (uint8_t)number);
      memcpy(type, bytes.buf, bytes.len);
      return 0;
    }
  }
  if (parse_hex(text, &bytes) < 0 || bytes.len > 4)
    return -1;
  memset(type, 0, 4);
  memcpy(type, bytes.buf, bytes.len);
  return 0;
}

/* Parses "-12.50GJ" to a record with a mantissa of four bytes, or eight if
 * needed. */
static int
parse_decimal(const char *text, struct meter_bytes *ret)
{
  uint64_t mantissa = 0;
  unsigned decimals = 0;
  unsigned negative = *text == '-';
  const char *p = text + negative;
  bool point = false;
  size_t unit;

  for (; digit_value(*p, 10) >= 0; p++) {
    if (mantissa > (UINT64_MAX - 9) / 10)
      return -1;
    mantissa = mantissa * 10 + (unsigned)digit_value(*p, 10);
    decimals += (unsigned)point;
    if (p[1] == '.' && !point) {
      point = true;
      p++;
    }
  }
  if (p == text + negative || decimals > 63)
    return -1;
  p += strspn(p, " ");
  for (unit = 0; unit < ARRAY_SIZE(units); unit++)
    if (strcmp(units[unit].symbol, p) == 0)
      break;
  if (unit == ARRAY_SIZE(units))
    return -1;
  ret->len = 0;
  meter_put(ret, units[unit].code);
  meter_put(ret, mantissa > UINT32_MAX ? 8 : 4);
  meter_put(ret, (uint8_t)(negative << 7 | (decimals > 0) << 6 | decimals));
  for (int shift = mantissa > UINT32_MAX ? 56 : 24; shift >= 0; shift -= 8)
    meter_put(ret, (uint8_t)(mantissa >> shift));
  return 0;
}

int
meter_memory_set(struct meter_memory *memory, const char *text)
{
  struct meter_bytes bytes;
  char line[512];
  char *end;
  unsigned long id;

  if (snprintf(line, sizeof(line), "%s", text) >= (int)sizeof(line))
    return -1;
  line[strcspn(line, "\r\n")] = '\0';
  if (strncmp(line, "type=", 5) == 0)
    return parse_type(line + 5, memory->type);
  id = strtoul(line, &end, 0);
  if (end == line || id > UINT16_MAX)
    return -1;
  if (*end == '=' && parse_decimal(end + 1, &bytes) == 0)
    return store_register(memory, (uint16_t)id, bytes.buf, bytes.len);
  if (*end == ':' && parse_hex(end + 1, &bytes) == 0)
    return store_register(memory, (uint16_t)id, bytes.buf, bytes.len);
  return -1;
}

static int
learn_registers(struct meter_memory *memory, const struct meter_bytes *body)
{
  size_t i = 2;

  while (i + 5 <= body->len) {
    const uint8_t *record = body->buf + i;
    size_t len = 5u + record[3];

    if (i + len > body->len)
      return -1;
    if (store_register(memory, (uint16_t)(record[0] << 8 | record[1]),
                       record + 2, len - 2) < 0)
      return -1;
    i += len;
  }
  return i == body->len ? 0 : -1;
}

/* Sets the serial number's register, unless it is set already. */
static int
learn_serial(struct meter_memory *memory, const uint8_t *serial)
{
  const uint8_t record[] = { 51,        4,         0,        serial[0],
                             serial[1], serial[2], serial[3] };

  if (find_meter_register(memory, SERIAL_REGISTER))
    return 0;
  return store_register(memory, SERIAL_REGISTER, record, sizeof(record));
}

int
meter_memory_learn(struct meter_memory *memory, const uint8_t *frame,
                   size_t len)
{
  struct meter_bytes body;

  if (meter_unframe(frame, len, START_ANSWER, &body) < 0)
    return -1;
  if (body.buf[1] == GET_TYPE && body.len == 6)
    memcpy(memory->type, body.buf + 2, sizeof(memory->type));
  if (body.buf[1] == GET_SERIAL_NO && body.len == 6)
    return learn_serial(memory, body.buf + 2);
  if (body.buf[1] == GET_REGISTER)
    return learn_registers(memory, &body);
  return 0;
}

static void
put_register(const struct meter_memory *memory, uint16_t id,
             struct meter_bytes *body)
{
  for (size_t i = 0; i < memory->count; i++)
    if (memory->registers[i].id == id)
      for (size_t k = 0; k < memory->registers[i].len; k++)
        meter_put(body, memory->registers[i].record[k]);
}

/* Appends the last four bytes of the serial number's mantissa; zeros without
 * one. */
static void
put_serial(const struct meter_memory *memory, struct meter_bytes *body)
{
  struct meter_bytes record = { .len = 0 };

  put_register(memory, SERIAL_REGISTER, &record);
  for (size_t i = 0; i < 4; i++)
    meter_put(body, record.len >= 9 ? record.buf[record.len - 4 + i] : 0);
}

static bool
right_request(const struct meter_bytes *request)
{
  size_t asked;

  if (request->buf[0] != 0x3f)
    return false;
  if (request->buf[1] == GET_TYPE || request->buf[1] == GET_SERIAL_NO)
    return request->len == 2;
  if (request->buf[1] != GET_REGISTER || request->len < 3)
    return false;
  asked = request->buf[2];
  return asked >= 1 && asked <= MAX_ASKED && request->len == 3 + 2 * asked;
}

void
meter_answer(const struct meter_memory *memory,
             const struct meter_bytes *request, struct meter_bytes *ret_body)
{
  ret_body->len = 0;
  if (request->len < 2 || !right_request(request))
    return;
  meter_put(ret_body, request->buf[0]);
  meter_put(ret_body, request->buf[1]);
  switch (request->buf[1]) {
  case GET_TYPE:
    for (size_t i = 0; i < sizeof(memory->type); i++)
      meter_put(ret_body, memory->type[i]);
    break;
  case GET_SERIAL_NO:
    put_serial(memory, ret_body);
    break;
  default:
    for (size_t i = 3; i + 1 < request->len; i += 2)
      put_register(memory,
                   (uint16_t)(request->buf[i] << 8 | request->buf[i + 1]),
                   ret_body);
  }
}
