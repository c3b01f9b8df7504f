/*
 * What the parts of the emulated meter share: meter.c (the pty and the thread),
 * meter_answer.c (what a meter knows and says), meter_fault.c (mistakes).
 */
#ifndef SUPPORT_METER_IMPL_H
#define SUPPORT_METER_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "tests/support/meter.h"

#define METER_REGISTERS 512
#define METER_RECORD 64  /* bytes of a register's record */
#define METER_FRAME 1024 /* of anything on the line */
#define METER_FAULTS 16

/* A register as it stands in an answer: id, unit, length, SiEx, mantissa. */
struct meter_register {
  uint16_t id;
  uint8_t len;
  uint8_t record[METER_RECORD];
};

struct meter_memory {
  uint8_t type[4];
  size_t count;
  struct meter_register registers[METER_REGISTERS];
};

struct meter_bytes {
  size_t len;
  uint8_t buf[METER_FRAME];
};

/* A mistake that was ordered. */
struct meter_order {
  int kind;   /* row of the table in meter_fault.c */
  long n;     /* KIND=N */
  long times; /* answers in which it is still made; -1: all */
};

/* What is to be made of one request. */
struct meter_plan {
  struct meter_bytes echo;   /* while the request arrives */
  struct meter_bytes answer; /* nothing: silence */
  long late_ms;              /* on top of the delay */
  long unplug_at;            /* after so many bytes of the answer; -1: never */
};

struct meter_faults {
  size_t count;
  struct meter_order orders[METER_FAULTS];
  uint32_t seed;
  unsigned request;            /* number of this request, from 1 */
  struct meter_bytes previous; /* the last answer, before mistakes */
  struct meter_memory less;    /* what is known but for a missing register */
};

/* Appends a byte if there is room. */
void meter_put(struct meter_bytes *bytes, uint8_t byte);

/* ---- meter_answer.c ----------------------------------------------------- */

/* Sets what TEXT says; -1: it says nothing known. */
int meter_memory_set(struct meter_memory *memory, const char *text);
/* Takes the registers of an answer on the line; -1: it is none. */
int meter_memory_learn(struct meter_memory *memory, const uint8_t *frame,
                       size_t len);
void meter_memory_remove(struct meter_memory *memory, uint16_t id);

/* Undoes start, stuffing, CRC and stop of a frame that begins with START: to
 * address, command and data.  -1: it is not one. */
int meter_unframe(const uint8_t *frame, size_t len, uint8_t start,
                  struct meter_bytes *ret_body);
/* And back; CRC_ERROR is put upon the CRC. */
void meter_frame(const struct meter_bytes *body, uint16_t crc_error,
                 struct meter_bytes *ret_frame);

/* What the meter answers to a request's body; an empty body: nothing. */
void meter_answer(const struct meter_memory *memory,
                  const struct meter_bytes *request,
                  struct meter_bytes *ret_body);

/* ---- meter_fault.c ------------------------------------------------------ */

int meter_faults_add(struct meter_faults *faults, const char *text);

/* Plans what happens on FRAME, a good request whose body is REQUEST. */
void meter_faults_plan(struct meter_faults *faults,
                       const struct meter_memory *memory,
                       const struct meter_bytes *frame,
                       const struct meter_bytes *request,
                       struct meter_plan *ret_plan);

#endif
