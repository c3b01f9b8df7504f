/*
 * The options that all outputs with HTTP have.
 */
#ifndef HTTP_HTTP_SETTINGS_H
#define HTTP_HTTP_SETTINGS_H

#include <meterpipe/plugin.h>

#include "plugins/http/http.h"

/* Rows of an option table, beside `url`, `username` and `password`. */
#define HTTP_SETTINGS                                                            \
  {                                                                              \
    "timeout", MP_TYPE_DURATION, 0, "10s", "1ms..", "longest wait for one reply" \
  },                                                                             \
    { "tls_verify", MP_TYPE_BOOL, 0,                                             \
      "yes",        NULL,         "check the certificate of an https server" },  \
  {                                                                              \
    "ca_file", MP_TYPE_PATH, 0, NULL, NULL,                                      \
      "PEM file with the CA of the certificate"                                  \
  }

/* Checks `url` and the login.  MP_OK, or MP_ECONFIG, reported. */
int http_settings_check(const struct mp_host *host);

/* Returns the options of HOST for http_new; `url` is URL, which the caller
 * keeps. */
struct http_options http_settings(const struct mp_host *host, const char *url);

/* Warns if the server's certificate is not checked. */
void http_settings_warn(const struct mp_host *host, const char *url);

#endif
