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

const struct mp_value *
domoticz_value(const struct domoticz *d, const struct slot *slot)
{
  return record_value(&d->record, slot->value_target);
}

static const struct mp_value *
power_of(const struct domoticz *d, const struct slot *slot)
{
  return record_value(&d->record, slot->power_target);
}

int
domoticz_begin(void *self, const struct mp_record *record)
{
  struct domoticz *d = self;

  return record_begin(&d->record, record) == MP_OK
           ? MP_OK
           : mp_fail(d->host, MP_ENOMEM, NULL, "out of memory");
}

/* Converts a power to W. */
static bool
convert_power(const struct mp_value *value, struct mp_decimal *ret)
{
  *ret = value->number;
  return !value->unit || unit_convert(ret, value->unit, "W", MP_EXACT) >= 0;
}

static int
check_power(const struct domoticz *d, const char *object,
            const struct mp_value *value)
{
  struct mp_decimal power;

  if (value->kind == MP_TEXT)
    return mp_fail(d->host, MP_ECONFIG, object, "a text cannot be a power");
  if (!convert_power(value, &power))
    return mp_fail(d->host, MP_ECONFIG, object, "%s is not a unit of power",
                   value->unit);
  return MP_OK;
}

int
domoticz_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct domoticz *d = self;
  int r = MP_OK;

  for (uint32_t i = 0; i < d->slot_count; i++)
    if (d->slots[i].power_target == target)
      r = check_power(d, d->slots[i].object, value);
  if (r != MP_OK)
    return r;
  r = record_write(&d->record, target, value);
  if (r == MP_EINTERNAL)
    return mp_fail(d->host, r, d->url, "there is no target %" PRIu32, target);
  return r == MP_OK ? MP_OK : mp_fail(d->host, r, NULL, "out of memory");
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

/* Formats "W;Wh" with ENERGY.  A power that this record does not contain is
 * sent as the device displays it. */
static int
format_kwh(const struct domoticz *d, const struct slot *slot,
           struct mp_decimal energy, char *buf, size_t size)
{
  const struct device *device = &slot->device;
  const struct mp_value *given = power_of(d, slot);
  struct mp_decimal power = { 0, 0 };
  char watt[DECIMAL_TEXT], count[DECIMAL_TEXT];
  int r;

  if (given)
    convert_power(given, &power);
  else if (slot->power_target != NO_TARGET && device->has_power)
    power = device->power;
  r = format_count(d, slot, energy, count, sizeof(count));
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
  const struct mp_value *value = domoticz_value(d, slot);
  const char *text = value ? value->text : NULL;
  /* A record with a power alone leaves the energy as the device displays it. */
  struct mp_decimal number = value ? value->number : device->value;
  char buf[2 * DECIMAL_TEXT];
  int r = MP_OK;

  if (text && device->type->form != DEVICE_TEXT)
    return mp_fail(d->host, MP_ECONFIG, slot->object,
                   "a text cannot go to \"%s\" (%s); use a Text device",
                   device->name, device->kind);
  if (device->type->form == DEVICE_KWH)
    r = format_kwh(d, slot, number, buf, sizeof(buf));
  else if (device->type->form == DEVICE_COUNTER ||
           device->type->form == DEVICE_GAS)
    r = format_count(d, slot, number, buf, sizeof(buf));
  else if (!text && !format_number(number, buf, sizeof(buf)))
    r = mp_fail(d->host, MP_ERANGE, slot->object, "the value is too large");
  if (r != MP_OK)
    return r;
  *ret = url_escape(text ? text : buf);
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

/* Sends the values for SLOT, and reports their results.  Only a kWh device has
 * a power; fetch has reported that. */
static void
deliver_slot(struct domoticz *d, const struct slot *slot,
             const struct mp_output_sink *sink)
{
  bool has_value = domoticz_value(d, slot), has_power = power_of(d, slot);
  uint32_t result;

  if (has_power && slot->reach == REACH_DEVICE &&
      slot->device.type->form != DEVICE_KWH) {
    sink->result(sink, 0, slot->power_target, MP_REJECTED);
    has_power = false;
  }
  if (!has_value && !has_power)
    return;
  result = send_slot(d, slot);
  if (has_value)
    sink->result(sink, 0, slot->value_target, result);
  if (has_power)
    sink->result(sink, 0, slot->power_target, result);
}

int
domoticz_commit(void *self, const struct mp_output_sink *sink)
{
  struct domoticz *d = self;

  if (d->left != MP_OK && d->left != MP_ECANCELED)
    mp_fail(d->host, d->left, d->url,
            "nothing is sent, because the server did not answer before");
  for (uint32_t i = 0; i < d->slot_count; i++)
    deliver_slot(d, &d->slots[i], sink);
  request_note_connection(d);
  return d->left;
}
