/*
 * The kmp input with an emulated meter, in a fake host: the requests, the
 * values, and the data kept from run to run.
 *
 * test_mistakes.c covers the mistakes of meter and line.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/plugins/kmp/input/kmp_setup.h"
#include "tests/support/run_suite.h"

/* ---- Registers ---------------------------------------------------------- */

START_TEST(eight_registers_are_one_request)
{
  want(8);
  fake_host_store(h, "asked", "1795341000000");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(sink), "heat_energy_e1 84.208 GJ\n"
                                                "volume_v1 1234.56 m3\n"
                                                "power_e1 12.3 kW\n"
                                                "flow_v1 250 l/h\n"
                                                "temperature_t1 75.50 C\n"
                                                "temperature_t2 40.25 C\n"
                                                "temperature_diff 35.25 K\n"
                                                "operating_hours 41234 h\n");
  ck_assert_uint_eq(meter_requests(m), 1);
  ck_assert_uint_eq(meter_unheard(m), 0);
  ck_assert_uint_eq(fake_host_failures(h), 0);
  ck_assert_uint_eq(fake_sink_value(sink, "heat_energy_e1")->kind, MP_COUNTER);
  ck_assert_uint_eq(fake_sink_value(sink, "flow_v1")->kind, MP_GAUGE);
  ck_assert_int_eq(fake_sink_value(sink, "flow_v1")->time_ms, NOW);
}
END_TEST

START_TEST(registers_without_a_name_can_be_read)
{
  meter_set(m, "60123=-12.50C");
  fake_host_add_field(h, "60123");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted(sink, "60123"), "-12.50 C");
}
END_TEST

START_TEST(date_register_is_emitted_as_text)
{
  meter_set(m, "1003:30 04 00 00 01 8B 06"); /* 101126 */
  fake_host_add_field(h, "date");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 1);
  ck_assert_uint_eq(fake_sink_value(sink, "date")->kind, MP_TEXT);
  ck_assert_str_eq(fake_sink_value(sink, "date")->text, "2010-11-26");
}
END_TEST

START_TEST(registers_left_out_are_reported_in_one_line)
{
  want(8);
  meter_remove(m, 68);
  meter_remove(m, 80);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 6);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  ck_assert_int_eq(fake_host_failure(h, 0), MP_EDATA);
  assert_logged("left out volume_v1, power_e1");
}
END_TEST

START_TEST(number_beyond_64_bits_is_missing_and_reported)
{
  want(2);
  meter_set(m, "60:08 08 43 FF FF FF FF FF FF FF FF");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_ptr_null(fake_sink_emitted(sink, "heat_energy_e1"));
  ck_assert_str_eq(fake_sink_emitted(sink, "volume_v1"), "1234.56 m3");
  ck_assert_int_eq(fake_host_failure(h, 0), MP_ERANGE);
  assert_logged("heat_energy_e1");
}
END_TEST

START_TEST(register_without_a_value_is_missing_without_failure)
{
  want(2);
  meter_set(m, "60:08 00 00");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(sink), "volume_v1 1234.56 m3\n");
  assert_logged("info: meter: ");
  assert_logged("heat_energy_e1 has no value yet");
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

START_TEST(unknown_unit_is_dropped_and_reported_once)
{
  meter_set(m, "60:4b 04 42 00 00 07 d0");
  meter_set(m, "68:4b 04 00 00 00 00 07");
  want(2);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(sink), "heat_energy_e1 20.00\n"
                                                "volume_v1 7\n");
  ck_assert_uint_eq(fake_host_failures(h), 0);
  assert_logged("warning: meter: heat_energy_e1: the meter sends the unknown "
                "unit code 4b");
  ck_assert_ptr_null(strstr(fake_host_log(h), "volume_v1"));
  fake_host_forget(h);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_ptr_null(strstr(fake_host_log(h), "unit code"));
}
END_TEST

/* ---- Facts about the meter ---------------------------------------------- */

/* Nine registers are two full requests with the serial number, so it has a
 * request of its own once a day.  Once, that one asks for the type. */
START_TEST(type_is_asked_once_in_place_of_the_serial_number)
{
  static const struct {
    int64_t later;
    unsigned requests;
    const char *model; /* "": only the manufacturer; NULL: no facts */
    bool serial;
  } runs[] = {
    { 0, 2, "", true },                /* the first run: the serial number */
    { 2 * DAY, 2, "MULTICAL", false }, /* the type */
    { 2 * DAY + 1, 2, NULL, true },    /* the serial number */
    { 2 * DAY + 2, 1, NULL, false },   /* neither */
    { 4 * DAY, 2, NULL, true },        /* the serial number */
  };

  want(8);
  for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
    const struct mp_meter *meter;

    fake_host_set_now(h, NOW + runs[i].later);
    ck_assert_int_eq(run(), MP_OK);
    ck_assert_msg(meter_requests(m) == runs[i].requests, "run %zu: %u", i,
                  meter_requests(m));
    meter = fake_sink_meter(sink);
    ck_assert_msg(!meter == !runs[i].model, "run %zu", i);
    if (meter) {
      ck_assert_str_eq(meter->manufacturer, "Kamstrup");
      ck_assert_ptr_nonnull(
        strstr(meter->model ? meter->model : "", runs[i].model));
    }
    ck_assert_str_eq(fake_sink_serial(sink), "68500001");
    ck_assert_uint_eq(fake_sink_serial_how(sink),
                      runs[i].serial ? MP_SERIAL_READ : MP_SERIAL_ASSUMED);
  }
}
END_TEST

START_TEST(facts_come_with_the_type_for_info_text)
{
  fake_host_add_field(h, "info_text");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_ptr_nonnull(fake_sink_meter(sink));
  ck_assert_str_eq(fake_sink_meter(sink)->manufacturer, "Kamstrup");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_ptr_null(fake_sink_meter(sink));
}
END_TEST

/* ---- Info codes --------------------------------------------------------- */

START_TEST(info_code_is_delivered_in_words)
{
  fake_host_add_field(h, "heat_energy_e1");
  fake_host_add_field(h, "info_text");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted(sink, "info_text"), "t2 outside range");
  ck_assert_uint_eq(fake_sink_value(sink, "info_text")->kind, MP_TEXT);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 2);
  /* Two requests: the registers with the serial number, and the type. */
  ck_assert_uint_eq(meter_requests(m), 2);
  meter_set(m, "99=0");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted(sink, "info_text"), "no fault");
  ck_assert_uint_eq(meter_requests(m), 1); /* the type is remembered */
}
END_TEST

/* A 603 has its bits in another register; here its type is unknown. */
START_TEST(model_is_recognised_by_its_registers)
{
  meter_set(m, "type=4711");
  meter_set(m, "99=1000000");
  meter_set(m, "125:30 04 00 00 01 8B 06");
  meter_set(m, "266:01 04 00 00 00 00 01");
  meter_set(m, "369:3b 04 00 00 00 00 08");
  fake_host_add_field(h, "info_text");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(sink),
                   "info_text t1 above range or open\n");
  ck_assert_uint_eq(meter_requests(m), 3); /* registers, type, markers */
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(sink),
                   "info_text t1 above range or open\n");
  ck_assert_uint_eq(meter_requests(m), 1);
}
END_TEST

START_TEST(model_requests_obey_registers_per_request)
{
  meter_set(m, "type=4711");
  meter_set(m, "125:30 04 00 00 01 8B 06");
  meter_set(m, "266:01 04 00 00 00 00 01");
  meter_set(m, "369:3b 04 00 00 00 00 08");
  meter_fault(m, "limit=3");
  fake_host_set(h, "registers_per_request", "3");
  fake_host_set(h, "retries", "0");
  fake_host_add_field(h, "info_text");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(sink),
                   "info_text t1 above range or open\n");
  /* The registers, the serial number, the type, and three requests for the
   * markers. */
  ck_assert_uint_eq(meter_requests(m), 6);
}
END_TEST

START_TEST(info_text_of_an_exchanged_meter_uses_its_own_model)
{
  fake_host_add_field(h, "info_text");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted(sink, "info_text"), "t2 outside range");
  meter_set(m, "1001=68500002");
  meter_set(m, "type=4711");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted(sink, "info_text"), "bit 2");
}
END_TEST

START_TEST(meter_without_an_info_code_has_no_info_text)
{
  meter_remove(m, 99);
  fake_host_add_field(h, "heat_energy_e1");
  fake_host_add_field(h, "info_text");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 1);
  assert_logged("info_text: the meter has no info code");
}
END_TEST

START_TEST(input_without_fields_sends_no_request)
{
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 0);
}
END_TEST

/* ---- The serial number -------------------------------------------------- */

START_TEST(serial_number_is_added_to_a_request_with_room)
{
  want(7);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 1);
  ck_assert_str_eq(fake_sink_serial(sink), "68500001");
  ck_assert_uint_eq(fake_sink_serial_how(sink), MP_SERIAL_READ);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 7);
}
END_TEST

START_TEST(full_requests_get_the_serial_number_once_a_day)
{
  want(8);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 2);
  ck_assert_uint_eq(fake_sink_serial_how(sink), MP_SERIAL_READ);

  fake_host_set_now(h, NOW + HOUR);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 1);
  ck_assert_str_eq(fake_sink_serial(sink), "68500001");
  ck_assert_uint_eq(fake_sink_serial_how(sink), MP_SERIAL_ASSUMED);

  fake_host_set_now(h, NOW + DAY);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 2);

  /* The clock was ahead and has been corrected. */
  fake_host_set_now(h, NOW - DAY);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 2);
}
END_TEST

START_TEST(serial_number_is_requested_after_a_failure)
{
  want(8);
  ck_assert_int_eq(run(), MP_OK);
  meter_fault(m, "silent");
  fake_host_set(h, "retries", "0");
  ck_assert_int_eq(run(), MP_ETIMEOUT);
  meter_clear_faults(m);
  meter_set(m, "1001=7");
  usleep(2 * DEAF_MS * 1000); /* it ignores bytes after its silence */
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 2);
  ck_assert_str_eq(fake_sink_serial(sink), "7");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 1);
}
END_TEST

START_TEST(meter_without_serial_number_is_read_without_error)
{
  want(7);
  meter_remove(m, 1001);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 1);
  ck_assert_ptr_null(fake_sink_serial(sink));
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

/* If such a number were reported, a misread serial number would look like an
 * exchanged meter.  The stored number is dropped, too. */
START_TEST(invalid_serial_number_is_not_reported)
{
  static const char *const none[] = {
    "1001=0",
    "1001:33 04 00 00 00 00 00", /* 0 in four bytes */
    "1001:33 00 00",             /* no value */
    "1001:F0 01 00 07",          /* no such unit */
    "1001:36 04 00 20 20 20 20", /* blanks */
  };

  want(7);
  fake_host_store(h, "serial", "68500001");
  meter_set(m, none[_i]);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_ptr_null(fake_sink_serial(sink));
  ck_assert_ptr_null(fake_host_stored(h, "serial"));
  ck_assert_uint_eq(fake_host_failures(h), 0);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 7);
}
END_TEST

START_TEST(serial_number_can_also_be_a_field)
{
  want(7);
  fake_host_add_field(h, "serial_no");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 1);
  ck_assert_str_eq(fake_sink_emitted(sink, "serial_no"), "68500001 number");
  ck_assert_str_eq(fake_sink_serial(sink), "68500001");
}
END_TEST

static const char *fault_behind_the_fields;
static int (*emit_for_sink)(const struct mp_sink *, const char *,
                            const struct mp_value *);

/* Passes the value on; from the last field on, the meter makes the mistake. */
static int
emit_then_fail(const struct mp_sink *to, const char *field,
               const struct mp_value *value)
{
  if (strcmp(field, "operating_hours") == 0)
    meter_fault(m, fault_behind_the_fields);
  return emit_for_sink(to, field, value);
}

/* A serial number that cannot be read does not lose the registers, which were
 * read before it; the next run asks for it again. */
START_TEST(unreadable_serial_number_loses_no_field)
{
  static const char *const faults[] = { "crc*1", "unplug=0" };

  want(8);
  fake_host_set(h, "retries", "0");
  fault_behind_the_fields = faults[_i];
  emit_for_sink = sink->input.emit;
  sink->input.emit = emit_then_fail;
  ck_assert_int_eq(run(), MP_OK);
  sink->input.emit = emit_for_sink;
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 8);
  ck_assert_ptr_null(fake_sink_serial(sink));
  ck_assert_ptr_null(fake_host_stored(h, "asked"));
  if (_i > 0)
    return; /* this meter is gone */
  assert_logged("cannot read the serial number; the next run tries again");
  ck_assert_uint_eq(fake_host_failures(h), 0);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 2);
  ck_assert_uint_eq(fake_sink_serial_how(sink), MP_SERIAL_READ);
}
END_TEST

/* The meter may have been exchanged, so the next run asks for its serial
 * number. */
START_TEST(failed_identify_makes_the_next_run_identify)
{
  static const struct {
    const char *fault;
    int code;
    const char *logged;
  } rows[] = {
    { "crc*1", MP_EPROTO, "cannot read its serial number: " },
    { "unplug=3", MP_EIO, "the port is gone" },
    { NULL, MP_EIO, "no such port" },
  };

  fake_host_set(h, "retries", "0");
  fake_host_store(h, "asked", "1795341000000");
  fake_host_store(h, "serial", "1");
  if (rows[_i].fault)
    meter_fault(m, rows[_i].fault);
  else
    fake_host_set(h, "device", "/dev/no-such-head");
  ck_assert_int_eq(meterpipe_plugin()->create(&h->table, &self), MP_OK);
  ck_assert_int_eq(input->identify(self, &sink->input), rows[_i].code);
  meterpipe_plugin()->destroy(self);
  ck_assert_ptr_null(fake_sink_serial(sink));
  ck_assert_uint_eq(fake_host_failures(h), 1);
  ck_assert_int_eq(fake_host_failure(h, 0), rows[_i].code);
  assert_logged(rows[_i].logged);
  ck_assert_str_eq(fake_host_stored(h, "serial"), "1");
  ck_assert_ptr_nonnull(fake_host_stored(h, "failed"));
  if (_i > 0)
    return; /* this meter is gone */
  want(8);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 2);
  ck_assert_str_eq(fake_sink_serial(sink), "68500001");
}
END_TEST

START_TEST(identify_requests_the_serial_number_at_once)
{
  want(8);
  fake_host_store(h, "asked", "1795341000000");
  fake_host_store(h, "serial", "1");
  ck_assert_int_eq(meterpipe_plugin()->create(&h->table, &self), MP_OK);
  ck_assert_int_eq(input->open(self), MP_OK);
  ck_assert_int_eq(input->read(self, &sink->input), MP_OK);
  ck_assert_str_eq(fake_sink_serial(sink), "1");
  input->close(self);
  ck_assert_int_eq(input->identify(self, &sink->input), MP_OK);
  ck_assert_str_eq(fake_sink_serial(sink), "68500001");
  ck_assert_uint_eq(fake_sink_serial_how(sink), MP_SERIAL_READ);
  ck_assert_str_eq(fake_host_stored(h, "serial"), "68500001");
  meterpipe_plugin()->destroy(self);
}
END_TEST

/* The limit must be found in two runs; then it is used for a day, and tried
 * again. */
START_TEST(register_limit_of_a_meter_is_remembered)
{
  static const struct {
    int64_t later;
    unsigned requests;
  } runs[] = { { 0, 3 }, { HOUR, 3 }, { 2 * HOUR, 2 }, { 2 * DAY, 3 } };
  char asked[32];

  want(8);
  fake_host_set(h, "retries", "1");
  meter_fault(m, "limit=4");
  for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
    snprintf(asked, sizeof(asked), "%lld", (long long)(NOW + runs[i].later));
    fake_host_store(h, "asked", asked);
    fake_host_set_now(h, NOW + runs[i].later);
    ck_assert_int_eq(run(), MP_OK);
    ck_assert_uint_eq(fake_sink_emitted_count(sink), 8);
    ck_assert_uint_eq(meter_requests(m), runs[i].requests);
  }
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

/* Silence must be found in two runs; then it is expected for a day, and tried
 * again. */
START_TEST(unanswered_registers_are_remembered)
{
  static const int64_t later[] = { 0, HOUR, 2 * HOUR, 2 * DAY };
  static const struct {
    const char *faults[2];
    unsigned requests[4];
    unsigned values;
  } rows[] = {
    { { "refuse=74", "missing=1" }, { 8, 8, 1, 8 }, 7 },
    { { "limit=2", "missing=1" }, { 6, 6, 4, 6 }, 8 },
    { { "limit=2", "refuse=74" }, { 8, 8, 6, 8 }, 7 },
  };

  want(8);
  fake_host_set(h, "retries", "1");
  meter_fault(m, rows[_i].faults[0]);
  meter_fault(m, rows[_i].faults[1]);
  for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
    char asked[32];

    snprintf(asked, sizeof(asked), "%lld", (long long)(NOW + later[i]));
    fake_host_store(h, "asked", asked);
    fake_host_set_now(h, NOW + later[i]);
    ck_assert_int_eq(run(), MP_OK);
    ck_assert_uint_eq(fake_sink_emitted_count(sink), rows[_i].values);
    ck_assert_msg(meter_requests(m) == rows[_i].requests[i], "run %zu: %u", i,
                  meter_requests(m));
    ck_assert_uint_eq(meter_unheard(m), 0);
  }
  if (rows[_i].values == 8)
    return;
  ck_assert_uint_eq(fake_host_failures(h), 4);
  ck_assert_int_eq(fake_host_failure(h, 3), MP_EDATA);
  assert_logged("the meter did not reply to a request for flow_v1: ");
}
END_TEST

START_TEST(exchanged_meter_gets_all_registers_requested)
{
  want(7);
  fake_host_store(h, "serial", "1");
  fake_host_store(h, "silent", "74 80");
  fake_host_store(h, "silent_runs", "2");
  fake_host_store(h, "silent_at", "1795341600000");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(fake_sink_serial(sink), "68500001");
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 5);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 7);
}
END_TEST

/* The meter may have been exchanged in the meantime. */
START_TEST(failed_meter_gets_all_registers_requested)
{
  want(2);
  fake_host_store(h, "silent", "68 1001");
  fake_host_store(h, "silent_runs", "2");
  fake_host_store(h, "silent_at", "1795341600000");
  fake_host_set(h, "retries", "0");
  meter_fault(m, "crc*1");
  ck_assert_int_eq(run(), MP_EPROTO);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 2);
  ck_assert_str_eq(fake_sink_serial(sink), "68500001");
}
END_TEST

/* First a block of registers that the meter does not have; then a block without
 * an answer because the meter is gone. */
START_TEST(registers_count_as_missing_only_if_the_meter_answers)
{
  want(8);
  fake_host_set(h, "retries", "1");
  fake_host_store(h, "asked", "1795341600000");
  fake_host_add_field(h, "active_energy_in");
  meter_fault(m, "unknown");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 8);
  ck_assert_int_eq(fake_host_failure(h, 0), MP_EDATA);
  assert_logged("did not reply to a request for active_energy_in: ");

  meter_sleep(m, "water=1,1h");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_int_eq(fake_host_failure(h, 1), MP_ETIMEOUT);
  ck_assert_uint_eq(fake_host_failures(h), 2);
}
END_TEST

START_TEST(requests_obey_registers_per_request)
{
  want(8);
  fake_host_store(h, "asked", "1795341600000");
  fake_host_set(h, "registers_per_request", "3");
  meter_fault(m, "limit=3");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 8);
  ck_assert_uint_eq(meter_requests(m), 3);
  ck_assert_ptr_null(fake_host_stored(h, "limit"));
}
END_TEST

/* ---- capture, check ------------------------------------------------------ */

static char *
slurp(const char *path)
{
  static char text[4096];
  FILE *file = fopen(path, "r");
  size_t n;

  ck_assert_ptr_nonnull(file);
  n = fread(text, 1, sizeof(text) - 1, file);
  text[n] = '\0';
  fclose(file);
  return text;
}

START_TEST(capture_holds_every_frame)
{
  char dir[] = "/tmp/meterpipe-kmp-XXXXXX";
  char path[64];
  struct stat st;

  ck_assert_ptr_nonnull(mkdtemp(dir));
  snprintf(path, sizeof(path), "%s/capture", dir);
  fake_host_set(h, "capture", path);
  fake_host_add_field(h, "serial_no");
  ck_assert_int_eq(run(), MP_OK);
  fake_host_set_now(h, NOW + 1000);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_int_eq(stat(path, &st), 0);
  ck_assert_uint_eq(st.st_mode & 0777 & ~0640u, 0);
  ck_assert_str_eq(
    slurp(path),
    "# meterpipe capture 1 meter\n"
    "\n# 2026-11-22T10:00:00.000Z\n"
    "2026-11-22T10:00:00.000Z > 80 3f 10 01 03 e9 7c d4 0d\n"
    "2026-11-22T10:00:00.000Z < 40 3f 10 03 e9 33 04 00 04 15 3a 21 df 47 0d\n"
    "\n# 2026-11-22T10:00:01.000Z\n"
    "2026-11-22T10:00:01.000Z > 80 3f 10 01 03 e9 7c d4 0d\n"
    "2026-11-22T10:00:01.000Z < 40 3f 10 03 e9 33 04 00 04 15 3a 21 df 47 "
    "0d\n");
  unlink(path);
  rmdir(dir);
}
END_TEST

/* Cut by a full disk or a power cut.  Without the blank line the next cycle
 * would be joined to it. */
START_TEST(cut_capture_continues_after_a_blank_line)
{
  char path[] = "/tmp/meterpipe-kmp-XXXXXX";
  int fd = mkstemp(path);

  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(write(fd, "< 40 3f 1", 9), 9);
  close(fd);
  fake_host_set(h, "capture", path);
  fake_host_add_field(h, "serial_no");
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_str_eq(
    slurp(path),
    "< 40 3f 1\n"
    "\n# 2026-11-22T10:00:00.000Z\n"
    "2026-11-22T10:00:00.000Z > 80 3f 10 01 03 e9 7c d4 0d\n"
    "2026-11-22T10:00:00.000Z < 40 3f 10 03 e9 33 04 00 04 15 3a 21 df 47 "
    "0d\n");
  unlink(path);
}
END_TEST

START_TEST(unwritable_capture_does_not_lose_the_reading)
{
  static const struct {
    const char *path;
    int code;
  } rows[] = {
    { "/there/is/no/such/directory", MP_ECREATE },
    { "/dev/full", MP_EIO },
  };

  want(2);
  fake_host_set(h, "capture", rows[_i].path);
  ck_assert_int_eq(run(), MP_OK);
  ck_assert_uint_eq(fake_sink_emitted_count(sink), 2);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  ck_assert_int_eq(fake_host_failure(h, 0), rows[_i].code);
  assert_logged(rows[_i].path);
}
END_TEST

static int
check(void)
{
  int r;

  meter_forget(m);
  ck_assert_int_eq(meterpipe_plugin()->create(&h->table, &self), MP_OK);
  r = input->check(self);
  meterpipe_plugin()->destroy(self);
  return r;
}

/* The type 1101 tells the model; for an unknown type, the marker registers do.
 */
START_TEST(check_asks_the_meter_for_its_model)
{
  ck_assert_int_eq(check(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 1);
  meter_set(m, "type=4711");
  ck_assert_int_eq(check(), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 2);
  ck_assert_uint_eq(fake_host_failures(h), 0);
  meter_fault(m, "silent");
  fake_host_set(h, "retries", "0");
  ck_assert_int_eq(check(), MP_ETIMEOUT);
  fake_host_set(h, "device", "/dev/there-is-no-such-tty");
  ck_assert_int_eq(check(), MP_EIO);
  ck_assert_uint_eq(meter_requests(m), 0);
  ck_assert_uint_eq(fake_host_failures(h), 2);
}
END_TEST

START_TEST(every_default_fits_its_own_option)
{
  for (const struct mp_option *option = meterpipe_plugin()->options;
       option->key; option++)
    if (option->def)
      ck_assert_int_eq(fake_host_try(h, option->key, option->def), MP_OK);
  ck_assert_int_eq(fake_host_try(h, "baud", "1201"), MP_ECONFIG);
  ck_assert_int_eq(fake_host_try(h, "stop_bits", "3"), MP_ECONFIG);
}
END_TEST

/* ---- The probe ---------------------------------------------------------- */

static int
probe(uint32_t flags)
{
  int r;

  ck_assert_int_eq(meterpipe_plugin()->create(&h->table, &self), MP_OK);
  r = input->probe(self, flags, &sink->probe);
  meterpipe_plugin()->destroy(self);
  return r;
}

/* Returns the value of the item LABEL, such as "84.208 GJ"; "(none)". */
static const char *
found(const char *label, const char **ret_remark)
{
  const struct mp_probe_item *item;

  for (uint32_t i = 0;; i++) {
    item = fake_sink_item(sink, i);
    if (!item)
      return "(none)";
    if (item->label && strcmp(item->label, label) == 0)
      break;
  }
  *ret_remark = item->remark;
  return fake_host_show(h, item->value);
}

/* The example in the emulator's help. */
START_TEST(revision_is_a_letter_and_a_number)
{
  const char *remark = NULL;

  meter_set(m, "type=0001F1");
  ck_assert_int_eq(probe(0), MP_OK);
  ck_assert_str_eq(found("meter type", &remark),
                   "MULTICAL 601 Pt500 (type 0001)");
  ck_assert_str_eq(found("software revision", &remark), "F1");
}
END_TEST

/* The words of the info code depend on registers that are read later. */
START_TEST(probe_explains_the_info_code_of_a_known_model)
{
  const char *remark = NULL;

  meter_set(m, "type=4711");
  meter_set(m, "155:01 04 00 00 00 00 01");
  ck_assert_int_eq(probe(0), MP_OK);
  ck_assert_str_eq(found("Current info code", &remark), "4 number");
  ck_assert_str_eq(remark, "t2 outside range");
}
END_TEST

START_TEST(probe_names_an_unknown_unit)
{
  const char *remark = NULL;

  meter_set(m, "60:4b 04 00 00 00 00 07");
  ck_assert_int_eq(probe(0), MP_OK);
  ck_assert_str_eq(found("Heat energy E1", &remark), "7");
  ck_assert_str_eq(remark, "an unknown unit code: 4b");
}
END_TEST

START_TEST(probe_lists_all_registers_of_the_meter)
{
  const char *remark = NULL;

  meter_set(m, "87=185.00C");
  meter_set(m, "68:28 00 00");
  meter_set(m, "80:16 08 43 FF FF FF FF FF FF FF FF");
  ck_assert_int_eq(probe(0), MP_OK);
  ck_assert_str_eq(found("meter type", &remark), "MULTICAL 402 (type 1101)");
  ck_assert_str_eq(found("software revision", &remark), "A6");
  ck_assert_str_eq(found("serial number", &remark), "68500001");
  ck_assert_str_eq(found("Heat energy E1", &remark), "84.208 GJ");
  ck_assert_ptr_null(remark);
  ck_assert_str_eq(found("Current info code", &remark), "4 number");
  ck_assert_str_eq(remark, "t2 outside range");
  ck_assert_str_eq(found("Return (outlet) temperature t2", &remark),
                   "185.00 C");
  ck_assert_str_eq(remark, "sensor open, or above its range?");
  ck_assert_str_eq(found("Volume V1", &remark), "(none)");
  ck_assert_str_eq(remark, "no value yet");
  ck_assert_str_eq(found("Actual power from V1, t1 and t2", &remark), "(none)");
  ck_assert_str_eq(remark, "a number beyond 64 bits");
  ck_assert_uint_eq(fake_sink_done(sink), fake_sink_total(sink));
  ck_assert_uint_gt(fake_sink_total(sink), 300);
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

START_TEST(probe_of_a_silent_meter_names_the_remedy)
{
  meter_fault(m, "silent");
  fake_host_set(h, "retries", "0");
  ck_assert_int_eq(probe(0), MP_ETIMEOUT);
  ck_assert_uint_eq(meter_requests(m), 2);
  ck_assert_uint_eq(fake_host_failures(h), 1);
  assert_logged("press a button");
}
END_TEST

/* The refused registers are in the block of 99 if all are asked for. */
START_TEST(probe_finds_the_neighbours_of_a_refused_register)
{
  const char *remark;

  meter_fault(m, "refuse=98");
  meter_fault(m, "refuse=97");
  meter_fault(m, "limit=3");
  ck_assert_int_eq(probe(0), MP_OK);
  ck_assert_str_eq(found("meter type", &remark), "MULTICAL 402 (type 1101)");
  ck_assert_str_eq(found("Current info code", &remark), "4 number");
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

START_TEST(probe_ends_when_the_meter_stops_answering)
{
  fake_host_set(h, "retries", "0");
  meter_sleep(m, "water=4,1h");
  ck_assert_int_eq(probe(0), MP_OK);
  ck_assert_uint_eq(meter_requests(m), 4);
  ck_assert_int_eq(fake_host_failure(h, 0), MP_ETIMEOUT);
  assert_logged("replies for only 16 of 594 registers: ");
}
END_TEST

static void (*progress_for_sink)(const struct mp_probe_sink *, uint32_t,
                                 uint32_t);

/* Passes the progress on; unplugs the port when the registers begin. */
static void
progress_then_unplug(const struct mp_probe_sink *to, uint32_t done,
                     uint32_t total)
{
  if (done == 0)
    meter_unplug(m);
  progress_for_sink(to, done, total);
}

START_TEST(probe_ends_when_the_port_is_gone)
{
  const char *remark;

  progress_for_sink = sink->probe.progress;
  sink->probe.progress = progress_then_unplug;
  ck_assert_int_eq(probe(0), MP_EIO);
  ck_assert_str_eq(found("serial number", &remark), "68500001");
  ck_assert_uint_eq(fake_sink_done(sink), 0);
  ck_assert_uint_lt(fake_sink_done(sink), fake_sink_total(sink));
  ck_assert_uint_eq(fake_host_failures(h), 1);
  assert_logged("the port is gone");
}
END_TEST

/* Passes the progress on; damages one answer in the middle. */
static void
progress_then_damage(const struct mp_probe_sink *to, uint32_t done,
                     uint32_t total)
{
  if (done == 80)
    meter_fault(m, "crc*1");
  progress_for_sink(to, done, total);
}

/* Without the message, the meter would seem not to have these registers. */
START_TEST(probe_reports_unanswered_registers)
{
  const char *remark;

  progress_for_sink = sink->probe.progress;
  sink->probe.progress = progress_then_damage;
  fake_host_set(h, "retries", "0");
  ck_assert_int_eq(probe(0), MP_OK);
  ck_assert_str_eq(found("Serial number", &remark), "68500001 number");
  ck_assert_uint_eq(fake_sink_done(sink), fake_sink_total(sink));
  ck_assert_uint_eq(fake_host_failures(h), 1);
  ck_assert_int_eq(fake_host_failure(h, 0), MP_EPROTO);
  assert_logged("replies for only 586 of 594 registers: replies with CRC "
                "errors: 1 (requests sent: 77): ");
}
END_TEST

START_TEST(watch_repeats_until_it_is_ended)
{
  fake_host_set_deadline(h, 3500);
  meter_fault(m, "crc*1");
  ck_assert_int_eq(probe(MP_PROBE_WATCH), MP_OK);
  ck_assert_ptr_nonnull(fake_sink_item(sink, 0));
  ck_assert_ptr_null(fake_sink_item(sink, 0)->value);
  ck_assert_str_eq(fake_sink_item(sink, 0)->remark, "1 CRC error");
  ck_assert_str_eq(fake_sink_item(sink, 0)->label, "CRC error");
  ck_assert_ptr_nonnull(fake_sink_item(sink, 1));
  ck_assert_ptr_nonnull(fake_sink_item(sink, 1)->value);
  ck_assert_str_eq(fake_sink_item(sink, 1)->value->unit, "ms");
  ck_assert_int_ge(fake_sink_item(sink, 1)->value->number.coef, 0);
  ck_assert_ptr_null(fake_sink_item(sink, 1)->remark);
  ck_assert_ptr_null(fake_sink_item(sink, 4));
  ck_assert_uint_eq(fake_host_failures(h), 0);
}
END_TEST

static Suite *
kmp_suite(void)
{
  Suite *suite = suite_create("kmp");
  TCase *tcase = tcase_create("kmp");

  tcase_add_checked_fixture(tcase, kmp_setup, kmp_leave);
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, eight_registers_are_one_request);
  tcase_add_test(tcase, registers_without_a_name_can_be_read);
  tcase_add_test(tcase, date_register_is_emitted_as_text);
  tcase_add_test(tcase, registers_left_out_are_reported_in_one_line);
  tcase_add_test(tcase, number_beyond_64_bits_is_missing_and_reported);
  tcase_add_test(tcase, register_without_a_value_is_missing_without_failure);
  tcase_add_test(tcase, unknown_unit_is_dropped_and_reported_once);
  tcase_add_test(tcase, type_is_asked_once_in_place_of_the_serial_number);
  tcase_add_test(tcase, facts_come_with_the_type_for_info_text);
  tcase_add_test(tcase, info_code_is_delivered_in_words);
  tcase_add_test(tcase, model_is_recognised_by_its_registers);
  tcase_add_test(tcase, model_requests_obey_registers_per_request);
  tcase_add_test(tcase, info_text_of_an_exchanged_meter_uses_its_own_model);
  tcase_add_test(tcase, meter_without_an_info_code_has_no_info_text);
  tcase_add_test(tcase, input_without_fields_sends_no_request);
  tcase_add_test(tcase, serial_number_is_added_to_a_request_with_room);
  tcase_add_test(tcase, full_requests_get_the_serial_number_once_a_day);
  tcase_add_test(tcase, serial_number_is_requested_after_a_failure);
  tcase_add_test(tcase, meter_without_serial_number_is_read_without_error);
  tcase_add_loop_test(tcase, invalid_serial_number_is_not_reported, 0, 5);
  tcase_add_test(tcase, serial_number_can_also_be_a_field);
  tcase_add_loop_test(tcase, unreadable_serial_number_loses_no_field, 0, 2);
  tcase_add_test(tcase, identify_requests_the_serial_number_at_once);
  tcase_add_loop_test(tcase, failed_identify_makes_the_next_run_identify, 0, 3);
  tcase_add_test(tcase, register_limit_of_a_meter_is_remembered);
  tcase_add_loop_test(tcase, unanswered_registers_are_remembered, 0, 3);
  tcase_add_test(tcase, exchanged_meter_gets_all_registers_requested);
  tcase_add_test(tcase, failed_meter_gets_all_registers_requested);
  tcase_add_test(tcase, registers_count_as_missing_only_if_the_meter_answers);
  tcase_add_test(tcase, requests_obey_registers_per_request);
  tcase_add_test(tcase, capture_holds_every_frame);
  tcase_add_test(tcase, cut_capture_continues_after_a_blank_line);
  tcase_add_loop_test(tcase, unwritable_capture_does_not_lose_the_reading, 0,
                      2);
  tcase_add_test(tcase, check_asks_the_meter_for_its_model);
  tcase_add_test(tcase, every_default_fits_its_own_option);
  tcase_add_test(tcase, revision_is_a_letter_and_a_number);
  tcase_add_test(tcase, probe_explains_the_info_code_of_a_known_model);
  tcase_add_test(tcase, probe_names_an_unknown_unit);
  tcase_add_test(tcase, probe_lists_all_registers_of_the_meter);
  tcase_add_test(tcase, probe_of_a_silent_meter_names_the_remedy);
  tcase_add_test(tcase, probe_finds_the_neighbours_of_a_refused_register);
  tcase_add_test(tcase, probe_ends_when_the_meter_stops_answering);
  tcase_add_test(tcase, probe_reports_unanswered_registers);
  tcase_add_test(tcase, probe_ends_when_the_port_is_gone);
  tcase_add_test(tcase, watch_repeats_until_it_is_ended);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(kmp_suite());
}
