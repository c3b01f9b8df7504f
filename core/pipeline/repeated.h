/*
 * Stages and targets that come from repeated sections and options of a pipeline
 * file with [fleet].
 */
#ifndef CORE_PIPELINE_REPEATED_H
#define CORE_PIPELINE_REPEATED_H

#include <stdbool.h>

#include "core/pipeline/plan.h"
#include "core/run/grouped.h"

struct repeated;

/* Returns the groups of PLAN, which must outlive them; NULL: it has no [fleet].
 * repeated_free accepts NULL. */
struct repeated *repeated_new(const struct plan *plan);
void repeated_free(struct repeated *repeated);

/* Finds the group of the stage NAME.  False: it has none, or is its only
 * stage.  REPEATED is a struct repeated, or NULL. */
bool repeated_find(const void *repeated, const char *name, struct group *ret);

/* Returns "log_{name}" of the group "output log_{name}". */
const char *repeated_name(const char *heading);

/* Return the name of the row that a stage or target was made for; NULL: it was
 * made for none. */
const char *repeated_stage_row(const struct plan *plan,
                               const struct stage *stage);
const char *repeated_target_row(const struct plan *plan,
                                const struct target *target);

/* Returns the name of the targets that come from the same option, such as
 * "dom.{idx_base}"; the caller frees it.  NULL: there is none. */
char *repeated_target_name(const struct plan *plan,
                           const struct target *target);

#endif
