/*
 * Formats the cells of CSV rows.
 */
#include "plugins/csv/csv_row.h"

#include <stdbool.h>
#include <string.h>

#include <meterpipe/plugin.h>

#define GUARD "'"

static bool
needs_quotes(const char *text)
{
  size_t len = strlen(text);

  if (text[strcspn(text, ",\"\r\n")] != '\0')
    return true;
  return len > 0 && (strchr(" \t", text[0]) || strchr(" \t", text[len - 1]));
}

/* Adds TEXT in quotes.  GUARD: with an apostrophe before it. */
static int
add_quoted(struct text_buffer *b, const char *text, bool guard)
{
  char *at;

  /* the worst case: only quotes, each doubled, the two around it, and the
   * guard */
  if (strlen(text) > TEXT_BUFFER_MAX / 4 ||
      text_buffer_reserve(b, 2 * strlen(text) + 3) != MP_OK)
    return MP_ENOMEM;
  at = b->data + b->len;
  *at++ = '"';
  if (guard)
    *at++ = '\'';
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '"')
      *at++ = '"';
    *at++ = *p == '\r' || *p == '\n' ? ' ' : *p;
  }
  *at++ = '"';
  b->len = (size_t)(at - b->data);
  return MP_OK;
}

int
csv_add_cell(struct text_buffer *b, const char *text)
{
  if (needs_quotes(text))
    return add_quoted(b, text, false);
  return text_buffer_add(b, text, strlen(text));
}

static bool
is_formula(const char *text)
{
  const char *p = text + strspn(text, " \t\r\n");

  return *p != '\0' && strchr("=+-@", *p);
}

/* A text that looks guarded gets another guard, so that removing one guard
 * gives back the text. */
int
csv_add_text(struct text_buffer *b, const char *text)
{
  if (is_formula(text + strspn(text, GUARD)))
    return add_quoted(b, text, true);
  return csv_add_cell(b, text);
}

const char *
csv_text_of_cell(const char *cell)
{
  size_t guards = strspn(cell, GUARD);

  return guards > 0 && is_formula(cell + guards) ? cell + 1 : cell;
}
