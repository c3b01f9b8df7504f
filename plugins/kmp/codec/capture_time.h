/*
 * Times as captures write them: RFC 3339, in UTC, to the millisecond.  The C
 * library's own functions know no milliseconds, and where time_t has 32 bits no
 * time after 2038.
 */
#ifndef CAPTURE_TIME_H
#define CAPTURE_TIME_H

#include <stddef.h>
#include <stdint.h>

/* Room for a time as capture_format_time writes it, with its NUL. */
#define CAPTURE_TIME_SIZE 32

/* Writes "2026-11-22T10:00:00.120Z".  Returns its length, 0 when the year has
 * not four digits or SIZE is too small. */
size_t capture_format_time(char *buf, size_t size, int64_t time_ms);

/* Reads such a time (any number of decimals, Z or an offset) at the beginning
 * of a text.  Returns its length, 0 when there is none. */
size_t capture_parse_time(const char *text, size_t len, int64_t *ret_ms);

#endif
