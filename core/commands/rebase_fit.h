/*
 * Checks that the next reading can be a base, judging by the last one.
 */
#ifndef CORE_COMMANDS_REBASE_FIT_H
#define CORE_COMMANDS_REBASE_FIT_H

#include "core/cycle/cycle.h"

/* Returns true if the last reading that TRANSFORM measured fits the unit of
 * BASE, or if that is not known.  If it does not fit, reports why, and prints
 * the lines of the pipeline file that help. */
bool rebase_fit(struct cycle *c, const struct stage *transform,
                const struct target *base);

#endif
