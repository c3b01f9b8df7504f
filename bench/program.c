/* Runs programs in a temporary directory, and times them. */
#include "bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/remove_tree.h"

#define PATH_SIZE 4096
#define MAX_WORDS 12

static char directory[64];
static char build[PATH_SIZE]; /* the build directory */

void
program_die(const char *fmt, ...)
{
  va_list args;

  fputs("bench: ", stderr);
  va_start(args, fmt);
  vfprintf(stderr, fmt, args);
  va_end(args);
  fputs("\n", stderr);
  program_leave();
  exit(70);
}

/* ---- The directory ---- */

void
program_enter(void)
{
  const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

  snprintf(directory, sizeof(directory), "%s/meterpipe-bench-XXXXXX", tmp);
  if (!getcwd(build, sizeof(build)) || !mkdtemp(directory) ||
      chdir(directory) != 0)
    program_die("%s: %s", directory, strerror(errno));
  setenv("STATE_DIRECTORY", directory, 1);
  setenv("METERPIPE_PLUGIN_PATH", program_plugin(""), 1);
}

void
program_leave(void)
{
  if (directory[0])
    remove_tree(directory);
}

static const char *
path_below(const char *where, const char *name)
{
  static char path[2 * PATH_SIZE];

  snprintf(path, sizeof(path), "%s/%s%s", build, where, name);
  return path;
}

const char *
program_meterpipe(void)
{
  static char path[PATH_SIZE + sizeof("/meterpipe")];

  snprintf(path, sizeof(path), "%s/meterpipe", build);
  return path;
}

const char *
program_helper(const char *name)
{
  return path_below("bench/bin/", name);
}

const char *
program_plugin(const char *name)
{
  return path_below(".libs/", name);
}

FILE *
program_create(const char *name)
{
  FILE *f = fopen(name, "w");

  if (!f)
    program_die("%s: %s", name, strerror(errno));
  return f;
}

void
program_write(const char *name, const char *fmt, ...)
{
  FILE *f = program_create(name);
  va_list args;

  va_start(args, fmt);
  vfprintf(f, fmt, args);
  va_end(args);
  if (fclose(f) != 0)
    program_die("%s: %s", name, strerror(errno));
}

void
program_forget(void)
{
  static const char *const files[] = { "bench.db", "bench.db-journal",
                                       "bench.db-wal", "bench.db-shm",
                                       "out.csv" };

  for (size_t i = 0; i < ARRAY_SIZE(files); i++)
    unlink(files[i]);
}

/* ---- Running ---- */

pid_t
program_start(const char *const *argv, const char *out, void (*prepare)(void))
{
  char *words[MAX_WORDS] = { NULL };
  pid_t pid;
  int fd;

  /* execv does not change the words, but its prototype lacks the const. */
  for (size_t i = 0; i < MAX_WORDS - 1 && argv[i]; i++)
    memcpy(&words[i], &argv[i], sizeof(words[i]));
  pid = fork();
  if (pid < 0)
    program_die("fork: %s", strerror(errno));
  if (pid > 0)
    return pid;
  fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
    _exit(126);
  close(fd);
  if (prepare)
    prepare();
  execv(words[0], words);
  _exit(127);
}

static double
now_ms(void)
{
  return (double)clock_mono_us() / 1e3;
}

static double
ms_of(const struct timeval *t)
{
  return (double)t->tv_sec * 1e3 + (double)t->tv_usec / 1e3;
}

struct took
program_run_to(int status, const char *const *argv, const char *out,
               void (*prepare)(void))
{
  double begun = now_ms();
  pid_t pid = program_start(argv, out, prepare);
  struct rusage usage;
  int ended;

  while (wait4(pid, &ended, 0, &usage) < 0)
    if (errno != EINTR)
      program_die("wait4: %s", strerror(errno));
  if (!WIFEXITED(ended) || WEXITSTATUS(ended) != status)
    program_die("%s %s ended with status %d", argv[0], argv[1], ended);
  return (struct took){ .wall_ms = now_ms() - begun,
                        .cpu_ms =
                          ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime),
                        .peak_kib = usage.ru_maxrss };
}

struct took
program_run(const char *const *argv, const char *out)
{
  return program_run_to(0, argv, out, NULL);
}

bool
program_has_ended(pid_t pid)
{
  return waitpid(pid, NULL, WNOHANG) == pid;
}

void
program_stop(pid_t pid)
{
  kill(pid, SIGTERM);
  while (waitpid(pid, NULL, 0) < 0)
    if (errno != EINTR)
      program_die("waitpid: %s", strerror(errno));
}

struct took
program_run_pipeline(void)
{
  const char *const argv[] = { program_meterpipe(), "run", "-c", PIPELINE_FILE,
                               NULL };

  return program_run(argv, "out.txt");
}
