/*
 * Formats the cells of CSV rows, with quotes as in RFC 4180.  No I/O and no
 * host.
 */
#ifndef CSV_ROW_H
#define CSV_ROW_H

#include "lib/text_buffer.h"

/* Adds TEXT as one cell, in quotes if it needs them.  MP_OK or MP_ENOMEM. */
int csv_add_cell(struct text_buffer *b, const char *text);

/* Like csv_add_cell, for a text of unknown origin.  Line ends in it become
 * blanks, so that every line is a row.  A spreadsheet takes a cell that begins
 * with = + - or @ (or with a blank character before one) for a formula, even in
 * quotes, and a formula can do harm.  So such a text gets an apostrophe in
 * front (the guard), which spreadsheets take for "this is text". */
int csv_add_text(struct text_buffer *b, const char *text);

/* Returns the text that csv_add_text wrote as CELL, without its guard.  Line
 * ends stay blanks. */
const char *csv_text_of_cell(const char *cell);

#endif
