/*
 * Asks the outputs for their displayed values.
 */
#ifndef CORE_CYCLE_ASK_OUTPUTS_H
#define CORE_CYCLE_ASK_OUTPUTS_H

#include "core/cycle/cycle.h"

/* Asks each output whose displayed values are needed, and keeps its answers. */
void ask_outputs(struct cycle *c);

/* Returns true if asking OUTPUT can reveal that an older copy of the state was
 * put back: it tells the time of its rows, and rows were booked for it. */
bool older_state_is_noticed(const struct cycle *c, const struct stage *output);

#endif
