/*
 * Reads the displayed values of the devices, in as few requests as this server
 * allows.
 *
 *     2024.5 and later   param=getdevices&rid=1,3,9
 *     from 2023.2        param=getdevices&rid=1     one at a time
 *     before             type=devices&rid=1         one at a time
 *
 * An old server answers a list with no result at all, and an unknown form with
 * 404 or with a status other than OK.  The form that works is stored, so that
 * the next run need not try again.
 */
#include "lib/unit.h"
#include "plugins/domoticz/domoticz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE_KEY "api"
/* The longest list of idx in one request.  The request line may have 8 KiB in
 * Domoticz of 2026, and less in a proxy. */
#define LIST_MAX 4000

/* ---- The API of the server ----------------------------------------------- */

/* Loads "getdevices list 2025.1 (build 16785)": form, list or single,
 * version. */
static void
load_api(struct domoticz *d)
{
  const char *text = d->host->store_get(d->host, STORE_KEY);
  char form[16], count[16];
  int at = 0;

  memset(&d->api, 0, sizeof(d->api));
  if (!text || sscanf(text, "%15s %15s %n", form, count, &at) != 2)
    return;
  d->api.devices = strcmp(form, "devices") == 0;
  d->api.single = strcmp(count, "single") == 0;
  device_copy_text(d->api.version, sizeof(d->api.version), text + at);
}

static void
store_api(struct domoticz *d)
{
  const char *old = d->host->store_get(d->host, STORE_KEY);
  char text[64];

  snprintf(text, sizeof(text), "%s %s %s",
           d->api.devices ? "devices" : "getdevices",
           d->api.single ? "single" : "list", d->api.version);
  if (!old || strcmp(old, text) != 0)
    d->host->store_set(d->host, STORE_KEY, text);
}

/* Another version of the server may take lists, so the next run tries one. */
static void
see_version(struct domoticz *d, const struct reply *reply)
{
  char version[sizeof(d->api.version)];

  device_copy_text(version, sizeof(version), reply->version);
  if (strcmp(version, d->api.version) != 0)
    d->api.single = false;
  memcpy(d->api.version, version, sizeof(version));
}

/* ---- Requests ------------------------------------------------------------ */

/* Asks in the form that d->api names.  MP_DROP: the server does not know it. */
static int
ask_form(struct domoticz *d, const char *query, unsigned flags,
         struct reply *ret)
{
  const char *form =
    d->api.devices ? "type=devices" : "type=command&param=getdevices";
  size_t size = strlen(form) + strlen(query) + sizeof("&");
  char *whole = malloc(size);
  int r;

  if (!whole)
    return mp_fail(d->host, MP_ENOMEM, d->url, "out of memory");
  snprintf(whole, size, "%s&%s", form, query);
  r = request_read(d, NULL, whole, flags, ret);
  free(whole);
  if (r == MP_OK && !reply_ok(ret)) {
    reply_free(ret);
    r = MP_DROP;
  }
  return r;
}

int
fetch_devices(struct domoticz *d, const char *query, unsigned flags,
              struct reply *ret)
{
  int r = ask_form(d, query, flags, ret);

  if (r == MP_DROP) {
    d->api.devices = !d->api.devices;
    r = ask_form(d, query, flags, ret);
  }
  if (r == MP_OK) {
    see_version(d, ret);
    return MP_OK;
  }
  if (r != MP_DROP)
    return r;
  d->api.devices = false;
  return mp_fail(
    d->host, MP_EPROTO, d->url,
    "the server supports neither getdevices nor type=devices; is this a "
    "Domoticz server, and is a path prefix missing from its URL?");
}

int
fetch_device(struct domoticz *d, const char *idx, struct reply *ret,
             const cJSON **ret_object)
{
  char query[sizeof("rid=") + IDX_DIGITS];
  int r;

  snprintf(query, sizeof(query), "rid=%s", idx);
  r = fetch_devices(d, query, 0, ret);
  if (r == MP_OK)
    *ret_object = reply_find(ret, idx);
  return r;
}

/* Parses the slot's device from REPLY.  Returns false if it is not in there, or
 * memory ran out. */
static bool
take_device(struct domoticz *d, struct slot *slot, const struct reply *reply)
{
  const cJSON *object = reply_find(reply, slot->idx);

  if (!object)
    return false;
  device_clear(&slot->device);
  if (!device_parse(object, reply->act_time, &slot->device)) {
    mp_fail(d->host, MP_ENOMEM, slot->object, "out of memory");
    return false;
  }
  slot->reach = REACH_DEVICE;
  return true;
}

/* Writes "rid=1,3,9" for the slots from BEGIN on, as many as fit into QUERY.
 * Returns the number of the first slot that did not fit. */
static uint32_t
list_query(const struct domoticz *d, uint32_t begin, char *query, size_t size)
{
  size_t len = (size_t)snprintf(query, size, "rid=");
  uint32_t i;

  for (i = begin; i < d->slot_count && len + IDX_DIGITS + 2 <= size; i++)
    len += (size_t)snprintf(query + len, size - len, "%s%s",
                            i == begin ? "" : ",", d->slots[i].idx);
  return i;
}

/* Asks for the slots from *BEGIN on in one request, and moves *BEGIN past them.
 * Clears *RET_EMPTY if there was any result. */
static int
ask_list(struct domoticz *d, uint32_t *begin, bool *ret_empty)
{
  char query[LIST_MAX];
  uint32_t i = *begin, end = list_query(d, i, query, sizeof(query));
  struct reply reply;
  int r = fetch_devices(d, query, 0, &reply);

  if (r != MP_OK)
    return r;
  for (; i < end; i++)
    if (!take_device(d, &d->slots[i], &reply))
      d->slots[i].reach = REACH_MISSING;
  if (reply.results)
    *ret_empty = false;
  reply_free(&reply);
  *begin = end;
  return MP_OK;
}

/* Asks for all slots in lists, as few as possible.  A slot that the reply
 * leaves out becomes REACH_MISSING and is then asked for alone: Domoticz drops
 * a counter from a list if it was ever sent a text that is no number.
 * *ret_empty: no reply had any result. */
static int
ask_together(struct domoticz *d, bool *ret_empty)
{
  uint32_t begin = 0;
  int r = MP_OK;

  *ret_empty = true;
  while (begin < d->slot_count && r == MP_OK)
    r = ask_list(d, &begin, ret_empty);
  return r;
}

/* Asks for the slot's device, with the additional arguments MORE.  *RET_FOUND:
 * the reply contains it. */
static int
ask_with(struct domoticz *d, struct slot *slot, const char *more,
         bool *ret_found)
{
  char query[64];
  struct reply reply;
  int r;

  snprintf(query, sizeof(query), "rid=%s%s", slot->idx, more);
  r = fetch_devices(d, query, 0, &reply);
  if (r != MP_OK)
    return r;
  *ret_found = take_device(d, slot, &reply);
  reply_free(&reply);
  return MP_OK;
}

/* Asks for one device.  The server lists a device of disabled hardware only on
 * request, and before 2023.2 never.  Such a device would take updates, but the
 * user has switched it off. */
static int
ask_alone(struct domoticz *d, struct slot *slot)
{
  bool found = false;
  int r = ask_with(d, slot, "", &found);

  if (r != MP_OK || found)
    return r;
  r = ask_with(d, slot, "&displaydisabled=1", &found);
  if (r != MP_OK)
    return r;
  if (found)
    slot->device.unfit = "its hardware is disabled; enable it (Setup, "
                         "Hardware); its pending value is kept";
  else
    slot->reach = REACH_ABSENT;
  return MP_OK;
}

/* Returns true if any device was found that a list should have contained. */
static bool
any_device(const struct domoticz *d)
{
  for (uint32_t i = 0; i < d->slot_count; i++)
    if (d->slots[i].reach == REACH_DEVICE &&
        d->slots[i].device.state != DEVICE_GARBLED)
      return true;
  return false;
}

static int
ask_all_slots(struct domoticz *d)
{
  bool list_empty = false;
  int r = MP_OK, first = MP_OK;

  if (d->slot_count > 1 && !d->api.single)
    first = ask_together(d, &list_empty);
  if (first != MP_OK)
    return first;
  for (uint32_t i = 0; i < d->slot_count && d->left == MP_OK; i++) {
    if (d->slots[i].reach == REACH_DEVICE)
      continue;
    r = ask_alone(d, &d->slots[i]);
    if (r != MP_OK && first == MP_OK)
      first = r;
  }
  if (list_empty && any_device(d))
    d->api.single = true;
  if (first == MP_OK)
    store_api(d);
  return first;
}

/* ---- Displayed values ---------------------------------------------------- */

/* A number in a text device is reported as a number. */
static void
show_text(const struct mp_host *host, const char *text, struct mp_value *value)
{
  if (host->decimal_parse(text, &value->number) == MP_OK)
    return;
  value->kind = MP_TEXT;
  value->text = text;
}

/* Fills in the displayed value of the device itself (not of its power). */
static void
show_value(const struct domoticz *d, const struct device *device,
           struct mp_value *value, struct mp_shown *shown)
{
  value->number = device->value;
  if (device->unit[0] != '\0' && unit_known(device->unit) &&
      !unit_is_text(device->unit))
    value->unit = device->unit;
  if (device->text && device->state == DEVICE_SHOWS)
    show_text(d->host, device->text, value);
  shown->place = device->place;
  shown->step = device->step;
  shown->answer =
    device->state == DEVICE_EMPTY ? MP_SHOWN_EMPTY : MP_SHOWN_VALUE;
}

static void
show_power(const struct device *device, struct mp_value *value,
           struct mp_shown *shown)
{
  value->unit = "W";
  value->number = device->power;
  shown->place = device->power_place;
  shown->answer = device->has_power ? MP_SHOWN_VALUE : MP_SHOWN_EMPTY;
}

/* Reports the reason why the target cannot be used; MP_OK: it can. */
static int
report_device(const struct domoticz *d, const struct slot *slot,
              const struct mp_target *target)
{
  const struct device *device = &slot->device;
  const char *unfit = device->unfit;

  if (device->state == DEVICE_GARBLED)
    return mp_fail(d->host, MP_EPROTO, slot->object, "\"%s\" (%s): %s",
                   device->name, device->kind, device->problem);
  if (device->state == DEVICE_UNFIT)
    unfit = device->problem;
  else if (target->part && device->type->form != DEVICE_KWH)
    unfit = "has no power of its own; use idx.N.power only with a kWh device";
  else if (target->flags & MP_TARGET_READ)
    unfit = NULL;
  if (!unfit)
    return MP_OK;
  return mp_fail(d->host, MP_EREFUSED, slot->object, "\"%s\" (%s): %s",
                 device->name, device->kind, unfit);
}

static int
answer_target(const struct domoticz *d, const struct slot *slot, uint32_t index,
              const struct mp_output_sink *sink)
{
  const struct mp_target *target = d->host->target(d->host, index);
  struct mp_shown shown = { .struct_size = sizeof(shown), .target = index };
  struct mp_value value = { .struct_size = sizeof(value), .kind = MP_GAUGE };
  int r;

  if (slot->reach == REACH_ABSENT) {
    shown.answer = MP_SHOWN_ABSENT;
    return sink->shown(sink, &shown);
  }
  r = report_device(d, slot, target);
  if (r == MP_EPROTO)
    return MP_OK; /* the host counts it as not reached */
  shown.updated = slot->device.updated[0] == '\0' ? NULL : slot->device.updated;
  shown.wait_ms = slot->device.wait_ms;
  if (r != MP_OK) {
    shown.answer = MP_SHOWN_UNFIT;
    return sink->shown(sink, &shown);
  }
  if (slot->device.type->form != DEVICE_TEXT)
    shown.flags = MP_SHOWN_NUMBERS;
  if (target->part)
    show_power(&slot->device, &value, &shown);
  else
    show_value(d, &slot->device, &value, &shown);
  shown.value = &value;
  return sink->shown(sink, &shown);
}

static int
answer_slot(const struct domoticz *d, const struct slot *slot,
            const struct mp_output_sink *sink)
{
  int r = MP_OK;

  if (slot->reach != REACH_DEVICE && slot->reach != REACH_ABSENT)
    return MP_OK;
  if (slot->value_target != NO_TARGET)
    r = answer_target(d, slot, slot->value_target, sink);
  if (r >= 0 && slot->power_target != NO_TARGET)
    r = answer_target(d, slot, slot->power_target, sink);
  return r;
}

int
domoticz_fetch(void *self, const struct mp_output_sink *sink)
{
  struct domoticz *d = self;
  uint32_t reached = 0;
  int code;

  d->left = MP_OK;
  for (uint32_t i = 0; i < d->slot_count; i++)
    d->slots[i].reach = REACH_NONE;
  load_api(d);
  request_recall_connection(d);
  code = ask_all_slots(d);
  request_note_connection(d);
  for (uint32_t i = 0; i < d->slot_count; i++) {
    int given = answer_slot(d, &d->slots[i], sink);

    if (given < 0)
      return given;
    reached += d->slots[i].reach >= REACH_ABSENT;
  }
  return reached > 0 ? MP_OK : code;
}
