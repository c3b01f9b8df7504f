/*
 * Checks that the next reading can be a base.  A meter that was reconfigured
 * counts in a unit that may not convert exactly to the unit of the target.
 */
#include "core/commands/rebase_fit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/check_readings.h"
#include "core/memory/memory.h"
#include "core/run/log.h"
#include "lib/unit.h"

/* The decimals proposed for a base without a last known value. */
#define DECIMALS 3

#define NAME_SIZE 160

/* Returns the unit of the last known value in LEDGER; NULL: none, or not
 * known. */
static const char *
unit_of(const struct ledger *ledger)
{
  const struct value *last = ledger_last(ledger);

  return ledger->unit || !last ? ledger->unit : last->unit;
}

/* Gets the value of SLOT for the last reading of its field, believed or not.
 * Returns false if there is none; otherwise the caller clears *RET. */
static bool
last_reading(struct cycle *c, const struct slot *slot, struct value *ret)
{
  const struct slot *field = slot_field(slot);
  const struct reading *kept =
    field && field->is_measured ? &c->d.kept[field->index] : NULL;
  const struct value *last = NULL;
  struct messages m = { .first = NULL };
  bool good;

  if (kept)
    last = kept->unconfirmed.kind ? &kept->unconfirmed : &kept->believed;
  if (!last || !last->kind)
    return false;
  memory_copy_value(ret, last);
  good = check_readings_convert(c->instances, slot, ret, &m);
  cycle_say(c, &m);
  if (!good)
    value_clear(ret);
  return good;
}

/* Writes a free name for the convert section to NAME: "heat_energy_e1_mwh", or
 * with "_2" and so on at its end if that is taken. */
static void
name_convert(const struct plan *p, const struct slot *slot, const char *unit,
             char name[NAME_SIZE])
{
  const char *value = slot->field ? slot->field : slot->name;
  size_t len;

  snprintf(name, NAME_SIZE - 16, "%s_%s", value, unit);
  for (char *c = name; *c; c++)
    *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
  len = strlen(name);
  for (unsigned n = 2; plan_stage(p, name); n++)
    snprintf(name + len, NAME_SIZE - len, "_%u", n);
}

static int
decimals_of(const struct ledger *base)
{
  const struct value *last = ledger_last(base);

  if (!last || last->text)
    return DECIMALS;
  return last->number.exp10 < 0 ? -last->number.exp10 : 0;
}

/* Returns the key of TRANSFORM's option for the value that it works on. */
static const char *
value_key(const struct stage *transform)
{
  const struct mp_option *option = transform->plugin->table.options;

  while (option->type != MP_TYPE_VALUE)
    option++;
  return option->key;
}

static bool
measures_from(const struct stage *transform, const struct target *base)
{
  for (size_t i = 0; i < transform->n_operands; i++)
    if ((transform->operands[i].flags & MP_BASE) &&
        transform->operands[i].target == base)
      return true;
  return false;
}

static void
print_lines(const struct cycle *c, const struct target *base, const char *unit)
{
  const struct plan *p = c->plan;
  const struct slot *slot = base->source;
  char name[NAME_SIZE];

  name_convert(p, slot, unit, name);
  printf("\n[transform %s]\nplugin = convert\nvalue = %s\nunit = %s\n"
         "decimals = %d\n",
         name, slot->name, unit, decimals_of(&c->d.ledgers[base->index]));
  for (size_t i = 0; i < p->n_transforms; i++)
    if (p->transforms[i]->input == slot &&
        measures_from(p->transforms[i], base))
      printf("\n[transform %s]\n%s = %s\n", p->transforms[i]->name,
             value_key(p->transforms[i]), name);
  printf("\n[output %s]\n%s = %s\n", base->stage->name, base->object, name);
}

static void
report_misfit(const struct cycle *c, const struct stage *transform,
              const struct target *base, const struct value *reading,
              const char *unit)
{
  bool converts = unit_converts(reading->unit, unit);

  log_line(MP_LOG_ERROR, transform->name, base->full_name,
           "the next reading cannot be its base yet: its value is in %s, and "
           "%s is in %s%s",
           unit_display(unit), base->source->name,
           reading->unit ? unit_display(reading->unit) : "no unit",
           converts
             ? ", which does not convert exactly: add the section and change "
               "the lines below, and the next run takes its reading"
             : ": these units do not convert: name another target");
  if (converts)
    print_lines(c, base, unit);
}

bool
rebase_fit(struct cycle *c, const struct stage *transform,
           const struct target *base)
{
  const char *unit = unit_of(&c->d.ledgers[base->index]);
  struct value reading = { 0 };
  struct mp_decimal number;
  bool fits = true;

  if (!unit)
    return true;
  if (!last_reading(c, base->source, &reading)) {
    log_line(MP_LOG_NOTICE, transform->name, base->full_name,
             "cannot tell whether the unit of the next reading fits: the state "
             "has no reading yet; run once first");
    return true;
  }
  number = reading.number;
  if (!reading.text)
    fits = unit_convert(&number, reading.unit, unit, MP_EXACT) != MP_ECONFIG;
  if (!fits)
    report_misfit(c, transform, base, &reading, unit);
  value_clear(&reading);
  return fits;
}
