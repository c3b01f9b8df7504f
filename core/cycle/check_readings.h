/*
 * Decides which readings are used: exchanged meters, implausible readings.
 */
#ifndef CORE_CYCLE_CHECK_READINGS_H
#define CORE_CYCLE_CHECK_READINGS_H

#include "core/pipeline/pipeline.h"

void check_readings_begin(struct pipeline *p);
/* Returns true if TRANSFORM may use its reading in this cycle.  Call it after
 * the operands were taken: it may replace the base by the candidate. */
bool check_reading(struct stage *transform);
/* Applies the transforms between the field and SLOT to *V, a reading of that
 * field, and stores the result in *V.  Returns false if there is no result. */
bool check_readings_convert(const struct slot *slot, struct value *v);
/* Keeps the readings of this cycle that the next one needs to decide. */
void check_readings_keep(struct pipeline *p);
void check_readings_load(struct pipeline *p);
bool check_readings_save(struct pipeline *p);

#endif
