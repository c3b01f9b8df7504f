/*
 * The probe: identifies a meter and reads all registers that it has.
 */
#ifndef KMP_PROBE_H
#define KMP_PROBE_H

#include "plugins/kmp/input/kmp.h"

/* probe.c: mp_input_ops.probe */
int kmp_probe(void *self, uint32_t flags, const struct mp_probe_sink *sink);

#endif
