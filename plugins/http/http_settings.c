/* Reads the options that all outputs with HTTP have. */
#include "plugins/http/http_settings.h"

#include "plugins/http/url.h"

int
http_settings_check(const struct mp_host *host)
{
  const char *url = host->option(host, "url");
  const char *problem = url ? url_problem(url) : "must be given";

  if (problem)
    return mp_fail(host, MP_ECONFIG, "url", "%s", problem);
  if (host->option(host, "password") && !host->option(host, "username"))
    return mp_fail(
      host, MP_ECONFIG, "password",
      "`username` is missing; give the user that this password belongs to");
  return MP_OK;
}

struct http_options
http_settings(const struct mp_host *host, const char *url)
{
  return (struct http_options){
    .url = url,
    .username = host->option(host, "username"),
    .password = host->option(host, "password"),
    .ca_file = host->option(host, "ca_file"),
    .timeout_ms = host->option_int(host, "timeout"),
    .tls_verify = host->option_int(host, "tls_verify") != 0,
  };
}

void
http_settings_warn(const struct mp_host *host, const char *url)
{
  if (url_is_https(url) && host->option_int(host, "tls_verify") == 0)
    mp_log(host, MP_LOG_WARNING, url,
           "tls_verify = no: anybody on the network path can read and change "
           "all data; name the server's CA with ca_file instead");
}
