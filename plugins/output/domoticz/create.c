/*
 * Making a device for a heat meter, as `meterpipe targets --create` asks:
 *
 *     counter-GJ      a Counter with own unit, divider 1000: shows all it holds
 *     custom-kW       a Custom Sensor with this label
 *     temperature ... the types of the table below
 *
 * A device needs a hardware to belong to.  A Dummy hardware that is there is
 * used, one is made only when there is none.  Nothing that exists is changed.
 */
#include "plugins/output/domoticz/domoticz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/output/domoticz/url.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define DUMMY_HARDWARE "15"
#define HARDWARE_NAME "meterpipe"
/* The longest label of a unit. */
#define UNIT_MAX 30
#define SENSOR_COUNTER 113
#define SENSOR_CUSTOM 1004

/* What is to be made. */
struct recipe {
  const char *type;   /* as the user writes it; PREFIX- with a unit behind it */
  const char *label;  /* for people */
  int sensor;         /* sensortype */
  const char *adjust; /* setused, after the sensor was made; NULL: nothing */
};

static const struct recipe recipes[] = {
  { "counter-gas", "Counter, gas", SENSOR_COUNTER,
    "switchtype=1&addjvalue2=1000" },
  { "counter-water", "Counter, water", SENSOR_COUNTER,
    "switchtype=2&addjvalue2=1000" },
  { "counter-", "Counter with own unit", SENSOR_COUNTER,
    "switchtype=3&addjvalue2=1000&options=" },
  { "custom-", "Custom Sensor", SENSOR_CUSTOM, NULL },
  { "kwh", "kWh", 18, NULL },
  { "temperature", "Temperature", 80, NULL },
  { "waterflow", "Waterflow", 1000, NULL },
  { "flow", "Waterflow", 1000, NULL },
  { "usage", "Usage", 248, NULL },
  { "percentage", "Percentage", 2, NULL },
  { "pressure", "Pressure", 1, NULL },
  { "voltage", "Voltage", 4, NULL },
  { "text", "Text", 5, NULL },
};

#define RECIPES                                                                \
  "counter-UNIT, counter-gas, counter-water, custom-UNIT, kwh, temperature, "  \
  "waterflow, usage, percentage, pressure, voltage or text"

/* Units as people type them behind counter- and custom-. */
static const char *const units[] = {
  "J",   "MJ", "GJ",   "Wh",   "kWh",   "MWh",   "GWh", "Gcal", "W",   "kW",
  "MW",  "l",  "m3",   "l/h",  "l/min", "m3/h",  "C",   "K",    "bar", "h",
  "min", "s",  "days", "m3xC", "ton",   "ton/h", "%",   "V",    "A",
};

static bool
is_prefix(const char *type)
{
  return type[strlen(type) - 1] == '-';
}

static bool
fits(const struct recipe *r, const char *type)
{
  size_t len = strlen(r->type);

  if (is_prefix(r->type))
    return strncasecmp(type, r->type, len) == 0 && type[len] != '\0';
  return strcasecmp(type, r->type) == 0;
}

/* "gj" behind the prefix is GJ; what is no unit stays as it is written. */
static const char *
unit_of(const struct recipe *r, const char *type)
{
  const char *unit;
  size_t i;

  if (!is_prefix(r->type))
    return NULL;
  unit = type + strlen(r->type);
  for (i = 0; i < ARRAY_SIZE(units); i++)
    if (strcmp(units[i], unit) == 0)
      return units[i];
  for (i = 0; i < ARRAY_SIZE(units); i++)
    if (strcasecmp(units[i], unit) == 0)
      return units[i];
  return unit;
}

/* ---- Requests ------------------------------------------------------------ */

/* A change; MP_OK: it was done, and RET is the reply. */
static int
change(struct domoticz *d, const char *what, const char *query,
       struct reply *ret)
{
  struct http_answer answer;
  int code = talk_change(d, NULL, query, &answer, ret);

  if (code != MP_OK)
    return code;
  if (reply_ok(ret))
    return MP_OK;
  reply_free(ret);
  return mp_fail(d->host, MP_EREFUSED, d->url,
                 "%s is refused; only an administrator may do it", what);
}

/* The idx that OBJECT tells, into IDX; false: it tells none. */
static bool
copy_idx(const cJSON *object, char *idx, size_t size)
{
  const char *text = reply_member(object, "idx");
  size_t len = text == NULL ? 0 : strspn(text, "0123456789");

  if (len == 0 || len >= size || text[len] != '\0')
    return false;
  memcpy(idx, text, len + 1);
  return true;
}

/* The idx that RET tells of something just made, into IDX.  Frees RET. */
static int
take_idx(struct domoticz *d, const char *what, struct reply *reply, char *idx,
         size_t size)
{
  bool good = copy_idx(reply->root, idx, size);

  reply_free(reply);
  return good ? MP_OK
              : mp_fail(d->host, MP_EPROTO, d->url,
                        "%s: the answer tells no idx", what);
}

/* A Dummy hardware of the list, into IDX: MP_OK; MP_EREFUSED: it is disabled;
 * MP_DROP: there is none. */
static int
pick_hardware(const struct reply *reply, char *idx, size_t size)
{
  const struct cJSON *object;
  const char *type, *enabled;
  int code = MP_DROP;

  for (object = reply->results; object != NULL; object = object->next) {
    type = reply_member(object, "Type");
    enabled = reply_member(object, "Enabled");
    if (type == NULL || strcmp(type, DUMMY_HARDWARE) != 0 ||
        !copy_idx(object, idx, size))
      continue;
    if (enabled == NULL || strcmp(enabled, "true") == 0)
      return MP_OK;
    code = MP_EREFUSED;
  }
  return code;
}

/* Looks for a Dummy hardware; MP_DROP: there is none. */
static int
find_hardware(struct domoticz *d, char *idx, size_t size)
{
  struct reply reply;
  int code =
    talk_read(d, NULL, "type=command&param=gethardware", HTTP_LONG, &reply);

  if (code < 0)
    return code;
  if (code == MP_DROP)
    return mp_fail(d->host, MP_EPROTO, d->url,
                   "HTTP 404: there is no json.htm; is this Domoticz");
  if (reply_ok(&reply))
    code = pick_hardware(&reply, idx, size);
  else
    code = mp_fail(d->host, MP_EREFUSED, d->url,
                   "the list of hardware is refused: only Domoticz 2023.2 and "
                   "later makes devices so, and only for an administrator; "
                   "make them by hand (Setup, Hardware)");
  reply_free(&reply);
  if (code == MP_EREFUSED && idx[0] != '\0')
    mp_fail(d->host, code, d->url,
            "the Dummy hardware %s is disabled; enable it (Setup, Hardware)",
            idx);
  return code;
}

static int
make_hardware(struct domoticz *d, char *idx, size_t size)
{
  struct reply reply;
  int code = change(d, "a new hardware",
                    "type=command&param=addhardware&htype=" DUMMY_HARDWARE
                    "&name=" HARDWARE_NAME "&enabled=true&datatimeout=0",
                    &reply);

  return code != MP_OK ? code
                       : take_idx(d, "a new hardware", &reply, idx, size);
}

static int
make_sensor(struct domoticz *d, const struct recipe *r, const char *hardware,
            const char *label, const char *unit, char *idx, size_t size)
{
  char query[1024];
  struct reply reply;
  int len = snprintf(query, sizeof(query),
                     "type=command&param=createvirtualsensor&idx=%s"
                     "&sensorname=%s&sensortype=%d%s%s",
                     hardware, label, r->sensor,
                     r->sensor == SENSOR_CUSTOM ? "&sensoroptions=1%3B" : "",
                     r->sensor == SENSOR_CUSTOM ? unit : "");
  int code;

  if (len < 0 || (size_t)len >= sizeof(query))
    return mp_fail(d->host, MP_ECONFIG, d->url, "the name is too long");
  code = change(d, "a new device", query, &reply);
  return code != MP_OK ? code : take_idx(d, "a new device", &reply, idx, size);
}

/* base64 (RFC 4648, section 4); SIZE holds 4 / 3 of TEXT and a NUL. */
static void
encode_base64(const char *text, char *buf, size_t size)
{
  static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t len = strlen(text), i, out = 0;
  uint32_t bits;

  for (i = 0; i < len && out + 5 <= size; i += 3) {
    bits = (uint32_t)(unsigned char)text[i] << 16;
    if (i + 1 < len)
      bits |= (uint32_t)(unsigned char)text[i + 1] << 8;
    if (i + 2 < len)
      bits |= (uint32_t)(unsigned char)text[i + 2];
    buf[out++] = digits[bits >> 18];
    buf[out++] = digits[bits >> 12 & 63];
    buf[out++] = i + 1 < len ? digits[bits >> 6 & 63] : '=';
    buf[out++] = i + 2 < len ? digits[bits & 63] : '=';
  }
  buf[out] = '\0';
}

static bool
is_energy(const struct mp_host *host, const char *unit)
{
  struct mp_value one = { .struct_size = sizeof(one), .kind = MP_GAUGE };

  one.coef = 1;
  one.unit = unit;
  return host->unit_convert(&one, "J", MP_EXACT) >= 0;
}

/* The device option that gives a counter its unit, for a query; from malloc. */
static char *
unit_option(const struct mp_host *host, const char *unit)
{
  char text[UNIT_MAX + 64], encoded[2 * sizeof(text)];

  snprintf(text, sizeof(text), "ValueQuantity:%s;ValueUnits:%s;",
           is_energy(host, unit) ? "Energy" : "Custom", unit);
  encode_base64(text, encoded, sizeof(encoded));
  return url_escape(encoded);
}

/* Gives the new counter its kind, divider and unit. */
static int
adjust(struct domoticz *d, const struct recipe *r, const char *idx,
       const char *label, const char *unit)
{
  char query[2048];
  char *option = unit == NULL ? NULL : unit_option(d->host, unit);
  struct reply reply;
  int len, code;

  if (unit != NULL && option == NULL)
    return mp_fail(d->host, MP_ENOMEM, d->url, "out of memory");
  len = snprintf(query, sizeof(query),
                 "type=command&param=setused&idx=%s&name=%s&%s%s&used=true",
                 idx, label, r->adjust, option == NULL ? "" : option);
  free(option);
  if (len < 0 || (size_t)len >= sizeof(query))
    return mp_fail(d->host, MP_ECONFIG, d->url, "the name is too long");
  code = change(d, "setting up the new device", query, &reply);
  if (code == MP_OK)
    reply_free(&reply);
  return code;
}

/* ---- The whole ----------------------------------------------------------- */

static int
list_new(struct domoticz *d, const char *idx, const struct mp_list_sink *sink)
{
  char query[sizeof("rid=") + IDX_DIGITS];
  struct reply reply;
  const cJSON *object;
  int code;

  snprintf(query, sizeof(query), "rid=%s", idx);
  code = fetch_devices(d, query, 0, &reply);
  if (code != MP_OK)
    return code;
  object = reply_find(&reply, idx);
  if (object != NULL)
    manage_list_device(object, sink);
  reply_free(&reply);
  return MP_OK;
}

static int
create_device(struct domoticz *d, const struct recipe *r, const char *label,
              const char *unit, const char *unit_escaped,
              const struct mp_list_sink *sink)
{
  char hardware[IDX_DIGITS + 1] = "", idx[IDX_DIGITS + 1];
  int code = find_hardware(d, hardware, sizeof(hardware));

  if (code == MP_DROP)
    code = make_hardware(d, hardware, sizeof(hardware));
  if (code == MP_OK)
    code = make_sensor(d, r, hardware, label, unit_escaped, idx, sizeof(idx));
  if (code == MP_OK && r->adjust != NULL)
    code = adjust(d, r, idx, label, unit);
  return code == MP_OK ? list_new(d, idx, sink) : code;
}

static int
plan(struct domoticz *d, const struct recipe *r, const char *label,
     const char *unit)
{
  char hardware[IDX_DIGITS + 1] = "";
  int code = find_hardware(d, hardware, sizeof(hardware));

  if (code < 0)
    return code;
  if (code == MP_DROP && !d->planned_hardware)
    mp_log(d->host, MP_LOG_NOTICE, d->url,
           "would make the Dummy hardware \"" HARDWARE_NAME "\"");
  mp_log(d->host, MP_LOG_NOTICE, d->url, "would make \"%s\" (%s%s%s) on %s%s",
         label, r->label, unit == NULL ? "" : " ", unit == NULL ? "" : unit,
         code == MP_DROP ? "it" : "the Dummy hardware ",
         code == MP_DROP ? "" : hardware);
  d->planned_hardware |= code == MP_DROP;
  return MP_OK;
}

int
domoticz_create_target(void *self, const char *label, const char *type,
                       uint32_t flags, const struct mp_list_sink *sink)
{
  struct domoticz *d = self;
  const struct recipe *r = NULL;
  const char *unit;
  char *name, *unit_escaped;
  int code;
  size_t i;

  for (i = 0; i < ARRAY_SIZE(recipes) && r == NULL; i++)
    if (fits(&recipes[i], type))
      r = &recipes[i];
  if (r == NULL)
    return mp_fail(d->host, MP_ECONFIG, type,
                   "is no type that can be made; one of " RECIPES);
  d->left = MP_OK;
  unit = unit_of(r, type);
  if (unit != NULL && (strlen(unit) > UNIT_MAX || strpbrk(unit, ":;") != NULL))
    return mp_fail(d->host, MP_ECONFIG, type,
                   "no label of a unit is like this");
  if (flags & MP_CREATE_PLAN)
    return plan(d, r, label, unit);
  name = url_escape(label);
  unit_escaped = url_escape(unit == NULL ? "" : unit);
  if (name != NULL && unit_escaped != NULL)
    code = create_device(d, r, name, unit, unit_escaped, sink);
  else
    code = mp_fail(d->host, MP_ENOMEM, d->url, "out of memory");
  free(name);
  free(unit_escaped);
  return code;
}
