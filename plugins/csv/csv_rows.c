/*
 * Formats the rows since the last commit as they will be in the file.  Nothing
 * is allocated per value: a capture can give a million rows.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/decimal.h"
#include "lib/rare.h"
#include "plugins/csv/csv.h"

int
csv_rows_fail(struct csv *csv)
{
  /* Reported once; the commit then writes no row. */
  if (csv->failed == MP_OK)
    csv->failed = mp_fail(csv->host, MP_ENOMEM, csv->file.path,
                          "out of memory for the rows");
  return csv->failed;
}

/* The length of the longest line end. */
#define EOL_MAX 2

/* Writes the cells of the row and its line end to AT, which has room for them.
 * Returns their end. */
static char *
put_cells(const struct csv *csv, char *at)
{
  for (uint32_t i = 0; i < csv->count; i++) {
    const struct csv_column *column = &csv->columns[i];

    if ((column->flags & MP_TARGET_READ) != 0)
      continue;
    *at++ = ',';
    if (column->row == csv->row && column->len > 0) {
      memcpy(at, csv->cells.data + column->start, column->len);
      at += column->len;
    }
  }
  for (const char *p = csv->eol; *p; p++)
    *at++ = *p;
  return at;
}

/* Formats the row when it is complete, because cells come in any order. */
int
csv_rows_finish(struct csv *csv)
{
  char *at;

  if (!csv->unfinished || csv->failed != MP_OK)
    return csv->failed;
  csv->unfinished = 0;
  if (text_buffer_reserve(&csv->rows, RFC3339_SIZE + csv->cells.len +
                                        csv->written + EOL_MAX) != MP_OK)
    return csv_rows_fail(csv);
  at = csv->rows.data + csv->rows.len;
  rfc3339_format(&csv->time, csv->time_ms, at);
  at = put_cells(csv, at + RFC3339_SIZE - 1);
  csv->rows.len = (size_t)(at - csv->rows.data);
  if (!ARRAY_GROW(&csv->ends, csv->records - 1))
    return csv_rows_fail(csv);
  csv->ends[csv->records - 1] = csv->rows.len;
  return MP_OK;
}

int
csv_rows_end_with(struct csv *csv, const char *old_eol, const char *eol)
{
  struct text_buffer old = csv->rows;
  const char *at = old.data;
  size_t old_eol_len = strlen(old_eol);
  int r = MP_OK;

  memset(&csv->rows, 0, sizeof(csv->rows));
  for (uint32_t i = 0; i < csv->records && r == MP_OK; i++) {
    const char *end = old.data + csv->ends[i];

    r = text_buffer_add(&csv->rows, at, (size_t)(end - at) - old_eol_len);
    if (r == MP_OK)
      r = text_buffer_add_text(&csv->rows, eol);
    csv->ends[i] = csv->rows.len;
    at = end;
  }
  text_buffer_free(&old);
  return r == MP_OK ? MP_OK : csv_rows_fail(csv);
}

int
csv_begin(void *self, const struct mp_record *record)
{
  struct csv *csv = self;
  int r = csv_rows_finish(csv);

  csv->records++;
  csv->row++;
  csv->unfinished = 1;
  csv->cells.len = 0;
  csv->time_ms = record->time_ms;
  return r;
}

static inline int
add_number(struct csv *csv, struct mp_decimal number)
{
  int len;

  if (text_buffer_reserve(&csv->cells, DECIMAL_TEXT) != MP_OK)
    return MP_ENOMEM;
  len = csv->host->decimal_format(number, csv->cells.data + csv->cells.len,
                                  DECIMAL_TEXT);
  if (len < 0 || len >= DECIMAL_TEXT)
    return MP_ENOMEM;
  csv->cells.len += (size_t)len;
  return MP_OK;
}

/* Notes that TARGET was refused, so that its cell in this row is empty. */
RARE static int
refuse_cell(struct csv *csv, uint32_t target)
{
  if (!ARRAY_GROW(&csv->refusals, csv->refusals_len))
    return csv_rows_fail(csv);
  csv->refusals[csv->refusals_len].record = csv->records - 1;
  csv->refusals[csv->refusals_len].target = target;
  csv->refusals_len++;
  return MP_OK;
}

/* Adds the cell of NUMBER in another UNIT than the column's.  MP_DROP:
 * refused. */
RARE static int
add_converted(struct csv *csv, struct csv_column *column, const char *unit,
              struct mp_decimal number)
{
  int r = csv_column_fit(csv, column, unit, &number);

  return r == MP_OK ? add_number(csv, number) : r;
}

/* Adds the cell of VALUE.  MP_DROP: refused. */
static int
add_value(struct csv *csv, struct csv_column *column,
          const struct mp_value *value)
{
  const char *unit = value->unit ? value->unit : "";

  if (value->kind == MP_TEXT)
    return csv_add_text(&csv->cells, value->text);
  return csv_column_takes(column, unit)
           ? add_number(csv, value->number)
           : add_converted(csv, column, unit, value->number);
}

RARE static int
fail_target(const struct csv *csv, uint32_t target)
{
  return mp_fail(csv->host, MP_EINTERNAL, csv->file.path,
                 "there is no column number %" PRIu32, target);
}

int
csv_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct csv *csv = self;
  struct csv_column *column;
  size_t start = csv->cells.len;
  int r;

  if (csv->failed != MP_OK)
    return csv->failed;
  if (target >= csv->count || csv->records == 0)
    return fail_target(csv, target);
  column = &csv->columns[target];
  r = add_value(csv, column, value);
  if (r == MP_DROP)
    return refuse_cell(csv, target);
  if (r != MP_OK)
    return csv_rows_fail(csv);
  column->row = csv->row;
  column->start = start;
  column->len = csv->cells.len - start;
  return MP_OK;
}

void
csv_rows_forget(struct csv *csv)
{
  csv->rows.len = 0;
  csv->cells.len = 0;
  csv->refusals_len = 0;
  csv->records = 0;
  csv->unfinished = 0;
  csv->failed = MP_OK;
  for (uint32_t i = 0; i < csv->count; i++)
    csv->columns[i].complained = false;
}

void
csv_rows_free(struct csv *csv)
{
  text_buffer_free(&csv->rows);
  text_buffer_free(&csv->cells);
  free(csv->ends);
  free(csv->refusals);
}
