/*
 * Whether the values of a source suit the target that they go into, and what to
 * do where they do not.
 */
#ifndef CORE_PIPELINE_FIT_H
#define CORE_PIPELINE_FIT_H

#include <stddef.h>

#include "core/pipeline/pipeline.h"

/* Long enough for any of the ways out. */
#define FIT_TEXT 256

/* How values in the unit FROM get into TARGET, which holds TO: "put a transform
 * ...".  Returns BUF. */
const char *fit_way_out(const struct target *target, const char *from,
                        const char *to, char *buf, size_t size);

/* Whether TARGET takes no text, and this is one: KIND is its value's. */
bool fit_is_unfit_text(const struct target *target, uint32_t kind);
/* Reports it. */
void fit_refuse_text(struct target *target);

/* check: what is known of the values of TARGET before there are any, compared
 * with what it displays.  Reports a text, warns about the usual unit. */
void fit_check(struct target *target);

#endif
