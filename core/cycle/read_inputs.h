/*
 * Reads all inputs at once.
 */
#ifndef CORE_CYCLE_READ_INPUTS_H
#define CORE_CYCLE_READ_INPUTS_H

#include "core/cycle/cycle.h"

/* Reads a cycle.  Returns false if there are only captures, and all have
 * ended. */
bool read_inputs(struct cycle *c);
/* Asks INPUT for its serial number now, at most once a cycle. */
void read_identify(struct cycle *c, const struct stage *input);

#endif
