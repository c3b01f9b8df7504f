/*
 * Times in captures: RFC 3339 in UTC, to the millisecond.  The C library's
 * functions have no milliseconds and, with a 32-bit time_t, no times after
 * 2038.
 */
#ifndef CAPTURE_TIME_H
#define CAPTURE_TIME_H

#include <stddef.h>
#include <stdint.h>

/* Buffer size for capture_format_time, NUL included. */
#define CAPTURE_TIME_SIZE 32

/* Writes a time as "2026-11-22T10:00:00.120Z".  Returns its length, or 0 when
 * the year does not have four digits or SIZE is too small. */
size_t capture_format_time(char *buf, size_t size, int64_t time_ms);

/* Parses a time at the beginning of TEXT, with any number of decimals and Z or
 * an offset, into milliseconds since 1970-01-01 UTC.  Returns its length, or 0
 * when TEXT does not begin with a time. */
size_t capture_parse_time(const char *text, size_t len, int64_t *ret_ms);

#endif
