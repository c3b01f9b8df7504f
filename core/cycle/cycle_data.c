/* The arrays of a cycle. */
#include "core/cycle/cycle_data.h"

#include <stdlib.h>

#include "core/memory/memory.h"

#define RESIZE(array, before, now)                                             \
  ((array) = memory_resize((array), (before), (now), sizeof(*(array))))

static void
grow_slots(struct cycle_data *d)
{
  size_t before = d->n_slots, now = d->plan->n_slots;

  RESIZE(d->fields, before, now);
  RESIZE(d->kept, before, now);
  RESIZE(d->evaluation.slots, before, now);
  d->n_slots = now;
}

static void
grow_targets(struct cycle_data *d)
{
  size_t before = d->n_targets, now = d->plan->n_targets;

  RESIZE(d->ledgers, before, now);
  RESIZE(d->entries, before, now);
  RESIZE(d->answers, before, now);
  RESIZE(d->outcomes, before, now);
  RESIZE(d->progress, before, now);
  RESIZE(d->evaluation.refusals, before, now);
  for (size_t i = before; i < now; i++)
    ledger_init(&d->ledgers[i], d->plan->targets[i]->role);
  d->n_targets = now;
}

void
cycle_data_grow(struct cycle_data *d)
{
  if (d->n_slots < d->plan->n_slots)
    grow_slots(d);
  if (d->n_targets < d->plan->n_targets)
    grow_targets(d);
}

void
cycle_data_init(struct cycle_data *d, const struct plan *plan)
{
  struct evaluation *e = &d->evaluation;

  *d = (struct cycle_data){ .plan = plan, .books_all = true };
  d->inputs = memory_get(plan->n_stages, sizeof(*d->inputs));
  d->outputs = memory_get(plan->n_stages, sizeof(*d->outputs));
  e->took_part = memory_get(plan->n_stages, sizeof(*e->took_part));
  e->numbers = memory_get(plan->n_stages, sizeof(*e->numbers));
  e->bases = memory_get(plan->n_bases, sizeof(*e->bases));
  e->operands = memory_get(plan->n_operands, sizeof(*e->operands));
  cycle_data_grow(d);
}

static void
clear_evaluation(struct evaluation *e, size_t n_slots)
{
  for (size_t i = 0; i < n_slots; i++)
    value_clear(&e->slots[i].made);
  messages_clear(&e->messages);
  free(e->slots);
  free(e->bases);
  free(e->operands);
  free(e->refusals);
  free(e->took_part);
  free(e->numbers);
}

void
cycle_data_clear(struct cycle_data *d)
{
  clear_evaluation(&d->evaluation, d->n_slots);
  for (size_t i = 0; i < d->n_slots; i++) {
    value_clear(&d->fields[i].value);
    reading_clear(&d->kept[i]);
  }
  for (size_t i = 0; i < d->n_targets; i++) {
    ledger_clear(&d->ledgers[i]);
    ledger_displayed_clear(&d->answers[i].displayed);
  }
  free(d->fields);
  free(d->inputs);
  free(d->outputs);
  free(d->kept);
  free(d->ledgers);
  free(d->entries);
  free(d->answers);
  free(d->outcomes);
  free(d->progress);
}
