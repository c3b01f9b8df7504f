/*
 * HTTP for the stand-in: parses requests, makes replies with the headers of the
 * recordings, and applies the faults that a test ordered.
 */
#include "lib/array.h"
#include "tests/support/domoticz_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"

/* The limits of libwebem. */
#define REQUEST_LINE_MAX ((size_t)8192)
#define CONNECTION_REQUESTS 100

/* ---- Requests ------------------------------------------------------------ */

/* Returns the value of header NAME in HEAD, from malloc; NULL: not present. */
static char *
header(const char *head, const char *name)
{
  size_t len = strlen(name);
  const char *line = head, *end;

  for (line = strstr(line, "\r\n"); line; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, len) != 0 || line[len] != ':')
      continue;
    line += len + 1;
    line += strspn(line, " ");
    end = strstr(line, "\r\n");
    return strndup(line, end ? (size_t)(end - line) : strlen(line));
  }
  return NULL;
}

static void
remember(struct domoticz_server *s, const char *head, const char *target)
{
  free(s->head);
  s->head = strdup(head);
  if (!s->head || !ARRAY_GROW(&s->requests, s->request_count))
    domoticz_die("out of memory");
  s->requests[s->request_count] = strdup(target);
  if (!s->requests[s->request_count++])
    domoticz_die("out of memory");
}

/* Returns whether the connection stays open after the reply. */
static bool
keeps_alive(const struct domoticz_server *s,
            const struct domoticz_connection *c, const char *connection)
{
  if (s->version != DOMOTICZ_2026_3)
    return connection && strcasecmp(connection, "keep-alive") == 0;
  return c->served < CONNECTION_REQUESTS &&
         (!connection || strcasecmp(connection, "close") != 0);
}

/* Parses HEAD.  Returns false if it is no valid request. */
static bool
parse_request(const struct domoticz_server *s,
              const struct domoticz_connection *c, const char *head,
              struct domoticz_request *request)
{
  const char *target = strchr(head, ' '), *end;
  char *connection;

  memset(request, 0, sizeof(*request));
  end = target ? strchr(target + 1, ' ') : NULL;
  if (!end || strncmp(end + 1, "HTTP/1.", 7) != 0 || target[1] != '/')
    return false;
  request->target = strndup(target + 1, (size_t)(end - target - 1));
  if (!request->target)
    domoticz_die("out of memory");
  request->authorization = header(head, "Authorization");
  connection = header(head, "Connection");
  request->keep_alive = keeps_alive(s, c, connection);
  free(connection);
  return true;
}

static void
free_request(struct domoticz_request *request)
{
  free(request->target);
  free(request->authorization);
}

/* Returns the order that applies to this request, and counts it; NULL: none. */
static const struct domoticz_order *
find_order(struct domoticz_server *s, const char *target)
{
  struct domoticz_order *o;

  for (unsigned i = 0; i < s->order_count; i++) {
    o = &s->orders[i];
    if ((o->match && !strstr(target, o->match)) ||
        (!o->endless && o->count == 0))
      continue;
    if (o->skip > 0) {
      o->skip--;
      continue;
    }
    o->count -= !o->endless;
    s->spoiled++;
    return o;
  }
  return NULL;
}

/* ---- Replies ------------------------------------------------------------- */

/* Appends the headers, if any, that announce whether the connection stays
 * open. */
static void
write_headers(const struct domoticz_server *s, struct domoticz_connection *c,
              const struct domoticz_request *request,
              const struct domoticz_reply *reply)
{
  bool plain = reply->status == 200 || (!reply->html && reply->status != 404);

  if (s->version == DOMOTICZ_2026_3) {
    if (!request->keep_alive)
      domoticz_printf(&c->out, "Connection: close\r\n");
  } else if (request->keep_alive && plain) {
    domoticz_printf(&c->out, "Connection: Keep-Alive\r\n"
                             "Keep-Alive: max=20, timeout=20\r\n");
  }
}

static void
put_reply(const struct domoticz_server *s, struct domoticz_connection *c,
          const struct domoticz_request *request,
          const struct domoticz_reply *reply, size_t length)
{
  domoticz_printf(&c->out, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n",
                  reply->status, domoticz_reason(reply->status), length);
  if (!reply->page)
    domoticz_printf(&c->out, "Cache-Control: no-cache\r\nPragma: no-cache\r\n"
                             "Access-Control-Allow-Origin: *\r\n");
  domoticz_printf(&c->out, "Content-Type: %s;charset=UTF-8\r\n",
                  reply->html ? "text/html" : "application/json");
  if (reply->status == 401)
    domoticz_printf(
      &c->out, "Access-Control-Allow-Origin: *\r\nSet-Cookie: DMZSID=none; "
               "HttpOnly; SameSite=strict; Expires=Thu, 01 Jan 1970 "
               "00:00:00 GMT\r\n");
  if (reply->status == 301)
    domoticz_printf(&c->out, "Location: http://127.0.0.1:1/\r\n");
  write_headers(s, c, request, reply);
  domoticz_printf(&c->out, "\r\n");
  if (reply->body.len > 0)
    domoticz_append(&c->out, reply->body.data, reply->body.len);
}

/* Returns whether the fault prevents the request from being carried out. */
static bool
is_prevented(const struct domoticz_order *o)
{
  switch (o->fault) {
  case DOMOTICZ_CUT_BEFORE:
  case DOMOTICZ_RESET_BEFORE:
  case DOMOTICZ_STATUS:
  case DOMOTICZ_ERR:
  case DOMOTICZ_REDIRECT:
    return true;
  default:
    return false;
  }
}

static void
append_blanks(struct text_buffer *t, size_t count)
{
  char *blanks = malloc(count + 1);

  if (!blanks)
    domoticz_die("out of memory");
  memset(blanks, ' ', count);
  domoticz_append(t, blanks, count);
  free(blanks);
}

/* Applies a fault to the reply; spoil_bytes applies the faults of the
 * connection. */
static void
spoil_reply(const struct domoticz_order *o, struct domoticz_reply *reply,
            size_t *length)
{
  switch (o->fault) {
  case DOMOTICZ_STATUS:
  case DOMOTICZ_STATUS_AFTER:
    domoticz_page(reply, (int)o->arg);
    break;
  case DOMOTICZ_REDIRECT:
    domoticz_page(reply, 301);
    break;
  case DOMOTICZ_HTML:
    domoticz_page(reply, 200);
    break;
  case DOMOTICZ_ERR:
  case DOMOTICZ_ERR_AFTER:
    reply->status = 200;
    reply->body.len = 0;
    domoticz_printf(&reply->body, "{\n\t\"status\" : \"ERR\"\n}\n");
    break;
  case DOMOTICZ_EMPTY:
    reply->body.len = 0;
    domoticz_printf(&reply->body, "{}");
    break;
  case DOMOTICZ_HALF:
    reply->body.len /= 2;
    break;
  case DOMOTICZ_HUGE:
    append_blanks(&reply->body, (size_t)o->arg);
    break;
  default:
    break;
  }
  *length = reply->body.len;
  if (o->fault == DOMOTICZ_WRONG_LENGTH)
    *length += (size_t)o->arg;
}

static void
spoil_bytes(const struct domoticz_order *o, struct domoticz_connection *c)
{
  switch (o->fault) {
  case DOMOTICZ_RESET_BEFORE:
  case DOMOTICZ_RESET_AFTER:
    c->reset_after = true;
    /* fall through */
  case DOMOTICZ_CUT_BEFORE:
  case DOMOTICZ_CUT_AFTER:
    if (is_prevented(o) || o->arg < 0)
      c->out.len = 0;
    else if ((size_t)o->arg < c->out.len)
      c->out.len = (size_t)o->arg;
    c->close_after = true;
    break;
  case DOMOTICZ_GARBAGE:
    c->out.len = 0;
    domoticz_append(&c->out, "\001\002no HTTP\r\n\r\n", 13);
    c->close_after = true;
    break;
  case DOMOTICZ_WRONG_LENGTH:
  case DOMOTICZ_DROP_IDLE:
    c->close_after = true;
    break;
  case DOMOTICZ_CUT_NEXT:
    c->cut_next = true;
    break;
  case DOMOTICZ_DELAY:
    c->not_before = clock_mono_ms() + o->arg;
    break;
  default:
    break;
  }
}

/* Closes the connection without a reply. */
static void
cut(struct domoticz_connection *c)
{
  domoticz_append(&c->out, "", 0);
  c->close_after = true;
}

static bool
is_too_long(const struct domoticz_server *s, const char *head)
{
  return s->version == DOMOTICZ_2026_3 &&
         strcspn(head, "\r") > REQUEST_LINE_MAX;
}

void
domoticz_serve(struct domoticz_server *s, struct domoticz_connection *c,
               const char *head)
{
  struct domoticz_request request;
  struct domoticz_reply reply = { .status = 200 };
  const struct domoticz_order *order = NULL;
  size_t length;

  if (c->cut_next) {
    cut(c);
    return;
  }
  c->served++;
  if (!parse_request(s, c, head, &request)) {
    domoticz_page(&reply, 400);
  } else if (is_too_long(s, head)) {
    domoticz_page(&reply, 414);
    request.keep_alive = false;
  } else {
    remember(s, head, request.target);
    order = find_order(s, request.target);
    if (!order || !is_prevented(order))
      domoticz_answer(s, &request, &reply);
  }
  length = reply.body.len;
  if (order)
    spoil_reply(order, &reply, &length);
  c->close_after = !request.keep_alive;
  put_reply(s, c, &request, &reply, length);
  if (order)
    spoil_bytes(order, c);
  text_buffer_free(&reply.body);
  free_request(&request);
}
