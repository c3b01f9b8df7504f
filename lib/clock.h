/*
 * The two clocks: the time of day for what is kept, and one that never jumps
 * for what is waited for.
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_now_ms(void);

/* Milliseconds on a clock that no one sets. */
int64_t clock_mono_ms(void);

/* Waits; returns early when FD (-1: none) becomes readable. */
void clock_sleep_ms(int64_t ms, int fd);

/* "2026-11-22T10:00:00Z"; SIZE of at least CLOCK_TEXT. */
#define CLOCK_TEXT 32
void clock_format_utc(int64_t ms, char *buf, size_t size);

/* "3 h 20 min", "2 d 1 h", "45 s": the two largest units of a duration. */
void clock_format_span(int64_t ms, char *buf, size_t size);

/* How long ago THEN was.  A time in the future (the clock went back) counts as
 * long ago: INT64_MAX. */
int64_t clock_age_ms(int64_t now, int64_t then);

#endif
