/*
 * Reads all inputs at once.
 */
#ifndef CORE_CYCLE_READ_INPUTS_H
#define CORE_CYCLE_READ_INPUTS_H

#include "core/pipeline/pipeline.h"

/* Reads a cycle.  Returns false if there are only captures, and all have
 * ended. */
bool read_inputs(struct pipeline *p);
/* Asks INPUT for its serial number now.  Returns true if it was read. */
bool read_identify(struct stage *input);

#endif
