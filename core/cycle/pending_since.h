/*
 * Keeps the time since when targets have pending values, for meterpipe status.
 */
#ifndef CORE_CYCLE_PENDING_SINCE_H
#define CORE_CYCLE_PENDING_SINCE_H

#include "core/cycle/cycle.h"

void pending_since_keep(struct cycle *c);
/* Returns true if T, a target of a latest output, has a pending value.
 * *RET_SINCE is the time since when, in ms; 0: not known. */
bool pending_since(const struct cycle *c, const struct target *t,
                   int64_t *ret_since);

#endif
