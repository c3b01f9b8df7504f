/*
 * Internals that the files of the loader share.
 */
#ifndef CORE_PLUGIN_LOADER_IMPL_H
#define CORE_PLUGIN_LOADER_IMPL_H

#include <stdbool.h>

#include "core/plugin/loader.h"

struct loader {
  char *dirs;
  struct plugin *plugins;
  char error[1024];
};

/* In loader.c: keeps the reason why a plugin cannot be used; returns false. */
bool fail_load(struct loader *loader, const char *fmt, ...) MP_PRINTF(2, 3);

#endif
