/* Rows as text: "time MS", then a line "TARGET<tab>VALUE" for each value. */
#include "core/cycle/queue_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/evaluate.h"
#include "core/memory/memory.h"
#include "lib/storable.h"

char *
queue_row_encode(const struct cycle_data *d, const struct stage *output,
                 int64_t time_ms)
{
  char *text;
  size_t size;
  FILE *out = memory_open_text(&text, &size);

  fprintf(out, "time %lld\n", (long long)time_ms);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (!target_is_kept(t) || !target_counts(d, t))
      continue;
    fprintf(out, "%s\t", t->name);
    value_write(out, &d->ledgers[t->index].acknowledged);
    putc('\n', out);
  }
  memory_close_text(out, &text);
  return text;
}

void
queue_row_clear(struct queue_row *row)
{
  for (size_t i = 0; i < row->n_values; i++) {
    free(row->values[i].target);
    value_clear(&row->values[i].value);
  }
  free(row->values);
  memset(row, 0, sizeof(*row));
}

static bool
decode_line(struct queue_row *row, const char *line)
{
  const char *tab = strchr(line, '\t');
  struct queue_cell *value;
  long long time_ms;

  if (row->time_ms == 0) {
    if (sscanf(line, "time %lld", &time_ms) != 1 || !storable_time(time_ms))
      return false;
    row->time_ms = time_ms;
    return true;
  }
  if (!tab)
    return false;
  MEMORY_GROW(&row->values, row->n_values);
  value = &row->values[row->n_values++];
  memset(value, 0, sizeof(*value));
  value->target = memory_text_of(line, (size_t)(tab - line));
  return memory_decode_value(&value->value, tab + 1);
}

bool
queue_row_decode(struct queue_row *row, const char *body)
{
  char *copy = memory_text(body), *rest = copy, *line;
  bool good = true;

  memset(row, 0, sizeof(*row));
  while (good && (line = strsep(&rest, "\n")))
    if (*line)
      good = decode_line(row, line);
  free(copy);
  if (!good || row->time_ms == 0) {
    queue_row_clear(row);
    return false;
  }
  return true;
}
