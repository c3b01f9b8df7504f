/*
 * Evaluates the transforms, and decides which results count.
 */
#ifndef CORE_CYCLE_EVALUATE_H
#define CORE_CYCLE_EVALUATE_H

#include "core/cycle/cycle_data.h"
#include "core/pipeline/instance.h"

/* Evaluates the transforms from the readings, the ledgers and the answers of
 * the outputs.  Changes only d->evaluation.  INSTANCES: transforms are applied,
 * nothing else is called.  If d->evaluation.identify is set afterwards, the
 * serial number of that input must be read first, and nothing was decided. */
void evaluate(struct cycle_data *d, struct instances *instances);

/* Calls the plugin of a transform with a copy of IN; adds what it says to M.
 * Returns MP_OK with the result in *OUT, or as mp_transform_ops.apply. */
int transform_apply(struct instance *transform, const struct value *in,
                    struct value *out, struct messages *m);

/* Returns true if the value of TARGET's source goes into TARGET in this cycle.
 * Inline, because a replay asks it for each of its values. */
static inline bool
target_counts(const struct cycle_data *d, const struct target *target)
{
  const struct slot *source = target->source;

  return source && slot_state(d, source) == SLOT_VALUE &&
         !is_unreadable(d, target) &&
         d->evaluation.refusals[target->index] == REFUSAL_NONE &&
         !(source->base && is_blocked(d, source->base)) &&
         !(target->base && is_blocked(d, target->base));
}

#endif
