/*
 * Formats times as outputs write them: RFC 3339, in UTC, whole seconds.
 *
 * Does not use gmtime: a capture has a million times, and nearly all fall on
 * the same day as the one before; and time_t may end in 2038.
 */
#ifndef LIB_UTC_TIME_H
#define LIB_UTC_TIME_H

#include <stddef.h>
#include <stdint.h>

/* "2026-11-22T10:00:00Z" with its NUL. */
#define UTC_TIME_SIZE 21

/* Caches the date of the last day.  Initialise with zeros. */
struct utc_time {
  int64_t day; /* since 1970-01-01, plus 1; 0: none yet */
  char date[sizeof("2026-11-22")];
};

/* Writes MS (since 1970) rounded down to a second, and returns BUF.  Times
 * outside the years 0000 to 9999 become the nearest time inside. */
const char *utc_time_format(struct utc_time *t, int64_t ms,
                            char buf[UTC_TIME_SIZE]);

#endif
