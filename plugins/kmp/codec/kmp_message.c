/*
 * KMP messages: encodes and decodes the data of a frame, command by command.
 */
#include "plugins/kmp/codec/kmp_message.h"

#define RECORD_HEADER 5
#define TYPE_SIZE 4
#define SERIAL_SIZE 4

static uint16_t
get16(const uint8_t *p)
{
  return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
  return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void
put16(uint8_t *p, uint16_t n)
{
  p[0] = (uint8_t)(n >> 8);
  p[1] = (uint8_t)(n & 0xff);
}

size_t
kmp_request_encode(const struct kmp_request *request, uint8_t *wire,
                   size_t size)
{
  uint8_t data[1 + 2 * KMP_REGISTERS_MAX];
  struct kmp_frame frame = { .start = KMP_START_REQUEST,
                             .address = request->address,
                             .cid = request->cid,
                             .data = data };

  switch (request->cid) {
  case KMP_GET_TYPE:
  case KMP_GET_SERIAL:
    return kmp_frame_encode(&frame, wire, size);
  case KMP_GET_REGISTER:
    if (request->count < 1 || request->count > KMP_REGISTERS_MAX ||
        kmp_request_has(request, KMP_REGISTER_PASSWORD))
      return 0;
    data[0] = request->count;
    for (uint8_t i = 0; i < request->count; i++)
      put16(data + 1 + 2 * i, request->ids[i]);
    frame.len = 1 + 2 * (size_t)request->count;
    return kmp_frame_encode(&frame, wire, size);
  default:
    return 0;
  }
}

static int
decode_ids(const struct kmp_frame *frame, struct kmp_request *request)
{
  size_t n;

  if (frame->len < 1)
    return KMP_ELENGTH;
  n = frame->data[0];
  if (n < 1 || n > KMP_REGISTERS_MAX)
    return KMP_ECOUNT;
  if (frame->len != 1 + 2 * n)
    return KMP_ELENGTH;
  for (size_t i = 0; i < n; i++) {
    uint16_t id = get16(frame->data + 1 + 2 * i);

    if (kmp_request_has(request, id))
      return KMP_EDUPLICATE;
    request->ids[request->count++] = id;
  }
  return KMP_OK;
}

int
kmp_request_decode(const struct kmp_frame *frame, struct kmp_request *ret)
{
  struct kmp_request request = { .address = frame->address, .cid = frame->cid };
  int r = KMP_OK;

  if (frame->start != KMP_START_REQUEST)
    return KMP_EDIRECTION;
  if (frame->cid == KMP_GET_REGISTER)
    r = decode_ids(frame, &request);
  else if (frame->cid == KMP_GET_TYPE || frame->cid == KMP_GET_SERIAL)
    r = frame->len == 0 ? KMP_OK : KMP_ELENGTH;
  if (r != KMP_OK)
    return r;
  *ret = request;
  return KMP_OK;
}

/* kmp_record_decode, inline because a replay has millions of records. */
static inline int
decode_record(const uint8_t *data, size_t len, size_t *offset,
              struct kmp_record *ret)
{
  const uint8_t *p = data + *offset;
  size_t left = len - *offset;

  if (left < RECORD_HEADER)
    return KMP_ERECORD;
  if (p[3] > KMP_MANTISSA_MAX)
    return KMP_EMANTISSA;
  if (left - RECORD_HEADER < p[3])
    return KMP_ERECORD;
  ret->id = get16(p);
  ret->unit = p[2];
  ret->nob = p[3];
  ret->siex = p[4];
  ret->mantissa = p + RECORD_HEADER;
  *offset += RECORD_HEADER + (size_t)p[3];
  return KMP_OK;
}

int
kmp_record_decode(const uint8_t *data, size_t len, size_t *offset,
                  struct kmp_record *ret)
{
  return decode_record(data, len, offset, ret);
}

const struct kmp_record *
kmp_answer_find(const struct kmp_answer *answer, uint16_t id)
{
  for (uint8_t i = 0; i < answer->count; i++)
    if (answer->records[i].id == id)
      return &answer->records[i];
  return NULL;
}

/* Keeps RECORD, which is in its place after the records before it, or only
 * counts it when it was not requested.  Returns KMP_OK, KMP_EDUPLICATE or
 * KMP_ECOUNT. */
static int
take_record(struct kmp_answer *answer, const struct kmp_request *request,
            const struct kmp_record *record)
{
  if (request && !kmp_request_has(request, record->id)) {
    if (answer->surplus == 0)
      answer->surplus_id = record->id;
    if (answer->surplus < UINT8_MAX)
      answer->surplus++;
    return KMP_OK;
  }
  if (kmp_answer_find(answer, record->id))
    return KMP_EDUPLICATE;
  if (answer->count == KMP_REGISTERS_MAX)
    return KMP_ECOUNT;
  answer->count++;
  return KMP_OK;
}

/* Returns true if ID is the next register of the request.  A meter answers in
 * the order of the request, whose registers are distinct; so as long as this
 * holds, no record needs to be looked for. */
static bool
is_next(const struct kmp_answer *answer, const struct kmp_request *request,
        uint16_t id)
{
  return answer->count < request->count && request->ids[answer->count] == id;
}

static int
decode_records(const struct kmp_frame *frame, const struct kmp_request *request,
               struct kmp_answer *answer)
{
  bool in_order = request;
  size_t offset = 0;

  while (offset < frame->len) {
    struct kmp_record *record = &answer->records[answer->count];
    int r = decode_record(frame->data, frame->len, &offset, record);

    if (r != KMP_OK)
      return r;
    in_order = in_order && is_next(answer, request, record->id);
    if (in_order)
      answer->count++;
    else
      r = take_record(answer, request, record);
    if (r != KMP_OK)
      return r;
  }
  if (answer->count == 0 && answer->surplus > 0)
    return KMP_EOTHER;
  return KMP_OK;
}

static int
decode_data(const struct kmp_frame *frame, const struct kmp_request *request,
            struct kmp_answer *answer)
{
  switch (frame->cid) {
  case KMP_GET_TYPE:
    if (frame->len != TYPE_SIZE)
      return KMP_ELENGTH;
    answer->type = get16(frame->data);
    answer->revision[0] = frame->data[2];
    answer->revision[1] = frame->data[3];
    return KMP_OK;
  case KMP_GET_SERIAL:
    if (frame->len != SERIAL_SIZE)
      return KMP_ELENGTH;
    answer->serial = get32(frame->data);
    return KMP_OK;
  case KMP_GET_REGISTER:
    return decode_records(frame, request, answer);
  default:
    return KMP_OK;
  }
}

int
kmp_answer_decode(const struct kmp_frame *frame,
                  const struct kmp_request *request, struct kmp_answer *ret)
{
  if (frame->start != KMP_START_ANSWER)
    return KMP_EDIRECTION;
  if (request && frame->address != request->address)
    return KMP_EADDRESS;
  if (request && frame->cid != request->cid)
    return KMP_ECID;
  ret->cid = frame->cid;
  ret->count = 0;
  ret->surplus = 0;
  ret->surplus_id = 0;
  ret->type = 0;
  ret->revision[0] = ret->revision[1] = 0;
  ret->serial = 0;
  return decode_data(frame, request, ret);
}

/* True if the answer has all requested registers, and no others. */
static bool
is_complete(const struct kmp_frame *frame, const struct kmp_request *request)
{
  struct kmp_answer answer;

  return request && kmp_answer_decode(frame, request, &answer) == KMP_OK &&
         answer.count == request->count && answer.surplus == 0;
}

bool
kmp_answer_is_cut(const struct kmp_frame *frame,
                  const struct kmp_request *request, const uint8_t *rest,
                  size_t len)
{
  return kmp_is_trailing(rest, len) && len > KMP_STRAY_MAX &&
         !is_complete(frame, request);
}
