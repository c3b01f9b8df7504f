/*
 * Masks personal data in frames, according to the data layout of each command.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/kmp/program/mask_frame.h"

#include <string.h>

#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/codec/kmp_unit.h"
#include "plugins/kmp/program/personal_registers.h"

#define SIMPLE_SIZE 4 /* data of type, serial number or event status */
#define PASSWORD_SIZE 2

/* Logs (KMP 6.7 and 6.8): the first row has whole records, the later rows have
 * only their values. */
#define COLUMNS_MAX 255
#define LOG_HEAD 2     /* log, number of registers */
#define LOG_ROW_ID 2   /* before each row */
#define LOG_TAIL 5     /* last read, newest, info */
#define LOGGER_HEAD 15 /* from sub-command to info */
#define LOGGER_CONFIGURATION 0x05
#define LOGGER_FROM_ID 0x06
#define LOGGER_FROM_NEWEST 0x07

struct column {
  uint16_t id;
  uint8_t unit;
  uint8_t nob;
};

/* ---- Values -------------------------------------------------------------- */

static bool
is_alnum(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Overwrites the letters and digits of a text with a pseudonym, zeros first. */
static void
mask_write_digits(char *text, size_t len, uint32_t number)
{
  while (len-- > 0) {
    if (!is_alnum(text[len]))
      continue;
    text[len] = (char)('0' + number % 10);
    number /= 10;
  }
}

static void
mask_text_value(struct pseudonyms *names, uint8_t *bytes, size_t len)
{
  char key[PSEUDONYM_KEY_SIZE];
  char text[KMP_MANTISSA_MAX];

  if (len > sizeof(text))
    len = sizeof(text);
  memcpy(text, bytes, len);
  if (!pseudonym_key_of_text(text, len, key))
    return;
  mask_write_digits(text, len, pseudonym_give(names, key));
  memcpy(bytes, text, len);
}

static void
mask_number(struct pseudonyms *names, uint8_t *bytes, size_t len)
{
  char key[PSEUDONYM_KEY_SIZE];
  uint32_t number;

  if (!pseudonym_key_of_number(bytes, len, key))
    return;
  number = pseudonym_give(names, key);
  if (len < sizeof(number) && number >> 8 * len != 0)
    number = UINT32_MAX; /* does not fit: use the highest */
  while (len-- > 0) {
    bytes[len] = (uint8_t)(number & 0xff);
    number >>= 8;
  }
}

static void
mask_value(struct pseudonyms *names, const struct column *column,
           uint8_t *mantissa)
{
  const struct kmp_unit *unit = kmp_unit_find(column->unit);

  if (!personal_value(column->id, column->unit))
    return;
  if (unit && unit->layout == KMP_LAYOUT_ASCII)
    mask_text_value(names, mantissa, column->nob);
  else
    mask_number(names, mantissa, column->nob);
}

/* ---- Records ------------------------------------------------------------- */

/* Masks the record at *OFFSET and moves *OFFSET past it.  Returns false if
 * there is no valid record. */
static bool
mask_record(struct pseudonyms *names, uint8_t *data, size_t len, size_t *offset,
            struct column *ret)
{
  struct kmp_record record;

  if (kmp_record_decode(data, len, offset, &record) != KMP_OK)
    return false;
  ret->id = record.id;
  ret->unit = record.unit;
  ret->nob = record.nob;
  mask_value(names, ret, data + *offset - record.nob);
  return true;
}

static bool
mask_records(struct pseudonyms *names, uint8_t *data, size_t len)
{
  struct column column;
  size_t offset = 0;

  while (offset < len)
    if (!mask_record(names, data, len, &offset, &column))
      return false;
  return true;
}

/* Masks the rows up to LEN; before each row are ROW_ID bytes.  Returns false if
 * the data cannot be parsed. */
static bool
mask_rows(struct pseudonyms *names, uint8_t *data, size_t len, size_t columns,
          size_t row_id)
{
  struct column table[COLUMNS_MAX];
  size_t width = row_id, offset = row_id;

  if (len == 0)
    return true;
  if (columns == 0 || len < row_id)
    return false;
  for (size_t i = 0; i < columns; i++) {
    if (!mask_record(names, data, len, &offset, &table[i]))
      return false;
    width += table[i].nob;
  }
  for (; width > 0 && len - offset >= width; offset += width) {
    uint8_t *value = data + offset + row_id;

    for (size_t i = 0; i < columns; value += table[i].nob, i++)
      mask_value(names, &table[i], value);
  }
  return offset == len;
}

static bool
mask_log(struct pseudonyms *names, uint8_t *data, size_t len)
{
  if (len < LOG_HEAD + LOG_TAIL)
    return false;
  return mask_rows(names, data + LOG_HEAD, len - LOG_HEAD - LOG_TAIL, data[1],
                   LOG_ROW_ID);
}

static bool
mask_logger(struct pseudonyms *names, uint8_t *data, size_t len)
{
  if (len >= 1 && data[0] == LOGGER_CONFIGURATION)
    return true; /* register numbers, no values */
  if (len < LOGGER_HEAD ||
      (data[0] != LOGGER_FROM_ID && data[0] != LOGGER_FROM_NEWEST))
    return false;
  return mask_rows(names, data + LOGGER_HEAD, len - LOGGER_HEAD, data[4], 0);
}

/* ---- Frames -------------------------------------------------------------- */

/* Returns false if the data cannot be parsed. */
static bool
mask_answer(struct pseudonyms *names, uint8_t cid, uint8_t *data, size_t len)
{
  switch (cid) {
  case KMP_GET_TYPE:
  case KMP_GET_EVENT_STATUS:
  case KMP_CLEAR_EVENT_STATUS:
    return len == SIMPLE_SIZE;
  case KMP_GET_SERIAL:
    if (len != SIMPLE_SIZE)
      return false;
    mask_number(names, data, len);
    return true;
  case KMP_GET_REGISTER:
    return mask_records(names, data, len);
  case KMP_GET_LOG_TIME_PRESENT:
  case KMP_GET_LOG_LAST_PRESENT:
  case KMP_GET_LOG_ID_PRESENT:
  case KMP_GET_LOG_TIME_PAST:
    return mask_log(names, data, len);
  case KMP_LOGGER:
    return mask_logger(names, data, len);
  default:
    return false;
  }
}

static bool
mask_request(struct pseudonyms *names, uint8_t cid, uint8_t *data, size_t len)
{
  switch (cid) {
  case KMP_GET_TYPE:
  case KMP_GET_SERIAL:
  case KMP_SET_CLOCK:
  case KMP_GET_REGISTER:
  case KMP_GET_EVENT_STATUS:
  case KMP_CLEAR_EVENT_STATUS:
  case KMP_GET_LOG_TIME_PRESENT:
  case KMP_GET_LOG_LAST_PRESENT:
  case KMP_GET_LOG_ID_PRESENT:
  case KMP_GET_LOG_TIME_PAST:
  case KMP_LOGGER:
    return true; /* register numbers and times */
  case KMP_PUT_REGISTER:
    if (len < PASSWORD_SIZE)
      return false;
    memset(data, MASK_FILL, PASSWORD_SIZE);
    return mask_records(names, data + PASSWORD_SIZE, len - PASSWORD_SIZE);
  default:
    return false; /* for example a login, with a PIN */
  }
}

void
mask_data(struct pseudonyms *names, uint8_t start, uint8_t cid, uint8_t *data,
          size_t len)
{
  bool known = start == KMP_START_ANSWER ? mask_answer(names, cid, data, len)
                                         : mask_request(names, cid, data, len);

  if (!known)
    memset(data, MASK_FILL, len);
}
