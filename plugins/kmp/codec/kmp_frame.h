/*
 * KMP frames: decodes and checks bytes from the line, and encodes frames for
 * it.  Pure: no I/O, no host.
 *
 *     request:  80  ADDR  CID  data...  CRChi CRClo  0D
 *     answer:   40  ADDR  CID  data...  CRChi CRClo  0D
 *               06  an acknowledgement, a single byte
 *
 * Between start and stop every byte 80 40 0D 06 1B is sent as 1B followed by
 * its bitwise NOT.  (Kamstrup 5512-447 M1, "KMP".)
 */
#ifndef KMP_FRAME_H
#define KMP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KMP_START_REQUEST 0x80
#define KMP_START_ANSWER 0x40
#define KMP_STOP 0x0d
#define KMP_ACK 0x06
#define KMP_STUFFING 0x1b

/* Device addresses: the meter itself, and the loggers in its top and base
 * modules. */
#define KMP_ADDRESS_METER 0x3f
#define KMP_ADDRESS_TOP 0x7f
#define KMP_ADDRESS_BASE 0xbf

/* Longest frame accepted from the line.  An answer with eight registers of 16
 * bytes each needs 346 bytes, answers from loggers some hundred. */
#define KMP_WIRE_MAX 1024

/* Reasons for refusing a frame, an answer or a value.  KMP_OK is 0, the others
 * are negative. */
enum kmp_error {
  KMP_OK = 0,
  /* The line: framing, stuffing, checksum. */
  KMP_ESTART = -1,     /* no start byte */
  KMP_ECUT = -2,       /* no stop byte */
  KMP_ESHORT = -3,     /* too short for address, CID and CRC */
  KMP_ELONG = -4,      /* longer than KMP_WIRE_MAX */
  KMP_EUNSTUFFED = -5, /* a raw 80, 40, 0D or 06 inside the frame */
  KMP_ESTUFFING = -6,  /* 1B without a stuffed byte after it */
  KMP_ECRC = -7,
  /* The message: identity, lengths. */
  KMP_EDIRECTION = -8,  /* request where an answer was expected, or reverse */
  KMP_EADDRESS = -9,    /* address differs from the request's */
  KMP_ECID = -10,       /* command differs from the request's */
  KMP_ELENGTH = -11,    /* the data's length does not fit the command */
  KMP_ERECORD = -12,    /* a register record runs past the data */
  KMP_EMANTISSA = -13,  /* a mantissa longer than any meter sends */
  KMP_ECOUNT = -14,     /* no register, or more than eight */
  KMP_EDUPLICATE = -15, /* the same register twice */
  KMP_EOTHER = -16,     /* only registers that were not requested */
  /* The value. */
  KMP_ERANGE = -17, /* does not fit a signed 64-bit number */
  KMP_EDATE = -18,  /* invalid date or time */
  KMP_EUNIT = -19,  /* unknown unit code: a remark, not a refusal */
  KMP_ESIZE = -20,  /* a length that is wrong for the unit */
  /* The line again. */
  KMP_ETRAILING = -21 /* bytes follow the stop byte: it is false */
};

/* Returns the reason in words, such as "wrong checksum". */
const char *kmp_error_text(int error);

/* A checked frame; data points into the buffer that it was decoded into. */
struct kmp_frame {
  uint8_t start; /* KMP_START_... */
  uint8_t address;
  uint8_t cid;
  size_t len;
  const uint8_t *data;
};

/* Decodes one whole frame, start and stop byte included.  PLAIN must have room
 * for LEN bytes; ret->data points into it.  Returns KMP_OK or the reason for
 * refusing the frame. */
int kmp_frame_decode(const uint8_t *wire, size_t len, uint8_t *plain,
                     struct kmp_frame *ret);

/* Encodes a frame for the line: adds the CRC, the stuffing and the stop byte.
 * Returns its length, or 0 when SIZE is too small. */
size_t kmp_frame_encode(const struct kmp_frame *frame, uint8_t *wire,
                        size_t size);

/* Events that kmp_deframer_feed finds. */
enum kmp_event {
  KMP_EVENT_NONE,  /* all bytes taken, no complete frame */
  KMP_EVENT_FRAME, /* a good frame: deframer.frame (start tells direction) */
  KMP_EVENT_ECHO,  /* our own request, byte for byte */
  KMP_EVENT_BAD,   /* a refused frame: deframer.error */
  KMP_EVENT_ACK    /* the single byte 06 */
};

/* Finds frames in a stream of bytes. */
struct kmp_deframer {
  struct kmp_frame frame; /* of KMP_EVENT_FRAME; valid until the next feed */
  int error;              /* of KMP_EVENT_BAD: enum kmp_error */
  /* The raw frame, also of BAD and ECHO; valid until the next feed. */
  uint8_t wire[KMP_WIRE_MAX];
  size_t wire_len;
  /* Counts since init. */
  size_t noise; /* bytes outside frames, except zeros */
  size_t zeros; /* the byte 00, which a meter may send at any time */

  /* Private. */
  bool collecting; /* inside a frame: wire grows */
  const uint8_t *echo;
  size_t echo_len;
  uint8_t plain[KMP_WIRE_MAX];
};

void kmp_deframer_init(struct kmp_deframer *d);

/* Sets the request that was just sent, so that its echo is recognised even when
 * it is not a valid frame.  The bytes must stay valid; WIRE is NULL to expect
 * no echo. */
void kmp_deframer_sent(struct kmp_deframer *d, const uint8_t *wire, size_t len);

/* Takes bytes up to the first event.  Returns the number of bytes taken (at
 * least one, unless LEN is 0 or the event is BAD) and sets *ret_event.  Call it
 * again with the remaining bytes. */
size_t kmp_deframer_feed(struct kmp_deframer *d, const uint8_t *buf, size_t len,
                         enum kmp_event *ret_event);

/* True if BUF, the bytes right after a frame, holds stray data: after any 00
 * and 06, which may come at any time, a byte that does not start a frame. */
bool kmp_is_trailing(const uint8_t *buf, size_t len);

/* Call this when no more bytes will come.  Returns KMP_EVENT_BAD with KMP_ECUT
 * when a frame had begun, else KMP_EVENT_NONE.  Ends the partial frame. */
enum kmp_event kmp_deframer_end(struct kmp_deframer *d);

#endif
