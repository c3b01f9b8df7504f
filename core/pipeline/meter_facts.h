/*
 * Facts about the meters, kept in the state: an input need not ask for them in
 * every cycle.
 */
#ifndef CORE_PIPELINE_METER_FACTS_H
#define CORE_PIPELINE_METER_FACTS_H

#include "core/pipeline/instance.h"

/* Keeps the facts that INPUT gave.  Returns MP_OK, MP_EINTERNAL (reported) or
 * MP_ENOMEM. */
int meter_facts_keep(struct instance *input, const struct mp_meter *meter);

/* Fills in what is known about the meter of INPUT, and mp_meter.section; not
 * the serial number.  STORE may be NULL.  The texts are valid until the state
 * changes. */
void meter_facts_get(struct store *store, const struct stage *input,
                     struct mp_meter *ret);

#endif
