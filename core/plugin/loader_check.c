/*
 * Checks the tables of a loaded plugin before they are used: large enough,
 * complete, of one kind, and valid.
 */
#include "core/plugin/loader_check.h"

#include "core/plugin/loader_impl.h"

#include <string.h>

#include "core/plugin/loader_option.h"
#include "lib/storable.h"

/* Most bytes of a name that a plugin defines. */
#define MAX_NAME 32

/* Copies the members of a plugin's table that host and plugin both know. */
#define COPY_TABLE(to, from)                                                   \
  do {                                                                         \
    size_t size_ = (from)->struct_size < sizeof(*(to)) ? (from)->struct_size   \
                                                       : sizeof(*(to));        \
    memset((to), 0, sizeof(*(to)));                                            \
    memcpy((to), (from), size_);                                               \
    (to)->struct_size = sizeof(*(to));                                         \
  } while (0)

/* True if a plugin's table is long enough for MEMBER, the last one of the
 * first release with this ABI version. */
#define REACHES(table, type, member) MP_HAS((table), type, member)

static bool
check_input(struct loader *loader, struct plugin *plugin)
{
  const struct mp_input_ops *ops = plugin->table.input;

  if (!REACHES(ops, struct mp_input_ops, probe))
    return fail_load(loader, "%s: its input table is too small (%u bytes)",
                     plugin->path, (unsigned)ops->struct_size);
  COPY_TABLE(&plugin->input, ops);
  if (!ops->field || !ops->read)
    return fail_load(loader, "%s: its input table lacks %s", plugin->path,
                     ops->field ? "read" : "field");
  return true;
}

static bool
check_transform(struct loader *loader, struct plugin *plugin)
{
  const struct mp_transform_ops *ops = plugin->table.transform;

  if (!REACHES(ops, struct mp_transform_ops, apply))
    return fail_load(loader, "%s: its transform table is too small (%u bytes)",
                     plugin->path, (unsigned)ops->struct_size);
  COPY_TABLE(&plugin->transform, ops);
  if (!ops->apply)
    return fail_load(loader, "%s: its transform table lacks apply",
                     plugin->path);
  return true;
}

/* Returns true if the output can have the delivery class CLASS (0: a choice
 * that names no class). */
static bool
has_class(const struct mp_output_ops *ops, const struct mp_option *option,
          uint32_t class)
{
  const char *p = option ? option->allowed : NULL;

  while (p && *p) {
    size_t len = strcspn(p, "|");

    if (delivery_class(p, len) == class)
      return true;
    p += len + (p[len] == '|');
  }
  return !option && ops->delivery == class;
}

/* Checks that each instance gets a delivery class, and that all choices
 * exist. */
static bool
check_delivery_option(struct loader *loader, const struct plugin *plugin,
                      const struct mp_option *option)
{
  const char *key = plugin->output.delivery_option;

  if (!option || option->type != MP_TYPE_CHOICE ||
      !(option->def || (option->flags & MP_REQUIRED)))
    return fail_load(loader,
                     "%s: its delivery_option \"%s\" must be a choice in its "
                     "option table, and required or with a default",
                     plugin->path, key);
  if (has_class(&plugin->output, option, 0))
    return fail_load(loader,
                     "%s: its delivery_option \"%s\" allows \"%s\"; it may "
                     "allow live, latest, append and history",
                     plugin->path, key, option->allowed);
  return true;
}

static const struct mp_option *
find_option(const struct mp_option *option, const char *key)
{
  for (; option && option->key; option++)
    if (strcmp(option->key, key) == 0)
      return option;
  return NULL;
}

static bool
check_append(struct loader *loader, struct plugin *plugin, bool required)
{
  const struct mp_append_ops *ops = plugin->output.append;

  if (!ops && !required)
    return true;
  if (!ops || !REACHES(ops, struct mp_append_ops, recover) || !ops->token ||
      !ops->recover)
    return fail_load(loader, "%s: an append output must have token and recover",
                     plugin->path);
  COPY_TABLE(&plugin->append, ops);
  plugin->output.append = &plugin->append;
  return true;
}

static bool
check_delivery(struct loader *loader, struct plugin *plugin)
{
  const struct mp_output_ops *ops = &plugin->output;
  const struct mp_option *option = NULL;

  if (ops->delivery < MP_LIVE || ops->delivery > MP_HISTORY)
    return fail_load(loader,
                     "%s: it declares delivery class %u, which does "
                     "not exist",
                     plugin->path, (unsigned)ops->delivery);
  if (ops->delivery_option) {
    option = find_option(plugin->table.options, ops->delivery_option);
    if (!check_delivery_option(loader, plugin, option))
      return false;
  }
  return check_append(loader, plugin, has_class(ops, option, MP_APPEND));
}

/* Checks the word PREFIX of PREFIX.NAME.KEY. */
static bool
check_target_prefix(struct loader *loader, const struct plugin *plugin)
{
  const char *prefix = plugin->output.target_prefix;

  if (strlen(prefix) > MAX_NAME || !storable_word(prefix, strlen(prefix)))
    return fail_load(loader,
                     "%s: its target_prefix must be [a-z][a-z0-9_]* and have "
                     "%d characters at most",
                     plugin->path, MAX_NAME);
  return true;
}

static bool
check_output(struct loader *loader, struct plugin *plugin)
{
  const struct mp_output_ops *ops = plugin->table.output;

  if (!REACHES(ops, struct mp_output_ops, delivery_option))
    return fail_load(loader, "%s: its output table is too small (%u bytes)",
                     plugin->path, (unsigned)ops->struct_size);
  COPY_TABLE(&plugin->output, ops);
  if (!ops->target_prefix || !*ops->target_prefix || !ops->write ||
      !ops->commit)
    return fail_load(loader,
                     "%s: its output table lacks target_prefix, write "
                     "or commit",
                     plugin->path);
  return check_target_prefix(loader, plugin) &&
         loader_check_target_options(loader, plugin) &&
         check_delivery(loader, plugin);
}

/* Names and versions are written to the state, to messages and to lists. */
static bool
check_names(struct loader *loader, const struct plugin *plugin)
{
  const struct mp_plugin *table = &plugin->table;
  size_t len = strlen(table->name);

  if (len > MAX_NAME || !storable_word(table->name, len))
    return fail_load(loader,
                     "%s: its name must be [a-z][a-z0-9_]* and have %d "
                     "characters at most",
                     plugin->path, MAX_NAME);
  if ((table->version && !storable_symbol(table->version)) ||
      (table->summary && !storable_symbol(table->summary)))
    return fail_load(loader,
                     "%s: its version and its summary must be lines of clean "
                     "UTF-8 of less than %d bytes",
                     plugin->path, STORABLE_SYMBOL);
  return true;
}

/* Checks the plugin's table before its kind: a caller that tries one kind after
 * the other then gets the fault of the table, not "wrong kind". */
static bool
check_kind(struct loader *loader, struct plugin *plugin)
{
  static bool (*const check_of_kind[PLUGIN_KINDS])(
    struct loader *, struct plugin *) = { check_input, check_transform,
                                          check_output };
  const void *tables[PLUGIN_KINDS] = { plugin->table.input,
                                       plugin->table.transform,
                                       plugin->table.output };
  int kind, n = 0;

  for (kind = 0; kind < PLUGIN_KINDS; kind++)
    if (tables[kind])
      n++;
  if (n != 1)
    return fail_load(loader,
                     "%s: it has %d of the tables input, transform and "
                     "output; it must have one",
                     plugin->path, n);
  for (kind = 0; !tables[kind]; kind++)
    ;
  if (!check_of_kind[kind](loader, plugin))
    return false;
  if (kind == (int)plugin->kind)
    return true;
  return fail_load(loader,
                   "%s: the plugin is for a section [%s NAME], not for [%s "
                   "NAME]",
                   plugin->path, plugin_kind_names[kind],
                   plugin_kind_names[plugin->kind]);
}

bool
loader_check_table(struct loader *loader, struct plugin *plugin,
                   const struct mp_plugin *table)
{
  if (!table)
    return fail_load(loader, "%s: meterpipe_plugin() gave no table",
                     plugin->path);
  if (table->abi_version != MP_ABI_VERSION)
    return fail_load(
      loader,
      "%s: it was built for plugin interface %u, but this meterpipe has %u: "
      "build it with the header of this meterpipe",
      plugin->path, (unsigned)table->abi_version, (unsigned)MP_ABI_VERSION);
  if (!REACHES(table, struct mp_plugin, output))
    return fail_load(loader, "%s: its plugin table is too small (%u bytes)",
                     plugin->path, (unsigned)table->struct_size);
  COPY_TABLE(&plugin->table, table);
  if (!table->name || !*table->name || !table->create || !table->destroy)
    return fail_load(loader,
                     "%s: its plugin table lacks name, create or "
                     "destroy",
                     plugin->path);
  return check_names(loader, plugin) && loader_check_options(loader, plugin) &&
         check_kind(loader, plugin);
}
