/* Finds and loads plugins. */
#include "core/plugin/loader_impl.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "core/plugin/loader_check.h"
#include "core/run/progress.h"
#include "lib/array.h"
#include "lib/nearest.h"
#include "lib/safe_dir.h"

const char *const plugin_kind_names[PLUGIN_KINDS] = { "input", "transform",
                                                      "output" };

/* Indexed by MP_LIVE and so on. */
static const char *const delivery_names[] = { NULL, "live", "latest", "append",
                                              "history" };

uint32_t
delivery_class(const char *name, size_t len)
{
  for (uint32_t class = MP_LIVE; class < ARRAY_SIZE(delivery_names); class ++)
    if (strlen(delivery_names[class]) == len &&
        strncmp(delivery_names[class], name, len) == 0)
      return class;
  return 0;
}

struct loader *
loader_new(const char *dirs)
{
  struct loader *loader = memory_get(1, sizeof(*loader));

  loader->dirs = memory_text(dirs);
  return loader;
}

static void
plugin_free(struct plugin *plugin)
{
  if (plugin->handle)
    dlclose(plugin->handle);
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

bool
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
  size_t n;
};

/* Splits a file name KIND_NAME.so into kind and NAME.  The caller frees the
 * name.  False: not a plugin's file name. */
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
    *ret_name = memory_text_of(file + n + 1, len - n - 4);
    return true;
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
  char *name;

  if (!plugin_file_name(file, &kind, &name))
    return;
  if (listed_already(list, kind, name)) {
    free(name);
    return;
  }
  MEMORY_GROW(&list->found, list->n);
  list->found[list->n++] =
    (struct found){ kind, name, memory_format("%s/%s", dir, file) };
}

static int
by_kind_and_name(const void *a, const void *b)
{
  const struct found *x = a, *y = b;

  return x->kind != y->kind ? (int)x->kind - (int)y->kind
                            : strcmp(x->name, y->name);
}

/* Returns NULL if there is no such directory, or it cannot be read. */
static DIR *
open_directory(const char *dir)
{
  DIR *d = opendir(dir);

  if (!d && errno == ENOMEM)
    memory_out();
  return d;
}

static void
list_directories(const struct loader *loader, struct listing *list)
{
  char *dirs = memory_text(loader->dirs), *rest = dirs, *dir;

  while ((dir = strsep(&rest, ":"))) {
    DIR *d = *dir ? open_directory(dir) : NULL;

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
    return memory_text(name);
  dirs = memory_text(loader->dirs);
  rest = dirs;
  while ((dir = strsep(&rest, ":"))) {
    if (!*dir)
      continue;
    path = memory_format("%s/%s_%s.so", dir, plugin_kind_names[kind], name);
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
  const char *other_kind; /* a kind that has this name; NULL: none */
};

static void
suggest_plugin(void *ctx, enum plugin_kind kind, const char *name,
               const char *path)
{
  struct suggestion *s = ctx;

  (void)path;
  if (kind != s->kind) {
    if (strcmp(name, s->name) == 0)
      s->other_kind = plugin_kind_names[kind];
    return;
  }
  nearest_offer(&s->nearest, name);
}

static bool
fail_not_found(struct loader *loader, enum plugin_kind kind, const char *name)
{
  struct suggestion s = { .kind = kind, .name = name };

  nearest_start(&s.nearest, name);
  loader_each(loader, suggest_plugin, &s);
  if (s.other_kind)
    fail_load(loader,
              "the plugin \"%s\" is for a section [%s NAME], not for [%s NAME]",
              name, s.other_kind, plugin_kind_names[kind]);
  else if (*s.nearest.best)
    fail_load(loader, "there is no %s plugin \"%s\"; the nearest is \"%s\"",
              plugin_kind_names[kind], name, s.nearest.best);
  else
    fail_load(
      loader,
      "there is no %s plugin \"%s\" in %s (\"meterpipe plugins\" lists them)",
      plugin_kind_names[kind], name, loader->dirs);
  return false;
}

/* ---- Loading ---- */

static bool
load_plugin(struct loader *loader, struct plugin *plugin)
{
  const struct mp_plugin *(*entry)(void);
  char why[SAFE_DIR_WHY];

  if (access(plugin->path, R_OK) != 0)
    return fail_load(loader, "the plugin %s cannot be read: %s", plugin->path,
                     strerror(errno));
  if (safe_dir_check(plugin->path, geteuid(), why) != 0)
    return fail_load(loader, "the plugin %s: %s", plugin->path, why);
  /* A thread of the plugin, or of a library that it uses, may outlive its
   * instances: the code is never unloaded. */
  plugin->handle = dlopen(plugin->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!plugin->handle)
    return fail_load(loader, "%s", dlerror());
  /* dlsym returns a data pointer; POSIX guarantees that it can hold a
   * function. */
  *(void **)&entry = dlsym(plugin->handle, "meterpipe_plugin");
  if (!entry)
    return fail_load(loader,
                     "%s: it is not a plugin of meterpipe: it does not export "
                     "meterpipe_plugin",
                     plugin->path);
  return loader_check_table(loader, plugin, entry());
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
  plugin = memory_get(1, sizeof(*plugin));
  plugin->kind = kind;
  plugin->path = path;
  if (!load_plugin(loader, plugin)) {
    plugin_free(plugin);
    return NULL;
  }
  plugin->next = loader->plugins;
  loader->plugins = plugin;
  return plugin;
}

/* ---- Fields ---- */

int
plugin_field(const struct plugin *plugin, const char *name,
             const struct mp_field_sink *sink)
{
  int r;

  progress_begin(plugin->table.name, "field");
  r = plugin->input.field(name, sink);
  progress_end();
  return r;
}

void
plugin_list_fields(const struct plugin *plugin,
                   const struct mp_field_sink *sink)
{
  if (!plugin->input.list_fields)
    return;
  progress_begin(plugin->table.name, "list_fields");
  plugin->input.list_fields(sink);
  progress_end();
}
