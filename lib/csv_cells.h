/*
 * Splits CSV rows into cells, with quotes as in RFC 4180.  A row is one line.
 * Pure.
 */
#ifndef LIB_CSV_CELLS_H
#define LIB_CSV_CELLS_H

#include <stddef.h>

/* Returns the count of cells in the row of LEN bytes, without its line end.  0:
 * a quote is wrong, or the row has a NUL, as after a power cut. */
size_t csv_count_cells(const char *row, size_t len);

/* Takes the first cell off the row at *ROW, which ends at END.  Unquotes it in
 * place and adds a NUL, so *END must be writable.  Call csv_count_cells first:
 * the row must be valid. */
char *csv_take_cell(char **row, char *end);

#endif
