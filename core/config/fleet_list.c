/* Reads the list of meters.  All mistakes of the list are reported at once. */
#include "core/config/fleet_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/config_file.h"
#include "core/config/config_text.h"
#include "core/memory/memory.h"
#include "lib/csv_cells.h"
#include "lib/text_lines.h"

struct reader {
  struct fleet_list *list;
  struct problems *problems;
  struct text_lines lines;
  char *row, *end; /* the current line, or the rest of it */
};

#define REPORT(reader, ...)                                                    \
  problems_add((reader)->problems, (reader)->list->path, (reader)->lines.line, \
               __VA_ARGS__)

static bool
is_fleet_name(const char *text)
{
  return *text && text[strspn(text, FLEET_NAME)] == '\0';
}

/* ---- Lines --------------------------------------------------------------- */

/* Takes the next line that has more than commas and blanks: spreadsheets write
 * empty rows.  False: there is none. */
static bool
next_row(struct reader *r)
{
  const char *line;
  size_t len;

  while (text_lines_next(&r->lines, &line, &len)) {
    r->row = r->list->text.data + (line - r->list->text.data);
    r->end = r->row + len;
    *r->end = '\0'; /* in place of the line end */
    if (strspn(r->row, ", \t") < len)
      return true;
  }
  return false;
}

/* Returns the number of cells of the current line; 0: it was refused. */
static size_t
count_cells(struct reader *r)
{
  size_t len = (size_t)(r->end - r->row), n;
  const char *fault = config_text_fault(r->row);

  if (!fault && memchr(r->row, '\0', len))
    fault = "a NUL byte";
  if (fault) {
    REPORT(r, "%s in this line: save the list as UTF-8", fault);
    return 0;
  }
  n = csv_count_cells(r->row, len);
  if (n == 0)
    REPORT(r, "a double quote is wrong: put the whole cell in double quotes, "
              "and double those that belong to it; a cell has no line ends");
  return n;
}

/* ---- The header ---------------------------------------------------------- */

static void
add_column(struct reader *r, const char *name)
{
  struct fleet_list *list = r->list;

  if (!is_fleet_name(name))
    REPORT(r,
           "\"%s\" cannot be the name of a column: use the characters a-z "
           "0-9 _ -%s",
           name, strchr(name, ';') ? ", and commas between the columns" : "");
  else if (fleet_list_column(list, name, strlen(name)) < list->n_columns)
    REPORT(r, "two columns have the name \"%s\"", name);
  MEMORY_GROW(&list->columns, list->n_columns);
  list->columns[list->n_columns++] = name;
}

static void
read_header(struct reader *r)
{
  size_t n;

  if (!next_row(r)) {
    problems_add(r->problems, r->list->path, 0,
                 "the list is empty: its first line names the columns");
    return;
  }
  n = count_cells(r);
  if (n > FLEET_MAX_COLUMNS)
    REPORT(r, "more than %d columns", FLEET_MAX_COLUMNS);
  else
    for (size_t i = 0; i < n; i++)
      add_column(r, csv_take_cell(&r->row, r->end));
}

/* ---- Rows ---------------------------------------------------------------- */

static void
add_row(struct reader *r)
{
  struct fleet_list *list = r->list;
  const char **cells = memory_get(list->n_columns, sizeof(*cells));
  struct fleet_row row = { .line = r->lines.line, .cells = cells };

  for (size_t i = 0; i < list->n_columns; i++)
    cells[i] = csv_take_cell(&r->row, r->end);
  MEMORY_GROW(&list->rows, list->n_rows);
  list->rows[list->n_rows++] = row;
  if (!is_fleet_name(cells[0]))
    REPORT(r,
           "\"%s\" cannot be the name of a row: the first column has names of "
           "the characters a-z 0-9 _ -",
           cells[0]);
}

static void
read_row(struct reader *r)
{
  const struct fleet_list *list = r->list;
  size_t n = count_cells(r);

  if (n > 0 && n != list->n_columns)
    REPORT(r, "%zu cell%s, but the list has %zu column%s", n, n == 1 ? "" : "s",
           list->n_columns, list->n_columns == 1 ? "" : "s");
  else if (n > 0)
    add_row(r);
}

static void
read_rows(struct reader *r)
{
  struct fleet_list *list = r->list;
  bool has_rows = false;

  while (next_row(r)) {
    has_rows = true;
    if (list->n_rows == FLEET_MAX_ROWS) {
      REPORT(r, "more than %d rows", FLEET_MAX_ROWS);
      return;
    }
    read_row(r);
  }
  if (!has_rows)
    problems_add(r->problems, list->path, 0,
                 "the list has no row below its header");
}

static int
by_name(const void *a, const void *b)
{
  const struct fleet_row *const *x = a, *const *y = b;
  int order = strcmp((*x)->cells[0], (*y)->cells[0]);

  return order ? order : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

static void
check_unique(struct reader *r)
{
  const struct fleet_list *list = r->list;
  const struct fleet_row **rows = memory_get(list->n_rows, sizeof(*rows));

  for (size_t i = 0; i < list->n_rows; i++)
    rows[i] = &list->rows[i];
  qsort(rows, list->n_rows, sizeof(*rows), by_name);
  for (size_t i = 1; i < list->n_rows; i++)
    if (strcmp(rows[i - 1]->cells[0], rows[i]->cells[0]) == 0)
      problems_add(r->problems, list->path, rows[i]->line,
                   "the name \"%s\" is already used in line %u",
                   rows[i]->cells[0], rows[i - 1]->line);
  free(rows);
}

/* ---- The list ------------------------------------------------------------ */

/* Splits list->text, which has room for a NUL after its end. */
static int
split_list(struct fleet_list *list, struct problems *problems)
{
  struct reader r = { .list = list, .problems = problems };
  size_t before = problems_errors(problems);

  text_lines_begin(&r.lines, list->text.data, list->text.len);
  read_header(&r);
  if (problems_errors(problems) == before) {
    read_rows(&r);
    check_unique(&r);
  }
  if (problems_errors(problems) == before)
    return MP_OK;
  fleet_list_free(list);
  return MP_ECONFIG;
}

int
fleet_list_parse(const char *path, const char *text, size_t len,
                 struct problems *problems, struct fleet_list *ret)
{
  *ret = (struct fleet_list){ .path = memory_text(path) };
  memory_check(text_buffer_reserve(&ret->text, len + 1));
  memory_check(text_buffer_add(&ret->text, text, len));
  return split_list(ret, problems);
}

int
fleet_list_read(const char *path, struct problems *problems,
                struct fleet_list *ret)
{
  struct fleet_list list = { .path = NULL };
  int r = config_file_get(path, &list.text, &list.world_readable, problems);

  *ret = list;
  if (r != MP_OK)
    return r;
  ret->path = memory_text(path);
  return split_list(ret, problems);
}

void
fleet_list_free(struct fleet_list *list)
{
  for (size_t i = 0; i < list->n_rows; i++)
    free(list->rows[i].cells);
  free(list->rows);
  free(list->columns);
  text_buffer_wipe(&list->text);
  free(list->path);
  *list = (struct fleet_list){ .path = NULL };
}

size_t
fleet_list_column(const struct fleet_list *list, const char *name, size_t len)
{
  size_t i = 0;

  while (i < list->n_columns &&
         (strncmp(list->columns[i], name, len) != 0 || list->columns[i][len]))
    i++;
  return i;
}
