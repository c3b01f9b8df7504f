/*
 * Decides which readings are used: exchanged meters, implausible readings.
 */
#ifndef CORE_CYCLE_CHECK_READINGS_H
#define CORE_CYCLE_CHECK_READINGS_H

#include "core/cycle/cycle_data.h"
#include "core/pipeline/instance.h"

/* Returns true if TRANSFORM may use its reading in this cycle.  Call it after
 * the operands were taken: it may replace the base by the candidate.  Sets
 * d->evaluation.identify if a serial number must be read first. */
bool check_reading(struct cycle_data *d, struct instances *instances,
                   const struct stage *transform);

/* Applies the transforms between the field and SLOT to *V, a reading of that
 * field, and stores the result in *V.  Returns false if there is no result. */
bool check_readings_convert(struct instances *instances,
                            const struct slot *slot, struct value *v,
                            struct messages *m);

/* Keeps the readings of this cycle that the next one needs to decide. */
void check_readings_keep(struct cycle_data *d);

#endif
