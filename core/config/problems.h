/*
 * Collects the problems of a pipeline file, so that all are reported at once,
 * each with its file and line.
 *
 * A line of the file can be repeated for each row of a list.  Then the row is
 * named, too: "fleet.ini:12 (houses.csv:804): TEXT".  A problem that such a
 * line has in many rows is one problem: "(houses.csv:2 and 999 more rows)".
 */
#ifndef CORE_CONFIG_PROBLEMS_H
#define CORE_CONFIG_PROBLEMS_H

#include <stddef.h>
#include <stdio.h>

#include "meterpipe/plugin.h"

/* At most this many problems are kept; the rest is only counted. */
#define PROBLEMS_MAX 1000

struct problem;

/* At most this many different problems of a repeated line are kept. */
#define PROBLEMS_PER_LINE 3

struct fleet;

/* Sorted by file (in the order of their first problem), then by line and row,
 * then in the order of problems_add. */
struct problems {
  const struct fleet *fleet; /* lines of its file that are added are those of
                                its expanded text; NULL: none are */
  struct problem *list;
  size_t n;
  size_t n_errors;
  size_t n_lost; /* not kept: too many */
};

void problems_init(struct problems *problems);
void problems_free(struct problems *problems);

/* Adds an error at FILE:LINE; LINE 0 means the file as a whole. */
MP_PRINTF(4, 5)
void problems_add(struct problems *problems, const char *file, unsigned line,
                  const char *fmt, ...);

/* The same for a warning, which does not stop the program. */
MP_PRINTF(4, 5)
void problems_warn(struct problems *problems, const char *file, unsigned line,
                   const char *fmt, ...);

/* Returns the number of errors, without the warnings. */
size_t problems_errors(const struct problems *problems);

/* Prints one line for each problem: "FILE:LINE: TEXT". */
void problems_print(const struct problems *problems, FILE *out);
/* The same on standard error, as messages. */
void problems_report(const struct problems *problems);

#endif
