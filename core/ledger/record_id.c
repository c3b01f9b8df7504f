#include "core/ledger/record_id.h"

#include <string.h>

#include "lib/digit.h"

void
record_id_make_uuid(const uint8_t bytes[16], char buf[RECORD_UUID])
{
  static const char digits[] = "0123456789abcdef";
  char *end = buf;

  for (int i = 0; i < 16; i++) {
    uint8_t byte = bytes[i];

    if (i == 6) /* the version */
      byte = (byte & 0x0f) | 0x40;
    if (i == 8) /* the variant */
      byte = (byte & 0x3f) | 0x80;
    if (i == 4 || i == 6 || i == 8 || i == 10)
      *end++ = '-';
    *end++ = digits[byte >> 4];
    *end++ = digits[byte & 0x0f];
  }
  *end = 0;
}

/* Writes "-N" in front of END, and returns its beginning. */
static char *
put_number(char *end, int64_t n)
{
  char *begin = digits_put(end, n > 0 ? (uint64_t)n : 0);

  *--begin = '-';
  return begin;
}

const char *
record_id_format(const struct record_ids *ids, const char *output,
                 int64_t number, int64_t row, char buf[RECORD_ID])
{
  const char *of = number < ids->from ? output : ids->uuid;
  size_t len = strnlen(of, RECORD_UUID - 1);
  char *begin = buf + RECORD_ID - 1;

  *begin = '\0';
  if (row)
    begin = put_number(begin, row);
  begin = put_number(begin, number);
  return memcpy(begin - len, of, len);
}

/* Reads digits without a leading zero.  Returns a negative number if TEXT is
 * something else, or too large. */
static int64_t
parse_number(const char *text)
{
  int64_t n = 0;

  if (*text < '1' || *text > '9')
    return -1;
  for (; *text >= '0' && *text <= '9'; text++)
    if (__builtin_mul_overflow(n, 10, &n) ||
        __builtin_add_overflow(n, *text - '0', &n))
      return -1;
  return *text ? -1 : n;
}

enum ledger_id
record_id_parse(const struct record_ids *ids, const char *output,
                const char *text, int64_t *ret_number)
{
  const char *mark = text ? strrchr(text, '-') : NULL;
  char id[RECORD_ID];
  int64_t n;

  if (!text)
    return LEDGER_NO_ID;
  n = mark ? parse_number(mark + 1) : -1;
  if (n < 0)
    return LEDGER_OTHER_ID;
  if (strcmp(record_id_format(ids, output, n, 0, id), text) != 0)
    return LEDGER_OTHER_ID;
  *ret_number = n;
  return LEDGER_OWN_ID;
}

bool
record_id_precedes(const char *id, const char *other)
{
  const char *number = strrchr(id, '-'), *other_number = strrchr(other, '-');
  size_t len, other_len;

  if (!number || !other_number || number - id != other_number - other ||
      memcmp(id, other, (size_t)(number - id)) != 0)
    return false;
  len = strlen(number);
  other_len = strlen(other_number);
  return len != other_len ? len < other_len : strcmp(number, other_number) < 0;
}
