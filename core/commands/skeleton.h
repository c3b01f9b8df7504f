/*
 * What "plugins --new" writes.
 */
#ifndef CORE_COMMANDS_SKELETON_H
#define CORE_COMMANDS_SKELETON_H

#include "core/plugin/loader.h"

#define SKELETON_PARTS 3

/* In each text, @NAME@ stands for the plugin's name and @KIND@ for its kind. */
struct skeleton {
  const char *source[SKELETON_PARTS]; /* one after the other */
  const char *makefile;
  const char *pipeline; /* a pipeline file that tries it */
};

extern const struct skeleton skeletons[PLUGIN_KINDS];

#endif
