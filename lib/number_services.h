/*
 * The services of struct mp_host for decimals and units, the same in the runner
 * and in the fake host of the test kit.
 */
#ifndef LIB_NUMBER_SERVICES_H
#define LIB_NUMBER_SERVICES_H

#include <meterpipe/plugin.h>

#include "lib/decimal.h"

/* Sets the members decimal_... and unit_convert of HOST. */
void number_services_set(struct mp_host *host);

/* Makes *to the gauge D.  Writes only the members of ABI 1.0, because a plugin
 * of an older header has a shorter struct.  Keeps its struct_size, unless that
 * is too small. */
void number_services_fill(struct mp_value *to, struct mp_decimal d);

#endif
