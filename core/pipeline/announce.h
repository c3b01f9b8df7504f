/*
 * Notices of what a cycle books: they are said once it is committed, and not at
 * all where it is not.
 */
#ifndef CORE_PIPELINE_ANNOUNCE_H
#define CORE_PIPELINE_ANNOUNCE_H

#include "core/pipeline/pipeline.h"

/* Keeps a notice for the end of the cycle.  BASE (NULL: none): it is dropped
 * where that base is blocked. */
void announce(struct pipeline *p, struct base *base, int level,
              const char *name, const char *object, const char *fmt, ...)
  MP_PRINTF(6, 7);

/* Says the notices in the order they came in; with -n, that none of it was
 * kept. */
void announce_say(struct pipeline *p);

/* Drops them: nothing of the cycle was committed. */
void announce_drop(struct pipeline *p);

#endif
