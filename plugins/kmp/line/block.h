/*
 * Registers, as many in a request as the meter takes.
 */
#ifndef KMP_BLOCK_H
#define KMP_BLOCK_H

#include "plugins/kmp/line/session.h"

/* Asks for up to eight registers, with all retries; the last one in halves,
 * down to single registers (block.c).  TAKE is called for each part.  Results
 * as session_ask; MP_DROP: TAKE was not called for all registers. */
int session_registers(struct session *s, const uint16_t *ids, size_t count,
                      session_take take, void *ctx);

#endif
