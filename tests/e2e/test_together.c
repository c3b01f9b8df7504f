/*
 * Sharing: two pipelines that write to the same devices, and two hosts that
 * read the same meter.  meterpipe.ini(5) describes the results under "Shared
 * meters and devices".
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/faults/proxy.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

#define BASE 323
#define USAGE 322
#define TOTAL 327

static struct domoticz_setup house;
static struct sandbox *other; /* the second host, or the second pipeline */

static const char pipeline[] =
  "[input meter]\nplugin = kmp\ndevice = %s\ntimeout = 400ms\n"
  "[transform usage]\nplugin = subtract\n"
  "value = meter.heat_energy_e1\nminus = domoticz.323\n"
  "[transform total]\nplugin = add\nvalue = usage\nplus = domoticz.327\n"
  "[output domoticz]\nplugin = domoticz\nurl = %s\n"
  "idx.323 = meter.heat_energy_e1\nidx.322 = usage\nidx.327 = total\n";

static void
build(void)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  other = sandbox_new();
  domoticz_server_add(house.server, BASE, "counter-custom", "GJ");
  domoticz_server_add(house.server, USAGE, "custom", "GJ");
  domoticz_server_add(house.server, TOTAL, "counter-custom", "GJ");
  sandbox_write(house.sandbox, "house.ini", pipeline, meter_path(house.meter),
                domoticz_server_url(house.server));
}

static void
leave(void)
{
  sandbox_free(other);
  domoticz_setup_leave(&house);
}

static void
count(const char *reading)
{
  char text[64];

  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  sandbox_set_clock(other, sandbox_now(house.sandbox));
  snprintf(text, sizeof(text), "60=%s", reading);
  meter_set(house.meter, text);
}

/* ---- Two pipelines, one device ---- */

/* Each pipeline finds its base and its total changed by the other one, and
 * reports that; the usage is counted once, by the pipeline that runs first. */
START_TEST(two_pipelines_count_the_usage_of_shared_devices_once)
{
  static const struct {
    bool second; /* the second pipeline runs */
    const char *reading, *devices;
    int lines; /* of messages */
  } runs[] = {
    { false, "84.208GJ", "323=84208 322=0.0 327=0", 0 },
    { true, "84.300GJ", "323=84300 322=0.092 327=92", 0 },
    { false, "84.400GJ", "323=84400 322=0.100 327=192", 2 },
    { true, "84.450GJ", "323=84450 322=0.050 327=242", 2 },
    { true, "84.460GJ", "323=84460 322=0.010 327=252", 0 },
    { false, "84.500GJ", "323=84500 322=0.040 327=292", 2 },
  };

  sandbox_write(other, "house.ini", pipeline, meter_path(house.meter),
                domoticz_server_url(house.server));
  for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
    struct sandbox *sandbox = runs[i].second ? other : house.sandbox;
    int lines = 0;

    count(runs[i].reading);
    sandbox_run(sandbox, "run -c house.ini");
    for (const char *p = sandbox_err(sandbox); (p = strchr(p, '\n')); p++)
      lines++;
    ck_assert_msg(sandbox_status(sandbox) == EX_OK && lines == runs[i].lines,
                  "run %zu: %d, %s", i, sandbox_status(sandbox),
                  sandbox_err(sandbox));
    domoticz_setup_check_devices(&house, runs[i].devices);
  }
}
END_TEST

/* Without a common base, each pipeline has its own: both count all of the
 * usage. */
START_TEST(two_pipelines_with_bases_of_their_own_count_twice)
{
  char *text;

  domoticz_server_add(house.server, 423, "counter-custom", "GJ");
  sandbox_write(other, "house.ini", pipeline, meter_path(house.meter),
                domoticz_server_url(house.server));
  text = strdup(sandbox_read(other, "house.ini"));
  for (char *p = text; (p = strstr(p, "323")); p++)
    *p = '4';
  sandbox_write(other, "house.ini", "%s", text);
  free(text);
  count("84.000GJ");
  sandbox_run(house.sandbox, "run -c house.ini");
  sandbox_run(other, "run -c house.ini");
  count("84.100GJ");
  sandbox_run(house.sandbox, "run -c house.ini");
  domoticz_setup_check_devices(&house, "327=100");
  sandbox_run(other, "run -c house.ini");
  domoticz_setup_check_devices(&house, "327=200");
}
END_TEST

/* ---- Two hosts, one meter ---- */

/* Returns whether the run lacks values.  The other host's answer to a part of
 * our request looks like ours, with the rest left out by the meter; a request
 * for one register that stays without a reply, as if the meter lacked it. */
static bool
misses_some(struct sandbox *sandbox)
{
  return sandbox_status(sandbox) == EX_PROTOCOL ||
         (sandbox_status(sandbox) == EX_DATAERR &&
          (strstr(sandbox_err(sandbox), "the meter left out") ||
           strstr(sandbox_err(sandbox), "the meter did not reply to a ")));
}

/* Returns 1 if the value was read and is right, 0 if there is none.  The serial
 * number may be missing. */
static unsigned
count_right(struct sandbox *sandbox, const char *value)
{
  ck_assert_msg(sandbox_status(sandbox) == EX_OK || misses_some(sandbox),
                "%d, %s", sandbox_status(sandbox), sandbox_err(sandbox));
  if (sandbox_status(sandbox) != EX_OK && sandbox_out(sandbox)[0] == '\0')
    return 0;
  ck_assert_str_eq(sandbox_out(sandbox), value);
  return 1;
}

/* Bytes of the two conversations mix on the line.  This causes retries or
 * missing readings, but never a wrong one. */
START_TEST(two_hosts_on_one_meter_get_right_values_or_none)
{
  static const char input[] =
    "[input meter]\nplugin = kmp\ndevice = %s%u\ntimeout = 400ms\n"
    "[output o]\nplugin = stdout\nformat = line\nfield.v = meter.%s\n";
  struct proxy *near = proxy_start_tty(meter_path(house.meter));
  struct proxy *far = proxy_start_tty(meter_path(house.meter));
  unsigned read = 0;

  meter_set(house.meter, "60=84.208GJ");
  meter_set(house.meter, "68=1234.56m3");
  sandbox_write(house.sandbox, "near.ini", input,
                "tcp://127.0.0.1:", proxy_port(near), "heat_energy_e1");
  sandbox_write(other, "far.ini", input, "tcp://127.0.0.1:", proxy_port(far),
                "volume_v1");
  for (int i = 0; i < 3; i++) {
    sandbox_start(house.sandbox, "run -c near.ini");
    sandbox_start(other, "run -c far.ini");
    sandbox_wait(house.sandbox);
    sandbox_wait(other);
    read += count_right(house.sandbox, "v 84.208 GJ\n");
    read += count_right(other, "v 1234.56 m³\n");
  }
  /* Both can read one after the other. */
  sandbox_run(house.sandbox, "run -c near.ini");
  ck_assert_str_eq(sandbox_out(house.sandbox), "v 84.208 GJ\n");
  sandbox_run(other, "run -c far.ini");
  ck_assert_str_eq(sandbox_out(other), "v 1234.56 m³\n");
  printf("%u of 6 readings in the midst of another\n", read);
  proxy_stop(near);
  proxy_stop(far);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("together");
  TCase *t = tcase_create("together");

  tcase_set_timeout(t, 120);
  tcase_add_checked_fixture(t, build, leave);
  tcase_add_test(t, two_pipelines_count_the_usage_of_shared_devices_once);
  tcase_add_test(t, two_pipelines_with_bases_of_their_own_count_twice);
  tcase_add_test(t, two_hosts_on_one_meter_get_right_values_or_none);
  suite_add_tcase(s, t);
  return run_suite(s);
}
