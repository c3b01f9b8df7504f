/*
 * A row of a queue: the values of one cycle for one output, as text.
 */
#ifndef CORE_CYCLE_ROW_H
#define CORE_CYCLE_ROW_H

#include "core/pipeline/pipeline.h"

struct row_value {
  char *target; /* the target's name */
  struct value value;
};

struct row {
  int64_t time_ms;
  struct row_value *values;
  size_t n_values;
};

/* Writes the values of this cycle that count, as booked for the targets of
 * OUTPUT.  The caller frees the text; NULL: out of memory. */
char *row_encode(const struct stage *output, int64_t time_ms);

/* Reads a row.  Returns false if BODY is not a row, or out of memory. */
bool row_decode(struct row *row, const char *body);
void row_clear(struct row *row);

#endif
