/*
 * The first value of a counter.  Domoticz logs a row for each counter every
 * five minutes.  If it logged 0 before the first reading arrives, it counts the
 * whole reading as the use of that day, in all graphs and costs, permanently.
 */
#include "plugins/domoticz/domoticz.h"

/* Returns true if VALUE, for SLOT, puts a reading into a counter that
 * Domoticz has logged as 0 today.  Excludes running totals, which begin at 0,
 * and deltas, which are no readings. */
static bool
counter_would_jump(const struct slot *slot, const struct mp_value *value)
{
  const struct device *device = &slot->device;

  return value && !value->text && device->logged_today &&
         !(slot->flags & MP_TARGET_TOTAL) && slot->kind != MP_DELTA &&
         device->value.coef == 0 && value->number.coef != 0;
}

void
first_day_warn(const struct domoticz *d, const struct slot *slot)
{
  const struct mp_value *value = domoticz_value(d, slot);
  char number[DECIMAL_TEXT];

  if (!counter_would_jump(slot, value))
    return;
  decimal_format(value->number, number, sizeof(number));
  mp_log(d->host, MP_LOG_NOTICE, slot->object,
         "\"%s\" (%s): Domoticz logged this counter as 0 before its first "
         "value, so its graphs show %s %s as today's usage; its next values "
         "are right; to remove today's bar, log in to Domoticz as an "
         "administrator and click the bar with Shift held",
         slot->device.name, slot->device.kind, number, slot->device.unit);
}
