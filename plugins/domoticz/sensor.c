/*
 * Creates one device:
 *
 *     createdevice          answers with the idx of the new row
 *     createvirtualsensor   for servers without createdevice (Domoticz calls it
 *                           deprecated); answers with an idx that it guesses
 *                           before it makes the row
 *     getdevices            verifies that this idx has our name and type
 *     setused               sets kind, divider and unit of a counter, and the
 *                           unit of a Custom Sensor if createdevice ignored it
 *
 * setused renames the device, so it is sent only after getdevices has confirmed
 * that the idx is the new device.
 */
#include "plugins/domoticz/sensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/unit.h"
#include "plugins/http/url.h"

#define NEW_DEVICE "make the device"

/* A sensor, and its texts escaped for a query. */
struct job {
  const struct sensor *sensor;
  const char *hardware;
  char *name, *unit; /* from url_escape; unit NULL: none */
};

/* ---- Making -------------------------------------------------------------- */

/* Makes the device with the command PARAM; TYPE is its argument for the type.
 * WHAT: see request_command. */
static int
make_by(struct domoticz *d, const struct job *job, const char *what,
        const char *param, const char *type, char *idx)
{
  bool custom = job->unit && !job->sensor->recipe->adjust;
  char query[1024];
  struct reply reply;
  int len = snprintf(
    query, sizeof(query), "type=command&param=%s&idx=%s&sensorname=%s&%s%s%s",
    param, job->hardware, job->name, type, custom ? "&sensoroptions=1%3B" : "",
    custom ? job->unit : "");
  int r;

  if (len < 0 || (size_t)len >= sizeof(query))
    return mp_fail(d->host, MP_ECONFIG, d->url, "the name is too long");
  r = request_command(d, what, query, &reply);
  return r != MP_OK
           ? r
           : request_take_idx(d, NEW_DEVICE, &reply, idx, IDX_DIGITS + 1);
}

static int
make_sensor(struct domoticz *d, const struct job *job, char *idx)
{
  const struct recipe *r = job->sensor->recipe;
  char type[48];
  int code;

  snprintf(type, sizeof(type), "sensormappedtype=0x%04X", r->mapped);
  code = make_by(d, job, NULL, "createdevice", type, idx);
  if (code != MP_DROP)
    return code;
  snprintf(type, sizeof(type), "sensortype=%d", r->sensor);
  return make_by(d, job, NEW_DEVICE, "createvirtualsensor", type, idx);
}

/* ---- Checking ------------------------------------------------------------ */

static int
report_other(const struct domoticz *d, const struct sensor *sensor,
             const char *idx, const struct device *device)
{
  return mp_fail(
    d->host, MP_EPROTO, d->url,
    "the server returned idx %s for the new device \"%s\", but that idx is "
    "\"%s\" (%s), which was not changed; see Setup, Devices",
    idx, sensor->label, device->name, device->kind);
}

/* Compares OBJECT, the device with idx IDX, with SENSOR.  MP_OK: same name and
 * type.  *ret_unit_set: it has the unit, too. */
static int
compare_device(struct domoticz *d, const struct sensor *sensor, const char *idx,
               const cJSON *object, bool *ret_unit_set)
{
  char name[sizeof(((struct device *)NULL)->name)];
  struct device device;
  int r = MP_OK;

  if (!device_parse(object, -1, &device))
    return mp_fail(d->host, MP_ENOMEM, d->url, "out of memory");
  device_copy_text(name, sizeof(name), sensor->label);
  if (strcmp(device.name, name) != 0 ||
      strcmp(device.kind, sensor->recipe->kind) != 0)
    r = report_other(d, sensor, idx, &device);
  *ret_unit_set = !sensor->unit || strcmp(device.unit, sensor->unit) == 0;
  device_clear(&device);
  return r;
}

/* Verifies that IDX is the new device.  MP_OK, or a reason, which is
 * reported. */
static int
check_new(struct domoticz *d, const struct sensor *sensor, const char *idx,
          bool *ret_unit_set)
{
  struct reply reply;
  const cJSON *object;
  int r = fetch_device(d, idx, &reply, &object);

  if (r != MP_OK)
    return r;
  if (object)
    r = compare_device(d, sensor, idx, object, ret_unit_set);
  else
    r = mp_fail(d->host, MP_EPROTO, d->url,
                "the server returned idx %s for the new device \"%s\", but "
                "does not list that idx; see Setup, Devices",
                idx, sensor->label);
  reply_free(&reply);
  return r;
}

/* ---- Setting up ---------------------------------------------------------- */

/* Encodes TEXT as base64 (RFC 4648, section 4).  SIZE must hold 4 / 3 of TEXT
 * and a NUL. */
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
    buf[out++] = digits[bits >> 6 & 63];
    buf[out++] = digits[bits & 63];
  }
  /* Padding replaces the missing bytes of the last group. */
  for (; i > len; i--)
    buf[out + len - i] = '=';
  buf[out] = '\0';
}

/* Returns the device option that sets the unit of a counter, escaped for a
 * query; from malloc. */
static char *
unit_option(const char *unit)
{
  char text[SENSOR_UNIT_MAX + 64], encoded[2 * sizeof(text)];

  snprintf(text, sizeof(text), "ValueQuantity:%s;ValueUnits:%s;",
           unit_converts(unit, "J") ? "Energy" : "Custom", unit);
  encode_base64(text, encoded, sizeof(encoded));
  return url_escape(encoded);
}

/* Sends setused with the arguments SETTINGS; OPTION is appended to the last
 * one. */
static int
set_up(struct domoticz *d, const struct job *job, const char *idx,
       const char *settings, const char *option)
{
  char query[2048];
  struct reply reply;
  int r, len;

  len = snprintf(query, sizeof(query),
                 "type=command&param=setused&idx=%s&name=%s&%s%s&used=true",
                 idx, job->name, settings, option);
  if (len < 0 || (size_t)len >= sizeof(query))
    return mp_fail(d->host, MP_ECONFIG, d->url, "the name is too long");
  r = request_command(d, "set up the new device", query, &reply);
  if (r == MP_OK)
    reply_free(&reply);
  return r;
}

/* Sets kind, divider and unit of the new counter. */
static int
adjust_counter(struct domoticz *d, const struct job *job, const char *idx)
{
  const char *unit = job->sensor->unit;
  char *option = unit ? unit_option(unit) : strdup("");
  int r;

  if (!option)
    return mp_fail(d->host, MP_ENOMEM, d->url, "out of memory");
  r = set_up(d, job, idx, job->sensor->recipe->adjust, option);
  free(option);
  return r;
}

static int
make_and_set_up(struct domoticz *d, const struct job *job, char *idx)
{
  bool unit_set = true;
  int r = make_sensor(d, job, idx);

  if (r == MP_OK)
    r = check_new(d, job->sensor, idx, &unit_set);
  if (r != MP_OK)
    return r;
  if (job->sensor->recipe->adjust)
    return adjust_counter(d, job, idx);
  return unit_set ? MP_OK : set_up(d, job, idx, "devoptions=1%3B", job->unit);
}

int
sensor_make(struct domoticz *d, const struct sensor *sensor,
            const char *hardware, char idx[IDX_DIGITS + 1])
{
  struct job job = { .sensor = sensor, .hardware = hardware };
  int r;

  job.name = url_escape(sensor->label);
  job.unit = sensor->unit ? url_escape(sensor->unit) : NULL;
  if (!job.name || (sensor->unit && !job.unit))
    r = mp_fail(d->host, MP_ENOMEM, d->url, "out of memory");
  else
    r = make_and_set_up(d, &job, idx);
  free(job.name);
  free(job.unit);
  return r;
}
