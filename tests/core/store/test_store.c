/* The state: committed data is durable, a damaged file is moved aside. */
#include <check.h>
#include <fcntl.h>
#include <pwd.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/commands/status.h"
#include "core/run/run.h"
#include "core/store/store.h"
#include "lib/array.h"
#include "lib/remove_tree.h"
#include "meterpipe/plugin.h"
#include "tests/support/run_suite.h"

static char dir[64];
static char db[128], pipeline[128];

static void
set_up(void)
{
  FILE *f;

  snprintf(dir, sizeof(dir), "/tmp/meterpipe-store-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(dir));
  snprintf(db, sizeof(db), "%s/state/house.db", dir);
  snprintf(pipeline, sizeof(pipeline), "%s/house.ini", dir);
  f = fopen(pipeline, "w");
  ck_assert_ptr_nonnull(f);
  fclose(f);
}

static void
tear_down(void)
{
  remove_tree(dir);
}

static struct store *
open_store(enum store_mode mode, int expected)
{
  struct store *store = NULL;
  int r = store_open(db, pipeline, mode, &store);

  ck_assert_msg(r == expected, "%d: %s", r, store_error(store));
  if (r == MP_OK)
    return store;
  store_close(store);
  return NULL;
}

static void
execute(const char *sql)
{
  sqlite3 *handle;
  char *error = NULL;

  ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
  ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, &error) == SQLITE_OK,
                "%s", error);
  sqlite3_close(handle);
}

static int
header_byte(long offset)
{
  FILE *f = fopen(db, "rb");
  int byte;

  ck_assert(f && fseek(f, offset, SEEK_SET) == 0);
  byte = getc(f);
  fclose(f);
  return byte;
}

/* Creates a state with two entries and two rows. */
static void
fill(void)
{
  struct store *store = open_store(STORE_WRITE, MP_OK);

  store_put(store, STORE_TEXT, "meter", "serial", "4711");
  store_put(store, STORE_TARGET, "domoticz", "323", "a 1\n");
  ck_assert_int_eq(store_row_add(store, "log", "one"), 1);
  ck_assert_int_eq(store_row_add(store, "log", "two"), 2);
  ck_assert_int_eq(store_commit(store), MP_OK);
  store_close(store);
}

START_TEST(committed_data_is_read_back)
{
  struct store *store;
  const struct store_row *row;

  fill();
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_str_eq(store_get(store, STORE_TEXT, "meter", "serial"), "4711");
  ck_assert_ptr_null(store_get(store, STORE_TEXT, "meter", "other"));
  row = store_row_next(store, "log", 0);
  ck_assert_str_eq(row->body, "one");
  row = store_row_next(store, "log", row->id);
  ck_assert_str_eq(row->body, "two");
  ck_assert_ptr_null(store_row_next(store, "log", row->id));
  ck_assert_uint_eq(store_row_count(store, "log"), 2);
  store_close(store);
}
END_TEST

/* More entries than a new store has room for; each third one is removed, and
 * some come back in the same commit. */
START_TEST(thousands_of_entries_are_found_changed_and_removed)
{
  struct store *store = open_store(STORE_WRITE, MP_OK);
  char name[16];

  for (int pass = 0; pass < 2; pass++) {
    for (int i = 0; i < 3000; i++) {
      snprintf(name, sizeof(name), "%d", i);
      store_put(store, STORE_TARGET, "house", name,
                pass == 1 && i % 3 == 0 ? NULL : name);
      if (pass == 1 && i % 9 == 0)
        store_put(store, STORE_TARGET, "house", name, "again");
    }
    ck_assert_int_eq(store_commit(store), MP_OK);
  }
  for (int opened = 0; opened < 2; opened++) {
    for (int i = 0; i < 3000; i++) {
      const char *body;

      snprintf(name, sizeof(name), "%d", i);
      body = store_get(store, STORE_TARGET, "house", name);
      if (i % 9 == 0)
        ck_assert_pstr_eq(body, "again");
      else
        ck_assert_pstr_eq(body, i % 3 == 0 ? NULL : name);
    }
    store_close(store);
    store = opened == 0 ? open_store(STORE_WRITE, MP_OK) : NULL;
  }
}
END_TEST

START_TEST(uncommitted_changes_are_discarded)
{
  struct store *store;

  fill();
  store = open_store(STORE_WRITE, MP_OK);
  store_put(store, STORE_TEXT, "meter", "serial", "4712");
  store_row_remove(store, 1);
  store_close(store);
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_str_eq(store_get(store, STORE_TEXT, "meter", "serial"), "4711");
  ck_assert_uint_eq(store_row_count(store, "log"), 2);
  store_close(store);
}
END_TEST

START_TEST(removals_are_committed_and_row_ids_are_never_reused)
{
  struct store *store;

  fill();
  store = open_store(STORE_WRITE, MP_OK);
  store_put(store, STORE_TEXT, "meter", "serial", NULL);
  store_row_remove(store, 1);
  store_row_remove(store, 2);
  ck_assert_int_eq(store_commit(store), MP_OK);
  store_close(store);
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_ptr_null(store_get(store, STORE_TEXT, "meter", "serial"));
  ck_assert_ptr_null(store_row_next(store, "log", 0));
  ck_assert_int_eq(store_row_add(store, "log", "three"), 3);
  store_close(store);
}
END_TEST

START_TEST(row_added_and_removed_in_one_commit_is_not_stored)
{
  struct store *store = open_store(STORE_WRITE, MP_OK);
  int64_t id = store_row_add(store, "log", "one");

  store_row_remove(store, id);
  ck_assert_int_eq(store_commit(store), MP_OK);
  ck_assert_uint_eq(store_row_count(store, "log"), 0);
  store_close(store);
}
END_TEST

/* A row that left the queue comes back to its place, with its id. */
START_TEST(restored_row_is_in_its_old_place)
{
  struct store *store = open_store(STORE_WRITE, MP_OK);
  const struct store_row *row;

  store_row_add(store, "log", "one");
  store_row_add(store, "log", "two");
  ck_assert_int_eq(store_commit(store), MP_OK);
  store_row_remove(store, 1);
  if (_i == 0)
    ck_assert_int_eq(store_commit(store), MP_OK);
  store_row_add(store, "log", "three");
  store_row_restore(store, 1, "log", "one");
  ck_assert_int_eq(store_commit(store), MP_OK);
  store_close(store);
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_uint_eq(store_row_count(store, "log"), 3);
  row = store_row_next(store, "log", 0);
  ck_assert_int_eq(row->id, 1);
  ck_assert_str_eq(row->body, "one");
  ck_assert_int_eq(store_row_next(store, "log", 1)->id, 2);
  ck_assert_int_eq(store_row_add(store, "log", "four"), 4);
  store_close(store);
}
END_TEST

/* The texts of an input belong to the cycle they read, so store_commit_answers
 * does not write them, but those of the output that answered. */
START_TEST(answers_are_committed_without_the_texts_of_other_plugins)
{
  struct store *store;

  fill();
  store = open_store(STORE_WRITE, MP_OK);
  store_put(store, STORE_TEXT, "meter", "serial", NULL);
  store_put(store, STORE_TEXT, "meter", "other", "1");
  store_put(store, STORE_TEXT, "domoticz", "api", "2024");
  store_put(store, STORE_TARGET, "domoticz", "323", "a 2\n");
  store_row_remove(store, 1);
  ck_assert_int_eq(store_commit_answers(store, "domoticz"), MP_OK);
  ck_assert_ptr_null(store_get(store, STORE_TEXT, "meter", "serial"));
  store_close(store);
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_str_eq(store_get(store, STORE_TEXT, "meter", "serial"), "4711");
  ck_assert_ptr_null(store_get(store, STORE_TEXT, "meter", "other"));
  ck_assert_str_eq(store_get(store, STORE_TEXT, "domoticz", "api"), "2024");
  ck_assert_str_eq(store_get(store, STORE_TARGET, "domoticz", "323"), "a 2\n");
  ck_assert_uint_eq(store_row_count(store, "log"), 1);
  store_put(store, STORE_TEXT, "meter", "serial", NULL);
  ck_assert_int_eq(store_commit_answers(store, "domoticz"), MP_OK);
  ck_assert_int_eq(store_commit(store), MP_OK);
  store_close(store);
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_ptr_null(store_get(store, STORE_TEXT, "meter", "serial"));
  store_close(store);
}
END_TEST

/* The commit does not even take a lock. */
START_TEST(commit_without_changes_leaves_the_database_alone)
{
  struct store *store;
  sqlite3 *other;

  fill();
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_int_eq(sqlite3_open(db, &other), SQLITE_OK);
  ck_assert_int_eq(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL),
                   SQLITE_OK);
  store_put(store, STORE_TARGET, "domoticz", "323", "a 1\n");
  ck_assert_int_eq(store_commit(store), MP_OK);
  sqlite3_close(other);
  store_close(store);
}
END_TEST

START_TEST(second_writer_gets_busy)
{
  struct store *first = open_store(STORE_WRITE, MP_OK);

  open_store(STORE_WRITE, MP_EBUSY);
  store_close(open_store(STORE_READ, MP_OK)); /* status needs no lock */
  store_close(first);
  store_close(open_store(STORE_WRITE, MP_OK));
}
END_TEST

START_TEST(state_belongs_to_one_pipeline_file)
{
  struct store *store = NULL;
  char other[128];
  FILE *f;

  fill();
  snprintf(other, sizeof(other), "%s/other.ini", dir);
  f = fopen(other, "w");
  ck_assert_ptr_nonnull(f);
  fclose(f);
  ck_assert_int_eq(store_open(db, other, STORE_WRITE, &store), MP_ECONFIG);
  ck_assert_ptr_nonnull(strstr(store_error(store), pipeline));
  ck_assert_ptr_nonnull(strstr(store_error(store), "state_dir"));
  store_close(store);
}
END_TEST

/* Its journal mode must not change either; SQLite keeps that in the header. */
START_TEST(state_of_another_version_is_not_changed)
{
  static const char *const versions[] = { "PRAGMA user_version=2",
                                          "PRAGMA user_version=-3" };

  fill();
  execute("PRAGMA journal_mode=WAL");
  for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
    execute(versions[i]);
    open_store(STORE_WRITE, MP_ECONFIG);
    ck_assert_int_eq(header_byte(18), 2);
  }
  execute("PRAGMA user_version=1");
  store_close(open_store(STORE_WRITE, MP_OK));
  ck_assert_int_eq(header_byte(18), 1);
}
END_TEST

START_TEST(scratch_copy_changes_nothing)
{
  struct store *store;

  fill();
  store = open_store(STORE_SCRATCH, MP_OK);
  ck_assert_str_eq(store_get(store, STORE_TEXT, "meter", "serial"), "4711");
  store_put(store, STORE_TEXT, "meter", "serial", "4712");
  ck_assert_int_eq(store_commit(store), MP_OK);
  ck_assert(!store_is_durable(store));
  store_close(store);
  store = open_store(STORE_READ, MP_OK);
  ck_assert_str_eq(store_get(store, STORE_TEXT, "meter", "serial"), "4711");
  store_close(store);
}
END_TEST

START_TEST(scratch_copy_of_a_missing_state_creates_no_file)
{
  store_close(open_store(STORE_SCRATCH, MP_OK));
  ck_assert_int_ne(access(db, F_OK), 0);
}
END_TEST

START_TEST(database_mode_is_0640)
{
  struct stat st;

  umask(0);
  fill();
  ck_assert_int_eq(stat(db, &st), 0);
  ck_assert_int_eq(st.st_mode & 0777, 0640);
}
END_TEST

/* ---- Damage ---- */

static size_t
count_moved_aside(void)
{
  char command[256];
  FILE *out;
  size_t n = 0;

  snprintf(command, sizeof(command),
           "ls %s/state | grep -c '^house.db.corrupt-[0-9TZ:-]*$'", dir);
  out = popen(command, "r");
  ck_assert_int_eq(fscanf(out, "%zu", &n), 1);
  pclose(out);
  return n;
}

static void
expect_begun_anew(void)
{
  struct store *store = open_store(STORE_WRITE, MP_OK);

  ck_assert_ptr_nonnull(store_moved_aside(store));
  ck_assert_ptr_null(store_get(store, STORE_TEXT, "meter", "serial"));
  ck_assert_uint_eq(store_row_count(store, "log"), 0);
  ck_assert_int_eq(store_commit(store), MP_OK);
  store_close(store);
  ck_assert_uint_eq(count_moved_aside(), 1);
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_ptr_null(store_moved_aside(store));
  store_close(store);
}

static const char *const changes[] = {
  "UPDATE entry SET body='4712' WHERE name='serial'",
  "UPDATE entry SET owner='meter2' WHERE name='serial'",
  "UPDATE entry SET sum=sum+1 WHERE name='323'",
  "UPDATE queue SET body='onf' WHERE id=1",
  "UPDATE queue SET id=7 WHERE id=2",
  "UPDATE queue SET output='lof' WHERE id=2",
  "PRAGMA user_version=0",
};

START_TEST(database_changed_by_hand_is_moved_aside)
{
  fill();
  execute(changes[_i]);
  expect_begun_anew();
}
END_TEST

START_TEST(file_that_is_not_a_database_is_moved_aside)
{
  FILE *f;

  fill();
  f = fopen(db, "w");
  fputs("This is not the state of a pipeline, but it is long enough to be read "
        "as the head of a file, and that is what SQLite looks at first.\n",
        f);
  fclose(f);
  expect_begun_anew();
}
END_TEST

START_TEST(truncated_database_is_moved_aside)
{
  fill();
  ck_assert_int_eq(truncate(db, 4096), 0);
  expect_begun_anew();
}
END_TEST

/* Another program overwrites the file during a run: that run's changes are
 * lost, and the next run begins a new state. */
START_TEST(damage_found_while_writing_moves_the_state_aside)
{
  struct store *store;
  char nonsense[8192];
  FILE *f;

  fill();
  store = open_store(STORE_WRITE, MP_OK);
  store_put(store, STORE_TEXT, "meter", "serial", "4712");
  memset(nonsense, 'x', sizeof(nonsense));
  f = fopen(db, "r+");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(nonsense, sizeof(nonsense), 1, f), 1);
  fclose(f);
  ck_assert_int_eq(store_commit(store), MP_EIO);
  ck_assert_msg(strstr(store_error(store), "; kept as "), "%s",
                store_error(store));
  ck_assert_uint_eq(count_moved_aside(), 1);
  store_close(store);
  store = open_store(STORE_WRITE, MP_OK);
  ck_assert_ptr_null(store_moved_aside(store));
  ck_assert_ptr_null(store_get(store, STORE_TEXT, "meter", "serial"));
  ck_assert_uint_eq(store_row_count(store, "log"), 0);
  store_close(store);
}
END_TEST

START_TEST(reading_a_damaged_state_does_not_move_it_aside)
{
  fill();
  execute(changes[_i]);
  open_store(STORE_READ, MP_EIO);
  open_store(STORE_SCRATCH, MP_EIO);
  ck_assert_uint_eq(count_moved_aside(), 0);
}
END_TEST

/* ---- The outages that status lists ---- */

/* Outages that began at the same time are always listed by name. */
START_TEST(outages_are_listed_by_age_and_then_by_name)
{
  static const char *const in_order[] = { "z1", "b2", "c1", "c2" };
  struct store *store = open_store(STORE_WRITE, MP_OK);
  struct run run = { .store = store };
  struct cycle cycle = { .run = &run };
  struct status status;

  store_put(store, STORE_FAILURE, "c", "2\t5 x", "2000 2000 x");
  store_put(store, STORE_FAILURE, "c", "1\t5 x", "2000 2000 x");
  store_put(store, STORE_FAILURE, "b", "2\t5 x", "2000 2000 x");
  store_put(store, STORE_FAILURE, "z", "1\t5 x", "1000 1000 x");
  status_read(&status, &cycle);
  ck_assert_uint_eq(status.n_outages, 4);
  for (size_t i = 0; i < status.n_outages; i++) {
    char name[8];

    snprintf(name, sizeof(name), "%s%s", status.outages[i].stage,
             status.outages[i].object);
    ck_assert_str_eq(name, in_order[i]);
  }
  status_free(&status);
  store_close(store);
}
END_TEST

/* ---- Place ---- */

/* Starts a write to the state and exits before it is complete, as if killed. */
static void
die_while_writing(void)
{
  pid_t pid = fork();
  int status;

  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    sqlite3 *handle;

    if (sqlite3_open(db, &handle) == SQLITE_OK)
      sqlite3_exec(handle,
                   "PRAGMA cache_size=1; BEGIN IMMEDIATE;"
                   "UPDATE entry SET body = 'lost';"
                   "WITH RECURSIVE n(i) AS"
                   " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                   "INSERT INTO queue(output, body, sum)"
                   " SELECT 'log', hex(zeroblob(200)), 0 FROM n",
                   NULL, NULL, NULL);
    _exit(0);
  }
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

static const enum store_mode readers[] = { STORE_READ, STORE_SCRATCH };

START_TEST(unfinished_transaction_of_a_killed_run_is_rolled_back)
{
  struct stat before, after;
  struct store *store;

  fill();
  ck_assert_int_eq(stat(db, &before), 0);
  die_while_writing();
  ck_assert_int_eq(stat(db, &after), 0);
  ck_assert(after.st_size > before.st_size);
  store = open_store(readers[_i], MP_OK);
  ck_assert_str_eq(store_get(store, STORE_TEXT, "meter", "serial"), "4711");
  ck_assert_uint_eq(store_row_count(store, "log"), 2);
  store_close(store);
}
END_TEST

START_TEST(state_dir_or_state_directory_locates_the_state)
{
  char *path = NULL;

  ck_assert_int_eq(store_locate("/etc/x/house.ini", "/some/dir", &path), MP_OK);
  ck_assert_str_eq(path, "/some/dir/house.db");
  free(path);
  setenv("STATE_DIRECTORY", "/var/a:/var/b", 1);
  ck_assert_int_eq(store_locate("house.ini", NULL, &path), MP_OK);
  ck_assert_str_eq(path, "/var/a/house.db");
  free(path);
  unsetenv("STATE_DIRECTORY");
}
END_TEST

/* Skipped if the machine has /var/lib/meterpipe; another test covers that. */
START_TEST(state_is_in_the_home_directory_by_default)
{
  const struct passwd *user = getpwuid(geteuid());
  char *path, at_home[512];
  const struct {
    const char *xdg, *home, *path;
  } rows[] = {
    { "/xdg", "/home/me", "/xdg/meterpipe/house.db" },
    { "relative", "/home/me", "/home/me/.local/state/meterpipe/house.db" },
    { "", "/home/me", "/home/me/.local/state/meterpipe/house.db" },
    { "", "", at_home },
  };

  snprintf(at_home, sizeof(at_home), "%s/.local/state/meterpipe/house.db",
           user ? user->pw_dir : "");
  if (access("/var/lib/meterpipe", F_OK) == 0)
    return;
  unsetenv("STATE_DIRECTORY");
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    setenv("XDG_STATE_HOME", rows[i].xdg, 1);
    setenv("HOME", rows[i].home, 1);
    ck_assert_int_eq(store_locate("/etc/house.ini", NULL, &path), MP_OK);
    ck_assert_str_eq(path, rows[i].path);
    free(path);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("store");
  TCase *tc = tcase_create("store");

  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, committed_data_is_read_back);
  tcase_add_test(tc, thousands_of_entries_are_found_changed_and_removed);
  tcase_add_test(tc, uncommitted_changes_are_discarded);
  tcase_add_test(tc, removals_are_committed_and_row_ids_are_never_reused);
  tcase_add_test(tc, row_added_and_removed_in_one_commit_is_not_stored);
  tcase_add_loop_test(tc, restored_row_is_in_its_old_place, 0, 2);
  tcase_add_test(tc, answers_are_committed_without_the_texts_of_other_plugins);
  tcase_add_test(tc, commit_without_changes_leaves_the_database_alone);
  tcase_add_test(tc, second_writer_gets_busy);
  tcase_add_test(tc, state_belongs_to_one_pipeline_file);
  tcase_add_test(tc, state_of_another_version_is_not_changed);
  tcase_add_test(tc, scratch_copy_changes_nothing);
  tcase_add_test(tc, scratch_copy_of_a_missing_state_creates_no_file);
  tcase_add_test(tc, database_mode_is_0640);
  tcase_add_loop_test(tc, database_changed_by_hand_is_moved_aside, 0,
                      ARRAY_SIZE(changes));
  tcase_add_test(tc, file_that_is_not_a_database_is_moved_aside);
  tcase_add_test(tc, truncated_database_is_moved_aside);
  tcase_add_test(tc, damage_found_while_writing_moves_the_state_aside);
  tcase_add_loop_test(tc, reading_a_damaged_state_does_not_move_it_aside, 0,
                      ARRAY_SIZE(changes));
  tcase_add_test(tc, outages_are_listed_by_age_and_then_by_name);
  tcase_add_loop_test(tc, unfinished_transaction_of_a_killed_run_is_rolled_back,
                      0, 2);
  tcase_add_test(tc, state_dir_or_state_directory_locates_the_state);
  tcase_add_test(tc, state_is_in_the_home_directory_by_default);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
