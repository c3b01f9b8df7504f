/*
 * The conversation with a meter.
 *
 * One attempt, time from left to right (KMP 2.3 and 2.4):
 *
 *     |-- request --|.... up to timeout ....|-- answer, gaps <= gap --|
 *      line time     ^ an echo ends here
 *
 * After a good answer the next request follows at once, while the meter is
 * awake.  After any other outcome the line must be quiet for 1.7 s.  The
 * session listens during that time: a meter may be slower than the timeout, and
 * its late answer to the same request is accepted.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "plugins/kmp/line/listen.h"

/* Default gap.  KMP 2.4: the meter sends bytes back to back, but USB chips and
 * networks deliver them in batches. */
#define GAP_TTY_MS 250
#define GAP_NETWORK_MS 1000
/* Default gap on a slow line, in bytes: 250 ms at 1200 baud. */
#define GAP_TTY_BYTES 27
/* KMP 2.4: 20 to 50 ms between two good exchanges. */
#define PAUSE_MS 20
/* KMP 2.3: the longest time from the request to the answer. */
#define ANSWER_MS 1600
/* Allowance for USB chips and schedulers, besides the time on the line. */
#define SLACK_MS 500
/* Longest wait for a line that does not become quiet. */
#define BABBLE_MS 5000

/* Sizes for the longest time of an answer: a record with a mantissa of 16
 * bytes, and the bytes around the records. */
#define RECORD_BYTES (5 + 16)
#define FRAME_BYTES 6

static int64_t
usual_gap_ms(const struct session *s)
{
  int64_t ms = listen_line_ms(s, GAP_TTY_BYTES);

  if (port_is_network(s->port))
    return GAP_NETWORK_MS;
  return ms > GAP_TTY_MS ? ms : GAP_TTY_MS;
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
  s->limit = settings->registers > 0 ? settings->registers : KMP_REGISTERS_MAX;
  s->gap_ms = settings->gap_ms > 0 ? settings->gap_ms : usual_gap_ms(s);
  kmp_deframer_init(&s->deframer);
}

static void
note_noise(struct session *s, const struct kmp_request *request)
{
  if (request)
    s->seen.noise += s->deframer.noise;
  s->seen.zeros += s->deframer.zeros;
  s->deframer.noise = 0;
  s->deframer.zeros = 0;
}

/* Sets the earliest time of the next request after a good answer.  Returns
 * MP_OK. */
static int
note_good_answer(struct session *s)
{
  int64_t byte = listen_line_ms(s, 1);

  s->not_before = port_clock() + (byte > PAUSE_MS ? byte : PAUSE_MS);
  s->failed = 0;
  return MP_OK;
}

/* Waits until the next request may be sent, and discards the received bytes.
 * If FAILED, the previous request, is to be repeated (else NULL), accepts a
 * late answer to it.  Returns MP_OK: that answer came; MP_DROP: the next
 * request may be sent; or a reason (reported). */
static int
wait_until_quiet(struct session *s, const struct kmp_request *failed,
                 struct kmp_answer *ret_answer)
{
  int64_t now = port_clock();
  struct patience patience = {
    .start = s->not_before > now ? s->not_before : now,
    .whole = now + BABBLE_MS,
    .quiet = s->failed ? LISTEN_QUIET_MS : 0,
  };
  int r = listen_for(s, failed, &patience, ret_answer);

  note_noise(s, failed);
  return r == MP_OK ? note_good_answer(s) : r;
}

/* Returns the longest time that an answer can take from its first byte, in
 * ms. */
static int64_t
answer_ms(const struct session *s, const struct kmp_request *request)
{
  size_t bytes = FRAME_BYTES + RECORD_BYTES * (size_t)request->count;

  return ANSWER_MS + listen_line_ms(s, 2 * bytes) + SLACK_MS +
         s->settings.gap_ms;
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
  if (s->settings.note_sent && port_has_written(s->port))
    s->settings.note_sent(s->settings.ctx);
  if (r != MP_OK)
    return listen_ended(s, r);
  listen_note_frame(s, '>', s->wire, len);
  s->seen.requests++;
  s->sent = port_clock();
  s->last_byte = s->sent + listen_line_ms(s, len);
  return MP_OK;
}

/* Counts everything that was received except 00 bytes and echoes. */
static size_t
count_heard_bytes(const struct session *s)
{
  const struct session_seen *seen = &s->seen;

  return seen->noise + seen->answers + seen->crc + seen->cut + seen->broken +
         seen->strange + seen->strangers;
}

bool
session_heard(const struct session *s)
{
  return count_heard_bytes(s) > 0;
}

static int
attempt_request(struct session *s, const struct kmp_request *request,
                struct kmp_answer *ret_answer)
{
  struct patience patience = { .quiet = 0 };
  size_t before = count_heard_bytes(s);
  int r = send_request(s, request);

  if (r != MP_OK)
    return r;
  patience.start = s->last_byte + s->settings.timeout_ms;
  patience.whole = patience.start + answer_ms(s, request);
  r = listen_for(s, request, &patience, ret_answer);
  note_noise(s, request);
  if (r == MP_OK)
    return note_good_answer(s);
  s->not_before = s->last_byte + LISTEN_QUIET_MS;
  s->failed = 1;
  if (count_heard_bytes(s) == before)
    s->seen.silences++;
  return r;
}

/* Keeps a request that the meter answers, reduced to one register that it has,
 * if any. */
static void
note_answered(struct session *s, const struct kmp_request *request,
              const struct kmp_answer *answer)
{
  s->good_request = *request;
  if (answer->count == 0)
    return;
  s->good_request.count = 1;
  s->good_request.ids[0] = answer->records[0].id;
}

int
session_ask(struct session *s, const struct kmp_request *request,
            unsigned attempts, struct kmp_answer *ret_answer)
{
  unsigned before = port_reconnects(s->port);
  int r = MP_DROP;

  /* An attempt that was lost with its connection does not count. */
  for (unsigned i = 0;
       i < attempts + port_reconnects(s->port) - before && r == MP_DROP; i++) {
    r = wait_until_quiet(s, i > 0 ? request : NULL, ret_answer);
    if (r == MP_DROP)
      r = attempt_request(s, request, ret_answer);
  }
  if (r == MP_OK)
    note_answered(s, request, ret_answer);
  return r;
}

int
session_await(struct session *s, const struct kmp_request *request,
              struct kmp_answer *ret_answer)
{
  int r = wait_until_quiet(s, request, ret_answer);

  if (r == MP_OK)
    note_answered(s, request, ret_answer);
  return r;
}

void
session_pause(struct session *s, int64_t ms)
{
  int64_t until = port_clock() + ms;

  if (s->not_before < until)
    s->not_before = until;
}
