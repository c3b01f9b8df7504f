/*
 * The list of meters that [fleet] names: a CSV file with a header row.
 *
 *     name,device,idx_base
 *     h001,tcp://10.0.0.1:4001,323
 *
 * The first column is the name of the row.
 */
#ifndef CORE_CONFIG_FLEET_LIST_H
#define CORE_CONFIG_FLEET_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config/problems.h"
#include "lib/text_buffer.h"

#define FLEET_MAX_ROWS 10000
#define FLEET_MAX_COLUMNS 100

/* The characters of names of columns and rows. */
#define FLEET_NAME "abcdefghijklmnopqrstuvwxyz0123456789_-"

struct fleet_row {
  unsigned line;
  const char **cells; /* one for each column; the first is the name */
};

struct fleet_list {
  char *path;
  bool world_readable;
  struct text_buffer text; /* the file, split into cells */
  const char **columns;
  size_t n_columns;
  struct fleet_row *rows;
  size_t n_rows;
};

/* Reads PATH.  MP_OK with *ret, which fleet_list_free clears.  MP_ECONFIG,
 * MP_EPERM or MP_EIO: reported in PROBLEMS; *ret is empty. */
int fleet_list_read(const char *path, struct problems *problems,
                    struct fleet_list *ret);

/* The same for the LEN bytes of TEXT. */
int fleet_list_parse(const char *path, const char *text, size_t len,
                     struct problems *problems, struct fleet_list *ret);

void fleet_list_free(struct fleet_list *list);

/* Returns the index of the column whose name is the LEN bytes of NAME;
 * n_columns: there is none. */
size_t fleet_list_column(const struct fleet_list *list, const char *name,
                         size_t len);

#endif
