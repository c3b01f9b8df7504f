/*
 * Names of registers at stable addresses.
 */
#include "plugins/kmp/replay/names.h"

#include <stdlib.h>

const char *
names_get(struct names *names, uint16_t id, const struct kmp_register *reg)
{
  size_t page = id / NAMES_PAGE;

  if (reg)
    return reg->name;
  if (!names->pages[page])
    names->pages[page] = calloc(NAMES_PAGE, sizeof(*names->pages[page]));
  if (!names->pages[page])
    return NULL;
  return kmp_register_name(id, names->pages[page][id % NAMES_PAGE]);
}

void
names_free(struct names *names)
{
  size_t i;

  for (i = 0; i < sizeof(names->pages) / sizeof(names->pages[0]); i++)
    free(names->pages[i]);
}
