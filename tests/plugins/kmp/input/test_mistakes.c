/*
 * The kmp input with every kind of fault of meter, head and line: either it
 * emits the right values, or none and gives the right diagnosis.
 *
 * Timeouts take seconds, so all rows run at the same time, each with its own
 * meter, host and instance.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/emulator/meter.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"
#include "tests/support/run_suite.h"

/* Longer than a loaded machine needs for an answer. */
#define TIMEOUT "4s"

#define ALL "heat_energy_e1 84.208 GJ\nvolume_v1 1234.56 m3\n"

struct row {
  const char *faults;  /* separated by blanks */
  const char *options; /* KEY=VALUE, separated by blanks */
  int result;          /* of read */
  const char *values;
  unsigned requests;
  int failure; /* reported; 0: none */
  const char *logged;
};

/* Each row reads three registers, including the serial number's: in one
 * request, if all goes well. */
static const struct row rows[] = {
  { "", "", MP_OK, ALL, 1, 0, "" },
  { "echo", "", MP_OK, ALL, 1, 0, "" },
  { "noise=1", "", MP_OK, ALL, 1, 0, "" },
  { "noise=9", "", MP_OK, ALL, 1, 0, "" },
  { "echo noise=9", "", MP_OK, ALL, 1, 0, "" },
  { "double", "", MP_OK, ALL, 1, 0, "" },
  { "late=400", "", MP_OK, ALL, 1, 0, "" },
  { "stray=1", "", MP_OK, ALL, 1, 0, "" },
  { "stray=3", "", MP_OK, ALL, 1, 0, "" },
  { "stray=9", "", MP_OK, ALL, 1, 0, "" },
  /* Later than the timeout, but within the silence before a retry. */
  { "late=300", "timeout=50ms", MP_OK, ALL, 1, 0, "" },
  /* A retry succeeds. */
  { "crc*1", "", MP_OK, ALL, 2, 0, "" },
  { "flip=1*1", "", MP_OK, ALL, 2, 0, "" },
  { "flip=3*2", "", MP_OK, ALL, 4, 0, "" },
  { "drop=3*1", "", MP_OK, ALL, 2, 0, "" },
  { "insert=3*1", "", MP_OK, ALL, 2, 0, "" },
  { "truncate=10*1", "", MP_OK, ALL, 2, 0, "" },
  { "garbage=20*1", "", MP_OK, ALL, 2, 0, "" },
  { "stop*1", "", MP_OK, ALL, 2, 0, "" },
  { "previous*1", "", MP_OK, ALL, 2, 0, "" },
  { "address=0x7f*1", "", MP_OK, ALL, 2, 0, "" },
  { "command=0x11*1", "", MP_OK, ALL, 2, 0, "" },
  { "surplus=999*1", "", MP_OK, ALL, 2, 0, "register 999" },
  { "silent=1", "", MP_OK, ALL, 2, 0, "" },
  { "second", "", MP_OK, ALL, 2, 0, "" },
  { "limit=2", "", MP_OK, ALL, 4, 0, "" },
  { "limit=1", "", MP_OK, ALL, 6, 0, "" },
  { "refuse=1001", "", MP_OK, ALL, 4, 0, "" },
  { "refuse=68", "", MP_OK, "heat_energy_e1 84.208 GJ\n", 6, MP_EDATA,
    "did not reply to a request for volume_v1: meterpipe probe" },
  /* Registers that the meter does not have. */
  { "missing=68", "", MP_OK, "heat_energy_e1 84.208 GJ\n", 1, MP_EDATA,
    "left out volume_v1" },
  { "missing=68 stray=3", "", MP_OK, "heat_energy_e1 84.208 GJ\n", 1, MP_EDATA,
    "left out volume_v1" },
  { "empty", "", MP_OK, "", 1, MP_EDATA, "none of the requested" },
  /* Every retry fails. */
  { "silent", "", MP_ETIMEOUT, "", 4, MP_ETIMEOUT,
    "no reply in 4000 ms (requests sent: 4): press a button" },
  { "silent echo", "", MP_ETIMEOUT, "", 4, MP_ETIMEOUT, "only an echo" },
  { "zero=1", "", MP_EPROTO, "", 4, MP_EPROTO,
    "only 00 bytes: 4 (requests sent: 4): the line is held low" },
  { "zero echo", "", MP_ETIMEOUT, "", 4, MP_ETIMEOUT, "only an echo" },
  { "zero=300*1", "", MP_OK, ALL, 2, 0, "" },
  { "silent", "retries=0", MP_ETIMEOUT, "", 1, MP_ETIMEOUT,
    "requests sent: 1" },
  { "crc", "", MP_EPROTO, "", 4, MP_EPROTO,
    "CRC errors: 4 (requests sent: 4)" },
  { "flip", "", MP_EPROTO, "", 4, MP_EPROTO, "align the head" },
  { "truncate=10", "", MP_EPROTO, "", 4, MP_EPROTO,
    "replies cut short: 4 (requests sent: 4)" },
  { "stop", "", MP_EPROTO, "", 4, MP_EPROTO,
    "damaged replies: 4 (requests sent: 4)" },
  { "drop=3", "", MP_EPROTO, "", 4, MP_EPROTO, "align the head" },
  { "insert=3", "", MP_EPROTO, "", 4, MP_EPROTO, "align the head" },
  { "garbage=20", "", MP_EPROTO, "", 4, MP_EPROTO, "" },
  { "address=0x7f", "", MP_EPROTO, "", 4, MP_EPROTO,
    "replies that match no request" },
  { "surplus=999", "", MP_EPROTO, "", 4, MP_EPROTO,
    "replies that match no request" },
  { "unplug=0", "", MP_EIO, "", 1, MP_EIO, "the port is gone" },
  { "unplug=10", "", MP_EIO, "", 1, MP_EIO, "the port is gone" },
};

struct trial {
  pthread_t thread;
  const struct row *row;
  uint32_t seed;
  struct meter *meter;
  struct fake_host *host;
  struct fake_sink *sink;
  int result;
};

static void
set_options(struct fake_host *h, const char *text)
{
  char copy[128];
  char *next = copy;

  snprintf(copy, sizeof(copy), "%s", text);
  while (next && *next != '\0') {
    char *value = strsep(&next, " ");
    char *key = strsep(&value, "=");

    fake_host_set(h, key, value);
  }
}

static void
order_faults(struct meter *m, const char *text)
{
  char copy[128];
  char *next = copy;

  snprintf(copy, sizeof(copy), "%s", text);
  while (next && *next != '\0')
    meter_fault(m, strsep(&next, " "));
}

static void *
run_trial(void *arg)
{
  const struct mp_input_ops *input = meterpipe_plugin()->input;
  struct trial *trial = arg;
  void *self;

  if (meterpipe_plugin()->create(&trial->host->table, &self) != MP_OK)
    return NULL;
  trial->result = input->open(self);
  if (trial->result == MP_OK) {
    trial->result = input->read(self, &trial->sink->input);
    input->close(self);
  }
  meterpipe_plugin()->destroy(self);
  return NULL;
}

static void
begin_trial(struct trial *trial)
{
  trial->meter = meter_start();
  meter_set(trial->meter, "60=84.208GJ");
  meter_set(trial->meter, "68=1234.56m3");
  meter_set(trial->meter, "1001=68500001");
  meter_set_seed(trial->meter, trial->seed);
  order_faults(trial->meter, trial->row->faults);
  trial->host = fake_host_new(meterpipe_plugin(), "meter");
  trial->sink = fake_sink_new(&trial->host->table);
  fake_host_set(trial->host, "device", meter_path(trial->meter));
  fake_host_set(trial->host, "baud", "19200");
  fake_host_set(trial->host, "timeout", TIMEOUT);
  set_options(trial->host, trial->row->options);
  fake_host_add_field(trial->host, "heat_energy_e1");
  fake_host_add_field(trial->host, "volume_v1");
  ck_assert_int_eq(pthread_create(&trial->thread, NULL, run_trial, trial), 0);
}

static void
free_trial(struct trial *trial)
{
  fake_sink_free(trial->sink);
  fake_host_free(trial->host);
  meter_stop(trial->meter);
}

static void
assert_row(const struct trial *trial)
{
  const struct row *row = trial->row;
  const char *values = fake_sink_emitted_all(trial->sink);
  const char *log = fake_host_log(trial->host);
  unsigned requests = meter_requests(trial->meter);
  int failure = fake_host_failure(trial->host, 0);

  ck_assert_msg(
    trial->result == row->result && strcmp(values, row->values) == 0 &&
      requests == row->requests && failure == row->failure &&
      fake_host_failures(trial->host) == (failure != 0) &&
      strstr(log, row->logged),
    "%s %s: result %d, %u requests, failure %d, values:\n%slog:\n%s",
    row->faults, row->options, trial->result, requests, failure, values, log);
}

/* Whatever the random damage, no value is emitted that the meter did not
 * send. */
static const struct row damage[] = {
  { "flip=5", "retries=1", 0, "", 0, 0, "" },
  { "drop=7", "retries=1", 0, "", 0, 0, "" },
  { "insert=11", "retries=1", 0, "", 0, 0, "" },
  { "noise=40 flip=1", "retries=1", 0, "", 0, 0, "" },
};

static void
begin_all(struct trial *trials, size_t count, const struct row *row,
          size_t row_count, uint32_t seed)
{
  for (size_t i = 0; i < count; i++) {
    trials[i].row = &row[i % row_count];
    trials[i].seed = seed + (uint32_t)i;
    begin_trial(&trials[i]);
  }
}

START_TEST(faults_give_right_values_or_the_right_diagnosis)
{
  static struct trial known[ARRAY_SIZE(rows)];
  static struct trial random[10 * ARRAY_SIZE(damage)];

  begin_all(known, ARRAY_SIZE(known), rows, ARRAY_SIZE(rows), 7);
  begin_all(random, ARRAY_SIZE(random), damage, ARRAY_SIZE(damage), 1000);
  for (size_t i = 0; i < ARRAY_SIZE(known); i++)
    pthread_join(known[i].thread, NULL);
  for (size_t i = 0; i < ARRAY_SIZE(random); i++)
    pthread_join(random[i].thread, NULL);
  for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
    assert_row(&known[i]);
    free_trial(&known[i]);
  }
  for (size_t i = 0; i < ARRAY_SIZE(random); i++) {
    ck_assert_str_eq(fake_sink_emitted_all(random[i].sink), "");
    free_trial(&random[i]);
  }
}
END_TEST

static Suite *
mistakes_suite(void)
{
  Suite *suite = suite_create("mistakes");
  TCase *tcase = tcase_create("mistakes");

  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, faults_give_right_values_or_the_right_diagnosis);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(mistakes_suite());
}
