/* Finding, loading and checking plugins. */
#include "core/loader.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/nearest.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

const char *const plugin_kind_names[PLUGIN_KINDS] = { "input", "transform",
                                                      "output" };

/* By MP_LIVE and so on. */
static const char *const delivery_names[] = { NULL, "live", "latest", "append",
                                              "history" };

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

uint32_t
delivery_class(const char *name, size_t len)
{
  for (uint32_t class = MP_LIVE; class < ARRAY_SIZE(delivery_names); class++)
    if (strlen(delivery_names[class]) == len &&
        strncmp(delivery_names[class], name, len) == 0)
      return class;
  return 0;
}

struct loader {
  char *dirs;
  struct plugin *plugins;
  char error[1024];
};

struct loader *
loader_new(const char *dirs)
{
  struct loader *loader = calloc(1, sizeof(*loader));

  if (!loader)
    return NULL;
  loader->dirs = strdup(dirs);
  if (!loader->dirs) {
    free(loader);
    return NULL;
  }
  return loader;
}

static void
plugin_free(struct plugin *plugin)
{
#ifndef KEEP_MODULES_OPEN /* sanitizers need the names in their reports */
  if (plugin->handle)
    dlclose(plugin->handle);
#endif
  free(plugin->path);
  free(plugin);
}

void
loader_free(struct loader *loader)
{
  if (!loader)
    return;
  while (loader->plugins) {
    struct plugin *next = loader->plugins->next;

    plugin_free(loader->plugins);
    loader->plugins = next;
  }
  free(loader->dirs);
  free(loader);
}

const char *
loader_error(const struct loader *loader)
{
  return loader->error;
}

MP_PRINTF(2, 3)
static bool
fail_load(struct loader *loader, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  vsnprintf(loader->error, sizeof(loader->error), fmt, args);
  va_end(args);
  return false;
}

/* ---- Listing ---- */

struct found {
  enum plugin_kind kind;
  char *name, *path;
};

struct listing {
  struct found *found;
  size_t n, room;
};

/* The kind and NAME of a file called KIND_NAME.so. */
static bool
plugin_file_name(const char *file, enum plugin_kind *ret_kind, char **ret_name)
{
  size_t len = strlen(file);

  if (len < 4 || strcmp(file + len - 3, ".so") != 0)
    return false;
  for (int kind = 0; kind < PLUGIN_KINDS; kind++) {
    size_t n = strlen(plugin_kind_names[kind]);

    if (strncmp(file, plugin_kind_names[kind], n) != 0 || file[n] != '_' ||
        len < n + 5)
      continue;
    *ret_kind = (enum plugin_kind)kind;
    *ret_name = strndup(file + n + 1, len - n - 4);
    return *ret_name != NULL;
  }
  return false;
}

static bool
listed_already(const struct listing *list, enum plugin_kind kind,
               const char *name)
{
  for (size_t i = 0; i < list->n; i++)
    if (list->found[i].kind == kind && strcmp(list->found[i].name, name) == 0)
      return true;
  return false;
}

static void
list_add(struct listing *list, const char *dir, const char *file)
{
  enum plugin_kind kind;
  char *name, *path;

  if (!plugin_file_name(file, &kind, &name))
    return;
  if (list->n == list->room) {
    size_t room = list->room ? list->room * 2 : 16;
    void *grown = realloc(list->found, room * sizeof(*list->found));

    if (grown) {
      list->found = grown;
      list->room = room;
    }
  }
  if (list->n == list->room || listed_already(list, kind, name) ||
      asprintf(&path, "%s/%s", dir, file) < 0) {
    free(name);
    return;
  }
  list->found[list->n++] = (struct found){ kind, name, path };
}

static int
by_kind_and_name(const void *a, const void *b)
{
  const struct found *x = a, *y = b;

  return x->kind != y->kind ? (int)x->kind - (int)y->kind
                            : strcmp(x->name, y->name);
}

static void
list_directories(const struct loader *loader, struct listing *list)
{
  char *dirs = strdup(loader->dirs), *rest = dirs, *dir;

  while (dirs && (dir = strsep(&rest, ":")) != NULL) {
    DIR *d = *dir ? opendir(dir) : NULL;

    if (!d)
      continue;
    for (struct dirent *e = readdir(d); e; e = readdir(d))
      list_add(list, dir, e->d_name);
    closedir(d);
  }
  free(dirs);
  if (list->n > 0)
    qsort(list->found, list->n, sizeof(*list->found), by_kind_and_name);
}

void
loader_each(const struct loader *loader,
            void (*fn)(void *ctx, enum plugin_kind kind, const char *name,
                       const char *path),
            void *ctx)
{
  struct listing list = { 0 };

  list_directories(loader, &list);
  for (size_t i = 0; i < list.n; i++) {
    fn(ctx, list.found[i].kind, list.found[i].name, list.found[i].path);
    free(list.found[i].name);
    free(list.found[i].path);
  }
  free(list.found);
}

/* ---- Finding ---- */

static char *
find_file(const struct loader *loader, enum plugin_kind kind, const char *name)
{
  char *dirs, *rest, *dir, *path = NULL;

  if (strchr(name, '/'))
    return strdup(name);
  dirs = strdup(loader->dirs);
  rest = dirs;
  while (dirs && (dir = strsep(&rest, ":")) != NULL) {
    if (!*dir ||
        asprintf(&path, "%s/%s_%s.so", dir, plugin_kind_names[kind], name) < 0)
      continue;
    if (access(path, F_OK) == 0)
      break;
    free(path);
    path = NULL;
  }
  free(dirs);
  return path;
}

struct suggestion {
  enum plugin_kind kind;
  const char *name;
  struct nearest nearest;
  const char *other_kind; /* there is one of this name, of another kind */
  char *best;
};

static void
suggest(void *ctx, enum plugin_kind kind, const char *name, const char *path)
{
  struct suggestion *s = ctx;
  unsigned before = s->nearest.distance;
  const char *best = s->nearest.best;

  (void)path;
  if (kind != s->kind) {
    if (strcmp(name, s->name) == 0)
      s->other_kind = plugin_kind_names[kind];
    return;
  }
  nearest_offer(&s->nearest, name);
  if (s->nearest.best != best || s->nearest.distance != before) {
    free(s->best);
    s->best = strdup(name);
    s->nearest.best = s->best;
  }
}

static bool
fail_not_found(struct loader *loader, enum plugin_kind kind, const char *name)
{
  struct suggestion s = { .kind = kind, .name = name };

  nearest_start(&s.nearest, name);
  loader_each(loader, suggest, &s);
  if (s.other_kind)
    fail_load(loader,
              "the plugin \"%s\" is for a section [%s NAME], not for [%s NAME]",
              name, s.other_kind, plugin_kind_names[kind]);
  else if (s.best)
    fail_load(loader, "there is no %s plugin \"%s\"; the nearest is \"%s\"",
              plugin_kind_names[kind], name, s.best);
  else
    fail_load(loader,
              "there is no %s plugin \"%s\" in %s (\"meterpipe plugins\" lists "
              "what is installed)",
              plugin_kind_names[kind], name, loader->dirs);
  free(s.best);
  return false;
}

/* ---- Checking ---- */

/* Copies as much of a plugin's table as both sides know. */
#define COPY_TABLE(to, from)                                                   \
  do {                                                                         \
    size_t size_ = (from)->struct_size < sizeof(*(to)) ? (from)->struct_size   \
                                                       : sizeof(*(to));        \
    memset((to), 0, sizeof(*(to)));                                            \
    memcpy((to), (from), size_);                                               \
    (to)->struct_size = sizeof(*(to));                                         \
  } while (0)

/* Whether a plugin's table reaches up to MEMBER, the last of ABI 1.0. */
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

/* Whether CLASS is one that the output may have. */
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

/* An instance must have a class, and one that exists. */
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
                     "%s: its delivery_option \"%s\" allows \"%s\", and there "
                     "are live, latest, append and history",
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
check_delivery(struct loader *loader, const struct plugin *plugin)
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
  if (has_class(ops, option, MP_APPEND) && (!ops->token || !ops->recover))
    return fail_load(loader, "%s: an append output must have token and recover",
                     plugin->path);
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
  return check_delivery(loader, plugin);
}

static bool
check_options(struct loader *loader, const struct plugin *plugin)
{
  const struct mp_option *option = plugin->table.options;

  for (; option && option->key; option++)
    if (!*option->key || option->type < MP_TYPE_STRING ||
        option->type > MP_TYPE_FIELDS ||
        (option->type == MP_TYPE_CHOICE && !option->allowed))
      return fail_load(loader,
                       "%s: the row \"%s\" of its option table is "
                       "unsound",
                       plugin->path, option->key);
  return true;
}

/* What is wrong with its table comes first: whoever tries one kind after the
 * other is told that, and not that it is of another kind. */
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

static bool
check_table(struct loader *loader, struct plugin *plugin,
            const struct mp_plugin *table)
{
  if (!table)
    return fail_load(loader, "%s: meterpipe_plugin() gave no table",
                     plugin->path);
  if (table->abi_version != MP_ABI_VERSION)
    return fail_load(loader,
                     "%s: it was built for plugin interface %u, this meterpipe "
                     "has %u: build it against this one's header",
                     plugin->path, (unsigned)table->abi_version,
                     (unsigned)MP_ABI_VERSION);
  if (!REACHES(table, struct mp_plugin, output))
    return fail_load(loader, "%s: its plugin table is too small (%u bytes)",
                     plugin->path, (unsigned)table->struct_size);
  COPY_TABLE(&plugin->table, table);
  if (!table->name || !*table->name || !table->create || !table->destroy)
    return fail_load(loader,
                     "%s: its plugin table lacks name, create or "
                     "destroy",
                     plugin->path);
  return check_options(loader, plugin) && check_kind(loader, plugin);
}

static bool
load(struct loader *loader, struct plugin *plugin)
{
  const struct mp_plugin *(*entry)(void);

  if (access(plugin->path, R_OK) != 0)
    return fail_load(loader, "the plugin %s cannot be read: %s", plugin->path,
                     strerror(errno));
  plugin->handle = dlopen(plugin->path, RTLD_NOW | RTLD_LOCAL);
  if (!plugin->handle)
    return fail_load(loader, "%s", dlerror());
  /* POSIX has dlsym give functions as data pointers. */
  *(void **)&entry = dlsym(plugin->handle, "meterpipe_plugin");
  if (!entry)
    return fail_load(loader,
                     "%s: it is no plugin of meterpipe: it does not "
                     "export meterpipe_plugin",
                     plugin->path);
  return check_table(loader, plugin, entry());
}

const struct plugin *
loader_get(struct loader *loader, enum plugin_kind kind, const char *name)
{
  struct plugin *plugin;
  char *path = find_file(loader, kind, name);

  if (!path) {
    fail_not_found(loader, kind, name);
    return NULL;
  }
  for (plugin = loader->plugins; plugin; plugin = plugin->next)
    if (plugin->kind == kind && strcmp(plugin->path, path) == 0) {
      free(path);
      return plugin;
    }
  plugin = calloc(1, sizeof(*plugin));
  if (!plugin) {
    free(path);
    fail_load(loader, "out of memory");
    return NULL;
  }
  plugin->kind = kind;
  plugin->path = path;
  if (!load(loader, plugin)) {
    plugin_free(plugin);
    return NULL;
  }
  plugin->next = loader->plugins;
  loader->plugins = plugin;
  return plugin;
}
