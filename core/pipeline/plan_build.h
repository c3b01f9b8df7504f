/*
 * Building a plan; only for the files of this folder.
 */
#ifndef CORE_PIPELINE_PLAN_BUILD_H
#define CORE_PIPELINE_PLAN_BUILD_H

#include "core/pipeline/plan.h"

struct builder {
  struct plan *plan;
  const struct plan_source *source;
  const struct config *config;
  struct problems *problems;
};

/* Reports an error at LINE of the pipeline file. */
void builder_problem(struct builder *b, unsigned line, const char *fmt, ...)
  MP_PRINTF(3, 4);

/* Appends ITEM to an array of N pointers.  ARRAY is the address of a pointer to
 * pointers of any type. */
void builder_append(void *array, size_t *n, void *item);

struct slot *builder_add_slot(struct plan *plan, struct stage *stage,
                              const char *field, uint32_t kind);
struct target *builder_add_target(struct plan *plan, struct stage *output,
                                  const char *name, const char *part,
                                  const struct slot *source);

#endif
