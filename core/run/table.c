/* Keeps all cells until printing: only then is the width of each column
 * known. */
#include "core/run/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/utf8.h"

#define GAP 2

void
table_add(struct table *table, const char *cell)
{
  char *copy = memory_text(cell ? cell : "");

  utf8_make_plain(copy);
  MEMORY_GROW(&table->cells, table->n);
  table->cells[table->n++] = copy;
}

/* Counts characters; a combining character counts as one column, too. */
static size_t
width_of(const char *text)
{
  size_t width = 0;

  for (; *text; text++)
    width += (*text & 0xc0) != 0x80;
  return width;
}

static size_t
column_width(const struct table *table, size_t column)
{
  size_t width = 0;

  for (size_t i = column; i < table->n; i += table->columns) {
    size_t w = width_of(table->cells[i]);

    if (w > width)
      width = w;
  }
  return width;
}

static void
print_blanks(size_t n, FILE *out)
{
  while (n-- > 0)
    putc(' ', out);
}

/* Prints padding only in front of a cell that is not empty, so that no row ends
 * in blanks.  Empty columns take no room at all. */
static void
print_row(const struct table *table, size_t row, const size_t *widths,
          unsigned indent, FILE *out)
{
  char **cells = &table->cells[row * table->columns];
  size_t owed = indent;

  for (size_t i = 0; i < table->columns; i++) {
    if (widths[i] == 0)
      continue;
    if (*cells[i]) {
      print_blanks(owed, out);
      fputs(cells[i], out);
      owed = 0;
    }
    owed += widths[i] - width_of(cells[i]) + GAP;
  }
  putc('\n', out);
}

void
table_print(const struct table *table, unsigned indent, FILE *out)
{
  size_t *widths = memory_get(table->columns, sizeof(*widths));
  size_t n_rows = table->columns ? table->n / table->columns : 0;

  for (size_t i = 0; i < table->columns; i++)
    widths[i] = column_width(table, i);
  for (size_t row = 0; row < n_rows; row++)
    print_row(table, row, widths, indent, out);
  free(widths);
}

void
table_free(struct table *table)
{
  for (size_t i = 0; i < table->n; i++)
    free(table->cells[i]);
  free(table->cells);
  table->cells = NULL;
  table->n = 0;
}
