/*
 * Decides which failures of earlier runs have ended.
 */
#ifndef CORE_CYCLE_ENDED_FAILURES_H
#define CORE_CYCLE_ENDED_FAILURES_H

#include "core/cycle/cycle.h"

/* Returns the state of OBJECT of the stage NAME in this cycle, for
 * report_end_cycle.  CTX is a struct cycle. */
enum report_object ended_failures_state(void *ctx, const char *name,
                                        const char *object);

#endif
