/*
 * URLs are read by libcurl's own parser: what it would connect to is what was
 * checked.
 */
#include "plugins/output/domoticz/url.h"

#include <string.h>

#include <curl/curl.h>

/* Part WHAT of URL, for curl_free; NULL: it has none, or is no URL. */
static char *
url_part(const char *url, CURLUPart what)
{
  CURLU *u = curl_url();
  char *part = NULL;

  if (u != NULL && (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
                    curl_url_get(u, what, &part, 0) != CURLUE_OK))
    part = NULL;
  curl_url_cleanup(u);
  return part;
}

static bool
has_part(const char *url, CURLUPart what)
{
  char *part = url_part(url, what);
  bool has = part != NULL;

  curl_free(part);
  return has;
}

const char *
url_problem(const char *url)
{
  if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
    return "must begin with http:// or https://";
  if (!has_part(url, CURLUPART_HOST))
    return "is no valid URL";
  if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
    return "holds a user name or password; give them as `username` and "
           "`password`";
  if (strchr(url, '?') != NULL || strchr(url, '#') != NULL ||
      strstr(url, "json.htm") != NULL)
    return "must end before /json.htm";
  return NULL;
}

bool
url_is_loopback(const char *url)
{
  char *host = url_part(url, CURLUPART_HOST);
  bool loopback = host != NULL &&
                  (strcmp(host, "localhost") == 0 ||
                   strcmp(host, "[::1]") == 0 || strncmp(host, "127.", 4) == 0);

  curl_free(host);
  return loopback;
}

char *
url_escape(const char *text)
{
  char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));
  char *copy = escaped == NULL ? NULL : strdup(escaped);

  curl_free(escaped);
  return copy;
}
