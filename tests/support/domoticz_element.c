/*
 * A device as an element of a reply: only members that carry information, in
 * the order and layout of the recordings.
 */
#include "tests/support/domoticz_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
member(struct text_buffer *out, const char *name, const char *text)
{
  domoticz_printf(out, "\t\t\t\"%s\" : ", name);
  domoticz_quote(out, text);
  domoticz_printf(out, ",\n");
}

/* Appends TEXT without quotes: "15", "true". */
static void
bare(struct text_buffer *out, const char *name, const char *text)
{
  domoticz_printf(out, "\t\t\t\"%s\" : %s,\n", name, text);
}

/* Appends a double: 17 significant digits, with a decimal point. */
static void
number(struct text_buffer *out, const char *name, double value)
{
  char text[64];

  if (isnan(value))
    snprintf(text, sizeof(text), "null");
  else if (isinf(value))
    snprintf(text, sizeof(text), "%s", value < 0 ? "-1e+9999" : "1e+9999");
  else
    snprintf(text, sizeof(text), "%.17g", value);
  if (!strpbrk(text, ".en"))
    snprintf(text + strlen(text), sizeof(text) - strlen(text), ".0");
  bare(out, name, text);
}

static bool
has_divider(const struct domoticz_device *d)
{
  return d->type->show == DOMOTICZ_SHOW_COUNTER ||
         d->type->show == DOMOTICZ_SHOW_MANAGED;
}

static void
today(struct domoticz_server *s, const struct domoticz_device *d,
      const char *data, struct text_buffer *out)
{
  if (d->type->show != DOMOTICZ_SHOW_COUNTER)
    return;
  member(out, "CounterToday", s->rows_logged ? data : "0");
}

/* Appends the power of a kWh device: the W of "W;Wh". */
static void
usage(const struct domoticz_device *d, struct text_buffer *out)
{
  char text[64];

  snprintf(text, sizeof(text), "%g Watt", atof(d->now.text));
  member(out, "Usage", text);
}

/* Appends today's energy of a kWh device: three decimals once a row of today is
 * logged. */
static void
today_kwh(const struct domoticz_server *s, const char *data,
          struct text_buffer *out)
{
  member(out, "CounterToday", s->rows_logged ? data : "0 kWh");
}

static void
value_units(const struct domoticz_device *d, struct text_buffer *out)
{
  bool own = d->type->switch_type == 3;

  member(out, "ValueQuantity", own ? "Energy" : "Custom");
  member(out, "ValueUnits", own ? d->label : "");
}

/* Appends the hardware; values for deleted hardware are as recorded. */
static void
put_hardware(const struct domoticz_server *s, const struct domoticz_device *d,
             struct text_buffer *out)
{
  bool gone = s->hardware == 0;

  bare(out, "HardwareDisabled", gone || d->disabled ? "true" : "false");
  bare(out, "HardwareID", "2");
  member(out, "HardwareName", gone ? "Unknown?" : "Virtual");
  bare(out, "HardwareTypeVal", gone ? "0" : "15");
}

static void
put_members(struct domoticz_server *s, const struct domoticz_device *d,
            const char *data, bool raw, struct text_buffer *out)
{
  char text[64];
  bool custom = strcmp(d->type->name, "custom") == 0;
  bool computed = strcmp(d->type->name, "kwh-computed") == 0;
  bool counts = has_divider(d) && !raw;

  number(out, "AddjMulti", 1);
  number(out, "AddjMulti2", 1);
  number(out, "AddjValue", d->offset);
  number(out, "AddjValue2", d->divider);
  bare(out, "BatteryLevel", "255");
  if (counts) {
    member(out, "Counter", data);
    today(s, d, data, out);
  }
  if (d->type->show == DOMOTICZ_SHOW_KWH && !raw)
    today_kwh(s, data, out);
  if (d->type->show == DOMOTICZ_SHOW_GAS && !raw)
    member(out, "Counter", s->rows_logged ? data : "0.000");
  member(out, "Data", data);
  if (counts)
    number(out, "Divider", d->divider != 0 ? d->divider : d->type->divider);
  if (d->type->show == DOMOTICZ_SHOW_KWH)
    member(out, "EnergyMeterMode", computed ? "1" : "");
  put_hardware(s, d, out);
  if (!raw)
    bare(out, "HaveTimeout", "false");
  domoticz_time(d->now.updated, text, sizeof(text));
  member(out, "LastUpdate", text);
  member(out, "Name", d->name);
  if (d->type->member && d->type->member[0] < 'S' && !raw)
    number(out, d->type->member, atof(d->now.text));
  if (custom) {
    bare(out, "SensorType", "1");
    member(out, "SensorUnit", d->label);
  }
  member(out, "SubType", d->type->subtype);
  if (d->type->switch_type >= 0 &&
      (!raw || d->type->show == DOMOTICZ_SHOW_KWH)) {
    snprintf(text, sizeof(text), "%d", d->type->switch_type);
    bare(out, "SwitchTypeVal", text);
  }
  if (d->type->member && d->type->member[0] == 'T')
    number(out, d->type->member, domoticz_degrees(s, atof(d->now.text)));
  member(out, "Type", d->type->type);
  if (d->type->show == DOMOTICZ_SHOW_KWH && !raw)
    usage(d, out);
  bare(out, "Used", d->used ? "1" : "0");
  if (counts)
    value_units(d, out);
  if (d->type->member && d->type->member[0] == 'V')
    number(out, d->type->member, atof(d->now.text));
}

void
domoticz_element(struct domoticz_server *s, const struct domoticz_device *d,
                 struct text_buffer *out)
{
  locale_t was = uselocale(s->c_locale);
  size_t size = strlen(d->now.text) + 512;
  char *data = malloc(size);
  bool raw;

  if (!data)
    domoticz_die("out of memory");
  raw = domoticz_show(s, d, data, size);
  domoticz_printf(out, "\t\t{\n");
  put_members(s, d, data, raw, out);
  domoticz_printf(out, "\t\t\t\"idx\" : \"%u\"\n\t\t}", d->idx);
  free(data);
  uselocale(was);
}
