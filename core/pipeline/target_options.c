/* Options of single targets. */
#include "core/pipeline/target_options.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/nearest.h"

#define OMITS "none"

/* The options of one target.  The first of a list has no name: it belongs to
 * all targets that have no options of their own. */
struct target_options {
  struct target_options *next;
  char *name;
  bool omitted; /* PREFIX.NAME = none */
  struct config_section section;
  struct options *options;
};

/* ---- Entries ---- */

static const struct mp_option *
table_of(const struct stage *output)
{
  return output->plugin->output.target_options;
}

static const struct mp_option *
find_row(const struct mp_option *table, const char *key)
{
  for (; table && table->key; table++)
    if (strcmp(table->key, key) == 0)
      return table;
  return NULL;
}

enum target_entry
target_entry_of(const struct stage *output, const struct config_entry *entry,
                const char **ret_name, size_t *ret_len)
{
  const char *prefix = output->plugin->output.target_prefix;
  size_t len = strlen(prefix);
  const struct mp_option *row;
  const char *name, *dot;

  if (strncmp(entry->key, prefix, len) != 0 || entry->key[len] != '.' ||
      entry->key[len + 1] == '\0')
    return TARGET_ENTRY_NONE;
  name = entry->key + len + 1;
  dot = strrchr(name, '.');
  row = dot ? find_row(table_of(output), dot + 1) : NULL;
  *ret_name = name;
  *ret_len = row ? (size_t)(dot - name) : strlen(name);
  if (row)
    return row->type == MP_TYPE_VALUE ? TARGET_ENTRY_PART : TARGET_ENTRY_OPTION;
  if ((output->plugin->output.flags & MP_OUTPUT_TAKES_ALL) && !entry->broken &&
      strcmp(entry->value, OMITS) == 0)
    return TARGET_ENTRY_OMITS;
  return TARGET_ENTRY_TARGET;
}

/* ---- Reading ---- */

static struct target_options *
find(const struct stage *output, const char *name, size_t len)
{
  struct target_options *node = output->target_options;

  while (node && (strncmp(node->name, name, len) != 0 || node->name[len]))
    node = node->next;
  return node;
}

/* Returns the options of the target NAME, which are added if there are none
 * yet. */
static struct target_options *
obtain(struct stage *output, const char *name, size_t len, unsigned line)
{
  struct target_options **end = &output->target_options;
  struct target_options *node = find(output, name, len);

  if (node)
    return node;
  node = memory_get(1, sizeof(*node));
  node->name = memory_text_of(name, len);
  node->section = (struct config_section){ .kind = output->section->kind,
                                           .name = output->name,
                                           .line = line };
  while (*end)
    end = &(*end)->next;
  *end = node;
  return node;
}

static void
add_entry(struct target_options *node, const struct config_entry *entry,
          const char *key)
{
  struct config_section *section = &node->section;

  MEMORY_GROW(&section->entries, section->n_entries);
  section->entries[section->n_entries] = *entry;
  section->entries[section->n_entries++].key = key;
}

static void
read_entry(struct builder *b, struct stage *output,
           const struct config_entry *entry)
{
  struct target_options *node;
  const char *name;
  size_t len;
  enum target_entry what = target_entry_of(output, entry, &name, &len);

  if (what != TARGET_ENTRY_OPTION && what != TARGET_ENTRY_OMITS)
    return;
  if (len == 0) {
    builder_problem(b, entry->line, "\"%s\" names no target", entry->key);
    return;
  }
  node = obtain(output, name, len, entry->line);
  if (what == TARGET_ENTRY_OMITS)
    node->omitted = true;
  if (what == TARGET_ENTRY_OPTION)
    add_entry(node, entry, name + len + 1);
}

void
target_options_read(struct builder *b, struct stage *output)
{
  const struct config_section *section = output->section;

  obtain(output, "", 0, section->line);
  for (size_t i = 0; i < section->n_entries; i++)
    read_entry(b, output, &section->entries[i]);
}

/* ---- Use ---- */

bool
target_options_omit(const struct stage *output, const char *name)
{
  const struct target_options *node = find(output, name, strlen(name));

  return node && node->omitted;
}

const struct options *
target_options_of(const struct target *target)
{
  const struct target_options *node =
    find(target->stage, target->name, strlen(target->name));

  if (!node)
    node = target->stage->target_options;
  return node ? node->options : NULL;
}

void
target_options_free(struct target_options *list)
{
  while (list) {
    struct target_options *next = list->next;

    options_free(list->options);
    free(list->section.entries);
    free(list->name);
    free(list);
    list = next;
  }
}

/* ---- Names that do not exist ---- */

/* Returns true if a later cycle may bring the value NAME: its input does not
 * list its fields. */
static bool
may_come(const struct plan *plan, const char *name)
{
  for (size_t i = 0; i < plan->n_stages; i++) {
    const struct stage *stage = plan->stages[i];
    size_t len = strlen(stage->name);

    if (stage->all_fields && strncmp(name, stage->name, len) == 0 &&
        name[len] == '.')
      return true;
  }
  return false;
}

/* Returns true if the section has PREFIX.NAME = VALUE, even if VALUE is wrong.
 */
static bool
is_named(const struct stage *output, const char *name)
{
  for (size_t i = 0; i < output->section->n_entries; i++) {
    const char *found;
    size_t len;

    if (target_entry_of(output, &output->section->entries[i], &found, &len) ==
          TARGET_ENTRY_TARGET &&
        strcmp(found, name) == 0)
      return true;
  }
  return false;
}

static bool
exists(const struct builder *b, const struct stage *output, const char *name)
{
  if (!output->takes_all)
    return is_named(output, name);
  for (size_t i = 0; i < b->plan->n_slots; i++)
    if (strcmp(b->plan->slots[i]->name, name) == 0)
      return true;
  return may_come(b->plan, name);
}

static void
report_unknown(struct builder *b, const struct stage *output,
               const struct target_options *node)
{
  struct nearest nearest;
  char words[128];

  nearest_start(&nearest, node->name);
  for (size_t i = 0; i < output->n_targets; i++)
    nearest_offer(&nearest, output->targets[i]->name);
  builder_problem(b, node->section.line, "%s.%s: [output %s] has no such %s%s",
                  output->plugin->output.target_prefix, node->name,
                  output->name, output->takes_all ? "value" : "target",
                  nearest_hint(&nearest, words, sizeof(words)));
}

/* Returns true if a target has no options of its own. */
static bool
needs_defaults(const struct stage *output)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    const char *name = output->targets[i]->name;

    if (!find(output, name, strlen(name)))
      return true;
  }
  return output->takes_all; /* a later cycle may add one */
}

void
target_options_check(struct builder *b, const struct stage *output)
{
  const struct mp_option *table = table_of(output);

  for (struct target_options *o = output->target_options; o; o = o->next) {
    bool is_default = !*o->name;

    if (!is_default && !exists(b, output, o->name))
      report_unknown(b, output, o);
    else if ((!is_default || needs_defaults(output)) && !o->omitted)
      o->options =
        options_check(b->config, &o->section, table, NULL, b->problems);
  }
}

void
target_options_hint(struct builder *b, const struct stage *output,
                    const struct config_entry *entry)
{
  const char *prefix = output->plugin->output.target_prefix;
  const char *dot = strrchr(entry->key + strlen(prefix) + 1, '.');
  struct nearest nearest;
  char words[128];

  if (!dot)
    return;
  nearest_start(&nearest, dot + 1);
  for (const struct mp_option *o = table_of(output); o && o->key; o++)
    nearest_offer(&nearest, o->key);
  nearest_hint(&nearest, words, sizeof(words));
  if (*words)
    builder_problem(b, entry->line, "%s: \"%s\" is no option of a target%s",
                    entry->key, dot + 1, words);
}
