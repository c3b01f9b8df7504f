/*
 * KMP frames in words.
 *
 * Requests of the loggers in 601 modules and the 801 (A0 to A3):
 *
 *     LL NN II II.. RR XX          L log   N number of registers, I their ids
 *       A0  + TT*8                 R records wanted   X longest answer
 *       A2  + record(2)            T info weekday ss mm hh DD MM YY
 *       A3  + TT*8 offset(2)
 *
 * and answers, where only the first record names its registers:
 *
 *     LL NN  record(2) (II II UU NN SS MM..)*N
 *            (record(2) (MM..)*N)*
 *            last-read(2) newest(2) info(1)
 */
#include "tests/plugins/kmp/codec/kmp_describe.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/codec/kmp_unit.h"
#include "plugins/kmp/codec/kmp_value.h"

#define LOG_TIME_SIZE 8
#define LOG_TAIL_SIZE 5
#define EVENT_STATUS_SIZE 4
#define CLEAR_MASKS_SIZE 8
/* Subcommands of B8. */
#define LOGGER_CONFIGURATION 0x05
#define LOGGER_FROM_ID 0x06
#define LOGGER_FROM_NEWEST 0x07

/* A text that grows up to the size of its buffer. */
struct text {
  char *buf;
  size_t size;
  size_t len;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *t, const char *fmt, ...)
{
  va_list args;
  int n;

  if (t->len + 1 >= t->size)
    return;
  va_start(args, fmt);
  n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, args);
  va_end(args);
  if (n > 0)
    t->len += (size_t)n;
  if (t->len >= t->size)
    t->len = t->size - 1;
}

/* A frame's data, read from POS on. */
struct reader {
  const uint8_t *data;
  size_t len;
  size_t pos;
  bool short_of; /* more bytes were needed than left */
};

static const uint8_t *
take_bytes(struct reader *r, size_t n)
{
  const uint8_t *p = r->data + r->pos;

  if (r->len - r->pos < n) {
    r->short_of = true;
    return NULL;
  }
  r->pos += n;
  return p;
}

static uint32_t
take_uint(struct reader *r, size_t n)
{
  const uint8_t *p = take_bytes(r, n);
  uint32_t value = 0;

  for (size_t i = 0; p && i < n; i++)
    value = value << 8 | p[i];
  return value;
}

static int
finished(const struct reader *r)
{
  return r->short_of || r->pos != r->len ? KMP_ELENGTH : KMP_OK;
}

static void
add_hex(struct text *t, const uint8_t *data, size_t len)
{
  for (size_t i = 0; i < len; i++)
    add(t, "%02X", data[i]);
}

/* Appends "60=55.006 MWh" or "1002=20:02:43 (raw 200243)". */
static void
add_record(struct text *t, const struct kmp_record *record)
{
  const struct kmp_unit *unit = kmp_unit_find(record->unit);
  char number[KMP_FORMAT_SIZE] = "";
  struct kmp_value value;
  int64_t raw;
  int r;

  add(t, "%u=", (unsigned)record->id);
  r = kmp_value_decode(record, &value);
  if (r != KMP_OK) {
    add(t, "(%s)", kmp_error_text(r));
    return;
  }
  kmp_value_format(&value, number, sizeof(number));
  add(t, "%s", value.form == KMP_FORM_NONE ? "none" : number);
  if (value.form == KMP_FORM_NUMBER && value.unit)
    add(t, " %s", value.unit);
  if (kmp_value_has_unknown_unit(record))
    add(t, " (unit code %02X)", record->unit);
  if (unit && unit->layout >= KMP_LAYOUT_HMS && unit->layout <= KMP_LAYOUT_MD &&
      kmp_mantissa_decode(record, &raw) == KMP_OK)
    add(t, " (raw %" PRId64 ")", raw);
}

static int
describe_registers(struct text *t, const struct kmp_frame *frame)
{
  const char *separator = " ";
  size_t offset = 0;

  add(t, " GetRegister");
  while (offset < frame->len) {
    struct kmp_record record;
    int r = kmp_record_decode(frame->data, frame->len, &offset, &record);

    if (r != KMP_OK)
      return r;
    add(t, "%s", separator);
    add_record(t, &record);
    separator = "; ";
  }
  return KMP_OK;
}

static int
describe_answer(struct text *t, const struct kmp_frame *frame)
{
  struct kmp_answer answer;
  int r;

  r = kmp_answer_decode(frame, NULL, &answer);
  if (r != KMP_OK)
    return r;
  if (frame->cid == KMP_GET_SERIAL)
    add(t, " GetSerialNo serial=%" PRIu32, answer.serial);
  else if (answer.revision[0] >= 1 && answer.revision[0] <= 26)
    add(t, " GetType type=%04X swrev=%c%u", answer.type,
        'A' + answer.revision[0] - 1, (unsigned)answer.revision[1]);
  else
    add(t, " GetType type=%04X", answer.type);
  return KMP_OK;
}

static int
describe_request(struct text *t, const struct kmp_frame *frame)
{
  struct kmp_request request;
  int r;

  r = kmp_request_decode(frame, &request);
  if (r != KMP_OK)
    return r;
  if (frame->cid == KMP_GET_TYPE)
    add(t, " GetType");
  else if (frame->cid == KMP_GET_SERIAL)
    add(t, " GetSerialNo");
  else
    add(t, " GetRegister n=%u", (unsigned)request.count);
  for (uint8_t i = 0; i < request.count; i++)
    add(t, "%s%u", i == 0 ? " ids=" : ",", (unsigned)request.ids[i]);
  return KMP_OK;
}

static int
describe_set_clock(struct text *t, const struct kmp_frame *frame)
{
  struct reader r = { .data = frame->data, .len = frame->len };
  uint32_t date = take_uint(&r, 4);
  uint32_t time = take_uint(&r, 4);

  add(t, " SetClock date=%06" PRIu32 " time=%06" PRIu32, date, time);
  return finished(&r);
}

static int
describe_clear_status(struct text *t, const struct kmp_frame *frame)
{
  /* ES2 bit 0: the interval log has unread records. */
  static const uint8_t interval_log[CLEAR_MASKS_SIZE] = { 0, 0, 1 };

  if (frame->len != CLEAR_MASKS_SIZE)
    return KMP_ELENGTH;
  if (memcmp(frame->data, interval_log, sizeof(interval_log)) == 0) {
    add(t, " clear interval-log flag conditionally");
    return KMP_OK;
  }
  add(t, " ClearEventStatus masks=");
  add_hex(t, frame->data, frame->len);
  return KMP_OK;
}

static int
describe_get_status(struct text *t, const struct kmp_frame *frame)
{
  bool request = frame->start == KMP_START_REQUEST;

  if (frame->len != (request ? 0u : EVENT_STATUS_SIZE))
    return KMP_ELENGTH;
  add(t, " GetEventStatus");
  if (request)
    return KMP_OK;
  add(t, " status=");
  add_hex(t, frame->data, frame->len);
  return KMP_OK;
}

/* The vendor's table prints the time year first, its examples info first; a
 * clock register of a real meter agrees with the examples. */
static void
add_log_time(struct text *t, struct reader *r)
{
  const uint8_t *p = take_bytes(r, LOG_TIME_SIZE);

  if (p)
    add(t, " time=20%02u-%02u-%02u %02u:%02u:%02u", p[7], p[6], p[5], p[4],
        p[3], p[2]);
}

static int
describe_log_request(struct text *t, const struct kmp_frame *frame)
{
  struct reader r = { .data = frame->data, .len = frame->len };
  uint32_t count, records;

  add(t, " log=%" PRIu32, take_uint(&r, 1));
  count = take_uint(&r, 1);
  if (count < 1 || count > KMP_REGISTERS_MAX)
    return KMP_ECOUNT;
  for (uint32_t i = 0; i < count; i++)
    add(t, "%s%" PRIu32, i == 0 ? " ids=" : ",", take_uint(&r, 2));
  records = take_uint(&r, 1);
  add(t, " records=%" PRIu32 " maxl=%" PRIu32, records, take_uint(&r, 1));
  if (frame->cid == KMP_GET_LOG_TIME_PRESENT ||
      frame->cid == KMP_GET_LOG_TIME_PAST)
    add_log_time(t, &r);
  if (frame->cid == KMP_GET_LOG_ID_PRESENT)
    add(t, " from record %04" PRIX32, take_uint(&r, 2));
  if (frame->cid == KMP_GET_LOG_TIME_PAST)
    add(t, " offset=%" PRIu32, take_uint(&r, 2));
  return finished(&r);
}

/* Appends a record after the first: only values, in the layout of the first. */
static int
add_log_values(struct text *t, struct reader *r, const struct kmp_record *first,
               size_t count)
{
  for (size_t i = 0; i < count; i++) {
    char number[KMP_FORMAT_SIZE] = "";
    struct kmp_record record = first[i];
    struct kmp_value value;
    int error;

    record.mantissa = take_bytes(r, record.nob);
    if (!record.mantissa)
      return KMP_ERECORD;
    error = kmp_value_decode(&record, &value);
    if (error != KMP_OK)
      return error;
    kmp_value_format(&value, number, sizeof(number));
    add(t, "%s%u=%s", i == 0 ? " " : ", ", (unsigned)record.id, number);
  }
  return KMP_OK;
}

static int
add_log_first(struct text *t, struct reader *r, struct kmp_record *first,
              size_t count)
{
  for (size_t i = 0; i < count; i++) {
    int error = kmp_record_decode(r->data, r->len, &r->pos, &first[i]);

    if (error != KMP_OK)
      return error;
    add(t, "%s", i == 0 ? " " : ", ");
    add_record(t, &first[i]);
  }
  return KMP_OK;
}

static int
describe_log_answer(struct text *t, const struct kmp_frame *frame)
{
  struct reader r = { .data = frame->data, .len = frame->len };
  struct kmp_record first[KMP_REGISTERS_MAX];
  uint32_t last, newest, log = take_uint(&r, 1);
  size_t count = take_uint(&r, 1);
  int error = KMP_OK;
  bool named = false;

  add(t, " log=%" PRIu32 " regs=%zu", log, count);
  if (count > KMP_REGISTERS_MAX)
    return KMP_ECOUNT;
  while (error == KMP_OK && r.len - r.pos > LOG_TAIL_SIZE) {
    add(t, "; record %04" PRIX32 ":", take_uint(&r, 2));
    error = named ? add_log_values(t, &r, first, count)
                  : add_log_first(t, &r, first, count);
    named = true;
  }
  if (error != KMP_OK)
    return error;
  last = take_uint(&r, 2);
  newest = take_uint(&r, 2);
  add(t, "; last read %04" PRIX32 ", newest %04" PRIX32 ", info %02" PRIX32,
      last, newest, take_uint(&r, 1));
  return finished(&r);
}

/* Checks that a request's list of registers ends with the data. */
static int
check_logger_request(const struct kmp_frame *frame)
{
  struct reader r = { .data = frame->data, .len = frame->len };
  uint32_t sub = take_uint(&r, 1);

  take_bytes(&r, 1); /* type of the logger */
  if (sub == LOGGER_CONFIGURATION)
    return finished(&r);
  if (sub != LOGGER_FROM_ID && sub != LOGGER_FROM_NEWEST)
    return KMP_OK;
  take_bytes(&r, sub == LOGGER_FROM_ID ? 4 : 2); /* where to begin */
  take_bytes(&r, 2);                             /* entries */
  take_bytes(&r, 2 * take_uint(&r, 1));
  return finished(&r);
}

/* Appends the data of commands that are not decoded further. */
static int
describe_data(struct text *t, const struct kmp_frame *frame)
{
  if (frame->cid == KMP_LOGGER && frame->start == KMP_START_REQUEST) {
    int r = check_logger_request(frame);

    if (r != KMP_OK)
      return r;
  }
  add(t, " data=");
  add_hex(t, frame->data, frame->len);
  return KMP_OK;
}

static int
describe_command(struct text *t, const struct kmp_frame *frame)
{
  bool request = frame->start == KMP_START_REQUEST;

  switch (frame->cid) {
  case KMP_GET_TYPE:
  case KMP_GET_SERIAL:
    return request ? describe_request(t, frame) : describe_answer(t, frame);
  case KMP_GET_REGISTER:
    return request ? describe_request(t, frame) : describe_registers(t, frame);
  case KMP_SET_CLOCK:
    return describe_set_clock(t, frame);
  case KMP_GET_EVENT_STATUS:
    return describe_get_status(t, frame);
  case KMP_CLEAR_EVENT_STATUS:
    return request ? describe_clear_status(t, frame)
                   : describe_get_status(t, frame);
  case KMP_GET_LOG_TIME_PRESENT:
  case KMP_GET_LOG_LAST_PRESENT:
  case KMP_GET_LOG_ID_PRESENT:
  case KMP_GET_LOG_TIME_PAST:
    return request ? describe_log_request(t, frame)
                   : describe_log_answer(t, frame);
  default:
    return describe_data(t, frame);
  }
}

int
kmp_describe(const struct kmp_frame *frame, char *buf, size_t size)
{
  struct text t = { .buf = buf, .size = size };
  int r;

  if (size == 0)
    return KMP_ESIZE;
  buf[0] = '\0';
  add(&t, "addr=%02X cid=%02X", frame->address, frame->cid);
  r = describe_command(&t, frame);
  if (r != KMP_OK)
    buf[0] = '\0';
  return r;
}
