/*
 * The state is lost, damaged, of another pipeline file, of another version, or
 * cannot be written.
 */
#include <check.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

#define TRANSFORMS DOMOTICZ_SETUP_USAGE DOMOTICZ_SETUP_TOTAL

#define SCREEN                                                                 \
  "[output screen]\nplugin = stdout\nformat = line\n"                          \
  "field.energy = meter.heat_energy_e1\nfield.usage = usage\n"

#define DATABASE "house.db"
/* Offset of user_version in SQLite's header; it is the version of the state. */
#define VERSION_AT 60

static struct domoticz_setup house;

static void
build(const char *type, const char *more)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  for (unsigned idx = 322; idx <= 324; idx++)
    domoticz_server_add(house.server, idx, type, "GJ");
  domoticz_setup_write(&house, "", DOMOTICZ_SETUP_TARGETS, more);
}

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

static void
run_well(const char *reading)
{
  domoticz_setup_run(&house, reading);
  domoticz_setup_check(&house, EX_OK, "");
}

/* ---- Lost ---------------------------------------------------------------- */

/* Two runs, the state is lost, two more. */
static const struct loss {
  const char *type;
  const char *readings[4];
  const char *before[3], *after[3], *later[3]; /* usage, reading, total */
} losses[] = {
  /* The device displays all that it stores. */
  { "counter-custom",
    { "12384.208GJ", "12384.210GJ", "12384.215GJ", "12384.216GJ" },
    { "2", "12384210", "2" },
    { "5", "12384215", "7" },
    { "1", "12384216", "8" } },
  { "custom",
    { "84.208GJ", "84.210GJ", "84.215GJ", "84.216GJ" },
    { "0.002", "84.210", "0.002" },
    { "0.005", "84.215", "0.007" },
    { "0.001", "84.216", "0.008" } },
  /* The device displays six digits, 12384.2, which may be the reading
   * itself. */
  { "custom",
    { "12384.208GJ", "12384.210GJ", "12384.215GJ", "12384.216GJ" },
    { "0.002", "12384.210", "0.002" },
    { "0.000", "12384.215", "0.002" },
    { "0.001", "12384.216", "0.003" } },
};

static void
check_three(const char *const *texts)
{
  domoticz_setup_check_heat(&house, texts[0], texts[1], texts[2]);
}

START_TEST(totals_continue_from_displayed_values_after_state_loss)
{
  const struct loss *loss = &losses[_i];

  build(loss->type, TRANSFORMS);
  run_well(loss->readings[0]);
  run_well(loss->readings[1]);
  check_three(loss->before);
  sandbox_remove(house.sandbox, DATABASE);
  run_well(loss->readings[2]);
  check_three(loss->after);
  run_well(loss->readings[3]);
  check_three(loss->later);
}
END_TEST

/* ---- Damaged ------------------------------------------------------------- */

/* Overwrites LEN bytes at offset AT of the database. */
static void
write_at(long at, const void *bytes, size_t len)
{
  FILE *f = fopen(domoticz_setup_text(&house, "{dir}/" DATABASE), "r+b");

  ck_assert_ptr_nonnull(f);
  ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
  ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
  ck_assert_int_eq(fclose(f), 0);
}

/* Returns the offset of TEXT in the database. */
static long
find(const char *text)
{
  FILE *f = fopen(domoticz_setup_text(&house, "{dir}/" DATABASE), "rb");
  size_t len = strlen(text), matched = 0;
  int c;

  ck_assert_ptr_nonnull(f);
  for (c = getc(f); c != EOF && matched < len; c = getc(f))
    matched = c == text[matched] ? matched + 1 : c == text[0];
  ck_assert_uint_eq(matched, len);
  long at = c == EOF ? ftell(f) : ftell(f) - 1;
  fclose(f);
  return at - (long)len;
}

static void
no_database(void)
{
  write_at(0, "this is no database", 19);
}

/* Changes a digit of the reading 84.210, which the ledger stores as 84210. */
static void
another_digit(void)
{
  write_at(find("84210"), "7", 1);
}

static const struct damage {
  void (*make)(void);
  const char *why;
} damages[] = {
  { no_database, "{dir}/house.db: using the state: file is not a database" },
  { another_digit,
    "{dir}/house.db: a checksum is wrong (target domoticz 323)" },
};

START_TEST(damaged_state_is_moved_aside_and_begun_anew)
{
  char said[1024];

  build("custom", TRANSFORMS);
  run_well("84.208GJ");
  run_well("84.210GJ");
  damages[_i].make();
  domoticz_setup_run(&house, "84.215GJ");
  snprintf(said, sizeof(said),
           "error: the state was damaged, and a new one was begun: %s; kept as "
           "{dir}/house.db.corrupt-2026-11-22T11:00:00Z\n",
           damages[_i].why);
  domoticz_setup_check(&house, EX_DATAERR, said);
  ck_assert(
    sandbox_exists(house.sandbox, "house.db.corrupt-2026-11-22T11:00:00Z"));
  domoticz_setup_check_heat(&house, "0.005", "84.215", "0.007");
  run_well("84.216GJ");
  domoticz_setup_check_heat(&house, "0.001", "84.216", "0.008");
}
END_TEST

/* ---- States of others ---------------------------------------------------- */

START_TEST(state_of_another_pipeline_file_is_refused)
{
  struct stat before, after;
  char path[256];

  build("custom", TRANSFORMS);
  run_well("84.208GJ");
  ck_assert_int_eq(
    stat(domoticz_setup_text(&house, "{dir}/" DATABASE), &before), 0);
  snprintf(path, sizeof(path), "%s/other", sandbox_dir(house.sandbox));
  ck_assert_int_eq(mkdir(path, 0700), 0);
  sandbox_write(house.sandbox, "other/house.ini", "%s",
                sandbox_read(house.sandbox, "house.ini"));
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  sandbox_run(house.sandbox, "run -c other/house.ini");
  domoticz_setup_check(
    &house, EX_CONFIG,
    "error: {dir}/house.db: this state belongs to the pipeline file "
    "{dir}/house.ini; give this file another name or a state_dir of its own "
    "(if it was moved from there, move it back, or delete the state: totals "
    "then continue from the displayed values of the outputs)\n");
  ck_assert_int_eq(stat(domoticz_setup_text(&house, "{dir}/" DATABASE), &after),
                   0);
  ck_assert_int_eq(before.st_mtime, after.st_mtime);
  ck_assert_uint_eq(meter_requests(house.meter), 1);
  run_well("84.210GJ");
  domoticz_setup_check_heat(&house, "0.002", "84.210", "0.002");
}
END_TEST

START_TEST(state_of_a_newer_version_is_refused_unchanged)
{
  static const unsigned char newer[] = { 0, 0, 0, 99 }, ours[] = { 0, 0, 0, 1 };

  build("custom", TRANSFORMS);
  run_well("84.208GJ");
  write_at(VERSION_AT, newer, sizeof(newer));
  domoticz_setup_run(&house, "84.210GJ");
  domoticz_setup_check(
    &house, EX_CONFIG,
    "error: {dir}/house.db: written by a newer meterpipe (state "
    "version 99, this one knows 1): install that version again\n");
  ck_assert_uint_eq(meter_requests(house.meter), 1);
  ck_assert_uint_eq(domoticz_server_writes(house.server, 323), 1);
  write_at(VERSION_AT, ours, sizeof(ours));
  run_well("84.215GJ"); /* nothing was lost */
  domoticz_setup_check_heat(&house, "0.007", "84.215", "0.007");
}
END_TEST

/* ---- States that cannot be written --------------------------------------- */

/* Checks that only live outputs were served: a value is not sent if it cannot
 * be recorded. */
static void
check_live_only(const char *shown, unsigned writes)
{
  ck_assert_str_eq(sandbox_out(house.sandbox), shown);
  ck_assert_uint_eq(domoticz_server_writes(house.server, 323), writes);
  ck_assert_uint_eq(domoticz_server_writes(house.server, 324), 0);
}

/* Checks the failure, and the warning that attempts are not counted. */
static void
check_without_state(int status, const char *error)
{
  const char *err = sandbox_err(house.sandbox);

  ck_assert_int_eq(sandbox_status(house.sandbox), status);
  ck_assert_int_eq(strncmp(err, error, strlen(error)), 0);
  err += strlen(error);
  ck_assert_msg(
    strncmp(err, "warning: meter: ", strlen("warning: meter: ")) == 0 &&
      strstr(err, ": cannot count the attempts to read the meter; it is read "
                  "regardless of min_interval\n") &&
      strchr(err, '\n') == strrchr(err, '\n'),
    "%s", err);
}

START_TEST(uncreatable_state_serves_only_live_outputs)
{
  /* A place where not even root can create a file. */
  build("custom", TRANSFORMS SCREEN "[pipeline]\nstate_dir = /proc/none\n");
  domoticz_setup_run(&house, "84.210GJ");
  check_without_state(EX_IOERR,
                      "error: /proc/none: the state cannot be kept there: No "
                      "such file or directory\n");
  check_live_only("energy 84.210 GJ\n", 0);
}
END_TEST

/* A file system without locks: the call that fails, and how. */
static const struct {
  const char *call;
  int err;
} lockless[] = {
  { "flock", ENOLCK }, { "flock", EOPNOTSUPP }, { "flock", ENOSYS },
  { "fcntl", ENOLCK }, { "fcntl", EOPNOTSUPP }, { "fcntl", ENOSYS },
};

static void
set_lockless(const char *call, int err)
{
  char text[1024];

  snprintf(text, sizeof(text), "%s:%s", getenv("CLOCK_PRELOAD"),
           getenv("LOCK_PRELOAD"));
  sandbox_setenv(house.sandbox, "LD_PRELOAD", text);
  snprintf(text, sizeof(text), "%s %d", call, err);
  sandbox_setenv(house.sandbox, "TEST_NO_LOCKS", text);
}

static void
check_lockless(int row, const char *args)
{
  static const char said[] =
    DATABASE ": the file system there has no locks (%s), so the state cannot "
             "be kept there: give [pipeline] a state_dir on a local file "
             "system, and move an old state there\n";
  char text[512];

  domoticz_setup_wait(&house, 20);
  ck_assert_msg(sandbox_run(house.sandbox, "%s", args) == EX_IOERR, "%d: %s",
                sandbox_status(house.sandbox), sandbox_err(house.sandbox));
  snprintf(text, sizeof(text), said, strerror(lockless[row].err));
  ck_assert_msg(strstr(sandbox_err(house.sandbox), text), "%s",
                sandbox_err(house.sandbox));
}

START_TEST(state_on_a_file_system_without_locks_is_refused)
{
  build("custom", TRANSFORMS SCREEN);
  run_well("84.208GJ");
  set_lockless(lockless[_i].call, lockless[_i].err);
  check_lockless(_i, "run -c house.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_out(house.sandbox), "energy"));
  if (strcmp(lockless[_i].call, "fcntl") == 0)
    check_lockless(_i, "status -c house.ini");
  sandbox_setenv(house.sandbox, "TEST_NO_LOCKS", NULL);
  run_well("84.210GJ");
  domoticz_setup_check_heat(&house, "0.002", "84.210", "0.002");
}
END_TEST

START_TEST(read_only_state_serves_only_live_outputs)
{
  if (geteuid() == 0)
    return; /* root writes anywhere */
  build("custom", TRANSFORMS SCREEN);
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, EX_OK, "");
  ck_assert_int_eq(chmod(domoticz_setup_text(&house, "{dir}/" DATABASE), 0400),
                   0);
  domoticz_setup_run(&house, "84.210GJ");
  domoticz_setup_check(&house, EX_NOPERM,
                       "error: {dir}/house.db: the state cannot be kept there: "
                       "Permission denied\n");
  check_live_only("energy 84.210 GJ\n", 1);
  ck_assert_int_eq(chmod(domoticz_setup_text(&house, "{dir}/" DATABASE), 0600),
                   0);
  domoticz_setup_run(&house, "84.215GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_heat(&house, "0.007", "84.215", "0.007");
}
END_TEST

/* Runs the program with another, empty /var/lib, whose directory meterpipe is
 * closed even to the program's own user, who is root there. */
#define IN_ANOTHER_PLACE                                                       \
  "unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /var/lib" \
  " && mkdir -m 0 /var/lib/meterpipe && exec setpriv"                          \
  " --bounding-set=-dac_override,-dac_read_search \"$@\"' sh "

/* If a state may exist in an unreadable directory, no second state is begun
 * elsewhere. */
START_TEST(unreadable_state_directory_prevents_a_second_state)
{
  char path[256];

  build("custom", TRANSFORMS SCREEN);
  if (system(IN_ANOTHER_PLACE "true 2>/dev/null") != 0)
    return; /* this system does not allow it */
  sandbox_write(house.sandbox, "hidden", "#!/bin/sh\nexec %s '%s' \"$@\"\n",
                IN_ANOTHER_PLACE, getenv("METERPIPE"));
  snprintf(path, sizeof(path), "%s/hidden", sandbox_dir(house.sandbox));
  ck_assert_int_eq(chmod(path, 0700), 0);
  ck_assert_int_eq(setenv("METERPIPE", path, 1), 0);
  sandbox_setenv(house.sandbox, "STATE_DIRECTORY", NULL);
  domoticz_setup_run(&house, "84.210GJ");
  check_without_state(EX_NOPERM,
                      "error: /var/lib/meterpipe/house.db: cannot be accessed: "
                      "run as its owner, or give [pipeline] a state_dir\n");
  check_live_only("energy 84.210 GJ\n", 0);
  ck_assert(!sandbox_exists(house.sandbox, ".local"));
}
END_TEST

/* Services of the system have no $HOME. */
START_TEST(state_without_home_variable_uses_the_home_directory)
{
  const struct passwd *user = getpwuid(geteuid());
  char line[512];

  if (!user || access("/var/lib/meterpipe", F_OK) == 0)
    return; /* the state would be there */
  build("custom", TRANSFORMS SCREEN);
  sandbox_setenv(house.sandbox, "STATE_DIRECTORY", NULL);
  sandbox_setenv(house.sandbox, "HOME", NULL);
  sandbox_run(house.sandbox, "status -c house.ini");
  snprintf(line, sizeof(line), "%s/.local/state/meterpipe/house.db",
           user->pw_dir);
  ck_assert_ptr_nonnull(strstr(sandbox_out(house.sandbox), line));
}
END_TEST

/* Runs the program from a script that limits the size of its files. */
static void
fill_disk(void)
{
  char path[256];

  sandbox_write(house.sandbox, "full-disk",
                "#!/bin/sh\ntrap '' XFSZ\nulimit -f 2\nexec '%s' \"$@\"\n",
                getenv("METERPIPE"));
  snprintf(path, sizeof(path), "%s/full-disk", sandbox_dir(house.sandbox));
  ck_assert_int_eq(chmod(path, 0700), 0);
  ck_assert_int_eq(setenv("METERPIPE", path, 1), 0);
}

START_TEST(full_disk_serves_live_outputs_and_loses_nothing)
{
  char program[512];

  snprintf(program, sizeof(program), "%s", getenv("METERPIPE"));
  build("custom", TRANSFORMS SCREEN);
  domoticz_setup_run(&house, "84.208GJ");
  domoticz_setup_check(&house, EX_OK, "");
  fill_disk();
  domoticz_setup_run(&house, "84.210GJ");
  domoticz_setup_check(
    &house, EX_IOERR,
    "error: {dir}/house.db: writing the state: File too large\n");
  check_live_only("energy 84.210 GJ\nusage 0.002 GJ\n", 1);
  ck_assert_int_eq(setenv("METERPIPE", program, 1), 0);
  domoticz_setup_run(&house, "84.215GJ");
  domoticz_setup_check(&house, EX_OK, "");
  domoticz_setup_check_heat(&house, "0.007", "84.215", "0.007");
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("state");
  TCase *t = tcase_create("state");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, totals_continue_from_displayed_values_after_state_loss,
                      0, (int)ARRAY_SIZE(losses));
  tcase_add_loop_test(t, damaged_state_is_moved_aside_and_begun_anew, 0,
                      (int)ARRAY_SIZE(damages));
  tcase_add_test(t, state_of_another_pipeline_file_is_refused);
  tcase_add_test(t, state_of_a_newer_version_is_refused_unchanged);
  tcase_add_test(t, uncreatable_state_serves_only_live_outputs);
  tcase_add_loop_test(t, state_on_a_file_system_without_locks_is_refused, 0,
                      (int)ARRAY_SIZE(lockless));
  tcase_add_test(t, read_only_state_serves_only_live_outputs);
  tcase_add_test(t, unreadable_state_directory_prevents_a_second_state);
  tcase_add_test(t, state_without_home_variable_uses_the_home_directory);
  tcase_add_test(t, full_disk_serves_live_outputs_and_loses_nothing);
  suite_add_tcase(s, t);
  return run_suite(s);
}
