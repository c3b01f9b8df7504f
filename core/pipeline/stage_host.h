/*
 * The host's services for one instance.
 */
#ifndef CORE_PIPELINE_STAGE_HOST_H
#define CORE_PIPELINE_STAGE_HOST_H

#include "core/pipeline/instance.h"

/* Fills in instance->host. */
void stage_init_host(struct instance *instance);

#endif
