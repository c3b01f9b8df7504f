/*
 * Evaluates the transforms of a cycle, and decides which values count.
 *
 * All last known values are taken before anything is written.  A base and all
 * results computed from it are booked together or not at all: if one result is
 * missing, none is booked, and the next cycle covers it.
 */
#include "core/cycle/evaluate.h"

#include <string.h>

#include "core/cycle/check_readings.h"
#include "core/pipeline/notices.h"
#include "core/pipeline/call.h"
#include "core/pipeline/stage.h"
#include "core/run/log.h"

/* ---- Operands ---- */

/* Takes the displayed value of a target that this pipeline does not write, to
 * the place that is displayed.  Returns MP_OPERAND_... flags. */
static uint32_t
displayed_operand(const struct target *t, const struct value **ret_value,
                  int32_t *ret_place)
{
  const struct value *v = &t->displayed.value;

  if (t->stage->pipeline->run->offline)
    return MP_OPERAND_FIRST;
  if (!t->displayed.known)
    return can_be_asked(t->stage) ? MP_OPERAND_MISSING : MP_OPERAND_FIRST;
  if (v->kind == 0 || (!v->text && v->number.coef == 0))
    return MP_OPERAND_FIRST;
  *ret_value = v;
  *ret_place = t->displayed.place;
  return t->displayed.place == MP_EXACT ? 0 : MP_OPERAND_ROUNDED;
}

/* Takes the last known value of a target that this pipeline writes.
 * Returns MP_OPERAND_... flags. */
static uint32_t
kept_operand(const struct target *t, const struct value **ret_value,
             int32_t *ret_place)
{
  const struct value *v = ledger_last(&t->ledger);

  if (t->stage->pipeline->run->state_failed || t->unreadable)
    return MP_OPERAND_MISSING;
  if (t->first && !t->ledger.pending.kind)
    return MP_OPERAND_FIRST;
  if (v) {
    *ret_value = v;
    *ret_place = t->ledger.acknowledged_place;
    return v == &t->ledger.acknowledged &&
               t->ledger.acknowledged_place != MP_EXACT
             ? MP_OPERAND_ROUNDED
             : 0;
  }
  if (delivery(t->stage) != MP_LATEST)
    return displayed_operand(t, ret_value, ret_place);
  return t->stage->pipeline->run->offline || !can_be_asked(t->stage)
           ? MP_OPERAND_FIRST
           : MP_OPERAND_MISSING;
}

static void
take_operand(struct operand *o)
{
  const struct value *v = NULL;
  int32_t place = MP_EXACT;
  uint32_t flags = target_is_kept(o->target)
                     ? kept_operand(o->target, &v, &place)
                     : displayed_operand(o->target, &v, &place);

  if (v)
    o->value = value_export(v);
  o->known = v;
  o->exchanged = false;
  o->public = (struct mp_operand){ .struct_size = sizeof(o->public),
                                   .flags = flags,
                                   .value = v ? &o->value : NULL,
                                   .place = place };
}

/* Returns the field of an input from which a value is computed. */
static struct slot *
root_slot(struct slot *slot)
{
  while (slot->stage->kind == PLUGIN_TRANSFORM)
    slot = slot->stage->input;
  return slot;
}

/* ---- One transform ---- */

static bool
rebase_is_asked(const struct stage *transform)
{
  for (size_t i = 0; i < transform->n_operands; i++)
    if ((transform->operands[i].flags & MP_BASE) &&
        transform->operands[i].target->ledger.rebase)
      return true;
  return false;
}

/* Sets the kind of a result: the graph, not the plugin, knows whether it is a
 * delta. */
static void
set_kind(const struct stage *transform, const struct value *in,
         struct value *result)
{
  uint32_t kind = graph_result_kind(transform, in->kind);

  if (!result->text && kind != MP_TEXT)
    result->kind = kind;
}

/* Returns the outcomes of apply that give no value and are allowed here.
 * MP_REBASE needs an operand that is a base or was never set. */
static unsigned
allowed_outcomes(const struct stage *transform)
{
  unsigned allowed = CALL_ALLOWS(MP_HOLD) | CALL_ALLOWS(MP_DROP);

  for (size_t i = 0; i < transform->n_operands; i++)
    if ((transform->operands[i].flags & MP_BASE) ||
        (transform->operands[i].public.flags & MP_OPERAND_FIRST))
      allowed |= CALL_ALLOWS(MP_REBASE);
  return allowed;
}

static bool
lacks_operand(const struct stage *transform)
{
  for (size_t i = 0; i < transform->n_operands; i++)
    if (transform->operands[i].public.flags & MP_OPERAND_MISSING)
      return true;
  return false;
}

/* Reports a value that was held or dropped without a reason: it would be
 * missing silently in every cycle. */
static int
check_reason(const struct call *call, int r)
{
  if (call_explained(call))
    return r;
  if (r == MP_HOLD)
    stage_fail(call->stage, MP_EDATA, NULL,
               "the plugin's apply held the value and did not say why");
  if (r == MP_DROP && !lacks_operand(call->stage))
    stage_fail(call->stage, MP_EINTERNAL, NULL,
               "the plugin's apply dropped the value, and no operand is "
               "missing");
  return r;
}

/* The plugin works on a copy. */
int
transform_apply(struct stage *transform, const struct value *in,
                struct value *out)
{
  struct mp_value v = value_export(in);
  struct call call = call_begin(transform, "apply");
  int r = transform->plugin->transform.apply(transform->self, &v);
  const char *wrong;

  r = call_end(&call, r, allowed_outcomes(transform));
  if (r != MP_OK)
    return check_reason(&call, r);
  v.struct_size = sizeof(v);
  wrong = value_import(out, &v);
  if (wrong)
    return stage_fail(transform, MP_EINTERNAL, NULL, "the plugin made %s",
                      wrong);
  set_kind(transform, in, out);
  return MP_OK;
}

static enum slot_state
state_of_result(int r)
{
  switch (r) {
  case MP_OK:
    return SLOT_VALUE;
  case MP_HOLD:
    return SLOT_HELD;
  case MP_REBASE:
    return SLOT_LEFT_OUT;
  default:
    return SLOT_MISSING;
  }
}

/* Logs each missing operand; only with -v if the failure of the target, its
 * output or the state was reported already. */
static void
report_missing_operand(const struct stage *transform)
{
  bool state_failed = transform->pipeline->run->state_failed;

  for (size_t i = 0; i < transform->n_operands; i++) {
    const struct operand *o = &transform->operands[i];
    const struct target *target = o->target;
    bool reported = state_failed || target->failed || target->unreadable ||
                    target->stage->given_up;

    if (o->public.flags & MP_OPERAND_MISSING)
      log_line(reported ? MP_LOG_INFO : MP_LOG_WARNING, transform->name, NULL,
               "no result: %s could not be asked and has no last known value",
               target->full_name);
  }
}

static void
evaluate_one(struct stage *transform)
{
  struct slot *in = transform->input, *out = transform->output;
  int r;

  out->state = in->state;
  if (in->state != SLOT_VALUE)
    return;
  transform->took_part = true;
  for (size_t i = 0; i < transform->n_operands; i++)
    take_operand(&transform->operands[i]);
  if (rebase_is_asked(transform))
    r = MP_REBASE;
  else if (!check_reading(transform))
    r = MP_HOLD;
  else
    r = transform_apply(transform, &in->value, &out->value);
  if (r == MP_DROP)
    report_missing_operand(transform);
  out->state = state_of_result(r);
}

/* ---- Results that belong together ---- */

/* Leaves a held reading out of everything that its field feeds. */
static void
spread_holds(struct pipeline *p)
{
  for (size_t i = 0; i < p->n_transforms; i++)
    if (p->transforms[i]->output->state == SLOT_HELD)
      root_slot(p->transforms[i]->output)->state = SLOT_HELD;
  for (size_t i = 0; i < p->n_transforms; i++)
    if (root_slot(p->transforms[i]->output)->state == SLOT_HELD)
      p->transforms[i]->output->state = SLOT_HELD;
}

/* Returns true if a transform measures from BASE. */
static bool
measures_from(const struct stage *transform, const struct base *base)
{
  for (size_t i = 0; i < transform->n_operands; i++)
    if ((transform->operands[i].flags & MP_BASE) &&
        transform->operands[i].target->base == base)
      return true;
  return false;
}

/* Extends the rebase of one transform to all that share its base, and to those
 * that they feed. */
static void
spread_rebases(struct pipeline *p)
{
  for (size_t i = 0; i < p->n_transforms; i++) {
    struct stage *t = p->transforms[i];

    if (t->output->state != SLOT_LEFT_OUT || t->input->state != SLOT_VALUE)
      continue;
    for (struct base *b = p->bases; b; b = b->next)
      if (measures_from(t, b))
        b->rebased = true;
  }
  for (size_t i = 0; i < p->n_transforms; i++) {
    struct stage *t = p->transforms[i];

    for (struct base *b = p->bases; b; b = b->next)
      if (b->rebased && measures_from(t, b) && t->output->state == SLOT_VALUE)
        t->output->state = SLOT_LEFT_OUT;
    if (t->input->state == SLOT_LEFT_OUT && t->output->state == SLOT_VALUE)
      t->output->state = SLOT_LEFT_OUT;
  }
}

/* Blocks the base of each result that is held or missing; a first value or a
 * rebase does not block it. */
static void
block_groups(struct pipeline *p)
{
  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct slot *out = p->transforms[i]->output;

    if (out->base && (out->state == SLOT_MISSING || out->state == SLOT_HELD))
      base_leader(out->base)->blocked = true;
  }
}

/* Returns true if the value of SLOT goes into targets in this cycle. */
static bool
slot_counts(const struct slot *slot)
{
  return slot->state == SLOT_VALUE &&
         !(slot->base && base_leader(slot->base)->blocked);
}

bool
target_counts(const struct target *target)
{
  return target->source && !target->unreadable && !target->other_kind &&
         !target->unfit && slot_counts(target->source) &&
         !(target->base && base_leader(target->base)->blocked);
}

/* ---- Messages ---- */

static void
report_rebase(const struct stage *t, const struct operand *o)
{
  bool first = o->public.flags & MP_OPERAND_FIRST;

  if (o->target->ledger.rebase)
    notices_add(
      t->pipeline, o->target->base, MP_LOG_NOTICE, t->name,
      o->target->full_name,
      "the reading is the new base, as \"meterpipe rebase\" asked for");
  else
    notices_add(t->pipeline, o->target->base,
                first && !log_is_terminal() ? MP_LOG_INFO : MP_LOG_NOTICE,
                t->name, o->target->full_name,
                first
                  ? "has no value yet: the reading becomes the base, and this "
                    "cycle has no result"
                  : "the reading is below it and becomes the new base");
}

/* Announces a rebase once for each base, by the first transform that measures
 * from it. */
static void
report_rebases(struct pipeline *p)
{
  for (struct base *b = p->bases; b; b = b->next) {
    bool reported = false;

    for (size_t i = 0; i < p->n_transforms && b->rebased && !reported; i++) {
      struct stage *t = p->transforms[i];

      for (size_t k = 0; k < t->n_operands && !reported; k++)
        if (t->operands[k].target->base == b &&
            t->output->state == SLOT_LEFT_OUT) {
          report_rebase(t, &t->operands[k]);
          reported = true;
        }
    }
  }
}

/* Logs, with -v, the targets that get no value because it is held or missing.
 * The failure itself was reported already. */
static void
report_left_alone(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++) {
      const struct target *t = output->targets[i];

      if (t->source && !t->part && !target_counts(t) &&
          t->source->state != SLOT_LEFT_OUT)
        log_line(MP_LOG_INFO, output->name, t->object,
                 "gets no value in this cycle: %s is missing%s",
                 t->source->name,
                 t->source->state == SLOT_HELD ? " (held)" : "");
    }
  }
}

void
evaluate(struct pipeline *p)
{
  for (struct base *b = p->bases; b; b = b->next)
    b->rebased = b->blocked = b->exchange_reported = false;
  check_readings_begin(p);
  for (size_t i = 0; i < p->n_transforms; i++) {
    p->transforms[i]->took_part = false;
    evaluate_one(p->transforms[i]);
  }
  spread_holds(p);
  spread_rebases(p);
  block_groups(p);
  report_rebases(p);
  if (log_shows(MP_LOG_INFO))
    report_left_alone(p);
}
