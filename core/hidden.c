/* Hiding values in messages, whoever wrote the message. */
#include "core/hidden.h"

#include <stdio.h>
#include <string.h>

static const char mark[] = "***";

/* Shorter texts are not worth hiding: they occur in other words. */
#define MIN_LENGTH 4

static const struct config *hidden;

void
hidden_set(const struct config *config)
{
  hidden = config;
}

/* How many bytes of VALUE are at TEXT: all; or as many as there are until the
 * end of TEXT, which may have been cut there; or 0. */
static size_t
match(const char *text, const char *value)
{
  size_t n = 0;

  while (value[n] && text[n] == value[n])
    n++;
  return (value[n] && text[n]) || n < MIN_LENGTH ? 0 : n;
}

static void
hide(char *text, const char *value)
{
  for (; *text; text++) {
    size_t n = match(text, value);

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
  for (size_t s = 0; hidden && s < hidden->n_sections; s++) {
    const struct config_section *section = &hidden->sections[s];

    for (size_t i = 0; i < section->n_entries; i++)
      if (section->entries[i].continued)
        hide(text, section->entries[i].value);
  }
}

const char *
hidden_copy(const char *text, char *buf, size_t size)
{
  snprintf(buf, size, "%s", text);
  hidden_make(buf);
  return strncmp(buf, text, size - 1) == 0 ? text : buf;
}

static bool
has_word_of(const char *text, const char *value)
{
  while (*value) {
    size_t len = strcspn(value, " \t");

    if (len >= MIN_LENGTH && memmem(text, strlen(text), value, len))
      return true;
    value += len + strspn(value + len, " \t");
  }
  return false;
}

bool
hidden_has_word(const struct config_section *section, const char *text)
{
  for (size_t i = 0; i < section->n_entries; i++)
    if (section->entries[i].continued &&
        has_word_of(text, section->entries[i].value))
      return true;
  return false;
}
