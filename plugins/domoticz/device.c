/*
 * How each type of Domoticz device displays the value that it stores.  No reply
 * holds the stored text: each type rounds it in its own way.  The digits that
 * are certain decide whether a sent value counts as arrived.
 */
#include "plugins/domoticz/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/digit.h"
#include "lib/utf8.h"

/* LastUpdate and ActTime are compared modulo a quarter of an hour, because all
 * time zones differ by whole quarters. */
#define QUARTER_S 900

/* printf precision: a counter with own unit displays %.10g, other types %g. */
#define COUNTER_DIGITS 10
#define SHOWN_DIGITS 6
/* A double holds at least this many significant digits. */
#define DOUBLE_DIGITS 15

#define SWITCH_TYPE_GAS "1"
#define SWITCH_TYPE_WATER "2"
#define SWITCH_TYPE_CUSTOM "3"
#define SWITCH_TYPE_TIME "5"

#define USE_INSTEAD                                                            \
  "use a Counter with own unit, a kWh device, a Custom Sensor, a Temperature " \
  "or a Text device"

/* The types whose replies were captured; the last row is for any other type. */
static const struct device_type types[] = {
  { "General", "Custom Sensor", DEVICE_SIX_DIGITS, "Custom Sensor", NULL,
    NULL },
  { "General", "Waterflow", DEVICE_SIX_DIGITS, "Waterflow", NULL, NULL },
  { "General", "Percentage", DEVICE_SIX_DIGITS, "Percentage", NULL, NULL },
  { "Usage", "Electric", DEVICE_SIX_DIGITS, "Usage", NULL, NULL },
  { "General", "Pressure", DEVICE_MEMBER, "Pressure", "Pressure", NULL },
  { "General", "Voltage", DEVICE_MEMBER, "Voltage", "Voltage", NULL },
  { "Temp", NULL, DEVICE_TEMPERATURE, "Temperature", NULL, NULL },
  { "RFXMeter", NULL, DEVICE_COUNTER, "Counter", NULL, NULL },
  { "General", "Managed Counter", DEVICE_COUNTER, "Managed Counter", NULL,
    NULL },
  { "General", "Counter Incremental", DEVICE_COUNTER, "Counter Incremental",
    NULL,
    "every update would be added to it instead of replacing its value; use a "
    "Counter instead (with own unit GJ and divider 1000 for GJ)" },
  { "P1 Smart Meter", "Gas", DEVICE_GAS, "P1 gas", NULL, NULL },
  { "General", "kWh", DEVICE_KWH, "kWh", NULL, NULL },
  { "General", "Text", DEVICE_TEXT, "Text", NULL, NULL },
  { NULL, NULL, DEVICE_OTHER, NULL, NULL,
    "this type does not hold one value; " USE_INSTEAD },
};

/* Labels of Domoticz that differ from the usual spelling of the unit. */
static const struct {
  const char *label;
  const char *unit;
} labels[] = {
  { "Watt", "W" },
  { "Bar", "bar" },
  { "Liter", "l" },
};

static const char *
text_or_empty(const cJSON *object, const char *member)
{
  const char *text = reply_member(object, member);

  return text ? text : "";
}

static const struct device_type *
find_type(const cJSON *object)
{
  const char *type = text_or_empty(object, "Type");
  const char *subtype = text_or_empty(object, "SubType");
  size_t i;

  for (i = 0; types[i].type; i++)
    if (strcmp(types[i].type, type) == 0 &&
        (!types[i].subtype || strcmp(types[i].subtype, subtype) == 0))
      break;
  return &types[i];
}

void
device_copy_text(char *buf, size_t size, const char *text)
{
  char character[4];
  size_t out = 0, n;

  while (text && *text != '\0') {
    n = utf8_clean(character, &text);
    if (out + n >= size)
      break;
    memcpy(buf + out, character, n);
    out += n;
  }
  buf[out] = '\0';
}

/* ---- Time ---------------------------------------------------------------- */

uint32_t
device_wait_ms(const char *updated, int64_t act_time)
{
  /* Offsets in "2026-11-22 06:07:57"; only 07:57 is used. */
  const size_t minute_at = 14, second_at = 17, length = 19;
  int minute, second, since;

  if (updated[0] == '\0')
    return 0;
  if (strlen(updated) != length || act_time < 0)
    return 2000;
  minute = two_digits(updated + minute_at);
  second = two_digits(updated + second_at);
  if (minute < 0 || second < 0)
    return 2000;
  /* Both times are cut to whole seconds.  The server's clock is at least
   * act_time, so after this wait it is certainly updated + 2 or later. */
  since = (int)((act_time - minute * 60 - second) % QUARTER_S);
  if (since < 0)
    since += QUARTER_S;
  if (since >= QUARTER_S - 2) /* the clock was set back a little */
    since -= QUARTER_S;
  return since >= 2 ? 0 : (uint32_t)(2 - since) * 1000;
}

/* ---- Displayed values ---------------------------------------------------- */

static void
fail_device(struct device *d, enum device_state state, const char *problem)
{
  d->state = state;
  snprintf(d->problem, sizeof(d->problem), "%s", problem);
}

static void
garbled_device(struct device *d)
{
  d->state = DEVICE_GARBLED;
  snprintf(d->problem, sizeof(d->problem),
           "displays \"%s\", which is not a number; correct it once by hand",
           d->data);
}

/* Takes the unit from the text after the number: " GJ", "%". */
static void
set_unit(struct device *d, const char *label)
{
  size_t len;

  while (*label == ' ')
    label++;
  for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
    if (strcmp(label, labels[i].label) == 0)
      label = labels[i].unit;
  device_copy_text(d->unit, sizeof(d->unit), label);
  len = strlen(d->unit);
  while (len > 0 && d->unit[len - 1] == ' ')
    d->unit[--len] = '\0';
}

/* Reads the number at the beginning of DATA and the unit after it. */
static bool
parse_data(struct device *d, const char *data)
{
  size_t n = decimal_parse_prefix(data, &d->value);

  /* "0, 1.5e3" is nvalue and svalue: Domoticz could not parse the svalue. */
  if (n == 0 || data[n] == ',' || data[n] == '.') {
    garbled_device(d);
    return false;
  }
  set_unit(d, data + n);
  return true;
}

/* The place of the last of DIGITS significant digits.  Fewer digits may be
 * written, because Domoticz drops zeros at the end. */
static int32_t
digits_place(struct mp_decimal n, int32_t digits)
{
  return n.coef == 0 ? MP_EXACT : decimal_digit_place(n, digits);
}

/* The place of the last of DECIMALS decimals, but not beyond the digits that a
 * double holds. */
static int32_t
decimals_place(struct mp_decimal n, int32_t decimals)
{
  int32_t place = digits_place(n, DOUBLE_DIGITS);

  return place > -decimals ? place : -decimals;
}

/* Parses a double that is written with 17 digits (6.2549999999999999 for 6.255)
 * and rounds it to 15. */
static bool
parse_double(const char *text, struct mp_decimal *ret)
{
  struct mp_decimal n;
  size_t len = text ? decimal_parse_prefix(text, &n) : 0;
  int32_t place;

  if (len == 0 || text[len] != '\0')
    return false;
  place = decimal_digit_place(n, DOUBLE_DIGITS);
  if (place > DECIMAL_MAX_EXP || decimal_round(&n, place) < 0)
    return false;
  decimal_trim(&n);
  *ret = n;
  return true;
}

/* Subtracts the offset (AddjValue) that the user gave the device: the displayed
 * value includes it. */
static bool
take_off_offset(struct device *d, const cJSON *object)
{
  struct mp_decimal offset;

  if (!reply_member(object, "AddjValue"))
    return true;
  if (!parse_double(reply_member(object, "AddjValue"), &offset) ||
      decimal_sub(d->value, offset, &d->value) != MP_OK) {
    fail_device(d, DEVICE_GARBLED,
                "its meter offset (AddjValue) is not a valid number");
    return false;
  }
  return true;
}

static void
parse_six_digits(struct device *d, const char *data)
{
  if (parse_data(d, data))
    d->place = digits_place(d->value, SHOWN_DIGITS);
}

static void
parse_member(struct device *d, const cJSON *object, const char *data)
{
  if (!parse_data(d, data))
    return;
  if (!parse_double(reply_member(object, d->type->member), &d->value)) {
    garbled_device(d);
    return;
  }
  d->place = digits_place(d->value, DOUBLE_DIGITS);
}

/* Converts degrees Fahrenheit to Celsius, with two decimals.  Returns false if
 * that does not fit. */
static bool
make_celsius(struct mp_decimal *d)
{
  static const struct mp_decimal freezing = { 32, 0 }, five = { 5, 0 },
                                 nine = { 9, 0 };

  return decimal_sub(*d, freezing, d) == MP_OK &&
         decimal_scale(*d, five, nine, -2, d) >= 0;
}

/* Domoticz stores and takes Celsius, but can display Fahrenheit. */
static void
parse_temperature(struct device *d, const cJSON *object, const char *data)
{
  if (!parse_data(d, data))
    return;
  d->fahrenheit = strcmp(d->unit, "F") == 0;
  if (!parse_double(reply_member(object, "Temp"), &d->value) ||
      (d->fahrenheit && !make_celsius(&d->value))) {
    garbled_device(d);
    return;
  }
  if (d->fahrenheit)
    snprintf(d->unit, sizeof(d->unit), "C");
  d->place = -2;
  d->step = (struct mp_decimal){ 1, -2 };
  decimal_round(&d->value, d->place);
  take_off_offset(d, object);
}

/* Sets the counter's step, 1 / Divider: the stored count is the value times
 * Divider. */
static bool
parse_divider(struct device *d, const cJSON *object)
{
  static const struct mp_decimal one = { 1, 0 };
  const char *text = reply_member(object, "Divider");
  struct mp_decimal divider;

  if (!parse_double(text, &divider)) {
    fail_device(d, DEVICE_GARBLED,
                "its divider (Divider) is missing from the reply");
    return false;
  }
  if (decimal_divide_exactly(one, divider, &d->step) != MP_OK) {
    d->state = DEVICE_UNFIT;
    snprintf(
      d->problem, sizeof(d->problem),
      "its divider %.24s gives steps that are not decimal numbers; give it the "
      "divider 1000",
      text);
    return false;
  }
  return true;
}

/* CounterToday, the use of today, is "0" (of a kWh device "0 kWh") until the
 * log has a row of today. */
static bool
is_logged_today(const cJSON *object)
{
  const char *today = text_or_empty(object, "CounterToday");

  return today[0] != '\0' && strcmp(today, "0") != 0 &&
         strcmp(today, "0 kWh") != 0;
}

static void
parse_use(struct device *d, const cJSON *object)
{
  const char *kind = text_or_empty(object, "SwitchTypeVal");

  d->managed = strcmp(d->type->label, "Managed Counter") == 0;
  d->logged_today = !d->managed && is_logged_today(object);
  if (strcmp(kind, SWITCH_TYPE_GAS) == 0)
    d->sold_as = SOLD_AS_GAS;
  else if (strcmp(kind, SWITCH_TYPE_WATER) == 0)
    d->sold_as = SOLD_AS_WATER;
}

static void
parse_counter(struct device *d, const cJSON *object, const char *data)
{
  const char *kind = text_or_empty(object, "SwitchTypeVal");

  parse_use(d, object);
  d->custom_counter = strcmp(kind, SWITCH_TYPE_CUSTOM) == 0;
  if (strcmp(kind, SWITCH_TYPE_TIME) == 0) {
    fail_device(d, DEVICE_UNFIT,
                "a counter of type Time, which displays \"?\"; choose the type "
                "Counter for it (Edit, on the page Utility)");
    return;
  }
  if (!parse_data(d, data) || !parse_divider(d, object))
    return;
  d->place = d->custom_counter ? digits_place(d->value, COUNTER_DIGITS)
                               : decimals_place(d->value, 3);
  take_off_offset(d, object);
}

static void
parse_thousandths(struct device *d, const char *data)
{
  d->step = (struct mp_decimal){ 1, -3 };
  if (parse_data(d, data))
    d->place = decimals_place(d->value, 3);
}

static void
parse_gas(struct device *d, const char *data)
{
  parse_thousandths(d, data);
  d->sold_as = SOLD_AS_GAS;
  snprintf(d->unit, sizeof(d->unit), "m3");
}

static void
parse_kwh(struct device *d, const cJSON *object, const char *data)
{
  const char *usage = text_or_empty(object, "Usage");

  parse_thousandths(d, data);
  d->logged_today = is_logged_today(object);
  snprintf(d->unit, sizeof(d->unit), "kWh");
  if (strcmp(data, "0, ") == 0)
    d->state = DEVICE_EMPTY;
  /* "Energy read: Computed": Domoticz discards the energy that it is sent. */
  if (strcmp(text_or_empty(object, "EnergyMeterMode"), "1") == 0)
    d->unfit = "computes its energy from its power and ignores the energy that "
               "it is sent; set its \"Energy read\" to \"From device\"";
  d->has_power = decimal_parse_prefix(usage, &d->power) > 0;
  if (d->has_power)
    d->power_place = digits_place(d->power, SHOWN_DIGITS);
}

/* "Hello World" is the text of a new device. */
static bool
parse_text(struct device *d, const char *data)
{
  d->text = utf8_repair(data);
  d->place = MP_EXACT;
  if (data[0] == '\0' || strcmp(data, "Hello World") == 0)
    d->state = DEVICE_EMPTY;
  return d->text;
}

static bool
parse_shown(struct device *d, const cJSON *object)
{
  const char *data = reply_member(object, "Data");

  if (d->type->form == DEVICE_OTHER) {
    fail_device(d, DEVICE_UNFIT, d->type->unfit);
    return true;
  }
  if (!data) {
    fail_device(d, DEVICE_GARBLED,
                "its displayed value (Data) is missing from the reply");
    return true;
  }
  switch (d->type->form) {
  case DEVICE_SIX_DIGITS:
    parse_six_digits(d, data);
    break;
  case DEVICE_MEMBER:
    parse_member(d, object, data);
    break;
  case DEVICE_TEMPERATURE:
    parse_temperature(d, object, data);
    break;
  case DEVICE_COUNTER:
    parse_counter(d, object, data);
    break;
  case DEVICE_GAS:
    parse_gas(d, data);
    break;
  case DEVICE_KWH:
    parse_kwh(d, object, data);
    break;
  case DEVICE_TEXT:
    return parse_text(d, data);
  case DEVICE_OTHER:
    break;
  }
  return true;
}

/* Sets kind: "Counter", or "Light/Switch / Switch" for a type not in the
 * table. */
static void
name_kind(struct device *d, const cJSON *object)
{
  char kind[sizeof(d->kind)];

  if (d->type->label)
    snprintf(kind, sizeof(kind), "%s", d->type->label);
  else
    snprintf(kind, sizeof(kind), "%.30s / %.30s", text_or_empty(object, "Type"),
             text_or_empty(object, "SubType"));
  device_copy_text(d->kind, sizeof(d->kind), kind);
}

bool
device_parse(const cJSON *object, int64_t act_time, struct device *ret)
{
  struct device d = { .type = find_type(object), .state = DEVICE_SHOWS };
  const char *updated = text_or_empty(object, "LastUpdate");

  d.unfit = d.type->unfit;
  name_kind(&d, object);
  device_copy_text(d.name, sizeof(d.name), reply_member(object, "Name"));
  device_copy_text(d.data, sizeof(d.data), reply_member(object, "Data"));
  device_copy_text(d.updated, sizeof(d.updated), updated);
  d.wait_ms = device_wait_ms(d.updated, act_time);
  d.hidden = d.name[0] == '$';
  d.disabled = reply_is_true(object, "HardwareDisabled");
  d.unused = strcmp(text_or_empty(object, "Used"), "0") == 0;
  if (!parse_shown(&d, object))
    return false;
  *ret = d;
  return true;
}

void
device_clear(struct device *device)
{
  free(device->text);
  memset(device, 0, sizeof(*device));
}

bool
device_reads_back(const struct device *device)
{
  switch (device->type->form) {
  case DEVICE_SIX_DIGITS:
    return false;
  case DEVICE_COUNTER:
    /* Counters without own unit display three decimals of any value. */
    return device->custom_counter || device->step.exp10 >= -3;
  default:
    return true;
  }
}
