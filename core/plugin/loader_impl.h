/*
 * The loader inside: what finding and checking plugins know of each other.
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

/* loader.c: keeps why a plugin cannot be used; false, to be returned. */
bool fail_load(struct loader *loader, const char *fmt, ...) MP_PRINTF(2, 3);

#endif
