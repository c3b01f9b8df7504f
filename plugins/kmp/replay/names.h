/*
 * Canonical names of registers, each at an address that stays: the host knows
 * a field again by its pointer.  Names of the table are constants; numbers
 * without a name are written down when they come, in pages of 256.
 */
#ifndef REPLAY_NAMES_H
#define REPLAY_NAMES_H

#include <stdint.h>

#include "plugins/kmp/codec/kmp_register.h"

#define NAMES_PAGE 256

struct names {
  char (*pages[65536 / NAMES_PAGE])[KMP_NUMBER_SIZE];
};

/* The name of a register, which the table has as REG (NULL: it does not). NULL:
 * out of memory. */
const char *names_get(struct names *names, uint16_t id,
                      const struct kmp_register *reg);

void names_free(struct names *names);

#endif
