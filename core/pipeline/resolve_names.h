/*
 * Resolves the names in a pipeline file.
 */
#ifndef CORE_PIPELINE_RESOLVE_NAMES_H
#define CORE_PIPELINE_RESOLVE_NAMES_H

#include "core/pipeline/instance.h"
#include "core/pipeline/plan_build.h"

/* Each resolves TEXT, the value of KEY at LINE.  NULL: an error was
 * reported. */
struct slot *resolve_value(struct builder *b, const char *text, unsigned line,
                           const char *key);
struct target *resolve_operand(struct builder *b, const char *text,
                               unsigned line, const char *key);

/* Adds the fields of LIST, which is separated by commas, to INPUT. */
void resolve_fields(struct builder *b, struct stage *input, const char *list,
                    unsigned line);

/* Asks the instances of inputs what their fields mean; call it after create. */
void resolve_instances(struct builder *b, const struct instances *instances);

#endif
