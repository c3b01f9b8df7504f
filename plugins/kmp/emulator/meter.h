/*
 * A meter on a pseudo terminal: answers KMP requests like a heat meter with an
 * optical head, and makes the mistakes that a test orders.
 *
 *     struct meter *m = meter_start();
 *
 *     meter_set(m, "60=84.208GJ");
 *     meter_set(m, "1001=68500001");
 *     meter_fault(m, "silent=1");
 *     ... read the port meter_path(m), with this process or another ...
 *     ck_assert_uint_eq(meter_requests(m), 2);
 *     meter_stop(m);
 *
 * It runs in a thread of its own; every function may be called while it
 * answers.  It has its own idea of frames, so that an error of the codec under
 * test is not its error too.  A mistake in the test itself aborts.
 */
#ifndef KMP_EMULATOR_METER_H
#define KMP_EMULATOR_METER_H

#include <stddef.h>
#include <stdint.h>

struct meter;

/* A meter without registers, that answers at once and unpaced. */
struct meter *meter_start(void);
/* The same; NULL when there is no pty or no thread, see errno. */
struct meter *meter_try_start(void);
/* Stops and frees it, and removes its link.  Accepts NULL. */
void meter_stop(struct meter *m);

/* The tty to read it by. */
const char *meter_path(const struct meter *m);
/* Makes the symbolic link PATH to the tty, in place of one that is there.  -1:
 * it cannot be made, see errno. */
int meter_try_link(struct meter *m, const char *path);
void meter_link(struct meter *m, const char *path);

/* ---- What the meter knows ----------------------------------------------- */

/* Sets something, as text:
 *   60=84.208GJ             a register: decimal and symbol of the unit
 *   60:03 04 43 00 01 48 F0  the same as bytes: unit, length, SiEx, mantissa
 *   1001=68500001           the serial number is a register as well
 *   type=0001F1             answer to GetType: type, software revision
 * Returns 0, or -1 when it is none of these. */
int meter_try_set(struct meter *m, const char *text);
/* The same, for texts that a test has written. */
void meter_set(struct meter *m, const char *text);
/* Takes a register away. */
void meter_remove(struct meter *m, uint16_t id);
/* Reads a file: lines as above, and lines of a capture, of whose answers the
 * last values count.  Returns how many settings and answers were in it; -1 when
 * the file cannot be read, see errno. */
long meter_load(struct meter *m, const char *path);

/* ---- How it behaves ----------------------------------------------------- */

/* 11 bits a byte at that speed, for request and answer; 0: unpaced. */
void meter_set_baud(struct meter *m, unsigned baud);
/* From the end of the request to the answer. */
void meter_set_delay(struct meter *m, unsigned ms);
/* How long it is deaf after a request that it did not answer; else 1600 ms. */
void meter_set_deaf(struct meter *m, unsigned ms);
/* What random mistakes follow from. */
void meter_set_seed(struct meter *m, uint32_t seed);

/* Orders a mistake: KIND[=N][*TIMES].  With TIMES it is made in the next so
 * many answers only.  Returns 0, or -1 when there is no such kind. */
int meter_try_fault(struct meter *m, const char *text);
/* Kind number INDEX, and what it does with its N; NULL past the last. */
const char *meter_fault_kind(size_t index, const char **ret_what);
/* The same, for texts that a test has written. */
void meter_fault(struct meter *m, const char *text);
/* Makes no more mistakes. */
void meter_clear_faults(struct meter *m);
/* Lets it save its battery, beginning awake:
 *   none                 it wakes on the first byte (601)
 *   eye[=DURATION]       deaf 30m after the last traffic, until a key is
 *                        pressed (402 and older)
 *   water[=N[,DURATION]] deaf for 10m after 12 answers (water meters)
 *   magnet               deaf while the magnet is away (403, 603)
 * A duration is 500ms, 90s, 30m or 1h.  Returns 0, or -1 when it is none of
 * these. */
int meter_try_sleep(struct meter *m, const char *text);
/* The same, for texts that a test has written. */
void meter_sleep(struct meter *m, const char *text);
void meter_press_key(struct meter *m);
/* Takes the magnet away, or puts it back; whether it is away now. */
int meter_move_magnet(struct meter *m);
/* Takes the port away, as when the head is unplugged. */
void meter_unplug(struct meter *m);
/* Sends bytes on its own accord, without a request: what a line has on it
 * before a program opens it. */
void meter_say(struct meter *m, const uint8_t *buf, size_t len);

/* ---- What it has seen --------------------------------------------------- */

/* Requests heard: whole, for this meter, with a right CRC, at a time when it
 * listens. */
unsigned meter_requests(struct meter *m);
/* Bytes that it did not hear as a request: too soon after a bad one, or bad. */
unsigned meter_unheard(struct meter *m);
/* Forgets both counts. */
void meter_forget(struct meter *m);
/* Bytes of requests and of answers that went over the line. */
size_t meter_bytes(struct meter *m);

#endif
