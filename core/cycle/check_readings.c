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
#include "core/cycle/read_inputs.h"
#include "core/ledger/plausible.h"
#include "core/pipeline/notices.h"
#include "core/pipeline/stage.h"
#include "core/run/log.h"
#include "lib/unit.h"

/* Place to which a converted limit is rounded; limits are round figures. */
#define LIMIT_PLACE (-6)

/* ---- State ---- */

#define FOR_EACH_KEPT(p, field)                                                \
  for (size_t field##_i = 0; field##_i < (p)->n_slots; field##_i++)            \
    for (struct slot *field = (p)->slots[field##_i]; field && field->kept;     \
         field = NULL)

void
check_readings_load(struct pipeline *p)
{
  FOR_EACH_KEPT(p, field)
  {
    const char *body =
      store_get(p->run->store, STORE_READING, field->stage->name, field->field);

    if (body && !reading_decode(field->kept, body))
      log_line(MP_LOG_WARNING, field->stage->name, field->field,
               "its readings in the state cannot be read and are left out");
  }
}

bool
check_readings_save(struct pipeline *p)
{
  FOR_EACH_KEPT(p, field)
  {
    char *body;

    if (!field->kept->believed.kind && !field->kept->unconfirmed.kind)
      continue;
    body = reading_encode(field->kept);
    if (!body)
      return false;
    store_put(p->run->store, STORE_READING, field->stage->name, field->field,
              body);
    free(body);
  }
  return true;
}

/* ---- Serial numbers ---- */

/* Returns true if the serial number of the reading was read from the meter in
 * this cycle.  A value may have another number than its input. */
static bool
number_is_read(const struct slot *field)
{
  const struct stage *input = field->stage;

  return field->value.serial && (field->value.serial != input->serial ||
                                 input->serial_how == MP_SERIAL_READ);
}

/* Reads the serial number from the meter, at most once a cycle. */
static void
ask_number(struct slot *field)
{
  struct stage *input = field->stage;

  if (input->asked_serial)
    return;
  input->asked_serial = true;
  read_identify(input);
}

static enum reading_meter
meter_of(const struct slot *field, const struct operand *o)
{
  if (!(o->flags & MP_BASE) || !o->known)
    return READING_SAME;
  return reading_meter(reading_candidate(field->kept), o->known, &field->value,
                       number_is_read(field));
}

static bool
is_below(const struct value *reading, const struct operand *o)
{
  struct mp_decimal base;

  if (!(o->flags & MP_BASE) || !o->known || o->known->text)
    return false;
  base = o->known->number;
  return unit_convert(&base, o->known->unit, reading->unit, MP_EXACT) ==
           MP_OK &&
         decimal_compare(reading->number, base) < 0;
}

/* Returns true if the serial number must be read from the meter.  A number that
 * was only assumed does not decide, and may be out of date if the reading is
 * below its base. */
static bool
needs_number(const struct stage *transform, const struct slot *field)
{
  if (number_is_read(field))
    return false;
  for (size_t i = 0; i < transform->n_operands; i++) {
    const struct operand *o = &transform->operands[i];

    if (meter_of(field, o) == READING_UNKNOWN ||
        is_below(&transform->input->value, o))
      return true;
  }
  return false;
}

/* ---- Candidates ---- */

bool
check_readings_convert(const struct slot *slot, struct value *v)
{
  struct value out = { 0 };

  if (slot->stage->kind == PLUGIN_INPUT)
    return true;
  if (!check_readings_convert(slot->stage->input, v) ||
      transform_apply(slot->stage, v, &out) != MP_OK)
    return false;
  value_move(v, &out);
  return true;
}

/* Makes the candidate the base from which the transform measures. */
static void
measure_from_candidate(struct stage *transform, struct operand *o)
{
  const struct slot *field = slot_field(transform->input);
  struct value v = { 0 };
  bool good = value_copy(&v, &field->kept->unconfirmed) &&
              check_readings_convert(transform->input, &v) && !v.text;

  if (good)
    o->value = value_export(&v);
  o->exchanged = true;
  o->public.flags = good ? 0 : MP_OPERAND_MISSING;
  o->public.value = good ? &o->value : NULL;
  o->public.place = MP_EXACT;
  value_clear(&v);
}

static void
report_exchange(const struct stage *transform, const struct operand *o)
{
  const struct value *first = &slot_field(transform->input)->kept->unconfirmed;
  struct base *base = o->target->base;
  char text[256];

  if (base->exchange_reported)
    return;
  base->exchange_reported = true;
  notices_add(
    transform->pipeline, base, MP_LOG_NOTICE, transform->name,
    o->target->full_name,
    "the meter was exchanged: the serial number is %s and was %s before; its "
    "first reading, %s, is the base, and running totals continue",
    first->serial, o->known->serial, value_describe(first, text, sizeof(text)));
}

/* Returns true if these numbers were announced, for any field of the input. */
static bool
is_reported(struct stage *input, const char *was, const char *now)
{
  if (input->reported_serials[0] == was && input->reported_serials[1] == now)
    return true;
  input->reported_serials[0] = was;
  input->reported_serials[1] = now;
  return false;
}

static void
hold_candidate(struct slot *field, const struct operand *o)
{
  const char *was = o->known->serial, *now = field->value.serial;

  field->hold = HOLD_CANDIDATE;
  if (!is_reported(field->stage, was, now))
    notices_add(
      field->stage->pipeline, NULL, MP_LOG_NOTICE, field->stage->name, NULL,
      "the serial number is %s and was %s before: the next reading "
      "decides whether the meter was exchanged; until then this one is "
      "kept and not used",
      now, was);
}

/* Leaves the reading out, because its serial number is not known.  The first
 * time it may be an accident.  After that it is a failure: nothing is booked
 * from a meter that answers, and such a run must not end with status 0. */
static void
hold_unknown_meter(struct slot *field)
{
  if (field->hold == HOLD_NONE)
    field->hold = HOLD_UNKNOWN_METER;
  if (field->kept->reported)
    stage_fail(field->stage, MP_EDATA, field->field,
               "held: the serial number is not known, and the meter may have "
               "been exchanged; if it was, run \"meterpipe rebase\"");
  else
    notices_add(
      field->stage->pipeline, NULL, MP_LOG_NOTICE, field->stage->name,
      field->field,
      "the meter may have been exchanged, and its serial number could "
      "not be read: readings are held until it can be read; if it was "
      "exchanged, run \"meterpipe rebase\"");
  field->kept->reported = true;
}

static void
judge_meter(struct stage *transform, struct slot *field, struct operand *o)
{
  switch (meter_of(field, o)) {
  case READING_CANDIDATE:
    hold_candidate(field, o);
    break;
  case READING_UNKNOWN:
    hold_unknown_meter(field);
    break;
  case READING_EXCHANGED:
    field->exchanged = true;
    measure_from_candidate(transform, o);
    report_exchange(transform, o);
    break;
  case READING_SAME:
    field->forgets |= reading_candidate(field->kept) && number_is_read(field);
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
prepare_own(const struct stage *transform, struct trial *trial)
{
  trial->limit = transform->max_rate;
  value_copy(&trial->now, &transform->input->value);
  return check_readings_convert(transform->input, &trial->last) &&
         (!trial->held.kind ||
          check_readings_convert(transform->input, &trial->held));
}

static bool
prepare_field(const struct slot *field, struct trial *trial)
{
  trial->limit = field->max_rate;
  value_copy(&trial->now, &field->value);
  return field->max_rate.coef > 0 &&
         unit_convert(&trial->limit, field->max_rate_unit, field->value.unit,
                      LIMIT_PLACE) >= 0;
}

/* Fills TRIAL.  Returns false if the reading cannot be judged. */
static bool
trial_prepare(const struct stage *transform, const struct slot *field,
              struct trial *trial)
{
  const struct value *held = reading_held(field->kept);

  if (!transform->judges || field->value.kind != MP_COUNTER ||
      !field->kept->believed.kind)
    return false;
  value_copy(&trial->last, &field->kept->believed);
  if (held)
    value_copy(&trial->held, held);
  return transform->max_rate.coef > 0 ? prepare_own(transform, trial)
                                      : prepare_field(field, trial);
}

/* Returns true if the transform has a base to measure from. */
static bool
has_base(const struct stage *transform)
{
  for (size_t i = 0; i < transform->n_operands; i++)
    if ((transform->operands[i].flags & MP_BASE) &&
        transform->operands[i].known)
      return true;
  return false;
}

static bool
is_implausible(const struct stage *transform, const struct slot *field,
               struct trial *trial)
{
  return has_base(transform) && trial_prepare(transform, field, trial) &&
         plausible_judge(&trial->last, trial->held.kind ? &trial->held : NULL,
                         &trial->now, trial->limit) == PLAUSIBLE_HOLD;
}

static void
hold_reading(struct stage *transform, struct slot *field,
             const struct trial *trial)
{
  struct value limit = { .kind = MP_GAUGE,
                         .number = trial->limit,
                         .unit = trial->now.unit };
  char now[256], last[256], most[256];

  if (field->hold == HOLD_IMPLAUSIBLE)
    return; /* reported for another transform that measures it */
  field->hold = HOLD_IMPLAUSIBLE;
  stage_fail(transform, MP_EDATA, transform->input_text,
             "%s is not plausible after %s: it rose by more than %s in an "
             "hour; held, and the next reading decides; if the meter can rise "
             "so fast, set max_rate",
             value_describe(&trial->now, now, sizeof(now)),
             value_describe(&trial->last, last, sizeof(last)),
             value_describe(&limit, most, sizeof(most)));
}

/* ---- A cycle ---- */

void
check_readings_begin(struct pipeline *p)
{
  FOR_EACH_KEPT(p, field)
  {
    field->hold = HOLD_NONE;
    field->exchanged = field->forgets = false;
  }
}

static bool
check_meter_and_rise(struct stage *transform, struct slot *field,
                     struct trial *trial)
{
  bool implausible = is_implausible(transform, field, trial);

  if (needs_number(transform, field) ||
      (implausible && !number_is_read(field))) {
    ask_number(field);
    transform->input->value.serial = field->value.serial;
  }
  for (size_t i = 0; i < transform->n_operands; i++)
    judge_meter(transform, field, &transform->operands[i]);
  if (field->hold == HOLD_CANDIDATE || field->hold == HOLD_UNKNOWN_METER) {
    transform->took_part = false; /* its earlier failures stay open */
    return false;
  }
  if (!implausible || field->exchanged)
    return true;
  hold_reading(transform, field, trial);
  return false;
}

bool
check_reading(struct stage *transform)
{
  struct slot *field = slot_field(transform->input);
  struct trial trial = { .limit = { 0, 0 } };
  bool believed;

  if (!field || !field->kept || transform->input->value.text)
    return true;
  believed = check_meter_and_rise(transform, field, &trial);
  trial_clear(&trial);
  return believed;
}

/* Returns true if a base that measures from the candidate of FIELD is
 * blocked. */
static bool
candidate_waits(const struct pipeline *p, const struct slot *field)
{
  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct stage *t = p->transforms[i];

    for (size_t k = 0; k < t->n_operands; k++)
      if (t->operands[k].exchanged && slot_field(t->input) == field &&
          base_leader(t->operands[k].target->base)->blocked)
        return true;
  }
  return false;
}

static void
report_forgotten(const struct slot *field)
{
  const char *was = reading_candidate(field->kept)->serial;
  const char *now = field->value.serial;

  if (!is_reported(field->stage, was, now))
    notices_add(
      field->stage->pipeline, NULL, MP_LOG_NOTICE, field->stage->name, NULL,
      "the serial number is %s again: the meter was not exchanged, %s "
      "was wrong, and no usage is lost",
      now, was);
}

static void
keep_pending(struct slot *field)
{
  field->kept->is_candidate = field->hold == HOLD_CANDIDATE;
  field->kept->reported = false;
  value_copy(&field->kept->unconfirmed, &field->value);
}

static void
keep_believed(struct slot *field)
{
  if (field->forgets && !field->exchanged)
    report_forgotten(field);
  value_copy(&field->kept->believed, &field->value);
  value_clear(&field->kept->unconfirmed);
  field->kept->is_candidate = field->kept->reported = false;
}

void
check_readings_keep(struct pipeline *p)
{
  FOR_EACH_KEPT(p, field)
  {
    if (field->hold == HOLD_CANDIDATE || field->hold == HOLD_IMPLAUSIBLE)
      keep_pending(field);
    else if (field->hold == HOLD_NONE && field->state == SLOT_VALUE &&
             !(field->exchanged && candidate_waits(p, field)))
      keep_believed(field);
  }
}
