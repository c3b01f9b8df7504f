/*
 * The time of day for timestamps, and a monotonic clock for waiting.
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_DAY_MS INT64_C(86400000)

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_now_ms(void);

/* Milliseconds, and microseconds, on CLOCK_MONOTONIC, which never jumps. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* Waits for MS milliseconds, or until FD (-1: none) becomes readable. */
void clock_sleep_ms(int64_t ms, int fd);

/* Writes the two largest units of MS: "3 h 20 min", "2 d 1 h", "45 s". */
void clock_format_span(int64_t ms, char *buf, size_t size);

/* Returns the milliseconds from THEN to NOW.  A THEN in the future (the clock
 * was set back) counts as very long ago: INT64_MAX. */
int64_t clock_age_ms(int64_t now, int64_t then);

#endif
