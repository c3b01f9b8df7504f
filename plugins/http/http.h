/*
 * HTTP requests to one server over one connection, by libcurl.  Reports for
 * each request the answer, and whether the request can have arrived.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <meterpipe/plugin.h>

struct http;

/* The strings must live as long as the struct http that was made from them. */
struct http_options {
  const char *url; /* with path prefix, without a slash at the end */
  const char *username;
  const char *password;
  const char *token; /* instead of username and password */
  const char *ca_file;
  int64_t timeout_ms;
  bool tls_verify;
};

/* The result of a request. */
struct http_answer {
  int code;    /* MP_OK: there is a complete answer; else the reason */
  bool sent;   /* false: certainly no byte of the request left */
  long status; /* HTTP status of a complete answer: 200 */
  int64_t retry_after_s; /* as the server asks; 0: it does not */
  size_t len;            /* of the body */
  char *body;            /* ends with a NUL; valid until the next request */
  /* Text for messages.  Without an answer: the reason.  Of a redirect: its
   * destination, as url_shown returns it, or "". */
  char what[256];
};

/* Flags of a request */
/* Changes something: is never sent twice, and is completed even when the run is
 * to be ended. */
#define HTTP_UPDATE 0x1u
/* The answer can be long: a list of all devices. */
#define HTTP_LONG 0x2u
/* Path and query may hold a secret: they are not logged. */
#define HTTP_SECRET 0x4u

struct http_request {
  const char *method;         /* NULL: GET, or POST if there is a body */
  const char *path;           /* follows the URL: "/write"; may be "" */
  const char *query;          /* escaped: "db=house"; NULL: none */
  const char *const *headers; /* "Name: value" each, then NULL; NULL: none */
  const char *body;           /* NULL: none */
  size_t body_len;
  unsigned flags;
};

/* Initialises libcurl for this process; any thread may call it.  Returns false
 * if memory ran out.  Call it before taking any lock: OpenSSL can hang here
 * when memory is short. */
bool http_init(void);

/* Makes an instance, without I/O.  Call http_init first.  Returns NULL if
 * memory ran out. */
struct http *http_new(const struct mp_host *host,
                      const struct http_options *options);
void http_free(struct http *http);

/* Makes the libcurl handles.  MP_OK or MP_ENOMEM.  http_send calls it if the
 * caller did not. */
int http_open(struct http *http);
/* Closes the connection and frees the handles. */
void http_close(struct http *http);

/* Returns true if each request gets a new connection: after http_set_single, or
 * after the server (or a proxy before it) closed a connection without
 * announcing it in its reply. */
bool http_is_single(const struct http *http);
void http_set_single(struct http *http);

/* Sends REQUEST, whose strings must live until it returns.  Takes at most the
 * timeout or the time left, whichever is shorter. */
void http_send(struct http *http, const struct http_request *request,
               struct http_answer *ret);

#endif
