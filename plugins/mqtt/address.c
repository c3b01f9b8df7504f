/* URLs of brokers, and their resolution with a time limit. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/mqtt/address.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "lib/clock.h"

/* ---- URLs ---------------------------------------------------------------- */

/* Returns the text behind the scheme; NULL: another scheme. */
static const char *
after_scheme(const char *url, bool *ret_tls)
{
  *ret_tls = strncasecmp(url, "mqtts://", 8) == 0;
  if (*ret_tls)
    return url + 8;
  return strncasecmp(url, "mqtt://", 7) == 0 ? url + 7 : NULL;
}

static bool
take_port(const char *text, struct address *ret)
{
  size_t digits = strspn(text, "0123456789");
  long number = strtol(text, NULL, 10);

  if (text[digits] != '\0' || digits >= sizeof(ret->port) || number < 1 ||
      number > 65535)
    return false;
  memcpy(ret->port, text, digits + 1);
  return true;
}

/* Returns whether NAME, without brackets, may be that of a host. */
static bool
is_name(const char *name)
{
  for (const char *p = name; *p; p++)
    if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("[]?#\\\"", *p))
      return false;
  return *name != '\0';
}

/* Takes the name without brackets out of TEXT, which it changes. */
static bool
take_name(char *text, struct address *ret)
{
  size_t len = strlen(text);

  if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
    text[len - 1] = '\0';
    text++;
  } else if (strchr(text, ':')) {
    return false; /* an IPv6 address without brackets */
  }
  memcpy(ret->name, text, strlen(text) + 1);
  return is_name(text);
}

const char *
address_parse(const char *url, struct address *ret)
{
  struct address address = { .tls = false };
  const char *rest = after_scheme(url, &address.tls);
  char text[sizeof(address.name)], *colon;

  if (!rest)
    return "must be mqtt://HOST:PORT or mqtts://HOST:PORT";
  if (strchr(rest, '@'))
    return "holds a user name or password; give them as `username` and "
           "`password`";
  if (snprintf(text, sizeof(text), "%.*s", (int)strcspn(rest, "/"), rest) >=
      (int)sizeof(text))
    return "has a host that is too long";
  if (rest[strlen(text)] != '\0' && strcmp(rest + strlen(text), "/") != 0)
    return "must end after the port: give a topic as `topic`";
  memcpy(address.port, address.tls ? "8883" : "1883", sizeof("1883"));
  colon = strrchr(text, ':');
  if (colon && !strchr(colon, ']')) {
    if (!take_port(colon + 1, &address))
      return "has no port from 1 to 65535 after the colon";
    *colon = '\0';
  }
  if (!take_name(text, &address))
    return "has no valid host; put an IPv6 address in brackets";
  *ret = address;
  return NULL;
}

/* ---- Names --------------------------------------------------------------- */

/* How long one wait for the resolver takes, so that a signal that ends the run
 * is noticed. */
#define STEP_MS 50

/* A query of the resolver.  Its thread may still use it when the wait for it
 * ends, so it is then left in memory. */
struct query {
  struct gaicb item;
  struct addrinfo hints;
  char name[256];
  char port[6];
};

static bool
must_stop(const struct mp_host *host)
{
  struct pollfd cancel = { .fd = host->cancel_fd(host), .events = POLLIN };

  return poll(&cancel, 1, 0) > 0;
}

/* Waits for QUERY.  MP_OK: it has ended. */
static int
wait_for(const struct mp_host *host, struct query *query, int64_t until)
{
  const struct gaicb *list[] = { &query->item };
  const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

  while (gai_error(&query->item) == EAI_INPROGRESS) {
    if (must_stop(host))
      return MP_ECANCELED;
    if (clock_mono_ms() >= until || host->time_left(host) <= 0)
      return MP_ETIMEOUT;
    gai_suspend(list, 1, &step);
  }
  return MP_OK;
}

/* The name whose addresses are known without a file that has them (RFC 6761,
 * section 6.3); for NULL, the resolver gives those of the loopback. */
static bool
is_this_host(const char *name)
{
  return strcasecmp(name, "localhost") == 0;
}

/* Returns the resolver's error, EAI_INPROGRESS if it was not awaited, or 0. */
static int
ask(const struct mp_host *host, const struct address *address, int64_t until,
    struct addrinfo **ret)
{
  struct query *query = calloc(1, sizeof(*query));
  struct gaicb *list[1];
  int r;

  if (!query)
    return EAI_MEMORY;
  memcpy(query->name, address->name, sizeof(query->name));
  memcpy(query->port, address->port, sizeof(query->port));
  query->hints.ai_socktype = SOCK_STREAM;
  query->item =
    (struct gaicb){ .ar_name = is_this_host(address->name) ? NULL : query->name,
                    .ar_service = query->port,
                    .ar_request = &query->hints };
  list[0] = &query->item;
  r = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
  if (r == 0 && wait_for(host, query, until) != MP_OK &&
      gai_cancel(&query->item) == EAI_NOTCANCELED)
    return EAI_INPROGRESS;
  if (r == 0)
    r = gai_error(&query->item);
  *ret = query->item.ar_result;
  free(query);
  return r;
}

int
address_resolve(const struct mp_host *host, const char *url,
                const struct address *address, int64_t until,
                struct addrinfo **ret)
{
  const struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST,
                                    .ai_socktype = SOCK_STREAM };
  int r = getaddrinfo(address->name, address->port, &numeric, ret);

  if (r == 0)
    return MP_OK;
  r = ask(host, address, until, ret);
  if (r == 0)
    return MP_OK;
  if (must_stop(host) && host->time_left(host) > 0)
    return MP_ECANCELED;
  if (r == EAI_INPROGRESS || r == EAI_CANCELED)
    return mp_fail(host, MP_ETIMEOUT, url,
                   "cannot resolve the name \"%s\" in time", address->name);
  if (r == EAI_MEMORY)
    return mp_fail(host, MP_ENOMEM, url, "out of memory");
  return mp_fail(host, MP_EAGAIN, url, "cannot resolve the name \"%s\": %s",
                 address->name, gai_strerror(r));
}
