/* Settles the ledgers with the displayed values. */
#include "core/cycle/settle.h"

#include <string.h>

#include "core/memory/memory.h"
#include "core/pipeline/instance.h"
#include "lib/unit.h"

/* Size of a ledger as text. */
#define LEDGER_TEXT 512

/* What the steps below work on. */
struct settling {
  struct cycle_data *d;
  int64_t now_ms;
  struct messages *messages;
};

/* ---- Answers ---- */

static void
report_absent(const struct settling *s, const struct target *t)
{
  messages_fail(s->messages, t->stage, MP_EREFUSED, t->object,
                "is not listed by the output: there is no such target, it is "
                "hidden or disabled, or this user may not see it; %s",
                t->source ? "its pending value is kept" : "it has no value");
  s->d->progress[t->index] = TARGET_FAILED;
}

/* Reports targets that are not listed.  Any answer but a value, "empty" or
 * "forgotten" leaves the displayed value unknown; so does "forgotten" if there
 * is no ledger, which alone could tell the value. */
static void
sort_answer(const struct settling *s, const struct target *t)
{
  struct answer *answer = &s->d->answers[t->index];

  if (answer->kind == MP_SHOWN_ABSENT && !t->part)
    report_absent(s, t);
  if (answer->kind == MP_SHOWN_UNFIT)
    s->d->progress[t->index] = TARGET_FAILED;
  if (answer->kind != MP_SHOWN_VALUE && answer->kind != MP_SHOWN_EMPTY &&
      (answer->kind != MP_SHOWN_FORGOTTEN || !target_is_kept(t)))
    answer->displayed.known = false;
}

/* ---- Ledgers ---- */

/* Announces that the displayed value is not WAS, the written one; WHAT is the
 * reason. */
static void
report_difference(const struct settling *s, const struct target *t,
                  const struct value *was, const char *what)
{
  const struct value *now = &s->d->answers[t->index].displayed.value;
  char a[256], b[256];

  messages_notice(s->messages, NULL, t->stage, MP_LOG_NOTICE, t->object,
                  "displays %s, but %s was written: %s",
                  value_describe(now, b, sizeof(b)),
                  value_describe(was, a, sizeof(a)), what);
}

static void
report_unit(const struct settling *s, const struct target *t, int r,
            const char *unit)
{
  const struct value *now = &s->d->answers[t->index].displayed.value;

  messages_fail(s->messages, t->stage, r, t->object,
                "is in %s, but its values in the state are in %s, which does "
                "not convert exactly: give it back that unit, or name "
                "another target",
                unit_display(now->unit), unit_display(unit));
  s->d->progress[t->index] = TARGET_FAILED;
}

/* Converts the ledger to the unit of the target, if that was changed.  Returns
 * false if that fails, which is reported. */
static bool
take_unit(const struct settling *s, const struct target *t,
          const struct value *was)
{
  struct ledger *ledger = &s->d->ledgers[t->index];
  const struct answer *answer = &s->d->answers[t->index];
  const char *unit = ledger->unit;
  bool again;
  int r = ledger_follow(ledger, &answer->displayed, answer->step, &again);

  if (again)
    report_difference(
      s, t, was, "its unit or divider was changed; the value is written again");
  if (r != MP_OK)
    report_unit(s, t, r, unit);
  return r == MP_OK;
}

/* Logs, with -v -v, the rows of doc/ledger.md that applied, and the ledger
 * BEFORE and after. */
static void
log_rows(const struct settling *s, const struct target *t, uint32_t rows,
         const char *before)
{
  char names[64], after[LEDGER_TEXT];

  messages_log(s->messages, t->stage, MP_LOG_DEBUG, t->object,
               "settled by row %s: %s; now %s",
               ledger_describe_rows(rows, names, sizeof(names)), before,
               ledger_describe(&s->d->ledgers[t->index], after, sizeof(after)));
}

/* Announces that the display is written again. */
static void
report_older(const struct settling *s, const struct target *t)
{
  const struct value *now = &s->d->answers[t->index].displayed.value;
  const struct value *last = ledger_last(&s->d->ledgers[t->index]);
  char a[256], b[256];

  messages_notice(s->messages, NULL, t->stage, MP_LOG_NOTICE, t->object,
                  "displays %s, an older value; %s is written again",
                  value_describe(now, b, sizeof(b)),
                  value_describe(last, a, sizeof(a)));
}

/* Announces in one line what OUTPUT forgot: a broker that starts anew may
 * forget all. */
static void
report_forgotten(const struct settling *s, const struct stage *output)
{
  struct target_list list = { 0 };
  const struct target *last = NULL;
  char text[256];

  for (size_t i = 0; i < output->n_targets; i++)
    if (s->d->outcomes[output->targets[i]->index] == LEDGER_LOST) {
      last = output->targets[i];
      target_list_add(&list, last);
    }
  if (list.n == 1)
    messages_notice(s->messages, NULL, output, MP_LOG_NOTICE, last->object,
                    "was forgotten by the output; %s is written again",
                    value_describe(ledger_last(&s->d->ledgers[last->index]),
                                   text, sizeof(text)));
  else if (list.n > 1)
    messages_notice(s->messages, NULL, output, MP_LOG_NOTICE, NULL,
                    "the output forgot %s; they are written again",
                    target_list_text(&list));
}

/* Announces that the displayed value was taken over; WHAT is the reason. */
static void
report_taken(const struct settling *s, const struct target *t, const char *what)
{
  char text[256];

  messages_notice(s->messages, NULL, t->stage, MP_LOG_NOTICE, t->object,
                  "displays %s, %s; the next values continue from it",
                  value_describe(&s->d->answers[t->index].displayed.value, text,
                                 sizeof(text)),
                  what);
}

static void
report_other_writer(const struct settling *s, const struct target *t)
{
  messages_fail(s->messages, t->stage, MP_ECONFIG, t->object,
                "is also written by another pipeline (record %s): give one of "
                "the two another target; the pending value is kept",
                s->d->answers[t->index].displayed.other_id);
  s->d->progress[t->index] = TARGET_FAILED;
}

/* Reports what settling T found out; WAS is the acknowledged value before. */
static void
report_outcome(const struct settling *s, const struct target *t,
               const struct value *was, enum ledger_outcome outcome)
{
  switch (outcome) {
  case LEDGER_CHANGED:
    report_difference(s, t, was,
                      "the value was changed there; the next values continue "
                      "from the displayed one");
    break;
  case LEDGER_WENT_BACK:
    report_older(s, t);
    break;
  case LEDGER_OTHER_WRITER:
    report_other_writer(s, t);
    break;
  case LEDGER_ADOPTED:
    report_taken(s, t,
                 "which another state wrote: this pipeline's state is new or "
                 "was lost");
    break;
  case LEDGER_PUT_BACK:
    report_taken(s, t,
                 "which is newer than the state: an older copy of the state "
                 "was put back");
    break;
  default:
    break;
  }
}

static enum ledger_outcome
settle_one(const struct settling *s, const struct target *t)
{
  struct ledger *ledger = &s->d->ledgers[t->index];
  struct answer *answer = &s->d->answers[t->index];
  struct value was = { 0 };
  enum ledger_outcome outcome = LEDGER_SETTLED;
  char before[LEDGER_TEXT];
  uint32_t rows;

  memory_copy_value(&was, &ledger->acknowledged);
  if (s->d->shows_debug)
    ledger_describe(ledger, before, sizeof(before));
  if (take_unit(s, t, &was)) {
    if (ledger_rests(ledger, &answer->displayed, s->now_ms))
      answer->ready_ms = 0;
    outcome = ledger_settle(ledger, &answer->displayed, &rows);
    if (s->d->shows_debug)
      log_rows(s, t, rows, before);
  }
  report_outcome(s, t, &was, outcome);
  value_clear(&was);
  return outcome;
}

/* Returns the base that T is, or that its values are computed from; NULL:
 * none. */
static const struct base *
base_of(const struct target *t)
{
  const struct base *base = t->base ? t->base : t->source->base;

  return base ? base_leader(base) : NULL;
}

/* Drops the pending values that are computed from the base of CHANGED, so that
 * they are computed anew: the base was changed by hand, or (WITH_BASE: drops
 * its own, too) an older copy of the state was put back.  Only in the same
 * output: if a backup of its server was restored, all its targets are back at
 * the same moment.  Where a value is still in flight, what is pending is
 * settled with it. */
static void
drop_pending(struct cycle_data *d, const struct target *changed, bool with_base)
{
  const struct stage *output = changed->stage;
  const struct base *base = base_of(changed);

  for (size_t i = 0; base && i < output->n_targets; i++) {
    const struct target *t = output->targets[i];
    const struct ledger_displayed *displayed = &d->answers[t->index].displayed;
    struct ledger *ledger = &d->ledgers[t->index];

    if (target_is_kept(t) && !is_unreadable(d, t) &&
        (displayed->known || !ledger->sent.kind) &&
        (with_base || ledger->role != LEDGER_BASE) && base_of(t) == base)
      ledger_drop(ledger, displayed);
  }
}

/* An older copy of the state was put back: numbers continue above the displayed
 * one. */
static void
continue_newer_state(struct cycle_data *d, const struct target *t)
{
  int64_t *last = &d->outputs[t->stage->index].last_number;
  int64_t number = d->answers[t->index].displayed.id_number;

  if (number > *last)
    *last = number;
  drop_pending(d, t, true);
}

static void
settle_output(const struct settling *s, const struct stage *output)
{
  struct cycle_data *d = s->d;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    d->outcomes[t->index] = LEDGER_SETTLED;
    if (target_is_kept(t) && !is_unreadable(d, t) &&
        d->answers[t->index].displayed.known)
      d->outcomes[t->index] = settle_one(s, t);
  }
  report_forgotten(s, output);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (d->outcomes[t->index] == LEDGER_CHANGED &&
        d->ledgers[t->index].role == LEDGER_BASE)
      drop_pending(d, t, false);
    if (d->outcomes[t->index] == LEDGER_PUT_BACK)
      continue_newer_state(d, t);
  }
}

void
settle(struct cycle_data *d, int64_t now_ms, struct messages *m)
{
  const struct settling s = { .d = d, .now_ms = now_ms, .messages = m };

  FOR_EACH_STAGE(d->plan, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++)
      sort_answer(&s, output->targets[i]);
    if (delivery(output) == MP_LATEST)
      settle_output(&s, output);
  }
}

/* ---- An older copy of the state ---- */

/* Returns the displayed value of T if it is that of a row; else NULL. */
static const struct ledger_displayed *
displayed_row(const struct cycle_data *d, const struct target *t)
{
  const struct ledger_displayed *displayed = &d->answers[t->index].displayed;

  return target_is_kept(t) && displayed->known && displayed->value.kind
           ? displayed
           : NULL;
}

static int64_t
newest_displayed_row(const struct cycle_data *d, const struct stage *output)
{
  int64_t newest = 0;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct ledger_displayed *row = displayed_row(d, output->targets[i]);

    if (row && row->value.time_ms > newest)
      newest = row->value.time_ms;
  }
  return newest;
}

int64_t
settle_unknown_row(struct cycle_data *d, const struct stage *output,
                   int64_t last_row_ms, int64_t now_ms)
{
  int64_t newest = newest_displayed_row(d, output);

  /* Outputs write whole seconds.  A time in the future is wrong. */
  if (newest / 1000 <= last_row_ms / 1000 || newest > now_ms)
    return 0;
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];
    const struct ledger_displayed *row = displayed_row(d, t);

    if (row)
      ledger_adopt_column(&d->ledgers[t->index], row);
  }
  return newest;
}
