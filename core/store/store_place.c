/* Finds the path of a pipeline's database. */
#include "core/store/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
  char *path;

  if (len > 4 && strcmp(name + len - 4, ".ini") == 0)
    len -= 4;
  if (asprintf(&path, "%s/%.*s.db", dir, (int)len, name) < 0)
    return NULL;
  return path;
}

static int
return_path(char *path, char **ret)
{
  if (!path)
    return MP_ENOMEM;
  *ret = path;
  return MP_OK;
}

/* Returns the first directory of $STATE_DIRECTORY, which systemd sets to one or
 * more paths separated by colons.  MP_DROP: it is not set. */
static int
from_environment(char **ret)
{
  const char *dirs = getenv("STATE_DIRECTORY");

  if (!dirs || !*dirs)
    return MP_DROP;
  return return_path(strndup(dirs, strcspn(dirs, ":")), ret);
}

static char *
user_dir(void)
{
  const char *xdg = getenv("XDG_STATE_HOME");
  char *home, *dir;
  int n = -1;

  if (xdg && *xdg == '/')
    return asprintf(&dir, "%s/meterpipe", xdg) < 0 ? NULL : dir;
  home = user_home();
  if (home)
    n = asprintf(&dir, "%s/.local/state/meterpipe", home);
  free(home);
  return n < 0 ? NULL : dir;
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

  if (!path)
    return MP_ENOMEM;
  if (stat(path, &st) == 0)
    return return_path(path, ret);
  if (errno == EACCES) {
    *ret = path;
    return MP_EPERM;
  }
  if (access(SYSTEM_STATE_DIR, W_OK | X_OK) == 0)
    return return_path(path, ret);
  free(path);
  return MP_DROP;
}

int
store_locate(const char *pipeline_path, const char *state_dir, char **ret)
{
  char *dir;
  int r;

  if (state_dir)
    return return_path(database_in(state_dir, pipeline_path), ret);
  r = from_environment(&dir);
  if (r == MP_DROP) {
    r = try_system(pipeline_path, ret);
    if (r != MP_DROP)
      return r;
    r = return_path(user_dir(), &dir);
  }
  if (r != MP_OK)
    return r;
  r = return_path(database_in(dir, pipeline_path), ret);
  free(dir);
  return r;
}
