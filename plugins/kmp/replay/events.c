/*
 * Turns the lines of a capture into events.
 */
#include "plugins/kmp/replay/events.h"

#include <string.h>

#include "lib/rare.h"

void
events_begin(struct events *e)
{
  e->in_line = e->in_bytes = false;
  e->again = e->looked = false;
  foreign_begin(&e->foreign);
  e->to_meter = false;
  e->sent_len = e->sent_text_len = 0;
}

RARE static enum event
bad_event(struct events *e, const char *reason)
{
  e->reported = true;
  e->reason = reason;
  return EVENT_BAD;
}

/* Refuses captures of a later version: their lines may mean something else. */
RARE static enum event
take_header(struct events *e)
{
  if (e->line.version <= CAPTURE_VERSION)
    return EVENT_HEADER;
  e->code = mp_fail(e->lines.host, MP_EDATA, e->lines.name,
                    "line %llu begins a capture of version %lu, but this "
                    "meterpipe reads version %d: use a newer meterpipe",
                    (unsigned long long)e->lines.number,
                    (unsigned long)e->line.version, CAPTURE_VERSION);
  return EVENT_FAILED;
}

/* ---- Logs of other programs ---------------------------------------------- */

/* Results of taking the current line. */
enum taken {
  TAKEN_NOT,   /* not a line of such a log */
  TAKEN_LINE,  /* taken; read the next line */
  TAKEN_BYTES, /* there are bytes: call capture_next */
  TAKEN_FAILED /* cannot read the file: code */
};

/* Starts on the bytes collected from such lines, with the time of the last of
 * these lines.  Returns false if there are none. */
RARE static bool
begin_foreign(struct events *e)
{
  bool has_time = e->line.has_time;
  int64_t time_ms = e->line.time_ms;
  const char *text;
  size_t len = foreign_line(&e->foreign, &text);

  if (len == 0 || capture_begin(&e->line, text, len) != CAPTURE_EVENTS)
    return false;
  e->line.has_time = has_time;
  e->line.time_ms = time_ms;
  return true;
}

static void
report_form(const struct events *e)
{
  mp_log(e->lines.host, MP_LOG_NOTICE, e->lines.name,
         "read as the log of %s; its other lines are left out",
         e->foreign.form);
}

/* Takes a line that is neither of a capture nor of a log that is known by now.
 * Searches the text after it once, as far as the buffer reaches, so that in a
 * log the lines before the first one with bytes are not reported as faults
 * either. */
static enum taken
take_other(struct events *e)
{
  const char *text;
  size_t len;

  if (!e->foreign.form && !e->looked) {
    e->looked = true;
    e->code = line_reader_peek(&e->lines, &text, &len);
    if (e->code != MP_OK)
      return TAKEN_FAILED;
    if (foreign_find(&e->foreign, text, len))
      report_form(e);
  }
  return e->foreign.form ? TAKEN_LINE : TAKEN_NOT;
}

RARE static enum taken
take_foreign(struct events *e)
{
  bool was_known = e->foreign.form;
  enum foreign_taken taken = foreign_take(&e->foreign, e->text, e->text_len);

  if (!was_known && e->foreign.form)
    report_form(e);
  e->again = taken == FOREIGN_FULL;
  if (taken == FOREIGN_WHOLE || taken == FOREIGN_FULL)
    return begin_foreign(e) ? TAKEN_BYTES : TAKEN_LINE;
  return taken == FOREIGN_PART ? TAKEN_LINE : take_other(e);
}

/* ---- Lines --------------------------------------------------------------- */

static int
read_line(struct events *e)
{
  if (!e->again)
    return line_reader_next(&e->lines, &e->text, &e->text_len);
  e->again = false;
  return LINE_READER_LINE;
}

/* Of begin_line: cannot read the file. */
#define LINE_FAILED (CAPTURE_EVENTS + 1)

/* Takes the current line.  Returns the same as capture_begin, or LINE_FAILED.
 */
static int
begin_line(struct events *e)
{
  enum taken taken = TAKEN_NOT;
  int r = CAPTURE_ETIME;

  if (e->foreign.left > 0)
    taken = take_foreign(e);
  if (taken == TAKEN_NOT)
    r = capture_begin(&e->line, e->text, e->text_len);
  if (r != CAPTURE_ETIME)
    return r;
  if (taken == TAKEN_NOT)
    taken = take_foreign(e);
  return taken == TAKEN_BYTES    ? CAPTURE_EVENTS
         : taken == TAKEN_LINE   ? CAPTURE_COMMENT
         : taken == TAKEN_FAILED ? LINE_FAILED
                                 : CAPTURE_ETIME;
}

/* Returns the event of line_reader_next if it gave no line; EVENT_NONE: there
 * are bytes. */
RARE static enum event
end_lines(struct events *e, int r)
{
  if (r == LINE_READER_END)
    return begin_foreign(e) ? EVENT_NONE : EVENT_END;
  e->code = r;
  return r == LINE_READER_LONG ? bad_event(e, "a line too long for a capture")
                               : EVENT_FAILED;
}

/* Reads the next line that is not a comment.  Returns its event; EVENT_NONE: it
 * has bytes. */
static enum event
next_line(struct events *e)
{
  int r;

  do {
    e->to_meter = false;
    r = read_line(e);
    if (r != LINE_READER_LINE)
      return end_lines(e, r);
    r = begin_line(e);
  } while (r == CAPTURE_COMMENT);
  return r == CAPTURE_EVENTS   ? EVENT_NONE
         : r == CAPTURE_BLANK  ? EVENT_BLANK
         : r == CAPTURE_HEADER ? take_header(e)
         : r == LINE_FAILED    ? EVENT_FAILED
                               : bad_event(e, capture_error_text(r));
}

/* Returns true if the bytes repeat the last request: the optical eye echoes it.
 */
static bool
is_echo(const struct events *e)
{
  return !e->to_meter && e->line.len == e->sent_len &&
         memcmp(e->line.bytes, e->sent, e->sent_len) == 0;
}

/* Takes the bytes of the line as one frame.  Nearly all lines are one, so the
 * deframer gets only the others: returns false for them. */
static bool
take_whole_frame(struct events *e)
{
  if (is_echo(e) || kmp_frame_decode(e->line.bytes, e->line.len, e->plain,
                                     &e->frame) != KMP_OK)
    return false;
  e->reported = true;
  e->fed = e->line.len;
  e->wire = e->line.bytes;
  e->wire_len = e->line.len;
  return true;
}

/* Starts feeding the bytes of the line to the deframer. */
RARE static void
begin_deframer(struct events *e)
{
  e->in_bytes = true;
  kmp_deframer_init(&e->deframer);
  if (!e->to_meter)
    kmp_deframer_sent(&e->deframer, e->sent, e->sent_len);
}

/* Starts on the current bytes of the line.  Returns true if they are a frame.
 */
static bool
begin_bytes(struct events *e)
{
  e->reported = false;
  e->fed = 0;
  if (e->to_meter) {
    /* The meter's line may echo these bytes, even if they are damaged here. */
    e->sent_len = e->line.len <= sizeof(e->sent) ? e->line.len : 0;
    memcpy(e->sent, e->line.bytes, e->sent_len);
    e->sent_text_len = 0;
  }
  if (take_whole_frame(e))
    return true;
  begin_deframer(e);
  return false;
}

void
events_keep_request(struct events *e)
{
  size_t len = (size_t)(e->line.hex_end - e->line.hex);
  bool is_whole_line = e->wire == e->line.bytes && !e->line.old_script;

  e->sent_text_len = 0;
  if (!e->to_meter || !is_whole_line || len > sizeof(e->sent_text))
    return;
  memcpy(e->sent_text, e->line.hex, len);
  e->sent_text_len = len;
}

/* Returns true if the current line is the kept request. */
static bool
is_repeat(const struct events *e)
{
  return e->line.direction == CAPTURE_TO_METER && e->sent_text_len > 0 &&
         capture_is_event(&e->line, e->sent_text, e->sent_text_len);
}

static enum event
take_repeat(struct events *e)
{
  e->to_meter = true;
  e->in_line = false;
  return EVENT_REPEAT;
}

/* Ends the line; R: what capture_next returned.  Returns the event, if there is
 * one. */
RARE static enum event
end_line(struct events *e, int r)
{
  enum taken taken = TAKEN_LINE;

  if (r < 0)
    taken =
      r == CAPTURE_EHEX || r == CAPTURE_EODD ? take_foreign(e) : TAKEN_NOT;
  e->in_line = taken == TAKEN_BYTES;
  return taken == TAKEN_NOT      ? bad_event(e, capture_error_text(r))
         : taken == TAKEN_FAILED ? EVENT_FAILED
                                 : EVENT_NONE;
}

/* Takes the next bytes of the current line.  Returns the event, if there is
 * one. */
static enum event
next_bytes(struct events *e)
{
  int r;

  if (is_repeat(e))
    return take_repeat(e);
  r = capture_next(&e->line);
  e->to_meter = e->line.direction == CAPTURE_TO_METER;
  if (r <= 0)
    return end_line(e, r);
  /* Only a line of the old script's log has more bytes after these. */
  e->in_line = e->line.old_script;
  return begin_bytes(e) ? EVENT_FRAME : EVENT_NONE;
}

/* Handles the end of the bytes: an unfinished frame is cut; bytes without any
 * frame are one fault.  Neither is reported if these bytes gave a frame, an
 * echo or a fault already.  Returns the event, if there is one. */
static enum event
end_bytes(struct events *e)
{
  enum kmp_event found = kmp_deframer_end(&e->deframer);
  int r = found == KMP_EVENT_BAD ? e->deframer.error : KMP_ESTART;

  e->in_bytes = false;
  if (e->reported || (found == KMP_EVENT_NONE && e->deframer.noise == 0))
    return EVENT_NONE;
  return bad_event(e, kmp_error_text(r));
}

/* Feeds the bytes to the deframer.  Reports only the first fault in them, and
 * none after a good frame or an echo.  Returns the event, if there is one. */
RARE static enum event
feed_deframer(struct events *e)
{
  enum kmp_event found;

  if (e->fed == e->line.len)
    return end_bytes(e);
  e->fed += kmp_deframer_feed(&e->deframer, e->line.bytes + e->fed,
                              e->line.len - e->fed, &found);
  if (found == KMP_EVENT_ECHO)
    e->reported = true;
  if (found == KMP_EVENT_FRAME) {
    e->reported = true;
    e->frame = e->deframer.frame;
    e->wire = e->deframer.wire;
    e->wire_len = e->deframer.wire_len;
    return EVENT_FRAME;
  }
  if (e->reported || found != KMP_EVENT_BAD)
    return EVENT_NONE;
  return bad_event(e, kmp_error_text(e->deframer.error));
}

enum event
events_next(struct events *e)
{
  enum event event;

  do {
    if (e->in_bytes) {
      event = feed_deframer(e);
    } else if (e->in_line) {
      event = next_bytes(e);
    } else {
      event = next_line(e);
      e->in_line = event == EVENT_NONE;
    }
  } while (event == EVENT_NONE);
  return event;
}
