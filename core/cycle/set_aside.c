/* Rows set aside, as entries "SINCE REASON", then the row from the next line
 * on. */
#include "core/cycle/set_aside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

static const char dropped_key[] = "aside_dropped";

/* Writes the name of the entry of row ID to BUF. */
static const char *
name_of(int64_t id, char buf[24])
{
  snprintf(buf, 24, "%" PRId64, id);
  return buf;
}

static int64_t
id_of(const char *name)
{
  return strtoll(name, NULL, 10);
}

/* ---- The list ---- */

struct search {
  const char *output; /* NULL: all */
  struct rows_aside *found;
};

/* Reads the text of an entry.  One that is not of the form that set_aside_row
 * writes is taken for a row: then the next run reports that it cannot be
 * read. */
static void
read_entry(const char *text, struct row_aside *ret)
{
  const char *line_end = strchr(text, '\n');
  char *end;
  long long since_ms = strtoll(text, &end, 10);

  ret->body = text;
  if (!line_end || end == text || end > line_end || *end != ' ') {
    ret->reason = memory_text("");
    return;
  }
  ret->since_ms = since_ms;
  ret->reason = memory_text_of(end + 1, (size_t)(line_end - end - 1));
  ret->body = line_end + 1;
}

static void
take_entry(void *ctx, const char *output, const char *name, const char *text)
{
  const struct search *search = ctx;
  struct rows_aside *found = search->found;
  struct row_aside *row;

  if (search->output && strcmp(output, search->output) != 0)
    return;
  MEMORY_GROW(&found->rows, found->n);
  row = &found->rows[found->n++];
  *row = (struct row_aside){ .output = output, .id = id_of(name) };
  read_entry(text, row);
}

static int
by_output_and_id(const void *a, const void *b)
{
  const struct row_aside *x = a, *y = b;
  int by_output = strcmp(x->output, y->output);

  return by_output ? by_output : (x->id > y->id) - (x->id < y->id);
}

void
set_aside_list(struct store *store, const char *output, struct rows_aside *ret)
{
  struct search search = { .output = output, .found = ret };

  *ret = (struct rows_aside){ .n = 0 };
  store_each(store, STORE_ASIDE, take_entry, &search);
  if (ret->n > 0)
    qsort(ret->rows, ret->n, sizeof(*ret->rows), by_output_and_id);
}

void
set_aside_free(struct rows_aside *list)
{
  for (size_t i = 0; i < list->n; i++)
    free(list->rows[i].reason);
  free(list->rows);
  *list = (struct rows_aside){ .n = 0 };
}

size_t
set_aside_count(struct store *store, const char *output)
{
  struct rows_aside list;
  size_t n;

  set_aside_list(store, output, &list);
  n = list.n;
  set_aside_free(&list);
  return n;
}

/* ---- Changes ---- */

void
set_aside_row(struct store *store, const char *output, int64_t id,
              int64_t now_ms, const char *reason)
{
  const struct store_row *row = store_row_next(store, output, id - 1);
  char *text, name[24];

  if (!row || row->id != id)
    return;
  text = memory_format("%" PRId64 " %s\n%s", now_ms, reason ? reason : "",
                       row->body);
  store_put(store, STORE_ASIDE, output, name_of(id, name), text);
  store_row_remove(store, id);
  free(text);
}

static void
take_off(struct store *store, const struct row_aside *row)
{
  char name[24];

  store_put(store, STORE_ASIDE, row->output, name_of(row->id, name), NULL);
}

long long
set_aside_bound(struct store *store, const char *output, size_t most)
{
  const char *known = store_get(store, STORE_META, output, dropped_key);
  long long all = known ? strtoll(known, NULL, 10) : 0;
  struct rows_aside list;
  size_t n = 0;
  char text[24];

  set_aside_list(store, output, &list);
  for (; list.n - n > most; n++)
    take_off(store, &list.rows[n]);
  set_aside_free(&list);
  if (n == 0)
    return 0;
  all += (long long)n;
  store_put(store, STORE_META, output, dropped_key, name_of(all, text));
  return all;
}

void
set_aside_discard(struct store *store, const char *output)
{
  struct rows_aside list;

  set_aside_list(store, output, &list);
  for (size_t i = 0; i < list.n; i++)
    take_off(store, &list.rows[i]);
  store_put(store, STORE_META, output, dropped_key, NULL);
  set_aside_free(&list);
}

size_t
set_aside_retry(struct store *store, const char *output)
{
  struct rows_aside list;
  size_t n;

  set_aside_list(store, output, &list);
  for (size_t i = 0; i < list.n; i++) {
    store_row_restore(store, list.rows[i].id, output, list.rows[i].body);
    take_off(store, &list.rows[i]);
  }
  store_put(store, STORE_META, output, dropped_key, NULL);
  n = list.n;
  set_aside_free(&list);
  return n;
}
