/*
 * The webhook output: sends each record to a server over HTTP, in a form that
 * templates describe.
 *
 * What follows from the answers is in plugins/http/batch.h.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cJSON.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/text_buffer.h"
#include "plugins/http/batch.h"
#include "plugins/http/batch_texts.h"
#include "plugins/http/http_settings.h"
#include "plugins/http/url.h"
#include "plugins/json/json_record.h"
#include "plugins/record/record.h"
#include "plugins/webhook/template.h"

enum body { BODY_JSON, BODY_LINES, BODY_TEMPLATE, BODY_NONE };

struct webhook {
  const struct mp_host *host;
  struct http *http;
  char *base;       /* http://host:port; safe to show */
  const char *path; /* the rest of the URL: a template */
  const char *method;
  enum body body;
  const char *template; /* of the body, with BODY_TEMPLATE */
  bool is_live;

  char **headers; /* Name: value; then room for one of a record, and NULL */
  size_t n_headers;
  struct record record;
  uint32_t n; /* of targets */
  struct json_record json;
  /* Of each record: with BODY_LINES its line; else the header with its id, the
   * path and the body, each but the last with a NUL behind it.  Nothing: there
   * is nothing to send. */
  struct batch_texts texts;
  bool is_open; /* the text of the last record is not made yet */
};

static int
no_memory(const struct webhook *w)
{
  return mp_fail(w->host, MP_ENOMEM, NULL, "out of memory");
}

/* ---- Options ------------------------------------------------------------- */

static const struct mp_option options[] = {
  { "url", MP_TYPE_STRING, MP_REQUIRED, NULL, NULL,
    "http://HOST:PORT/PATH or https://HOST/PATH; may have placeholders" },
  { "method", MP_TYPE_CHOICE, 0, "POST", "POST|PUT|PATCH|GET",
    "method of the requests; GET sends no body" },
  { "body", MP_TYPE_STRING, 0, NULL, NULL,
    "json (the default), lines, or a text with placeholders" },
  { "header", MP_TYPE_SECRET, MP_NAMED, NULL, NULL,
    "a header of the requests: header.Authorization = Bearer {{token}}" },
  { "token", MP_TYPE_SECRET, 0, NULL, NULL,
    "text that replaces {{token}} in url, body and headers" },
  { "reply", MP_TYPE_STRING, 0, NULL, NULL,
    "text that the reply to a delivery contains; without it, any reply 2xx is "
    "one" },
  { "class", MP_TYPE_CHOICE, 0, "history", "history|live",
    "history: kept until delivered; live: sent now or never" },
  { "username", MP_TYPE_STRING, 0, NULL, NULL, "user of the server" },
  { "password", MP_TYPE_SECRET, 0, NULL, NULL, "the user's password" },
  HTTP_SETTINGS,
  { NULL, 0, 0, NULL, NULL, NULL },
};

/* Returns the length of scheme, host and port. */
static size_t
base_length(const char *url)
{
  const char *host = strstr(url, "://");

  return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

static enum body
body_of(const struct mp_host *host)
{
  const char *text = host->option(host, "body");

  if (strcmp(host->option(host, "method"), "GET") == 0)
    return BODY_NONE;
  if (!text || strcmp(text, "json") == 0)
    return BODY_JSON;
  return strcmp(text, "lines") == 0 ? BODY_LINES : BODY_TEMPLATE;
}

static int
check_body(const struct webhook *w)
{
  const struct mp_host *host = w->host;
  const char *text = host->option(host, "body");

  if (w->body == BODY_NONE && text)
    return mp_fail(host, MP_ECONFIG, "body", "cannot be sent with GET");
  if (w->body == BODY_TEMPLATE && !template_has_any(text))
    return mp_fail(host, MP_ECONFIG, "body",
                   "must be json, lines, or a text with placeholders such as "
                   "{{value.NAME}}");
  if (w->body == BODY_LINES && template_has_values(w->path))
    return mp_fail(host, MP_ECONFIG, "url",
                   "can have no placeholder but {{token}} with `body = lines`: "
                   "a request carries many records");
  return MP_OK;
}

static int
check_header(const struct mp_host *host, const char *name)
{
  static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789-_";
  char object[128];

  snprintf(object, sizeof(object), "header.%s", name);
  if (name[strspn(name, characters)] != '\0')
    return mp_fail(host, MP_ECONFIG, object, "is not the name of a header");
  if (strcasecmp(name, "Content-Length") == 0 ||
      strcasecmp(name, "Transfer-Encoding") == 0)
    return mp_fail(host, MP_ECONFIG, object, "is set by meterpipe");
  return MP_OK;
}

/* ---- Instances ----------------------------------------------------------- */

static void
webhook_destroy(void *self)
{
  struct webhook *w = self;

  http_free(w->http);
  free(w->base);
  free(w);
}

static int
set_up(struct webhook *w)
{
  const struct mp_host *host = w->host;
  const char *url = host->option(host, "url"), *name;
  struct http_options http;
  int r;

  w->base = strndup(url, base_length(url));
  if (!w->base)
    return no_memory(w);
  if (url_problem(w->base))
    return mp_fail(host, MP_ECONFIG, "url", "%s", url_problem(w->base));
  if (strchr(url, '#'))
    return mp_fail(host, MP_ECONFIG, "url", "must end before the #");
  w->path = url + strlen(w->base);
  w->body = body_of(host);
  w->template = host->option(host, "body");
  w->method = host->option(host, "method");
  w->is_live = strcmp(host->option(host, "class"), "live") == 0;
  r = check_body(w);
  for (uint32_t i = 0;
       r == MP_OK && host->option_named(host, "header", i, &name); i++)
    r = check_header(host, name);
  if (r != MP_OK)
    return r;
  http = http_settings(host, w->base);
  w->http = http_new(host, &http);
  return w->http ? MP_OK : no_memory(w);
}

static int
webhook_create(const struct mp_host *host, void **ret_self)
{
  int r = http_settings_check(host);
  struct webhook *w;

  if (r != MP_OK)
    return r;
  w = http_init() ? calloc(1, sizeof(*w)) : NULL;
  if (!w)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  w->host = host;
  r = set_up(w);
  if (r != MP_OK) {
    webhook_destroy(w);
    return r;
  }
  *ret_self = w;
  return MP_OK;
}

/* ---- Templates ----------------------------------------------------------- */

static enum template_use
body_use(const struct webhook *w)
{
  /* {{ is a placeholder. */
  return w->template[0] == '[' ||
             (w->template[0] == '{' && w->template[1] != '{')
           ? TEMPLATE_JSON
           : TEMPLATE_TEXT;
}

/* Checks what a template becomes, with 0 in place of each value. */
static int
try_template(const struct webhook *w, const char *option, const char *text,
             enum template_use use)
{
  struct template_found found = { false, false };
  struct text_buffer out = { .data = NULL };
  cJSON *json = NULL;
  int r = text_buffer_add_text(&out, use == TEMPLATE_URL ? w->base : "");

  if (r == MP_OK)
    r = template_put(w->host, text, use, NULL, &out, &found);
  if (r == MP_OK)
    r = text_buffer_add(&out, "", 1);
  if (r != MP_OK)
    no_memory(w);
  else if (use == TEMPLATE_URL && url_problem(out.data))
    r = mp_fail(w->host, MP_ECONFIG, option, "%s", url_problem(out.data));
  else if (use == TEMPLATE_JSON && !(json = cJSON_Parse(out.data)))
    r = mp_fail(w->host, MP_ECONFIG, option,
                "begins like JSON, but is not valid JSON when numbers are "
                "filled in; texts need quotation marks around {{...}}");
  cJSON_Delete(json);
  text_buffer_free(&out);
  return r;
}

static int
check_template(const struct webhook *w, const char *option, const char *text,
               enum template_use use)
{
  int r = template_check(w->host, option, text, use);

  return r == MP_OK ? try_template(w, option, text, use) : r;
}

/* ---- Headers ------------------------------------------------------------- */

/* Adds a header whose value is the template TEXT. */
static int
add_header(struct webhook *w, const char *name, const char *text)
{
  struct template_found found = { false, false };
  struct text_buffer out = { .data = NULL };
  int r = text_buffer_add_text(&out, name);

  if (r == MP_OK)
    r = text_buffer_add_text(&out, ": ");
  if (r == MP_OK)
    r = template_put(w->host, text, TEMPLATE_HEADER, NULL, &out, &found);
  if (r == MP_OK)
    r = text_buffer_add(&out, "", 1);
  if (r != MP_OK) {
    text_buffer_free(&out);
    return no_memory(w);
  }
  w->headers[w->n_headers++] = out.data;
  return MP_OK;
}

static const char *
content_type(const struct webhook *w)
{
  if (w->body == BODY_LINES)
    return "application/x-ndjson";
  return w->body == BODY_JSON || body_use(w) == TEMPLATE_JSON
           ? "application/json"
           : "text/plain; charset=utf-8";
}

static int
make_headers(struct webhook *w)
{
  const struct mp_host *host = w->host;
  bool has_type = w->body == BODY_NONE;
  const char *name, *text;
  char option[128];
  uint32_t n = 0;
  int r = MP_OK;

  while (host->option_named(host, "header", n, &name))
    n++;
  w->headers = calloc(n + 3, sizeof(*w->headers));
  if (!w->headers)
    return no_memory(w);
  for (uint32_t i = 0; r == MP_OK && i < n; i++) {
    text = host->option_named(host, "header", i, &name);
    has_type |= strcasecmp(name, "Content-Type") == 0;
    snprintf(option, sizeof(option), "header.%s", name);
    r = template_check(host, option, text, TEMPLATE_HEADER);
    if (r == MP_OK)
      r = add_header(w, name, text);
  }
  return r == MP_OK && !has_type
           ? add_header(w, "Content-Type", content_type(w))
           : r;
}

/* ---- Targets ------------------------------------------------------------- */

static void
webhook_close(void *self)
{
  struct webhook *w = self;

  for (size_t i = 0; i < w->n_headers; i++)
    free(w->headers[i]);
  free(w->headers);
  w->headers = NULL;
  w->n_headers = 0;
  w->is_open = false;
  batch_texts_free(&w->texts);
  json_record_free(&w->json);
  record_close(&w->record);
  w->n = 0;
  http_close(w->http);
}

/* Without targets in the section, there can be more of them in each cycle. */
static int
learn_targets(struct webhook *w)
{
  while (w->host->target(w->host, w->n))
    w->n++;
  return record_open(&w->record, w->n) == MP_OK ? MP_OK : no_memory(w);
}

static int
webhook_open(void *self)
{
  struct webhook *w = self;
  int r = learn_targets(w);

  if (r == MP_OK)
    r = check_template(w, "url", w->path, TEMPLATE_URL);
  if (r == MP_OK && w->body == BODY_TEMPLATE)
    r = check_template(w, "body", w->template, body_use(w));
  if (r == MP_OK)
    r = make_headers(w);
  if (r != MP_OK)
    webhook_close(w);
  else
    http_settings_warn(w->host, w->base);
  return r;
}

/* ---- Records ------------------------------------------------------------- */

static int
put_json(struct webhook *w, struct text_buffer *out)
{
  const struct mp_record about = { .struct_size = sizeof(about),
                                   .time_ms = w->record.time_ms,
                                   .id = w->record.id };
  int r = json_record_begin(&w->json, &about);

  for (uint32_t i = 0; r == MP_OK && i < w->n; i++)
    if (record_value(&w->record, i))
      r = json_record_add(&w->json, w->host, w->host->target(w->host, i)->name,
                          record_value(&w->record, i));
  if (r == MP_OK)
    r = json_record_end(&w->json);
  if (r == MP_OK)
    r = text_buffer_add(out, w->json.text.data, w->json.text.len);
  json_record_forget(&w->json);
  return r;
}

static int
put_body(struct webhook *w, struct text_buffer *out,
         struct template_found *found)
{
  if (w->body == BODY_TEMPLATE)
    return template_put(w->host, w->template, body_use(w), &w->record, out,
                        found);
  return w->body == BODY_NONE ? MP_OK : put_json(w, out);
}

static int
put_request(struct webhook *w, struct text_buffer *out)
{
  struct template_found url = { false, false }, body = { false, false };
  size_t start = out->len;
  int r = text_buffer_add_text(out, "Idempotency-Key: ");

  if (r == MP_OK)
    r = text_buffer_add(out, w->record.id, strlen(w->record.id) + 1);
  if (r == MP_OK)
    r = template_put(w->host, w->path, TEMPLATE_URL, &w->record, out, &url);
  if (r == MP_OK)
    r = text_buffer_add(out, "", 1);
  if (r == MP_OK)
    r = put_body(w, out, &body);
  if (r != MP_OK || (!url.missing && (!body.missing || url.any || body.any)))
    return r;
  mp_log(w->host, MP_LOG_INFO, w->base,
         "a record without the values that the request needs is passed over");
  out->len = start;
  return MP_OK;
}

/* Makes the text of the record that was begun last. */
static int
end_record(struct webhook *w)
{
  int r = MP_OK;

  if (!w->is_open)
    return MP_OK;
  w->is_open = false;
  r = w->body == BODY_LINES ? put_json(w, &w->texts.text)
                            : put_request(w, &w->texts.text);
  return r == MP_OK ? MP_OK : no_memory(w);
}

static int
webhook_begin(void *self, const struct mp_record *record)
{
  struct webhook *w = self;
  int r = end_record(w);

  if (r == MP_OK)
    r = learn_targets(w);
  if (r != MP_OK)
    return r;
  if (batch_texts_begin(&w->texts) != MP_OK ||
      record_begin(&w->record, record) != MP_OK)
    return no_memory(w);
  w->is_open = true;
  return MP_OK;
}

static int
webhook_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct webhook *w = self;

  if (target >= w->n && learn_targets(w) != MP_OK)
    return MP_ENOMEM;
  return record_write(&w->record, target, value) == MP_OK ? MP_OK
                                                          : no_memory(w);
}

/* ---- Sending ------------------------------------------------------------- */

/* Sends a request with the HEADER of a record, or without (NULL). */
static void
post(const struct webhook *w, char *header, const char *path, const char *body,
     size_t len, struct http_answer *ret)
{
  const struct http_request request = {
    .method = w->method,
    .path = path,
    .headers = (const char *const *)w->headers,
    .body = w->body == BODY_NONE ? NULL : body,
    .body_len = len,
    .flags = HTTP_UPDATE | HTTP_SECRET,
  };

  w->headers[w->n_headers] = header;
  http_send(w->http, &request, ret);
}

static void
post_lines(struct webhook *w, const char *lines, size_t len,
           struct http_answer *ret)
{
  struct template_found found = { false, false };
  struct text_buffer path = { .data = NULL };

  if (template_put(w->host, w->path, TEMPLATE_URL, NULL, &path, &found) !=
        MP_OK ||
      text_buffer_add(&path, "", 1) != MP_OK)
    *ret = (struct http_answer){ .code = MP_ENOMEM, .what = "out of memory" };
  else
    post(w, NULL, path.data, lines, len, ret);
  text_buffer_free(&path);
}

static void
send_records(void *ctx, uint32_t first, uint32_t n, struct http_answer *ret)
{
  struct webhook *w = ctx;
  size_t len;
  char *text = batch_texts_get(&w->texts, first, n, &len), *path, *body;

  if (len == 0) {
    *ret = (struct http_answer){ .status = 200 };
    return;
  }
  if (w->body == BODY_LINES) {
    post_lines(w, text, len, ret);
    return;
  }
  path = text + strlen(text) + 1;
  body = path + strlen(path) + 1;
  post(w, text, path, body, len - (size_t)(body - text), ret);
}

static struct batch
batch_of(struct webhook *w)
{
  return (struct batch){ .host = w->host,
                         .url = w->base,
                         .send = send_records,
                         .ctx = w,
                         .reply = w->host->option(w->host, "reply"),
                         .most = w->body == BODY_LINES ? 0 : 1,
                         .is_live = w->is_live,
                         .is_secret = true };
}

static int
webhook_commit(void *self, const struct mp_output_sink *sink)
{
  struct webhook *w = self;
  const struct batch batch = batch_of(w);
  int r = end_record(w);

  if (r == MP_OK)
    r = batch_send(&batch, w->texts.n, sink);
  batch_texts_forget(&w->texts);
  return r;
}

/* Asks for the server's first page, which changes nothing: any answer shows
 * that the server can be reached. */
static int
webhook_check(void *self)
{
  struct webhook *w = self;
  const struct http_request request = { .path = "/" };
  const struct batch batch = batch_of(w);
  struct http_answer answer;

  http_send(w->http, &request, &answer);
  return answer.code == MP_OK ? MP_OK : batch_explain(&batch, &answer);
}

/* ---- The plugin ---------------------------------------------------------- */

static const struct mp_output_ops output = {
  .struct_size = sizeof(struct mp_output_ops),
  .flags = MP_OUTPUT_TAKES_ALL,
  .delivery = MP_HISTORY,
  .delivery_option = "class",
  .target_prefix = "value",
  .open = webhook_open,
  .close = webhook_close,
  .begin = webhook_begin,
  .write = webhook_write,
  .commit = webhook_commit,
  .check = webhook_check,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "webhook",
  .version = PACKAGE_VERSION,
  .summary = "requests to any server with an interface over HTTP",
  .options = options,
  .create = webhook_create,
  .destroy = webhook_destroy,
  .output = &output,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
