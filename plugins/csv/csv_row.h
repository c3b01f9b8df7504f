/*
 * CSV as text: cells with RFC 4180's quotes, and rows taken apart again.  No
 * I/O and no host.
 */
#ifndef CSV_ROW_H
#define CSV_ROW_H

#include <stddef.h>

#include "lib/text_buffer.h"

/* Adds TEXT as one cell, in quotes where it needs them.  MP_OK or MP_ENOMEM. */
int csv_add_cell(struct text_buffer *b, const char *text);

/* The same for a text of unknown origin.  Line ends in it become blanks, so
 * that a line is a row.  A spreadsheet takes a cell that begins with = + - or @
 * (or a blank control before one) for a formula, quoted or not, and a formula
 * can do harm: such a text gets an apostrophe in front, which spreadsheets take
 * for "this is text". */
int csv_add_text(struct text_buffer *b, const char *text);

/* The text that was added as CELL, but for its line ends: without its guard. */
const char *csv_text_of_cell(const char *cell);

/* How many cells the row of LEN bytes, without its line end, has; 0: its quotes
 * do not fit, or there is a NUL in it, as a power cut leaves them. */
size_t csv_count_cells(const char *row, size_t len);

/* Takes the first cell off the row at *ROW, which ends at END; unquotes it in
 * place and ends it with a NUL, for which *END must be writable.  Only for rows
 * that csv_count_cells has counted. */
char *csv_take_cell(char **row, char *end);

#endif
