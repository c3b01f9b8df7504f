/* Selects the targets, queues and failures that `status NAME` shows: those of
 * one row of a list, or of one section. */
#ifndef CORE_COMMANDS_STATUS_SELECT_H
#define CORE_COMMANDS_STATUS_SELECT_H

#include <stdbool.h>

#include "core/commands/status.h"

/* Returns false, with a message, if NAME is neither a row nor a section of the
 * pipeline file. */
bool status_knows(const struct plan *plan, const char *name);

/* Return whether the stage, the target, or the stage with the name NAME (""
 * for none) is to be shown.  Targets without values in the state are not. */
bool status_shows_stage(const struct status *status, const struct stage *stage);
bool status_shows_target(const struct status *status,
                         const struct target *target);
bool status_shows_name(const struct status *status, const char *name);

#endif
