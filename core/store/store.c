/*
 * The state in memory: entries, rows and their uncommitted changes.
 * store_sqlite.c reads and writes the database, store_open.c opens it.
 */
#include "core/store/store_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "core/store/store_sqlite.h"
#include "meterpipe/plugin.h"

void
store_set_error(struct store *store, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  vsnprintf(store->error, sizeof(store->error), fmt, args);
  va_end(args);
}

const char *
store_error(const struct store *store)
{
  return store->error;
}

const char *
store_moved_aside(const struct store *store)
{
  return store->moved_aside;
}

const char *
store_path(const struct store *store)
{
  return store->path;
}

bool
store_is_durable(const struct store *store)
{
  return store->mode == STORE_WRITE;
}

/* ---- Entries ---- */

/* FNV-1a, over the text and its NUL. */
static uint32_t
hash_text(uint32_t h, const char *text)
{
  do
    h = (h ^ (unsigned char)*text) * 16777619u;
  while (*text++);
  return h;
}

static uint32_t
hash_names(const char *area, const char *owner, const char *name)
{
  return hash_text(hash_text(hash_text(2166136261u, area), owner), name);
}

static struct store_entry **
bucket_of(const struct store *store, uint32_t hash)
{
  return &store->buckets[hash & (store->n_buckets - 1)];
}

static struct store_entry *
find_entry(const struct store *store, const char *area, const char *owner,
           const char *name)
{
  uint32_t hash = hash_names(area, owner, name);
  struct store_entry *e = store->n_buckets ? *bucket_of(store, hash) : NULL;

  for (; e; e = e->chain)
    if (e->hash == hash && strcmp(e->name, name) == 0 &&
        strcmp(e->owner, owner) == 0 && strcmp(e->area, area) == 0)
      return e;
  return NULL;
}

const char *
store_get(struct store *store, const char *area, const char *owner,
          const char *name)
{
  const struct store_entry *e;
  const char *body;

  pthread_mutex_lock(&store->lock);
  e = find_entry(store, area, owner, name);
  body = e ? e->body : NULL;
  pthread_mutex_unlock(&store->lock);
  return body;
}

static void
entry_free(struct store_entry *e)
{
  free(e->area);
  free(e->owner);
  free(e->name);
  free(e->body);
  free(e);
}

static void
enter_bucket(struct store *store, struct store_entry *e)
{
  struct store_entry **bucket = bucket_of(store, e->hash);

  e->chain = *bucket;
  *bucket = e;
}

/* Makes room for one more entry.  Returns false when out of memory. */
static bool
grow_buckets(struct store *store)
{
  size_t n = store->n_buckets ? 2 * store->n_buckets : STORE_BUCKETS;
  struct store_entry **buckets;

  if (store->n_entries < store->n_buckets)
    return true;
  buckets = calloc(n, sizeof(struct store_entry *));
  if (!buckets)
    return false;
  free(store->buckets);
  store->buckets = buckets;
  store->n_buckets = n;
  for (struct store_entry *e = store->entries; e; e = e->next)
    enter_bucket(store, e);
  return true;
}

/* Enters E into the list of all entries. */
static void
enter_list(struct store *store, struct store_entry *e)
{
  e->next = store->entries;
  e->link = &store->entries;
  if (e->next)
    e->next->link = &e->next;
  store->entries = e;
  store->n_entries++;
}

struct store_entry *
store_entry_try_add(struct store *store, const char *area, const char *owner,
                    const char *name)
{
  struct store_entry *e = grow_buckets(store) ? calloc(1, sizeof(*e)) : NULL;

  if (!e)
    return NULL;
  e->hash = hash_names(area, owner, name);
  e->area = strdup(area);
  e->owner = strdup(owner);
  e->name = strdup(name);
  if (!e->area || !e->owner || !e->name) {
    entry_free(e);
    return NULL;
  }
  enter_list(store, e);
  enter_bucket(store, e);
  return e;
}

static void
mark_dirty(struct store *store, struct store_entry *e)
{
  if (e->dirty)
    return;
  e->dirty = true;
  e->next_dirty = store->dirty;
  store->dirty = e;
}

static int
put_entry(struct store *store, const char *area, const char *owner,
          const char *name, const char *body)
{
  struct store_entry *e = find_entry(store, area, owner, name);
  char *copy = NULL;

  if (!body && !e)
    return MP_OK;
  if (e && e->body && body && strcmp(e->body, body) == 0)
    return MP_OK;
  if (body) {
    copy = strdup(body);
    if (!copy)
      return MP_ENOMEM;
  }
  if (!e)
    e = store_entry_try_add(store, area, owner, name);
  if (!e) {
    free(copy);
    return MP_ENOMEM;
  }
  free(e->body);
  e->body = copy; /* NULL: to be deleted by the next commit */
  mark_dirty(store, e);
  return MP_OK;
}

int
store_try_put(struct store *store, const char *area, const char *owner,
              const char *name, const char *body)
{
  int r;

  pthread_mutex_lock(&store->lock);
  r = put_entry(store, area, owner, name, body);
  pthread_mutex_unlock(&store->lock);
  return r;
}

void
store_put(struct store *store, const char *area, const char *owner,
          const char *name, const char *body)
{
  memory_check(store_try_put(store, area, owner, name, body));
}

void
store_each(struct store *store, const char *area,
           void (*fn)(void *ctx, const char *owner, const char *name,
                      const char *body),
           void *ctx)
{
  struct store_entry *next;

  pthread_mutex_lock(&store->lock);
  for (struct store_entry *e = store->entries; e; e = next) {
    next = e->next;
    if (e->body && strcmp(e->area, area) == 0)
      fn(ctx, e->owner, e->name, e->body);
  }
  pthread_mutex_unlock(&store->lock);
}

/* ---- Rows ---- */

struct store_row_entry *
store_row_insert(struct store *store, int64_t id, const char *output,
                 const char *body)
{
  struct store_row_entry *e;

  MEMORY_GROW(&store->rows, store->n_rows);
  e = &store->rows[store->n_rows++];
  memset(e, 0, sizeof(*e));
  e->row.id = id;
  e->row.output = memory_text(output);
  e->row.body = memory_text(body);
  if (id > store->last_id)
    store->last_id = id;
  return e;
}

int64_t
store_row_add(struct store *store, const char *output, const char *body)
{
  struct store_row_entry *e =
    store_row_insert(store, store->last_id + 1, output, body);

  e->added = true;
  return e->row.id;
}

/* Returns the index of the first row with an id above ID.  Rows are sorted by
 * id. */
static size_t
first_above(const struct store *store, int64_t id)
{
  size_t low = 0, high = store->n_rows;

  while (low < high) {
    size_t mid = low + (high - low) / 2;

    if (store->rows[mid].row.id > id)
      high = mid;
    else
      low = mid + 1;
  }
  return low;
}

const struct store_row *
store_row_next(const struct store *store, const char *output, int64_t after)
{
  for (size_t i = first_above(store, after); i < store->n_rows; i++) {
    const struct store_row_entry *e = &store->rows[i];

    if (!e->removed && strcmp(e->row.output, output) == 0)
      return &e->row;
  }
  return NULL;
}

void
store_row_remove(struct store *store, int64_t id)
{
  size_t i = first_above(store, id - 1);

  if (i < store->n_rows && store->rows[i].row.id == id)
    store->rows[i].removed = true;
}

void
store_row_restore(struct store *store, int64_t id, const char *output,
                  const char *body)
{
  size_t i = first_above(store, id - 1), last = store->n_rows;
  struct store_row_entry restored;

  if (i < last && store->rows[i].row.id == id) {
    store->rows[i].removed = false; /* the removal is not committed yet */
    return;
  }
  restored = *store_row_insert(store, id, output, body);
  restored.added = true;
  memmove(&store->rows[i + 1], &store->rows[i],
          (last - i) * sizeof(*store->rows));
  store->rows[i] = restored;
}

size_t
store_row_count(const struct store *store, const char *output)
{
  size_t n = 0;

  for (size_t i = 0; i < store->n_rows; i++)
    if (!store->rows[i].removed &&
        strcmp(store->rows[i].row.output, output) == 0)
      n++;
  return n;
}

/* ---- Committing ---- */

bool
store_entry_is_due(const struct store *store, const struct store_entry *e)
{
  return !store->texts_of || strcmp(e->area, STORE_TEXT) != 0 ||
         strcmp(e->owner, store->texts_of) == 0;
}

static bool
has_changes(const struct store *store)
{
  for (const struct store_entry *e = store->dirty; e; e = e->next_dirty)
    if (store_entry_is_due(store, e))
      return true;
  for (size_t i = 0; i < store->n_rows; i++)
    if (store->rows[i].added != store->rows[i].removed)
      return true;
  return false;
}

/* Removes E from its bucket and from the list of all entries, and frees it. */
static void
remove_entry(struct store *store, struct store_entry *e)
{
  struct store_entry **chain = bucket_of(store, e->hash);

  while (*chain != e)
    chain = &(*chain)->chain;
  *chain = e->chain;
  *e->link = e->next;
  if (e->next)
    e->next->link = e->link;
  store->n_entries--;
  entry_free(e);
}

/* Clears the marks of committed entries, and frees removed ones. */
static void
forget_dirty(struct store *store)
{
  struct store_entry **link = &store->dirty;

  while (*link) {
    struct store_entry *e = *link;

    if (!store_entry_is_due(store, e)) {
      link = &e->next_dirty;
      continue;
    }
    *link = e->next_dirty;
    e->dirty = false;
    if (!e->body)
      remove_entry(store, e);
  }
}

/* The same for rows. */
static void
forget_row_changes(struct store *store)
{
  size_t kept = 0;

  for (size_t i = 0; i < store->n_rows; i++) {
    struct store_row_entry *e = &store->rows[i];

    if (e->removed) {
      free(e->row.output);
      free(e->row.body);
      continue;
    }
    e->added = false;
    store->rows[kept++] = *e;
  }
  store->n_rows = kept;
}

static int
commit_changes(struct store *store, const char *texts_of)
{
  int r = MP_OK;

  pthread_mutex_lock(&store->lock);
  store->texts_of = texts_of;
  if (store->mode == STORE_WRITE && has_changes(store))
    r = store_sqlite_write(store);
  if (r == MP_OK) {
    forget_dirty(store);
    forget_row_changes(store);
  }
  pthread_mutex_unlock(&store->lock);
  return r;
}

int
store_commit(struct store *store)
{
  return commit_changes(store, NULL);
}

int
store_commit_answers(struct store *store, const char *output)
{
  return commit_changes(store, output);
}

/* Empties the store in memory, without marking anything as changed. */
void
store_forget_all(struct store *store)
{
  while (store->entries) {
    struct store_entry *next = store->entries->next;

    entry_free(store->entries);
    store->entries = next;
  }
  free(store->buckets);
  store->buckets = NULL;
  store->n_buckets = store->n_entries = 0;
  store->dirty = NULL;
  for (size_t i = 0; i < store->n_rows; i++) {
    free(store->rows[i].row.output);
    free(store->rows[i].row.body);
  }
  store->n_rows = 0;
  store->last_id = 0;
}
