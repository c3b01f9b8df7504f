/*
 * Makes the plan of an old command line.  The old script wrote one device after
 * the other, and read each operand just before.  A pipeline takes all last
 * known values before it writes anything.  If this, or our rules for totals,
 * makes a difference, a warning says so.
 */
#include "core/commands/import/import_plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config_text.h"
#include "core/memory/memory.h"
#include "meterpipe/plugin.h"

/* ---- Warnings ------------------------------------------------------------ */

/* An item in the form of the command line. */
struct shown {
  char text[SPEC_TEXT];
};

static const char *
item_text(const struct import_item *item, struct shown *shown)
{
  return spec_item_format(&item->spec, shown->text, sizeof(shown->text));
}

MP_PRINTF(3, 4)
static void
warn_of_item(struct import_plan *plan, const struct import_item *item,
             const char *fmt, ...)
{
  char text[512], line[SPEC_TEXT + sizeof(text) + 4];
  struct shown shown;
  va_list args;

  va_start(args, fmt);
  vsnprintf(text, sizeof(text), fmt, args);
  va_end(args);
  snprintf(line, sizeof(line), "%s: %s\n", item_text(item, &shown), text);
  fprintf(plan->err, "warning: import: %s", line);
  memory_check(text_buffer_add_text(&plan->notes, line));
}

/* ---- Checks of the items ------------------------------------------------- */

static uint32_t
part_text(const struct import_item *item, int i)
{
  return item->spec.part[i];
}

/* Returns the item that writes to IDX; NULL: none. */
static const struct import_item *
find_writer(const struct import_plan *plan, uint32_t idx)
{
  for (size_t i = 0; i < plan->n; i++)
    if (!plan->items[i].left_out && part_text(&plan->items[i], SPEC_IDX) == idx)
      return &plan->items[i];
  return NULL;
}

/* Returns true if ITEM writes to its device the reading that USER works on. */
static bool
writes_reading_of(const struct import_item *item,
                  const struct import_item *user)
{
  return part_text(item, SPEC_FUNCTION) == SPEC_OVERWRITE &&
         part_text(item, SPEC_REGISTER) == part_text(user, SPEC_REGISTER);
}

/* Turns an item that has the effect of an overwrite into one, with a
 * warning. */
static void
simplify(struct import_plan *plan, struct import_item *item)
{
  uint32_t *p = item->spec.part;

  if (p[SPEC_FUNCTION] == SPEC_OVERWRITE && p[SPEC_IDX2])
    warn_of_item(plan, item, "function 0 does not use IDX2: ignored");
  else if (p[SPEC_FUNCTION] != SPEC_OVERWRITE && !p[SPEC_IDX2])
    warn_of_item(plan, item,
                 "function %" PRIu32
                 " without IDX2: the old script wrote the reading "
                 "itself, and so does this pipeline",
                 p[SPEC_FUNCTION]);
  else if (p[SPEC_FUNCTION] == SPEC_ADD && p[SPEC_IDX] == p[SPEC_IDX2])
    warn_of_item(plan, item,
                 "adds to a device the difference between the reading and that "
                 "device, which gives the reading: written as function 0");
  else
    return;
  p[SPEC_FUNCTION] = SPEC_OVERWRITE;
  p[SPEC_IDX2] = 0;
}

/* Leaves out ITEM, with a warning, if a later one is for the same device: the
 * last one counts, as in the old script. */
static void
drop_repeated(struct import_plan *plan, struct import_item *item)
{
  const struct import_item *end = plan->items + plan->n, *other;
  struct shown shown;

  for (other = item + 1; other < end; other++)
    if (part_text(other, SPEC_IDX) == part_text(item, SPEC_IDX))
      break;
  if (other == end)
    return;
  if (memcmp(&other->spec, &item->spec, sizeof(item->spec)) == 0)
    warn_of_item(plan, item,
                 "idx %" PRIu32 " is given twice: it is written once",
                 part_text(item, SPEC_IDX));
  else
    warn_of_item(plan, item,
                 "idx %" PRIu32 " is given twice: only the later %s counts",
                 part_text(item, SPEC_IDX), item_text(other, &shown));
  item->left_out = true;
}

/* Returns true, with a warning, if ITEM measures from a running total or from a
 * device that displays usages.  Neither can be a base. */
static bool
has_impossible_base(struct import_plan *plan, const struct import_item *item)
{
  const struct import_item *base, *base_of_base;
  struct shown shown;

  if (part_text(item, SPEC_FUNCTION) == SPEC_OVERWRITE)
    return false;
  base = find_writer(plan, part_text(item, SPEC_IDX2));
  if (!base || base == item)
    return false;
  if (part_text(base, SPEC_FUNCTION) == SPEC_ADD) {
    warn_of_item(plan, item,
                 "%" PRIu32
                 " is a running total (%s), which cannot be a base: left out",
                 part_text(base, SPEC_IDX), item_text(base, &shown));
    return true;
  }
  if (part_text(base, SPEC_FUNCTION) == SPEC_OVERWRITE)
    return false;
  base_of_base = find_writer(plan, part_text(base, SPEC_IDX2));
  if (!base_of_base || !writes_reading_of(base_of_base, base))
    return false;
  warn_of_item(plan, item,
               "%" PRIu32
               " holds usages (%s), which cannot be a base: left out",
               part_text(base, SPEC_IDX), item_text(base, &shown));
  return true;
}

/* Leaves out the items with an impossible base.  All are checked before one is
 * left out, because their order must not matter. */
static void
drop_impossible(struct import_plan *plan)
{
  bool *drop = memory_get(plan->n, sizeof(*drop));

  for (size_t i = 0; i < plan->n; i++)
    drop[i] =
      !plan->items[i].left_out && has_impossible_base(plan, &plan->items[i]);
  for (size_t i = 0; i < plan->n; i++)
    plan->items[i].left_out |= drop[i];
  free(drop);
}

/* Warns if the result of USER is no usage since the last run: that needs a base
 * which follows the reading. */
static void
judge_base(struct import_plan *plan, const struct import_item *user)
{
  uint32_t idx2 = part_text(user, SPEC_IDX2),
           reg = part_text(user, SPEC_REGISTER);
  const struct import_item *base = find_writer(plan, idx2);
  struct shown shown;

  if (base == user)
    warn_of_item(plan, user,
                 "subtracts its own last result, which is probably a mistake");
  else if (!base)
    warn_of_item(
      plan, user,
      "no item writes %" PRIu32 ": if no other program does, the result is "
      "a gauge, the rise since %" PRIu32
      " was set, and not the usage since the last run; to write the reading "
      "to it, add %" PRIu32 ":%" PRIu32 ":0",
      idx2, idx2, idx2, reg);
  else if (!writes_reading_of(base, user))
    warn_of_item(
      plan, user,
      "%" PRIu32
      " gets another value (%s) than the reading of register %" PRIu32
      ": the result is a gauge, not a usage",
      idx2, item_text(base, &shown), reg);
}

/* Warns if the order of the items gave another result in the old script. */
static void
judge_order(struct import_plan *plan, struct import_usage *usage,
            const struct import_item *user)
{
  uint32_t idx2 = part_text(user, SPEC_IDX2);
  const struct import_item *base = find_writer(plan, idx2);
  struct shown shown;

  if (usage->order_matters || !base || base >= user ||
      !writes_reading_of(base, user))
    return;
  usage->order_matters = true;
  warn_of_item(plan, user,
               "%s overwrites %" PRIu32
               " before it is used, which gave 0 in the old "
               "script; here the order does not matter: the value that %" PRIu32
               " had before counts",
               item_text(base, &shown), idx2, idx2);
}

/* ---- Transforms ---------------------------------------------------------- */

static struct import_usage *
find_usage(struct import_plan *plan, const struct import_item *item)
{
  for (size_t i = 0; i < plan->n_usages; i++) {
    const struct import_item *other = plan->usages[i].item;

    if (part_text(other, SPEC_REGISTER) == part_text(item, SPEC_REGISTER) &&
        part_text(other, SPEC_IDX2) == part_text(item, SPEC_IDX2))
      return &plan->usages[i];
  }
  return NULL;
}

static void
join_usage(struct import_plan *plan, struct import_item *item)
{
  struct import_usage *usage = find_usage(plan, item);

  if (!usage) {
    usage = &plan->usages[plan->n_usages++];
    usage->item = item;
    judge_base(plan, item);
  }
  item->usage = (size_t)(usage - plan->usages);
  judge_order(plan, usage, item);
  plan->n_adds += part_text(item, SPEC_FUNCTION) == SPEC_ADD;
}

/* Ways to name the transforms when there are several, the nicest first. */
enum {
  NAMED_BY_FIELD,
  NAMED_BY_IDX2,
  NAMED_BY_BOTH /* always possible */
};

static void
name_usage(struct import_usage *u, int way)
{
  const struct import_item *item = u->item;
  int len;

  if (way == NAMED_BY_FIELD)
    len = snprintf(u->name, sizeof(u->name), "usage_%s", item->field);
  else
    len = snprintf(u->name, sizeof(u->name), "usage_%" PRIu32,
                   part_text(item, SPEC_IDX2));
  if (way == NAMED_BY_BOTH)
    snprintf(u->name + len, sizeof(u->name) - (size_t)len, "_%" PRIu32,
             part_text(item, SPEC_REGISTER));
}

/* Returns true if all usages have valid names, and different ones. */
static bool
names_fit(const struct import_plan *plan)
{
  for (size_t i = 0; i < plan->n_usages; i++) {
    const char *name = plan->usages[i].name;

    if (!config_is_name(name, strlen(name)))
      return false;
    for (size_t k = 0; k < i; k++)
      if (strcmp(name, plan->usages[k].name) == 0)
        return false;
  }
  return true;
}

static void
name_usages(struct import_plan *plan)
{
  if (plan->n_usages == 1) {
    snprintf(plan->usages[0].name, sizeof(plan->usages[0].name), "usage");
    return;
  }
  for (int way = NAMED_BY_FIELD; way <= NAMED_BY_BOTH; way++) {
    for (size_t i = 0; i < plan->n_usages; i++)
      name_usage(&plan->usages[i], way);
    if (names_fit(plan))
      return;
  }
}

/* ---- Making the plan ----------------------------------------------------- */

/* Makes the plan's items from SPEC, with the field names of their registers.
 * Returns MP_OK or MP_EDATA (reported). */
static int
take_items(struct import_plan *plan, const struct spec *spec,
           import_field_fn field)
{
  char number[16];
  int r = MP_OK;

  plan->items = memory_get(spec->n, sizeof(*plan->items));
  plan->usages = memory_get(spec->n, sizeof(*plan->usages));
  for (plan->n = 0; plan->n < spec->n; plan->n++) {
    struct import_item *item = &plan->items[plan->n];
    struct shown shown;

    item->spec = spec->items[plan->n];
    snprintf(number, sizeof(number), "%" PRIu32,
             part_text(item, SPEC_REGISTER));
    if (field(number, item->field, sizeof(item->field)) == 0)
      continue;
    fprintf(plan->err, "error: import: %s: there is no register %s\n",
            item_text(item, &shown), number);
    r = MP_EDATA;
  }
  return r;
}

static int
settle_item(struct import_plan *plan)
{
  size_t n_left = 0;

  for (size_t i = 0; i < plan->n; i++)
    simplify(plan, &plan->items[i]);
  for (size_t i = 0; i < plan->n; i++)
    drop_repeated(plan, &plan->items[i]);
  drop_impossible(plan);
  for (size_t i = 0; i < plan->n; i++) {
    struct import_item *item = &plan->items[i];

    if (item->left_out)
      continue;
    n_left++;
    if (part_text(item, SPEC_FUNCTION) != SPEC_OVERWRITE)
      join_usage(plan, item);
  }
  name_usages(plan);
  if (n_left > 0)
    return MP_OK;
  fprintf(plan->err, "error: import: no item is left to write\n");
  return MP_EDATA;
}

int
import_plan_make(struct import_plan *plan, FILE *err, const char *text,
                 import_field_fn field)
{
  struct spec spec;
  int r;

  memset(plan, 0, sizeof(*plan));
  plan->err = err;
  r = spec_parse(text, err, &spec);
  if (r != MP_OK)
    return r;
  r = take_items(plan, &spec, field);
  spec_free(&spec);
  return r == MP_OK ? settle_item(plan) : r;
}

void
import_plan_free(struct import_plan *plan)
{
  free(plan->items);
  free(plan->usages);
  text_buffer_free(&plan->notes);
  memset(plan, 0, sizeof(*plan));
}
