/*
 * The commands of json.htm, answered like the three recorded versions.
 */
#include "tests/support/domoticz_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- Replies ------------------------------------------------------------- */

const char *
domoticz_reason(int status)
{
  switch (status) {
  case 200:
    return "OK";
  case 301:
    return "Moved Permanently";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 414:
    return "URI Too Long";
  case 500:
    return "Internal Server Error";
  case 502:
    return "Bad Gateway";
  default:
    return "Whatever";
  }
}

void
domoticz_page(struct domoticz_reply *reply, int status)
{
  const char *reason = domoticz_reason(status);

  free(reply->body.data);
  memset(&reply->body, 0, sizeof(reply->body));
  reply->status = status;
  reply->html = reply->page = true;
  domoticz_printf(&reply->body,
                  "<html><head><title>%s</title></head><body><h1>%d %s</h1>"
                  "</body></html>",
                  reason, status, reason);
}

/* Answers json.htm without a query. */
static void
empty_page(struct domoticz_reply *reply)
{
  reply->status = 404;
  reply->html = true;
}

static void
status_only(struct domoticz_reply *reply, const char *status)
{
  domoticz_printf(&reply->body, "{\n\t\"status\" : \"%s\"\n}\n", status);
}

static void
done(struct domoticz_reply *reply, const char *title)
{
  domoticz_printf(&reply->body,
                  "{\n\t\"status\" : \"OK\",\n\t\"title\" : \"%s\"\n}\n",
                  title);
}

static void
made(struct domoticz_reply *reply, unsigned idx, const char *title)
{
  domoticz_printf(&reply->body,
                  "{\n\t\"idx\" : \"%u\",\n\t\"status\" : \"OK\",\n"
                  "\t\"title\" : \"%s\"\n}\n",
                  idx, title);
}

static const char *
version_name(const struct domoticz_server *s)
{
  static const char *const names[] = { "2025.1 (build 16785)", "2024.7",
                                       "2023.2", "2022.2", "2026.3" };

  return names[s->version];
}

/* ---- Reading ------------------------------------------------------------- */

/* Returns whether the server has the behaviour introduced by 2025.1. */
static bool
is_current(const struct domoticz_server *s)
{
  return s->version == DOMOTICZ_2025_1 || s->version == DOMOTICZ_2026_3;
}

static bool
takes_lists(const struct domoticz_server *s)
{
  return is_current(s) || s->version == DOMOTICZ_2024_7;
}

/* Returns whether RID ("1,3,9") contains IDX; an empty RID contains all. */
static bool
is_asked(const struct domoticz_server *s, const char *rid, unsigned idx)
{
  char *end;

  if (!rid || rid[0] == '\0')
    return true;
  if (strchr(rid, ',') && !takes_lists(s))
    return false;
  for (; isdigit((unsigned char)*rid); rid = *end == ',' ? end + 1 : end)
    if (strtoul(rid, &end, 10) == idx)
      return true;
  return false;
}

static bool
is_listed(const struct domoticz_server *s, const struct domoticz_device *d,
          const struct domoticz_params *p)
{
  const char *rid = domoticz_param(p, "rid");

  if (d->hidden || !is_asked(s, rid, d->idx) ||
      (d->disabled && !domoticz_param_is(p, "displaydisabled", "1")))
    return false;
  if (rid && rid[0] != '\0')
    return true;
  if (d->used ? domoticz_param_is(p, "used", "false")
              : domoticz_param_is(p, "used", "true"))
    return false;
  return d->name[0] != '$' || domoticz_param_is(p, "displayhidden", "1");
}

/* Returns whether the list leaves the device out: a counter whose text is no
 * number is lost unless it is the last device. */
static bool
is_dropped(struct domoticz_server *s, const struct domoticz_device *d,
           const struct domoticz_params *p)
{
  char data[512];

  if ((d->type->show != DOMOTICZ_SHOW_COUNTER &&
       d->type->show != DOMOTICZ_SHOW_GAS) ||
      !domoticz_show(s, d, data, sizeof(data)))
    return false;
  for (const struct domoticz_device *later = d->next; later;
       later = later->next)
    if (is_listed(s, later, p))
      return true;
  return false;
}

static void
devices(struct domoticz_server *s, const struct domoticz_params *p,
        struct domoticz_reply *reply)
{
  struct text_buffer *out = &reply->body;
  bool any = false;

  domoticz_printf(out,
                  "{\n\t\"ActTime\" : %lld,\n\t\"app_version\" : \"%s\",\n",
                  (long long)domoticz_clock(s), version_name(s));
  for (const struct domoticz_device *d = s->devices; d; d = d->next) {
    if (!is_listed(s, d, p) || is_dropped(s, d, p))
      continue;
    domoticz_printf(out, "%s", any ? ",\n" : "\t\"result\" : \n\t[\n");
    domoticz_element(s, d, out);
    any = true;
  }
  domoticz_printf(out,
                  "%s\t\"status\" : \"OK\",\n\t\"title\" : \"Devices\"\n}\n",
                  any ? "\n\t],\n" : "");
}

/* ---- Changing ------------------------------------------------------------ */

/* Answers as the source code of Domoticz does; not recorded.  LET_IN: the login
 * is correct, or none is required. */
static void
getauth(const struct domoticz_server *s, bool let_in,
        struct domoticz_reply *reply)
{
  domoticz_printf(&reply->body, "{\n");
  if (let_in)
    domoticz_printf(&reply->body, "\t\"rights\" : %d,\n", s->rights);
  domoticz_printf(&reply->body,
                  "\t\"status\" : \"OK\",\n\t\"title\" : \"GetAuth\"");
  if (let_in)
    domoticz_printf(&reply->body, ",\n\t\"user\" : \"\"");
  domoticz_printf(&reply->body, "\n}\n");
}

static void
udevice(struct domoticz_server *s, const struct domoticz_params *p,
        struct domoticz_reply *reply)
{
  const char *nvalue = domoticz_param(p, "nvalue"),
             *svalue = domoticz_param(p, "svalue");
  struct domoticz_device *d =
    domoticz_find(s, domoticz_parse_idx(domoticz_param(p, "idx")));
  bool empty = (!nvalue || nvalue[0] == '\0') && (!svalue || svalue[0] == '\0');

  if (s->rights < 1) {
    reply->status = 403;
    status_only(reply, "ERR");
    return;
  }
  if (d && d->refuse > 0 && d->refuse != 200)
    reply->status = d->refuse;
  if (d && d->refuse == 401) {
    domoticz_page(reply, 401);
    return;
  }
  if (!d || empty || d->refuse > 0) {
    status_only(reply, "ERR");
    return;
  }
  domoticz_update(s, d, svalue ? svalue : "");
  done(reply, "Update Device");
}

static void
addhardware(struct domoticz_server *s, const struct domoticz_params *p,
            struct domoticz_reply *reply)
{
  if (!domoticz_param_is(p, "htype", "15") || !domoticz_param(p, "name")) {
    status_only(reply, "ERR");
    return;
  }
  s->hardware = 2;
  made(reply, s->hardware, "AddHardware");
}

static void
gethardware(struct domoticz_server *s, struct domoticz_reply *reply)
{
  struct text_buffer *out = &reply->body;

  domoticz_printf(out, "{\n");
  if (s->hardware != 0)
    domoticz_printf(out,
                    "\t\"result\" : \n\t[\n\t\t{\n\t\t\t\"Enabled\" : "
                    "\"true\",\n\t\t\t\"Name\" : \"Virtual\",\n\t\t\t\"Type\" "
                    ": 15,\n\t\t\t\"idx\" : \"%u\"\n\t\t}\n\t],\n",
                    s->hardware);
  domoticz_printf(out, "\t\"status\" : \"OK\",\n\t\"title\" : "
                       "\"gethardware\"\n}\n");
}

/* Creates a device of TYPE (NULL: unknown type) and returns its idx; 0:
 * refused. */
static unsigned
make_sensor(struct domoticz_server *s, const struct domoticz_params *p,
            const struct domoticz_type *type, const char *label)
{
  const char *name = domoticz_param(p, "sensorname");
  unsigned idx = 1;

  if (!type || !name)
    return 0;
  for (const struct domoticz_device *d = s->devices; d; d = d->next)
    idx = d->idx + 1;
  domoticz_make(s, idx, type, label, name);
  return idx;
}

/* Returns the unit in sensoroptions, "1;GJ"; NULL: none. */
static const char *
unit_of_options(const struct domoticz_params *p)
{
  const char *options = domoticz_param(p, "sensoroptions");
  const char *unit = options ? strchr(options, ';') : NULL;

  return unit ? unit + 1 : NULL;
}

static void
createvirtualsensor(struct domoticz_server *s, const struct domoticz_params *p,
                    struct domoticz_reply *reply)
{
  unsigned sensor = domoticz_parse_idx(domoticz_param(p, "sensortype")),
           idx = 0;

  if (sensor != 1004 || domoticz_param(p, "sensoroptions"))
    idx = make_sensor(s, p, domoticz_type_of_sensor((int)sensor),
                      unit_of_options(p));
  if (idx == 0)
    status_only(reply, "ERR");
  else
    made(reply, idx + (unsigned)s->guess_off, "CreateVirtualSensor");
}

/* DOMOTICZ_2026_3 ignores sensoroptions. */
static void
createdevice(struct domoticz_server *s, const struct domoticz_params *p,
             struct domoticz_reply *reply)
{
  const char *unit = s->version == DOMOTICZ_2026_3 ? "" : unit_of_options(p);
  unsigned idx = make_sensor(
    s, p, domoticz_type_of_mapped(domoticz_param(p, "sensormappedtype")), unit);

  if (idx == 0)
    status_only(reply, "ERR");
  else
    made(reply, idx, "CreateSensor");
}

/* Sets the label to the text after "ValueUnits:" in the base64 text TEXT. */
static void
take_label(struct domoticz_device *d, const char *text)
{
  static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char plain[256], *label, *end;
  size_t len = 0;
  unsigned bits = 0, count = 0;
  const char *at;

  for (; *text != '\0' && *text != '=' && len + 1 < sizeof(plain); text++) {
    at = strchr(digits, *text);
    bits = bits << 6 | (at ? (unsigned)(at - digits) : 0);
    count += 6;
    if (count >= 8) {
      count -= 8;
      plain[len++] = (char)(bits >> count & 0xff);
    }
  }
  plain[len] = '\0';
  label = strstr(plain, "ValueUnits:");
  if (!label)
    return;
  label += strlen("ValueUnits:");
  end = strchr(label, ';');
  if (end)
    *end = '\0';
  free(d->label);
  d->label = strdup(label);
  if (!d->label)
    domoticz_die("out of memory");
}

/* Sets the label from the options "1;GJ" of a Custom Sensor. */
static void
take_options(struct domoticz_device *d, const char *options)
{
  const char *unit = strchr(options, ';');

  if (unit)
    domoticz_replace(&d->label, unit + 1);
}

/* Supports only the name, the settings of a counter or a Custom Sensor, and
 * deletion. */
static void
setused(struct domoticz_server *s, const struct domoticz_params *p,
        struct domoticz_reply *reply)
{
  static const char *const kinds[] = { "counter", "counter-gas",
                                       "counter-water", "counter-custom" };
  struct domoticz_device *d =
    domoticz_find(s, domoticz_parse_idx(domoticz_param(p, "idx")));
  const char *kind = domoticz_param(p, "switchtype");

  if (!d) {
    status_only(reply, "ERR");
    return;
  }
  if (kind && kind[0] >= '0' && kind[0] <= '3' && kind[1] == '\0')
    d->type = domoticz_type_find(kinds[kind[0] - '0']);
  if (domoticz_param(p, "addjvalue"))
    d->offset = atof(domoticz_param(p, "addjvalue"));
  if (domoticz_param(p, "addjvalue2"))
    d->divider = atof(domoticz_param(p, "addjvalue2"));
  if (domoticz_param(p, "options"))
    take_label(d, domoticz_param(p, "options"));
  if (domoticz_param(p, "devoptions"))
    take_options(d, domoticz_param(p, "devoptions"));
  if (domoticz_param(p, "name"))
    domoticz_replace(&d->name, domoticz_param(p, "name"));
  if (domoticz_param_is(p, "used", "false"))
    domoticz_remove(s, d->idx);
  done(reply, "SetUsed");
}

/* ---- Dispatch ------------------------------------------------------------ */

static void
command(struct domoticz_server *s, const struct domoticz_params *p,
        struct domoticz_reply *reply)
{
  /* 2022.2 has these commands as type=hardware and so on; not recorded. */
  bool old = s->version == DOMOTICZ_2022_2;

  if (domoticz_param_is(p, "param", "getdevices") && !old)
    devices(s, p, reply);
  else if (domoticz_param_is(p, "param", "udevice"))
    udevice(s, p, reply);
  else if (domoticz_param_is(p, "param", "addhardware"))
    addhardware(s, p, reply);
  else if (domoticz_param_is(p, "param", "gethardware") && !old)
    gethardware(s, reply);
  else if (domoticz_param_is(p, "param", "createvirtualsensor") && !old)
    createvirtualsensor(s, p, reply);
  else if (domoticz_param_is(p, "param", "createdevice") && !old)
    createdevice(s, p, reply);
  else if (domoticz_param_is(p, "param", "setused") && !old)
    setused(s, p, reply);
  else if (domoticz_param_is(p, "param", "getversion"))
    done(reply, "GetVersion");
  else if (is_current(s) && domoticz_param(p, "param") &&
           domoticz_param(p, "param")[0] != '\0')
    status_only(reply, "ERROR");
  else
    status_only(reply, "ERR");
}

/* Returns whether the request is authorised.  Credentials that are sent must be
 * correct even if none are required. */
static bool
is_let_in(const struct domoticz_server *s,
          const struct domoticz_request *request)
{
  bool plain = s->plain_login || s->version == DOMOTICZ_2022_2;

  if (!request->authorization)
    return !s->login;
  if (strncmp(request->authorization, "Bearer ", 7) == 0)
    return s->version == DOMOTICZ_2026_3 && s->token &&
           strcmp(request->authorization + 7, s->token) == 0;
  return plain && s->login && strcmp(request->authorization, s->login) == 0;
}

/* Answers a query of json.htm. */
static void
answer_query(struct domoticz_server *s, const struct domoticz_request *request,
             char *query, struct domoticz_reply *reply)
{
  struct domoticz_params p;

  if (!domoticz_parse_params(query, &p))
    domoticz_page(reply, 400);
  else if (domoticz_param_is(&p, "param", "getauth"))
    getauth(s, is_let_in(s, request), reply);
  else if (!is_let_in(s, request) &&
           !domoticz_param_is(&p, "param", "getversion"))
    domoticz_page(reply, 401);
  else if (domoticz_param_is(&p, "type", "command"))
    command(s, &p, reply);
  else if (domoticz_param_is(&p, "type", "devices") && !is_current(s))
    devices(s, &p, reply);
  else if (is_current(s))
    reply->status = 404;
  else
    status_only(reply, "ERR");
}

void
domoticz_answer(struct domoticz_server *s,
                const struct domoticz_request *request,
                struct domoticz_reply *reply)
{
  locale_t was = uselocale(s->c_locale);
  size_t prefix = strlen(s->prefix);
  char *target = strdup(request->target), *query;

  if (!target)
    domoticz_die("out of memory");
  query = strchr(target, '?');
  if (query)
    *query++ = '\0';
  reply->status = 200;
  if (strncmp(target, s->prefix, prefix) != 0)
    domoticz_page(reply, 400);
  else if (strcmp(target + prefix, "/json.htm") != 0)
    domoticz_page(reply, 404);
  else if (!query)
    empty_page(reply);
  else
    answer_query(s, request, query, reply);
  free(target);
  uselocale(was);
}
