/*
 * Reads a capture as a series of events: parses its lines, and feeds its bytes
 * to the same decoder as live frames.
 */
#ifndef REPLAY_EVENTS_H
#define REPLAY_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/capture.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/replay/foreign.h"
#include "plugins/kmp/replay/line_reader.h"

enum event {
  EVENT_END,
  EVENT_BLANK,  /* a blank line */
  EVENT_HEADER, /* a header: another capture begins */
  EVENT_FRAME,  /* a good frame: frame, wire */
  EVENT_REPEAT, /* the request of events_keep_request once more */
  EVENT_BAD,    /* a damaged line or frame: reason */
  EVENT_FAILED, /* cannot continue: code; was reported */
  EVENT_NONE    /* inside events.c: none yet */
};

struct events {
  struct line_reader lines;
  struct capture_line line; /* time and direction of the event */
  struct kmp_frame frame;   /* of EVENT_FRAME, and its bytes on the line; all */
  const uint8_t *wire;      /* three are valid until the next event */
  size_t wire_len;
  const char *reason;
  int code;
  bool to_meter; /* direction of EVENT_FRAME, EVENT_REPEAT and EVENT_BAD */

  /* Private. */
  struct foreign foreign;
  bool looked;      /* the buffer was searched for another program's log */
  const char *text; /* the current line */
  size_t text_len;
  bool again;    /* take the current line again */
  bool in_line;  /* capture_next may have more */
  bool in_bytes; /* line.bytes has bytes to feed to the deframer */
  bool reported; /* these bytes gave a frame, an echo or a fault */
  size_t fed;    /* of line.bytes; the bytes after EVENT_FRAME begin here */
  uint8_t sent[KMP_REQUEST_WIRE_MAX]; /* the last request, for its echo */
  size_t sent_len;
  /* The same as text, to recognize its line; of length 0: do not. */
  char sent_text[3 * KMP_REQUEST_WIRE_MAX];
  size_t sent_text_len;
  uint8_t plain[KMP_WIRE_MAX]; /* data of a frame that is a whole line */
  struct kmp_deframer deframer;
};

/* Initialises all but lines, which must be open. */
void events_begin(struct events *e);

enum event events_next(struct events *e);

/* Call it after EVENT_FRAME with a good request.  As long as no other bytes are
 * sent to the meter, a line with the same bytes is EVENT_REPEAT: most captures
 * repeat one request in each cycle. */
void events_keep_request(struct events *e);

#endif
