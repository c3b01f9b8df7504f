/*
 * Checks of the option table of a plugin.
 */
#ifndef CORE_PLUGIN_LOADER_OPTION_H
#define CORE_PLUGIN_LOADER_OPTION_H

#include "core/plugin/loader_impl.h"

/* loader_option.c: false, with the reason kept, where a row of PLUGIN's option
 * table is unsound. */
bool loader_check_options(struct loader *loader, const struct plugin *plugin);

#endif
