/*
 * The formats of standard output: turns the values of a cycle into text.  No
 * I/O and no host.
 */
#ifndef STDOUT_FORMAT_H
#define STDOUT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/text_buffer.h"

/* A cell in JSON, with an empty value: "flow":{"value":"","unit":"l/h"}
 * Kept from cycle to cycle, because a recording has millions of cells.
 * Initialise with zeros. */
struct stdout_label {
  struct text_buffer json;
  size_t name_len; /* of "flow": */
  size_t value_at; /* where the value belongs, between its quotes */
};

/* Sets the label of a cell with this name and unit (NULL: none).  MP_OK or
 * MP_ENOMEM. */
int stdout_label_set(struct stdout_label *label, const char *name,
                     const char *unit);
void stdout_label_free(struct stdout_label *label);

/* One value of a cycle. */
struct stdout_cell {
  const char *name;
  const char *value; /* NULL: missing */
  size_t len;        /* of value */
  const char *unit;  /* of the last value; NULL: none */
  bool is_text;
  struct stdout_label label;
};

/* Adds one cycle; TIME is its time, "2026-11-22T10:00:00Z".  MP_OK or
 * MP_ENOMEM. */
typedef int (*stdout_format_fn)(struct text_buffer *out, const char *time,
                                const struct stdout_cell *cells, size_t n);

/* Columns for a person:
 *
 *     2026-11-22T10:00:00Z
 *       meter.heat_energy_e1  84.208  GJ
 *       meter.flow             7.5    l/h
 *       usage                  -
 */
int stdout_format_table(struct text_buffer *out, const char *time,
                        const struct stdout_cell *cells, size_t n);

/* One JSON object per line.  Takes name and unit from the labels. */
int stdout_format_json(struct text_buffer *out, const char *time,
                       const struct stdout_cell *cells, size_t n);

/* NAME VALUE UNIT per line.  Leaves out missing values. */
int stdout_format_line(struct text_buffer *out, const char *time,
                       const struct stdout_cell *cells, size_t n);

#endif
