/*
 * Whether the next reading can be a base, as far as the last one tells.
 */
#ifndef CORE_COMMANDS_REBASE_FIT_H
#define CORE_COMMANDS_REBASE_FIT_H

#include "core/pipeline/pipeline.h"

/* Whether the last reading that TRANSFORM measured fits the unit of BASE.  If
 * not, says why, and prints the lines of the pipeline file that help. */
bool rebase_fit(const struct stage *transform, const struct target *base);

#endif
