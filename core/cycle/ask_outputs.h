/*
 * Asks the outputs for their displayed values.
 */
#ifndef CORE_CYCLE_ASK_OUTPUTS_H
#define CORE_CYCLE_ASK_OUTPUTS_H

#include "core/cycle/cycle.h"

/* Returns true if OUTPUT must be asked in this cycle. */
bool must_be_asked(const struct cycle *c, const struct stage *output);

/* Asks OUTPUT, which is open, for the displayed values of its targets and keeps
 * the answers. */
enum verdict ask_output(struct cycle *c, const struct stage *output);

#endif
