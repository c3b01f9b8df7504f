/*
 * Building a pipeline; only for the files of this folder.
 */
#ifndef CORE_PIPELINE_PIPELINE_BUILD_H
#define CORE_PIPELINE_PIPELINE_BUILD_H

#include "core/pipeline/pipeline.h"

struct builder {
  struct pipeline *pipeline;
  const struct config *config;
  struct loader *loader;
  struct problems *problems;
  bool failed; /* out of memory */
};

/* Reports an error at LINE of the pipeline file. */
void builder_problem(struct builder *b, unsigned line, const char *fmt, ...)
  MP_PRINTF(3, 4);

/* Appends ITEM to an array of pointers.  Returns false, and sets b->failed, if
 * out of memory. */
bool builder_append(struct builder *b, void *array, size_t *n, void *item);

struct slot *builder_add_slot(struct pipeline *pipeline, struct stage *stage,
                              const char *field, uint32_t kind);
struct target *builder_add_target(struct stage *output, const char *name,
                                  const char *part, struct slot *source);

#endif
