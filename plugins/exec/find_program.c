/* Searches PATH for a program, as execvp does. */
#include "plugins/exec/find_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/exec/start_command.h"

/* Returns 0, or the errno of the failure to run PATH. */
static int
try_file(const char *path)
{
  struct stat st;

  if (stat(path, &st) != 0)
    return errno;
  if (!S_ISREG(st.st_mode))
    return EACCES;
  return access(path, X_OK) == 0 ? 0 : errno;
}

/* Tries NAME in DIR, which has N characters; no characters mean the working
 * directory. */
static int
try_in(const char *dir, size_t n, const char *name, char path[FIND_PATH])
{
  int len = n == 0 ? snprintf(path, FIND_PATH, "./%s", name)
                   : snprintf(path, FIND_PATH, "%.*s/%s", (int)n, dir, name);

  if (len < 0 || len >= FIND_PATH)
    return ENAMETOOLONG;
  return try_file(path);
}

/* Returns 0 at the first program that can be run.  EACCES if one was found, but
 * without permission to run it; else ENOENT. */
static int
try_everywhere(const char *name, char path[FIND_PATH])
{
  const char *dirs = getenv("PATH");
  int err = ENOENT;

  if (!dirs)
    dirs = "/bin:/usr/bin";
  for (;;) {
    size_t n = strcspn(dirs, ":");
    int here = try_in(dirs, n, name, path);

    if (here == 0)
      return 0;
    if (here == EACCES)
      err = here;
    if (dirs[n] == '\0')
      return err;
    dirs += n + 1;
  }
}

int
find_path(const char *name, char path[FIND_PATH])
{
  if (!strchr(name, '/'))
    return try_everywhere(name, path);
  if (strlen(name) >= FIND_PATH)
    return ENAMETOOLONG;
  memcpy(path, name, strlen(name) + 1);
  return try_file(path);
}

int
find_program(const struct mp_host *host, const char *name)
{
  char path[FIND_PATH];
  int err = find_path(name, path);

  return err == 0 ? MP_OK : start_explain(host, name, err);
}
