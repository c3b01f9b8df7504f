/*
 * Reads a whole small file into memory.
 */
#ifndef LIB_SLURP_H
#define LIB_SLURP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct slurp {
  char *text; /* a NUL follows, which len does not count */
  size_t len;
  mode_t mode; /* mode of the file, from fstat */
};

/* Reads PATH, a file or a pipe.  Returns 0 or an errno value; EFBIG: it has
 * more than MAX bytes. */
int slurp_file(const char *path, size_t max, struct slurp *ret);

/* Returns whether users other than the file's owner and group can read it. */
bool slurp_is_world_readable(const struct slurp *slurp);

void slurp_free(struct slurp *slurp);

#endif
