/*
 * Canonical names of registers at stable addresses: the host identifies a field
 * by its pointer.  Names in the register table are constants.  The number of
 * any other register is formatted on first use, into a page of 256 names.
 */
#ifndef REPLAY_NAMES_H
#define REPLAY_NAMES_H

#include <stdint.h>

#include "plugins/kmp/codec/kmp_register.h"

#define NAMES_PAGE 256

struct names {
  char (*pages[65536 / NAMES_PAGE])[KMP_NUMBER_SIZE];
};

/* Returns the name of register ID; REG is its entry in the register table, or
 * NULL.  Valid until names_free.  Returns NULL when out of memory. */
const char *names_get(struct names *names, uint16_t id,
                      const struct kmp_register *reg);

void names_free(struct names *names);

#endif
