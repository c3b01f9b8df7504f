/*
 * Oracle for replies and sent values.  Shares only the decimals with the
 * plugin.
 */
#include "fuzz/oracles/domoticz_check.h"

#include <stdlib.h>
#include <string.h>

#include "lib/decimal.h"
#include "lib/utf8.h"

void
require_clean(const char *text)
{
  while (*text != '\0') {
    require(utf8_length(text) > 0);
    require(!utf8_is_control(utf8_take(&text)));
  }
}

/* ---- Replies ------------------------------------------------------------- */

static void
check_number(struct mp_decimal n)
{
  require(decimal_valid(n));
}

static void
check_text(const char *text, size_t size)
{
  require(memchr(text, '\0', size));
  require_clean(text);
}

static void
check_device(const struct device *d)
{
  struct mp_decimal count;

  require(d->type);
  check_number(d->value);
  check_number(d->step);
  check_number(d->power);
  require(d->step.coef >= 0);
  require(d->wait_ms <= 4000);
  require(d->state == DEVICE_SHOWS || d->state == DEVICE_EMPTY ||
          d->problem[0] != '\0');
  check_text(d->name, sizeof(d->name));
  check_text(d->kind, sizeof(d->kind));
  check_text(d->data, sizeof(d->data));
  check_text(d->unit, sizeof(d->unit));
  check_text(d->updated, sizeof(d->updated));
  decimal_divide(d->value, d->step, 0, &count);
  device_reads_back(d);
}

void
check_reply(const struct reply *reply)
{
  struct device device;

  reply_find(reply, "1");
  for (const cJSON *object = reply->results; object; object = object->next) {
    if (!device_parse(object, reply->act_time, &device))
      continue;
    check_device(&device);
    device_clear(&device);
  }
}

/* ---- Updates ------------------------------------------------------------- */

/* Parses the LEN bytes at TEXT as a plain number; returns it times STEP. */
static struct mp_decimal
sent_number(const char *text, size_t len, struct mp_decimal step)
{
  struct mp_decimal n;

  require(decimal_parse(text, len, &n) == MP_OK);
  require(decimal_mul(n, step, &n) == MP_OK);
  return n;
}

static bool
is_value(struct mp_decimal sent, struct mp_decimal value)
{
  return decimal_compare(sent, value) == 0;
}

/* Checks an svalue "W;Wh".  For a part that is not in the record, the displayed
 * value is expected; for the power 0, if it is not a target. */
static void
check_kwh(const struct line_device *device, const struct mp_value *value,
          const struct mp_value *power, bool has_power_target)
{
  const struct device *d = &device->device;
  const char *semicolon = strchr(device->svalue, ';');
  struct mp_decimal watt = { 0, 0 }, kwh = d->value;
  size_t len;

  require(semicolon);
  len = (size_t)(semicolon - device->svalue);
  if (value)
    kwh = value->number;
  if (power)
    watt = power->number;
  else if (has_power_target && d->has_power)
    watt = d->power;
  require(is_value(
    sent_number(device->svalue, len, (struct mp_decimal){ 1, 0 }), watt));
  require(
    is_value(sent_number(semicolon + 1, strlen(semicolon + 1), d->step), kwh));
}

static void
check_svalue(const struct line_device *device, const struct mp_value *value)
{
  struct mp_decimal step = { 1, 0 };

  require(value);
  if (value->kind == MP_TEXT) {
    require(device->device.type->form == DEVICE_TEXT);
    require(strcmp(device->svalue, value->text) == 0);
    return;
  }
  if (device->device.type->form == DEVICE_COUNTER ||
      device->device.type->form == DEVICE_GAS)
    step = device->device.step;
  require(is_value(sent_number(device->svalue, strlen(device->svalue), step),
                   value->number));
}

void
check_sent(const struct line_device *device, const struct mp_value *value,
           const struct mp_value *power, bool has_power_target)
{
  if (device->device.type->form == DEVICE_KWH)
    check_kwh(device, value, power, has_power_target);
  else
    check_svalue(device, value);
}
