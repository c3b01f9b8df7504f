/*
 * An instance of the CSV output: its columns, and the rows written since the
 * last commit.
 */
#ifndef CSV_H
#define CSV_H

#include <stdbool.h>
#include <string.h>
#include <meterpipe/plugin.h>

#include "plugins/csv/csv_file.h"
#include "plugins/csv/csv_row.h"
#include "lib/rfc3339.h"
#include "lib/short_text.h"

struct csv_column {
  const char *name;
  uint32_t flags;  /* MP_TARGET_... */
  char *unit_key;  /* in the store: "unit.energy" */
  char *unit;      /* unit of the column; "": none; NULL: no number yet */
  bool complained; /* reported a value in another unit */
  /* The column's cell in csv.cells; valid if row is csv.row. */
  uint64_t row; /* csv.row when the cell was written */
  size_t start, len;
};

/* A value that the column refused: its cell is empty. */
struct csv_refusal {
  uint32_t record, target;
};

struct csv {
  const struct mp_host *host;
  const char *eol; /* "\n" or "\r\n" */
  struct csv_file file;
  struct rfc3339_day time;

  struct csv_column *columns; /* column N is target N */
  uint32_t count;
  uint32_t written;          /* columns that this pipeline writes */
  struct text_buffer header; /* without line end */

  struct text_buffer rows;
  struct text_buffer cells;
  size_t *ends;     /* the end of each row, as an offset in rows */
  uint32_t records; /* begun since the last commit */
  int unfinished;   /* the last record is not ended yet */
  int64_t time_ms;  /* of the last record */
  uint64_t row;     /* counts all rows of this instance, from 1 */
  int failed;       /* a reason: rows are incomplete; commit writes none */
  struct csv_refusal *refusals; /* in the order of records */
  size_t refusals_len;

  bool distrusted; /* fsync failed: write nothing more in this run */
  bool streaming;  /* the header was written to the pipe */
};

/* csv_columns.c: the columns and their units */
int csv_columns_open(struct csv *csv);
void csv_columns_close(struct csv *csv);
/* After a commit: reports of units begin anew. */
void csv_columns_end_commit(struct csv *csv);
/* Returns true if the column takes numbers in UNIT ("": none) as they are. */
static inline bool
csv_column_takes(const struct csv_column *column, const char *unit)
{
  return column->unit && short_text_is(column->unit, unit);
}
/* Converts NUMBER from any other UNIT to the column's unit.  MP_DROP: not
 * possible, which was reported; any other reason: no row can be written at
 * all. */
int csv_column_fit(struct csv *csv, struct csv_column *column, const char *unit,
                   struct mp_decimal *number);

/* csv_rows.c */
int csv_begin(void *self, const struct mp_record *record);
int csv_write(void *self, uint32_t target, const struct mp_value *value);
/* Ends the row that is being written.  Returns a reason if rows are
 * incomplete. */
int csv_rows_finish(struct csv *csv);
/* Replaces OLD_EOL at the end of all rows by EOL. */
int csv_rows_end_with(struct csv *csv, const char *old_eol, const char *eol);
/* Reports once that memory ran out for the rows, and returns the reason. */
int csv_rows_fail(struct csv *csv);
void csv_rows_forget(struct csv *csv);
void csv_rows_free(struct csv *csv);

/* csv_commit.c */
int csv_commit(void *self, const struct mp_output_sink *sink);
int csv_token(void *self, char *ret_token, size_t size);
int csv_recover(void *self, const char *token,
                const struct mp_output_sink *sink);

/* csv_fetch.c */
int csv_fetch(void *self, const struct mp_output_sink *sink);

#endif
