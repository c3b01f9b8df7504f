/*
 * Finds files that a log rotation may have made of a CSV file.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/csv/csv_siblings.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct csv_siblings {
  DIR *dir;
  char *own;   /* the path of the CSV file */
  char *name;  /* points to its name in own */
  size_t stem; /* length of the name without its extension */
  char *path;  /* of the last file returned */
};

struct csv_siblings *
csv_siblings_open(const char *path)
{
  struct csv_siblings *s = calloc(1, sizeof(*s));
  const char *slash = strrchr(path, '/');
  char *dot;

  if (!s)
    return NULL;
  s->own = strdup(path);
  if (s->own) {
    s->name = slash ? s->own + (slash - path) + 1 : s->own;
    dot = strrchr(s->name, '.');
    s->stem =
      !dot || dot == s->name ? strlen(s->name) : (size_t)(dot - s->name);
    s->path = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (s->path)
      s->dir = opendir(s->path);
  }
  if (s->dir)
    return s;
  csv_siblings_close(s);
  return NULL;
}

/* Returns true if NAME is our name with text added at its end, or between the
 * name and its extension.  The extension is required, because the state can be
 * in the same directory: heat.db, and heat.db.lock, which this run itself has
 * locked. */
static bool
is_rotated(const struct csv_siblings *s, const char *name)
{
  const char *extension = s->name + s->stem;
  size_t len = strlen(name), more = strlen(extension);

  if (strncmp(name, s->name, s->stem) != 0 || strcmp(name, s->name) == 0)
    return false;
  return strncmp(name + s->stem, extension, more) == 0 ||
         (len >= s->stem + more && strcmp(name + len - more, extension) == 0);
}

/* Sets path to DIR/NAME.  Returns false if that is the CSV file itself, or no
 * regular file. */
static bool
take_name(struct csv_siblings *s, const char *name)
{
  size_t lead = (size_t)(s->name - s->own);
  struct stat st;

  if (!is_rotated(s, name))
    return false;
  free(s->path);
  s->path = malloc(lead + strlen(name) + 1);
  if (!s->path)
    return false;
  memcpy(s->path, s->own, lead);
  memcpy(s->path + lead, name, strlen(name) + 1);
  return lstat(s->path, &st) == 0 && S_ISREG(st.st_mode);
}

const char *
csv_siblings_next(struct csv_siblings *s)
{
  for (const struct dirent *entry = readdir(s->dir); entry;
       entry = readdir(s->dir))
    if (take_name(s, entry->d_name))
      return s->path;
  return NULL;
}

void
csv_siblings_close(struct csv_siblings *s)
{
  if (s->dir)
    closedir(s->dir);
  free(s->own);
  free(s->path);
  free(s);
}
