/*
 * Times as texts: RFC 3339.
 *
 * The C library has no milliseconds; its functions depend on the locale and,
 * with a time_t of 32 bits, end in 2038.
 */
#ifndef LIB_RFC3339_H
#define LIB_RFC3339_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes of "2026-11-22T10:00:00Z" and "2026-11-22T10:00:00.120Z", NUL
 * included. */
#define RFC3339_SIZE 21
#define RFC3339_MS_SIZE 25

/* Caches the date of the last time that was written or parsed: a capture has a
 * million times, nearly all on the same day as the one before.  Initialise with
 * zeros. */
struct rfc3339_day {
  int64_t day; /* since 1970-01-01, plus 1; 0: none yet */
  char date[sizeof("2026-11-22")];
};

/* Writes MS (since 1970) in UTC, rounded down to a second, and returns BUF.
 * Times outside the years 0000 to 9999 become the nearest time inside.  LAST
 * may be NULL. */
const char *rfc3339_format(struct rfc3339_day *last, int64_t ms,
                           char buf[RFC3339_SIZE]);

/* Writes MS in UTC to the millisecond.  Returns the length, or 0 if the year
 * does not have four digits or SIZE is too small. */
size_t rfc3339_format_ms(char *buf, size_t size, int64_t ms);

/* Parses "2026-11-22T10:00:00Z" or "2026-11-22T11:00:00.250+01:00" into
 * milliseconds since 1970.  Returns whether TEXT is such a time. */
bool rfc3339_parse(const char *text, int64_t *ret_ms);

/* Parses a time at the beginning of TEXT, in which t or a blank may replace
 * the T.  Returns its length, or 0 if TEXT does not begin with a time.  LAST
 * may be NULL. */
size_t rfc3339_scan(struct rfc3339_day *last, const char *text, size_t len,
                    int64_t *ret_ms);

#endif
