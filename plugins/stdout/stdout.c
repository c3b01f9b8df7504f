/*
 * stdout: writes the values of each cycle to standard output, for a person or
 * for the next program of a pipe.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/decimal.h"
#include "lib/rare.h"
#include "lib/short_text.h"
#include "plugins/stdout/stdout_format.h"
#include "lib/text_buffer.h"
#include "lib/rfc3339.h"
#include "lib/unit.h"

#define OBJECT "standard output"
/* The longest wait of poll at a time. */
#define POLL_MS 60000
/* How to write to standard output without blocking; see open_file. */
enum { FILE_PLAIN, FILE_SOCKET, FILE_OWN, FILE_POLLED };

static const struct mp_option options[] = {
  { "format", MP_TYPE_CHOICE, 0, NULL, "table|json|line",
    "how values are written (default: table on a terminal, else json)" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

/* In the order of the option's `allowed`. */
enum { FORMAT_TABLE, FORMAT_JSON, FORMAT_LINE };

static const stdout_format_fn formats[] = {
  [FORMAT_TABLE] = stdout_format_table,
  [FORMAT_JSON] = stdout_format_json,
  [FORMAT_LINE] = stdout_format_line,
};

/* The value of a target in the record being written. */
struct slot {
  uint32_t row; /* its record, from 1; another one: value missing */
  size_t value; /* offset in texts */
  char *unit;   /* of the value; "": none; NULL: no value yet */
};

struct out {
  const struct mp_host *host;
  int fd; /* only in a commit: standard output, or its second open */
  int file;
  stdout_format_fn format;
  int blank; /* the next cycle needs a blank line before it */
  struct rfc3339_day time;

  struct slot *slots; /* slot N and cell N are target N */
  struct stdout_cell *cells;
  uint32_t count;
  struct text_buffer texts; /* the values of the record being written */

  struct text_buffer pending; /* all records since the last commit */
  uint32_t records;
  int unfinished;
  int64_t time_ms; /* of the unfinished record */
  int failed;      /* a reason: records are incomplete; commit writes none */
};

/* ---- Instances ----------------------------------------------------------- */

static int
out_create(const struct mp_host *host, void **ret_self)
{
  struct out *out = calloc(1, sizeof(*out));

  if (!out)
    return mp_fail(host, MP_ENOMEM, OBJECT, "out of memory");
  out->host = host;
  *ret_self = out;
  return MP_OK;
}

static void
forget_records(struct out *out)
{
  out->pending.len = 0;
  out->records = 0;
  out->unfinished = 0;
  out->failed = MP_OK;
}

static void
out_close(void *self)
{
  struct out *out = self;

  for (uint32_t i = 0; i < out->count; i++) {
    free(out->slots[i].unit);
    stdout_label_free(&out->cells[i].label);
  }
  free(out->slots);
  free(out->cells);
  out->slots = NULL;
  out->cells = NULL;
  out->count = 0;
  forget_records(out);
}

static void
out_destroy(void *self)
{
  struct out *out = self;

  if (!out)
    return;
  out_close(out);
  text_buffer_free(&out->texts);
  text_buffer_free(&out->pending);
  free(out);
}

static int
out_open(void *self)
{
  struct out *out = self;
  int64_t format = isatty(STDOUT_FILENO) ? FORMAT_TABLE : FORMAT_JSON;

  if (out->host->option(out->host, "format"))
    format = out->host->option_int(out->host, "format");
  out->format = formats[format];
  return MP_OK;
}

/* ---- Records ------------------------------------------------------------- */

RARE static int
fail_memory(struct out *out)
{
  /* Reported once; the commit then writes nothing. */
  if (out->failed == MP_OK)
    out->failed = mp_fail(out->host, MP_ENOMEM, OBJECT, "out of memory");
  return out->failed;
}

/* Adds targets that are new since the last cycle: every value is a target, and
 * there can be more from cycle to cycle. */
static int
learn_targets(struct out *out)
{
  const struct mp_target *target = out->host->target(out->host, out->count);

  while (target) {
    struct stdout_cell *cell;

    if (!ARRAY_GROW(&out->slots, out->count) ||
        !ARRAY_GROW(&out->cells, out->count))
      return fail_memory(out);
    out->slots[out->count] = (struct slot){ 0 };
    cell = &out->cells[out->count++];
    *cell = (struct stdout_cell){ .name = target->name };
    if (stdout_label_set(&cell->label, cell->name, NULL) != MP_OK)
      return fail_memory(out);
    target = out->host->target(out->host, out->count);
  }
  return MP_OK;
}

/* Points the cells to the values of the record. */
static void
fill_cells(struct out *out)
{
  for (uint32_t i = 0; i < out->count; i++) {
    const struct slot *slot = &out->slots[i];

    out->cells[i].value =
      slot->row == out->records ? out->texts.data + slot->value : NULL;
  }
}

static int
finish_record(struct out *out)
{
  char time[RFC3339_SIZE];

  if (!out->unfinished || out->failed != MP_OK)
    return out->failed;
  out->unfinished = 0;
  if (learn_targets(out) != MP_OK)
    return out->failed;
  fill_cells(out);
  rfc3339_format(&out->time, out->time_ms, time);
  if (out->format == stdout_format_table && out->blank &&
      text_buffer_add_text(&out->pending, "\n") != MP_OK)
    return fail_memory(out);
  out->blank = 1;
  if (out->format(&out->pending, time, out->cells, out->count) != MP_OK)
    return fail_memory(out);
  return MP_OK;
}

static int
out_begin(void *self, const struct mp_record *record)
{
  struct out *out = self;
  int r = finish_record(out);

  if (out->records == 0)
    for (uint32_t i = 0; i < out->count; i++)
      out->slots[i].row = 0;
  out->records++;
  out->unfinished = 1;
  out->time_ms = record->time_ms;
  out->texts.len = 0;
  return r;
}

RARE static int
change_unit(struct slot *slot, struct stdout_cell *cell, const char *unit)
{
  char *copy = strdup(unit);

  if (!copy)
    return MP_ENOMEM;
  free(slot->unit);
  slot->unit = copy;
  cell->unit = copy[0] == '\0' ? NULL : unit_display(copy);
  return stdout_label_set(&cell->label, cell->name, cell->unit);
}

/* Changes the unit of a cell only if UNIT is another one: a recording has a
 * million values. */
static int
keep_unit(struct slot *slot, struct stdout_cell *cell, const char *unit)
{
  if (!unit)
    unit = "";
  return slot->unit && short_text_is(slot->unit, unit)
           ? MP_OK
           : change_unit(slot, cell, unit);
}

static int
keep_number(struct out *out, struct stdout_cell *cell,
            const struct mp_value *value)
{
  int len;

  if (text_buffer_reserve(&out->texts, DECIMAL_TEXT) != MP_OK)
    return MP_ENOMEM;
  len = out->host->decimal_format(
    value->number, out->texts.data + out->texts.len, DECIMAL_TEXT);
  if (len < 0 || len >= DECIMAL_TEXT)
    return MP_ENOMEM;
  cell->len = (size_t)len;
  out->texts.len += cell->len + 1;
  return MP_OK;
}

RARE static int
keep_text(struct out *out, struct stdout_cell *cell, const char *text)
{
  cell->len = strlen(text);
  return text_buffer_add(&out->texts, text, cell->len + 1);
}

static int
keep_value(struct out *out, uint32_t target, const struct mp_value *value)
{
  struct slot *slot = &out->slots[target];
  struct stdout_cell *cell = &out->cells[target];

  slot->row = out->records;
  slot->value = out->texts.len;
  cell->is_text = value->kind == MP_TEXT;
  if (keep_unit(slot, cell, value->unit) != MP_OK)
    return MP_ENOMEM;
  return cell->is_text ? keep_text(out, cell, value->text)
                       : keep_number(out, cell, value);
}

RARE static int
fail_target(const struct out *out, uint32_t target)
{
  return mp_fail(out->host, MP_EINTERNAL, OBJECT, "there is no target %lu",
                 (unsigned long)target);
}

static int
out_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct out *out = self;

  if (out->failed != MP_OK)
    return out->failed;
  if (target >= out->count && learn_targets(out) != MP_OK)
    return out->failed;
  if (target >= out->count)
    return fail_target(out, target);
  return keep_value(out, target, value) == MP_OK ? MP_OK : fail_memory(out);
}

/* ---- Writing -------------------------------------------------------------
 */

/*
 * Prepares standard output for writes that do not block, as on a full pipe or
 * a stopped terminal.  O_NONBLOCK cannot be set on standard output itself:
 * all processes that inherited it share its flags.  So a pipe or terminal is
 * opened a second time.  If that is not permitted, poll() is called before
 * each write, and a write is not longer than a pipe takes at once.
 */
static void
open_file(struct out *out)
{
  struct stat st;
  int fd;

  out->fd = STDOUT_FILENO;
  out->file = FILE_PLAIN;
  if (fstat(STDOUT_FILENO, &st) != 0)
    return;
  if (S_ISSOCK(st.st_mode))
    out->file = FILE_SOCKET;
  if (!S_ISFIFO(st.st_mode) && !isatty(STDOUT_FILENO))
    return;
  fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  out->file = fd >= 0 ? FILE_OWN : FILE_POLLED;
  if (fd >= 0)
    out->fd = fd;
}

static void
close_file(struct out *out)
{
  if (out->fd != STDOUT_FILENO)
    close(out->fd);
}

/* Waits until standard output takes data, or UNTIL_MS are left of the cycle:
 * the other outputs need time, too. */
static int
wait_writable(struct out *out, int64_t until_ms)
{
  const struct mp_host *host = out->host;
  struct pollfd fds[] = {
    { .fd = out->fd, .events = POLLOUT },
    { .fd = host->cancel_fd(host), .events = POLLIN },
  };

  while (host->time_left(host) > until_ms) {
    int64_t left = host->time_left(host) - until_ms;
    int n = poll(fds, 2, left > POLL_MS ? POLL_MS : (int)left);

    if (n < 0 && errno != EINTR)
      return mp_fail(host, MP_EIO, OBJECT, "cannot wait for it: %s",
                     strerror(errno));
    if (n > 0 && fds[0].revents != 0)
      return MP_OK;
    if (n > 0 && host->time_left(host) > 0)
      return mp_fail(host, MP_ECANCELED, OBJECT, "the run was interrupted");
  }
  return mp_fail(host, MP_EAGAIN, OBJECT, "accepted no more output in time");
}

static ssize_t
write_some(const struct out *out, const char *data, size_t len)
{
  if (out->file == FILE_SOCKET)
    return send(out->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (out->file == FILE_POLLED && len > PIPE_BUF)
    len = PIPE_BUF;
  return write(out->fd, data, len);
}

static int
write_pending(struct out *out)
{
  const char *data = out->pending.data;
  size_t left = out->pending.len;
  int64_t until_ms = out->host->time_left(out->host) / 2;
  int answer = MP_OK;
  bool waits = out->file == FILE_POLLED;

  while (left > 0 && answer == MP_OK) {
    ssize_t n;

    if (waits)
      answer = wait_writable(out, until_ms);
    if (answer != MP_OK)
      break;
    n = write_some(out, data, left);
    waits = out->file == FILE_POLLED || (n < 0 && errno == EAGAIN);
    if (n >= 0) {
      data += n;
      left -= (size_t)n;
    } else if (errno != EAGAIN && errno != EINTR) {
      answer = mp_fail(out->host, MP_EIO, OBJECT, "cannot be written: %s",
                       strerror(errno));
    }
  }
  return answer;
}

static int
out_commit(void *self, const struct mp_output_sink *sink)
{
  struct out *out = self;
  int r = finish_record(out);

  open_file(out);
  if (r == MP_OK)
    r = write_pending(out);
  close_file(out);
  for (uint32_t i = 0; i < out->records; i++)
    sink->result(sink, i, MP_ALL_TARGETS,
                 r == MP_OK ? MP_ACCEPTED : MP_NOT_SENT);
  forget_records(out);
  return r;
}

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .flags = MP_OUTPUT_TAKES_ALL | MP_OUTPUT_SHOWS,
  .delivery = MP_LIVE,
  .target_prefix = "field",
  .open = out_open,
  .close = out_close,
  .begin = out_begin,
  .write = out_write,
  .commit = out_commit,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "stdout",
  .version = PACKAGE_VERSION,
  .summary = "writes values to standard output",
  .options = options,
  .create = out_create,
  .destroy = out_destroy,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
