/*
 * Reads a pipeline file in three steps, so that the caller learns the path of
 * its list before that is read.
 *
 *     config_file_read -> config_file_expand -> config_file_parse
 */
#ifndef CORE_CONFIG_CONFIG_FILE_H
#define CORE_CONFIG_CONFIG_FILE_H

#include <stdbool.h>

#include "core/config/config.h"
#include "core/config/fleet.h"
#include "lib/text_buffer.h"

struct config_file {
  const char *path;
  struct text_buffer text; /* as in the file; later expanded */
  bool world_readable;
  char *list; /* path of the list of [fleet]; NULL: there is none */
  struct fleet *fleet;
};

/* Reads the file PATH, which must outlive *ret.  MP_OK.  MP_ECONFIG (PATH is
 * missing, too large or not a file, or [fleet] has an error), MP_EPERM, MP_EIO:
 * reported in PROBLEMS, and *ret is empty. */
int config_file_read(const char *path, struct problems *problems,
                     struct config_file *ret);

/* Reads the list of FILE, if it has one, and expands the text.  Returns as
 * config_file_read; if it fails, FILE is unchanged. */
int config_file_expand(struct config_file *file, struct problems *problems);

/* Parses the text.  Returns a config even if problems were found.  The fleet
 * becomes a part of it; PROBLEMS refers to the fleet. */
struct config *config_file_parse(struct config_file *file,
                                 struct problems *problems);

void config_file_clear(struct config_file *file);

/* Reads the file PATH into *RET, which text_buffer_wipe frees.  Returns as
 * config_file_read. */
int config_file_get(const char *path, struct text_buffer *ret,
                    bool *ret_world_readable, struct problems *problems);

#endif
