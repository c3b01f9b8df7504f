/* Texts of a few characters: units and serial numbers. */
#ifndef LIB_SHORT_TEXT_H
#define LIB_SHORT_TEXT_H

#include <stdbool.h>

/* Returns whether A and B are the same text.  Inline, because a replay compares
 * millions of them, and most are shorter than a call of strcmp takes. */
static inline bool
short_text_is(const char *a, const char *b)
{
  for (; *a == *b; a++, b++)
    if (*a == '\0')
      return true;
  return false;
}

#endif
