/*
 * Writes the rows of a commit to the file, and finds them there again after a
 * crash.
 *
 * The token of a row is the length of the file before the row.  After a crash,
 * the bytes after that length show how far the write came: each row can be
 * formatted again byte by byte, and is compared.  No inode is needed in the
 * token: a file that replaced ours does not have our row at that position.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plugins/csv/csv.h"
#include "plugins/csv/csv_open.h"
#include "plugins/csv/csv_siblings.h"

/* ---- Results ------------------------------------------------------------- */

/* Reports RECORD as accepted, except for its refused values.  *NEXT is the
 * index of the first refusal that can belong to RECORD; refusals are in the
 * order of records. */
static void
accept_record(const struct csv *csv, const struct mp_output_sink *sink,
              uint32_t record, size_t *next)
{
  const struct csv_refusal *refusals = csv->refusals;
  uint32_t result;

  if (*next == csv->refusals_len || refusals[*next].record != record) {
    sink->result(sink, record, MP_ALL_TARGETS, MP_ACCEPTED);
    return;
  }
  for (uint32_t i = 0; i < csv->count; i++) {
    result = MP_ACCEPTED;
    for (size_t k = *next;
         k < csv->refusals_len && refusals[k].record == record; k++)
      if (refusals[k].target == i)
        result = MP_REJECTED;
    if ((csv->columns[i].flags & MP_TARGET_READ) == 0)
      sink->result(sink, record, i, result);
  }
  while (*next < csv->refusals_len && refusals[*next].record == record)
    ++*next;
}

/* Reports the first ACCEPTED records as accepted, and REST for the others. */
static void
give_results(const struct csv *csv, const struct mp_output_sink *sink,
             uint32_t accepted, uint32_t rest)
{
  size_t next = 0;

  for (uint32_t i = 0; i < csv->records; i++) {
    if (i < accepted)
      accept_record(csv, sink, i, &next);
    else
      sink->result(sink, i, MP_ALL_TARGETS, rest);
  }
}

/* Returns the count of rows that end within the first LEN bytes of rows. */
static uint32_t
rows_within(const struct csv *csv, size_t len)
{
  uint32_t n = 0;

  while (n < csv->records && csv->ends[n] <= len)
    n++;
  return n;
}

/* ---- The file ------------------------------------------------------------ */

/* Prepends to the rows the bytes that must precede them in a file of LENGTH
 * bytes: the header if the file is empty, and a line end if another program
 * left the last line unfinished (RAGGED).  Lines end with EOL.  *ret_lead: the
 * count of these bytes. */
static int
add_lead(struct csv *csv, const char *eol, int64_t length, bool ragged,
         size_t *ret_lead)
{
  size_t before = csv->rows.len;
  int r = MP_OK;

  if (length == 0) {
    r = text_buffer_prepend(&csv->rows, eol, strlen(eol));
    if (r == MP_OK)
      r = text_buffer_prepend(&csv->rows, csv->header.data, csv->header.len);
  } else if (ragged) {
    r = text_buffer_prepend(&csv->rows, eol, strlen(eol));
  }
  *ret_lead = csv->rows.len - before;
  return r == MP_OK ? MP_OK : csv_rows_fail(csv);
}

/* Opens and locks the file.  It stays locked until the commit, so that no other
 * program can write between a token and its rows. */
static int
hold_file(struct csv *csv)
{
  int64_t size;
  int answer;

  if (csv->distrusted)
    return mp_fail(csv->host, MP_EIO, csv->file.path,
                   "nothing more is written in this run");
  if (csv->file.fd >= 0)
    return MP_OK;
  answer = csv_file_open(&csv->file, CSV_FILE_APPEND);
  size = csv->file.length;
  if (answer == MP_OK)
    answer = csv_file_skip_nuls(&csv->file);
  if (answer == MP_OK)
    answer =
      csv_file_check_header(&csv->file, csv->header.data, csv->header.len);
  /* only now is it certain that the file is ours */
  if (answer == MP_OK) {
    csv->file.length = size;
    answer = csv_file_cut_nuls(&csv->file);
  }
  if (answer != MP_OK)
    csv_file_close(&csv->file);
  return answer;
}

/* After a failure: removes the part of the block that was written from START
 * on.  Returns the result of its rows: MP_PERHAPS if that failed, too. */
static uint32_t
undo_block(struct csv *csv, int64_t start)
{
  if (csv_file_cut(&csv->file, start, csv->file.length) != MP_OK)
    return MP_PERHAPS;
  return MP_NOT_SENT;
}

/* Writes the rows to a pipe.  Written rows cannot be taken back, so the
 * complete ones are accepted even after a failure. */
static int
stream_rows(struct csv *csv, const struct mp_output_sink *sink)
{
  size_t lead = 0, written;
  uint32_t n;
  int r = MP_OK;

  if (!csv->streaming)
    r = add_lead(csv, csv->eol, 0, false, &lead);
  if (r != MP_OK) {
    give_results(csv, sink, 0, MP_NOT_SENT);
    return r;
  }
  r = csv_file_append(&csv->file, csv->rows.data, csv->rows.len, &written);
  csv->streaming = written > 0;
  n = written < lead ? 0 : rows_within(csv, written - lead);
  give_results(csv, sink, n, MP_NOT_SENT);
  return r;
}

/* Appends the rows to a file: either all rows of the block, or none. */
static int
append_rows(struct csv *csv, const struct mp_output_sink *sink)
{
  int64_t start = csv->file.length;
  uint32_t rest = MP_NOT_SENT;
  size_t lead, written;
  int ragged = 0;
  int r = csv_file_is_ragged(&csv->file, start, &ragged);

  if (r == MP_OK)
    r = add_lead(csv, csv->eol, start, ragged, &lead);
  if (r == MP_OK) {
    r = csv_file_append(&csv->file, csv->rows.data, csv->rows.len, &written);
    if (r == MP_OK) {
      r = csv_file_sync(&csv->file);
      csv->distrusted = r != MP_OK;
    }
    if (r != MP_OK)
      rest = undo_block(csv, start);
  }
  give_results(csv, sink, r == MP_OK ? csv->records : 0, rest);
  return r;
}

int
csv_commit(void *self, const struct mp_output_sink *sink)
{
  struct csv *csv = self;
  int r = csv_rows_finish(csv);

  if (csv->records > 0) {
    if (r == MP_OK)
      r = hold_file(csv);
    if (r != MP_OK)
      give_results(csv, sink, 0, MP_NOT_SENT);
    else if (csv->file.regular)
      r = append_rows(csv, sink);
    else
      r = stream_rows(csv, sink);
  }
  csv_file_close(&csv->file);
  csv_rows_forget(csv);
  csv_columns_end_commit(csv);
  return r;
}

/* ---- After a crash ------------------------------------------------------- */

int
csv_token(void *self, char *ret_token, size_t size)
{
  struct csv *csv = self;
  int r = hold_file(csv);

  if (r != MP_OK)
    return r;
  snprintf(ret_token, size, "%" PRId64, csv->file.length);
  return MP_OK;
}

/* The part of a block that is in the file. */
struct standing {
  size_t lead;    /* bytes of the block before its rows */
  size_t matched; /* bytes of the block found in the file */
  int at_end;     /* the file ends after the matched bytes */
  uint32_t rows;  /* complete rows among the matched bytes */
};

/* Looks for the rows, which end with EOL, at START. */
static int
find_rows(struct csv *csv, const char *eol, int64_t start, int ragged,
          struct standing *ret)
{
  int r = add_lead(csv, eol, start, ragged, &ret->lead);

  if (r != MP_OK)
    return r;
  r = csv_file_match(&csv->file, start, csv->rows.data, csv->rows.len,
                     &ret->matched, &ret->at_end);
  ret->rows = r != MP_OK || ret->matched < ret->lead
                ? 0
                : rows_within(csv, ret->matched - ret->lead);
  /* another file may need another lead */
  csv->rows.len -= ret->lead;
  memmove(csv->rows.data, csv->rows.data + ret->lead, csv->rows.len);
  return r;
}

/* Like find_rows, with either line end: the option `eol` may have changed since
 * the crash. */
static int
find_rows_of_any_eol(struct csv *csv, int64_t start, struct standing *ret)
{
  const char *other = csv->eol[0] == '\r' ? "\n" : "\r\n";
  int ragged;
  int r = csv_file_is_ragged(&csv->file, start, &ragged);

  if (r == MP_OK)
    r = find_rows(csv, csv->eol, start, ragged, ret);
  if (r != MP_OK || ret->rows > 0 || ret->at_end)
    return r;
  r = csv_rows_end_with(csv, csv->eol, other);
  if (r == MP_OK)
    r = find_rows(csv, other, start, ragged, ret);
  if (r == MP_OK && ret->rows == 0)
    r = csv_rows_end_with(csv, other, csv->eol);
  return r;
}

/* Removes a partial row, and gives the results. */
static int
remove_partial_row(struct csv *csv, int64_t start, const struct standing *found,
                   const struct mp_output_sink *sink)
{
  struct csv_file *file = &csv->file;
  size_t keep = found->rows == 0 ? 0 : found->lead + csv->ends[found->rows - 1];
  int r = MP_OK;

  /* A partial row at the end of the file is ours.  Any other bytes were written
   * by another program. */
  if (found->rows < csv->records && found->at_end)
    r = csv_file_cut(file, start + (int64_t)keep, file->length);
  if (r == MP_OK)
    r = csv_file_sync(file);
  if (r == MP_OK)
    give_results(csv, sink, found->rows, MP_NOT_SENT);
  return r;
}

/* Looks for the rows at START of the file at PATH.  MP_DROP: the file does not
 * exist or has no part of the rows.  If not STRICT, a file that ends at START
 * is accepted, too: then the crash came before the write. */
static int
recover_in(struct csv *csv, const char *path, int64_t start, bool strict,
           const struct mp_output_sink *sink)
{
  const char *own = csv->file.path;
  struct standing found = { 0, 0, 0, 0 };
  int64_t size = 0;
  int answer;

  csv->file.path = path;
  answer = csv_file_open(&csv->file, CSV_FILE_MEND);
  if (answer == MP_OK) {
    size = csv->file.length;
    answer = csv_file_skip_nuls(&csv->file);
  }
  if (answer == MP_OK && (!csv->file.regular || csv->file.length < start))
    answer = MP_DROP;
  if (answer == MP_OK)
    answer = find_rows_of_any_eol(csv, start, &found);
  if (answer == MP_OK && found.rows == 0 &&
      (!found.at_end || (strict && found.matched <= found.lead)))
    answer = MP_DROP;
  /* only now is it certain that the file is ours */
  if (answer == MP_OK) {
    csv->file.length = size;
    answer = csv_file_cut_nuls(&csv->file);
  }
  if (answer == MP_OK)
    answer = remove_partial_row(csv, start, &found, sink);
  csv_file_close(&csv->file);
  csv->file.path = own;
  return answer;
}

/* The file may have been rotated since the crash: looks for the rows in the
 * files beside it whose names begin like its own. */
static int
recover_rotated(struct csv *csv, int64_t start,
                const struct mp_output_sink *sink)
{
  struct csv_siblings *siblings = csv_siblings_open(csv->file.path);
  const char *path;
  int r = MP_DROP;

  if (!siblings)
    return MP_DROP;
  while (r == MP_DROP && (path = csv_siblings_next(siblings)))
    r = recover_in(csv, path, start, true, sink);
  csv_siblings_close(siblings);
  return r;
}

int
csv_recover(void *self, const char *token, const struct mp_output_sink *sink)
{
  struct csv *csv = self;
  struct mp_decimal start = { 0, 0 };
  int r = csv_rows_finish(csv);

  csv_file_close(&csv->file);
  if (r == MP_OK && (csv->host->decimal_parse(token, &start) != MP_OK ||
                     start.exp10 != 0 || start.coef < 0))
    r = mp_fail(csv->host, MP_EINTERNAL, csv->file.path,
                "\"%s\" is not a token of this output", token);
  if (r == MP_OK)
    r = recover_in(csv, csv->file.path, start.coef, true, sink);
  if (r == MP_DROP)
    r = recover_rotated(csv, start.coef, sink);
  if (r == MP_DROP)
    r = recover_in(csv, csv->file.path, start.coef, false, sink);
  if (r == MP_DROP) {
    give_results(csv, sink, 0, MP_NOT_SENT);
    r = MP_OK;
  }
  csv_rows_forget(csv);
  return r;
}
