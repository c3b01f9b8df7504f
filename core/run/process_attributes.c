/* Process attributes that a parent passes on, besides arguments and
 * environment. */
#include "core/run/process_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"

static void
reset_signals(void)
{
  static const struct {
    int signo;
    void (*handler)(int);
  } rows[] = {
    { SIGCHLD, SIG_DFL }, { SIGPIPE, SIG_IGN }, { SIGXFSZ, SIG_IGN },
    { SIGTERM, SIG_DFL }, { SIGINT, SIG_DFL },  { SIGALRM, SIG_DFL },
  };
  sigset_t none;

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    signal(rows[i].signo, rows[i].handler);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Opens FD on /dev/null if it is closed.  Otherwise the next opened file, such
 * as the state, would get this number, and messages would be written into it.
 * The access mode is wrong on purpose: an output without a standard output must
 * fail. */
static void
fill_descriptor(int fd)
{
  int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

  if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
    return;
  if (open("/dev/null", flags) != fd)
    _exit(EX_OSERR);
}

static struct rlimit files_before;

void
process_attributes_restore_files(void)
{
  if (files_before.rlim_max > 0)
    (void)setrlimit(RLIMIT_NOFILE, &files_before);
}

/* Raises the soft limit of open files.  Children get the old limit back: a
 * program that uses select() must not get a descriptor above 1023. */
static void
raise_files(void)
{
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
      limit.rlim_cur == limit.rlim_max ||
      pthread_atfork(NULL, NULL, process_attributes_restore_files) != 0)
    return;
  files_before = limit;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void
process_attributes_reset(void)
{
  reset_signals();
  raise_files();
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    fill_descriptor(fd);
  umask(umask(0) & (S_IRWXG | S_IRWXO));
}
