/*
 * Decides which readings are used: exchanged meters, implausible readings.
 */
#ifndef CORE_CYCLE_BELIEVE_H
#define CORE_CYCLE_BELIEVE_H

#include "core/pipeline/pipeline.h"

void believe_begin(struct pipeline *p);
/* Returns true if TRANSFORM may use its reading in this cycle.  Call it after
 * the operands were taken: it may replace the base by the candidate. */
bool believe(struct stage *transform);
/* Applies the transforms between the field and SLOT to *V, a reading of that
 * field, and stores the result in *V.  Returns false if there is no result. */
bool believe_carry(const struct slot *slot, struct value *v);
/* Keeps the readings of this cycle that the next one needs to decide. */
void believe_keep(struct pipeline *p);
void believe_load(struct pipeline *p);
bool believe_save(struct pipeline *p);

#endif
