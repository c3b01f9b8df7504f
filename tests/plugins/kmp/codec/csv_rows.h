/*
 * Reads the tables of tests/data/kmp row by row, for tests.
 */
#ifndef TESTS_CSV_ROWS_H
#define TESTS_CSV_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CSV_FIELDS_MAX 16

struct csv_rows {
  FILE *file;
  char line[4096];
  size_t count;
  char *fields[CSV_FIELDS_MAX]; /* without their quotes */
};

/* Opens tests/data/kmp/NAME and reads the header; ends the test if it cannot.
 */
void csv_rows_open(struct csv_rows *rows, const char *name);
/* Reads the next row and returns true; at the end closes the file and returns
 * false. */
bool csv_rows_next(struct csv_rows *rows);

/* Parses hex digits.  Ends the test if there are others, or more than SIZE
 * bytes. */
size_t csv_hex(const char *text, uint8_t *buf, size_t size);

#endif
