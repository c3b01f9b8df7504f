/* meterpipe status --set-aside: the rows that an output will never take. */
#include "core/commands/status_print.h"
#include "core/commands/status_select.h"

#include <stdlib.h>

#include "core/cycle/queue_row.h"
#include "core/memory/memory.h"
#include "core/run/table.h"
#include "lib/array.h"
#include "lib/rfc3339.h"

static void
list_rows(const struct status *status, struct rows_aside *ret)
{
  size_t n = 0;

  *ret = (struct rows_aside){ .n = 0 };
  if (status->cycle->run->store)
    set_aside_list(status->cycle->run->store, NULL, ret);
  for (size_t i = 0; i < ret->n; i++) {
    if (status_shows_name(status, ret->rows[i].output))
      ret->rows[n++] = ret->rows[i];
    else
      free(ret->rows[i].reason);
  }
  ret->n = n;
}

/* ---- For people ---------------------------------------------------------- */

static void
add_time(struct table *table, int64_t ms)
{
  char when[RFC3339_SIZE];

  rfc3339_format(NULL, ms, when);
  table_add(table, ms > 0 ? when : "");
}

/* Adds the values of ROW to the last column: "energy 10 GJ, usage 1 GJ". */
static void
add_values(struct table *table, const struct queue_row *row)
{
  char *text = NULL, value[512];
  size_t len = 0;
  FILE *out = memory_open_text(&text, &len);

  for (size_t i = 0; i < row->n_values; i++)
    fprintf(out, "%s%s %s", i > 0 ? ", " : "", row->values[i].target,
            value_describe(&row->values[i].value, value, sizeof(value)));
  memory_close_text(out, &text);
  table_add(table, text);
  free(text);
}

static void
add_row(struct table *table, const struct row_aside *aside)
{
  struct queue_row row;
  bool is_good = queue_row_decode(&row, aside->body);

  table_add(table, aside->output);
  add_time(table, is_good ? row.time_ms : 0);
  add_time(table, aside->since_ms);
  table_add(table, *aside->reason ? aside->reason : "not known");
  if (is_good)
    add_values(table, &row);
  else
    table_add(table, "cannot be read");
  queue_row_clear(&row);
}

void
status_print_rows(const struct rows_aside *list, FILE *out)
{
  static const char *const heads[] = { "OUTPUT", "TIME", "SET ASIDE", "REASON",
                                       "VALUES" };
  struct table table = { .columns = ARRAY_SIZE(heads) };

  for (size_t i = 0; i < table.columns; i++)
    table_add(&table, heads[i]);
  for (size_t i = 0; i < list->n; i++)
    add_row(&table, &list->rows[i]);
  table_print(&table, 0, out);
  table_free(&table);
}

void
status_print_aside(const struct status *status, FILE *out)
{
  struct rows_aside list;

  list_rows(status, &list);
  if (list.n > 0)
    status_print_rows(&list, out);
  else
    fprintf(out, "%s: no rows are set aside\n",
            status->cycle->plan->config->path);
  set_aside_free(&list);
}

/* ---- For programs -------------------------------------------------------- */

static void
json_row(struct json *json, const struct row_aside *aside)
{
  struct queue_row row;

  queue_row_decode(&row, aside->body); /* no row: no time, and no values */
  json_object(json, NULL);
  json_text(json, "output", aside->output);
  status_json_time(json, "time", row.time_ms);
  status_json_time(json, "since", aside->since_ms);
  json_text(json, "reason", *aside->reason ? aside->reason : NULL);
  json_object(json, "values");
  for (size_t i = 0; i < row.n_values; i++)
    status_json_value(json, row.values[i].target, &row.values[i].value);
  json_end_object(json);
  json_end_object(json);
  queue_row_clear(&row);
}

void
status_print_aside_json(const struct status *status, FILE *out)
{
  struct json json = { .out = out };
  struct rows_aside list;

  list_rows(status, &list);
  json_object(&json, NULL);
  json_text(&json, "pipeline", status->cycle->plan->config->path);
  json_text(&json, "state", status->state_path);
  json_array(&json, "set_aside");
  for (size_t i = 0; i < list.n; i++)
    json_row(&json, &list.rows[i]);
  json_end_array(&json);
  json_end_object(&json);
  putc('\n', out);
  set_aside_free(&list);
}
