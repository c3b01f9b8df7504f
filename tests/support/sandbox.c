/* Runs the real program in a directory of its own. */
#include "tests/support/sandbox.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/remove_tree.h"

#define MAX_WORDS 80
#define MAX_VARIABLES 16
/* 2026-11-22T10:00:00Z */
#define FIRST_TIME INT64_C(1795341600)
/* User nobody, the same number on every Linux. */
#define NOBODY 65534

struct variable {
  char *name, *value; /* value NULL: removed */
};

struct sandbox {
  char dir[64];
  int64_t now;
  struct variable variables[MAX_VARIABLES];
  size_t n_variables;
  const char *in_path, *out_path, *err_path; /* set by the test; or NULL */
  bool as_nobody;
  pid_t pid;
  int status;
  long max_kib;
  char *out, *err, *file;
};

struct sandbox *
sandbox_new(void)
{
  struct sandbox *s = calloc(1, sizeof(*s));
  const char *tmp = getenv("TMPDIR");

  ck_assert_ptr_nonnull(s);
  ck_assert_int_lt(snprintf(s->dir, sizeof(s->dir), "%s/meterpipe-XXXXXX",
                            tmp && strlen(tmp) < 30 ? tmp : "/tmp"),
                   (int)sizeof(s->dir));
  ck_assert_ptr_nonnull(mkdtemp(s->dir));
  s->now = FIRST_TIME;
  sandbox_setenv(s, "HOME", s->dir);
  sandbox_setenv(s, "XDG_STATE_HOME", NULL);
  sandbox_setenv(s, "STATE_DIRECTORY", s->dir);
  sandbox_setenv(s, "JOURNAL_STREAM", NULL);
  if (getenv("CLOCK_PRELOAD"))
    sandbox_setenv(s, "LD_PRELOAD", getenv("CLOCK_PRELOAD"));
  return s;
}

void
sandbox_free(struct sandbox *s)
{
  if (!s)
    return;
  if (s->pid > 0) {
    kill(s->pid, SIGKILL);
    sandbox_wait(s);
  }
  remove_tree(s->dir);
  for (size_t i = 0; i < s->n_variables; i++) {
    free(s->variables[i].name);
    free(s->variables[i].value);
  }
  free(s->out);
  free(s->err);
  free(s->file);
  free(s);
}

const char *
sandbox_dir(const struct sandbox *s)
{
  return s->dir;
}

/* ---- Files ---- */

static char *
path_of(const struct sandbox *s, const char *name)
{
  char *path;

  ck_assert_int_ge(asprintf(&path, "%s%s%s", *name == '/' ? "" : s->dir,
                            *name == '/' ? "" : "/", name),
                   0);
  return path;
}

void
sandbox_write(struct sandbox *s, const char *name, const char *fmt, ...)
{
  char *path = path_of(s, name);
  FILE *f = fopen(path, "w");
  va_list args;

  ck_assert_msg(f, "%s: %s", path, strerror(errno));
  va_start(args, fmt);
  ck_assert_int_ge(vfprintf(f, fmt, args), 0);
  va_end(args);
  ck_assert_int_eq(fclose(f), 0);
  free(path);
}

static char *
slurp(const char *path)
{
  FILE *f = fopen(path, "r");
  char *text = NULL;
  size_t size = 0;
  ssize_t n;

  if (!f)
    return NULL;
  n = getdelim(&text, &size, '\0', f);
  fclose(f);
  if (n < 0) {
    free(text);
    return strdup("");
  }
  return text;
}

const char *
sandbox_read(struct sandbox *s, const char *name)
{
  char *path = path_of(s, name);

  free(s->file);
  s->file = slurp(path);
  free(path);
  return s->file;
}

const char *
sandbox_output_of(struct sandbox *s, const char *command)
{
  size_t size = 0;
  char *line;
  FILE *f;

  ck_assert_int_gt(asprintf(&line, "cd '%s' && %s 2>&1", s->dir, command), 0);
  f = popen(line, "re");
  ck_assert_ptr_nonnull(f);
  free(line);
  free(s->file);
  s->file = NULL;
  if (getdelim(&s->file, &size, '\0', f) < 0)
    *s->file = '\0';
  pclose(f);
  return s->file;
}

bool
sandbox_exists(const struct sandbox *s, const char *name)
{
  char *path = path_of(s, name);
  bool there = access(path, F_OK) == 0;

  free(path);
  return there;
}

void
sandbox_remove(struct sandbox *s, const char *name)
{
  char *path = path_of(s, name);

  ck_assert_msg(remove(path) == 0, "%s: %s", path, strerror(errno));
  free(path);
}

/* ---- Environment and clock ---- */

void
sandbox_setenv(struct sandbox *s, const char *name, const char *value)
{
  size_t i;

  for (i = 0; i < s->n_variables; i++)
    if (strcmp(s->variables[i].name, name) == 0)
      break;
  ck_assert_uint_lt(i, MAX_VARIABLES);
  if (i == s->n_variables) {
    s->variables[i].name = strdup(name);
    s->n_variables++;
  }
  free(s->variables[i].value);
  s->variables[i].value = value ? strdup(value) : NULL;
}

int64_t
sandbox_now(const struct sandbox *s)
{
  return s->now;
}

void
sandbox_advance(struct sandbox *s, int64_t seconds)
{
  s->now += seconds;
}

void
sandbox_set_clock(struct sandbox *s, int64_t seconds)
{
  s->now = seconds;
}

/* ---- Running ---- */

void
sandbox_set_stdin(struct sandbox *s, const char *path)
{
  s->in_path = path;
}

void
sandbox_set_stdout(struct sandbox *s, const char *path)
{
  s->out_path = path;
}

void
sandbox_set_stderr(struct sandbox *s, const char *path)
{
  s->err_path = path;
}

void
sandbox_become_nobody(struct sandbox *s)
{
  if (geteuid() != 0)
    return;
  ck_assert_int_eq(chown(s->dir, NOBODY, NOBODY), 0);
  s->as_nobody = true;
}

bool
sandbox_has_nobody(void)
{
  const char *program = getenv("METERPIPE");
  int status = -1;
  pid_t pid;

  if (geteuid() != 0)
    return true;
  pid = fork();
  if (pid == 0)
    _exit(!program || setuid(NOBODY) != 0 || access(program, X_OK) != 0 ? 1
                                                                        : 0);
  return waitpid(pid, &status, 0) == pid && status == 0;
}

/* Splits TEXT into words, in place. */
static void
split(char *text, char **words)
{
  size_t n = 1; /* words[0] is the program */

  while (*(text += strspn(text, " "))) {
    char quote = (char)(*text == '\'' ? *text++ : ' ');
    size_t len = strcspn(text, quote == ' ' ? " " : "'");

    ck_assert_uint_lt(n, MAX_WORDS - 1);
    words[n++] = text;
    if (text[len])
      text[len++] = 0;
    text += len;
  }
  words[n] = NULL;
}

static void
redirect(int fd, const char *path, int flags)
{
  int file = open(path, flags, 0600);

  if (file < 0 || dup2(file, fd) < 0)
    _exit(126);
  close(file);
}

static bool
is_set_by(const struct sandbox *s, const char *entry)
{
  size_t len = strcspn(entry, "=");

  for (size_t i = 0; i < s->n_variables; i++)
    if (strncmp(s->variables[i].name, entry, len) == 0 &&
        s->variables[i].name[len] == 0)
      return true;
  return false;
}

/* Returns the environment of the test, with the sandbox's variables replaced.
 */
static char **
new_environment(const struct sandbox *s)
{
  size_t n = 0, to = 0;
  char **env;

  while (environ[n])
    n++;
  env = calloc(n + s->n_variables + 1, sizeof(*env));
  ck_assert_ptr_nonnull(env);
  for (size_t i = 0; i < n; i++)
    if (!is_set_by(s, environ[i]))
      env[to++] = strdup(environ[i]);
  for (size_t i = 0; i < s->n_variables; i++)
    if (s->variables[i].value)
      ck_assert_int_ge(asprintf(&env[to++], "%s=%s", s->variables[i].name,
                                s->variables[i].value),
                       0);
  return env;
}

static void
free_environment(char **env)
{
  for (size_t i = 0; env[i]; i++)
    free(env[i]);
  free(env);
}

/* Runs in the child.  The test has threads, so nothing here may allocate. */
static void
become(const struct sandbox *s, char **words, char **env)
{
  if (chdir(s->dir) != 0)
    _exit(126);
  if (s->as_nobody &&
      (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
    _exit(126);
  redirect(STDIN_FILENO, s->in_path ? s->in_path : "/dev/null", O_RDONLY);
  redirect(STDOUT_FILENO, s->out_path ? s->out_path : ".out",
           O_WRONLY | O_CREAT | O_TRUNC);
  redirect(STDERR_FILENO, s->err_path ? s->err_path : ".err",
           O_WRONLY | O_CREAT | O_TRUNC);
  execve(words[0], words, env);
  _exit(127);
}

__attribute__((format(printf, 2, 0))) static void
start(struct sandbox *s, const char *fmt, va_list args)
{
  char *program = getenv("METERPIPE");
  char *words[MAX_WORDS], *text, **env;
  char now[32];

  ck_assert_msg(program, "METERPIPE does not name the program to test");
  ck_assert_int_eq(s->pid, 0);
  ck_assert_int_ge(vasprintf(&text, fmt, args), 0);
  words[0] = program;
  split(text, words);
  snprintf(now, sizeof(now), "%lld", (long long)s->now);
  sandbox_setenv(s, "TEST_CLOCK", now);
  env = new_environment(s);
  s->pid = fork();
  ck_assert_int_ge(s->pid, 0);
  if (s->pid == 0)
    become(s, words, env);
  free_environment(env);
  free(text);
}

void
sandbox_start(struct sandbox *s, const char *args, ...)
{
  va_list list;

  va_start(list, args);
  start(s, args, list);
  va_end(list);
}

pid_t
sandbox_pid(const struct sandbox *s)
{
  return s->pid;
}

int
sandbox_wait(struct sandbox *s)
{
  char *out = path_of(s, ".out"), *err = path_of(s, ".err");
  struct rusage usage;
  int status;

  while (wait4(s->pid, &status, 0, &usage) < 0)
    ck_assert_int_eq(errno, EINTR);
  s->pid = 0;
  s->max_kib = usage.ru_maxrss;
  s->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  free(s->out);
  free(s->err);
  s->out = s->out_path ? NULL : slurp(out);
  s->err = s->err_path ? NULL : slurp(err);
  free(out);
  free(err);
  return s->status;
}

int
sandbox_run(struct sandbox *s, const char *args, ...)
{
  va_list list;

  va_start(list, args);
  start(s, args, list);
  va_end(list);
  return sandbox_wait(s);
}

bool
sandbox_has_installed(struct sandbox *s)
{
  sandbox_setenv(s, "METERPIPE_PLUGIN_PATH", "/nowhere");
  sandbox_run(s, "plugins");
  return strstr(sandbox_out(s), " kmp ");
}

int
sandbox_status(const struct sandbox *s)
{
  return s->status;
}

const char *
sandbox_out(const struct sandbox *s)
{
  return s->out ? s->out : "";
}

const char *
sandbox_err(const struct sandbox *s)
{
  return s->err ? s->err : "";
}

long
sandbox_max_kib(const struct sandbox *s)
{
  return s->max_kib;
}
