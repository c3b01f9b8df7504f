/*
 * Building a pipeline; inside of pipeline*.c only.
 */
#ifndef CORE_PIPELINE_BUILD_H
#define CORE_PIPELINE_BUILD_H

#include "core/pipeline/pipeline.h"

struct builder {
  struct pipeline *pipeline;
  const struct config *config;
  struct loader *loader;
  struct problems *problems;
  bool failed; /* out of memory */
};

/* An error at LINE of the pipeline file. */
void builder_problem(struct builder *b, unsigned line, const char *fmt, ...)
  MP_PRINTF(3, 4);

/* Grows an array of pointers by one; false: out of memory (noted). */
bool builder_append(struct builder *b, void *array, size_t *n, void *item);

struct slot *builder_add_slot(struct pipeline *pipeline, struct stage *stage,
                              const char *field, uint32_t kind);
struct target *builder_add_target(struct stage *output, const char *name,
                                  const char *part, struct slot *source);

/* stages: an instance for each section, and the options of [pipeline]. */
void stages_add(struct builder *b);
/* Puts the plugins that read recordings in the place of inputs. */
void stages_replay(struct builder *b, const struct replay *replays, size_t n);

/* names: resolve what texts of the file name; NULL after a problem. */
struct slot *names_value(struct builder *b, const char *text, unsigned line,
                         const char *key);
struct target *names_operand(struct builder *b, const char *text, unsigned line,
                             const char *key);
struct slot *names_field(struct builder *b, struct stage *input,
                         const char *field, unsigned line, const char *key);
/* A list of fields by commas. */
void names_fields(struct builder *b, struct stage *input, const char *list,
                  unsigned line);

/* graph: order, kinds, bases, roles; and what is wrong with them. */
void graph_resolve(struct builder *b);

#endif
