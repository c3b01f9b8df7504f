/*
 * What "plugins --new" writes: the files of examples/templates.
 */
#ifndef CORE_COMMANDS_SKELETON_H
#define CORE_COMMANDS_SKELETON_H

/* In each text, @NAME@ stands for the plugin's name and @KIND@ for its kind. */
struct skeleton {
  const char *source, *makefile;
  const char *pipeline; /* a pipeline file that tries it */
};

/* Of a kind of plugins (enum plugin_kind). */
extern const struct skeleton skeletons[];

#endif
