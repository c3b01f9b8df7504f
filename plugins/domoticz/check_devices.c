/*
 * For the command check: checks that the devices and the rights of the login
 * suit this pipeline.  A configuration that fails in a run is an error.  One
 * that works, but with results that the user would not want, is a warning.
 */
#include "lib/array.h"
#include "plugins/domoticz/domoticz.h"

#include <string.h>

/* The member "rights" of param=getauth for a login that may only read. */
#define RIGHTS_VIEWER "0"

void
suit_warn(const struct domoticz *d, const struct slot *slot, const char *what)
{
  mp_log(d->host, MP_LOG_WARNING, slot->object, "\"%s\" (%s): %s",
         slot->device.name, slot->device.kind, what);
}

/* ---- Steps --------------------------------------------------------------- */

/* Returns the finest step that heat meters of this unit count in. */
static struct mp_decimal
usual_step(const char *unit)
{
  static const char *const whole[] = { "kWh", "MJ", "l" };

  for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
    if (strcmp(whole[i], unit) == 0)
      return (struct mp_decimal){ 1, 0 };
  return (struct mp_decimal){ 1, -3 };
}

/* Warns about an operand whose device stores coarse steps: after a loss of the
 * state its value is known only rounded to a step. */
static void
check_step(const struct domoticz *d, const struct slot *slot)
{
  const struct device *device = &slot->device;
  char text[DECIMAL_TEXT];

  if (!(slot->flags & (MP_TARGET_BASE | MP_TARGET_TOTAL)) ||
      device->type->form != DEVICE_COUNTER || device->step.coef == 0 ||
      decimal_compare(device->step, usual_step(device->unit)) <= 0)
    return;
  decimal_format(device->step, text, sizeof(text));
  mp_log(d->host, MP_LOG_WARNING, slot->object,
         "\"%s\" (%s): this operand stores steps of %s %s, which may be "
         "coarser than the reading; if the state is lost, the usage is wrong "
         "by up to one step; give it the divider 1000",
         device->name, device->kind, text, device->unit);
}

/* ---- Types --------------------------------------------------------------- */

static void
check_type(const struct domoticz *d, const struct slot *slot)
{
  const struct device *device = &slot->device;

  if (device->managed)
    suit_warn(
      d, slot,
      "Domoticz draws no graph of a Managed Counter from these updates; use "
      "a Counter");
  if (device->sold_as == SOLD_AS_GAS)
    suit_warn(
      d, slot,
      "Domoticz counts and prices it as bought gas; use a Counter with own "
      "unit m3");
  if (device->sold_as == SOLD_AS_WATER)
    suit_warn(
      d, slot,
      "Domoticz counts and prices it as bought water: right for a water "
      "meter; for the water of a heating circuit, use a Counter with own "
      "unit m3");
}

void
suit_check_slot(const struct domoticz *d, const struct slot *slot)
{
  if (slot->device.state != DEVICE_SHOWS && slot->device.state != DEVICE_EMPTY)
    return;
  check_step(d, slot);
  if (!(slot->flags & MP_TARGET_READ))
    check_type(d, slot);
}

/* ---- Rights -------------------------------------------------------------- */

static bool
writes_any(const struct domoticz *d)
{
  for (uint32_t i = 0; i < d->slot_count; i++)
    if (!(d->slots[i].flags & MP_TARGET_READ))
      return true;
  return false;
}

void
suit_check_rights(struct domoticz *d)
{
  struct reply reply;
  const char *rights;

  if (!writes_any(d) || d->left != MP_OK ||
      request_read(d, NULL, "type=command&param=getauth", 0, &reply) != MP_OK)
    return;
  rights = reply_ok(&reply) ? reply_member(reply.root, "rights") : NULL;
  if (rights && strcmp(rights, RIGHTS_VIEWER) == 0)
    mp_fail(
      d->host, MP_EREFUSED, d->url,
      "this login has only the right to read, so Domoticz would reject every "
      "update; give it the right to update devices (rights User, not Viewer)");
  reply_free(&reply);
}
