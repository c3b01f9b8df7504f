/*
 * Delivers a capture whose state is in memory: its rows go straight to the
 * outputs, many to a commit, and are not kept.
 */
#include "core/cycle/deliver.h"

#include "core/memory/memory.h"

/* Cycles to a commit: a file is synced at each, and the rows take memory. */
#define BLOCK 16384

static void
flush_output(struct cycle *c, const struct stage *output)
{
  struct results results = { .output = output,
                             .n =
                               c->deliveries[output->index].pending_records };

  if (c->deliveries[output->index].pending_records == 0 ||
      output_state(c, output)->given_up)
    return;
  if (delivery(output) == MP_LATEST)
    results.n = 1; /* only its last record counts */
  results.result = memory_get(results.n, sizeof(*results.result));
  deliver_commit(c, output, NULL, &results);
  for (size_t i = 0; i < results.n; i++)
    c->deliveries[output->index].rows += results.result[i] == MP_ACCEPTED;
  deliver_results_free(&results);
}

void
direct_deliver(struct cycle *c, int64_t time_ms)
{
  if (!time_ms)
    return;
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    if (output_state(c, output)->given_up)
      continue;
    if (instance_open(instance_of(c, output)) != MP_OK) {
      output_state(c, output)->given_up = true;
      continue;
    }
    deliver_values(c, output, time_ms, NULL);
    if (c->deliveries[output->index].pending_records >= BLOCK)
      flush_output(c, output);
  }
}

void
direct_flush(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    flush_output(c, output);
  }
}
