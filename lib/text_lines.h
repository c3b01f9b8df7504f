/*
 * Splits a text into numbered lines.  Pure.
 */
#ifndef LIB_TEXT_LINES_H
#define LIB_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct text_lines {
  const char *next, *end; /* the text that was not split yet */
  unsigned line;          /* number of the last line; the first is 1 */
};

/* Begins with the LEN bytes of TEXT, without a byte order mark.  TEXT must
 * outlive the lines. */
void text_lines_begin(struct text_lines *lines, const char *text, size_t len);

/* Takes the next line, without its end: a line feed, or a carriage return and a
 * line feed.  It is not ended by a NUL.  False: there is none. */
bool text_lines_next(struct text_lines *lines, const char **ret_line,
                     size_t *ret_len);

#endif
