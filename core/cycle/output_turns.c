/* The order in which the outputs are served, and their parts of the time. */
#include "core/cycle/output_turns.h"

#include <string.h>

/* ---- Order ---- */

struct search {
  const char *name;
  bool found;
};

static void
look_for(void *ctx, const char *stage, const char *key, const char *body)
{
  struct search *search = ctx;

  (void)key;
  (void)body;
  if (strcmp(stage, search->name) == 0)
    search->found = true;
}

/* Returns the rank of OUTPUT; low ranks are served first. */
static unsigned
output_rank(const struct stage *output, const char *last)
{
  struct search search = { .name = output->name };

  if (strcmp(output->name, last) == 0)
    return 2;
  store_each(output->pipeline->run->store, STORE_FAILURE, look_for, &search);
  return search.found;
}

void
turns_order(struct pipeline *p, const char *last)
{
  size_t n = 0;

  for (unsigned wanted = 0; wanted <= 2; wanted++)
    FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
    {
      if (output_rank(output, last) == wanted)
        p->outputs[n++] = output;
    }
}

/* ---- Time ---- */

void
turns_mark(struct pipeline *p, bool (*want)(const struct stage *output))
{
  FOR_EACH_OUTPUT(p, output)
  {
    output->has_turn = want(output);
  }
}

/* Returns the number of outputs that still have a turn in this step. */
static size_t
count_turns(const struct pipeline *p)
{
  size_t n = 0;

  FOR_EACH_OUTPUT(p, output)
  {
    n += output->has_turn;
  }
  return n;
}

bool
turn_begin(struct stage *output)
{
  struct pipeline *p = output->pipeline;

  if (!output->has_turn)
    return false;
  run_begin_slice(p->run, count_turns(p) + p->reserved_turns);
  return true;
}

void
turn_pause(struct stage *output)
{
  run_end_slice(output->pipeline->run);
}

void
turn_end(struct stage *output)
{
  output->has_turn = false;
  run_end_slice(output->pipeline->run);
}
