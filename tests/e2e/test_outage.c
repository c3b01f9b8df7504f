/*
 * A server that is down for a while, or fails in other ways: nothing is lost,
 * and each failure and its end are reported once.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

#define TARGETS "timeout = 600ms\n" DOMOTICZ_SETUP_TARGETS

#define TRANSFORMS DOMOTICZ_SETUP_USAGE "plausible = no\n" DOMOTICZ_SETUP_TOTAL

#define CSV                                                                    \
  "[output log]\nplugin = csv\npath = heat.csv\n"                              \
  "column.energy = meter.heat_energy_e1\ncolumn.usage = usage\n"

#define DAY 86400

static struct domoticz_setup house;

/* Builds a house whose devices have been written once: 322 displays no usage
 * yet. */
static void
build(void)
{
  domoticz_setup_build_heat(&house);
  domoticz_setup_write(&house, "", TARGETS, TRANSFORMS CSV);
  domoticz_setup_run(&house, "84.200GJ");
  domoticz_setup_check(&house, EX_OK, "");
}

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

/* ---- A server that is away ----------------------------------------------- */

START_TEST(usage_covers_three_runs_without_a_server)
{
  static const char *const readings[] = { "84.208GJ", "84.2085GJ",
                                          "12384.2095GJ" };

  build();
  domoticz_setup_check_heat(&house, "0.200", "84.200", "1.200");
  domoticz_server_down(house.server);
  for (size_t i = 0; i < ARRAY_SIZE(readings); i++) {
    domoticz_setup_run(&house, readings[i]);
    domoticz_setup_check(
      &house, EX_TEMPFAIL,
      i == 0 ? "error: domoticz: {url}: cannot connect: Connection "
               "refused\n"
             : "");
  }
  domoticz_setup_check_heat(&house, "0.200", "84.200", "1.200");
  domoticz_server_up(house.server);
  domoticz_setup_run(&house, "12384.2100GJ");
  domoticz_setup_check(&house, EX_OK,
                       "notice: domoticz: {url}: works again after 1 h\n");
  domoticz_setup_check_heat(&house, "12300.0100", "12384.2100", "12301.2100");
  domoticz_setup_run(&house, "12384.2105GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_heat(&house, "0.0005", "12384.2105", "12301.2105");
  ck_assert_str_eq(sandbox_read(house.sandbox, "heat.csv"),
                   "time,energy,usage\n"
                   "2026-11-22T10:20:00Z,84.200,0.200\n"
                   "2026-11-22T10:40:00Z,84.208,0.008\n"
                   "2026-11-22T11:00:00Z,84.2085,0.0005\n"
                   "2026-11-22T11:20:00Z,12384.2095,12300.0010\n"
                   "2026-11-22T11:40:00Z,12384.2100,0.0005\n"
                   "2026-11-22T12:00:00Z,12384.2105,0.0005\n");
}
END_TEST

START_TEST(end_of_an_outage_is_reported_with_its_duration)
{
  build();
  domoticz_server_down(house.server);
  for (int i = 0; i < 10; i++) {
    domoticz_setup_run(&house, NULL);
    ck_assert_int_eq(sandbox_status(house.sandbox), EX_TEMPFAIL);
  }
  domoticz_server_up(house.server);
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(
    &house, EX_OK, "notice: domoticz: {url}: works again after 3 h 20 min\n");
}
END_TEST

/* ---- A server that fails in other ways ----------------------------------- */

static void
go_down(void)
{
  domoticz_server_down(house.server);
}

static void
want_login(void)
{
  domoticz_server_set_login(house.server, "user", "secret", true);
}

static void
answer_garbage(void)
{
  domoticz_server_fault(house.server, DOMOTICZ_GARBAGE, NULL, 0, 0, 0);
}

static void
answer_page(void)
{
  domoticz_server_fault(house.server, DOMOTICZ_HTML, NULL, 0, 0, 0);
}

static void
answer_half(void)
{
  domoticz_server_fault(house.server, DOMOTICZ_HALF, NULL, 0, 0, 0);
}

static void
answer_never(void)
{
  domoticz_server_fault(house.server, DOMOTICZ_DELAY, NULL, 0, 0, 60000);
}

static void
answer_elsewhere(void)
{
  domoticz_server_fault(house.server, DOMOTICZ_REDIRECT, NULL, 0, 0, 0);
}

static void
answer_500(void)
{
  domoticz_server_fault(house.server, DOMOTICZ_STATUS, NULL, 0, 0, 500);
}

static void
hang_up(void)
{
  domoticz_server_fault(house.server, DOMOTICZ_CUT_BEFORE, NULL, 0, 0, 0);
}

static void
refuse_update(void)
{
  domoticz_server_refuse(house.server, 323, 200);
}

static void
forbid_update(void)
{
  domoticz_server_refuse(house.server, 323, 403);
}

static void
hide_device(void)
{
  domoticz_server_hide(house.server, 323, true);
}

static void
disable_hardware(void)
{
  domoticz_server_disable(house.server, 323, true);
}

static void
put_in_order(void)
{
  domoticz_server_disable(house.server, 323, false);
  domoticz_server_heal(house.server);
  domoticz_server_up(house.server);
  domoticz_server_set_login(house.server, NULL, NULL, false);
  domoticz_server_refuse(house.server, 323, 0);
  domoticz_server_hide(house.server, 323, false);
}

static const struct trouble {
  void (*begin)(void);
  int status;
  const char *error;
  const char *end; /* the message when it is over */
} troubles[] = {
  { go_down, EX_TEMPFAIL, "domoticz: {url}: cannot connect: Connection refused",
    "domoticz: {url}: works again" },
  { want_login, EX_UNAVAILABLE,
    "domoticz: {url}: HTTP 401: the server requires a login; add this "
    "machine's address to the trusted networks (Setup, Settings, Security), or "
    "give `token`, or `username` and `password`",
    "domoticz: {url}: works again" },
  { answer_garbage, EX_TEMPFAIL, "domoticz: {url}: the reply is not HTTP",
    "domoticz: {url}: works again" },
  { answer_page, EX_TEMPFAIL,
    "domoticz: {url}: the reply is not JSON; is this a Domoticz server?",
    "domoticz: {url}: works again" },
  { answer_half, EX_TEMPFAIL,
    "domoticz: {url}: the reply is not JSON; is this a Domoticz server?",
    "domoticz: {url}: works again" },
  { answer_never, EX_TEMPFAIL, "domoticz: {url}: no reply in 600 ms",
    "domoticz: {url}: works again" },
  { answer_elsewhere, EX_TEMPFAIL,
    "domoticz: {url}: HTTP 301: a redirect to http://127.0.0.1:1, which was "
    "not followed; if that is the server, give it as `url`",
    "domoticz: {url}: works again" },
  { answer_500, EX_TEMPFAIL,
    "domoticz: {url}: HTTP 500: the server failed; see its log",
    "domoticz: {url}: works again" },
  { hang_up, EX_TEMPFAIL,
    "domoticz: {url}: the connection ended before a reply",
    "domoticz: {url}: works again" },
  { refuse_update, EX_UNAVAILABLE,
    "domoticz: idx.323: Domoticz rejected the update (status \"ERR\"); does "
    "the device still exist?",
    "domoticz: idx.323: works again" },
  { forbid_update, EX_UNAVAILABLE,
    "domoticz: idx.323: HTTP 403: permission denied; the user or token has "
    "only the right to read, or the device is not shared with the user (Setup, "
    "Users)",
    "domoticz: idx.323: works again" },
  { hide_device, EX_UNAVAILABLE,
    "domoticz: idx.323: is not listed by the output: there is no such target, "
    "it is hidden or disabled, or this user may not see it; its pending value "
    "is kept",
    "domoticz: idx.323: works again" },
  { disable_hardware, EX_UNAVAILABLE,
    "domoticz: idx.323: \"Device 323\" (Custom Sensor): its hardware is "
    "disabled; enable it (Setup, Hardware); its pending value is kept",
    "domoticz: idx.323: works again" },
};

static const char *
line(const char *level, const char *text, const char *more)
{
  static char buf[1024];

  ck_assert_int_lt(snprintf(buf, sizeof(buf), "%s: %s%s\n", level, text, more),
                   (int)sizeof(buf));
  return buf;
}

START_TEST(failure_is_reported_once_a_day_and_its_end_once)
{
  const struct trouble *t = &troubles[_i];

  build();
  t->begin();
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, t->status, line("error", t->error, ""));
  domoticz_setup_run(&house, "84.209GJ");
  domoticz_setup_check(&house, t->status, "");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  sandbox_run(house.sandbox, "run -v -c house.ini");
  ck_assert_int_eq(sandbox_status(house.sandbox), t->status);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(house.sandbox),
           domoticz_setup_text(&house, line("error", t->error, ""))));
  domoticz_setup_wait(&house, DAY - 3 * DOMOTICZ_SETUP_INTERVAL);
  domoticz_setup_run(&house, "84.210GJ");
  domoticz_setup_check(&house, t->status, line("error", t->error, ""));
  put_in_order();
  domoticz_setup_run(&house, "84.2101GJ");
  domoticz_setup_check(&house, EX_OK, line("notice", t->end, " after 1 d"));
  ck_assert_str_eq(domoticz_server_get(house.server, 323), "84.2101");
  ck_assert_str_eq(domoticz_server_get(house.server, 324), "1.2101");
  domoticz_setup_run(&house, "84.2102GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_heat(&house, "0.0001", "84.2102", "1.2102");
}
END_TEST

START_TEST(recovery_is_reported_only_after_new_contact)
{
  build();
  refuse_update();
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(
    &house, EX_UNAVAILABLE,
    "error: domoticz: idx.323: Domoticz rejected the update (status "
    "\"ERR\"); does the device still exist?\n");
  go_down();
  domoticz_setup_run(&house, "84.209GJ");
  domoticz_setup_check(
    &house, EX_TEMPFAIL,
    "error: domoticz: {url}: cannot connect: Connection refused\n");
  domoticz_setup_wait(&house, 2 * DOMOTICZ_SETUP_INTERVAL);
  domoticz_server_up(house.server);
  domoticz_setup_run(&house, "84.210GJ");
  domoticz_setup_check(&house, EX_UNAVAILABLE,
                       "notice: domoticz: {url}: works again after 1 h\n");
  put_in_order();
  domoticz_setup_run(&house, "84.2101GJ");
  domoticz_setup_check(
    &house, EX_OK, "notice: domoticz: idx.323: works again after 1 h 40 min\n");
  domoticz_setup_check_heat(&house, "0.0001", "84.2101", "1.2101");
}
END_TEST

START_TEST(outage_with_changing_errors_is_one_outage)
{
  build();
  go_down();
  domoticz_setup_run(&house, NULL);
  domoticz_setup_run(&house, NULL);
  domoticz_server_up(house.server);
  answer_500(); /* the server is starting */
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(
    &house, EX_TEMPFAIL,
    "error: domoticz: {url}: HTTP 500: the server failed; see its log\n");
  put_in_order();
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(&house, EX_OK,
                       "notice: domoticz: {url}: works again after 1 h\n");
}
END_TEST

static const struct {
  const char *fields;
  struct {
    const char *has, *name;
    unsigned id;
  } list[2];
} pairs[] = {
  { "temperature_t1, temperature_t2",
    { { "86=67.25C", "temperature_t1", 86 },
      { "87=26.91C", "temperature_t2", 87 } } },
  { "64010, 64011",
    { { "64010=1", "register 64010", 64010 },
      { "64011=2", "register 64011", 64011 } } },
};

/* Runs a cycle with READING, in which the meter has only the other register of
 * PAIR, not I; TOLD: expects an error. */
static void
read_without(int pair, int i, const char *reading, bool told)
{
  char said[160] = "";

  meter_set(house.meter, pairs[pair].list[1 - i].has);
  meter_remove(house.meter, (uint16_t)pairs[pair].list[i].id);
  if (told)
    snprintf(said, sizeof(said),
             "error: meter: {tty}: the meter left out %s: meterpipe probe "
             "shows the registers it has\n",
             pairs[pair].list[i].name);
  domoticz_setup_cycle(&house, reading, EX_DATAERR, said);
}

/* Failures that differ only in figures count as the same, but a digit in a name
 * is no figure. */
START_TEST(failure_of_another_register_is_reported_anew)
{
  char meter[64];

  build();
  snprintf(meter, sizeof(meter), "fields = %s\n", pairs[_i].fields);
  domoticz_setup_write(&house, meter, TARGETS, TRANSFORMS CSV);
  read_without(_i, 0, "84.300GJ", true);
  read_without(_i, 0, "84.400GJ", false);
  read_without(_i, 1, "84.500GJ", true);
}
END_TEST

START_TEST(clock_set_back_leaves_out_the_outage_duration)
{
  build();
  go_down();
  domoticz_setup_run(&house, NULL);
  domoticz_setup_wait(&house, -3 * DOMOTICZ_SETUP_INTERVAL);
  domoticz_setup_run(&house,
                     NULL); /* reported in the future: counts as long ago */
  domoticz_setup_check(
    &house, EX_TEMPFAIL,
    "error: domoticz: {url}: cannot connect: Connection refused\n");
  put_in_order();
  domoticz_setup_run(&house, NULL);
  domoticz_setup_check(&house, EX_OK, "notice: domoticz: {url}: works again\n");
}
END_TEST

START_TEST(refused_login_names_the_setting_and_not_the_password)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  domoticz_server_add(house.server, 323, "custom", "GJ");
  domoticz_server_set_login(house.server, "user", "secret", true);
  domoticz_setup_write(&house, "",
                       "username = user\npassword = a-wrong-one\n"
                       "idx.323 = meter.heat_energy_e1\n",
                       "");
  ck_assert_int_eq(chmod(domoticz_setup_text(&house, "{dir}/house.ini"), 0600),
                   0);
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(
    &house, EX_UNAVAILABLE,
    line("error",
         "domoticz: {url}: HTTP 401: the server rejected the login; check "
         "`username` and `password`; over plain http Domoticz accepts a login "
         "only if \"Allow Basic Auth over plain HTTP\" is ticked (Setup, "
         "Settings, Security): tick it, use https or give `token`; in a "
         "trusted network leave out `username`",
         ""));
}
END_TEST

/* ---- One target of several ----------------------------------------------- */

START_TEST(missing_device_does_not_stop_the_other_devices)
{
  build();
  domoticz_server_delete(house.server, 322);
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(
    &house, EX_UNAVAILABLE,
    "error: domoticz: idx.322: is not listed by the output: there is "
    "no such target, it is hidden or disabled, or this user may not "
    "see it; its pending value is kept\n");
  domoticz_setup_check_device(&house, 323, "84.208");
  domoticz_setup_check_device(&house, 324, "1.208");
  domoticz_setup_run(&house, "84.209GJ");
  domoticz_setup_check(&house, EX_UNAVAILABLE, "");
  domoticz_server_add(house.server, 322, "custom", "GJ");
  domoticz_setup_wait(&house, 3 * DOMOTICZ_SETUP_INTERVAL);
  domoticz_setup_run(&house, "84.210GJ");
  domoticz_setup_check(
    &house, EX_OK, "notice: domoticz: idx.322: works again after 1 h 40 min\n");
  domoticz_setup_check_heat(&house, "0.010", "84.210", "1.210");
}
END_TEST

/* An update counts once, even if its answer is lost or late. */
static const struct lost_answer {
  enum domoticz_fault fault;
  long arg;
  const char *error;
} lost_answers[] = {
  { DOMOTICZ_CUT_BEFORE, 0, "the connection broke before a reply" },
  { DOMOTICZ_CUT_AFTER, 0, "the connection broke before a reply" },
  { DOMOTICZ_RESET_BEFORE, 0, "the connection broke before a reply" },
  { DOMOTICZ_RESET_AFTER, 0, "the connection broke before a reply" },
  { DOMOTICZ_DELAY, 60000, "no reply in 600 ms" },
};

START_TEST(update_without_an_answer_counts_once)
{
  const struct lost_answer *lost = &lost_answers[_i];
  char error[256];

  build();
  domoticz_server_fault(house.server, lost->fault, "idx=324", 0, 1, lost->arg);
  snprintf(error, sizeof(error), "error: domoticz: {url}: %s\n", lost->error);
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, EX_TEMPFAIL, error);
  domoticz_setup_wait(&house, 3 * DOMOTICZ_SETUP_INTERVAL);
  domoticz_setup_run(&house, "84.210GJ");
  domoticz_setup_check(
    &house, EX_OK, "notice: domoticz: {url}: works again after 1 h 20 min\n");
  domoticz_setup_check_heat(&house, "0.002", "84.210", "1.210");
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("outage");
  TCase *t = tcase_create("outage");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, usage_covers_three_runs_without_a_server);
  tcase_add_test(t, end_of_an_outage_is_reported_with_its_duration);
  tcase_add_loop_test(t, failure_is_reported_once_a_day_and_its_end_once, 0,
                      (int)ARRAY_SIZE(troubles));
  tcase_add_test(t, recovery_is_reported_only_after_new_contact);
  tcase_add_test(t, outage_with_changing_errors_is_one_outage);
  tcase_add_loop_test(t, failure_of_another_register_is_reported_anew, 0,
                      ARRAY_SIZE(pairs));
  tcase_add_test(t, clock_set_back_leaves_out_the_outage_duration);
  tcase_add_test(t, refused_login_names_the_setting_and_not_the_password);
  tcase_add_test(t, missing_device_does_not_stop_the_other_devices);
  tcase_add_loop_test(t, update_without_an_answer_counts_once, 0,
                      (int)ARRAY_SIZE(lost_answers));
  suite_add_tcase(s, t);
  return run_suite(s);
}
