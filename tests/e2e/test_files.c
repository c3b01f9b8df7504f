/*
 * Files in a directory such as /tmp, where others can plant links, pipes and
 * files of their own; and the modes of all files that are created.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/meter_setup.h"

#define SOMEBODY 65534
#define PRECIOUS "precious\n"
#define ASIDE "house.db.corrupt-2026-11-22T10:00:00Z"

static struct meter_setup setup;
static char where[16]; /* the directory of all files, in the sandbox's one */

/* Returns the path of NAME in that directory; valid until the next call. */
static const char *
there(const char *name)
{
  static char path[512];

  snprintf(path, sizeof(path), "%s/%s/%s", sandbox_dir(setup.s), where, name);
  return path;
}

static const char *
victim(const char *name)
{
  static char path[512];

  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(setup.s), name);
  return path;
}

static void
build(const char *dir, mode_t mode)
{
  setup = meter_setup_new(METER_SETUP_HEAT);
  snprintf(where, sizeof(where), "%s", dir);
  ck_assert_int_eq(mkdir(there(""), 0700), 0);
  ck_assert_int_eq(chmod(there(""), mode), 0);
  sandbox_write(setup.s, "house.ini",
                "[pipeline]\nstate_dir = %s\n"
                "[input meter]\nplugin = kmp\ndevice = eye\n"
                "fields = heat_energy_e1\ncapture = %s/heat.capture\n"
                "[output log]\nplugin = csv\npath = %s/heat.csv\n"
                "column.energy = meter.heat_energy_e1\n",
                dir, dir, dir);
}

static void
leave(void)
{
  meter_setup_free(&setup);
}

static int
run(void)
{
  int status = sandbox_run(setup.s, "run -v -c house.ini");

  sandbox_advance(setup.s, METER_SETUP_INTERVAL);
  return status;
}

/* ---- Planted files ------------------------------------------------------- */

enum plant {
  LINK,     /* to a file that must not change */
  DANGLING, /* to a file that does not exist */
  HARD_LINK,
  PIPE,
  EMPTY_FILE,
  DIRECTORY,
};

static void
plant(enum plant what, const char *name, const char *content)
{
  const char *path = there(name);

  sandbox_write(setup.s, "victim", "%s", content);
  switch (what) {
  case LINK:
    ck_assert_int_eq(symlink(victim("victim"), path), 0);
    break;
  case DANGLING:
    ck_assert_int_eq(symlink(victim("nothing"), path), 0);
    break;
  case HARD_LINK:
    ck_assert_int_eq(link(victim("victim"), path), 0);
    break;
  case PIPE:
    ck_assert_int_eq(mkfifo(path, 0666), 0);
    break;
  case EMPTY_FILE:
    ck_assert_int_eq(mknod(path, S_IFREG | 0666, 0), 0);
    break;
  case DIRECTORY:
    ck_assert_int_eq(mkdir(path, 0777), 0);
    break;
  }
}

static void
check_untouched(const char *content)
{
  ck_assert_str_eq(sandbox_read(setup.s, "victim"), content);
  ck_assert(!sandbox_exists(setup.s, "nothing"));
}

/* The files of a run, and its exit statuses if it must not use one of them. */
static const struct {
  const char *name;
  int planted, directory; /* exit statuses */
} files[] = {
  { "heat.csv", EX_NOPERM, EX_CANTCREAT },
  { "heat.capture", EX_CANTCREAT, EX_CANTCREAT },
  { "house.db", EX_NOPERM, EX_NOPERM },
  { "house.db-journal", EX_NOPERM, EX_NOPERM },
  { "house.db-wal", EX_NOPERM, EX_NOPERM },
  { "house.db-shm", EX_NOPERM, EX_NOPERM },
  { "house.lock", EX_NOPERM, EX_NOPERM },
};

/* Checks that the run names the file, and that no planted link changed or
 * created the file it points to.  The contents of the run's other files are not
 * checked. */
static void
check_refused(const char *name, int status, const char *content)
{
  ck_assert_int_eq(run(), status);
  ck_assert_msg(strstr(sandbox_err(setup.s), name), "%s", sandbox_err(setup.s));
  check_untouched(content);
}

static const enum plant by_others[] = { LINK, DANGLING, PIPE, EMPTY_FILE };

START_TEST(entries_of_other_users_are_refused)
{
  if (geteuid() != 0)
    return; /* only root can give a file away */
  for (size_t i = 0; i < ARRAY_SIZE(by_others); i++) {
    const char *name = files[_i].name;

    build("shared", 01777);
    plant(by_others[i], name, "");
    ck_assert_int_eq(lchown(there(name), SOMEBODY, SOMEBODY), 0);
    check_refused(name, files[_i].planted, "");
    leave();
  }
  build("shared", 01777); /* for leave() */
}
END_TEST

/* Root may use a state that its owner left in a directory of his own. */
START_TEST(owner_of_the_directory_is_trusted)
{
  build("shared", 01777);
  if (geteuid() != 0)
    return; /* only root can give a file away */
  ck_assert_int_eq(run(), EX_OK);
  ck_assert_int_eq(lchown(there("."), SOMEBODY, SOMEBODY), 0);
  ck_assert_int_eq(lchown(there("house.db"), SOMEBODY, SOMEBODY), 0);
  ck_assert_msg(run() == EX_OK, "%s", sandbox_err(setup.s));
  ck_assert_int_eq(lchown(there("."), 0, 0), 0);
  ck_assert_int_eq(run(), EX_NOPERM);
  ck_assert_ptr_nonnull(strstr(sandbox_err(setup.s), "as its owner"));
}
END_TEST

/* Unless Linux forbids it, any user can give any file a second name. */
START_TEST(file_with_a_second_hard_link_is_refused)
{
  build("shared", 01777);
  plant(HARD_LINK, files[_i].name, "");
  check_refused(files[_i].name, files[_i].planted, "");
}
END_TEST

START_TEST(directory_in_place_of_a_file_is_refused)
{
  build("shared", 01777);
  plant(DIRECTORY, files[_i].name, PRECIOUS);
  check_refused(files[_i].name, files[_i].directory, PRECIOUS);
}
END_TEST

/* status and run -n do not follow a planted link, either. */
START_TEST(status_and_dry_run_refuse_a_planted_link)
{
  build("shared", 01777);
  plant(LINK, "house.db", PRECIOUS);
  ck_assert_int_eq(sandbox_run(setup.s, "status -c house.ini"), EX_NOPERM);
  ck_assert_ptr_nonnull(strstr(sandbox_err(setup.s), "is a symbolic link"));
  ck_assert_int_eq(sandbox_run(setup.s, "run -n -c house.ini"), EX_NOPERM);
  check_untouched(PRECIOUS);
}
END_TEST

/* The name of a damaged state that is moved aside can be predicted, and
 * planted. */
static const enum plant asides[] = { LINK, DANGLING, HARD_LINK, PIPE,
                                     DIRECTORY };

START_TEST(moving_the_state_aside_overwrites_nothing)
{
  build("shared", 01777);
  plant(asides[_i], ASIDE, PRECIOUS);
  sandbox_write(setup.s, "shared/house.db", "no database, but long enough");
  ck_assert_int_eq(run(), asides[_i] == DIRECTORY ? EX_IOERR : EX_DATAERR);
  check_untouched(PRECIOUS);
}
END_TEST

/* ---- Planted directories --------------------------------------------------
 */

/* The paths of a pipeline below "shared/in", and the exit status of a run that
 * must not use that directory. */
static const struct {
  const char *state_dir, *csv, *capture, *plugin;
  int refused;
} below[] = {
  { "shared/in", "heat.csv", "heat.capture", "csv", EX_NOPERM },
  { "shared/in/a/b", "heat.csv", "heat.capture", "csv", EX_NOPERM },
  { ".", "shared/in/heat.csv", "heat.capture", "csv", EX_NOPERM },
  { ".", "heat.csv", "shared/in/heat.capture", "csv", EX_CANTCREAT },
  { ".", "heat.csv", "heat.capture", "shared/in/output_csv.so", EX_CONFIG },
};

static void
write_below(int row)
{
  sandbox_write(setup.s, "house.ini",
                "[pipeline]\nstate_dir = %s\n"
                "[input meter]\nplugin = kmp\ndevice = eye\n"
                "fields = heat_energy_e1\ncapture = %s\n"
                "[output log]\nplugin = %s\npath = %s\n"
                "column.energy = meter.heat_energy_e1\n",
                below[row].state_dir, below[row].capture, below[row].plugin,
                below[row].csv);
}

/* The entry "shared/in": a directory, or a link to "real"; of others, or our
 * own. */
enum entry { THEIR_DIRECTORY, THEIR_LINK, OUR_DIRECTORY, OUR_LINK };

static void
make_entry(enum entry entry, const char *in)
{
  bool is_link = entry == THEIR_LINK || entry == OUR_LINK;
  bool theirs = entry == THEIR_DIRECTORY || entry == THEIR_LINK;
  char plugin[512], copy[600];

  ck_assert_int_eq(mkdir(is_link ? victim("real") : in, 0755), 0);
  snprintf(copy, sizeof(copy), "%s/output_csv.so",
           is_link ? victim("real") : in);
  snprintf(plugin, sizeof(plugin), "%s/output_csv.so",
           getenv("METERPIPE_PLUGIN_PATH"));
  ck_assert_int_eq(symlink(plugin, copy), 0);
  if (is_link)
    ck_assert_int_eq(symlink(victim("real"), in), 0);
  if (theirs)
    ck_assert_int_eq(lchown(in, SOMEBODY, SOMEBODY), 0);
}

/* Directories in which others can add an entry, but not remove ours; and
 * directories in which they can do neither, or both. */
static const struct {
  mode_t mode;
  enum entry entry;
  bool refused;
} places[] = {
  { 01777, THEIR_DIRECTORY, true },  { 01777, THEIR_LINK, true },
  { 01770, THEIR_DIRECTORY, true },  { 03775, THEIR_LINK, true },
  { 01777, OUR_DIRECTORY, false },   { 01777, OUR_LINK, false },
  { 01755, THEIR_DIRECTORY, false }, { 0777, THEIR_DIRECTORY, false },
  { 0755, THEIR_LINK, false },
};

START_TEST(planted_directory_is_refused)
{
  for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
    enum entry entry = places[i].entry;
    char in[512];
    int status;

    build("shared", places[i].mode);
    snprintf(in, sizeof(in), "%s", there("in"));
    if (geteuid() == 0 || entry == OUR_DIRECTORY || entry == OUR_LINK) {
      make_entry(entry, in);
      write_below(_i);
      status = run();
      ck_assert_msg(status == (places[i].refused ? below[_i].refused : EX_OK),
                    "place %zu: %d: %s", i, status, sandbox_err(setup.s));
      if (places[i].refused)
        ck_assert_msg(
          strstr(sandbox_err(setup.s), "shared/in belongs to ") &&
            strstr(sandbox_err(setup.s), "uid 65534") &&
            strstr(sandbox_err(setup.s), "other users can create one"),
          "%s", sandbox_err(setup.s));
    }
    leave();
  }
  build("shared", 01777); /* for leave() */
}
END_TEST

START_TEST(planted_directory_stays_empty)
{
  build("shared", 01777);
  if (geteuid() != 0)
    return; /* only root can give a directory away */
  ck_assert_int_eq(mkdir(there("in"), 0777), 0);
  ck_assert_int_eq(chown(there("in"), SOMEBODY, SOMEBODY), 0);
  write_below(_i);
  run();
  ck_assert_int_eq(rmdir(there("in")), 0); /* nothing was written there */
}
END_TEST

/* Root may look at the state of another user in that user's directory. */
START_TEST(root_can_show_the_status_of_another_user)
{
  build("shared", 01777);
  if (geteuid() != 0)
    return;
  write_below(0);
  ck_assert_int_eq(mkdir(there("in"), 0755), 0);
  ck_assert_int_eq(run(), EX_OK);
  ck_assert_int_eq(chown(there("in"), SOMEBODY, SOMEBODY), 0);
  ck_assert_int_eq(sandbox_run(setup.s, "status -c house.ini"), EX_NOPERM);
  ck_assert_int_eq(chown(there("in/house.db"), SOMEBODY, SOMEBODY), 0);
  ck_assert_msg(sandbox_run(setup.s, "status -c house.ini") == EX_OK, "%s",
                sandbox_err(setup.s));
  ck_assert_int_eq(run(), EX_NOPERM);
}
END_TEST

/* ---- Files of our own ---------------------------------------------------- */

START_TEST(state_works_in_a_shared_directory)
{
  build("shared", 01777);
  for (int i = 0; i < 3; i++)
    ck_assert_msg(run() == EX_OK, "%s", sandbox_err(setup.s));
  ck_assert_int_eq(sandbox_run(setup.s, "status -c house.ini"), EX_OK);
}
END_TEST

/* A link of our own points to the place where we want the file. */
static const struct {
  const char *dir, *name;
  mode_t mode;
} own_links[] = {
  { "shared", "heat.csv", 01777 }, { "shared", "heat.capture", 01777 },
  { "private", "heat.csv", 0700 }, { "private", "heat.capture", 0700 },
  { "private", "house.db", 0700 },
};

START_TEST(own_link_is_followed)
{
  struct stat st;

  build(own_links[_i].dir, own_links[_i].mode);
  ck_assert_int_eq(symlink(victim("mine"), there(own_links[_i].name)), 0);
  for (int i = 0; i < 2; i++)
    ck_assert_msg(run() == EX_OK, "%s", sandbox_err(setup.s));
  ck_assert_int_eq(stat(victim("mine"), &st), 0);
  ck_assert_int_gt(st.st_size, 0);
  ck_assert_int_eq(lstat(there(own_links[_i].name), &st), 0);
  ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

/* A run does not wait for a reader of our own pipe. */
START_TEST(own_pipe_without_reader_fails_at_once)
{
  static const int statuses[] = { EX_TEMPFAIL, EX_CANTCREAT };

  build("private", 0700);
  plant(PIPE, files[_i].name, PRECIOUS);
  check_refused(files[_i].name, statuses[_i], PRECIOUS);
}
END_TEST

START_TEST(state_that_is_not_a_regular_file_is_refused)
{
  static const enum plant plants[] = { PIPE, DIRECTORY };

  build("private", 0700);
  plant(plants[_i], "house.db", PRECIOUS);
  check_refused("house.db", EX_IOERR, PRECIOUS);
}
END_TEST

/* ---- Modes --------------------------------------------------------------- */

static mode_t
mode_of(const char *name)
{
  struct stat st;

  ck_assert_msg(stat(there(name), &st) == 0, "%s", name);
  return st.st_mode & 07777;
}

static int
run_with(mode_t mask)
{
  mode_t before = umask(mask);
  int status = run();

  umask(before);
  return status;
}

static const mode_t masks[] = { 000, 022, 027, 077, 007, 0177 };
static const char *const made[] = { "house.db", "house.db-journal",
                                    "house.lock", "heat.csv", "heat.capture" };

START_TEST(new_files_are_at_most_0640)
{
  build("private", 0700);
  ck_assert_int_eq(run_with(masks[_i]), EX_OK);
  for (size_t i = 0; i < ARRAY_SIZE(made); i++)
    ck_assert_msg(mode_of(made[i]) == (0640 & ~masks[_i]), "%s: %o", made[i],
                  (unsigned)mode_of(made[i]));
}
END_TEST

START_TEST(new_directories_are_at_most_0750)
{
  build("private", 0700);
  sandbox_write(setup.s, "house.ini",
                "[pipeline]\nstate_dir = private/a/b\n"
                "[input meter]\nplugin = kmp\ndevice = eye\n"
                "[output log]\nplugin = csv\npath = private/heat.csv\n"
                "column.energy = meter.heat_energy_e1\n");
  ck_assert_int_eq(run_with(0), EX_OK);
  ck_assert_uint_eq(mode_of("a"), 0750);
  ck_assert_uint_eq(mode_of("a/b"), 0750);
}
END_TEST

START_TEST(modes_of_existing_files_are_kept)
{
  static const mode_t modes[] = { 0600, 0644, 0666 };

  build("private", 0700);
  ck_assert_int_eq(run(), EX_OK);
  for (size_t i = 0; i < ARRAY_SIZE(made); i++)
    ck_assert_int_eq(chmod(there(made[i]), modes[_i]), 0);
  ck_assert_int_eq(run_with(077), EX_OK);
  for (size_t i = 0; i < ARRAY_SIZE(made); i++)
    ck_assert_uint_eq(mode_of(made[i]), modes[_i]);
}
END_TEST

START_TEST(state_moved_aside_keeps_its_mode_and_new_state_is_0640)
{
  build("private", 0700);
  sandbox_write(setup.s, "private/house.db", "no database, but long enough");
  ck_assert_int_eq(chmod(there("house.db"), 0600), 0);
  ck_assert_int_eq(run_with(0), EX_DATAERR);
  ck_assert_uint_eq(mode_of(ASIDE), 0600);
  ck_assert_uint_eq(mode_of("house.db"), 0640);
}
END_TEST

/* The file is renamed between two runs, as logrotate does. */
START_TEST(rotated_file_keeps_its_mode_and_new_file_is_0640)
{
  static const char *const logs[] = { "heat.csv", "heat.capture" };
  char old[512];

  build("private", 0700);
  ck_assert_int_eq(run_with(0), EX_OK);
  snprintf(old, sizeof(old), "%s", there("old"));
  ck_assert_int_eq(chmod(there(logs[_i]), 0604), 0);
  ck_assert_int_eq(rename(there(logs[_i]), old), 0);
  ck_assert_int_eq(run_with(0), EX_OK);
  ck_assert_uint_eq(mode_of(logs[_i]), 0640);
  ck_assert_uint_eq(mode_of("old"), 0604);
}
END_TEST

static TCase *
add_tests(TCase *t)
{
  int n_files = (int)ARRAY_SIZE(files);

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, entries_of_other_users_are_refused, 0, n_files);
  tcase_add_test(t, owner_of_the_directory_is_trusted);
  tcase_add_loop_test(t, file_with_a_second_hard_link_is_refused, 0, n_files);
  tcase_add_loop_test(t, directory_in_place_of_a_file_is_refused, 0, n_files);
  tcase_add_test(t, status_and_dry_run_refuse_a_planted_link);
  tcase_add_loop_test(t, moving_the_state_aside_overwrites_nothing, 0,
                      (int)ARRAY_SIZE(asides));
  tcase_add_loop_test(t, planted_directory_is_refused, 0,
                      (int)ARRAY_SIZE(below));
  tcase_add_loop_test(t, planted_directory_stays_empty, 0,
                      (int)ARRAY_SIZE(below));
  tcase_add_test(t, root_can_show_the_status_of_another_user);
  tcase_add_test(t, state_works_in_a_shared_directory);
  tcase_add_loop_test(t, own_link_is_followed, 0, (int)ARRAY_SIZE(own_links));
  tcase_add_loop_test(t, own_pipe_without_reader_fails_at_once, 0, 2);
  tcase_add_loop_test(t, state_that_is_not_a_regular_file_is_refused, 0, 2);
  tcase_add_loop_test(t, new_files_are_at_most_0640, 0, (int)ARRAY_SIZE(masks));
  tcase_add_test(t, new_directories_are_at_most_0750);
  tcase_add_loop_test(t, modes_of_existing_files_are_kept, 0, 3);
  tcase_add_test(t, state_moved_aside_keeps_its_mode_and_new_state_is_0640);
  tcase_add_loop_test(t, rotated_file_keeps_its_mode_and_new_file_is_0640, 0,
                      2);
  return t;
}

int
main(void)
{
  Suite *s = suite_create("files");

  suite_add_tcase(s, add_tests(tcase_create("files")));
  return run_suite(s);
}
