/*
 * From a plugin's name to its checked tables.
 */
#ifndef CORE_PLUGIN_LOADER_H
#define CORE_PLUGIN_LOADER_H

#include <stddef.h>

#include "meterpipe/plugin.h"

enum plugin_kind { PLUGIN_INPUT, PLUGIN_TRANSFORM, PLUGIN_OUTPUT };
#define PLUGIN_KINDS 3

/* "input", "transform", "output". */
extern const char *const plugin_kind_names[PLUGIN_KINDS];

/* The delivery class called so: MP_LIVE of "live" ...; 0: there is none. */
uint32_t delivery_class(const char *name, size_t len);

/*
 * A loaded plugin.  The tables are the host's own full-size copies: what the
 * plugin's are too short for is zero, so that a plugin of an older header
 * works like one that leaves the newer members out.
 */
struct plugin {
  struct plugin *next;
  enum plugin_kind kind;
  char *path;
  void *handle;
  struct mp_plugin table;
  struct mp_input_ops input;
  struct mp_transform_ops transform;
  struct mp_output_ops output;
};

struct loader;

/* DIRS: directories by colons, searched in order. */
struct loader *loader_new(const char *dirs);
/* Forgets all plugins; their code stays in memory. */
void loader_free(struct loader *loader);

/*
 * Loads the plugin NAME of KIND: a name is looked for in the directories, one
 * with a slash is the path of the file.  A second call gives the same one.
 * NULL: loader_error tells why.
 */
const struct plugin *loader_get(struct loader *loader, enum plugin_kind kind,
                                const char *name);
const char *loader_error(const struct loader *loader);

/* Calls FN with kind, name and path of each plugin file in the directories,
 * sorted, the first of each name only; none is loaded. */
void loader_each(const struct loader *loader,
                 void (*fn)(void *ctx, enum plugin_kind kind, const char *name,
                            const char *path),
                 void *ctx);

#endif
