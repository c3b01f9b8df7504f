/*
 * Masks bytes written in hex: masks the good frames among them, overwrites the
 * other bytes, and keeps the way they are written.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "lib/digit.h"
#include "plugins/kmp/program/mask_frame.h"
#include "plugins/kmp/program/mask_impl.h"
#include "plugins/kmp/program/personal_registers.h"

/* Room for a frame with every byte stuffed. */
#define WIRE_SIZE (2 * KMP_WIRE_MAX)

/* ---- Hex ----------------------------------------------------------------- */

/* The hex text while it is copied; pos is the next byte. */
struct hex {
  struct mask *m;
  const char *pos, *end;
  const char *gap; /* the last text between two bytes: their separator */
  size_t gap_len;
  bool upper; /* hex in capital letters */
  int begun;  /* the first byte was copied */
};

static void
hex_begin(struct hex *hex, struct mask *m, const char *pos, const char *end)
{
  memset(hex, 0, sizeof(*hex));
  hex->m = m;
  hex->pos = pos;
  hex->end = end;
  for (; pos < end; pos++)
    hex->upper |= *pos >= 'A' && *pos <= 'F';
}

/* Returns true if there is a byte at pos; the 0 of "0x" is not one. */
static bool
is_byte(const struct hex *hex)
{
  return digit_value(hex->pos[0], 16) >= 0 &&
         (hex->end - hex->pos < 2 || (hex->pos[1] | 0x20) != 'x');
}

/* Moves pos to the next byte; the text before that becomes the gap. */
static void
find_byte(struct hex *hex)
{
  const char *from = hex->pos;

  while (hex->pos < hex->end && !is_byte(hex))
    hex->pos++;
  if (!hex->begun)
    mask_put(hex->m, from, (size_t)(hex->pos - from));
  hex->gap = from;
  hex->gap_len = hex->begun ? (size_t)(hex->pos - from) : 0;
}

static void
write_byte(struct hex *hex, uint8_t byte)
{
  const char *digits = hex->upper ? "0123456789ABCDEF" : "0123456789abcdef";
  const char text[2] = { digits[byte >> 4], digits[byte & 0xf] };

  mask_put(hex->m, hex->gap, hex->gap_len);
  mask_put(hex->m, text, sizeof(text));
}

/* Writes BYTE in place of the next byte of the text, or a copy of the text if
 * it is the same byte. */
static void
replace_byte(struct hex *hex, uint8_t byte)
{
  bool same;

  find_byte(hex);
  same = digit_value(hex->pos[0], 16) == byte >> 4 &&
         digit_value(hex->pos[1], 16) == (byte & 0xf);
  if (same) {
    mask_put(hex->m, hex->gap, hex->gap_len);
    mask_put(hex->m, hex->pos, 2);
  } else {
    write_byte(hex, byte);
  }
  hex->pos += 2;
  hex->begun = 1;
}

static void
drop_byte(struct hex *hex)
{
  find_byte(hex);
  hex->pos += 2;
}

/* Writes NEW_LEN bytes in place of the next OLD_LEN bytes of the text. */
static void
replace_bytes(struct hex *hex, size_t old_len, const uint8_t *bytes,
              size_t new_len)
{
  size_t i;

  for (i = 0; i < new_len && i < old_len; i++)
    replace_byte(hex, bytes[i]);
  for (; i < new_len; i++)
    write_byte(hex, bytes[i]);
  for (; i < old_len; i++)
    drop_byte(hex);
}

/* ---- Frames -------------------------------------------------------------- */

static bool
asks_for_personal(const struct kmp_frame *frame, struct kmp_request *ret)
{
  if (kmp_request_decode(frame, ret) != KMP_OK)
    return true;
  if (ret->cid == KMP_GET_TYPE)
    return false;
  if (ret->cid != KMP_GET_REGISTER)
    return true;
  for (uint8_t i = 0; i < ret->count; i++)
    if (personal_register(ret->ids[i]) != PERSONAL_NEVER)
      return true;
  return false;
}

static void
note_request(struct mask *m, const struct kmp_frame *frame)
{
  m->requests++;
  if (asks_for_personal(frame, &m->request))
    m->context = MASK_PERSONAL;
  else if (m->context == MASK_UNKNOWN)
    m->context = MASK_HARMLESS;
}

/* Masks the current good frame and encodes it to WIRE.  Returns its length. */
static size_t
mask_frame(struct mask *m, uint8_t *wire, size_t size)
{
  struct kmp_frame frame = m->deframer.frame;
  uint8_t data[KMP_WIRE_MAX];

  if (frame.start == KMP_START_REQUEST)
    note_request(m, &frame);
  memcpy(data, frame.data, frame.len);
  frame.data = data;
  mask_data(m->names, frame.start, frame.cid, data, frame.len);
  return kmp_frame_encode(&frame, wire, size);
}

/* Returns true if damaged bytes begin like an answer to the last request: with
 * its address, its command and one of its registers. */
static bool
begins_answer(const struct kmp_request *request, const uint8_t *bytes,
              size_t len)
{
  uint8_t plain[4]; /* address, command, register */
  size_t n = 0;

  if (request->cid != KMP_GET_REGISTER || bytes[0] != KMP_START_ANSWER)
    return false;
  for (size_t i = 1; i < len && n < sizeof(plain); i++) {
    uint8_t byte = bytes[i];

    if (byte == KMP_STUFFING && i + 1 < len)
      byte = (uint8_t)~bytes[++i];
    plain[n++] = byte;
  }
  if (n < sizeof(plain) || plain[0] != request->address ||
      plain[1] != request->cid)
    return false;
  for (size_t i = 0; i < request->count; i++)
    if (request->ids[i] == (plain[2] << 8 | plain[3]))
      return true;
  return false;
}

/* Returns true if a frame begins with a known address and command, which are
 * not personal. */
static bool
is_head(const uint8_t *bytes, size_t len)
{
  return len > 3 &&
         (bytes[1] == KMP_ADDRESS_METER || bytes[1] == KMP_ADDRESS_TOP ||
          bytes[1] == KMP_ADDRESS_BASE) &&
         (bytes[2] == KMP_GET_REGISTER || bytes[2] == KMP_GET_SERIAL ||
          bytes[2] == KMP_GET_TYPE || bytes[2] == KMP_LOGGER);
}

/* Overwrites a damaged frame of at least one byte.  It remains damaged: no CRC
 * over this many MASK_FILL is right. */
static void
mask_damaged(struct mask *m, uint8_t *bytes, size_t len)
{
  size_t from = is_head(bytes, len) ? 3 : 1;
  size_t to = bytes[len - 1] == KMP_STOP ? len - 1 : len;

  if (bytes[0] == KMP_START_REQUEST)
    m->context = MASK_PERSONAL; /* a damaged request: it may be for anything */
  if (m->context == MASK_HARMLESS && begins_answer(&m->request, bytes, len))
    return;
  if (from >= to)
    return; /* only the head */
  memset(bytes + from, MASK_FILL, to - from);
}

/* Overwrites bytes outside frames, except those that may come at any time. */
static void
mask_noise(uint8_t *bytes, size_t len)
{
  for (size_t i = 0; i < len; i++)
    if (bytes[i] != 0 && bytes[i] != KMP_ACK)
      bytes[i] = MASK_FILL;
}

/* Masks and writes the bytes from DONE to FED, where the current frame ends. */
static void
write_frame(struct mask *m, struct hex *hex, const uint8_t *bytes, size_t done,
            size_t fed, enum kmp_event event)
{
  size_t begin = fed - m->deframer.wire_len;
  uint8_t wire[WIRE_SIZE], noise[CAPTURE_BYTES_MAX];
  size_t len = fed - begin;

  memcpy(noise, bytes + done, begin - done);
  mask_noise(noise, begin - done);
  replace_bytes(hex, begin - done, noise, begin - done);
  if (event == KMP_EVENT_FRAME) {
    len = mask_frame(m, wire, sizeof(wire));
  } else if (len > 0) {
    memcpy(wire, bytes + begin, len);
    mask_damaged(m, wire, len);
  }
  replace_bytes(hex, fed - begin, wire, len);
}

void
mask_bytes(struct mask *m, const char *text, const char *end,
           const uint8_t *bytes, size_t len)
{
  size_t fed = 0, done = 0;
  enum kmp_event event;
  struct hex hex;

  hex_begin(&hex, m, text, end);
  kmp_deframer_init(&m->deframer);
  while (fed < len) {
    fed += kmp_deframer_feed(&m->deframer, bytes + fed, len - fed, &event);
    if (event == KMP_EVENT_FRAME || event == KMP_EVENT_BAD) {
      write_frame(m, &hex, bytes, done, fed, event);
      done = fed;
    }
  }
  event = kmp_deframer_end(&m->deframer);
  if (event == KMP_EVENT_NONE)
    m->deframer.wire_len = 0;
  write_frame(m, &hex, bytes, done, fed, KMP_EVENT_BAD);
  mask_put(m, hex.pos, (size_t)(hex.end - hex.pos));
}
