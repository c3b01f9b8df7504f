/* The order in which the outputs are served, and their parts of the time. */
#include "core/cycle/output_turns.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

/* ---- Order ---- */

struct failing {
  const struct plan *plan;
  bool *stages; /* those with failures in the state */
};

static void
note_failing(void *ctx, const char *name, const char *key, const char *body)
{
  const struct failing *failing = ctx;
  const struct stage *stage = plan_stage(failing->plan, name);

  (void)key;
  (void)body;
  if (stage)
    failing->stages[stage->index] = true;
}

void
turns_order(struct cycle *c, const char *last)
{
  struct failing failing = { .plan = c->plan,
                             .stages =
                               memory_get(c->plan->n_stages, sizeof(bool)) };
  size_t n = 0;

  store_each(c->run->store, STORE_FAILURE, note_failing, &failing);
  /* Low ranks are served first. */
  for (unsigned wanted = 0; wanted <= 2; wanted++)
    FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
    {
      unsigned rank =
        strcmp(output->name, last) == 0 ? 2 : failing.stages[output->index];

      if (rank == wanted)
        c->order[n++] = output;
    }
  free(failing.stages);
}

/* ---- Time ---- */

void
turns_mark(struct cycle *c,
           bool (*want)(const struct cycle *c, const struct stage *output))
{
  FOR_EACH_OUTPUT(c, output)
  {
    output_state(c, output)->has_turn = want(c, output);
  }
}

/* Returns the number of outputs that still have a turn in this step. */
static size_t
count_turns(struct cycle *c)
{
  size_t n = 0;

  FOR_EACH_OUTPUT(c, output)
  {
    n += output_state(c, output)->has_turn;
  }
  return n;
}

bool
turn_begin(struct cycle *c, const struct stage *output)
{
  if (!output_state(c, output)->has_turn)
    return false;
  run_begin_slice(c->run, count_turns(c) + c->reserved_turns);
  return true;
}

void
turn_pause(struct cycle *c)
{
  run_end_slice(c->run);
}

void
turn_end(struct cycle *c, const struct stage *output)
{
  output_state(c, output)->has_turn = false;
  run_end_slice(c->run);
}
