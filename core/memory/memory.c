/* Memory that is there, or the end of the process. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "core/memory/memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "meterpipe/plugin.h"

/* First room of a text that is written to a stream; most are shorter. */
#define TEXT_ROOM 256

static void
write_to_stderr(const char *line, size_t len)
{
  if (write(STDERR_FILENO, line, len) < 0)
    return; /* there is no other place to report it */
}

static void (*writer)(const char *line, size_t len) = write_to_stderr;

void
memory_set_writer(void (*write_line)(const char *line, size_t len))
{
  writer = write_line;
}

void
memory_out(void)
{
  static const char line[] = "error: out of memory: the run is ended; the next "
                             "run continues from the state\n";
  static atomic_flag is_ending = ATOMIC_FLAG_INIT;

  /* A second thread must not end the process before the line is written. */
  while (atomic_flag_test_and_set(&is_ending))
    pause();
  writer(line, sizeof(line) - 1);
  _exit(EX_OSERR);
}

void *
memory_have(void *p)
{
  if (!p)
    memory_out();
  return p;
}

int
memory_check(int r)
{
  if (r == MP_ENOMEM)
    memory_out();
  return r;
}

/* An allocation of no bytes may return NULL without being out of memory. */
static size_t
at_least_one(size_t n)
{
  return n ? n : 1;
}

void *
memory_get(size_t n, size_t size)
{
  return memory_have(calloc(at_least_one(n), at_least_one(size)));
}

void *
memory_resize(void *items, size_t n_before, size_t n, size_t size)
{
  char *more =
    memory_have(reallocarray(items, at_least_one(n), at_least_one(size)));

  if (n > n_before)
    memset(more + n_before * size, 0, (n - n_before) * size);
  return more;
}

void
memory_grow(void *list, size_t n, size_t item_size)
{
  if (!array_grow(list, n, item_size))
    memory_out();
}

char *
memory_text(const char *text)
{
  return memory_have(strdup(text));
}

char *
memory_text_of(const char *text, size_t len)
{
  return memory_have(strndup(text, len));
}

char *
memory_vformat(const char *fmt, va_list args)
{
  char *text;

  if (vasprintf(&text, fmt, args) < 0)
    memory_out();
  return text;
}

char *
memory_format(const char *fmt, ...)
{
  va_list args;
  char *text;

  va_start(args, fmt);
  text = memory_vformat(fmt, args);
  va_end(args);
  return text;
}

/* The text of a stream.  open_memstream would clear 8 KiB for each, which takes
 * longer than to write the few lines of a ledger. */
struct growing_text {
  char **text;
  size_t *len;
  size_t room;
};

/* Returns what the stream must report: LEN; 0: out of memory. */
static ssize_t
append_text(void *cookie, const char *buf, size_t len)
{
  struct growing_text *t = cookie;

  if (len >= t->room - *t->len) {
    size_t room = 2 * (t->room + len);
    char *text = realloc(*t->text, room);

    if (!text)
      return 0;
    *t->text = text;
    t->room = room;
  }
  memcpy(*t->text + *t->len, buf, len);
  *t->len += len;
  (*t->text)[*t->len] = '\0';
  return (ssize_t)len;
}

static int
free_growing_text(void *cookie)
{
  free(cookie);
  return 0;
}

FILE *
memory_open_text(char **text, size_t *len)
{
  const cookie_io_functions_t functions = { .write = append_text,
                                            .close = free_growing_text };
  struct growing_text *t = memory_get(1, sizeof(*t));

  *t = (struct growing_text){ .text = text, .len = len, .room = TEXT_ROOM };
  *text = memory_get(t->room, 1);
  *len = 0;
  return memory_have(fopencookie(t, "w", functions));
}

void
memory_close_text(FILE *stream, char *const *text)
{
  bool failed = ferror(stream);

  if (fclose(stream) != 0 || failed || !*text)
    memory_out();
}

/* ---- Values ---- */

void
memory_copy_value(struct value *to, const struct value *from)
{
  if (!value_copy(to, from))
    memory_out();
}

const char *
memory_intern(const char *text)
{
  const char *interned = value_intern(text);

  if (!interned && text && *text)
    memory_out();
  return interned;
}

bool
memory_decode_value(struct value *v, const char *line)
{
  errno = 0;
  if (value_decode(v, line))
    return true;
  if (errno == ENOMEM)
    memory_out();
  return false;
}

const char *
memory_import_value(struct value *to, const struct mp_value *from)
{
  const char *fault = value_import(to, from);

  if (fault == value_no_memory)
    memory_out();
  return fault;
}
