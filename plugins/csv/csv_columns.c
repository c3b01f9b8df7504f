/*
 * The columns of a CSV output: the targets in their order, the header line, and
 * the unit of each column.  The file has no place for units, so they are kept
 * in the host's store.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/csv/csv.h"

#define TIME_COLUMN "time"
#define UNIT_KEY "unit."

static int
fail_memory(const struct csv *csv)
{
  return mp_fail(csv->host, MP_ENOMEM, csv->file.path, "out of memory");
}

/* Sets unit_key ("unit.energy") and loads the unit from the store. */
static int
learn_unit(struct csv *csv, struct csv_column *column)
{
  size_t size = sizeof(UNIT_KEY) + strlen(column->name);
  const char *unit;

  column->unit_key = malloc(size);
  if (!column->unit_key)
    return fail_memory(csv);
  snprintf(column->unit_key, size, "%s%s", UNIT_KEY, column->name);
  unit = csv->host->store_get(csv->host, column->unit_key);
  if (!unit)
    return MP_OK;
  column->unit = strdup(unit);
  return column->unit ? MP_OK : fail_memory(csv);
}

static int
learn_column(struct csv *csv, const struct mp_target *target)
{
  struct csv_column *column = &csv->columns[csv->count++];

  column->name = target->name;
  column->flags = target->flags;
  if (strcmp(column->name, TIME_COLUMN) == 0)
    return mp_fail(csv->host, MP_ECONFIG, "column." TIME_COLUMN,
                   "this is the name of the first column; choose another "
                   "name");
  if ((column->flags & MP_TARGET_READ) == 0) {
    csv->written++;
    if (text_buffer_add(&csv->header, ",", 1) != MP_OK ||
        csv_add_cell(&csv->header, column->name) != MP_OK)
      return fail_memory(csv);
  }
  return learn_unit(csv, column);
}

int
csv_columns_open(struct csv *csv)
{
  const struct mp_host *host = csv->host;
  const struct mp_target *target;
  uint32_t n = 0;
  int r = MP_OK;

  while (host->target(host, n))
    n++;
  csv->columns = calloc(n == 0 ? 1 : n, sizeof(*csv->columns));
  if (!csv->columns ||
      text_buffer_add(&csv->header, TIME_COLUMN, strlen(TIME_COLUMN)) != MP_OK)
    r = fail_memory(csv);
  for (uint32_t i = 0; i < n && r == MP_OK; i++) {
    target = host->target(host, i);
    r = learn_column(csv, target);
  }
  if (r != MP_OK)
    csv_columns_close(csv);
  return r;
}

void
csv_columns_close(struct csv *csv)
{
  for (uint32_t i = 0; i < csv->count; i++) {
    free(csv->columns[i].unit_key);
    free(csv->columns[i].unit);
  }
  free(csv->columns);
  csv->columns = NULL;
  csv->count = 0;
  csv->written = 0;
  text_buffer_free(&csv->header);
}

static int
keep_unit(struct csv *csv, struct csv_column *column, const char *unit)
{
  column->unit = strdup(unit);
  if (!column->unit)
    return MP_ENOMEM;
  /* If the store fails, the host notices it and does not commit. */
  csv->host->store_set(csv->host, column->unit_key, unit);
  return MP_OK;
}

void
csv_columns_end_commit(struct csv *csv)
{
  for (uint32_t i = 0; i < csv->count; i++)
    csv->columns[i].complained = false;
}

static int
refuse_unit(struct csv *csv, struct csv_column *column, const char *unit)
{
  /* report a wrong unit once in a commit, not for every row */
  if (column->complained)
    return MP_DROP;
  column->complained = true;
  mp_fail(csv->host, MP_ECONFIG, column->name,
          "the column is in %s, but a value in %s does not convert to it "
          "exactly; put a transform with plugin = convert before the column, "
          "or name another column",
          column->unit[0] == '\0' ? "no unit" : column->unit,
          unit[0] == '\0' ? "no unit" : unit);
  return MP_DROP;
}

int
csv_column_fit(struct csv *csv, struct csv_column *column, const char *unit,
               struct mp_decimal *number)
{
  int r;

  if (!column->unit)
    return keep_unit(csv, column, unit);
  r = csv->host->unit_convert(number, unit, column->unit, MP_EXACT);
  if (r == MP_OK)
    return MP_OK;
  if (r == MP_ERANGE) {
    mp_fail(csv->host, MP_ERANGE, column->name,
            "a value in %s is too large for the column's unit %s", unit,
            column->unit);
    return MP_DROP;
  }
  return refuse_unit(csv, column, unit);
}
