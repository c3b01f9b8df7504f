/*
 * Checks that the values of a source suit their target, and names the remedy if
 * they do not.
 */
#ifndef CORE_PIPELINE_TARGET_FIT_H
#define CORE_PIPELINE_TARGET_FIT_H

#include <stddef.h>

#include "core/pipeline/pipeline.h"

/* Size of a buffer for target_fit_way_out. */
#define TARGET_FIT_TEXT 256

/* Writes to BUF how to get values in the unit FROM into TARGET, whose unit is
 * TO: "put a transform ...".  Returns BUF. */
const char *target_fit_way_out(const struct target *target, const char *from,
                               const char *to, char *buf, size_t size);

/* Returns true if TARGET takes numbers only and KIND, of its value, is a
 * text. */
bool target_fit_is_unfit_text(const struct target *target, uint32_t kind);
/* Reports such a text. */
void target_fit_refuse_text(struct target *target);

/* For check, before there are values: compares the kind and the usual unit of
 * TARGET's source with the displayed value.  Reports a text that the target
 * does not take; warns about a unit that does not convert exactly. */
void target_fit_check(struct target *target);

/* Returns the usual unit of the values of SLOT: that of its last transform with
 * an option `unit`, else that of its field; NULL: not known. */
const char *target_fit_usual_unit(const struct slot *slot);

#endif
