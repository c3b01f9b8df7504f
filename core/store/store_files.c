/*
 * The files of a store: creates, locks and moves them, and refuses files that
 * another user may have planted.
 */
#include "core/store/store_files.h"

#include "core/store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "lib/array.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/rfc3339.h"
#include "meterpipe/plugin.h"

/* Before the umask is applied. */
#define FILE_MODE 0640

int
store_files_failed(struct store *store, const char *path)
{
  int err = errno;

  if (err == ENOMEM)
    memory_out();
  store_set_error(store, "%s: the state cannot be kept there: %s", path,
                  strerror(err));
  return err == EACCES || err == EPERM || err == EROFS ? MP_EPERM : MP_EIO;
}

/* Builds the path of the database with END appended, or with END in place of
 * ".db" if END begins with a point. */
static int
path_with(struct store *store, const char *end, char path[PATH_MAX])
{
  size_t len = strlen(store->path);

  if (end[0] == '.')
    len -= strlen(".db");
  if (snprintf(path, PATH_MAX, "%.*s%s", (int)len, store->path, end) < PATH_MAX)
    return MP_OK;
  errno = ENAMETOOLONG;
  return store_files_failed(store, store->path);
}

/* ---- Planted files ------------------------------------------------------- */

/* Returns why the file at PATH must not be used, and what to do; NULL: it may
 * be used.  The owner of the directory is trusted.  A file of the user READABLE
 * is accepted, too. */
static const char *
why_not_trusted(const char *path, uid_t dir_owner, uid_t readable)
{
  struct stat st;

  if (lstat(path, &st) != 0)
    return NULL; /* missing; other errors are reported when it is opened */
  if (S_ISLNK(st.st_mode))
    return "is a symbolic link, in a directory where other users can create "
           "one; it is not used: remove it, or give a state_dir of your own";
  if (!S_ISREG(st.st_mode))
    return "is not a file, in a directory where other users can create one; it "
           "is not used: remove it, or give a state_dir of your own";
  if (st.st_nlink > 1)
    return "has another name (a hard link), in a directory where other users "
           "can create one; it is not used: give a state_dir of your own";
  if (st.st_uid == geteuid() || st.st_uid == dir_owner || st.st_uid == readable)
    return NULL;
  return "belongs to another user, in a directory where other users can create "
         "one; it is not used: run meterpipe as its owner, or give a state_dir "
         "of your own";
}

/* Returns the user whose files may be read besides our own: for a mode that
 * only reads, the owner of the database. */
static uid_t
readable_by(const struct store *store)
{
  struct stat st;

  return store->mode != STORE_WRITE && lstat(store->path, &st) == 0 ? st.st_uid
                                                                    : geteuid();
}

/*
 * In a directory where anybody can create files, a link could make this program
 * overwrite a file that only it may write, and SQLite would apply another
 * user's journal to the database.  Only our own files are used there.
 */
static int
check_planted(struct store *store, uid_t dir_owner)
{
  static const char *const ends[] = { "",     "-journal", "-wal",
                                      "-shm", ".lock",    ".note" };
  uid_t readable = readable_by(store);
  char path[PATH_MAX];
  int r = MP_OK;

  for (size_t i = 0; i < ARRAY_SIZE(ends) && r == MP_OK; i++) {
    const char *why = NULL;

    r = path_with(store, ends[i], path);
    if (r == MP_OK)
      why = why_not_trusted(path, dir_owner, readable);
    if (!why)
      continue;
    store_set_error(store, "%s: %s", path, why);
    r = MP_EPERM;
  }
  return r;
}

static int
check_directories(struct store *store)
{
  char why[SAFE_DIR_WHY];

  if (safe_dir_check_above(store->path, readable_by(store), why) == 0)
    return MP_OK;
  store_set_error(store, "%s: the directory %s", store->path, why);
  return MP_EPERM;
}

/* ---- Creating files and locks -------------------------------------------- */

/* Makes the directories above the database. */
static int
make_directories(struct store *store)
{
  errno = file_make_directories(store->path);
  return errno ? store_files_failed(store, store->path) : MP_OK;
}

/* Errors of flock and fcntl on a file system without locks. */
static bool
means_no_locks(int err)
{
  return err == ENOLCK || err == EOPNOTSUPP || err == ENOSYS || err == EINVAL;
}

/* Returns 0, or the errno if the file system of FD lacks the kind of lock that
 * SQLite uses. */
static int
try_record_lock(int fd)
{
  struct flock range = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

  if (fcntl(fd, F_SETLK, &range) != 0)
    return means_no_locks(errno) ? errno : 0;
  range.l_type = F_UNLCK;
  (void)fcntl(fd, F_SETLK, &range);
  return 0;
}

static int
refuse_without_locks(struct store *store, int err)
{
  store_set_error(store,
                  "%s: the file system there has no locks (%s), so the state "
                  "cannot be kept there: give [pipeline] a state_dir on a "
                  "local file system, and move an old state there",
                  store->path, strerror(err));
  return MP_EIO;
}

int
store_files_check_locks(struct store *store)
{
  int fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  int err = fd < 0 ? 0 : try_record_lock(fd);

  if (fd >= 0)
    close(fd);
  return err ? refuse_without_locks(store, err) : MP_OK;
}

/* Takes the lock.  Returns 0 or an errno.  It tries several times, as
 * store_is_locked() in another program holds the lock for a moment, too. */
static int
take_lock(int fd)
{
  int tries = 5;

  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || --tries == 0)
      return errno;
    clock_sleep_ms(10, -1);
  }
  return 0;
}

/* Takes a kernel lock on a separate file: it ends with the process in every
 * case, and does not interfere with SQLite's locks. */
static int
lock_state(struct store *store)
{
  char path[PATH_MAX];
  int r = path_with(store, ".lock", path), err;

  if (r != MP_OK)
    return r;
  store->lock_fd =
    open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, FILE_MODE);
  if (store->lock_fd < 0)
    return store_files_failed(store, path);
  err = take_lock(store->lock_fd);
  if (!err)
    err = try_record_lock(store->lock_fd);
  if (!err)
    return MP_OK;
  if (means_no_locks(err))
    return refuse_without_locks(store, err);
  errno = err;
  if (err != EWOULDBLOCK)
    return store_files_failed(store, path);
  store_set_error(
    store,
    "%s: another run of this pipeline is in progress; this one does nothing",
    path);
  return MP_EBUSY;
}

int
store_files_prepare(struct store *store)
{
  uid_t dir_owner;
  int r = check_directories(store);

  if (r == MP_OK && file_is_in_shared(store->path, &dir_owner))
    r = check_planted(store, dir_owner);
  if (store->mode != STORE_WRITE)
    return r;
  if (r == MP_OK)
    r = make_directories(store);
  if (r == MP_OK)
    r = check_directories(store); /* another user may have created one since */
  return r == MP_OK ? lock_state(store) : r;
}

/* Checks again in a shared directory: once the files exist, no other user can
 * replace them. */
int
store_files_create(struct store *store)
{
  uid_t dir_owner;
  bool shared = file_is_in_shared(store->path, &dir_owner);
  int fd =
    open(store->path,
         O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | (shared ? O_NOFOLLOW : 0),
         FILE_MODE);
  struct stat st;
  bool regular = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

  if (fd < 0)
    return store_files_failed(store, store->path);
  close(fd);
  if (regular)
    return shared ? check_planted(store, dir_owner) : MP_OK;
  store_set_error(store, "%s: the state cannot be kept there: it is not a file",
                  store->path);
  return MP_EIO;
}

/* ---- The note ------------------------------------------------------------ */

/* O_NONBLOCK, because the file may be a FIFO. */
void
store_files_open_note(struct store *store)
{
  const int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  char path[PATH_MAX];
  struct stat st;

  if (path_with(store, ".note", path) != MP_OK)
    return;
  if (store->mode == STORE_WRITE)
    store->note_fd = open(path, flags | O_RDWR | O_CREAT, FILE_MODE);
  else
    store->note_fd = open(path, flags | O_RDONLY);
  if (store->note_fd < 0 ||
      (fstat(store->note_fd, &st) == 0 && S_ISREG(st.st_mode)))
    return;
  close(store->note_fd);
  store->note_fd = -1;
}

bool
store_note_read(struct store *store, char record[STORE_NOTE_SIZE])
{
  return store->note_fd >= 0 &&
         pread(store->note_fd, record, STORE_NOTE_SIZE, 0) == STORE_NOTE_SIZE;
}

/* A run continues without the note: it only tells the next run where a killed
 * one stopped. */
void
store_note_write(struct store *store, const char *record)
{
  if (store->note_fd >= 0 && store->mode == STORE_WRITE &&
      pwrite(store->note_fd, record, STORE_NOTE_SIZE, 0) != STORE_NOTE_SIZE) {
    close(store->note_fd);
    store->note_fd = -1;
  }
}

bool
store_is_locked(struct store *store)
{
  char path[PATH_MAX];
  int fd = -1;
  bool locked;

  if (path_with(store, ".lock", path) == MP_OK)
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return false;
  locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  return locked;
}

/* ---- Newer state versions ------------------------------------------------ */

int
store_files_newer(struct store *store, int version)
{
  store_set_error(
    store,
    "%s: written by a newer meterpipe (state version %d, this one "
    "knows %d): install that version again",
    store->path, version, STORE_VERSION);
  return MP_ECONFIG;
}

/* https://www.sqlite.org/fileformat.html, The Database Header. */
#define HEADER_MAGIC "SQLite format 3"
#define HEADER_VERSION 60 /* offset of the user version */

int
store_files_check_version(struct store *store)
{
  unsigned char header[HEADER_VERSION + 4];
  const unsigned char *p = header + HEADER_VERSION;
  int fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  ssize_t n = fd < 0 ? -1 : read(fd, header, sizeof(header));
  int32_t version;

  if (fd >= 0)
    close(fd);
  /* SQLite reports any other fault of the file. */
  if (n != (ssize_t)sizeof(header) ||
      memcmp(header, HEADER_MAGIC, sizeof(HEADER_MAGIC)) != 0)
    return MP_OK;
  version = (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                      (uint32_t)p[2] << 8 | (uint32_t)p[3]);
  return version < 0 || version > STORE_VERSION
           ? store_files_newer(store, version)
           : MP_OK;
}

/* ---- Moving a damaged database ------------------------------------------- */

int
store_files_move_aside(struct store *store, const char *why)
{
  char when[RFC3339_SIZE], journal[PATH_MAX], *to;
  int r = path_with(store, "-journal", journal);

  if (r != MP_OK)
    return r;
  rfc3339_format(NULL, clock_now_ms(), when);
  to = memory_format("%s.corrupt-%s", store->path, when);
  if (rename(store->path, to) != 0)
    r = store_files_failed(store, to);
  else {
    unlink(journal);
    free(store->moved_aside);
    store->moved_aside = memory_format("%s; kept as %s", why, to);
  }
  free(to);
  return r;
}
