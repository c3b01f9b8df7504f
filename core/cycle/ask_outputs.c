/* Asks the outputs for their displayed values and settles the ledgers. */
#include "core/cycle/ask_outputs.h"

#include <stdlib.h>
#include <string.h>

#include "core/cycle/book_pending.h"
#include "core/cycle/book_state.h"
#include "core/cycle/output_turns.h"
#include "core/pipeline/notices.h"
#include "core/pipeline/call.h"
#include "core/pipeline/stage.h"
#include "core/run/log.h"
#include "lib/clock.h"
#include "lib/storable.h"
#include "lib/unit.h"

/* An output is not asked with less time left than this: it could not answer. */
#define LEAST_TIME_MS 50

/* ---- Displayed values ---- */

/* Imports the displayed value.  An empty text counts as no value.  Returns the
 * fault, or NULL. */
static const char *
import_displayed(struct target *target, const struct mp_shown *shown)
{
  const char *fault;

  if (shown->answer == MP_SHOWN_VALUE && !shown->value)
    return "MP_SHOWN_VALUE without a value";
  if (!shown->value || shown->answer > MP_SHOWN_EMPTY)
    return NULL; /* an empty target may still give its unit in a zero value */
  fault = value_import(&target->displayed.value, shown->value);
  if (!fault && target->displayed.value.text && !*target->displayed.value.text)
    value_clear(&target->displayed.value);
  return fault;
}

/* Stores SHOWN in TARGET.  Returns the fault, or NULL. */
static const char *
keep_displayed(struct target *target, const struct mp_shown *shown)
{
  struct ledger_displayed *to = &target->displayed;
  const char *fault = storable_shown(shown);

  if (fault)
    return fault;
  if (shown->updated) {
    to->updated = strdup(shown->updated);
    if (!to->updated)
      return "out of memory";
  }
  to->place = shown->place;
  if (shown->step.coef)
    target->displayed_step = shown->step;
  else
    target->displayed_step = (struct mp_decimal){ 0, 0 };
  target->numbers_only = (shown->flags & MP_SHOWN_NUMBERS) != 0;
  target->ready_ms = clock_mono_ms() + shown->wait_ms;
  return import_displayed(target, shown);
}

static int
take_displayed(const struct mp_shown_sink *sink, const struct mp_shown *shown)
{
  struct stage *output = sink->ctx;
  struct target *target;
  const char *fault;

  if (!shown || !MP_HAS(shown, struct mp_shown, flags) ||
      shown->target >= output->n_targets || shown->answer < MP_SHOWN_VALUE ||
      shown->answer > MP_SHOWN_UNFIT)
    return stage_fail(output, MP_EINTERNAL, NULL,
                      "the plugin's fetch gave an answer that does not exist");
  target = output->targets[shown->target];
  ledger_displayed_clear(&target->displayed);
  target->answer = 0;
  fault = keep_displayed(target, shown);
  if (fault) {
    ledger_displayed_clear(&target->displayed);
    return stage_fail(output, MP_EINTERNAL, target->object,
                      "the plugin's fetch gave %s", fault);
  }
  target->displayed.known = true;
  target->answer = shown->answer;
  return MP_OK;
}

/* ---- Asking ---- */

/* Returns true if asking OUTPUT can reveal that an older copy of the state was
 * put back: it tells the time of its rows, and rows were booked for it. */
static bool
older_state_is_noticed(const struct stage *output)
{
  return (output->plugin->output.flags & MP_OUTPUT_TELLS_TIME) &&
         output->pipeline->run->store && book_last_row(output) > 0;
}

/* Returns true if OUTPUT must be asked in this cycle.  A queue keeps its last
 * values itself; its output is asked only for operands that have none, and to
 * notice an older copy of the state. */
static bool
needs_asking(const struct stage *output)
{
  if (!can_be_asked(output) || output->n_targets == 0 || output->given_up)
    return false;
  if (delivery(output) == MP_LATEST || older_state_is_noticed(output))
    return true;
  for (size_t i = 0; i < output->n_targets; i++)
    if (output->targets[i]->is_operand &&
        !ledger_last(&output->targets[i]->ledger))
      return true;
  return false;
}

static bool
has_time_to_ask(struct stage *output)
{
  struct run *run = output->pipeline->run;

  if (run_time_left(run) >= LEAST_TIME_MS && !run_stopped())
    return true;
  output->given_up = true;
  report_failuref(
    run->report, REPORT_OTHER, output->name, MP_ETIMEOUT, NULL,
    "ran out of time before asking it; its pending values are kept");
  return false;
}

/* Returns true if the value of TARGET, or a result computed from it, cannot be
 * sent until the output has answered. */
static bool
needs_answer(const struct target *target)
{
  if (delivery(target->stage) == MP_LATEST)
    return !target->part;
  return target->is_operand && !ledger_last(&target->ledger);
}

/* Returns the targets that need an answer and got ANSWER from fetch; 0: those
 * that got none. */
static struct target_list
targets_with_answer(const struct stage *output, uint32_t answer)
{
  struct target_list list = { 0 };

  for (size_t i = 0; i < output->n_targets; i++)
    if (output->targets[i]->answer == answer &&
        needs_answer(output->targets[i]))
      target_list_add(&list, output->targets[i]);
  return list;
}

/* Reports targets for which a successful fetch gave no answer, and those that
 * cannot take values, unless the plugin has explained why. */
static void
report_unexplained(struct stage *output)
{
  struct target_list left_out = targets_with_answer(output, 0);
  struct target_list unfit = targets_with_answer(output, MP_SHOWN_UNFIT);

  if (left_out.n > 0)
    stage_fail(output, MP_EAGAIN, NULL,
               "the plugin's fetch left out %s and did not say why; pending "
               "values are kept",
               target_list_text(&left_out));
  if (unfit.n > 0)
    stage_fail(output, MP_EREFUSED, NULL,
               "the plugin's fetch said that %s cannot take values, but not "
               "why; pending values are kept",
               target_list_text(&unfit));
}

static void
ask_one(struct stage *output)
{
  struct mp_shown_sink sink = { .struct_size = sizeof(sink),
                                .ctx = output,
                                .shown = take_displayed };
  struct call call;
  int r;

  if (stage_open(output) != MP_OK) {
    output->given_up = true;
    return;
  }
  output->took_part = true;
  call = call_begin(output, "fetch");
  r = call_end(&call, output->plugin->output.fetch(output->self, &sink),
               CALL_ALLOWS(MP_SKIP));
  output->asks_nothing = r == MP_SKIP;
  if (r == MP_OK && !call_explained(&call) && !run_stopped())
    report_unexplained(output);
  if (r < 0)
    output->given_up = true;
}

static void
report_absent(struct target *target)
{
  stage_fail(target->stage, MP_EREFUSED, target->object,
             "is not listed by the output: there is no such target, it is "
             "hidden or disabled, or this user may not see it; %s",
             target->source ? "its pending value is kept" : "it has no value");
  target->failed = true;
}

/* ---- Settling ---- */

/* Announces that the displayed value is not WAS, the written one; WHAT is the
 * reason. */
static void
report_difference(const struct target *target, const struct value *was,
                  const char *what)
{
  char a[256], s[256];

  notices_add(target->stage->pipeline, NULL, MP_LOG_NOTICE, target->stage->name,
              target->object, "displays %s, but %s was written: %s",
              value_describe(&target->displayed.value, s, sizeof(s)),
              value_describe(was, a, sizeof(a)), what);
}

/* The base CHANGED was changed by hand: drops the pending values that are
 * computed from it, so that they are computed anew.  Only in the same output:
 * if a backup of its server was restored, all its targets are back at the same
 * moment. */
static void
drop_pending(struct target *changed)
{
  struct stage *output = changed->stage;
  struct base *base = base_leader(changed->base);

  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];

    if (t->ledger.role != LEDGER_BASE && target_is_kept(t) && !t->unreadable &&
        t->displayed.known && t->source->base &&
        base_leader(t->source->base) == base)
      ledger_drop(&t->ledger, &t->displayed);
  }
}

/* Converts the ledger to the unit of the target, if that was changed.  Returns
 * false if that fails, which is reported. */
static bool
take_unit(struct target *target, const struct value *was)
{
  const char *unit = target->ledger.unit;
  bool again;
  int r = ledger_follow(&target->ledger, &target->displayed,
                        target->displayed_step, &again);

  if (again)
    report_difference(
      target, was,
      "its unit or divider was changed; the value is written again");
  if (r == MP_OK)
    return true;
  if (r == MP_ENOMEM)
    stage_fail(target->stage, r, target->object, "out of memory");
  else
    stage_fail(
      target->stage, r, target->object,
      "is in %s, but its values in the state are in %s, which does not convert "
      "exactly: give it back that unit, or name another target",
      unit_display(target->displayed.value.unit), unit_display(unit));
  target->failed = true;
  return false;
}

static enum ledger_outcome
settle_one(struct target *target)
{
  struct value was = { 0 };
  enum ledger_outcome outcome = LEDGER_SETTLED;

  value_copy(&was, &target->ledger.acknowledged);
  if (take_unit(target, &was)) {
    if (ledger_rests(&target->ledger, &target->displayed, clock_now_ms()))
      target->ready_ms = 0;
    outcome = ledger_settle(&target->ledger, &target->displayed);
  }
  target->first = outcome == LEDGER_FIRST;
  if (outcome == LEDGER_CHANGED)
    report_difference(
      target, &was,
      "the value was changed there; the next values continue from "
      "the displayed one");
  value_clear(&was);
  return outcome;
}

static void
settle_target(struct stage *output)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];

    t->changed = target_is_kept(t) && !t->unreadable && t->displayed.known &&
                 settle_one(t) == LEDGER_CHANGED;
  }
  for (size_t i = 0; i < output->n_targets; i++)
    if (output->targets[i]->changed &&
        output->targets[i]->ledger.role == LEDGER_BASE)
      drop_pending(output->targets[i]);
}

/* Reports targets that are not listed.  Any answer but a value or "empty"
 * leaves the displayed value unknown. */
static void
sort_answers(struct stage *output)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];

    if (t->answer == MP_SHOWN_ABSENT && !t->part)
      report_absent(t);
    if (t->answer == MP_SHOWN_UNFIT)
      t->failed = true;
    if (t->answer != MP_SHOWN_VALUE && t->answer != MP_SHOWN_EMPTY)
      t->displayed.known = false;
  }
}

/* ---- An older copy of the state ---- */

static int64_t
newest_displayed_row(const struct stage *output)
{
  int64_t newest = 0;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (target_is_kept(t) && t->displayed.known && t->displayed.value.kind &&
        t->displayed.value.time_ms > newest)
      newest = t->displayed.value.time_ms;
  }
  return newest;
}

/* Adopts rows of the output that this state does not know, because an older
 * copy of it was put back.  Their values become the last known values; rows of
 * the queue that are not newer were delivered before, and are dropped. */
static void
adopt_unknown_rows(struct stage *output)
{
  int64_t newest = newest_displayed_row(output);

  /* Outputs write whole seconds.  A time in the future is wrong. */
  if (newest / 1000 <= book_last_row(output) / 1000 || newest > clock_now_ms())
    return;
  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];

    if (target_is_kept(t) && t->displayed.known && t->displayed.value.kind)
      ledger_adopt_column(&t->ledger, &t->displayed);
  }
  log_line(
    MP_LOG_NOTICE, output->name, NULL,
    "has rows that the state does not know, probably because an older copy of "
    "the state was restored: its last row is now the last known value%s",
    book_drop_rows(output, newest) > 0
      ? ", and rows that it has already are not written again"
      : "");
}

void
ask_outputs(struct pipeline *p)
{
  if (p->run->offline)
    return;
  turns_mark(p, needs_asking);
  p->reserved_turns = p->n_outputs > 1; /* one part is kept for sending */
  FOR_EACH_OUTPUT(p, output)
  {
    if (!output->has_turn)
      continue;
    if (has_time_to_ask(output) && turn_begin(output))
      ask_one(output);
    turn_end(output);
    sort_answers(output);
    if (delivery(output) == MP_LATEST)
      settle_target(output);
    else if (older_state_is_noticed(output))
      adopt_unknown_rows(output);
  }
  p->reserved_turns = 0;
}
