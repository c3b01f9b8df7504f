/*
 * URLs are parsed by libcurl, so that the checks see the same host as the
 * connection.
 */
#include "plugins/http/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "lib/array.h"

/* Returns part WHAT of URL, for curl_free.  NULL: there is none, or URL is no
 * URL. */
static char *
url_part(const char *url, CURLUPart what)
{
  CURLU *u = curl_url();
  char *part = NULL;

  if (u && (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
            curl_url_get(u, what, &part, 0) != CURLUE_OK))
    part = NULL;
  curl_url_cleanup(u);
  return part;
}

static bool
has_part(const char *url, CURLUPart what)
{
  char *part = url_part(url, what);
  bool has = part;

  curl_free(part);
  return has;
}

/* Schemes are case-insensitive (RFC 3986, section 3.1). */
static bool
begins_with(const char *url, const char *scheme)
{
  return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

bool
url_is_https(const char *url)
{
  return begins_with(url, "https://");
}

const char *
url_problem(const char *url)
{
  if (!begins_with(url, "http://") && !url_is_https(url))
    return "must begin with http:// or https://";
  if (!has_part(url, CURLUPART_HOST))
    return "is not a valid URL";
  if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
    return "holds a user name or password; give them as `username` and "
           "`password`";
  return NULL;
}

/* Returns true for any address of 127.0.0.0/8, but not for a name that only
 * begins like one. */
static bool
is_loopback_address(const char *host)
{
  return strncmp(host, "127.", 4) == 0 &&
         host[strspn(host, "0123456789.")] == '\0';
}

bool
url_is_loopback(const char *url)
{
  char *host = url_part(url, CURLUPART_HOST);
  bool loopback =
    host && (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
             is_loopback_address(host));

  curl_free(host);
  return loopback;
}

static void
cut_slash(char *url)
{
  size_t len = strlen(url);

  if (len > 0 && url[len - 1] == '/')
    url[len - 1] = '\0';
}

char *
url_base(const char *url)
{
  size_t len = strlen(url);

  while (len > 0 && url[len - 1] == '/')
    len--;
  return strndup(url, len);
}

char *
url_shown(const char *url)
{
  static const CURLUPart unfit[] = { CURLUPART_USER, CURLUPART_PASSWORD,
                                     CURLUPART_OPTIONS, CURLUPART_QUERY,
                                     CURLUPART_FRAGMENT };
  CURLU *u = curl_url();
  char *part = NULL, *shown = NULL;
  bool whole = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK;

  for (size_t i = 0; i < ARRAY_SIZE(unfit); i++)
    whole = whole && curl_url_set(u, unfit[i], NULL, 0) == CURLUE_OK;
  if (whole && curl_url_get(u, CURLUPART_URL, &part, 0) == CURLUE_OK)
    shown = strdup(part);
  curl_free(part);
  curl_url_cleanup(u);
  if (shown && url_problem(shown)) {
    free(shown);
    shown = NULL;
  }
  if (shown)
    cut_slash(shown);
  return shown;
}

char *
url_escape(const char *text)
{
  char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));
  char *copy = escaped ? strdup(escaped) : NULL;

  curl_free(escaped);
  return copy;
}
