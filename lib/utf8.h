/*
 * UTF-8: cleans untrusted texts (from a meter, a server or a command), and
 * counts the columns that they take on a terminal.  Pure.
 */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Replaces bytes that are not UTF-8. */
#define UTF8_REPLACEMENT UINT32_C(0xfffd)

/* Returns the length of the character at TEXT, 1 to 4; 0: it is not valid
 * UTF-8, or the NUL at the end. */
size_t utf8_length(const char *text);

/* Decodes the first character of *TEXT, which is not empty, and moves *TEXT
 * past it.  A byte that begins no character becomes UTF8_REPLACEMENT. */
uint32_t utf8_take(const char **text);

/* Writes C to BUF, which has room for 4 bytes; returns the number of bytes. */
size_t utf8_put(char *buf, uint32_t c);

/* Copies the first character of *TEXT, which is not empty, to BUF, which has
 * room for 4 bytes, and moves *TEXT past it.  A control character, and a byte
 * that begins no character, become a question mark.  Returns the number of
 * bytes written: never more than it read. */
size_t utf8_clean(char *buf, const char **text);

/* Returns a copy from malloc, cleaned with utf8_clean; NULL: out of memory. */
char *utf8_repair(const char *text);

/* Returns whether C is a control character, which a terminal may obey. */
bool utf8_is_control(uint32_t c);

/* Returns whether C is a control character, separates lines or paragraphs, or
 * changes the direction of the text after it. */
bool utf8_misleads(uint32_t c);

/* Like utf8_length, but returns 0 also for a control character. */
size_t utf8_plain_length(const char *text);

/* Returns whether TEXT is UTF-8 without control characters; the host
 * accepts no other text. */
bool utf8_is_plain(const char *text);

/* Replaces unsafe bytes of TEXT with "?", in place: invalid UTF-8, and
 * characters that mislead. */
void utf8_make_plain(char *text);

/* Returns the number of terminal columns that TEXT takes. */
size_t utf8_width(const char *text);

#endif
