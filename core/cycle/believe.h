/*
 * Readings of an exchanged meter: which of them are used.
 */
#ifndef CORE_CYCLE_BELIEVE_H
#define CORE_CYCLE_BELIEVE_H

#include "core/pipeline/pipeline.h"

void believe_begin(struct pipeline *p);
/* Whether the reading that TRANSFORM measures is used in this cycle.  After its
 * operands were taken: its base may be the candidate instead. */
bool believe(struct stage *transform);
/* Applies the transforms between the field and SLOT to *V, a reading of that
 * field, and stores the result in *V; false: there is no result. */
bool believe_carry(const struct slot *slot, struct value *v);
/* Keeps what the next cycle must know of the readings of this one. */
void believe_keep(struct pipeline *p);
void believe_load(struct pipeline *p);
bool believe_save(struct pipeline *p);

#endif
