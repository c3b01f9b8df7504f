/*
 * Units and classes of Home Assistant.
 *
 * From 2025.7 on, it refuses a sensor whose unit does not suit its device
 * class.  So a unit has a device class here only if every release since 2025.5
 * knows the pair; the unit tests name the source of each rule.
 *
 * A volume is never `water`: a heat meter counts the water that flows past, not
 * the water that is used, and the registers of water meters have the same
 * names.  A difference of temperatures has no device class: as a temperature,
 * Home Assistant would add 32 to convert it to Fahrenheit, and
 * temperature_delta needs 2025.11.
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

/* The state classes that suit a device class. */
enum suits { ANY, TOTALS, MEASUREMENT };

/* Device classes of units, and some more that users ask for. */
static const struct device_class {
  const char *name;
  enum suits suits;
  const char *units[13]; /* as Home Assistant spells them */
} classes[] = {
  { "current", MEASUREMENT, { "mA", "A" } },
  { "duration", ANY, { "ms", "s", "min", "h", "d" } },
  { "energy",
    TOTALS,
    { "J", "kJ", "MJ", "GJ", "Wh", "kWh", "MWh", "GWh", "cal", "kcal", "Mcal",
      "Gcal" } },
  { "frequency", MEASUREMENT, { "Hz", "kHz" } },
  { "gas", TOTALS, { NULL } },
  { "power", MEASUREMENT, { "W", "kW", "MW", "GW" } },
  { "pressure", MEASUREMENT, { "Pa", "hPa", "kPa", "mbar", "bar" } },
  { "temperature", MEASUREMENT, { "\302\260C" } },
  { "temperature_delta", MEASUREMENT, { NULL } },
  { "voltage", MEASUREMENT, { "mV", "V", "kV" } },
  { "volume", TOTALS, { "mL", "L", "m\302\263", "gal" } },
  { "volume_flow_rate",
    MEASUREMENT,
    { "L/h", "L/min", "L/s", "m\302\263/h", "gal/min" } },
  { "water", TOTALS, { NULL } },
};

/* Units that lib/unit.h displays in another way. */
static const struct {
  const char *ours, *spelling;
} spellings[] = {
  { "ml", "mL" },
  { "l", "L" },
  { "l/h", "L/h" },
  { "l/min", "L/min" },
  { "l/s", "L/s" },
  { "USgal", "gal" },
  { "USgal/min", "gal/min" },
  { "days", "d" },
  { "ton", "t" },
  { "ton/h", "t/h" },
};

/* Returns the unit SYMBOL as Home Assistant spells it; NULL: no unit. */
static const char *
spell_unit(const char *symbol)
{
  const char *unit;

  if (!symbol || unit_same(symbol, NULL) || unit_is_text(symbol))
    return NULL;
  unit = unit_display(symbol);
  for (size_t i = 0; i < ARRAY_SIZE(spellings); i++)
    if (strcmp(spellings[i].ours, unit) == 0)
      return spellings[i].spelling;
  return unit;
}

static const char *
class_of_unit(const char *unit)
{
  for (size_t i = 0; unit && i < ARRAY_SIZE(classes); i++)
    for (const char *const *p = classes[i].units; *p; p++)
      if (strcmp(*p, unit) == 0)
        return classes[i].name;
  return NULL;
}

static bool
suits(const char *device_class, const char *state_class)
{
  for (size_t i = 0; device_class && i < ARRAY_SIZE(classes); i++)
    if (strcmp(classes[i].name, device_class) == 0)
      return classes[i].suits == ANY ||
             (classes[i].suits == MEASUREMENT) == (state_class == measurement);
  return true;
}

/* A displayed value is of no kind in particular. */
static uint32_t
kind_of(const struct mp_target *target, const struct mp_value *value)
{
  if (target->kind)
    return target->kind;
  return target->flags & MP_TARGET_TOTAL ? MP_COUNTER : value->kind;
}

/* The mean of numbers without a unit, such as codes and settings, has no
 * meaning. */
static const char *
state_class_of(uint32_t kind, bool is_total, const char *unit)
{
  if (kind == MP_GAUGE)
    return is_total ? total : unit ? measurement : NULL;
  return kind == MP_COUNTER ? total_increasing : NULL;
}

/* Returns the class of a date, or of a time with its zone; Home Assistant
 * reports any other text in these classes as an error. */
static const char *
class_of_text(const char *text)
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

const char *
sensor_class_option(const struct mp_host *host, uint32_t number,
                    const char *key, const char *def)
{
  const char *text = host->target_option(host, number, key);

  if (!text)
    return def;
  return strcmp(text, "none") == 0 ? NULL : text;
}

/* A meter may give a difference in C.  An amount is no reading of a meter. */
static const char *
class_of_number(const struct mp_target *target, uint32_t kind, const char *unit)
{
  if (target->unit && unit_same(target->unit, "K"))
    return NULL;
  return kind == MP_DELTA ? NULL : class_of_unit(unit);
}

static void
describe_number(const struct mp_host *host, uint32_t number,
                const struct mp_value *value, struct sensor_class *ret)
{
  const struct mp_target *target = host->target(host, number);
  uint32_t kind = kind_of(target, value);
  const char *unit = host->target_option(host, number, "unit");

  ret->unit = spell_unit(unit ? unit : value->unit);
  ret->device_class = sensor_class_option(
    host, number, "device_class", class_of_number(target, kind, ret->unit));
  ret->state_class =
    state_class_of(kind, target->flags & MP_TARGET_TOTAL, ret->unit);
  if (!suits(ret->device_class, ret->state_class))
    ret->state_class = NULL;
  ret->decimals = value->number.exp10 < 0 ? -value->number.exp10 : 0;
  if (host->target_option(host, number, "precision"))
    ret->decimals = host->target_option_int(host, number, "precision");
}

void
sensor_class_of(const struct mp_host *host, uint32_t number,
                const struct mp_value *value, struct sensor_class *ret)
{
  *ret = (struct sensor_class){ .decimals = -1 };
  if (value->kind == MP_TEXT)
    ret->device_class = sensor_class_option(host, number, "device_class",
                                            class_of_text(value->text));
  else
    describe_number(host, number, value, ret);
  ret->state_class =
    sensor_class_option(host, number, "state_class", ret->state_class);
}
