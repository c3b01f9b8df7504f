/*
 * A building with many meters: all of them are read at the same time, also with
 * the usual limit of open files, with few threads, and if many do not reply.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/kmp/emulator/meter.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

#define THOUSAND 1000
/* Descriptors of an emulated meter, and of the rest of the test. */
#define METER_FILES 4
#define OTHER_FILES 100
/* The limit of open files of most systems. */
#define USUAL_FILES 1024
/* What a thousand meters leave of it for the rest of the program. */
#define FILES_LEFT (USUAL_FILES - THOUSAND)
/* The longest time until the silent meters have heard their requests. */
#define PATIENCE_MS 60000
#define LOOK_MS 20

#define STATUS_OF_SILENCE 76
#define STATUS_OF_REFUSAL 74

static struct sandbox *s;
static struct meter *meters[THOUSAND];
static size_t n_meters;
static char *pipeline;
static size_t pipeline_size;
static FILE *pipeline_file;
static const char *timeout; /* of each meter */

static void
setup(void)
{
  s = sandbox_new();
  n_meters = 0;
  timeout = "2s";
  pipeline_file = open_memstream(&pipeline, &pipeline_size);
  ck_assert_ptr_nonnull(pipeline_file);
}

static void
teardown(void)
{
  for (size_t i = 0; i < n_meters; i++)
    meter_stop(meters[i]);
  free(pipeline);
  sandbox_free(s);
}

/* ---- The building -------------------------------------------------------- */

/* Adds an input that reads DEVICE. */
static void
add_input(const char *device)
{
  static unsigned number;

  fprintf(pipeline_file,
          "[input m%u]\nplugin = kmp\ndevice = %s\nfields = heat_energy_e1\n"
          "timeout = %s\nretries = 0\n",
          number++, device, timeout);
}

/* Adds N meters with FAULT, or good ones if that is NULL. */
static void
add_meters(size_t n, const char *fault)
{
  for (; n > 0; n--) {
    struct meter *m = meter_new();
    const char *why = "";

    ck_assert_ptr_nonnull(m);
    meter_set(m, "60=84.208GJ");
    if (fault)
      meter_fault(m, fault);
    ck_assert_msg(meter_listen(m, "127.0.0.1", 0, &why) == 0, "%s", why);
    ck_assert_int_eq(meter_serve(m), 0);
    meters[n_meters++] = m;
    add_input(meter_path(m));
  }
}

/* Adds a serial server that refuses connections: its port is bound, and nothing
 * listens there. */
static void
add_refusal(void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof(address);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  char device[64];

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  snprintf(device, sizeof(device), "tcp://127.0.0.1:%u",
           (unsigned)ntohs(address.sin_port));
  add_input(device);
}

/* Raises the limit of open files; returns how many meters fit into it, at most
 * WANTED. */
static size_t
meters_that_fit(size_t wanted)
{
  struct rlimit limit;
  size_t fit;

  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ck_assert(limit.rlim_cur > OTHER_FILES + 100 * METER_FILES);
  fit = (limit.rlim_cur - OTHER_FILES) / METER_FILES;
  return fit < wanted ? fit : wanted;
}

/* Lets the program have at most N files open, even if it raises its limit. */
static void
limit_files(size_t n)
{
  char path[256];

  sandbox_write(s, "few-files", "#!/bin/sh\nulimit -n %zu\nexec '%s' \"$@\"\n",
                n, getenv("METERPIPE"));
  snprintf(path, sizeof(path), "%s/few-files", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0700), 0);
  ck_assert_int_eq(setenv("METERPIPE", path, 1), 0);
}

static void
limit_threads(const char *n)
{
  const char *clock = getenv("CLOCK_PRELOAD");
  char preload[1024];

  snprintf(preload, sizeof(preload), "%s%s%s", getenv("THREADS_PRELOAD"),
           clock ? " " : "", clock ? clock : "");
  sandbox_setenv(s, "LD_PRELOAD", preload);
  sandbox_setenv(s, "TEST_THREADS", n);
}

static void
write_pipeline(const char *deadline)
{
  fprintf(pipeline_file, "[output show]\nplugin = stdout\nformat = line\n");
  fclose(pipeline_file);
  sandbox_write(s, "house.ini", "[pipeline]\ndeadline = %s\n%s", deadline,
                pipeline);
}

static int
run(const char *deadline)
{
  write_pipeline(deadline);
  return sandbox_run(s, "run -c house.ini");
}

static size_t
count_text(const char *text, const char *wanted)
{
  size_t n = 0;

  for (text = strstr(text, wanted); text; text = strstr(text + 1, wanted))
    n++;
  return n;
}

static void
assert_requests(unsigned each)
{
  for (size_t i = 0; i < n_meters; i++)
    ck_assert_uint_eq(meter_requests(meters[i]), each);
}

/* Waits until each meter has heard a request; false: not all of them do. */
static bool
wait_for_requests(void)
{
  size_t heard = 0;

  for (int ms = 0; ms < PATIENCE_MS; ms += LOOK_MS) {
    while (heard < n_meters && meter_requests(meters[heard]) > 0)
      heard++;
    if (heard == n_meters)
      return true;
    poll(NULL, 0, LOOK_MS);
  }
  return false;
}

/* ---- Tests --------------------------------------------------------------- */

START_TEST(thousand_meters_are_read_with_1024_open_files)
{
  size_t n = meters_that_fit(THOUSAND);

  add_meters(n, NULL);
  limit_files(USUAL_FILES);
  ck_assert_int_eq(run("100s"), 0);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_uint_eq(count_text(sandbox_out(s), ".heat_energy_e1 84.208 GJ\n"),
                    n);
  assert_requests(1);
}
END_TEST

/* Each gets its request while all others still wait for a reply, although there
 * is hardly more than one descriptor for each. */
START_TEST(silent_meters_are_asked_at_the_same_time_with_few_files)
{
#ifndef __SANITIZE_THREAD__ /* there the locks need descriptors, too */
  timeout = "10m";
  add_meters(200, "silent");
  limit_files(200 + FILES_LEFT);
  write_pipeline("20m");
  sandbox_start(s, "run -c house.ini");
  ck_assert(wait_for_requests());
  kill(sandbox_pid(s), SIGTERM);
  sandbox_wait(s);
  ck_assert_uint_eq(count_text(sandbox_err(s), "interrupted"), 200);
  assert_requests(1);
#endif
}
END_TEST

/* One after the other, the silent ones would take 120 s. */
START_TEST(silent_meters_take_one_timeout_together)
{
  add_meters(60, "silent");
  add_meters(60, NULL);
  limit_files(USUAL_FILES);
  ck_assert_int_eq(run("30s"), STATUS_OF_SILENCE);
  ck_assert_uint_eq(count_text(sandbox_err(s), ": no reply in "), 60);
  ck_assert_uint_eq(count_text(sandbox_err(s), "error: "), 60);
  ck_assert_uint_eq(count_text(sandbox_out(s), "\n"), 60);
  assert_requests(1);
}
END_TEST

/* In turns of ten they take 12 s.  Those that get no thread at first must not
 * be read one after the other. */
START_TEST(meters_wait_for_a_thread)
{
  if (!getenv("THREADS_PRELOAD"))
    return;
  add_meters(60, "silent");
  limit_threads("10");
  ck_assert_int_eq(run("50s"), STATUS_OF_SILENCE);
  ck_assert_uint_eq(count_text(sandbox_err(s), ": no reply in "), 60);
  ck_assert_uint_eq(count_text(sandbox_err(s), "error: "), 60);
  assert_requests(1);
}
END_TEST

START_TEST(meters_without_a_thread_before_the_deadline_are_reported)
{
  /* The watchdog and the locks have the other threads. */
  const char *told = "was not read before the deadline of the cycle: only 1 "
                     "inputs fit into the limit of threads at a time; raise it "
                     "(ulimit -u)\n";

  if (!getenv("THREADS_PRELOAD"))
    return;
  add_meters(20, "silent");
  limit_threads("3");
  ck_assert_int_eq(run("3s"), STATUS_OF_SILENCE);
  ck_assert_uint_ge(count_text(sandbox_err(s), told), 10);
  ck_assert_uint_eq(count_text(sandbox_err(s), "error: "), 20);
}
END_TEST

START_TEST(refused_connections_do_not_delay_the_others)
{
  for (int i = 0; i < 200; i++)
    add_refusal();
  add_meters(20, NULL);
  ck_assert_int_eq(run("30s"), STATUS_OF_REFUSAL);
  ck_assert_uint_eq(
    count_text(sandbox_err(s),
               "cannot connect to the serial server: Connection refused\n"),
    200);
  ck_assert_uint_eq(count_text(sandbox_err(s), "error: "), 200);
  ck_assert_uint_eq(count_text(sandbox_out(s), "\n"), 20);
  assert_requests(1);
}
END_TEST

static Suite *
many_meters_suite(void)
{
  Suite *suite = suite_create("many meters");
  TCase *tcase = tcase_create("many meters");

  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 300);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, thousand_meters_are_read_with_1024_open_files);
  tcase_add_test(tcase,
                 silent_meters_are_asked_at_the_same_time_with_few_files);
  tcase_add_test(tcase, silent_meters_take_one_timeout_together);
  tcase_add_test(tcase, meters_wait_for_a_thread);
  tcase_add_test(tcase,
                 meters_without_a_thread_before_the_deadline_are_reported);
  tcase_add_test(tcase, refused_connections_do_not_delay_the_others);
  return suite;
}

int
main(void)
{
  return run_suite(many_meters_suite());
}
