/*
 * exec: the scripts in examples/exec work as they are meant to.
 */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/run_suite.h"

static struct sandbox *s;

static void
build(void)
{
  s = sandbox_new();
}

static void
leave(void)
{
  sandbox_free(s);
}

static const char *
example(const char *name)
{
  static char path[1024];
  const char *srcdir = getenv("srcdir");
  char *real;

  snprintf(path, sizeof(path), "%s/examples/exec/%s", srcdir ? srcdir : ".",
           name);
  real = realpath(path, NULL);
  ck_assert_msg(real, "%s does not exist", path);
  snprintf(path, sizeof(path), "%s", real);
  free(real);
  return path;
}

static void
write_example_output(const char *class, const char *script,
                     const char *argument)
{
  char options[1200];

  snprintf(options, sizeof(options), "class = %s\ncommand = %s %s\n", class,
           example(script), argument);
  exec_write(s, options);
}

/* A web hook that answers with STATUS, and keeps the body of the last
 * request. */
static struct hook {
  int fd;
  int port;
  int status;
  char body[2048];
  pthread_t thread;
} hook;

static void
answer_one(int fd)
{
  char request[4096], reply[128];
  size_t len = 0;
  const char *body = NULL, *length;
  size_t wanted = sizeof(request);

  while (len < sizeof(request) - 1 && (!body || strlen(body) < wanted)) {
    ssize_t n = read(fd, request + len, sizeof(request) - 1 - len);

    if (n <= 0)
      break;
    len += (size_t)n;
    request[len] = '\0';
    body = strstr(request, "\r\n\r\n");
    length = strstr(request, "Content-Length: ");
    if (!body || !length)
      continue;
    body += 4;
    wanted = strtoul(length + strlen("Content-Length: "), NULL, 10);
  }
  snprintf(hook.body, sizeof(hook.body), "%s", body ? body : "");
  snprintf(reply, sizeof(reply),
           "HTTP/1.1 %d Answer\r\nContent-Length: 0\r\n"
           "Connection: close\r\n\r\n",
           hook.status);
  if (write(fd, reply, strlen(reply)) < 0)
    perror("hook");
  close(fd);
}

static void *
serve(void *unused)
{
  (void)unused;
  for (int fd = accept(hook.fd, NULL, NULL); fd >= 0;
       fd = accept(hook.fd, NULL, NULL))
    answer_one(fd);
  return NULL;
}

static void
start_hook(int status)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof(address);

  memset(&hook, 0, sizeof(hook));
  hook.status = status;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  hook.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(hook.fd, 0);
  ck_assert_int_eq(bind(hook.fd, (struct sockaddr *)&address, size), 0);
  ck_assert_int_eq(listen(hook.fd, 8), 0);
  ck_assert_int_eq(getsockname(hook.fd, (struct sockaddr *)&address, &size), 0);
  hook.port = ntohs(address.sin_port);
  ck_assert_int_eq(pthread_create(&hook.thread, NULL, serve, NULL), 0);
}

static void
stop_hook(void)
{
  shutdown(hook.fd, SHUT_RDWR);
  close(hook.fd);
  pthread_join(hook.thread, NULL);
}

static const struct {
  int answer, status;
  const char *end; /* of the script; NULL: no error */
} hook_rows[] = {
  { 200, EX_OK, NULL },
  { 204, EX_OK, NULL },
  { 503, EX_TEMPFAIL, "75: the web hook answered with 503" },
  { 404, EX_UNAVAILABLE, "1: the web hook answered with 404" },
};

START_TEST(example_posts_to_a_web_hook)
{
  char url[64], err[2048];

  start_hook(hook_rows[_i].answer);
  snprintf(url, sizeof(url), "http://127.0.0.1:%d/hook", hook.port);
  write_example_output("history", "webhook.sh", url);
  exec_run(s, "84.208");
  stop_hook();
  err[0] = '\0';
  if (hook_rows[_i].end)
    snprintf(err, sizeof(err), "error: hook: %s: ended with status %s\n",
             example("webhook.sh"), hook_rows[_i].end);
  exec_check(s, hook_rows[_i].status, err);
  ck_assert_str_eq(exec_without_uuids(hook.body),
                   "{\"id\":\"UUID-1795342800000-1\","
                   "\"time\":\"2026-11-22T10:20:00Z\",\"values\":{\"energy\":"
                   "{\"value\":\"84.208\",\"unit\":\"GJ\","
                   "\"kind\":\"counter\",\"time\":\"2026-11-22T10:20:00Z\","
                   "\"serial\":\"6789\"}}}");
}
END_TEST

#define JOURNAL_LINE(time, row, clock, energy)                                 \
  "{\"id\":\"UUID-" time "-" row "\",\"time\":\"2026-11-22T" clock "Z\","      \
  "\"values\":{\"energy\":{\"value\":\"" energy "\",\"unit\":\"GJ\","          \
  "\"kind\":\"counter\",\"time\":\"2026-11-22T" clock "Z\","                   \
  "\"serial\":\"6789\"}}}\n"

/* The record is sent again, although the journal has it already or has a part
 * of it. */
START_TEST(example_journal_has_each_record_once)
{
  static const char first[] =
    JOURNAL_LINE("1795342800000", "1", "10:20:00", "84.208");

  sandbox_write(s, "take.sh", "cat >journal\nkill -9 $PPID\nsleep 60\n");
  exec_write(s, "class = append\ncommand = sh take.sh\n");
  exec_run(s, "84.208");
  exec_check_file(s, "journal", first);
  if (_i == 1) {
    char *whole = strdup(sandbox_read(s, "journal"));

    sandbox_write(s, "journal", "%.*s", (int)strlen(whole) / 2, whole);
    free(whole);
  }
  write_example_output("append", "journal.py", "journal");
  exec_run(s, "84.300");
  exec_check(s, EX_OK, EXEC_UNFINISHED);
  exec_check_file(s, "journal",
                  JOURNAL_LINE("1795342800000", "1", "10:20:00", "84.208")
                    JOURNAL_LINE("1795344000000", "2", "10:40:00", "84.300"));
}
END_TEST

static const struct {
  const char *count, *out;
  int status;
} temperature_rows[] = {
  { "21500\n", "room.temperature 21.500 \302\260C\n", EX_OK },
  { "-5\n", "room.temperature -0.005 \302\260C\n", EX_OK },
  { "", "", EX_TEMPFAIL },
};

START_TEST(example_reads_a_temperature)
{
  sandbox_write(s, "sensor", "%s", temperature_rows[_i].count);
  sandbox_write(s, "p.ini",
                "[input room]\nplugin = exec\ncommand = %s sensor\n"
                "[output table]\nplugin = stdout\nformat = line\n",
                example("temperature.sh"));
  sandbox_run(s, "run -c p.ini");
  ck_assert_int_eq(sandbox_status(s), temperature_rows[_i].status);
  ck_assert_str_eq(sandbox_out(s), temperature_rows[_i].out);
}
END_TEST

static Suite *
exec_examples_suite(void)
{
  Suite *suite = suite_create("exec examples");
  TCase *tc = tcase_create("command");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, example_reads_a_temperature, 0,
                      ARRAY_SIZE(temperature_rows));
  if (exec_has_program("curl"))
    tcase_add_loop_test(tc, example_posts_to_a_web_hook, 0,
                        ARRAY_SIZE(hook_rows));
  if (exec_has_program("python3"))
    tcase_add_loop_test(tc, example_journal_has_each_record_once, 0, 2);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(exec_examples_suite());
}
