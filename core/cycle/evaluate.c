/*
 * Evaluates the transforms of a cycle, and decides which values count.
 *
 * All last known values are taken before anything is written.  A base and all
 * results computed from it are booked together or not at all: if one result is
 * missing, none is booked, and the next cycle covers it.
 */
#include "core/cycle/evaluate.h"

#include "core/cycle/check_readings.h"
#include "core/memory/memory.h"
#include "core/pipeline/call.h"

/* ---- Operands ---- */

/* Takes the displayed value of a target that this pipeline does not write, to
 * the place that is displayed. */
static enum operand_state
displayed_operand(const struct cycle_data *d, const struct target *t,
                  struct operand_value *ret)
{
  const struct ledger_displayed *displayed = &d->answers[t->index].displayed;
  const struct value *v = &displayed->value;

  if (d->offline)
    return OPERAND_FIRST;
  if (!displayed->known)
    return can_be_asked(d, t->stage) ? OPERAND_MISSING : OPERAND_FIRST;
  if (v->kind == 0 || (!v->text && v->number.coef == 0))
    return OPERAND_FIRST;
  ret->known = v;
  ret->place = displayed->place;
  return OPERAND_KNOWN;
}

/* Takes the last known value of a target that this pipeline writes. */
static enum operand_state
kept_operand(const struct cycle_data *d, const struct target *t,
             struct operand_value *ret)
{
  const struct ledger *ledger = &d->ledgers[t->index];
  const struct value *v = ledger_last(ledger);

  if (d->state_failed || is_unreadable(d, t))
    return OPERAND_MISSING;
  if (d->outcomes[t->index] == LEDGER_FIRST && !ledger->pending.kind)
    return OPERAND_FIRST;
  if (v) {
    ret->known = v;
    if (v == &ledger->acknowledged)
      ret->place = ledger->acknowledged_place;
    return OPERAND_KNOWN;
  }
  if (delivery(t->stage) != MP_LATEST)
    return displayed_operand(d, t, ret);
  return d->offline || !can_be_asked(d, t->stage) ? OPERAND_FIRST
                                                  : OPERAND_MISSING;
}

static void
take_operand(struct cycle_data *d, const struct operand *o)
{
  struct operand_value *v = &d->evaluation.operands[o->index];

  *v = (struct operand_value){ .place = MP_EXACT };
  v->state = target_is_kept(o->target) ? kept_operand(d, o->target, v)
                                       : displayed_operand(d, o->target, v);
}

/* Shows the plugin of a transform the operands of this cycle. */
static void
show_operands(const struct cycle_data *d, struct instance *transform)
{
  const struct stage *stage = transform->stage;

  for (size_t i = 0; i < stage->n_operands; i++) {
    const struct operand_value *v =
      &d->evaluation.operands[stage->operands[i].index];

    if (!v->exchanged)
      instance_show_operand(transform, i, v->state == OPERAND_MISSING, v->known,
                            v->place);
  }
}

/* Returns the field of an input from which a value is computed. */
static const struct slot *
root_slot(const struct slot *slot)
{
  while (slot->stage->kind == PLUGIN_TRANSFORM)
    slot = slot->stage->input;
  return slot;
}

/* ---- One transform ---- */

static bool
rebase_is_asked(const struct cycle_data *d, const struct stage *transform)
{
  for (size_t i = 0; i < transform->n_operands; i++)
    if ((transform->operands[i].flags & MP_BASE) &&
        d->ledgers[transform->operands[i].target->index].rebase)
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
allowed_outcomes(const struct instance *transform)
{
  unsigned allowed = CALL_ALLOWS(MP_HOLD) | CALL_ALLOWS(MP_DROP);

  for (size_t i = 0; i < transform->stage->n_operands; i++)
    if ((transform->stage->operands[i].flags & MP_BASE) ||
        !transform->operands[i].value)
      allowed |= CALL_ALLOWS(MP_REBASE);
  return allowed;
}

static bool
lacks_operand(const struct instance *transform)
{
  for (size_t i = 0; i < transform->stage->n_operands; i++)
    if (instance_lacks_operand(transform, i))
      return true;
  return false;
}

/* Reports a value that was held or dropped without a reason: it would be
 * missing silently in every cycle. */
static void
check_reason(struct instance *transform, int r)
{
  if (r == MP_HOLD)
    instance_fail(transform, MP_EDATA, NULL,
                  "the plugin's apply held the value and did not say why");
  if (r == MP_DROP && !lacks_operand(transform))
    instance_fail(transform, MP_EINTERNAL, NULL,
                  "the plugin's apply dropped the value, and no operand is "
                  "missing");
}

/* Applies TRANSFORM to *V, and imports the result. */
static int
apply(struct instance *transform, struct mp_value *v, struct value *out)
{
  struct call call = call_begin_direct(transform, "apply");
  int r = transform->stage->plugin->transform.apply(transform->self, v);
  const char *wrong;

  r = call_end(&call, r, allowed_outcomes(transform));
  if (r != MP_OK) {
    if (!call_explained(&call))
      check_reason(transform, r);
    return r;
  }
  v->struct_size = sizeof(*v);
  wrong = memory_import_value(out, v);
  if (wrong)
    return instance_fail(transform, MP_EINTERNAL, NULL, "the plugin made %s",
                         wrong);
  return MP_OK;
}

/* The plugin works on a copy. */
int
transform_apply(struct instance *transform, const struct value *in,
                struct value *out, struct messages *m)
{
  struct mp_value v = value_export(in);
  int r;

  transform->messages = m;
  r = apply(transform, &v, out);
  transform->messages = NULL;
  if (r == MP_OK)
    set_kind(transform->stage, in, out);
  return r;
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
report_missing_operand(struct cycle_data *d, const struct stage *transform)
{
  for (size_t i = 0; i < transform->n_operands; i++) {
    const struct operand *o = &transform->operands[i];
    const struct target *target = o->target;
    bool reported = d->state_failed || is_unreadable(d, target) ||
                    d->progress[target->index] == TARGET_FAILED ||
                    d->outputs[target->stage->index].given_up;

    if (d->evaluation.operands[o->index].state == OPERAND_MISSING)
      messages_log(&d->evaluation.messages, transform,
                   reported ? MP_LOG_INFO : MP_LOG_WARNING, NULL,
                   "no result: %s could not be asked and has no last known "
                   "value",
                   target->full_name);
  }
}

/* Makes the result of a transform whose input has a value.  Returns MP_OK or
 * the outcome without a result. */
static int
make_result(struct cycle_data *d, struct instances *instances,
            const struct stage *transform)
{
  struct instance *instance = &instances->list[transform->index];
  struct evaluation *e = &d->evaluation;

  for (size_t i = 0; i < transform->n_operands; i++)
    take_operand(d, &transform->operands[i]);
  if (rebase_is_asked(d, transform))
    return MP_REBASE;
  if (!check_reading(d, instances, transform))
    return MP_HOLD;
  show_operands(d, instance);
  return transform_apply(instance, e->slots[transform->input->index].value,
                         &e->slots[transform->output->index].made,
                         &e->messages);
}

static void
evaluate_one(struct cycle_data *d, struct instances *instances,
             const struct stage *transform)
{
  struct evaluation *e = &d->evaluation;
  struct slot_result *out = &e->slots[transform->output->index];
  int r;

  out->state = slot_state(d, transform->input);
  out->value = &out->made;
  e->took_part[transform->index] = out->state == SLOT_VALUE;
  if (out->state != SLOT_VALUE)
    return;
  r = make_result(d, instances, transform);
  if (r == MP_DROP)
    report_missing_operand(d, transform);
  out->state = state_of_result(r);
}

/* ---- Results that belong together ---- */

/* Leaves a held reading out of everything that its field feeds. */
static void
spread_holds(struct cycle_data *d)
{
  const struct plan *p = d->plan;
  struct slot_result *slots = d->evaluation.slots;
  bool held = false;

  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct slot *out = p->transforms[i]->output;

    if (slots[out->index].state == SLOT_HELD) {
      slots[root_slot(out)->index].state = SLOT_HELD;
      held = true;
    }
  }
  for (size_t i = 0; held && i < p->n_transforms; i++) {
    const struct slot *out = p->transforms[i]->output;

    if (slots[root_slot(out)->index].state == SLOT_HELD)
      slots[out->index].state = SLOT_HELD;
  }
}

/* Marks the bases from which TRANSFORM measures as rebased. */
static void
mark_rebased(struct cycle_data *d, const struct stage *transform)
{
  for (size_t i = 0; i < transform->n_operands; i++)
    if (transform->operands[i].flags & MP_BASE)
      d->evaluation.bases[transform->operands[i].target->base->index].rebased =
        true;
}

static bool
measures_from_rebased(const struct cycle_data *d, const struct stage *transform)
{
  for (size_t i = 0; i < transform->n_operands; i++)
    if ((transform->operands[i].flags & MP_BASE) &&
        d->evaluation.bases[transform->operands[i].target->base->index].rebased)
      return true;
  return false;
}

/* Extends the rebase of one transform to all that share its base, and to those
 * that they feed. */
static void
spread_rebases(struct cycle_data *d)
{
  const struct plan *p = d->plan;

  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct stage *t = p->transforms[i];

    if (slot_state(d, t->output) == SLOT_LEFT_OUT &&
        slot_state(d, t->input) == SLOT_VALUE)
      mark_rebased(d, t);
  }
  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct stage *t = p->transforms[i];

    if (slot_state(d, t->output) == SLOT_VALUE &&
        (slot_state(d, t->input) == SLOT_LEFT_OUT ||
         measures_from_rebased(d, t)))
      d->evaluation.slots[t->output->index].state = SLOT_LEFT_OUT;
  }
}

/* Blocks the base of each result that is held or missing; a first value or a
 * rebase does not block it. */
static void
block_groups(struct cycle_data *d)
{
  const struct plan *p = d->plan;

  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct slot *out = p->transforms[i]->output;
    enum slot_state state = slot_state(d, out);

    if (out->base && (state == SLOT_MISSING || state == SLOT_HELD))
      d->evaluation.bases[base_leader(out->base)->index].blocked = true;
  }
}

/* ---- Messages ---- */

static void
report_rebase(struct cycle_data *d, const struct stage *t,
              const struct operand *o)
{
  struct messages *m = &d->evaluation.messages;
  bool first = d->evaluation.operands[o->index].state == OPERAND_FIRST;

  if (d->ledgers[o->target->index].rebase)
    messages_notice(
      m, o->target->base, t, MP_LOG_NOTICE, o->target->full_name,
      "the reading is the new base, as \"meterpipe rebase\" asked for");
  else
    messages_notice(m, o->target->base, t,
                    first && !d->is_terminal ? MP_LOG_INFO : MP_LOG_NOTICE,
                    o->target->full_name,
                    first
                      ? "has no value yet: the reading becomes the base, and "
                        "this cycle has no result"
                      : "the reading is below it and becomes the new base");
}

/* Announces the rebase of BASE, by the first transform that measures from
 * it. */
static void
report_rebase_of(struct cycle_data *d, const struct base *base)
{
  const struct plan *p = d->plan;

  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct stage *t = p->transforms[i];

    if (slot_state(d, t->output) != SLOT_LEFT_OUT)
      continue;
    for (size_t k = 0; k < t->n_operands; k++)
      if (t->operands[k].target->base == base) {
        report_rebase(d, t, &t->operands[k]);
        return;
      }
  }
}

/* Logs, with -v, the targets that get no value because it is held or missing.
 * The failure itself was reported already. */
static void
report_left_alone(struct cycle_data *d)
{
  const struct plan *p = d->plan;

  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++) {
      const struct target *t = output->targets[i];

      if (target_is_kept(t) && !target_counts(d, t) &&
          slot_state(d, t->source) != SLOT_LEFT_OUT)
        messages_log(&d->evaluation.messages, output, MP_LOG_INFO, t->object,
                     "gets no value in this cycle: %s is missing%s",
                     t->source->name,
                     slot_state(d, t->source) == SLOT_HELD ? " (held)" : "");
    }
  }
}

/* ---- The evaluation ---- */

static void
take_readings(struct cycle_data *d)
{
  const struct plan *p = d->plan;
  struct evaluation *e = &d->evaluation;

  for (size_t i = 0; i < p->n_targets; i++)
    e->refusals[i] = REFUSAL_NONE;
  for (size_t i = 0; i < p->n_slots; i++) {
    struct slot_result *slot = &e->slots[i];

    slot->value = &d->fields[i].value;
    slot->state = d->fields[i].is_read ? SLOT_VALUE : SLOT_MISSING;
  }
}

static void
begin_transforms(struct cycle_data *d)
{
  const struct plan *p = d->plan;
  struct evaluation *e = &d->evaluation;

  e->identify = NULL;
  for (size_t i = 0; i < p->n_bases; i++)
    e->bases[i] = (struct base_result){ .blocked = false };
  for (size_t i = 0; i < p->n_slots; i++) {
    struct slot_result *slot = &e->slots[i];

    slot->hold = HOLD_NONE;
    slot->exchanged = slot->forgets = false;
    slot->reported = d->kept[i].reported;
  }
  FOR_EACH_STAGE(p, input, PLUGIN_INPUT)
  {
    e->numbers[input->index][0] = e->numbers[input->index][1] = NULL;
  }
}

/* Returns false if nothing was decided: a serial number is needed first. */
static bool
evaluate_transforms(struct cycle_data *d, struct instances *instances)
{
  const struct plan *p = d->plan;

  begin_transforms(d);
  for (size_t i = 0; i < p->n_transforms && !d->evaluation.identify; i++)
    evaluate_one(d, instances, p->transforms[i]);
  if (d->evaluation.identify) {
    messages_clear(&d->evaluation.messages);
    return false;
  }
  spread_holds(d);
  spread_rebases(d);
  block_groups(d);
  for (const struct base *b = p->bases; b; b = b->next)
    if (d->evaluation.bases[b->index].rebased)
      report_rebase_of(d, b);
  return true;
}

void
evaluate(struct cycle_data *d, struct instances *instances)
{
  take_readings(d);
  if (d->plan->n_transforms > 0 && !evaluate_transforms(d, instances))
    return;
  if (d->shows_info)
    report_left_alone(d);
}
