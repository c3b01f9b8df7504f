/*
 * The influxdb output: writes each reading as a point to InfluxDB 1, 2 or 3, or
 * to another server that takes its line protocol.
 *
 * A point is identified by measurement, tags and time, all of which are known
 * when the reading is booked.  So a point that is sent again replaces itself.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/text_buffer.h"
#include "plugins/http/batch.h"
#include "plugins/http/batch_texts.h"
#include "plugins/http/http_settings.h"
#include "plugins/http/url.h"
#include "plugins/influxdb/line.h"
#include "plugins/record/record.h"

/* The only status with which all points were written; 200 comes from something
 * else. */
#define SUCCESS 204

struct influxdb {
  const struct mp_host *host;
  struct http *http;
  char *url; /* without a slash at its end */
  bool is_v1;
  bool takes_texts;
  char *query, *authorization; /* of each request; the second may be NULL */
  struct text_buffer tags;     /* of the option, as they are in a point */
  struct record record;
  uint32_t n;               /* of targets */
  struct batch_texts texts; /* of all records since the last commit */
  bool is_open;             /* the points of the last record are not in it */
};

static int
no_memory(const struct influxdb *x)
{
  return mp_fail(x->host, MP_ENOMEM, NULL, "out of memory");
}

/* ---- Options ------------------------------------------------------------- */

static const struct mp_option options[] = {
  { "url", MP_TYPE_STRING, MP_REQUIRED, NULL, NULL,
    "http://HOST:PORT or https://HOST, with a path if behind a proxy" },
  { "api", MP_TYPE_CHOICE, 0, "v2", "v2|v1",
    "v2: org, bucket and token; v1: database, username and password" },
  { "org", MP_TYPE_STRING, 0, NULL, NULL, "organization (v2)" },
  { "bucket", MP_TYPE_STRING, 0, NULL, NULL, "bucket (v2)" },
  { "token", MP_TYPE_SECRET, 0, NULL, NULL,
    "token with the right to write the bucket (v2)" },
  { "database", MP_TYPE_STRING, 0, NULL, NULL, "database (v1)" },
  { "username", MP_TYPE_STRING, 0, NULL, NULL, "user (v1)" },
  { "password", MP_TYPE_SECRET, 0, NULL, NULL, "the user's password (v1)" },
  { "measurement", MP_TYPE_STRING, 0, "heat_meter", NULL,
    "name of the measurement" },
  { "tags", MP_TYPE_STRING, 0, NULL, NULL,
    "further tags of each point: house=1, floor=2" },
  { "texts", MP_TYPE_BOOL, 0, "no", NULL, "also write texts" },
  HTTP_SETTINGS,
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
check_needed(const struct mp_host *host, const char *key)
{
  return host->option(host, key) ? MP_OK
                                 : mp_fail(host, MP_ECONFIG, key,
                                           "is missing; it is needed with "
                                           "`api = %s`",
                                           host->option(host, "api"));
}

static int
check_unused(const struct mp_host *host, const char *key)
{
  return host->option(host, key)
           ? mp_fail(host, MP_ECONFIG, key, "is not used with `api = %s`",
                     host->option(host, "api"))
           : MP_OK;
}

static int
check_options(const struct mp_host *host)
{
  static const char *const v2[] = { "org", "bucket", "token" };
  static const char *const v1[] = { "database", "username", "password" };
  bool is_v1 = host->option_int(host, "api") == 1;
  const char *problem = line_name_problem(host->option(host, "measurement"));
  int r = http_settings_check(host);

  if (r == MP_OK && strpbrk(host->option(host, "url"), "?#"))
    r = mp_fail(host, MP_ECONFIG, "url", "must end before the question mark");
  if (r == MP_OK && problem)
    r = mp_fail(host, MP_ECONFIG, "measurement", "%s", problem);
  for (size_t i = 0; r == MP_OK && i < ARRAY_SIZE(v1); i++)
    r = check_unused(host, is_v1 ? v2[i] : v1[i]);
  return r == MP_OK ? check_needed(host, is_v1 ? "database" : "bucket") : r;
}

/* ---- Tags ---------------------------------------------------------------- */

/* Returns TEXT without blanks around it, in place. */
static char *
trim(char *text)
{
  size_t len;

  text += strspn(text, " \t");
  len = strlen(text);
  while (len > 0 && strchr(" \t", text[len - 1]))
    text[--len] = '\0';
  return text;
}

/* Takes "KEY=VALUE", which it changes. */
static int
take_tag(struct influxdb *x, char *text)
{
  char *value = strchr(text, '='), *key;
  const char *problem = "has no =: write KEY=VALUE";

  if (value) {
    *value++ = '\0';
    value = trim(value);
    problem = line_name_problem(value);
  }
  key = trim(text);
  if (!problem)
    problem = strcmp(key, "meter") == 0 || strcmp(key, "serial") == 0
                ? "is written by this output itself"
                : line_name_problem(key);
  if (problem)
    return mp_fail(x->host, MP_ECONFIG, "tags", "\"%s\" %s", key, problem);
  return line_tag(&x->tags, key, value) == MP_OK ? MP_OK : no_memory(x);
}

static int
take_tags(struct influxdb *x)
{
  const char *text = x->host->option(x->host, "tags");
  char *copy = strdup(text ? text : ""), *rest = copy;
  int r = copy ? MP_OK : no_memory(x);

  while (r == MP_OK && text && rest)
    r = take_tag(x, strsep(&rest, ","));
  free(copy);
  return r;
}

/* ---- Instances ----------------------------------------------------------- */

static void
influxdb_destroy(void *self)
{
  struct influxdb *x = self;

  http_free(x->http);
  text_buffer_free(&x->tags);
  free(x->authorization);
  free(x->query);
  free(x->url);
  free(x);
}

/* Returns "A=X" with X escaped, or "" if X is NULL; from malloc. */
static char *
query_part(const char *name, const char *text)
{
  char *escaped = text ? url_escape(text) : NULL, *part = NULL;

  if (!text)
    return strdup("");
  if (escaped && asprintf(&part, "%s=%s&", name, escaped) < 0)
    part = NULL;
  free(escaped);
  return part;
}

static bool
make_query(struct influxdb *x)
{
  const struct mp_host *host = x->host;
  char *first = x->is_v1 ? query_part("db", host->option(host, "database"))
                         : query_part("org", host->option(host, "org"));
  char *second = query_part("bucket", host->option(host, "bucket"));

  if (!first || !second ||
      asprintf(&x->query, "%s%sprecision=ms", first, second) < 0)
    x->query = NULL;
  free(first);
  free(second);
  return x->query;
}

static bool
make_authorization(struct influxdb *x)
{
  const char *token = x->host->option(x->host, "token");

  if (token &&
      asprintf(&x->authorization, "Authorization: Token %s", token) < 0)
    x->authorization = NULL;
  return !token || x->authorization;
}

static int
set_up(struct influxdb *x)
{
  struct http_options http;

  x->url = url_base(x->host->option(x->host, "url"));
  if (!x->url || !make_query(x) || !make_authorization(x))
    return no_memory(x);
  http = http_settings(x->host, x->url);
  x->http = http_new(x->host, &http);
  return x->http ? take_tags(x) : no_memory(x);
}

static int
influxdb_create(const struct mp_host *host, void **ret_self)
{
  int r = check_options(host);
  struct influxdb *x;

  if (r != MP_OK)
    return r;
  x = http_init() ? calloc(1, sizeof(*x)) : NULL;
  if (!x)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  x->host = host;
  x->is_v1 = host->option_int(host, "api") == 1;
  x->takes_texts = host->option_int(host, "texts") != 0;
  r = set_up(x);
  if (r != MP_OK) {
    influxdb_destroy(x);
    return r;
  }
  *ret_self = x;
  return MP_OK;
}

/* ---- Targets ------------------------------------------------------------- */

static void
influxdb_close(void *self)
{
  struct influxdb *x = self;

  x->is_open = false;
  batch_texts_free(&x->texts);
  record_close(&x->record);
  x->n = 0;
  http_close(x->http);
}

static int
check_target(const struct influxdb *x, const struct mp_target *target)
{
  const char *problem = line_name_problem(target->name);
  char object[256];

  snprintf(object, sizeof(object), "field.%s", target->name);
  if (problem)
    return mp_fail(x->host, MP_ECONFIG, object, "%s", problem);
  if (target->kind == MP_TEXT && !x->takes_texts)
    return mp_fail(x->host, MP_ECONFIG, object,
                   "is a text; set `texts = yes`, or remove it");
  return MP_OK;
}

static int
influxdb_open(void *self)
{
  struct influxdb *x = self;
  const struct mp_target *target;
  int first = MP_OK;

  for (x->n = 0; (target = x->host->target(x->host, x->n)); x->n++) {
    int r = check_target(x, target);

    if (first == MP_OK)
      first = r;
  }
  if (first == MP_OK && record_open(&x->record, x->n) != MP_OK)
    first = no_memory(x);
  if (first != MP_OK)
    influxdb_close(x);
  else
    http_settings_warn(x->host, x->url);
  return first;
}

/* ---- Points -------------------------------------------------------------- */

/* Returns the name of the meter that target I comes from: its section, or the
 * pipeline if there are several, or none. */
static const char *
meter_of(const struct influxdb *x, uint32_t i)
{
  struct mp_meter meter = { .struct_size = sizeof(meter) };

  return x->host->target_meter(x->host, i, &meter) == MP_OK ? meter.section
                                                            : x->host->pipeline;
}

static bool
is_same_text(const char *a, const char *b)
{
  return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Returns whether the values of targets A and B belong to one point. */
static bool
are_one_point(const struct influxdb *x, uint32_t a, uint32_t b)
{
  const struct mp_value *one = record_value(&x->record, a);
  const struct mp_value *other = record_value(&x->record, b);

  return one && other && one->time_ms == other->time_ms &&
         is_same_text(one->serial, other->serial) &&
         strcmp(meter_of(x, a), meter_of(x, b)) == 0;
}

static int
write_tags(struct influxdb *x, uint32_t first)
{
  const struct mp_value *value = record_value(&x->record, first);
  int r = line_begin(&x->texts.text, x->host->option(x->host, "measurement"));

  if (r == MP_OK && x->tags.len > 0)
    r = text_buffer_add(&x->texts.text, x->tags.data, x->tags.len);
  if (r == MP_OK)
    r = line_tag(&x->texts.text, "meter", meter_of(x, first));
  if (r == MP_OK && value->serial)
    r = line_tag(&x->texts.text, "serial", value->serial);
  return r;
}

/* Writes the point that target FIRST belongs to, and marks its targets DONE. */
static int
write_point(struct influxdb *x, uint32_t first, bool *done)
{
  int r = write_tags(x, first);

  for (uint32_t i = first; r == MP_OK && i < x->n; i++) {
    if (done[i] || !are_one_point(x, first, i))
      continue;
    r = line_field(&x->texts.text, x->host, x->host->target(x->host, i)->name,
                   record_value(&x->record, i), i == first);
    done[i] = true;
  }
  return r == MP_OK
           ? line_end(&x->texts.text, record_value(&x->record, first)->time_ms)
           : r;
}

/* Writes the points of the record that was begun last. */
static int
end_record(struct influxdb *x)
{
  bool *done = calloc(x->n + 1, sizeof(*done));
  int r = done ? MP_OK : MP_ENOMEM;

  for (uint32_t i = 0; x->is_open && r == MP_OK && i < x->n; i++)
    if (!done[i] && record_value(&x->record, i))
      r = write_point(x, i, done);
  free(done);
  x->is_open = false;
  return r == MP_OK ? MP_OK : no_memory(x);
}

static int
influxdb_begin(void *self, const struct mp_record *record)
{
  struct influxdb *x = self;
  int r = end_record(x);

  if (r != MP_OK)
    return r;
  if (batch_texts_begin(&x->texts) != MP_OK ||
      record_begin(&x->record, record) != MP_OK)
    return no_memory(x);
  x->is_open = true;
  return MP_OK;
}

static int
influxdb_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct influxdb *x = self;
  const struct mp_target *about = x->host->target(x->host, target);
  int r;

  if (value->kind == MP_TEXT && !x->takes_texts)
    return mp_fail(x->host, MP_ECONFIG, about->name,
                   "is a text; set `texts = yes`, or remove it");
  r = record_write(&x->record, target, value);
  return r == MP_OK ? MP_OK : no_memory(x);
}

/* ---- Sending ------------------------------------------------------------- */

static void
post(const struct influxdb *x, const char *body, size_t len,
     struct http_answer *ret)
{
  const char *const headers[] = { "Content-Type: text/plain; charset=utf-8",
                                  x->authorization, NULL };
  const struct http_request request = {
    .path = x->is_v1 ? "/write" : "/api/v2/write",
    .query = x->query,
    .headers = headers,
    .body = body,
    .body_len = len,
    .flags = HTTP_UPDATE,
  };

  http_send(x->http, &request, ret);
}

/* Sends N records from FIRST on.  Records without a value need no request. */
static void
send_records(void *ctx, uint32_t first, uint32_t n, struct http_answer *ret)
{
  struct influxdb *x = ctx;
  size_t len;
  const char *text = batch_texts_get(&x->texts, first, n, &len);

  if (len > 0)
    post(x, text, len, ret);
  else
    *ret = (struct http_answer){ .status = SUCCESS };
}

static struct batch
batch_of(struct influxdb *x)
{
  return (struct batch){ .host = x->host,
                         .url = x->url,
                         .send = send_records,
                         .ctx = x,
                         .success = SUCCESS };
}

static int
influxdb_commit(void *self, const struct mp_output_sink *sink)
{
  struct influxdb *x = self;
  const struct batch batch = batch_of(x);
  int r = end_record(x);

  if (r == MP_OK)
    r = batch_send(&batch, x->texts.n, sink);
  batch_texts_forget(&x->texts);
  return r;
}

/* A request without points: the server still checks login and database. */
static int
influxdb_check(void *self)
{
  struct influxdb *x = self;
  const struct batch batch = batch_of(x);
  struct http_answer answer;

  post(x, "\n", 1, &answer);
  return batch_explain(&batch, &answer);
}

/* ---- The plugin ---------------------------------------------------------- */

static const struct mp_output_ops output = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_HISTORY,
  .target_prefix = "field",
  .open = influxdb_open,
  .close = influxdb_close,
  .begin = influxdb_begin,
  .write = influxdb_write,
  .commit = influxdb_commit,
  .check = influxdb_check,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "influxdb",
  .version = PACKAGE_VERSION,
  .summary = "points of InfluxDB, or a server that takes its line protocol",
  .options = options,
  .create = influxdb_create,
  .destroy = influxdb_destroy,
  .output = &output,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
