/*
 * Makes the stages of a pipeline file.
 */
#ifndef CORE_PIPELINE_PLAN_STAGES_H
#define CORE_PIPELINE_PLAN_STAGES_H

#include "core/pipeline/plan_build.h"

/* Adds a stage for each section, and the options of [pipeline]. */
void stages_add(struct builder *b);

/* Replaces the plugins of inputs by those that read captures. */
void stages_replay(struct builder *b);

#endif
