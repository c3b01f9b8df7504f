/* The section [fleet], and the origin of each expanded line. */
#include "core/config/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/config/options.h"
#include "core/config/template.h"
#include "core/memory/memory.h"

static const char kind[] = "fleet";

const struct mp_option fleet_options[] = {
  { "list", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL,
    "CSV file with a row for each meter" },
  { .key = NULL },
};

/* ---- The section --------------------------------------------------------- */

/* Writes the lines of [fleet], with empty lines in place of all others, so that
 * their numbers stay. */
static void
take_section(const struct template *t, struct text_buffer *text)
{
  struct template_block block = { .end = 0 };

  while (template_next(t, &block))
    for (size_t i = block.begin; i < block.end; i++) {
      if (block.kind == BLOCK_FLEET)
        memory_check(
          text_buffer_add(text, t->lines[i].raw, t->lines[i].raw_len));
      memory_check(text_buffer_add(text, "\n", 1));
    }
}

/* Returns the path of the list, which is relative to the directory of the
 * pipeline file PATH. */
static char *
list_path(const char *path, const char *list)
{
  const char *slash = strrchr(path, '/');

  if (list[0] == '/' || !slash)
    return memory_text(list);
  return memory_format("%.*s/%s", (int)(slash - path), path, list);
}

/* Checks [fleet], the only section of CONFIG. */
static char *
check_section(const struct config *config, struct problems *problems)
{
  const struct config_section *section = &config->sections[0];
  struct options *options =
    options_check(config, section, fleet_options, NULL, problems);
  const char *list = options_text(options, "list");
  char *path = list ? list_path(config->path, list) : NULL;

  options_free(options);
  return path;
}

int
fleet_find(const char *path, const char *text, size_t len,
           struct problems *problems, char **ret_list)
{
  size_t before = problems_errors(problems);
  struct text_buffer section = { .data = NULL };
  struct template t;
  struct config *config;

  *ret_list = NULL;
  if (!memmem(text, len, kind, strlen(kind)))
    return MP_OK;
  template_read(text, len, &t);
  take_section(&t, &section);
  template_clear(&t);
  config = config_parse(path, section.data, section.len, problems);
  text_buffer_free(&section);
  if (config->n_sections > 0)
    *ret_list = check_section(config, problems);
  config_free(config);
  if (problems_errors(problems) == before)
    return MP_OK;
  free(*ret_list);
  *ret_list = NULL;
  return MP_ECONFIG;
}

void
fleet_free(struct fleet *fleet)
{
  if (!fleet)
    return;
  for (size_t i = 0; i < fleet->n_templates; i++)
    free(fleet->templates[i]);
  free(fleet->templates);
  free(fleet->lines);
  fleet_list_free(&fleet->list);
  free(fleet->path);
  free(fleet);
}

/* ---- Origins of lines ---------------------------------------------------- */

/* Returns where LINE comes from; NULL: it is no line of an expanded text. */
static const struct fleet_line *
find_line(const struct fleet *fleet, unsigned line)
{
  if (!fleet || line == 0 || line > fleet->n_lines)
    return NULL;
  return &fleet->lines[line - 1];
}

unsigned
fleet_place(const struct fleet *fleet, unsigned line,
            const struct fleet_row **ret_row)
{
  const struct fleet_line *from = find_line(fleet, line);

  *ret_row = NULL;
  if (!from)
    return line;
  if (from->row_plus > 0)
    *ret_row = &fleet->list.rows[from->row_plus - 1];
  return from->line;
}

const char *
fleet_line_text(const struct fleet *fleet, unsigned line,
                char buf[FLEET_LINE_TEXT])
{
  const struct fleet_row *row;

  line = fleet_place(fleet, line, &row);
  if (row)
    snprintf(buf, FLEET_LINE_TEXT, "%u (%s:%u)", line, fleet->list.path,
             row->line);
  else
    snprintf(buf, FLEET_LINE_TEXT, "%u", line);
  return buf;
}

const char *
fleet_template(const struct fleet *fleet, unsigned line)
{
  const struct fleet_line *from = find_line(fleet, line);

  return from ? fleet->templates[from->line - 1] : NULL;
}

bool
fleet_is_readable(const struct fleet *fleet, unsigned line)
{
  const struct fleet_line *from = find_line(fleet, line);

  return from && from->has_cell && fleet->list.world_readable;
}
