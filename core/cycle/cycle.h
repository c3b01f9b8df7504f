/*
 * A run: one cycle, or all cycles of a recording, and what happens when
 * something fails in it.
 *
 *   read -> ask -> settle -> evaluate -> commit what is due -> deliver
 *        -> commit the answers
 */
#ifndef CORE_CYCLE_CYCLE_H
#define CORE_CYCLE_CYCLE_H

#include "core/pipeline/pipeline.h"

/* Runs the pipeline, whose store is open and whose instances are made.  All
 * failures are in the report.  Returns MP_OK, or MP_ECANCELED after a signal.
 */
int cycle_run(struct pipeline *pipeline);

#endif
