/* Reads whole small files, and opens files for writing. */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/safe_dir.h"
#include "lib/text_buffer.h"

/* Reads PATH, a file or a pipe, into *RET; a NUL follows, which len does not
 * count.  Free it with text_buffer_wipe if it may hold a secret: there is no
 * other copy of it in memory.  Sets *ret_world_readable to whether users other
 * than the file's owner and group can read the file.  Returns 0 or an errno
 * value; EFBIG: it has more than MAX bytes. */
int file_read(const char *path, size_t max, struct text_buffer *ret,
              bool *ret_world_readable);

/* Returns whether any user can create files in the directory of PATH, but
 * cannot remove those of others, as in /tmp; *ret_owner is the owner of that
 * directory.  False also if that cannot be determined. */
bool file_is_in_shared(const char *path, uid_t *ret_owner);

/* Makes the directories above PATH that do not exist.  Returns 0, also if this
 * user may not do that, because opening PATH then tells; or an errno value,
 * with PATH cut after the directory that failed. */
int file_make_directories(char *path);

/* Returns the number of entries of the directory PATH, "." and ".." included;
 * 0: it cannot be read. */
size_t file_count_entries(const char *path);

/* Size of WHY. */
#define FILE_WHY SAFE_DIR_WHY

/*
 * Opens a file like open(2), with O_CLOEXEC and O_NOCTTY, unless another user
 * may have planted it.  In a directory such as /tmp, any user can create a
 * link, to make us write to a file that only we may write to, or a file, to get
 * the data that we write.  Linux has the same rules (fs.protected_symlinks,
 * _hardlinks, _fifos and _regular), but they can be switched off.
 *
 * The directories on PATH are checked, too (lib/safe_dir.h).  The owner of a
 * directory is trusted.  If any user may also rename the files of others,
 * nothing can be protected there, and nothing is checked.
 *
 * Returns -1 with errno; if errno is EPERM and WHY is not empty, WHY describes
 * the planted file.
 */
int file_open(const char *path, int flags, mode_t mode, char why[FILE_WHY]);

#endif
