/*
 * Fuzz target: a capture, read by the replay input, cycle by cycle.  A first
 * line that begins with #! (a comment to the input) selects registers: the bits
 * of the next byte say which of four are wanted.  Without this line all are.
 *
 * Also checks that the emitted values come from good frames of the file, in
 * this order and with the times of their lines; that no undamaged value is
 * lost, whatever is damaged around it; that a cycle ends at a blank line, or
 * contains no register twice; that a second read, and a read in pieces through
 * a pipe, give the same values; that `strict` gives the same up to the first
 * damage; and that all messages are clean.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/require.h"
#include "fuzz/scratch.h"
#include "lib/array.h"
#include "lib/utf8.h"
#include "lib/value.h"
#include "plugins/kmp/codec/capture.h"
#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "plugins/kmp/replay/line_reader.h"
#include "testkit/fake_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No more than a pipe can hold. */
#define FILE_MAX (32 << 10)
/* A record has at least 12 hex digits; a serial number has more. */
#define ITEMS_MAX (FILE_MAX / 12)
/* 2026-11-22T10:00:00Z: the time of reading */
#define NOW INT64_C(1795341600000)

/* The registers that an input can select. */
static const uint16_t choices[] = { 60, 68, KMP_REGISTER_SERIAL, 60123 };

/* A value, or a serial number: a text of register SERIAL_ITEM. */
#define SERIAL_ITEM (-1)
struct item {
  int32_t id;
  int64_t time_ms;
  struct kmp_value value; /* form, number, unit, text */
  unsigned part;          /* of the file; blank lines and headers separate */
  bool certain;           /* it must be emitted, unless reading stopped */
};

struct items {
  size_t n;
  struct item items[ITEMS_MAX];
};

/* The current input. */
static struct {
  const uint8_t *data;
  size_t size;
  unsigned wanted; /* bits: of choices; 0: all */
  /* The findings of the second reader. */
  struct items found;
  size_t lines, frames;
  unsigned parts, blank, too_long;
  int separated;      /* a line follows a blank line */
  bool newer;         /* it ends with the header of a newer version */
  uint8_t may[65536]; /* registers in the file: SEEN, CERTAIN */
} in;

#define SEEN 1
#define CERTAIN 2

static char path[300];

/* ---- Second reader ------------------------------------------------------- */

static bool
is_wanted(int32_t id)
{
  for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
    if (choices[i] == id && (in.wanted >> i & 1) != 0)
      return true;
  return in.wanted == 0;
}

static struct item *
add_item(struct items *items)
{
  require(items->n < ITEMS_MAX);
  memset(&items->items[items->n], 0, sizeof(items->items[0]));
  return &items->items[items->n++];
}

static void
find_serial(const char *text)
{
  struct item *item = add_item(&in.found);

  item->id = SERIAL_ITEM;
  require(snprintf(item->value.text, sizeof(item->value.text), "%s", text) <
          (int)sizeof(item->value.text));
}

static void
find_record(const struct kmp_record *record, int64_t time_ms, bool certain)
{
  struct kmp_value value;
  char text[KMP_FORMAT_SIZE];
  struct item *item;

  in.may[record->id] |= (uint8_t)(certain ? SEEN | CERTAIN : SEEN);
  if (kmp_value_decode(record, &value) != KMP_OK || value.form == KMP_FORM_NONE)
    return;
  if (record->id == KMP_REGISTER_SERIAL &&
      !kmp_value_has_unknown_unit(record) &&
      kmp_value_format(&value, text, sizeof(text)) < KMP_TEXT_SIZE)
    find_serial(text);
  if (!is_wanted(record->id) || record->id == KMP_REGISTER_PASSWORD)
    return;
  item = add_item(&in.found);
  item->id = record->id;
  item->time_ms = time_ms;
  item->value = value;
  item->part = in.parts;
  item->certain = certain;
}

/* The last request to the meter. */
static struct {
  enum { NEVER, JUST_NOW, EARLIER } when;
  struct kmp_request request;
} asked;

/* Takes a frame of the meter.  ALONE: its line holds nothing else. */
static void
find_frame(const uint8_t *wire, size_t len, int64_t time_ms, bool alone)
{
  static uint8_t plain[CAPTURE_BYTES_MAX];
  const struct kmp_request *request = NULL;
  struct kmp_answer answer, fitting;
  struct kmp_frame frame;
  char serial[16];

  if (kmp_frame_decode(wire, len, plain, &frame) != KMP_OK ||
      kmp_answer_decode(&frame, NULL, &answer) != KMP_OK)
    return;
  in.frames++;
  if (answer.cid == KMP_GET_SERIAL) {
    snprintf(serial, sizeof(serial), "%lu", (unsigned long)answer.serial);
    find_serial(serial);
  }
  if (asked.when == JUST_NOW)
    request = &asked.request;
  alone = alone && asked.when != EARLIER &&
          kmp_answer_decode(&frame, request, &fitting) == KMP_OK;
  for (uint8_t i = 0; i < answer.count; i++)
    find_record(&answer.records[i], time_ms,
                alone && kmp_answer_find(&fitting, answer.records[i].id));
}

static void
find_frames(const struct capture_line *line, bool alone)
{
  const uint8_t *end = line->bytes + line->len, *stop;
  int64_t time_ms = line->has_time ? line->time_ms : NOW;

  for (const uint8_t *p = line->bytes; p < end; p++) {
    stop = memchr(p, KMP_STOP, (size_t)(end - p));
    if (*p == KMP_START_ANSWER && stop)
      find_frame(p, (size_t)(stop - p) + 1, time_ms,
                 alone && p == line->bytes && stop == end - 1);
  }
}

/* Returns whether the line is a request and nothing else. */
static bool
is_request(const struct capture_line *line)
{
  static uint8_t plain[CAPTURE_BYTES_MAX];
  struct kmp_frame frame;

  return kmp_frame_decode(line->bytes, line->len, plain, &frame) == KMP_OK &&
         frame.start == KMP_START_REQUEST &&
         kmp_request_decode(&frame, &asked.request) == KMP_OK;
}

static void
find_in_line(const char *text, size_t len)
{
  static struct capture_line line;
  int r = capture_begin(&line, text, len);
  bool is_one;

  if (r == CAPTURE_COMMENT)
    return;
  in.separated |= r != CAPTURE_BLANK && in.blank > 0;
  in.blank += r == CAPTURE_BLANK;
  in.parts += r == CAPTURE_BLANK || r == CAPTURE_HEADER;
  in.newer = r == CAPTURE_HEADER && line.version > CAPTURE_VERSION;
  if (r != CAPTURE_EVENTS) {
    asked.when = asked.when == NEVER ? NEVER : EARLIER;
    return;
  }
  is_one = !line.old_script;
  for (r = capture_next(&line); r > 0; r = capture_next(&line)) {
    if (line.direction == CAPTURE_FROM_METER)
      find_frames(&line, is_one);
    if (memchr(line.bytes, KMP_START_REQUEST, line.len) ||
        line.direction == CAPTURE_TO_METER)
      asked.when = is_one && is_request(&line) ? JUST_NOW : EARLIER;
    else if (asked.when == JUST_NOW)
      asked.when = EARLIER;
  }
}

static bool
is_blank(const char *line, size_t len)
{
  while (len > 0 && strchr(" \t\r", line[len - 1]) && line[len - 1] != '\0')
    len--;
  return len == 0;
}

/* Reads the whole file.  Comments, too, count as lines that follow a blank
 * line.  After the header of a newer version only blank lines and comments
 * count. */
static void
find_all(void)
{
  const char *p = (const char *)in.data, *end = p + in.size;

  asked.when = NEVER;
  while (p < end) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    size_t len = newline ? (size_t)(newline - p) : (size_t)(end - p);

    in.lines++;
    in.separated |= in.blank > 0 && !is_blank(p, len);
    if (len >= LINE_READER_BUFFER)
      in.too_long++;
    else if (in.newer)
      in.blank += is_blank(p, len);
    else
      find_in_line(p, len);
    p += len + 1;
  }
}

/* ---- A run --------------------------------------------------------------- */

struct run {
  struct fake_host *h;
  const struct mp_input_ops *ops;
  void *self;
  struct mp_sink sink;
  char *text; /* all values and messages */
  size_t len;
  FILE *out;
  size_t failures;
  char serial[KMP_TEXT_SIZE]; /* the last one read */
  struct items told;          /* .part: the cycle */
  unsigned cycles;
  /* The writing end of a pipe, and the pieces sent through it. */
  int fd;
  size_t piece, sent;
};

/* The current run.  Static, because some callbacks have no context. */
static struct run run;

static void
check_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  const struct item *item = sink->ctx;
  char number[KMP_NUMBER_SIZE];

  require(strcmp(field->name, kmp_register_name((uint16_t)item->id, number)) ==
          0);
}

static int
take_meter(const struct mp_sink *sink, const struct mp_meter *meter)
{
  (void)sink;
  (void)meter;
  return MP_OK;
}

static int
take_value(const struct mp_sink *sink, const char *field,
           const struct mp_value *value)
{
  struct item *item = add_item(&run.told);
  struct mp_field_sink names = { sizeof(names), item, check_field };
  struct value taken = { .text = NULL };

  (void)sink;
  require(!value_import(&taken, value));
  value_clear(&taken);
  item->id = kmp_register_id(field);
  require(item->id >= 0 && is_wanted(item->id));
  require(run.ops->field(field, &names) == MP_OK);
  item->time_ms = value->time_ms;
  item->part = run.cycles;
  item->value.form = KMP_FORM_NUMBER;
  item->value.number = value->number;
  item->value.unit = value->unit;
  if (value->kind == MP_TEXT) {
    item->value.form = KMP_FORM_TEXT;
    require(snprintf(item->value.text, sizeof(item->value.text), "%s",
                     value->text) < (int)sizeof(item->value.text));
  }
  fprintf(run.out, "%s %u %lld %lld %d %s %s\n", field, value->kind,
          (long long)value->time_ms, (long long)value->number.coef,
          value->number.exp10, value->unit ? value->unit : "",
          item->value.text);
  return MP_OK;
}

static int
take_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  size_t i = 0;

  (void)sink;
  while (i < in.found.n && (in.found.items[i].id != SERIAL_ITEM ||
                            strcmp(in.found.items[i].value.text, serial) != 0))
    i++;
  require(i < in.found.n);
  require(how == MP_SERIAL_READ || strcmp(serial, run.serial) == 0);
  snprintf(run.serial, sizeof(run.serial), "%s", serial);
  fprintf(run.out, "serial %s %u\n", serial, how);
  return MP_OK;
}

MP_PRINTF(3, 0)
static void
say(const char *what, const char *object, const char *fmt, va_list args)
{
  char text[2048];
  int n = vsnprintf(text, sizeof(text), fmt, args);

  require(n > 0 && n < (int)sizeof(text) && utf8_is_plain(text));
  if (object && strncmp(object, path, strlen(path)) == 0)
    object += strlen(path);
  else if (object) {
    require(strncmp(object, "standard input", 14) == 0);
    object += 14;
  }
  fprintf(run.out, "%s FILE%s: %s\n", what, object ? object : "", text);
}

MP_PRINTF(4, 0)
static void
take_log(const struct mp_host *host, int level, const char *object,
         const char *fmt, va_list args)
{
  (void)host;
  require(level >= MP_LOG_ERROR && level <= MP_LOG_DEBUG);
  /* After many failures, the plugin only logs further ones. */
  run.failures += level == MP_LOG_ERROR;
  say("log", object, fmt, args);
}

MP_PRINTF(4, 0)
static int
take_failure(const struct mp_host *host, int code, const char *object,
             const char *fmt, va_list args)
{
  (void)host;
  require(code == MP_EDATA || code == MP_ERANGE);
  run.failures++;
  say("failed", object, fmt, args);
  return code;
}

/* mp_host.time_left: the input calls it before it waits; sends the next
 * piece. */
static int64_t
send_piece(const struct mp_host *host)
{
  size_t n = run.piece == 0 ? in.size : 1 + run.piece * 7 % 97;

  (void)host;
  if (n > in.size - run.sent)
    n = in.size - run.sent;
  if (run.fd < 0)
    return NOW;
  require(write(run.fd, in.data + run.sent, n) == (ssize_t)n);
  run.sent += n;
  run.piece += run.piece > 0;
  if (run.sent == in.size) {
    close(run.fd);
    run.fd = -1;
  }
  return NOW;
}

static void
begin_run(const char *file, const char *strict)
{
  char number[KMP_NUMBER_SIZE];

  run.h = fake_host_new(meterpipe_plugin(), "meter");
  run.ops = meterpipe_plugin()->input;
  run.sink = (struct mp_sink){ sizeof(run.sink), NULL, take_value, take_serial,
                               take_meter };
  run.h->table.vlog = take_log;
  run.h->table.vfail = take_failure;
  run.h->table.time_left = send_piece;
  run.fd = -1;
  fake_host_set_now(run.h, NOW);
  fake_host_set(run.h, "path", file);
  fake_host_set(run.h, "strict", strict);
  for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
    if ((in.wanted >> i & 1) != 0)
      fake_host_add_field(run.h, kmp_register_name(choices[i], number));
  require(meterpipe_plugin()->create(&run.h->table, &run.self) == MP_OK);
}

static void
end_run(void)
{
  meterpipe_plugin()->destroy(run.self);
  fake_host_free(run.h);
}

/* Reads to the end of the input.  Returns all values and messages; the caller
 * frees them. */
static char *
read_cycles(int *ret)
{
  size_t failures;

  run.told.n = 0;
  run.cycles = 0;
  run.serial[0] = '\0';
  run.out = open_memstream(&run.text, &run.len);
  require(run.out && run.ops->open(run.self) == MP_OK);
  do {
    failures = run.failures;
    *ret = run.ops->read(run.self, &run.sink);
    fprintf(run.out, "= %d\n", *ret);
    run.cycles++;
    require(run.cycles <= in.lines + in.frames + 1);
  } while (*ret == MP_OK);
  require(*ret == MP_END || (*ret < 0 && run.failures > failures));
  failures = run.failures;
  require(run.ops->read(run.self, &run.sink) == MP_END &&
          (*ret < 0 || run.failures == failures));
  run.ops->close(run.self);
  require(fclose(run.out) == 0);
  return run.text;
}

/* ---- Checks -------------------------------------------------------------- */

static bool
is_same(const struct item *a, const struct item *b)
{
  if (a->id != b->id || a->time_ms != b->time_ms ||
      a->value.form != b->value.form)
    return false;
  if (a->value.form == KMP_FORM_TEXT)
    return strcmp(a->value.text, b->value.text) == 0;
  if (a->value.number.coef != b->value.number.coef ||
      a->value.number.exp10 != b->value.number.exp10)
    return false;
  return !a->value.unit || !b->value.unit
           ? a->value.unit == b->value.unit
           : strcmp(a->value.unit, b->value.unit) == 0;
}

/* Finds the items from CYCLE to END, in this order, among those of the file
 * from *AT on; PARTED: all in the same part.  Returns false if they are not
 * found. */
static bool
find_cycle(const struct item *cycle, const struct item *end, bool parted,
           size_t *at)
{
  const struct item *found = in.found.items, *item = cycle;
  size_t i = *at;

  while (item < end && i < in.found.n) {
    if (parted && i > *at && found[i].id != SERIAL_ITEM &&
        found[i].part != found[*at].part)
      return false;
    item += is_same(item, &found[i++]);
  }
  if (item < end)
    return false;
  *at = i;
  return true;
}

/* Returns the index after the part in which the cycle was found. */
static size_t
next_part(size_t at)
{
  const struct item *found = in.found.items;
  unsigned part = found[at - 1].part;

  while (at < in.found.n &&
         (found[at].id == SERIAL_ITEM || found[at].part == part))
    at++;
  return at;
}

static void
check_order(void)
{
  const struct item *told = run.told.items, *end = told + run.told.n, *stop;
  bool parted = in.separated && in.too_long == 0;
  size_t at = 0;

  for (; told < end; told = stop) {
    for (stop = told; stop < end && stop->part == told->part; stop++)
      for (const struct item *i = told; !in.separated && i < stop; i++)
        require(i->id != stop->id);
    for (size_t begin = at; !find_cycle(told, stop, parted, &at); at = begin) {
      require(parted && begin < in.found.n);
      begin++;
    }
    at = parted ? next_part(at) : at;
  }
}

static size_t
count(const struct items *items, const struct item *item, bool certain)
{
  size_t n = 0;

  for (size_t i = 0; i < items->n; i++)
    n +=
      is_same(&items->items[i], item) && (!certain || items->items[i].certain);
  return n;
}

static void
check_nothing_lost(void)
{
  const struct item *item = in.found.items, *end = item + in.found.n;

  for (; item < end; item++)
    if (item->certain)
      require(count(&run.told, item, false) >= count(&in.found, item, true));
}

static bool
has_certain_register(void)
{
  for (size_t id = 0; id < ARRAY_SIZE(in.may); id++)
    if (in.may[id] & CERTAIN)
      return true;
  return false;
}

/* Checks that wanted registers missing from the file are reported at its end.
 * Of a file without any register only the damage is reported. */
static void
check_absent(const char *said)
{
  const char *list = strstr(said, "does not contain these registers: ");
  char number[KMP_NUMBER_SIZE];

  if (!list && !has_certain_register())
    return;
  for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
    const char *name = kmp_register_name(choices[i], number);
    bool asked_for = in.wanted != 0 && is_wanted(choices[i]);

    if (list && strstr(list, name))
      require(asked_for && (in.may[choices[i]] & CERTAIN) == 0);
    else
      require(!asked_for || in.may[choices[i]] != 0);
  }
}

/* Returns the end of the first line that reports a damaged frame; NULL:
 * none. */
static const char *
find_damage(const char *said)
{
  static const char place[] = " FILE:", told[] = ": left out: ";
  const char *p = strstr(said, place);

  for (; p; p = strstr(p, place)) {
    p += strlen(place);
    p += strspn(p, "0123456789");
    if (strncmp(p, told, strlen(told)) == 0)
      return strchr(p, '\n') + 1;
  }
  return NULL;
}

/* Checks that `strict` gives the same as SAID up to the first damage. */
static void
check_strict(const char *said, const char *strictly)
{
  const char *stop = find_damage(said);
  size_t len = stop ? (size_t)(stop - said) : 0;

  require(strncmp(said, strictly, len) == 0);
  require(strcmp(strictly + len, stop ? "= -10\n" : said) == 0);
}

static char *
read_pipe(size_t piece)
{
  int fds[2], answer;
  char *said;

  require(pipe(fds) == 0 && dup2(fds[0], STDIN_FILENO) == STDIN_FILENO);
  close(fds[0]);
  begin_run("-", "no");
  run.fd = fds[1];
  run.piece = piece;
  run.sent = 0;
  said = read_cycles(&answer);
  if (run.fd >= 0)
    close(run.fd);
  end_run();
  return said;
}

/* Checks the same input through a pipe.  There, the input can look ahead only
 * as far as its buffer reaches. */
static void
check_pipe(const char *said)
{
  char *pieces = read_pipe(1), *whole = read_pipe(0);

  require(strcmp(pieces, whole) == 0);
  if (in.size <= LINE_READER_BUFFER || (in.blank == 0 && in.too_long == 0))
    require(strcmp(said, whole) == 0);
  free(pieces);
  free(whole);
}

static void
check_file(void)
{
  char *said, *again, *strictly;
  int answer, strict_answer;

  begin_run(path, "no");
  said = read_cycles(&answer);
  require(answer == (in.newer ? MP_EDATA : MP_END));
  check_order();
  check_nothing_lost();
  if (answer == MP_END)
    check_absent(said);
  again = read_cycles(&answer);
  require(strcmp(said, again) == 0);
  end_run();
  begin_run(path, "yes");
  strictly = read_cycles(&strict_answer);
  check_strict(said, strictly);
  end_run();
  check_pipe(said);
  free(said);
  free(again);
  free(strictly);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size > FILE_MAX)
    return 0;
  memset(&in, 0, sizeof(in));
  in.data = data;
  in.size = size;
  if (size > 2 && memcmp(data, "#!", 2) == 0)
    in.wanted = data[2] & ((1u << ARRAY_SIZE(choices)) - 1);
  require(snprintf(path, sizeof(path), "%s/meter.capture",
                   scratch_directory()) < (int)sizeof(path));
  scratch_write(path, data, size);
  find_all();
  check_file();
  return 0;
}
