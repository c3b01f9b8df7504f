/*
 * The conversation with a meter: requests, waiting times, retries.
 *
 * kmp_message.h defines the messages and port.h carries the bytes; this part
 * decides when and how often to send a request, and which answer counts.
 */
#ifndef KMP_SESSION_H
#define KMP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/line/port.h"
#include "plugins/kmp/line/recorder.h"
#include "plugins/kmp/line/other_protocol.h"

struct session_settings {
  uint8_t address;
  unsigned baud;
  int64_t timeout_ms; /* to the first byte of an answer */
  unsigned retries;
  uint8_t registers; /* most in one request; 0: eight */
  int64_t gap_ms;    /* longest pause inside an answer; 0: the default */
  /* Called after each request of which a byte was sent, with CTX; NULL: not. */
  void (*note_sent)(void *ctx);
  void *ctx;
};

/* Counts of events on the line since the session began, for the diagnosis. */
struct session_seen {
  unsigned requests;  /* sent */
  unsigned answers;   /* good ones that fit the request */
  unsigned silences;  /* requests followed by nothing but an echo */
  unsigned echoes;    /* of our requests, damaged ones too */
  unsigned crc;       /* answers with a wrong checksum */
  unsigned cut;       /* answers that ended in the middle */
  unsigned broken;    /* answers damaged in another way */
  unsigned strange;   /* good frames that are no answer to the request */
  unsigned strangers; /* good requests that are not ours */
  size_t noise;       /* bytes outside frames, except zeros */
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
  uint8_t
    first[OTHER_PROTOCOL_BYTES]; /* the first bytes received, of any kind */
  size_t first_len;
  /* Registers in one request: the setting, or fewer when the meter answered
   * only smaller requests. */
  uint8_t limit;
  bool gone;          /* the meter answered before, but no longer */
  bool takes_silence; /* probe: no answer means it has none of the block */
  int64_t time_ms;    /* when the last good answer was complete, on host->now */
  int64_t sent;       /* when the last request was written, on port_clock */
  bool ends_quietly;  /* probe --watch: do not report that the host ended it */

  /* Private. */
  int64_t gap_ms;      /* longest pause between two bytes of an answer */
  int64_t last_byte;   /* time of the last byte, received or sent */
  int64_t not_before;  /* earliest time of the next request */
  int failed;          /* the last request had no good answer */
  bool silent_to_none; /* does not answer if it has none of the registers */
  struct kmp_request good_request; /* a request that the meter answered */
  uint8_t wire[KMP_REQUEST_WIRE_MAX];
  struct kmp_deframer deframer;
};

/* Begins a session on PORT, which is open and remains the caller's. */
void session_init(struct session *s, const struct mp_host *host,
                  const char *device, struct port *port,
                  const struct session_settings *settings);

/* Sends REQUEST, at most ATTEMPTS times, until a good answer arrives.  Returns
 * MP_OK; MP_DROP when none arrived (see s->seen; not reported); or a reason to
 * end the session (reported).  The answer is valid until the next request. */
int session_ask(struct session *s, const struct kmp_request *request,
                unsigned attempts, struct kmp_answer *ret_answer);

/* Waits until the line is quiet, and accepts a late answer to REQUEST, which
 * failed.  Returns as session_ask. */
int session_await(struct session *s, const struct kmp_request *request,
                  struct kmp_answer *ret_answer);

/* Callback for the answer to a request for registers.  ANSWER is NULL when the
 * meter is silent to these registers, but answers others. */
typedef void (*session_take)(void *ctx, const struct kmp_request *request,
                             const struct kmp_answer *answer);

/* Delays the next request until at least MS from now. */
void session_pause(struct session *s, int64_t ms);

/* True if anything was received besides 00 bytes and echoes of our requests. */
bool session_heard(const struct session *s);

#endif
