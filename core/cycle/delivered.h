/*
 * The list of delivered values, on standard error: for a user who runs it at a
 * terminal, or with -v.  A successful run prints nothing otherwise.
 */
#ifndef CORE_CYCLE_DELIVERED_H
#define CORE_CYCLE_DELIVERED_H

#include "core/cycle/cycle.h"

/* Lists V, which the output acknowledged as the value of TARGET. */
void delivered_value(struct cycle *c, const struct target *target,
                     const struct value *v);

/* Prints the list, with the reason for each target that has no value yet, and
 * begins the next one. */
void delivered_print(struct cycle *c);

#endif
