/*
 * Creates a device for a heat meter (`meterpipe targets --create`):
 *
 *     counter-GJ     a Counter with own unit, divider 1000: displays all digits
 *     custom-kW      a Custom Sensor with this label
 *     temperature    and the other types of the table below
 *
 * A device belongs to a hardware.  An existing Dummy hardware is used; one is
 * created only if there is none.  Nothing that exists is changed, and a name
 * that exists is not used again.
 */
#include "plugins/domoticz/domoticz.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/array.h"
#include "lib/unit.h"
#include "plugins/domoticz/sensor.h"

#define DUMMY_HARDWARE "15"
#define HARDWARE_NAME "meterpipe"

/* Type and subtype as in hardwaretypes.h of Domoticz. */
static const struct recipe recipes[] = {
  { "counter-gas", "Counter, gas", "Counter", 0x7100, 113,
    "switchtype=1&addjvalue2=1000", "m3" },
  { "counter-water", "Counter, water", "Counter", 0x7100, 113,
    "switchtype=2&addjvalue2=1000", "m3" },
  { "counter-", "Counter with own unit", "Counter", 0x7100, 113,
    "switchtype=3&addjvalue2=1000&options=", NULL },
  { "custom-", "Custom Sensor", "Custom Sensor", 0xF31F, 1004, NULL, NULL },
  { "kwh", "kWh", "kWh", 0xF31D, 18, NULL, "kWh" },
  { "temperature", "Temperature", "Temperature", 0x5005, 80, NULL, "C" },
  { "waterflow", "Waterflow", "Waterflow", 0xF31E, 1000, NULL, "l/min" },
  { "flow", "Waterflow", "Waterflow", 0xF31E, 1000, NULL, "l/min" },
  { "usage", "Usage", "Usage", 0xF801, 248, NULL, "W" },
  { "percentage", "Percentage", "Percentage", 0xF306, 2, NULL, "%" },
  { "pressure", "Pressure", "Pressure", 0xF309, 1, NULL, "bar" },
  { "voltage", "Voltage", "Voltage", 0xF308, 4, NULL, "V" },
  { "text", "Text", "Text", 0xF313, 5, NULL, NULL },
};

#define RECIPES                                                                \
  "counter-UNIT, counter-gas, counter-water, custom-UNIT, kwh, temperature, "  \
  "waterflow, usage, percentage, pressure, voltage or text"

static bool
is_prefix(const char *type)
{
  return type[strlen(type) - 1] == '-';
}

static bool
fits_type(const struct recipe *r, const char *type)
{
  size_t len = strlen(r->type);

  if (is_prefix(r->type))
    return strncasecmp(type, r->type, len) == 0 && type[len] != '\0';
  return strcasecmp(type, r->type) == 0;
}

/* Returns the unit after the prefix of TYPE, in its usual spelling: GJ for
 * "gj".  An unknown unit is returned as the user wrote it; NULL: the type has
 * no prefix. */
static const char *
unit_of(const struct recipe *r, const char *type)
{
  return is_prefix(r->type) ? unit_in_any_case(type + strlen(r->type)) : NULL;
}

/* ---- Requests ------------------------------------------------------------ */

/* Copies the idx of a Dummy hardware of the list into IDX.  MP_OK; MP_EREFUSED:
 * it is disabled; MP_DROP: there is none. */
static int
pick_hardware(const struct reply *reply, char *idx, size_t size)
{
  const char *type, *enabled;
  int r = MP_DROP;

  for (const struct cJSON *object = reply->results; object;
       object = object->next) {
    type = reply_member(object, "Type");
    enabled = reply_member(object, "Enabled");
    if (!type || strcmp(type, DUMMY_HARDWARE) != 0 ||
        !reply_copy_idx(object, idx, size))
      continue;
    if (!enabled || strcmp(enabled, "true") == 0)
      return MP_OK;
    r = MP_EREFUSED;
  }
  return r;
}

/* Looks for a Dummy hardware on the server; MP_DROP: there is none. */
static int
find_hardware(struct domoticz *d, char *idx, size_t size)
{
  struct reply reply;
  int r =
    request_read(d, NULL, "type=command&param=gethardware", HTTP_LONG, &reply);

  if (r < 0)
    return r;
  if (r == MP_DROP)
    return mp_fail(d->host, MP_EPROTO, d->url,
                   "HTTP 404 for json.htm; is this a Domoticz server, and is a "
                   "path prefix missing from its URL?");
  if (reply_ok(&reply))
    r = pick_hardware(&reply, idx, size);
  else
    r =
      mp_fail(d->host, MP_EREFUSED, d->url,
              "the server refused to list its hardware; --create needs "
              "Domoticz 2023.2 or later and the rights of an administrator; or "
              "make the device by hand (Setup, Hardware)");
  reply_free(&reply);
  if (r == MP_EREFUSED && idx[0] != '\0')
    mp_fail(d->host, r, d->url,
            "the Dummy hardware %s is disabled; enable it (Setup, Hardware)",
            idx);
  return r;
}

static int
make_hardware(struct domoticz *d, char *idx, size_t size)
{
  struct reply reply;
  int r = request_command(d, "make the Dummy hardware",
                          "type=command&param=addhardware&htype=" DUMMY_HARDWARE
                          "&name=" HARDWARE_NAME "&enabled=true&datatimeout=0",
                          &reply);

  return r != MP_OK
           ? r
           : request_take_idx(d, "make the Dummy hardware", &reply, idx, size);
}

/* ---- Existing devices ---------------------------------------------------- */

static bool
is_named(const struct cJSON *object, const char *label)
{
  const char *name = reply_member(object, "Name");

  return name && strcmp(name, label) == 0;
}

/* Fails if a device of this name exists.  Two devices of one name cannot be
 * told apart in Domoticz, and a user who repeats the command already has the
 * first. */
static int
refuse_existing(struct domoticz *d, const char *label)
{
  struct reply reply;
  char idx[IDX_DIGITS + 1];
  bool exists = false;
  int r = fetch_devices(d, LIST_ALL, HTTP_LONG, &reply);

  if (r != MP_OK)
    return r;
  for (const struct cJSON *object = reply.results; object && !exists;
       object = object->next)
    exists =
      is_named(object, label) && reply_copy_idx(object, idx, sizeof(idx));
  reply_free(&reply);
  if (!exists)
    return MP_OK;
  return mp_fail(d->host, MP_ECONFIG, label,
                 "exists already, with idx %s; use that device, or choose "
                 "another name",
                 idx);
}

/* ---- The command --------------------------------------------------------- */

static int
list_new(struct domoticz *d, const char *idx, const struct mp_output_sink *sink)
{
  struct reply reply;
  const cJSON *object;
  int r = fetch_device(d, idx, &reply, &object);

  if (r != MP_OK)
    return r;
  if (object)
    manage_list_device(object, sink);
  reply_free(&reply);
  return MP_OK;
}

static int
create_device(struct domoticz *d, const struct sensor *sensor,
              const struct mp_output_sink *sink)
{
  char hardware[IDX_DIGITS + 1] = "", idx[IDX_DIGITS + 1];
  int r = find_hardware(d, hardware, sizeof(hardware));

  if (r == MP_DROP)
    r = make_hardware(d, hardware, sizeof(hardware));
  if (r == MP_OK)
    r = sensor_make(d, sensor, hardware, idx);
  return r == MP_OK ? list_new(d, idx, sink) : r;
}

static int
plan_sensor(struct domoticz *d, const struct sensor *sensor,
            const struct mp_output_sink *sink)
{
  const struct recipe *r = sensor->recipe;
  const char *label = sensor->label, *unit = sensor->unit;
  const struct mp_listed planned = { .struct_size = sizeof(planned),
                                     .label = label,
                                     .type = r->label,
                                     .unit = unit ? unit : r->unit };
  char hardware[IDX_DIGITS + 1] = "";
  int code = find_hardware(d, hardware, sizeof(hardware));

  if (code < 0)
    return code;
  if (code == MP_DROP && !d->planned_hardware)
    mp_log(d->host, MP_LOG_NOTICE, d->url,
           "would make the Dummy hardware \"" HARDWARE_NAME "\"");
  mp_log(d->host, MP_LOG_NOTICE, d->url, "would make \"%s\" (%s%s%s) on %s%s",
         label, r->label, unit ? " " : "", unit ? unit : "",
         code == MP_DROP ? "it" : "the Dummy hardware ",
         code == MP_DROP ? "" : hardware);
  d->planned_hardware |= code == MP_DROP;
  sink->listed(sink, &planned);
  return MP_OK;
}

/* Returns true if UNIT fits into an option of a device; ':' and ';' end one. */
static bool
is_label(const char *unit)
{
  return strlen(unit) <= SENSOR_UNIT_MAX && !strpbrk(unit, ":;");
}

static int
create_or_plan(struct domoticz *d, const struct sensor *sensor, uint32_t flags,
               const struct mp_output_sink *sink)
{
  int r = refuse_existing(d, sensor->label);

  if (r != MP_OK)
    return r;
  return flags & MP_CREATE_PLAN ? plan_sensor(d, sensor, sink)
                                : create_device(d, sensor, sink);
}

int
domoticz_create_target(void *self, const char *label, const char *type,
                       uint32_t flags, const struct mp_output_sink *sink)
{
  struct domoticz *d = self;
  struct sensor sensor = { .label = label };
  int r;

  for (size_t i = 0; i < ARRAY_SIZE(recipes) && !sensor.recipe; i++)
    if (fits_type(&recipes[i], type))
      sensor.recipe = &recipes[i];
  if (!sensor.recipe)
    return mp_fail(d->host, MP_ECONFIG, type,
                   "unknown type of device; use one of " RECIPES);
  sensor.unit = unit_of(sensor.recipe, type);
  if (sensor.unit && !is_label(sensor.unit))
    return mp_fail(d->host, MP_ECONFIG, type,
                   "its unit is longer than %d bytes, or holds a : or ;",
                   SENSOR_UNIT_MAX);
  d->left = MP_OK;
  d->manages = true;
  r = create_or_plan(d, &sensor, flags, sink);
  d->manages = false;
  return r;
}
