/*
 * The domoticz output: writes values to devices of a Domoticz server over its
 * HTTP interface, and reads their displayed values.  This file has the
 * instance, its options and targets, and the table of callbacks.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/domoticz/domoticz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/http/http_settings.h"
#include "plugins/http/url.h"

/* ---- Instances ----------------------------------------------------------- */

/* Returns true if TEXT has only characters of a Bearer token (RFC 6750, section
 * 2.1). */
static bool
is_token(const char *text)
{
  static const char characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

  return text[0] != '\0' && text[strspn(text, characters)] == '\0';
}

static int
check_token(const struct mp_host *host)
{
  const char *token = host->option(host, "token");

  if (!token)
    return MP_OK;
  if (host->option(host, "username"))
    return mp_fail(host, MP_ECONFIG, "token",
                   "`username` is set, too; use only one of them");
  if (!is_token(token))
    return mp_fail(host, MP_ECONFIG, "token",
                   "contains a character that an access token cannot have");
  return MP_OK;
}

static int
check_domoticz_options(const struct mp_host *host)
{
  const char *url = host->option(host, "url");
  int r = http_settings_check(host);

  if (r == MP_OK && (strpbrk(url, "?#") || strstr(url, "json.htm")))
    r = mp_fail(host, MP_ECONFIG, "url", "must end before /json.htm");
  return r == MP_OK ? check_token(host) : r;
}

static bool
make_http(struct domoticz *d)
{
  const struct mp_host *host = d->host;
  struct http_options options = http_settings(host, d->url);

  options.token = host->option(host, "token");
  d->with_login = !!options.username;
  d->with_token = !!options.token;
  d->with_tls = url_is_https(d->url);
  d->http = http_new(host, &options);
  return d->http;
}

static void
domoticz_destroy(void *self)
{
  struct domoticz *d = self;

  if (!d)
    return;
  http_free(d->http);
  free(d->url);
  free(d);
}

static int
domoticz_create(const struct mp_host *host, void **ret_self)
{
  int r = check_domoticz_options(host);
  struct domoticz *d;

  if (r != MP_OK)
    return r;
  if (!http_init())
    return mp_fail(host, MP_ENOMEM, NULL,
                   "out of memory: libcurl cannot be initialised");
  d = calloc(1, sizeof(*d));
  if (!d)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  d->host = host;
  d->url = url_base(host->option(host, "url"));
  if (!d->url || !make_http(d)) {
    domoticz_destroy(d);
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  }
  *ret_self = d;
  return MP_OK;
}

/* ---- Targets ------------------------------------------------------------- */

static bool
is_idx(const char *name)
{
  size_t len = strspn(name, "0123456789");

  return name[0] != '0' && len > 0 && len <= IDX_DIGITS && name[len] == '\0';
}

/* Returns the slot of IDX; makes it if there is none yet. */
static struct slot *
obtain_slot(struct domoticz *d, const char *idx)
{
  struct slot *slot;

  for (uint32_t i = 0; i < d->slot_count; i++)
    if (strcmp(d->slots[i].idx, idx) == 0)
      return &d->slots[i];
  slot = &d->slots[d->slot_count++];
  snprintf(slot->idx, sizeof(slot->idx), "%s", idx);
  snprintf(slot->object, sizeof(slot->object), "idx.%s", slot->idx);
  slot->value_target = slot->power_target = NO_TARGET;
  return slot;
}

static int
add_target(struct domoticz *d, uint32_t index, const struct mp_target *target)
{
  char object[256];
  struct slot *slot;
  uint32_t *place;

  if (!is_idx(target->name)) {
    snprintf(object, sizeof(object), "idx.%s", target->name);
    return mp_fail(d->host, MP_ECONFIG, object,
                   "is not an idx of Domoticz; an idx is a whole number "
                   "without leading zeros");
  }
  slot = obtain_slot(d, target->name);
  place = target->part ? &slot->power_target : &slot->value_target;
  if (*place != NO_TARGET)
    return mp_fail(d->host, MP_ECONFIG, slot->object, "is named twice");
  *place = index;
  if (!target->part) {
    slot->flags = target->flags;
    slot->kind = target->kind;
  }
  return MP_OK;
}

static int
learn_targets(struct domoticz *d)
{
  const struct mp_host *host = d->host;
  const struct mp_target *target;
  uint32_t n = 0;
  int r, first = MP_OK;

  while (host->target(host, n))
    n++;
  d->slots = calloc(n + 1, sizeof(*d->slots));
  if (!d->slots || record_open(&d->record, n) != MP_OK)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  for (uint32_t i = 0; i < n; i++) {
    target = host->target(host, i);
    r = add_target(d, i, target);
    if (first == MP_OK)
      first = r;
  }
  return first;
}

static void
domoticz_close(void *self)
{
  struct domoticz *d = self;

  for (uint32_t i = 0; i < d->slot_count; i++)
    device_clear(&d->slots[i].device);
  record_close(&d->record);
  free(d->slots);
  d->slots = NULL;
  d->slot_count = 0;
  http_close(d->http);
}

static int
domoticz_open(void *self)
{
  struct domoticz *d = self;
  int r = learn_targets(d);

  if (r == MP_OK && http_open(d->http) != MP_OK)
    r = mp_fail(d->host, MP_ENOMEM, NULL, "out of memory");
  if (r != MP_OK) {
    domoticz_close(d);
    return r;
  }
  http_settings_warn(d->host, d->url);
  return MP_OK;
}

/* ---- The plugin ---------------------------------------------------------- */

static const struct mp_option domoticz_options[] = {
  { "url", MP_TYPE_STRING, MP_REQUIRED, NULL, NULL,
    "http://HOST:PORT or https://HOST, with a path if behind a proxy" },
  { "username", MP_TYPE_STRING, 0, NULL, NULL,
    "user of Domoticz; leave out in a trusted network" },
  { "password", MP_TYPE_SECRET, 0, NULL, NULL, "the user's password" },
  { "token", MP_TYPE_SECRET, 0, NULL, NULL,
    "access token of Domoticz 2026.2 or later, instead of a user" },
  HTTP_SETTINGS,
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option target_options[] = {
  { "power", MP_TYPE_VALUE, 0, NULL, NULL,
    "the power of a device that displays power and energy" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_output_ops domoticz_output = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_LATEST,
  .target_prefix = "idx",
  .target_options = target_options,
  .open = domoticz_open,
  .close = domoticz_close,
  .fetch = domoticz_fetch,
  .begin = domoticz_begin,
  .write = domoticz_write,
  .commit = domoticz_commit,
  .list = domoticz_list,
  .create_target = domoticz_create_target,
  .check = domoticz_check,
};

static const struct mp_plugin domoticz_plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "domoticz",
  .version = PACKAGE_VERSION,
  .summary = "devices of a Domoticz server",
  .options = domoticz_options,
  .create = domoticz_create,
  .destroy = domoticz_destroy,
  .output = &domoticz_output,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &domoticz_plugin;
}
