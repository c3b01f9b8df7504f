/*
 * Programs of the name meterpipe-NAME, which commands execute.
 */
#ifndef CORE_RUN_PROGRAM_H
#define CORE_RUN_PROGRAM_H

#include <stdbool.h>

#define PROGRAM_PREFIX "meterpipe-"

/* Returns the path of the program meterpipe-NAME: in the directory of our own
 * executable, so that it is found in a build tree and in any place where it was
 * installed; else in PATH.  The caller frees the path.  NULL: it is in neither,
 * or NAME has other characters than a-z, 0-9, _ and -. */
char *program_find(const char *name);

/* Returns whether a section may have this name: such a program is found, or it
 * is one of meterpipe that is not installed here.  A run must not end because
 * of a section that it does not use. */
bool program_has_section(const char *name);

#endif
