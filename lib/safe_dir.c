/*
 * Walks the path as the kernel does.  Another user cannot exchange a part that
 * passed the check: a sticky directory protects our files, and any other
 * directory is writable only by us, root and its owner.  (Or everybody can
 * write to it, and then nothing protects a file there.)
 */
#include "lib/safe_dir.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/user.h"

/* The kernel's limit. */
#define MAX_LINKS 40

/* The part of a path that was walked, and the rest.  On the heap: inputs check
 * paths in many threads, and each would keep the pages of its stack. */
struct walk {
  char done[PATH_MAX]; /* "" for the root; no symbolic link in it */
  char left[PATH_MAX];
  char link[PATH_MAX]; /* for follow_link */
  unsigned n_links;
  uid_t trusted;
};

static void
go_up(struct walk *w)
{
  char *slash = strrchr(w->done, '/');

  if (slash)
    *slash = '\0';
}

/* Moves the first part of W->left to PART; false: no part is left. */
static bool
take_part(struct walk *w, char part[NAME_MAX + 1])
{
  size_t slashes = strspn(w->left, "/");
  size_t len = strcspn(w->left + slashes, "/");

  if (len == 0 || len > NAME_MAX)
    return false;
  memcpy(part, w->left + slashes, len);
  part[len] = '\0';
  memmove(w->left, w->left + slashes + len,
          strlen(w->left + slashes + len) + 1);
  return true;
}

/* Replaces the symbolic link W->done by its target, put in front of W->left.
 * Returns false if it cannot be followed. */
static bool
follow_link(struct walk *w)
{
  ssize_t n = readlink(w->done, w->link, sizeof(w->link) - 1);
  size_t room;

  if (n <= 0 || ++w->n_links > MAX_LINKS)
    return false;
  room = sizeof(w->link) - (size_t)n;
  if (snprintf(w->link + n, room, "/%s", w->left) >= (int)room)
    return false;
  memcpy(w->left, w->link, sizeof(w->left));
  if (w->left[0] == '/')
    w->done[0] = '\0';
  else
    go_up(w);
  return true;
}

static bool
is_planted(const struct walk *w, const struct stat *dir, const struct stat *st)
{
  if ((dir->st_mode & S_ISVTX) == 0 ||
      (dir->st_mode & (S_IWOTH | S_IWGRP)) == 0)
    return false;
  return st->st_uid != geteuid() && st->st_uid != 0 &&
         st->st_uid != dir->st_uid && st->st_uid != w->trusted;
}

static int
refuse(const struct walk *w, const struct stat *st, char why[SAFE_DIR_WHY])
{
  char user[USER_WORDS];

  snprintf(
    why, SAFE_DIR_WHY,
    "%.256s belongs to %s, in a directory where other users can create one; it "
    "is not used: name a directory of your own, or run meterpipe as that user",
    w->done, user_words(st->st_uid, user));
  return -1;
}

/* Walks one part.  1: continue; 0: the rest cannot be checked; -1: refused. */
static int
step_into_directory(struct walk *w, const char *part, char why[SAFE_DIR_WHY])
{
  struct stat dir, st;
  size_t len = strlen(w->done);

  if (strcmp(part, ".") == 0)
    return 1;
  if (strcmp(part, "..") == 0) {
    go_up(w);
    return 1;
  }
  if (lstat(len > 0 ? w->done : "/", &dir) != 0 ||
      snprintf(w->done + len, sizeof(w->done) - len, "/%s", part) >=
        (int)(sizeof(w->done) - len) ||
      lstat(w->done, &st) != 0)
    return 0;
  if (is_planted(w, &dir, &st))
    return refuse(w, &st, why);
  return S_ISLNK(st.st_mode) ? follow_link(w) : 1;
}

/* Sets W->left to the absolute path of the first LEN bytes of PATH.  Returns
 * false if that cannot be known. */
static bool
begin_walk(struct walk *w, const char *path, size_t len)
{
  size_t used, room;

  if (path[0] != '/' && !getcwd(w->left, sizeof(w->left)))
    return false;
  used = strlen(w->left);
  room = sizeof(w->left) - used;
  return snprintf(w->left + used, room, "/%.*s", (int)len, path) < (int)room;
}

/* Checks the first LEN bytes of PATH, as safe_dir_check. */
static int
check(const char *path, size_t len, uid_t trusted, char why[SAFE_DIR_WHY])
{
  struct walk *w = malloc(sizeof(*w));
  char part[NAME_MAX + 1];
  int r = 1;

  if (!w) {
    snprintf(why, SAFE_DIR_WHY, "cannot be checked: out of memory");
    return -1;
  }
  w->done[0] = w->left[0] = '\0';
  w->n_links = 0;
  w->trusted = trusted;
  if (!begin_walk(w, path, len))
    r = 0;
  while (r > 0 && take_part(w, part))
    r = step_into_directory(w, part, why);
  free(w);
  return r < 0 ? -1 : 0;
}

int
safe_dir_check(const char *path, uid_t trusted, char why[SAFE_DIR_WHY])
{
  return check(path, strlen(path), trusted, why);
}

int
safe_dir_check_above(const char *path, uid_t trusted, char why[SAFE_DIR_WHY])
{
  const char *slash = strrchr(path, '/');

  if (!slash)
    return safe_dir_check(".", trusted, why);
  return check(path, (size_t)(slash - path) + 1, trusted, why);
}
