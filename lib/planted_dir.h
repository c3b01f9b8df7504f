/*
 * Directories that another user may have planted.  In a directory such as /tmp
 * everybody can make the directory, or the symbolic link, that a path of ours
 * goes through; whoever made it can exchange all that is below it at any time.
 */
#ifndef LIB_PLANTED_DIR_H
#define LIB_PLANTED_DIR_H

#include <stddef.h>
#include <sys/types.h>

/* Room for a reason, which names a path. */
#define PLANTED_DIR_WHY 512

/*
 * Looks at each part of PATH from the root down, and at all that symbolic links
 * lead through.  Where others can make files but not remove ours (a sticky
 * directory that everybody or its group can write to), the next part must
 * belong to us, to root, to the owner of that directory or to TRUSTED.
 * Returns 0, also for what does not exist yet; or -1 with WHY.
 */
int planted_dir_check(const char *path, uid_t trusted,
                      char why[PLANTED_DIR_WHY]);

/* The same for the directory of the file PATH. */
int planted_dir_check_above(const char *path, uid_t trusted,
                            char why[PLANTED_DIR_WHY]);

#endif
