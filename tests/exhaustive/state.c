/* Conversion and packing of states. */
#include "tests/exhaustive/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger/record_id.h"
#include "lib/array.h"

/* The unit of all values, and one to which it does not convert. */
static const char *const units[] = { NULL, "GJ", "m3" };

static const char *
unit_of(int64_t code)
{
  static const char *interned[ARRAY_SIZE(units)];

  if (units[code] && !interned[code])
    interned[code] = value_intern(units[code]);
  return interned[code];
}

static int64_t
unit_code(const char *unit)
{
  if (!unit)
    return 0;
  return unit == unit_of(1) ? 1 : 2;
}

#define SERIALS 4096

const char *
state_serial(int64_t serial)
{
  static const char *texts[SERIALS];
  char text[32];

  if (serial <= 0 || serial >= SERIALS)
    return NULL;
  if (!texts[serial]) {
    snprintf(text, sizeof(text), "S%d", (int)serial);
    texts[serial] = value_intern(text);
  }
  return texts[serial];
}

/* ---- Values ---- */

static void
fail_number(struct mp_decimal d)
{
  fprintf(stderr, "%lld * 10^%d is no multiple of 10^%d\n", (long long)d.coef,
          (int)d.exp10, WORLD_PLACE);
  abort();
}

int64_t
world_number(struct mp_decimal d)
{
  while (d.coef != 0 && d.exp10 > WORLD_PLACE) {
    d.coef *= 10;
    d.exp10--;
  }
  while (d.coef != 0 && d.exp10 < WORLD_PLACE && d.coef % 10 == 0) {
    d.coef /= 10;
    d.exp10++;
  }
  if (d.coef != 0 && d.exp10 != WORLD_PLACE)
    fail_number(d);
  return d.coef;
}

static struct mp_decimal
decimal_of(int64_t number)
{
  return (struct mp_decimal){ number, WORLD_PLACE };
}

struct mp_decimal
state_step(int64_t step)
{
  struct mp_decimal d = { step, step ? WORLD_PLACE : 0 };

  for (; step && d.coef % 10 == 0; d.exp10++)
    d.coef /= 10;
  return d;
}

/* The first byte of the UUID is the number; record_id.c makes the rest. */
void
state_format_uuid(int64_t state, char buf[STATE_UUID])
{
  uint8_t bytes[16];

  memset(bytes, (int)state, sizeof(bytes));
  record_id_make_uuid(bytes, buf);
}

int64_t
state_of_uuid(const char *text)
{
  char digits[] = { text[0], text[1], '\0' };

  return strtol(digits, NULL, 16);
}

static char *
id_text(int64_t state, int64_t record)
{
  struct record_ids ids = { .from = 0 };
  char text[RECORD_ID];

  state_format_uuid(state, ids.uuid);
  return strdup(record_id_format(&ids, "", record, 0, text));
}

static int64_t
read_number(const char *text)
{
  int64_t number = 0;

  for (; *text; text++)
    number = number * 10 + (*text - '0');
  return number;
}

void
state_put_value(struct entry_value *to, const struct value *from)
{
  *to = (struct entry_value){ .kind = from->kind };
  if (from->kind == 0)
    return;
  to->number = world_number(from->number);
  to->serial = from->serial ? read_number(from->serial + 1) : 0;
  to->unit = unit_code(from->unit);
}

void
state_get_value(struct value *to, const struct entry_value *from)
{
  *to = (struct value){ .kind = (uint32_t)from->kind };
  if (from->kind == 0)
    return;
  to->number = decimal_of(from->number);
  to->serial = state_serial(from->serial);
  to->unit = unit_of(from->unit);
}

/* By hand, because each run does it several times. */
void
state_format_time(int64_t time, char buf[STATE_TIME_TEXT])
{
  char digits[STATE_TIME_TEXT];
  size_t n = 0;

  do
    digits[n++] = (char)('0' + time % 10);
  while ((time /= 10) > 0);
  while (n > 0)
    *buf++ = digits[--n];
  *buf = '\0';
}

static void
put_shown(struct entry_shown *to, const struct ledger_displayed *from)
{
  to->known = from->known;
  state_put_value(&to->value, &from->value);
  to->time = from->updated ? read_number(from->updated) : 0;
  to->id = from->id;
  to->record = from->id_number;
  if (from->other_id) {
    to->state = state_of_uuid(from->other_id);
    to->record = read_number(strrchr(from->other_id, '-') + 1);
  }
}

static void
get_shown(struct ledger_displayed *to, const struct entry_shown *from)
{
  char text[STATE_TIME_TEXT];

  to->known = from->known;
  to->place = MP_EXACT;
  state_get_value(&to->value, &from->value);
  to->id = (enum ledger_id)from->id;
  if (from->state)
    to->other_id = id_text(from->state, from->record);
  else
    to->id_number = from->record;
  if (from->time == 0)
    return;
  state_format_time(from->time, text);
  to->updated = strdup(text);
}

/* ---- Ledgers and readings ---- */

/* A place is kept plus this; 0: MP_EXACT. */
#define PLACES 1000

void
entry_put(struct entry *to, const struct ledger *from)
{
  *to = (struct entry){ .present = 1,
                        .kind = from->kind,
                        .unit = unit_code(from->unit),
                        .rebase = from->rebase,
                        .was_sent = from->sent_ms > 0,
                        .record = from->sent_record,
                        .acknowledged_record = from->acknowledged_record,
                        .last_record = from->last_record,
                        .remainder = world_number(from->remainder),
                        .has_step = from->step.coef > 0 };
  if (from->acknowledged_place != MP_EXACT)
    to->place = from->acknowledged_place + PLACES;
  if (to->has_step)
    to->step = world_number(from->step);
  state_put_value(&to->acknowledged, &from->acknowledged);
  state_put_value(&to->sent, &from->sent);
  state_put_value(&to->sent_from, &from->sent_from);
  state_put_value(&to->pending, &from->pending);
  put_shown(&to->acknowledged_over, &from->acknowledged_over);
  put_shown(&to->sent_over, &from->sent_over);
  put_shown(&to->taken, &from->taken);
}

void
entry_get(struct ledger *to, const struct entry *from)
{
  to->kind = (uint32_t)from->kind;
  to->unit = unit_of(from->unit);
  to->rebase = from->rebase != 0;
  to->sent_ms = from->was_sent;
  to->sent_record = from->record;
  to->acknowledged_record = from->acknowledged_record;
  to->last_record = from->last_record;
  to->remainder = decimal_of(from->remainder);
  to->acknowledged_place =
    from->place ? (int32_t)(from->place - PLACES) : MP_EXACT;
  if (from->has_step)
    to->step = state_step(from->step);
  state_get_value(&to->acknowledged, &from->acknowledged);
  state_get_value(&to->sent, &from->sent);
  state_get_value(&to->sent_from, &from->sent_from);
  state_get_value(&to->pending, &from->pending);
  get_shown(&to->acknowledged_over, &from->acknowledged_over);
  get_shown(&to->sent_over, &from->sent_over);
  get_shown(&to->taken, &from->taken);
}

void
entry_put_reading(struct entry_reading *to, const struct reading *from)
{
  *to = (struct entry_reading){ .present = 1,
                                .is_candidate = from->is_candidate,
                                .reported = from->reported };
  state_put_value(&to->believed, &from->believed);
  state_put_value(&to->unconfirmed, &from->unconfirmed);
}

void
entry_get_reading(struct reading *to, const struct entry_reading *from)
{
  to->is_candidate = from->is_candidate != 0;
  to->reported = from->reported != 0;
  state_get_value(&to->believed, &from->believed);
  state_get_value(&to->unconfirmed, &from->unconfirmed);
}

/* ---- Packing ---- */

#define NUMBERS (sizeof(struct state) / sizeof(int64_t))
#define NUMBERS_WITHOUT_OLDER (offsetof(struct state, older) / sizeof(int64_t))

static uint8_t *
put_varint(uint8_t *to, uint64_t n)
{
  for (; n >= 128; n >>= 7)
    *to++ = (uint8_t)(n | 128);
  *to++ = (uint8_t)n;
  return to;
}

static const uint8_t *
get_varint(const uint8_t *from, uint64_t *ret)
{
  unsigned shift = 0;

  *ret = 0;
  do
    *ret |= (uint64_t)(*from & 127) << shift;
  while (shift += 7, *from++ & 128);
  return from;
}

/* Small negative numbers become small, too. */
static uint64_t
zigzag(int64_t n)
{
  return (uint64_t)n << 1 ^ (uint64_t)(n >> 63);
}

/* Returns how many of the next numbers, at most MOST, are 0. */
static size_t
count_zeros(const int64_t *numbers, size_t most)
{
  size_t n = 0;

  while (n + 4 <= most &&
         (numbers[n] | numbers[n + 1] | numbers[n + 2] | numbers[n + 3]) == 0)
    n += 4;
  while (n < most && numbers[n] == 0)
    n++;
  return n;
}

/* Zeros at the end are left out. */
size_t
state_pack(const struct state *s, uint8_t *bytes)
{
  const int64_t *numbers = (const int64_t *)s;
  size_t n = s->has_older ? NUMBERS : NUMBERS_WITHOUT_OLDER;
  uint8_t *to = bytes;

  for (size_t i = 0; i < n;) {
    size_t zeros = count_zeros(numbers + i, n - i);

    if (zeros == n - i)
      break;
    if (zeros > 0) {
      *to++ = 0;
      to = put_varint(to, zeros);
      i += zeros;
    } else
      to = put_varint(to, zigzag(numbers[i++]));
  }
  return (size_t)(to - bytes);
}

void
state_unpack(struct state *s, const uint8_t *bytes, size_t size)
{
  const uint8_t *end = bytes + size;
  int64_t *numbers = (int64_t *)s;
  uint64_t n;

  memset(s, 0, sizeof(*s));
  for (size_t i = 0; bytes < end && i < NUMBERS;) {
    bytes = get_varint(bytes, &n);
    if (n == 0) {
      bytes = get_varint(bytes, &n);
      i += n;
    } else
      numbers[i++] = (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
  }
}
