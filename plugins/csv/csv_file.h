/*
 * The file of a CSV output: reads, compares, appends and truncates it.
 *
 * On failure these functions report the reason to the host, with the path as
 * its object, and return it.
 */
#ifndef CSV_FILE_H
#define CSV_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/csv/csv_row.h"

struct csv_file {
  const struct mp_host *host;
  const char *path;
  int fd;         /* -1: not open */
  int regular;    /* false: a pipe or device, without length, lock, fsync */
  int64_t length; /* at open, or after the last append */
};

/* Modes of csv_file_open. */
#define CSV_FILE_APPEND 0 /* to write; create it if it does not exist */
#define CSV_FILE_MEND 1   /* to write, if it exists */
#define CSV_FILE_READ 2   /* to read, if it exists; without a lock */

/* Adds the first line, without its "\n", to LINE; at most the length of the
 * longest row. */
int csv_file_read_line(struct csv_file *f, struct text_buffer *line);

/* Compares the first line with HEADER (without line end).  MP_ECONFIG: it
 * differs.  An empty file is MP_OK. */
int csv_file_check_header(struct csv_file *f, const char *header, size_t len);

/* *ret_ragged: the first LENGTH bytes end in the middle of a line, so that a
 * row appended there would continue it. */
int csv_file_is_ragged(struct csv_file *f, int64_t length, int *ret_ragged);

/* Counts the LEN bytes of DATA that the file has at POS, up to the first
 * difference.  *ret_end: the file ends there. */
int csv_file_match(struct csv_file *f, int64_t pos, const char *data,
                   size_t len, size_t *ret_matched, int *ret_end);

/* Appends all of DATA.  *ret_written is valid also on failure. */
int csv_file_append(struct csv_file *f, const char *data, size_t len,
                    size_t *ret_written);

/* Truncates the file to LENGTH, unless its size is no longer EXPECTED, because
 * another program has changed it. */
int csv_file_cut(struct csv_file *f, int64_t length, int64_t expected);

/* Truncates NUL bytes at the end: some file systems (XFS, FAT) leave them after
 * a power cut, if data did not reach the disk. */
int csv_file_cut_nuls(struct csv_file *f);

/* Like csv_file_cut_nuls, but only reduces f->length and leaves the file
 * unchanged. */
int csv_file_skip_nuls(struct csv_file *f);

/* Calls fsync; returns once the data is durable. */
int csv_file_sync(struct csv_file *f);

#endif
