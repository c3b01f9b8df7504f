/*
 * HTTP to one server over one connection, by libcurl: what was asked, what
 * came, and whether the request can have arrived.
 */
#ifndef DOMOTICZ_HTTP_H
#define DOMOTICZ_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <meterpipe/plugin.h>

struct http;

/* Strings must live as long as the struct http made of them. */
struct http_options {
  const char *url; /* with path prefix, without a slash at the end */
  const char *username;
  const char *password;
  const char *token; /* in place of the two */
  const char *ca_file;
  int64_t timeout_ms;
  bool tls_verify;
};

/* What came of a request. */
struct http_answer {
  int code;    /* MP_OK: there is a whole answer; else why not */
  bool sent;   /* false: certainly no part of the request left */
  long status; /* of a whole answer: 200 */
  size_t len;  /* of the body; */
  char *body;  /* ends with a NUL; valid until the next request */
  /* For people.  Without an answer: the fact.  Of a redirect: the URL it leads
   * to, as far as it is to be shown, or nothing. */
  char what[256];
};

/* http_get flags */
/* Changes something: never sent twice, and finished when the run must end. */
#define HTTP_UPDATE 0x1u
/* The answer can be long: a list of all devices. */
#define HTTP_LONG 0x2u

/* Prepares libcurl for this process; from any thread.  false: it could not be,
 * for lack of memory.  Call it before anything is locked: with too little
 * memory, OpenSSL can hang here. */
bool http_init(void);

/* After http_init.  No I/O.  NULL: out of memory. */
struct http *http_new(const struct mp_host *host,
                      const struct http_options *options);
void http_free(struct http *http);

/* Makes the handles.  MP_OK or MP_ENOMEM.  http_get does it by itself when it
 * was not done. */
int http_open(struct http *http);
/* Closes the connection. */
void http_close(struct http *http);

/* Whether each request gets a connection of its own: since the server, or a
 * proxy before it, closed one after a reply without announcing that, or since
 * http_set_single. */
bool http_is_single(const struct http *http);
void http_set_single(struct http *http);

/* Asks for URL/json.htm?QUERY.  Bounded by the timeout and the time left. */
void http_get(struct http *http, const char *query, unsigned flags,
              struct http_answer *ret);

#endif
