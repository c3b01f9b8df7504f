/*
 * Checks the tables of a plugin.
 */
#ifndef CORE_PLUGIN_LOADER_CHECK_H
#define CORE_PLUGIN_LOADER_CHECK_H

#include "core/plugin/loader_impl.h"

/* Copies TABLE and its input, transform or output table into PLUGIN.  False,
 * with the reason kept in LOADER, if one of them is invalid. */
bool loader_check_table(struct loader *loader, struct plugin *plugin,
                        const struct mp_plugin *table);

#endif
