/*
 * Checks of the tables of a plugin.
 */
#ifndef CORE_PLUGIN_LOADER_CHECK_H
#define CORE_PLUGIN_LOADER_CHECK_H

#include "core/plugin/loader_impl.h"

/* loader_check.c: copies TABLE and the one of its kind into PLUGIN, unless
 * something is wrong with them. */
bool loader_check_table(struct loader *loader, struct plugin *plugin,
                        const struct mp_plugin *table);

#endif
