/*
 * The mistakes that an emulated meter, its head and its line can make.
 *
 * Random numbers in them depend only on the seed and the number of the request,
 * so that a test sees the same bytes each time.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/emulator/meter_impl.h"

/* In the order in which they are applied: first to the records of the answer,
 * then to its bytes. */
enum {
  LIMIT,
  REFUSE,
  UNKNOWN,
  IGNORE,
  SILENT,
  SECOND,
  MISSING,
  SURPLUS,
  EMPTY,
  ADDRESS,
  COMMAND,
  PREVIOUS,
  CRC,
  STOP,
  GARBAGE,
  ZERO,
  FLIP,
  DROP,
  INSERT,
  TRUNCATE,
  DOUBLE,
  STRAY,
  NOISE,
  ECHO,
  LATE,
  UNPLUG,
};

static const struct {
  const char *name;
  long n; /* the default */
  const char *what;
} kinds[] = {
  [LIMIT] = { "limit", 4, "no reply to requests for more than N registers" },
  [REFUSE] = { "refuse", 60, "no reply to requests that contain register N" },
  [UNKNOWN] = { "unknown", 0,
                "no reply to requests for registers that it does not have" },
  [IGNORE] = { "ignore", 1, "no reply to command N" },
  [SILENT] = { "silent", 0, "no reply to the first N requests, or to all" },
  [SECOND] = { "second", 0, "replies to every second request only" },
  [MISSING] = { "missing", 60, "leaves out register N" },
  [SURPLUS] = { "surplus", 999, "adds register N" },
  [EMPTY] = { "empty", 0, "leaves out all registers" },
  [ADDRESS] = { "address", 0x7f, "replies with address N" },
  [COMMAND] = { "command", 0x11, "replies with command N" },
  [PREVIOUS] = { "previous", 0, "sends the reply to the previous request" },
  [CRC] = { "crc", 0, "a wrong CRC" },
  [STOP] = { "stop", 0, "a stop byte too early, before the first register" },
  [GARBAGE] = { "garbage", 20, "N random bytes in place of the reply" },
  [ZERO] = { "zero", 20, "N bytes 00 in place of the reply" },
  [FLIP] = { "flip", 1, "N flipped bits" },
  [DROP] = { "drop", 3, "every Nth byte is lost" },
  [INSERT] = { "insert", 3, "an extra byte after every N bytes" },
  [TRUNCATE] = { "truncate", 10, "only the first N bytes" },
  [DOUBLE] = { "double", 0, "the reply twice" },
  [STRAY] = { "stray", 1, "N bytes FF, 0A, 0D ... after the reply" },
  [NOISE] = { "noise", 5, "N random bytes before the reply" },
  [ECHO] = { "echo", 0, "sends every received byte back" },
  [LATE] = { "late", 2500, "replies N ms later" },
  [UNPLUG] = { "unplug", 10, "the port is gone after N bytes" },
};

const char *
meter_fault_kind(size_t index, const char **ret_what)
{
  if (index >= ARRAY_SIZE(kinds))
    return NULL;
  *ret_what = kinds[index].what;
  return kinds[index].name;
}

void
meter_faults_copy(struct meter_faults *to, const struct meter_faults *from)
{
  to->count = from->count;
  to->seed = from->seed;
  memcpy(to->orders, from->orders, sizeof(to->orders));
}

int
meter_faults_add(struct meter_faults *faults, const char *text)
{
  size_t len = strcspn(text, "=*");
  const char *rest = text + len;
  struct meter_order order = { .times = -1 };
  char *end;

  for (order.kind = 0; order.kind < (int)ARRAY_SIZE(kinds); order.kind++)
    if (strlen(kinds[order.kind].name) == len &&
        memcmp(kinds[order.kind].name, text, len) == 0)
      break;
  if (order.kind == (int)ARRAY_SIZE(kinds) || faults->count == METER_FAULTS)
    return -1;
  order.n = kinds[order.kind].n;
  if (*rest == '=') {
    order.n = strtol(rest + 1, &end, 0);
    if (end == rest + 1 || order.n < 0)
      return -1;
    rest = end;
  }
  if (*rest == '*') {
    order.times = strtol(rest + 1, &end, 0);
    if (end == rest + 1 || order.times < 0)
      return -1;
    rest = end;
  }
  if (*rest != '\0')
    return -1;
  /* "silent=2" is another way to say "silent*2". */
  if (order.kind == SILENT && order.n > 0)
    order.times = order.n;
  faults->orders[faults->count++] = order;
  return 0;
}

/* Returns true if KIND is ordered for this answer, and its N. */
static bool
fault_is_ordered(const struct meter_faults *faults, int kind, long *ret_n)
{
  for (size_t i = 0; i < faults->count; i++) {
    if (faults->orders[i].kind == kind && faults->orders[i].times != 0) {
      *ret_n = faults->orders[i].n;
      return true;
    }
  }
  return false;
}

static void
count_down(struct meter_faults *faults)
{
  for (size_t i = 0; i < faults->count; i++)
    if (faults->orders[i].times > 0)
      faults->orders[i].times--;
}

/* xorshift32: gives the same numbers on every platform. */
static uint32_t
random_next(uint32_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static void
keep_every(struct meter_bytes *bytes, long n)
{
  struct meter_bytes kept = { .len = 0 };

  for (size_t i = 0; i < bytes->len; i++)
    if (n < 1 || (i + 1) % (size_t)n != 0)
      meter_put(&kept, bytes->buf[i]);
  *bytes = kept;
}

static void
insert_every(struct meter_bytes *bytes, long n, uint32_t *state)
{
  struct meter_bytes more = { .len = 0 };

  for (size_t i = 0; i < bytes->len; i++) {
    meter_put(&more, bytes->buf[i]);
    if (n > 0 && (i + 1) % (size_t)n == 0)
      meter_put(&more, (uint8_t)random_next(state));
  }
  *bytes = more;
}

static void
put_noise(struct meter_bytes *bytes, long n, uint32_t *state)
{
  while (n-- > 0)
    meter_put(bytes, (uint8_t)(random_next(state) >> 8));
}

/* Appends bytes that heads, bridges and drivers are known to add. */
static void
put_stray(struct meter_bytes *bytes, long n)
{
  static const uint8_t stray[] = { 0xff, 0x0a, 0x0d };

  for (long i = 0; i < n; i++)
    meter_put(bytes, stray[i % (long)sizeof(stray)]);
}

static void
put_all(struct meter_bytes *bytes, const struct meter_bytes *more)
{
  for (size_t i = 0; i < more->len; i++)
    meter_put(bytes, more->buf[i]);
}

static void
flip_bits(struct meter_bytes *bytes, long n, uint32_t *state)
{
  while (n-- > 0 && bytes->len > 0) {
    uint32_t bit = random_next(state) % (uint32_t)(8 * bytes->len);

    bytes->buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
}

/* Makes a false stop byte with a correct CRC: overwrites the beginning of the
 * answer with a whole frame without registers, and keeps the bytes after it. */
static void
put_stop(struct meter_bytes *answer)
{
  const struct meter_bytes body = { .len = 2, .buf = { 0x3f, 0x10 } };
  struct meter_bytes empty;

  meter_frame(&body, 0, &empty);
  if (answer->len > empty.len)
    memcpy(answer->buf, empty.buf, empty.len);
}

/* Returns true if KIND is ordered with this N; several N may be ordered. */
static bool
ordered_with(const struct meter_faults *faults, int kind, long n)
{
  for (size_t i = 0; i < faults->count; i++)
    if (faults->orders[i].kind == kind && faults->orders[i].n == n &&
        faults->orders[i].times != 0)
      return true;
  return false;
}

/* Returns true if REQUEST asks for a register that is ordered to be refused. */
static bool
is_refused(const struct meter_faults *faults, const struct meter_bytes *request)
{
  for (size_t i = 3; i + 1 < request->len; i += 2)
    if (ordered_with(faults, REFUSE,
                     request->buf[i] << 8 | request->buf[i + 1]))
      return true;
  return false;
}

/* Returns true if the meter is silent to REQUEST.  BODY: the planned answer. */
static bool
is_silent(const struct meter_faults *faults, const struct meter_bytes *request,
          const struct meter_bytes *body)
{
  long n;

  if (fault_is_ordered(faults, LIMIT, &n) && request->len > 3 + 2 * (size_t)n)
    return true;
  if (ordered_with(faults, IGNORE, request->buf[1]) ||
      is_refused(faults, request))
    return true;
  if (fault_is_ordered(faults, UNKNOWN, &n) && body->len == 2)
    return true;
  if (fault_is_ordered(faults, SECOND, &n) && faults->request % 2 == 1)
    return true;
  return fault_is_ordered(faults, SILENT, &n);
}

/* Appends a register that was not asked for, with the value 1. */
static void
put_surplus(struct meter_bytes *body, long id)
{
  const uint8_t record[] = { (uint8_t)(id >> 8), (uint8_t)id, 51, 1, 0, 1 };

  for (size_t i = 0; i < sizeof(record); i++)
    meter_put(body, record[i]);
}

static void
spoil_body(struct meter_faults *faults, const struct meter_memory *memory,
           const struct meter_bytes *request, struct meter_bytes *ret_body)
{
  long n;

  if (fault_is_ordered(faults, MISSING, &n)) {
    faults->less = *memory;
    meter_memory_remove(&faults->less, (uint16_t)n);
    memory = &faults->less;
  }
  meter_answer(memory, request, ret_body);
  if (ret_body->len < 2)
    return;
  if (fault_is_ordered(faults, EMPTY, &n))
    ret_body->len = 2;
  if (fault_is_ordered(faults, SURPLUS, &n))
    put_surplus(ret_body, n);
  if (fault_is_ordered(faults, ADDRESS, &n))
    ret_body->buf[0] = (uint8_t)n;
  if (fault_is_ordered(faults, COMMAND, &n))
    ret_body->buf[1] = (uint8_t)n;
}

static void
spoil_bytes(const struct meter_faults *faults, struct meter_bytes *answer,
            uint32_t state)
{
  struct meter_bytes before = { .len = 0 };
  struct meter_bytes whole;
  long n;

  if (fault_is_ordered(faults, STOP, &n))
    put_stop(answer);
  if (fault_is_ordered(faults, GARBAGE, &n)) {
    answer->len = 0;
    put_noise(answer, n, &state);
  }
  if (fault_is_ordered(faults, ZERO, &n)) {
    memset(answer->buf, 0, sizeof(answer->buf));
    answer->len = (size_t)n < sizeof(answer->buf) ? (size_t)n : 0;
  }
  if (fault_is_ordered(faults, FLIP, &n))
    flip_bits(answer, n, &state);
  if (fault_is_ordered(faults, DROP, &n))
    keep_every(answer, n);
  if (fault_is_ordered(faults, INSERT, &n))
    insert_every(answer, n, &state);
  if (fault_is_ordered(faults, TRUNCATE, &n) && answer->len > (size_t)n)
    answer->len = (size_t)n;
  whole = *answer;
  if (fault_is_ordered(faults, DOUBLE, &n))
    put_all(answer, &whole);
  if (fault_is_ordered(faults, STRAY, &n))
    put_stray(answer, n);
  if (fault_is_ordered(faults, NOISE, &n)) {
    whole = *answer;
    meter_put(&before, 0x00);
    put_noise(&before, n - 1, &state);
    put_all(&before, &whole);
    *answer = before;
  }
}

void
meter_faults_plan_echo(const struct meter_faults *faults,
                       const struct meter_bytes *frame,
                       struct meter_plan *ret_plan)
{
  long n;

  memset(ret_plan, 0, sizeof(*ret_plan));
  ret_plan->unplug_at = -1;
  if (fault_is_ordered(faults, ECHO, &n))
    ret_plan->echo = *frame;
}

void
meter_faults_plan(struct meter_faults *faults,
                  const struct meter_memory *memory,
                  const struct meter_bytes *frame,
                  const struct meter_bytes *request,
                  struct meter_plan *ret_plan)
{
  uint32_t state = (faults->seed + faults->request) * 2654435761u | 1u;
  struct meter_bytes body;
  struct meter_bytes good;
  long n;

  meter_faults_plan_echo(faults, frame, ret_plan);
  faults->request++;
  spoil_body(faults, memory, request, &body);
  if (body.len > 0 && !is_silent(faults, request, &body)) {
    meter_frame(&body, fault_is_ordered(faults, CRC, &n) ? 0x0100 : 0, &good);
    ret_plan->answer = good;
    if (fault_is_ordered(faults, PREVIOUS, &n))
      ret_plan->answer = faults->previous;
    faults->previous = good;
    spoil_bytes(faults, &ret_plan->answer, state);
    if (fault_is_ordered(faults, LATE, &n))
      ret_plan->late_ms = n;
    if (fault_is_ordered(faults, UNPLUG, &n))
      ret_plan->unplug_at = n;
  }
  count_down(faults);
}
