/*
 * Bytes in the logs of other programs, as people post them:
 *
 *     [21:53:13][D][uart_debug:114]: <<< 40:3F:10:00:3C...   ESPHome
 *     Rd:b'403f10003c...'                                    Python
 *     Received bytes: '403F10003C...'
 *     Read: 40                                               one byte a line
 *     > 2026/11/22 10:00:00.123456  length=9 from=0 to=8     socat -x
 *      80 3f 10 01 00 3c b2 5f 0d
 *     --
 *
 * A frame may take several lines; it is put together again.  Pure: lines in, a
 * line of a capture out.
 */
#ifndef REPLAY_FOREIGN_H
#define REPLAY_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/capture.h"

struct foreign {
  const char *form; /* whose log it is; NULL: none was recognised so far */
  size_t left;      /* bytes of a dump of socat that are still to come */

  /* Private. */
  char direction;
  size_t len;
  uint8_t bytes[CAPTURE_BYTES_MAX];
  char text[1 + 3 * CAPTURE_BYTES_MAX];
};

void foreign_begin(struct foreign *f);

enum foreign_taken {
  FOREIGN_NOT,   /* no such line */
  FOREIGN_PART,  /* taken; more of the frame must come */
  FOREIGN_WHOLE, /* taken: foreign_line gives the frame */
  FOREIGN_FULL   /* foreign_line first, then this line again */
};

enum foreign_taken foreign_take(struct foreign *f, const char *text,
                                size_t len);

/* The bytes so far as a line of a capture, which lives until the next one;
 * returns its length, 0: there are none. */
size_t foreign_line(struct foreign *f, const char **ret_text);

/* Whether one of the lines of TEXT is such a line; sets form. */
int foreign_find(struct foreign *f, const char *text, size_t len);

#endif
