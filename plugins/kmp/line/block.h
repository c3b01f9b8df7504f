/*
 * Reads blocks of registers, with requests as large as the meter answers.
 */
#ifndef KMP_BLOCK_H
#define KMP_BLOCK_H

#include "plugins/kmp/line/session.h"

/* Requests up to eight registers, with all retries; uses the last one to
 * request the halves, down to single registers (see block.c).  Calls TAKE for
 * each part.  Returns as session_ask; MP_DROP: TAKE was not called for all
 * registers. */
int session_registers(struct session *s, const uint16_t *ids, size_t count,
                      session_take take, void *ctx);

#endif
