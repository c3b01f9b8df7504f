/*
 * A stand-in for an HTTP server, for tests: a function of the test answers each
 * request.
 *
 *     h = http_stand_in_start(answer, NULL);
 *     ... run against http://127.0.0.1:http_stand_in_port(h) ...
 *     http_stand_in_stop(h);
 */
#ifndef SUPPORT_HTTP_STAND_IN_H
#define SUPPORT_HTTP_STAND_IN_H

#include <stddef.h>

struct stand_in_request {
  const char *head; /* request line and headers */
  const char *body; /* ends with a NUL */
  size_t len;       /* of the body */
  unsigned number;  /* of the request, from 1 */
};

/* All zeros: the connection ends instead. */
struct stand_in_answer {
  int status;
  const char *headers; /* each ends with \r\n; NULL: no more than needed */
  const char *body;    /* NULL: none */
};

struct http_stand_in;

/* ANSWER is called in another thread, for one request at a time. */
struct http_stand_in *http_stand_in_start(
  struct stand_in_answer (*answer)(void *ctx, const struct stand_in_request *r),
  void *ctx);
/* Accepts NULL. */
void http_stand_in_stop(struct http_stand_in *h);

unsigned http_stand_in_port(const struct http_stand_in *h);

#endif
