/*
 * Returns the server's replies one by one, in the order of the input.  The last
 * one is repeated for all further requests.
 *
 *     REPLY [NUL REPLY]...
 *
 *     REPLY  BODY           with HTTP status 200
 *            404 LF BODY    with another status
 *            !L             no reply: L is a letter of `losses`
 */
#include "fuzz/oracles/domoticz_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/oracles/domoticz_check.h"
#include "fuzz/oracles/domoticz_query.h"
#include "lib/array.h"

/* The most requests of a run: all devices twice, in both forms, together and
 * one by one, and their updates; or the eight steps of creating a device. */
#define REQUESTS_MAX (2 * (2 + 4 * LINE_DEVICES_MAX) + 12)

static const struct loss {
  char letter;
  int code;
  bool sent;
  const char *what;
} losses[] = {
  { 'n', MP_EAGAIN, false, "cannot connect" },
  { 'b', MP_EAGAIN, true, "the connection broke before a reply" },
  { 'h', MP_EPROTO, true, "the reply is incomplete" },
  { 'p', MP_EPROTO, false, "the TLS handshake failed" },
  { 't', MP_ETIMEOUT, false, "no time is left before the deadline" },
  { 'T', MP_ETIMEOUT, true, "no reply in 10000 ms" },
  { 'c', MP_ECANCELED, false,
    "interrupted; pending values are kept for the next run" },
  { 'C', MP_ECANCELED, true,
    "interrupted; pending values are kept for the next run" },
  { 'r', MP_EREFUSED, false, "the certificate is not trusted" },
  { 'm', MP_ENOMEM, false, "out of memory" },
};

struct http {
  char *body; /* the last reply's; valid until the next request */
};

/* One conversation at a time: static. */
static struct {
  const char *start, *pos, *end; /* start: of the last reply used */
  unsigned what;                 /* LINE_...: the current call */
  unsigned requests;
  bool dead;
  bool has_last;
  struct reply last; /* the last reply, when it is JSON with status 200 */
  char made[IDX_DIGITS + 1];     /* idx that the server gave the new device */
  char hardware[IDX_DIGITS + 1]; /* idx of the hardware it was made on */
  bool refused;                  /* the last reply refused createdevice */
  struct line_device devices[LINE_DEVICES_MAX];
  size_t device_count;
} line;

/* ---- Replies ------------------------------------------------------------- */

/* Finds the next reply and returns its length. */
static size_t
next_reply(const char **ret)
{
  const char *stop;

  if (line.pos < line.end)
    line.start = line.pos;
  *ret = line.start;
  stop = memchr(line.start, '\0', (size_t)(line.end - line.start));
  if (!stop)
    stop = line.end;
  line.pos = stop < line.end ? stop + 1 : line.end;
  return (size_t)(stop - line.start);
}

/* Removes the HTTP status before a body of LEN bytes and returns it; 0: the
 * reply has none. */
static long
take_status(const char **text, size_t *len)
{
  const char *t = *text;

  if (*len < 4 || t[0] < '1' || t[0] > '5' || t[3] != '\n')
    return 0;
  for (size_t i = 1; i < 3; i++)
    if (t[i] < '0' || t[i] > '9')
      return 0;
  *text += 4;
  *len -= 4;
  return (t[0] - '0') * 100 + (t[1] - '0') * 10 + (t[2] - '0');
}

size_t
line_first_body(const char **ret_body)
{
  const char *start = line.start, *pos = line.pos;
  size_t len = next_reply(ret_body);

  take_status(ret_body, &len);
  line.start = start;
  line.pos = pos;
  return len;
}

static void
lose(const char *letter, struct http_answer *ret)
{
  const struct loss *loss = &losses[0];

  for (size_t i = 0; i < ARRAY_SIZE(losses); i++)
    if (losses[i].letter == *letter)
      loss = &losses[i];
  ret->code = loss->code;
  ret->sent = loss->sent;
  snprintf(ret->what, sizeof(ret->what), "%s", loss->what);
}

static void
answer_next(struct http *http, struct http_answer *ret)
{
  const char *text;
  size_t len = next_reply(&text);

  memset(ret, 0, sizeof(*ret));
  free(http->body);
  http->body = NULL;
  if (len > 0 && text[0] == '!') {
    lose(len > 1 ? text + 1 : "n", ret);
    return;
  }
  ret->sent = true;
  ret->status = take_status(&text, &len);
  if (ret->status == 0)
    ret->status = 200;
  if (ret->status / 100 == 3)
    snprintf(ret->what, sizeof(ret->what), "http://elsewhere.example/");
  http->body = malloc(len + 1);
  require(http->body);
  memcpy(http->body, text, len);
  http->body[len] = '\0';
  ret->body = http->body;
  ret->len = len;
}

/* ---- Requests ------------------------------------------------------------ */

static struct line_device *
find_device(const char *idx)
{
  for (size_t i = 0; i < line.device_count; i++)
    if (strcmp(line.devices[i].idx, idx) == 0)
      return &line.devices[i];
  return NULL;
}

static bool
is_idx(const char *text)
{
  size_t len = text ? strspn(text, "0123456789") : 0;

  return len > 0 && len <= IDX_DIGITS && text[len] == '\0';
}

static bool
is_dummy(const cJSON *object)
{
  const char *type = reply_member(object, "Type");

  return type && strcmp(type, "15") == 0;
}

/* Returns whether the last reply named the hardware IDX, as found or just
 * created. */
static bool
hardware_was_told(const char *idx)
{
  const char *told = reply_member(line.last.root, "idx");
  const cJSON *object = line.last.results;

  if (told && strcmp(told, idx) == 0)
    return true;
  for (; object; object = object->next) {
    told = reply_member(object, "idx");
    if (is_dummy(object) && told && strcmp(told, idx) == 0)
      return true;
  }
  return false;
}

/* Checks that a device is created only from idx numbers of earlier replies, and
 * that no step is sent needlessly. */
static void
check_making(const struct query *q)
{
  const char *idx = query_value(q, "idx");

  require((q->shape->flags & HTTP_UPDATE) == 0 || line.refused ||
          (line.has_last && reply_ok(&line.last)));
  require(!line.refused || q->shape->request == REQUEST_SENSOR);
  switch (q->shape->request) {
  case REQUEST_ADD_HARDWARE:
    for (const cJSON *object = line.last.results; object; object = object->next)
      require(!is_dummy(object) || !is_idx(reply_member(object, "idx")));
    break;
  case REQUEST_SENSOR:
    require(is_idx(idx));
    require(line.refused ? strcmp(idx, line.hardware) == 0
                         : hardware_was_told(idx));
    snprintf(line.hardware, sizeof(line.hardware), "%s", idx);
    break;
  case REQUEST_ADJUST:
    require(strcmp(idx, line.made) == 0);
    break;
  case REQUEST_READ:
    require(strcmp(query_value(q, "rid"), line.made) == 0);
    break;
  default:
    break;
  }
}

static void
check_request(const struct query *q)
{
  const struct line_device *device;

  require(!line.dead && ++line.requests <= REQUESTS_MAX);
  if (line.what & (LINE_CREATE | LINE_PLAN))
    check_making(q);
  if (q->shape->request != REQUEST_UPDATE)
    return;
  device = find_device(query_value(q, "idx"));
  require(device && device->shown && device->updates == 0);
  require(strcmp(query_value(q, "nvalue"), "0") == 0);
}

/* ---- Answers ------------------------------------------------------------- */

static void
note_device(struct line_device *known, bool last)
{
  const cJSON *object = reply_find(&line.last, known->idx);

  known->denied = !object && last;
  if (!object)
    return;
  device_clear(&known->device);
  known->shown = device_parse(object, line.last.act_time, &known->device);
}

static void
note_devices(const char *rid, bool last)
{
  struct line_device *known;
  size_t len;

  for (; *rid != '\0'; rid += len + (rid[len] == ',')) {
    char idx[IDX_DIGITS + 1];

    len = strcspn(rid, ",");
    require(len > 0 && len < sizeof(idx));
    snprintf(idx, sizeof(idx), "%.*s", (int)len, rid);
    known = find_device(idx);
    require(known || line.what != LINE_RUN);
    if (known && line.has_last && reply_ok(&line.last))
      note_device(known, last);
  }
}

/* Returns the result of an update that got this answer, by the rules at the top
 * of send.c. */
static uint32_t
meaning_of(const struct http_answer *answer)
{
  if (answer->code != MP_OK)
    return answer->sent ? MP_PERHAPS : MP_NOT_SENT;
  if (answer->status == 401 || answer->status == 403 || answer->status == 413 ||
      answer->status == 414 || answer->status == 431)
    return MP_REJECTED;
  if (answer->status / 100 == 3 || answer->status / 100 == 4)
    return MP_RETRY;
  if (!line.has_last || line.last.status[0] == '\0')
    return MP_PERHAPS;
  return reply_ok(&line.last) ? MP_ACCEPTED : MP_REJECTED;
}

static void
note_update(const struct query *q, const struct http_answer *answer)
{
  struct line_device *device = find_device(query_value(q, "idx"));
  char *svalue = strdup(query_value(q, "svalue"));

  require(device && svalue);
  device->updates++;
  device->svalue = svalue;
  device->result = meaning_of(answer);
}

static void
note_answer(const struct query *q, const struct http_answer *answer)
{
  const char *idx;

  line.refused = false;
  line.dead = answer->status == 401 || answer->code == MP_ETIMEOUT ||
              answer->code == MP_ECANCELED ||
              (answer->code != MP_OK && !answer->sent);
  if (line.has_last)
    reply_free(&line.last);
  line.has_last =
    answer->status == 200 && reply_parse(answer->body, answer->len, &line.last);
  if (line.has_last)
    check_reply(&line.last);
  if (q->shape->request == REQUEST_READ)
    note_devices(query_value(q, "rid"), query_value(q, "displaydisabled"));
  else if (q->shape->request == REQUEST_UPDATE)
    note_update(q, answer);
  else if (q->shape->request == REQUEST_SENSOR && line.has_last) {
    idx = reply_member(line.last.root, "idx");
    snprintf(line.made, sizeof(line.made), "%s", idx ? idx : "");
    line.refused = query_value(q, "sensormappedtype") && !reply_ok(&line.last);
  }
}

/* ---- Replacement of http.c ----------------------------------------------- */

bool
http_init(void)
{
  return true;
}

struct http *
http_new(const struct mp_host *host, const struct http_options *options)
{
  (void)host;
  require(options->url && options->timeout_ms > 0);
  return calloc(1, sizeof(struct http));
}

void
http_free(struct http *http)
{
  if (!http)
    return;
  http_close(http);
  free(http);
}

int
http_open(struct http *http)
{
  (void)http;
  return MP_OK;
}

void
http_close(struct http *http)
{
  free(http->body);
  http->body = NULL;
}

bool
http_is_single(const struct http *http)
{
  (void)http;
  return false;
}

void
http_set_single(struct http *http)
{
  (void)http;
}

void
http_send(struct http *http, const struct http_request *request,
          struct http_answer *ret)
{
  struct query q;

  query_parse(&q, request->query);
  require(q.shape->flags == request->flags && (q.shape->when & line.what) != 0);
  check_request(&q);
  answer_next(http, ret);
  note_answer(&q, ret);
  query_clear(&q);
}

/* ---- Interface for the target -------------------------------------------- */

void
line_begin(const uint8_t *data, size_t size)
{
  memset(&line, 0, sizeof(line));
  line.start = line.pos = (const char *)data;
  line.end = line.start + size;
}

struct line_device *
line_add(const char *idx)
{
  struct line_device *device = find_device(idx);

  if (device || strlen(idx) >= sizeof(device->idx))
    return device;
  if (line.device_count == LINE_DEVICES_MAX)
    return NULL;
  device = &line.devices[line.device_count++];
  snprintf(device->idx, sizeof(device->idx), "%s", idx);
  return device;
}

void
line_run(unsigned what)
{
  struct line_device *device;

  for (size_t i = 0; i < line.device_count; i++) {
    device = &line.devices[i];
    device_clear(&device->device);
    free(device->svalue);
    device->svalue = NULL;
    device->shown = device->denied = false;
    device->updates = 0;
  }
  if (line.has_last)
    reply_free(&line.last);
  line.has_last = line.dead = false;
  line.requests = 0;
  line.what = what;
}

bool
line_is_dead(void)
{
  return line.dead;
}

void
line_end(void)
{
  line_run(0);
}
