/*
 * An instance of the kmp input with an emulated heat meter, in a fake host
 * whose clock stands at NOW.  Include it in the file with the tests.
 */
#ifndef TESTS_KMP_SETUP_H
#define TESTS_KMP_SETUP_H

#include <check.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/emulator/meter.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

#define NOW INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */
#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

/* Well below the timeout. */
#define DEAF_MS 100

static struct meter *m;
static struct fake_host *h;
static struct fake_sink *sink;
static void *self;
static const struct mp_input_ops *input;

static void
kmp_setup(void)
{
  static const char *const registers[] = {
    "60=84.208GJ",   "68=1234.56m3", "80=12.3kW",      "74=250l/h",
    "86=75.50C",     "87=40.25C",    "89=35.25K",      "1004=41234h",
    "1001=68500001", "99=4",         "type=1101 0106",
  };

  m = meter_start();
  meter_set_deaf(m, DEAF_MS);
  for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
    meter_set(m, registers[i]);
  h = fake_host_new(meterpipe_plugin(), "meter");
  sink = fake_sink_new(&h->table);
  fake_host_set(h, "device", meter_path(m));
  fake_host_set(h, "baud", "19200");
  fake_host_set(h, "timeout", "1s");
  fake_host_set_now(h, NOW);
  input = meterpipe_plugin()->input;
}

static void
kmp_leave(void)
{
  fake_sink_free(sink);
  fake_host_free(h);
  meter_stop(m);
}

/* Adds the first N of the eight default fields. */
static void
want(size_t n)
{
  static const char *const names[] = {
    "heat_energy_e1", "volume_v1",      "power_e1",         "flow_v1",
    "temperature_t1", "temperature_t2", "temperature_diff", "operating_hours",
  };

  for (size_t i = 0; i < n; i++)
    fake_host_add_field(h, names[i]);
}

/* Opens, reads and closes. */
static int
cycle(void)
{
  int r = input->open(self);

  if (r != MP_OK)
    return r;
  r = input->read(self, &sink->input);
  input->close(self);
  return r;
}

/* Calls ACT with a new instance. */
static int
with_instance(int (*act)(void))
{
  int r;

  fake_sink_forget(sink);
  meter_forget(m);
  ck_assert_int_eq(meterpipe_plugin()->create(&h->table, &self), MP_OK);
  r = act();
  meterpipe_plugin()->destroy(self);
  return r;
}

/* Makes one run: create, open, read, close, destroy. */
static int
run(void)
{
  return with_instance(cycle);
}

static void
assert_logged(const char *part)
{
  ck_assert_msg(strstr(fake_host_log(h), part), "\"%s\" is not in:\n%s", part,
                fake_host_log(h));
}

#endif
