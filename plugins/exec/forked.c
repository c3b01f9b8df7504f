/* The code of the forked processes.  Makes async-signal-safe calls only. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/exec/forked.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Places of life and report until the program is executed. */
#define LIFE_FD 3
#define REPORT_FD 4
/* The descriptors to close one by one: kernels before 5.9 cannot close a
 * range. */
#define MOST_FDS 65536
/* The time between SIGTERM and SIGKILL. */
#define GRACE_NS 300000000

static void
close_from(int first)
{
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
    return;
#endif
  for (int fd = first; fd < MOST_FDS; fd++)
    close(fd);
}

/* Resets all signals: the command would inherit those that the host ignores,
 * and the blocked ones. */
static void
reset_signals(void)
{
  struct sigaction by_default = { .sa_handler = SIG_DFL };
  sigset_t none;

  for (int signo = 1; signo < NSIG; signo++)
    sigaction(signo, &by_default, NULL); /* fails for SIGKILL and SIGSTOP */
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Sends errno to the host, which reports it, and exits. */
static noreturn void
give_up(int report)
{
  int err = errno;
  ssize_t n = write(report, &err, sizeof(err));

  _exit(n == (ssize_t)sizeof(err) ? 127 : 126);
}

noreturn void
forked_command(const struct forked *f)
{
  char go;

  if (dup2(f->in, STDIN_FILENO) < 0 || dup2(f->out, STDOUT_FILENO) < 0 ||
      dup2(f->err, STDERR_FILENO) < 0 ||
      dup3(f->life, LIFE_FD, O_CLOEXEC) < 0 ||
      dup3(f->report, REPORT_FD, O_CLOEXEC) < 0)
    give_up(f->report);
  close_from(REPORT_FD + 1);
  if (read(LIFE_FD, &go, 1) != 1)
    _exit(127);
  reset_signals();
  execve(f->path, f->words, f->env);
  give_up(REPORT_FD);
}

noreturn void
forked_guard(int life, pid_t group)
{
  const struct timespec grace = { .tv_nsec = GRACE_NS };
  struct pollfd end = { .fd = STDIN_FILENO };

  /* Without a group to join there is nothing to guard, and kill(0, ...) would
   * hit the run's own group. */
  if (setpgid(0, group) != 0 || dup2(life, STDIN_FILENO) < 0)
    _exit(0);
  close_from(STDIN_FILENO + 1);
  prctl(PR_SET_NAME, "meterpipe-guard");
  while (poll(&end, 1, -1) != 1)
    if (errno != EINTR)
      _exit(0);
  kill(0, SIGTERM); /* this process blocks it */
  nanosleep(&grace, NULL);
  kill(0, SIGKILL);
  _exit(0);
}
