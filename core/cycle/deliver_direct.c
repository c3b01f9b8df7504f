/*
 * Delivers a capture whose state is in memory: its rows go straight to the
 * outputs, many to a commit, and are not kept.
 */
#include "core/cycle/deliver.h"

#include <stdlib.h>

#include "core/pipeline/stage.h"

/* Cycles to a commit: a file is synced at each, and the rows take memory. */
#define BLOCK 16384

static void
flush_output(struct stage *output)
{
  struct results results = { .output = output, .n = output->pending_records };

  if (output->pending_records == 0 || output->given_up)
    return;
  if (delivery(output) == MP_LATEST)
    results.n = 1; /* only its last record counts */
  results.result = calloc(results.n, sizeof(*results.result));
  if (results.result) {
    deliver_commit(output, NULL, &results);
    for (size_t i = 0; i < results.n; i++)
      output->delivered += results.result[i] == MP_ACCEPTED;
  } else {
    stage_fail(output, MP_ENOMEM, NULL, "out of memory");
    output->given_up = true;
  }
  deliver_results_free(&results);
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
    deliver_values(output, time_ms, NULL);
    if (output->pending_records >= BLOCK)
      flush_output(output);
  }
}

void
direct_flush(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    flush_output(output);
  }
}
