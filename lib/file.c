#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "lib/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Reading ------------------------------------------------------------- */

/* Longest wait for data from a pipe. */
#define PIPE_WAIT_MS 5000

/* Waits until FD is readable; a FIFO without a writer never is.  Returns 0
 * or an errno value. */
static int
wait_readable(int fd)
{
  struct pollfd p = { .fd = fd, .events = POLLIN };
  int n = poll(&p, 1, PIPE_WAIT_MS);

  if (n < 0)
    return errno;
  return n == 0 ? ETIMEDOUT : 0;
}

/* Fills B, which has all its room; its len is right also after a failure.
 * Returns 0 or an errno value. */
static int
read_fully(int fd, struct text_buffer *b)
{
  while (b->len < b->max) {
    int err = wait_readable(fd);
    ssize_t n = err ? -1 : read(fd, b->data + b->len, b->max - b->len);

    if (n == 0)
      break;
    if (n > 0)
      b->len += (size_t)n;
    else if ((err = err ? err : errno) != EINTR)
      return err;
  }
  return 0;
}

int
file_read(const char *path, size_t max, struct text_buffer *ret,
          bool *ret_world_readable)
{
  struct text_buffer b = { .max = max + 1 };
  struct stat st;
  int fd, err = 0;

  fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return errno;
  if (text_buffer_reserve(&b, max + 1) != MP_OK)
    err = ENOMEM;
  else if (fstat(fd, &st) < 0)
    err = errno;
  else
    err = read_fully(fd, &b);
  close(fd);
  if (!err && b.len > max)
    err = EFBIG;
  if (err) {
    text_buffer_wipe(&b);
    return err;
  }
  b.data[b.len] = '\0';
  *ret = b;
  *ret_world_readable = S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0;
  return 0;
}

/* ---- Opening for writing -------------------------------------------------
 *
 * A file is opened first and then checked: an open file cannot be exchanged.  A
 * symbolic link is checked first and then followed: another user cannot remove
 * our link from a directory with the sticky bit.
 */

bool
file_is_in_shared(const char *path, uid_t *ret_owner)
{
  const mode_t shared = S_ISVTX | S_IWOTH;
  const char *slash = strrchr(path, '/');
  char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  struct stat st;
  bool known = dir && stat(dir, &st) == 0;

  free(dir);
  if (known)
    *ret_owner = st.st_uid;
  return known && (st.st_mode & shared) == shared;
}

/* Returns whether the file belongs neither to us nor to the owner of its
 * directory. */
static bool
is_foreign(const struct stat *st, uid_t dir_owner)
{
  return st->st_uid != geteuid() && st->st_uid != dir_owner;
}

static int
refuse(char why[FILE_WHY], const char *what, uid_t uid, const char *rule)
{
  snprintf(why, FILE_WHY,
           "is %s of uid %ld, in a directory where other users can create one; "
           "it is not %s: name a file in a directory of your own",
           what, (long)uid, rule);
  errno = EPERM;
  return -1;
}

/* Returns FD if the file may be used; else closes it and returns -1
 * with WHY and errno. */
static int
check_opened(const char *path, int fd, char why[FILE_WHY])
{
  struct stat st;
  uid_t dir_owner;

  if (!file_is_in_shared(path, &dir_owner) || fstat(fd, &st) != 0)
    return fd;
  if (!is_foreign(&st, dir_owner) && (!S_ISREG(st.st_mode) || st.st_nlink <= 1))
    return fd;
  close(fd);
  if (is_foreign(&st, dir_owner))
    return refuse(why, "a file", st.st_uid, "used");
  snprintf(
    why, FILE_WHY,
    "has another name (a hard link), in a directory where other users "
    "can create one; it is not used: name a file in a directory of your own");
  errno = EPERM;
  return -1;
}

int
file_open(const char *path, int flags, mode_t mode, char why[FILE_WHY])
{
  struct stat st;
  uid_t dir_owner;
  int fd, err, is_link;

  why[0] = '\0';
  if (safe_dir_check_above(path, geteuid(), why) != 0) {
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
  if (file_is_in_shared(path, &dir_owner) && is_foreign(&st, dir_owner))
    return refuse(why, is_link ? "a symbolic link" : "a file", st.st_uid,
                  is_link ? "followed" : "used");
  if (is_link)
    return open(path, flags, mode);
  errno = err;
  return -1;
}

/* ---- Directories --------------------------------------------------------- */

int
file_make_directories(char *path)
{
  for (char *p = *path ? strchr(path + 1, '/') : NULL; p;
       p = strchr(p + 1, '/')) {
    *p = '\0';
    if (mkdir(path, 0750) != 0 && errno != EEXIST && errno != EROFS &&
        errno != EACCES)
      return errno;
    *p = '/';
  }
  return 0;
}

size_t
file_count_entries(const char *path)
{
  DIR *dir = opendir(path);
  size_t n = 0;

  if (!dir)
    return 0;
  while (readdir(dir))
    n++;
  closedir(dir);
  return n;
}
