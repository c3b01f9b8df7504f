/*
 * Opens a file for writing, unless another user may have planted it.  In a
 * directory such as /tmp, any user can create a link to one of our own files,
 * so that we overwrite that file; or a file, to read the data that we write.
 * Linux has the same rules (fs.protected_symlinks, _hardlinks, _fifos and
 * _regular), but they can be switched off.
 *
 * The directories on PATH are checked, too (lib/planted_dir.h).  The owner of a
 * directory is trusted.  If any user may also rename the files of others,
 * nothing can be protected there, and nothing is checked.
 */
#ifndef LIB_PLANTED_H
#define LIB_PLANTED_H

#include <sys/types.h>

#include "lib/planted_dir.h"

/* Size of WHY. */
#define PLANTED_WHY PLANTED_DIR_WHY

/* Like open(2), with O_CLOEXEC and O_NOCTTY.  Returns -1 with errno; if errno
 * is EPERM and WHY is not empty, WHY describes the planted file. */
int planted_open(const char *path, int flags, mode_t mode,
                 char why[PLANTED_WHY]);

#endif
