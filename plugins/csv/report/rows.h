/*
 * Reads a CSV file row by row, twice, in constant memory, and adds up its uses.
 */
#ifndef REPORT_ROWS_H
#define REPORT_ROWS_H

#include <stdint.h>
#include <stdio.h>

#include "plugins/csv/report/section.h"
#include "plugins/csv/report/uses.h"

/* Rows that were left out, and why. */
enum rows_fault {
  ROWS_CELLS,  /* other cells than the header, or wrong quotes */
  ROWS_TIME,   /* no time in the first column */
  ROWS_CLOCK,  /* a time that does not fit between the rows around it */
  ROWS_ORDER,  /* not after the row before */
  ROWS_NUMBER, /* a cell of a named column is no number */
  ROWS_CUT,    /* the last row has no line end */
  ROWS_FAULTS
};

extern const char *const rows_fault_texts[ROWS_FAULTS];

struct rows_left_out {
  unsigned long count, first_line;
};

struct rows {
  struct uses uses;
  struct rows_left_out left_out[ROWS_FAULTS];
  unsigned long used; /* rows */
};

/* Reads F, named PATH, in the local time of TZ.  Returns EX_OK, or an exit
 * status after a message on standard error.  rows_free frees *ret in any
 * case. */
int rows_read(FILE *f, const char *path, const struct section *section,
              struct rows *ret);

void rows_free(struct rows *rows);

#endif
