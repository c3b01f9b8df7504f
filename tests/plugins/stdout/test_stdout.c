/* stdout: the output on descriptor 1, and the messages when it fails. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* posix_openpt */
#endif

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"
#include "tests/support/run_suite.h"

#define TIME_MS INT64_C(1795341600000)

static struct fake_host *h;
static struct fake_sink *sink;
static const struct mp_output_ops *ops;
static void *self;
static int real_stdout;

/* FORMAT NULL: the default if standard output is not a terminal. */
static void
begin(const char *format)
{
  h = fake_host_new(meterpipe_plugin(), "screen");
  sink = fake_sink_new(&h->table);
  ops = meterpipe_plugin()->output;
  fake_host_set(h, "format", format);
  fake_host_add_target(h, "energy", NULL, "meter.e1", 0);
  fake_host_add_target(h, "usage", NULL, "usage", 0);
  real_stdout = dup(STDOUT_FILENO);
  ck_assert_int_eq(meterpipe_plugin()->create(&h->table, &self), MP_OK);
}

static void
end(void)
{
  ops->close(self);
  meterpipe_plugin()->destroy(self);
  fake_sink_free(sink);
  fake_host_free(h);
}

static void
write_record(int n, const char *energy, const char *usage)
{
  struct mp_record record = { .struct_size = sizeof(record) };
  struct mp_value value;

  record.time_ms = TIME_MS + (int64_t)n * 1200000;
  ops->begin(self, &record);
  if (usage) {
    value = fake_host_value(h, MP_DELTA, usage);
    ops->write(self, 1, &value);
  }
  if (energy) {
    value = fake_host_value(h, MP_COUNTER, energy);
    ops->write(self, 0, &value);
  }
}

/* Commits with FD as descriptor 1, then restores it. */
static int
commit_to(int fd)
{
  int answer;

  fflush(stdout);
  dup2(fd, STDOUT_FILENO);
  answer = ops->commit(self, &sink->output);
  dup2(real_stdout, STDOUT_FILENO);
  return answer;
}

static void
open_to(int fd)
{
  fflush(stdout);
  dup2(fd, STDOUT_FILENO);
  ck_assert_int_eq(ops->open(self), MP_OK);
  dup2(real_stdout, STDOUT_FILENO);
}

static const struct {
  const char *format;
  const char *text;
} rows[] = {
  { "table", "2026-11-22T10:00:00Z\n"
             "  energy  84.208  GJ\n"
             "  usage    0.208  GJ\n"
             "\n"
             "2026-11-22T10:20:00Z\n"
             "  energy  84.3  GJ\n"
             "  usage    -\n" },
  { "line", "energy 84.208 GJ\nusage 0.208 GJ\nenergy 84.3 GJ\n" },
  { "json", "{\"time\":\"2026-11-22T10:00:00Z\",\"values\":{"
            "\"energy\":{\"value\":\"84.208\",\"unit\":\"GJ\"},"
            "\"usage\":{\"value\":\"0.208\",\"unit\":\"GJ\"}}}\n"
            "{\"time\":\"2026-11-22T10:20:00Z\",\"values\":{"
            "\"energy\":{\"value\":\"84.3\",\"unit\":\"GJ\"},"
            "\"usage\":null}}\n" },
};

/* Both cycles in one commit, or each in its own. */
START_TEST(cycles_are_written)
{
  const size_t i = (size_t)_i / 2;
  char text[1024] = "";
  int fds[2];

  begin(rows[i].format);
  ck_assert_int_eq(pipe(fds), 0);
  open_to(fds[1]);
  write_record(0, "84.208 GJ", "0.208 GJ");
  if (_i % 2 == 1)
    ck_assert_int_eq(commit_to(fds[1]), MP_OK);
  write_record(1, "84.3 GJ", NULL);
  ck_assert_int_eq(commit_to(fds[1]), MP_OK);
  ck_assert_uint_eq(fake_sink_result(sink, 0, 0), MP_ACCEPTED);
  ck_assert_uint_eq(fake_sink_result(sink, 1, 0), _i % 2 ? 0 : MP_ACCEPTED);
  ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
  ck_assert_str_eq(text, rows[i].text);
  close(fds[0]);
  close(fds[1]);
  end();
}
END_TEST

START_TEST(units_are_written_as_people_do)
{
  char text[1024] = "";
  int fds[2];

  begin("line");
  ck_assert_int_eq(pipe(fds), 0);
  open_to(fds[1]);
  write_record(0, "1 m3", "2 m3/h");
  write_record(1, "3 C", "4");
  write_record(2, "5", "6 boxes");
  write_record(3, "7 GJ", "8 boxes");
  ck_assert_int_eq(commit_to(fds[1]), MP_OK);
  ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
  ck_assert_str_eq(text, "energy 1 m\302\263\nusage 2 m\302\263/h\n"
                         "energy 3 \302\260C\nusage 4\n"
                         "energy 5\nusage 6 boxes\n"
                         "energy 7 GJ\nusage 8 boxes\n");
  close(fds[0]);
  close(fds[1]);
  end();
}
END_TEST

START_TEST(format_follows_the_terminal)
{
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  char text[256] = "";
  int slave, fds[2];

  ck_assert_int_ge(master, 0);
  ck_assert_int_eq(grantpt(master), 0);
  ck_assert_int_eq(unlockpt(master), 0);
  slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  ck_assert_int_ge(slave, 0);
  ck_assert_int_eq(pipe(fds), 0);

  begin(NULL);
  open_to(slave);
  write_record(0, "1 GJ", NULL);
  ck_assert_int_eq(commit_to(fds[1]), MP_OK);
  ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
  ck_assert_msg(text[0] == '2', "%s", text);
  end();

  begin(NULL);
  open_to(fds[1]);
  write_record(0, "1 GJ", NULL);
  ck_assert_int_eq(commit_to(fds[1]), MP_OK);
  ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
  ck_assert_msg(text[0] == '{', "%s", text);
  end();
  close(master);
  close(slave);
  close(fds[0]);
  close(fds[1]);
}
END_TEST

START_TEST(targets_can_be_added_while_open)
{
  struct mp_value value;
  char text[256] = "";
  int fds[2];

  begin("line");
  ck_assert_int_eq(pipe(fds), 0);
  open_to(fds[1]);
  write_record(0, "1 GJ", NULL);
  ck_assert_uint_eq(fake_host_add_target(h, "new", NULL, "new", 0), 2);
  value = fake_host_value(h, MP_TEXT, "later");
  ck_assert_int_eq(ops->write(self, 2, &value), MP_OK);
  ck_assert_int_eq(ops->write(self, 3, &value), MP_EINTERNAL);
  ck_assert_int_eq(commit_to(fds[1]), MP_OK);
  ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
  ck_assert_str_eq(text, "energy 1 GJ\nnew later\n");
  close(fds[0]);
  close(fds[1]);
  end();
}
END_TEST

static void
check_lost(int fd, int reason, const char *part)
{
  write_record(0, "1 GJ", NULL);
  ck_assert_int_eq(commit_to(fd), reason);
  ck_assert_uint_eq(fake_sink_result(sink, 0, 0), MP_NOT_SENT);
  ck_assert_int_eq(fake_host_failure(h, 0), reason);
  ck_assert_msg(strstr(fake_host_log(h), part), "%s", fake_host_log(h));
}

START_TEST(full_disk_is_an_error)
{
  int fd = open("/dev/full", O_WRONLY);

  begin("json");
  open_to(fd);
  check_lost(fd, MP_EIO, "standard output: cannot be written: No space");
  close(fd);
  end();
}
END_TEST

START_TEST(closed_pipe_is_an_error)
{
  int fds[2];

  ck_assert_int_eq(pipe(fds), 0);
  close(fds[0]);
  begin("json");
  open_to(fds[1]);
  check_lost(fds[1], MP_EIO, strerror(EPIPE));
  close(fds[1]);
  end();
}
END_TEST

/* Writing to a stuck pipe ends at the deadline, or when the run is
 * cancelled. */
START_TEST(stuck_pipe_ends_at_the_deadline_or_cancellation)
{
  char full[65536] = "";
  int fds[2];

  ck_assert_int_eq(pipe(fds), 0);
  fcntl(fds[1], F_SETFL, O_NONBLOCK);
  while (write(fds[1], full, sizeof(full)) > 0)
    ;
  begin("json");
  open_to(fds[1]);
  if (_i == 0)
    fake_host_set_deadline(h, 30);
  else
    fake_host_cancel(h);
  check_lost(fds[1], _i == 0 ? MP_EAGAIN : MP_ECANCELED,
             _i == 0 ? "accepted no more output in time"
                     : "the run was interrupted");
  close(fds[0]);
  close(fds[1]);
  end();
}
END_TEST

START_TEST(commit_without_records_writes_nothing)
{
  int fd = open("/dev/full", O_WRONLY);

  begin("table");
  open_to(fd);
  ck_assert_int_eq(commit_to(fd), MP_OK);
  close(fd);
  end();
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("stdout");
  TCase *tc = tcase_create("stdout");

  signal(SIGPIPE, SIG_IGN);
  tcase_add_loop_test(tc, cycles_are_written, 0, 6);
  tcase_add_test(tc, units_are_written_as_people_do);
  tcase_add_test(tc, format_follows_the_terminal);
  tcase_add_test(tc, targets_can_be_added_while_open);
  tcase_add_test(tc, full_disk_is_an_error);
  tcase_add_test(tc, closed_pipe_is_an_error);
  tcase_add_loop_test(tc, stuck_pipe_ends_at_the_deadline_or_cancellation, 0,
                      2);
  tcase_add_test(tc, commit_without_records_writes_nothing);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
