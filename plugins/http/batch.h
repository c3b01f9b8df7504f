/*
 * Sends records to a server in as few requests as possible, and decides by the
 * answers what became of each: the table of answers that the outputs of class
 * history share.
 *
 * - The status and the text that the server gives for success: delivered.
 * - Any other 2xx, 3xx, 401 to 407, 410, 414 and 431: the options are wrong.
 *   Nothing more is sent, and all stay pending (69).
 * - 408, 409, 425, 429, 5xx, no answer: later (75).  If the server names a time
 *   (Retry-After), nothing is sent before it.
 * - 400, 413, 415, 422, any other 4xx: the records are sent in halves, until
 *   single ones are refused.
 *
 * A single record that is refused is set aside if another one was accepted
 * after it, or before it with less than BATCH_REFUSED refused ones at the end.
 * Otherwise the fault may be the configuration, and it stays pending.
 */
#ifndef HTTP_BATCH_H
#define HTTP_BATCH_H

#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/http/http.h"

/* If this many records are refused one by one before one is accepted, nothing
 * more is sent. */
#define BATCH_REFUSED 16

struct batch {
  const struct mp_host *host;
  const char *url; /* for messages */
  /* Sends N records from FIRST on, in one request. */
  void (*send)(void *ctx, uint32_t first, uint32_t n, struct http_answer *ret);
  void *ctx;
  long success;      /* the status for success; 0: any 2xx */
  const char *reply; /* that the body of a success contains; NULL: any */
  uint32_t most;     /* records in a request; 0: all */
  bool is_live;      /* a refused record is rejected, never set aside */
  bool is_secret; /* an address may hold a secret: that of a redirection is not
                     shown */
};

/* Sends records 0 to N - 1, and gives a result for each.  MP_OK, or the reason
 * why the rest was not sent (reported). */
int batch_send(const struct batch *b, uint32_t n,
               const struct mp_output_sink *sink);

/* Reports what ANSWER says against a request that should have succeeded.
 * Returns MP_OK if it did, or the reason. */
int batch_explain(const struct batch *b, const struct http_answer *answer);

#endif
