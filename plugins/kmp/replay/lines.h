/*
 * Reads a file line by line in constant memory, whatever stands in it.
 */
#ifndef REPLAY_LINES_H
#define REPLAY_LINES_H

#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

/* No line of a capture is near that long. */
#ifndef LINES_BUFFER
#define LINES_BUFFER 65536
#endif

struct lines {
  const struct mp_host *host;
  const char *name; /* for messages */
  uint64_t number;  /* of the line given last, from 1 */

  /* Private. */
  int fd;
  int owned;     /* to be closed: not standard input */
  int regular;   /* a file: never blocks, can be looked through at once */
  int separated; /* of a file: see lines_separated */
  int at_end;    /* read returned 0 */
  int skipping;  /* inside a line that is too long */
  size_t start;
  size_t end;
  char buf[2 * LINES_BUFFER]; /* a line, and what lines_separated sees */
};

/* Opens PATH ("-": standard input), which must live until lines_close.  MP_OK,
 * or a reason, explained. */
int lines_open(struct lines *l, const struct mp_host *host, const char *path);
void lines_close(struct lines *l);

#define LINES_END 0
#define LINES_LINE 1
#define LINES_LONG 2 /* a line that does not fit the buffer: passed over */

/* The next line, without its newline; valid until the next call.  LINES_...,
 * or a reason, explained. */
int lines_next(struct lines *l, const char **ret_line, size_t *ret_len);

/* What is in the buffer after the line given last; not all of it need be there.
 */
size_t lines_peek(const struct lines *l, const char **ret_text);

/* Whether a blank line stands between what comes and more that comes behind it.
 * Of a file this is known for the whole of it; of a pipe as far as the buffer
 * reaches, and it may be waited for.  1, 0 or a reason. */
int lines_separated(struct lines *l);

#endif
