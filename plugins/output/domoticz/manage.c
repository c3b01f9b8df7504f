/*
 * What a user asks about devices: which there are, and whether those that are
 * configured suit.
 */
#include "plugins/output/domoticz/domoticz.h"

#include <stdio.h>
#include <string.h>

/* ---- list ---------------------------------------------------------------- */

void
manage_list_device(const struct cJSON *object, const struct mp_list_sink *sink)
{
  struct mp_listed listed = { .struct_size = sizeof(listed) };
  struct device device;

  listed.name = reply_member(object, "idx");
  if (listed.name == NULL || !device_parse(object, -1, &device))
    return;
  listed.label = device.name;
  listed.type = device.kind;
  listed.value = device.data;
  listed.unit = device.unit[0] == '\0' ? NULL : device.unit;
  listed.updated = device.updated[0] == '\0' ? NULL : device.updated;
  sink->listed(sink, &listed);
  device_clear(&device);
}

int
domoticz_list(void *self, const struct mp_list_sink *sink)
{
  struct domoticz *d = self;
  const struct cJSON *object;
  struct reply reply;
  int code;

  d->left = MP_OK;
  code = fetch_devices(d, "filter=all&used=true&order=Name", HTTP_LONG, &reply);
  if (code != MP_OK)
    return code;
  for (object = reply.results; object != NULL; object = object->next)
    manage_list_device(object, sink);
  reply_free(&reply);
  return MP_OK;
}

/* ---- check --------------------------------------------------------------- */

static void
warn(const struct domoticz *d, const struct slot *slot, const char *what)
{
  mp_log(d->host, MP_LOG_WARNING, slot->object, "\"%s\" (%s): %s",
         slot->device.name, slot->device.kind, what);
}

/* An operand must be known exactly even when the state was lost. */
static void
check_operand(const struct domoticz *d, const struct slot *slot)
{
  const struct device *device = &slot->device;

  if (!(slot->flags & (MP_TARGET_BASE | MP_TARGET_TOTAL)))
    return;
  if (device->state != DEVICE_SHOWS && device->state != DEVICE_EMPTY)
    return;
  if (device_reads_back(device))
    return;
  warn(d, slot,
       device->type->form == DEVICE_COUNTER
         ? "an operand that shows three decimals of what it stores; after a "
           "loss of the state it is known only so far; give it the divider "
           "1000, or use a Counter with own unit"
         : "an operand that shows six significant digits of what it stores; "
           "after a loss of the state it is known only so far; a Counter with "
           "own unit GJ, divider 1000, shows all");
}

static void
check_slot(const struct domoticz *d, const struct slot *slot)
{
  const struct device *device = &slot->device;

  check_operand(d, slot);
  suit_check_slot(d, slot);
  if (device->hidden)
    warn(d, slot, "hidden: Domoticz does not list a name that begins with $");
  if (device->disabled)
    warn(d, slot, "its hardware is disabled or gone; Domoticz may hide it");
  if (device->unused)
    warn(d, slot, "not in use: Domoticz shows it among unused devices only");
}

int
domoticz_check(void *self)
{
  struct domoticz *d = self;
  uint32_t i;

  for (i = 0; i < d->slot_count; i++)
    if (d->slots[i].reach == REACH_DEVICE)
      check_slot(d, &d->slots[i]);
  suit_check_rights(d);
  return MP_OK;
}
