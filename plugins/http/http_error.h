/*
 * Explains why a transfer failed or was redirected, as a message for the user.
 */
#ifndef HTTP_ERROR_H
#define HTTP_ERROR_H

#include <curl/curl.h>

#include "plugins/http/http.h"

/* Fills in the code and the text for a transfer that ended with CURL.
 * CURL_ERROR is libcurl's own message about it, or "". */
void http_explain(CURL *easy, CURLcode curl, const char *curl_error,
                  struct http_answer *ret);

/* Notes the destination of a redirect.  Redirects are not followed: the login
 * is for this server only, and an update is sent only once. */
void http_note_redirect(CURL *easy, struct http_answer *ret);

#endif
