/*
 * A recording whose state is in memory: its rows go straight to the outputs,
 * many to a commit, and nothing is kept of them.
 */
#include "core/deliver.h"

/* Cycles to a commit: a file is synced at each, and their rows take memory. */
#define BLOCK 16384

static void
flush(struct stage *output)
{
  struct results results = { 0 };

  if (output->pending_records > 0 && !output->given_up)
    deliver_commit(output, NULL, &results);
}

void
direct_deliver(struct pipeline *p, int64_t time_ms)
{
  if (!time_ms)
    return;
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    if (output->given_up)
      continue;
    if (stage_open(output) != MP_OK) {
      output->given_up = true;
      continue;
    }
    deliver_values(output, time_ms);
    if (output->pending_records >= BLOCK)
      flush(output);
  }
}

void
direct_flush(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    flush(output);
  }
}
