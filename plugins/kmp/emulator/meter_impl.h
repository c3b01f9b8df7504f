/*
 * Shared by the files of the emulated meter: meter.c (the pty and the thread),
 * meter_listen.c (connections instead of a pty), meter_control.c (the public
 * functions that take the lock), meter_answer.c (registers and answers),
 * meter_load.c (files), meter_fault.c (mistakes), meter_sleep.c (battery
 * saving).
 */
#ifndef KMP_EMULATOR_METER_IMPL_H
#define KMP_EMULATOR_METER_IMPL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/emulator/meter.h"

#define METER_REGISTERS 512
#define METER_RECORD 64  /* bytes of a register's record */
#define METER_FRAME 1024 /* bytes of a request or an answer */
#define METER_FAULTS 16

/* A register as sent in an answer: id, unit, length, SiEx, mantissa. */
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

/* An ordered mistake. */
struct meter_order {
  int kind;   /* row of the table in meter_fault.c */
  long n;     /* KIND=N */
  long times; /* requests for which it is still made; -1: all */
};

/* The reaction to one request. */
struct meter_plan {
  struct meter_bytes echo;   /* sent while the request arrives */
  struct meter_bytes answer; /* empty: silence */
  long late_ms;              /* added to the delay */
  long unplug_at; /* after this many bytes of the answer; -1: never */
};

struct meter_faults {
  size_t count;
  struct meter_order orders[METER_FAULTS];
  uint32_t seed;
  unsigned request;            /* number of this request, from 1 */
  struct meter_bytes previous; /* the last answer, before mistakes */
  struct meter_memory less;    /* the memory without the missing register */
};

/* How the meter saves its battery. */
struct meter_sleep {
  int model;        /* row of the table in meter_sleep.c */
  long count;       /* answers until it sleeps */
  int64_t us;       /* EYE: time until it sleeps; WATER: time it sleeps */
  long answers;     /* since it last slept */
  int64_t heard_us; /* last traffic, or key pressed */
  bool magnet_away;
};

struct meter {
  pthread_t thread;
  bool serves;          /* the thread runs */
  pthread_mutex_t lock; /* protects the members up to sleep */
  int fd;               /* master, or the connection; -1: unplugged, or none */
  int listener; /* socket that accepts connections; -1: the line is a pty */
  int wake[2];  /* pipe with orders to the thread: end, unplug */
  char path[300];
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

  /* Used by the thread only. */
  struct meter_bytes heard;
  int64_t last_us; /* time of the last byte */
  int64_t deaf_until_us;
};

/* Appends a byte if there is room. */
void meter_put(struct meter_bytes *bytes, uint8_t byte);

/* ---- meter_answer.c ----------------------------------------------------- */

/* Sets the register or type in TEXT, see meter_try_set.  Returns 0 or -1. */
int meter_memory_set(struct meter_memory *memory, const char *text);
/* Stores the values of an answer frame.  Returns -1 when FRAME is not a valid
 * answer. */
int meter_memory_learn(struct meter_memory *memory, const uint8_t *frame,
                       size_t len);
void meter_memory_remove(struct meter_memory *memory, uint16_t id);
/* Copies the type and the registers; not the unused ones, which would take
 * memory. */
void meter_memory_copy(struct meter_memory *to,
                       const struct meter_memory *from);
/* Adds N to the serial number (register 1001).  Without one, sets it to
 * FIRST + N. */
void meter_memory_count_serial(struct meter_memory *memory, uint64_t first,
                               unsigned n);

/* Decodes a frame that begins with START to its address, command and data.
 * Returns -1 when it is not a valid frame. */
int meter_unframe(const uint8_t *frame, size_t len, uint8_t start,
                  struct meter_bytes *ret_body);
/* Encodes an answer frame.  CRC_ERROR is XORed into its CRC. */
void meter_frame(const struct meter_bytes *body, uint16_t crc_error,
                 struct meter_bytes *ret_frame);

/* Makes the body of the answer to a request's body; empty: no answer. */
void meter_answer(const struct meter_memory *memory,
                  const struct meter_bytes *request,
                  struct meter_bytes *ret_body);

/* ---- meter.c ------------------------------------------------------------ */

/* Reports a mistake in a test and aborts. */
__attribute__((noreturn)) void meter_die(const char *what, const char *about);

/* ---- meter_listen.c ----------------------------------------------------- */

/* Accepts a waiting connection as the line. */
void meter_accept(struct meter *m);
/* Refuses connections from now on.  The caller holds the lock. */
void meter_end_listening(struct meter *m);

/* ---- meter_control.c ---------------------------------------------------- */

/* Calls meter_memory_learn under the lock. */
int meter_learn(struct meter *m, const uint8_t *frame, size_t len);

/* ---- meter_sleep.c ------------------------------------------------------ */

/* All times are microseconds of clock_mono_us. */
int meter_sleep_set(struct meter_sleep *sleep, const char *text,
                    int64_t now_us);
bool meter_sleep_listens(const struct meter_sleep *sleep, int64_t now_us);
/* Counts a request that is answered. */
void meter_sleep_answered(struct meter_sleep *sleep, int64_t now_us);
void meter_sleep_press(struct meter_sleep *sleep, int64_t now_us);

/* ---- meter_fault.c ------------------------------------------------------ */

int meter_faults_add(struct meter_faults *faults, const char *text);
/* Copies the ordered mistakes and the seed, not the answers so far. */
void meter_faults_copy(struct meter_faults *to,
                       const struct meter_faults *from);

/* Plans the reaction to FRAME, a good request whose body is REQUEST. */
void meter_faults_plan(struct meter_faults *faults,
                       const struct meter_memory *memory,
                       const struct meter_bytes *frame,
                       const struct meter_bytes *request,
                       struct meter_plan *ret_plan);
/* The same for a sleeping meter: only the head can react, with an echo. */
void meter_faults_plan_echo(const struct meter_faults *faults,
                            const struct meter_bytes *frame,
                            struct meter_plan *ret_plan);

#endif
