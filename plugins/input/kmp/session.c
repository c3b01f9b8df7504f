/*
 * The conversation with a meter.
 *
 * One attempt, as time goes by (KMP 2.3 and 2.4):
 *
 *     |-- request --|.... up to timeout ....|-- answer, gaps <= gap --|
 *      line time     ^ an echo ends here
 *
 * After a good answer the next request follows at once, while the meter is
 * awake.  After anything else the line must be quiet for 1.7 s; all that time
 * we listen, for a meter that is slower than the timeout: its late answer to
 * this very request is as good.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <string.h>

#include "plugins/input/kmp/session.h"

#define BITS_PER_BYTE 11 /* start, 8, parity or a second stop bit, stop */

/* KMP 2.4: the meter sends back to back; USB chips and networks batch. */
#define GAP_TTY_MS 250
#define GAP_NETWORK_MS 1000
/* KMP 2.3: at least 1.6 s, counted by the meter. */
#define QUIET_MS 1700
/* KMP 2.4: 20 to 50 ms between two good exchanges. */
#define PAUSE_MS 20
/* KMP 2.3: from the request to the answer, by a meter that keeps the rule. */
#define ANSWER_MS 1600
/* For USB chips and schedulers, on top of the time on the wire. */
#define SLACK_MS 500
/* A line that is never quiet is not waited for any longer. */
#define BABBLE_MS 5000

/* Registers that every meter takes at a time. */
#define SMALL_REQUEST 4

/* Longest mantissa that is reckoned with when an answer's time is bounded. */
#define RECORD_BYTES (5 + 16)
#define FRAME_BYTES 6

/* How long to listen. */
struct patience {
  int64_t start; /* until then an answer must begin */
  int64_t whole; /* until then it must be complete */
  int64_t quiet; /* each byte puts START off to so much later; 0: no */
};

static int64_t
line_ms(const struct session *s, size_t bytes)
{
  unsigned baud = s->settings.baud;

  return ((int64_t)bytes * BITS_PER_BYTE * 1000 + baud - 1) / baud;
}

void
session_init(struct session *s, const struct mp_host *host, const char *device,
             struct port *port, const struct session_settings *settings)
{
  memset(s, 0, sizeof(*s));
  s->host = host;
  s->device = device;
  s->port = port;
  s->settings = *settings;
  s->limit = KMP_REGISTERS_MAX;
  s->gap_ms = port_is_network(port) ? GAP_NETWORK_MS : GAP_TTY_MS;
  kmp_deframer_init(&s->deframer);
}

/* Bytes of a frame into log and capture. */
static void
note_frame(struct session *s, char direction, const uint8_t *wire, size_t len)
{
  char text[3 * KMP_WIRE_MAX + 1];
  size_t n = 0;
  size_t i;

  for (i = 0; i < len; i++)
    n += (size_t)snprintf(text + n, sizeof(text) - n, " %02x", wire[i]);
  mp_log(s->host, MP_LOG_DEBUG, s->device, "%c%s", direction, text);
  recorder_frame(s->recorder, direction, wire, len);
}

/* The port's reason for an end, explained if the port did not. */
static int
ended(const struct session *s, int reason)
{
  char why[256];

  if (s->ends_quietly && (reason == MP_ECANCELED || reason == MP_ETIMEOUT))
    return reason;
  switch (reason) {
  case MP_ECANCELED:
    return mp_fail(s->host, reason, s->device,
                   "interrupted while the meter was read");
  case MP_ETIMEOUT:
    if (s->seen.answers == s->seen.requests)
      return mp_fail(s->host, reason, s->device,
                     "out of time after %u answers: allow a longer deadline in "
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

/* Our own request came back.  The time for the answer begins at its end. */
static void
note_echo(struct session *s, struct patience *patience)
{
  int64_t later = s->last_byte + s->settings.timeout_ms;

  mp_log(s->host, MP_LOG_DEBUG, s->device, "echo");
  s->seen.echoes++;
  if (patience->start < later)
    patience->start = later;
}

/* A frame that is refused for what it is made of. */
static void
note_bad(struct session *s, struct patience *patience)
{
  const struct kmp_deframer *d = &s->deframer;
  int64_t later = s->last_byte + QUIET_MS;

  note_frame(s, '<', d->wire, d->wire_len);
  mp_log(s->host, MP_LOG_DEBUG, s->device, "refused: %s",
         kmp_error_text(d->error));
  if (d->error == KMP_ECRC)
    s->seen.crc++;
  else if (d->error == KMP_ECUT)
    s->seen.cut++;
  else
    s->seen.broken++;
  /* Listen on for as long as must be waited anyway: the true answer may come
   * behind what was taken for one. */
  if (patience->start > later)
    patience->start = later;
}

/* Whether a good frame answers the request: MP_OK, else MP_DROP. */
static int
note_good(struct session *s, const struct kmp_request *request,
          struct kmp_answer *ret_answer)
{
  const struct kmp_deframer *d = &s->deframer;
  struct kmp_answer answer;
  int r;

  note_frame(s, '<', d->wire, d->wire_len);
  if (d->frame.start == KMP_START_REQUEST) {
    s->seen.strangers++;
    return MP_DROP;
  }
  r = kmp_answer_decode(&d->frame, request, &answer);
  if (r != KMP_OK) {
    mp_log(s->host, MP_LOG_DEBUG, s->device, "refused: %s", kmp_error_text(r));
    s->seen.strange++;
    return MP_DROP;
  }
  /* An answer with a register too many belongs to another request, even if all
   * of ours are in it: perhaps to one of long ago. */
  if (answer.surplus > 0) {
    mp_log(s->host, MP_LOG_INFO, s->device,
           "an answer holds register %u, which was not asked for: not taken",
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
  else if (request == NULL)
    mp_log(s->host, MP_LOG_DEBUG, s->device, "stale bytes");
  else if (event == KMP_EVENT_FRAME)
    return note_good(s, request, ret_answer);
  else if (event == KMP_EVENT_ECHO || d->wire[0] == KMP_START_REQUEST)
    note_echo(s, patience);
  else
    note_bad(s, patience);
  return MP_DROP;
}

static int
digest(struct session *s, const uint8_t *buf, size_t len,
       const struct kmp_request *request, struct patience *patience,
       struct kmp_answer *ret_answer)
{
  while (len > 0) {
    enum kmp_event event;
    size_t taken = kmp_deframer_feed(&s->deframer, buf, len, &event);

    buf += taken;
    len -= taken;
    if (note_event(s, event, request, patience, ret_answer) == MP_OK)
      return MP_OK;
  }
  return MP_DROP;
}

/* Listens for an answer to REQUEST; without one, what comes is stale.  MP_OK,
 * MP_DROP when patience is over, or a reason (reported). */
static int
listen_for(struct session *s, const struct kmp_request *request,
           struct patience *patience, struct kmp_answer *ret_answer)
{
  for (;;) {
    int inside = s->deframer.collecting;
    int64_t until = inside ? s->last_byte + s->gap_ms : patience->start;
    uint8_t buf[256];
    size_t len;
    int r;

    if (until > patience->whole)
      until = patience->whole;
    r = port_read(s->port, buf, sizeof(buf), until, &len);
    if (r != MP_OK)
      return ended(s, r);
    if (len == 0) {
      if (inside)
        note_event(s, kmp_deframer_end(&s->deframer), request, patience,
                   ret_answer);
      if (port_clock() >= patience->start || port_clock() >= patience->whole)
        return MP_DROP;
      continue;
    }
    s->last_byte = port_clock();
    if (patience->quiet > 0)
      patience->start = s->last_byte + patience->quiet;
    r = digest(s, buf, len, request, patience, ret_answer);
    if (r == MP_OK)
      return MP_OK;
  }
}

static void
note_noise(struct session *s, const struct kmp_request *request)
{
  if (request != NULL)
    s->seen.noise += s->deframer.noise;
  s->deframer.noise = 0;
}

/* After a good answer: how long until the next request. */
static int
answered(struct session *s)
{
  int64_t byte = line_ms(s, 1);

  s->not_before = port_clock() + (byte > PAUSE_MS ? byte : PAUSE_MS);
  s->failed = 0;
  return MP_OK;
}

/* Waits until the next request may be sent, and throws away what comes; but
 * for an answer to FAILED, the request before, if that is to be repeated.
 * MP_OK: that answer came late; MP_DROP: now; or a reason (reported). */
static int
settle(struct session *s, const struct kmp_request *failed,
       struct kmp_answer *ret_answer)
{
  int64_t now = port_clock();
  struct patience patience = {
    .start = s->not_before > now ? s->not_before : now,
    .whole = now + BABBLE_MS,
    .quiet = s->failed ? QUIET_MS : 0,
  };
  int r = listen_for(s, failed, &patience, ret_answer);

  note_noise(s, failed);
  return r == MP_OK ? answered(s) : r;
}

/* The longest time that a whole answer can take from its first byte on. */
static int64_t
answer_ms(const struct session *s, const struct kmp_request *request)
{
  size_t bytes = FRAME_BYTES + RECORD_BYTES * (size_t)request->count;

  return ANSWER_MS + line_ms(s, 2 * bytes) + SLACK_MS;
}

static int
send_request(struct session *s, const struct kmp_request *request)
{
  size_t len = kmp_request_encode(request, s->wire, sizeof(s->wire));
  int r;

  if (len == 0)
    return mp_fail(s->host, MP_EINTERNAL, s->device,
                   "a request that cannot be written");
  kmp_deframer_init(&s->deframer);
  kmp_deframer_sent(&s->deframer, s->wire, len);
  r = port_write(s->port, s->wire, len);
  if (r != MP_OK)
    return ended(s, r);
  note_frame(s, '>', s->wire, len);
  s->seen.requests++;
  s->sent = port_clock();
  s->last_byte = s->sent + line_ms(s, len);
  return MP_OK;
}

/* All that came but for echoes. */
static size_t
heard(const struct session *s)
{
  const struct session_seen *seen = &s->seen;

  return seen->noise + seen->answers + seen->crc + seen->cut + seen->broken +
         seen->strange + seen->strangers;
}

int
session_heard(const struct session *s)
{
  return heard(s) > 0;
}

static int
attempt(struct session *s, const struct kmp_request *request,
        struct kmp_answer *ret_answer)
{
  struct patience patience = { .quiet = 0 };
  size_t before = heard(s);
  int r = send_request(s, request);

  if (r != MP_OK)
    return r;
  patience.start = s->last_byte + s->settings.timeout_ms;
  patience.whole = patience.start + answer_ms(s, request);
  r = listen_for(s, request, &patience, ret_answer);
  note_noise(s, request);
  if (r == MP_OK)
    return answered(s);
  s->not_before = s->last_byte + QUIET_MS;
  s->failed = 1;
  if (heard(s) == before)
    s->seen.silences++;
  return r;
}

int
session_ask(struct session *s, const struct kmp_request *request,
            unsigned attempts, struct kmp_answer *ret_answer)
{
  unsigned i;
  int r = MP_DROP;

  for (i = 0; i < attempts && r == MP_DROP; i++) {
    r = settle(s, i > 0 ? request : NULL, ret_answer);
    if (r == MP_DROP)
      r = attempt(s, request, ret_answer);
  }
  return r;
}

void
session_pause(struct session *s, int64_t ms)
{
  int64_t until = port_clock() + ms;

  if (s->not_before < until)
    s->not_before = until;
}

static struct kmp_request
register_request(const struct session *s, const uint16_t *ids, size_t count)
{
  struct kmp_request request = {
    .address = s->settings.address,
    .cid = KMP_GET_REGISTER,
    .count = (uint8_t)count,
  };

  memcpy(request.ids, ids, count * sizeof(ids[0]));
  return request;
}

/* Each half once.  A meter that never said anything is not asked the second. */
static int
ask_halves(struct session *s, const uint16_t *ids, size_t count,
           session_take take, void *ctx)
{
  size_t half = (count + 1) / 2;
  size_t done;
  int result = MP_OK;

  for (done = 0; done < count; done += half) {
    size_t n = count - done < half ? count - done : half;
    struct kmp_request request = register_request(s, ids + done, n);
    struct kmp_answer answer;
    int r = session_ask(s, &request, 1, &answer);

    if (r == MP_OK)
      take(ctx, &request, &answer);
    else if (r < 0)
      return r;
    else
      result = r;
    if (!session_heard(s))
      return result;
  }
  /* So the whole was too much; what follows is asked for in smaller parts. */
  if (result == MP_OK && count > SMALL_REQUEST)
    s->limit = SMALL_REQUEST;
  return result;
}

int
session_registers(struct session *s, const uint16_t *ids, size_t count,
                  session_take take, void *ctx)
{
  struct kmp_request request = register_request(s, ids, count);
  struct kmp_answer answer;
  int halves = count > 1 && s->settings.retries > 0;
  unsigned attempts = s->settings.retries + (halves ? 0 : 1);
  int r = session_ask(s, &request, attempts, &answer);

  if (r == MP_DROP && halves)
    r = settle(s, &request, &answer);
  if (r == MP_OK)
    take(ctx, &request, &answer);
  if (r != MP_DROP || !halves)
    return r;
  return ask_halves(s, ids, count, take, ctx);
}
