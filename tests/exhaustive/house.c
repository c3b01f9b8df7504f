/* The houses. */
#include "tests/exhaustive/house.h"

#include <string.h>

#include "lib/array.h"
#include "tests/exhaustive/normal.h"

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
    .n_meters = 1, .n_targets = 3, .roles = {                                  \
      TARGET_BASE,                                                             \
      TARGET_USAGE,                                                            \
      TARGET_TOTAL                                                             \
    }                                                                          \
  }

const struct house houses[] = {
  { .name = "domoticz",
    .about = "base, usage and total; exact, with times of update",
    .config = ONE_METER ONE_SERVER,
    .plan = ONE_METER_PLAN,
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .unit = 1,
    .is_relative = true },
  { .name = "state",
    .about = "the same; the program's state is lost, or an older copy restored",
    .config = ONE_METER ONE_SERVER,
    .plan = ONE_METER_PLAN,
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .unit = 1,
    .keeps_older = true,
    .is_relative = true },
  { .name = "totals",
    .about = "two totals on one base",
    .config = ONE_METER
    "[transform total2]\nplugin = add\nvalue = usage\nplus = server.total2\n"
    "[output server]\nplugin = server\nidx.base = m1.energy\n"
    "idx.total = total\nidx.total2 = total2\n",
    .plan = { .n_meters = 1,
              .n_targets = 3,
              .roles = { TARGET_BASE, TARGET_TOTAL, TARGET_TOTAL } },
    .targets = { "base", "total", "total2" },
    .inputs = { "m1" },
    .unit = 1,
    .is_relative = true },
  { .name = "coarse",
    .about = "devices that hold whole steps only",
    .config = ONE_METER ONE_SERVER,
    .plan = ONE_METER_PLAN,
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .steps = { 0, 10, 10 },
    .unit = 4,
    .is_relative = true },
  { .name = "coarse-base",
    .about = "the base's device, too, holds whole steps only",
    .config = ONE_METER ONE_SERVER,
    .plan = ONE_METER_PLAN,
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .steps = { 10, 10, 10 },
    .unit = 4,
    .is_relative = true },
  { .name = "divider",
    .about = "devices whose divider may be changed",
    .config = ONE_METER ONE_SERVER,
    .plan = ONE_METER_PLAN,
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .steps = { 1, 1, 1 },
    .unit = 10,
    .most_runs = 8 },
  { .name = "untimed",
    .about = "a server that does not say when it stored a value",
    .config = ONE_METER ONE_SERVER,
    .plan = { .n_meters = 1,
              .n_targets = 3,
              .roles = { TARGET_BASE, TARGET_USAGE, TARGET_TOTAL },
              .is_untimed = true },
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .unit = 1,
    .most_runs = 5,
    .is_relative = true },
  { .name = "started",
    .about = "devices that display other values before the first run",
    .config = ONE_METER ONE_SERVER,
    .plan = ONE_METER_PLAN,
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .start = { NORMAL_COUNT - 5, 7, 500 },
    .unit = 1,
    .shows_zero = true,
    .is_relative = true },
  { .name = "zeros",
    .about = "devices that display 0 before the first run",
    .config = ONE_METER ONE_SERVER,
    .plan = ONE_METER_PLAN,
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .unit = 1,
    .shows_zero = true,
    .is_relative = true },
  { .name = "blind",
    .about = "a server that displays nothing and knows records by their ids",
    .config = ONE_METER ONE_SERVER,
    .plan = { .n_meters = 1,
              .n_targets = 3,
              .roles = { TARGET_BASE, TARGET_USAGE, TARGET_TOTAL },
              .is_blind = true },
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .unit = 1,
    .is_relative = true },
  { .name = "csv",
    .about = "a file with a row for each cycle, beside the server",
    .config = ONE_METER "[output server]\nplugin = server\n"
                        "idx.base = m1.energy\nidx.total = total\n"
                        "[output file]\nplugin = file\n"
                        "column.energy = m1.energy\ncolumn.usage = usage\n",
    .plan = { .n_meters = 1,
              .n_targets = 4,
              .roles = { TARGET_BASE, TARGET_TOTAL, TARGET_COLUMN,
                         TARGET_USAGE },
              .in_file = { false, false, true, true } },
    .targets = { "base", "total", "energy", "usage" },
    .inputs = { "m1" },
    .unit = 1,
    .has_file = true,
    .is_relative = true },
  { .name = "bus",
    .about = "a server that tells the id of the record of each value",
    .config = ONE_METER ONE_SERVER,
    .plan = { .n_meters = 1,
              .n_targets = 3,
              .roles = { TARGET_BASE, TARGET_USAGE, TARGET_TOTAL },
              .has_ids = true },
    .targets = { "base", "usage", "total" },
    .inputs = { "m1" },
    .unit = 1,
    .keeps_older = true,
    .is_relative = true },
  { .name = "copy",
    .about = "a device that shows the total, and may get another unit",
    .config = ONE_METER "[output server]\nplugin = server\n"
                        "idx.base = m1.energy\nidx.total = total\n"
                        "idx.copy = total\n",
    .plan = { .n_meters = 1,
              .n_targets = 3,
              .roles = { TARGET_BASE, TARGET_TOTAL, TARGET_COPY },
              .totals = { 0, 0, 1 } },
    .targets = { "base", "total", "copy" },
    .inputs = { "m1" },
    .unit = 1,
    .is_relative = true },
  { .name = "meters",
    .about = "two meters",
    .config = "[input m1]\nplugin = meter\nfields = energy\n"
              "[input m2]\nplugin = meter\nfields = energy\n"
              "[transform usage]\nplugin = subtract\nvalue = m1.energy\n"
              "minus = server.base\n"
              "[transform usage2]\nplugin = subtract\nvalue = m2.energy\n"
              "minus = server.base2\n"
              "[transform total]\nplugin = add\nvalue = usage\n"
              "plus = server.total\n"
              "[output server]\nplugin = server\nidx.base = m1.energy\n"
              "idx.base2 = m2.energy\nidx.total = total\n"
              "idx.usage2 = usage2\n",
    .plan = { .n_meters = 2,
              .n_targets = 4,
              .roles = { TARGET_BASE, TARGET_BASE, TARGET_TOTAL, TARGET_USAGE },
              .meters = { 0, 1, 0, 1 } },
    .targets = { "base", "base2", "total", "usage2" },
    .inputs = { "m1", "m2" },
    .unit = 1,
    .is_relative = true },
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
