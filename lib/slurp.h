/*
 * A whole small file in memory.
 */
#ifndef LIB_SLURP_H
#define LIB_SLURP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct slurp {
  char *text; /* a NUL follows it */
  size_t len;
  mode_t mode; /* the file's, as fstat gives it */
};

/* Reads PATH, which may be a pipe too.  0, or an errno: EFBIG when it has more
 * than MAX bytes. */
int slurp_file(const char *path, size_t max, struct slurp *ret);

/* Whether others than the file's user and group can read it. */
bool slurp_is_world_readable(const struct slurp *slurp);

void slurp_free(struct slurp *slurp);

#endif
