/*
 * Units and classes of Home Assistant.
 *
 * It refuses a sensor whose unit does not suit its device class, so a unit has
 * a device class only if every release from 2025.5 on accepts the pair
 * (homeassistant/components/sensor/const.py, DEVICE_CLASS_UNITS).  The unit
 * tests name the source of each rule.
 *
 * Volume is `volume`, never `water`: a heat meter counts the water that flows
 * past, not the water that is used, and the registers of a water meter have the
 * same names.  A difference of temperatures has no class: Home Assistant would
 * add 32 to convert it to Fahrenheit, and temperature_delta needs 2025.11.
 */
#include "plugins/mqtt/sensor_class.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/rfc3339.h"
#include "lib/unit.h"

static const char total_increasing[] = "total_increasing";
static const char total[] = "total";
static const char measurement[] = "measurement";

/* Device classes, and the state classes that suit them; others than these take
 * any.  DEVICE_CLASS_STATE_CLASSES in the same file. */
static const struct {
  const char *name;
  bool measures; /* measurement, and no total; false: the reverse */
} classes[] = {
  { "energy", false },     { "gas", false },
  { "volume", false },     { "water", false },
  { "current", true },     { "frequency", true },
  { "power", true },       { "pressure", true },
  { "temperature", true }, { "temperature_delta", true },
  { "voltage", true },     { "volume_flow_rate", true },
};

/* Units, as lib/unit.h displays them. */
static const struct unit_class {
  const char *unit;
  const char *spelling;     /* of Home Assistant; NULL: the same */
  const char *device_class; /* NULL: none */
} units[] = {
  { "J", NULL, "energy" },
  { "kJ", NULL, "energy" },
  { "MJ", NULL, "energy" },
  { "GJ", NULL, "energy" },
  { "Wh", NULL, "energy" },
  { "kWh", NULL, "energy" },
  { "MWh", NULL, "energy" },
  { "GWh", NULL, "energy" },
  { "cal", NULL, "energy" },
  { "kcal", NULL, "energy" },
  { "Mcal", NULL, "energy" },
  { "Gcal", NULL, "energy" },
  { "W", NULL, "power" },
  { "kW", NULL, "power" },
  { "MW", NULL, "power" },
  { "GW", NULL, "power" },
  { "mV", NULL, "voltage" },
  { "V", NULL, "voltage" },
  { "kV", NULL, "voltage" },
  { "mA", NULL, "current" },
  { "A", NULL, "current" },
  { "Hz", NULL, "frequency" },
  { "kHz", NULL, "frequency" },
  { "\302\260C", NULL, "temperature" },
  { "ml", "mL", "volume" },
  { "l", "L", "volume" },
  { "m\302\263", NULL, "volume" },
  { "USgal", "gal", "volume" },
  { "l/h", "L/h", "volume_flow_rate" },
  { "l/min", "L/min", "volume_flow_rate" },
  { "l/s", "L/s", "volume_flow_rate" },
  { "m\302\263/h", NULL, "volume_flow_rate" },
  { "USgal/min", "gal/min", "volume_flow_rate" },
  { "ms", NULL, "duration" },
  { "s", NULL, "duration" },
  { "min", NULL, "duration" },
  { "h", NULL, "duration" },
  { "days", "d", "duration" },
  { "Pa", NULL, "pressure" },
  { "hPa", NULL, "pressure" },
  { "kPa", NULL, "pressure" },
  { "mbar", NULL, "pressure" },
  { "bar", NULL, "pressure" },
  { "ton", "t", NULL },
  { "ton/h", "t/h", NULL },
};

static void
set_unit(struct sensor_class *ret, const char *symbol)
{
  if (!symbol || unit_same(symbol, NULL) || unit_is_text(symbol))
    return;
  ret->unit = unit_display(symbol);
  for (size_t i = 0; i < ARRAY_SIZE(units); i++)
    if (strcmp(units[i].unit, ret->unit) == 0) {
      ret->device_class = units[i].device_class;
      if (units[i].spelling)
        ret->unit = units[i].spelling;
      return;
    }
}

/* A meter may give the difference of two temperatures in C. */
static bool
is_difference(const struct mp_target *target)
{
  return target->unit && unit_same(target->unit, "K");
}

/* The kind of the field, because the displayed value of a target has none. */
static uint32_t
kind_of(const struct mp_target *target, const struct mp_value *value)
{
  return target->kind && value->kind != MP_TEXT ? target->kind : value->kind;
}

/* Numbers without a unit are codes and settings; their mean has no meaning. */
static const char *
state_class_of(const struct mp_target *target, uint32_t kind, const char *unit)
{
  bool sum = target->flags & MP_TARGET_TOTAL;

  if (kind == MP_DELTA && !sum)
    return NULL;
  if (kind == MP_GAUGE)
    return sum ? total : unit ? measurement : NULL;
  return total_increasing;
}

static bool
suits(const char *device_class, const char *state_class)
{
  for (size_t i = 0; device_class && i < ARRAY_SIZE(classes); i++)
    if (strcmp(classes[i].name, device_class) == 0)
      return classes[i].measures == (state_class == measurement);
  return true;
}

/* A date, or a time with its zone; Home Assistant reports any other text of
 * these classes as an error. */
static const char *
text_class(const char *text)
{
  char midnight[RFC3339_SIZE];
  int64_t ms;

  if (rfc3339_parse(text, &ms))
    return "timestamp";
  if (strlen(text) != sizeof("2026-11-22") - 1)
    return NULL;
  snprintf(midnight, sizeof(midnight), "%sT00:00:00Z", text);
  return rfc3339_parse(midnight, &ms) ? "date" : NULL;
}

static void
override(const char **class, const char *option)
{
  if (option)
    *class = strcmp(option, "none") == 0 ? NULL : option;
}

void
sensor_class_of(const struct mp_target *target, const struct mp_value *value,
                const struct sensor_options *options, struct sensor_class *ret)
{
  uint32_t kind = kind_of(target, value);

  *ret = (struct sensor_class){ .decimals = -1 };
  if (kind == MP_TEXT) {
    ret->device_class = text_class(value->text);
    override(&ret->device_class, options->device_class);
    return;
  }
  ret->decimals = value->number.exp10 < 0 ? -value->number.exp10 : 0;
  set_unit(ret, options->unit ? options->unit : value->unit);
  if (is_difference(target) || (kind == MP_DELTA))
    ret->device_class = NULL;
  override(&ret->device_class, options->device_class);
  ret->state_class = state_class_of(target, kind, ret->unit);
  if (!suits(ret->device_class, ret->state_class))
    ret->state_class = NULL;
  override(&ret->state_class, options->state_class);
}
