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
 * A frame may span several lines and is reassembled.  Pure: takes lines, gives
 * a line of a capture.
 */
#ifndef REPLAY_FOREIGN_H
#define REPLAY_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/capture.h"

struct foreign {
  const char *form; /* the program's name, for messages; NULL: not recognised */
  size_t left;      /* bytes of a socat dump that are still to come */

  /* Private. */
  char direction;
  size_t len;
  uint8_t bytes[CAPTURE_BYTES_MAX];
  char text[1 + 3 * CAPTURE_BYTES_MAX];
};

void foreign_begin(struct foreign *f);

enum foreign_taken {
  FOREIGN_NOT,   /* not a line of such a log */
  FOREIGN_PART,  /* taken; the frame is not complete yet */
  FOREIGN_WHOLE, /* taken: foreign_line gives the frame */
  FOREIGN_FULL   /* not taken: call foreign_line, then retry this line */
};

enum foreign_taken foreign_take(struct foreign *f, const char *text,
                                size_t len);

/* Gives the bytes collected so far as a line of a capture, and forgets them.
 * The text is valid until the next call.  Returns its length; 0: no bytes. */
size_t foreign_line(struct foreign *f, const char **ret_text);

/* Searches TEXT for a line of such a log and sets form.  Returns true if found.
 */
bool foreign_find(struct foreign *f, const char *text, size_t len);

#endif
