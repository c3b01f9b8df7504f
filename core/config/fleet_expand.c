/*
 * Repeats the sections and options of a pipeline file for each row of its list.
 *
 * The text of a cell is literal in a value, whatever its characters.  So a
 * semicolon gets a backslash, and a value is quoted if that keeps its blanks or
 * quotes.  A cell must not make a variable ${NAME} either: then the line is
 * broken between $ and {.
 */
#include "core/config/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/config_text.h"
#include "core/config/template.h"
#include "core/memory/memory.h"
#include "lib/nearest.h"

struct expansion {
  struct fleet *fleet;
  struct problems *problems;
  struct template source;
  struct text_buffer text; /* the result */
  bool is_full;            /* the result would be larger than allowed */

  /* The line that is being written. */
  const struct template_line *from;
  const struct fleet_row *row; /* NULL: the line is not repeated */
  bool has_cell;

  /* The value of that line, or the part of it that the line has. */
  struct text_buffer part;
  bool is_quoted;    /* also in the file */
  char last;         /* of its characters; '\0': there is none */
  bool last_is_cell; /* which is from the list */
};

/* ---- Checking the template ----------------------------------------------- */

static unsigned
line_number(const struct expansion *e, const struct template_line *line)
{
  return (unsigned)(line - e->source.lines) + 1;
}

static void
report_unknown(struct expansion *e, const struct template_line *line,
               const char *name, size_t len)
{
  const struct fleet_list *list = &e->fleet->list;
  char *column = memory_text_of(name, len), words[NEAREST_HINT];
  struct nearest nearest;

  nearest_start(&nearest, column);
  for (size_t i = 0; i < list->n_columns; i++)
    nearest_offer(&nearest, list->columns[i]);
  problems_add(e->problems, e->fleet->path, line_number(e, line),
               "%s has no column \"%s\"%s", list->path, column,
               nearest_hint(&nearest, words, sizeof(words)));
  free(column);
}

static void
check_line(struct expansion *e, const struct template_line *line,
           bool is_repeated)
{
  const struct fleet_list *list = &e->fleet->list;
  const char *p = line->text;
  size_t len;

  while ((p = template_find_column(line->text, p, &len))) {
    if (fleet_list_column(list, p + 1, len) == list->n_columns)
      report_unknown(e, line, p + 1, len);
    else if (!is_repeated)
      problems_add(e->problems, e->fleet->path, line_number(e, line),
                   "{%.*s} has no row here: put a column into the name of "
                   "this option or of its section, which is then repeated",
                   (int)len, p + 1);
    p += len;
  }
}

static void
check_template(struct expansion *e)
{
  struct template_block block = { .end = 0 };

  while (template_next(&e->source, &block))
    for (size_t i = block.begin; i < block.end; i++)
      if (block.kind != BLOCK_FLEET)
        check_line(e, &e->source.lines[i], block.kind != BLOCK_PLAIN);
}

/* ---- Names of templates -------------------------------------------------- */

/* Returns a copy of the LEN bytes of TEXT without outer blanks. */
static char *
trimmed(const char *text, size_t len)
{
  size_t blanks = strspn(text, " \t");

  if (blanks > len)
    blanks = len;
  while (len > blanks && config_is_blank(text[len - 1]))
    len--;
  return memory_text_of(text + blanks, len - blanks);
}

static void
name_line(struct expansion *e, size_t i)
{
  const struct template_line *line = &e->source.lines[i];

  if (line->kind == TEMPLATE_HEADING)
    e->fleet->templates[i] =
      trimmed(line->text + 1, strcspn(line->text + 1, "]"));
  if (line->kind == TEMPLATE_OPTION)
    e->fleet->templates[i] = trimmed(line->text, strcspn(line->text, "="));
}

static void
name_templates(struct expansion *e)
{
  struct template_block block = { .end = 0 };

  e->fleet->n_templates = e->source.n_lines;
  e->fleet->templates =
    memory_get(e->source.n_lines, sizeof(*e->fleet->templates));
  while (template_next(&e->source, &block))
    for (size_t i = block.begin; i < block.end; i++)
      if (block.kind == BLOCK_SECTION || block.kind == BLOCK_OPTION)
        name_line(e, i);
}

/* ---- Writing ------------------------------------------------------------- */

/* Makes room in B for MORE bytes.  Leaves no copy of B's text behind, which may
 * hold a secret. */
static void
make_room(struct text_buffer *b, size_t more)
{
  struct text_buffer larger = { .max = b->max };

  if (more < b->size - b->len)
    return;
  memory_check(text_buffer_reserve(&larger, 2 * b->len + more));
  memory_check(text_buffer_add(&larger, b->data ? b->data : "", b->len));
  text_buffer_wipe(b);
  *b = larger;
}

static void
put(struct expansion *e, const char *text, size_t len)
{
  if (len > FLEET_MAX_TEXT - e->text.len) {
    e->is_full = true;
    return;
  }
  make_room(&e->text, len);
  memory_check(text_buffer_add(&e->text, text, len));
}

static void
begin_line(struct expansion *e, const struct template_line *from,
           const struct fleet_row *row)
{
  e->from = from;
  e->row = row;
  e->has_cell = false;
}

static void
end_line(struct expansion *e)
{
  struct fleet *fleet = e->fleet;

  put(e, "\n", 1);
  MEMORY_GROW(&fleet->lines, fleet->n_lines);
  fleet->lines[fleet->n_lines++] = (struct fleet_line){
    .line = line_number(e, e->from),
    .row_plus = e->row ? (unsigned)(e->row - fleet->list.rows) + 1 : 0,
    .has_cell = e->has_cell,
  };
}

static void
put_raw_line(struct expansion *e, const struct template_line *line,
             const struct fleet_row *row)
{
  begin_line(e, line, row);
  put(e, line->raw, line->raw_len);
  end_line(e);
}

/* Returns the cell of the row for the column at P, the LEN bytes after its
 * brace. */
static const char *
cell_of(const struct expansion *e, const struct fleet_row *row, const char *p,
        size_t len)
{
  return row->cells[fleet_list_column(&e->fleet->list, p + 1, len)];
}

/* ---- Names and headings -------------------------------------------------- */

/* Returns whether CELL stays a part of a heading or of an option's name. */
static bool
fits_name(const char *cell)
{
  size_t len = strlen(cell);

  return cell[strcspn(cell, "=:;#[]\"")] == '\0' && !config_is_blank(cell[0]) &&
         !config_is_blank(cell[len - 1]);
}

/* Writes the text from P to END, with the cells of the row.  Returns whether
 * all of them fit into a name. */
static bool
put_name(struct expansion *e, const char *text, const char *end)
{
  bool fits = true;
  size_t len;

  for (const char *p = text; p < end; p++) {
    if (!template_is_column(text, p, &len)) {
      put(e, p, 1);
      continue;
    }
    fits = fits && fits_name(cell_of(e, e->row, p, len));
    put(e, cell_of(e, e->row, p, len), strlen(cell_of(e, e->row, p, len)));
    e->has_cell = true;
    p += len + 1;
  }
  return fits;
}

/* Reports that the line that was written last has a cell that does not fit. */
static void
refuse_name(struct expansion *e)
{
  problems_add(e->problems, e->fleet->path, (unsigned)e->fleet->n_lines,
               "a cell in this name has one of the characters = : ; # [ ] \", "
               "or a blank at an end");
}

static void
put_heading(struct expansion *e, const struct template_line *line,
            const struct fleet_row *row)
{
  bool fits;

  begin_line(e, line, row);
  fits = put_name(e, line->text, line->text + strlen(line->text));
  end_line(e);
  if (!fits)
    refuse_name(e);
}

/* ---- Values -------------------------------------------------------------- */

static bool
needs_quotes(const struct expansion *e)
{
  const struct text_buffer *part = &e->part;

  if (e->is_quoted || e->from->kind == TEMPLATE_CONTINUATION)
    return true;
  return part->len > 0 &&
         (part->data[0] == '"' || config_is_blank(part->data[0]) ||
          config_is_blank(part->data[part->len - 1]));
}

static void
end_part(struct expansion *e)
{
  const char *quote = needs_quotes(e) ? "\"" : "";

  put(e, quote, strlen(quote));
  put(e, e->part.data ? e->part.data : "", e->part.len);
  put(e, quote, strlen(quote));
  end_line(e);
  e->part.len = 0;
}

static void
put_part(struct expansion *e, char c, bool is_cell)
{
  bool touches_cell = is_cell || e->last_is_cell;

  if (c == '{' && e->last == '$' && touches_cell) {
    end_part(e);
    e->is_quoted = true;
    put(e, "  ", 2);
  }
  if (c == ';' && touches_cell)
    memory_check(text_buffer_add(&e->part, "\\", 1));
  memory_check(text_buffer_add(&e->part, &c, 1));
  e->last = c;
  e->last_is_cell = is_cell;
}

static void
put_cell(struct expansion *e, const char *cell)
{
  for (; *cell; cell++)
    put_part(e, *cell, true);
  e->has_cell = true;
}

/* Writes the part of a value that is the LEN bytes of TEXT. */
static void
put_parts(struct expansion *e, const char *text, size_t len)
{
  size_t name_len;

  e->last = '\0';
  e->last_is_cell = false;
  for (const char *p = text; p < text + len; p++) {
    if (template_is_column(text, p, &name_len)) {
      put_cell(e, cell_of(e, e->row, p, name_len));
      p += name_len + 1;
    } else
      put_part(e, *p, false);
  }
  end_part(e);
}

/* Writes VALUE, the rest of the line.  A value with a wrong quote is left to
 * the parser. */
static void
put_value(struct expansion *e, const char *value)
{
  size_t len = strlen(value), name_len;

  e->is_quoted = value[0] == '"';
  if (!template_find_column(value, value, &name_len) ||
      (e->is_quoted && (len < 2 || value[len - 1] != '"'))) {
    put(e, value, len);
    end_line(e);
  } else if (e->is_quoted)
    put_parts(e, value + 1, len - 2);
  else
    put_parts(e, value, len);
}

/* Writes one line of an option: its name and value, or a continuation. */
static void
put_line(struct expansion *e, const struct template_line *line,
         const struct fleet_row *row)
{
  const char *value = line->text;
  bool fits = true;

  begin_line(e, line, row);
  if (line->kind == TEMPLATE_OPTION) {
    value += strcspn(value, "=");
    value += *value == '=';
    fits = put_name(e, line->text, value);
  }
  put(e, value, strspn(value, " \t"));
  put_value(e, value + strspn(value, " \t"));
  if (!fits)
    refuse_name(e);
}

/* ---- Blocks -------------------------------------------------------------- */

/* Returns whether a cell for one of the lines from BEGIN to END is empty. */
static bool
has_empty_cell(const struct expansion *e, size_t begin, size_t end,
               const struct fleet_row *row)
{
  size_t len;

  for (size_t i = begin; i < end; i++) {
    const char *text = e->source.lines[i].text, *p = text;

    for (; (p = template_find_column(text, p, &len)); p += len)
      if (*cell_of(e, row, p, len) == '\0')
        return true;
  }
  return false;
}

/* Writes the option whose lines are BEGIN to END, unless a cell is empty. */
static void
put_option(struct expansion *e, size_t begin, size_t end,
           const struct fleet_row *row)
{
  if (has_empty_cell(e, begin, end, row))
    return;
  for (size_t i = begin; i < end; i++) {
    const struct template_line *line = &e->source.lines[i];

    if (line->kind == TEMPLATE_FAULT)
      put_raw_line(e, line, row);
    else if (line->kind != TEMPLATE_BLANK)
      put_line(e, line, row);
  }
}

static void
put_section(struct expansion *e, const struct template_block *block,
            const struct fleet_row *row)
{
  size_t i = block->begin;

  if (has_empty_cell(e, i, i + 1, row))
    return;
  put_heading(e, &e->source.lines[i], row);
  for (i++; i < block->end; i = template_option_end(&e->source, i))
    put_option(e, i, template_option_end(&e->source, i), row);
  begin_line(e, &e->source.lines[block->begin], row);
  end_line(e); /* an empty line after each section */
}

static void
put_block(struct expansion *e, const struct template_block *block)
{
  const struct fleet_list *list = &e->fleet->list;

  if (block->kind == BLOCK_PLAIN)
    for (size_t i = block->begin; i < block->end; i++)
      put_raw_line(e, &e->source.lines[i], NULL);
  for (size_t i = 0; i < list->n_rows && !e->is_full; i++)
    if (block->kind == BLOCK_SECTION)
      put_section(e, block, &list->rows[i]);
    else if (block->kind == BLOCK_OPTION)
      put_option(e, block->begin, block->end, &list->rows[i]);
}

/* Writes all blocks.  From now on, problems are in lines of the result. */
static void
put_blocks(struct expansion *e)
{
  struct template_block block = { .end = 0 };

  e->problems->fleet = e->fleet;
  while (template_next(&e->source, &block))
    put_block(e, &block);
  text_buffer_wipe(&e->part);
  if (e->is_full)
    problems_add(e->problems, e->fleet->path, 0,
                 "has more than %zu MiB when it is expanded",
                 FLEET_MAX_TEXT >> 20);
}

int
fleet_expand(const char *path, const char *text, size_t len,
             struct fleet_list *list, struct problems *problems,
             struct text_buffer *ret_text, struct fleet **ret)
{
  struct expansion e = { .fleet = memory_get(1, sizeof(*e.fleet)),
                         .problems = problems };
  size_t before = problems_errors(problems);

  e.fleet->path = memory_text(path);
  e.fleet->list = *list;
  *list = (struct fleet_list){ .path = NULL };
  template_read(text, len, &e.source);
  check_template(&e);
  if (problems_errors(problems) == before) {
    name_templates(&e);
    put_blocks(&e);
  }
  template_clear(&e.source);
  if (problems_errors(problems) == before) {
    *ret_text = e.text;
    *ret = e.fleet;
    return MP_OK;
  }
  problems->fleet = NULL;
  text_buffer_wipe(&e.text);
  fleet_free(e.fleet);
  return MP_ECONFIG;
}
