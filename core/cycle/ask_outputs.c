/* Asks the outputs for their displayed values. */
#include "core/cycle/ask_outputs.h"

#include "core/cycle/older_state.h"
#include "core/memory/memory.h"
#include "core/pipeline/call.h"
#include "lib/clock.h"
#include "lib/storable.h"

/* ---- Displayed values ---- */

/* Imports the displayed value.  An empty text counts as no value.  Returns the
 * fault, or NULL. */
static const char *
import_displayed(struct ledger_displayed *to, const struct mp_shown *shown)
{
  const char *fault;

  if (shown->answer == MP_SHOWN_VALUE && !shown->value)
    return "MP_SHOWN_VALUE without a value";
  if (!shown->value || shown->answer > MP_SHOWN_EMPTY)
    return NULL; /* an empty target may still give its unit in a zero value */
  fault = value_import(&to->value, shown->value);
  if (!fault && to->value.text && !*to->value.text)
    value_clear(&to->value);
  return fault;
}

/* Finds out which record brought the displayed value.  Returns as
 * import_displayed. */
static const char *
import_id(const struct teller *teller, struct ledger_displayed *to,
          const struct mp_shown *shown)
{
  const char *output = teller->instance->stage->name;

  if (shown->answer == MP_SHOWN_FORGOTTEN)
    to->id = LEDGER_FORGOTTEN;
  else if (shown->id)
    to->id = *shown->id ? record_id_parse(&teller->cycle->ids, output,
                                          shown->id, &to->id_number)
                        : LEDGER_NO_ID;
  if (!shown->id || to->id != LEDGER_OTHER_ID)
    return NULL;
  to->other_id = strdup(shown->id);
  return to->other_id ? NULL : value_no_memory;
}

/* Stores SHOWN in ANSWER.  Returns the fault, or NULL. */
static const char *
keep_displayed(const struct teller *teller, struct answer *answer,
               const struct mp_shown *shown)
{
  const char *fault = storable_shown(shown);

  if (fault)
    return fault;
  if (shown->updated) {
    answer->displayed.updated = strdup(shown->updated);
    if (!answer->displayed.updated)
      return value_no_memory;
  }
  answer->displayed.place = shown->place;
  if (shown->step.coef)
    answer->step = shown->step;
  else
    answer->step = (struct mp_decimal){ 0, 0 };
  answer->numbers_only = (shown->flags & MP_SHOWN_NUMBERS) != 0;
  answer->ready_ms = clock_mono_ms() + shown->wait_ms;
  fault = import_id(teller, &answer->displayed, shown);
  return fault ? fault : import_displayed(&answer->displayed, shown);
}

static int
take_displayed(const struct mp_output_sink *sink, const struct mp_shown *shown)
{
  const struct teller *teller = sink->ctx;
  const struct stage *output = teller->instance->stage;
  const struct target *target;
  struct answer *answer;
  const char *fault;

  if (!shown || !MP_HAS(shown, struct mp_shown, flags) ||
      shown->target >= output->n_targets || shown->answer < MP_SHOWN_VALUE ||
      shown->answer > MP_SHOWN_FORGOTTEN)
    return instance_fail(teller->instance, MP_EINTERNAL, NULL,
                         "the plugin's fetch gave an answer that does not "
                         "exist");
  target = output->targets[shown->target];
  answer = &teller->cycle->d.answers[target->index];
  ledger_displayed_clear(&answer->displayed);
  answer->kind = 0;
  fault = keep_displayed(teller, answer, shown);
  if (fault) {
    ledger_displayed_clear(&answer->displayed);
    if (fault == value_no_memory)
      return instance_fail(teller->instance, MP_ENOMEM, target->object, "%s",
                           fault);
    return instance_fail(teller->instance, MP_EINTERNAL, target->object,
                         "the plugin's fetch gave %s", fault);
  }
  answer->displayed.known = true;
  answer->kind = shown->answer;
  return MP_OK;
}

/* ---- Asking ---- */

/* A queue keeps its last values itself; its output is asked only for operands
 * that have none, and to notice an older copy of the state. */
bool
must_be_asked(const struct cycle *c, const struct stage *output)
{
  if (!can_be_asked(&c->d, output) || output->n_targets == 0)
    return false;
  if (delivery(output) == MP_LATEST || older_state_is_noticed(c, output))
    return true;
  for (size_t i = 0; i < output->n_targets; i++)
    if (output->targets[i]->is_operand &&
        !ledger_last(&c->d.ledgers[output->targets[i]->index]))
      return true;
  return false;
}

/* Returns true if the value of TARGET, or a result computed from it, cannot be
 * sent until the output has answered. */
static bool
needs_answer(const struct cycle *c, const struct target *target)
{
  if (delivery(target->stage) == MP_LATEST)
    return !target->part;
  return target->is_operand && !ledger_last(&c->d.ledgers[target->index]);
}

/* Returns the targets that need an answer and got ANSWER from fetch; 0: those
 * that got none. */
static struct target_list
targets_with_answer(const struct cycle *c, const struct stage *output,
                    uint32_t answer)
{
  struct target_list list = { 0 };

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (c->d.answers[t->index].kind == answer && needs_answer(c, t))
      target_list_add(&list, t);
  }
  return list;
}

/* Reports targets for which a successful fetch gave no answer, and those that
 * cannot take values, unless the plugin has explained why. */
static void
report_unexplained(struct cycle *c, const struct stage *output)
{
  struct target_list left_out = targets_with_answer(c, output, 0);
  struct target_list unfit = targets_with_answer(c, output, MP_SHOWN_UNFIT);

  if (left_out.n > 0)
    cycle_fail(c, output, MP_EAGAIN, NULL,
               "the plugin's fetch left out %s and did not say why; pending "
               "values are kept",
               target_list_text(&left_out));
  if (unfit.n > 0)
    cycle_fail(c, output, MP_EREFUSED, NULL,
               "the plugin's fetch said that %s cannot take values, but not "
               "why; pending values are kept",
               target_list_text(&unfit));
}

enum verdict
ask_output(struct cycle *c, const struct stage *output)
{
  struct instance *instance = instance_of(c, output);
  struct output_state *state = output_state(c, output);
  struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = &c->tellers[output->index],
                                 .shown = take_displayed };
  struct call call;
  int r;

  state->took_part = true;
  call = call_begin(instance, "fetch");
  r = call_end(&call, output->plugin->output.fetch(instance->self, &sink),
               CALL_ALLOWS(MP_SKIP));
  state->asks_nothing = r == MP_SKIP;
  if (r == MP_OK && !call_explained(&call) && !run_stopped())
    report_unexplained(c, output);
  return r < 0 ? VERDICT_GIVE_UP : VERDICT_GOOD;
}
