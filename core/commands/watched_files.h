/*
 * Notices that a file which a pipeline was built from has changed.
 */
#ifndef CORE_COMMANDS_WATCHED_FILES_H
#define CORE_COMMANDS_WATCHED_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config/config.h"

struct watched_file;

/* All zeros: no file. */
struct watched_files {
  struct watched_file *list;
  size_t n;
};

/* Notes the state of the file PATH; it need not exist.  Call it before the file
 * is read, so that a change in between is noticed. */
void watched_files_add(struct watched_files *files, const char *path);

/* Adds the files that options of CONFIG name, such as password_file. */
void watched_files_add_named(struct watched_files *files,
                             const struct config *config);

/* Returns true if a file has another inode, size or time of modification than
 * when it was added, or was made or removed since. */
bool watched_files_changed(const struct watched_files *files);

void watched_files_clear(struct watched_files *files);

#endif
