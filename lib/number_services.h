/*
 * The services of struct mp_host for decimals and units, the same in the runner
 * and in the fake host of the test kit.
 */
#ifndef LIB_NUMBER_SERVICES_H
#define LIB_NUMBER_SERVICES_H

#include <meterpipe/plugin.h>

/* Sets the members decimal_..., unit_convert and unit_quantity of HOST. */
void number_services_set(struct mp_host *host);

#endif
