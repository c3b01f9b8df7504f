/*
 * Keeps the time since when targets of latest outputs have pending values.  A
 * ledger has only the newest pending value, not the time of the first one that
 * was not acknowledged.
 */
#include "core/cycle/pending_since.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/clock.h"

static bool
has_pending_value(const struct cycle *c, const struct target *t)
{
  const struct ledger *ledger = &c->d.ledgers[t->index];

  return ledger->pending.kind || ledger->sent.kind;
}

/* Keeps the time of the first pending value until none is left. */
static void
keep_one(struct cycle *c, const struct target *t)
{
  struct store *store = c->run->store;
  const char *known = store_get(store, STORE_RUN, t->stage->name, t->name);
  char since[32];

  if (has_pending_value(c, t) && known)
    return;
  snprintf(since, sizeof(since), "%" PRId64, clock_now_ms());
  store_put(store, STORE_RUN, t->stage->name, t->name,
            has_pending_value(c, t) ? since : NULL);
}

void
pending_since_keep(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++)
      if (delivery(output) == MP_LATEST && target_is_kept(output->targets[i]) &&
          !is_unreadable(&c->d, output->targets[i]))
        keep_one(c, output->targets[i]);
  }
}

bool
pending_since(const struct cycle *c, const struct target *t, int64_t *ret_since)
{
  const char *known =
    store_get(c->run->store, STORE_RUN, t->stage->name, t->name);

  if (!has_pending_value(c, t))
    return false;
  /* No time was kept: T has waited since a run that was killed. */
  if (!known || sscanf(known, "%" SCNd64, ret_since) != 1)
    *ret_since = c->d.ledgers[t->index].pending.time_ms;
  return true;
}
