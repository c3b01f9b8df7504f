/*
 * The formats of standard output.
 *
 * Texts come from a meter, or from a file of unknown origin.  Control
 * characters and misleading characters are written as '?', and invalid UTF-8 as
 * U+FFFD.  In JSON, control characters are escaped instead.
 */
#include "plugins/stdout/stdout_format.h"

#include <stdint.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/json.h"
#include "lib/rare.h"
#include "lib/utf8.h"

#define MISSING "-"
#define INDENT 2
#define GAP 2

/* ---- Texts --------------------------------------------------------------- */

/* Adds the printable ASCII at the beginning of TEXT, usually all of it, and
 * moves TEXT past it. */
static int
add_ascii(struct text_buffer *out, const char **text)
{
  const char *begin = *text, *p = begin;

  while (*p >= ' ' && *p <= '~')
    p++;
  *text = p;
  return text_buffer_add(out, begin, (size_t)(p - begin));
}

/* Adds TEXT without characters that mislead. */
static int
add_plain(struct text_buffer *out, const char *text)
{
  char c[4];
  int r = add_ascii(out, &text);

  while (r == MP_OK && *text != '\0') {
    uint32_t character = utf8_take(&text);
    size_t len = utf8_put(c, utf8_misleads(character) ? '?' : character);

    r = text_buffer_add(out, c, len);
    if (r == MP_OK)
      r = add_ascii(out, &text);
  }
  return r;
}

/* ---- json ---------------------------------------------------------------- */

int
stdout_label_set(struct stdout_label *label, const char *name, const char *unit)
{
  struct text_buffer *text = &label->json;
  struct json json = { .text = text };

  text->len = 0;
  json_string(&json, name);
  if (text_buffer_add_text(text, ":") != MP_OK)
    return MP_ENOMEM;
  label->name_len = text->len;
  if (text_buffer_add_text(text, "{\"value\":\"") != MP_OK)
    return MP_ENOMEM;
  label->value_at = text->len;
  if (text_buffer_add_text(text, "\",\"unit\":") != MP_OK)
    return MP_ENOMEM;
  json_string(&json, unit);
  return json.failed ? MP_ENOMEM : text_buffer_add_text(text, "}");
}

void
stdout_label_free(struct stdout_label *label)
{
  text_buffer_free(&label->json);
}

/* Adds a cell with a number, which needs no escapes. */
static int
add_json_number(struct text_buffer *out, const struct stdout_cell *cell)
{
  const struct stdout_label *label = &cell->label;
  size_t rest = label->json.len - label->value_at;
  char *at;

  if (text_buffer_reserve(out, label->json.len + cell->len) != MP_OK)
    return MP_ENOMEM;
  at = out->data + out->len;
  memcpy(at, label->json.data, label->value_at);
  at += label->value_at;
  memcpy(at, cell->value, cell->len);
  memcpy(at + cell->len, label->json.data + label->value_at, rest);
  out->len += label->json.len + cell->len;
  return MP_OK;
}

/* Adds a cell with a text; json_string writes its quotes. */
RARE static int
add_json_text(struct json *json, const struct stdout_label *label,
              const char *text)
{
  size_t before = label->value_at - 1, after = label->value_at + 1;

  if (text_buffer_add(json->text, label->json.data, before) != MP_OK)
    return MP_ENOMEM;
  json_string(json, text);
  return text_buffer_add(json->text, label->json.data + after,
                         label->json.len - after);
}

RARE static int
add_json_missing(struct text_buffer *out, const struct stdout_label *label)
{
  if (text_buffer_add(out, label->json.data, label->name_len) != MP_OK)
    return MP_ENOMEM;
  return text_buffer_add_text(out, "null");
}

static int
add_json_cell(struct json *json, const struct stdout_cell *cell)
{
  if (!cell->value)
    return add_json_missing(json->text, &cell->label);
  if (cell->is_text)
    return add_json_text(json, &cell->label, cell->value);
  return add_json_number(json->text, cell);
}

int
stdout_format_json(struct text_buffer *out, const char *time,
                   const struct stdout_cell *cells, size_t n)
{
  struct json json = { .text = out };

  if (text_buffer_add_text(out, "{\"time\":\"") != MP_OK ||
      text_buffer_add_text(out, time) != MP_OK ||
      text_buffer_add_text(out, "\",\"values\":{") != MP_OK)
    return MP_ENOMEM;
  for (size_t i = 0; i < n; i++)
    if ((i > 0 && text_buffer_add_text(out, ",") != MP_OK) ||
        add_json_cell(&json, &cells[i]) != MP_OK)
      return MP_ENOMEM;
  return json.failed ? MP_ENOMEM : text_buffer_add_text(out, "}}\n");
}

/* ---- line ---------------------------------------------------------------- */

static int
add_line(struct text_buffer *out, const struct stdout_cell *cell)
{
  if (add_plain(out, cell->name) != MP_OK ||
      text_buffer_add_text(out, " ") != MP_OK ||
      add_plain(out, cell->value) != MP_OK)
    return MP_ENOMEM;
  if (cell->unit && (text_buffer_add_text(out, " ") != MP_OK ||
                     add_plain(out, cell->unit) != MP_OK))
    return MP_ENOMEM;
  return text_buffer_add_text(out, "\n");
}

int
stdout_format_line(struct text_buffer *out, const char *time,
                   const struct stdout_cell *cells, size_t n)
{
  (void)time;
  for (size_t i = 0; i < n; i++)
    if (cells[i].value && add_line(out, &cells[i]) != MP_OK)
      return MP_ENOMEM;
  return MP_OK;
}

/* ---- table --------------------------------------------------------------- */

struct layout {
  size_t name;  /* width of the longest name */
  size_t whole; /* width before the decimal point */
  size_t value; /* width of the value column */
};

/* Returns the width before the decimal point: the points are aligned.  Texts
 * are aligned at the left. */
static size_t
whole_width(const struct stdout_cell *cell)
{
  if (!cell->value)
    return strlen(MISSING);
  return cell->is_text ? 0 : strcspn(cell->value, ".");
}

static size_t
value_width(const struct stdout_cell *cell)
{
  return utf8_width(cell->value ? cell->value : MISSING);
}

static size_t
size_max(size_t a, size_t b)
{
  return a > b ? a : b;
}

static struct layout
measure_columns(const struct stdout_cell *cells, size_t n)
{
  struct layout l = { 0, 0, 0 };
  size_t shift;

  for (size_t i = 0; i < n; i++) {
    l.name = size_max(l.name, utf8_width(cells[i].name));
    l.whole = size_max(l.whole, whole_width(&cells[i]));
  }
  for (size_t i = 0; i < n; i++) {
    shift = cells[i].is_text ? 0 : l.whole - whole_width(&cells[i]);
    l.value = size_max(l.value, shift + value_width(&cells[i]));
  }
  return l;
}

static int
add_table_row(struct text_buffer *out, const struct layout *l,
              const struct stdout_cell *cell)
{
  const char *value = cell->value ? cell->value : MISSING;
  size_t shift = cell->is_text ? 0 : l->whole - whole_width(cell);
  size_t gap = l->name - utf8_width(cell->name) + GAP + shift;

  if (text_buffer_fill(out, ' ', INDENT) != MP_OK ||
      add_plain(out, cell->name) != MP_OK ||
      text_buffer_fill(out, ' ', gap) != MP_OK ||
      add_plain(out, value) != MP_OK)
    return MP_ENOMEM;
  gap = l->value - shift - value_width(cell) + GAP;
  if (cell->value && cell->unit &&
      (text_buffer_fill(out, ' ', gap) != MP_OK ||
       add_plain(out, cell->unit) != MP_OK))
    return MP_ENOMEM;
  return text_buffer_add_text(out, "\n");
}

int
stdout_format_table(struct text_buffer *out, const char *time,
                    const struct stdout_cell *cells, size_t n)
{
  struct layout l = measure_columns(cells, n);

  if (text_buffer_add_text(out, time) != MP_OK ||
      text_buffer_add_text(out, "\n") != MP_OK)
    return MP_ENOMEM;
  for (size_t i = 0; i < n; i++)
    if (add_table_row(out, &l, &cells[i]) != MP_OK)
      return MP_ENOMEM;
  return MP_OK;
}
