/*
 * Tells which registers can identify a customer.
 */
#ifndef KMP_PERSONAL_REGISTERS_H
#define KMP_PERSONAL_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#define PERSONAL_NEVER 0
#define PERSONAL_ALWAYS 1
/* An unknown register: the unit of its value decides.  Plain numbers, texts and
 * values of unknown units are personal. */
#define PERSONAL_PERHAPS 2

/* Returns PERSONAL_... for register ID, without a value. */
int personal_register(uint16_t id);

/* Returns true if a value of register ID with this unit is personal, else
 * false. */
bool personal_value(uint16_t id, uint8_t unit);

#endif
