/*
 * The capture format: frames as text, one event per line.
 *
 *     # meterpipe capture 1 meter
 *     2026-11-22T10:00:00.120Z > 80 3f 10 01 00 3c b2 5f 0d
 *     2026-11-22T10:00:00.345Z < 40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d
 *
 * The parser also accepts lines without a time, without a direction sign or
 * without blanks between the bytes, and the log that the old script left in
 * /tmp/_kamstrup ("Wr" or "Rd", then bytes).  Pure: parses and formats lines in
 * memory.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/rfc3339.h"

#define CAPTURE_VERSION 1
/* Largest number of bytes in one event: several frames, and the noise between
 * them. */
#define CAPTURE_BYTES_MAX 4096

/* Kinds of line. */
enum capture_kind {
  CAPTURE_BLANK,   /* ends a cycle */
  CAPTURE_COMMENT, /* ignore it */
  CAPTURE_HEADER,  /* sets line.version */
  CAPTURE_EVENTS   /* read them with capture_next */
};

enum capture_error {
  CAPTURE_EHEX = -1,  /* neither a hex digit nor a blank */
  CAPTURE_EODD = -2,  /* odd number of hex digits */
  CAPTURE_ETIME = -3, /* not a valid time */
  CAPTURE_ELONG = -4, /* more than CAPTURE_BYTES_MAX */
  CAPTURE_EEMPTY = -5 /* a time or a sign, but no bytes */
};

const char *capture_error_text(int error);

#define CAPTURE_TO_METER '>'
#define CAPTURE_FROM_METER '<'

/* The state of the parser.  Initialise with zeros. */
struct capture_line {
  uint32_t version;        /* the header's version */
  const char *version_end; /* end of the version in the text */
  bool has_time;
  int64_t time_ms;      /* milliseconds since 1970-01-01 UTC */
  const char *time_end; /* end of the time in the text */
  bool old_script;      /* a line of the old script's log */
  /* The event that capture_next parsed. */
  char direction; /* CAPTURE_TO_METER or CAPTURE_FROM_METER */
  size_t len;
  uint8_t bytes[CAPTURE_BYTES_MAX];
  /* Start and end of the event's hex bytes in the text; set after an error
   * too. */
  const char *hex, *hex_end;

  /* Private. */
  const char *pos;
  const char *end;
  struct rfc3339_day day;
};

/* Starts to parse TEXT, a line without its newline (a carriage return counts as
 * a blank).  TEXT must stay valid until the last capture_next.  Returns an enum
 * capture_kind, or an enum capture_error (negative). */
int capture_begin(struct capture_line *line, const char *text, size_t len);

/* Parses the next event of the line.  Returns 1; 0 when there are no more
 * events; or an enum capture_error, and then skips the rest of the line.  A
 * line of the old script's log may hold several events, because the script
 * wrote no newline at its end. */
int capture_next(struct capture_line *line);

/* Returns true if the line's only event is the LEN bytes of text at HEX.  Call
 * it between capture_begin, which returned CAPTURE_EVENTS, and capture_next. */
static inline bool
capture_is_event(const struct capture_line *line, const char *hex, size_t len)
{
  return !line->old_script && (size_t)(line->end - line->pos) == len &&
         memcmp(line->pos, hex, len) == 0;
}

/* Room that a line needs besides three characters per byte. */
#define CAPTURE_LINE_EXTRA 32
/* Writes an event as a line, with a newline and no NUL.  Returns the length, or
 * 0 when SIZE is too small or the year does not have four digits. */
size_t capture_format(char *buf, size_t size, int64_t time_ms, char direction,
                      const uint8_t *bytes, size_t len);

#endif
