#include "core/run/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory/memory.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"

/* Returns DIR/meterpipe-NAME if that is a file; the caller frees it. */
static char *
find_in(const char *dir, size_t len, const char *name)
{
  char *path = memory_format("%.*s/" PROGRAM_PREFIX "%s", (int)len, dir, name);
  struct stat st;

  if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
    return path;
  free(path);
  return NULL;
}

static char *
find_beside(const char *name)
{
  char self[4096];
  const char *slash;
  ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

  if (n < 0)
    return NULL;
  self[n] = '\0';
  slash = strrchr(self, '/');
  return slash ? find_in(self, (size_t)(slash - self), name) : NULL;
}

/* An empty entry of PATH would be the current directory, which anybody may have
 * written; it is skipped. */
static char *
find_in_path(const char *name)
{
  const char *dir = getenv("PATH");

  while (dir) {
    size_t len = strcspn(dir, ":");
    char *path = len > 0 ? find_in(dir, len, name) : NULL;

    if (path)
      return path;
    dir = dir[len] ? dir + len + 1 : NULL;
  }
  return NULL;
}

char *
program_find(const char *name)
{
  char *path;

  if (!*name || name[strspn(name, LETTERS)])
    return NULL;
  path = find_beside(name);
  return path ? path : find_in_path(name);
}

bool
program_has_section(const char *name)
{
  char *path;
  bool found;

  if (strcmp(name, "report") == 0)
    return true;
  path = program_find(name);
  found = path;
  free(path);
  return found;
}
