/*
 * Fuzz target: a CSV file that another program wrote or damaged.  The output
 * reads its last values, recovers the rows of an interrupted run, and adds
 * rows.
 *
 *     FF TTTT NN FILE
 *
 *     FF    bit 0 crlf, 1 a unit is known, 2 other columns, 3 two rows, 4 the
 *           previous run ended between token and result; bits 5..7 the text
 *           to write
 *     TTTT  the token of that run: the file's length at that time
 *     NN    number of bytes of its rows that are inserted into FILE at that
 *           length (127: all of them); with bit 7, that run used the other
 *           line ends
 *
 * Also checks that the displayed values agree with those of a second reader,
 * which reads forwards; that the resulting file is, byte for byte, the one
 * DESIGN describes, computed here independently; that the next run displays the
 * accepted values; that every string passed to the host is clean, and every
 * failure is explained.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "fuzz/scratch.h"
#include "lib/array.h"
#include "lib/decimal.h"
#include "lib/utf8.h"
#include "lib/value.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_MAX (64 << 10)
/* Room for the rows that an input adds to its file. */
#define ROOM 1024
#define LEAD 4
#define ROWS_MAX 2
/* Lines searched for a column that is not an operand. */
#define RECENT 16
/* 2026-11-22T10:00:00Z, and the interval of the cycles after it */
#define FIRST_TIME INT64_C(1795341600000)
#define CYCLE (20 * 60 * 1000)

struct column {
  const char *name;
  uint32_t flags;
};

static const struct columns {
  const char *header;
  struct column columns[4]; /* the second holds the text */
} sets[] = {
  { "time,energy,usage",
    { { "energy", MP_TARGET_BASE }, { "usage", 0 }, { NULL, 0 } } },
  { "time,\"say \"\"a\"\", b\",note",
    { { "say \"a\", b", MP_TARGET_TOTAL },
      { "note", 0 },
      { "other", MP_TARGET_READ },
      { NULL, 0 } } },
};

/* The values written to the second column, the resulting cells, and the values
 * displayed for them. */
static const struct {
  const char *text;   /* NULL: missing */
  const char *number; /* written if TEXT is NULL */
  const char *cell, *shown;
} texts[8] = {
  { NULL, "0.2080 m3", "0.2080", "0.2080 m3" },
  { NULL, NULL, "", NULL },
  { "a, \"b\"", NULL, "\"a, \"\"b\"\"\"", "a, \"b\"" },
  { "=1+1", NULL, "\"'=1+1\"", "=1+1" },
  { "'=1", NULL, "\"''=1\"", "'=1" },
  { " x\ny ", NULL, "\" x y \"", " x y " },
  { "'s", NULL, "'s", "'s" },
  { "\303\251", NULL, "\303\251", "\303\251" },
};

static const char *const energies[ROWS_MAX] = { "84.208", "84.4160" };

/* The current input. */
static struct {
  const struct columns *set;
  const char *eol;
  unsigned text, rows;
  int recovers;
  size_t token;
  char unit[2][16]; /* stored for the first two columns */
  /* The expected file. */
  uint8_t file[FILE_MAX + ROOM];
  size_t len;
} in;

static char path[300];

/* ---- Bytes --------------------------------------------------------------- */

/* Appends to the LEN bytes in BLOCK; returns the new length. */
MP_PRINTF(3, 4)
static size_t
add(char block[ROOM], size_t len, const char *fmt, ...)
{
  va_list args;
  int n;

  va_start(args, fmt);
  n = vsnprintf(block + len, ROOM - len, fmt, args);
  va_end(args);
  require(n >= 0 && (size_t)n < ROOM - len);
  return len + (size_t)n;
}

/* Formats the expected rows from FIRST on, with EOL, to follow the first LENGTH
 * bytes of in.file.  RET_ENDS: the offset of each row's end in BLOCK; [0] is
 * the end of the lead (header or missing line end).  Returns the length of
 * BLOCK. */
static size_t
make_rows(size_t length, unsigned first, const char *eol, char block[ROOM],
          size_t *ret_ends)
{
  size_t len = 0;

  if (length == 0)
    len = add(block, len, "%s%s", in.set->header, eol);
  else if (in.file[length - 1] != '\n')
    len = add(block, len, "%s", eol);
  *ret_ends++ = len;
  for (unsigned i = first; i < in.rows && i < ROWS_MAX; i++) {
    len = add(block, len, "2026-11-22T10:%02u:00Z,%s,%s%s", i * 20, energies[i],
              texts[in.text].cell, eol);
    *ret_ends++ = len;
  }
  return len;
}

static const char *
other_eol(void)
{
  return in.eol[0] == '\n' ? "\r\n" : "\n";
}

static void
insert(size_t at, const char *bytes, size_t n)
{
  memmove(in.file + at + n, in.file + at, in.len - at);
  memcpy(in.file + at, bytes, n);
  in.len += n;
}

/* Returns the length of the file without the NUL bytes at its end, which a
 * power cut can leave: the output reads as if they were not there, and cuts
 * them off before it writes. */
static size_t
length_without_nuls(void)
{
  size_t len = in.len;

  while (len > 0 && in.file[len - 1] == '\0')
    len--;
  return len;
}

static bool
is_ours(void)
{
  size_t len = strlen(in.set->header);
  const uint8_t *end = in.file + len;

  if (length_without_nuls() == 0)
    return true;
  if (in.len < len + 1 || memcmp(in.file, in.set->header, len) != 0)
    return false;
  return *end == '\n' || (in.len >= len + 2 && memcmp(end, "\r\n", 2) == 0);
}

static void
check_file(void)
{
  static uint8_t found[sizeof(in.file) + 1];
  long n = scratch_read(path, found, sizeof(found));

  require(n == (long)in.len && memcmp(found, in.file, in.len) == 0);
}

/* ---- Second reader ------------------------------------------------------- */

/* Copies cell number WANTED of the line, unquoted, to CELL, which is as long as
 * the line.  Returns the number of cells; 0: not a row. */
static size_t
read_line(const uint8_t *line, size_t len, size_t wanted, char *cell)
{
  enum { BEGIN, PLAIN, QUOTED, QUOTE } at = BEGIN;
  size_t n = 0, out = 0;

  for (size_t i = 0; i < len; i++) {
    char c = (char)line[i];

    if (c == '\0' || (at == QUOTE && c != ',' && c != '"') ||
        (at == PLAIN && c == '"'))
      return 0;
    if (at != QUOTED && c == ',') {
      n++;
      at = BEGIN;
    } else if (at != PLAIN && c == '"') {
      if (at == QUOTE && n == wanted)
        cell[out++] = c;
      at = at == QUOTED ? QUOTE : QUOTED;
    } else {
      if (n == wanted)
        cell[out++] = c;
      at = at == BEGIN ? PLAIN : at;
    }
  }
  cell[out] = '\0';
  return at == QUOTED ? 0 : n + 1;
}

struct lines {
  size_t start[FILE_MAX + ROOM + 1], len[FILE_MAX + ROOM + 1];
  size_t n; /* complete lines; the header always counts */
};

static void
cut_lines(struct lines *lines)
{
  size_t pos = 0, end = in.len; /* the header can end in NUL bytes */

  lines->n = 0;
  while (pos < end) {
    const uint8_t *at = in.file + pos;
    const uint8_t *newline = memchr(at, '\n', end - pos);
    size_t len = newline ? (size_t)(newline - at) : end - pos;

    if (!newline && lines->n > 0)
      return;
    lines->start[lines->n] = pos;
    lines->len[lines->n++] = len - (len > 0 && at[len - 1] == '\r');
    pos += len + 1;
    end = length_without_nuls();
  }
}

/* Removes the apostrophe that the output puts before a formula. */
static const char *
without_guard(const char *cell)
{
  size_t quotes = strspn(cell, "'");
  const char *rest = cell + quotes + strspn(cell + quotes, " \t\r\n");

  return quotes > 0 && *rest != '\0' && strchr("=+-@", *rest) ? cell + 1 : cell;
}

/* Formats CELL as fake_sink_shown_text does; NULL: it displays no value. */
static const char *
show_cell(char *cell, const char *unit)
{
  struct mp_decimal d;
  int len;

  if (cell[0] == '\0' || !utf8_is_plain(cell))
    return NULL;
  if (decimal_parse(cell, strlen(cell), &d) != MP_OK)
    return without_guard(cell);
  len = decimal_format(d, cell, DECIMAL_TEXT);
  if (unit[0] != '\0')
    snprintf(cell + len, sizeof(in.unit[0]) + 1, " %s", unit);
  return cell;
}

/* Finds the cells of the header that are named NAME; returns the number of its
 * cells. */
static size_t
find_cells(const struct lines *lines, const char *name, char *cell,
           size_t *found, size_t *ret_n)
{
  const uint8_t *header = in.file + lines->start[0];
  size_t cells = read_line(header, lines->len[0], 0, cell);

  *ret_n = 0;
  for (size_t k = 0; k < cells; k++) {
    read_line(header, lines->len[0], k, cell);
    if (strcmp(cell, name) == 0)
      found[(*ret_n)++] = k;
  }
  return cells;
}

static const char absent[] = "absent";

/* Returns the value that the last ROWS lines display in column NAME; the
 * pointer ABSENT itself, which no cell's text can equal, if there is no such
 * column. */
static const char *
find_shown(const struct lines *lines, const char *name, const char *unit,
           size_t rows)
{
  static char cell[FILE_MAX + ROOM + DECIMAL_TEXT];
  static size_t found[FILE_MAX];
  size_t n, cells;
  const char *shown;

  if (length_without_nuls() == 0)
    return "empty";
  cells = find_cells(lines, name, cell, found, &n);
  if (n == 0)
    return absent;
  for (size_t i = lines->n; --i > 0 && rows > 0; rows--)
    for (size_t k = 0; k < n; k++) {
      if (found[k] == 0 || read_line(in.file + lines->start[i], lines->len[i],
                                     found[k], cell) != cells)
        continue;
      shown = show_cell(cell, unit);
      if (shown)
        return shown;
    }
  return "empty";
}

/* ---- An instance --------------------------------------------------------- */

struct run {
  struct fake_host *h;
  struct fake_sink *sink;
  const struct mp_output_ops *ops;
  void *self;
};

static void
begin_run(struct run *r)
{
  char key[64];

  r->h = fake_host_new(meterpipe_plugin(), "log");
  r->sink = fake_sink_new(&r->h->table);
  r->ops = meterpipe_plugin()->output;
  fake_host_set(r->h, "path", path);
  fake_host_set(r->h, "eol", in.eol[0] == '\n' ? "lf" : "crlf");
  for (const struct column *column = in.set->columns; column->name; column++)
    fake_host_add_target(r->h, column->name, NULL, "meter.x", column->flags);
  for (unsigned i = 0; i < ARRAY_SIZE(in.unit); i++) {
    snprintf(key, sizeof(key), "unit.%s", in.set->columns[i].name);
    if (in.unit[i][0] != '\0')
      fake_host_store(r->h, key, in.unit[i]);
  }
  require(meterpipe_plugin()->create(&r->h->table, &r->self) == MP_OK);
  require(r->ops->open(r->self) == MP_OK);
}

/* Ends the run and keeps the stored units for the next one. */
static void
end_run(struct run *r)
{
  const char *unit;
  char key[64];

  for (unsigned i = 0; i < ARRAY_SIZE(in.unit); i++) {
    snprintf(key, sizeof(key), "unit.%s", in.set->columns[i].name);
    unit = fake_host_stored(r->h, key);
    snprintf(in.unit[i], sizeof(in.unit[i]), "%s", unit ? unit : "");
  }
  r->ops->close(r->self);
  meterpipe_plugin()->destroy(r->self);
  fake_sink_free(r->sink);
  fake_host_free(r->h);
}

/* Checks that the call succeeded, or failed because of the header and said
 * so. */
static void
check_said(struct run *r, int answer)
{
  char text[4096];

  if (answer == MP_OK) {
    require(fake_host_failures(r->h) == 0);
    return;
  }
  require(answer == MP_ECONFIG && !is_ours());
  require(fake_host_failure(r->h, 0) == MP_ECONFIG);
  require(snprintf(text, sizeof(text), "%s", fake_host_log(r->h)) <
          (int)sizeof(text));
  require(strstr(text, "its header is"));
  for (char *p = text; *p != '\0'; p++)
    if (*p == '\n')
      *p = ' ';
  require(utf8_is_plain(text));
  fake_host_forget(r->h);
}

/* ---- Calls --------------------------------------------------------------- */

/* Fetches, and compares with the second reader.  ADDED: the rows were added, so
 * the last row must display the written values. */
static void
check_fetch(struct run *r, bool added)
{
  static struct lines lines;
  const struct column *column = in.set->columns;
  struct value taken = { .text = NULL };
  char energy[32];
  bool fits = true;

  require(r->ops->fetch(r->self, &r->sink->output) == MP_OK);
  cut_lines(&lines);
  for (uint32_t i = 0; column[i].name; i++) {
    const struct mp_shown *shown = fake_sink_shown(r->sink, i);
    const char *unit = i < ARRAY_SIZE(in.unit) ? in.unit[i] : "";
    const char *found;
    size_t rows = FILE_MAX;

    require(shown);
    /* The plugin may find it further back while it looks for another column. */
    if (column[i].flags == 0 && shown->answer == MP_SHOWN_EMPTY)
      rows = RECENT;
    found = find_shown(&lines, column[i].name, unit, rows);
    if (found == absent && (column[i].flags & MP_TARGET_READ) == 0) {
      found = "unfit"; /* the header does not fit */
      fits = false;
    }
    require(strcmp(found, fake_sink_shown_text(r->sink, i)) == 0);
    if (shown->value)
      require(!value_import(&taken, shown->value));
    value_clear(&taken);
  }
  check_said(r, fits ? MP_OK : MP_ECONFIG);
  if (!added)
    return;
  snprintf(energy, sizeof(energy), "%s GJ", energies[in.rows - 1]);
  require(strcmp(fake_sink_shown_text(r->sink, 0), energy) == 0);
  if (texts[in.text].shown)
    require(strcmp(fake_sink_shown_text(r->sink, 1), texts[in.text].shown) ==
            0);
}

static void
write_rows(struct run *r, unsigned first)
{
  struct mp_record record = { .struct_size = sizeof(record), .id = "1" };
  struct mp_value value;
  char energy[32];

  for (unsigned i = first; i < in.rows && i < ROWS_MAX; i++) {
    record.time_ms = FIRST_TIME + i * CYCLE;
    require(r->ops->begin(r->self, &record) == MP_OK);
    if (texts[in.text].text || texts[in.text].number) {
      value = texts[in.text].text
                ? fake_host_value(r->h, MP_TEXT, texts[in.text].text)
                : fake_host_value(r->h, MP_GAUGE, texts[in.text].number);
      require(r->ops->write(r->self, 1, &value) == MP_OK);
    }
    snprintf(energy, sizeof(energy), "%s GJ", energies[i]);
    value = fake_host_value(r->h, MP_COUNTER, energy);
    require(r->ops->write(r->self, 0, &value) == MP_OK);
  }
}

static void
check_results(struct run *r, unsigned n, unsigned accepted)
{
  for (uint32_t i = 0; i < n; i++)
    require(fake_sink_result(r->sink, i, 0) ==
            (i < accepted ? MP_ACCEPTED : MP_NOT_SENT));
  fake_sink_forget(r->sink);
}

/* Compares the bytes after the token with our rows and EOL.  Finds nothing, our
 * rows, or a part of them, which it cuts off; other bytes belong to another
 * program.  Returns false for those; *RET_ROWS: number of our complete rows. */
static bool
find_rows(const char *eol, unsigned *ret_rows)
{
  size_t ends[ROWS_MAX + 1] = { 0 }, len, same = 0;
  char block[ROOM];
  unsigned n = 0;

  len = make_rows(in.token, 0, eol, block, ends);
  while (same < len && in.token + same < in.len &&
         (uint8_t)block[same] == in.file[in.token + same])
    same++;
  while (n < in.rows && ends[n + 1] <= same)
    n++;
  *ret_rows = n;
  if (n < in.rows && in.token + same < in.len)
    return n > 0;
  if (n < in.rows)
    in.len = in.token + (n > 0 ? ends[n] : 0);
  return true;
}

/* Calls recover and checks its results; returns the number of rows found. */
static unsigned
recover(struct run *r)
{
  char token[32];
  size_t whole = in.len;
  unsigned n = 0;

  write_rows(r, 0);
  snprintf(token, sizeof(token), "%zu", in.token);
  require(r->ops->append->recover(r->self, token, &r->sink->output) == MP_OK);
  in.len = length_without_nuls();
  if (in.token > in.len ||
      (!find_rows(in.eol, &n) && !find_rows(other_eol(), &n)))
    in.len = whole; /* not ours */
  check_results(r, in.rows, n);
  check_file();
  check_said(r, MP_OK);
  return n;
}

/* Adds the rows and checks the results; returns whether they are in the
 * file. */
static bool
append(struct run *r, unsigned first)
{
  size_t ends[ROWS_MAX + 1], len;
  char token[256], expected[32], block[ROOM];
  bool ours = is_ours();
  int answer = r->ops->append->token(r->self, token, sizeof(token));

  require((answer == MP_OK) == ours);
  check_said(r, answer);
  if (ours)
    in.len = length_without_nuls();
  snprintf(expected, sizeof(expected), "%zu", in.len);
  require(answer != MP_OK || strcmp(token, expected) == 0);
  write_rows(r, first);
  answer = r->ops->commit(r->self, &r->sink->output);
  require((answer == MP_OK) == (ours || first == in.rows));
  check_said(r, answer);
  if (ours && first < in.rows) {
    len = make_rows(in.len, first, in.eol, block, ends);
    insert(in.len, block, len);
  }
  check_results(r, in.rows - first, ours ? in.rows - first : 0);
  check_file();
  return ours && first < in.rows;
}

/* ---- Input --------------------------------------------------------------- */

static bool
take_input(const uint8_t *data, size_t size)
{
  size_t ends[ROWS_MAX + 1], part;
  char block[ROOM];

  if (size < LEAD || size > FILE_MAX)
    return false;
  memset(in.unit, 0, sizeof(in.unit));
  in.eol = data[0] & 1 ? "\r\n" : "\n";
  if (data[0] & 2)
    memcpy(in.unit[0], "GJ", sizeof("GJ"));
  in.set = &sets[data[0] >> 2 & 1];
  in.rows = 1 + (data[0] >> 3 & 1);
  in.recovers = data[0] >> 4 & 1;
  in.text = data[0] >> 5;
  in.token = (size_t)data[1] << 8 | data[2];
  in.len = size - LEAD;
  memcpy(in.file, data + LEAD, in.len);
  if (in.token > in.len)
    return true;
  part =
    make_rows(in.token, 0, data[3] & 128 ? other_eol() : in.eol, block, ends);
  if ((data[3] & 127) < 127 && (data[3] & 127) < part)
    part = data[3] & 127;
  insert(in.token, block, part);
  return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct run r;
  unsigned there = 0;
  bool added;

  if (!take_input(data, size))
    return 0;
  require(snprintf(path, sizeof(path), "%s/heat.csv", scratch_directory()) <
          (int)sizeof(path));
  scratch_write(path, in.file, in.len);
  begin_run(&r);
  check_fetch(&r, false);
  check_file();
  if (in.recovers)
    there = recover(&r);
  added = append(&r, there);
  end_run(&r);
  begin_run(&r);
  check_fetch(&r, added);
  check_file();
  end_run(&r);
  scratch_empty();
  return 0;
}
