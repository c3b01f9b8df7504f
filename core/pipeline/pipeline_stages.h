/*
 * An instance for each section, and the options of [pipeline].
 */
#ifndef CORE_PIPELINE_PIPELINE_STAGES_H
#define CORE_PIPELINE_PIPELINE_STAGES_H

#include "core/pipeline/pipeline_build.h"

/* stages: an instance for each section, and the options of [pipeline]. */
void stages_add(struct builder *b);

/* Puts the plugins that read recordings in the place of inputs. */
void stages_replay(struct builder *b, const struct replay *replays, size_t n);

#endif
