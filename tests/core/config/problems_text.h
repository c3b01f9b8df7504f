/* The problems of a pipeline file as one text. */
#ifndef TESTS_PROBLEMS_TEXT_H
#define TESTS_PROBLEMS_TEXT_H

#include <stdio.h>

#include "core/config/problems.h"

/* Returns all lines; the caller frees the text. */
static inline char *
problems_text(const struct problems *problems)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);

  problems_print(problems, out);
  fclose(out);
  return text;
}

#endif
