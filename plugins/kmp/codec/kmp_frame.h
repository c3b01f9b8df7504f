/*
 * KMP frames: bytes on the line to checked frames, and back.  Pure: no I/O, no
 * host.
 *
 *     request:  80  ADDR  CID  data...  CRChi CRClo  0D
 *     answer:   40  ADDR  CID  data...  CRChi CRClo  0D
 *               06  an acknowledge, alone
 *
 * Between start and stop every byte 80 40 0D 06 1B is sent as 1B and its
 * bitwise NOT.  (Kamstrup 5512-447 M1, "KMP".)
 */
#ifndef KMP_FRAME_H
#define KMP_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define KMP_START_REQUEST 0x80
#define KMP_START_ANSWER 0x40
#define KMP_STOP 0x0d
#define KMP_ACK 0x06
#define KMP_STUFFING 0x1b

/* Devices: the meter itself, the loggers in top and base module. */
#define KMP_ADDRESS_METER 0x3f
#define KMP_ADDRESS_TOP 0x7f
#define KMP_ADDRESS_BASE 0xbf

/* Longest frame on the line that is taken; eight registers of 16 bytes each
 * need 346, logger answers some hundred. */
#define KMP_WIRE_MAX 1024

/* Why a frame, an answer or a value is refused.  KMP_OK is 0, the others are
 * negative. */
enum kmp_error {
  KMP_OK = 0,
  /* The line: framing, stuffing, checksum. */
  KMP_ESTART = -1,     /* no start byte */
  KMP_ECUT = -2,       /* no stop byte */
  KMP_ESHORT = -3,     /* too short for address, CID and CRC */
  KMP_ELONG = -4,      /* longer than KMP_WIRE_MAX */
  KMP_EUNSTUFFED = -5, /* a raw 80, 40, 0D or 06 inside the frame */
  KMP_ESTUFFING = -6,  /* 1B before a byte that stands for nothing */
  KMP_ECRC = -7,
  /* The message: identity, lengths. */
  KMP_EDIRECTION = -8,  /* a request where an answer should be, or reverse */
  KMP_EADDRESS = -9,    /* another address than the request's */
  KMP_ECID = -10,       /* another command than the request's */
  KMP_ELENGTH = -11,    /* the data's length does not fit the command */
  KMP_ERECORD = -12,    /* register records do not end with the data */
  KMP_EMANTISSA = -13,  /* a mantissa longer than any meter sends */
  KMP_ECOUNT = -14,     /* none, or more than eight registers */
  KMP_EDUPLICATE = -15, /* a register twice in one answer */
  KMP_EOTHER = -16,     /* registers of another request only */
  /* The value. */
  KMP_ERANGE = -17, /* does not fit a signed 64-bit number */
  KMP_EDATE = -18,  /* no such date or time */
  KMP_EUNIT = -19,  /* unit code that is in no table: a remark, no refusal */
  KMP_ESIZE = -20,  /* a length that the unit cannot have */
  /* The line again. */
  KMP_ETRAILING = -21 /* bytes behind the stop byte: it was none */
};

/* The reason in words: "wrong checksum". */
const char *kmp_error_text(int error);

/* A checked frame; data points into the buffer that it was decoded into. */
struct kmp_frame {
  uint8_t start; /* KMP_START_... */
  uint8_t address;
  uint8_t cid;
  size_t len;
  const uint8_t *data;
};

/* CRC-16, polynomial 1021, initial value 0, high bit first. */
uint16_t kmp_crc(const uint8_t *buf, size_t len);

/* Decodes one whole frame, start and stop byte included.  PLAIN holds at least
 * LEN bytes; the frame's data will point into it.  Returns KMP_OK or why the
 * frame is refused. */
int kmp_frame_decode(const uint8_t *wire, size_t len, uint8_t *plain,
                     struct kmp_frame *ret);

/* Writes a frame as it goes over the line.  Returns its length, 0 when SIZE is
 * too small. */
size_t kmp_frame_encode(const struct kmp_frame *frame, uint8_t *wire,
                        size_t size);

/* What kmp_deframer_feed found. */
enum kmp_event {
  KMP_EVENT_NONE,  /* all bytes taken, nothing complete */
  KMP_EVENT_FRAME, /* a good frame: deframer.frame (start tells direction) */
  KMP_EVENT_ECHO,  /* what was sent, byte for byte */
  KMP_EVENT_BAD,   /* a frame that is refused: deframer.error */
  KMP_EVENT_ACK    /* the single byte 06 */
};

/* Finds frames in a stream of bytes. */
struct kmp_deframer {
  struct kmp_frame frame; /* of KMP_EVENT_FRAME; until the next feed */
  int error;              /* of KMP_EVENT_BAD: enum kmp_error */
  /* The frame as it came; with BAD and ECHO too; until the next feed. */
  uint8_t wire[KMP_WIRE_MAX];
  size_t wire_len;
  /* Counts since init. */
  size_t noise; /* bytes outside frames, but for: */
  size_t zeros; /* the byte 00, which a meter may send at any time */

  /* Private. */
  int collecting; /* inside a frame: wire grows */
  const uint8_t *echo;
  size_t echo_len;
  uint8_t plain[KMP_WIRE_MAX];
};

void kmp_deframer_init(struct kmp_deframer *d);

/* What was just sent: when it comes back, it is an echo, even if it is no good
 * frame.  The bytes must stay valid; NULL: nothing. */
void kmp_deframer_sent(struct kmp_deframer *d, const uint8_t *wire, size_t len);

/* Takes bytes up to the first event.  Returns how many were taken (at least
 * one, unless LEN is 0 or the event is BAD) and what happened; feed the rest
 * again. */
size_t kmp_deframer_feed(struct kmp_deframer *d, const uint8_t *buf, size_t len,
                         enum kmp_event *ret_event);

/* Whether the bytes that follow a frame at once are neither the beginning of
 * another one nor bytes that may come at any time. */
int kmp_is_trailing(const uint8_t *buf, size_t len);

/* Nothing more will come: KMP_EVENT_BAD with KMP_ECUT when a frame had begun,
 * else KMP_EVENT_NONE.  Forgets what was collected. */
enum kmp_event kmp_deframer_end(struct kmp_deframer *d);

#endif
