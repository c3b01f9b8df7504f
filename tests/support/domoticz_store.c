/*
 * The devices of the stand-in: how each type stores an update and displays the
 * stored text.  All numbers go through double and printf, as in the real
 * server; the result must agree with the recordings.
 */
#include "lib/array.h"
#include "tests/support/domoticz_impl.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct domoticz_type types[] = {
  { "custom", "General", "Custom Sensor", DOMOTICZ_SHOW_G, NULL, "0.0", NULL,
    -1, 0, 1004 },
  { "waterflow", "General", "Waterflow", DOMOTICZ_SHOW_G, "l/min", "0.0", NULL,
    -1, 0, 1000 },
  { "percentage", "General", "Percentage", DOMOTICZ_SHOW_G, "%", "0.0", NULL,
    -1, 0, 2 },
  { "usage", "Usage", "Electric", DOMOTICZ_SHOW_G, "Watt", "0", NULL, -1, 0,
    248 },
  { "voltage", "General", "Voltage", DOMOTICZ_SHOW_G, "V", "0.000", "Voltage",
    -1, 0, 4 },
  { "barometer", "General", "Barometer", DOMOTICZ_SHOW_G, "hPa", "1021.34;0",
    "Barometer", -1, 0, 11 },
  { "pressure", "General", "Pressure", DOMOTICZ_SHOW_FIXED, "Bar", "0.0",
    "Pressure", -1, 0, 1 },
  { "temperature", "Temp", "LaCrosse TX3", DOMOTICZ_SHOW_TEMP, "C", "0.0",
    "Temp", -1, 0, 80 },
  { "counter", "RFXMeter", "RFXMeter counter", DOMOTICZ_SHOW_COUNTER, "kWh",
    "0", NULL, 0, 1000, 113 },
  { "counter-gas", "RFXMeter", "RFXMeter counter", DOMOTICZ_SHOW_COUNTER, "m3",
    "0", NULL, 1, 100, 0 },
  { "counter-water", "RFXMeter", "RFXMeter counter", DOMOTICZ_SHOW_COUNTER,
    "m3", "0", NULL, 2, 100, 0 },
  { "counter-custom", "RFXMeter", "RFXMeter counter", DOMOTICZ_SHOW_COUNTER,
    NULL, "0", NULL, 3, 1, 0 },
  { "counter-time", "RFXMeter", "RFXMeter counter", DOMOTICZ_SHOW_COUNTER, NULL,
    "0", NULL, 5, 1000, 0 },
  { "incremental", "General", "Counter Incremental", DOMOTICZ_SHOW_COUNTER,
    "kWh", "0", NULL, 0, 1000, 14 },
  { "managed", "General", "Managed Counter", DOMOTICZ_SHOW_MANAGED, "kWh",
    "-1;0", NULL, 0, 1000, 1005 },
  { "p1gas", "P1 Smart Meter", "Gas", DOMOTICZ_SHOW_GAS, "", "0", NULL, 1, 0,
    3 },
  { "kwh", "General", "kWh", DOMOTICZ_SHOW_KWH, "kWh", "0;0.0", NULL, 0, 0,
    18 },
  { "kwh-computed", "General", "kWh", DOMOTICZ_SHOW_KWH, "kWh", "0;0.0", NULL,
    0, 0, 0 },
  { "text", "General", "Text", DOMOTICZ_SHOW_TEXT, "", "Hello World", NULL, -1,
    0, 5 },
  { "alert", "General", "Alert", DOMOTICZ_SHOW_TEXT, "", "No Alert!", NULL, -1,
    0, 7 },
  { "setpoint", "Setpoint", "SetPoint", DOMOTICZ_SHOW_SETPOINT, "", "20.5",
    NULL, -1, 0, 8 },
  { "switch", "Light/Switch", "Switch", DOMOTICZ_SHOW_TEXT, "", "Off", NULL, 0,
    0, 6 },
};

const struct domoticz_type *
domoticz_type_find(const char *name)
{
  for (size_t i = 0; i < ARRAY_SIZE(types); i++)
    if (strcmp(types[i].name, name) == 0)
      return &types[i];
  return NULL;
}

const struct domoticz_type *
domoticz_type_of_sensor(int sensor)
{
  for (size_t i = 0; i < ARRAY_SIZE(types); i++)
    if (sensor != 0 && types[i].sensor == sensor)
      return &types[i];
  return NULL;
}

const struct domoticz_type *
domoticz_type_of_mapped(const char *mapped)
{
  static const struct {
    unsigned mapped;
    const char *name;
  } rows[] = {
    { 0x7100, "counter" },     { 0xF31F, "custom" },    { 0xF31D, "kwh" },
    { 0x5005, "temperature" }, { 0xF31E, "waterflow" }, { 0xF801, "usage" },
    { 0xF306, "percentage" },  { 0xF309, "pressure" },  { 0xF308, "voltage" },
    { 0xF313, "text" },
  };

  for (size_t i = 0; mapped && i < ARRAY_SIZE(rows); i++)
    if (strtoul(mapped, NULL, 16) == rows[i].mapped)
      return domoticz_type_find(rows[i].name);
  return NULL;
}

/* ---- Texts --------------------------------------------------------------- */

void
domoticz_die(const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  fputs("domoticz stand-in: ", stderr);
  vfprintf(stderr, fmt, args);
  fputc('\n', stderr);
  va_end(args);
  abort();
}

void
domoticz_append(struct text_buffer *t, const char *data, size_t len)
{
  if (text_buffer_reserve(t, len + 1) != MP_OK)
    domoticz_die("out of memory");
  text_buffer_add(t, data, len);
  t->data[t->len] = '\0';
}

void
domoticz_printf(struct text_buffer *t, const char *fmt, ...)
{
  char buf[1024];
  va_list args;
  int len;

  va_start(args, fmt);
  len = vsnprintf(buf, sizeof(buf), fmt, args);
  va_end(args);
  if (len < 0 || (size_t)len >= sizeof(buf))
    domoticz_die("a line of a reply is too long");
  domoticz_append(t, buf, (size_t)len);
}

static char *
copy(const char *text)
{
  char *t = strdup(text);

  if (!t)
    domoticz_die("out of memory");
  return t;
}

/* Decodes the code point at *TEXT and advances *TEXT; returns an invalid UTF-8
 * byte unchanged. */
static unsigned
next_code(const unsigned char **text)
{
  const unsigned char *t = *text;
  unsigned n = t[0] >= 0xe0 ? 3 : t[0] >= 0xc0 ? 2 : 1;
  unsigned code = n == 3 ? t[0] & 0x0f : n == 2 ? t[0] & 0x1f : t[0];

  for (unsigned i = 1; i < n; i++) {
    if ((t[i] & 0xc0) != 0x80) {
      *text += 1;
      return t[0];
    }
    code = code << 6 | (t[i] & 0x3f);
  }
  *text += n;
  return code;
}

void
domoticz_quote(struct text_buffer *out, const char *text)
{
  const unsigned char *t = (const unsigned char *)text;
  unsigned code;

  domoticz_printf(out, "\"");
  while (*t != '\0') {
    code = next_code(&t);
    if (code == '"' || code == '\\')
      domoticz_printf(out, "\\%c", (int)code);
    else if (code == '\n' || code == '\t' || code == '\r')
      domoticz_printf(out, "\\%c",
                      code == '\n'   ? 'n'
                      : code == '\t' ? 't'
                                     : 'r');
    else if (code < 0x20 || code > 0x7e)
      domoticz_printf(out, "\\u%04x", code);
    else
      domoticz_printf(out, "%c", (int)code);
  }
  domoticz_printf(out, "\"");
}

/* ---- The store ----------------------------------------------------------- */

struct domoticz_device *
domoticz_find(struct domoticz_server *s, unsigned idx)
{
  for (struct domoticz_device *d = s->devices; d; d = d->next)
    if (d->idx == idx)
      return d;
  return NULL;
}

/* Returns the server's local time.  It stores update times as local time texts,
 * which do not change when summer time begins. */
static int64_t
local_time(struct domoticz_server *s)
{
  return domoticz_clock(s) + (int64_t)s->zone * 60;
}

struct domoticz_device *
domoticz_make(struct domoticz_server *s, unsigned idx,
              const struct domoticz_type *type, const char *label,
              const char *name)
{
  struct domoticz_device *d = calloc(1, sizeof(*d)), **at;

  if (!d)
    domoticz_die("out of memory");
  d->type = type;
  d->idx = idx;
  d->used = true;
  d->divider = strcmp(type->name, "counter-custom") == 0 ? 1000 : 0;
  d->label = copy(label ? label : "");
  d->name = copy(name);
  d->now.text = copy(type->initial);
  d->now.updated = local_time(s);
  domoticz_state_copy(&d->before, &d->now);
  for (at = &s->devices; *at && (*at)->idx < idx; at = &(*at)->next)
    continue;
  d->next = *at;
  *at = d;
  return d;
}

void
domoticz_remove(struct domoticz_server *s, unsigned idx)
{
  struct domoticz_device **at, *d;

  for (at = &s->devices; *at && (*at)->idx != idx; at = &(*at)->next)
    continue;
  d = *at;
  if (!d)
    return;
  *at = d->next;
  free(d->now.text);
  free(d->before.text);
  free(d->backup.text);
  free(d->label);
  free(d->name);
  free(d);
}

void
domoticz_state_copy(struct domoticz_state *to,
                    const struct domoticz_state *from)
{
  char *text = from->text ? copy(from->text) : NULL;

  free(to->text);
  to->text = text;
  to->updated = from->updated;
}

/* Formats the number in TEXT in single precision, plus OFFSET, with two
 * decimals. */
static void
store_rounded(char *buf, size_t size, const char *text, double offset)
{
  float value = (float)atof(text);

  snprintf(buf, size, "%.2f", (double)value + offset);
}

/* Adds TEXT to OLD like SQLite: TEXT counts as the decimal at its beginning, or
 * 0. */
static void
store_sum(char *buf, size_t size, const char *old, const char *text)
{
  double add = strspn(text, " +-.0123456789") == 0 ? 0 : atof(text);

  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
    add = 0;
  snprintf(buf, size, "%.15g", atof(old) + add);
}

void
domoticz_update(struct domoticz_server *s, struct domoticz_device *d,
                const char *text)
{
  locale_t was = uselocale(s->c_locale);
  char buf[64], *kept;

  domoticz_state_copy(&d->before, &d->now);
  if (d->type->show == DOMOTICZ_SHOW_TEMP) {
    store_rounded(buf, sizeof(buf), text, d->offset);
    text = buf;
  } else if (d->type->show == DOMOTICZ_SHOW_SETPOINT) {
    snprintf(buf, sizeof(buf), "%.2f", (double)(float)atof(text));
    text = buf;
  } else if (strcmp(d->type->name, "incremental") == 0) {
    store_sum(buf, sizeof(buf), d->now.text, text);
    text = buf;
  }
  kept = copy(text);
  free(d->now.text);
  d->now.text = kept;
  d->now.updated = local_time(s);
  d->writes++;
  uselocale(was);
}

/* ---- Displayed values ---------------------------------------------------- */

/* Returns whether TEXT is a decimal and nothing else, and fits 64 bits: only
 * then does the log of a counter accept it. */
static bool
is_plain(const char *text)
{
  const char *t = text;

  while (*t == ' ')
    t++;
  t += *t == '-';
  if (!isdigit((unsigned char)*t))
    return false;
  t += strspn(t, "0123456789");
  if (*t == '.')
    t += 1 + strspn(t + 1, "0123456789");
  errno = 0;
  strtoll(text, NULL, 10);
  return *t == '\0' && errno == 0;
}

/* Returns whether TEXT begins with a whole number that fits 64 bits. */
static bool
is_whole(const char *text)
{
  char *end;

  errno = 0;
  strtoull(text, &end, 10);
  return end != text && errno == 0;
}

static bool
is_raw(const struct domoticz_server *s, const struct domoticz_device *d)
{
  switch (d->type->show) {
  case DOMOTICZ_SHOW_COUNTER:
    return s->rows_logged && !is_plain(d->now.text);
  case DOMOTICZ_SHOW_GAS:
    return s->rows_logged && !is_whole(d->now.text);
  case DOMOTICZ_SHOW_KWH:
    return !strchr(d->now.text, ';');
  default:
    return strcmp(d->type->name, "barometer") == 0 && d->now.text[0] == '\0';
  }
}

static double
divider_of(const struct domoticz_device *d)
{
  return d->divider != 0 ? d->divider : d->type->divider;
}

static void
show_counter(const struct domoticz_device *d, double value, char *buf,
             size_t size)
{
  double shown = d->offset + value / divider_of(d);

  if (d->type->switch_type == 5)
    snprintf(buf, size, "?");
  else if (d->type->switch_type == 3)
    snprintf(buf, size, "%.10g %s", shown, d->label);
  else
    snprintf(buf, size, "%.3f %s", shown, d->type->label);
}

/* Returns the second number of "counter;usage", or the first if the second is
 * below 0. */
static double
managed_value(const char *text)
{
  const char *second = strchr(text, ';');
  double usage = second ? atof(second + 1) : -1;

  return usage < 0 ? atof(text) : usage;
}

double
domoticz_degrees(const struct domoticz_server *s, double celsius)
{
  return s->fahrenheit ? celsius * 1.8 + 32 : celsius;
}

static void
show_plainly(const struct domoticz_server *s, const struct domoticz_device *d,
             char *buf, size_t size)
{
  const char *text = d->now.text, *second = strchr(text, ';');
  const char *label = d->type->label ? d->type->label : d->label;

  switch (d->type->show) {
  case DOMOTICZ_SHOW_G:
    snprintf(buf, size, "%g%s%s", atof(text), label[0] == '%' ? "" : " ",
             label);
    break;
  case DOMOTICZ_SHOW_TEMP:
    snprintf(buf, size, "%.1f %c", domoticz_degrees(s, atof(text)),
             s->fahrenheit ? 'F' : 'C');
    break;
  case DOMOTICZ_SHOW_FIXED:
    snprintf(buf, size, "%.1f %s", atof(text), label);
    break;
  case DOMOTICZ_SHOW_SETPOINT:
    snprintf(buf, size, "%.1f", atof(text));
    break;
  case DOMOTICZ_SHOW_COUNTER:
    show_counter(d, atof(text), buf, size);
    break;
  case DOMOTICZ_SHOW_MANAGED:
    show_counter(d, managed_value(text), buf, size);
    break;
  case DOMOTICZ_SHOW_GAS:
    snprintf(buf, size, "%.3f", atof(text) / 1000);
    break;
  case DOMOTICZ_SHOW_KWH:
    snprintf(buf, size, "%.3f kWh", atof(second + 1) / 1000);
    break;
  case DOMOTICZ_SHOW_TEXT:
    snprintf(buf, size, "%s", text);
    break;
  }
}

bool
domoticz_show(struct domoticz_server *s, const struct domoticz_device *d,
              char *buf, size_t size)
{
  locale_t was = uselocale(s->c_locale);
  bool raw = is_raw(s, d);

  if (raw)
    snprintf(buf, size, "0, %s", d->now.text);
  else if (strcmp(d->type->name, "alert") == 0 && d->now.text[0] == '\0')
    snprintf(buf, size, "undefined");
  else
    show_plainly(s, d, buf, size);
  uselocale(was);
  return raw;
}

void
domoticz_time(int64_t seconds, char *buf, size_t size)
{
  time_t local = (time_t)seconds;
  struct tm tm;

  if (!gmtime_r(&local, &tm) ||
      strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
    domoticz_die("no such time");
}
