/*
 * Delivers a capture whose state is in memory: its rows go straight to the
 * outputs, many to a commit, and are not kept.
 */
#include "core/cycle/deliver.h"

#include "core/memory/memory.h"

/* Cycles to a commit: a file is synced at each, and the rows take memory.  A
 * live output syncs nothing, and its rows should still be in the processor's
 * cache when they are written. */
#define BLOCK 16384
#define LIVE_BLOCK 1024

enum verdict
direct_flush(struct cycle *c, const struct stage *output)
{
  struct output_delivery *at = &c->deliveries[output->index];
  struct results results = { .output = output, .n = at->pending_records };
  enum verdict verdict;

  if (at->is_broken)
    return VERDICT_GIVE_UP;
  if (at->pending_records == 0)
    return VERDICT_GOOD;
  if (delivery(output) == MP_LATEST)
    results.n = 1; /* only its last record counts */
  results.result = memory_get(results.n, sizeof(*results.result));
  verdict = deliver_commit(c, output, NULL, &results);
  deliver_results_explain(c, &results, false);
  for (size_t i = 0; i < results.n; i++)
    at->rows += results.result[i] == MP_ACCEPTED;
  deliver_results_free(&results);
  return verdict;
}

enum verdict
direct_deliver(struct cycle *c, const struct stage *output, int64_t time_ms)
{
  const struct output_delivery *at = &c->deliveries[output->index];
  size_t block = delivery(output) == MP_LIVE ? LIVE_BLOCK : BLOCK;

  deliver_values(c, output, time_ms, time_ms, NULL);
  return at->is_broken || at->pending_records >= block ? direct_flush(c, output)
                                                       : VERDICT_GOOD;
}
