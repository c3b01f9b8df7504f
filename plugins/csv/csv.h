/*
 * An instance of the CSV output: its columns, and the rows that were written
 * since the last commit.
 */
#ifndef CSV_H
#define CSV_H

#include <meterpipe/plugin.h>

#include "plugins/csv/csv_file.h"
#include "plugins/csv/csv_row.h"
#include "lib/utc_time.h"

struct csv_column {
  const char *name;
  uint32_t flags; /* MP_TARGET_... */
  char *unit_key; /* in the store: "unit.energy" */
  char *unit;     /* that the column keeps; "": none; NULL: no number yet */
  int complained; /* about a value in another unit */
  /* Its cell in csv.cells, when that is of the row being written. */
  uint64_t row; /* csv.row of that time */
  size_t start, len;
};

/* A value that was refused: its cell is empty. */
struct csv_refusal {
  uint32_t record, target;
};

struct csv {
  const struct mp_host *host;
  const char *eol;
  struct csv_file file;
  struct utc_time time;

  struct csv_column *columns; /* column N is target N */
  uint32_t count;
  uint32_t written;          /* columns that this pipeline writes */
  struct text_buffer header; /* without line end */

  struct text_buffer rows;
  struct text_buffer cells;
  size_t *ends; /* where each row ends in rows */
  size_t ends_size;
  uint32_t records; /* begun since the last commit */
  int unfinished;   /* the last of them is */
  int64_t time_ms;  /* of that one */
  uint64_t row;     /* counts all rows of this instance, from 1 */
  int failed;       /* a reason: the rows are not complete, none is written */
  struct csv_refusal *refusals; /* in the order of records */
  size_t refusals_len, refusals_size;

  int distrusted; /* the disk lost what it had taken: nothing more is given */
  int streaming;  /* to a pipe that has had the header */
};

/* csv_columns.c: what the columns are, and their units */
int csv_columns_open(struct csv *csv);
void csv_columns_close(struct csv *csv);
/* Brings VALUE to the column's unit.  MP_DROP: it is refused, which was
 * explained; a reason: nothing can be written at all. */
int csv_column_fit(struct csv *csv, struct csv_column *column,
                   struct mp_value *value);

/* csv_rows.c */
int csv_begin(void *self, const struct mp_record *record);
int csv_write(void *self, uint32_t target, const struct mp_value *value);
/* Ends the row being written.  The reason, if not all rows are there. */
int csv_rows_finish(struct csv *csv);
/* Ends the rows with EOL in place of OLD_EOL. */
int csv_rows_end_with(struct csv *csv, const char *old_eol, const char *eol);
/* There is no memory for the rows: says so once, and returns the reason. */
int csv_rows_fail(struct csv *csv);
void csv_rows_forget(struct csv *csv);
void csv_rows_free(struct csv *csv);

/* csv_commit.c */
int csv_commit(void *self, const struct mp_result_sink *sink);
int csv_token(void *self, char *ret_token, size_t size);
int csv_recover(void *self, const char *token,
                const struct mp_result_sink *sink);

/* csv_fetch.c */
int csv_fetch(void *self, const struct mp_shown_sink *sink);

#endif
