/*
 * The rows of a file from its end backwards, in constant memory: what a file
 * showed last is near its end, however long it has become.
 */
#ifndef CSV_TAIL_H
#define CSV_TAIL_H

#include <stddef.h>
#include <stdint.h>

/* Set smaller by the fuzz target: what is read at once. */
#ifndef CSV_TAIL_CHUNK
#define CSV_TAIL_CHUNK ((size_t)64 << 10)
#endif
/* No row is longer. */
#define CSV_TAIL_ROW_MAX ((size_t)1 << 20)

struct csv_tail {
  int fd;
  int64_t pos; /* where buf stands in the file */
  char *buf;
  size_t len; /* of what was not given yet */
  size_t size;
};

/* Begins at LENGTH, the file's length; what stands there without a line end is
 * passed over.  MP_OK, MP_ENOMEM, or MP_EIO with errno. */
int csv_tail_begin(struct csv_tail *tail, int fd, int64_t length);
void csv_tail_end(struct csv_tail *tail);

/* The row before the one given last, without its line end; it may be written
 * to, up to and with ret_row[*ret_len], and lives until the next call.  MP_END:
 * only the first row is left, the header.  MP_EDATA: a row too long. */
int csv_tail_next(struct csv_tail *tail, char **ret_row, size_t *ret_len);

#endif
