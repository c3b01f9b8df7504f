/* Finds out which lines of a pipeline file with [fleet] are repeated. */
#include "core/config/template.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/config_text.h"
#include "core/config/fleet_list.h"
#include "core/memory/memory.h"
#include "lib/text_lines.h"

/* ---- Lines --------------------------------------------------------------- */

/* Classifies LINE as the parser will (config_parse.c). */
static enum template_kind
kind_of(const struct template_line *line)
{
  if (line->text[0] == '\0')
    return TEMPLATE_BLANK;
  if (config_is_blank(line->text[0]))
    return TEMPLATE_CONTINUATION;
  return line->text[0] == '[' ? TEMPLATE_HEADING : TEMPLATE_OPTION;
}

static void
add_line(struct template *t, const char *raw, size_t len, char *text)
{
  struct template_line line = { .raw = raw, .raw_len = len, .text = text };

  text[len] = '\0'; /* in place of the line end */
  if (strlen(text) < len || len > CONFIG_MAX_LINE) {
    line.kind = TEMPLATE_FAULT;
    text[0] = '\0';
  } else {
    config_text_cut_comment(text);
    line.kind = kind_of(&line);
  }
  MEMORY_GROW(&t->lines, t->n_lines);
  t->lines[t->n_lines++] = line;
}

void
template_read(const char *text, size_t len, struct template *ret)
{
  struct template t = { .copy = memory_get(len + 1, 1), .copy_len = len };
  struct text_lines lines;
  const char *line;
  size_t line_len;

  if (len > 0)
    memcpy(t.copy, text, len);
  text_lines_begin(&lines, text, len);
  while (text_lines_next(&lines, &line, &line_len))
    add_line(&t, line, line_len, t.copy + (line - text));
  *ret = t;
}

void
template_clear(struct template *t)
{
  if (t->copy)
    explicit_bzero(t->copy, t->copy_len);
  free(t->copy);
  free(t->lines);
  *t = (struct template){ .copy = NULL };
}

/* ---- Columns ------------------------------------------------------------- */

bool
template_is_column(const char *text, const char *p, size_t *ret_len)
{
  size_t len;

  if (*p != '{' || (p > text && (p[-1] == '{' || p[-1] == '$')))
    return false;
  len = strspn(p + 1, FLEET_NAME);
  *ret_len = len;
  return len > 0 && p[1 + len] == '}' && p[2 + len] != '}';
}

const char *
template_find_column(const char *text, const char *p, size_t *ret_len)
{
  while ((p = strchr(p, '{'))) {
    if (template_is_column(text, p, ret_len))
      return p;
    p++;
  }
  return NULL;
}

/* ---- Blocks -------------------------------------------------------------- */

static size_t
section_end(const struct template *t, size_t i)
{
  do
    i++;
  while (i < t->n_lines && t->lines[i].kind != TEMPLATE_HEADING);
  return i;
}

size_t
template_option_end(const struct template *t, size_t i)
{
  size_t end = ++i;

  for (; i < t->n_lines && t->lines[i].kind != TEMPLATE_HEADING &&
         t->lines[i].kind != TEMPLATE_OPTION;
       i++)
    if (t->lines[i].kind == TEMPLATE_CONTINUATION)
      end = i + 1;
  return end;
}

static bool
is_fleet(const char *heading)
{
  static const char kind[] = "fleet";
  const char *word = heading + 1 + strspn(heading + 1, " \t");
  size_t len = strcspn(word, " \t]");

  return len == strlen(kind) && memcmp(word, kind, len) == 0;
}

static bool
name_has_column(const char *option)
{
  size_t len;
  const char *column = template_find_column(option, option, &len);

  return column && column < option + strcspn(option, "=");
}

bool
template_next(const struct template *t, struct template_block *block)
{
  size_t i = block->end, len;
  const char *text;

  if (i == t->n_lines)
    return false;
  *block = (struct template_block){ .begin = i, .end = i + 1 };
  text = t->lines[i].text;
  if (t->lines[i].kind == TEMPLATE_HEADING) {
    if (is_fleet(text))
      block->kind = BLOCK_FLEET;
    else if (template_find_column(text, text, &len))
      block->kind = BLOCK_SECTION;
    if (block->kind != BLOCK_PLAIN)
      block->end = section_end(t, i);
  } else if (t->lines[i].kind == TEMPLATE_OPTION) {
    block->end = template_option_end(t, i);
    if (name_has_column(text))
      block->kind = BLOCK_OPTION;
  }
  return true;
}
