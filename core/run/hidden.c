/* Hides values in messages of the host and of plugins. */
#include "core/run/hidden.h"

#include <stdio.h>
#include <string.h>

static const char mark[] = "***";

/* Shorter texts are not hidden: they occur in other words. */
#define MIN_LENGTH 4

static const char *const *hidden;

void
hidden_set(const char *const *values)
{
  hidden = values;
}

/* Returns how many bytes at TEXT match VALUE: all of them; as many as TEXT
 * still has, since a message may have been cut there; or 0. */
static size_t
match_length(const char *text, const char *value)
{
  size_t n = 0;

  while (value[n] && text[n] == value[n])
    n++;
  return (value[n] && text[n]) || n < MIN_LENGTH ? 0 : n;
}

static void
hide_value(char *text, const char *value)
{
  for (; *text; text++) {
    size_t n = match_length(text, value);

    if (n == 0)
      continue;
    memmove(text + strlen(mark), text + n, strlen(text + n) + 1);
    memcpy(text, mark, strlen(mark));
    text += strlen(mark) - 1;
  }
}

void
hidden_make(char *text)
{
  for (const char *const *value = hidden; value && *value; value++)
    hide_value(text, *value);
}

const char *
hidden_copy(const char *text, char *buf, size_t size)
{
  snprintf(buf, size, "%s", text);
  hidden_make(buf);
  return strcmp(buf, text) == 0 ? text : buf;
}

bool
hidden_has_word(const char *value, const char *text)
{
  while (*value) {
    size_t len = strcspn(value, " \t");

    if (len >= MIN_LENGTH && memmem(text, strlen(text), value, len))
      return true;
    value += len + strspn(value + len, " \t");
  }
  return false;
}
