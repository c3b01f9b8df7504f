/*
 * Finds, loads and checks plugins.
 */
#ifndef CORE_PLUGIN_LOADER_H
#define CORE_PLUGIN_LOADER_H

#include <stddef.h>

#include "meterpipe/plugin.h"

enum plugin_kind { PLUGIN_INPUT, PLUGIN_TRANSFORM, PLUGIN_OUTPUT };
#define PLUGIN_KINDS 3

/* "input", "transform", "output". */
extern const char *const plugin_kind_names[PLUGIN_KINDS];

/* Returns the delivery class of that name, such as MP_LIVE for "live"; 0:
 * unknown. */
uint32_t delivery_class(const char *name, size_t len);

/*
 * A loaded plugin.  The tables are the host's own full-size copies: members
 * that the plugin's tables are too short for are zero, so that a plugin built
 * with an older header behaves like one that leaves the newer members out.
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
  struct mp_append_ops append; /* output.append, if it is not NULL */
};

/* Call the plugin's field, which describes the field NAME to SINK, and its
 * list_fields, if it has one.  They need no instance. */
int plugin_field(const struct plugin *plugin, const char *name,
                 const struct mp_field_sink *sink);
void plugin_list_fields(const struct plugin *plugin,
                        const struct mp_field_sink *sink);

struct loader;

/* Makes a loader for DIRS, directories separated by colons, searched in
 * order. */
struct loader *loader_new(const char *dirs);
/* Frees the loader and all plugins; their code stays in memory. */
void loader_free(struct loader *loader);

/*
 * Loads the plugin NAME of KIND.  A name with a slash is the path of the file;
 * another one is looked for in the directories.  A second call returns the same
 * plugin.  The loader owns it.  NULL: loader_error returns the reason.
 */
const struct plugin *loader_get(struct loader *loader, enum plugin_kind kind,
                                const char *name);
const char *loader_error(const struct loader *loader);

/* Calls FN with kind, name and path of each plugin file in the directories,
 * sorted; of several with one name, only for the first.  Loads none. */
void loader_each(const struct loader *loader,
                 void (*fn)(void *ctx, enum plugin_kind kind, const char *name,
                            const char *path),
                 void *ctx);

#endif
