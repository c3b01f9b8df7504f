/*
 * A table for people: each column is as wide as its widest cell.
 */
#ifndef CORE_RUN_TABLE_H
#define CORE_RUN_TABLE_H

#include <stddef.h>
#include <stdio.h>

/* Initialise with { .columns = N }. */
struct table {
  size_t columns;
  char **cells; /* row by row */
  size_t n;
};

/* Adds the next cell; NULL and "" are empty.  Replaces characters that a
 * terminal would obey. */
void table_add(struct table *table, const char *cell);

/* Prints all rows, indented by INDENT blanks. */
void table_print(const struct table *table, unsigned indent, FILE *out);

void table_free(struct table *table);

#endif
