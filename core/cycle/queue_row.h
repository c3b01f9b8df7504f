/*
 * A row of a queue: the values of one cycle for one output, as text.
 */
#ifndef CORE_CYCLE_QUEUE_ROW_H
#define CORE_CYCLE_QUEUE_ROW_H

#include "core/cycle/cycle_data.h"

struct queue_cell {
  char *target; /* the target's name */
  struct value value;
};

struct queue_row {
  int64_t time_ms;
  struct queue_cell *values;
  size_t n_values;
};

/* Writes the values of this cycle that count, as booked for the targets of
 * OUTPUT.  The caller frees the text. */
char *queue_row_encode(const struct cycle_data *d, const struct stage *output,
                       int64_t time_ms);

/* Reads a row.  Returns false if BODY is not a row. */
bool queue_row_decode(struct queue_row *row, const char *body);
void queue_row_clear(struct queue_row *row);

#endif
