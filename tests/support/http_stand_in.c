/*
 * Serves all connections in one thread, the oldest first: so a request that is
 * complete before another connection is made is answered before it.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/http_stand_in.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_REQUEST ((size_t)1 << 22)

/* At a time. */
#define MAX_CONNECTIONS 64

struct connection {
  int fd;
  char *buf; /* MAX_REQUEST and a NUL */
  size_t len;
};

struct http_stand_in {
  struct stand_in_answer (*answer)(void *ctx, const struct stand_in_request *r);
  void *ctx;
  int listener, wake[2];
  unsigned port, number;
  pthread_t thread;
  struct connection connections[MAX_CONNECTIONS]; /* the oldest first */
  size_t n;
};

static size_t
body_length(const char *head)
{
  const char *line = strstr(head, "\r\nContent-Length: ");

  return line ? strtoul(line + strlen("\r\nContent-Length: "), NULL, 10) : 0;
}

/* Returns whether there is a whole request; *RET_HEAD is the length of its
 * head. */
static bool
has_request(const struct connection *c, size_t *ret_head, size_t *ret_body)
{
  const char *end = strstr(c->buf, "\r\n\r\n");

  if (!end)
    return false;
  *ret_head = (size_t)(end - c->buf) + 4;
  *ret_body = body_length(c->buf);
  return c->len >= *ret_head + *ret_body;
}

static bool
say(int fd, const struct stand_in_answer *answer)
{
  const char *body = answer->body ? answer->body : "";
  char *text = NULL;
  int n = asprintf(&text, "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n%s",
                   answer->status, answer->headers ? answer->headers : "",
                   strlen(body), body);
  bool good = n > 0 && send(fd, text, (size_t)n, MSG_NOSIGNAL) == n;

  free(text);
  return good;
}

/* Answers the request at the beginning of the buffer, and removes it.  Returns
 * false if the connection ends. */
static bool
answer_one(struct http_stand_in *h, struct connection *c, size_t head,
           size_t body)
{
  char after = c->buf[head + body];
  struct stand_in_answer answer;

  c->buf[head - 2] = '\0';
  c->buf[head + body] = '\0';
  answer = h->answer(h->ctx, &(struct stand_in_request){
                               .head = c->buf,
                               .body = c->buf + head,
                               .len = body,
                               .number = ++h->number,
                             });
  if (answer.status == 0 || !say(c->fd, &answer))
    return false;
  c->buf[head + body] = after;
  c->len -= head + body;
  memmove(c->buf, c->buf + head + body, c->len + 1);
  return true;
}

/* Reads what there is, and answers it.  Returns false if the connection ends.
 */
static bool
serve_connection(struct http_stand_in *h, struct connection *c)
{
  size_t head, body;
  ssize_t n;

  while ((n = recv(c->fd, c->buf + c->len, MAX_REQUEST - c->len,
                   MSG_DONTWAIT)) > 0) {
    c->len += (size_t)n;
    c->buf[c->len] = '\0';
    while (has_request(c, &head, &body))
      if (!answer_one(h, c, head, body))
        return false;
  }
  return n < 0 && errno == EAGAIN;
}

static void
end_connection(struct connection *c)
{
  close(c->fd);
  free(c->buf);
}

static void
serve_all(struct http_stand_in *h)
{
  size_t left = 0;

  for (size_t i = 0; i < h->n; i++)
    if (serve_connection(h, &h->connections[i]))
      h->connections[left++] = h->connections[i];
    else
      end_connection(&h->connections[i]);
  h->n = left;
}

static void
accept_one(struct http_stand_in *h)
{
  struct connection c = { .buf = malloc(MAX_REQUEST + 1) };

  ck_assert_ptr_nonnull(c.buf);
  c.buf[0] = '\0';
  c.fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
  if (c.fd >= 0)
    h->connections[h->n++] = c;
  else
    free(c.buf);
}

static void *
serve(void *ctx)
{
  struct http_stand_in *h = ctx;
  struct pollfd fds[MAX_CONNECTIONS + 2];

  for (;;) {
    fds[0] = (struct pollfd){ .fd = h->wake[0], .events = POLLIN };
    fds[1] = (struct pollfd){ .fd = h->n < MAX_CONNECTIONS ? h->listener : -1,
                              .events = POLLIN };
    for (size_t i = 0; i < h->n; i++)
      fds[2 + i] =
        (struct pollfd){ .fd = h->connections[i].fd, .events = POLLIN };
    poll(fds, 2 + h->n, -1);
    if (fds[0].revents != 0)
      break;
    serve_all(h);
    if (fds[1].revents != 0)
      accept_one(h);
  }
  for (size_t i = 0; i < h->n; i++)
    end_connection(&h->connections[i]);
  return NULL;
}

struct http_stand_in *
http_stand_in_start(
  struct stand_in_answer (*answer)(void *ctx, const struct stand_in_request *r),
  void *ctx)
{
  struct http_stand_in *h = calloc(1, sizeof(*h));
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof(address);

  ck_assert_ptr_nonnull(h);
  h->answer = answer;
  h->ctx = ctx;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(h->listener, (struct sockaddr *)&address, len), 0);
  ck_assert_int_eq(listen(h->listener, 4), 0);
  ck_assert_int_eq(getsockname(h->listener, (struct sockaddr *)&address, &len),
                   0);
  h->port = ntohs(address.sin_port);
  ck_assert_int_eq(pipe2(h->wake, O_CLOEXEC), 0);
  ck_assert_int_eq(pthread_create(&h->thread, NULL, serve, h), 0);
  return h;
}

unsigned
http_stand_in_port(const struct http_stand_in *h)
{
  return h->port;
}

void
http_stand_in_stop(struct http_stand_in *h)
{
  if (!h)
    return;
  close(h->wake[1]); /* makes its other end readable */
  pthread_join(h->thread, NULL);
  close(h->wake[0]);
  close(h->listener);
  free(h);
}
