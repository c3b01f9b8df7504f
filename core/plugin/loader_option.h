/*
 * Checks the option table of a plugin.
 */
#ifndef CORE_PLUGIN_LOADER_OPTION_H
#define CORE_PLUGIN_LOADER_OPTION_H

#include "core/plugin/loader_impl.h"

/* Returns false, with the reason kept in LOADER, if a row of PLUGIN's option
 * table is invalid. */
bool loader_check_options(struct loader *loader, const struct plugin *plugin);

/* The same for the table of target options of an output. */
bool loader_check_target_options(struct loader *loader,
                                 const struct plugin *plugin);

#endif
