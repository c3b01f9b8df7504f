/*
 * Captures: recorded frames as text, one event a line.
 *
 *     # meterpipe capture 1 meter
 *     2026-11-22T10:00:00.120Z > 80 3f 10 01 00 3c b2 5f 0d
 *     2026-11-22T10:00:00.345Z < 40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d
 *
 * Read too: lines without time, sign or blanks between the bytes, and the log
 * that the old script left in /tmp/_kamstrup ("Wr" and "Rd", then bytes).
 * Pure: a line in, bytes out.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/capture_time.h"

#define CAPTURE_VERSION 1
/* Bytes in one event, at most: some frames, and the noise between them. */
#define CAPTURE_BYTES_MAX 4096

/* What a line is. */
enum capture_kind {
  CAPTURE_BLANK,   /* ends a cycle */
  CAPTURE_COMMENT, /* nothing to do */
  CAPTURE_HEADER,  /* line.version */
  CAPTURE_EVENTS   /* call capture_next */
};

enum capture_error {
  CAPTURE_EHEX = -1,  /* neither a hex digit nor a blank */
  CAPTURE_EODD = -2,  /* half a byte */
  CAPTURE_ETIME = -3, /* no such time */
  CAPTURE_ELONG = -4, /* more than CAPTURE_BYTES_MAX */
  CAPTURE_EEMPTY = -5 /* a time or a sign, but no bytes */
};

const char *capture_error_text(int error);

#define CAPTURE_TO_METER '>'
#define CAPTURE_FROM_METER '<'

struct capture_line {
  uint32_t version;        /* of a header */
  const char *version_end; /* in its text */
  int has_time;
  int64_t time_ms;      /* since 1970-01-01 UTC */
  const char *time_end; /* in its text */
  int old_script;       /* a line of its log */
  /* The event. */
  char direction; /* CAPTURE_TO_METER, CAPTURE_FROM_METER */
  size_t len;
  uint8_t bytes[CAPTURE_BYTES_MAX];
  /* Where its hex stands in the text, or is wrong. */
  const char *hex, *hex_end;

  /* Private. */
  const char *pos;
  const char *end;
};

/* Begins with a line, without its newline (a carriage return is a blank).  The
 * text must stay valid until the last capture_next.  Returns an enum
 * capture_kind, or an enum capture_error. */
int capture_begin(struct capture_line *line, const char *text, size_t len);

/* The next event of the line: 1; 0: there is none; or an enum capture_error:
 * then the rest of the line is lost.  The old script wrote no newline at its
 * end: there a line may hold several. */
int capture_next(struct capture_line *line);

/* What a line needs besides 3 for each byte. */
#define CAPTURE_LINE_EXTRA 32
/* Writes an event as a line, with its newline and no NUL.  Returns the length,
 * 0 when SIZE is too small or the time has no four-digit year. */
size_t capture_format(char *buf, size_t size, int64_t time_ms, char direction,
                      const uint8_t *bytes, size_t len);

#endif
