/*
 * Since when targets wait, for status.
 */
#ifndef CORE_CYCLE_WAITING_H
#define CORE_CYCLE_WAITING_H

#include "core/pipeline/pipeline.h"

void waiting_keep(struct pipeline *p);
/* Whether T, of a latest output, has a value due, and since when (ms; 0: not
 * known). */
bool waiting_since(const struct target *t, int64_t *ret_since);

#endif
