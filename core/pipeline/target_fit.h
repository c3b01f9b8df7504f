/*
 * Checks that the values of a source suit their target, and names the remedy if
 * they do not.
 */
#ifndef CORE_PIPELINE_TARGET_FIT_H
#define CORE_PIPELINE_TARGET_FIT_H

#include <stddef.h>

#include "core/pipeline/messages.h"

/* Size of a buffer for target_fit_way_out. */
#define TARGET_FIT_TEXT 256

/* A target as its output describes it. */
struct target_facts {
  const struct target *target;
  bool numbers_only;      /* it does not take texts */
  const char *unit;       /* the unit that it displays; NULL: none */
  struct mp_decimal step; /* of its values; coef 0: not known */
};

/* Writes to BUF how to get values in the unit FROM into the target, whose unit
 * is TO: "put a transform ...".  Returns BUF. */
const char *target_fit_way_out(const struct target_facts *t, const char *from,
                               const char *to, char *buf, size_t size);

/* Adds to M the failure of a target that takes numbers only and gets a text. */
void target_fit_refuse_text(const struct target *target, struct messages *m);

/* Returns false if the values of TARGET certainly do not suit its unit: that of
 * a field is only the usual one, but always of the same quantity. */
bool target_fit_can_convert(const struct target_facts *t);

/* For check, before there are values: compares the kind and the usual unit of
 * the target's source with the displayed value.  Adds to M the failure of a
 * text that the target does not take, or a warning about a unit that does not
 * convert exactly. */
void target_fit_check(const struct target_facts *t, struct messages *m);

/* Returns the usual unit of the values of SLOT: that of its last transform with
 * an option `unit`, else that of its field; NULL: not known. */
const char *target_fit_usual_unit(const struct slot *slot);

#endif
