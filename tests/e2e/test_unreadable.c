/*
 * Entries of the state that cannot be read: each stops only the values that
 * depend on it, and is kept; the rest of the pipeline continues.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/store/store.h"
#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "meterpipe/plugin.h"
#include "tests/support/run_suite.h"

#define UNREADABLE                                                             \
  "its entry in the state %s/p.db cannot be read: nothing is sent to it or "   \
  "computed from it; \"meterpipe rebase"
#define FORGET                                                                 \
  " --forget %s\" deletes the entry, and the target begins anew from the "     \
  "displayed value\n"
#define REBASE "\" makes the next reading the base\n"

static struct sandbox *s;

static void
build(void)
{
  s = sandbox_new();
  sandbox_write(s, "take.sh", "cat >>got\n");
  exec_write_usage(s);
}

static void
leave(void)
{
  sandbox_free(s);
}

/* ---- The state between two runs ---- */

static struct store *
open_store(void)
{
  struct store *store;
  char db[512], ini[512];

  snprintf(db, sizeof(db), "%s/p.db", sandbox_dir(s));
  snprintf(ini, sizeof(ini), "%s/p.ini", sandbox_dir(s));
  ck_assert_msg(store_open(db, ini, STORE_WRITE, &store) == MP_OK, "%s",
                store_error(store));
  return store;
}

static void
put(const char *area, const char *owner, const char *name, const char *body)
{
  struct store *store = open_store();

  store_put(store, area, owner, name, body);
  ck_assert_int_eq(store_commit(store), MP_OK);
  store_close(store);
}

static void
check_kept(const char *area, const char *owner, const char *name,
           const char *body)
{
  struct store *store = open_store();
  const char *kept = store_get(store, area, owner, name);

  if (body) {
    ck_assert_ptr_nonnull(kept);
    ck_assert_str_eq(kept, body);
  } else {
    ck_assert_ptr_null(kept);
  }
  store_close(store);
}

static void
check_told(const char *object, const char *target)
{
  char text[1024];

  snprintf(text, sizeof(text),
           strcmp(object, "energy") == 0
             ? "error: hook: value.%s: " UNREADABLE REBASE
             : "error: hook: value.%s: " UNREADABLE FORGET,
           object, sandbox_dir(s), target);
  exec_check(s, EX_DATAERR, text);
}

/* Returns how often the hook was given VALUE of TARGET. */
static unsigned
times(const char *target, const char *value)
{
  const char *got = sandbox_read(s, "got");
  char text[128];
  unsigned n = 0;

  snprintf(text, sizeof(text), "\"%s\":{\"value\":\"%s\"", target, value);
  for (; got && (got = strstr(got, text)); got++)
    n++;
  return n;
}

/* ---- Targets ---- */

static void
run_well(const char *energy)
{
  exec_run(s, energy);
  exec_check(s, EX_OK, "");
}

/* Entries that an earlier version wrote, and could not read back. */
static const char *const bodies[] = {
  "e 0 0\nstep 1 100\nplace -2147483648\nsent 0\nrebase 0\n",
  "a 1 84208 -3 0 GJ|6789\nb 100\nrebase 0\n",
  "a 1 84208 -3 -1 GJ|6789|\n",
  "kind 7\n",
  "nothing of the kind",
};

START_TEST(unreadable_usage_target_keeps_its_base)
{
  const char *body = bodies[_i];

  run_well("84.208");
  run_well("84.210");
  ck_assert_uint_eq(times("usage", "0.002"), 1);
  put(STORE_TARGET, "hook", "usage", body);

  exec_run(s, "84.215");
  check_told("usage", "hook.usage");
  ck_assert_uint_eq(times("energy", "84.215"), 0);
  ck_assert_str_eq(sandbox_out(s), "energy 84.215 GJ\n");
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "log.csv"), ",84.215"));
  check_kept(STORE_TARGET, "hook", "usage", body);
  sandbox_run(s, "status -c p.ini");
  exec_check(s, EX_OK, "");
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(s), "hook.usage   cannot be read\n"));
  sandbox_run(s, "status --json -c p.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "\"readable\":false"));

  sandbox_run(s, "rebase --forget hook.usage -c p.ini");
  exec_check(s, EX_OK, "");
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(s), "hook.usage: deleted, not readable: "));
  check_kept(STORE_TARGET, "hook", "usage", NULL);
  exec_run(s, "84.216");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_eq(times("usage", "0.006"), 1);
}
END_TEST

/* The base is missing and does not count as new: otherwise the usage would be
 * lost. */
START_TEST(unreadable_base_counts_as_missing)
{
  run_well("84.208");
  put(STORE_TARGET, "hook", "energy", bodies[_i]);
  exec_run(s, "84.215");
  check_told("energy", "hook.energy");
  ck_assert_uint_eq(times("energy", "84.215"), 0);
  ck_assert_uint_eq(times("usage", "0.007"), 0);
  check_kept(STORE_TARGET, "hook", "energy", bodies[_i]);

  sandbox_run(s, "rebase -c p.ini");
  exec_check(s, EX_OK, "");
  exec_run(s, "84.220");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s),
                               "hook.energy: the reading is the new base, as "
                               "\"meterpipe rebase\" asked for\n"));
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s), "value.energy: works again after 20 min"));
  run_well("84.221");
  ck_assert_uint_eq(times("usage", "0.001"), 1);
}
END_TEST

/* ---- The queue ---- */

START_TEST(unreadable_token_keeps_the_queued_rows)
{
  run_well("84.208");
  put(STORE_META, "log", "token", "1 x csv 0");
  exec_run(s, "84.215");
  exec_check(
    s, EX_DATAERR,
    "error: log: queue: the state's note on the rows that were being written "
    "cannot be read: the rows are kept; \"meterpipe rebase --forget log\" "
    "deletes the note, and the rows are written again\n");
  ck_assert_ptr_null(strstr(sandbox_read(s, "log.csv"), ",84.215"));
  ck_assert_uint_eq(times("usage", "0.007"), 1);

  sandbox_run(s, "rebase --forget log -c p.ini");
  exec_check(s, EX_OK, "");
  ck_assert_str_eq(sandbox_out(s), "log: deleted\n");
  exec_run(s, "84.216");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "log.csv"), ",84.215\n"));
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "log.csv"), ",84.216\n"));
}
END_TEST

/* Unreadable entries about earlier runs stop nothing. */
static const struct {
  const char *area, *owner, *name;
} notes[] = {
  { STORE_RUN, "", "last" },
  { STORE_RUN, "hook", "energy" },
  { STORE_META, "log", "dropped" },
  { STORE_FAILURE, "hook", "value.energy\t-5 odd" },
};

START_TEST(unreadable_run_note_stops_nothing)
{
  run_well("84.208");
  put(notes[_i].area, notes[_i].owner, notes[_i].name, "odd");
  sandbox_run(s, "status -c p.ini");
  exec_check(s, EX_OK, "");
  exec_run(s, "84.210");
  exec_check(s, EX_OK, "");
  ck_assert_uint_eq(times("usage", "0.002"), 1);
}
END_TEST

/* ---- rebase --forget ---- */

static const struct {
  const char *args;
  int status;
  const char *out, *err;
} forget_rows[] = {
  { "hook.energy hook.usage", EX_OK,
    "hook.energy: deleted, acknowledged 84.210 GJ\n"
    "hook.usage: deleted, acknowledged 0.002 GJ\n",
    "" },
  { "log.energy", EX_OK, "log.energy: deleted, acknowledged 84.210 GJ\n", "" },
  { "hook", EX_OK, "hook: the state has no entry\n", "" },
  { "hook.enrgy", EX_USAGE, "",
    "error: neither p.ini nor its state has a target \"hook.enrgy\": name it "
    "as OUTPUT.TARGET (\"meterpipe status\" lists them)\n" },
  { "hook.energy usage", EX_USAGE, "",
    "error: neither p.ini nor its state has a target \"usage\": name it as "
    "OUTPUT.TARGET (\"meterpipe status\" lists them)\n" },
  { "", EX_USAGE, "",
    "error: --forget needs the targets to forget, as OUTPUT.TARGET\n"
    "Usage: meterpipe rebase [-c FILE] [TRANSFORM]... | [-c FILE] --forget "
    "OUTPUT.TARGET...\n" },
};

START_TEST(forget_deletes_the_named_targets_and_prints_their_values)
{
  run_well("84.208");
  run_well("84.210");
  sandbox_run(s, "rebase -c p.ini --forget %s", forget_rows[_i].args);
  exec_check(s, forget_rows[_i].status, forget_rows[_i].err);
  ck_assert_str_eq(sandbox_out(s), forget_rows[_i].out);
}
END_TEST

static Suite *
unreadable_suite(void)
{
  Suite *suite = suite_create("unreadable");
  TCase *tc = tcase_create("state");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_loop_test(tc, unreadable_usage_target_keeps_its_base, 0,
                      ARRAY_SIZE(bodies));
  tcase_add_loop_test(tc, unreadable_base_counts_as_missing, 0,
                      ARRAY_SIZE(bodies));
  tcase_add_test(tc, unreadable_token_keeps_the_queued_rows);
  tcase_add_loop_test(tc, unreadable_run_note_stops_nothing, 0,
                      ARRAY_SIZE(notes));
  tcase_add_loop_test(tc,
                      forget_deletes_the_named_targets_and_prints_their_values,
                      0, ARRAY_SIZE(forget_rows));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(unreadable_suite());
}
