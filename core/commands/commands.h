/*
 * The commands; each returns its exit status.
 */
#ifndef CORE_COMMANDS_COMMANDS_H
#define CORE_COMMANDS_COMMANDS_H

#include "core/commands/app.h"

int command_run(const struct arguments *args);
int command_check(const struct arguments *args);
int command_plugins(const struct arguments *args);
int command_new(const struct arguments *args);
int command_conform(const struct arguments *args);
int command_import(const struct arguments *args);
int command_rebase(const struct arguments *args);
int command_retry(const struct arguments *args);
int command_probe(const struct arguments *args);
int command_targets(const struct arguments *args);
int command_graph(const struct arguments *args);
int command_status(const struct arguments *args);
int command_kmp(const struct arguments *args);
int command_report(const struct arguments *args);

/* rebase --forget: deletes the named targets from the state.  Returns an exit
 * status. */
int forget_targets(struct app *app);

/* Runs one cycle of the pipeline file, with the N lines ADDED in the section of
 * the output NAME.  Returns an exit status; *ret_delivered is true if each of
 * the lines got a value. */
int run_with_lines(const struct arguments *args, const char *name,
                   const struct added_line *added, size_t n,
                   bool *ret_delivered);

#endif
