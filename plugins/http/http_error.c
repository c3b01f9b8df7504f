/*
 * Explains failures of libcurl: a text for the user, and a code that says who
 * must act.
 */
#include "plugins/http/http_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/http/url.h"

/* Exists since libcurl 8.6; older versions report CURLE_OUT_OF_MEMORY (see
 * true_reason). */
#if LIBCURL_VERSION_NUM < 0x080600
#define CURLE_TOO_LARGE ((CURLcode)100)
#endif

static const char unknown_ca[] =
  "the certificate's CA is not trusted; name that CA with ca_file";

/* The reason code and the message for each failure of libcurl. */
static const struct failure {
  CURLcode curl;
  int code;
  const char *what;
  bool detail; /* append libcurl's own message */
} failures[] = {
  { CURLE_COULDNT_RESOLVE_HOST, MP_EAGAIN, "the name cannot be resolved",
    false },
  { CURLE_COULDNT_RESOLVE_PROXY, MP_EAGAIN,
    "the name of the proxy cannot be resolved", false },
  { CURLE_COULDNT_CONNECT, MP_EAGAIN, "cannot connect", false },
  { CURLE_PEER_FAILED_VERIFICATION, MP_EREFUSED,
    "the certificate is not trusted; name its CA with ca_file", true },
  { CURLE_SSL_ISSUER_ERROR, MP_EREFUSED, unknown_ca, false },
  { CURLE_SSL_CACERT_BADFILE, MP_ECONFIG,
    "ca_file cannot be read, or holds no PEM certificate", false },
  { CURLE_SSL_CONNECT_ERROR, MP_EPROTO,
    "the TLS handshake failed; is this an https port?", true },
  { CURLE_GOT_NOTHING, MP_EAGAIN, "the connection ended before a reply",
    false },
  { CURLE_SEND_ERROR, MP_EAGAIN, "the connection broke", false },
  { CURLE_RECV_ERROR, MP_EAGAIN, "the connection broke before a reply", false },
  { CURLE_PARTIAL_FILE, MP_EPROTO, "the reply is incomplete", false },
  { CURLE_UNSUPPORTED_PROTOCOL, MP_EPROTO, "the reply is not HTTP", false },
  { CURLE_WEIRD_SERVER_REPLY, MP_EPROTO, "the reply is not HTTP", false },
  { CURLE_TOO_LARGE, MP_EPROTO,
    "a header line of the reply is too long, or memory ran out", false },
  { CURLE_OUT_OF_MEMORY, MP_ENOMEM, "out of memory", false },
};

static const char other_host[] = "the certificate is for another host; use the "
                                 "host name of the certificate in `url`";

/* Certificate errors by OpenSSL's verify result, which libcurl passes on
 * (X509_V_ERR_..., openssl/x509_vfy.h).  Only some of them are cured by naming
 * a CA.  0 and 1: no error was found, or libcurl did not check that far,
 * because it compares the host name first. */
static const struct distrust {
  long result;
  const char *what;
  bool detail; /* append libcurl's own message */
} distrusts[] = {
  { 0, other_host, true },
  { 1, other_host, true },
  { 9, "the certificate is not valid yet; compare the clocks of both machines",
    false },
  { 10, "the certificate has expired; the server needs a new one", false },
  { 18,
    "the certificate is self-signed; if it is that of your server, name it "
    "with ca_file",
    false },
  { 19, unknown_ca, false },
  { 20, unknown_ca, false },
  { 21, unknown_ca, false },
};

/* Writes FACT, followed by libcurl's own message. */
static void
say_in_detail(struct http_answer *ret, const char *fact, const char *curl_error)
{
  if (curl_error[0] == '\0')
    snprintf(ret->what, sizeof(ret->what), "%s", fact);
  else
    snprintf(ret->what, sizeof(ret->what), "%s (%.120s)", fact, curl_error);
}

/* Returns CURL, or CURLE_TOO_LARGE if memory ran out after the reply began: old
 * versions of libcurl report CURLE_OUT_OF_MEMORY for a header line that is too
 * long. */
static CURLcode
true_reason(CURL *easy, CURLcode curl)
{
  curl_off_t begin = 0;

  curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &begin);
  return curl == CURLE_OUT_OF_MEMORY && begin > 0 ? CURLE_TOO_LARGE : curl;
}

static const struct failure *
find_failure(CURLcode curl)
{
  for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
    if (failures[i].curl == curl)
      return &failures[i];
  return NULL;
}

/* Returns the certificate error of the failed transfer; NULL: not in the
 * table. */
static const struct distrust *
find_distrust(CURL *easy, CURLcode curl)
{
  long result = -1;

  if (curl != CURLE_PEER_FAILED_VERIFICATION)
    return NULL;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
  for (size_t i = 0; i < ARRAY_SIZE(distrusts); i++)
    if (distrusts[i].result == result)
      return &distrusts[i];
  return NULL;
}

void
http_explain(CURL *easy, CURLcode curl, const char *curl_error,
             struct http_answer *ret)
{
  const struct failure *f = find_failure(true_reason(easy, curl));
  const struct distrust *d = find_distrust(easy, curl);
  const char *fact = f ? f->what : curl_easy_strerror(curl);
  bool detail = f && f->detail;
  long os_error = 0, proxy = 0;

  if (d) {
    fact = d->what;
    detail = d->detail;
  }
  ret->code = f ? f->code : MP_EPROTO;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
  if (proxy >= 300)
    snprintf(ret->what, sizeof(ret->what),
             "the proxy refused the connection (%ld); see https_proxy in the "
             "environment",
             proxy);
  else if (curl == CURLE_COULDNT_CONNECT && os_error != 0)
    snprintf(ret->what, sizeof(ret->what), "%s: %s", fact,
             strerror((int)os_error));
  else
    say_in_detail(ret, fact, detail ? curl_error : "");
}

/* Returns true for visible ASCII only: nothing that could control a terminal or
 * a log. */
static bool
is_plain(const char *text)
{
  for (; *text != '\0'; text++)
    if (*text <= ' ' || *text > '~')
      return false;
  return true;
}

void
http_note_redirect(CURL *easy, struct http_answer *ret)
{
  const char *location = NULL;
  char *shown;

  curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
  shown = location ? url_shown(location) : NULL;
  if (shown && is_plain(shown))
    snprintf(ret->what, sizeof(ret->what), "%s", shown);
  free(shown);
}
