/*
 * One configured instance: its life, and the host's services for it.
 */
#ifndef CORE_PIPELINE_STAGE_H
#define CORE_PIPELINE_STAGE_H

#include "core/pipeline/pipeline.h"

int stage_create(struct stage *stage);
void stage_destroy(struct stage *stage);

/* Opens or closes it, if it has anything to open.  A reason that the plugin did
 * not explain is reported here. */
int stage_open(struct stage *stage);
void stage_close(struct stage *stage);

/* Reports a failure of this stage; returns code. */
int stage_fail(struct stage *stage, int code, const char *object,
               const char *fmt, ...) MP_PRINTF(4, 5);

enum report_side stage_side(const struct stage *stage);

/* The sink that an input emits into during read, identify. */
struct mp_sink stage_sink(struct stage *input);

/* Names of targets for a message: the first of them, and how many more. */
struct target_list {
  size_t n;
  char text[1024];
};

void target_list_add(struct target_list *list, const struct target *target);
const char *target_list_text(struct target_list *list);

#endif
