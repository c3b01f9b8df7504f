/*
 * UTF-8 for terminals: texts from a meter are not to be trusted, and columns
 * line up by what is seen, not by bytes.
 */
#ifndef STDOUT_UTF8_H
#define STDOUT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Stands for bytes that are no UTF-8. */
#define UTF8_REPLACEMENT UINT32_C(0xfffd)

/* Takes the first character of *TEXT, which is not empty; for a byte that
 * begins none, UTF8_REPLACEMENT. */
uint32_t utf8_take(const char **text);

/* Writes C to BUF, which has room for 4 bytes; returns how many it took. */
size_t utf8_put(char *buf, uint32_t c);

/* Whether C is a control character, which does things to a terminal. */
int utf8_is_control(uint32_t c);

/* How many columns of a terminal TEXT takes. */
size_t utf8_width(const char *text);

#endif
