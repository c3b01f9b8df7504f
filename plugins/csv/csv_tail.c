/*
 * Reads rows backwards.  Every line end ends a row, because csv_row.c writes
 * none inside a cell.  If another program did, each part is a row with a wrong
 * number of cells, which is skipped.  Counting quotes instead would let one
 * stray quote hide all rows before it.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/csv/csv_tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <meterpipe/plugin.h>

static int
read_at(int fd, char *buf, size_t n, int64_t pos)
{
  while (n > 0) {
    ssize_t got = pread(fd, buf, n, (off_t)pos);

    if (got < 0 && errno == EINTR)
      continue;
    if (got == 0)
      errno = EIO; /* the file became shorter meanwhile */
    if (got <= 0)
      return MP_EIO;
    buf += got;
    n -= (size_t)got;
    pos += got;
  }
  return MP_OK;
}

/* Reads the chunk before rows and prepends it to rows. */
static int
fetch_chunk(struct csv_tail *tail)
{
  struct text_buffer *rows = &tail->rows;
  size_t n = CSV_TAIL_CHUNK;
  int r;

  if ((int64_t)n > tail->pos)
    n = (size_t)tail->pos;
  if (rows->len > CSV_TAIL_ROW_MAX)
    return MP_EDATA;
  if (text_buffer_reserve(rows, n) != MP_OK)
    return MP_ENOMEM;
  memmove(rows->data + n, rows->data, rows->len);
  r = read_at(tail->fd, rows->data, n, tail->pos - (int64_t)n);
  if (r != MP_OK)
    return r;
  tail->pos -= (int64_t)n;
  rows->len += n;
  return MP_OK;
}

int
csv_tail_begin(struct csv_tail *tail, int fd, int64_t length)
{
  int r = MP_OK;

  *tail = (struct csv_tail){
    .fd = fd,
    .pos = length,
    .rows = { .max = CSV_TAIL_ROW_MAX + CSV_TAIL_CHUNK },
  };
  while (r == MP_OK) {
    while (tail->rows.len > 0 && tail->rows.data[tail->rows.len - 1] != '\n')
      tail->rows.len--;
    if (tail->rows.len > 0 || tail->pos == 0)
      return MP_OK;
    r = fetch_chunk(tail);
  }
  csv_tail_end(tail);
  return r;
}

void
csv_tail_end(struct csv_tail *tail)
{
  text_buffer_free(&tail->rows);
}

/* Returns the offset of the last row in rows; 0: it may begin before rows. */
static size_t
find_start(const struct csv_tail *tail)
{
  size_t i = tail->rows.len - 1;

  while (i > 0 && tail->rows.data[i - 1] != '\n')
    i--;
  return i;
}

int
csv_tail_next(struct csv_tail *tail, char **ret_row, size_t *ret_len)
{
  size_t start = 0, end;
  int r;

  while (tail->rows.len > 0) {
    start = find_start(tail);
    if (start > 0)
      break;
    if (tail->pos == 0)
      return MP_END;
    r = fetch_chunk(tail);
    if (r != MP_OK)
      return r;
  }
  if (tail->rows.len == 0)
    return MP_END;
  end = tail->rows.len - 1;
  if (end > start && tail->rows.data[end - 1] == '\r')
    end--;
  tail->rows.len = start;
  *ret_row = tail->rows.data + start;
  *ret_len = end - start;
  return MP_OK;
}
