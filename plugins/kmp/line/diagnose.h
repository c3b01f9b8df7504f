/*
 * What to say of a meter that did not answer well.
 */
#ifndef KMP_DIAGNOSE_H
#define KMP_DIAGNOSE_H

#include "plugins/kmp/line/session.h"

/* Says in words what went wrong and what to do about it.  Returns MP_ETIMEOUT
 * when requests met with silence only, else MP_EPROTO. */
int session_diagnose(const struct session *s, char *buf, size_t size);

/* What became of one attempt, between BEFORE and AFTER, in a word or two. */
const char *session_outcome(const struct session_seen *before,
                            const struct session_seen *after);

#endif
