/*
 * The files that "plugins --new" writes, from examples/templates.
 */
#ifndef CORE_COMMANDS_SKELETON_H
#define CORE_COMMANDS_SKELETON_H

/* In each text, @NAME@ is replaced by the plugin's name, and @KIND@ by its
 * kind. */
struct skeleton {
  const char *source, *makefile;
  const char *pipeline; /* a pipeline file to try the plugin with */
};

/* Indexed by enum plugin_kind. */
extern const struct skeleton skeletons[];

#endif
