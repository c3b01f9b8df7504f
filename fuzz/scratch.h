/*
 * The temporary directory of a fuzz target: created in $TMPDIR (best a memory
 * file system), removed when the program ends.  Any error in these functions
 * ends the program.
 */
#ifndef FUZZ_SCRATCH_H
#define FUZZ_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* Returns its path; the first call creates it. */
const char *scratch_directory(void);

/* Calls FN for each file in the directory. */
void scratch_each(void (*fn)(const char *path, void *ctx), void *ctx);

/* Removes the files in the directory. */
void scratch_empty(void);

/* Writes the file PATH, replacing its content. */
void scratch_write(const char *path, const uint8_t *data, size_t size);

/* Reads up to SIZE bytes of a file; returns their number, -1: no such file. */
long scratch_read(const char *path, uint8_t *buf, size_t size);

#endif
