/*
 * A capture as a series of events: its lines taken apart, and its bytes put
 * through the decoder that live frames go through.
 */
#ifndef REPLAY_EVENTS_H
#define REPLAY_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/capture.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/replay/foreign.h"
#include "plugins/kmp/replay/lines.h"

enum event {
  EVENT_END,
  EVENT_BLANK,  /* a blank line */
  EVENT_HEADER, /* another capture begins */
  EVENT_FRAME,  /* a good frame: deframer.frame */
  EVENT_BAD,    /* a line or a frame that is no good: reason */
  EVENT_FAILED  /* cannot go on: code; explained */
};

struct events {
  struct lines lines;
  struct capture_line line; /* time, direction */
  struct kmp_deframer deframer;
  const char *reason;
  int code;
  int to_meter; /* direction of EVENT_FRAME and EVENT_BAD */

  /* Private. */
  struct foreign foreign;
  int looked;       /* for lines of another program's log */
  const char *text; /* the current line */
  size_t text_len;
  int again;    /* it is still to be taken */
  int in_line;  /* capture_next may have more */
  int in_bytes; /* bytes are left to be fed */
  int told;     /* of these bytes something was told already */
  size_t fed;   /* of line.bytes: the bytes from here on follow EVENT_FRAME */
  uint8_t sent[KMP_REQUEST_WIRE_MAX]; /* the last request, for its echo */
  size_t sent_len;
};

/* Begins; lines must be open. */
void events_begin(struct events *e);

enum event events_next(struct events *e);

#endif
