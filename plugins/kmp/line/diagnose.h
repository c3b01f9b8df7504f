/*
 * The diagnosis of a meter that did not answer well.
 */
#ifndef KMP_DIAGNOSE_H
#define KMP_DIAGNOSE_H

#include "plugins/kmp/line/session.h"

/* Writes the problem and its remedy in words to BUF.  Returns MP_ETIMEOUT when
 * every request without a good answer met with silence, else MP_EPROTO. */
int session_diagnose(const struct session *s, char *buf, size_t size);

/* Returns the outcome of one attempt in a word or two; BEFORE and AFTER are the
 * counts before and after it. */
const char *session_outcome(const struct session_seen *before,
                            const struct session_seen *after);

#endif
