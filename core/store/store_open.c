/* Opens a store, replaces a damaged database, and checks which pipeline file
 * the state belongs to. */
#include "core/store/store_impl.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "core/store/store_files.h"
#include "core/store/store_sqlite.h"
#include "meterpipe/plugin.h"

/* Opens and reads the database.  With STORE_WRITE, a damaged one is moved aside
 * and a new one created. */
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
  r = store_files_move_aside(store, why);
  return r == MP_OK ? store_sqlite_read(store) : r;
}

/* A state serves one pipeline file: two files would overwrite each other's
 * values. */
static int
check_owner(struct store *store, const char *pipeline_path)
{
  char real[PATH_MAX];
  const char *owner = store_get(store, STORE_META, "", "pipeline");

  if (!realpath(pipeline_path, real))
    return store_files_failed(store, pipeline_path);
  if (!owner)
    store_put(store, STORE_META, "", "pipeline", real);
  if (!owner || strcmp(owner, real) == 0)
    return MP_OK;
  store_set_error(store,
                  "%s: this state belongs to the pipeline file %s; give this "
                  "file another name or a state_dir of its own (if it was "
                  "moved from there, move it back, or delete the state: totals "
                  "then continue from the displayed values of the outputs)",
                  store->path, owner);
  return MP_ECONFIG;
}

static int
open_database(struct store *store, const char *pipeline_path)
{
  int r = store_files_prepare(store);

  if (r == MP_OK)
    r = read_or_begin(store);
  if (r == MP_OK)
    r = check_owner(store, pipeline_path);
  if (r == MP_OK)
    store_files_open_note(store);
  return r;
}

int
store_open(const char *db_path, const char *pipeline_path, enum store_mode mode,
           struct store **ret_store)
{
  struct store *store = memory_get(1, sizeof(*store));
  pthread_mutexattr_t attr;

  *ret_store = store;
  pthread_mutexattr_init(&attr);
  pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&store->lock, &attr);
  pthread_mutexattr_destroy(&attr);
  store->mode = mode;
  store->lock_fd = store->note_fd = -1;
  if (mode == STORE_MEMORY)
    return MP_OK;
  store->path = memory_text(db_path);
  return open_database(store, pipeline_path);
}

void
store_release(struct store *store)
{
  store_sqlite_close(store);
  store->mode = STORE_SCRATCH;
  if (store->note_fd >= 0)
    close(store->note_fd);
  if (store->lock_fd >= 0)
    close(store->lock_fd);
  store->lock_fd = store->note_fd = -1;
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
  free(store->moved_aside);
  free(store->path);
  free(store);
}
