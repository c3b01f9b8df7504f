/*
 * A directory of a fuzz target's own, new in $TMPDIR (best a memory file
 * system), which is removed when the program ends.  What fails here ends it.
 */
#ifndef FUZZ_SCRATCH_H
#define FUZZ_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* Its path; made with the first call. */
const char *scratch_directory(void);

/* Calls FN for each file in it. */
void scratch_each(void (*fn)(const char *path, void *ctx), void *ctx);

/* Removes the files in it. */
void scratch_empty(void);

/* PATH becomes a file of these bytes. */
void scratch_write(const char *path, const uint8_t *data, size_t size);

/* Reads a file of up to SIZE bytes; -1: there is none. */
long scratch_read(const char *path, uint8_t *buf, size_t size);

#endif
