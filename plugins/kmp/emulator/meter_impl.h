/*
 * What the parts of the emulated meter share: meter.c (the pty and the thread),
 * meter_control.c (orders while it runs), meter_answer.c (what it knows and
 * says), meter_load.c (files), meter_fault.c (mistakes), meter_sleep.c (when it
 * does not listen).
 */
#ifndef KMP_EMULATOR_METER_IMPL_H
#define KMP_EMULATOR_METER_IMPL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/emulator/meter.h"

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

/* How it saves its battery. */
struct meter_sleep {
  int model;  /* row of the table in meter_sleep.c */
  long count; /* answers until it sleeps */
  int64_t us; /* until it sleeps, or for how long */
  long answers;
  int64_t heard_us; /* last traffic, or key pressed */
  int magnet_away;
};

struct meter {
  pthread_t thread;
  pthread_mutex_t lock; /* of all below */
  int fd;               /* master; -1: unplugged */
  int wake[2];          /* tells the thread to end or to unplug */
  char path[64];
  char link[256];
  unsigned baud;
  unsigned delay_ms;
  unsigned deaf_ms;
  unsigned requests;
  unsigned unheard;
  size_t bytes;
  struct meter_memory memory;
  struct meter_faults faults;
  struct meter_sleep sleep;

  /* The thread's own. */
  struct meter_bytes heard;
  int64_t last_us; /* when the last byte came */
  int64_t deaf_until_us;
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

/* ---- meter.c ------------------------------------------------------------ */

/* Ends the program: a mistake in a test. */
__attribute__((noreturn)) void meter_die(const char *what, const char *about);
/* Microseconds on CLOCK_MONOTONIC. */
int64_t meter_clock_us(void);

/* ---- meter_control.c ---------------------------------------------------- */

/* meter_memory_learn, under the lock. */
int meter_learn(struct meter *m, const uint8_t *frame, size_t len);

/* ---- meter_sleep.c ------------------------------------------------------ */

/* All times are those of one clock, in microseconds. */
int meter_sleep_set(struct meter_sleep *sleep, const char *text,
                    int64_t now_us);
int meter_sleep_listens(const struct meter_sleep *sleep, int64_t now_us);
/* A request was heard and is answered. */
void meter_sleep_answered(struct meter_sleep *sleep, int64_t now_us);
void meter_sleep_press(struct meter_sleep *sleep, int64_t now_us);

/* ---- meter_fault.c ------------------------------------------------------ */

int meter_faults_add(struct meter_faults *faults, const char *text);

/* Plans what happens on FRAME, a good request whose body is REQUEST. */
void meter_faults_plan(struct meter_faults *faults,
                       const struct meter_memory *memory,
                       const struct meter_bytes *frame,
                       const struct meter_bytes *request,
                       struct meter_plan *ret_plan);
/* The same for a meter that does not listen: only the head is there. */
void meter_faults_plan_echo(const struct meter_faults *faults,
                            const struct meter_bytes *frame,
                            struct meter_plan *ret_plan);

#endif
