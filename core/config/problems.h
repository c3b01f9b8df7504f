/*
 * What is wrong with a pipeline file, collected so that all of it can be said
 * at once, each with its file and line.
 */
#ifndef CORE_CONFIG_PROBLEMS_H
#define CORE_CONFIG_PROBLEMS_H

#include <stddef.h>
#include <stdio.h>

#include "meterpipe/plugin.h"

/* More than these of one run are counted, not kept. */
#define PROBLEMS_MAX 1000

struct problem;

/* Kept in order: by file (the first one named comes first), then by line, then
 * as they came. */
struct problems {
  struct problem *list;
  size_t n, room;
  size_t n_errors;
  size_t n_lost; /* not kept: too many, or out of memory */
};

void problems_init(struct problems *problems);
void problems_free(struct problems *problems);

/* An error at FILE:LINE; LINE 0 means the file as a whole.  Never fails: out
 * of memory, it still counts as an error. */
MP_PRINTF(4, 5)
void problems_add(struct problems *problems, const char *file, unsigned line,
                  const char *fmt, ...);

/* The same for what deserves a look but stops nothing. */
MP_PRINTF(4, 5)
void problems_warn(struct problems *problems, const char *file, unsigned line,
                   const char *fmt, ...);

/* How many errors; warnings do not count. */
size_t problems_errors(const struct problems *problems);

/* One line each: "FILE:LINE: what is wrong". */
void problems_print(const struct problems *problems, FILE *out);
/* The same on standard error, as messages. */
void problems_tell(const struct problems *problems);

#endif
