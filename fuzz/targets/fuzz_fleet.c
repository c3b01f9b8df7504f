/*
 * Fuzz target: a pipeline file with [fleet] and its list.  The input is the
 * list, an empty line, and the template.  An expanded text without an error has
 * only lines of known origin, and expanding it again changes nothing.
 */
#include "core/config/config.h"
#include "core/config/fleet.h"
#include "core/config/options.h"
#include "fuzz/require.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The template begins with this section, so that most inputs are expanded. */
static const char head[] = "[fleet]\nlist = l\n";

static size_t
count_lines(const struct text_buffer *text)
{
  size_t n = 0;

  for (size_t i = 0; i < text->len; i++)
    n += text->data[i] == '\n';
  return n;
}

static void
require_places(const struct fleet *fleet, const struct text_buffer *text)
{
  const struct fleet_row *row;
  char buf[FLEET_LINE_TEXT];

  require(count_lines(text) == fleet->n_lines);
  for (unsigned line = 1; line <= fleet->n_lines; line++) {
    unsigned from = fleet_place(fleet, line, &row);

    require(from > 0 && from <= fleet->n_templates);
    require(!row || (row >= fleet->list.rows &&
                     row < fleet->list.rows + fleet->list.n_rows));
    require(strchr(fleet_line_text(fleet, line, buf), '(') ? row != NULL
                                                           : row == NULL);
  }
}

/* Every section of the result is one of the template, or one of a row. */
static void
require_config(const struct config *config)
{
  for (size_t i = 0; i < config->n_sections; i++) {
    const struct config_section *s = &config->sections[i];
    const struct fleet_row *row, *other;

    fleet_place(config->fleet, s->line, &row);
    require(strcmp(s->kind, "fleet") != 0);
    for (size_t k = 0; k < s->n_entries; k++) {
      fleet_place(config->fleet, s->entries[k].line, &other);
      require(!row || row == other);
    }
  }
}

static void
expand(const char *list_text, size_t list_len, const char *ini, size_t ini_len,
       struct problems *problems)
{
  struct fleet_list list;
  struct text_buffer text;
  struct fleet *fleet;
  struct config *config;
  char *again;

  if (fleet_list_parse("l", list_text, list_len, problems, &list) != MP_OK ||
      fleet_expand("f.ini", ini, ini_len, &list, problems, &text, &fleet) !=
        MP_OK)
    return;
  require_places(fleet, &text);
  config = config_parse_fleet("f.ini", text.data, text.len, fleet, problems);
  if (problems_errors(problems) == 0) {
    require_config(config);
    require(fleet_find("f.ini", text.data, text.len, problems, &again) ==
              MP_OK &&
            !again);
  }
  text_buffer_free(&text);
  config_free(config);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data;
  const char *end = size > 0 ? memmem(text, size, "\n\n", 2) : NULL;
  size_t list_len = end ? (size_t)(end - text) + 1 : size;
  size_t rest = size - list_len, len = strlen(head) + rest;
  struct problems problems;
  char *ini = malloc(len), *list;

  require(ini != NULL);
  memcpy(ini, head, strlen(head));
  if (rest > 0)
    memcpy(ini + strlen(head), text + list_len, rest);
  problems_init(&problems);
  if (fleet_find("f.ini", ini, len, &problems, &list) == MP_OK) {
    require(list != NULL);
    expand(text, list_len, ini, len, &problems);
    free(list);
  }
  problems_free(&problems);
  free(ini);
  return 0;
}
