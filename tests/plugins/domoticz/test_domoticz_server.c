/*
 * The stand-in, compared with the recordings.  A stand-in that answers
 * differently from Domoticz would prove nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "lib/array.h"
#include "tests/plugins/domoticz/recording.h"
#include "tests/support/domoticz_server.h"
#include "tests/support/run_suite.h"

struct device {
  unsigned idx;
  const char *type, *label;
};

/* The devices of the recordings, by version. */
static const struct device devices_2025_1[] = {
  { 1, "custom", "GJ" },        { 2, "custom", "kW" },
  { 3, "counter", NULL },       { 4, "counter-gas", NULL },
  { 5, "counter-water", NULL }, { 6, "counter-custom", "GJ" },
  { 7, "incremental", NULL },   { 8, "managed", NULL },
  { 9, "temperature", NULL },   { 10, "waterflow", NULL },
  { 11, "usage", NULL },        { 12, "kwh", NULL },
  { 13, "text", NULL },         { 14, "percentage", NULL },
  { 15, "barometer", NULL },    { 16, "pressure", NULL },
  { 17, "p1gas", NULL },        { 18, "voltage", NULL },
  { 20, "alert", NULL },        { 22, "temperature", NULL },
  { 23, "custom", "MWh" },
};

static const struct device devices_old[] = {
  { 1, "custom", "GJ" },      { 2, "counter", NULL },
  { 3, "incremental", NULL }, { 4, "managed", NULL },
  { 5, "temperature", NULL }, { 6, "kwh", NULL },
  { 7, "text", NULL },        { 8, "counter-custom", "GJ" },
};

static struct domoticz_server *
start(enum domoticz_version version, const char *created)
{
  struct domoticz_server *s = domoticz_server_start(version);
  const struct device *devices =
    version == DOMOTICZ_2025_1 ? devices_2025_1 : devices_old;
  size_t count = version == DOMOTICZ_2025_1 ? ARRAY_SIZE(devices_2025_1)
                                            : ARRAY_SIZE(devices_old);

  domoticz_server_set_clock(s, recording_seconds(created));
  for (size_t i = 0; i < count; i++)
    domoticz_server_add(s, devices[i].idx, devices[i].type, devices[i].label);
  return s;
}

/* Compares an update, at the time that the following read reports, and that
 * read. */
static void
compare_update(struct domoticz_server *s, const char *folder,
               const char *update, const char *read)
{
  char update_name[128], read_name[128];

  snprintf(update_name, sizeof(update_name), "%s/%s", folder, update);
  snprintf(read_name, sizeof(read_name), "%s/%s", folder, read);
  domoticz_server_set_clock(s, recording_last_update(read_name));
  recording_compare(s, update_name);
  recording_compare(s, read_name);
}

static void
compare_updates(struct domoticz_server *s, const char *folder,
                const char *const *names, size_t count)
{
  char read[64];

  for (size_t i = 0; i < count; i++) {
    snprintf(read, sizeof(read), "%s-read", names[i]);
    compare_update(s, folder, names[i], read);
  }
}

START_TEST(new_devices_are_displayed_as_recorded)
{
  static const char *const names[] = {
    "custom",         "custom2",     "counter", "counter-gas",  "counter-water",
    "counter-custom", "incremental", "managed", "temperature",  "waterflow",
    "usage",          "kwh",         "text",    "percentage",   "barometer",
    "pressure",       "p1gas",       "voltage", "temperature2", "custom3",
    "legacy-custom",
  };
  struct domoticz_server *s = start(DOMOTICZ_2025_1, "2026-11-22 06:03:49");
  char name[64];

  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    snprintf(name, sizeof(name), "read-before/%s", names[i]);
    recording_compare(s, name);
  }
  domoticz_server_stop(s);
}
END_TEST

START_TEST(updates_are_displayed_as_recorded)
{
  static const char *const normal[] = {
    "custom",
    "counter",
    "counter-gas",
    "counter-water",
    "counter-custom",
    "incremental",
    "temperature",
    "waterflow",
    "usage",
    "kwh",
    "text",
    "percentage",
    "barometer",
    "pressure",
    "p1gas",
    "voltage",
    "managed-one-number",
    "managed-counter-and-usage",
    "managed-counter-and-minus-one",
  };
  static const char *const unusual[] = {
    "custom-6-digits",
    "custom-exponent-in-data",
    "custom-exponent-sent",
    "custom-plus-sign-raw",
    "custom-plus-sign-escaped",
    "custom-empty",
    "custom-not-a-number",
    "custom-nan",
    "custom-decimal-comma",
    "custom-negative",
    "counter-decimals",
    "counter-same-value-1",
    "counter-same-value-2",
    "counter-exponent",
    "counter-empty",
    "counter-backwards",
    "counter-large",
    "counter-custom-large",
    "kwh-one-number",
    "incremental-again",
    "incremental-zero",
    "incremental-negative",
  };
  struct domoticz_server *s = start(DOMOTICZ_2025_1, "2026-11-22 06:03:49");

  domoticz_server_log_rows(s);
  compare_updates(s, "update", normal, ARRAY_SIZE(normal));
  compare_updates(s, "edge", unusual, ARRAY_SIZE(unusual));
  domoticz_server_stop(s);
}
END_TEST

START_TEST(offset_and_divider_act_as_recorded)
{
  struct domoticz_server *s = start(DOMOTICZ_2025_1, "2026-11-22 06:03:49");

  domoticz_server_log_rows(s);
  recording_compare(s, "offset/counter-set");
  compare_update(s, "offset", "counter-update", "counter-read");
  recording_compare(s, "offset/temperature-set");
  compare_update(s, "offset", "temperature-update", "temperature-read");
  recording_compare(s, "offset/counter-divider-set");
  recording_compare(s, "offset/counter-divider-read");
  domoticz_server_stop(s);
}
END_TEST

START_TEST(lists_leave_out_unknown_and_broken_devices)
{
  struct domoticz_server *s = start(DOMOTICZ_2025_1, "2026-11-22 06:10:39");

  domoticz_server_log_rows(s);
  domoticz_server_set(s, 1, "12.345");
  domoticz_server_set(s, 3, "1.5e3");
  domoticz_server_set_clock(s, recording_seconds("2026-11-22 06:07:57"));
  domoticz_server_set(s, 9, "65.43");
  recording_compare(s, "list/rid-broken-counter-first");
  recording_compare(s, "list/rid-broken-counter-alone-last");
  recording_compare(s, "error/read-unknown-idx");
  recording_compare(s, "error/read-idx-text");
  domoticz_server_stop(s);
}
END_TEST

START_TEST(errors_are_answered_as_recorded)
{
  static const char *const names[] = {
    "param/no-values",
    "param/empty-values",
    "param/no-idx",
    "param/idx-unknown",
    "param/idx-zero",
    "param/idx-negative",
    "param/idx-text",
    "param/idx-trailing-text",
    "param/idx-huge",
    "error/unknown-param",
    "error/no-param",
    "error/empty-param",
    "error/unknown-type",
    "error/no-query",
    "error/unknown-page",
    "error/wrong-path",
    "error/absolute-uri",
    "error/bad-percent",
    "error/percent-at-end",
    "error/garbage-line",
    "connection/keep-alive-err",
    "connection/keep-alive-404",
    "connection/keep-alive-400",
  };
  struct domoticz_server *s = start(DOMOTICZ_2025_1, "2026-11-22 06:03:49");

  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    recording_compare(s, names[i]);
  domoticz_server_stop(s);
}
END_TEST

START_TEST(only_the_exact_header_keeps_the_connection)
{
  static const char *const names[] = {
    "connection/http11-default",
    "connection/keep-alive",
    "connection/keep-alive-title-case",
    "connection/keep-alive-list",
    "connection/close",
  };
  struct domoticz_server *s = start(DOMOTICZ_2025_1, "2026-11-22 06:10:39");

  domoticz_server_set(s, 1, "12.345");
  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    recording_compare(s, names[i]);
  domoticz_server_stop(s);
}
END_TEST

START_TEST(logins_are_answered_as_recorded)
{
  static const char *const fresh[] = {
    "auth/fresh-noauth-getdevices",
    "auth/fresh-noauth-udevice",
    "auth/fresh-noauth-legacy",
    "auth/fresh-basic-good-plain-http",
  };
  static const char *const plain[] = { "auth/basic-wrong-read",
                                       "auth/basic-wrong-update",
                                       "auth/no-credentials-keep-alive" };
  struct domoticz_server *s = start(DOMOTICZ_2025_1, "2026-11-22 06:03:49");

  domoticz_server_set_login(s, "admin", "domoticz", false);
  for (size_t i = 0; i < ARRAY_SIZE(fresh); i++)
    recording_compare(s, fresh[i]);
  domoticz_server_set_login(s, "admin", "domoticz", true);
  for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
    recording_compare(s, plain[i]);
  compare_update(s, "auth", "basic-good-update", "basic-good-read");
  domoticz_server_set_login(s, NULL, NULL, false);
  recording_compare(s, "auth/trusted-wrong");
  domoticz_server_set_login(s, "viewer", "secret", true);
  domoticz_server_refuse(s, 1, 403);
  recording_compare(s, "auth/basic-viewer-update");
  domoticz_server_stop(s);
}
END_TEST

static void
compare_old(enum domoticz_version version, const char *folder, bool both)
{
  static const char *const names[] = { "custom",        "counter",
                                       "incremental",   "managed",
                                       "temperature",   "text",
                                       "counter-custom" };
  struct domoticz_server *s = start(version, "2026-11-22 06:17:29");
  char update[64], read[64], path[128];

  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    snprintf(update, sizeof(update), "update-%s", names[i]);
    snprintf(read, sizeof(read), "read-%s-legacy", names[i]);
    compare_update(s, folder, update, read);
    snprintf(path, sizeof(path), "%s/read-%s", folder, names[i]);
    if (both)
      recording_compare(s, path);
  }
  snprintf(path, sizeof(path), "%s/legacy-unknown-idx", folder);
  recording_compare(s, path);
  snprintf(path, sizeof(path), "%s/unknown-type", folder);
  recording_compare(s, path);
  snprintf(path, sizeof(path), "%s/unknown-param", folder);
  recording_compare(s, path);
  domoticz_server_stop(s);
}

START_TEST(older_servers_answer_as_recorded)
{
  compare_old(DOMOTICZ_2024_7, "old-2024.7", true);
  compare_old(DOMOTICZ_2022_2, "old-2022.2", true);
}
END_TEST

/* ---- The matrix of values ------------------------------------------------ */

enum { PHASE, DEVICE, SENT, STATUS, BEFORE, STORED, DATA, COLUMNS };

/* Splits LINE at its tabs. */
static void
cut_columns(char *line, char **columns)
{
  for (size_t i = 0; i < COLUMNS; i++) {
    columns[i] = line;
    line += strcspn(line, "\t");
    ck_assert_msg(*line != '\0' || i == COLUMNS - 1, "a short row");
    *line++ = '\0';
    if (strcmp(columns[i], "(empty)") == 0)
      columns[i][0] = '\0';
  }
}

/* Sets the stored value, makes the update, and compares. */
static void
check_row(struct domoticz_server *s, char **columns)
{
  static const char hex[] = "0123456789ABCDEF";
  char request[512] = "GET /json.htm?type=command&param=udevice&idx=1&nvalue=0"
                      "&svalue=";
  size_t len = strlen(request);
  char *reply;

  domoticz_server_delete(s, 1);
  domoticz_server_add(s, 1, columns[DEVICE], "GJ");
  domoticz_server_set(s, 1, columns[BEFORE]);
  for (const char *c = columns[SENT]; *c != '\0'; c++) {
    request[len++] = '%';
    request[len++] = hex[(unsigned char)*c >> 4];
    request[len++] = hex[*c & 15];
  }
  snprintf(request + len, sizeof(request) - len, " HTTP/1.1\r\n\r\n");
  reply = recording_exchange(s, request);
  ck_assert_ptr_nonnull(strstr(reply, "\"OK\""));
  free(reply);
  /* The stand-in does not imitate how an incremental counter adds up odd
   * texts. */
  if (strcmp(columns[DEVICE], "incremental") == 0)
    domoticz_server_set(s, 1, columns[STORED]);
  ck_assert_msg(strcmp(domoticz_server_get(s, 1), columns[STORED]) == 0,
                "%s: %s is stored as %s, recorded %s", columns[DEVICE],
                columns[SENT], domoticz_server_get(s, 1), columns[STORED]);
  ck_assert_msg(strcmp(domoticz_server_data(s, 1), columns[DATA]) == 0,
                "%s %s: %s is displayed as %s, recorded %s", columns[PHASE],
                columns[DEVICE], columns[STORED], domoticz_server_data(s, 1),
                columns[DATA]);
}

START_TEST(value_matrix_is_stored_and_displayed_as_recorded)
{
  char *text = recording_load("values-matrix.tsv", NULL);
  struct domoticz_server *s = domoticz_server_start(DOMOTICZ_2025_1);
  char *next, *columns[COLUMNS];
  unsigned rows = 0;

  domoticz_server_add(s, 1, "custom", "GJ");
  for (char *line = strchr(text, '\n') + 1; *line != '\0'; line = next) {
    next = strchr(line, '\n') + 1;
    next[-1] = '\0';
    cut_columns(line, columns);
    if (strcmp(columns[PHASE], "after") == 0)
      domoticz_server_log_rows(s);
    check_row(s, columns);
    rows++;
  }
  ck_assert_uint_eq(rows, 675);
  domoticz_server_stop(s);
  free(text);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("domoticz stand-in");
  TCase *tc = tcase_create("recordings");

  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, new_devices_are_displayed_as_recorded);
  tcase_add_test(tc, updates_are_displayed_as_recorded);
  tcase_add_test(tc, offset_and_divider_act_as_recorded);
  tcase_add_test(tc, lists_leave_out_unknown_and_broken_devices);
  tcase_add_test(tc, errors_are_answered_as_recorded);
  tcase_add_test(tc, only_the_exact_header_keeps_the_connection);
  tcase_add_test(tc, logins_are_answered_as_recorded);
  tcase_add_test(tc, older_servers_answer_as_recorded);
  tcase_add_test(tc, value_matrix_is_stored_and_displayed_as_recorded);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
