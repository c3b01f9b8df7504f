/*
 * Delivers the pending values: sends one update per device, and reports its
 * result.
 *
 * The results of an update that failed:
 *
 *     never left (no connection, no time, the run ends)   not sent
 *     refused: 401, 403, a status other than OK           rejected
 *     too long for the server: 413, 414, 431              rejected
 *     another 3xx or 4xx: it was not carried out          retry
 *     5xx: a proxy answers so, even if the server
 *     behind it carried it out before it hung             unknown outcome
 *     no answer, half of one, one that is no JSON         unknown outcome
 */
#include "plugins/domoticz/domoticz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/unit.h"
#include "plugins/http/url.h"

static void
clear_record(struct slot *slot)
{
  free(slot->text);
  slot->text = NULL;
  slot->has_value = slot->has_power = false;
}

int
domoticz_begin(void *self, const struct mp_record *record)
{
  struct domoticz *d = self;

  (void)record;
  for (uint32_t i = 0; i < d->slot_count; i++)
    clear_record(&d->slots[i]);
  return MP_OK;
}

static struct slot *
slot_of(struct domoticz *d, uint32_t target)
{
  for (uint32_t i = 0; i < d->slot_count; i++)
    if (d->slots[i].value_target == target ||
        d->slots[i].power_target == target)
      return &d->slots[i];
  return NULL;
}

/* Copies VALUE, which lives only during the callback.  The host has converted
 * it to the target's unit. */
static int
keep_value(struct domoticz *d, struct slot *slot, const struct mp_value *value)
{
  free(slot->text);
  slot->text = NULL;
  slot->value = value->number;
  if (value->kind == MP_TEXT) {
    slot->text = strdup(value->text);
    if (!slot->text)
      return mp_fail(d->host, MP_ENOMEM, slot->object, "out of memory");
  }
  slot->has_value = true;
  return MP_OK;
}

static int
keep_power(struct domoticz *d, struct slot *slot, const struct mp_value *value)
{
  struct mp_decimal power = value->number;

  if (value->kind == MP_TEXT)
    return mp_fail(d->host, MP_ECONFIG, slot->object,
                   "a text cannot be a power");
  if (value->unit && unit_convert(&power, value->unit, "W", MP_EXACT) < 0)
    return mp_fail(d->host, MP_ECONFIG, slot->object,
                   "%s is not a unit of power", value->unit);
  slot->power = power;
  slot->has_power = true;
  return MP_OK;
}

int
domoticz_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct domoticz *d = self;
  struct slot *slot = slot_of(d, target);

  if (!slot)
    return mp_fail(d->host, MP_EINTERNAL, d->url, "there is no target %" PRIu32,
                   target);
  return target == slot->power_target ? keep_power(d, slot, value)
                                      : keep_value(d, slot, value);
}

/* ---- svalue: the value in the device's own form -------------------------- */

/* Formats a plain decimal, never with an exponent or a plus sign. */
static bool
format_number(struct mp_decimal n, char *buf, size_t size)
{
  int len = decimal_format(n, buf, size);

  return len > 0 && (size_t)len < size;
}

/* Formats a count of the device's steps: Wh, or the steps that its divider
 * makes. */
static int
format_count(const struct domoticz *d, const struct slot *slot,
             struct mp_decimal n, char *buf, size_t size)
{
  struct mp_decimal count;

  if (decimal_divide(n, slot->device.step, 0, &count) != MP_OK ||
      count.exp10 != 0)
    return mp_fail(
      d->host, MP_ERANGE, slot->object,
      "the value is not a whole number of steps of \"%s\" (%s), or too large",
      slot->device.name, slot->device.kind);
  snprintf(buf, size, "%" PRId64, count.coef);
  return MP_OK;
}

/* Formats "W;Wh".  The part that this record does not contain is sent as the
 * device displays it. */
static int
format_kwh(const struct domoticz *d, const struct slot *slot, char *buf,
           size_t size)
{
  const struct device *device = &slot->device;
  struct mp_decimal power = { 0, 0 };
  char watt[DECIMAL_TEXT], count[DECIMAL_TEXT];
  int r;

  if (slot->has_power)
    power = slot->power;
  else if (slot->power_target != NO_TARGET && device->has_power)
    power = device->power;
  r = format_count(d, slot, slot->has_value ? slot->value : device->value,
                   count, sizeof(count));
  if (r != MP_OK)
    return r;
  if (!format_number(power, watt, sizeof(watt)))
    return mp_fail(d->host, MP_ERANGE, slot->object, "the power is too large");
  snprintf(buf, size, "%s;%s", watt, count);
  return MP_OK;
}

/* Makes the escaped svalue of the slot's record, from malloc. */
static int
format_svalue(const struct domoticz *d, const struct slot *slot, char **ret)
{
  const struct device *device = &slot->device;
  char buf[2 * DECIMAL_TEXT];
  int r = MP_OK;

  if (slot->text && device->type->form != DEVICE_TEXT)
    return mp_fail(d->host, MP_ECONFIG, slot->object,
                   "a text cannot go to \"%s\" (%s); use a Text device",
                   device->name, device->kind);
  if (device->type->form == DEVICE_KWH)
    r = format_kwh(d, slot, buf, sizeof(buf));
  else if (device->type->form == DEVICE_COUNTER ||
           device->type->form == DEVICE_GAS)
    r = format_count(d, slot, slot->value, buf, sizeof(buf));
  else if (!slot->text && !format_number(slot->value, buf, sizeof(buf)))
    r = mp_fail(d->host, MP_ERANGE, slot->object, "the value is too large");
  if (r != MP_OK)
    return r;
  *ret = url_escape(slot->text ? slot->text : buf);
  return *ret ? MP_OK
              : mp_fail(d->host, MP_ENOMEM, slot->object, "out of memory");
}

/* ---- One update ---------------------------------------------------------- */

/* Returns the result of an update from its ANSWER and request_change's CODE. */
static uint32_t
result_of_update(const struct http_answer *answer, int code)
{
  if (answer->code != MP_OK)
    return answer->sent ? MP_PERHAPS : MP_NOT_SENT;
  if (answer->status == 401 || answer->status == 403 ||
      request_is_too_long(answer->status))
    return MP_REJECTED;
  if (answer->status >= 300 && answer->status < 500)
    return MP_RETRY;
  return code == MP_OK ? MP_ACCEPTED : MP_PERHAPS;
}

static uint32_t
report_refusal(const struct domoticz *d, const struct slot *slot,
               const struct reply *reply)
{
  char status[32];

  device_copy_text(status, sizeof(status), reply->status);
  mp_fail(d->host, MP_EREFUSED, slot->object,
          "Domoticz rejected the update (status \"%s\"); does the device still "
          "exist?",
          status);
  return MP_REJECTED;
}

static uint32_t
send_svalue(struct domoticz *d, const struct slot *slot, const char *svalue)
{
  static const char command[] = "type=command&param=udevice&idx=%s&nvalue=0"
                                "&svalue=%s";
  size_t size = sizeof(command) + IDX_DIGITS + strlen(svalue);
  char *query = malloc(size);
  struct http_answer answer;
  struct reply reply;
  uint32_t result;
  int r;

  if (!query) {
    mp_fail(d->host, MP_ENOMEM, slot->object, "out of memory");
    return MP_NOT_SENT;
  }
  snprintf(query, size, command, slot->idx, svalue);
  r = request_change(d, slot->object, query, &answer, &reply);
  free(query);
  result = result_of_update(&answer, r);
  if (r != MP_OK)
    return result;
  /* A reply without `status` comes from another program. */
  if (reply.status[0] == '\0') {
    mp_fail(d->host, MP_EPROTO, slot->object,
            "the reply has no status; is this a Domoticz server?");
    result = MP_PERHAPS;
  } else if (!reply_ok(&reply)) {
    result = report_refusal(d, slot, &reply);
  }
  reply_free(&reply);
  return result;
}

static uint32_t
send_slot(struct domoticz *d, const struct slot *slot)
{
  char *svalue;
  uint32_t result;

  if (d->left != MP_OK)
    return MP_NOT_SENT;
  /* Without a displayed value, the form that the device takes is unknown. */
  if (slot->reach != REACH_DEVICE || slot->device.state == DEVICE_GARBLED)
    return MP_NOT_SENT;
  if (slot->device.state == DEVICE_UNFIT || slot->device.unfit)
    return MP_REJECTED; /* fetch has reported why */
  if (format_svalue(d, slot, &svalue) != MP_OK)
    return MP_REJECTED;
  result = send_svalue(d, slot, svalue);
  free(svalue);
  if (result == MP_ACCEPTED || result == MP_PERHAPS)
    first_day_warn(d, slot);
  return result;
}

/* Only a kWh device has a power; fetch has reported that. */
static void
reject_power(struct slot *slot, const struct mp_output_sink *sink)
{
  sink->result(sink, 0, slot->power_target, MP_REJECTED);
  slot->has_power = false;
}

int
domoticz_commit(void *self, const struct mp_output_sink *sink)
{
  struct domoticz *d = self;
  struct slot *slot;
  uint32_t result;

  if (d->left != MP_OK && d->left != MP_ECANCELED)
    mp_fail(d->host, d->left, d->url,
            "nothing is sent, because the server did not answer before");
  for (uint32_t i = 0; i < d->slot_count; i++) {
    slot = &d->slots[i];
    if (slot->has_power && slot->reach == REACH_DEVICE &&
        slot->device.type->form != DEVICE_KWH)
      reject_power(slot, sink);
    if (!slot->has_value && !slot->has_power)
      continue;
    result = send_slot(d, slot);
    if (slot->has_value)
      sink->result(sink, 0, slot->value_target, result);
    if (slot->has_power)
      sink->result(sink, 0, slot->power_target, result);
    clear_record(slot);
  }
  request_note_connection(d);
  return d->left;
}
