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
output_rank(const struct cycle *c, const struct stage *output, const char *last)
{
  struct search search = { .name = output->name };

  if (strcmp(output->name, last) == 0)
    return 2;
  store_each(c->run->store, STORE_FAILURE, look_for, &search);
  return search.found;
}

void
turns_order(struct cycle *c, const char *last)
{
  size_t n = 0;

  for (unsigned wanted = 0; wanted <= 2; wanted++)
    FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
    {
      if (output_rank(c, output, last) == wanted)
        c->order[n++] = output;
    }
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
