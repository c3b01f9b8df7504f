/*
 * A file is opened first and then checked: an open file cannot be exchanged.  A
 * symbolic link is checked first and then followed: another user cannot remove
 * our link from a directory with the sticky bit.
 */
#include "lib/planted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns whether any user can create files in the directory of PATH, but
 * cannot remove those of others.  0 also if that cannot be determined. */
static int
is_shared(const char *path, struct stat *ret_dir)
{
  const mode_t shared = S_ISVTX | S_IWOTH;
  const char *slash = strrchr(path, '/');
  char *dir =
    slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
  int known = dir != NULL && stat(dir, ret_dir) == 0;

  free(dir);
  return known && (ret_dir->st_mode & shared) == shared;
}

/* Returns whether the file belongs neither to us nor to the owner of its
 * directory. */
static int
is_foreign(const struct stat *st, const struct stat *dir)
{
  return st->st_uid != geteuid() && st->st_uid != dir->st_uid;
}

static int
refuse(char why[PLANTED_WHY], const char *what, uid_t uid, const char *rule)
{
  snprintf(why, PLANTED_WHY,
           "is %s that uid %ld made in a directory where "
           "anybody can; it is not %s",
           what, (long)uid, rule);
  errno = EPERM;
  return -1;
}

/* Returns FD if the file may be used; else closes it and returns -1
 * with WHY and errno. */
static int
check_opened(const char *path, int fd, char why[PLANTED_WHY])
{
  struct stat st, dir;

  if (!is_shared(path, &dir) || fstat(fd, &st) != 0)
    return fd;
  if (!is_foreign(&st, &dir) && (!S_ISREG(st.st_mode) || st.st_nlink <= 1))
    return fd;
  close(fd);
  if (is_foreign(&st, &dir))
    return refuse(why, "a file", st.st_uid, "used");
  snprintf(why, PLANTED_WHY,
           "has another name, too (a hard link), in a directory where anybody "
           "can give it one; it is not used");
  errno = EPERM;
  return -1;
}

int
planted_open(const char *path, int flags, mode_t mode, char why[PLANTED_WHY])
{
  struct stat st, dir;
  int fd, err, is_link;

  why[0] = '\0';
  if (planted_dir_check_above(path, geteuid(), why) != 0) {
    errno = EPERM;
    return -1;
  }
  flags |= O_CLOEXEC | O_NOCTTY;
  fd = open(path, flags | O_NOFOLLOW, mode);
  if (fd >= 0)
    return check_opened(path, fd, why);
  err = errno;
  if (lstat(path, &st) != 0) {
    errno = err;
    return -1;
  }
  is_link = S_ISLNK(st.st_mode);
  if (is_shared(path, &dir) && is_foreign(&st, &dir))
    return refuse(why, is_link ? "a symbolic link" : "a file", st.st_uid,
                  is_link ? "followed" : "used");
  if (is_link)
    return open(path, flags, mode);
  errno = err;
  return -1;
}
