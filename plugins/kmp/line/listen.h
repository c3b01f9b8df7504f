/*
 * What session.c shares with listen.c: how long to listen, and what is made of
 * the bytes that come.
 */
#ifndef KMP_LISTEN_H
#define KMP_LISTEN_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/line/session.h"

/* KMP 2.3: after what was no answer, at least 1.6 s, counted by the meter. */
#define LISTEN_QUIET_MS 1700

/* How long to listen. */
struct patience {
  int64_t start; /* until then an answer must begin */
  int64_t whole; /* until then it must be complete */
  int64_t quiet; /* each byte puts START off to so much later; 0: no */
};

/* What so many bytes take on the line. */
int64_t listen_line_ms(const struct session *s, size_t bytes);

/* Bytes of a frame into log and capture. */
void listen_note_frame(struct session *s, char direction, const uint8_t *wire,
                       size_t len);

/* The port's reason for an end, explained if the port did not. */
int listen_ended(const struct session *s, int reason);

/* Listens for an answer to REQUEST; without one, what comes is stale.  MP_OK,
 * MP_DROP when patience is over, or a reason (reported). */
int listen_for(struct session *s, const struct kmp_request *request,
               struct patience *patience, struct kmp_answer *ret_answer);

#endif
