/*
 * Books the values of a cycle in the ledgers of its targets and in the rows of
 * its queues.
 */
#include "core/cycle/book_pending.h"

#include <stdlib.h>

#include "core/cycle/book_state.h"
#include "core/cycle/check_readings.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/queue_row.h"
#include "core/pipeline/notices.h"
#include "core/pipeline/target_fit.h"
#include "core/pipeline/stage.h"
#include "core/run/log.h"
#include "lib/clock.h"
#include "lib/unit.h"

/* ---- Targets ---- */

/* Returns true if values are booked for all targets of OUTPUT, false if only
 * for operands: in a capture without a state on disk, nothing needs the other
 * columns of a queue. */
static bool
books_all(const struct stage *output)
{
  const struct run *run = output->pipeline->run;

  return delivery(output) == MP_LATEST || run->dry ||
         store_is_durable(run->store);
}

static bool
is_booked(const struct target *t, bool all)
{
  return target_is_kept(t) && (all || t->is_operand);
}

/* Calls CHECK for each target of the outputs that keep values.  Inline, because
 * a replay calls this in each of its cycles. */
static inline void
each_target(struct pipeline *p, void (*check)(struct target *t, bool booked))
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    bool all = books_all(output);

    if (delivery(output) == MP_LIVE)
      continue;
    for (size_t i = 0; i < output->n_targets; i++)
      check(output->targets[i], is_booked(output->targets[i], all));
  }
}

/* ---- Values as targets keep them ---- */

/* Copies the value of TARGET's source to *RET, in the unit of the ledger.
 * Returns false if it does not fit. */
static bool
book_value(const struct target *target, struct value *ret)
{
  const struct value *v = &target->source->value;
  const struct ledger *ledger = &target->ledger;
  const struct value *last = ledger_last(ledger);

  if (!value_copy(ret, v))
    return false;
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

/* Blocks the bases of T: its value does not count, so nothing computed from
 * these bases may be booked in this cycle. */
static void
block_base(const struct target *t)
{
  if (t->source->base)
    base_leader(t->source->base)->blocked = true;
  if (t->base)
    base_leader(t->base)->blocked = true;
}

static void
block_unfit_target(struct target *t)
{
  block_base(t);
  t->unfit = true;
}

/* ---- Kinds ---- */

/* Returns the slot whose kind must stay the same in every cycle.  For a total,
 * that is the input of its transform. */
static const struct slot *
kind_slot(const struct target *t)
{
  const struct slot *s = t->source;

  return t->ledger.role == LEDGER_TOTAL && s->stage->kind == PLUGIN_TRANSFORM
           ? s->stage->input
           : s;
}

/* Returns true if the value of S can go into T, else reports it.  If the kind
 * of S was known beforehand, the graph has checked it. */
static bool
kind_fits(struct target *t, const struct slot *s)
{
  uint32_t kind = s->value.kind;
  uint32_t before = t->ledger.kind ? t->ledger.kind : t->ledger.pending.kind;

  if (s->kind)
    return true;
  if (s == t->source && t->is_operand && kind == MP_DELTA)
    stage_fail(t->stage, MP_EDATA, t->object,
               "%s is a delta in this reading, and the target is an operand, "
               "which holds a reading or a total: it is left out",
               s->name);
  else if (!ledger_takes_kind(&t->ledger, kind))
    stage_fail(t->stage, MP_EDATA, t->object,
               "%s is a %s in this reading, and was a %s before: it is left "
               "out; \"meterpipe rebase --forget %s\" lets the target begin "
               "anew with the other kind",
               s->name, value_kind_name(kind), value_kind_name(before),
               t->full_name);
  else
    return true;
  return false;
}

/* Blocks the base of an unbookable amount: the next result covers it. */
static void
check_unreadable(const struct target *t)
{
  if (t->source->state == SLOT_VALUE && t->source->value.kind == MP_DELTA)
    block_base(t);
}

static void
check_kind(struct target *t, bool booked)
{
  t->other_kind = false;
  if (!booked)
    return;
  if (t->unreadable)
    check_unreadable(t);
  else if (target_counts(t) && !kind_fits(t, kind_slot(t))) {
    t->other_kind = true;
    block_base(t);
  }
}

void
book_check_kinds(struct pipeline *p)
{
  each_target(p, check_kind);
}

/* Keeps the kind of the booked value.  It decides the role of the target if the
 * kind was not known. */
static void
keep_kind(struct target *t)
{
  ledger_set_kind(&t->ledger, kind_slot(t)->value.kind);
  t->public.kind = t->ledger.kind;
}

/* ---- Units ---- */

/* Reports that T takes the unit TO and its value is in another unit. */
static void
report_unit(struct target *t, const char *to)
{
  const char *unit = t->source->value.unit;
  char words[TARGET_FIT_TEXT];

  stage_fail(t->stage, MP_ECONFIG, t->object, "takes %s, and %s is in %s: %s",
             unit_display(to), t->source->name,
             unit ? unit_display(unit) : "no unit",
             target_fit_way_out(t, unit, to, words, sizeof(words)));
}

/* Returns true if T is a part whose value does not convert to the unit it
 * displays.  A part has no ledger. */
static bool
part_is_unfit(const struct target *t)
{
  const struct value *v = &t->source->value;
  const char *to = t->displayed.value.unit;
  struct mp_decimal number = v->number;

  return t->part && t->displayed.known && to && v->unit &&
         unit_convert(&number, v->unit, to, MP_EXACT) != MP_OK;
}

/* Returns true if T cannot take this value in any form, and reports it. */
static bool
refuses_kind(struct target *t)
{
  if (!t->numbers_only || !target_counts(t))
    return false;
  if (target_fit_is_unfit_text(t, t->source->value.kind))
    target_fit_refuse_text(t);
  else if (part_is_unfit(t))
    report_unit(t, t->displayed.value.unit);
  else
    return false;
  return true;
}

/* Returns true if nothing is to be converted or added up: nearly always. */
static bool
fits_as_it_is(const struct target *t)
{
  const struct value *v = &t->source->value;

  return t->ledger.role != LEDGER_DELTA &&
         (v->text || !t->ledger.unit || unit_same(t->ledger.unit, v->unit));
}

static void
check_value(struct target *t, bool booked)
{
  struct value v = { 0 };

  t->unfit = false;
  if (refuses_kind(t)) {
    block_unfit_target(t);
    return;
  }
  if (!booked || !target_counts(t) || fits_as_it_is(t))
    return;
  if (!book_value(t, &v))
    report_unit(t, t->ledger.unit);
  else if (!ledger_fits(&t->ledger, &v))
    stage_fail(t->stage, MP_ERANGE, t->object,
               "its pending amount cannot grow further and stay exact: this "
               "value and its base are left out until the amount is delivered");
  else {
    value_clear(&v);
    return;
  }
  value_clear(&v);
  block_unfit_target(t);
}

void
book_check_values(struct pipeline *p)
{
  each_target(p, check_value);
}

/* ---- The cycle ---- */

int64_t
book_time(const struct pipeline *p)
{
  int64_t time_ms = 0;

  FOR_EACH_STAGE(p, input, PLUGIN_INPUT)
  {
    int64_t end = 0;

    for (size_t i = 0; i < input->n_fields; i++)
      if (input->fields[i]->state != SLOT_MISSING &&
          input->fields[i]->value.time_ms > end)
        end = input->fields[i]->value.time_ms;
    if (end && (!time_ms || end < time_ms))
      time_ms = end;
  }
  return time_ms;
}

/* Reports that memory ran out.  A cycle is not booked in part: nothing of it is
 * committed, and the next one covers it. */
static void
fail_memory(struct stage *output, const char *object)
{
  stage_fail(output, MP_ENOMEM, object, "out of memory");
  output->pipeline->run->state_failed = true;
}

/* Warns before the first value of an operand is sent that its target rounds it:
 * if the state is lost, only the rounded value is known. */
static void
report_coarse(const struct target *t)
{
  const struct ledger *ledger = &t->ledger;
  struct value stored = { 0 };
  char whole[256], rounded[256];

  if (!t->is_operand ||
      (ledger->acknowledged.kind && ledger->acknowledged.number.coef != 0) ||
      !ledger_rounded(ledger, &ledger->pending, &stored))
    return;
  notices_add(t->stage->pipeline, t->base, MP_LOG_WARNING, t->stage->name,
              t->object,
              "stores %s as %s: if the state is lost, usage is wrong by up to "
              "that difference; give the target a finer step (its divider)",
              value_describe(&ledger->pending, whole, sizeof(whole)),
              value_describe(&stored, rounded, sizeof(rounded)));
  value_clear(&stored);
}

/* Books the value of T: as pending in a latest output, else for the row. */
static void
book_target(struct target *t)
{
  struct value v = { 0 };
  int r;

  if (!target_counts(t) || !book_value(t, &v))
    return;
  if (!t->ledger.unit)
    t->ledger.unit = v.unit;
  keep_kind(t);
  if (delivery(t->stage) == MP_LATEST)
    r = ledger_set_pending(&t->ledger, &v);
  else
    r = ledger_column(&t->ledger, &v);
  if (r != MP_OK) /* out of memory: book_check_values has checked the rest */
    fail_memory(t->stage, t->object);
  else if (t->base)
    t->ledger.rebase = false;
  report_coarse(t);
  value_clear(&v);
}

static bool
any_counts(const struct stage *output)
{
  for (size_t i = 0; i < output->n_targets; i++)
    if (target_is_kept(output->targets[i]) && target_counts(output->targets[i]))
      return true;
  return false;
}

static void
book_row(struct stage *output, int64_t time_ms)
{
  char *body = queue_row_encode(output, time_ms);

  if (!body ||
      !store_row_add(output->pipeline->run->store, output->name, body) ||
      !book_keep_last_row(output, time_ms))
    fail_memory(output, NULL);
  free(body);
}

size_t
book_drop_rows(struct stage *output, int64_t newest_ms)
{
  struct store *store = output->pipeline->run->store;
  const struct store_row *stored = store_row_next(store, output->name, 0);
  size_t dropped = 0;
  struct queue_row row;

  for (; stored; stored = store_row_next(store, output->name, stored->id)) {
    if (!queue_row_decode(&row, stored->body))
      continue;
    if (row.time_ms / 1000 <= newest_ms / 1000) {
      store_row_remove(store, stored->id);
      dropped++;
    }
    queue_row_clear(&row);
  }
  return dropped;
}

/* Sets a total whose first result is left out to 0.  So the next result counts,
 * whatever the output displays, and in the next cycle of a capture. */
static void
begin_totals(struct pipeline *p)
{
  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct stage *t = p->transforms[i];

    if (!t->took_part || t->output->state != SLOT_LEFT_OUT)
      continue;
    for (size_t k = 0; k < t->n_operands; k++) {
      const struct operand *o = &t->operands[k];

      if (!(o->flags & MP_TOTAL) || !(o->public.flags & MP_OPERAND_FIRST) ||
          !target_is_kept(o->target))
        continue;
      ledger_begin(&o->target->ledger);
      o->target->first = false;
    }
  }
}

void
book_pending(struct pipeline *p, int64_t time_ms)
{
  check_readings_keep(p);
  begin_totals(p);
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    uint32_t class = delivery(output);
    bool all = books_all(output);

    if (class == MP_LIVE)
      continue;
    for (size_t i = 0; i < output->n_targets; i++)
      if (is_booked(output->targets[i], all))
        book_target(output->targets[i]);
    if (time_ms && store_is_durable(p->run->store) &&
        (class == MP_APPEND || (class == MP_HISTORY && any_counts(output))))
      book_row(output, time_ms);
  }
}

/* A new number is the time, but greater than every number before, so that no id
 * is used twice even if the clock was set back. */
int64_t
book_number(struct stage *output)
{
  int64_t now = clock_now_ms();

  if (!output->number) {
    output->last_number =
      now > output->last_number ? now : output->last_number + 1;
    output->number = output->last_number;
  }
  return output->number;
}

bool
book_prepare_target(struct target *t)
{
  return t->ledger.pending.kind &&
         ledger_prepare(&t->ledger, &t->displayed, book_number(t->stage));
}

void
book_prepare(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    if (delivery(output) != MP_LATEST || output->given_up)
      continue;
    for (size_t i = 0; i < output->n_targets; i++) {
      struct target *t = output->targets[i];

      t->sending = target_is_kept(t) && !t->failed &&
                   (t->displayed.known || !can_be_asked(output)) &&
                   book_prepare_target(t);
    }
  }
}
