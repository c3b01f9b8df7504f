/*
 * What both inputs, kmp and replay, tell the host: the value of a record, and
 * the items of a probe.
 */
#ifndef KMP_TELL_H
#define KMP_TELL_H

#include <meterpipe/plugin.h>

#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "plugins/kmp/codec/model.h"

/* A record's value as the host takes it; REG is what the table has of its
 * register, or NULL.  MP_OK; MP_DROP: there is none (yet); or a reason (not
 * reported), with *ret_error of enum kmp_error.  SPACE holds what *ret_value
 * points to. */
int kmp_convert(const struct kmp_record *record, const struct kmp_register *reg,
                struct kmp_value *space, struct mp_value *ret_value,
                int *ret_error);

/* Gives a probe a fact that is no register's value; nothing for "". */
void kmp_tell_fact(const struct mp_probe_sink *sink, const char *label,
                   const char *text);

/* Gives a probe the type and the revision of an answer to GetType. */
void kmp_tell_type(const struct mp_probe_sink *sink,
                   const struct kmp_answer *answer);

/* Gives a probe a register with its value, read at TIME_MS, and a remark. */
void kmp_tell_register(const struct mp_host *host,
                       const struct mp_probe_sink *sink,
                       const struct model *model,
                       const struct kmp_record *record, int64_t time_ms);

#endif
