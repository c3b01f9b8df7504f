/* Opening a store: the lock, damage that is set aside, and whose it is. */
#include "core/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "meterpipe/plugin.h"

static int
failed(struct store *store, const char *path)
{
  int err = errno;

  store_set_error(store, "%s: the state cannot be kept there: %s", path,
                  strerror(err));
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
    if (asprintf(&store->set_aside, "%s; kept as %s", why, to) < 0)
      store->set_aside = NULL;
  }
  free(journal);
  free(to);
  return r;
}

/* Opens and reads; what is damaged is set aside, and a new one begun. */
static int
read_or_begin(struct store *store)
{
  char why[sizeof(store->error)];
  int r = store_sqlite_read(store);

  if (r != MP_EDATA)
    return r;
  store_forget_all(store);
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
    return failed(store, pipeline_path);
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
  store_forget_all(store);
  free(store->rows);
  pthread_mutex_destroy(&store->lock);
  free(store->set_aside);
  free(store->path);
  free(store);
}
