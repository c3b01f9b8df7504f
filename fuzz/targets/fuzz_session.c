/*
 * Fuzz target: a whole conversation over a serial port.  The kmp input reads a
 * pty; at its other end, a meter follows the orders of the input file.  Also
 * checks that only commands that read are sent, that every failure is
 * explained, and that every value was in a good frame.
 *
 *     MM [op [operands]]...
 *
 *     MM  bits 0..1 the call: read, read and identify, probe, watch; bits
 *         2..3 retries
 *     op  bits 0..2 the action, bits 3..7 the delay after the previous op
 *
 * The clock is simulated: port_clock and port_wait (the real ones are in
 * port_wait.c) are replaced here.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/require.h"
#include "lib/array.h"
#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_convert.h"
#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/line/port_impl.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"
#include "tests/support/kmp_answer_encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The deadline of a cycle, as in a pipeline file; the bytes the meter can say
 * in it. */
#define DEADLINE_MS 60000
#define SAID_MAX 65536
/* Time allowed to the kernel, in real time; a fuzzer's -timeout must be
 * longer. */
#define PTY_MS 60000
/* Enough for five registers with ten retries, in halves; for a probe and a
 * watch. */
#define REQUESTS_MAX 400

/* The actions, by bits 0..2 of an op. */
enum {
  OP_SAY,     /* N, then N bytes */
  OP_FRAME,   /* N, then address, command and data; a right CRC is added */
  OP_ANSWER,  /* bits: registers to leave out; a byte that gives the values */
  OP_DAMAGED, /* the same, then a position and the byte to XOR there */
  OP_ECHO,    /* sends the last request back */
  OP_HANG_UP,
  OP_CANCEL,
  OP_REQUEST, /* the next ops wait for a request */
};

/* The delays in ms, by bits 3..7. */
static const uint16_t times_ms[32] = {
  0,    0,    0,    1,    5,    10,   19,   20,   28,   40,    50,
  100,  200,  249,  250,  251,  300,  400,  500,  600,  800,   1000,
  1500, 1600, 1699, 1700, 1701, 1999, 2000, 2500, 5000, 10000,
};

static const char *const fields[] = {
  "heat_energy_e1", "volume_v1", "60123", "date", "type_no",
};

/* The meter and the simulated clock.  Static: one conversation at a time. */
static struct {
  const uint8_t *pos, *end; /* remaining ops */
  int64_t now_ms;
  int64_t done_ms; /* when the last op was done */
  int master;      /* -1: hung up */
  bool cancelled;
  bool waits; /* for a request */
  unsigned requests;
  struct kmp_request request; /* the last request */
  uint8_t wire[KMP_WIRE_MAX];
  size_t wire_len;
  uint8_t said[SAID_MAX];
  size_t said_len;
} meter;

/* ---- The meter's bytes --------------------------------------------------- */

static uint8_t
next_byte(void)
{
  return meter.pos < meter.end ? *meter.pos++ : 0;
}

static void
say(int fd, const uint8_t *bytes, size_t len)
{
  struct pollfd reader = { .fd = fd, .events = POLLIN };

  if (meter.master < 0 || fd < 0 || len == 0 ||
      len > sizeof(meter.said) - meter.said_len)
    return;
  memcpy(meter.said + meter.said_len, bytes, len);
  meter.said_len += len;
  require(write(meter.master, bytes, len) == (ssize_t)len);
  /* A pty delivers bytes a moment later; on a busy machine that has taken ten
   * seconds. */
  require(poll(&reader, 1, PTY_MS) == 1);
}

static size_t
operand_bytes(const uint8_t **ret)
{
  size_t n = next_byte();

  if (n > (size_t)(meter.end - meter.pos))
    n = (size_t)(meter.end - meter.pos);
  *ret = meter.pos;
  meter.pos += n;
  return n;
}

static void
say_frame(int fd)
{
  uint8_t wire[KMP_WIRE_MAX];
  const uint8_t *body;
  size_t n = operand_bytes(&body);
  struct kmp_frame frame = { .start = KMP_START_ANSWER };

  if (n < 2)
    return;
  frame.address = body[0];
  frame.cid = body[1];
  frame.len = n - 2;
  frame.data = body + 2;
  say(fd, wire, kmp_frame_encode(&frame, wire, sizeof(wire)));
}

/* Makes an answer to the last request, as a meter might give it. */
static size_t
make_answer(uint8_t *wire, size_t size)
{
  uint8_t left_out = next_byte(), seed = next_byte();
  const uint8_t mantissa[4] = { 0, 0, seed, (uint8_t)(seed * 3) };
  struct kmp_answer answer = { .cid = meter.request.cid, .serial = seed };

  for (uint8_t i = 0; i < meter.request.count; i++)
    if ((left_out >> i & 1) == 0)
      answer.records[answer.count++] = (struct kmp_record){
        .id = meter.request.ids[i],
        .unit = (uint8_t)(seed % 64),
        .nob = 4,
        .siex = (uint8_t)(seed & 0xc3),
        .mantissa = mantissa,
      };
  return kmp_answer_encode(meter.request.address, &answer, wire, size);
}

static void
say_answer(int fd, bool damaged)
{
  uint8_t wire[KMP_WIRE_MAX];
  size_t n = make_answer(wire, sizeof(wire));

  if (damaged) {
    size_t at = next_byte();

    if (n > 0)
      wire[at % n] ^= next_byte();
  }
  say(fd, wire, n);
}

static void
hang_up(void)
{
  if (meter.master >= 0)
    close(meter.master);
  meter.master = -1;
}

/* Does the next op; FD is the reader's end. */
static void
do_op(int fd)
{
  const uint8_t *bytes;
  size_t n;

  meter.done_ms = meter.now_ms;
  switch (next_byte() & 7) {
  case OP_SAY:
    n = operand_bytes(&bytes);
    say(fd, bytes, n);
    break;
  case OP_FRAME:
    say_frame(fd);
    break;
  case OP_ANSWER:
    say_answer(fd, false);
    break;
  case OP_DAMAGED:
    say_answer(fd, true);
    break;
  case OP_ECHO:
    say(fd, meter.wire, meter.wire_len);
    break;
  case OP_HANG_UP:
    hang_up();
    break;
  case OP_CANCEL:
    meter.cancelled = true;
    break;
  default:
    meter.waits = true;
  }
}

/* ---- Time ---------------------------------------------------------------- */

int64_t
port_clock(void)
{
  return meter.now_ms;
}

static bool
is_ready(int fd, short events)
{
  struct pollfd port = { .fd = fd, .events = events };

  return fd >= 0 && poll(&port, 1, 0) == 1;
}

int
port_wait(const struct mp_host *host, int fd, short events, int64_t until)
{
  (void)host;
  for (;;) {
    int64_t due = INT64_MAX;

    if (meter.cancelled)
      return MP_ECANCELED;
    if (meter.now_ms >= DEADLINE_MS)
      return MP_ETIMEOUT;
    if (is_ready(fd, events))
      return MP_OK;
    if (meter.pos < meter.end && !meter.waits)
      due = meter.done_ms + times_ms[*meter.pos >> 3];
    if (due > until || due > DEADLINE_MS)
      break;
    if (meter.now_ms < due)
      meter.now_ms = due;
    do_op(fd);
  }
  if (meter.now_ms < until)
    meter.now_ms = until < DEADLINE_MS ? until : DEADLINE_MS;
  return meter.now_ms < DEADLINE_MS ? MP_DROP : MP_ETIMEOUT;
}

static int64_t
time_left(const struct mp_host *host)
{
  (void)host;
  return meter.now_ms < DEADLINE_MS ? DEADLINE_MS - meter.now_ms : 0;
}

/* ---- Calls of the input -------------------------------------------------- */

static void
take_request(const char *hex)
{
  uint8_t plain[KMP_WIRE_MAX], drained[KMP_WIRE_MAX];
  struct kmp_frame frame;
  unsigned byte;
  int used;

  for (meter.wire_len = 0; sscanf(hex, "%2x%n", &byte, &used) == 1; hex += used)
    meter.wire[meter.wire_len++] = (uint8_t)byte;
  require(kmp_frame_decode(meter.wire, meter.wire_len, plain, &frame) ==
          KMP_OK);
  require(kmp_request_decode(&frame, &meter.request) == KMP_OK);
  require(frame.cid == KMP_GET_TYPE || frame.cid == KMP_GET_SERIAL ||
          frame.cid == KMP_GET_REGISTER);
  require(++meter.requests <= REQUESTS_MAX);
  meter.waits = false;
  meter.done_ms = meter.now_ms;
  if (meter.master >= 0)
    while (read(meter.master, drained, sizeof(drained)) > 0)
      ;
}

/* mp_host.vlog: the input logs all frames; takes the sent ones from there. */
static void
watch_log(const struct mp_host *host, int level, const char *object,
          const char *fmt, va_list args)
{
  (void)host;
  (void)object;
  if (level != MP_LOG_DEBUG || strcmp(fmt, "%c%s") != 0)
    return;
  if (va_arg(args, int) == '>')
    take_request(va_arg(args, const char *));
}

/* Returns whether the frame of LEN bytes at WIRE holds the register with that
 * value. */
static bool
frame_has(const uint8_t *wire, size_t len, uint16_t id,
          const struct mp_value *value)
{
  uint8_t plain[KMP_WIRE_MAX];
  struct kmp_frame frame;
  struct kmp_answer answer;
  struct kmp_value space;
  struct mp_value sent;
  int error;

  if (len > sizeof(plain) ||
      kmp_frame_decode(wire, len, plain, &frame) != KMP_OK ||
      kmp_answer_decode(&frame, NULL, &answer) != KMP_OK ||
      !kmp_answer_find(&answer, id) ||
      kmp_convert(kmp_answer_find(&answer, id),
                  kmp_register_number_kind(kmp_register_find(id)), &space,
                  &sent, &error) != MP_OK)
    return false;
  if (value->kind == MP_TEXT || sent.kind == MP_TEXT)
    return value->kind == sent.kind && strcmp(value->text, sent.text) == 0;
  return value->number.coef == sent.number.coef &&
         value->number.exp10 == sent.number.exp10;
}

static bool
was_said(uint16_t id, const struct mp_value *value)
{
  const uint8_t *end = meter.said + meter.said_len;

  for (const uint8_t *p = meter.said; p < end; p++) {
    const uint8_t *stop;

    if (*p != KMP_START_ANSWER)
      continue;
    stop = memchr(p, KMP_STOP, (size_t)(end - p));
    if (stop && frame_has(p, (size_t)(stop - p) + 1, id, value))
      return true;
  }
  return false;
}

static void
check_values(struct fake_sink *sink)
{
  for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
    const struct mp_value *value = fake_sink_value(sink, fields[i]);

    if (value)
      require(was_said((uint16_t)kmp_register_id(fields[i]), value));
  }
}

static int
call(const struct mp_input_ops *input, void *self, int mode,
     struct fake_sink *sink)
{
  int r;

  if (mode >= 2)
    return input->probe(self, mode == 3 ? MP_PROBE_WATCH : 0, &sink->probe);
  r = input->open(self);
  if (r != MP_OK)
    return r;
  r = input->read(self, &sink->input);
  input->close(self);
  if (r == MP_OK && mode == 1)
    r = input->identify(self, &sink->input);
  return r;
}

static void
converse(const char *path, uint8_t mode)
{
  const struct mp_plugin *plugin = meterpipe_plugin();
  struct fake_host *h = fake_host_new(plugin, "meter");
  struct fake_sink *sink = fake_sink_new(&h->table);
  char retries[8];
  void *self;
  int r;

  h->table.vlog = watch_log;
  h->table.time_left = time_left;
  fake_host_set_now(h, INT64_C(1795341600000));
  fake_host_set(h, "device", path);
  snprintf(retries, sizeof(retries), "%d", mode >> 2 & 3);
  fake_host_set(h, "retries", retries);
  for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
    fake_host_add_field(h, fields[i]);
  require(plugin->create(&h->table, &self) == MP_OK);
  r = call(plugin->input, self, mode & 3, sink);
  require(r <= 0 && (r == MP_OK || (mode & 3) == 3 || fake_host_failures(h)));
  check_values(sink);
  plugin->destroy(self);
  fake_sink_free(sink);
  fake_host_free(h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char path[64];

  if (size < 1)
    return 0;
  memset(&meter, 0, sizeof(meter));
  meter.pos = data + 1;
  meter.end = data + size;
  meter.master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  require(meter.master >= 0 && grantpt(meter.master) == 0 &&
          unlockpt(meter.master) == 0 &&
          ptsname_r(meter.master, path, sizeof(path)) == 0);
  converse(path, data[0]);
  hang_up();
  return 0;
}
