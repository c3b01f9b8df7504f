/*
 * One instance of a plugin from the words of a command line, in place of a
 * pipeline file:
 *
 *     meterpipe probe kmp device=/dev/ttyUSB0 retries=0
 *
 * It is a pipeline of one stage, named after its plugin; the section that such
 * a file would have is its config.
 */
#ifndef CORE_COMMANDS_ADHOC_H
#define CORE_COMMANDS_ADHOC_H

#include "core/commands/app.h"

/* Makes app->config and app->pipeline of args->operands, and shows what is
 * wrong with them.  The stage is app->pipeline->stages[0].  An exit status. */
int adhoc_load(struct app *app, enum plugin_kind kind);

/* Prints the section that makes such an instance, but for targets and fields;
 * of secrets only how to give them. */
void adhoc_print_section(const struct stage *stage, const char *name,
                         FILE *out);

#endif
