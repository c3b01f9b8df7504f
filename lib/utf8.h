/*
 * UTF-8: texts from a meter, a server or a command are not to be trusted, and
 * columns of a terminal line up by what is seen, not by bytes.  Pure.
 */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stands for bytes that are no UTF-8. */
#define UTF8_REPLACEMENT UINT32_C(0xfffd)

/* The length of the character at TEXT, 1 to 4; 0: it is no valid UTF-8.  The
 * NUL at the end is no character. */
size_t utf8_length(const char *text);

/* Takes the first character of *TEXT, which is not empty; for a byte that
 * begins none, UTF8_REPLACEMENT. */
uint32_t utf8_take(const char **text);

/* Writes C to BUF, which has room for 4 bytes; returns how many it took. */
size_t utf8_put(char *buf, uint32_t c);

/* Takes the first character of *TEXT, which is not empty, and writes it to BUF,
 * which has room for 4 bytes; a question mark for a control character, and for
 * a byte that begins none.  Returns how many bytes it wrote: never more than it
 * took. */
size_t utf8_clean(char *buf, const char **text);

/* A copy from malloc, clean like that; NULL: out of memory. */
char *utf8_repair(const char *text);

/* Whether C is a control character, which does things to a terminal. */
bool utf8_is_control(uint32_t c);

/* The same as utf8_length; 0 also for a control character. */
size_t utf8_plain_length(const char *text);

/* Whether TEXT is UTF-8 without control characters, as the host takes it. */
bool utf8_is_plain(const char *text);

/* Puts a "?" for each byte of TEXT that people must not be shown: of what is
 * not plain, and of what ends a line or turns the direction of what follows. */
void utf8_make_plain(char *text);

/* How many columns of a terminal TEXT takes. */
size_t utf8_width(const char *text);

#endif
