/* Options of single targets. */
#include "core/pipeline/target_options.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/nearest.h"

#define OMITS "none"

/* The options of one target. */
struct named_options {
  char *name;
  bool omitted;  /* PREFIX.NAME = none */
  bool is_named; /* PREFIX.NAME = VALUE, even if VALUE is wrong */
  struct config_section section;
  struct options *options;
};

/* Those of an output, sorted by name.  The first has no name: it belongs to all
 * targets that have no options of their own. */
struct target_options {
  size_t n;
  struct named_options *list;
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

/* The first LEN bytes of NAME. */
struct name {
  const char *name;
  size_t len;
};

static int
compare_name(const void *key, const void *item)
{
  const struct name *wanted = key;
  const char *name = ((const struct named_options *)item)->name;
  int order = strncmp(wanted->name, name, wanted->len);

  return order ? order : -(name[wanted->len] != '\0');
}

static int
compare_options(const void *a, const void *b)
{
  return strcmp(((const struct named_options *)a)->name,
                ((const struct named_options *)b)->name);
}

/* Returns the options of the target whose name is the first LEN bytes of NAME;
 * NULL: it has none of its own. */
static struct named_options *
find(const struct stage *output, const char *name, size_t len)
{
  const struct target_options *all = output->target_options;
  const struct name wanted = { name, len };

  return all ? bsearch(&wanted, all->list, all->n, sizeof(*all->list),
                       compare_name)
             : NULL;
}

static void
add_name(struct target_options *all, const char *name, size_t len)
{
  MEMORY_GROW(&all->list, all->n);
  all->list[all->n++] =
    (struct named_options){ .name = memory_text_of(name, len) };
}

/* Sorts the names, and removes those that are there twice. */
static void
sort_names(struct target_options *all)
{
  size_t n = 1;

  qsort(all->list, all->n, sizeof(*all->list), compare_options);
  for (size_t i = 1; i < all->n; i++)
    if (strcmp(all->list[i].name, all->list[n - 1].name) == 0)
      free(all->list[i].name);
    else
      all->list[n++] = all->list[i];
  all->n = n;
}

/* Makes a list of the targets with options of their own, which are still
 * empty. */
static void
list_names(struct builder *b, struct stage *output)
{
  struct target_options *all = memory_get(1, sizeof(*all));
  const struct config_section *section = output->section;

  output->target_options = all;
  add_name(all, "", 0);
  for (size_t i = 0; i < section->n_entries; i++) {
    const struct config_entry *entry = &section->entries[i];
    const char *name;
    size_t len;
    enum target_entry what = target_entry_of(output, entry, &name, &len);

    if (what != TARGET_ENTRY_OPTION && what != TARGET_ENTRY_OMITS)
      continue;
    if (len == 0)
      builder_problem(b, entry->line, "\"%s\" names no target", entry->key);
    else
      add_name(all, name, len);
  }
  sort_names(all);
}

static void
add_entry(struct named_options *named, const struct config_entry *entry,
          const char *key)
{
  struct config_section *section = &named->section;

  MEMORY_GROW(&section->entries, section->n_entries);
  section->entries[section->n_entries] = *entry;
  section->entries[section->n_entries++].key = key;
}

static void
read_entry(struct stage *output, const struct config_entry *entry)
{
  const char *name;
  size_t len = 0;
  enum target_entry what = target_entry_of(output, entry, &name, &len);
  struct named_options *named = len > 0 ? find(output, name, len) : NULL;

  if (!named)
    return;
  if (what == TARGET_ENTRY_TARGET)
    named->is_named = true;
  if (what != TARGET_ENTRY_OPTION && what != TARGET_ENTRY_OMITS)
    return;
  if (!named->section.line)
    named->section.line = entry->line;
  if (what == TARGET_ENTRY_OMITS)
    named->omitted = true;
  else
    add_entry(named, entry, name + len + 1);
}

void
target_options_read(struct builder *b, struct stage *output)
{
  const struct config_section *section = output->section;
  struct target_options *all;

  list_names(b, output);
  all = output->target_options;
  for (size_t i = 0; i < all->n; i++)
    all->list[i].section =
      (struct config_section){ .kind = section->kind, .name = output->name };
  all->list[0].section.line = section->line;
  for (size_t i = 0; i < section->n_entries; i++)
    read_entry(output, &section->entries[i]);
}

/* ---- Use ---- */

bool
target_options_omit(const struct stage *output, const char *name)
{
  const struct named_options *named = find(output, name, strlen(name));

  return named && named->omitted;
}

const struct options *
target_options_of(const struct target *target)
{
  const struct target_options *all = target->stage->target_options;
  const struct named_options *named =
    find(target->stage, target->name, strlen(target->name));

  if (!named && all)
    named = &all->list[0];
  return named ? named->options : NULL;
}

void
target_options_free(struct target_options *all)
{
  if (!all)
    return;
  for (size_t i = 0; i < all->n; i++) {
    options_free(all->list[i].options);
    free(all->list[i].section.entries);
    free(all->list[i].name);
  }
  free(all->list);
  free(all);
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

/* Notes the values that OUTPUT takes, as targets that exist. */
static void
note_values(const struct plan *plan, const struct stage *output)
{
  for (size_t i = 0; i < plan->n_slots; i++) {
    const char *name = plan->slots[i]->name;
    struct named_options *named = find(output, name, strlen(name));

    if (named)
      named->is_named = true;
  }
}

static void
report_unknown(struct builder *b, const struct stage *output,
               const struct named_options *named)
{
  struct nearest nearest;
  char words[128];

  nearest_start(&nearest, named->name);
  for (size_t i = 0; i < output->n_targets; i++)
    nearest_offer(&nearest, output->targets[i]->name);
  builder_problem(b, named->section.line, "%s.%s: [output %s] has no such %s%s",
                  output->plugin->output.target_prefix, named->name,
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
  struct target_options *all = output->target_options;

  if (output->takes_all)
    note_values(b->plan, output);
  for (size_t i = 0; i < all->n; i++) {
    struct named_options *o = &all->list[i];
    bool is_default = i == 0;

    if (!is_default && !o->is_named &&
        !(output->takes_all && may_come(b->plan, o->name)))
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
