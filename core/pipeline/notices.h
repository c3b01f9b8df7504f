/*
 * Notices about the values that a cycle books.  They are logged once the cycle
 * is committed, and dropped if it is not.
 */
#ifndef CORE_PIPELINE_NOTICES_H
#define CORE_PIPELINE_NOTICES_H

#include "core/pipeline/pipeline.h"

/* Keeps a notice for the end of the cycle.  It is dropped if BASE is blocked
 * then; BASE may be NULL. */
void notices_add(struct pipeline *p, struct base *base, int level,
                 const char *name, const char *object, const char *fmt, ...)
  MP_PRINTF(6, 7);

/* Logs the notices in the order in which they were kept, and drops them.  With
 * -n, adds to each that it is not kept. */
void notices_log(struct pipeline *p);

/* Drops the notices: nothing of the cycle was committed. */
void notices_drop(struct pipeline *p);

#endif
