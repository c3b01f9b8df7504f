/* meterpipe conform: checks that a plugin keeps the contract of plugin.h. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "core/commands/app.h"

#include <fcntl.h>
#ifdef COUNT_LINES
#include <gcov.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/commands/commands.h"
#include "core/config/option_type.h"
#include "core/config/secret.h"
#include "core/conform/conform.h"
#include "core/memory/memory.h"
#include "core/run/log.h"
#include "lib/clock.h"
#include "lib/remove_tree.h"

/* The time limit of a check, in seconds.  The environment variable changes it:
 * for a slow debugger, or for a test that must be fast. */
#define CHECK_SECONDS 60
#define CHECK_SECONDS_VARIABLE "METERPIPE_CONFORM_SECONDS"

/* ---- Loading ---- */

/* Loads the plugin PATH, whatever its kind.  Returns NULL and writes the reason
 * to WHY on failure.  The loader's message about a wrong kind is not used if
 * there is another one. */
static const struct plugin *
load_any(struct loader *loader, const char *path, char *why, size_t size)
{
  for (int kind = 0; kind < PLUGIN_KINDS; kind++) {
    const struct plugin *plugin =
      loader_get(loader, (enum plugin_kind)kind, path);

    if (plugin)
      return plugin;
    if (kind == 0 || !strstr(loader_error(loader), "is for a section"))
      snprintf(why, size, "%s", loader_error(loader));
  }
  return NULL;
}

static int
try_load(const char *path)
{
  struct loader *loader = loader_new("");
  const struct plugin *plugin;
  char why[1024];

  if (!loader)
    return EX_OSERR;
  plugin = load_any(loader, path, why, sizeof(why));
  if (!plugin)
    log_line(MP_LOG_ERROR, NULL, NULL, "%s", why);
  loader_free(loader);
  return plugin ? EX_OK : EX_CONFIG;
}

/* ---- A process for each check ---- */

static int
check_seconds(void)
{
  const char *text = getenv(CHECK_SECONDS_VARIABLE);
  long n = text ? strtol(text, NULL, 10) : 0;

  return n > 0 && n < 86400 ? (int)n : CHECK_SECONDS;
}

/* Waits for the process PID.  Returns false if it hung and was killed.  The
 * time is measured in this process, because the plugin may have disabled the
 * child's alarms.  SIGCHLD is blocked. */
static bool
wait_for(pid_t pid, const sigset_t *sigchld, int *ret_status)
{
  int64_t until = clock_mono_ms() + check_seconds() * INT64_C(1000);

  while (waitpid(pid, ret_status, WNOHANG) == 0) {
    int64_t left = until - clock_mono_ms();
    struct timespec t = { .tv_sec = (time_t)(left / 1000),
                          .tv_nsec = (long)(left % 1000) * 1000000 };

    if (left <= 0) {
      kill(pid, SIGKILL);
      waitpid(pid, ret_status, 0);
      return false;
    }
    sigtimedwait(sigchld, NULL, &t);
  }
  return true;
}

/* Returns the result of a check from the pipe FD.  If the check's process did
 * not write one, reports how it ended.  Its exit status cannot be the result:
 * it may be the plugin's. */
static int
read_check_result(const char *label, const char *check, int status, int fd)
{
  unsigned char result;

  if (WIFSIGNALED(status))
    log_line(MP_LOG_ERROR, label, check, "crashes: signal %d",
             WTERMSIG(status));
  else if (read(fd, &result, 1) == 1)
    return result;
  else
    log_line(MP_LOG_ERROR, label, check, "ends the program with status %d",
             WEXITSTATUS(status));
  return EX_SOFTWARE;
}

/* Ends the process without the exit handlers of the plugin. */
static void
exit_at_once(int status)
{
#ifdef COUNT_LINES
  __gcov_dump(); /* _exit skips this, too */
#endif
  _exit(status);
}

static void
be_child(int (*fn)(void *ctx), void *ctx, const sigset_t *mask, int fd)
{
  unsigned char result;

  sigprocmask(SIG_SETMASK, mask, NULL);
  signal(SIGPIPE, SIG_IGN);               /* as in a run */
  if (!freopen("/dev/null", "w", stdout)) /* outputs may print to it */
    exit_at_once(EX_OSERR);
  result = (unsigned char)fn(ctx);
  exit_at_once(write(fd, &result, 1) == 1 ? result : EX_OSERR);
}

/* Runs FN in a child process, which sends its status to FDS[1].  Returns that
 * status. */
static int
run_child(const char *label, const char *check, int (*fn)(void *ctx), void *ctx,
          const int fds[2])
{
  sigset_t sigchld, mask;
  int status = 0;
  bool ended;
  pid_t pid;

  fflush(stdout);
  signal(SIGCHLD, SIG_DFL);
  sigemptyset(&sigchld);
  sigaddset(&sigchld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &sigchld, &mask);
  pid = fork();
  if (pid == 0)
    be_child(fn, ctx, &mask, fds[1]);
  ended = pid > 0 && wait_for(pid, &sigchld, &status);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  if (pid < 0)
    return EX_OSERR;
  if (ended)
    return read_check_result(label, check, status, fds[0]);
  log_line(MP_LOG_ERROR, label, check, "does not return within %d s",
           check_seconds());
  return EX_SOFTWARE;
}

/* Runs FN in a child process and returns its status.  The pipe does not block:
 * a grandchild that the plugin left running may hold it open. */
static int
in_process(const char *label, const char *check, int (*fn)(void *ctx),
           void *ctx)
{
  int fds[2], status;

  if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
    return EX_OSERR;
  status = run_child(label, check, fn, ctx, fds);
  close(fds[0]);
  close(fds[1]);
  return status;
}

static int
load_in_process(void *ctx)
{
  return try_load(ctx);
}

struct job {
  struct conform *c;
  const struct conform_check *check;
};

static int
check_in_process(void *ctx)
{
  struct job *job = ctx;

  job->c->check = job->check->name;
  job->check->run(job->c);
  return job->c->failed ? EX_SOFTWARE : EX_OK;
}

/* Runs the checks until one fails: a later one would mostly find the same
 * again.  Static checks run in any case.  Adds the number of checks to *N. */
static int
run_checks(struct conform *c, const struct conform_check *checks, int *n)
{
  int worst = EX_OK;

  for (; checks->name && (worst == EX_OK || checks->is_static); checks++) {
    struct job job = { c, checks };
    int status = in_process(c->label, checks->name, check_in_process, &job);

    if (status != EX_OK)
      worst = status;
    ++*n;
  }
  return worst;
}

/* ---- Options of the plugin ---- */

static const struct mp_option *
find_option(const struct plugin *plugin, const char *word)
{
  const struct mp_option *row = plugin->table.options;
  size_t len = strcspn(word, "=");

  for (; row && row->key; row++)
    if (strlen(row->key) == len && strncmp(row->key, word, len) == 0)
      return row;
  return NULL;
}

/* Checks word I, and reports a mistake.  A word without "=" may be the end of a
 * secret that blanks cut off, so only the first word is printed.  Text after a
 * colon is not printed, for the same reason. */
static bool
word_is_good(const struct conform *c, int i)
{
  const char *word = c->given[i];
  const struct mp_option *row = find_option(c->plugin, word);
  const char *value = strchr(word, '=');
  struct option_number number;
  int key = (int)strcspn(word, "=:");
  char why[OPTION_WHY];

  if (!value && i > 0)
    log_line(MP_LOG_ERROR, c->label, NULL,
             "text after a blank is not part of an option: write OPTION=VALUE, "
             "without blanks");
  else if (!value)
    log_line(MP_LOG_ERROR, c->label, NULL,
             "\"%.*s\" is not an option: write OPTION=VALUE, without blanks",
             key, word);
  else if (!row)
    log_line(MP_LOG_ERROR, c->label, NULL,
             "%.*s: the plugin has no such option", key, word);
  else if (option_type_parse(row, value + 1, &number, why) != MP_OK)
    log_line(MP_LOG_ERROR, c->label, NULL, "%s: %s", row->key, why);
  else
    return true;
  return false;
}

/* Checks all words here, because the plugin never sees a value that is not of
 * its option's type. */
static bool
words_are_good(const struct conform *c)
{
  bool good = true;

  for (int i = 0; i < c->n_given; i++)
    good &= word_is_good(c, i);
  return good;
}

/* ---- The command ---- */

static int
run_all(struct conform *c)
{
  static const struct conform_check *const by_kind[PLUGIN_KINDS] = {
    conform_input, conform_transform, conform_output
  };
  char dir[] = "/tmp/meterpipe-conform-XXXXXX";
  int status, n = 1; /* loading was the first */

  if (!mkdtemp(dir)) {
    log_line(MP_LOG_ERROR, NULL, "/tmp", "cannot create a directory there");
    return EX_CANTCREAT;
  }
  c->dir = dir;
  status = run_checks(c, conform_common, &n);
  if (status == EX_OK)
    status = run_checks(c, by_kind[c->plugin->kind], &n);
  remove_tree(dir);
  c->dir = NULL;
  if (status == EX_OK && log_shows(MP_LOG_NOTICE))
    printf("%s: keeps the contract: %d checks\n", c->label, n);
  return status;
}

/* Checks the plugin with copies of the words, and overwrites the secrets in the
 * originals.  The plugin may crash, so with secrets there must be no core
 * file. */
static int
conform_plugin(struct conform *c, const struct arguments *args)
{
  int n = args->n_operands - 1, status;
  char **given = memory_get((size_t)n + 1, sizeof(*given));

  for (int i = 0; i < n; i++)
    given[i] = memory_text(args->operands[i + 1]);
  if (secret_hide_words(c->plugin->table.options, args->operands + 1, n))
    secret_forbid_cores();
  c->given = given;
  c->n_given = n;
  status = words_are_good(c) ? run_all(c) : EX_USAGE;
  for (int i = 0; i < n; i++)
    secret_free(given[i]);
  free(given);
  return status;
}

int
command_conform(const struct arguments *args)
{
  char *path = args->operands[0];
  const char *slash = strrchr(path, '/');
  struct conform c = { .label = slash ? slash + 1 : path };
  char *full = slash ? memory_text(path) : memory_format("./%s", path);
  struct loader *loader = loader_new("");
  char why[1024];
  int status = in_process(c.label, "load", load_in_process, full);

  if (status == EX_OK) {
    c.plugin = load_any(loader, full, why, sizeof(why));
    status = c.plugin ? conform_plugin(&c, args) : EX_SOFTWARE;
  }
  loader_free(loader);
  free(full);
  return status;
}
