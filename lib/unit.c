/*
 * The unit table, and conversion by exact factors.
 *
 * A unit is a multiple of its quantity's base unit.  Two units of one quantity
 * convert exactly when the ratio of their factors is a finite decimal: 1 MWh is
 * 3.6 GJ, but 1 GJ is 0.2777... MWh.  Texts (dates, addresses) have a symbol
 * and nothing to convert.
 */
#include "lib/unit.h"

#include <string.h>
#include <strings.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"

enum quantity {
  NONE,
  TEXT,
  ENERGY,
  REACTIVE_ENERGY,
  APPARENT_ENERGY,
  POWER,
  REACTIVE_POWER,
  APPARENT_POWER,
  VOLTAGE,
  CURRENT,
  TEMPERATURE,
  DIFFERENCE,
  VOLUME,
  FLOW,
  VOLUME_TEMPERATURE,
  MASS,
  MASS_FLOW,
  DURATION,
  PRESSURE,
  PULSE_VALUE,
  PULSE_RATE,
  FREQUENCY,
  ANGLE,
  RATIO,
  HUMIDITY,
  OXYGEN,
  SPEED,
  SPECIFIC_ENERGY,
  ACIDITY,
  MOISTURE,
};

struct unit {
  const char *symbol;
  const char *display; /* for people; NULL: the symbol */
  enum quantity quantity;
  struct mp_decimal factor; /* value of one such unit in base units */
};

/*
 * The symbols of KMP, and related ones that people write.  Base units are J, W,
 * l, l/h, kg, kg/h, s and bar.  The calorie is that of the International Table,
 * 4.1868 J; the gallon is 231 cubic inches.
 */
static const struct unit units[] = {
  { "", NULL, NONE, { 1, 0 } },
  { "number", NULL, NONE, { 1, 0 } },

  { "J", NULL, ENERGY, { 1, 0 } },
  { "kJ", NULL, ENERGY, { 1, 3 } },
  { "MJ", NULL, ENERGY, { 1, 6 } },
  { "GJ", NULL, ENERGY, { 1, 9 } },
  { "TJ", NULL, ENERGY, { 1, 12 } },
  { "Wh", NULL, ENERGY, { 36, 2 } },
  { "kWh", NULL, ENERGY, { 36, 5 } },
  { "MWh", NULL, ENERGY, { 36, 8 } },
  { "GWh", NULL, ENERGY, { 36, 11 } },
  { "cal", NULL, ENERGY, { 41868, -4 } },
  { "kcal", NULL, ENERGY, { 41868, -1 } },
  { "Mcal", NULL, ENERGY, { 41868, 2 } },
  { "Gcal", NULL, ENERGY, { 41868, 5 } },

  { "varh", NULL, REACTIVE_ENERGY, { 1, 0 } },
  { "kvarh", NULL, REACTIVE_ENERGY, { 1, 3 } },
  { "Mvarh", NULL, REACTIVE_ENERGY, { 1, 6 } },
  { "Gvarh", NULL, REACTIVE_ENERGY, { 1, 9 } },
  { "VAh", NULL, APPARENT_ENERGY, { 1, 0 } },
  { "kVAh", NULL, APPARENT_ENERGY, { 1, 3 } },
  { "MVAh", NULL, APPARENT_ENERGY, { 1, 6 } },
  { "GVAh", NULL, APPARENT_ENERGY, { 1, 9 } },

  { "W", NULL, POWER, { 1, 0 } },
  { "kW", NULL, POWER, { 1, 3 } },
  { "MW", NULL, POWER, { 1, 6 } }, /* before mW: see unit_in_any_case */
  { "mW", NULL, POWER, { 1, -3 } },
  { "GW", NULL, POWER, { 1, 9 } },
  { "var", NULL, REACTIVE_POWER, { 1, 0 } },
  { "kvar", NULL, REACTIVE_POWER, { 1, 3 } },
  { "Mvar", NULL, REACTIVE_POWER, { 1, 6 } },
  { "Gvar", NULL, REACTIVE_POWER, { 1, 9 } },
  { "VA", NULL, APPARENT_POWER, { 1, 0 } },
  { "kVA", NULL, APPARENT_POWER, { 1, 3 } },
  { "MVA", NULL, APPARENT_POWER, { 1, 6 } },
  { "GVA", NULL, APPARENT_POWER, { 1, 9 } },

  { "mV", NULL, VOLTAGE, { 1, -3 } },
  { "V", NULL, VOLTAGE, { 1, 0 } },
  { "kV", NULL, VOLTAGE, { 1, 3 } },
  { "mA", NULL, CURRENT, { 1, -3 } },
  { "A", NULL, CURRENT, { 1, 0 } },
  { "kA", NULL, CURRENT, { 1, 3 } },
  { "Hz", NULL, FREQUENCY, { 1, 0 } },
  { "kHz", NULL, FREQUENCY, { 1, 3 } },

  /* KMP's K is a temperature difference: 20 C does not convert to 293 K. */
  { "C", "\302\260C", TEMPERATURE, { 1, 0 } },
  { "K", NULL, DIFFERENCE, { 1, 0 } },

  { "ml", NULL, VOLUME, { 1, -3 } },
  { "l", NULL, VOLUME, { 1, 0 } },
  { "m3", "m\302\263", VOLUME, { 1, 3 } },
  { "USgal", NULL, VOLUME, { INT64_C(3785411784), -9 } },
  { "l/h", NULL, FLOW, { 1, 0 } },
  { "l/min", NULL, FLOW, { 60, 0 } },
  { "l/s", NULL, FLOW, { 3600, 0 } },
  { "m3/h", "m\302\263/h", FLOW, { 1, 3 } },
  { "m3/min", "m\302\263/min", FLOW, { 60, 3 } },
  { "m3/s", "m\302\263/s", FLOW, { 3600, 3 } },
  { "USgal/min", NULL, FLOW, { INT64_C(22712470704), -8 } },
  { "m3xC", "m\302\263\303\227\302\260C", VOLUME_TEMPERATURE, { 1, 0 } },

  { "g", NULL, MASS, { 1, -3 } },
  { "kg", NULL, MASS, { 1, 0 } },
  { "ton", NULL, MASS, { 1, 3 } },
  { "kg/h", NULL, MASS_FLOW, { 1, 0 } },
  { "ton/h", NULL, MASS_FLOW, { 1, 3 } },

  { "ms", NULL, DURATION, { 1, -3 } },
  { "s", NULL, DURATION, { 1, 0 } },
  { "min", NULL, DURATION, { 60, 0 } },
  { "h", NULL, DURATION, { 3600, 0 } },
  { "days", NULL, DURATION, { 86400, 0 } },

  { "Pa", NULL, PRESSURE, { 1, -5 } },
  { "hPa", NULL, PRESSURE, { 1, -3 } },
  { "kPa", NULL, PRESSURE, { 1, -2 } },
  { "MPa", NULL, PRESSURE, { 10, 0 } },
  { "mbar", NULL, PRESSURE, { 1, -3 } },
  { "bar", NULL, PRESSURE, { 1, 0 } },

  { "imp/l", NULL, PULSE_VALUE, { 1, 0 } },
  { "l/imp", NULL, PULSE_RATE, { 1, 0 } },
  { "deg", "\302\260", ANGLE, { 1, 0 } },
  { "%", NULL, RATIO, { 1, 0 } },
  { "%RH", NULL, HUMIDITY, { 1, 0 } },
  { "%O2", NULL, OXYGEN, { 1, 0 } },
  { "m/s", NULL, SPEED, { 1, 0 } },
  { "kJ/kg", NULL, SPECIFIC_ENERGY, { 1, 0 } },
  { "pH", NULL, ACIDITY, { 1, 0 } },
  { "g/kg", NULL, MOISTURE, { 1, 0 } },

  { "hh:mm:ss", NULL, TEXT, { 1, 0 } },
  { "yy:mm:dd", NULL, TEXT, { 1, 0 } },
  { "yyyy:mm:dd", NULL, TEXT, { 1, 0 } },
  { "mm:dd", NULL, TEXT, { 1, 0 } },
  { "RTC", NULL, TEXT, { 1, 0 } },
  { "RTC-Q", NULL, TEXT, { 1, 0 } },
  { "datetime", NULL, TEXT, { 1, 0 } },
  { "datetime-dst", NULL, TEXT, { 1, 0 } },
  { "KamDateTime", NULL, TEXT, { 1, 0 } },
  { "ASCII", NULL, TEXT, { 1, 0 } },
  { "bitfield", NULL, TEXT, { 1, 0 } },
  { "IPv4", NULL, TEXT, { 1, 0 } },
  { "IPv6", NULL, TEXT, { 1, 0 } },
};

/* Other spellings that mean exactly one unit. */
static const struct alias {
  const char *spelling;
  const char *symbol;
} aliases[] = {
  { "\342\204\203", "C" }, /* U+2103, degree Celsius as one character */
  { "m\302\263\302\260C", "m3xC" },
  { "m\302\263\302\267\302\260C", "m3xC" },
  { "m\302\263xC", "m3xC" },
  { "L", "l" },
  { "L/h", "l/h" },
  { "L/min", "l/min" },
  { "L/s", "l/s" },
  { "t", "ton" },
  { "t/h", "ton/h" },
  { "d", "days" },
  { "day", "days" },
};

static const char *
display_of(const struct unit *unit)
{
  return unit->display ? unit->display : unit->symbol;
}

static const struct unit *
find_symbol(const char *symbol)
{
  for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
    if (strcmp(units[i].symbol, symbol) == 0)
      return &units[i];
  }
  return NULL;
}

/* Returns the row of a unit in any of its spellings; NULL: not in the table. */
static const struct unit *
find_unit(const char *symbol)
{
  const struct unit *unit;

  if (!symbol)
    return &units[0];
  unit = find_symbol(symbol);
  if (unit)
    return unit;
  for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
    if (units[i].display && strcmp(units[i].display, symbol) == 0)
      return &units[i];
  }
  for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
    if (strcmp(aliases[i].spelling, symbol) == 0)
      return find_symbol(aliases[i].symbol);
  }
  return NULL;
}

const char *
unit_canonical(const char *symbol)
{
  const struct unit *unit = find_unit(symbol);

  return unit ? unit->symbol : symbol;
}

const char *
unit_display(const char *symbol)
{
  const struct unit *unit = find_unit(symbol);

  return unit ? display_of(unit) : symbol;
}

const char *
unit_in_any_case(const char *text)
{
  if (find_symbol(text))
    return text;
  for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
    if (units[i].quantity > TEXT && strcasecmp(units[i].symbol, text) == 0)
      return units[i].symbol;
  }
  return text;
}

bool
unit_known(const char *symbol)
{
  return find_unit(symbol);
}

bool
unit_is_text(const char *symbol)
{
  const struct unit *unit = find_unit(symbol);

  return unit && unit->quantity == TEXT;
}

static const char *const quantities[] = {
  [NONE] = "number",
  [ENERGY] = "energy",
  [REACTIVE_ENERGY] = "reactive energy",
  [APPARENT_ENERGY] = "apparent energy",
  [POWER] = "power",
  [REACTIVE_POWER] = "reactive power",
  [APPARENT_POWER] = "apparent power",
  [VOLTAGE] = "voltage",
  [CURRENT] = "current",
  [TEMPERATURE] = "temperature",
  [DIFFERENCE] = "temperature difference",
  [VOLUME] = "volume",
  [FLOW] = "volume flow",
  [VOLUME_TEMPERATURE] = "volume times temperature",
  [MASS] = "mass",
  [MASS_FLOW] = "mass flow",
  [DURATION] = "duration",
  [PRESSURE] = "pressure",
  [PULSE_VALUE] = "pulses per volume",
  [PULSE_RATE] = "volume per pulse",
  [FREQUENCY] = "frequency",
  [ANGLE] = "angle",
  [RATIO] = "ratio",
  [HUMIDITY] = "relative humidity",
  [OXYGEN] = "oxygen",
  [SPEED] = "speed",
  [SPECIFIC_ENERGY] = "specific energy",
  [ACIDITY] = "acidity",
  [MOISTURE] = "moisture",
};

const char *
unit_quantity(const char *symbol)
{
  const struct unit *unit = find_unit(symbol);

  return unit && unit->quantity != TEXT ? quantities[unit->quantity] : NULL;
}

bool
unit_same(const char *a, const char *b)
{
  const struct unit *x, *y;

  if (a == b) /* interned: the usual case */
    return true;
  x = find_unit(a);
  y = find_unit(b);
  if (!x || !y)
    return x == y && strcmp(a, b) == 0;
  return x == y || (x->quantity == NONE && y->quantity == NONE);
}

/* ---- Conversion ---------------------------------------------------------- */

/* Returns whether X and Y, which can be NULL, measure the same quantity. */
static bool
same_quantity(const struct unit *x, const struct unit *y)
{
  return x && y && x->quantity == y->quantity && x->quantity != TEXT;
}

bool
unit_converts(const char *from, const char *to)
{
  return unit_same(from, to) || same_quantity(find_unit(from), find_unit(to));
}

int
unit_convert(struct mp_decimal *d, const char *from, const char *to,
             int32_t place)
{
  const struct unit *x = find_unit(from), *y = find_unit(to);
  struct mp_decimal ratio;

  if (unit_same(from, to))
    return MP_OK;
  if (!same_quantity(x, y))
    return MP_ECONFIG;
  if (decimal_divide_exactly(x->factor, y->factor, &ratio) == MP_OK)
    return decimal_mul(*d, ratio, d);
  if (place == MP_EXACT)
    return MP_ECONFIG;
  /* A single value may convert exactly, but its unit does not in general. */
  if (decimal_scale(*d, x->factor, y->factor, place, d) < 0)
    return MP_ERANGE;
  return MP_DROP;
}
