/*
 * All queries that the output may send to a Domoticz server, and their escapes.
 */
#include "fuzz/oracles/domoticz_query.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/oracles/domoticz_check.h"
#include "lib/array.h"
#include "plugins/http/http.h"

/* Each query's parameter names in their order; "type" and "param" with their
 * values. */
#define COMMAND "type=command param="
static const struct shape shapes[] = {
  { COMMAND "getdevices rid", REQUEST_READ, 0, LINE_RUN | LINE_CREATE },
  { "type=devices rid", REQUEST_READ, 0, LINE_RUN | LINE_CREATE },
  { COMMAND "getdevices rid displaydisabled", REQUEST_READ, 0, LINE_RUN },
  { "type=devices rid displaydisabled", REQUEST_READ, 0, LINE_RUN },
  { COMMAND "getdevices filter displayhidden displaydisabled order",
    REQUEST_LIST, HTTP_LONG, LINE_LIST | LINE_CREATE | LINE_PLAN },
  { "type=devices filter displayhidden displaydisabled order", REQUEST_LIST,
    HTTP_LONG, LINE_LIST | LINE_CREATE | LINE_PLAN },
  { COMMAND "getauth", REQUEST_RIGHTS, 0, LINE_RUN },
  { COMMAND "udevice idx nvalue svalue", REQUEST_UPDATE, HTTP_UPDATE,
    LINE_RUN },
  { COMMAND "gethardware", REQUEST_HARDWARE, HTTP_LONG,
    LINE_CREATE | LINE_PLAN },
  { COMMAND "addhardware htype name enabled datatimeout", REQUEST_ADD_HARDWARE,
    HTTP_UPDATE, LINE_CREATE },
  { COMMAND "createdevice idx sensorname sensormappedtype", REQUEST_SENSOR,
    HTTP_UPDATE, LINE_CREATE },
  { COMMAND "createdevice idx sensorname sensormappedtype sensoroptions",
    REQUEST_SENSOR, HTTP_UPDATE, LINE_CREATE },
  { COMMAND "setused idx name devoptions used", REQUEST_ADJUST, HTTP_UPDATE,
    LINE_CREATE },
  { COMMAND "createvirtualsensor idx sensorname sensortype", REQUEST_SENSOR,
    HTTP_UPDATE, LINE_CREATE },
  { COMMAND "createvirtualsensor idx sensorname sensortype sensoroptions",
    REQUEST_SENSOR, HTTP_UPDATE, LINE_CREATE },
  { COMMAND "setused idx name switchtype addjvalue2 used", REQUEST_ADJUST,
    HTTP_UPDATE, LINE_CREATE },
  { COMMAND "setused idx name switchtype addjvalue2 options used",
    REQUEST_ADJUST, HTTP_UPDATE, LINE_CREATE },
};

static int
hex_digit(char c)
{
  const char *digits = "0123456789ABCDEF", *at = strchr(digits, c);

  return c == '\0' || !at ? -1 : (int)(at - digits);
}

/* Decodes the escapes of VALUE in place.  Requires that all characters are
 * escaped but the plain ones and OTHERS. */
static void
unescape(char *value, const char *others)
{
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-._~";
  char *out = value;

  for (; *value != '\0'; value++) {
    if (*value != '%') {
      require(strchr(plain, *value) || strchr(others, *value));
      *out++ = *value;
      continue;
    }
    require(hex_digit(value[1]) >= 0 && hex_digit(value[2]) >= 0);
    *out = (char)(hex_digit(value[1]) * 16 + hex_digit(value[2]));
    require(*out++ != '\0');
    value += 2;
  }
  *out = '\0';
}

static const struct shape *
find_shape(const struct query *q)
{
  char text[256];
  size_t at = 0;

  for (size_t i = 0; i < q->count; i++) {
    const char *name = q->pairs[i].name;
    bool whole = strcmp(name, "type") == 0 || strcmp(name, "param") == 0;

    at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s%s%s",
                           i == 0 ? "" : " ", name, whole ? "=" : "",
                           whole ? q->pairs[i].value : "");
    require(at < sizeof(text));
  }
  for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
    if (strcmp(shapes[i].text, text) == 0)
      return &shapes[i];
  return NULL;
}

void
query_parse(struct query *q, const char *text)
{
  char *pair, *rest;

  memset(q, 0, sizeof(*q));
  q->text = rest = strdup(text);
  require(rest);
  while ((pair = strsep(&rest, "&"))) {
    char *value = strchr(pair, '=');

    require(value && q->count < QUERY_PAIRS_MAX);
    *value++ = '\0';
    unescape(value, strcmp(pair, "rid") == 0 ? "," : "");
    q->pairs[q->count].name = pair;
    q->pairs[q->count++].value = value;
  }
  q->shape = find_shape(q);
  require(q->shape);
}

const char *
query_value(const struct query *q, const char *name)
{
  for (size_t i = 0; i < q->count; i++)
    if (strcmp(q->pairs[i].name, name) == 0)
      return q->pairs[i].value;
  return NULL;
}

void
query_clear(struct query *q)
{
  free(q->text);
}
