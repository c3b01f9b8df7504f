/* Checks texts and units of values against the targets that take them. */
#include "core/pipeline/target_fit.h"

#include <stdio.h>
#include <string.h>

#include "lib/unit.h"

/* Decimals to round to if the target does not tell its step. */
#define USUAL_DECIMALS 3

#define METERS_GJ "GJ"

/* ---- Units --------------------------------------------------------------- */

static bool
converts_exactly(const char *from, const char *to)
{
  struct mp_decimal one = { 1, 0 };

  return unit_convert(&one, from, to, MP_EXACT) == MP_OK;
}

/* Returns the number of decimals to which values for TARGET are rounded. */
static int
decimals_of(const struct target_facts *t)
{
  const struct mp_decimal step = t->step;

  if (step.coef <= 0)
    return USUAL_DECIMALS;
  return step.exp10 < 0 ? -step.exp10 : 0;
}

const char *
target_fit_way_out(const struct target_facts *t, const char *from,
                   const char *to, char *buf, size_t size)
{
  char decimals[32] = "";

  if (!unit_converts(from, to)) {
    snprintf(buf, size, "these units do not convert; name another target");
    return buf;
  }
  if (!converts_exactly(from, to))
    snprintf(decimals, sizeof(decimals), " and decimals = %d", decimals_of(t));
  snprintf(buf, size,
           t->target->source->kind == MP_DELTA
             ? "convert the reading with a transform \"convert\" with unit = "
               "%s%s, and calculate the usage from that"
             : "put a transform \"convert\" with unit = %s%s between them",
           unit_display(to), decimals);
  return buf;
}

/* Returns the option `unit` of the last transform before SLOT that has one;
 * NULL: there is none. */
static const char *
made_unit(const struct slot *slot)
{
  const char *unit = NULL;

  for (; slot && !slot->field && !unit; slot = slot->stage->input)
    unit = options_text(slot->stage->options, "unit");
  return unit;
}

/* Returns the usual unit of the field that SLOT comes from; NULL: not known. */
static const char *
field_unit(const struct slot *slot)
{
  while (slot && !slot->field)
    slot = slot->stage->input;
  return slot ? slot->usual_unit : NULL;
}

const char *
target_fit_usual_unit(const struct slot *slot)
{
  const char *made = made_unit(slot);

  return made ? made : field_unit(slot);
}

bool
target_fit_can_convert(const struct target_facts *t)
{
  const char *made = made_unit(t->target->source);
  const char *from = made ? made : field_unit(t->target->source);

  if (!from || !t->unit || !unit_known(from) || !unit_known(t->unit))
    return true;
  return made ? converts_exactly(from, t->unit) : unit_converts(from, t->unit);
}

/* HOW is "is", "is usually" or "can be"; THEN is "then " or "". */
static void
warn_of_unit(const struct target_facts *t, const char *how, const char *from,
             const char *then, struct messages *m)
{
  char words[TARGET_FIT_TEXT];

  messages_log(m, t->target->stage, MP_LOG_WARNING, t->target->object,
               "takes %s, and %s %s in %s: %s%s", unit_display(t->unit),
               t->target->source->name, how, unit_display(from), then,
               target_fit_way_out(t, from, t->unit, words, sizeof(words)));
}

/* Warns if the values of TARGET may not convert exactly to its unit.  Heat
 * meters count kWh, MWh, Gcal or GJ, and not all of these convert exactly to
 * each other.  There is no warning about GJ if the target has the usual unit of
 * the field: it was made for a meter with that unit. */
static void
check_unit(const struct target_facts *t, struct messages *m)
{
  const char *made = made_unit(t->target->source);
  const char *from = made ? made : field_unit(t->target->source);

  if (!from || !t->unit || !unit_known(from))
    return;
  if (!converts_exactly(from, t->unit))
    warn_of_unit(t, made ? "is" : "is usually", from, "", m);
  else if (!made && strcmp(from, t->unit) != 0 &&
           unit_converts(from, METERS_GJ) &&
           !converts_exactly(METERS_GJ, t->unit))
    warn_of_unit(t, "can be", METERS_GJ, "then ", m);
}

/* ---- Texts --------------------------------------------------------------- */

static void
refuse_text(const struct target *target, const char *often, struct messages *m)
{
  messages_fail(
    m, target->stage, MP_ECONFIG, target->object,
    "takes numbers only, and %s %s a text: name a target that takes "
    "texts",
    target->source->name, often);
}

void
target_fit_refuse_text(const struct target *target, struct messages *m)
{
  refuse_text(target, "is", m);
}

/* Returns true if SLOT is a field whose kind is not known beforehand and which
 * is usually a text. */
static bool
is_usually_text(const struct slot *slot)
{
  return slot->field && slot->kind == 0 && slot->usual_unit &&
         unit_is_text(slot->usual_unit);
}

/* ---- Check without values ------------------------------------------------ */

void
target_fit_check(const struct target_facts *t, struct messages *m)
{
  const struct slot *source = t->target->source;

  if (t->numbers_only && source->kind == MP_TEXT)
    refuse_text(t->target, "is", m);
  else if (t->numbers_only && is_usually_text(source))
    refuse_text(t->target, "is usually", m);
  else if (source->kind != MP_TEXT)
    check_unit(t, m);
}
