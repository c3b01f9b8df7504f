/*
 * The state in memory: entries and rows, which of them have changed, and the
 * order of opening.  store_sqlite.c reads and writes the database.
 */
#include "core/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
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
  return store ? store->error : "out of memory";
}

const char *
store_set_aside(const struct store *store)
{
  return store->set_aside;
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

static struct store_entry *
find(const struct store *store, const char *area, const char *owner,
     const char *name)
{
  for (struct store_entry *e = store->entries; e; e = e->next)
    if (strcmp(e->name, name) == 0 && strcmp(e->owner, owner) == 0 &&
        strcmp(e->area, area) == 0)
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
  e = find(store, area, owner, name);
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

struct store_entry *
store_entry_add(struct store *store, const char *area, const char *owner,
                const char *name)
{
  struct store_entry *e = calloc(1, sizeof(*e));

  if (!e)
    return NULL;
  e->area = strdup(area);
  e->owner = strdup(owner);
  e->name = strdup(name);
  if (!e->area || !e->owner || !e->name) {
    entry_free(e);
    return NULL;
  }
  e->next = store->entries;
  store->entries = e;
  return e;
}

static bool
put(struct store *store, const char *area, const char *owner,
    const char *name, const char *body)
{
  struct store_entry *e = find(store, area, owner, name);
  char *copy = NULL;

  if (!body && !e)
    return true;
  if (e && e->body && body && strcmp(e->body, body) == 0)
    return true;
  if (body) {
    copy = strdup(body);
    if (!copy)
      return false;
  }
  if (!e)
    e = store_entry_add(store, area, owner, name);
  if (!e) {
    free(copy);
    return false;
  }
  free(e->body);
  e->body = copy; /* NULL: to be deleted by the next commit */
  e->dirty = true;
  return true;
}

bool
store_put(struct store *store, const char *area, const char *owner,
          const char *name, const char *body)
{
  bool good;

  pthread_mutex_lock(&store->lock);
  good = put(store, area, owner, name, body);
  pthread_mutex_unlock(&store->lock);
  return good;
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

  if (store->n_rows == store->rows_room) {
    size_t room = store->rows_room ? store->rows_room * 2 : 16;
    void *grown = realloc(store->rows, room * sizeof(*store->rows));

    if (!grown)
      return NULL;
    store->rows = grown;
    store->rows_room = room;
  }
  e = &store->rows[store->n_rows];
  memset(e, 0, sizeof(*e));
  e->row.id = id;
  e->row.output = strdup(output);
  e->row.body = strdup(body);
  if (!e->row.output || !e->row.body) {
    free(e->row.output);
    free(e->row.body);
    return NULL;
  }
  store->n_rows++;
  if (id > store->last_id)
    store->last_id = id;
  return e;
}

int64_t
store_row_add(struct store *store, const char *output, const char *body)
{
  struct store_row_entry *e =
    store_row_insert(store, store->last_id + 1, output, body);

  if (!e)
    return 0;
  e->added = true;
  return e->row.id;
}

/* Index of the first row with an id above ID: rows lie in the order of ids. */
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

/* What was written is no longer a change. */
static void
forget_changes(struct store *store)
{
  struct store_entry **link = &store->entries;
  size_t kept = 0;

  while (*link) {
    struct store_entry *e = *link;

    e->dirty = false;
    if (e->body)
      link = &e->next;
    else {
      *link = e->next;
      entry_free(e);
    }
  }
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

int
store_commit(struct store *store)
{
  int r = MP_OK;

  pthread_mutex_lock(&store->lock);
  if (store->mode == STORE_WRITE)
    r = store_sqlite_write(store);
  if (r == MP_OK)
    forget_changes(store);
  pthread_mutex_unlock(&store->lock);
  return r;
}

/* ---- Opening ---- */

static int
failed(struct store *store, const char *path)
{
  int err = errno;

  store_set_error(store, "%s: %s", path, strerror(err));
  return err == EACCES || err == EPERM || err == EROFS ? MP_EPERM : MP_EIO;
}

/* Makes the directories above the database. */
static int
make_directories(struct store *store)
{
  char *copy = strdup(store->path);
  int r = MP_OK;

  if (!copy)
    return MP_ENOMEM;
  for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
    *p = 0;
    if (mkdir(copy, 0750) != 0 && errno != EEXIST && errno != EROFS &&
        errno != EACCES)
      r = failed(store, copy);
    *p = '/';
    if (r != MP_OK)
      break;
  }
  free(copy);
  return r;
}

/* A kernel lock on a file of its own: it ends with the process, whatever ends
 * that, and does not meet SQLite's locks. */
static int
lock(struct store *store)
{
  char path[PATH_MAX];
  size_t len = strlen(store->path) - strlen(".db");

  if ((size_t)snprintf(path, sizeof(path), "%.*s.lock", (int)len,
                       store->path) >= sizeof(path)) {
    errno = ENAMETOOLONG;
    return failed(store, store->path);
  }
  store->lock_fd =
    open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0640);
  if (store->lock_fd < 0)
    return failed(store, path);
  if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
    return MP_OK;
  if (errno != EWOULDBLOCK)
    return failed(store, path);
  store_set_error(store,
                  "%s: another run of this pipeline is under way; this one "
                  "leaves the work to it",
                  path);
  return MP_EBUSY;
}

/* Moves a damaged database out of the way. */
int
store_move_aside(struct store *store, const char *why)
{
  char when[CLOCK_TEXT], *to = NULL, *journal = NULL;
  int r = MP_OK;

  clock_format_utc(clock_now_ms(), when, sizeof(when));
  if (asprintf(&to, "%s.corrupt-%s", store->path, when) < 0)
    return MP_ENOMEM;
  if (asprintf(&journal, "%s-journal", store->path) < 0) {
    free(to);
    return MP_ENOMEM;
  }
  if (rename(store->path, to) != 0)
    r = failed(store, to);
  else {
    unlink(journal);
    free(store->set_aside);
    if (asprintf(&store->set_aside, "%s: %s; kept as %s", store->path, why,
                 to) < 0)
      store->set_aside = NULL;
  }
  free(journal);
  free(to);
  return r;
}

static void
forget_all(struct store *store)
{
  while (store->entries) {
    struct store_entry *next = store->entries->next;

    entry_free(store->entries);
    store->entries = next;
  }
  for (size_t i = 0; i < store->n_rows; i++) {
    free(store->rows[i].row.output);
    free(store->rows[i].row.body);
  }
  store->n_rows = 0;
  store->last_id = 0;
}

/* Opens and reads; what is damaged is set aside, and a new one begun. */
static int
read_or_begin(struct store *store)
{
  char why[sizeof(store->error)];
  int r = store_sqlite_read(store);

  if (r != MP_EDATA)
    return r;
  forget_all(store);
  snprintf(why, sizeof(why), "%s", store->error);
  if (store->mode == STORE_READ || store->mode == STORE_SCRATCH)
    return MP_EIO;
  r = store_move_aside(store, why);
  return r == MP_OK ? store_sqlite_read(store) : r;
}

/* A state serves one pipeline file: two would each undo what the other kept. */
static int
check_owner(struct store *store, const char *pipeline_path)
{
  char real[PATH_MAX];
  const char *owner = store_get(store, STORE_META, "", "pipeline");

  if (!realpath(pipeline_path, real))
    snprintf(real, sizeof(real), "%s", pipeline_path);
  if (!owner)
    return store_put(store, STORE_META, "", "pipeline", real) ? MP_OK
                                                              : MP_ENOMEM;
  if (strcmp(owner, real) == 0)
    return MP_OK;
  store_set_error(store,
                  "%s: this state belongs to the pipeline file %s; give this "
                  "one another name or a state_dir of its own (if it was moved "
                  "from there, move it back, or delete the state: the totals "
                  "then go on from what the outputs show)",
                  store->path, owner);
  return MP_ECONFIG;
}

static int
open_database(struct store *store, const char *pipeline_path)
{
  int r = MP_OK;

  if (store->mode == STORE_WRITE) {
    r = make_directories(store);
    if (r == MP_OK)
      r = lock(store);
  }
  if (r == MP_OK)
    r = read_or_begin(store);
  if (r == MP_OK)
    r = check_owner(store, pipeline_path);
  return r;
}

int
store_open(const char *db_path, const char *pipeline_path, enum store_mode mode,
           struct store **ret_store)
{
  struct store *store = calloc(1, sizeof(*store));
  pthread_mutexattr_t attr;

  *ret_store = store;
  if (!store)
    return MP_ENOMEM;
  pthread_mutexattr_init(&attr);
  pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&store->lock, &attr);
  pthread_mutexattr_destroy(&attr);
  store->mode = mode;
  store->lock_fd = -1;
  if (mode == STORE_MEMORY)
    return MP_OK;
  store->path = strdup(db_path);
  if (!store->path) {
    store_set_error(store, "out of memory");
    return MP_ENOMEM;
  }
  return open_database(store, pipeline_path);
}

void
store_release(struct store *store)
{
  store_sqlite_close(store);
  store->mode = STORE_SCRATCH;
  if (store->lock_fd >= 0)
    close(store->lock_fd);
  store->lock_fd = -1;
}

void
store_close(struct store *store)
{
  if (!store)
    return;
  store_release(store);
  forget_all(store);
  free(store->rows);
  pthread_mutex_destroy(&store->lock);
  free(store->set_aside);
  free(store->path);
  free(store);
}
