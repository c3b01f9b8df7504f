/* Splits CSV rows into cells. */
#include "lib/csv_cells.h"

#include <stdbool.h>
#include <string.h>

/* Returns the position after the cell at P: the comma after it, or END.  NULL:
 * a quote is wrong. */
static const char *
skip_cell(const char *p, const char *end)
{
  if (p == end || *p != '"') {
    while (p < end && *p != ',' && *p != '"')
      p++;
    return p < end && *p == '"' ? NULL : p;
  }
  for (p++; p < end; p++) {
    if (*p != '"')
      continue;
    if (end - p >= 2 && p[1] == '"')
      p++;
    else
      return p + 1 == end || p[1] == ',' ? p + 1 : NULL;
  }
  return NULL;
}

size_t
csv_count_cells(const char *row, size_t len)
{
  const char *end = row + len;
  const char *p = skip_cell(row, end);
  size_t n = 1;

  if (memchr(row, '\0', len))
    return 0;
  while (p && p < end) {
    p = skip_cell(p + 1, end);
    n++;
  }
  return p ? n : 0;
}

char *
csv_take_cell(char **row, char *end)
{
  char *cell = *row, *from = *row, *to = *row;
  bool quoted = from < end && *from == '"';

  for (from += quoted; from < end; from++) {
    if (!quoted && *from == ',')
      break;
    if (quoted && *from == '"') {
      if (end - from < 2 || from[1] != '"') {
        from++;
        break;
      }
      from++;
    }
    *to++ = *from;
  }
  *row = from < end ? from + 1 : end;
  *to = '\0';
  return cell;
}
