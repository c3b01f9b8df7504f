/*
 * The graph of a pipeline: order of the transforms, kinds, bases and roles.
 */
#ifndef CORE_PIPELINE_GRAPH_H
#define CORE_PIPELINE_GRAPH_H

#include "core/pipeline/plan_build.h"

/* Resolves the order, kinds, bases and roles, and reports errors in them. */
void graph_resolve(struct builder *b);

#endif
