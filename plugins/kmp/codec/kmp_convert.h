/*
 * Conversions that the inputs kmp and replay share: the value of a record and
 * the items of a probe, for the host.
 */
#ifndef KMP_KMP_CONVERT_H
#define KMP_KMP_CONVERT_H

#include <meterpipe/plugin.h>

#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "plugins/kmp/codec/model.h"

/* Converts a record's value for the host.  KIND is that of its register's
 * numbers.  Returns MP_OK; MP_DROP when there is no value (yet); or a reason
 * (not reported), with *ret_error set to an enum kmp_error.  *ret_value points
 * into SPACE. */
int kmp_convert(const struct kmp_record *record, uint32_t kind,
                struct kmp_value *space, struct mp_value *ret_value,
                int *ret_error);

/* Gives a probe a fact that is not the value of a register; does nothing when
 * TEXT is empty. */
void kmp_probe_fact(const struct mp_probe_sink *sink, const char *label,
                    const char *text);

/* Gives a probe the meter's type and revision from an answer to GetType. */
void kmp_probe_type(const struct mp_probe_sink *sink,
                    const struct kmp_answer *answer);

/* Gives a probe a register with its value, read at TIME_MS, and a remark. */
void kmp_probe_register(const struct mp_host *host,
                        const struct mp_probe_sink *sink,
                        const struct model *model,
                        const struct kmp_record *record, int64_t time_ms);

#endif
