/*
 * One configured instance of a plugin: its lifecycle and its failures.
 */
#ifndef CORE_PIPELINE_STAGE_H
#define CORE_PIPELINE_STAGE_H

#include "core/pipeline/pipeline.h"

int stage_create(struct stage *stage);
void stage_destroy(struct stage *stage);

/* Open or close the instance, if its plugin has such a callback.  stage_open
 * returns MP_OK or a reason, which is reported here if the plugin did not
 * explain it. */
int stage_open(struct stage *stage);
void stage_close(struct stage *stage);

/* Reports a failure of this stage and returns CODE. */
int stage_fail(struct stage *stage, int code, const char *object,
               const char *fmt, ...) MP_PRINTF(4, 5);

enum report_side stage_side(const struct stage *stage);

/* Returns the sink that an input emits into during read and identify. */
struct mp_sink stage_sink(struct stage *input);

/* Fills in what is known about the meter of INPUT, and mp_meter.id.  The texts
 * are valid until the state changes. */
void stage_meter(const struct stage *input, struct mp_meter *ret);

/* Names of targets for a message: the first few, and the number of the
 * others. */
struct target_list {
  size_t n;
  char text[1024];
};

void target_list_add(struct target_list *list, const struct target *target);
const char *target_list_text(struct target_list *list);

#endif
