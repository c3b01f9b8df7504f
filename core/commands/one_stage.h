/*
 * Makes one instance of a plugin from the words of a command line, instead of
 * from a pipeline file:
 *
 *     meterpipe probe kmp device=/dev/ttyUSB0 retries=0
 *
 * The result is a plan of one stage, named after its plugin.  Its config
 * has the one section that such a pipeline file would have.
 */
#ifndef CORE_COMMANDS_ONE_STAGE_H
#define CORE_COMMANDS_ONE_STAGE_H

#include "core/commands/app.h"

/* Makes the config of one stage.  PLUGIN is loaded, and NAME is its name for
 * the loader; WORDS are N texts OPTION=VALUE.  Adds the faults of words to
 * PROBLEMS. */
struct config *one_stage_config(const struct plugin *plugin, const char *name,
                                char **words, int n, struct problems *problems);

/* Builds app->config, app->plan and app->cycle from args->operands, and logs
 * the faults in them.  The stage is app->plan->stages[0].  Returns an exit
 * status. */
int one_stage_load(struct app *app, enum plugin_kind kind);

/* Prints the section that configures STAGE, under the name NAME, without
 * targets and fields.  A secret is printed as OPTION_file = FILE, without its
 * value. */
void one_stage_print_section(const struct stage *stage, const char *name,
                             FILE *out);

#endif
