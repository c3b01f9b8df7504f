/*
 * HTTP by libcurl, with the guarantees that a ledger needs (http_sent.c): an
 * update is sent at most once, and an update that is reported as not sent never
 * left.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/http/http_impl.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/http/http_error.h"
#include "plugins/http/url.h"

#define HEAD_MAX ((size_t)64 * 1024)
#define BODY_MAX ((size_t)1024 * 1024)
#define BODY_MAX_LONG ((size_t)32 * 1024 * 1024)
/* The longest wait for the server at a time. */
#define WAIT_MS 1000

/* ---- The handle ---------------------------------------------------------- */

static size_t
refuse_length(struct http *h, const char *what, size_t limit)
{
  h->too_long = what;
  h->limit = limit;
  return 0;
}

/* Limits the length of all headers together: interim answers (100) can repeat
 * endlessly. */
static size_t
take_head(char *data, size_t one, size_t n, void *ctx)
{
  struct http *h = ctx;
  size_t len = one * n;

  (void)data;
  if (len > HEAD_MAX - h->head_len)
    return refuse_length(h, "the header of the reply", HEAD_MAX);
  h->head_len += len;
  return len;
}

static size_t
take_body(char *data, size_t one, size_t n, void *ctx)
{
  struct http *h = ctx;
  size_t max = h->request->flags & HTTP_LONG ? BODY_MAX_LONG : BODY_MAX;
  size_t len = one * n;

  if (len > max - h->body.len)
    return refuse_length(h, "the reply", max);
  /* one byte more, for a NUL after the reply */
  if (text_buffer_reserve(&h->body, len + 1) != MP_OK)
    return 0;
  text_buffer_add(&h->body, data, len);
  return len;
}

/* ---- The handle's options ------------------------------------------------ */

static void
set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                   (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void
set_login(struct http *h)
{
  if (h->options.token) {
    curl_easy_setopt(h->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    curl_easy_setopt(h->easy, CURLOPT_XOAUTH2_BEARER, h->options.token);
  }
  if (!h->options.username)
    return;
  /* Domoticz answers 401 without offering Basic authentication, so the login is
   * sent unasked. */
  curl_easy_setopt(h->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
  curl_easy_setopt(h->easy, CURLOPT_USERNAME, h->options.username);
  curl_easy_setopt(h->easy, CURLOPT_PASSWORD,
                   h->options.password ? h->options.password : "");
}

static void
set_options(struct http *h)
{
  CURL *easy = h->easy;
  long verify = h->options.tls_verify ? 1 : 0;

  set_protocols(easy);
  set_login(h);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  /* A name server that does not answer blocks getaddrinfo() for 10 to 20 s; do
   * not wait for its thread. */
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  /* libcurl before 7.66 takes a reply without headers for HTTP/0.9. */
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "meterpipe/" PACKAGE_VERSION);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, h->curl_error);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, h);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, h);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, http_open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, h);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, http_close_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, h);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, http_begin_request);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, h);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify * 2);
  if (h->options.ca_file) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, h->options.ca_file);
    /* Without this, the CAs of the system would be trusted, too. */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  }
  if (h->direct)
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

/* Returns true if URL is requested without the proxy of the environment.  Such
 * a proxy is for the internet, so a server on this machine is requested
 * directly, even if no_proxy omits it.  So is a server with plain http: the
 * proxy could read the password, and a cron run has another environment than
 * the user who tested the command. */
static bool
goes_directly(const char *url)
{
  return url_is_loopback(url) || !url_is_https(url);
}

static CURLcode global_result;

static void
init_global(void)
{
  global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Runs once per process and is never undone: a thread that resolves a name may
 * outlive its request. */
bool
http_init(void)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;

  return pthread_once(&once, init_global) == 0 && global_result == CURLE_OK;
}

struct http *
http_new(const struct mp_host *host, const struct http_options *options)
{
  struct http *h = calloc(1, sizeof(*h));

  if (!h)
    return NULL;
  h->host = host;
  h->options = *options;
  h->direct = goes_directly(options->url);
  h->body.max = BODY_MAX_LONG + 1;
  h->fd = h->kept = CURL_SOCKET_BAD;
  for (size_t i = 0; i < SOCKETS; i++)
    h->sockets[i] = CURL_SOCKET_BAD;
  return h;
}

int
http_open(struct http *http)
{
  if (http->easy)
    return MP_OK;
  http->multi = curl_multi_init();
  http->easy = curl_easy_init();
  if (!http->multi || !http->easy) {
    http_close(http);
    return MP_ENOMEM;
  }
  curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 1L);
  set_options(http);
  return MP_OK;
}

void
http_close(struct http *http)
{
  curl_easy_cleanup(http->easy);
  curl_multi_cleanup(http->multi);
  curl_slist_free_all(http->headers);
  text_buffer_free(&http->body);
  http->easy = NULL;
  http->multi = NULL;
  http->headers = NULL;
}

bool
http_is_single(const struct http *http)
{
  return http->single;
}

void
http_set_single(struct http *http)
{
  http->single = true;
}

void
http_free(struct http *http)
{
  if (!http)
    return;
  http_close(http);
  free(http);
}

/* ---- A request ----------------------------------------------------------- */

/* Returns libcurl's result of the transfer. */
static CURLcode
transfer_result(struct http *h)
{
  CURLMsg *message;
  int left;

  do {
    message = curl_multi_info_read(h->multi, &left);
    if (message && message->msg == CURLMSG_DONE)
      return message->data.result;
  } while (message);
  return CURLE_FAILED_INIT;
}

/* Waits for the connection or for the end of the run.  Returns true if the run
 * is to be ended; an update does not wait for that. */
static bool
wait_or_cancel(struct http *h)
{
  struct curl_waitfd cancel = { .events = CURL_WAIT_POLLIN };
  bool heed = !(h->request->flags & HTTP_UPDATE);
  int n;

  cancel.fd = h->host->cancel_fd(h->host);
  heed = heed && cancel.fd >= 0;
  curl_multi_wait(h->multi, heed ? &cancel : NULL, heed ? 1 : 0, WAIT_MS, &n);
  return heed && cancel.revents != 0;
}

/* Runs the transfer.  MP_OK: *ret_curl is its result. */
static int
run_transfer(struct http *h, CURLcode *ret_curl)
{
  int running = 0, r = MP_OK;

  if (curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
    return MP_ENOMEM;
  do {
    if (curl_multi_perform(h->multi, &running) != CURLM_OK)
      break;
    if (running > 0 && wait_or_cancel(h))
      r = MP_ECANCELED;
  } while (running > 0 && r == MP_OK);
  if (r == MP_OK)
    *ret_curl = transfer_result(h);
  curl_multi_remove_handle(h->multi, h->easy);
  return r;
}

static void
refuse_reply(struct http_answer *ret, int code, const char *what)
{
  ret->code = code;
  snprintf(ret->what, sizeof(ret->what), "%s", what);
}

static void
explain_timeout(struct http *h, int64_t timeout_ms, struct http_answer *ret)
{
  curl_off_t resolved = 0, ready = 0;

  ret->code = MP_ETIMEOUT;
  /* For a reused connection, libcurl 8 reports 0 for the name lookup. */
  curl_easy_getinfo(h->easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
  curl_easy_getinfo(h->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
  snprintf(ret->what, sizeof(ret->what), "%s in %lld ms",
           resolved > 0 || ready > 0
             ? "no reply"
             : "the name cannot be resolved: no reply from a name server",
           (long long)timeout_ms);
}

/* Explains why there is no answer. */
static void
explain_no_answer(struct http *h, CURLcode curl, int64_t timeout_ms,
                  struct http_answer *ret)
{
  if (h->cut)
    curl = CURLE_RECV_ERROR;
  /* The default list of CAs is missing on this system. */
  if (curl == CURLE_SSL_CACERT_BADFILE && !h->options.ca_file)
    curl = CURLE_SSL_ISSUER_ERROR;
  http_explain(h->easy, curl, h->curl_error, ret);
  if (h->too_long) {
    snprintf(ret->what, sizeof(ret->what), "%s is longer than %zu KiB",
             h->too_long, h->limit / 1024);
  } else if (curl == CURLE_OPERATION_TIMEDOUT) {
    explain_timeout(h, timeout_ms, ret);
  }
}

/* Refuses the request because the run ends: at its deadline, or by a signal. */
static void
refuse_at_end(struct http *h, struct http_answer *ret)
{
  if (h->host->time_left(h->host) <= 0)
    refuse_reply(ret, MP_ETIMEOUT, "no time is left before the deadline");
  else
    refuse_reply(ret, MP_ECANCELED,
                 "interrupted; pending values are kept for the next run");
}

static bool
run_must_end(struct http *h)
{
  struct pollfd cancel = { .events = POLLIN };

  cancel.fd = h->host->cancel_fd(h->host);
  return cancel.fd >= 0 && poll(&cancel, 1, 0) > 0;
}

static void
perform_request(struct http *h, int64_t timeout_ms, struct http_answer *ret)
{
  /* long can have 32 bits */
  long limit = (long)(timeout_ms < INT_MAX ? timeout_ms : INT_MAX);
  CURLcode curl = CURLE_OK;
  curl_off_t retry_after = 0;
  int code;

  curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, limit);
  curl_easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT_MS, limit);
  curl_easy_setopt(h->easy, CURLOPT_FRESH_CONNECT, h->single ? 1L : 0L);
  curl_easy_setopt(h->easy, CURLOPT_FORBID_REUSE, h->single ? 1L : 0L);
  code = run_transfer(h, &curl);
  ret->sent = http_may_have_left(h);
  http_note_kept(h);
  if (code == MP_ECANCELED) {
    refuse_at_end(h, ret);
  } else if (code != MP_OK) {
    refuse_reply(ret, code, "out of memory");
  } else if (curl != CURLE_OK) {
    explain_no_answer(h, curl, timeout_ms, ret);
  } else {
    curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &ret->status);
    curl_easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &retry_after);
    ret->retry_after_s = retry_after;
    http_note_redirect(h->easy, ret);
    h->body.data[h->body.len] = '\0';
    ret->body = h->body.data;
    ret->len = h->body.len;
  }
}

static bool
set_url(struct http *h)
{
  const char *query = h->request->query;
  CURLcode curl = CURLE_OUT_OF_MEMORY;
  char *url;

  if (asprintf(&url, "%s%s%s%s", h->options.url, h->request->path,
               query ? "?" : "", query ? query : "") >= 0) {
    curl = curl_easy_setopt(h->easy, CURLOPT_URL, url);
    free(url);
  }
  return curl == CURLE_OK;
}

/* Sets the method and the body. */
static bool
set_content(struct http *h)
{
  const struct http_request *request = h->request;
  CURL *easy = h->easy;

  if (request->body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)request->body_len);
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) ==
         CURLE_OK;
}

/* Returns the headers for libcurl; NULL: out of memory. */
static struct curl_slist *
make_headers(const struct http_request *request)
{
  /* In exactly this spelling: Domoticz ignores any other. */
  struct curl_slist *list = curl_slist_append(NULL, "Connection: keep-alive");
  struct curl_slist *longer = list;

  /* A body is not announced: that would cost a round trip. */
  if (longer && request->body)
    longer = curl_slist_append(list, "Expect:");
  for (const char *const *h = request->headers; h && *h && longer; h++)
    longer = curl_slist_append(list, *h);
  if (!longer) {
    curl_slist_free_all(list);
    return NULL;
  }
  return list;
}

/* Sets what differs between requests, and allocates the body of the answer, so
 * that even an empty one is not NULL. */
static bool
prepare_request(struct http *h)
{
  curl_slist_free_all(h->headers);
  h->headers = make_headers(h->request);
  curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->headers);
  return h->headers && set_url(h) && set_content(h) &&
         text_buffer_reserve(&h->body, 1) == MP_OK;
}

static const char *
method_of(const struct http_request *request)
{
  if (request->method)
    return request->method;
  return request->body ? "POST" : "GET";
}

static void
log_request(const struct http *http, const struct http_answer *answer)
{
  const struct http_request *request = http->request;
  const char *query = request->query ? request->query : "";
  bool secret = request->flags & HTTP_SECRET;

  mp_log(http->host, MP_LOG_DEBUG, http->options.url,
         "%s %s%s%s: %ld, %zu bytes", method_of(request),
         secret ? "***" : request->path, *query && !secret ? "?" : "",
         secret ? "" : query, answer->status, answer->len);
}

void
http_send(struct http *http, const struct http_request *request,
          struct http_answer *ret)
{
  int64_t timeout_ms = http->options.timeout_ms;
  int64_t left_ms = http->host->time_left(http->host);

  memset(ret, 0, sizeof(*ret));
  http->request = request;
  http->too_long = NULL;
  http->cut = http->moved = http->lost = false;
  http->fd = CURL_SOCKET_BAD;
  http->head_len = http->body.len = 0;
  http->curl_error[0] = '\0';
  if (left_ms < timeout_ms)
    timeout_ms = left_ms;
  if (http_open(http) != MP_OK || !prepare_request(http))
    refuse_reply(ret, MP_ENOMEM, "out of memory");
  else if (run_must_end(http))
    refuse_at_end(http, ret);
  else if (timeout_ms <= 0)
    refuse_reply(ret, MP_ETIMEOUT, "no time is left before the deadline");
  else
    perform_request(http, timeout_ms, ret);
  log_request(http, ret);
}
