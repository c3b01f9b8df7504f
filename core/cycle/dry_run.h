/*
 * Delivery with -n: nothing is sent.
 */
#ifndef CORE_CYCLE_DRY_RUN_H
#define CORE_CYCLE_DRY_RUN_H

#include "core/pipeline/pipeline.h"

void dry_run_deliver(struct pipeline *p, int64_t time_ms);

#endif
