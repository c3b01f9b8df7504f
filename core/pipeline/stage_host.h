/*
 * The host's services for one instance.
 */
#ifndef CORE_PIPELINE_STAGE_HOST_H
#define CORE_PIPELINE_STAGE_HOST_H

#include "core/pipeline/pipeline.h"

/* Fills in stage->host. */
void stage_init_host(struct stage *stage);

#endif
