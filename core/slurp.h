/*
 * A whole small file in memory.
 */
#ifndef CORE_SLURP_H
#define CORE_SLURP_H

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

void slurp_free(struct slurp *slurp);

#endif
