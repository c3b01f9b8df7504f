/*
 * Sends one request and takes its reply.  Explains each failure: which setting
 * of Domoticz the user should look at, and whether further requests make sense.
 */
#include "plugins/domoticz/domoticz.h"

#include <stdio.h>
#include <string.h>

static const char no_login[] =
  "HTTP 401: the server requires a login; add this machine's address to the "
  "trusted networks (Setup, Settings, Security), or give `token`, or "
  "`username` and `password`";
static const char login_plain[] =
  "HTTP 401: the server rejected the login; check `username` and `password`; "
  "over plain http Domoticz accepts a login only if \"Allow Basic Auth over "
  "plain HTTP\" is ticked (Setup, Settings, Security): tick it, use https or "
  "give `token`; in a trusted network leave out `username`";
static const char login_tls[] =
  "HTTP 401: the server rejected the login; check `username` and `password`, "
  "and that the user is active (Setup, Users)";
static const char bad_token[] =
  "HTTP 401: the server rejected the access token; it has expired or was "
  "removed (Setup, More Options, Access Tokens), or Domoticz is older than "
  "2026.2";
static const char no_right[] =
  "HTTP 403: permission denied; the user or token has only the right to read, "
  "or the device is not shared with the user (Setup, Users)";
static const char no_administrator[] =
  "HTTP 403: permission denied; only an administrator may make devices; give "
  "the login or token of an administrator (Setup, Users)";
static const char bad_request[] =
  "HTTP 400: bad request; is the path before json.htm missing from `url` or "
  "wrong (a Domoticz started with -webroot, or behind a proxy)?";

static const char too_long[] =
  "HTTP %ld: the request is too long for the server; send a shorter text to "
  "this device, or give a shorter path in `url`";

/* 414 is URI Too Long.  Some servers send 413 (Content Too Large) or 431
 * (Request Header Fields Too Large) instead. */
bool
request_is_too_long(long status)
{
  return status == 414 || status == 413 || status == 431;
}

static const char *
why_unauthorized(const struct domoticz *d)
{
  if (d->with_token)
    return bad_token;
  if (!d->with_login)
    return no_login;
  return d->with_tls ? login_tls : login_plain;
}

/* Reports a redirect to URL. */
static int
report_redirect(struct domoticz *d, long status, const char *url)
{
  static const char page[] = "/json.htm";
  size_t len = strlen(url), end = sizeof(page) - 1;

  if (len >= end && strcmp(url + len - end, page) == 0)
    len -= end;
  return mp_fail(d->host, MP_EPROTO, d->url,
                 "HTTP %ld: a redirect to %.*s, which was not followed; if "
                 "that is the server, give it as `url`",
                 status, (int)len, url);
}

/* Reports an HTTP status other than 200.  A 404 gets here only from
 * request_change: for a read it can mean that the server has the other API. */
static int
report_status(struct domoticz *d, const char *object,
              const struct http_answer *answer)
{
  long status = answer->status;

  if (status == 401)
    return mp_fail(d->host, MP_EREFUSED, d->url, "%s", why_unauthorized(d));
  if (status == 403)
    return mp_fail(d->host, MP_EREFUSED, object, "%s",
                   d->manages ? no_administrator : no_right);
  if (status == 400)
    return mp_fail(d->host, MP_EPROTO, object, "%s", bad_request);
  if (status == 404)
    return mp_fail(d->host, MP_EPROTO, d->url,
                   "HTTP 404 for json.htm; is this a Domoticz server, and is a "
                   "path prefix missing from its URL?");
  if (request_is_too_long(status))
    return mp_fail(d->host, MP_EREFUSED, object, too_long, status);
  if (status >= 300 && status < 400 && answer->what[0] != '\0')
    return report_redirect(d, status, answer->what);
  if (status >= 500)
    return mp_fail(d->host, MP_EAGAIN, object,
                   "HTTP %ld: the server failed; see its log", status);
  return mp_fail(d->host, MP_EPROTO, object, "HTTP %ld: unexpected status",
                 status);
}

/* Returns the reason for sending nothing more to the server in this run, or
 * MP_OK. */
static int
reason_to_leave(const struct http_answer *answer)
{
  switch (answer->code) {
  case MP_OK:
    return answer->status == 401 ? MP_EREFUSED : MP_OK;
  case MP_EAGAIN:
  case MP_EPROTO:
    return answer->sent ? MP_OK : answer->code;
  default:
    return answer->code;
  }
}

static int
send_request(struct domoticz *d, const char *object, const char *query,
             unsigned flags, struct http_answer *answer, struct reply *ret)
{
  const struct http_request request = { .path = "/json.htm",
                                        .query = query,
                                        .flags = flags };

  http_send(d->http, &request, answer);
  d->left = reason_to_leave(answer);
  if (answer->code == MP_ECANCELED) { /* not a failure of the server */
    mp_log(d->host, MP_LOG_INFO, d->url, "%s", answer->what);
    return MP_ECANCELED;
  }
  if (answer->code != MP_OK)
    return mp_fail(d->host, answer->code, d->url, "%s", answer->what);
  if (answer->status == 404)
    return MP_DROP;
  if (!object)
    object = d->url;
  if (answer->status != 200)
    return report_status(d, object, answer);
  if (!reply_parse(answer->body, answer->len, ret))
    return mp_fail(d->host, MP_EPROTO, object,
                   "the reply is not JSON; is this a Domoticz server?");
  return MP_OK;
}

int
request_read(struct domoticz *d, const char *object, const char *query,
             unsigned flags, struct reply *ret)
{
  struct http_answer answer;

  return send_request(d, object, query, flags, &answer, ret);
}

int
request_change(struct domoticz *d, const char *object, const char *query,
               struct http_answer *answer, struct reply *ret)
{
  int r = send_request(d, object, query, HTTP_UPDATE, answer, ret);

  return r == MP_DROP ? report_status(d, object, answer) : r;
}

/* ---- Commands ------------------------------------------------------------ */

int
request_command(struct domoticz *d, const char *what, const char *query,
                struct reply *ret)
{
  struct http_answer answer;
  int r = request_change(d, NULL, query, &answer, ret);

  if (r != MP_OK)
    return r;
  if (reply_ok(ret))
    return MP_OK;
  reply_free(ret);
  if (!what)
    return MP_DROP;
  return mp_fail(d->host, MP_EREFUSED, d->url,
                 "the server refused to %s; use the login of an administrator",
                 what);
}

int
request_take_idx(struct domoticz *d, const char *what, struct reply *reply,
                 char *idx, size_t size)
{
  bool good = reply_copy_idx(reply->root, idx, size);

  reply_free(reply);
  return good ? MP_OK
              : mp_fail(d->host, MP_EPROTO, d->url,
                        "cannot %s: the reply contains no idx", what);
}

/* ---- Connections --------------------------------------------------------- */

/* Store key: the URL of a server that closes connections without announcing
 * it. */
#define CLOSES_KEY "closes"

void
request_note_connection(struct domoticz *d)
{
  const char *known = d->host->store_get(d->host, CLOSES_KEY);

  if (!http_is_single(d->http) || (known && strcmp(known, d->url) == 0))
    return;
  mp_log(d->host, MP_LOG_INFO, d->url,
         "closes connections without announcing it; each request gets a new "
         "connection from now on");
  d->host->store_set(d->host, CLOSES_KEY, d->url);
}

void
request_recall_connection(struct domoticz *d)
{
  const char *known = d->host->store_get(d->host, CLOSES_KEY);

  if (known && strcmp(known, d->url) == 0)
    http_set_single(d->http);
}
