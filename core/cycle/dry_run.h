/*
 * Delivery with -n: nothing is sent.
 */
#ifndef CORE_CYCLE_DRY_RUN_H
#define CORE_CYCLE_DRY_RUN_H

#include "core/cycle/cycle.h"

void dry_run_deliver(struct cycle *c, int64_t time_ms);

#endif
