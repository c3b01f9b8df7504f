/*
 * Decides whether a transform uses its reading in this cycle.  A reading with
 * another serial number becomes a candidate, one that rises too fast is held,
 * and the next reading decides; see "Exchanged meters" and "Implausible
 * readings" in doc/ledger.md.
 */
#include "core/cycle/check_readings.h"

#include <stdlib.h>
#include <string.h>

#include "core/cycle/evaluate.h"
#include "core/ledger/plausible.h"
#include "core/memory/memory.h"
#include "lib/unit.h"

/* Place to which a converted limit is rounded; limits are round figures. */
#define LIMIT_PLACE (-6)

/* A transform and the field that it measures. */
struct check {
  struct cycle_data *d;
  struct instances *instances;
  const struct stage *transform;
  const struct slot *field;
  struct slot_result *result;  /* of the field */
  const struct reading *kept;  /* of the field */
  const struct value *reading; /* of the field */
};

static struct operand_value *
operand_value(const struct check *c, const struct operand *o)
{
  return &c->d->evaluation.operands[o->index];
}

/* ---- Serial numbers ---- */

/* Returns true if the serial number of the reading was read from the meter in
 * this cycle.  A value may have another number than its input. */
static bool
number_is_read(const struct cycle_data *d, const struct slot *field)
{
  const struct input_reading *input = &d->inputs[field->stage->index];
  const char *serial = d->fields[field->index].value.serial;

  return serial &&
         (serial != input->serial || input->serial_how == MP_SERIAL_READ);
}

static enum reading_meter
meter_of(const struct check *c, const struct operand *o)
{
  const struct value *known = operand_value(c, o)->known;

  if (!(o->flags & MP_BASE) || !known)
    return READING_SAME;
  return reading_meter(reading_candidate(c->kept), known, c->reading,
                       number_is_read(c->d, c->field));
}

static bool
is_below(const struct value *reading, const struct operand *o,
         const struct value *known)
{
  struct mp_decimal base;

  if (!(o->flags & MP_BASE) || !known || known->text)
    return false;
  base = known->number;
  return unit_convert(&base, known->unit, reading->unit, MP_EXACT) == MP_OK &&
         decimal_compare(reading->number, base) < 0;
}

/* Returns true if the serial number must be read from the meter.  A number that
 * was only assumed does not decide, and may be out of date if the reading is
 * below its base. */
static bool
needs_number(const struct check *c)
{
  const struct value *in =
    c->d->evaluation.slots[c->transform->input->index].value;

  for (size_t i = 0; i < c->transform->n_operands; i++) {
    const struct operand *o = &c->transform->operands[i];

    if (meter_of(c, o) == READING_UNKNOWN ||
        is_below(in, o, operand_value(c, o)->known))
      return true;
  }
  return false;
}

/* ---- Candidates ---- */

bool
check_readings_convert(struct instances *instances, const struct slot *slot,
                       struct value *v, struct messages *m)
{
  struct value out = { 0 };

  if (slot->stage->kind == PLUGIN_INPUT)
    return true;
  if (!check_readings_convert(instances, slot->stage->input, v, m) ||
      transform_apply(&instances->list[slot->stage->index], v, &out, m) !=
        MP_OK)
    return false;
  value_move(v, &out);
  return true;
}

/* Converts a reading of the field to the input of the transform. */
static bool
convert(const struct check *c, struct value *v)
{
  return check_readings_convert(c->instances, c->transform->input, v,
                                &c->d->evaluation.messages);
}

/* Makes the candidate the base from which the transform measures. */
static void
measure_from_candidate(const struct check *c, const struct operand *o)
{
  struct instance *transform = &c->instances->list[c->transform->index];
  struct operand_value *operand = operand_value(c, o);
  size_t i = (size_t)(o - c->transform->operands);
  struct value v = { 0 };
  bool good;

  memory_copy_value(&v, &c->kept->unconfirmed);
  good = convert(c, &v) && !v.text;
  operand->exchanged = true;
  operand->state = good ? OPERAND_KNOWN : OPERAND_MISSING;
  instance_show_operand(transform, i, !good, good ? &v : NULL, MP_EXACT);
  value_clear(&v);
}

static void
report_exchange(const struct check *c, const struct operand *o)
{
  const struct value *first = &c->kept->unconfirmed;
  struct base_result *base = &c->d->evaluation.bases[o->target->base->index];
  char text[256];

  if (base->exchange_reported)
    return;
  base->exchange_reported = true;
  messages_notice(&c->d->evaluation.messages, o->target->base, c->transform,
                  MP_LOG_NOTICE, o->target->full_name,
                  "the meter was exchanged: the serial number is %s and was %s "
                  "before; its first reading, %s, is the base, and running "
                  "totals continue",
                  first->serial, operand_value(c, o)->known->serial,
                  value_describe(first, text, sizeof(text)));
}

/* Returns true if these numbers were announced, for any field of the input. */
static bool
is_reported(struct cycle_data *d, const struct stage *input, const char *was,
            const char *now)
{
  const char **numbers = d->evaluation.numbers[input->index];

  if (numbers[0] == was && numbers[1] == now)
    return true;
  numbers[0] = was;
  numbers[1] = now;
  return false;
}

static void
hold_candidate(const struct check *c, const struct operand *o)
{
  const struct stage *input = c->field->stage;
  const char *was = operand_value(c, o)->known->serial;
  const char *now = c->reading->serial;

  c->result->hold = HOLD_CANDIDATE;
  if (!is_reported(c->d, input, was, now))
    messages_notice(&c->d->evaluation.messages, NULL, input, MP_LOG_NOTICE,
                    NULL,
                    "the serial number is %s and was %s before: the next "
                    "reading decides whether the meter was exchanged; until "
                    "then this one is kept and not used",
                    now, was);
}

/* Leaves the reading out, because its serial number is not known.  The first
 * time it may be an accident.  After that it is a failure: nothing is booked
 * from a meter that answers, and such a run must not end with status 0. */
static void
hold_unknown_meter(const struct check *c)
{
  struct messages *m = &c->d->evaluation.messages;

  if (c->result->hold == HOLD_NONE)
    c->result->hold = HOLD_UNKNOWN_METER;
  if (c->result->reported)
    messages_fail(
      m, c->field->stage, MP_EDATA, c->field->field,
      "held: the serial number is not known, and the meter may have "
      "been exchanged; if it was, run \"meterpipe rebase\"");
  else
    messages_notice(m, NULL, c->field->stage, MP_LOG_NOTICE, c->field->field,
                    "the meter may have been exchanged, and its serial number "
                    "could not be read: readings are held until it can be "
                    "read; if it was exchanged, run \"meterpipe rebase\"");
  c->result->reported = true;
}

static void
judge_meter(const struct check *c, const struct operand *o)
{
  switch (meter_of(c, o)) {
  case READING_CANDIDATE:
    hold_candidate(c, o);
    break;
  case READING_UNKNOWN:
    hold_unknown_meter(c);
    break;
  case READING_EXCHANGED:
    c->result->exchanged = true;
    measure_from_candidate(c, o);
    report_exchange(c, o);
    break;
  case READING_SAME:
    c->result->forgets |=
      reading_candidate(c->kept) && number_is_read(c->d, c->field);
    break;
  }
}

/* ---- Implausible readings ---- */

/* The readings to compare: as they come into the transform, for its own limit,
 * or as they were read, for the limit of the input. */
struct trial {
  struct value last, held, now;
  struct mp_decimal limit; /* in the unit of NOW */
};

static void
trial_clear(struct trial *trial)
{
  value_clear(&trial->last);
  value_clear(&trial->held);
  value_clear(&trial->now);
}

static bool
prepare_own(const struct check *c, struct trial *trial)
{
  const struct slot *in = c->transform->input;

  trial->limit = c->transform->max_rate;
  memory_copy_value(&trial->now, c->d->evaluation.slots[in->index].value);
  return convert(c, &trial->last) &&
         (!trial->held.kind || convert(c, &trial->held));
}

static bool
prepare_field(const struct check *c, struct trial *trial)
{
  trial->limit = c->field->max_rate;
  memory_copy_value(&trial->now, c->reading);
  return trial->limit.coef > 0 &&
         unit_convert(&trial->limit, c->field->max_rate_unit, c->reading->unit,
                      LIMIT_PLACE) >= 0;
}

/* Fills TRIAL.  Returns false if the reading cannot be judged. */
static bool
trial_prepare(const struct check *c, struct trial *trial)
{
  const struct value *held = reading_held(c->kept);

  if (!c->transform->judges || c->reading->kind != MP_COUNTER ||
      !c->kept->believed.kind)
    return false;
  memory_copy_value(&trial->last, &c->kept->believed);
  if (held)
    memory_copy_value(&trial->held, held);
  return c->transform->max_rate.coef > 0 ? prepare_own(c, trial)
                                         : prepare_field(c, trial);
}

/* Returns true if the transform has a base to measure from. */
static bool
has_base(const struct check *c)
{
  for (size_t i = 0; i < c->transform->n_operands; i++) {
    const struct operand *o = &c->transform->operands[i];

    if ((o->flags & MP_BASE) && operand_value(c, o)->known)
      return true;
  }
  return false;
}

static bool
is_implausible(const struct check *c, struct trial *trial)
{
  return has_base(c) && trial_prepare(c, trial) &&
         plausible_judge(&trial->last, trial->held.kind ? &trial->held : NULL,
                         &trial->now, trial->limit) == PLAUSIBLE_HOLD;
}

static void
hold_reading(const struct check *c, const struct trial *trial)
{
  struct value limit = { .kind = MP_GAUGE,
                         .number = trial->limit,
                         .unit = trial->now.unit };
  char now[256], last[256], most[256];

  if (c->result->hold == HOLD_IMPLAUSIBLE)
    return; /* reported for another transform that measures it */
  c->result->hold = HOLD_IMPLAUSIBLE;
  messages_fail(&c->d->evaluation.messages, c->transform, MP_EDATA,
                c->transform->input_text,
                "%s is not plausible after %s: it rose by more than %s in an "
                "hour; held, and the next reading decides; if the meter can "
                "rise so fast, set max_rate",
                value_describe(&trial->now, now, sizeof(now)),
                value_describe(&trial->last, last, sizeof(last)),
                value_describe(&limit, most, sizeof(most)));
}

/* ---- A cycle ---- */

static bool
check_meter_and_rise(const struct check *c, struct trial *trial)
{
  struct evaluation *e = &c->d->evaluation;
  const struct stage *input = c->field->stage;
  bool implausible = is_implausible(c, trial);

  if (!c->d->inputs[input->index].asked_serial &&
      !number_is_read(c->d, c->field) && (implausible || needs_number(c))) {
    e->identify = input;
    return false;
  }
  for (size_t i = 0; i < c->transform->n_operands; i++)
    judge_meter(c, &c->transform->operands[i]);
  if (c->result->hold == HOLD_CANDIDATE ||
      c->result->hold == HOLD_UNKNOWN_METER) {
    /* Its earlier failures stay open. */
    e->took_part[c->transform->index] = false;
    return false;
  }
  if (!implausible || c->result->exchanged)
    return true;
  hold_reading(c, trial);
  return false;
}

bool
check_reading(struct cycle_data *d, struct instances *instances,
              const struct stage *transform)
{
  const struct slot *field = slot_field(transform->input);
  struct trial trial = { .limit = { 0, 0 } };
  struct check c;
  bool believed;

  if (!field || !field->is_measured ||
      d->evaluation.slots[transform->input->index].value->text)
    return true;
  c = (struct check){ .d = d,
                      .instances = instances,
                      .transform = transform,
                      .field = field,
                      .result = &d->evaluation.slots[field->index],
                      .kept = &d->kept[field->index],
                      .reading = &d->fields[field->index].value };
  believed = check_meter_and_rise(&c, &trial);
  trial_clear(&trial);
  return believed;
}

/* ---- Keeping ---- */

/* Returns true if a base that measures from the candidate of FIELD is
 * blocked. */
static bool
candidate_waits(const struct cycle_data *d, const struct slot *field)
{
  const struct plan *p = d->plan;

  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct stage *t = p->transforms[i];

    for (size_t k = 0; k < t->n_operands; k++) {
      const struct operand *o = &t->operands[k];

      if (d->evaluation.operands[o->index].exchanged &&
          slot_field(t->input) == field && is_blocked(d, o->target->base))
        return true;
    }
  }
  return false;
}

static void
report_forgotten(struct cycle_data *d, const struct slot *field)
{
  const char *was = reading_candidate(&d->kept[field->index])->serial;
  const char *now = d->fields[field->index].value.serial;

  if (!is_reported(d, field->stage, was, now))
    messages_notice(&d->evaluation.messages, NULL, field->stage, MP_LOG_NOTICE,
                    NULL,
                    "the serial number is %s again: the meter was not "
                    "exchanged, %s was wrong, and no usage is lost",
                    now, was);
}

static void
keep_unconfirmed(struct cycle_data *d, const struct slot *field)
{
  struct reading *kept = &d->kept[field->index];

  kept->is_candidate = d->evaluation.slots[field->index].hold == HOLD_CANDIDATE;
  kept->reported = false;
  memory_copy_value(&kept->unconfirmed, &d->fields[field->index].value);
}

static void
keep_believed(struct cycle_data *d, const struct slot *field)
{
  const struct slot_result *result = &d->evaluation.slots[field->index];
  struct reading *kept = &d->kept[field->index];

  if (result->forgets && !result->exchanged)
    report_forgotten(d, field);
  memory_copy_value(&kept->believed, &d->fields[field->index].value);
  value_clear(&kept->unconfirmed);
  kept->is_candidate = kept->reported = false;
}

static void
keep_reading(struct cycle_data *d, const struct slot *field)
{
  const struct slot_result *result = &d->evaluation.slots[field->index];

  switch (result->hold) {
  case HOLD_CANDIDATE:
  case HOLD_IMPLAUSIBLE:
    keep_unconfirmed(d, field);
    break;
  case HOLD_UNKNOWN_METER:
    d->kept[field->index].reported = true;
    break;
  case HOLD_NONE:
    if (result->state == SLOT_VALUE &&
        !(result->exchanged && candidate_waits(d, field)))
      keep_believed(d, field);
    break;
  }
}

void
check_readings_keep(struct cycle_data *d)
{
  for (size_t i = 0; i < d->plan->n_slots; i++)
    if (d->plan->slots[i]->is_measured)
      keep_reading(d, d->plan->slots[i]);
}
