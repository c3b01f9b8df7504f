/*
 * Plugins that break the contract: conform names the violation.
 */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/e2e/bad_sandbox.h"
#include "tests/support/run_suite.h"

static struct sandbox *s;

static void
build(void)
{
  s = bad_sandbox_new();
}

static void
leave(void)
{
  sandbox_free(s);
}

static void
check(int status, const char *out, const char *err)
{
  bad_check(s, status, out, err);
}

/* ---- conform ---- */

#define FINDS(check, text)                                                     \
  EX_SOFTWARE, "error: output_bad.so: " check ": " text "\n"
#define ENDED(check, callback, status)                                         \
  FINDS(check, callback " ended the process with status " status               \
                        ": return a reason instead of calling exit")
#define THREAD_ENDED(check, callback)                                          \
  FINDS(check, callback " ended the host's thread: return a reason instead "   \
                        "of calling pthread_exit")
#define SIGNALLED(check, callback, signal)                                     \
  FINDS(check, callback " ended with signal " signal                           \
                        ": to find the place, run this command in gdb after "  \
                        "\"set follow-fork-mode child\"")
#define REFUSES(text) EX_CONFIG, "error: ./output_bad.so: " text "\n"

static const struct {
  const char *bad;
  int status;
  const char *err;
} conform_rows[] = {
  { "table-none", REFUSES("meterpipe_plugin() gave no table") },
  { "table-abi-1",
    REFUSES("it was built for plugin interface 1, but this meterpipe has 2: "
            "build it with the header of this meterpipe") },
  { "table-abi-3",
    REFUSES("it was built for plugin interface 3, but this meterpipe has 2: "
            "build it with the header of this meterpipe") },
  { "table-small", REFUSES("its plugin table is too small (16 bytes)") },
  { "table-two-kinds",
    REFUSES("it has 2 of the tables input, transform and output; it must have "
            "one") },
  { "table-no-create",
    REFUSES("its plugin table lacks name, create or destroy") },
  { "table-unsound",
    REFUSES("the row \"class\" of its option table has a type that does not "
            "exist") },
  { "table-key", REFUSES("the row \"t.e\" of its option table has a bad name: "
                         "use [a-z][a-z0-9_]*, and not \"plugin\"") },
  { "table-twice",
    REFUSES("the row \"class\" of its option table is given twice") },
  { "table-choices",
    REFUSES(
      "the row \"class\" of its option table has an `allowed` that its type "
      "does not take: write \"a|b\" for choices, or \"1..9\" for a range") },
  { "table-limits",
    REFUSES(
      "the row \"size\" of its option table has an `allowed` that its type "
      "does not take: write \"a|b\" for choices, or \"1..9\" for a range") },
  { "table-called", REFUSES("its name must be [a-z][a-z0-9_]* and have 32 "
                            "characters at most") },
  { "table-version", REFUSES("its version and its summary must be lines of "
                             "clean UTF-8 of less than 200 bytes") },
  { "ops-prefix", REFUSES("its target_prefix must be [a-z][a-z0-9_]* and have "
                          "32 characters at most") },
  { "ops-parts",
    REFUSES("the row \"Voltage\" of its table of target options has a bad "
            "name: use [a-z][a-z0-9_]*, and not \"plugin\"") },
  { "table-classes",
    REFUSES("its delivery_option \"class\" allows \"latest|first\"; it may "
            "allow live, latest, append and history") },
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
  { "table-no-version", FINDS("table", "it has no version") },
  { "table-poor",
    FINDS(
      "table",
      "it has no summary of one line") "error: output_bad.so: table: the "
                                       "option \"size\" has no help of one "
                                       "line\n"
                                       "error: output_bad.so: table: the "
                                       "default of \"size\" is wrong: \"many\" "
                                       "is "
                                       "not a whole number\n" },
  { "create-opens",
    FINDS("create", "create opened a file descriptor: only open may do that") },
  { "create-silent",
    FINDS("create", "create returned -1 and did not say why: use mp_fail") },
  { "create-shares",
    FINDS("two instances", "create returned the same instance twice") },
  { "create-one", FINDS("two instances",
                        "create rejects a value that the option table allows "
                        "(to give another, write OPTION=VALUE after the file "
                        "name): two: there is one already") },
  { "create-code",
    FINDS("all choices", "create returned -5 for a value of the option "
                         "\"class\": to reject it, return MP_ECONFIG") },
  { "create-refuses",
    FINDS("deliver", "create rejects a value that the option table allows (to "
                     "give another, write OPTION=VALUE after the file name): "
                     "one: class: is not to be had") },
  { "create-nonsense",
    FINDS("create", "create returned 2, which it may not return") },
  { "destroy-opens",
    FINDS("create", "its callbacks left 1 descriptors open: close them") },
  { "open-nonsense",
    FINDS("deliver", "open returned 77, which it may not return") },
  { "open-outcome",
    FINDS("deliver", "open returned 2, which it may not return") },
  { "write-nonsense",
    FINDS("deliver", "write returned -99, which it may not return") },
  { "fetch-exponent",
    FINDS("deliver", "fetch gave a value with an exponent out of range") },
  { "fetch-text",
    FINDS("deliver", "fetch gave a text that is not clean UTF-8") },
  { "fetch-target",
    FINDS("deliver", "fetch gave an answer for a target that does not exist") },
  { "fetch-answer",
    FINDS("deliver", "fetch gave an answer that does not exist") },
  { "fetch-no-value",
    FINDS("deliver", "fetch gave MP_SHOWN_VALUE without a value") },
  { "fetch-small",
    FINDS("deliver", "fetch gave an answer whose struct_size is too small") },
  { "fetch-step", FINDS("deliver", "fetch gave a step out of range") },
  { "fetch-updated",
    FINDS("deliver", "fetch gave a time of last update that is not clean UTF-8 "
                     "or is too long") },
  { "commit-crashes", SIGNALLED("deliver", "commit", "6 (Aborted)") },
  { "commit-exits", ENDED("deliver", "commit", "99") },
  /* Exit status 0 does not count as a result. */
  { "commit-leaves", ENDED("deliver", "commit", "0") },
  { "commit-calls-exit", ENDED("deliver", "commit", "0") },
  { "commit-calls-quick-exit", ENDED("deliver", "commit", "0") },
  { "commit-calls-pthread-exit", THREAD_ENDED("deliver", "commit") },
  { "table-calls-exit", ENDED("load", "meterpipe_plugin", "0") },
  { "commit-says2",
    FINDS("deliver", "commit gave a result other than MP_ACCEPTED and did "
                     "not say why: use mp_fail") },
  { "commit-late", FINDS("deliver", LATE("commit")) },
  { "commit-result",
    FINDS("deliver", "commit gave the result 9, which does not exist") },
  { "commit-record",
    FINDS("deliver", "commit gave a result for record 99 of 3") },
  { "commit-target",
    FINDS("deliver", "commit gave a result for target 99 of 2") },
  { "commit-silent",
    FINDS("deliver", "commit returned -5 and did not say why: use mp_fail") },
  { "commit-outcome",
    FINDS("deliver", "commit returned 2, which it may not return") },
  { "commit-nonsense",
    FINDS("deliver", "commit returned 9, which it may not return") },
  { "token-endless",
    FINDS("deliver", "token must give one line of less than 256 bytes") },
  { "commit-hangs", FINDS("deliver", "commit does not return within 1 s: wait "
                                     "no longer than time_left") },
  { "table-hangs", FINDS("load", "meterpipe_plugin does not return within 1 s: "
                                 "wait no longer than time_left") },
  { "recover-rejects",
    FINDS(
      "deliver",
      "recover gave the result 5: it may give MP_ACCEPTED or MP_NOT_SENT") },
};

/* Answers of fetch, results of commit, uses of services and answers to a user
 * that conform refuses.  A run copes with them. */
static const struct {
  const char *bad, *err;
} answer_rows[] = {
  { "fetch-step-below", "deliver: fetch gave a step out of range" },
  { "fetch-place", "deliver: fetch gave a place out of range" },
  { "fetch-wait", "deliver: fetch gave a wait_ms of more than an hour" },
  { "fetch-unfit", "deliver: fetch gave MP_SHOWN_UNFIT and did not say why: "
                   "use mp_fail" },
  { "fetch-none",
    "deliver: fetch left target 0 out and did not say why: use mp_fail" },
  { "fetch-one",
    "deliver: fetch left target 1 out and did not say why: use mp_fail" },
  { "commit-forgets-first",
    "deliver: commit gave no result for target 0 in record 0: give one for "
    "each value that was written" },
  { "commit-forgets-one",
    "deliver: commit gave no result for target 1 in record 0: give one for "
    "each value that was written" },
  { "recover-forgets",
    "deliver: recover gave no result for target 0 in record 0: give one for "
    "each value that was written" },
  { "token-overruns", "deliver: token wrote more than the 256 bytes of its "
                      "size" },
  { "commit-asks-option", "deliver: commit asks for the option \"colour\": add "
                          "it to the option table" },
  { "commit-asks-number", "deliver: commit asks for the option \"colour\": add "
                          "it to the option table" },
  { "commit-asks-operand",
    "deliver: commit calls operand: call it only in apply" },
  { "commit-logs-loudly", "deliver: commit logs at level 7: use MP_LOG_..." },
  { "commit-fails-well",
    "deliver: commit calls mp_fail with 0: use a reason, MP_E..." },
  { "commit-stores-key",
    "deliver: commit gives store_set a key that is not clean UTF-8, is empty "
    "or is too long" },
  { "commit-stores-text",
    "deliver: commit gives store_set a text that is not clean UTF-8" },
  { "fetch-null", "deliver: fetch gave NULL instead of an answer" },
  { "list-null", OFFERS "list listed NULL instead of a target" },
  { "list-small",
    OFFERS "list listed a target whose struct_size is too small" },
  { "list-unnamed", OFFERS "list listed a target without a name" },
  { "list-text",
    OFFERS "list listed a text that is not one line of clean UTF-8" },
  { "list-silent",
    OFFERS "list returned -12 and did not say why: use mp_fail" },
  { "list-outcome", OFFERS "list returned 5, which it may not return" },
  { "list-late", OFFERS LATE("list") },
  { "create_target-silent",
    OFFERS "create_target returned -1 and did not say why: use mp_fail" },
  { "create_target-outcome",
    OFFERS "create_target returned 1, which it may not return" },
  { "create_target-plans-nothing",
    OFFERS "create_target with MP_CREATE_PLAN did not log what it would do: "
           "use mp_log with MP_LOG_NOTICE" },
  { "create_target-at-once",
    OFFERS "create_target listed a target with a name, although MP_CREATE_PLAN "
           "creates nothing" },
  { "create_target-unlisted",
    OFFERS "create_target returned MP_OK, but did not list one target: list "
           "the new one" },
  { "check-silent",
    OFFERS "check returned -2 and did not say why: use mp_fail" },
  { "check-outcome", OFFERS "check returned 5, which it may not return" },
  { "check-late", OFFERS LATE("check") },
  { "create-keeps-target",
    "create: create calls target: call it between open and close" },
};

START_TEST(conform_refuses_a_wrong_answer_or_call)
{
  char err[512];

  sandbox_setenv(s, "BAD", answer_rows[_i].bad);
  sandbox_run(s, "conform output_bad.so");
  snprintf(err, sizeof(err), "error: output_bad.so: %s\n", answer_rows[_i].err);
  check(EX_SOFTWARE, "", err);
}
END_TEST

/* Only the rows that hang reach the time limit. */
START_TEST(conform_detects_a_broken_output)
{
  const bool hangs = strstr(conform_rows[_i].bad, "-hangs");

  sandbox_setenv(s, "METERPIPE_CONFORM_SECONDS", hangs ? "1" : "50");
  sandbox_setenv(s, "BAD", conform_rows[_i].bad);
  sandbox_run(s, "conform output_bad.so");
  /* The main thread's stack is gone, so all that it pointed to looks leaked. */
  if (strstr(conform_rows[_i].bad, "pthread-exit") &&
      strstr(sandbox_err(s), "LeakSanitizer"))
    return;
  check(conform_rows[_i].status, "", conform_rows[_i].err);
}
END_TEST

/* Tables that are too small or lack an entry, and the first line of every
 * command that uses the plugin. */
static const struct {
  const char *kind, *bad, *err;
} table_rows[] = {
  { "input", "ops-small", "its input table is too small (16 bytes)" },
  { "input", "ops-no-field", "its input table lacks field" },
  { "input", "ops-no-read", "its input table lacks read" },
  { "transform", "ops-small", "its transform table is too small (8 bytes)" },
  { "transform", "ops-no-apply", "its transform table lacks apply" },
};

START_TEST(incomplete_plugin_table_is_refused)
{
  const char *kind = table_rows[_i].kind;
  char file[32], err[256];

  snprintf(file, sizeof(file), "./%s_bad.so", kind);
  snprintf(err, sizeof(err), "error: %s: %s\n", file, table_rows[_i].err);
  sandbox_setenv(s, "BAD", table_rows[_i].bad);
  sandbox_run(s, "conform %s", file);
  check(EX_CONFIG, "", err);
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = %s\n"
                "[transform usage]\nplugin = %s\nvalue = meter.a\n"
                "[output table]\nplugin = stdout\nfield.a = usage\n",
                *kind == 'i' ? file : "exec",
                *kind == 't' ? file : "overwrite");
  sandbox_run(s, "check --offline -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
  snprintf(err, sizeof(err), "p.ini:%d: %s: %s\n", *kind == 'i' ? 2 : 4, file,
           table_rows[_i].err);
  ck_assert_msg(strstr(sandbox_err(s), err), "%s", sandbox_err(s));
}
END_TEST

/* The list continues after a plugin that cannot be loaded; a list of one name
 * also shows the error of that plugin. */
START_TEST(plugin_list_continues_after_a_broken_plugin)
{
  static const char err[] = "error: ./input_bad.so: its input table lacks "
                            "read\n";

  sandbox_setenv(s, "METERPIPE_PLUGIN_PATH", NULL);
  sandbox_setenv(s, "BAD", "ops-no-read");
  sandbox_run(s, "plugins --plugin-dir .");
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_ptr_nonnull(strstr(sandbox_out(s),
                               "\noutput     bad         1           2  "
                               "./output_bad.so\n"));
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
  sandbox_run(s,
              "plugins --plugin-dir . bad"); /* three plugins are called bad */
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "output plugin \"bad\""));
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
}
END_TEST

/* With sanitizers, malloc has no statistics, and conform finds no leak. */
START_TEST(conform_detects_a_memory_leak)
{
  sandbox_setenv(s, "BAD", "create-leaks");
  sandbox_run(s, "conform output_bad.so");
  if (sandbox_status(s) == EX_OK || strstr(sandbox_err(s), "LeakSanitizer"))
    return;
  ck_assert_int_eq(sandbox_status(s), EX_SOFTWARE);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "20 instances leaked "));
}
END_TEST

/* A plugin that keeps the contract; one whose tables are longer than ours, as
 * with a later header; and plugins that lack an optional callback, or fail and
 * say so. */
static const char *const sound[] = { "",
                                     "newer",
                                     "ops-no-begin",
                                     "token-fails",
                                     "create_target-refuses",
                                     "write-fails-5",
                                     "write-fails-10",
                                     "begin-fails-5" };

START_TEST(conform_accepts_a_sound_plugin)
{
  sandbox_setenv(s, "BAD", sound[_i]);
  sandbox_run(s, "conform ./output_bad.so");
  check(EX_OK, "output_bad.so: keeps the contract: 15 checks\n", "");
  sandbox_run(s, "conform -q ./output_bad.so");
  check(EX_OK, "", "");
}
END_TEST

/* Wrong options are refused before the plugin gets them. */
START_TEST(conform_refuses_wrong_options)
{
  char path[1024];

  sandbox_run(s, "conform %s nonsense devise=x baud=7 device=/dev/null",
              bad_module("input_kmp", path, sizeof(path)));
  check(EX_USAGE, "",
        "command line: \"nonsense\" is not an option: write OPTION=VALUE, "
        "without blanks\n"
        "command line: unknown option \"devise\"; the nearest is \"device\"\n"
        "command line: baud: \"7\" is not one of "
        "300|600|1200|2400|4800|9600|19200|38400|57600|115200\n");
}
END_TEST

/* A pipeline file may name the file of a secret, and so may these words. */
START_TEST(conform_takes_a_secret_from_a_file)
{
  char path[1024];

  sandbox_write(s, "token", "secret\n");
  snprintf(path, sizeof(path), "%s/token", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0600), 0);
  bad_module("output_domoticz", path, sizeof(path));
  sandbox_run(s, "conform -q %s url=http://127.0.0.1:9 token_file=token", path);
  check(EX_OK, "", "");
  sandbox_run(s, "conform %s token_file=missing", path);
  ck_assert_int_eq(sandbox_status(s), EX_USAGE);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "command line: "));
}
END_TEST

START_TEST(conform_quotes_a_long_message_to_its_end)
{
  char err[2048], ones[1001];

  memset(ones, '1', sizeof(ones) - 1);
  ones[sizeof(ones) - 1] = '\0';
  snprintf(err, sizeof(err),
           "error: output_bad.so: create: create rejects a value that the "
           "option table allows (to give another, write OPTION=VALUE after the "
           "file name): one: %s.\n",
           ones);
  sandbox_setenv(s, "BAD", "create-long");
  sandbox_run(s, "conform output_bad.so");
  check(EX_SOFTWARE, "", err);
}
END_TEST

START_TEST(library_without_the_plugin_symbol_is_refused)
{
  char err[1200];

  if (!getenv("CLOCK_PRELOAD"))
    return;
  sandbox_run(s, "conform %s", getenv("CLOCK_PRELOAD"));
  snprintf(err, sizeof(err),
           "error: %s: it is not a plugin of meterpipe: it does not export "
           "meterpipe_plugin\n",
           getenv("CLOCK_PRELOAD"));
  check(EX_CONFIG, "", err);
  sandbox_run(s, "conform no-such.so");
  check(EX_CONFIG, "",
        "error: the plugin ./no-such.so cannot be read: No such file or "
        "directory\n");
}
END_TEST

/* The rest of the message is the system's wording. */
START_TEST(file_that_is_not_a_library_is_refused)
{
  static const char err[] = "error: ./text.so: ";

  sandbox_write(s, "text.so", "no library\n");
  sandbox_run(s, "conform text.so");
  ck_assert_int_eq(strncmp(sandbox_err(s), err, strlen(err)), 0);
  ck_assert_str_eq(sandbox_out(s), "");
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
}
END_TEST

/* meterpipe's own plugins, with and without the options that an instance
 * needs. */
static const struct {
  const char *name, *options;
} own_rows[] = {
  { "input_exec", "" },
  { "input_exec", "'command=sleep 60'" },
  { "input_kmp", "" },
  { "input_replay", "" },
  { "output_csv", "" },
  { "output_domoticz", "" },
  { "output_domoticz", "url=http://127.0.0.1:9" },
  { "output_exec", "" },
  { "output_exec", "command=true" },
  { "output_exec", "command=false fetch=false" },
  { "output_exec", "'command=sleep 60' 'fetch=sleep 60'" },
  { "output_influxdb", "bucket=b token=t" },
  { "output_influxdb", "url=http://127.0.0.1:9 api=v1 database=d" },
  { "output_prometheus", "path=house.prom" },
  { "output_stdout", "" },
  { "output_webhook", "" },
  { "output_webhook", "url=http://127.0.0.1:9/{{value.1}} class=live" },
  { "output_webhook", "url=http://127.0.0.1:9 'body={{value.1}}' header.A=b" },
  { "output_webhook", "url=http://127.0.0.1:9 body=lines reply=ok token=t" },
  { "transform_add", "" },
  { "transform_convert", "" },
  { "transform_convert", "unit=kWh decimals=2" },
  { "transform_overwrite", "" },
  { "transform_subtract", "" },
  { "transform_subtract", "wrap=10000 max=5 decrease=rebase" },
};

/* A sanitizer that is preloaded into a command, with the clock, starts a
 * process that outlives it. */
START_TEST(all_own_plugins_pass_conform)
{
  char path[1024];

  sandbox_setenv(s, "LD_PRELOAD", NULL);
  sandbox_run(s, "conform -q %s %s",
              bad_module(own_rows[_i].name, path, sizeof(path)),
              own_rows[_i].options);
  check(EX_OK, "", "");
}
END_TEST

/* A run, a check and the list of plugins each report a plugin that cannot be
 * loaded in one line. */
START_TEST(unloadable_plugin_is_reported_in_one_line)
{
  char line[512];

  if (conform_rows[_i].status != EX_CONFIG)
    return;
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output bad]\nplugin = ./output_bad.so\nplace.1 = meter.a\n");
  sandbox_setenv(s, "BAD", conform_rows[_i].bad);
  snprintf(line, sizeof(line), "p.ini:5: %s",
           conform_rows[_i].err + strlen("error: "));
  sandbox_run(s, "run -c p.ini");
  check(EX_CONFIG, "", line);
  sandbox_run(s, "check --offline -c p.ini");
  check(EX_CONFIG, "", line);
  sandbox_run(s, "plugins ./output_bad.so");
  check(EX_CONFIG, "", conform_rows[_i].err);
}
END_TEST

static Suite *
conform_suite(void)
{
  Suite *suite = suite_create("conform");
  TCase *tc = tcase_create("plugins");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, conform_detects_a_broken_output, 0,
                      ARRAY_SIZE(conform_rows));
  tcase_add_loop_test(tc, conform_refuses_a_wrong_answer_or_call, 0,
                      ARRAY_SIZE(answer_rows));
  tcase_add_loop_test(tc, incomplete_plugin_table_is_refused, 0,
                      ARRAY_SIZE(table_rows));
  tcase_add_test(tc, plugin_list_continues_after_a_broken_plugin);
  tcase_add_test(tc, conform_detects_a_memory_leak);
  tcase_add_loop_test(tc, conform_accepts_a_sound_plugin, 0, ARRAY_SIZE(sound));
  tcase_add_test(tc, conform_refuses_wrong_options);
  tcase_add_test(tc, conform_takes_a_secret_from_a_file);
  tcase_add_test(tc, conform_quotes_a_long_message_to_its_end);
  tcase_add_test(tc, library_without_the_plugin_symbol_is_refused);
  tcase_add_test(tc, file_that_is_not_a_library_is_refused);
  tcase_add_loop_test(tc, all_own_plugins_pass_conform, 0,
                      ARRAY_SIZE(own_rows));
  tcase_add_loop_test(tc, unloadable_plugin_is_reported_in_one_line, 0,
                      ARRAY_SIZE(conform_rows));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(conform_suite());
}
