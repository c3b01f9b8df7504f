/*
 * Plugins that break the contract: conform finds what it is, and a run comes to
 * its end and says it in a line.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "tests/support/scene.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct scene *s;

/* A module of the build; TMP is a text of the caller's. */
static const char *
module(const char *name, char *tmp, size_t size)
{
  const char *dir = getenv("METERPIPE_PLUGIN_PATH");

  ck_assert_ptr_nonnull(dir);
  ck_assert_int_lt(snprintf(tmp, size, "%s/%s.so", dir, name), (int)size);
  return tmp;
}

/* The scene has its copy of the bad plugin, called as the table says. */
static void
build(void)
{
  char from[1024], command[2200];

  s = scene_new();
  snprintf(command, sizeof(command), "cp %s %s/output_bad.so",
           module("bad_plugin", from, sizeof(from)), scene_dir(s));
  ck_assert_int_eq(system(command), 0);
}

static void
leave(void)
{
  scene_free(s);
}

static void
check(int status, const char *out, const char *err)
{
  ck_assert_str_eq(scene_err(s), err);
  ck_assert_str_eq(scene_out(s), out);
  ck_assert_int_eq(scene_status(s), status);
}

/* ---- conform
 * ------------------------------------------------------------------- */

#define FINDS(check, text)                                                     \
  EX_SOFTWARE, "error: output_bad.so: " check ": " text "\n"
#define REFUSES(text) EX_CONFIG, "error: ./output_bad.so: " text "\n"

static const struct {
  const char *bad;
  int status;
  const char *err;
} conform_rows[] = {
  { "table-none", REFUSES("meterpipe_plugin() gave no table") },
  { "table-abi-2",
    REFUSES("it was built for plugin interface 2, this meterpipe has 1: build "
            "it against this one's header") },
  { "table-small", REFUSES("its plugin table is too small (16 bytes)") },
  { "table-two-kinds",
    REFUSES("it has 2 of the tables input, transform and output; it must have "
            "one") },
  { "table-no-create",
    REFUSES("its plugin table lacks name, create or destroy") },
  { "table-unsound",
    REFUSES("the row \"class\" of its option table is unsound") },
  { "table-classes",
    REFUSES("its delivery_option \"class\" allows \"latest|first\", and there "
            "are live, latest, append and history") },
  { "ops-small", REFUSES("its output table is too small (16 bytes)") },
  { "ops-class",
    REFUSES("it declares delivery class 7, which does not exist") },
  { "ops-no-write",
    REFUSES("its output table lacks target_prefix, write or commit") },
  { "ops-no-token", REFUSES("an append output must have token and recover") },
  { "ops-option",
    REFUSES("its delivery_option \"klass\" must be a choice in its option "
            "table, and required or with a default") },
  { "table-name",
    FINDS("table",
          "its name is \"good\": the file should be called output_good.so") },
  { "table-poor",
    FINDS(
      "table",
      "it has no summary of one line") "error: output_bad.so: table: the "
                                       "option \"Size\" cannot be called so: "
                                       "[a-z][a-z0-9_]*, and not \"plugin\"\n"
                                       "error: output_bad.so: table: the "
                                       "option \"Size\" has no help of one "
                                       "line\n"
                                       "error: output_bad.so: table: the "
                                       "default of \"Size\" is wrong: \"many\" "
                                       "is "
                                       "not a whole number\n"
                                       "error: output_bad.so: table: the "
                                       "option \"class\" stands there "
                                       "twice\n" },
  { "create-opens",
    FINDS("create", "create opened something: that is for open to do") },
  { "create-silent",
    FINDS("create", "create gave -1 and did not say why: use mp_fail") },
  { "create-shares",
    FINDS("two instances", "two instances are one and the same") },
  { "open-nonsense",
    FINDS("deliver", "open gave 77, which is no result of it") },
  { "write-nonsense",
    FINDS("deliver", "write gave -99, which is no result of it") },
  { "fetch-exponent",
    FINDS("deliver", "fetch gave a value with an absurd exponent") },
  { "fetch-text",
    FINDS("deliver", "fetch gave a text that is not clean UTF-8") },
  { "fetch-target",
    FINDS("deliver", "fetch gave an answer for a target that does not exist") },
  { "fetch-answer", FINDS("deliver", "fetch gave an answer that is none") },
  { "fetch-no-value",
    FINDS("deliver", "fetch gave a value, and did not give it") },
  { "fetch-small",
    FINDS("deliver", "fetch gave an answer whose struct_size is too small") },
  { "commit-crashes", FINDS("deliver", "crashes: signal 6") },
  { "commit-exits", FINDS("deliver", "ends the program with status 99") },
  { "commit-late",
    FINDS("deliver",
          "delivering took more than 1500 ms when its time was over") },
  { "commit-result",
    FINDS("deliver", "commit gave the result 9, which does not exist") },
  { "commit-target",
    FINDS("deliver", "commit gave a result for target 99 of 2") },
  { "commit-silent",
    FINDS("deliver", "commit gave -5 and did not say why: use mp_fail") },
  { "commit-nonsense",
    FINDS("deliver", "commit gave 9, which is no result of it") },
  { "token-endless",
    FINDS("deliver", "token gave no text of one line below 256 bytes") },
  { "recover-rejects",
    FINDS("deliver", "recover gave the result 5: there is MP_ACCEPTED or "
                     "MP_NOT_SENT") },
};

START_TEST(broken_plugin_is_found_out)
{
  scene_setenv(s, "BAD", conform_rows[_i].bad);
  scene_run(s, "conform output_bad.so");
  check(conform_rows[_i].status, "", conform_rows[_i].err);
}
END_TEST

/* With sanitizers, malloc keeps no account. */
START_TEST(leak_is_found_out)
{
  scene_setenv(s, "BAD", "create-leaks");
  scene_run(s, "conform output_bad.so");
  if (scene_status(s) == EX_OK)
    return;
  ck_assert_int_eq(scene_status(s), EX_SOFTWARE);
  ck_assert_ptr_nonnull(strstr(scene_err(s), "1000 instances left "));
}
END_TEST

/* One that keeps the contract; and one whose tables are longer than ours, as a
 * later header would have them. */
static const char *const sound[] = { "", "newer" };

START_TEST(sound_plugin_passes)
{
  scene_setenv(s, "BAD", sound[_i]);
  scene_run(s, "conform ./output_bad.so");
  check(EX_OK, "output_bad.so: keeps the contract: 11 checks\n", "");
  scene_run(s, "conform -q ./output_bad.so");
  check(EX_OK, "", "");
}
END_TEST

START_TEST(library_without_the_symbol_is_no_plugin)
{
  char err[1200];

  if (!getenv("CLOCK_PRELOAD"))
    return;
  scene_run(s, "conform %s", getenv("CLOCK_PRELOAD"));
  snprintf(err, sizeof(err),
           "error: %s: it is no plugin of meterpipe: it does not export "
           "meterpipe_plugin\n",
           getenv("CLOCK_PRELOAD"));
  check(EX_CONFIG, "", err);
  scene_run(s, "conform no-such.so");
  check(EX_CONFIG, "",
        "error: the plugin ./no-such.so cannot be read: No such file or "
        "directory\n");
}
END_TEST

/* Our own, with what they need to make an instance. */
static const struct {
  const char *name, *options;
} own_rows[] = {
  { "input_exec", "" },
  { "input_exec", "'command=sleep 60'" },
  { "input_kmp", "" },
  { "input_replay", "" },
  { "output_csv", "" },
  { "output_domoticz", "url=http://127.0.0.1:9" },
  { "output_exec", "" },
  { "output_exec", "command=true" },
  { "output_exec", "command=false fetch=false" },
  { "output_exec", "'command=sleep 60' 'fetch=sleep 60'" },
  { "output_stdout", "" },
  { "transform_add", "" },
  { "transform_convert", "" },
  { "transform_convert", "unit=kWh decimals=2" },
  { "transform_overwrite", "" },
  { "transform_subtract", "" },
  { "transform_subtract", "wrap=10000 max=5 decrease=rebase" },
};

START_TEST(our_own_keep_the_contract)
{
  char path[1024];

  scene_run(s, "conform -q %s %s",
            module(own_rows[_i].name, path, sizeof(path)),
            own_rows[_i].options);
  check(EX_OK, "", "");
}
END_TEST

/* ---- A run
 * ---------------------------------------------------------------------- */

static const struct {
  const char *bad;
  int status;
  const char *err;
} run_rows[] = {
  { "", EX_OK, "" },
  { "newer", EX_OK, "" },
  { "open-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's open gave 77, which is no result\n" },
  { "write-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's write gave -99, which is no result\n" },
  { "fetch-exponent", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave a value with an absurd "
    "exponent\n" },
  { "fetch-text", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave a text that is not clean "
    "UTF-8\n" },
  { "fetch-target", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that is none\n" },
  { "fetch-answer", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that is none\n" },
  { "fetch-no-value", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave no value, where it said that "
    "there "
    "is one\n" },
  { "fetch-small", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that is none\n" },
  { "commit-result", EX_SOFTWARE,
    "error: bad: the plugin gave the result 9, which does not exist\n" },
  { "commit-silent", EX_IOERR,
    "error: bad: the plugin's commit failed (-5) and did not say why\n" },
  { "commit-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's commit gave 9, which is no result\n" },
};

/* And the other output is served. */
START_TEST(bad_plugin_does_not_bring_the_run_down)
{
  scene_write(s, "p.ini",
              "[input meter]\nplugin = exec\n"
              "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
              "[output bad]\nplugin = ./output_bad.so\nplace.1 = meter.a\n"
              "[output table]\nplugin = stdout\nformat = line\n"
              "field.a = meter.a\n");
  scene_setenv(s, "BAD", run_rows[_i].bad);
  scene_run(s, "run -c p.ini");
  check(run_rows[_i].status, "a 1\n", run_rows[_i].err);
}
END_TEST

START_TEST(plugin_of_another_kind_is_told_so)
{
  scene_write(s, "p.ini",
              "[input meter]\nplugin = ./output_bad.so\n"
              "[output table]\nplugin = stdout\nfield.a = meter.a\n");
  scene_run(s, "check --offline -c p.ini");
  check(EX_CONFIG, "",
        "p.ini:2: ./output_bad.so: the plugin is for a section [output NAME], "
        "not for [input NAME]\n");
}
END_TEST

static Suite *
conform_suite(void)
{
  Suite *suite = suite_create("conform");
  TCase *tc = tcase_create("plugins");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, broken_plugin_is_found_out, 0,
                      ARRAY_SIZE(conform_rows));
  tcase_add_test(tc, leak_is_found_out);
  tcase_add_loop_test(tc, sound_plugin_passes, 0, ARRAY_SIZE(sound));
  tcase_add_test(tc, library_without_the_symbol_is_no_plugin);
  tcase_add_loop_test(tc, our_own_keep_the_contract, 0, ARRAY_SIZE(own_rows));
  tcase_add_loop_test(tc, bad_plugin_does_not_bring_the_run_down, 0,
                      ARRAY_SIZE(run_rows));
  tcase_add_test(tc, plugin_of_another_kind_is_told_so);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  SRunner *runner = srunner_create(conform_suite());
  int failed;

  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
