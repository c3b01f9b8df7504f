/*
 * Listening: finds the frames in the received bytes, decides which of them
 * answers the request, and counts the rest for the diagnosis.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <string.h>

#include "plugins/kmp/line/diagnose.h"
#include "plugins/kmp/line/listen.h"
#include "plugins/kmp/line/telnet.h"

#define BITS_PER_BYTE 11 /* start, 8, parity or a second stop bit, stop */

/* Extra wait for the next byte of an answer, besides its time on the line: USB
 * chips hold bytes back for 16 ms. */
#define BEHIND_MS 20

int64_t
listen_line_ms(const struct session *s, size_t bytes)
{
  unsigned baud = s->settings.baud;

  return ((int64_t)bytes * BITS_PER_BYTE * 1000 + baud - 1) / baud;
}

static void
log_frame(const struct session *s, char direction, const uint8_t *wire,
          size_t len)
{
  char text[3 * KMP_WIRE_MAX + 1];
  size_t n = 0;

  for (size_t i = 0; i < len; i++)
    n += (size_t)snprintf(text + n, sizeof(text) - n, " %02x", wire[i]);
  mp_log(s->host, MP_LOG_DEBUG, s->device, "%c%s", direction, text);
}

void
listen_note_frame(struct session *s, char direction, const uint8_t *wire,
                  size_t len)
{
  if (s->host->log_enabled(s->host, MP_LOG_DEBUG))
    log_frame(s, direction, wire, len);
  recorder_frame(s->recorder, direction, wire, len);
}

int
listen_ended(const struct session *s, int reason)
{
  char why[256];

  if (s->ends_quietly && (reason == MP_ECANCELED || reason == MP_ETIMEOUT))
    return reason;
  switch (reason) {
  case MP_ECANCELED:
    return mp_fail(s->host, reason, s->device,
                   "interrupted while reading the meter");
  case MP_ETIMEOUT:
    if (s->seen.answers == s->seen.requests)
      return mp_fail(s->host, reason, s->device,
                     "out of time after %u replies: allow a longer deadline in "
                     "[pipeline]",
                     s->seen.answers);
    session_diagnose(s, why, sizeof(why));
    return mp_fail(s->host, reason, s->device, "out of time: %s", why);
  case MP_ENOMEM:
    return mp_fail(s->host, reason, s->device, "cannot wait for the port");
  default:
    return reason;
  }
}

/* Handles an echo of our own request.  The time for the answer begins at its
 * end. */
static void
note_echo(struct session *s, struct patience *patience)
{
  int64_t later = s->last_byte + s->settings.timeout_ms;

  mp_log(s->host, MP_LOG_DEBUG, s->device, "echo");
  s->seen.echoes++;
  if (patience->start < later)
    patience->start = later;
}

/* Counts a frame that is refused because of its bytes (framing, stuffing,
 * checksum), and limits the wait for another answer. */
static void
note_bad(struct session *s, struct patience *patience)
{
  const struct kmp_deframer *d = &s->deframer;
  int64_t later = s->last_byte + LISTEN_QUIET_MS;

  listen_note_frame(s, '<', d->wire, d->wire_len);
  mp_log(s->host, MP_LOG_DEBUG, s->device, "rejected: %s",
         kmp_error_text(d->error));
  if (port_is_network(s->port) && telnet_doubles(d->wire, d->wire_len))
    s->seen.doubled++;
  if (d->error == KMP_ECRC)
    s->seen.crc++;
  else if (d->error == KMP_ECUT)
    s->seen.cut++;
  else
    s->seen.broken++;
  /* Keep listening for the quiet time, which must pass anyway: the true answer
   * may follow the refused frame. */
  if (patience->start > later)
    patience->start = later;
}

/* Takes a good frame if it answers the request.  Returns MP_OK, else
 * MP_DROP. */
static int
note_good(struct session *s, const struct kmp_request *request,
          struct kmp_answer *ret_answer)
{
  const struct kmp_deframer *d = &s->deframer;
  struct kmp_answer answer;
  int r;

  listen_note_frame(s, '<', d->wire, d->wire_len);
  if (d->frame.start == KMP_START_REQUEST) {
    s->seen.strangers++;
    return MP_DROP;
  }
  r = kmp_answer_decode(&d->frame, request, &answer);
  if (r != KMP_OK) {
    mp_log(s->host, MP_LOG_DEBUG, s->device, "rejected: %s", kmp_error_text(r));
    s->seen.strange++;
    return MP_DROP;
  }
  /* An answer with a surplus register belongs to another request, perhaps a
   * much earlier one, even if it has all registers of ours. */
  if (answer.surplus > 0) {
    mp_log(s->host, MP_LOG_INFO, s->device,
           "a reply contains register %u, which was not requested; ignored",
           answer.surplus_id);
    s->seen.strange++;
    return MP_DROP;
  }
  s->seen.answers++;
  s->time_ms = s->host->now(s->host);
  *ret_answer = answer;
  return MP_OK;
}

static int
note_event(struct session *s, enum kmp_event event,
           const struct kmp_request *request, struct patience *patience,
           struct kmp_answer *ret_answer)
{
  const struct kmp_deframer *d = &s->deframer;

  if (event == KMP_EVENT_NONE)
    return MP_DROP;
  if (event == KMP_EVENT_ACK)
    s->deframer.noise++;
  else if (!request)
    mp_log(s->host, MP_LOG_DEBUG, s->device, "stale bytes");
  else if (event == KMP_EVENT_FRAME)
    return note_good(s, request, ret_answer);
  else if (event == KMP_EVENT_ECHO || d->wire[0] == KMP_START_REQUEST)
    note_echo(s, patience);
  else
    note_bad(s, patience);
  return MP_DROP;
}

/* Bytes read from the port; the LEN bytes at POS are not processed yet. */
struct input {
  uint8_t buf[256];
  uint8_t *pos;
  size_t len;
};

/* Keeps the first bytes of the session: they identify the protocol of a device
 * that does not speak KMP. */
static void
keep_first(struct session *s, const uint8_t *buf, size_t len)
{
  size_t room = sizeof(s->first) - s->first_len;

  if (len > room)
    len = room;
  memcpy(s->first + s->first_len, buf, len);
  s->first_len += len;
}

/* Waits for bytes until UNTIL and appends them to those not processed yet.
 * Sets *ret_more to their number; 0 is no error.  Returns MP_OK; MP_DROP: the
 * request was lost with the connection; or a reason (reported). */
static int
read_more(struct session *s, int64_t until, struct input *in, size_t *ret_more)
{
  int r;

  memmove(in->buf, in->pos, in->len);
  in->pos = in->buf;
  *ret_more = 0;
  r = port_read(s->port, in->buf + in->len, sizeof(in->buf) - in->len, until,
                ret_more);
  if (r != MP_OK)
    return listen_ended(s, r);
  if (*ret_more > 0)
    s->last_byte = port_clock();
  keep_first(s, in->buf + in->len, *ret_more);
  in->len += *ret_more;
  return MP_OK;
}

/* True if the current frame is an answer that leaves registers out.  An answer
 * cut by a false stop byte does so too. */
static bool
leaves_out(const struct session *s, const struct kmp_request *request)
{
  struct kmp_answer answer;

  return kmp_answer_decode(&s->deframer.frame, request, &answer) == KMP_OK &&
         answer.count < request->count;
}

/* Reads up to a pause on the line, or until there are more than KMP_STRAY_MAX
 * bytes. */
static int
read_behind(struct session *s, struct input *in)
{
  int64_t pause = listen_line_ms(s, 2) + BEHIND_MS;
  size_t more = 1;
  int r = MP_OK;

  while (r == MP_OK && more > 0 && in->len <= KMP_STRAY_MAX)
    r = read_more(s, port_clock() + pause, in, &more);
  return r;
}

/* Looks at the bytes after a good frame; sets *event to KMP_EVENT_BAD when they
 * show that it is a damaged one.  On a serial line these bytes may still be
 * under way; an answer with all requested registers does not wait for them.
 * Returns MP_OK, or as read_more. */
static int
look_behind(struct session *s, const struct kmp_request *request,
            struct input *in, enum kmp_event *event)
{
  struct kmp_deframer *d = &s->deframer;
  int r = MP_OK;

  if (!request || d->frame.start != KMP_START_ANSWER)
    return MP_OK;
  if (leaves_out(s, request))
    r = read_behind(s, in);
  if (r == MP_OK && kmp_answer_is_cut(&d->frame, request, in->pos, in->len)) {
    d->error = KMP_ETRAILING;
    *event = KMP_EVENT_BAD;
  }
  return r;
}

/* Processes the bytes read.  Returns MP_OK when they hold the answer, else
 * MP_DROP, or a reason (reported). */
static int
process_bytes(struct session *s, const struct kmp_request *request,
              struct input *in, struct patience *patience,
              struct kmp_answer *ret_answer)
{
  while (in->len > 0) {
    enum kmp_event event;
    size_t taken = kmp_deframer_feed(&s->deframer, in->pos, in->len, &event);
    int r = MP_OK;

    in->pos += taken;
    in->len -= taken;
    if (event == KMP_EVENT_FRAME)
      r = look_behind(s, request, in, &event);
    if (r == MP_OK)
      r = note_event(s, event, request, patience, ret_answer);
    if (r != MP_DROP)
      return r;
  }
  return MP_DROP;
}

int
listen_for(struct session *s, const struct kmp_request *request,
           struct patience *patience, struct kmp_answer *ret_answer)
{
  for (;;) {
    bool inside = s->deframer.collecting;
    int64_t until = inside ? s->last_byte + s->gap_ms : patience->start;
    struct input in = { .pos = in.buf };
    size_t n;
    int r;

    if (until > patience->whole)
      until = patience->whole;
    r = read_more(s, until, &in, &n);
    if (r != MP_OK)
      return r;
    if (n == 0) {
      if (inside)
        note_event(s, kmp_deframer_end(&s->deframer), request, patience,
                   ret_answer);
      if (port_clock() >= patience->start || port_clock() >= patience->whole)
        return MP_DROP;
      continue;
    }
    if (patience->quiet > 0)
      patience->start = s->last_byte + patience->quiet;
    r = process_bytes(s, request, &in, patience, ret_answer);
    if (r != MP_DROP)
      return r;
  }
}
