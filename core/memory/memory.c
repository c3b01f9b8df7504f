/* Memory that is there, or the process ends. */
#include "core/memory/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

void
memory_out(void)
{
  static const char line[] = "error: out of memory\n";

  if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
    _exit(EX_OSERR); /* nobody can be told */
  _exit(EX_OSERR);
}

void *
memory_get(size_t n, size_t size)
{
  void *items = calloc(n ? n : 1, size);

  if (!items)
    memory_out();
  return items;
}

void *
memory_resize(void *items, size_t n_before, size_t n, size_t size)
{
  char *more;

  if (n > SIZE_MAX / size)
    memory_out();
  more = realloc(items, n ? n * size : 1);
  if (!more)
    memory_out();
  if (n > n_before)
    memset(more + n_before * size, 0, (n - n_before) * size);
  return more;
}

char *
memory_text(const char *text)
{
  return memory_text_part(text, strlen(text));
}

char *
memory_text_part(const char *text, size_t len)
{
  char *copy = strndup(text, len);

  if (!copy)
    memory_out();
  return copy;
}

char *
memory_format(const char *fmt, ...)
{
  va_list args;
  char *text;
  int n;

  va_start(args, fmt);
  n = vasprintf(&text, fmt, args);
  va_end(args);
  if (n < 0)
    memory_out();
  return text;
}
