/*
 * KMP messages: requests, and answers checked against them.
 *
 *     GetType      01  request: -            answer: type(2) revision(2)
 *     GetSerialNo  02  request: -            answer: number(4)
 *     GetRegister  10  request: n id(2)*n    answer: record*
 *
 *     record:  II II UU NN SS MM..     I register id   U unit code
 *                                      N length of M   S sign and exponent
 *                                      M mantissa, unsigned
 */
#ifndef KMP_MESSAGE_H
#define KMP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/kmp_frame.h"

/* Commands.  A program that reads never sends those that change the meter: 09,
 * 11, 9C, and 07 (reset), 85 (reset without backup), 86, 88 (stop the debiting
 * period), 92 (login), 97 (cut off the supply), A6 (set voltage quality).
 * kmp_request_encode writes 01, 02 and 10, and no other. */
#define KMP_GET_TYPE 0x01
#define KMP_GET_SERIAL 0x02
#define KMP_SET_CLOCK 0x09
#define KMP_GET_REGISTER 0x10
#define KMP_PUT_REGISTER 0x11
#define KMP_GET_EVENT_STATUS 0x9b
#define KMP_CLEAR_EVENT_STATUS 0x9c
#define KMP_GET_LOG_TIME_PRESENT 0xa0
#define KMP_GET_LOG_LAST_PRESENT 0xa1
#define KMP_GET_LOG_ID_PRESENT 0xa2
#define KMP_GET_LOG_TIME_PAST 0xa3
#define KMP_LOGGER 0xb8

/* Registers in one request, at most. */
#define KMP_REGISTERS_MAX 8
/* Bytes of a mantissa, at most; the longest seen has 16 (flags of a 382). */
#define KMP_MANTISSA_MAX 32
/* The register that holds the serial number. */
#define KMP_REGISTER_SERIAL 1001
/* The register that counts the hours of operation. */
#define KMP_REGISTER_HOURS 1004
/* The register that holds the password of an electricity meter: never asked
 * for. */
#define KMP_REGISTER_PASSWORD 1180

/* What is left of an answer after a damaged stop byte has more bytes than this:
 * if the stop byte follows whole records, a record's length and exponent, the
 * CRC and the true stop byte are left. */
#define KMP_STRAY_MAX 4

/* Room for any request of these on the line. */
#define KMP_REQUEST_WIRE_MAX 64

struct kmp_request {
  uint8_t address;
  uint8_t cid;
  uint8_t count;                   /* GetRegister: 1..8 */
  uint16_t ids[KMP_REGISTERS_MAX]; /* distinct */
};

struct kmp_record {
  uint16_t id;
  uint8_t unit; /* code, see kmp_unit.h */
  uint8_t nob;  /* bytes of the mantissa; 0: no value */
  uint8_t siex;
  const uint8_t *mantissa; /* into the frame's data */
};

struct kmp_answer {
  uint8_t cid;
  uint8_t count;       /* GetRegister: records that were asked for */
  uint8_t surplus;     /* records that nobody asked for: left out */
  uint16_t surplus_id; /* the first of these */
  uint16_t type;       /* GetType */
  uint8_t revision[2]; /* GetType: letter (1 is A), number; 0 0: none */
  uint32_t serial;     /* GetSerialNo */
  struct kmp_record records[KMP_REGISTERS_MAX];
};

/* Writes a request as it goes over the line.  Returns its length, 0 when it
 * cannot be: more than eight registers, the password among them, a command
 * other than the three above, SIZE too small. */
size_t kmp_request_encode(const struct kmp_request *request, uint8_t *wire,
                          size_t size);

/* Reads a request frame.  Of commands other than the three above only address
 * and CID are taken.  KMP_OK or why it is refused. */
int kmp_request_decode(const struct kmp_frame *frame, struct kmp_request *ret);

/* Reads an answer and checks that it fits REQUEST: address, command, lengths,
 * register ids.  REQUEST may be NULL (not known): then all records count.  Of
 * other commands than the three above nothing but the CID is taken.  Registers
 * that are left out are no error.  KMP_OK or why it is refused. */
int kmp_answer_decode(const struct kmp_frame *frame,
                      const struct kmp_request *request,
                      struct kmp_answer *ret);

/* Whether REST, the bytes after the stop byte of a good answer up to a pause on
 * the line, tell that this stop byte was a damaged one and the answer is only
 * the beginning of another.  An answer with all that REQUEST asks for is whole.
 * The request may be NULL (not known). */
int kmp_answer_is_cut(const struct kmp_frame *frame,
                      const struct kmp_request *request, const uint8_t *rest,
                      size_t len);

/* The record of a register in an answer; NULL: left out. */
const struct kmp_record *kmp_answer_find(const struct kmp_answer *answer,
                                         uint16_t id);

/* Writes what a meter answers: type, serial or records, by answer->cid.
 * Returns the length, 0 when it cannot be. */
size_t kmp_answer_encode(uint8_t address, const struct kmp_answer *answer,
                         uint8_t *wire, size_t size);

/* Reads one record at data[*offset] and moves *offset behind it.  KMP_OK,
 * KMP_ERECORD or KMP_EMANTISSA. */
int kmp_record_decode(const uint8_t *data, size_t len, size_t *offset,
                      struct kmp_record *ret);

#endif
