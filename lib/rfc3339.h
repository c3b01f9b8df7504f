/*
 * Parses times as commands print them: RFC 3339.
 */
#ifndef LIB_RFC3339_H
#define LIB_RFC3339_H

#include <stdint.h>

/* Parses "2026-11-22T10:00:00Z" or "2026-11-22T11:00:00.250+01:00" into
 * milliseconds since 1970.  Returns whether TEXT is such a time. */
int rfc3339_parse(const char *text, int64_t *ret_ms);

#endif
