/* Removes a directory with all its files. */
#include "lib/remove_tree.h"

#include <ftw.h>
#include <stdio.h>

/* The most directories that nftw keeps open. */
#define OPEN_MAX_DIRS 8

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  (void)st;
  (void)type;
  (void)ftw;
  return remove(path);
}

void
remove_tree(const char *path)
{
  nftw(path, remove_one, OPEN_MAX_DIRS, FTW_DEPTH | FTW_PHYS);
}
