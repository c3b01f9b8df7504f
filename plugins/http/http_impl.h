/*
 * The files of http: the handle (http.c), and whether a request may have left
 * (http_sent.c).
 */
#ifndef HTTP_IMPL_H
#define HTTP_IMPL_H

#include "plugins/http/http.h"

#include <stdint.h>

#include <curl/curl.h>

#include "lib/text_buffer.h"

/* Most sockets open at a time: a kept connection, and one attempt for an
 * address of each family. */
#define SOCKETS 8

struct http {
  const struct mp_host *host;
  struct http_options options;
  bool direct; /* no proxy, even if the environment names one */
  CURLM *multi;
  CURL *easy;
  char curl_error[CURL_ERROR_SIZE];
  curl_socket_t sockets[SOCKETS]; /* open; else CURL_SOCKET_BAD */
  bool single;                    /* each request gets a new connection */
  curl_socket_t kept;             /* left by the last request; or BAD */
  int64_t kept_at_ms;             /* on CLOCK_MONOTONIC */

  /* State of the current request. */
  const struct http_request *request;
  struct curl_slist *headers;
  const char *too_long; /* the part of the answer that is; NULL: none */
  size_t limit;         /* in bytes, of that part */
  bool cut;             /* an update lost its connection */
  bool moved;           /* a part of the request may have left */
  bool lost;            /* kept was closed during the request */
  curl_socket_t fd;     /* the request's connection; BAD: none, or closed */
  uint64_t mark;        /* bytes_out of fd when the request began */
  size_t head_len;
  struct text_buffer body;
};

/* ---- http_sent.c --------------------------------------------------------- */

/* Returns false if certainly no part of the request left: no connection was
 * ready for it, or the connection was given no bytes. */
bool http_may_have_left(struct http *h);

/* Remembers the connection that libcurl keeps for the next request. */
void http_note_kept(struct http *h);

/* Called by libcurl when it is about to write the request: the TLS handshake,
 * and that with a proxy, are complete. */
int http_begin_request(void *ctx, char *address, char *local, int port,
                       int local_port);

/* Called by libcurl to open and to close a socket. */
curl_socket_t http_open_socket(void *ctx, curlsocktype purpose,
                               struct curl_sockaddr *address);
int http_close_socket(void *ctx, curl_socket_t fd);

#endif
