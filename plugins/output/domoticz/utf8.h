/*
 * UTF-8: Domoticz stores any bytes and hands them out as they are.  Pure.
 */
#ifndef DOMOTICZ_UTF8_H
#define DOMOTICZ_UTF8_H

#include <stddef.h>

/* The length of the character at TEXT, 1 to 4; 0: it is no valid UTF-8.  The
 * NUL at the end is no character. */
size_t utf8_length(const char *text);

/* A copy from malloc in which each byte that is no UTF-8 is a question mark;
 * NULL: out of memory. */
char *utf8_repair(const char *text);

#endif
