/* Selects what `status NAME` shows. */
#include "core/commands/status_select.h"

#include <string.h>

#include "core/config/fleet.h"
#include "core/pipeline/repeated.h"
#include "core/run/log.h"
#include "lib/nearest.h"

static bool
is_row(const struct plan *plan, const char *name)
{
  const struct fleet *fleet = plan->config->fleet;

  for (size_t i = 0; fleet && i < fleet->list.n_rows; i++)
    if (strcmp(fleet->list.rows[i].cells[0], name) == 0)
      return true;
  return false;
}

bool
status_knows(const struct plan *plan, const char *name)
{
  const struct fleet *fleet = plan->config->fleet;
  struct nearest nearest;
  char words[NEAREST_HINT];

  if (is_row(plan, name) || plan_stage(plan, name))
    return true;
  nearest_start(&nearest, name);
  for (size_t i = 0; fleet && i < fleet->list.n_rows; i++)
    nearest_offer(&nearest, fleet->list.rows[i].cells[0]);
  for (size_t i = 0; i < plan->n_stages; i++)
    nearest_offer(&nearest, plan->stages[i]->name);
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no %s \"%s\" in %s%s",
           fleet ? "row or section" : "section", name, plan->config->path,
           nearest_hint(&nearest, words, sizeof(words)));
  return false;
}

static bool
is_selected(const struct status *status, const char *name, const char *row)
{
  return strcmp(name, status->only) == 0 ||
         (row && strcmp(row, status->only) == 0);
}

bool
status_shows_stage(const struct status *status, const struct stage *stage)
{
  return !status->only ||
         is_selected(status, stage->name,
                     repeated_stage_row(status->cycle->plan, stage));
}

bool
status_shows_target(const struct status *status, const struct target *target)
{
  const struct slot *origin = slot_origin(target->source);
  const char *row;

  if (!status_has_values(target))
    return false;
  if (!status->only)
    return true;
  row = repeated_target_row(status->cycle->plan, target);
  return is_selected(status, target->stage->name, row) ||
         (target->source &&
          is_selected(status, target->source->stage->name, NULL)) ||
         (origin && is_selected(status, origin->stage->name, NULL));
}

bool
status_shows_name(const struct status *status, const char *name)
{
  const struct stage *stage;

  if (!status->only)
    return true;
  stage = plan_stage(status->cycle->plan, name);
  return stage && status_shows_stage(status, stage);
}
