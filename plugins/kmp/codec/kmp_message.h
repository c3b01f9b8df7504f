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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/kmp_frame.h"

/* Commands.  A program that only reads never sends those that change the meter:
 * 09, 11, 9C, and 07 (reset), 85 (reset without backup), 86, 88 (stop the
 * debiting period), 92 (login), 97 (cut off the supply), A6 (set voltage
 * quality).  kmp_request_encode accepts only 01, 02 and 10. */
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

/* Largest number of registers in one request. */
#define KMP_REGISTERS_MAX 8
/* Largest size of a mantissa in bytes; the longest seen has 16 (flags of a
 * 382). */
#define KMP_MANTISSA_MAX 32
/* The register that holds the serial number. */
#define KMP_REGISTER_SERIAL 1001
/* The register that counts the hours of operation. */
#define KMP_REGISTER_HOURS 1004
/* The register that holds the password of an electricity meter: never
 * requested. */
#define KMP_REGISTER_PASSWORD 1180

/* A damaged byte can look like a stop byte and cut an answer in two.  The part
 * after such a false stop byte has more bytes than this: if the false stop byte
 * follows whole records, at least a record's length and exponent, the CRC and
 * the true stop byte are left. */
#define KMP_STRAY_MAX 4

/* Buffer size for any encoded request. */
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
  const uint8_t *mantissa; /* points into the frame's data */
};

struct kmp_answer {
  uint8_t cid;
  uint8_t count;       /* GetRegister: requested records */
  uint8_t surplus;     /* unrequested records, not kept */
  uint16_t surplus_id; /* the first unrequested register */
  uint16_t type;       /* GetType */
  uint8_t revision[2]; /* GetType: letter (1 is A), number; 0 0: none */
  uint32_t serial;     /* GetSerialNo */
  struct kmp_record records[KMP_REGISTERS_MAX + 1]; /* the last one: surplus */
};

/* Encodes a request for the line.  Returns its length, or 0 when SIZE is too
 * small or the request is not allowed: no register or more than eight, the
 * password register, or a command other than GetType, GetSerialNo and
 * GetRegister. */
size_t kmp_request_encode(const struct kmp_request *request, uint8_t *wire,
                          size_t size);

/* Decodes a request frame.  Takes only address and CID of a command other than
 * GetType, GetSerialNo and GetRegister.  Returns KMP_OK or the reason for
 * refusing the frame. */
int kmp_request_decode(const struct kmp_frame *frame, struct kmp_request *ret);

/* Returns whether the request names register ID. */
static inline bool
kmp_request_has(const struct kmp_request *request, uint16_t id)
{
  for (uint8_t i = 0; i < request->count; i++)
    if (request->ids[i] == id)
      return true;
  return false;
}

/* Decodes an answer and checks that it fits REQUEST: address, command, lengths,
 * register ids.  REQUEST may be NULL (not known); then all records are taken.
 * Takes only the CID of a command other than GetType, GetSerialNo and
 * GetRegister.  Missing registers are no error.  Returns KMP_OK or the reason
 * for refusing the answer. */
int kmp_answer_decode(const struct kmp_frame *frame,
                      const struct kmp_request *request,
                      struct kmp_answer *ret);

/* True if a good answer is only the beginning of a longer, damaged one, because
 * its stop byte is false.  REST is the bytes from the stop byte to a pause on
 * the line.  An answer with exactly the registers of REQUEST is whole.  REQUEST
 * may be NULL (not known). */
bool kmp_answer_is_cut(const struct kmp_frame *frame,
                       const struct kmp_request *request, const uint8_t *rest,
                       size_t len);

/* Returns the record of register ID in an answer, or NULL when the meter left
 * it out. */
const struct kmp_record *kmp_answer_find(const struct kmp_answer *answer,
                                         uint16_t id);

/* Decodes the record at data[*offset] and moves *offset past it.  Returns
 * KMP_OK, KMP_ERECORD or KMP_EMANTISSA. */
int kmp_record_decode(const uint8_t *data, size_t len, size_t *offset,
                      struct kmp_record *ret);

#endif
