/*
 * Opening a file to write where somebody else may have planted one: in a
 * directory such as /tmp anybody can make a link, or a file, to have us write
 * where only we may, or to have what we write.  Linux has the same rules
 * (fs.protected_symlinks, _hardlinks, _fifos and _regular), but they can be
 * off.
 *
 * The directories that PATH goes through are checked, too (lib/planted_dir.h).
 * Who owns the directory is trusted; and where anybody may rename the files of
 * others, too, there is nothing to be kept.
 */
#ifndef LIB_PLANTED_H
#define LIB_PLANTED_H

#include <sys/types.h>

#include "lib/planted_dir.h"

/* Room for a reason. */
#define PLANTED_WHY PLANTED_DIR_WHY

/* As open(2), with O_CLOEXEC and O_NOCTTY.  -1 and errno; where it is EPERM and
 * WHY is not empty, it says what was planted at PATH. */
int planted_open(const char *path, int flags, mode_t mode,
                 char why[PLANTED_WHY]);

#endif
