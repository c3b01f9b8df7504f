/*
 * Books the values of a cycle in the ledgers of its targets.
 */
#include "core/cycle/book.h"

#include <stdlib.h>

#include "core/cycle/check_readings.h"
#include "core/cycle/evaluate.h"
#include "core/memory/memory.h"
#include "core/pipeline/target_fit.h"
#include "lib/unit.h"

/* ---- Targets ---- */

/* Returns true if T gets a value in its ledger.  In a capture without a state
 * on disk, a queue needs only the values of operands. */
static bool
is_booked(const struct cycle_data *d, const struct target *t)
{
  return target_is_kept(t) &&
         (d->books_all || t->is_operand || delivery(t->stage) == MP_LATEST);
}

/* ---- Values as targets keep them ---- */

/* Copies the value of T's source to *RET, in the unit of the ledger.  Returns
 * false if it does not fit. */
static bool
value_to_book(const struct cycle_data *d, const struct target *t,
              struct value *ret)
{
  const struct ledger *ledger = &d->ledgers[t->index];
  const struct value *last = ledger_last(ledger);

  memory_copy_value(ret, source_value(d, t));
  if (!ret->serial && last)
    ret->serial = last->serial; /* no number: assume the same meter */
  if (ret->text || !ledger->unit || unit_same(ledger->unit, ret->unit))
    return true;
  if (unit_convert(&ret->number, ret->unit, ledger->unit, MP_EXACT) != MP_OK) {
    value_clear(ret);
    return false;
  }
  ret->unit = ledger->unit;
  return true;
}

static void
block(struct cycle_data *d, const struct base *base)
{
  if (base)
    d->evaluation.bases[base_leader(base)->index].blocked = true;
}

/* Leaves the value of T out.  Nothing that is computed from its bases may be
 * booked in this cycle. */
static void
refuse(struct cycle_data *d, const struct target *t, enum refusal refusal)
{
  d->evaluation.refusals[t->index] = refusal;
  block(d, t->source->base);
  block(d, t->base);
}

/* ---- Kinds ---- */

/* Returns the slot whose kind must stay the same in every cycle.  For a total,
 * that is the input of its transform. */
static const struct slot *
kind_slot(const struct cycle_data *d, const struct target *t)
{
  const struct slot *s = t->source;

  return d->ledgers[t->index].role == LEDGER_TOTAL &&
             s->stage->kind == PLUGIN_TRANSFORM
           ? s->stage->input
           : s;
}

/* Returns true if the value of S can go into T, else reports it.  If the kind
 * of S was known beforehand, the graph has checked it. */
static bool
kind_fits(struct cycle_data *d, const struct target *t, const struct slot *s)
{
  const struct ledger *ledger = &d->ledgers[t->index];
  uint32_t kind = d->evaluation.slots[s->index].value->kind;
  uint32_t before = ledger->kind ? ledger->kind : ledger->pending.kind;

  if (s == t->source && t->is_operand && kind == MP_DELTA)
    messages_fail(&d->evaluation.messages, t->stage, MP_EDATA, t->object,
                  "%s is a delta in this reading, and the target is an "
                  "operand, which holds a reading or a total: it is left out",
                  s->name);
  else if (!ledger_takes_kind(ledger, kind))
    messages_fail(&d->evaluation.messages, t->stage, MP_EDATA, t->object,
                  "%s is a %s in this reading, and was a %s before: it is left "
                  "out; \"meterpipe rebase --forget %s\" lets the target begin "
                  "anew with the other kind",
                  s->name, value_kind_name(kind), value_kind_name(before),
                  t->full_name);
  else
    return true;
  return false;
}

/* Blocks the bases of an amount that cannot be booked, because the entry of T
 * cannot be read: the next result covers it. */
static void
check_unreadable(struct cycle_data *d, const struct target *t)
{
  if (slot_state(d, t->source) == SLOT_VALUE &&
      source_value(d, t)->kind == MP_DELTA) {
    block(d, t->source->base);
    block(d, t->base);
  }
}

static void
check_kind(struct cycle_data *d, const struct target *t)
{
  const struct slot *s;

  if (!is_booked(d, t))
    return;
  if (is_unreadable(d, t)) {
    check_unreadable(d, t);
    return;
  }
  s = kind_slot(d, t);
  if (!s->kind && target_counts(d, t) && !kind_fits(d, t, s))
    refuse(d, t, REFUSAL_OTHER_KIND);
}

/* Keeps the kind of the booked value.  It decides the role of the target if the
 * kind was not known. */
static void
keep_kind(struct cycle_data *d, const struct target *t)
{
  struct ledger *ledger = &d->ledgers[t->index];
  uint32_t kind = ledger->kind;

  ledger_set_kind(ledger,
                  d->evaluation.slots[kind_slot(d, t)->index].value->kind);
  d->has_new_kind |= ledger->kind != kind;
}

/* ---- Units ---- */

/* Reports that T takes the unit TO and its value is in another unit. */
static void
report_unit(struct cycle_data *d, const struct target *t, const char *to)
{
  const struct answer *answer = &d->answers[t->index];
  const struct target_facts facts = { .target = t,
                                      .unit = to,
                                      .step = answer->step };
  const char *unit = source_value(d, t)->unit;
  char words[TARGET_FIT_TEXT];

  messages_fail(&d->evaluation.messages, t->stage, MP_ECONFIG, t->object,
                "takes %s, and %s is in %s: %s", unit_display(to),
                t->source->name, unit ? unit_display(unit) : "no unit",
                target_fit_way_out(&facts, unit, to, words, sizeof(words)));
}

/* Returns true if T is a part whose value does not convert to the unit it
 * displays.  A part has no ledger. */
static bool
part_is_unfit(const struct cycle_data *d, const struct target *t)
{
  const struct ledger_displayed *displayed = &d->answers[t->index].displayed;
  const struct value *v = source_value(d, t);
  struct mp_decimal number = v->number;

  return t->part && displayed->known && displayed->value.unit && v->unit &&
         unit_convert(&number, v->unit, displayed->value.unit, MP_EXACT) !=
           MP_OK;
}

/* Returns true if T cannot take this value in any form, and reports it. */
static bool
refuses_kind(struct cycle_data *d, const struct target *t)
{
  const struct answer *answer = &d->answers[t->index];

  if (!answer->numbers_only || !target_counts(d, t))
    return false;
  if (source_value(d, t)->kind == MP_TEXT)
    target_fit_refuse_text(t, &d->evaluation.messages);
  else if (part_is_unfit(d, t))
    report_unit(d, t, answer->displayed.value.unit);
  else
    return false;
  return true;
}

/* Returns true if nothing is to be converted or added up: nearly always. */
static bool
fits_as_it_is(const struct cycle_data *d, const struct target *t)
{
  const struct ledger *ledger = &d->ledgers[t->index];
  const struct value *v = source_value(d, t);

  return ledger->role != LEDGER_DELTA &&
         (v->text || !ledger->unit || unit_same(ledger->unit, v->unit));
}

/* Returns true if the value of T can be booked, else reports it. */
static bool
can_be_booked(struct cycle_data *d, const struct target *t)
{
  const struct ledger *ledger = &d->ledgers[t->index];
  struct value v = { 0 };
  bool fits;

  if (!value_to_book(d, t, &v)) {
    report_unit(d, t, ledger->unit);
    return false;
  }
  fits = ledger_fits(ledger, &v);
  value_clear(&v);
  if (!fits)
    messages_fail(&d->evaluation.messages, t->stage, MP_ERANGE, t->object,
                  "its pending amount cannot grow further and stay exact: this "
                  "value and its base are left out until the amount is "
                  "delivered");
  return fits;
}

static void
check_value(struct cycle_data *d, const struct target *t)
{
  if (refuses_kind(d, t) || (is_booked(d, t) && target_counts(d, t) &&
                             !fits_as_it_is(d, t) && !can_be_booked(d, t)))
    refuse(d, t, REFUSAL_UNFIT);
}

/* Calls CHECK for each target of the outputs that keep values.  Inline, because
 * a replay calls this in each of its cycles. */
static inline void
each_target(struct cycle_data *d,
            void (*check)(struct cycle_data *d, const struct target *t))
{
  FOR_EACH_STAGE(d->plan, output, PLUGIN_OUTPUT)
  {
    if (delivery(output) == MP_LIVE)
      continue;
    for (size_t i = 0; i < output->n_targets; i++)
      check(d, output->targets[i]);
  }
}

void
book_check(struct cycle_data *d)
{
  each_target(d, check_kind);
  each_target(d, check_value);
}

/* ---- The cycle ---- */

int64_t
book_time(const struct cycle_data *d)
{
  int64_t time_ms = 0;

  FOR_EACH_STAGE(d->plan, input, PLUGIN_INPUT)
  {
    int64_t end = 0;

    for (size_t i = 0; i < input->n_fields; i++) {
      const struct field_reading *field = &d->fields[input->fields[i]->index];

      if (field->is_read && field->value.time_ms > end)
        end = field->value.time_ms;
    }
    if (end && (!time_ms || end < time_ms))
      time_ms = end;
  }
  return time_ms;
}

/* Warns before the first value of an operand is sent that its target rounds it:
 * if the state is lost, only the rounded value is known. */
static void
report_coarse(struct cycle_data *d, const struct target *t)
{
  const struct ledger *ledger = &d->ledgers[t->index];
  struct value stored = { 0 };
  char whole[256], rounded[256];

  if (!t->is_operand ||
      (ledger->acknowledged.kind && ledger->acknowledged.number.coef != 0) ||
      !ledger_rounded(ledger, &ledger->pending, &stored))
    return;
  messages_notice(&d->evaluation.messages, t->base, t->stage, MP_LOG_WARNING,
                  t->object,
                  "stores %s as %s: if the state is lost, usage is wrong by up "
                  "to that difference; give the target a finer step (its "
                  "divider)",
                  value_describe(&ledger->pending, whole, sizeof(whole)),
                  value_describe(&stored, rounded, sizeof(rounded)));
  value_clear(&stored);
}

/* Books the value of T: as pending in a latest output, else for the row. */
static void
book_target(struct cycle_data *d, const struct target *t)
{
  struct ledger *ledger = &d->ledgers[t->index];
  struct value v = { 0 };
  int r;

  if (!target_counts(d, t) || !value_to_book(d, t, &v))
    return;
  if (!ledger->unit)
    ledger->unit = v.unit;
  keep_kind(d, t);
  r = delivery(t->stage) == MP_LATEST ? ledger_set_pending(ledger, &v)
                                      : ledger_column(ledger, &v);
  /* book_check has found that it fits.  To commit the rest without it would
   * lose it. */
  if (r != MP_OK)
    abort();
  if (t->base)
    ledger->rebase = false;
  report_coarse(d, t);
  value_clear(&v);
}

bool
book_has_row(const struct cycle_data *d, const struct stage *output)
{
  for (size_t i = 0; i < output->n_targets; i++)
    if (target_is_kept(output->targets[i]) &&
        target_counts(d, output->targets[i]))
      return true;
  return false;
}

/* Sets a total whose first result is left out to 0.  So the next result counts,
 * whatever the output displays, and in the next cycle of a capture. */
static void
begin_total(struct cycle_data *d, const struct operand *o)
{
  const struct target *t = o->target;

  if (!(o->flags & MP_TOTAL) || !target_is_kept(t) ||
      d->evaluation.operands[o->index].state != OPERAND_FIRST)
    return;
  ledger_begin(&d->ledgers[t->index]);
  d->outcomes[t->index] = LEDGER_SETTLED;
}

static void
begin_totals(struct cycle_data *d)
{
  const struct plan *p = d->plan;

  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct stage *t = p->transforms[i];

    if (!d->evaluation.took_part[t->index] ||
        slot_state(d, t->output) != SLOT_LEFT_OUT)
      continue;
    for (size_t k = 0; k < t->n_operands; k++)
      begin_total(d, &t->operands[k]);
  }
}

void
book(struct cycle_data *d)
{
  check_readings_keep(d);
  begin_totals(d);
  FOR_EACH_STAGE(d->plan, output, PLUGIN_OUTPUT)
  {
    if (delivery(output) == MP_LIVE)
      continue;
    for (size_t i = 0; i < output->n_targets; i++)
      if (is_booked(d, output->targets[i]))
        book_target(d, output->targets[i]);
  }
}

/* ---- Records ---- */

static int64_t
highest_number(const struct cycle_data *d)
{
  int64_t highest = 0;

  FOR_EACH_STAGE(d->plan, output, PLUGIN_OUTPUT)
  {
    if (d->outputs[output->index].last_number > highest)
      highest = d->outputs[output->index].last_number;
  }
  return highest;
}

/* A new number is the time, but greater than every number before, of any
 * output, so that no id is used twice even if the clock was set back. */
int64_t
book_number(struct cycle_data *d, const struct stage *output, int64_t now_ms)
{
  struct output_state *state = &d->outputs[output->index];

  if (!state->number) {
    int64_t highest = highest_number(d);

    state->last_number = now_ms > highest ? now_ms : highest + 1;
    state->number = state->last_number;
  }
  return state->number;
}

bool
book_prepare_target(struct cycle_data *d, const struct target *t,
                    int64_t now_ms)
{
  struct ledger *ledger = &d->ledgers[t->index];

  return ledger->pending.kind &&
         ledger_prepare(ledger, &d->answers[t->index].displayed,
                        book_number(d, t->stage, now_ms));
}

static void
prepare(struct cycle_data *d, const struct target *t, int64_t now_ms)
{
  enum progress_of_target *progress = &d->progress[t->index];

  if (!target_is_kept(t) || *progress == TARGET_FAILED)
    return;
  *progress =
    (d->answers[t->index].displayed.known || !can_be_asked(d, t->stage)) &&
        book_prepare_target(d, t, now_ms)
      ? TARGET_SENDING
      : TARGET_IDLE;
}

void
book_prepare(struct cycle_data *d, int64_t now_ms)
{
  FOR_EACH_STAGE(d->plan, output, PLUGIN_OUTPUT)
  {
    if (delivery(output) != MP_LATEST || d->outputs[output->index].given_up)
      continue;
    for (size_t i = 0; i < output->n_targets; i++)
      prepare(d, output->targets[i], now_ms);
  }
}
