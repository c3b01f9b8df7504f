/*
 * The order, kinds, bases and roles of what is in a pipeline.
 */
#ifndef CORE_PIPELINE_GRAPH_H
#define CORE_PIPELINE_GRAPH_H

#include "core/pipeline/pipeline_build.h"

/* graph: order, kinds, bases, roles; and what is wrong with them. */
void graph_resolve(struct builder *b);

#endif
