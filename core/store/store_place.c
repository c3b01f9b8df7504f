/* Finds the path of a pipeline's database. */
#include "core/store/store.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "lib/user.h"
#include "meterpipe/plugin.h"

#ifndef SYSTEM_STATE_DIR
#define SYSTEM_STATE_DIR "/var/lib/meterpipe"
#endif

/* DIR/NAME.db, where NAME is the pipeline file's name without ".ini". */
static char *
database_in(const char *dir, const char *pipeline_path)
{
  const char *slash = strrchr(pipeline_path, '/');
  const char *name = slash ? slash + 1 : pipeline_path;
  size_t len = strlen(name);

  if (len > 4 && strcmp(name + len - 4, ".ini") == 0)
    len -= 4;
  return memory_format("%s/%.*s.db", dir, (int)len, name);
}

/* Returns the first directory of $STATE_DIRECTORY, which systemd sets to one or
 * more paths separated by colons.  NULL: it is not set. */
static char *
from_environment(void)
{
  const char *dirs = getenv("STATE_DIRECTORY");

  if (!dirs || !*dirs)
    return NULL;
  return memory_text_of(dirs, strcspn(dirs, ":"));
}

static char *
user_dir(void)
{
  const char *xdg = getenv("XDG_STATE_HOME");
  char *home, *dir;

  if (xdg && *xdg == '/')
    return memory_format("%s/meterpipe", xdg);
  home = memory_have(user_home());
  dir = memory_format("%s/.local/state/meterpipe", home);
  free(home);
  return dir;
}

/* Chooses the system's directory if the database exists there or the user may
 * write there; MP_DROP: neither.  MP_EPERM, with the path in *ret: the
 * directory cannot be searched, so a database may exist there.  A second one
 * must never be used instead of it. */
static int
try_system(const char *pipeline_path, char **ret)
{
  char *path = database_in(SYSTEM_STATE_DIR, pipeline_path);
  struct stat st;

  *ret = path;
  if (stat(path, &st) == 0)
    return MP_OK;
  if (errno == EACCES)
    return MP_EPERM;
  if (access(SYSTEM_STATE_DIR, W_OK | X_OK) == 0)
    return MP_OK;
  free(path);
  return MP_DROP;
}

int
store_locate(const char *pipeline_path, const char *state_dir, char **ret)
{
  char *dir = state_dir ? memory_text(state_dir) : from_environment();
  int r;

  if (!dir) {
    r = try_system(pipeline_path, ret);
    if (r != MP_DROP)
      return r;
    dir = user_dir();
  }
  *ret = database_in(dir, pipeline_path);
  free(dir);
  return MP_OK;
}
