/*
 * The commands about devices: list them, and check whether the configured ones
 * suit.
 */
#include "plugins/domoticz/domoticz.h"

#include <stdio.h>
#include <string.h>

/* ---- list ---------------------------------------------------------------- */

/* Sets value and unit of a list entry.  The unit replaces Domoticz's label in
 * the value, so that both agree: "4321.5 Watt" becomes "4321.5 W", "45.5%"
 * becomes "45.5 %".  A value in another unit (Fahrenheit), or without a number,
 * is listed as Domoticz displays it. */
static void
list_value(const struct device *device, char *buf, size_t size,
           struct mp_listed *listed)
{
  struct mp_decimal number;
  size_t len = decimal_parse_prefix(device->data, &number);

  listed->value = device->data;
  if (device->fahrenheit || device->unit[0] == '\0' ||
      device->state == DEVICE_GARBLED)
    return;
  listed->unit = device->unit;
  snprintf(buf, size, "%.*s %s", (int)len, device->data, device->unit);
  if (len > 0)
    listed->value = buf;
}

void
manage_list_device(const struct cJSON *object,
                   const struct mp_output_sink *sink)
{
  struct mp_listed listed = { .struct_size = sizeof(listed) };
  struct device device;
  char value[sizeof(device.data) + sizeof(device.unit)];

  listed.name = reply_member(object, "idx");
  if (!listed.name || !device_parse(object, -1, &device))
    return;
  listed.label = device.name;
  listed.type = device.kind;
  list_value(&device, value, sizeof(value), &listed);
  listed.updated = device.updated[0] == '\0' ? NULL : device.updated;
  sink->listed(sink, &listed);
  device_clear(&device);
}

/* Returns true if Domoticz itself leaves the device out of its lists. */
static bool
is_left_out(const struct cJSON *object)
{
  const char *used = reply_member(object, "Used");
  const char *name = reply_member(object, "Name");
  /* Domoticz does list the devices of a hardware that was removed. */
  const char *hardware = reply_member(object, "HardwareTypeVal");

  return (used && strcmp(used, "0") == 0) || (name && name[0] == '$') ||
         (reply_is_true(object, "HardwareDisabled") && hardware &&
          strcmp(hardware, "0") != 0);
}

int
domoticz_list(void *self, const struct mp_output_sink *sink)
{
  struct domoticz *d = self;
  struct reply reply;
  unsigned left_out = 0;
  int r;

  d->left = MP_OK;
  r = fetch_devices(d, LIST_ALL, HTTP_LONG, &reply);
  if (r != MP_OK)
    return r;
  for (const struct cJSON *object = reply.results; object;
       object = object->next)
    if (is_left_out(object))
      left_out++;
    else
      manage_list_device(object, sink);
  reply_free(&reply);
  if (left_out > 0)
    mp_log(d->host, MP_LOG_NOTICE, d->url,
           "%u device%s left out: not in use, hidden (the name begins with $), "
           "or of disabled hardware; Setup, Devices shows them",
           left_out, left_out == 1 ? " is" : "s are");
  return MP_OK;
}

/* ---- check --------------------------------------------------------------- */

/* Warns about an operand that the device displays rounded: its exact value
 * would be lost together with the state. */
static void
check_operand_device(const struct domoticz *d, const struct slot *slot)
{
  const struct device *device = &slot->device;

  if (!(slot->flags & (MP_TARGET_BASE | MP_TARGET_TOTAL)))
    return;
  if (device->state != DEVICE_SHOWS && device->state != DEVICE_EMPTY)
    return;
  if (device_reads_back(device))
    return;
  suit_warn(
    d, slot,
    device->type->form == DEVICE_COUNTER
      ? "this operand displays only three of the decimals that it stores; if "
        "the state is lost, the other decimals are lost too; give it the "
        "divider 1000, or use a Counter with own unit"
      : "this operand displays only six of the digits that it stores; if the "
        "state is lost, the other digits are lost too; use a Counter with own "
        "unit GJ and divider 1000, which displays all digits");
}

/* Returns true if fetch has reported the device as an error already: it is to
 * be written, and cannot be (disabled hardware, for example). */
static bool
is_reported(const struct slot *slot)
{
  return slot->device.unfit && !(slot->flags & MP_TARGET_READ);
}

static void
check_slot(const struct domoticz *d, const struct slot *slot)
{
  const struct device *device = &slot->device;

  check_operand_device(d, slot);
  suit_check_slot(d, slot);
  if (device->hidden)
    suit_warn(d, slot,
              "hidden: Domoticz does not list a name that begins with $");
  if (device->disabled && !is_reported(slot))
    suit_warn(d, slot,
              "its hardware is disabled or gone; Domoticz may hide it");
  if (device->unused)
    suit_warn(d, slot,
              "not in use: Domoticz shows it among unused devices only");
}

int
domoticz_check(void *self)
{
  struct domoticz *d = self;

  for (uint32_t i = 0; i < d->slot_count; i++)
    if (d->slots[i].reach == REACH_DEVICE)
      check_slot(d, &d->slots[i]);
  suit_check_rights(d);
  return MP_OK;
}
