/* Finds the repeated sections that stages come from. */
#include "core/pipeline/repeated.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/fleet.h"
#include "core/memory/memory.h"

/* A stage from a repeated section. */
struct member {
  const struct stage *stage;
  const char *name; /* of its group; the pointer identifies the group */
  size_t n;
};

struct repeated {
  struct member *members; /* sorted by the names of their stages */
  size_t n;
};

static int
by_stage(const void *a, const void *b)
{
  const struct member *x = a, *y = b;

  return strcmp(x->stage->name, y->stage->name);
}

/* Counts the stages of each group: those of one section follow each other. */
static void
count_members(struct repeated *r)
{
  for (size_t i = 0, end; i < r->n; i = end) {
    for (end = i; end < r->n && r->members[end].name == r->members[i].name;)
      end++;
    for (size_t k = i; k < end; k++)
      r->members[k].n = end - i;
  }
}

struct repeated *
repeated_new(const struct plan *plan)
{
  const struct fleet *fleet = plan->config->fleet;
  struct repeated *r;

  if (!fleet)
    return NULL;
  r = memory_get(1, sizeof(*r));
  r->members = memory_get(plan->n_stages, sizeof(*r->members));
  for (size_t i = 0; i < plan->n_stages; i++) {
    const struct stage *stage = plan->stages[i];
    const char *name = fleet_template(fleet, stage->section->line);

    if (name)
      r->members[r->n++] = (struct member){ .stage = stage, .name = name };
  }
  count_members(r);
  qsort(r->members, r->n, sizeof(*r->members), by_stage);
  return r;
}

void
repeated_free(struct repeated *r)
{
  if (!r)
    return;
  free(r->members);
  free(r);
}

bool
repeated_find(const void *repeated, const char *name, struct group *ret)
{
  const struct repeated *r = repeated;
  const struct stage stage = { .name = name };
  const struct member wanted = { .stage = &stage };
  const struct member *found =
    r ? bsearch(&wanted, r->members, r->n, sizeof(wanted), by_stage) : NULL;

  if (!found || found->n < 2)
    return false;
  *ret = (struct group){ .name = found->name,
                         .n = found->n,
                         .index = found->stage->index };
  return true;
}

/* ---- Rows and targets ---------------------------------------------------- */

static const char *
row_of(const struct plan *plan, unsigned line)
{
  const struct fleet_row *row;

  fleet_place(plan->config->fleet, line, &row);
  return row ? row->cells[0] : NULL;
}

const char *
repeated_stage_row(const struct plan *plan, const struct stage *stage)
{
  return row_of(plan, stage->section->line);
}

/* Returns the stage whose reading TARGET gets, or NULL. */
static const struct stage *
source_of(const struct target *target)
{
  return target->source ? target->source->stage : NULL;
}

const char *
repeated_target_row(const struct plan *plan, const struct target *target)
{
  const struct stage *source = source_of(target);
  const char *row = row_of(plan, target->line);

  if (!row)
    row = repeated_stage_row(plan, target->stage);
  return row || !source ? row : repeated_stage_row(plan, source);
}

const char *
repeated_name(const char *heading)
{
  const char *blank = heading + strcspn(heading, " \t");

  return blank + strspn(blank, " \t");
}

/* Returns the name of STAGE in the file: "log_{name}" for a repeated section.
 */
static const char *
name_in_file(const struct plan *plan, const struct stage *stage)
{
  const char *heading =
    fleet_template(plan->config->fleet, stage->section->line);

  return heading ? repeated_name(heading) : stage->name;
}

/* Returns the name of a target in an output that takes every value: it is the
 * name of its value. */
static char *
name_of_value(const struct plan *plan, const struct target *target)
{
  const struct slot *source = target->source;

  return memory_format("%s.%s%s%s", name_in_file(plan, target->stage),
                       name_in_file(plan, source->stage),
                       source->field ? "." : "",
                       source->field ? source->field : "");
}

char *
repeated_target_name(const struct plan *plan, const struct target *target)
{
  const char *option = fleet_template(plan->config->fleet, target->line);
  const char *name;

  if (!repeated_target_row(plan, target))
    return NULL;
  if (target->line == 0 && target->source)
    return name_of_value(plan, target);
  /* A repeated option, or one of a repeated section, or one that only names a
   * value of a repeated section; "prefix.NAME" without the prefix. */
  name = option ? strchr(option, '.') : NULL;
  if (!name)
    return NULL;
  return memory_format("%s%s", name_in_file(plan, target->stage), name);
}
