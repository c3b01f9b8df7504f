/* Counts words in a text. */
#ifndef SUPPORT_TIMES_IN_H
#define SUPPORT_TIMES_IN_H

#include <string.h>

/* Returns how often TEXT contains WORDS. */
static inline unsigned
times_in(const char *text, const char *words)
{
  unsigned n = 0;

  for (; (text = strstr(text, words)); text += strlen(words))
    n++;
  return n;
}

#endif
