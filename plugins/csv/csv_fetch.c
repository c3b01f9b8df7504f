/*
 * Reads the displayed values of a CSV file: for each column the last complete
 * row that has a value in it.
 *
 * For an operand, the search goes back as far as necessary.  For the other
 * columns the last rows suffice.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/csv_cells.h"
#include "lib/rfc3339.h"
#include "lib/utf8.h"
#include "plugins/csv/csv.h"
#include "plugins/csv/csv_open.h"
#include "plugins/csv/csv_tail.h"

#define OPERAND (MP_TARGET_BASE | MP_TARGET_TOTAL | MP_TARGET_READ)
/* For a cell of the header that is no target. */
#define NO_TARGET UINT32_MAX
/* Rows that are searched for columns that are no operands. */
#define RECENT_ROWS 16

/* The host refuses a time of last update of this length. */
#define UPDATED_SIZE 200

struct fetch {
  struct csv *csv;
  const struct mp_output_sink *sink;
  struct csv_file file;
  struct csv_tail tail;
  uint32_t *targets; /* target of each cell; or NO_TARGET */
  size_t cells;
  unsigned char *answered; /* by number of the target */
  uint32_t operands;       /* operands that are not answered yet */
};

static void
answer_target(struct fetch *f, uint32_t target, uint32_t answer,
              const struct mp_value *value, const char *updated)
{
  struct mp_shown shown = { .struct_size = sizeof(shown) };

  if (f->answered[target])
    return;
  f->answered[target] = 1;
  if ((f->csv->columns[target].flags & OPERAND) != 0)
    f->operands--;
  shown.target = target;
  shown.answer = answer;
  shown.place = MP_EXACT;
  shown.value = value;
  shown.updated = updated;
  f->sink->shown(f->sink, &shown);
}

static void
answer_rest(struct fetch *f, uint32_t answer)
{
  for (uint32_t i = 0; i < f->csv->count; i++)
    answer_target(f, i, answer, NULL, NULL);
}

static void
answer_cell(struct fetch *f, uint32_t target, const char *cell,
            const char *updated)
{
  const struct csv_column *column = &f->csv->columns[target];
  struct mp_value value = { .struct_size = sizeof(value), .kind = MP_GAUGE };

  /* The host refuses a time before 1970. */
  if (updated && rfc3339_parse(updated, &value.time_ms) && value.time_ms < 0)
    value.time_ms = 0;
  if (f->csv->host->decimal_parse(cell, &value.number) != MP_OK) {
    value.kind = MP_TEXT;
    value.text = csv_text_of_cell(cell);
  } else if (column->unit && column->unit[0] != '\0') {
    value.unit = column->unit;
  }
  answer_target(f, target, MP_SHOWN_VALUE, &value, updated);
}

static void
answer_row(struct fetch *f, char *row, size_t len)
{
  char *end = row + len;
  const char *updated;

  if (csv_count_cells(row, len) != f->cells)
    return;
  updated = csv_take_cell(&row, end);
  if (!utf8_is_plain(updated) || strlen(updated) >= UPDATED_SIZE)
    updated = NULL; /* the cell is damaged */
  for (size_t i = 1; i < f->cells; i++) {
    const char *cell = csv_take_cell(&row, end);

    /* Skip a cell that is no valid text: the file is damaged, or in another
     * encoding.  The host would report it as an error of this plugin. */
    if (cell[0] != '\0' && f->targets[i] != NO_TARGET && utf8_is_plain(cell))
      answer_cell(f, f->targets[i], cell, updated);
  }
}

static int
fail_read(struct fetch *f, int answer)
{
  const struct mp_host *host = f->csv->host;

  if (answer == MP_ENOMEM)
    return mp_fail(host, answer, f->file.path, "out of memory");
  if (answer == MP_EDATA)
    return mp_fail(host, answer, f->file.path,
                   "has a line of more than %zu bytes", CSV_TAIL_ROW_MAX);
  return mp_fail(host, answer, f->file.path, "cannot be read: %s",
                 strerror(errno));
}

/* ---- The header ---------------------------------------------------------- */

static uint32_t
find_target(const struct csv *csv, const char *name)
{
  for (uint32_t i = 0; i < csv->count; i++)
    if (strcmp(csv->columns[i].name, name) == 0)
      return i;
  return NO_TARGET;
}

/* Answers for the columns that are not in the header (not SEEN).  If one of
 * them is written, the header is wrong and no row can be added to the file: it
 * is MP_SHOWN_UNFIT. */
static int
answer_absent(struct fetch *f, const unsigned char *seen)
{
  const struct csv *csv = f->csv;
  int r = MP_OK;

  for (uint32_t i = 0; i < csv->count; i++) {
    bool written = (csv->columns[i].flags & MP_TARGET_READ) == 0;

    if (seen[i])
      continue;
    if (written && r == MP_OK)
      r = csv_file_check_header(&f->file, csv->header.data, csv->header.len);
    answer_target(f, i, written ? MP_SHOWN_UNFIT : MP_SHOWN_ABSENT, NULL, NULL);
  }
  return r == MP_ECONFIG ? MP_OK : r;
}

/* Finds the target of each cell of ROW, the header. */
static int
learn_header(struct fetch *f, char *row, size_t len)
{
  unsigned char *seen;
  int r;
  char *end = row + len;

  f->cells = csv_count_cells(row, len);
  f->targets = calloc(f->cells + 1, sizeof(*f->targets));
  seen = calloc(f->csv->count + 1, sizeof(*seen));
  if (!f->targets || !seen) {
    free(seen);
    return fail_read(f, MP_ENOMEM);
  }
  for (size_t i = 0; i < f->cells; i++) {
    uint32_t target = find_target(f->csv, csv_take_cell(&row, end));

    f->targets[i] = target;
    if (target != NO_TARGET)
      seen[target] = 1;
  }
  r = answer_absent(f, seen);
  free(seen);
  return r;
}

static int
read_header(struct fetch *f)
{
  struct text_buffer line = { 0 };
  int r = csv_file_read_line(&f->file, &line);

  if (r == MP_OK) {
    if (line.len > 0 && line.data[line.len - 1] == '\r')
      line.len--;
    r = learn_header(f, line.data, line.len);
  }
  text_buffer_free(&line);
  return r;
}

/* ---- The rows ------------------------------------------------------------ */

/* Answers from the rows, the last one first.  MP_END: the search is
 * complete. */
static int
read_rows(struct fetch *f)
{
  const struct mp_host *host = f->csv->host;
  size_t len;
  char *row;
  int r = MP_OK;

  for (size_t rows = 0; f->operands > 0 || rows < RECENT_ROWS; rows++) {
    r = csv_tail_next(&f->tail, &row, &len);
    if (r == MP_END)
      return MP_END;
    if (r != MP_OK)
      return fail_read(f, r);
    if (rows % 4096 == 4095 && host->time_left(host) == 0)
      return mp_fail(host, MP_ETIMEOUT, f->file.path,
                     "no time left to look for the last values");
    answer_row(f, row, len);
  }
  return MP_END;
}

static int
read_file(struct fetch *f)
{
  int answer = read_header(f);

  if (answer == MP_OK) {
    answer = csv_tail_begin(&f->tail, f->file.fd, f->file.length);
    if (answer == MP_OK)
      answer = read_rows(f);
    else
      answer = fail_read(f, answer);
    csv_tail_end(&f->tail);
  }
  if (answer != MP_END)
    return answer;
  answer_rest(f, MP_SHOWN_EMPTY);
  return MP_OK;
}

static uint32_t
count_operands(const struct csv *csv)
{
  uint32_t n = 0;

  for (uint32_t i = 0; i < csv->count; i++)
    n += (csv->columns[i].flags & OPERAND) != 0;
  return n;
}

int
csv_fetch(void *self, const struct mp_output_sink *sink)
{
  struct csv *csv = self;
  struct fetch f = { .csv = csv, .sink = sink };
  int answer;

  f.operands = count_operands(csv);
  f.answered = calloc(csv->count + 1, sizeof(*f.answered));
  if (!f.answered)
    return mp_fail(csv->host, MP_ENOMEM, csv->file.path, "out of memory");
  csv_file_init(&f.file, csv->host, csv->file.path);
  answer = csv_file_open(&f.file, CSV_FILE_READ);
  if (answer == MP_OK)
    answer = csv_file_skip_nuls(&f.file);
  if (answer == MP_OK && f.file.regular && f.file.length > 0)
    answer = read_file(&f);
  else if (answer >= 0) {
    /* no file yet, or a pipe, from which nothing can be read */
    answer_rest(&f, MP_SHOWN_EMPTY);
    answer = MP_OK;
  }
  csv_file_close(&f.file);
  free(f.targets);
  free(f.answered);
  return answer;
}
