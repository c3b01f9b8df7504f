/*
 * A table for people: columns as wide as what stands in them.
 */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Begins as { .columns = N }. */
struct table {
  size_t columns;
  char **cells; /* row by row */
  size_t n, room;
  bool failed; /* out of memory: not all is there */
};

/* The next cell; NULL and "" are empty.  What a terminal would take for a
 * command is replaced. */
void table_add(struct table *table, const char *cell);

/* Prints all rows, each with INDENT blanks before it. */
void table_print(const struct table *table, unsigned indent, FILE *out);

void table_free(struct table *table);

#endif
