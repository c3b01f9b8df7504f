/*
 * The conversation with a meter: requests, waiting times, retries.
 *
 * What is said stands in kmp_message.h, how bytes travel in port.h; here is
 * when, how often, and which answer counts.
 */
#ifndef KMP_SESSION_H
#define KMP_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/line/port.h"
#include "plugins/kmp/line/recorder.h"
#include "plugins/kmp/line/stranger.h"

struct session_settings {
  uint8_t address;
  unsigned baud;
  int64_t timeout_ms; /* to the first byte of an answer */
  unsigned retries;
  uint8_t registers; /* in one request, at most; 0: eight */
  int64_t gap_ms;    /* the longest pause inside an answer; 0: the usual one */
};

/* What was seen of the line since the session began; what a diagnosis is made
 * from. */
struct session_seen {
  unsigned requests;  /* sent */
  unsigned answers;   /* good ones, to what was asked */
  unsigned silences;  /* requests upon which nothing came but an echo */
  unsigned echoes;    /* of what we sent, damaged ones too */
  unsigned crc;       /* answers with a wrong checksum */
  unsigned cut;       /* answers that ended in the middle */
  unsigned broken;    /* answers with bytes lost or changed otherwise */
  unsigned strange;   /* good frames that are no answer to the request */
  unsigned strangers; /* good requests that are not ours */
  size_t noise;       /* bytes outside frames, except: */
  size_t zeros;       /* the byte 00, which a meter may send at any time */
  unsigned doubled;   /* answers that telnet mode damaged: FF FF for FF */
};

struct session {
  const struct mp_host *host;
  const char *device;
  struct port *port;
  struct recorder *recorder; /* NULL: no capture */
  struct session_settings settings;
  struct session_seen seen;
  uint8_t first[STRANGER_BYTES]; /* the first bytes that came, of whatever */
  size_t first_len;
  /* Registers that go into one request: as the settings say, or fewer when the
   * meter answered only smaller requests. */
  uint8_t limit;
  int gone;          /* it answered, and then no more */
  int takes_silence; /* a silent block is one it does not have: a probe */
  int64_t time_ms;   /* when the last good answer was complete, on host->now */
  int64_t sent;      /* when the last request was handed over, on port_clock */
  int ends_quietly;  /* that the host ends it is no failure: a watch */

  /* Private. */
  int64_t gap_ms;     /* between two bytes of an answer */
  int64_t last_byte;  /* when one came, or when the request had left */
  int64_t not_before; /* when the next request may be sent */
  int failed;         /* the last request had no good answer */
  int silent_to_none; /* it is silent to a block of which it has nothing */
  struct kmp_request good_request; /* one that it answered */
  uint8_t wire[KMP_REQUEST_WIRE_MAX];
  struct kmp_deframer deframer;
};

/* Begins; PORT is open and stays the caller's. */
void session_init(struct session *s, const struct mp_host *host,
                  const char *device, struct port *port,
                  const struct session_settings *settings);

/* Sends a request, at most ATTEMPTS times, until a good answer comes.  MP_OK;
 * MP_DROP: none came (see s->seen; not reported); or a reason why the session
 * is over (reported).  The answer is valid until the next request. */
int session_ask(struct session *s, const struct kmp_request *request,
                unsigned attempts, struct kmp_answer *ret_answer);

/* Waits until the line is quiet, for a late answer to REQUEST, which failed.
 * Results as session_ask. */
int session_await(struct session *s, const struct kmp_request *request,
                  struct kmp_answer *ret_answer);

/* Takes an answer to a request for registers; NULL: the meter is silent to
 * these, but answers others. */
typedef void (*session_take)(void *ctx, const struct kmp_request *request,
                             const struct kmp_answer *answer);

/* Leaves the meter alone for at least MS before the next request. */
void session_pause(struct session *s, int64_t ms);

/* Whether anything at all was heard but our own echo. */
int session_heard(const struct session *s);

#endif
