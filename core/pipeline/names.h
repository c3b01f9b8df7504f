/*
 * What texts of the pipeline file name.
 */
#ifndef CORE_PIPELINE_NAMES_H
#define CORE_PIPELINE_NAMES_H

#include "core/pipeline/pipeline_build.h"

/* Each finds what a text of the file names; NULL after a problem. */
struct slot *names_value(struct builder *b, const char *text, unsigned line,
                         const char *key);
struct target *names_operand(struct builder *b, const char *text, unsigned line,
                             const char *key);

/* A list of fields by commas. */
void names_fields(struct builder *b, struct stage *input, const char *list,
                  unsigned line);

#endif
