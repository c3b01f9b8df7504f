/*
 * Checks for directories that another user may have planted.  In a directory
 * such as /tmp, any user can create a directory or a symbolic link on a path of
 * ours, and can exchange everything below it at any time.
 */
#ifndef LIB_SAFE_DIR_H
#define LIB_SAFE_DIR_H

#include <stddef.h>
#include <sys/types.h>

/* Size of WHY, which names a path. */
#define SAFE_DIR_WHY 512

/*
 * Checks each part of PATH from the root down, and each directory that
 * symbolic links lead through.  If other users can create files in a directory
 * but cannot remove ours (it is sticky, and writable by everybody or its
 * group), the next part must belong to us, to root, to the owner of that
 * directory or to TRUSTED.  Returns 0, also for parts that do not exist yet;
 * -1: refused, or out of memory, with WHY.
 */
int safe_dir_check(const char *path, uid_t trusted, char why[SAFE_DIR_WHY]);

/* The same for the directory of the file PATH. */
int safe_dir_check_above(const char *path, uid_t trusted,
                         char why[SAFE_DIR_WHY]);

#endif
