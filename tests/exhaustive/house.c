/* The houses. */
#include "tests/exhaustive/house.h"

#include <string.h>

#include "lib/array.h"

#define ONE_METER                                                              \
  "[input m1]\nplugin = meter\nfields = energy\n"                              \
  "[transform usage]\nplugin = subtract\nvalue = m1.energy\n"                  \
  "minus = server.base\n"                                                      \
  "[transform total]\nplugin = add\nvalue = usage\nplus = server.total\n"

#define ONE_SERVER                                                             \
  "[output server]\nplugin = server\n"                                         \
  "idx.base = m1.energy\nidx.usage = usage\nidx.total = total\n"

#define ONE_METER_PLAN                                                         \
  {                                                                            \
    .n_meters = 1, .n_targets = 3,                                             \
    .roles = { TARGET_BASE, TARGET_USAGE, TARGET_TOTAL }                       \
  }

const struct house houses[] = {
  { .name = "domoticz",
    .about = "base, usage and total; exact, with times of update",
    .config = ONE_METER ONE_SERVER,
    .plan = ONE_METER_PLAN,
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .unit = 1,
    .is_exact = true },
};

const size_t n_houses = ARRAY_SIZE(houses);

const struct house *
house_find(const char *name)
{
  for (size_t i = 0; i < n_houses; i++)
    if (strcmp(houses[i].name, name) == 0)
      return &houses[i];
  return NULL;
}
