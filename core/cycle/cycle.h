/*
 * A run: one cycle, or all cycles of a capture, and the handling of failures.
 *
 *   read -> ask -> settle -> evaluate -> commit pending values -> deliver
 *        -> commit the answers
 */
#ifndef CORE_CYCLE_CYCLE_H
#define CORE_CYCLE_CYCLE_H

#include "core/pipeline/pipeline.h"

/* Runs the pipeline, whose store is open and whose instances are created.  All
 * failures are reported.  Returns MP_OK, or MP_ECANCELED after a signal. */
int cycle_run(struct pipeline *pipeline);

#endif
