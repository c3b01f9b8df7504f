/*
 * The pipeline file in memory.  Each text has its own block: its address stays
 * valid while the file is read, and all blocks are freed together.
 */
#include "core/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/fleet.h"
#include "core/memory/memory.h"

struct config_block {
  struct config_block *next;
  char text[];
};

const char *
config_keep_text(struct config *config, const char *text, size_t len)
{
  struct config_block *block = memory_get(1, sizeof(*block) + len + 1);

  if (len > 0)
    memcpy(block->text, text, len);
  block->next = config->blocks;
  config->blocks = block;
  return block->text;
}

struct config *
config_new(const char *path)
{
  struct config *config = memory_get(1, sizeof(*config));

  config->path = config_keep_text(config, path, strlen(path));
  return config;
}

void
config_add_section(struct config *config, const char *kind, const char *name,
                   unsigned line)
{
  struct config_section section = { .line = line };

  section.kind = config_keep_text(config, kind, strlen(kind));
  section.name = config_keep_text(config, name, strlen(name));
  MEMORY_GROW(&config->sections, config->n_sections);
  config->sections[config->n_sections++] = section;
}

void
config_add_entry(struct config *config, const struct config_entry *entry,
                 const char *value, size_t value_len)
{
  config_add_entry_to(config, config->n_sections - 1, entry, value, value_len);
}

void
config_add_entry_to(struct config *config, size_t index,
                    const struct config_entry *entry, const char *value,
                    size_t value_len)
{
  struct config_section *section = &config->sections[index];
  struct config_entry copy = *entry;

  copy.key = config_keep_text(config, entry->key, strlen(entry->key));
  copy.value = config_keep_text(config, value, value_len);
  name_index_add(&section->keys, copy.key, section->n_entries);
  MEMORY_GROW(&section->entries, section->n_entries);
  section->entries[section->n_entries++] = copy;
}

const struct config_entry *
config_find(const struct config_section *section, const char *key)
{
  size_t at;

  return name_index_find(&section->keys, key, &at) ? &section->entries[at]
                                                   : NULL;
}

void
config_refuse_continued(const struct config *config,
                        const struct config_entry *entry,
                        struct problems *problems)
{
  char line[FLEET_LINE_TEXT];

  problems_add(problems, config->path, entry->continued,
               "this line is indented, so it continues the value of \"%s\" in "
               "line %s, which must be in one line: begin an option in the "
               "first column",
               entry->key, fleet_line_text(config->fleet, entry->line, line));
}

/* Returns true if the value of KEY is known not to be a secret. */
static bool
is_public(const char *key, const struct mp_option *table,
          const char *target_prefix)
{
  size_t len = target_prefix ? strlen(target_prefix) : 0;

  if (strcmp(key, "plugin") == 0)
    return true;
  if (target_prefix && strncmp(key, target_prefix, len) == 0 && key[len] == '.')
    return true;
  for (; table && table->key; table++)
    if (strcmp(table->key, key) == 0)
      return table->type != MP_TYPE_SECRET;
  return false;
}

void
config_report_variables(const struct config *config,
                        const struct config_section *section,
                        const struct mp_option *table,
                        const char *target_prefix, struct problems *problems)
{
  for (size_t i = 0; i < section->n_entries; i++) {
    const struct config_entry *entry = &section->entries[i];

    if (!entry->variable)
      continue;
    if (is_public(entry->key, table, target_prefix))
      problems_add(problems, config->path, entry->variable_line,
                   "the environment variable %s %s", entry->variable,
                   entry->variable_why);
    else
      problems_add(problems, config->path, entry->variable_line,
                   "%s: an environment variable in the value %s (its name is "
                   "not shown; to write ${ itself, end the line after the $ "
                   "and continue in an indented line)",
                   entry->key, entry->variable_why);
  }
}

void
config_free(struct config *config)
{
  if (!config)
    return;
  for (size_t i = 0; i < config->n_sections; i++) {
    free(config->sections[i].entries);
    name_index_clear(&config->sections[i].keys);
  }
  free(config->sections);
  while (config->blocks) {
    struct config_block *block = config->blocks;

    config->blocks = block->next;
    free(block);
  }
  fleet_free(config->fleet);
  free(config);
}

const char **
config_continued(const struct config *config)
{
  const char **values;
  size_t n = 1;

  for (size_t i = 0; i < config->n_sections; i++)
    n += config->sections[i].n_entries;
  values = memory_get(n, sizeof(*values));
  n = 0;
  for (size_t s = 0; s < config->n_sections; s++) {
    const struct config_section *section = &config->sections[s];

    for (size_t i = 0; i < section->n_entries; i++)
      if (section->entries[i].continued)
        values[n++] = section->entries[i].value;
  }
  return values;
}
