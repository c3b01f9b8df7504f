/*
 * An emulated meter on a pseudo terminal, or on a TCP port as behind a serial
 * server: answers KMP requests like a heat meter with an optical head, and
 * makes the mistakes that a test orders.
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
 * The meter runs in its own thread; every function may be called while it
 * answers.  It has its own frame code, so that it does not share errors with
 * the codec under test.  A mistake in the test itself aborts the program.
 */
#ifndef KMP_EMULATOR_METER_H
#define KMP_EMULATOR_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meter;

/* Starts a meter on a pty, without registers, answer delay or line speed.
 * Aborts when that fails. */
struct meter *meter_start(void);

/* The same in steps: makes a meter, which can be set up; and starts it, on a
 * pty unless meter_listen was called.  meter_new returns NULL when out of
 * memory; meter_serve returns -1 when there is no pty or no thread, see
 * errno. */
struct meter *meter_new(void);
int meter_serve(struct meter *m);

/* Lets a new meter listen on PORT (0: any free one) of HOST, a name or a
 * numeric address.  Like a serial server, it serves one connection at a time;
 * the next one waits.  Returns -1 on failure, with the reason in *ret_why. */
int meter_listen(struct meter *m, const char *host, unsigned port,
                 const char **ret_why);

/* Stops and frees the meter, and removes its link.  Accepts NULL. */
void meter_stop(struct meter *m);

/* Returns the path of the tty to open, or tcp://HOST:PORT; valid until
 * meter_stop. */
const char *meter_path(const struct meter *m);
/* Makes the symbolic link PATH to the tty; replaces an existing link.  Returns
 * -1 on failure, see errno. */
int meter_try_link(struct meter *m, const char *path);
/* The same; aborts on failure. */
void meter_link(struct meter *m, const char *path);

/* ---- Registers and type ------------------------------------------------- */

/* Sets a register or the type from TEXT:
 *   60=84.208GJ             a register: decimal and symbol of the unit
 *   60:03 04 43 00 01 48 F0  the same as bytes: unit, length, SiEx, mantissa
 *   1001=68500001           the serial number is a register too
 *   type=0001F1             answer to GetType: type, software revision
 * Returns 0, or -1 when TEXT is none of these or there is no room. */
int meter_try_set(struct meter *m, const char *text);
/* The same; aborts on failure. */
void meter_set(struct meter *m, const char *text);
/* Removes a register. */
void meter_remove(struct meter *m, uint16_t id);
/* Loads a file: lines as above, and lines of a capture.  The last value of each
 * register in its answers counts.  Returns the number of settings and answers
 * loaded; -1 when the file cannot be read, see errno. */
long meter_load(struct meter *m, const char *path);

/* Gives the new meter TO everything that FROM was set up with: registers, line,
 * sleep, ordered mistakes.  Its serial number is that of FROM plus N, or
 * METER_FIRST_SERIAL plus N if FROM has none. */
void meter_copy(struct meter *to, struct meter *from, unsigned n);
#define METER_FIRST_SERIAL 68500001

/* ---- Behaviour ---------------------------------------------------------- */

/* Sets the line speed in baud, at 11 bits a byte; 0: bytes take no time. */
void meter_set_baud(struct meter *m, unsigned baud);
/* Sets the time from the end of a request to its answer. */
void meter_set_delay(struct meter *m, unsigned ms);
/* Sets how long the meter is deaf after a request that it did not answer, or
 * after a bad frame; the default is 1600 ms. */
void meter_set_deaf(struct meter *m, unsigned ms);
/* Seeds the random numbers of mistakes. */
void meter_set_seed(struct meter *m, uint32_t seed);

/* Orders a mistake: KIND[=N][*TIMES].  With TIMES it is made only for the next
 * TIMES requests.  Returns 0, or -1 when TEXT is invalid or too many mistakes
 * are ordered. */
int meter_try_fault(struct meter *m, const char *text);
/* Returns the name of kind number INDEX, from 0, and a description of it and
 * its N; NULL past the last. */
const char *meter_fault_kind(size_t index, const char **ret_what);
/* The same as meter_try_fault; aborts on failure. */
void meter_fault(struct meter *m, const char *text);
/* Cancels all ordered mistakes. */
void meter_clear_faults(struct meter *m);
/* Selects how the meter saves its battery; it starts awake:
 *   none                 it wakes on the first byte (601)
 *   eye[=DURATION]       deaf 30m after the last traffic, until a key is
 *                        pressed (402 and older)
 *   water[=N[,DURATION]] deaf for 10m after 12 answers (water meters)
 *   magnet               deaf while the magnet is away (403, 603)
 * A duration is 500ms, 90s, 30m or 1h.  Returns 0, or -1 when TEXT is none of
 * these. */
int meter_try_sleep(struct meter *m, const char *text);
/* The same; aborts on failure. */
void meter_sleep(struct meter *m, const char *text);
void meter_press_key(struct meter *m);
/* Takes the magnet away, or puts it back.  Returns true if it is away now. */
bool meter_move_magnet(struct meter *m);
/* Closes the pty, as if the head were unplugged; or the connection and the
 * port.  Returns once it is closed. */
void meter_unplug(struct meter *m);
/* Sends bytes without a request, such as noise on the line before a program
 * opens it. */
void meter_say(struct meter *m, const uint8_t *buf, size_t len);

/* ---- Counters ----------------------------------------------------------- */

/* Returns the number of requests heard: complete, with a correct CRC, while the
 * meter was listening.  They may have another address or an unknown command. */
unsigned meter_requests(struct meter *m);
/* Returns the number of bytes not heard as a request: bad ones, and those sent
 * while the meter was deaf or asleep. */
unsigned meter_unheard(struct meter *m);
/* Resets all these counters, meter_bytes too. */
void meter_forget(struct meter *m);
/* Returns the number of bytes of requests and answers on the line. */
size_t meter_bytes(struct meter *m);

#endif
