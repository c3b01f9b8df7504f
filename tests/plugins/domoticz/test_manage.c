/* Managing devices: the list, the check, a new device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "lib/array.h"
#include "tests/plugins/domoticz/plugin_setup.h"
#include "tests/support/domoticz_impl.h"
#include "tests/support/rude_server.h"
#include "tests/support/run_suite.h"

static struct plugin_setup r;

/* Gives the same reply to every request. */
static struct rude_server *parrot;

static void
stop(void)
{
  plugin_setup_stop(&r);
  rude_server_stop(parrot);
  parrot = NULL;
}

/* Opens the output on a server whose every reply lists ELEMENTS, in which '
 * replaces ". */
static void
open_before_parrot(const char *elements)
{
  static char reply[1024];
  char url[64];

  ck_assert_int_lt(snprintf(reply, sizeof(reply),
                            "HTTP/1.1 200 OK\r\n\r\n"
                            "{'status':'OK','result':[%s]}",
                            elements),
                   (int)sizeof(reply));
  for (char *c = reply; *c != '\0'; c++)
    if (*c == '\'')
      *c = '"';
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  parrot =
    rude_server_start(&(struct rude){ .greeting = reply, .hangs_up = true });
  snprintf(url, sizeof(url), "http://127.0.0.1:%u", rude_server_port(parrot));
  fake_host_set(r.host, "url", url);
  plugin_setup_open(&r);
}

START_TEST(devices_are_listed_by_every_version)
{
  static const enum domoticz_version versions[] = { DOMOTICZ_2025_1,
                                                    DOMOTICZ_2022_2 };
  const struct mp_listed *listed;

  for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
    plugin_setup_start(&r, versions[i]);
    domoticz_server_set_clock(r.s, 1795327677);
    domoticz_server_add(r.s, 6, "counter-custom", "GJ");
    domoticz_server_add(r.s, 7, "switch", NULL);
    domoticz_server_set(r.s, 6, "84208");
    domoticz_server_set_name(r.s, 6, "Heat \"energy\" \303\246");
    plugin_setup_open(&r);
    ck_assert_int_eq(r.ops->list(r.self, &r.sink->output), MP_OK);
    listed = fake_sink_listed(r.sink, 0);
    ck_assert_str_eq(listed->name, "6");
    ck_assert_str_eq(listed->label, "Heat \"energy\" \303\246");
    ck_assert_str_eq(listed->type, "Counter");
    ck_assert_str_eq(listed->value, "84.208 GJ");
    ck_assert_str_eq(listed->unit, "GJ");
    ck_assert_str_eq(listed->updated, "2026-11-22 06:07:57");
    listed = fake_sink_listed(r.sink, 1);
    ck_assert_str_eq(listed->type, "Light/Switch / Switch");
    ck_assert_ptr_null(listed->unit);
    ck_assert_ptr_null(fake_sink_listed(r.sink, 2));
    if (i + 1 < ARRAY_SIZE(versions))
      plugin_setup_stop(&r);
  }
}
END_TEST

/* Domoticz displays "4321.5 Watt" and "45.5%"; the list must not give the unit
 * twice. */
START_TEST(units_are_listed_once)
{
  static const struct {
    const char *type, *text, *value, *unit;
  } rows[] = {
    { "usage", "4321.5", "4321.5 W", "W" },
    { "percentage", "45.5", "45.5 %", "%" },
    { "pressure", "6.25", "6.2 bar", "bar" },
    { "p1gas", "1234", "1.234 m3", "m3" },
    { "temperature", "65.43", "149.8 F", NULL },
    { "counter-time", "1", "?", NULL },
    { "kwh", "12", "0, 12", NULL },
  };
  const struct mp_listed *listed;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_set_fahrenheit(r.s, true);
  for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
    domoticz_server_add(r.s, i + 1, rows[i].type, NULL);
    domoticz_server_set(r.s, i + 1, rows[i].text);
  }
  plugin_setup_open(&r);
  ck_assert_int_eq(r.ops->list(r.self, &r.sink->output), MP_OK);
  for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
    listed = fake_sink_listed(r.sink, i);
    ck_assert_str_eq(listed->value, rows[i].value);
    ck_assert_pstr_eq(listed->unit, rows[i].unit);
  }
}
END_TEST

START_TEST(unlisted_devices_are_counted)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_add(r.s, 1, "counter", NULL);
  domoticz_server_add(r.s, 2, "counter", NULL);
  domoticz_server_set_used(r.s, 2, false);
  plugin_setup_open(&r);
  ck_assert_int_eq(r.ops->list(r.self, &r.sink->output), MP_OK);
  ck_assert(plugin_setup_logged(&r, "1 device is left out: not in use"));
  domoticz_server_add(r.s, 3, "counter", NULL);
  domoticz_server_disable(r.s, 3, true);
  domoticz_server_add(r.s, 4, "counter", NULL);
  domoticz_server_set_name(r.s, 4, "$secret");
  fake_sink_forget(r.sink);
  ck_assert_int_eq(r.ops->list(r.self, &r.sink->output), MP_OK);
  ck_assert_str_eq(fake_sink_listed(r.sink, 0)->name, "1");
  ck_assert_ptr_null(fake_sink_listed(r.sink, 1));
  ck_assert(
    plugin_setup_logged(&r, "3 devices are left out: not in use, hidden (the "
                            "name begins with $), or of disabled hardware"));
}
END_TEST

START_TEST(device_without_idx_is_not_listed)
{
  open_before_parrot(
    "{'Type':'General','SubType':'Text','Data':'a'},7,"
    "{'Type':'General','SubType':'Text','Data':'b','idx':'6'}");
  ck_assert_int_eq(r.ops->list(r.self, &r.sink->output), MP_OK);
  ck_assert_ptr_nonnull(fake_sink_listed(r.sink, 0));
  ck_assert_str_eq(fake_sink_listed(r.sink, 0)->name, "6");
  ck_assert_str_eq(fake_sink_listed(r.sink, 0)->value, "b");
  ck_assert_ptr_null(fake_sink_listed(r.sink, 1));
}
END_TEST

START_TEST(server_without_devices_lists_none)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_open(&r);
  ck_assert_int_eq(r.ops->list(r.self, &r.sink->output), MP_OK);
  ck_assert_ptr_null(fake_sink_listed(r.sink, 0));
}
END_TEST

START_TEST(list_of_3000_devices_is_read)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  for (unsigned i = 1; i <= 3000; i++)
    domoticz_server_add(r.s, i, "counter", NULL);
  plugin_setup_open(&r);
  ck_assert_int_eq(r.ops->list(r.self, &r.sink->output), MP_OK);
  ck_assert_ptr_nonnull(fake_sink_listed(r.sink, 2999));
}
END_TEST

START_TEST(check_warns_about_values_that_are_not_read_back)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_add(r.s, 1, "custom", "GJ");
  fake_host_add_target(r.host, "1", NULL, "e", MP_TARGET_BASE);
  domoticz_server_add(r.s, 2, "counter", NULL);
  domoticz_server_set_divider(r.s, 2, 100000);
  fake_host_add_target(r.host, "2", NULL, "e", MP_TARGET_TOTAL);
  domoticz_server_add(r.s, 3, "counter-custom", "GJ");
  fake_host_add_target(r.host, "3", NULL, "e", MP_TARGET_TOTAL);
  domoticz_server_add(r.s, 4, "custom", "GJ");
  fake_host_add_target(r.host, "4", NULL, "e", 0);
  fake_host_set_target_source(r.host, 3, MP_DELTA, NULL, NULL, NULL);
  domoticz_server_set_name(r.s, 4, "$secret");
  domoticz_server_add(r.s, 5, "temperature", NULL);
  domoticz_server_set_used(r.s, 5, false);
  fake_host_add_target(r.host, "5", NULL, "e", 0);
  domoticz_server_add(r.s, 6, "kwh", NULL);
  fake_host_add_target(r.host, "6", NULL, "e", MP_TARGET_BASE);
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  fake_host_forget(r.host);
  ck_assert_int_eq(r.ops->check(r.self), MP_OK);
  ck_assert(plugin_setup_logged(
    &r, "warning: domoticz: idx.1: \"Device 1\" (Custom Sensor): "
        "this operand displays only six of the digits"));
  ck_assert(
    plugin_setup_logged(&r, "a Counter with own unit GJ and divider 1000"));
  ck_assert(plugin_setup_logged(&r,
                                "idx.2: \"Device 2\" (Counter): this operand "
                                "displays only three of the decimals"));
  ck_assert(!plugin_setup_logged(&r, "idx.3"));
  ck_assert(
    plugin_setup_logged(&r, "idx.4: \"$secret\" (Custom Sensor): hidden"));
  ck_assert(
    plugin_setup_logged(&r, "idx.5: \"Device 5\" (Temperature): not in use"));
  ck_assert(!plugin_setup_logged(&r, "idx.6"));
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

/* As on a fresh installation. */
static void
remove_hardware(void)
{
  pthread_mutex_lock(&r.s->lock);
  r.s->hardware = 0;
  pthread_mutex_unlock(&r.s->lock);
}

START_TEST(check_warns_about_a_device_without_hardware)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_add(&r, 1, "counter", NULL);
  remove_hardware();
  plugin_setup_open(&r);
  ck_assert_int_eq(plugin_setup_fetch(&r), MP_OK);
  ck_assert_int_eq(r.ops->check(r.self), MP_OK);
  ck_assert(
    plugin_setup_logged(&r, "warning: domoticz: idx.1: \"Device 1\" (Counter): "
                            "its hardware is disabled or gone"));
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

START_TEST(unverified_tls_causes_a_warning)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  fake_host_set(r.host, "url", "https://127.0.0.1:1");
  fake_host_set(r.host, "tls_verify", "no");
  plugin_setup_open(&r);
  ck_assert(plugin_setup_logged(&r, "warning: domoticz: https://127.0.0.1:1: "
                                    "tls_verify = no"));
}
END_TEST

/* 2026.3 ignores the options of createdevice. */
static const enum domoticz_version creators[] = {
  DOMOTICZ_2026_3, DOMOTICZ_2025_1, DOMOTICZ_2024_7, DOMOTICZ_2023_2
};

START_TEST(new_devices_have_the_requested_type)
{
  static const struct {
    const char *wanted, *type, *unit, *data;
  } rows[] = {
    { "counter-gj", "Counter", "GJ", "0 GJ" },
    { "counter-MWh", "Counter", "MWh", "0 MWh" },
    { "counter-m3", "Counter", "m3", "0 m3" },
    { "counter-water", "Counter", "m3", "0.000 m3" },
    { "custom-kw", "Custom Sensor", "kW", "0 kW" },
    { "custom-l/h", "Custom Sensor", "l/h", "0 l/h" },
    { "custom-things", "Custom Sensor", "things", "0 things" },
    { "kwh", "kWh", "kWh", "0.000 kWh" },
    { "Temperature", "Temperature", "C", "0.0 C" },
    { "flow", "Waterflow", "l/min", "0 l/min" },
    { "text", "Text", NULL, "Hello World" },
  };
  const struct mp_listed *listed;
  char label[32];

  plugin_setup_start(&r, creators[_i]);
  plugin_setup_open(&r);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    fake_sink_forget(r.sink);
    snprintf(label, sizeof(label), "Heat & more %zu", i);
    ck_assert_msg(r.ops->create_target(r.self, label, rows[i].wanted, 0,
                                       &r.sink->output) == MP_OK,
                  "%s: %s", rows[i].wanted, fake_host_log(r.host));
    listed = fake_sink_listed(r.sink, 0);
    ck_assert_ptr_nonnull(listed);
    ck_assert_str_eq(listed->label, label);
    ck_assert_str_eq(listed->type, rows[i].type);
    ck_assert_str_eq(listed->value, rows[i].data);
    if (!rows[i].unit)
      ck_assert_ptr_null(listed->unit);
    else
      ck_assert_str_eq(listed->unit, rows[i].unit);
  }
  ck_assert_uint_eq(domoticz_server_count(r.s, "addhardware"), 0);
  ck_assert_uint_eq(domoticz_server_count(r.s, "createvirtualsensor"), 0);
}
END_TEST

/* As recorded when such a counter was set up by hand. */
START_TEST(counter_is_set_up_as_recorded)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_open(&r);
  ck_assert_int_eq(r.ops->create_target(r.self, "GJ counter", "counter-gj", 0,
                                        &r.sink->output),
                   MP_OK);
  ck_assert_str_eq(
    domoticz_server_request(r.s, 2),
    "/json.htm?type=command&param=createdevice&idx=2&sensorname=GJ%20counter"
    "&sensormappedtype=0x7100");
  ck_assert_str_eq(domoticz_server_request(r.s, 3),
                   "/json.htm?type=command&param=getdevices&rid=1");
  ck_assert_str_eq(
    domoticz_server_request(r.s, 4),
    "/json.htm?type=command&param=setused&idx=1&name=GJ%20counter&switchtype=3"
    "&addjvalue2=1000&options="
    "VmFsdWVRdWFudGl0eTpFbmVyZ3k7VmFsdWVVbml0czpHSjs%3D&used=true");
}
END_TEST

START_TEST(server_without_createdevice_gets_the_older_call)
{
  plugin_setup_start(&r, DOMOTICZ_2023_2);
  plugin_setup_open(&r);
  domoticz_server_fault(r.s, DOMOTICZ_ERR, "param=createdevice", 0, 0, 0);
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Heat", "counter-gj", 0, &r.sink->output),
    MP_OK);
  ck_assert_uint_eq(domoticz_server_count(r.s, "createvirtualsensor"), 1);
  ck_assert_str_eq(fake_sink_listed(r.sink, 0)->value, "0 GJ");
  ck_assert_uint_eq(fake_host_failures(r.host), 0);
}
END_TEST

/* createvirtualsensor returns a guessed idx, which is wrong if another device
 * is created or deleted at that moment. */
START_TEST(device_with_a_wrongly_guessed_idx_is_not_changed)
{
  static const struct {
    int off;
    const char *logged;
  } rows[] = {
    { -1, "the server returned idx 5 for the new device \"Heat\", but that idx "
          "is \"Other\" (Counter), which was not changed" },
    { 1, "the server returned idx 7 for the new device \"Heat\", but does not "
         "list that idx" },
  };

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_add(r.s, 5, "counter", NULL);
  domoticz_server_set_name(r.s, 5, "Other");
  plugin_setup_open(&r);
  domoticz_server_fault(r.s, DOMOTICZ_ERR, "param=createdevice", 0, 0, 0);
  pthread_mutex_lock(&r.s->lock);
  r.s->guess_off = rows[_i].off;
  pthread_mutex_unlock(&r.s->lock);
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Heat", "counter-gj", 0, &r.sink->output),
    MP_EPROTO);
  ck_assert_msg(plugin_setup_logged(&r, rows[_i].logged), "%s",
                fake_host_log(r.host));
  ck_assert_uint_eq(domoticz_server_count(r.s, "setused"), 0);
}
END_TEST

START_TEST(existing_device_name_is_refused)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  domoticz_server_add(r.s, 5, "counter", NULL);
  domoticz_server_set_name(r.s, 5, "Heat");
  domoticz_server_set_used(r.s, 5, false);
  domoticz_server_add(r.s, 6, "counter", NULL);
  domoticz_server_set_name(r.s, 6, "$Power");
  domoticz_server_disable(r.s, 6, true);
  plugin_setup_open(&r);
  ck_assert_int_eq(r.ops->create_target(r.self, "Heat", "counter-gj",
                                        MP_CREATE_PLAN, &r.sink->output),
                   MP_ECONFIG);
  ck_assert(plugin_setup_logged(
    &r, "Heat: exists already, with idx 5; use that device, "
        "or choose another name"));
  ck_assert_int_eq(
    r.ops->create_target(r.self, "$Power", "custom-kw", 0, &r.sink->output),
    MP_ECONFIG);
  ck_assert(plugin_setup_logged(&r, "$Power: exists already, with idx 6"));
  ck_assert_uint_eq(domoticz_server_requests(r.s), 2);
}
END_TEST

/* It lists the device without an idx, so that the host knows its unit. */
START_TEST(plan_changes_nothing)
{
  const struct mp_listed *planned;

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_open(&r);
  ck_assert_int_eq(r.ops->create_target(r.self, "Heat", "counter-gj",
                                        MP_CREATE_PLAN, &r.sink->output),
                   MP_OK);
  ck_assert_uint_eq(domoticz_server_requests(r.s), 2);
  ck_assert(
    plugin_setup_logged(&r, "would make \"Heat\" (Counter with own unit GJ) on "
                            "the Dummy hardware 2"));
  planned = fake_sink_listed(r.sink, 0);
  ck_assert_ptr_nonnull(planned);
  ck_assert_ptr_null(planned->name);
  ck_assert_str_eq(planned->unit, "GJ");
  ck_assert_ptr_null(fake_sink_listed(r.sink, 1));
}
END_TEST

#define DUMMY(idx, enabled)                                                    \
  "{'Type':15,'idx':'" idx "','Enabled':'" enabled "'}"
#define TEXT_ON(what) "would make \"Heat\" (Text) on " what

START_TEST(enabled_dummy_hardware_is_chosen)
{
  static const struct {
    const char *elements;
    int code;
    const char *logged;
  } rows[] = {
    { DUMMY("7", "true"), MP_OK, TEXT_ON("the Dummy hardware 7") },
    { "{'Type':94,'idx':'3','Enabled':'true'}," DUMMY("7", "true"), MP_OK,
      TEXT_ON("the Dummy hardware 7") },
    { DUMMY("7", "false") "," DUMMY("9", "true"), MP_OK,
      TEXT_ON("the Dummy hardware 9") },
    { "{'Type':15,'idx':'7'}", MP_OK, TEXT_ON("the Dummy hardware 7") },
    { DUMMY("7", "false"), MP_EREFUSED,
      "the Dummy hardware 7 is disabled; enable it (Setup, Hardware)" },
    { "{'Type':94,'idx':'3','Enabled':'true'}", MP_OK, TEXT_ON("it") },
    { "{'idx':'3','Enabled':'true'},{'Type':15,'Enabled':'true'}", MP_OK,
      TEXT_ON("it") },
    { DUMMY("1&x=2", "true") "," DUMMY("12345678901234567890", "true"), MP_OK,
      TEXT_ON("it") },
  };

  open_before_parrot(rows[_i].elements);
  ck_assert_int_eq(r.ops->create_target(r.self, "Heat", "text", MP_CREATE_PLAN,
                                        &r.sink->output),
                   rows[_i].code);
  ck_assert_msg(plugin_setup_logged(&r, rows[_i].logged), "%s",
                fake_host_log(r.host));
  ck_assert_uint_eq(fake_host_failures(r.host), rows[_i].code != MP_OK);
}
END_TEST

START_TEST(missing_dummy_hardware_is_created_once)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  remove_hardware();
  plugin_setup_open(&r);
  for (int i = 0; i < 2; i++)
    ck_assert_int_eq(r.ops->create_target(r.self, "Heat", "counter-gj",
                                          MP_CREATE_PLAN, &r.sink->output),
                     MP_OK);
  ck_assert_uint_eq(domoticz_server_count(r.s, "addhardware"), 0);
  ck_assert(
    plugin_setup_logged(&r, "would make the Dummy hardware \"meterpipe\""));
  ck_assert(
    plugin_setup_logged(&r, "would make \"Heat\" (Counter with own unit GJ) on "
                            "it"));
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Heat", "counter-gj", 0, &r.sink->output),
    MP_OK);
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Flow", "waterflow", 0, &r.sink->output),
    MP_OK);
  ck_assert_uint_eq(domoticz_server_count(r.s, "addhardware"), 1);
  ck_assert_uint_eq(domoticz_server_count(r.s, "createdevice"), 2);
}
END_TEST

/* Other servers may answer like this; it means no hardware, not hardware with
 * an empty idx. */
START_TEST(hardware_without_idx_is_ignored)
{
  static const char *const answers[] = {
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    "{\"result\":[{\"Type\":15,\"Enabled\":\"true\",\"idx\":\"\"}],"
    "\"status\":\"OK\"}",
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    "{\"result\":[{\"Type\":15,\"Enabled\":\"false\",\"idx\":\"\"}],"
    "\"status\":\"OK\"}",
  };
  struct rude_server *rude;
  char url[64];

  for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
    rude = rude_server_start(
      &(struct rude){ .greeting = answers[i], .hangs_up = true });
    plugin_setup_start(&r, DOMOTICZ_2025_1);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", rude_server_port(rude));
    fake_host_set(r.host, "url", url);
    plugin_setup_open(&r);
    ck_assert_int_eq(r.ops->create_target(r.self, "Heat", "text",
                                          MP_CREATE_PLAN, &r.sink->output),
                     MP_OK);
    ck_assert(
      plugin_setup_logged(&r, "would make the Dummy hardware \"meterpipe\""));
    plugin_setup_stop(&r);
    rude_server_stop(rude);
  }
  plugin_setup_start(&r, DOMOTICZ_2025_1);
}
END_TEST

START_TEST(refused_hardware_requests_name_the_needed_rights)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_open(&r);
  domoticz_server_fault(r.s, DOMOTICZ_ERR, "gethardware", 0, 0, 0);
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Heat", "text", 0, &r.sink->output),
    MP_EREFUSED);
  ck_assert(plugin_setup_logged(
    &r, "the server refused to list its hardware; --create needs Domoticz "
        "2023.2 or later and the rights of an administrator"));
  domoticz_server_heal(r.s);
  remove_hardware();
  domoticz_server_fault(r.s, DOMOTICZ_ERR, "addhardware", 0, 0, 0);
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Heat", "text", 0, &r.sink->output),
    MP_EREFUSED);
  ck_assert(plugin_setup_logged(
    &r, "the server refused to make the Dummy hardware; use "
        "the login of an administrator"));
  ck_assert_uint_eq(domoticz_server_count(r.s, "createdevice"), 0);
}
END_TEST

START_TEST(failed_hardware_list_prevents_creation)
{
  static const struct {
    long status; /* 0: the server is down */
    int code;
    const char *logged;
  } rows[] = {
    { 404, MP_EPROTO,
      "HTTP 404 for json.htm; is this a Domoticz server, and is a path prefix "
      "missing from its URL?" },
    { 500, MP_EAGAIN, "HTTP 500: the server failed; see its log" },
    { 0, MP_EAGAIN, "cannot connect" },
  };

  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_open(&r);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    fake_host_forget(r.host);
    if (rows[i].status == 0)
      domoticz_server_down(r.s);
    else
      domoticz_server_fault(r.s, DOMOTICZ_STATUS, "gethardware", 0, 1,
                            rows[i].status);
    ck_assert_int_eq(
      r.ops->create_target(r.self, "Heat", "text", 0, &r.sink->output),
      rows[i].code);
    ck_assert_msg(plugin_setup_logged(&r, rows[i].logged), "%s",
                  fake_host_log(r.host));
    ck_assert_uint_eq(fake_host_failures(r.host), 1);
  }
  ck_assert_uint_eq(domoticz_server_count(r.s, "addhardware"), 0);
  ck_assert_uint_eq(domoticz_server_count(r.s, "createdevice"), 0);
}
END_TEST

START_TEST(invalid_type_or_missing_right_prevents_creation)
{
  plugin_setup_start(&r, DOMOTICZ_2025_1);
  plugin_setup_open(&r);
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Heat", "toaster", 0, &r.sink->output),
    MP_ECONFIG);
  ck_assert(plugin_setup_logged(
    &r, "toaster: unknown type of device; use one of counter-UNIT"));
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Heat", "counter-a;b", 0, &r.sink->output),
    MP_ECONFIG);
  domoticz_server_fault(r.s, DOMOTICZ_STATUS, "createdevice", 0, 0, 403);
  ck_assert_int_eq(
    r.ops->create_target(r.self, "Heat", "text", 0, &r.sink->output),
    MP_EREFUSED);
  ck_assert(plugin_setup_logged(
    &r, "HTTP 403: permission denied; only an administrator may make devices"));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("domoticz manage");
  TCase *tc = tcase_create("manage");

  tcase_add_checked_fixture(tc, NULL, stop);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, devices_are_listed_by_every_version);
  tcase_add_test(tc, units_are_listed_once);
  tcase_add_test(tc, unlisted_devices_are_counted);
  tcase_add_test(tc, device_without_idx_is_not_listed);
  tcase_add_test(tc, server_without_devices_lists_none);
  tcase_add_test(tc, list_of_3000_devices_is_read);
  tcase_add_test(tc, check_warns_about_values_that_are_not_read_back);
  tcase_add_test(tc, check_warns_about_a_device_without_hardware);
  tcase_add_test(tc, unverified_tls_causes_a_warning);
  tcase_add_loop_test(tc, new_devices_have_the_requested_type, 0,
                      (int)ARRAY_SIZE(creators));
  tcase_add_test(tc, server_without_createdevice_gets_the_older_call);
  tcase_add_loop_test(tc, device_with_a_wrongly_guessed_idx_is_not_changed, 0,
                      2);
  tcase_add_test(tc, existing_device_name_is_refused);
  tcase_add_test(tc, counter_is_set_up_as_recorded);
  tcase_add_test(tc, plan_changes_nothing);
  tcase_add_loop_test(tc, enabled_dummy_hardware_is_chosen, 0, 8);
  tcase_add_test(tc, missing_dummy_hardware_is_created_once);
  tcase_add_test(tc, hardware_without_idx_is_ignored);
  tcase_add_test(tc, refused_hardware_requests_name_the_needed_rights);
  tcase_add_test(tc, failed_hardware_list_prevents_creation);
  tcase_add_test(tc, invalid_type_or_missing_right_prevents_creation);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
