/*
 * exec, the output: results for each record, two instances, and displayed
 * values.  The commands' input is tested end to end.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"
#include "tests/support/run_suite.h"

#define TIME INT64_C(1795341600000)

static struct fake_host *h;
static struct fake_sink *sink;
static const struct mp_plugin *plugin;
static void *self;

static void
setup(void)
{
  signal(SIGPIPE, SIG_IGN); /* as the host does */
  plugin = meterpipe_plugin();
  h = fake_host_new(plugin, "hook");
  sink = fake_sink_new(&h->table);
  self = NULL;
  fake_host_set(h, "class", "append");
  fake_host_add_target(h, "energy", NULL, "meter.energy", 0);
}

static void
teardown(void)
{
  plugin->destroy(self);
  fake_sink_free(sink);
  fake_host_free(h);
}

static void
create(const char *command)
{
  fake_host_set(h, "command", command);
  ck_assert_int_eq(plugin->create(&h->table, &self), MP_OK);
}

static void
write_records(int n)
{
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms = TIME,
                              .id = "hook-1" };
  struct mp_value value = fake_host_value(h, MP_COUNTER, "84.208 GJ");

  while (n-- > 0) {
    ck_assert_int_eq(plugin->output->begin(self, &record), MP_OK);
    ck_assert_int_eq(plugin->output->write(self, 0, &value), MP_OK);
  }
}

static const struct {
  const char *command;
  int answer;
  uint32_t result;
  int failure; /* 0: none */
} rows[] = {
  { "true", MP_OK, MP_ACCEPTED, 0 },
  { "sh -c 'exit 75'", MP_OK, MP_RETRY, MP_EAGAIN },
  { "false", MP_OK, MP_REJECTED, MP_EREFUSED },
  { "sh -c 'kill -9 $$'", MP_EPROTO, MP_PERHAPS, MP_EPROTO },
  { "sleep 60", MP_ETIMEOUT, MP_PERHAPS, MP_ETIMEOUT },
  { "no-such-program", MP_ECONFIG, MP_NOT_SENT, MP_ECONFIG },
};

/* Only the row for the timeout gets too little time. */
static void
create_row(int i)
{
  if (rows[i].failure == MP_ETIMEOUT)
    fake_host_set(h, "timeout", "50ms");
  create(rows[i].command);
}

START_TEST(every_record_gets_the_result_of_the_command)
{
  create_row(_i);
  write_records(3);
  ck_assert_int_eq(plugin->output->commit(self, &sink->output),
                   rows[_i].answer);
  ck_assert_uint_eq(fake_sink_result_count(sink), 3);
  for (uint32_t i = 0; i < 3; i++)
    ck_assert_uint_eq(fake_sink_result(sink, i, 0), rows[_i].result);
  ck_assert_int_eq(fake_host_failure(h, 0), rows[_i].failure);
}
END_TEST

START_TEST(recovered_record_is_accepted_or_was_not_sent)
{
  char token[256];

  create_row(_i);
  ck_assert_int_eq(plugin->output->append->token(self, token, sizeof(token)),
                   MP_OK);
  write_records(1);
  plugin->output->append->recover(self, token, &sink->output);
  ck_assert_uint_eq(fake_sink_result(sink, 0, 0),
                    rows[_i].result == MP_RETRY ||
                        rows[_i].result == MP_REJECTED
                      ? MP_NOT_SENT
                      : rows[_i].result);
}
END_TEST

/* With SIGCHLD ignored, the kernel keeps no exit status. */
START_TEST(lost_exit_status_is_an_unknown_outcome)
{
  signal(SIGCHLD, SIG_IGN);
  create("true");
  write_records(1);
  ck_assert_int_eq(plugin->output->commit(self, &sink->output), MP_EIO);
  signal(SIGCHLD, SIG_DFL);
  ck_assert_uint_eq(fake_sink_result(sink, 0, 0), MP_PERHAPS);
  ck_assert_int_eq(fake_host_failure(h, 0), MP_EIO);
}
END_TEST

START_TEST(commit_without_records_runs_no_command)
{
  create("no-such-program");
  ck_assert_int_eq(plugin->output->commit(self, &sink->output), MP_OK);
  ck_assert_str_eq(fake_host_log(h), "");
}
END_TEST

START_TEST(commit_without_time_left_runs_no_command)
{
  create("true");
  write_records(1);
  fake_host_set_time_left(h, 0);
  ck_assert_int_eq(plugin->output->commit(self, &sink->output), MP_EAGAIN);
  ck_assert_uint_eq(fake_sink_result(sink, 0, 0), MP_NOT_SENT);
}
END_TEST

START_TEST(cancelled_run_ends_the_command)
{
  create("sleep 60");
  write_records(1);
  fake_host_cancel(h);
  ck_assert_int_eq(plugin->output->commit(self, &sink->output), MP_ECANCELED);
  ck_assert_uint_eq(fake_sink_result(sink, 0, 0), MP_PERHAPS);
}
END_TEST

START_TEST(large_batch_is_delivered_while_the_command_prints)
{
  create("sh -c 'cat >&2'");
  write_records(2000);
  ck_assert_int_eq(plugin->output->commit(self, &sink->output), MP_OK);
  ck_assert_uint_eq(fake_sink_result(sink, 1999, 0), MP_ACCEPTED);
}
END_TEST

START_TEST(output_without_fetch_command_skips_fetch)
{
  create("true");
  ck_assert_int_eq(plugin->output->fetch(self, &sink->output), MP_SKIP);
}
END_TEST

static const struct {
  const char *line, *want;
  int32_t place;
} shown_rows[] = {
  { "{\"target\":\"energy\",\"value\":\"84.20\",\"unit\":\"GJ\"}", "84.20 GJ",
    MP_EXACT },
  { "{\"target\":\"energy\",\"value\":84.20,\"rounded\":true}", "84.20", -2 },
  { "{\"target\":\"energy\",\"value\":null}", "empty", MP_EXACT },
  { "{\"target\":\"other\",\"value\":1}", "unreached", 0 },
};

START_TEST(fetch_reads_the_displayed_values)
{
  char command[256];

  snprintf(command, sizeof(command), "echo '%s'", shown_rows[_i].line);
  fake_host_set(h, "fetch", command);
  create("true");
  ck_assert_int_eq(plugin->output->fetch(self, &sink->output), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(sink, 0), shown_rows[_i].want);
  if (fake_sink_shown(sink, 0))
    ck_assert_int_eq(fake_sink_shown(sink, 0)->place, shown_rows[_i].place);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("exec");
  TCase *tc = tcase_create("output");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, every_record_gets_the_result_of_the_command, 0,
                      ARRAY_SIZE(rows));
  tcase_add_loop_test(tc, recovered_record_is_accepted_or_was_not_sent, 0,
                      ARRAY_SIZE(rows));
  tcase_add_test(tc, lost_exit_status_is_an_unknown_outcome);
  tcase_add_test(tc, commit_without_records_runs_no_command);
  tcase_add_test(tc, commit_without_time_left_runs_no_command);
  tcase_add_test(tc, cancelled_run_ends_the_command);
  tcase_add_test(tc, large_batch_is_delivered_while_the_command_prints);
  tcase_add_test(tc, output_without_fetch_command_skips_fetch);
  tcase_add_loop_test(tc, fetch_reads_the_displayed_values, 0,
                      ARRAY_SIZE(shown_rows));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
