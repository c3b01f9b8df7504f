/*
 * Reads a file line by line in constant memory, whatever its content.
 */
#ifndef REPLAY_LINE_READER_H
#define REPLAY_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

/* Longer lines are skipped; the lines of a capture are far shorter. */
#ifndef LINE_READER_BUFFER
#define LINE_READER_BUFFER 65536
#endif

struct line_reader {
  const struct mp_host *host;
  const char *name; /* for messages */
  uint64_t number;  /* of the last line returned, from 1 */
  int64_t
    read_ms; /* when the end of the buffer was read, by the host's clock */

  /* Private. */
  int fd;
  bool owned;    /* close it: not standard input */
  int regular;   /* a regular file: never blocks, can be searched at once */
  int separated; /* of a regular file: see line_reader_separated */
  int at_end;    /* read returned 0 */
  bool skipping; /* inside a line that is too long */
  size_t start;
  size_t end;
  char buf[2 * LINE_READER_BUFFER]; /* a line, and the text read ahead */
};

/* Opens PATH ("-": standard input).  PATH must stay valid until
 * line_reader_close. Returns MP_OK, or a reason that was reported. */
int line_reader_open(struct line_reader *l, const struct mp_host *host,
                     const char *path);
void line_reader_close(struct line_reader *l);

#define LINE_READER_END 0
#define LINE_READER_LINE 1
#define LINE_READER_LONG 2 /* a line too long for the buffer: skipped */

/* Reads the next line, without its newline; valid until the next call.  Returns
 * LINES_..., or a reason that was reported. */
int line_reader_next(struct line_reader *l, const char **ret_line,
                     size_t *ret_len);

/* Gives the text after the last line returned, as far as the buffer reaches; it
 * may end anywhere.  Of a pipe, may wait for it.  Returns MP_OK, or a reason
 * that was reported. */
int line_reader_peek(struct line_reader *l, const char **ret_text,
                     size_t *ret_len);

/* Returns 1 if there is a blank line with a non-blank line after it, 0 if not,
 * or a reason that was reported.  Searches all of a regular file.  Of a pipe it
 * searches the lines to come, as far as the buffer reaches, and may wait. */
int line_reader_separated(struct line_reader *l);

#endif
