/*
 * The file of a CSV output: found, locked, looked at, grown and cut back.
 *
 * These explain a failure to the host, with the path as its object, and return
 * the reason.
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
  int regular;    /* else a pipe or a device: no length, no lock, no fsync */
  int64_t length; /* when it was opened, or after the last append */
};

/* How csv_file_open opens. */
#define CSV_FILE_APPEND 0 /* to write; created where it is not there */
#define CSV_FILE_MEND 1   /* to write, but only one that is there */
#define CSV_FILE_READ 2   /* only to read one that is there, and no lock */

/* Adds the first line, without its "\n", to LINE; as much as a row may have. */
int csv_file_read_line(struct csv_file *f, struct text_buffer *line);

/* Compares the first line with HEADER (without line end); an empty file fits.
 */
int csv_file_check_header(struct csv_file *f, const char *header, size_t len);

/* Whether the first LENGTH bytes end within a line, so that a row behind them
 * would be added to it. */
int csv_file_is_ragged(struct csv_file *f, int64_t length, int *ret_ragged);

/* How many of the LEN bytes stand at POS: up to the first that differs.
 * *ret_end: whether the file ends there. */
int csv_file_match(struct csv_file *f, int64_t pos, const char *data,
                   size_t len, size_t *ret_matched, int *ret_end);

/* Writes all of DATA behind what is there; *ret_written also on failure. */
int csv_file_append(struct csv_file *f, const char *data, size_t len,
                    size_t *ret_written);

/* Cuts the file back to LENGTH, if nobody else has made it longer than EXPECTED
 * meanwhile. */
int csv_file_cut(struct csv_file *f, int64_t length, int64_t expected);

/* Cuts off NUL bytes at the end: some file systems (XFS, FAT) leave them where
 * data did not reach the disk before a power cut. */
int csv_file_cut_nuls(struct csv_file *f);

/* The same, but the file is left as it is: only LENGTH is without them. */
int csv_file_skip_nuls(struct csv_file *f);

/* Returns when what was written would outlive a power cut. */
int csv_file_sync(struct csv_file *f);

#endif
