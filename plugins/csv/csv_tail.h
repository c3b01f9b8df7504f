/*
 * Reads the rows of a file from its end backwards, in constant memory: the last
 * values are near the end, however long the file has become.
 */
#ifndef CSV_TAIL_H
#define CSV_TAIL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/text_buffer.h"

/* Bytes read at a time.  The fuzz target sets fewer. */
#ifndef CSV_TAIL_CHUNK
#define CSV_TAIL_CHUNK ((size_t)64 << 10)
#endif
/* The longest row; a longer one is MP_EDATA. */
#define CSV_TAIL_ROW_MAX ((size_t)1 << 20)

struct csv_tail {
  int fd;
  int64_t pos;             /* offset of rows in the file */
  struct text_buffer rows; /* not returned yet */
};

/* Begins at LENGTH, the length of the file.  Skips a last line without line
 * end.  MP_OK, MP_ENOMEM, or MP_EIO with errno. */
int csv_tail_begin(struct csv_tail *tail, int fd, int64_t length);
void csv_tail_end(struct csv_tail *tail);

/* Returns the row before the last one returned, without its line end.  It is
 * valid until the next call, and the caller may change it up to and including
 * ret_row[*ret_len].  MP_END: only the header is left.  MP_EDATA: the row is
 * too long. */
int csv_tail_next(struct csv_tail *tail, char **ret_row, size_t *ret_len);

#endif
