/*
 * Names of registers at stable addresses.
 */
#include "plugins/kmp/replay/register_names.h"

#include <stdlib.h>

const char *
register_names_get(struct register_names *names, uint16_t id,
                   const struct kmp_register *reg)
{
  size_t page = id / REGISTER_NAMES_PAGE;

  if (reg)
    return reg->name;
  if (!names->pages[page])
    names->pages[page] =
      calloc(REGISTER_NAMES_PAGE, sizeof(*names->pages[page]));
  if (!names->pages[page])
    return NULL;
  return kmp_register_name(id, names->pages[page][id % REGISTER_NAMES_PAGE]);
}

void
register_names_free(struct register_names *names)
{
  for (size_t i = 0; i < sizeof(names->pages) / sizeof(names->pages[0]); i++)
    free(names->pages[i]);
}
