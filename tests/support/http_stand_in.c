/* Serves one connection at a time. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/http_stand_in.h"

#include <arpa/inet.h>
#include <check.h>
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

struct http_stand_in {
  struct stand_in_answer (*answer)(void *ctx, const struct stand_in_request *r);
  void *ctx;
  int listener, wake[2];
  unsigned port, number;
  pthread_t thread;
  char *buf; /* MAX_REQUEST and a NUL */
  size_t len;
};

/* Waits until FD can be read.  Returns false if the test is over. */
static bool
wait_for(const struct http_stand_in *h, int fd)
{
  struct pollfd fds[] = { { .fd = h->wake[0], .events = POLLIN },
                          { .fd = fd, .events = POLLIN } };

  poll(fds, 2, -1);
  return fds[0].revents == 0;
}

/* Reads until `buf` has LEN bytes.  Returns false at the end. */
static bool
read_to(struct http_stand_in *h, int fd, size_t len)
{
  while (h->len < len) {
    ssize_t n =
      wait_for(h, fd) ? read(fd, h->buf + h->len, MAX_REQUEST - h->len) : 0;

    if (n <= 0)
      return false;
    h->len += (size_t)n;
    h->buf[h->len] = '\0';
  }
  return true;
}

static size_t
body_length(const char *head)
{
  const char *line = strstr(head, "\r\nContent-Length: ");

  return line ? strtoul(line + strlen("\r\nContent-Length: "), NULL, 10) : 0;
}

/* Reads one request; *RET_HEAD is the length of its head. */
static bool
read_request(struct http_stand_in *h, int fd, size_t *ret_head,
             size_t *ret_body)
{
  char *end;

  while (!(end = strstr(h->buf, "\r\n\r\n")))
    if (!read_to(h, fd, h->len + 1))
      return false;
  end[2] = '\0';
  *ret_head = (size_t)(end - h->buf) + 4;
  *ret_body = body_length(h->buf);
  return read_to(h, fd, *ret_head + *ret_body);
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

static void
serve_connection(struct http_stand_in *h, int fd)
{
  size_t head, body;

  h->len = 0;
  h->buf[0] = '\0';
  while (read_request(h, fd, &head, &body)) {
    char after = h->buf[head + body];
    struct stand_in_answer answer;

    h->buf[head + body] = '\0';
    answer = h->answer(h->ctx, &(struct stand_in_request){
                                 .head = h->buf,
                                 .body = h->buf + head,
                                 .len = body,
                                 .number = ++h->number,
                               });
    if (answer.status == 0 || !say(fd, &answer))
      return;
    h->buf[head + body] = after;
    h->len -= head + body;
    memmove(h->buf, h->buf + head + body, h->len + 1);
  }
}

static void *
serve(void *ctx)
{
  struct http_stand_in *h = ctx;
  int fd;

  while (wait_for(h, h->listener)) {
    fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
      continue;
    serve_connection(h, fd);
    close(fd);
  }
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
  h->buf = malloc(MAX_REQUEST + 1);
  ck_assert_ptr_nonnull(h->buf);
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
  free(h->buf);
  free(h);
}
