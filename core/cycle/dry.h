/*
 * Delivery with -n: nothing is sent.
 */
#ifndef CORE_CYCLE_DRY_H
#define CORE_CYCLE_DRY_H

#include "core/pipeline/pipeline.h"

void dry_deliver(struct pipeline *p, int64_t time_ms);

#endif
