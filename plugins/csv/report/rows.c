#include "plugins/csv/report/rows.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "lib/civil.h"
#include "lib/csv_cells.h"
#include "lib/rfc3339.h"
#include "plugins/csv/report/stretches.h"

#define NIGHT_END 6 /* o'clock; the night begins at midnight */
/* Every offset from UTC that is in use changes at a multiple of this. */
#define QUARTER_S (15 * 60)
#define NO_COLUMN SIZE_MAX

const char *const rows_fault_texts[ROWS_FAULTS] = {
  [ROWS_CELLS] = "do not have the cells of the header",
  [ROWS_TIME] = "have no time in the first column",
  [ROWS_CLOCK] = "have a time that does not fit between the rows around them",
  [ROWS_ORDER] = "are not later than the row before",
  [ROWS_NUMBER] = "have a cell that is not a number",
  [ROWS_CUT] = "have no line end, so they may be cut",
};

struct reader {
  const struct section *section;
  const char *path;
  size_t places[SECTION_COLUMNS]; /* of the columns; NO_COLUMN */
  size_t n_cells;
  unsigned long line;
  struct stretches stretches;
  size_t stretch; /* the current one */
  int64_t last_ms;
  bool has_last;
  struct rfc3339_day day_cache;
  int64_t quarter; /* of the cached local time */
  bool has_quarter;
  int64_t day;
  bool is_night;
  struct rows *rows;
};

static int
fail(const struct reader *r, int status, const char *what)
{
  fprintf(stderr, "error: %s:%lu: %s\n", r->path, r->line, what);
  return status;
}

static void
leave_out(struct reader *r, enum rows_fault fault)
{
  struct rows_left_out *left = &r->rows->left_out[fault];

  if (left->count++ == 0)
    left->first_line = r->line;
}

/* ---- The header ---------------------------------------------------------- */

static int
find_columns(struct reader *r, char *row, char *end)
{
  char *cell;

  r->n_cells = csv_count_cells(row, (size_t)(end - row));
  if (r->n_cells == 0)
    return fail(r, EX_DATAERR, "this is no header of a CSV file");
  for (int c = 0; c < SECTION_COLUMNS; c++)
    r->places[c] = NO_COLUMN;
  for (size_t i = 0; i < r->n_cells; i++) {
    cell = csv_take_cell(&row, end);
    if (i == 0 && strcmp(cell, "time") != 0)
      return fail(r, EX_DATAERR,
                  "the first column is not \"time\": this is no "
                  "file of the output csv");
    for (int c = 0; c < SECTION_COLUMNS; c++) {
      if (!r->section->columns[c] || strcmp(cell, r->section->columns[c]) != 0)
        continue;
      if (r->places[c] != NO_COLUMN)
        return fail(r, EX_DATAERR,
                    "a column that [report] names is there "
                    "twice: rename one");
      r->places[c] = i;
    }
  }
  for (int c = 0; c < SECTION_COLUMNS; c++)
    if (r->section->columns[c] && r->places[c] == NO_COLUMN) {
      fprintf(stderr,
              "error: %s:%lu: there is no column \"%s\", which [report] of %s "
              "names: correct the name\n",
              r->path, r->line, r->section->columns[c], r->section->file);
      return EX_DATAERR;
    }
  return EX_OK;
}

/* ---- Rows ---------------------------------------------------------------- */

/* Sets the local day of a time.  A quarter of an hour has one date. */
static void
find_day(struct reader *r, int64_t ms)
{
  time_t s = (time_t)(ms / 1000);
  int64_t quarter = s / QUARTER_S;
  struct tm tm;

  if (r->has_quarter && quarter == r->quarter)
    return;
  localtime_r(&s, &tm);
  r->has_quarter = true;
  r->quarter = quarter;
  r->day = civil_to_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
  r->is_night = tm.tm_hour < NIGHT_END;
}

static void
set_value(struct uses_row *row, enum section_column column, struct mp_decimal d)
{
  switch (column) {
  case COLUMN_ENERGY:
  case COLUMN_VOLUME:
    row->has[column - COLUMN_ENERGY] = true;
    row->value[column - COLUMN_ENERGY] = d;
    break;
  case COLUMN_FLOW_T:
  case COLUMN_RETURN_T:
    row->has_t[column - COLUMN_FLOW_T] = true;
    row->t[column - COLUMN_FLOW_T] = d;
    break;
  case COLUMN_E8:
  case COLUMN_E9:
    row->has_product[column - COLUMN_E8] = true;
    row->product[column - COLUMN_E8] = d;
    break;
  default:
    row->has_flow = true;
    row->flow = d;
  }
}

/* Reads a cell; false: it is not a number. */
static bool
take_cell(const struct reader *r, size_t place, const char *cell,
          struct uses_row *ret)
{
  struct mp_decimal d;

  if (!*cell)
    return true;
  for (int c = 0; c < SECTION_COLUMNS; c++) {
    if (r->places[c] != place)
      continue;
    if (decimal_parse(cell, strlen(cell), &d) != MP_OK || !decimal_valid(d))
      return false;
    set_value(ret, (enum section_column)c, d);
  }
  return true;
}

static int
add_row(struct reader *r, const struct uses_row *row)
{
  switch (uses_add(&r->rows->uses, row)) {
  case MP_OK:
    r->rows->used++;
    return EX_OK;
  case MP_EDATA:
    return fail(r, EX_DATAERR,
                "a counter fell and is back: these are rows of two meters, or "
                "a row before is wrong; correct the file, or name the column "
                "of one meter");
  case MP_ENOMEM:
    return fail(r, EX_OSERR, "out of memory");
  default:
    return fail(r, EX_DATAERR, "a sum has too many digits: correct the number");
  }
}

/* Reads the time in the first cell at *TEXT, which moves on; false: it has
 * none. */
static bool
take_time(struct reader *r, char **text, char *end, int64_t *ret_ms)
{
  const char *cell = csv_take_cell(text, end);
  size_t len = strlen(cell);

  return len > 0 && rfc3339_scan(&r->day_cache, cell, len, ret_ms) == len;
}

static int
take_row(struct reader *r, char *text, char *end)
{
  struct uses_row row = { .day = 0 };
  int64_t ms;

  if (csv_count_cells(text, (size_t)(end - text)) != r->n_cells) {
    leave_out(r, ROWS_CELLS);
    return EX_OK;
  }
  if (!take_time(r, &text, end, &ms)) {
    leave_out(r, ROWS_TIME);
    return EX_OK;
  }
  for (size_t i = 1; i < r->n_cells; i++)
    if (!take_cell(r, i, csv_take_cell(&text, end), &row)) {
      leave_out(r, ROWS_NUMBER);
      return EX_OK;
    }
  if (!stretches_used(&r->stretches, r->line, &r->stretch)) {
    leave_out(r, ROWS_CLOCK);
    return EX_OK;
  }
  if (r->has_last && ms <= r->last_ms) {
    leave_out(r, ROWS_ORDER);
    return EX_OK;
  }
  r->has_last = true;
  r->last_ms = ms;
  find_day(r, ms);
  row.day = r->day;
  row.is_night = r->is_night;
  return add_row(r, &row);
}

/* Adds a row to the stretches. */
static int
take_row_time(struct reader *r, char *text, char *end)
{
  int64_t ms;

  if (csv_count_cells(text, (size_t)(end - text)) != r->n_cells ||
      !take_time(r, &text, end, &ms))
    return EX_OK;
  switch (stretches_add(&r->stretches, r->line, ms)) {
  case MP_OK:
    return EX_OK;
  case MP_ERANGE:
    return fail(r, EX_DATAERR,
                "the times go back too often: sort the rows, or name the file "
                "of one meter");
  default:
    return fail(r, EX_OSERR, "out of memory");
  }
}

/* ---- Lines --------------------------------------------------------------- */

typedef int take_fn(struct reader *r, char *text, char *end);

/* Handles a line of LEN bytes with its end; TEXT has room for a NUL. */
static int
take_line(struct reader *r, char *text, size_t len, take_fn *take)
{
  r->line++;
  if (text[len - 1] != '\n') {
    if (take == take_row)
      leave_out(r, ROWS_CUT);
    return EX_OK;
  }
  len--;
  if (len > 0 && text[len - 1] == '\r')
    len--;
  text[len] = '\0';
  return r->line == 1 ? find_columns(r, text, text + len)
                      : take(r, text, text + len);
}

/* Reads F from its beginning. */
static int
read_lines(struct reader *r, FILE *f, take_fn *take)
{
  char *text = NULL;
  size_t size = 0;
  ssize_t len;
  int status = EX_OK;

  r->line = 0;
  if (fseeko(f, 0, SEEK_SET) != 0)
    return fail(r, EX_NOINPUT, "is read twice, so it must be a file");
  while (status == EX_OK && (len = getline(&text, &size, f)) > 0)
    status = take_line(r, text, (size_t)len, take);
  free(text);
  if (status == EX_OK && ferror(f))
    return fail(r, EX_IOERR, "cannot be read to its end");
  return status;
}

int
rows_read(FILE *f, const char *path, const struct section *section,
          struct rows *ret)
{
  struct reader r = { .section = section, .path = path, .rows = ret };
  int status;

  *ret = (struct rows){ .used = 0 };
  for (int i = 0; i < USES_TEMPERATURES; i++)
    ret->uses.by_product[i] = section->columns[COLUMN_E8 + i];
  status = read_lines(&r, f, take_row_time);
  if (status == EX_OK && stretches_choose(&r.stretches) != MP_OK)
    status = fail(&r, EX_OSERR, "out of memory");
  if (status == EX_OK)
    status = read_lines(&r, f, take_row);
  stretches_free(&r.stretches);
  if (status == EX_OK && ret->used == 0)
    return fail(&r, EX_DATAERR,
                "there is no row that can be used: name the "
                "CSV file of the meter");
  return status;
}

void
rows_free(struct rows *rows)
{
  uses_free(&rows->uses);
}
