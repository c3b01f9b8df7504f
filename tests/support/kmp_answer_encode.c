/* Encodes the answers of a meter. */
#include "tests/support/kmp_answer_encode.h"

/* Eight records, each with a header of five bytes and the longest mantissa. */
#define DATA_MAX (KMP_REGISTERS_MAX * (5 + KMP_MANTISSA_MAX))

struct data {
  size_t len;
  uint8_t bytes[DATA_MAX];
};

static void
put(struct data *d, uint32_t n, int bytes)
{
  while (bytes-- > 0)
    d->bytes[d->len++] = (uint8_t)(n >> 8 * bytes);
}

/* Encodes the records one after the other.  Returns false if there are too many
 * or a mantissa is too long. */
static bool
put_records(struct data *d, const struct kmp_answer *answer)
{
  if (answer->count > KMP_REGISTERS_MAX)
    return false;
  for (uint8_t i = 0; i < answer->count; i++) {
    const struct kmp_record *record = &answer->records[i];

    if (record->nob > KMP_MANTISSA_MAX)
      return false;
    put(d, record->id, 2);
    put(d, record->unit, 1);
    put(d, record->nob, 1);
    put(d, record->siex, 1);
    for (uint8_t k = 0; k < record->nob; k++)
      put(d, record->mantissa[k], 1);
  }
  return true;
}

size_t
kmp_answer_encode(uint8_t address, const struct kmp_answer *answer,
                  uint8_t *wire, size_t size)
{
  struct data data = { 0 };
  struct kmp_frame frame = { .start = KMP_START_ANSWER,
                             .address = address,
                             .cid = answer->cid,
                             .data = data.bytes };

  switch (answer->cid) {
  case KMP_GET_TYPE:
    put(&data, answer->type, 2);
    put(&data, answer->revision[0], 1);
    put(&data, answer->revision[1], 1);
    break;
  case KMP_GET_SERIAL:
    put(&data, answer->serial, 4);
    break;
  case KMP_GET_REGISTER:
    if (!put_records(&data, answer))
      return 0;
    break;
  default:
    return 0;
  }
  frame.len = data.len;
  return kmp_frame_encode(&frame, wire, size);
}
