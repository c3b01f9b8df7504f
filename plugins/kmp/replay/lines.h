/*
 * Reads a file line by line in constant memory, whatever its content.
 */
#ifndef REPLAY_LINES_H
#define REPLAY_LINES_H

#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

/* Longer lines are skipped; the lines of a capture are far shorter. */
#ifndef LINES_BUFFER
#define LINES_BUFFER 65536
#endif

struct lines {
  const struct mp_host *host;
  const char *name; /* for messages */
  uint64_t number;  /* of the last line returned, from 1 */

  /* Private. */
  int fd;
  int owned;     /* close it: not standard input */
  int regular;   /* a regular file: never blocks, can be searched at once */
  int separated; /* of a regular file: see lines_separated */
  int at_end;    /* read returned 0 */
  int skipping;  /* inside a line that is too long */
  size_t start;
  size_t end;
  char buf[2 * LINES_BUFFER]; /* a line, and lines_separated's lookahead */
};

/* Opens PATH ("-": standard input).  PATH must stay valid until lines_close.
 * Returns MP_OK, or a reason that was reported. */
int lines_open(struct lines *l, const struct mp_host *host, const char *path);
void lines_close(struct lines *l);

#define LINES_END 0
#define LINES_LINE 1
#define LINES_LONG 2 /* a line too long for the buffer: skipped */

/* Reads the next line, without its newline; valid until the next call.  Returns
 * LINES_..., or a reason that was reported. */
int lines_next(struct lines *l, const char **ret_line, size_t *ret_len);

/* Returns the length of the text buffered after the last line returned.  Reads
 * nothing, so that text may end anywhere. */
size_t lines_peek(const struct lines *l, const char **ret_text);

/* Returns 1 if there is a blank line with a non-blank line after it, 0 if not,
 * or a reason that was reported.  Searches all of a regular file.  Of a pipe it
 * searches the lines to come, as far as the buffer reaches, and may wait. */
int lines_separated(struct lines *l);

#endif
