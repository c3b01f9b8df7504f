/*
 * Opens the file of a CSV output: refuses a planted file, locks out other
 * writers, and explains why a file cannot be created.
 */
#include "plugins/csv/csv_open.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/csv/csv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"

/* The umask can remove more permissions. */
#define FILE_MODE 0640
/* Pause between two tries for the lock: flock has no timeout. */
#define LOCK_RETRY_MS 20
/* Longest wait for the lock.  Another writer that only appends a row needs
 * less, and the other outputs need time, too. */
#define LOCK_WAIT_MS 3000
/* How often the file may be rotated away while it is opened. */
#define OPEN_TRIES 8

void
csv_file_init(struct csv_file *f, const struct mp_host *host, const char *path)
{
  memset(f, 0, sizeof(*f));
  f->host = host;
  f->path = path;
  f->fd = -1;
}

void
csv_file_close(struct csv_file *f)
{
  if (f->fd >= 0)
    close(f->fd);
  f->fd = -1;
}

/* Returns the directory of PATH, from malloc; NULL: out of memory. */
static char *
directory_of(const char *path)
{
  const char *slash = strrchr(path, '/');

  if (!slash)
    return strdup(".");
  if (slash == path)
    return strdup("/");
  return strndup(path, (size_t)(slash - path));
}

static int
fail_open(struct csv_file *f, int err)
{
  switch (err) {
  case ENOENT:
  case ENOTDIR:
    return mp_fail(f->host, MP_ECREATE, f->path,
                   "its directory does not exist; create it, or change `path`");
  case EISDIR:
    return mp_fail(f->host, MP_ECREATE, f->path,
                   "is a directory; name a file in it as `path`");
  case EROFS:
    return mp_fail(f->host, MP_ECREATE, f->path,
                   "the file system is mounted read-only");
  case EACCES:
  case EPERM:
    return mp_fail(f->host, MP_EPERM, f->path,
                   "permission denied; allow uid %ld to write there",
                   (long)geteuid());
  case ENXIO:
    return mp_fail(f->host, MP_EAGAIN, f->path, "no program reads this pipe");
  default:
    return mp_fail(f->host, MP_EIO, f->path, "cannot be opened: %s",
                   strerror(err));
  }
}

/* Returns true if the path is no regular file: a pipe or a device. */
static bool
is_special(const struct csv_file *f)
{
  struct stat st;

  return stat(f->path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* Returns the flags for open().  A pipe is never opened for reading, too: this
 * process would then be its reader.  open() must not wait for a reader. */
static int
open_flags(const struct csv_file *f, int mode)
{
  if (mode == CSV_FILE_READ)
    return O_NONBLOCK | O_RDONLY;
  if (is_special(f))
    return O_NONBLOCK | O_APPEND | O_WRONLY;
  return O_NONBLOCK | O_APPEND | O_RDWR |
         (mode == CSV_FILE_APPEND ? O_CREAT : 0);
}

/* Opens the file without locking it.  MP_DROP: see csv_file_open. */
static int
open_path(struct csv_file *f, int mode)
{
  char why[FILE_WHY];
  struct stat st;

  if (mode == CSV_FILE_READ && is_special(f))
    return MP_DROP;
  f->fd = file_open(f->path, open_flags(f, mode), FILE_MODE, why);
  if (f->fd < 0 && errno == ENOENT && mode != CSV_FILE_APPEND)
    return MP_DROP;
  if (f->fd < 0 && why[0] != '\0')
    return mp_fail(f->host, MP_EPERM, f->path, "%s", why);
  if (f->fd < 0)
    return fail_open(f, errno);
  if (fstat(f->fd, &st) != 0)
    return fail_open(f, errno);
  if (S_ISDIR(st.st_mode))
    return fail_open(f, EISDIR);
  f->regular = S_ISREG(st.st_mode);
  f->length = f->regular ? st.st_size : 0;
  return MP_OK;
}

static int
lock_csv_file(struct csv_file *f)
{
  struct pollfd cancel = { .fd = f->host->cancel_fd(f->host),
                           .events = POLLIN };
  int waited = 0;

  for (; flock(f->fd, LOCK_EX | LOCK_NB) != 0; waited += LOCK_RETRY_MS) {
    /* Some network file systems have no locks; write without one. */
    if (errno == ENOLCK || errno == EOPNOTSUPP || errno == EINVAL)
      return MP_OK;
    if (errno != EWOULDBLOCK && errno != EINTR)
      return mp_fail(f->host, MP_EIO, f->path, "cannot be locked: %s",
                     strerror(errno));
    if (waited >= LOCK_WAIT_MS || f->host->time_left(f->host) == 0)
      return mp_fail(
        f->host, MP_EBUSY, f->path,
        "another program keeps it locked; the next run writes the rows");
    if (poll(&cancel, 1, LOCK_RETRY_MS) > 0 && f->host->time_left(f->host) > 0)
      return mp_fail(f->host, MP_ECANCELED, f->path, "the run was interrupted");
  }
  return MP_OK;
}

/* Returns true if the locked file is still the one at the path, and updates its
 * length. */
static bool
is_current(struct csv_file *f)
{
  struct stat at_path, open_one;

  if (fstat(f->fd, &open_one) != 0 || stat(f->path, &at_path) != 0)
    return false;
  f->length = open_one.st_size;
  return at_path.st_ino == open_one.st_ino && at_path.st_dev == open_one.st_dev;
}

/* Makes a new name durable with fsync on its directory.  Not every file system
 * supports that, and a directory without read permission cannot be opened: only
 * an error of the disk is a failure. */
static int
sync_directory(struct csv_file *f)
{
  char *dir = directory_of(f->path);
  int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  int err = 0;

  if (fd >= 0) {
    err = fsync(fd) == 0 ? 0 : errno;
    close(fd);
  }
  free(dir);
  if (err != EIO && err != ENOSPC && err != EDQUOT)
    return MP_OK;
  return mp_fail(f->host, MP_EIO, f->path,
                 "its directory cannot be written to the disk: %s",
                 strerror(err));
}

int
csv_file_open(struct csv_file *f, int mode)
{
  int answer;

  for (int tries = 0; tries < OPEN_TRIES; tries++) {
    csv_file_close(f);
    answer = open_path(f, mode);
    if (answer == MP_OK && f->regular && mode != CSV_FILE_READ)
      answer = lock_csv_file(f);
    if (answer != MP_OK) {
      csv_file_close(f);
      return answer;
    }
    if (!f->regular || mode == CSV_FILE_READ)
      return MP_OK;
    if (is_current(f)) {
      answer = f->length == 0 ? sync_directory(f) : MP_OK;
      if (answer != MP_OK)
        csv_file_close(f);
      return answer;
    }
  }
  csv_file_close(f);
  return mp_fail(
    f->host, MP_EBUSY, f->path,
    "another program keeps replacing it; the next run writes the rows");
}

int
csv_file_check_create(struct csv_file *f)
{
  char *dir = directory_of(f->path);
  int err = 0;

  if (!dir)
    return mp_fail(f->host, MP_ENOMEM, f->path, "out of memory");
  if (access(dir, W_OK | X_OK) != 0)
    err = errno;
  free(dir);
  return err == 0 ? MP_OK : fail_open(f, err);
}
