/*
 * Which registers tell who lives behind a meter.
 */
#ifndef KMP_PERSONAL_H
#define KMP_PERSONAL_H

#include <stdint.h>

#define PERSONAL_NEVER 0
#define PERSONAL_ALWAYS 1
/* A register of which nothing is known: by its unit, if that is a number, a
 * text or bytes without a meaning. */
#define PERSONAL_PERHAPS 2

/* Whether register ID is personal, before its value is known. */
int personal_register(uint16_t id);

/* Whether it is with a value of this unit: 1 or 0. */
int personal_value(uint16_t id, uint8_t unit);

#endif
