/*
 * Shared by session.c and listen.c: how long to listen, and the processing of
 * the received bytes.
 */
#ifndef KMP_LISTEN_H
#define KMP_LISTEN_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/line/session.h"

/* Quiet time after a request without a good answer: KMP 2.3 demands at least
 * 1.6 s, measured by the meter. */
#define LISTEN_QUIET_MS 1700

/* How long to listen; the times are on port_clock. */
struct patience {
  int64_t start; /* an answer must begin before this */
  int64_t whole; /* it must be complete before this */
  int64_t quiet; /* each byte moves START to this long after it; 0: no */
};

/* Returns the time that BYTES take on the line, in ms. */
int64_t listen_line_ms(const struct session *s, size_t bytes);

/* Writes the bytes of a frame to the log and the capture. */
void listen_note_frame(struct session *s, char direction, const uint8_t *wire,
                       size_t len);

/* Returns REASON, the port's reason to end the session; reports it if the port
 * did not. */
int listen_ended(const struct session *s, int reason);

/* Listens for an answer to REQUEST; discards the received bytes as stale if
 * REQUEST is NULL.  Returns MP_OK; MP_DROP when PATIENCE is used up or the
 * request was lost with its connection; or a reason (reported). */
int listen_for(struct session *s, const struct kmp_request *request,
               struct patience *patience, struct kmp_answer *ret_answer);

#endif
