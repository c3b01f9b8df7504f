/*
 * fetch: the displayed values, the number of requests, and the messages when it
 * fails.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "lib/array.h"
#include "tests/plugins/domoticz/plugin_setup.h"
#include "tests/support/run_suite.h"

static struct plugin_setup r;

static void
stop(void)
{
  plugin_setup_stop(&r);
}

START_TEST(values_are_fetched_with_place_step_and_time)
{
  uint32_t counter, custom, text, empty;
  const struct mp_shown *shown;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_set_clock(r.s, 1795327677);
  counter = plugin_setup_add(&r, 323, "counter-custom", "GJ");
  custom = plugin_setup_add(&r, 322, "custom", "things");
  text = plugin_setup_add(&r, 321, "text", NULL);
  empty = plugin_setup_add(&r, 320, "text", NULL);
  domoticz_server_set(r.s, 323, "84208");
  domoticz_server_set(r.s, 322, "1234567");
  domoticz_server_set(r.s, 321, "2026-11-22");
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, counter), "84.208 GJ");
  shown = fake_sink_shown(r.sink, counter);
  ck_assert_int_eq(shown->step.coef, 1);
  ck_assert_int_eq(shown->step.exp10, -3);
  ck_assert_int_eq(shown->place, -8);
  ck_assert_str_eq(shown->updated, "2026-11-22 06:07:57");
  ck_assert_uint_eq(shown->wait_ms, 2000);
  /* A label that is not a unit: the target takes any unit. */
  ck_assert_str_eq(fake_sink_shown_text(r.sink, custom), "1234570");
  ck_assert_int_eq(fake_sink_shown(r.sink, custom)->place, 1);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, text), "2026-11-22");
  ck_assert_str_eq(fake_sink_shown_text(r.sink, empty), "empty");
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

START_TEST(all_devices_are_fetched_over_one_connection)
{
  static const struct {
    enum domoticz_version version;
    unsigned first, second; /* number of requests, in the first run and the
                             * next */
    const char *learned;
  } rows[] = {
    { DOMOTICZ_2025_1, 1, 1, "getdevices list 2025.1 (build 16785)" },
    { DOMOTICZ_2024_7, 1, 1, "getdevices list 2024.7" },
    { DOMOTICZ_2023_2, 4, 3, "getdevices single 2023.2" },
    { DOMOTICZ_2022_2, 5, 3, "devices single 2022.2" },
  };
  uint32_t a, b, c;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    plugin_setup_start(&r, rows[i].version);
    a = plugin_setup_add(&r, 1, "counter", NULL);
    b = plugin_setup_add(&r, 3, "temperature", NULL);
    c = plugin_setup_add(&r, 9, "custom", "GJ");
    plugin_setup_open(&r);
    ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
    ck_assert_uint_eq(domoticz_server_requests(r.s), rows[i].first);
    ck_assert_str_eq(fake_host_stored(r.host, "api"), rows[i].learned);
    plugin_setup_close(&r);
    plugin_setup_open(&r);
    domoticz_server_forget(r.s);
    ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
    ck_assert_str_eq(fake_sink_shown_text(r.sink, a), "0.000 kWh");
    ck_assert_str_eq(fake_sink_shown_text(r.sink, b), "0 C");
    ck_assert_str_eq(fake_sink_shown_text(r.sink, c), "0 GJ");
    ck_assert_uint_eq(plugin_setup_send(&r, a, "1.234 kWh"), MP_ACCEPTED);
    ck_assert_uint_eq(domoticz_server_requests(r.s), rows[i].second + 1);
    ck_assert_uint_eq(domoticz_server_connections(r.s), 1);
    if (i + 1 < ARRAY_SIZE(rows))
      plugin_setup_stop(&r);
  }
}
END_TEST

START_TEST(units_of_all_quantities_are_displayed)
{
  static const struct {
    const char *label, *shown;
  } rows[] = {
    { "MWh", "0 MWh" }, { "l/min", "0 l/min" }, { "ms", "0 ms" },
    { "%", "0 %" },     { "pH", "0 pH" },       { "g/kg", "0 g/kg" },
    { "%O2", "0 %O2" }, { "things", "0" },      { "yy:mm:dd", "0" },
  };
  uint32_t targets[ARRAY_SIZE(rows)];

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++)
    targets[i] = plugin_setup_add(&r, i + 1, "custom", rows[i].label);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++)
    ck_assert_str_eq(fake_sink_shown_text(r.sink, targets[i]), rows[i].shown);
}
END_TEST

START_TEST(new_server_version_is_detected)
{
  plugin_setup_start(&r, DOMOTICZ_2022_2);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_add(&r, 3, "temperature", NULL);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  domoticz_server_set_version(r.s, DOMOTICZ_2025_1);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, 1), "0 C");
  domoticz_server_forget(r.s);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 1);
  ck_assert_str_eq(fake_host_stored(r.host, "api"),
                   "getdevices list 2025.1 (build 16785)");
}
END_TEST

START_TEST(request_form_is_learned_with_a_single_device)
{
  plugin_setup_start(&r, DOMOTICZ_2022_2);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 2);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 3);
}
END_TEST

START_TEST(devices_missing_from_the_list_are_requested_alone)
{
  uint32_t broken, gone, good;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_log_rows(r.s);
  broken = plugin_setup_add(&r, 3, "counter", NULL);
  gone = plugin_setup_add(&r, 5, NULL, NULL);
  good = plugin_setup_add(&r, 9, "counter", NULL);
  domoticz_server_set(r.s, 3, "1.5e3");
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, broken), "unreached");
  ck_assert_str_eq(fake_sink_shown_text(r.sink, gone), "absent");
  ck_assert_str_eq(fake_sink_shown_text(r.sink, good), "0.000 kWh");
  /* The absent device is also looked for among those of disabled hardware. */
  ck_assert_uint_eq(domoticz_server_requests(r.s), 4);
  ck_assert_uint_eq(fake_host_failures(r.host), 1);
  ck_assert_int_eq(fake_host_failure(r.host, 0), MP_EPROTO);
  ck_assert(
    plugin_setup_logged(&r, "error: domoticz: idx.3: \"Device 3\" (Counter): "
                            "displays \"0, 1.5e3\", which is not a number"));
}
END_TEST

/* Types that must not get a reading: one would add it up; the other would take
 * it for its power and keep its own energy. */
static const struct {
  const char *type, *stored, *shown, *remedy;
} refused[] = {
  { "incremental", "150", "0.150 kWh", "use a Counter instead" },
  { "kwh-computed", "450;1234567", "1234.567 kWh",
    "set its \"Energy read\" to \"From device\"" },
};

START_TEST(unwritable_device_types_can_still_be_read)
{
  uint32_t written, read;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  written = plugin_setup_add(&r, 7, refused[_i].type, NULL);
  domoticz_server_add(r.s, 8, refused[_i].type, NULL);
  domoticz_server_set(r.s, 8, refused[_i].stored);
  read = fake_host_add_target(r.host, "8", NULL, NULL, MP_TARGET_READ);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, written), "unfit");
  ck_assert_str_eq(fake_sink_shown_text(r.sink, read), refused[_i].shown);
  ck_assert_int_eq(fake_host_failure(r.host, 0), MP_EREFUSED);
  ck_assert(plugin_setup_logged(&r, refused[_i].remedy));
  ck_assert_uint_eq(plugin_setup_send(&r, written, "1 kWh"), MP_REJECTED);
  ck_assert_uint_eq(domoticz_server_count(r.s, "udevice"), 0);
}
END_TEST

START_TEST(switches_and_misplaced_powers_are_unfit)
{
  uint32_t sw, power;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  sw = plugin_setup_add(&r, 1, "switch", NULL);
  domoticz_server_add(r.s, 2, "counter", NULL);
  power = fake_host_add_target(r.host, "2", "power", "p", 0);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, sw), "unfit");
  ck_assert_str_eq(fake_sink_shown_text(r.sink, power), "unfit");
  ck_assert(plugin_setup_logged(
    &r, "(Light/Switch / Switch): this type does not hold"));
  ck_assert(plugin_setup_logged(&r, "use idx.N.power only with a kWh device"));
}
END_TEST

START_TEST(hidden_devices_are_absent)
{
  uint32_t hidden;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  hidden = plugin_setup_add(&r, 1, "counter", NULL);
  domoticz_server_hide(r.s, 1, true);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, hidden), "absent");
}
END_TEST

/* Like libwebem, whose request line is limited to 8 KiB. */
START_TEST(list_too_long_for_one_request_is_split)
{
  enum { DEVICES = 1600 };

  plugin_setup_start(&r, DOMOTICZ_2026_3);
  for (unsigned i = 1; i <= DEVICES; i++)
    plugin_setup_add(&r, 100000 + i, "counter", NULL);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  for (unsigned i = 0; i < DEVICES; i++)
    ck_assert_str_eq(fake_sink_shown_text(r.sink, i), "0.000 kWh");
  ck_assert_uint_le(domoticz_server_requests(r.s), 4);
  ck_assert_uint_eq(domoticz_server_connections(r.s), 1);
}
END_TEST

START_TEST(failures_have_their_reason_and_remedy)
{
  static const struct {
    enum domoticz_fault fault;
    long arg;
    int code;
    const char *logged;
  } rows[] = {
    { DOMOTICZ_STATUS, 400, MP_EPROTO,
      "is the path before json.htm missing from `url`" },
    { DOMOTICZ_STATUS, 403, MP_EREFUSED,
      "the user or token has only the right to read" },
    { DOMOTICZ_STATUS, 404, MP_EPROTO, "neither getdevices nor" },
    { DOMOTICZ_ERR, 0, MP_EPROTO, "neither getdevices nor" },
    { DOMOTICZ_STATUS, 414, MP_EREFUSED, "HTTP 414: the request is too long" },
    { DOMOTICZ_STATUS, 431, MP_EREFUSED, "HTTP 431: the request is too long" },
    { DOMOTICZ_STATUS, 500, MP_EAGAIN, "HTTP 500: the server failed" },
    { DOMOTICZ_REDIRECT, 0, MP_EPROTO, "HTTP 301: a redirect to http://" },
    { DOMOTICZ_GARBAGE, 0, MP_EPROTO, "not HTTP" },
    { DOMOTICZ_HTML, 0, MP_EPROTO, "not JSON" },
    { DOMOTICZ_HALF, 0, MP_EPROTO, "not JSON" },
    { DOMOTICZ_WRONG_LENGTH, 10, MP_EPROTO, "the reply is incomplete" },
    { DOMOTICZ_HUGE, 2 * 1024 * 1024, MP_EPROTO, "longer than 1024 KiB" },
    { DOMOTICZ_CUT_BEFORE, 0, MP_EAGAIN, "ended before a reply" },
    { DOMOTICZ_CUT_AFTER, 300, MP_EPROTO, "the reply is incomplete" },
    { DOMOTICZ_RESET_BEFORE, 0, MP_EAGAIN, "broke before a reply" },
    { DOMOTICZ_DELAY, 2000, MP_ETIMEOUT, "no reply in 400 ms" },
  };

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  fake_host_set(r.host, "timeout", "400ms");
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    domoticz_server_fault(r.s, rows[i].fault, NULL, 0, 0, rows[i].arg);
    fake_host_forget(r.host);
    ck_assert_msg(plugin_setup_fetch(&r) == rows[i].code, "%s: %s",
                  rows[i].logged, fake_host_log(r.host));
    ck_assert_msg(plugin_setup_logged(&r, rows[i].logged), "%s: %s",
                  rows[i].logged, fake_host_log(r.host));
    ck_assert_uint_eq(fake_host_failures(r.host), 1);
    ck_assert_int_eq(fake_host_failure(r.host, 0), rows[i].code);
    ck_assert_str_eq(fake_sink_shown_text(r.sink, 0), "unreached");
    domoticz_server_heal(r.s);
  }
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
}
END_TEST

START_TEST(refused_connection_can_be_retried)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  domoticz_server_down(r.s);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_EAGAIN);
  ck_assert(plugin_setup_logged(&r, "cannot connect: Connection refused"));
  domoticz_server_up(r.s);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
}
END_TEST

START_TEST(fetch_reconnects_after_a_dead_connection)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  domoticz_server_fault(r.s, DOMOTICZ_RESET_BEFORE, NULL, 0, 1, 0);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(domoticz_server_connections(r.s), 2);
  domoticz_server_fault(r.s, DOMOTICZ_DROP_IDLE, NULL, 0, 1, 0);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

START_TEST(configured_login_is_sent_and_never_logged)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_set_login(r.s, "admin", "s3cret", true);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_EREFUSED);
  ck_assert(
    plugin_setup_logged(&r, "add this machine's address to the trusted"));
  ck_assert_ptr_null(strstr(domoticz_server_head(r.s), "Authorization"));
  plugin_setup_close(&r);
  fake_host_set(r.host, "username", "admin");
  fake_host_set(r.host, "password", "s3cret");
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  domoticz_server_set_login(r.s, "admin", "s3cret", false);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_EREFUSED);
  ck_assert(plugin_setup_logged(&r, "check `username` and `password`"));
  ck_assert(plugin_setup_logged(&r, "Allow Basic Auth over plain HTTP"));
  ck_assert(!plugin_setup_logged(&r, "s3cret"));
  ck_assert(!plugin_setup_logged(&r, "YWRtaW4"));
}
END_TEST

START_TEST(token_is_sent_over_http_and_never_logged)
{
  plugin_setup_start(&r, DOMOTICZ_2026_3);
  domoticz_server_set_login(r.s, "admin", "x", false);
  domoticz_server_set_token(r.s, "eyJ.s3cret-_.x");
  plugin_setup_add(&r, 1, "counter", NULL);
  fake_host_set(r.host, "token", "eyJ.s3cret-_.x");
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_ptr_nonnull(strstr(domoticz_server_head(r.s),
                               "\r\nAuthorization: Bearer eyJ.s3cret-_.x\r\n"));
  ck_assert_uint_eq(plugin_setup_send(&r, 0, "1.234 kWh"), MP_ACCEPTED);
  domoticz_server_set_token(r.s, NULL);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_EREFUSED);
  ck_assert(plugin_setup_logged(
    &r, "HTTP 401: the server rejected the access token; it has expired or was "
        "removed (Setup, More Options, Access Tokens)"));
  ck_assert(!plugin_setup_logged(&r, "s3cret"));
}
END_TEST

START_TEST(disabled_hardware_differs_from_a_missing_device)
{
  uint32_t disabled, missing;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  disabled = plugin_setup_add(&r, 1, "counter", NULL);
  missing = plugin_setup_add(&r, 2, NULL, NULL);
  domoticz_server_disable(r.s, 1, true);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, disabled), "unfit");
  ck_assert_str_eq(fake_sink_shown_text(r.sink, missing), "absent");
  ck_assert(
    plugin_setup_logged(&r, "idx.1: \"Device 1\" (Counter): its hardware is "
                            "disabled; enable it (Setup, Hardware)"));
  ck_assert_uint_eq(plugin_setup_send(&r, disabled, "1.234 kWh"), MP_REJECTED);
  ck_assert_uint_eq(domoticz_server_writes(r.s, 1), 0);
  domoticz_server_disable(r.s, 1, false);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_uint_eq(plugin_setup_send(&r, disabled, "1.234 kWh"), MP_ACCEPTED);
}
END_TEST

START_TEST(request_header_is_exactly_keep_alive)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_set_prefix(r.s, "/domoticz");
  fake_host_set(r.host, "url", domoticz_server_url(r.s));
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_ptr_nonnull(
    strstr(domoticz_server_head(r.s), "\r\nConnection: keep-alive\r\n"));
  ck_assert_ptr_null(strstr(domoticz_server_head(r.s), "Accept-Encoding"));
  ck_assert_str_eq(domoticz_server_request(r.s, 0),
                   "/domoticz/json.htm?type=command&param=getdevices&rid=1");
}
END_TEST

START_TEST(run_past_its_deadline_sends_no_request)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  plugin_setup_open(&r);
  fake_host_set_time_left(r.host, 0);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_ETIMEOUT);
  fake_host_set_time_left(r.host, 60000);
  domoticz_server_fault(r.s, DOMOTICZ_DELAY, NULL, 0, 1, 100);
  fake_host_set_time_left(r.host, 50);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_ETIMEOUT);
  ck_assert(plugin_setup_logged(&r, "no reply in 50 ms"));
  fake_host_set_time_left(r.host, 60000);
  domoticz_server_forget(r.s);
  fake_host_cancel(r.host);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_ECANCELED);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 0);
  /* The deadline, too, makes the descriptor readable; it is not a
   * cancellation. */
  fake_host_forget(r.host);
  fake_host_set_time_left(r.host, 0);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_ETIMEOUT);
  ck_assert(plugin_setup_logged(&r, "no time is left before the deadline"));
  ck_assert_uint_eq(domoticz_server_requests(r.s), 0);
}
END_TEST

static bool
set_comma_locale(void)
{
  return setlocale(LC_ALL, "de_DE.UTF-8") || setlocale(LC_ALL, "da_DK.UTF-8");
}

START_TEST(locale_with_a_decimal_comma_changes_nothing)
{
  uint32_t temperature;

  ck_assert(set_comma_locale());
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  temperature = plugin_setup_add(&r, 1, "temperature", NULL);
  domoticz_server_set(r.s, 1, "65.43");
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_str_eq(fake_sink_shown_text(r.sink, temperature), "65.43 C");
  ck_assert_uint_eq(plugin_setup_send(&r, temperature, "66.51 C"), MP_ACCEPTED);
  ck_assert_str_eq(domoticz_server_get(r.s, 1), "66.51");
  plugin_setup_stop(&r);
}
END_TEST

START_TEST(invalid_tokens_are_refused)
{
  static const struct {
    const char *username, *token, *logged;
  } rows[] = {
    { "me", "s3cret", "token: `username` is set, too" },
    { NULL, "s3cret\r\nX: y",
      "token: contains a character that an access token" },
    { NULL, "s3cret x", "token: contains a character that an access token" },
    { NULL, "", "token: contains a character that an access token" },
  };

  plugin_setup_start(&r, DOMOTICZ_2026_3);
  fake_host_set(r.host, "username", rows[_i].username);
  fake_host_set(r.host, "token", rows[_i].token);
  ck_assert_int_eq(r.plugin->create(&r.host->table, &r.self), MP_ECONFIG);
  ck_assert_msg(plugin_setup_logged(&r, rows[_i].logged), "%s",
                fake_host_log(r.host));
  ck_assert(!plugin_setup_logged(&r, "s3cret"));
}
END_TEST

START_TEST(invalid_configurations_are_refused)
{
  static const struct {
    const char *url, *password, *target, *logged;
  } rows[] = {
    { "ftp://x", NULL, "1", "must begin with http:// or https://" },
    { "127.0.0.1:8080", NULL, "1", "must begin with http:// or https://" },
    { "http://", NULL, "1", "is not a valid URL" },
    { "http://x:99999999", NULL, "1", "is not a valid URL" },
    { "http://admin:s3cret@x/", NULL, "1", "`username` and `password`" },
    { "http://admin@x/", NULL, "1", "`username` and `password`" },
    { "http://x/json.htm", NULL, "1", "must end before /json.htm" },
    { "http://x/?a=b", NULL, "1", "must end before /json.htm" },
    { "http://x", "s3cret", "1", "`username` is missing" },
    { "http://x", NULL, "energy", "is not an idx" },
    { "http://x", NULL, "01", "is not an idx" },
    { "http://x", NULL, "0", "is not an idx" },
    { "http://x", NULL, "1234567890123456789", "is not an idx" },
    { "http://x", NULL, "1 ", "is not an idx" },
  };
  int code;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    plugin_setup_start(&r, DOMOTICZ_2025_1);
    fake_host_set(r.host, "url", rows[i].url);
    fake_host_set(r.host, "password", rows[i].password);
    fake_host_add_target(r.host, rows[i].target, NULL, "v", 0);
    code = r.plugin->create(&r.host->table, &r.self);
    if (code == MP_OK) {
      code = r.ops->open(r.self);
      r.plugin->destroy(r.self);
      r.self = NULL;
    }
    ck_assert_int_eq(code, MP_ECONFIG);
    ck_assert_msg(plugin_setup_logged(&r, rows[i].logged), "%s",
                  fake_host_log(r.host));
    ck_assert(!plugin_setup_logged(&r, "s3cret"));
    if (i + 1 < ARRAY_SIZE(rows))
      plugin_setup_stop(&r);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("domoticz fetch");
  TCase *tc = tcase_create("fetch");

  tcase_add_checked_fixture(tc, NULL, stop);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, values_are_fetched_with_place_step_and_time);
  tcase_add_test(tc, all_devices_are_fetched_over_one_connection);
  tcase_add_test(tc, units_of_all_quantities_are_displayed);
  tcase_add_test(tc, new_server_version_is_detected);
  tcase_add_test(tc, request_form_is_learned_with_a_single_device);
  tcase_add_test(tc, devices_missing_from_the_list_are_requested_alone);
  tcase_add_loop_test(tc, unwritable_device_types_can_still_be_read, 0,
                      ARRAY_SIZE(refused));
  tcase_add_test(tc, switches_and_misplaced_powers_are_unfit);
  tcase_add_test(tc, hidden_devices_are_absent);
  tcase_add_test(tc, list_too_long_for_one_request_is_split);
  tcase_add_test(tc, failures_have_their_reason_and_remedy);
  tcase_add_test(tc, refused_connection_can_be_retried);
  tcase_add_test(tc, fetch_reconnects_after_a_dead_connection);
  tcase_add_test(tc, configured_login_is_sent_and_never_logged);
  tcase_add_test(tc, token_is_sent_over_http_and_never_logged);
  tcase_add_test(tc, disabled_hardware_differs_from_a_missing_device);
  tcase_add_test(tc, request_header_is_exactly_keep_alive);
  tcase_add_test(tc, run_past_its_deadline_sends_no_request);
  tcase_add_loop_test(tc, invalid_tokens_are_refused, 0, 4);
  tcase_add_test(tc, invalid_configurations_are_refused);
  suite_add_tcase(suite, tc);
  tc = tcase_create("locale");
  /* Skipped without such a locale. */
  if (set_comma_locale())
    tcase_add_test(tc, locale_with_a_decimal_comma_changes_nothing);
  setlocale(LC_ALL, "C");
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
