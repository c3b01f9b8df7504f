/* Makes and frees a cycle, and says the messages of its steps. */
#include "core/cycle/cycle.h"

#include <stdlib.h>

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

/* ---- Messages ---- */

int
cycle_fail(struct cycle *c, const struct stage *stage, int code,
           const char *object, const char *fmt, ...)
{
  struct mp_host *host = &instance_of(c, stage)->host;
  va_list args;

  va_start(args, fmt);
  host->vfail(host, code, object, fmt, args);
  va_end(args);
  return code;
}

/* Says MESSAGE.  Returns false if it is a notice, which must wait. */
static bool
say(struct cycle *c, const struct message *message)
{
  const struct stage *stage = message->stage;

  if (message->kind == MESSAGE_NOTICE)
    return false;
  if (message->kind == MESSAGE_FAILURE)
    cycle_fail(c, stage, message->code, message->object, "%s", message->text);
  else
    log_line(message->code, stage->name, message->object, "%s", message->text);
  return true;
}

void
cycle_say(struct cycle *c, struct messages *m)
{
  struct messages kept = { .first = NULL };
  struct message *message;

  if (!m->first)
    return;
  while ((message = messages_take(m)))
    if (say(c, message))
      message_free(message);
    else
      messages_put(&kept, message);
  messages_move(&c->notices, &kept);
}
