/* meterpipe plugins: lists the installed plugins, or the options of one. */
#include "core/commands/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/run/log.h"
#include "lib/nearest.h"

static const char *
type_name(uint32_t type)
{
  static const char *const names[] = {
    [MP_TYPE_STRING] = "text",       [MP_TYPE_PATH] = "path",
    [MP_TYPE_INT] = "whole number",  [MP_TYPE_DECIMAL] = "decimal",
    [MP_TYPE_DURATION] = "duration", [MP_TYPE_BOOL] = "yes or no",
    [MP_TYPE_CHOICE] = "choice",     [MP_TYPE_SECRET] = "secret",
    [MP_TYPE_VALUE] = "value",       [MP_TYPE_OPERAND] = "OUTPUT.TARGET",
    [MP_TYPE_FIELDS] = "fields",
  };

  return names[type];
}

/* ---- The list ---- */

struct listing {
  struct loader *loader;
  bool failed;
};

static void
list_one(void *ctx, enum plugin_kind kind, const char *name, const char *path)
{
  struct listing *listing = ctx;
  const struct plugin *plugin = loader_get(listing->loader, kind, path);

  if (plugin)
    printf("%-9s  %-10s  %-8s  %3u  %s\n", plugin_kind_names[kind], name,
           plugin->table.version ? plugin->table.version : "-",
           (unsigned)plugin->table.abi_version, path);
  else {
    log_line(MP_LOG_ERROR, NULL, NULL, "%s", loader_error(listing->loader));
    listing->failed = true;
  }
}

static int
list_all(struct loader *loader)
{
  struct listing listing = { .loader = loader };

  printf("%-9s  %-10s  %-8s  %3s  %s\n", "KIND", "NAME", "VERSION", "ABI",
         "PATH");
  loader_each(loader, list_one, &listing);
  return listing.failed ? EX_CONFIG : EX_OK;
}

/* ---- One plugin ---- */

static const char *const delivery_words[] = {
  [MP_LIVE] = "live: written now or not at all",
  [MP_LATEST] = "latest: a target holds one value, the newest",
  [MP_APPEND] = "append: one row a cycle, each once, in order",
  [MP_HISTORY] = "history: every value with its time",
};

/* Returns what follows the key of an option that is given as KEY.NAME. */
static const char *
suffix_of(const struct mp_option *option)
{
  return option->flags & MP_NAMED ? ".NAME" : "";
}

static void
show_options(const struct mp_option *option)
{
  for (; option && option->key; option++) {
    char key[64];

    snprintf(key, sizeof(key), "%s%s", option->key, suffix_of(option));
    printf("  %-13s %s%s%s%s", key, type_name(option->type),
           option->allowed ? " " : "", option->allowed ? option->allowed : "",
           option->flags & MP_REQUIRED ? ", required" : "");
    if (option->def)
      printf(", default %s", option->def);
    printf("\n                %s\n", option->help ? option->help : "");
  }
}

/* Prints a section to copy, in which the options that are not required are
 * comments. */
static void
show_section(const struct plugin *plugin)
{
  const struct mp_option *option = plugin->table.options;

  printf("\n[%s NAME]\nplugin = %s\n", plugin_kind_names[plugin->kind],
         plugin->table.name);
  for (; option && option->key; option++)
    printf("%s%s%s = %s\n", option->flags & MP_REQUIRED ? "" : "; ",
           option->key, suffix_of(option),
           option->def                       ? option->def
           : option->type == MP_TYPE_VALUE   ? "INPUT.FIELD"
           : option->type == MP_TYPE_OPERAND ? "OUTPUT.TARGET"
           : option->type == MP_TYPE_CHOICE  ? option->allowed
                                             : "");
  if (plugin->kind == PLUGIN_OUTPUT)
    printf("%s.NAME = INPUT.FIELD\n", plugin->output.target_prefix);
}

static void
show_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  (void)sink;
  printf("  %-6s %-32s %-8s %s\n", field->number ? field->number : "",
         field->name, field->unit ? field->unit : "",
         field->label ? field->label : "");
}

static void
show_fields(const struct plugin *plugin)
{
  struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                .field = show_field };

  if (plugin->kind != PLUGIN_INPUT || !plugin->input.list_fields)
    return;
  printf("\nFields:\n");
  plugin_list_fields(plugin, &sink);
}

/* Options of a single target: PREFIX.NAME.KEY = TEXT. */
static void
show_target_options(const struct mp_output_ops *ops)
{
  if (!ops->target_options)
    return;
  printf("\nOptions of a target, %s.NAME.OPTION:\n", ops->target_prefix);
  show_options(ops->target_options);
}

static void
show_delivery(const struct mp_output_ops *ops)
{
  if (ops->delivery_option)
    printf("delivery: set by the option \"%s\"\n", ops->delivery_option);
  else
    printf("delivery: %s\n", delivery_words[ops->delivery]);
  printf("targets: %s.NAME = VALUE\n", ops->target_prefix);
}

static void
show_plugin(const struct plugin *plugin)
{
  printf("%s plugin \"%s\", version %s, plugin interface %u\n%s\n",
         plugin_kind_names[plugin->kind], plugin->table.name,
         plugin->table.version ? plugin->table.version : "-",
         (unsigned)plugin->table.abi_version,
         plugin->table.summary ? plugin->table.summary : "");
  printf("%s\n", plugin->path);
  if (plugin->kind == PLUGIN_OUTPUT)
    show_delivery(&plugin->output);
  printf("\nOptions:\n");
  show_options(plugin->table.options);
  if (plugin->kind == PLUGIN_OUTPUT)
    show_target_options(&plugin->output);
  show_section(plugin);
  show_fields(plugin);
}

/* ---- Names --------------------------------------------------------------- */

static void
offer_name(void *ctx, enum plugin_kind kind, const char *name, const char *path)
{
  (void)kind;
  (void)path;
  nearest_offer(ctx, name);
}

static int
fail_unknown(const struct loader *loader, const char *name)
{
  struct nearest nearest;
  char words[NEAREST_HINT];

  nearest_start(&nearest, name);
  loader_each(loader, offer_name, &nearest);
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no plugin \"%s\"%s", name,
           *nearest.best ? nearest_hint(&nearest, words, sizeof(words))
                         : " (\"meterpipe plugins\" lists them)");
  return EX_USAGE;
}

struct named {
  struct loader *loader;
  const char *name;
  int status; /* EX_USAGE: no plugin has that name */
};

/* Shows the plugin if it has the wanted name.  Several kinds may have a plugin
 * of the same name. */
static void
show_if_named(void *ctx, enum plugin_kind kind, const char *name,
              const char *path)
{
  struct named *named = ctx;
  const struct plugin *plugin;

  if (strcmp(name, named->name) != 0)
    return;
  plugin = loader_get(named->loader, kind, path);
  if (plugin)
    show_plugin(plugin);
  else
    log_line(MP_LOG_ERROR, NULL, NULL, "%s", loader_error(named->loader));
  if (named->status != EX_CONFIG)
    named->status = plugin ? EX_OK : EX_CONFIG;
}

static int
show_named(struct loader *loader, const char *name)
{
  struct named named = { loader, name, EX_USAGE };

  loader_each(loader, show_if_named, &named);
  return named.status == EX_USAGE ? fail_unknown(loader, name) : named.status;
}

/* Shows the plugin PATH, whatever its kind. */
static int
show_file(struct loader *loader, const char *path)
{
  char first_error[1024] = "";

  for (int kind = 0; kind < PLUGIN_KINDS; kind++) {
    const struct plugin *plugin =
      loader_get(loader, (enum plugin_kind)kind, path);

    if (plugin) {
      show_plugin(plugin);
      return EX_OK;
    }
    if (!*first_error)
      snprintf(first_error, sizeof(first_error), "%s", loader_error(loader));
  }
  log_line(MP_LOG_ERROR, NULL, NULL, "%s", first_error);
  return EX_CONFIG;
}

static int
show_plugins(const struct arguments *args)
{
  char *dirs = app_plugin_dirs(args->plugin_dir);
  struct loader *loader = loader_new(dirs);
  const char *name = args->n_operands > 0 ? args->operands[0] : NULL;
  int status;

  free(dirs);
  if (!name)
    status = list_all(loader);
  else
    status =
      strchr(name, '/') ? show_file(loader, name) : show_named(loader, name);
  loader_free(loader);
  return app_flush(status);
}

int
command_plugins(const struct arguments *args)
{
  return args->new_kind ? command_new(args) : show_plugins(args);
}
