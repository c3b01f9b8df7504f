/* HTTP requests: the bytes that a server receives for each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "lib/array.h"
#include "plugins/http/http.h"
#include "testkit/fake_host.h"
#include "tests/support/rude_server.h"
#include "tests/support/run_suite.h"

#define GREETING "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const struct mp_plugin no_plugin = {
  .abi_version = MP_ABI_VERSION,
  .struct_size = sizeof(no_plugin),
};

/* Returns true if TEXT contains LINE as a whole line of a header. */
static bool
has_line(const char *text, const char *line)
{
  size_t len = strlen(line);

  for (const char *at = strstr(text, line); at; at = strstr(at + 1, line))
    if (at > text && at[-1] == '\n' && strncmp(at + len, "\r\n", 2) == 0)
      return true;
  return false;
}

static const char *const headers[] = { "Content-Type: text/plain", "X-A: b",
                                       NULL };

static const struct {
  struct http_request request;
  const char *first, *body;
  const char *lines[4];  /* that the header has */
  const char *absent[2]; /* that the request does not have */
} requests[] = {
  { { .path = "" },
    "GET /api HTTP/1.1\r\n",
    "",
    { "Connection: keep-alive" },
    { "Content-Length", "Expect" } },
  { { .path = "/x", .query = "a=b&c=d" },
    "GET /api/x?a=b&c=d HTTP/1.1\r\n",
    "",
    { NULL },
    { NULL } },
  { { .path = "/w", .headers = headers, .body = "m v=1\n", .body_len = 6 },
    "POST /api/w HTTP/1.1\r\n",
    "m v=1\n",
    { "Content-Type: text/plain", "X-A: b", "Content-Length: 6",
      "Connection: keep-alive" },
    { "Expect", "x-www-form-urlencoded" } },
  { { .method = "PUT", .path = "/w", .body = "", .flags = HTTP_UPDATE },
    "PUT /api/w HTTP/1.1\r\n",
    "",
    { "Content-Length: 0" },
    { NULL } },
  { { .method = "DELETE", .path = "/w" },
    "DELETE /api/w HTTP/1.1\r\n",
    "",
    { NULL },
    { "Content-Length" } },
};

static void
check_heard(int row, const char *heard)
{
  const char *body = strstr(heard, "\r\n\r\n");

  ck_assert_msg(
    strncmp(heard, requests[row].first, strlen(requests[row].first)) == 0, "%s",
    heard);
  ck_assert_ptr_nonnull(body);
  ck_assert_str_eq(body + 4, requests[row].body);
  for (size_t i = 0; i < ARRAY_SIZE(requests[0].lines); i++)
    ck_assert_msg(!requests[row].lines[i] ||
                    has_line(heard, requests[row].lines[i]),
                  "%s is not in %s", requests[row].lines[i], heard);
  for (size_t i = 0; i < ARRAY_SIZE(requests[0].absent); i++)
    ck_assert_msg(!requests[row].absent[i] ||
                    !strstr(heard, requests[row].absent[i]),
                  "%s is in %s", requests[row].absent[i], heard);
}

START_TEST(request_is_sent_as_given)
{
  struct rude_server *server =
    rude_server_start(&(struct rude){ .greeting = GREETING });
  struct fake_host *host = fake_host_new(&no_plugin, "out");
  struct http_options options = { .timeout_ms = 10000, .tls_verify = true };
  struct http_answer answer;
  struct http *http;
  char url[64];

  snprintf(url, sizeof(url), "http://127.0.0.1:%u/api",
           rude_server_port(server));
  options.url = url;
  ck_assert(http_init());
  http = http_new(&host->table, &options);
  http_send(http, &requests[_i].request, &answer);
  ck_assert_msg(answer.code == MP_OK, "%s", answer.what);
  ck_assert_int_eq(answer.status, 200);
  ck_assert_str_eq(answer.body, "ok");
  ck_assert(answer.sent);
  check_heard(_i, rude_server_heard(server));
  http_free(http);
  fake_host_free(host);
  rude_server_stop(server);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("http");
  TCase *tc = tcase_create("requests");

  tcase_add_loop_test(tc, request_is_sent_as_given, 0,
                      (int)ARRAY_SIZE(requests));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
