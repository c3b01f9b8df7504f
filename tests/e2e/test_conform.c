/*
 * Plugins that break the contract: conform names the violation, and a run comes
 * to its end and reports the violation in a line.
 */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

static struct sandbox *s;

/* Returns the path of the built module NAME, in the caller's buffer TMP. */
static const char *
module(const char *name, char *tmp, size_t size)
{
  const char *dir = getenv("METERPIPE_PLUGIN_PATH");

  ck_assert_ptr_nonnull(dir);
  ck_assert_int_lt(snprintf(tmp, size, "%s/%s.so", dir, name), (int)size);
  return tmp;
}

static void
copy_module(const char *name, const char *as)
{
  char from[1024], command[2200];

  snprintf(command, sizeof(command), "cp %s %s/%s.so",
           module(name, from, sizeof(from)), sandbox_dir(s), as);
  ck_assert_int_eq(system(command), 0);
}

/* Copies the bad plugins into the sandbox, under the names that the tables
 * use. */
static void
build(void)
{
  s = sandbox_new();
  copy_module("bad_input", "input_bad");
  copy_module("bad_transform", "transform_bad");
  copy_module("bad_plugin", "output_bad");
}

static void
leave(void)
{
  sandbox_free(s);
}

static void
check(int status, const char *out, const char *err)
{
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_str_eq(sandbox_out(s), out);
  ck_assert_int_eq(sandbox_status(s), status);
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
#define LATE(callback)                                                         \
  callback " took more than 1500 ms after its deadline: wait no longer than "  \
           "time_left, and poll cancel_fd"
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

#define OFFERS "list, create_target and check: "

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

/* Things that no callback may do, in one callback or another.  LEAKS: the
 * number of bytes follows; a sanitizer replaces malloc, and conform cannot
 * count. */
#define LEAKS 1

#define OUT "output_bad.so"
#define IN "input_bad.so"
#define APPLY "transform_bad.so"
#define WITH_STATUS(callback)                                                  \
  callback " ended the process with status 3: return a reason instead of "     \
           "calling exit"
#define WITH_SIGNAL(callback, signal)                                          \
  callback " ended with signal " signal                                        \
           ": to find the place, run this command in gdb after \"set "         \
           "follow-fork-mode child\""
#define FILES(n) "its callbacks left " n " descriptors open: close them"
#define THREADS(n) "its callbacks left " n " threads running: join them"
#define CHILDREN                                                               \
  "its callbacks left child processes: end them and wait for them"
#define KEPT(user, callback)                                                   \
  user " used memory that the host had lent to " callback                      \
       ": copy what you need before the host takes it back"
#define MASK "changed the signal mask: restore it before the callback returns"
#define HANDLER "changed the handler of a signal: poll cancel_fd instead"
#define TIMER                                                                  \
  "changed a timer of the process, which the host's watchdog uses: poll "      \
  "cancel_fd with a timeout instead"
#define DIRECTORY "changed the working directory: use absolute paths instead"
#define UMASK "changed the umask: use fchmod instead"
#define LOCALE                                                                 \
  "changed the locale: restore it with uselocale before the callback "         \
  "returns, "                                                                  \
  "and never call setlocale"
#define ENVIRONMENT                                                            \
  "changed the environment: give a program its own with execve"
#define STANDARD "closed or replaced descriptor 0, 1 or 2: leave them alone"
#define PRINTED                                                                \
  "printed \"hello\" to standard output: use mp_log or mp_fail "               \
  "instead"
#define PRINTED_ERROR                                                          \
  "printed \"hello\" to standard error: use mp_log or "                        \
  "mp_fail instead"

static const struct {
  const char *file, *bad, *err;
  unsigned flags;
} manners_rows[] = {
  /* The end of the process or the thread */
  { OUT, "create-exits-late", "create: " WITH_STATUS("create"), 0 },
  { OUT, "destroy-_exits", "create: " WITH_STATUS("destroy"), 0 },
  { OUT, "open-quick_exits", "deliver: " WITH_STATUS("open"), 0 },
  { OUT, "close-exits-late", "deliver: " WITH_STATUS("close"), 0 },
  { OUT, "recover-exits-late", "deliver: " WITH_STATUS("recover"), 0 },
  { OUT, "write-ends-thread",
    "deliver: write ended the host's thread: return a reason instead of "
    "calling pthread_exit",
    0 },
  { OUT, "begin-aborts", "deliver: " WITH_SIGNAL("begin", "6 (Aborted)"), 0 },
  { OUT, "commit-segfaults",
    "deliver: " WITH_SIGNAL("commit", "11 (Segmentation fault)"), 0 },
  { OUT, "token-raises",
    "deliver: " WITH_SIGNAL("token", "11 (Segmentation fault)"), 0 },
  { IN, "field-_exits", "fields: " WITH_STATUS("field"), 0 },
  { IN, "files-_exits", "read: " WITH_STATUS("files"), 0 },
  { IN, "status-_exits", "status: " WITH_STATUS("status"), 0 },
  { IN, "list_fields-aborts",
    "fields: " WITH_SIGNAL("list_fields", "6 (Aborted)"), 0 },
  { IN, "read-_exits", "read: " WITH_STATUS("read"), 0 },
  { APPLY, "apply-segfaults",
    "apply: " WITH_SIGNAL("apply", "11 (Segmentation fault)"), 0 },
  { IN, "identify-_exits",
    "check, identify and probe: " WITH_STATUS("identify"), 0 },
  { IN, "probe-segfaults",
    "check, identify and probe: " WITH_SIGNAL("probe",
                                              "11 (Segmentation fault)"),
    0 },
  { OUT, "list-aborts", OFFERS WITH_SIGNAL("list", "6 (Aborted)"), 0 },
  { OUT, "create_target-_exits", OFFERS WITH_STATUS("create_target"), 0 },
  { OUT, "check-ends-thread",
    OFFERS "check ended the host's thread: return a reason instead of calling "
           "pthread_exit",
    0 },
  { OUT, "create-crashes-later",
    "create: " WITH_SIGNAL("after destroy, the plugin",
                           "11 (Segmentation fault)"),
    0 },
  /* What is left */
  { OUT, "commit-leaks", "leaks: 40 cycles from open to close leaked ", LEAKS },
  { OUT, "commit-leaks-seldom", "leaks: 40 cycles from open to close leaked ",
    LEAKS },
  { OUT, "commit-maps",
    "leaks: 40 cycles from open to close left 41943040 bytes mapped", LEAKS },
  { OUT, "commit-opens-file", "deliver: " FILES("24"), 0 },
  { OUT, "commit-opens-file-once", "deliver: " FILES("1"), 0 },
  { OUT, "commit-hoards-files",
    "leaks: 40 cycles from open to close left 40 descriptors open: close them",
    0 },
  { OUT, "commit-starts-thread", "deliver: " THREADS("24"), 0 },
  { OUT, "commit-starts-thread-once", "deliver: " THREADS("1"), 0 },
  { OUT, "commit-forks", "deliver: " CHILDREN, 0 },
  { OUT, "commit-starts-daemon", "deliver: " CHILDREN, 0 },
  { IN, "read-leaks", "leaks: 40 cycles of open, read and close leaked ",
    LEAKS },
  { IN, "close-opens-file", "read: " FILES("3"), 0 },
  { IN, "identify-leaks",
    "leaks: 40 calls of check, identify and probe leaked ", LEAKS },
  { IN, "check-opens-file", "check, identify and probe: " FILES("2"), 0 },
  { IN, "probe-forks", "check, identify and probe: " CHILDREN, 0 },
  { OUT, "list-leaks",
    "leaks: 40 calls of list, check and create_target leaked ", LEAKS },
  { OUT, "create_target-starts-thread", OFFERS THREADS("8"), 0 },
  { OUT, "check-opens-file", OFFERS FILES("4"), 0 },
  { APPLY, "apply-leaks", "leaks: 40 cycles of apply leaked ", LEAKS },
  { APPLY, "apply-leaks-seldom", "leaks: 40 cycles of apply leaked ", LEAKS },
  { IN, "create-thread", "create: " THREADS("1"), 0 },
  /* What the process shares */
  { OUT, "create-blocks-signal", "create: create " MASK, 0 },
  { OUT, "commit-blocks-signal", "deliver: commit " MASK, 0 },
  { OUT, "open-ignores-signal", "deliver: open " HANDLER, 0 },
  { OUT, "commit-blocks-real-time", "deliver: commit " MASK, 0 },
  { OUT, "open-ignores-real-time", "deliver: open " HANDLER, 0 },
  { OUT, "write-changes-handler-mask", "deliver: write " HANDLER, 0 },
  { OUT, "begin-changes-handler-flags", "deliver: begin " HANDLER, 0 },
  { IN, "read-sets-timer", "read: read " TIMER, 0 },
  { OUT, "fetch-changes-directory", "deliver: fetch " DIRECTORY, 0 },
  { OUT, "begin-changes-umask", "deliver: begin " UMASK, 0 },
  { OUT, "write-changes-locale", "deliver: write " LOCALE, 0 },
  { OUT, "close-changes-thread-locale", "deliver: close " LOCALE, 0 },
  { OUT, "recover-changes-environment", "deliver: recover " ENVIRONMENT, 0 },
  { OUT, "token-closes-input", "deliver: token " STANDARD, 0 },
  { OUT, "commit-prints", "deliver: commit " PRINTED, 0 },
  { OUT, "destroy-prints-error", "create: destroy " PRINTED_ERROR, 0 },
  { IN, "read-prints", "read: read " PRINTED, 0 },
  { IN, "field-prints-error", "fields: field " PRINTED_ERROR, 0 },
  { IN, "check-prints", "check, identify and probe: check " PRINTED, 0 },
  { OUT, "check-changes-umask", OFFERS "check " UMASK, 0 },
  { OUT, "list-prints-error", OFFERS "list " PRINTED_ERROR, 0 },
  { APPLY, "apply-changes-environment", "apply: apply " ENVIRONMENT, 0 },
  /* Pointers that were kept */
  { OUT, "create-keeps-host", "a thousand instances: " KEPT("create", "create"),
    0 },
  { OUT, "create-keeps-name", "a thousand instances: " KEPT("create", "create"),
    0 },
  { OUT, "commit-keeps-stored-text",
    "deliver: " KEPT("commit", "store_get until store_set"), 0 },
  { APPLY, "apply-stack",
    "apply: apply made a text on its own stack, which is invalid once it has "
    "returned: keep it in the instance",
    0 },
  { OUT, "open-keeps-target", "deliver: " KEPT("open", "open"), 0 },
  { OUT, "open-keeps-name", "deliver: " KEPT("open", "open"), 0 },
  { OUT, "fetch-keeps-sink", "deliver: " KEPT("begin", "fetch"), 0 },
  { OUT, "begin-keeps-record", "deliver: " KEPT("write", "begin"), 0 },
  { OUT, "begin-keeps-id", "deliver: " KEPT("write", "begin"), 0 },
  { OUT, "write-keeps-value", "deliver: " KEPT("write", "write"), 0 },
  { OUT, "write-keeps-unit", "deliver: " KEPT("write", "write"), 0 },
  { OUT, "write-keeps-serial", "deliver: " KEPT("write", "write"), 0 },
  { OUT, "write-keeps-text", "all kinds of values: " KEPT("write", "write"),
    0 },
  { OUT, "commit-keeps-sink", "deliver: " KEPT("close", "commit"), 0 },
  { OUT, "recover-keeps-token", "deliver: " KEPT("close", "recover"), 0 },
  { IN, "field-keeps-name", "fields: " KEPT("field", "field"), 0 },
  { IN, "field-keeps-sink", "fields: " KEPT("field", "field"), 0 },
  { IN, "read-keeps-sink", "read: " KEPT("field", "read"), 0 },
  { IN, "identify-keeps-sink",
    "check, identify and probe: " KEPT("probe", "identify"), 0 },
  { IN, "probe-keeps-sink",
    "check, identify and probe: " KEPT("field", "probe"), 0 },
  { OUT, "list-keeps-sink", OFFERS KEPT("create_target", "list"), 0 },
  { OUT, "create_target-keeps-label", OFFERS KEPT("check", "create_target"),
    0 },
  { OUT, "create_target-keeps-type", OFFERS KEPT("check", "create_target"), 0 },
  { APPLY, "apply-keeps-value", "apply: " KEPT("apply", "apply"), 0 },
  { APPLY, "apply-keeps-text", "apply: " KEPT("apply", "apply"), 0 },
};

/* A sanitizer may report the memory of a plugin that ends the process. */
START_TEST(conform_names_the_callback_that_misbehaves)
{
  char first[512];

  sandbox_setenv(s, "BAD", manners_rows[_i].bad);
  sandbox_setenv(s, "ASAN_OPTIONS", "verify_asan_link_order=0:handle_segv=0");
  sandbox_run(s, "conform -q %s", manners_rows[_i].file);
  if (manners_rows[_i].flags == LEAKS &&
      (sandbox_status(s) == EX_OK || strstr(sandbox_err(s), "Sanitizer")))
    return;
  snprintf(first, sizeof(first), "error: %s: %s%s", manners_rows[_i].file,
           manners_rows[_i].err, manners_rows[_i].flags == LEAKS ? "" : "\n");
  if (strncmp(sandbox_err(s), first, strlen(first)) != 0)
    ck_assert_str_eq(sandbox_err(s), first);
  ck_assert_int_eq(sandbox_status(s), EX_SOFTWARE);
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

/* Inputs and transforms that can be loaded, but break the contract. */
static const struct {
  const char *file, *bad, *err;
} other_rows[] = {
  { "input_bad.so", "field-small",
    "fields: list_fields: a field's struct_size is 8: too small" },
  { "input_bad.so", "field-name",
    "fields: list_fields: the field name \"A field\" has characters other than "
    "a-z, 0-9, _ "
    ". and -, or is too long" },
  { "input_bad.so", "field-kind",
    "fields: list_fields: the field \"a\" is of kind 9: use MP_COUNTER ..." },
  { "input_bad.so", "field-null",
    "fields: list_fields gave NULL instead of a field" },
  { "input_bad.so", "field-rate",
    "fields: list_fields: max_rate of the field \"a\" is out of range" },
  { "input_bad.so", "field-label",
    "fields: list_fields: the label or the number of the field \"a\" is not "
    "one line of clean UTF-8" },
  { "input_bad.so", "field-unit",
    "fields: list_fields: a unit of the field \"a\" is not clean UTF-8, is too "
    "long, or has \"|\" in it or a blank at its beginning or end" },
  { "input_bad.so", "field-counter",
    "read: read emitted \"a\" as a gauge, but field describes it as a "
    "counter" },
  { "input_bad.so", "fields-long",
    "fields: default_fields has a word of 1400 bytes: at most 127 are "
    "allowed" },
  { "input_bad.so", "read-null",
    "read: read emitted NULL instead of a value for \"a\"" },
  { "input_bad.so", "read-null-meter",
    "read: read gave NULL instead of facts of the meter" },
  { "input_bad.so", "probe-null",
    "check, identify and probe: probe gave NULL instead of an item" },
  { "input_bad.so", "field-twice",
    "fields: field(\"a\") returned 0 and called the sink 2 times" },
  { "input_bad.so", "field-other",
    "fields: list_fields names \"a\", but field returns \"b\"" },
  { "input_bad.so", "field-unknown",
    "fields: list_fields names \"b\", but field returns \"none\"" },
  { "input_bad.so", "field-code",
    "fields: field(\"\") returned -5: it may return MP_OK or MP_ECONFIG" },
  { "input_bad.so", "list-fails", "fields: list_fields failed" },
  { "input_bad.so", "list-none", "fields: list_fields lists no field" },
  { "input_bad.so", "read-exponent",
    "read: read emitted a value with an exponent out of range for \"a\"" },
  { "input_bad.so", "read-kind",
    "read: read emitted a value of an unknown kind for \"a\"" },
  { "input_bad.so", "read-small",
    "read: read emitted a value whose struct_size is too small for \"a\"" },
  { "input_bad.so", "read-unit",
    "read: read emitted a unit that is not clean UTF-8, is too long, or has "
    "\"|\" in it or a blank at its beginning or end for \"a\"" },
  { "input_bad.so", "read-serial",
    "read: read gave a serial number that is not clean UTF-8, is too long, or "
    "has \"|\" in it" },
  { "input_bad.so", "read-serial-long",
    "read: read gave a serial number that is not clean UTF-8, is too long, or "
    "has \"|\" in it" },
  { "input_bad.so", "read-serial-origin",
    "read: read gave a serial number of the origin 7: use MP_SERIAL_READ or "
    "MP_SERIAL_ASSUMED" },
  { "input_bad.so", "read-no-name",
    "read: read emitted a value without a field of [a-z0-9_.-]+" },
  { "input_bad.so", "read-late", "read: " LATE("read") },
  { "input_bad.so", "read-silent",
    "read: read returned -5 and did not say why: use mp_fail" },
  { "input_bad.so", "read-nonsense",
    "read: read returned 2, which it may not return" },
  { "input_bad.so", "close-late", "read: " LATE("close") },
  { "input_bad.so", "identify-nothing",
    "check, identify and probe: identify returned MP_OK and gave no serial "
    "number: call sink->serial with MP_SERIAL_READ" },
  { "input_bad.so", "identify-assumes",
    "check, identify and probe: identify returned MP_OK and gave no serial "
    "number: call sink->serial with MP_SERIAL_READ" },
  { "input_bad.so", "identify-parts",
    "check, identify and probe: identify gave a serial number that is not "
    "clean UTF-8, is too long, or has \"|\" in it" },
  { "input_bad.so", "identify-silent",
    "check, identify and probe: identify returned -8 and did not say why: use "
    "mp_fail" },
  { "input_bad.so", "identify-outcome",
    "check, identify and probe: identify returned 5, which it may not "
    "return" },
  { "input_bad.so", "identify-late",
    "check, identify and probe: " LATE("identify") },
  { "input_bad.so", "check-silent",
    "check, identify and probe: check returned -2 and did not say why: use "
    "mp_fail" },
  { "input_bad.so", "check-outcome",
    "check, identify and probe: check returned 5, which it may not return" },
  { "input_bad.so", "check-late", "check, identify and probe: " LATE("check") },
  { "input_bad.so", "probe-exponent",
    "check, identify and probe: probe gave a value with an exponent out of "
    "range" },
  { "input_bad.so", "probe-small",
    "check, identify and probe: probe gave an item whose struct_size is too "
    "small" },
  { "input_bad.so", "probe-name",
    "check, identify and probe: probe gave a field whose name has characters "
    "other than a-z, 0-9, _ . and -, or is too long" },
  { "input_bad.so", "probe-unknown",
    "check, identify and probe: probe names \"c\", but field returns "
    "\"none\"" },
  { "input_bad.so", "probe-number",
    "check, identify and probe: \"2\" is another spelling of \"a\", but field "
    "returns \"none\"" },
  { "input_bad.so", "probe-nothing",
    "check, identify and probe: probe gave an item with neither a field nor a "
    "label" },
  { "input_bad.so", "probe-text",
    "check, identify and probe: probe gave a text that is not one line of "
    "clean UTF-8" },
  { "input_bad.so", "probe-progress",
    "check, identify and probe: probe gave the progress 2 of 1" },
  { "input_bad.so", "probe-silent",
    "check, identify and probe: probe returned -5 and did not say why: use "
    "mp_fail" },
  { "input_bad.so", "probe-outcome",
    "check, identify and probe: probe returned 5, which it may not return" },
  { "input_bad.so", "probe-late", "check, identify and probe: " LATE("probe") },
  { "input_bad.so", "watch-tenths",
    "watch: probe gave an attempt whose value is not a round trip in whole "
    "milliseconds" },
  { "input_bad.so", "watch-field",
    "watch: probe gave an attempt with a field" },
  { "input_bad.so", "status-endless",
    "status: status wrote a text that is not a clean line of UTF-8 in the "
    "given "
    "size" },
  { "input_bad.so", "status-lines",
    "status: status wrote a text that is not a clean line of UTF-8 in the "
    "given "
    "size" },
  { "input_bad.so", "status-nonsense",
    "status: status returned 77, which it may not return" },
  { "transform_bad.so", "value-none",
    "value: it has no option \"value\" of MP_TYPE_VALUE: it would get no "
    "value" },
  { "transform_bad.so", "apply-exponent",
    "apply: apply made a value with an exponent out of range" },
  { "transform_bad.so", "apply-kind",
    "apply: apply made a value of an unknown kind" },
  { "transform_bad.so", "apply-unit",
    "apply: apply made a unit that is not clean UTF-8, is too long, or has "
    "\"|\" in it or a blank at its beginning or end" },
  { "transform_bad.so", "apply-text",
    "apply: apply made a text that is not clean UTF-8" },
  { "transform_bad.so", "apply-holds",
    "apply: apply held a value and did not say why: use mp_fail" },
  { "transform_bad.so", "apply-silent",
    "apply: apply returned -11 and did not say why: use mp_fail" },
  { "input_bad.so", "read-end",
    "read: read returned 4, which it may not return" },
  { "transform_bad.so", "apply-drops",
    "apply: apply dropped a value, and no operand is missing" },
  { "transform_bad.so", "apply-rebases",
    "apply: apply returned 3, which it may not return" },
  { "transform_bad.so", "apply-nonsense",
    "apply: apply returned 4, which it may not return" },
};

/* Checks only the first line; consequences of the violation may follow it. */
START_TEST(conform_detects_a_broken_input_or_transform)
{
  char first[256];

  sandbox_setenv(s, "BAD", other_rows[_i].bad);
  sandbox_run(s, "conform %s", other_rows[_i].file);
  snprintf(first, sizeof(first), "error: %s: %s\n", other_rows[_i].file,
           other_rows[_i].err);
  ck_assert_int_eq(sandbox_status(s), EX_SOFTWARE);
  if (strncmp(sandbox_err(s), first, strlen(first)) != 0)
    ck_assert_str_eq(sandbox_err(s), first);
  sandbox_setenv(s, "BAD", "");
  sandbox_run(s, "conform -q %s", other_rows[_i].file);
  check(EX_OK, "", "");
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
              module("input_kmp", path, sizeof(path)));
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
  module("output_domoticz", path, sizeof(path));
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

START_TEST(conform_detects_a_watch_that_cannot_be_cancelled)
{
  sandbox_setenv(s, "METERPIPE_CONFORM_SECONDS", "8");
  sandbox_setenv(s, "BAD", "watch-hangs");
  sandbox_run(s, "conform input_bad.so");
  check(EX_SOFTWARE, "",
        "error: input_bad.so: watch: probe does not return within 8 s: wait no "
        "longer than time_left\n");
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
  { "output_stdout", "" },
  { "transform_add", "" },
  { "transform_convert", "" },
  { "transform_convert", "unit=kWh decimals=2" },
  { "transform_overwrite", "" },
  { "transform_subtract", "" },
  { "transform_subtract", "wrap=10000 max=5 decrease=rebase" },
};

START_TEST(all_own_plugins_pass_conform)
{
  char path[1024];

  sandbox_run(s, "conform -q %s %s",
              module(own_rows[_i].name, path, sizeof(path)),
              own_rows[_i].options);
  check(EX_OK, "", "");
}
END_TEST

/* ---- A run ---- */

#define GAVE(what) "error: bad: place.1: the plugin's fetch gave " what "\n"

static const struct {
  const char *bad;
  int status;
  const char *err;
} run_rows[] = {
  { "", EX_OK, "" },
  { "newer", EX_OK, "" },
  { "ops-no-begin", EX_OK, "" },
  { "open-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's open returned 77, which is not a valid "
    "result\n" },
  { "open-outcome", EX_SOFTWARE,
    "error: bad: the plugin's open returned 2, which is not a valid result\n" },
  { "write-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's write returned -99, which is not a valid "
    "result\n" },
  { "fetch-exponent", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave a value with an exponent out "
    "of range\n" },
  { "fetch-text", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave a text that is not clean "
    "UTF-8\n" },
  { "fetch-target", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that does not exist\n" },
  { "fetch-answer", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that does not exist\n" },
  { "fetch-no-value", EX_SOFTWARE,
    "error: bad: place.1: the plugin's fetch gave MP_SHOWN_VALUE without a "
    "value\n" },
  { "fetch-small", EX_SOFTWARE,
    "error: bad: the plugin's fetch gave an answer that does not exist\n" },
  { "fetch-step", EX_SOFTWARE, GAVE("a step out of range") },
  { "fetch-step-below", EX_SOFTWARE, GAVE("a step out of range") },
  { "fetch-place", EX_SOFTWARE, GAVE("a place out of range") },
  { "fetch-twice", EX_SOFTWARE, GAVE("a place out of range") },
  { "fetch-updated", EX_SOFTWARE,
    GAVE("a time of last update that is not clean UTF-8 or is too long") },
  { "fetch-wait", EX_SOFTWARE, GAVE("a wait_ms of more than an hour") },
  { "fetch-unit", EX_SOFTWARE,
    GAVE("a unit that is not clean UTF-8, is too long, or has \"|\" in it or a "
         "blank at its beginning or end") },
  { "commit-result", EX_SOFTWARE,
    "error: bad: the plugin gave the result 9, which does not exist\n" },
  { "commit-silent", EX_IOERR,
    "error: bad: the plugin's commit failed (-5) and did not say why\n" },
  { "commit-outcome", EX_SOFTWARE,
    "error: bad: the plugin's commit returned 2, which is not a valid "
    "result\n" },
  { "commit-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's commit returned 9, which is not a valid "
    "result\n" },
};

/* The run serves the other output, too. */
START_TEST(bad_plugin_does_not_bring_the_run_down)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output bad]\nplugin = ./output_bad.so\nplace.1 = meter.a\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\n");
  sandbox_setenv(s, "BAD", run_rows[_i].bad);
  sandbox_run(s, "run -c p.ini");
  check(run_rows[_i].status, "a 1\n", run_rows[_i].err);
}
END_TEST

static unsigned
count(const char *text, const char *what)
{
  unsigned n = 0;

  for (text = strstr(text, what); text; text = strstr(text + 1, what))
    n++;
  return n;
}

/* ---- Ends of the process ---- */

#define RUN_ENDED "error: bad: the plugin ended the process from its "

static const struct {
  const char *plugin, *bad, *out, *err;
} end_rows[] = {
  { "output", "commit-calls-exit", "a 1\n", RUN_ENDED "commit\n" },
  { "output", "commit-calls-quick-exit", "a 1\n", RUN_ENDED "commit\n" },
  { "output", "commit-calls-pthread-exit", "a 1\n", RUN_ENDED "commit\n" },
  { "output", "destroy-calls-exit", "a 1\n", RUN_ENDED "destroy\n" },
  { "output", "table-calls-exit", "", "error: a plugin ended the process\n" },
  { "input", "field-calls-exit", "", RUN_ENDED "field\n" },
  { "input", "read-calls-exit", "", RUN_ENDED "read\n" },
  { "input", "read-calls-quick-exit", "", RUN_ENDED "read\n" },
  /* The other inputs continue, and the run does not wait for the deadline. */
  { "input", "read-calls-pthread-exit", "a 1\n",
    "error: bad: the plugin ended the thread of its read\n" },
};

START_TEST(plugin_that_ends_the_process_is_named)
{
  bool is_input = strcmp(end_rows[_i].plugin, "input") == 0;
  time_t begun = time(NULL);

  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[%s bad]\nplugin = ./%s_bad.so\n%s"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\n%s",
                end_rows[_i].plugin, end_rows[_i].plugin,
                is_input ? "" : "place.1 = meter.a\n",
                is_input ? "field.b = bad.a\n" : "");
  sandbox_setenv(s, "BAD", end_rows[_i].bad);
  sandbox_run(s, "run -c p.ini");
  check(EX_SOFTWARE, end_rows[_i].out, end_rows[_i].err);
  ck_assert_int_lt(time(NULL) - begun, 30); /* the deadline is 60 s */
}
END_TEST

/* ---- Deliveries that fail ---- */

/* The classes to which a row applies.  KEEPS: append and history, whose rows
 * are kept in a queue. */
enum { KEEPS = 1, LIVE = 2, LATEST = 4, ALL = KEEPS | LIVE | LATEST };

#define SILENT(what, of_what, kept)                                            \
  "error: bad: the plugin gave " what " for " of_what                          \
  " and did not say why; " kept "\n"
#define SILENT_ROWS(status, bad, what)                                         \
  { LATEST, bad, status, 2,                                                    \
    SILENT(what, "place.1, place.2", "the pending values are kept") },         \
    { KEEPS, bad, status, 1,                                                   \
      SILENT(what, "1 of 1 records", "the rows are kept") },                   \
  {                                                                            \
    LIVE, bad, status, 0,                                                      \
      SILENT(what, "place.1, place.2", "a live output keeps nothing")          \
  }
#define LEFT_OUT(what)                                                         \
  "error: bad: the plugin's fetch left out " what                              \
  " and did not say why; pending values are kept\n"
#define EXPLAINED "error: bad: fails as it was told\n"

static const struct {
  unsigned classes;
  const char *bad;
  int status;
  unsigned waiting; /* values of a latest output, rows of a queue */
  const char *err;
} delivery_rows[] = {
  { ALL, "", EX_OK, 0, "" },
  SILENT_ROWS(EX_TEMPFAIL, "commit-says0", "no result"),
  SILENT_ROWS(EX_TEMPFAIL, "commit-says2", "\"not sent\""),
  SILENT_ROWS(EX_TEMPFAIL, "commit-says3", "\"outcome unknown\""),
  SILENT_ROWS(EX_TEMPFAIL, "commit-says4", "\"retry\""),
  SILENT_ROWS(EX_UNAVAILABLE, "commit-says5", "\"rejected\""),
  /* A failure that the plugin explained is not reported twice. */
  { LATEST, "commit-fails", EX_IOERR, 2, EXPLAINED },
  { KEEPS, "commit-fails", EX_IOERR, 1, EXPLAINED },
  { LATEST, "fetch-none", EX_TEMPFAIL, 1, LEFT_OUT("place.1") },
  { LATEST, "fetch-one", EX_TEMPFAIL, 1, LEFT_OUT("place.2") },
  { LATEST, "fetch-unfit", EX_UNAVAILABLE, 2,
    "error: bad: the plugin's fetch said that place.1, place.2 cannot take "
    "values, but not why; pending values are kept\n" },
  { KEEPS | LIVE, "fetch-none", EX_OK, 0, "" },
  { LATEST, "fetch-skips", EX_OK, 0, "" },
  /* A value that write refuses is rejected, although commit accepts all. */
  { LATEST, "write-fails-10", EX_DATAERR, 1, EXPLAINED },
  { LATEST, "write-fails-11", EX_DATAERR, 1, EXPLAINED },
  { LATEST, "write-fails-1", EX_CONFIG, 1, EXPLAINED },
  { KEEPS | LIVE, "write-fails-10", EX_DATAERR, 0, EXPLAINED },
  /* After any other failure commit, which accepts all, is not called. */
  { LATEST, "write-fails-5", EX_IOERR, 2, EXPLAINED },
  { LATEST, "begin-fails-10", EX_DATAERR, 2, EXPLAINED },
  { KEEPS, "write-fails-5", EX_IOERR, 1, EXPLAINED },
  { KEEPS, "begin-fails-10", EX_DATAERR, 1, EXPLAINED },
  { LIVE, "begin-fails-5", EX_IOERR, 0, EXPLAINED },
};

/* Returns the number of pending values of targets, plus the rows in queues. */
static unsigned
count_waiting(void)
{
  const char *rows, *out;

  sandbox_setenv(s, "BAD", "");
  sandbox_run(s, "status --json -c p.ini");
  out = sandbox_out(s);
  rows = strstr(out, "\"rows\":");
  return count(out, "\"due\":{") +
         (rows ? (unsigned)atoi(rows + strlen("\"rows\":")) : 0);
}

static void
check_delivery(int row, const char *class)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\nstate_dir = state-%s\n"
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output bad]\nplugin = ./output_bad.so\nclass = %s\n"
                "place.1 = meter.a\nplace.2 = meter.a\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\n",
                class, class);
  sandbox_setenv(s, "BAD", delivery_rows[row].bad);
  sandbox_run(s, "run -c p.ini");
  check(delivery_rows[row].status, "a 1\n", delivery_rows[row].err);
  ck_assert_uint_eq(count_waiting(), delivery_rows[row].waiting);
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -c p.ini");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_eq(count_waiting(), 0);
}

/* A run that fails to deliver a value does not end with status 0, and the next
 * run delivers the kept values. */
START_TEST(failed_delivery_is_reported_and_loses_nothing)
{
  unsigned classes = delivery_rows[_i].classes;

  if (classes & LATEST)
    check_delivery(_i, "latest");
  if (classes & LIVE)
    check_delivery(_i, "live");
  if (classes & KEEPS) {
    check_delivery(_i, "append");
    check_delivery(_i, "history");
  }
}
END_TEST

static const struct {
  const char *bad;
  int status;
  const char *out, *err;
} stage_rows[] = {
  { "", EX_OK, "a 1\nb 1\nc 1\n", "" },
  { "read-exponent", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a value with an exponent out of "
    "range\n" },
  { "read-serial", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave a serial number that is not clean text\n" },
  { "read-serial-parts", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave a serial number that is not clean text\n" },
  { "read-serial-long", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave a serial number that is too long\n" },
  { "read-serial-huge", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a serial number that is not clean "
    "UTF-8, is too long, or has \"|\" in it\n" },
  { "read-unit-blank", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a unit that is not clean UTF-8, is too "
    "long, or has \"|\" in it or a blank at its beginning or end\n" },
  { "read-past", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a value with a time before 1970 or "
    "after 9999\n" },
  { "read-future", EX_SOFTWARE, "a 1\n",
    "error: bad: a: the plugin emitted a value with a time before 1970 or "
    "after 9999\n" },
  { "read-counter", EX_DATAERR, "a 1\n",
    "error: bad: a: is a counter in this reading, but a gauge in the plugin's "
    "description of its fields: it is left out\n" },
  { "read-no-name", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin emitted a value without a field\n" },
  { "field-open", EX_OK, "a 1\nb 1\nc 1\n", "" },
  { "store-full", EX_OK, "a 1\nb 1\nc 1\n", "" },
  { "store-long", EX_DATAERR, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave store_set a text of more than 64 KiB\n" },
  { "store-text", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave store_set a text that is not clean UTF-8\n" },
  { "store-key", EX_SOFTWARE, "a 1\nb 1\nc 1\n",
    "error: bad: the plugin gave store_set a key that is not clean UTF-8, is "
    "empty or is too long\n" },
  { "read-nonsense", EX_SOFTWARE, "a 1\n",
    "error: bad: the plugin's read returned 2, which is not a valid result\n" },
  { "read-end", EX_SOFTWARE, "a 1\n",
    "error: bad: the plugin's read returned 4, which is not a valid result\n" },
  { "read-skip", EX_OK, "a 1\n", "" },
  { "read-silent", EX_IOERR, "a 1\n",
    "error: bad: the plugin's read failed (-5) and did not say why\n" },
  { "apply-exponent", EX_SOFTWARE, "a 1\nb 1\n",
    "error: change: the plugin made a value with an exponent out of range\n" },
  { "apply-nonsense", EX_SOFTWARE, "a 1\nb 1\n",
    "error: change: the plugin's apply returned 4, which is not a valid "
    "result\n" },
  { "apply-holds", EX_DATAERR, "a 1\n",
    "error: change: the plugin's apply held the value and did not say why\n" },
  { "apply-drops", EX_SOFTWARE, "a 1\nb 1\n",
    "error: change: the plugin's apply dropped the value, and no operand is "
    "missing\n" },
  { "apply-rebases", EX_SOFTWARE, "a 1\nb 1\n",
    "error: change: the plugin's apply returned 3, which is not a valid "
    "result\n" },
  { "apply-limit", EX_OK, "a 1\nb 1\nc 17.50\n", "" },
};

/* Only the values of the bad input or transform are missing. */
START_TEST(bad_input_or_transform_does_not_bring_the_run_down)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[input bad]\nplugin = ./input_bad.so\n"
                "[transform change]\nplugin = ./transform_bad.so\n"
                "value = bad.a\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\nfield.b = bad.a\nfield.c = change\n");
  sandbox_setenv(s, "BAD", stage_rows[_i].bad);
  sandbox_run(s, "run -c p.ini");
  check(stage_rows[_i].status, stage_rows[_i].out, stage_rows[_i].err);
}
END_TEST

/* The row stays in the queue. */
START_TEST(token_without_an_end_is_refused)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output bad]\nplugin = ./output_bad.so\nclass = append\n"
                "place.1 = meter.a\n");
  sandbox_setenv(s, "BAD", "token-endless");
  sandbox_run(s, "run -c p.ini");
  check(EX_SOFTWARE, "",
        "error: bad: the plugin's token is not a line of clean UTF-8 that ends "
        "within 512 bytes\n");
  sandbox_run(s, "status -c p.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "1 row"));
}
END_TEST

/* The input's other fields are delivered. */
START_TEST(names_of_unrequested_fields_are_checked)
{
  sandbox_write(s, "p.ini",
                "[input bad]\nplugin = ./input_bad.so\n"
                "[output table]\nplugin = stdout\nformat = line\n");
  sandbox_setenv(s, "BAD", "read-name");
  sandbox_run(s, "run -c p.ini");
  check(EX_SOFTWARE, "bad.a 1\n",
        "error: bad: the plugin emitted a field whose name has characters "
        "other than a-z, 0-9, _ . and -, or is too long\n");
}
END_TEST

/* Nothing is read or delivered if an instance cannot be created. */
static const struct {
  const char *bad;
  int status;
  const char *err;
} create_rows[] = {
  { "create-silent", EX_CONFIG,
    "p.ini:4: the plugin's create failed (-1) and did not say why\n" },
  { "create-nonsense", EX_SOFTWARE,
    "error: bad: the plugin's create returned 2, which is not a valid "
    "result\n" },
};

START_TEST(failed_create_ends_the_run_before_reading)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\ncommand = touch read\n"
                "[output bad]\nplugin = ./output_bad.so\nplace.1 = meter.a\n");
  sandbox_setenv(s, "BAD", create_rows[_i].bad);
  sandbox_run(s, "run -c p.ini");
  check(create_rows[_i].status, "", create_rows[_i].err);
  ck_assert(!sandbox_exists(s, "read"));
}
END_TEST

/* A live output keeps no values, so it is left out if it cannot be opened; the
 * other output is served, with a meter and with a capture. */
static const char *const live_inputs[] = {
  "plugin = exec\ncommand = echo '{\"field\":\"heat_energy_e1\","
  "\"value\":\"84.208\",\"unit\":\"GJ\"}'\n",
  "plugin = replay\npath = meter.capture\n",
};

START_TEST(unopenable_live_output_is_skipped)
{
  sandbox_write(s, "meter.capture",
                "< 40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d\n\n"
                "< 40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d\n");
  sandbox_write(s, "p.ini",
                "[input meter]\n%s"
                "[output bad]\nplugin = ./output_bad.so\nclass = live\n"
                "place.1 = meter.heat_energy_e1\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.heat_energy_e1\n",
                live_inputs[_i]);
  sandbox_setenv(s, "BAD", "open-nonsense");
  sandbox_run(s, "run -c p.ini");
  check(
    EX_SOFTWARE, _i ? "a 84.208 GJ\na 84.208 GJ\n" : "a 84.208 GJ\n",
    "error: bad: the plugin's open returned 77, which is not a valid result\n");
}
END_TEST

START_TEST(probe_lists_an_invalid_value_as_null_with_the_reason)
{
  sandbox_setenv(s, "BAD", "probe-exponent");
  sandbox_run(s, "probe ./input_bad.so --json");
  check(
    EX_OK,
    "{\"plugin\":\"bad\",\"answered\":true,\"facts\":[],\"fields\":["
    "{\"field\":\"a\",\"number\":\"1\",\"label\":null,\"value\":null,"
    "\"unit\":null,\"remark\":\"a value with an exponent out of range\"}]}\n",
    "");
}
END_TEST

START_TEST(targets_fails_if_the_output_cannot_be_opened)
{
  sandbox_setenv(s, "BAD", "open-nonsense");
  sandbox_run(s, "targets ./output_bad.so");
  check(
    EX_SOFTWARE, "",
    "error: bad: the plugin's open returned 77, which is not a valid result\n");
}
END_TEST

START_TEST(watch_describes_an_attempt_that_has_no_text)
{
  sandbox_run(s, "probe ./input_bad.so --watch --json");
  check(EX_OK,
        "{\"attempt\":1,\"answered\":true,\"round_trip_ms\":0,"
        "\"what\":\"answers\",\"detail\":null}\n"
        "{\"attempt\":2,\"answered\":false,\"round_trip_ms\":null,"
        "\"what\":\"no reply\",\"detail\":null}\n",
        "");
}
END_TEST

START_TEST(hanging_input_is_abandoned_after_a_signal)
{
  time_t begin = time(NULL);

  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = ./input_bad.so\n"
                "[output out]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\n");
  sandbox_setenv(s, "BAD", "read-hangs");
  sandbox_start(s, "run -c house.ini");
  sleep(1);
  kill(sandbox_pid(s), SIGTERM);
  ck_assert_int_eq(sandbox_wait(s), 75);
  ck_assert_int_lt(time(NULL) - begin, 30); /* the deadline is 60 s */
  ck_assert_str_eq(sandbox_err(s),
                   "error: meter: was still reading when the run "
                   "had to end and was abandoned\n");
}
END_TEST

/* The run abandons the hanging input's thread and delivers the other meter's
 * values. */
START_TEST(hanging_input_is_abandoned_at_the_deadline)
{
  sandbox_write(s, "p.ini",
                "[pipeline]\ndeadline = 1s\n"
                "[input bad]\nplugin = ./input_bad.so\n"
                "[input meter]\nplugin = exec\n"
                "command = echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = meter.a\nfield.b = bad.b\n");
  sandbox_setenv(s, "BAD", "read-hangs");
  sandbox_run(s, "run -c p.ini");
  check(76, "a 1\n",
        "error: bad: was still reading at the deadline of the cycle and was "
        "abandoned; a longer \"deadline\" in [pipeline] gives it more time\n");
}
END_TEST

/* The plugin's code must stay loaded between two cycles, as its thread runs. */
START_TEST(remaining_thread_of_a_plugin_does_not_crash_the_run)
{
  sandbox_write(s, "p.ini",
                "[input bad]\nplugin = ./input_bad.so\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = bad.a\n");
  sandbox_setenv(s, "BAD", "create-thread");
  sandbox_start(s, "run -c p.ini --every 100ms");
  sleep(1);
  kill(sandbox_pid(s), SIGTERM);
  ck_assert_int_eq(sandbox_wait(s), EX_TEMPFAIL);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "a 1\na 1\n"));
}
END_TEST

/* ---- Many failures of one stage ---- */

static void
write_failing_house(const char *how)
{
  sandbox_write(s, "p.ini",
                "[input bad]\nplugin = ./input_bad.so\n"
                "[output table]\nplugin = stdout\nformat = line\n"
                "field.a = bad.a\n");
  sandbox_setenv(s, "BAD", how);
}

/* The exit status, the state and "meterpipe status" include all failures. */
START_TEST(stage_prints_twenty_failures_and_how_many_more)
{
  write_failing_house("read-fails-100");
  ck_assert_int_eq(sandbox_run(s, "run -c p.ini"), EX_DATAERR);
  ck_assert_uint_eq(count(sandbox_err(s), ": is damaged\n"), 20);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s),
                               "error: bad: and 80 more failures: "
                               "\"meterpipe status\" lists all of them\n"));
  sandbox_run(s, "status -c p.ini");
  ck_assert_uint_eq(count(sandbox_out(s), "is damaged\n"), 100);
  /* All 100 failures count as reported. */
  sandbox_advance(s, 1200);
  sandbox_run(s, "run -c p.ini");
  check(EX_DATAERR, "", "");
  sandbox_run(s, "run -v -c p.ini");
  ck_assert_uint_eq(count(sandbox_err(s), ": is damaged\n"), 100);
  sandbox_setenv(s, "BAD", "");
  sandbox_run(s, "run -c p.ini");
  ck_assert_uint_eq(count(sandbox_err(s), ": works again after "), 20);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(s), "notice: bad: and 80 more work again\n"));
  ck_assert_int_eq(sandbox_status(s), EX_OK);
}
END_TEST

START_TEST(thousands_of_outages_are_listed_and_cleared)
{
  write_failing_house("read-fails-5000");
  ck_assert_int_eq(sandbox_run(s, "run -c p.ini"), EX_DATAERR);
  sandbox_run(s, "status -c p.ini");
  ck_assert_uint_eq(count(sandbox_out(s), "is damaged\n"), 5000);
  sandbox_run(s, "status --json -c p.ini");
  ck_assert_uint_eq(count(sandbox_out(s), "\"reason\":\"is damaged\""), 5000);
  sandbox_setenv(s, "BAD", "");
  ck_assert_int_eq(sandbox_run(s, "run -c p.ini"), EX_OK);
  sandbox_run(s, "status -c p.ini");
  ck_assert_uint_eq(count(sandbox_out(s), "is damaged\n"), 0);
}
END_TEST

START_TEST(plugin_of_the_wrong_kind_is_refused)
{
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = ./output_bad.so\n"
                "[output table]\nplugin = stdout\nfield.a = meter.a\n");
  sandbox_run(s, "check --offline -c p.ini");
  check(EX_CONFIG, "",
        "p.ini:2: ./output_bad.so: the plugin is for a section [output NAME], "
        "not for [input NAME]\n");
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
  tcase_add_loop_test(tc, conform_names_the_callback_that_misbehaves, 0,
                      ARRAY_SIZE(manners_rows));
  tcase_add_loop_test(tc, conform_detects_a_broken_input_or_transform, 0,
                      ARRAY_SIZE(other_rows));
  tcase_add_loop_test(tc, incomplete_plugin_table_is_refused, 0,
                      ARRAY_SIZE(table_rows));
  tcase_add_test(tc, plugin_list_continues_after_a_broken_plugin);
  tcase_add_test(tc, conform_detects_a_memory_leak);
  tcase_add_loop_test(tc, conform_accepts_a_sound_plugin, 0, ARRAY_SIZE(sound));
  tcase_add_test(tc, conform_refuses_wrong_options);
  tcase_add_test(tc, conform_takes_a_secret_from_a_file);
  tcase_add_test(tc, conform_quotes_a_long_message_to_its_end);
  tcase_add_test(tc, conform_detects_a_watch_that_cannot_be_cancelled);
  tcase_add_test(tc, library_without_the_plugin_symbol_is_refused);
  tcase_add_test(tc, file_that_is_not_a_library_is_refused);
  tcase_add_loop_test(tc, all_own_plugins_pass_conform, 0,
                      ARRAY_SIZE(own_rows));
  tcase_add_loop_test(tc, bad_plugin_does_not_bring_the_run_down, 0,
                      ARRAY_SIZE(run_rows));
  tcase_add_loop_test(tc, plugin_that_ends_the_process_is_named, 0,
                      ARRAY_SIZE(end_rows));
  tcase_add_loop_test(tc, failed_delivery_is_reported_and_loses_nothing, 0,
                      ARRAY_SIZE(delivery_rows));
  tcase_add_loop_test(tc, bad_input_or_transform_does_not_bring_the_run_down, 0,
                      ARRAY_SIZE(stage_rows));
  tcase_add_test(tc, token_without_an_end_is_refused);
  tcase_add_test(tc, names_of_unrequested_fields_are_checked);
  tcase_add_loop_test(tc, failed_create_ends_the_run_before_reading, 0,
                      ARRAY_SIZE(create_rows));
  tcase_add_loop_test(tc, unopenable_live_output_is_skipped, 0,
                      ARRAY_SIZE(live_inputs));
  tcase_add_test(tc, probe_lists_an_invalid_value_as_null_with_the_reason);
  tcase_add_test(tc, watch_describes_an_attempt_that_has_no_text);
  tcase_add_test(tc, targets_fails_if_the_output_cannot_be_opened);
  tcase_add_loop_test(tc, unloadable_plugin_is_reported_in_one_line, 0,
                      ARRAY_SIZE(conform_rows));
  tcase_add_test(tc, hanging_input_is_abandoned_at_the_deadline);
  tcase_add_test(tc, hanging_input_is_abandoned_after_a_signal);
  tcase_add_test(tc, remaining_thread_of_a_plugin_does_not_crash_the_run);
  tcase_add_test(tc, stage_prints_twenty_failures_and_how_many_more);
  tcase_add_test(tc, thousands_of_outages_are_listed_and_cleared);
  tcase_add_test(tc, plugin_of_the_wrong_kind_is_refused);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(conform_suite());
}
