/*
 * Evaluates the transforms, and decides which results count.
 */
#ifndef CORE_CYCLE_EVALUATE_H
#define CORE_CYCLE_EVALUATE_H

#include "core/pipeline/pipeline.h"

void evaluate(struct pipeline *p);
/* Calls the plugin of TRANSFORM with a copy of IN.  Returns MP_OK with the
 * result in *OUT, or as mp_transform_ops.apply. */
int transform_apply(struct stage *transform, const struct value *in,
                    struct value *out);
/* Returns true if the value of TARGET's source goes into TARGET in this cycle.
 */
bool target_counts(const struct target *target);

#endif
