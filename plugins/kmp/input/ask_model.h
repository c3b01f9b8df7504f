/*
 * Asks a meter for its model.
 */
#ifndef KMP_ASK_MODEL_H
#define KMP_ASK_MODEL_H

#include "plugins/kmp/codec/model.h"
#include "plugins/kmp/input/kmp.h"

/* Asks for the type, and for the marker registers if the type is not enough.
 * SINK gets the facts that the type tells; NULL: nobody does.  Returns MP_OK,
 * MP_DROP when the meter did not answer, or a reason (reported). */
int ask_model(struct kmp *kmp, const struct mp_sink *sink,
              struct model *ret_model);

#endif
