/* meterpipe conform: whether a plugin keeps the contract. */
#include "core/app.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/conform.h"
#include "core/log.h"

/* A check that takes longer hangs. */
#define CHECK_SECONDS 60

/* ---- Loading ---- */

/* A file says by itself which kind it is: the loader's message for another
 * kind than ours is not the one to show. */
static const struct plugin *
load_any(struct loader *loader, const char *path, char *why, size_t size)
{
  for (int kind = 0; kind < PLUGIN_KINDS; kind++) {
    const struct plugin *plugin =
      loader_get(loader, (enum plugin_kind)kind, path);

    if (plugin)
      return plugin;
    if (kind == 0 || strstr(loader_error(loader), "is for a section") == NULL)
      snprintf(why, size, "%s", loader_error(loader));
  }
  return NULL;
}

static int
try_load(const char *path)
{
  struct loader *loader = loader_new("");
  char why[1024];

  if (!loader)
    return EX_OSERR;
  if (load_any(loader, path, why, sizeof(why)))
    return EX_OK;
  log_line(MP_LOG_ERROR, NULL, NULL, "%s", why);
  return EX_CONFIG;
}

/* ---- A process for each check ---- */

/* How a check's process ended, if not in order. */
static int
judge(const char *label, const char *check, int status)
{
  if (WIFEXITED(status) && WEXITSTATUS(status) <= EX_CONFIG)
    return WEXITSTATUS(status);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    log_line(MP_LOG_ERROR, label, check, "does not come back within %d s",
             CHECK_SECONDS);
  else if (WIFSIGNALED(status))
    log_line(MP_LOG_ERROR, label, check, "crashes: signal %d",
             WTERMSIG(status));
  else
    log_line(MP_LOG_ERROR, label, check, "ends the program with status %d",
             WEXITSTATUS(status));
  return EX_SOFTWARE;
}

/* FN's status, from a process of its own. */
static int
in_process(const char *label, const char *check, int (*fn)(void *ctx),
           void *ctx)
{
  int status = 0;
  pid_t pid;

  fflush(stdout);
  pid = fork();
  if (pid < 0)
    return EX_OSERR;
  if (pid == 0) {
    signal(SIGPIPE, SIG_IGN);               /* as in a run */
    if (!freopen("/dev/null", "w", stdout)) /* what an output may print to */
      _exit(EX_OSERR);
    alarm(CHECK_SECONDS);
    _exit(fn(ctx));
  }
  while (waitpid(pid, &status, 0) < 0)
    ;
  return judge(label, check, status);
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

/* What comes after a finding would mostly be the same once more; but for what
 * stands in the tables. */
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

/* ---- The command ---- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  (void)st;
  (void)type;
  (void)ftw;
  return remove(path);
}

static int
run_all(struct conform *c)
{
  static const struct conform_check *const by_kind[PLUGIN_KINDS] = {
    conform_input, conform_transform, conform_output
  };
  char dir[] = "/tmp/meterpipe-conform-XXXXXX";
  int status, n = 1; /* that it loads was the first */

  if (!mkdtemp(dir)) {
    log_line(MP_LOG_ERROR, NULL, "/tmp", "no folder can be made there");
    return EX_CANTCREAT;
  }
  c->dir = dir;
  status = run_checks(c, conform_common, &n);
  if (status == EX_OK)
    status = run_checks(c, by_kind[c->plugin->kind], &n);
  nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  if (status == EX_OK && log_shows(MP_LOG_NOTICE))
    printf("%s: keeps the contract: %d checks\n", c->label, n);
  return status;
}

int
command_conform(const struct arguments *args)
{
  char *path = args->operands[0];
  const char *slash = strrchr(path, '/');
  struct conform c = { .label = slash ? slash + 1 : path,
                       .given = args->operands + 1,
                       .n_given = args->n_operands - 1 };
  char *full = slash ? strdup(path) : NULL, why[1024];
  struct loader *loader = loader_new("");
  int status = EX_OSERR;

  if (!slash && asprintf(&full, "./%s", path) < 0)
    full = NULL;
  if (loader && full)
    status = in_process(c.label, "load", load_in_process, full);
  if (status == EX_OK) {
    c.plugin = load_any(loader, full, why, sizeof(why));
    status = c.plugin ? run_all(&c) : EX_SOFTWARE;
  }
  loader_free(loader);
  free(full);
  return status;
}
