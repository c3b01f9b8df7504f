/*
 * The functions with which a test controls the stand-in.  They take the lock
 * (except domoticz_server_port), and changes affect the next request.
 */
#include "lib/array.h"
#include "tests/support/domoticz_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

const char *
domoticz_keep(struct domoticz_server *s, const char *text)
{
  char *kept;

  if (!text)
    return NULL;
  kept = strdup(text);
  if (!kept || !ARRAY_GROW(&s->kept, s->kept_count))
    domoticz_die("out of memory");
  s->kept[s->kept_count++] = kept;
  return kept;
}

void
domoticz_replace(char **text, const char *with)
{
  free(*text);
  *text = strdup(with);
  if (!*text)
    domoticz_die("out of memory");
}

const char *
domoticz_server_url(struct domoticz_server *s)
{
  char url[256];
  const char *kept;

  pthread_mutex_lock(&s->lock);
  snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", s->port, s->prefix);
  kept = domoticz_keep(s, url);
  pthread_mutex_unlock(&s->lock);
  return kept;
}

unsigned
domoticz_server_port(struct domoticz_server *s)
{
  return s->port;
}

void
domoticz_server_set_prefix(struct domoticz_server *s, const char *prefix)
{
  pthread_mutex_lock(&s->lock);
  domoticz_replace(&s->prefix, prefix);
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set_version(struct domoticz_server *s,
                            enum domoticz_version version)
{
  pthread_mutex_lock(&s->lock);
  s->version = version;
  pthread_mutex_unlock(&s->lock);
}

/* ---- The clock ----------------------------------------------------------- */

int64_t
domoticz_clock(struct domoticz_server *s)
{
  if (s->clock_ms < 0)
    return s->clock;
  return s->clock + (clock_mono_ms() - s->clock_ms) / 1000;
}

void
domoticz_server_set_clock(struct domoticz_server *s, int64_t seconds)
{
  pthread_mutex_lock(&s->lock);
  s->clock = seconds;
  s->clock_ms = -1;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_advance(struct domoticz_server *s, int64_t seconds)
{
  pthread_mutex_lock(&s->lock);
  s->clock += seconds;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_run_clock(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  s->clock = domoticz_clock(s);
  s->clock_ms = clock_mono_ms();
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set_zone(struct domoticz_server *s, int minutes)
{
  pthread_mutex_lock(&s->lock);
  s->zone = minutes;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_log_rows(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  s->rows_logged = true;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set_rights(struct domoticz_server *s, int rights)
{
  pthread_mutex_lock(&s->lock);
  s->rights = rights;
  pthread_mutex_unlock(&s->lock);
}

/* ---- Accidents ----------------------------------------------------------- */

void
domoticz_server_power_cut(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  for (struct domoticz_device *d = s->devices; d; d = d->next)
    domoticz_state_copy(&d->now, &d->before);
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_snapshot(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  for (struct domoticz_device *d = s->devices; d; d = d->next)
    domoticz_state_copy(&d->backup, &d->now);
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_restore(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  for (struct domoticz_device *d = s->devices; d; d = d->next) {
    if (!d->backup.text)
      continue;
    domoticz_state_copy(&d->now, &d->backup);
    domoticz_state_copy(&d->before, &d->backup);
  }
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_down(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  if (s->listener >= 0)
    domoticz_drop_connections(s);
  pthread_mutex_unlock(&s->lock);
  domoticz_wake(s);
}

void
domoticz_server_up(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  if (s->listener < 0)
    domoticz_listen(s);
  pthread_mutex_unlock(&s->lock);
  domoticz_wake(s);
}

/* Returns "Basic " and USER:PASSWORD in base64, from malloc. */
static char *
basic_login(const char *user, const char *password)
{
  static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  struct text_buffer out = { 0 };
  unsigned char text[256] = { 0 };
  int len = snprintf((char *)text, sizeof(text) - 3, "%s:%s", user, password);

  if (len < 0 || len >= (int)sizeof(text) - 3)
    domoticz_die("the login is too long");
  domoticz_printf(&out, "Basic ");
  for (int i = 0; i < len; i += 3)
    domoticz_printf(
      &out, "%c%c%c%c", digits[text[i] >> 2],
      digits[(text[i] & 3) << 4 | text[i + 1] >> 4],
      i + 1 < len ? digits[(text[i + 1] & 15) << 2 | text[i + 2] >> 6] : '=',
      i + 2 < len ? digits[text[i + 2] & 63] : '=');
  return out.data;
}

void
domoticz_server_set_login(struct domoticz_server *s, const char *user,
                          const char *password, bool plain)
{
  pthread_mutex_lock(&s->lock);
  free(s->login);
  s->login = user ? basic_login(user, password) : NULL;
  s->plain_login = plain;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set_token(struct domoticz_server *s, const char *token)
{
  pthread_mutex_lock(&s->lock);
  free(s->token);
  s->token = NULL;
  if (token)
    domoticz_replace(&s->token, token);
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set_fahrenheit(struct domoticz_server *s, bool fahrenheit)
{
  pthread_mutex_lock(&s->lock);
  s->fahrenheit = fahrenheit;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_fault(struct domoticz_server *s, enum domoticz_fault fault,
                      const char *match, unsigned skip, unsigned count,
                      long arg)
{
  struct domoticz_order *order;

  pthread_mutex_lock(&s->lock);
  if (s->order_count == DOMOTICZ_FAULTS)
    domoticz_die("too many faults at once");
  order = &s->orders[s->order_count++];
  memset(order, 0, sizeof(*order));
  order->fault = fault;
  order->match = NULL;
  if (match)
    domoticz_replace(&order->match, match);
  order->skip = skip;
  order->count = count;
  order->endless = count == 0;
  order->arg = arg;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_heal(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  s->spoiled = 0;
  while (s->order_count > 0)
    free(s->orders[--s->order_count].match);
  pthread_mutex_unlock(&s->lock);
}

unsigned
domoticz_server_spoiled(struct domoticz_server *s)
{
  unsigned n;

  pthread_mutex_lock(&s->lock);
  n = s->spoiled;
  pthread_mutex_unlock(&s->lock);
  return n;
}

/* ---- Requests received --------------------------------------------------- */

unsigned
domoticz_server_connections(struct domoticz_server *s)
{
  unsigned n;

  pthread_mutex_lock(&s->lock);
  n = s->connection_count;
  pthread_mutex_unlock(&s->lock);
  return n;
}

unsigned
domoticz_server_requests(struct domoticz_server *s)
{
  unsigned n;

  pthread_mutex_lock(&s->lock);
  n = s->request_count;
  pthread_mutex_unlock(&s->lock);
  return n;
}

const char *
domoticz_server_request(struct domoticz_server *s, unsigned index)
{
  const char *text;

  pthread_mutex_lock(&s->lock);
  text = domoticz_keep(s, index < s->request_count ? s->requests[index] : NULL);
  pthread_mutex_unlock(&s->lock);
  return text;
}

const char *
domoticz_server_head(struct domoticz_server *s)
{
  const char *text;

  pthread_mutex_lock(&s->lock);
  text = domoticz_keep(s, s->head);
  pthread_mutex_unlock(&s->lock);
  return text;
}

unsigned
domoticz_server_count(struct domoticz_server *s, const char *text)
{
  unsigned n = 0;

  pthread_mutex_lock(&s->lock);
  for (unsigned i = 0; i < s->request_count; i++)
    if (strstr(s->requests[i], text))
      n++;
  pthread_mutex_unlock(&s->lock);
  return n;
}

void
domoticz_server_forget(struct domoticz_server *s)
{
  pthread_mutex_lock(&s->lock);
  while (s->request_count > 0)
    free(s->requests[--s->request_count]);
  s->connection_count = 0;
  pthread_mutex_unlock(&s->lock);
}
