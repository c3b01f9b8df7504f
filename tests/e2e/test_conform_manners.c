/*
 * What no callback of a plugin may do: conform names the callback that does.
 */
#include <check.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

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

/* Things that no callback may do, in one callback or another.  LEAKS: the
 * number of bytes follows; a sanitizer replaces malloc, and conform cannot
 * count.  STACK: a sanitizer sees it first. */
#define LEAKS 1
#define STACK 2

#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

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
    STACK },
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

/* Returns true if a sanitizer did the work of conform. */
static bool
is_left_to_sanitizer(int flags)
{
  return IS_SANITIZED && flags != 0 &&
         (strstr(sandbox_err(s), "Sanitizer") ||
          (flags == LEAKS && sandbox_status(s) == EX_OK));
}

START_TEST(conform_names_the_callback_that_misbehaves)
{
  char first[512];

  sandbox_setenv(s, "BAD", manners_rows[_i].bad);
  sandbox_setenv(s, "ASAN_OPTIONS", "verify_asan_link_order=0:handle_segv=0");
  sandbox_run(s, "conform -q %s", manners_rows[_i].file);
  if (is_left_to_sanitizer(manners_rows[_i].flags))
    return;
  snprintf(first, sizeof(first), "error: %s: %s%s", manners_rows[_i].file,
           manners_rows[_i].err, manners_rows[_i].flags == LEAKS ? "" : "\n");
  if (strncmp(sandbox_err(s), first, strlen(first)) != 0)
    ck_assert_str_eq(sandbox_err(s), first);
  ck_assert_int_eq(sandbox_status(s), EX_SOFTWARE);
}
END_TEST

static Suite *
conform_manners_suite(void)
{
  Suite *suite = suite_create("conform manners");
  TCase *tc = tcase_create("plugins");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, conform_names_the_callback_that_misbehaves, 0,
                      ARRAY_SIZE(manners_rows));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(conform_manners_suite());
}
