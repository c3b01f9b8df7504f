/*
 * KMP frames.
 *
 *      0    1    2           n-3    n-2   n-1
 *     SS   AA   CC   DD...   HH     LL    0D
 *
 *     S  80 to the meter, 40 from it
 *     A  address: 3F the meter, 7F and BF loggers in its modules
 *     C  command; the answer carries the request's
 *     D  data, 0 bytes and more
 *     H  CRC over A C D before stuffing, high byte
 *     L  CRC, low byte
 *
 * Stuffing, from A to L:  80 -> 1B 7F   40 -> 1B BF   0D -> 1B F2
 *                         06 -> 1B F9   1B -> 1B E4
 */
#include "plugins/kmp/codec/kmp_frame.h"

#include <string.h>

#include "lib/array.h"

/* Smallest size between start and stop, un-stuffed: address, CID, CRC. */
#define FRAME_MIN 4

/* CRC table for x^16 + x^12 + x^5 + 1: the remainder of each high byte. */
static const uint16_t crc_table[256] = {
  0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7, 0x8108,
  0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef, 0x1231, 0x0210,
  0x3273, 0x2252, 0x52b5, 0x4294, 0x72f7, 0x62d6, 0x9339, 0x8318, 0xb37b,
  0xa35a, 0xd3bd, 0xc39c, 0xf3ff, 0xe3de, 0x2462, 0x3443, 0x0420, 0x1401,
  0x64e6, 0x74c7, 0x44a4, 0x5485, 0xa56a, 0xb54b, 0x8528, 0x9509, 0xe5ee,
  0xf5cf, 0xc5ac, 0xd58d, 0x3653, 0x2672, 0x1611, 0x0630, 0x76d7, 0x66f6,
  0x5695, 0x46b4, 0xb75b, 0xa77a, 0x9719, 0x8738, 0xf7df, 0xe7fe, 0xd79d,
  0xc7bc, 0x48c4, 0x58e5, 0x6886, 0x78a7, 0x0840, 0x1861, 0x2802, 0x3823,
  0xc9cc, 0xd9ed, 0xe98e, 0xf9af, 0x8948, 0x9969, 0xa90a, 0xb92b, 0x5af5,
  0x4ad4, 0x7ab7, 0x6a96, 0x1a71, 0x0a50, 0x3a33, 0x2a12, 0xdbfd, 0xcbdc,
  0xfbbf, 0xeb9e, 0x9b79, 0x8b58, 0xbb3b, 0xab1a, 0x6ca6, 0x7c87, 0x4ce4,
  0x5cc5, 0x2c22, 0x3c03, 0x0c60, 0x1c41, 0xedae, 0xfd8f, 0xcdec, 0xddcd,
  0xad2a, 0xbd0b, 0x8d68, 0x9d49, 0x7e97, 0x6eb6, 0x5ed5, 0x4ef4, 0x3e13,
  0x2e32, 0x1e51, 0x0e70, 0xff9f, 0xefbe, 0xdfdd, 0xcffc, 0xbf1b, 0xaf3a,
  0x9f59, 0x8f78, 0x9188, 0x81a9, 0xb1ca, 0xa1eb, 0xd10c, 0xc12d, 0xf14e,
  0xe16f, 0x1080, 0x00a1, 0x30c2, 0x20e3, 0x5004, 0x4025, 0x7046, 0x6067,
  0x83b9, 0x9398, 0xa3fb, 0xb3da, 0xc33d, 0xd31c, 0xe37f, 0xf35e, 0x02b1,
  0x1290, 0x22f3, 0x32d2, 0x4235, 0x5214, 0x6277, 0x7256, 0xb5ea, 0xa5cb,
  0x95a8, 0x8589, 0xf56e, 0xe54f, 0xd52c, 0xc50d, 0x34e2, 0x24c3, 0x14a0,
  0x0481, 0x7466, 0x6447, 0x5424, 0x4405, 0xa7db, 0xb7fa, 0x8799, 0x97b8,
  0xe75f, 0xf77e, 0xc71d, 0xd73c, 0x26d3, 0x36f2, 0x0691, 0x16b0, 0x6657,
  0x7676, 0x4615, 0x5634, 0xd94c, 0xc96d, 0xf90e, 0xe92f, 0x99c8, 0x89e9,
  0xb98a, 0xa9ab, 0x5844, 0x4865, 0x7806, 0x6827, 0x18c0, 0x08e1, 0x3882,
  0x28a3, 0xcb7d, 0xdb5c, 0xeb3f, 0xfb1e, 0x8bf9, 0x9bd8, 0xabbb, 0xbb9a,
  0x4a75, 0x5a54, 0x6a37, 0x7a16, 0x0af1, 0x1ad0, 0x2ab3, 0x3a92, 0xfd2e,
  0xed0f, 0xdd6c, 0xcd4d, 0xbdaa, 0xad8b, 0x9de8, 0x8dc9, 0x7c26, 0x6c07,
  0x5c64, 0x4c45, 0x3ca2, 0x2c83, 0x1ce0, 0x0cc1, 0xef1f, 0xff3e, 0xcf5d,
  0xdf7c, 0xaf9b, 0xbfba, 0x8fd9, 0x9ff8, 0x6e17, 0x7e36, 0x4e55, 0x5e74,
  0x2e93, 0x3eb2, 0x0ed1, 0x1ef0,
};

static const char *const error_texts[] = {
  [-KMP_OK] = "no error",
  [-KMP_ESTART] = "no start byte",
  [-KMP_ECUT] = "cut off before the stop byte",
  [-KMP_ESHORT] = "too short for a frame",
  [-KMP_ELONG] = "too long for a frame",
  [-KMP_EUNSTUFFED] = "a reserved byte inside the frame",
  [-KMP_ESTUFFING] = "wrong byte after the stuffing mark",
  [-KMP_ECRC] = "wrong checksum",
  [-KMP_EDIRECTION] = "a request where a reply was expected, or the reverse",
  [-KMP_EADDRESS] = "another address than the request's",
  [-KMP_ECID] = "another command than the request's",
  [-KMP_ELENGTH] = "data of a wrong length",
  [-KMP_ERECORD] = "a register record longer than the data",
  [-KMP_EMANTISSA] = "a mantissa of impossible length",
  [-KMP_ECOUNT] = "no register, or more than eight",
  [-KMP_EDUPLICATE] = "a register twice in one message",
  [-KMP_EOTHER] = "only registers that were not requested",
  [-KMP_ERANGE] = "a number beyond 64 bits",
  [-KMP_EDATE] = "no such date or time",
  [-KMP_EUNIT] = "an unknown unit code",
  [-KMP_ESIZE] = "a length that this unit cannot have",
  [-KMP_ETRAILING] = "more bytes after the stop byte",
};

const char *
kmp_error_text(int error)
{
  size_t count = ARRAY_SIZE(error_texts);

  if (error > 0 || error <= -(int)count)
    return "unknown error";
  return error_texts[-error];
}

/* CRC-16, polynomial 1021, initial value 0, high bit first. */
static inline uint16_t
crc_add(uint16_t crc, uint8_t byte)
{
  return (uint16_t)((uint16_t)(crc << 8) ^ crc_table[(crc >> 8) ^ byte]);
}

static inline bool
is_reserved(uint8_t byte)
{
  return byte == KMP_START_REQUEST || byte == KMP_START_ANSWER ||
         byte == KMP_STOP || byte == KMP_ACK || byte == KMP_STUFFING;
}

/* Removes the stuffing between start and stop byte and computes the CRC.  It
 * needs one pass: replaced pair by pair, 1B E4 7F would end as 80.  Returns
 * KMP_OK, KMP_EUNSTUFFED or KMP_ESTUFFING. */
static int
unstuff_frame(const uint8_t *wire, size_t len, uint8_t *plain, size_t *ret_len,
              uint16_t *ret_crc)
{
  uint16_t crc = 0;
  size_t n = 0;

  for (size_t i = 0; i < len; i++) {
    uint8_t byte = wire[i];

    if (is_reserved(byte)) {
      if (byte != KMP_STUFFING)
        return KMP_EUNSTUFFED;
      if (++i == len)
        return KMP_ESTUFFING;
      byte = (uint8_t)~wire[i];
      if (!is_reserved(byte))
        return KMP_ESTUFFING;
    }
    plain[n++] = byte;
    crc = crc_add(crc, byte);
  }
  *ret_len = n;
  *ret_crc = crc;
  return KMP_OK;
}

int
kmp_frame_decode(const uint8_t *wire, size_t len, uint8_t *plain,
                 struct kmp_frame *ret)
{
  uint16_t crc;
  size_t n;
  int r;

  if (len == 0 || (wire[0] != KMP_START_REQUEST && wire[0] != KMP_START_ANSWER))
    return KMP_ESTART;
  if (len > KMP_WIRE_MAX)
    return KMP_ELONG;
  if (len < 2 || wire[len - 1] != KMP_STOP)
    return KMP_ECUT;
  r = unstuff_frame(wire + 1, len - 2, plain, &n, &crc);
  if (r != KMP_OK)
    return r;
  if (n < FRAME_MIN)
    return KMP_ESHORT;
  /* The CRC of data followed by its own CRC is 0. */
  if (crc != 0)
    return KMP_ECRC;

  ret->start = wire[0];
  ret->address = plain[0];
  ret->cid = plain[1];
  ret->len = n - FRAME_MIN;
  ret->data = plain + 2;
  return KMP_OK;
}

/* A frame that is being encoded. */
struct writer {
  uint8_t *wire;
  size_t size;
  size_t len; /* keeps growing when the room is used up */
  uint16_t crc;
};

static void
put_raw(struct writer *w, uint8_t byte)
{
  if (w->len < w->size)
    w->wire[w->len] = byte;
  w->len++;
}

static void
put_stuffed_byte(struct writer *w, uint8_t byte)
{
  w->crc = crc_add(w->crc, byte);
  if (is_reserved(byte)) {
    put_raw(w, KMP_STUFFING);
    byte = (uint8_t)~byte;
  }
  put_raw(w, byte);
}

size_t
kmp_frame_encode(const struct kmp_frame *frame, uint8_t *wire, size_t size)
{
  struct writer w = { .wire = wire, .size = size };
  uint16_t crc;

  put_raw(&w, frame->start);
  put_stuffed_byte(&w, frame->address);
  put_stuffed_byte(&w, frame->cid);
  for (size_t i = 0; i < frame->len; i++)
    put_stuffed_byte(&w, frame->data[i]);
  crc = w.crc;
  put_stuffed_byte(&w, (uint8_t)(crc >> 8));
  put_stuffed_byte(&w, (uint8_t)(crc & 0xff));
  put_raw(&w, KMP_STOP);
  return w.len <= size ? w.len : 0;
}

void
kmp_deframer_init(struct kmp_deframer *d)
{
  d->error = KMP_OK;
  d->wire_len = 0;
  d->noise = 0;
  d->zeros = 0;
  d->collecting = false;
  d->echo = NULL;
  d->echo_len = 0;
}

void
kmp_deframer_sent(struct kmp_deframer *d, const uint8_t *wire, size_t len)
{
  d->echo = wire;
  d->echo_len = len;
}

/* Handles a byte outside frames. */
static enum kmp_event
feed_idle(struct kmp_deframer *d, uint8_t byte)
{
  switch (byte) {
  case KMP_START_REQUEST:
  case KMP_START_ANSWER:
    d->collecting = true;
    d->wire[0] = byte;
    d->wire_len = 1;
    return KMP_EVENT_NONE;
  case KMP_ACK:
    return KMP_EVENT_ACK;
  case 0:
    d->zeros++;
    return KMP_EVENT_NONE;
  default:
    d->noise++;
    return KMP_EVENT_NONE;
  }
}

static enum kmp_event
refuse_frame(struct kmp_deframer *d, int error)
{
  d->collecting = false;
  d->error = error;
  return KMP_EVENT_BAD;
}

/* Decodes the collected frame after its stop byte. */
static enum kmp_event
finish_frame(struct kmp_deframer *d)
{
  int r;

  d->collecting = false;
  if (d->echo && d->wire_len == d->echo_len &&
      memcmp(d->wire, d->echo, d->echo_len) == 0)
    return KMP_EVENT_ECHO;
  r = kmp_frame_decode(d->wire, d->wire_len, d->plain, &d->frame);
  return r == KMP_OK ? KMP_EVENT_FRAME : refuse_frame(d, r);
}

/* Collects bytes up to the end of the frame; adds their number to *taken. */
static enum kmp_event
feed_frame(struct kmp_deframer *d, const uint8_t *buf, size_t len,
           size_t *taken)
{
  size_t left = len - *taken, room = KMP_WIRE_MAX - d->wire_len, n = 0;
  uint8_t *wire = d->wire + d->wire_len, byte = 0;

  for (buf += *taken; n < left && n < room && byte != KMP_STOP; n++) {
    byte = buf[n];
    if (byte == KMP_START_REQUEST || byte == KMP_START_ANSWER)
      break;
    wire[n] = byte;
  }
  d->wire_len += n;
  *taken += n;
  if (byte == KMP_STOP)
    return finish_frame(d);
  if (n == left)
    return KMP_EVENT_NONE;
  /* A new frame begins: leave that byte for the next feed. */
  if (buf[n] == KMP_START_REQUEST || buf[n] == KMP_START_ANSWER)
    return refuse_frame(d, KMP_EUNSTUFFED);
  return refuse_frame(d, KMP_ELONG);
}

size_t
kmp_deframer_feed(struct kmp_deframer *d, const uint8_t *buf, size_t len,
                  enum kmp_event *ret_event)
{
  enum kmp_event event = KMP_EVENT_NONE;
  size_t taken = 0;

  while (taken < len && event == KMP_EVENT_NONE) {
    if (d->collecting)
      event = feed_frame(d, buf, len, &taken);
    else
      event = feed_idle(d, buf[taken++]);
  }
  *ret_event = event;
  return taken;
}

bool
kmp_is_trailing(const uint8_t *buf, size_t len)
{
  size_t i = 0;

  while (i < len && (buf[i] == 0 || buf[i] == KMP_ACK))
    i++;
  return i < len && buf[i] != KMP_START_REQUEST && buf[i] != KMP_START_ANSWER;
}

enum kmp_event
kmp_deframer_end(struct kmp_deframer *d)
{
  if (!d->collecting)
    return KMP_EVENT_NONE;
  return refuse_frame(d, KMP_ECUT);
}
