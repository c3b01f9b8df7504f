/*
 * Reads the meter for one cycle; reads its serial number alone.
 */
#ifndef KMP_READING_H
#define KMP_READING_H

#include "plugins/kmp/input/kmp.h"

/* mp_input_ops.read and .identify */
int kmp_read(void *self, const struct mp_sink *sink);

int kmp_identify(void *self, const struct mp_sink *sink);

#endif
