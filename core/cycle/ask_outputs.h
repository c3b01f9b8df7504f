/*
 * Asks the outputs for their displayed values and settles the ledgers.
 */
#ifndef CORE_CYCLE_ASK_OUTPUTS_H
#define CORE_CYCLE_ASK_OUTPUTS_H

#include "core/pipeline/pipeline.h"

void ask_outputs(struct pipeline *p);

#endif
