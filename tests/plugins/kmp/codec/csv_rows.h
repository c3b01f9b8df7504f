/*
 * Reads the tables of tests/data/kmp row by row, for tests.
 */
#ifndef TESTS_CSV_ROWS_H
#define TESTS_CSV_ROWS_H

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
/* The next row: 1, or 0 at the end; then the file is closed. */
int csv_rows_next(struct csv_rows *rows);

/* Reads hex digits; ends the test if they are none, or more than SIZE bytes. */
size_t csv_hex(const char *text, uint8_t *buf, size_t size);

#endif
