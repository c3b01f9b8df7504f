/* Makes, clears and frees a cycle. */
#include "core/cycle/cycle.h"

#include <stdlib.h>

#include "core/cycle/emitted.h"
#include "core/memory/memory.h"
#include "core/run/log.h"

/* ---- Life ---- */

struct cycle *
cycle_new(struct plan *plan, struct instances *instances, struct run *run)
{
  struct cycle *c = memory_get(1, sizeof(*c));

  c->plan = plan;
  c->instances = instances;
  c->run = run;
  pthread_mutex_init(&c->lock, NULL);
  c->order = memory_get(plan->n_stages, sizeof(*c->order));
  c->deliveries = memory_get(plan->n_stages, sizeof(*c->deliveries));
  c->tellers = memory_get(plan->n_stages, sizeof(*c->tellers));
  for (size_t i = 0; i < plan->n_stages; i++) {
    c->tellers[i].cycle = c;
    c->tellers[i].instance = &instances->list[i];
    c->tellers[i].sink = emitted_sink(&c->tellers[i]);
    if (plan->stages[i]->kind == PLUGIN_OUTPUT)
      c->order[c->n_outputs++] = plan->stages[i];
  }
  cycle_data_init(&c->d, plan);
  cycle_grow(c);
  instances->ledgers = (const struct ledger *const *)&c->d.ledgers;
  return c;
}

void
cycle_free(struct cycle *c)
{
  if (!c)
    return;
  for (size_t i = 0; i < c->n_delivered; i++)
    free(c->delivered[i]);
  messages_clear(&c->notices);
  cycle_data_clear(&c->d);
  pthread_mutex_destroy(&c->lock);
  free(c->order);
  free(c->deliveries);
  free(c->delivered);
  free(c->tellers);
  free(c);
}

void
cycle_grow(struct cycle *c)
{
  const struct plan *p = c->plan;

  cycle_data_grow(&c->d);
  if (c->n_delivered == p->n_targets)
    return;
  c->delivered = memory_resize(c->delivered, c->n_delivered, p->n_targets,
                               sizeof(*c->delivered));
  c->n_delivered = p->n_targets;
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    instance_add_targets(instance_of(c, output));
  }
}

void
cycle_reset(struct cycle *c)
{
  const struct plan *p = c->plan;

  for (size_t i = 0; i < p->n_targets; i++) {
    ledger_clear(&c->d.ledgers[i]);
    ledger_init(&c->d.ledgers[i], p->targets[i]->role);
    c->d.entries[i] = ENTRY_UNKNOWN;
  }
  for (size_t i = 0; i < p->n_slots; i++)
    reading_clear(&c->d.kept[i]);
  for (size_t i = 0; i < p->n_stages; i++)
    c->d.outputs[i] = (struct output_state){ .last_number = 0 };
  c->d.n_unreadable = c->n_loaded = 0;
  c->d.state_failed = false;
  c->d.has_new_kind = true;
}

void
cycle_begin(struct cycle *c)
{
  struct cycle_data *d = &c->d;

  d->shows_info = log_shows(MP_LOG_INFO);
  d->shows_debug = log_shows(MP_LOG_DEBUG);
  d->is_terminal = log_is_terminal();
  d->books_all = c->dry || store_is_durable(c->run->store);
  for (size_t i = 0; i < c->plan->n_stages; i++) {
    struct output_state *output = &d->outputs[i];

    output->given_up = output->took_part = false;
    output->number = 0;
    c->deliveries[i].is_broken = false;
    if (!d->inputs[i].abandoned)
      d->inputs[i].ended = false;
  }
  for (size_t i = 0; i < c->plan->n_targets; i++) {
    ledger_displayed_clear(&d->answers[i].displayed);
    d->answers[i].kind = 0;
    d->answers[i].numbers_only = false;
    d->outcomes[i] = LEDGER_SETTLED;
    d->progress[i] = TARGET_IDLE;
  }
}

void
cycle_close(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, input, PLUGIN_INPUT)
  {
    if (!c->d.inputs[input->index].abandoned)
      instance_close(instance_of(c, input));
  }
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    if (c->d.state_failed || c->d.outputs[output->index].given_up ||
        instance_of(c, output)->is_stale)
      instance_close(instance_of(c, output));
  }
}
