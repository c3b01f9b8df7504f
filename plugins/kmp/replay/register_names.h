/*
 * Canonical names of registers at stable addresses: the host identifies a field
 * by its pointer.  Names in the register table are constants.  The number of
 * any other register is formatted on first use, into a page of 256 names.
 */
#ifndef REPLAY_REGISTER_NAMES_H
#define REPLAY_REGISTER_NAMES_H

#include <stdint.h>

#include "plugins/kmp/codec/kmp_register.h"

#define REGISTER_NAMES_PAGE 256

struct register_names {
  char (*pages[65536 / REGISTER_NAMES_PAGE])[KMP_NUMBER_SIZE];
};

/* Returns the name of register ID; REG is its entry in the register table, or
 * NULL.  Valid until register_names_free.  Returns NULL when out of memory. */
const char *register_names_get(struct register_names *names, uint16_t id,
                               const struct kmp_register *reg);

void register_names_free(struct register_names *names);

#endif
