/*
 * Sending: the form of the value for each type, and the result of an update
 * that failed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>
#include <curl/curl.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "tests/plugins/domoticz/plugin_setup.h"
#include "tests/support/run_suite.h"

#define PUBLIC __attribute__((visibility("default")))
static struct plugin_setup r;

static void
stop(void)
{
  plugin_setup_stop(&r);
}

/* ---- Replacements of functions of libc and libcurl ----------------------- */

static CURLcode global_error;
static unsigned global_inits;

PUBLIC CURLcode
curl_global_init(long flags)
{
  CURLcode (*real)(long);

  global_inits++;
  *(void **)&real = dlsym(RTLD_NEXT, "curl_global_init");
  return global_error != CURLE_OK ? global_error : real(flags);
}

static int send_error; /* for the next send() of an update; 0: none */

PUBLIC ssize_t
send(int fd, const void *data, size_t len, int flags)
{
  int error = send_error;

  if (error == 0 || !memmem(data, len, "udevice", 7))
    return sendto(fd, data, len, flags, NULL, 0);
  send_error = 0;
  errno = error;
  return -1;
}

/* Imitates a name server that does not answer. */
PUBLIC int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **ret)
{
  (void)name, (void)service, (void)hints, (void)ret;
  sleep(30);
  return EAI_AGAIN;
}

/* ---- Values -------------------------------------------------------------- */

/* Opens the output and fetches. */
static void
get_ready(void)
{
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  domoticz_server_forget(r.s);
}

START_TEST(values_are_written_in_the_form_of_the_type)
{
  static const struct {
    const char *type, *label;
    double divider; /* 0: the device's own */
    const char *value, *stored, *data;
  } rows[] = {
    { "counter-custom", "GJ", 0, "84.208 GJ", "84208", "84.208 GJ" },
    { "counter-custom", "GJ", 0, "12345.6780 GJ", "12345678", "12345.678 GJ" },
    { "counter-custom", "GJ", 250, "0.012 GJ", "3", "0.012 GJ" },
    { "counter-custom", "MWh", 1, "7.000 MWh", "7", "7 MWh" },
    { "counter", NULL, 0, "1234567.891 kWh", "1234567891", "1234567.891 kWh" },
    { "counter-gas", NULL, 0, "12.34 m3", "1234", "12.340 m3" },
    { "counter-water", NULL, 1000, "-0.005 m3", "-5", "-0.005 m3" },
    { "managed", NULL, 0, "12.345 kWh", "12345", "12.345 kWh" },
    { "p1gas", NULL, 0, "12.345 m3", "12345", "12.345" },
    { "kwh", NULL, 0, "12.345 kWh", "0;12345", "12.345 kWh" },
    { "custom", "GJ", 0, "12345.678 GJ", "12345.678", "12345.7 GJ" },
    { "custom", "GJ", 0, "1234567000000000000 GJ", "1234567000000000000",
      "1.23457e+18 GJ" },
    { "custom", "GJ", 0, "0.000001 GJ", "0.000001", "1e-06 GJ" },
    { "custom", "GJ", 0, "-17.50 GJ", "-17.50", "-17.5 GJ" },
    { "temperature", NULL, 0, "65.43 C", "65.43", "65.4 C" },
    { "waterflow", NULL, 0, "3.25 l/min", "3.25", "3.25 l/min" },
    { "usage", NULL, 0, "4321.5 W", "4321.5", "4321.5 Watt" },
    { "percentage", NULL, 0, "45.5 %", "45.5", "45.5%" },
    { "pressure", NULL, 0, "6.255 bar", "6.255", "6.3 Bar" },
    { "voltage", NULL, 0, "3.612 V", "3.612", "3.612 V" },
    { "text", NULL, 0, "17.50", "17.50", "17.50" },
  };

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_log_rows(r.s);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    plugin_setup_add(&r, (unsigned)i + 1, rows[i].type, rows[i].label);
    if (rows[i].divider != 0)
      domoticz_server_set_divider(r.s, (unsigned)i + 1, rows[i].divider);
  }
  get_ready();
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    ck_assert_msg(plugin_setup_send(&r, (uint32_t)i, rows[i].value) ==
                    MP_ACCEPTED,
                  "%s: %s", rows[i].type, fake_host_log(r.host));
    ck_assert_str_eq(domoticz_server_get(r.s, (unsigned)i + 1), rows[i].stored);
    ck_assert_str_eq(domoticz_server_data(r.s, (unsigned)i + 1), rows[i].data);
  }
  ck_assert_uint_eq(domoticz_server_count(r.s, "udevice"), ARRAY_SIZE(rows));
  ck_assert_uint_eq(domoticz_server_connections(r.s), 0);
}
END_TEST

START_TEST(sent_values_are_fetched_back_despite_an_offset)
{
  uint32_t t;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  t = plugin_setup_add(&r, 9, "temperature", NULL);
  domoticz_server_set_offset(r.s, 9, 1.5);
  plugin_setup_add(&r, 6, "counter-custom", "GJ");
  domoticz_server_set_offset(r.s, 6, 1000);
  get_ready();
  ck_assert_uint_eq(plugin_setup_send(&r, t, "65.43 C"), MP_ACCEPTED);
  ck_assert_uint_eq(plugin_setup_send(&r, t + 1, "84.208 GJ"), MP_ACCEPTED);
  ck_assert_str_eq(domoticz_server_data(r.s, 9), "66.9 C");
  ck_assert_str_eq(domoticz_server_data(r.s, 6), "1084.208 GJ");
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, t), "65.43 C");
  ck_assert_str_eq(fake_sink_shown_text(r.sink, t + 1), "84.208 GJ");
}
END_TEST

/* Domoticz set to Fahrenheit displays Fahrenheit, but takes Celsius. */
START_TEST(server_set_to_fahrenheit_gets_celsius)
{
  char text[32], shown[40];

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 9, "temperature", NULL);
  domoticz_server_set_fahrenheit(r.s, true);
  get_ready();
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "65.43 C"), MP_ACCEPTED);
  ck_assert_str_eq(domoticz_server_get(r.s, 9), "65.43");
  ck_assert_str_eq(domoticz_server_data(r.s, 9), "149.8 F");
  for (int hundredths = -2500; hundredths < 15000; hundredths += 137) {
    snprintf(text, sizeof(text), "%s%d.%02d", hundredths < 0 ? "-" : "",
             abs(hundredths) / 100, abs(hundredths) % 100);
    snprintf(shown, sizeof(shown), "%s C", text);
    domoticz_server_set(r.s, 9, text);
    ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
    ck_assert_str_eq(fake_sink_shown_text(r.sink, 0), shown);
  }
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

START_TEST(texts_are_escaped_and_go_to_text_devices_only)
{
  static const char text[] = "a&b=c+d%e #\303\246\n\"2026-11-22T10:00:00\"";
  static const char shown[] = "a&b=c+d%e #\303\246?\"2026-11-22T10:00:00\"";
  uint32_t info, counter;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  info = plugin_setup_add(&r, 13, "text", NULL);
  counter = plugin_setup_add(&r, 14, "counter", NULL);
  get_ready();
  plugin_setup_begin(&r);
  ck_assert_int_eq(plugin_setup_write(&r, info, MP_TEXT, text), MP_OK);
  ck_assert_int_eq(plugin_setup_write(&r, counter, MP_TEXT, text), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_OK);
  ck_assert_uint_eq(plugin_setup_result(&r, info), MP_ACCEPTED);
  ck_assert_uint_eq(plugin_setup_result(&r, counter), MP_REJECTED);
  ck_assert_str_eq(domoticz_server_get(r.s, 13), text);
  ck_assert(
    plugin_setup_logged(&r, "idx.14: a text cannot go to \"Device 14\""));
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  /* The output replaces the control character, which the core does not
   * accept. */
  ck_assert_str_eq(fake_sink_shown_text(r.sink, info), shown);
}
END_TEST

/* The targets of device 12. */
static uint32_t energy, power;

/* Makes device 12, of TYPE, with a target for its power. */
static void
get_ready_with_power(const char *type)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  energy = plugin_setup_add(&r, 12, type, NULL);
  power = fake_host_add_target(r.host, "12", "power", "p", 0);
  get_ready();
}

static void
send_power_and_energy(void)
{
  plugin_setup_begin(&r);
  ck_assert_int_eq(plugin_setup_write(&r, power, MP_GAUGE, "1.25 kW"), MP_OK);
  ck_assert_int_eq(plugin_setup_write(&r, energy, MP_COUNTER, "12.345 kWh"),
                   MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_OK);
}

START_TEST(power_and_energy_are_sent_in_one_update)
{
  get_ready_with_power("kwh");
  send_power_and_energy();
  ck_assert_uint_eq(plugin_setup_result(&r, energy), MP_ACCEPTED);
  ck_assert_uint_eq(plugin_setup_result(&r, power), MP_ACCEPTED);
  ck_assert_uint_eq(domoticz_server_writes(r.s, 12), 1);
  ck_assert_str_eq(domoticz_server_get(r.s, 12), "1250;12345");
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, power), "1250 W");
  /* A part that is not written keeps its displayed value. */
  ck_assert_uint_eq(plugin_setup_send(&r, energy, "12.346 kWh"), MP_ACCEPTED);
  ck_assert_str_eq(domoticz_server_get(r.s, 12), "1250;12346");
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(plugin_setup_send(&r, power, "900 W"), MP_ACCEPTED);
  ck_assert_str_eq(domoticz_server_get(r.s, 12), "900;12346");
}
END_TEST

START_TEST(invalid_power_is_refused_and_the_energy_is_sent)
{
  static const struct {
    uint32_t kind;
    const char *value, *logged;
  } rows[] = {
    { MP_TEXT, "much", "idx.12: a text cannot be a power" },
    { MP_COUNTER, "84.208 GJ", "idx.12: GJ is not a unit of power" },
  };

  get_ready_with_power("kwh");
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    fake_host_forget(r.host);
    plugin_setup_begin(&r);
    ck_assert_int_eq(plugin_setup_write(&r, power, rows[i].kind, rows[i].value),
                     MP_ECONFIG);
    ck_assert_int_eq(plugin_setup_write(&r, energy, MP_COUNTER, "12.345 kWh"),
                     MP_OK);
    ck_assert_int_eq(plugin_setup_commit(&r), MP_OK);
    ck_assert_uint_eq(plugin_setup_result(&r, energy), MP_ACCEPTED);
    ck_assert_str_eq(domoticz_server_get(r.s, 12), "0;12345");
    ck_assert(plugin_setup_logged(&r, rows[i].logged));
    ck_assert_uint_eq(fake_host_failures(r.host), 1);
  }
}
END_TEST

START_TEST(power_for_another_device_type_is_rejected_alone)
{
  get_ready_with_power("counter");
  ck_assert(plugin_setup_logged(&r, "use idx.N.power only with a kWh device"));
  send_power_and_energy();
  ck_assert_uint_eq(plugin_setup_result(&r, power), MP_REJECTED);
  ck_assert_uint_eq(plugin_setup_result(&r, energy), MP_ACCEPTED);
  ck_assert_str_eq(domoticz_server_get(r.s, 12), "12345");
  /* A power without its energy sends nothing. */
  domoticz_server_forget(r.s);
  plugin_setup_begin(&r);
  ck_assert_int_eq(plugin_setup_write(&r, power, MP_GAUGE, "1.25 kW"), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_OK);
  ck_assert_uint_eq(plugin_setup_result(&r, power), MP_REJECTED);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 0);
}
END_TEST

/* Each fault, the value's result, and the number of times it was stored. */
START_TEST(each_fault_gives_the_right_delivery_result)
{
  static const struct {
    enum domoticz_fault fault;
    long arg;
    uint32_t result;
    int code;
    unsigned writes;
  } rows[] = {
    { DOMOTICZ_CUT_BEFORE, 0, MP_PERHAPS, MP_EAGAIN, 0 },
    { DOMOTICZ_CUT_AFTER, 0, MP_PERHAPS, MP_EAGAIN, 1 },
    { DOMOTICZ_CUT_AFTER, 10, MP_PERHAPS, 0, 1 },
    { DOMOTICZ_CUT_AFTER, 200, MP_PERHAPS, MP_EPROTO, 1 },
    { DOMOTICZ_RESET_BEFORE, 0, MP_PERHAPS, MP_EAGAIN, 0 },
    { DOMOTICZ_RESET_AFTER, 0, MP_PERHAPS, MP_EAGAIN, 1 },
    { DOMOTICZ_STATUS, 301, MP_RETRY, MP_EPROTO, 0 },
    { DOMOTICZ_STATUS, 400, MP_RETRY, MP_EPROTO, 0 },
    { DOMOTICZ_STATUS, 403, MP_REJECTED, MP_EREFUSED, 0 },
    { DOMOTICZ_STATUS, 404, MP_RETRY, MP_EPROTO, 0 },
    { DOMOTICZ_STATUS, 413, MP_REJECTED, MP_EREFUSED, 0 },
    { DOMOTICZ_STATUS, 414, MP_REJECTED, MP_EREFUSED, 0 },
    { DOMOTICZ_STATUS, 431, MP_REJECTED, MP_EREFUSED, 0 },
    { DOMOTICZ_STATUS, 500, MP_PERHAPS, MP_EAGAIN, 0 },
    { DOMOTICZ_STATUS_AFTER, 502, MP_PERHAPS, MP_EAGAIN, 1 },
    { DOMOTICZ_ERR, 0, MP_REJECTED, MP_EREFUSED, 0 },
    { DOMOTICZ_GARBAGE, 0, MP_PERHAPS, MP_EPROTO, 1 },
    { DOMOTICZ_HTML, 0, MP_PERHAPS, MP_EPROTO, 1 },
    { DOMOTICZ_EMPTY, 0, MP_PERHAPS, MP_EPROTO, 1 },
    { DOMOTICZ_HALF, 0, MP_PERHAPS, MP_EPROTO, 1 },
    { DOMOTICZ_WRONG_LENGTH, 5, MP_PERHAPS, MP_EPROTO, 1 },
    { DOMOTICZ_HUGE, 10 * 1024 * 1024, MP_PERHAPS, MP_EPROTO, 1 },
    { DOMOTICZ_REDIRECT, 0, MP_RETRY, MP_EPROTO, 0 },
  };
  unsigned before;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_add(&r, 2, "counter", NULL);
  plugin_setup_open(&r);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
    domoticz_server_fault(r.s, rows[i].fault, "idx=1&", 0, 0, rows[i].arg);
    domoticz_server_forget(r.s);
    fake_host_forget(r.host);
    before = domoticz_server_writes(r.s, 1);
    plugin_setup_begin(&r);
    ck_assert_int_eq(plugin_setup_write(&r, 0, MP_COUNTER, "1.234 kWh"), MP_OK);
    ck_assert_int_eq(plugin_setup_write(&r, 1, MP_COUNTER, "5.678 kWh"), MP_OK);
    ck_assert_msg(plugin_setup_commit(&r) == MP_OK, "row %zu: %s", i,
                  fake_host_log(r.host));
    ck_assert_msg(plugin_setup_result(&r, 0) == rows[i].result,
                  "row %zu: %u %s", i, plugin_setup_result(&r, 0),
                  fake_host_log(r.host));
    /* The other device is updated, and nothing is sent twice. */
    ck_assert_uint_eq(plugin_setup_result(&r, 1), MP_ACCEPTED);
    ck_assert_uint_eq(domoticz_server_requests(r.s), 2);
    ck_assert_uint_eq(domoticz_server_writes(r.s, 1) - before, rows[i].writes);
    ck_assert_uint_eq(fake_host_failures(r.host), 1);
    if (rows[i].code != 0)
      ck_assert_msg(fake_host_failure(r.host, 0) == rows[i].code, "row %zu: %s",
                    i, fake_host_log(r.host));
    domoticz_server_heal(r.s);
  }
}
END_TEST

START_TEST(text_too_long_for_a_request_is_rejected)
{
  static char text[9000];

  memset(text, 'x', sizeof(text) - 1);
  plugin_setup_start(&r, DOMOTICZ_2026_3);
  plugin_setup_add(&r, 1, "text", NULL);
  plugin_setup_add(&r, 2, "counter", NULL);
  get_ready();
  plugin_setup_begin(&r);
  ck_assert_int_eq(plugin_setup_write(&r, 0, MP_TEXT, text), MP_OK);
  ck_assert_int_eq(plugin_setup_write(&r, 1, MP_COUNTER, "5.678 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_OK);
  ck_assert_uint_eq(plugin_setup_result(&r, 0), MP_REJECTED);
  ck_assert_uint_eq(plugin_setup_result(&r, 1), MP_ACCEPTED);
  ck_assert(
    plugin_setup_logged(&r, "idx.1: HTTP 414: the request is too long"));
}
END_TEST

/* Like libwebem, which announces the close after 100 requests. */
START_TEST(connection_is_replaced_after_100_requests)
{
  enum { DEVICES = 250 };

  plugin_setup_start(&r, DOMOTICZ_2026_3);
  for (unsigned i = 1; i <= DEVICES; i++)
    plugin_setup_add(&r, i, "counter", NULL);
  get_ready();
  plugin_setup_begin(&r);
  for (unsigned i = 0; i < DEVICES; i++)
    ck_assert_int_eq(plugin_setup_write(&r, i, MP_COUNTER, "5.678 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_OK);
  for (unsigned i = 0; i < DEVICES; i++)
    ck_assert_uint_eq(plugin_setup_result(&r, i), MP_ACCEPTED);
  ck_assert_uint_eq(domoticz_server_connections(r.s), 2);
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

START_TEST(reply_cut_at_any_byte_is_an_unknown_outcome)
{
  long whole = 0;
  uint32_t result;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  get_ready();
  for (long at = 0; at < 1000; at++) {
    domoticz_server_fault(r.s, DOMOTICZ_CUT_AFTER, "udevice", 0, 0, at);
    result = plugin_setup_send(&r, 0, "1.234 kWh");
    domoticz_server_heal(r.s);
    if (result == MP_ACCEPTED)
      break;
    ck_assert_msg(result == MP_PERHAPS, "at %ld: %u", at, result);
    whole = at + 1;
  }
  /* The length of an update's whole reply is plausible. */
  ck_assert_int_gt(whole, 200);
  ck_assert_int_lt(whole, 400);
  ck_assert_uint_eq(domoticz_server_writes(r.s, 1), (unsigned)whole + 1);
}
END_TEST

START_TEST(update_on_a_dead_connection_is_not_sent_twice)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  get_ready();
  domoticz_server_fault(r.s, DOMOTICZ_RESET_AFTER, "udevice", 0, 1, 0);
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.234 kWh"), MP_PERHAPS);
  ck_assert_uint_eq(domoticz_server_writes(r.s, 1), 1);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 1);
  /* A connection that closed before a request was sent is replaced by a new
   * one. */
  domoticz_server_fault(r.s, DOMOTICZ_DROP_IDLE, "getdevices", 0, 1, 0);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.235 kWh"), MP_ACCEPTED);
  ck_assert_str_eq(domoticz_server_get(r.s, 1), "1235");
}
END_TEST

/* A proxy that closes after every reply: its close crosses our next update. */
START_TEST(unannounced_close_leads_to_a_connection_per_request)
{
  enum { DEVICES = 9 };
  unsigned accepted = 0;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  for (unsigned i = 1; i <= DEVICES; i++)
    plugin_setup_add(&r, i, "counter", NULL);
  domoticz_server_fault(r.s, DOMOTICZ_CUT_NEXT, NULL, 0, 0, 0);
  get_ready();
  plugin_setup_begin(&r);
  for (unsigned i = 0; i < DEVICES; i++)
    ck_assert_int_eq(plugin_setup_write(&r, i, MP_COUNTER, "5.678 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_OK);
  for (unsigned i = 0; i < DEVICES; i++)
    accepted += plugin_setup_result(&r, i) == MP_ACCEPTED;
  ck_assert_uint_eq(accepted, DEVICES - 1);
  ck_assert(
    plugin_setup_logged(&r, "closes connections without announcing it"));
  /* The next run has learnt this and loses no update. */
  plugin_setup_close(&r);
  fake_host_forget(r.host);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  for (unsigned i = 0; i < DEVICES; i++)
    ck_assert_uint_eq(plugin_setup_send(&r, i, "5.679 kWh"), MP_ACCEPTED);
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

/* An update whose first send() failed is sent by a later one. */
START_TEST(update_sent_by_a_later_send_has_an_unknown_outcome)
{
  static const int errors[] = { EAGAIN, EINTR };
  static const enum domoticz_fault faults[] = { DOMOTICZ_CUT_BEFORE,
                                                DOMOTICZ_CUT_AFTER,
                                                DOMOTICZ_RESET_AFTER };

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  for (size_t i = 0; i < ARRAY_SIZE(errors) * ARRAY_SIZE(faults); i++) {
    ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
    domoticz_server_forget(r.s);
    domoticz_server_fault(r.s, faults[i / ARRAY_SIZE(errors)], "udevice", 0, 1,
                          0);
    send_error = errors[i % ARRAY_SIZE(errors)];
    ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.234 kWh"), MP_PERHAPS);
    ck_assert_int_eq(send_error, 0);
    ck_assert_uint_eq(domoticz_server_requests(r.s), 1);
    domoticz_server_heal(r.s);
  }
}
END_TEST

/* Returns whether the kernel counts the bytes sent on a connection.  An
 * emulated kernel may not; then the result of an update is never
 * MP_NOT_SENT. */
static bool
kernel_counts(void)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  socklen_t size = sizeof(at), length = sizeof(struct tcp_info);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct tcp_info info = { 0 };

  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, size), 0);
  ck_assert_int_eq(listen(listener, 1), 0);
  ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &size), 0);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, size), 0);
  ck_assert_int_eq(write(fd, "x", 1), 1);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
    info.tcpi_bytes_sent = 0;
  close(fd);
  close(listener);
  return info.tcpi_bytes_sent > 0;
}

/* The connection broke before the kernel accepted any byte. */
START_TEST(update_that_no_send_accepted_uses_a_new_connection)
{
  if (!kernel_counts())
    return;
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  get_ready();
  send_error = EPIPE;
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.234 kWh"), MP_ACCEPTED);
  ck_assert_int_eq(send_error, 0);
  ck_assert_uint_eq(domoticz_server_connections(r.s), 1);
  ck_assert_uint_eq(domoticz_server_writes(r.s, 1), 1);
}
END_TEST

START_TEST(hanging_name_server_is_bounded_by_the_timeout)
{
  int64_t begun;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  fake_host_set(r.host, "url", "http://house.example");
  fake_host_set(r.host, "timeout", "500ms");
  plugin_setup_add(&r, 1, "counter", NULL);
  begun = clock_mono_ms();
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_ETIMEOUT);
  ck_assert(plugin_setup_logged(
    &r, "the name cannot be resolved: no reply from a name server in 500 ms"));
  plugin_setup_close(&r);
  ck_assert_int_lt(clock_mono_ms() - begun, 10000);
}
END_TEST

/* create comes before the state is locked and before the meter is read. */
START_TEST(create_initialises_libcurl_once)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  ck_assert_int_eq(r.plugin->create(&r.host->table, &r.self), MP_OK);
  ck_assert_uint_eq(global_inits, 1);
  r.plugin->destroy(r.self);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  plugin_setup_close(&r);
  ck_assert_uint_eq(global_inits, 1);
}
END_TEST

START_TEST(create_reports_a_failed_libcurl_initialisation)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  global_error = CURLE_OUT_OF_MEMORY;
  ck_assert_int_eq(r.plugin->create(&r.host->table, &r.self), MP_ENOMEM);
  ck_assert(
    plugin_setup_logged(&r, "out of memory: libcurl cannot be initialised"));
}
END_TEST

START_TEST(unreachable_server_gets_no_further_updates)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  for (uint32_t i = 0; i < 3; i++)
    plugin_setup_add(&r, i + 1, "counter", NULL);
  get_ready();
  domoticz_server_down(r.s);
  plugin_setup_begin(&r);
  for (uint32_t i = 0; i < 3; i++)
    ck_assert_int_eq(plugin_setup_write(&r, i, MP_COUNTER, "1.000 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_EAGAIN);
  for (uint32_t i = 0; i < 3; i++)
    ck_assert_uint_eq(plugin_setup_result(&r, i), MP_NOT_SENT);
  ck_assert_uint_eq(fake_host_failures(r.host), 1);
  domoticz_server_up(r.s);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.000 kWh"), MP_ACCEPTED);
}
END_TEST

START_TEST(timeout_ends_the_delivery_to_the_server)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  fake_host_set(r.host, "timeout", "2s");
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_add(&r, 2, "counter", NULL);
  get_ready();
  domoticz_server_fault(r.s, DOMOTICZ_DELAY, "udevice", 0, 0, 5000);
  plugin_setup_begin(&r);
  ck_assert_int_eq(plugin_setup_write(&r, 0, MP_COUNTER, "1.000 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_write(&r, 1, MP_COUNTER, "1.000 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_ETIMEOUT);
  ck_assert_uint_eq(plugin_setup_result(&r, 0), MP_PERHAPS);
  ck_assert_uint_eq(plugin_setup_result(&r, 1), MP_NOT_SENT);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 1);
}
END_TEST

START_TEST(refused_login_ends_the_delivery)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_add(&r, 2, "counter", NULL);
  get_ready();
  domoticz_server_set_login(r.s, "admin", "x", true);
  plugin_setup_begin(&r);
  ck_assert_int_eq(plugin_setup_write(&r, 0, MP_COUNTER, "1.000 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_write(&r, 1, MP_COUNTER, "1.000 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_EREFUSED);
  ck_assert_uint_eq(plugin_setup_result(&r, 0), MP_REJECTED);
  ck_assert_uint_eq(plugin_setup_result(&r, 1), MP_NOT_SENT);
}
END_TEST

START_TEST(cancelled_run_begins_no_update)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  get_ready();
  fake_host_cancel(r.host);
  plugin_setup_begin(&r);
  ck_assert_int_eq(plugin_setup_write(&r, 0, MP_COUNTER, "1.000 kWh"), MP_OK);
  ck_assert_int_eq(plugin_setup_commit(&r), MP_ECANCELED);
  ck_assert_uint_eq(plugin_setup_result(&r, 0), MP_NOT_SENT);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 0);
  /* A cancelled run is not a failure of the server. */
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

START_TEST(send_without_fetch_sends_nothing)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.000 kWh"), MP_NOT_SENT);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 0);
}
END_TEST

START_TEST(value_between_two_steps_is_rejected)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  get_ready();
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.0005 kWh"), MP_REJECTED);
  ck_assert_int_eq(fake_host_failure(r.host, 0), MP_ERANGE);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 0);
}
END_TEST

START_TEST(update_of_a_deleted_device_is_rejected)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  get_ready();
  domoticz_server_delete(r.s, 1);
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.000 kWh"), MP_REJECTED);
  ck_assert(plugin_setup_logged(&r,
                                "idx.1: Domoticz rejected the update (status "
                                "\"ERR\"); does the device still exist?"));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("domoticz send");
  TCase *tc = tcase_create("send");

  tcase_add_checked_fixture(tc, NULL, stop);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, values_are_written_in_the_form_of_the_type);
  tcase_add_test(tc, sent_values_are_fetched_back_despite_an_offset);
  tcase_add_test(tc, server_set_to_fahrenheit_gets_celsius);
  tcase_add_test(tc, texts_are_escaped_and_go_to_text_devices_only);
  tcase_add_test(tc, power_and_energy_are_sent_in_one_update);
  tcase_add_test(tc, invalid_power_is_refused_and_the_energy_is_sent);
  tcase_add_test(tc, power_for_another_device_type_is_rejected_alone);
  tcase_add_test(tc, each_fault_gives_the_right_delivery_result);
  tcase_add_test(tc, text_too_long_for_a_request_is_rejected);
  tcase_add_test(tc, connection_is_replaced_after_100_requests);
  tcase_add_test(tc, reply_cut_at_any_byte_is_an_unknown_outcome);
  tcase_add_test(tc, update_on_a_dead_connection_is_not_sent_twice);
  tcase_add_test(tc, unannounced_close_leads_to_a_connection_per_request);
  tcase_add_test(tc, update_sent_by_a_later_send_has_an_unknown_outcome);
  tcase_add_test(tc, update_that_no_send_accepted_uses_a_new_connection);
  tcase_add_test(tc, hanging_name_server_is_bounded_by_the_timeout);
  tcase_add_test(tc, create_initialises_libcurl_once);
  tcase_add_test(tc, create_reports_a_failed_libcurl_initialisation);
  tcase_add_test(tc, unreachable_server_gets_no_further_updates);
  tcase_add_test(tc, timeout_ends_the_delivery_to_the_server);
  tcase_add_test(tc, refused_login_ends_the_delivery);
  tcase_add_test(tc, cancelled_run_begins_no_update);
  tcase_add_test(tc, send_without_fetch_sends_nothing);
  tcase_add_test(tc, value_between_two_steps_is_rejected);
  tcase_add_test(tc, update_of_a_deleted_device_is_rejected);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
