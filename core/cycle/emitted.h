/*
 * Takes the values that inputs emit.
 */
#ifndef CORE_CYCLE_EMITTED_H
#define CORE_CYCLE_EMITTED_H

#include "core/cycle/cycle.h"

/* Returns the sink that TELLER, an input, emits into during read and
 * identify. */
struct mp_sink emitted_sink(struct teller *teller);

#endif
