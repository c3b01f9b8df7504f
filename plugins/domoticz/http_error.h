/*
 * Why libcurl brought no answer, or leads elsewhere, in words for people.
 */
#ifndef DOMOTICZ_HTTP_ERROR_H
#define DOMOTICZ_HTTP_ERROR_H

#include <curl/curl.h>

#include "plugins/domoticz/http.h"

/* Code and words of a transfer that ended with CURL; CURL_ERROR is what libcurl
 * itself says of it, or "". */
void http_explain(CURL *easy, CURLcode curl, const char *curl_error,
                  struct http_answer *ret);

/* Notes where a redirect leads to.  It is not followed: the login is for this
 * server, and an update is sent once. */
void http_note_redirect(CURL *easy, struct http_answer *ret);

#endif
