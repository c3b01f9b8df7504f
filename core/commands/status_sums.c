/* Sums up the status of repeated options and sections. */
#include "core/commands/status_sums.h"

#include <stdlib.h>
#include <string.h>

#include "core/cycle/pending_since.h"
#include "core/memory/memory.h"
#include "core/pipeline/repeated.h"

static struct status_sum *
find(struct status_sums *sums, const char *name, bool is_queue)
{
  for (size_t i = 0; i < sums->n; i++)
    if (sums->list[i].is_queue == is_queue &&
        strcmp(sums->list[i].name, name) == 0)
      return &sums->list[i];
  return NULL;
}

static struct status_sum *
obtain(struct status_sums *sums, const char *name, bool is_queue)
{
  struct status_sum *sum = find(sums, name, is_queue);

  if (sum)
    return sum;
  MEMORY_GROW(&sums->list, sums->n);
  sum = &sums->list[sums->n++];
  *sum = (struct status_sum){ .name = memory_text(name), .is_queue = is_queue };
  return sum;
}

/* Keeps the earlier of *MS and MORE; 0: not known. */
static void
keep_earlier(int64_t *ms, int64_t more)
{
  if (more > 0 && (*ms == 0 || more < *ms))
    *ms = more;
}

static void
add_target(struct status_sums *sums, const struct status *status,
           const struct target *target)
{
  const struct cycle *c = status->cycle;
  const struct value *last = status_last_value(&c->d.ledgers[target->index]);
  char *name = repeated_target_name(c->plan, target);
  struct status_sum *sum;
  int64_t since = 0;

  if (!name)
    return;
  sum = obtain(sums, name, false);
  free(name);
  sum->n++;
  if (last->kind) {
    sum->n_set++;
    keep_earlier(&sum->oldest_ms, last->time_ms);
  }
  if (delivery(target->stage) != MP_LATEST || !pending_since(c, target, &since))
    return;
  sum->waiting++;
  keep_earlier(&sum->since_ms, since);
}

static void
add_queue(struct status_sums *sums, const struct status *status,
          const struct stage *output)
{
  struct status_sum *sum;
  struct group group;
  int64_t since = 0;

  if (!repeated_find(status->repeated, output->name, &group))
    return;
  sum = obtain(sums, repeated_name(group.name), true);
  sum->n++;
  if (is_queued(output))
    sum->waiting += status_queue(status->cycle, output, &since);
  keep_earlier(&sum->since_ms, since);
  sum->set_aside += status_set_aside(status->cycle, output, &since);
}

void
status_sums_read(const struct status *status, struct status_sums *ret)
{
  *ret = (struct status_sums){ .list = NULL };
  if (status->only || !status->repeated)
    return;
  FOR_EACH_STAGE(status->cycle->plan, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++)
      if (status_has_values(output->targets[i]))
        add_target(ret, status, output->targets[i]);
    add_queue(ret, status, output);
  }
}

void
status_sums_clear(struct status_sums *sums)
{
  for (size_t i = 0; i < sums->n; i++)
    free(sums->list[i].name);
  free(sums->list);
  *sums = (struct status_sums){ .list = NULL };
}

static struct status_sum *
several(struct status_sum *sum)
{
  return sum && sum->n > 1 ? sum : NULL;
}

struct status_sum *
status_sums_of_target(struct status_sums *sums, const struct status *status,
                      const struct target *target)
{
  char *name =
    sums->n > 0 ? repeated_target_name(status->cycle->plan, target) : NULL;
  struct status_sum *sum = name ? find(sums, name, false) : NULL;

  free(name);
  return several(sum);
}

struct status_sum *
status_sums_of_queue(struct status_sums *sums, const struct status *status,
                     const struct stage *output)
{
  struct group group;

  if (sums->n == 0 || !repeated_find(status->repeated, output->name, &group))
    return NULL;
  return several(find(sums, repeated_name(group.name), true));
}
