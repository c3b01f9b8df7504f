/*
 * Readings through good and bad optical heads, and the messages about them.
 *
 * The rows of a table run at the same time, each in a setup of its own, because
 * they spend most of their time waiting for a quiet line.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/meter_setup.h"

/* ---- One reading -------------------------------------------------------- */

struct row {
  const char *name;
  const char *registers;
  const char *faults;
  const char *options;
  int status;
  unsigned requests; /* that the meter heard */
  const char *out, *err;
};

/* Longer than a loaded machine needs for an answer. */
#define ONCE METER_SETUP_TWO "timeout = 4s\nretries = 0\n"
#define TWICE METER_SETUP_TWO "timeout = 4s\nretries = 1\n"

static const struct row rows[] = {
  { "no fault", METER_SETUP_HEAT, "", "", 0, 2, METER_SETUP_HEAT_SHOWN, "" },
  { "half of the registers", "60=84.208GJ 68=520.41m3 80=15.5kW 1001=1", "",
    "fields = 60, 68, 74, 80, 86, 87\n", 65, 1,
    "meter.heat_energy_e1 84.208 GJ\n"
    "meter.volume_v1 520.41 m³\n"
    "meter.power_e1 15.5 kW\n",
    "error: meter: eye: the meter left out flow_v1, temperature_t1, "
    "temperature_t2: meterpipe probe shows the registers it has\n" },
  { "none of the registers", "1001=1", "", METER_SETUP_TWO, 65, 1, "",
    "error: meter: eye: the meter has none of the requested registers "
    "(heat_energy_e1, volume_v1): meterpipe probe shows those it has\n" },
  { "a number that does not fit", "60:080800ffffffffffffffff 68=520.41m3", "",
    METER_SETUP_TWO, 65, 1, "meter.volume_v1 520.41 m³\n",
    "error: meter: heat_energy_e1: cannot be used: a number beyond 64 "
    "bits\n" },
  { "a number of an unknown unit", "60:4b0442000007d0 68=520.41m3", "",
    METER_SETUP_TWO, 0, 1,
    "meter.heat_energy_e1 20.00\n"
    "meter.volume_v1 520.41 m³\n",
    "warning: meter: heat_energy_e1: the meter sends the unknown unit code 4b: "
    "the value is delivered without a unit; this is reported once\n" },
  { "a number of ten bytes", "51:330a0000000000000000bc614e", "",
    "fields = meter_number\n", 0, 1, "meter.meter_number 12345678 number\n",
    "" },
  { "an info code in words", "99=8 1001=1", "", "fields = info_text\n", 0, 2,
    "meter.info_text t1 outside range\n", "" },
  { "a former field name", "19=191kWh", "", "fields = tariff_energy_19\n", 0, 1,
    "meter.active_energy_in_t1 191 kWh\n", "" },
  { "hours without a unit", "1004=54888", "", "fields = operating_hours\n", 0,
    1, "meter.operating_hours 54888 h\n", "" },
  { "four registers at a time", METER_SETUP_HEAT, "limit=4",
    "timeout = 4s\nretries = 1\n", 0, 4, METER_SETUP_HEAT_SHOWN, "" },
  { "two registers at a time", METER_SETUP_HEAT, "limit=2",
    "timeout = 2s\nretries = 1\n", 0, 7, METER_SETUP_HEAT_SHOWN, "" },
  { "a register that is not answered", METER_SETUP_HEAT, "refuse=68", TWICE, 65,
    5, "meter.heat_energy_e1 84.208 GJ\n",
    "error: meter: eye: the meter did not reply to a request for volume_v1: "
    "meterpipe probe shows the registers it has\n" },
  { "stray bytes after the answer", METER_SETUP_HEAT, "stray=9",
    METER_SETUP_TWO, 0, 1, METER_SETUP_TWO_SHOWN, "" },
  { "an echo before the answer", METER_SETUP_HEAT, "echo", METER_SETUP_TWO, 0,
    1, METER_SETUP_TWO_SHOWN, "" },
  { "noise before the answer", METER_SETUP_HEAT, "noise=9", METER_SETUP_TWO, 0,
    1, METER_SETUP_TWO_SHOWN, "" },
  { "the answer comes twice", METER_SETUP_HEAT, "double", METER_SETUP_TWO, 0, 1,
    METER_SETUP_TWO_SHOWN, "" },
  { "an answer to the second request only", METER_SETUP_HEAT, "silent=1", TWICE,
    0, 3, METER_SETUP_TWO_SHOWN, "" },
  { "a damaged answer, then a good one", METER_SETUP_HEAT, "crc*1", TWICE, 0, 3,
    METER_SETUP_TWO_SHOWN, "" },
  { "an answer later than the timeout", METER_SETUP_HEAT, "late=300",
    METER_SETUP_TWO "timeout = 50ms\nretries = 1\n", 0, 1,
    METER_SETUP_TWO_SHOWN, "" },
  { "silence", METER_SETUP_HEAT, "silent", ONCE, 76, 1, "",
    "error: meter: eye: no reply in 4000 ms (requests sent: 1): press a "
    "button "
    "on the meter, check the position of the head, and read at least every 30 "
    "minutes, or the eye switches off\n" },
  { "silence, asked again", METER_SETUP_HEAT, "silent", TWICE, 76, 3, "",
    "error: meter: eye: no reply in 4000 ms (requests sent: 3): press a "
    "button "
    "on the meter, check the position of the head, and read at least every 30 "
    "minutes, or the eye switches off\n" },
  { "only 00 bytes", METER_SETUP_HEAT, "zero=3", ONCE, 76, 1, "",
    "error: meter: eye: only 00 bytes: 3 (requests sent: 1): the line is held "
    "low: check the polarity, wiring and supply of the head (dtr, rts), then "
    "press a button on the meter and check the position of the head\n" },
  { "only an echo", METER_SETUP_HEAT, "echo silent", ONCE, 76, 1, "",
    "error: meter: eye: only an echo (requests sent: 1): the head works, but "
    "the meter does not reply: press a button on the meter, turn or move the "
    "head\n" },
  { "every third byte lost", METER_SETUP_HEAT, "drop=3", ONCE, 76, 1, "",
    "error: meter: eye: replies cut short: 1 (requests sent: 1): align the "
    "head; for a serial server that pauses inside a reply, raise gap\n" },
  { "a wrong checksum", METER_SETUP_HEAT, "crc", ONCE, 76, 1, "",
    "error: meter: eye: replies with CRC errors: 1 (requests sent: 1): align "
    "the head, keep sunlight off it, and let no other program read this "
    "meter\n" },
  { "a reply cut short", METER_SETUP_HEAT, "truncate=12", ONCE, 76, 1, "",
    "error: meter: eye: replies cut short: 1 (requests sent: 1): align the "
    "head; for a serial server that pauses inside a reply, raise gap\n" },
  { "garbage", METER_SETUP_HEAT, "garbage=20", ONCE, 76, 1, "",
    "error: meter: eye: only garbage (bytes that are not a reply: 20): check "
    "baud, parity and stop_bits, align the head, keep sunlight off it\n" },
  { "the answer to another request", METER_SETUP_HEAT, "surplus=999", ONCE, 76,
    1, "",
    "error: meter: eye: replies that match no request: 1 (requests "
    "sent: "
    "1): let no other program read this meter, and check address\n" },
  { "another meter's answer", METER_SETUP_HEAT, "address=0x7f", ONCE, 76, 1, "",
    "error: meter: eye: replies that match no request: 1 (requests "
    "sent: "
    "1): let no other program read this meter, and check address\n" },
  { "the head is unplugged in the middle", METER_SETUP_HEAT, "unplug=10", TWICE,
    74, 1, "",
    "error: meter: eye: the port is gone (hung up): was the optical head "
    "unplugged?\n" },
  { "no such port", METER_SETUP_HEAT, "", "device = nowhere\n", 74, 0, "",
    "error: meter: nowhere: no such port: write its whole path, such as "
    "/dev/ttyUSB0\n" },
  { "no port at all", METER_SETUP_HEAT, "", "device = house.ini\n", 78, 0, "",
    "error: meter: house.ini: not a serial port: set device to a tty such as "
    "/dev/ttyUSB0, or to tcp://HOST:PORT\n" },
  { "a capture that cannot be made", METER_SETUP_HEAT, "",
    METER_SETUP_TWO "capture = no/such/file\n", 73, 1, METER_SETUP_TWO_SHOWN,
    "error: meter: no/such/file: the capture cannot be written: No such file "
    "or directory\n" },
};

static void
row_check(const struct row *row, struct meter_setup *setup)
{
  sandbox_wait(setup->s);
  ck_assert_msg(strcmp(sandbox_err(setup->s), row->err) == 0,
                "%s: messages: %s", row->name, sandbox_err(setup->s));
  ck_assert_msg(strcmp(sandbox_out(setup->s), row->out) == 0, "%s: output: %s",
                row->name, sandbox_out(setup->s));
  ck_assert_msg(sandbox_status(setup->s) == row->status, "%s: status %d",
                row->name, sandbox_status(setup->s));
  ck_assert_msg(meter_requests(setup->m) == row->requests, "%s: %u requests",
                row->name, meter_requests(setup->m));
}

START_TEST(each_fault_gives_right_values_or_the_right_diagnosis)
{
  struct meter_setup sites[ARRAY_SIZE(rows)];

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    sites[i] = meter_setup_new(rows[i].registers);
    meter_setup_fault(&sites[i], rows[i].faults);
    meter_setup_write(&sites[i], rows[i].options);
    sandbox_start(sites[i].s, "run -c house.ini");
  }
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    row_check(&rows[i], &sites[i]);
    meter_setup_free(&sites[i]);
  }
}
END_TEST

/* ---- Values that the meter did not send --------------------------------- */

static bool
is_two_or_none(const char *text)
{
  return strcmp(text, "") == 0 || strcmp(text, METER_SETUP_TWO_SHOWN) == 0;
}

START_TEST(damaged_answer_gives_all_values_or_none)
{
  static const char *const faults[] = { "flip=4", "insert=7", "drop=11",
                                        "garbage=40" };
  struct meter_setup sites[6 * ARRAY_SIZE(faults)];

  for (size_t i = 0; i < ARRAY_SIZE(sites); i++) {
    sites[i] = meter_setup_new(METER_SETUP_HEAT);
    meter_set_seed(sites[i].m, (uint32_t)i + 1);
    meter_fault(sites[i].m, faults[i % ARRAY_SIZE(faults)]);
    meter_setup_write(&sites[i], ONCE);
    sandbox_start(sites[i].s, "run -c house.ini");
  }
  for (size_t i = 0; i < ARRAY_SIZE(sites); i++) {
    int status = sandbox_wait(sites[i].s);
    const char *out = sandbox_out(sites[i].s);

    ck_assert_msg(is_two_or_none(out), "seed %zu: %s", i + 1, out);
    ck_assert_int_eq(status, *out ? 0 : 76);
    meter_setup_free(&sites[i]);
  }
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("meter");
  TCase *tcase = tcase_create("meter");

  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, each_fault_gives_right_values_or_the_right_diagnosis);
  tcase_add_test(tcase, damaged_answer_gives_all_values_or_none);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
