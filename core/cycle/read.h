/*
 * Reading: all inputs at once.
 */
#ifndef CORE_CYCLE_READ_H
#define CORE_CYCLE_READ_H

#include "core/pipeline/pipeline.h"

/* False: every recording is at its end. */
bool read_inputs(struct pipeline *p);
/* Asks INPUT for its serial number now; whether it told. */
bool read_identify(struct stage *input);

#endif
