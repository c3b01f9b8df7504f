/*
 * Text that is no more than text, wherever it came from: a server, a meter, a
 * command, a damaged file.
 */
#ifndef LIB_PLAIN_H
#define LIB_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the UTF-8 character that TEXT begins with; 0: there is none, or it
 * is a control character. */
size_t plain_character(const char *text);

/* Whether TEXT is valid UTF-8 without control characters. */
bool plain_text(const char *text);

/* Puts a "?" for each byte of TEXT that people must not be shown: what is none
 * of that, and what ends a line or turns the direction of what follows. */
void plain_make(char *text);

#endif
