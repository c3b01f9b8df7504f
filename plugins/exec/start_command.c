/*
 * Starts a command, by fork.  The guard must exist before the program is
 * executed, so that the run can be killed at any moment.  posix_spawn cannot
 * wait for the guard.
 */
#include "plugins/exec/start_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugins/exec/find_program.h"
#include "plugins/exec/forked.h"

/* The first and the longest pause between two polls for the end of a
 * process. */
#define FIRST_PAUSE_NS 50000
#define LAST_PAUSE_NS 10000000
/* Longest wait for one of our own processes after SIGKILL. */
#define KILLED_MS 1000

/* Both ends of a pipe: the run's, and the command's. */
struct ends {
  int ours, its;
};

struct plumbing {
  struct ends in, out, err, life, report;
};

static void
close_fd(struct ends *ends)
{
  if (ends->ours >= 0)
    close(ends->ours);
  if (ends->its >= 0)
    close(ends->its);
  ends->ours = ends->its = -1;
}

/* Moves FD above the descriptors that the forked process overwrites. */
static int
move_fd_up(int fd)
{
  int lifted;

  if (fd < 0 || fd >= FORKED_FIRST_FD)
    return fd;
  lifted = fcntl(fd, F_DUPFD_CLOEXEC, FORKED_FIRST_FD);
  close(fd);
  return lifted;
}

/* WRITES: the run writes and the command reads; else the other way round. */
static int
open_pipe(struct ends *ends, int writes)
{
  int fds[2];

  if (pipe2(fds, O_CLOEXEC) != 0)
    return -1;
  ends->ours = move_fd_up(fds[writes]);
  ends->its = move_fd_up(fds[!writes]);
  if (ends->ours < 0 || ends->its < 0)
    return -1;
  return fcntl(ends->ours, F_SETFL, O_NONBLOCK);
}

static int
open_null(struct ends *ends)
{
  ends->its = move_fd_up(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return ends->its < 0 ? -1 : 0;
}

static int
open_plumbing(const struct child *c, struct plumbing *p)
{
  if (open_pipe(&p->in, 1) != 0 || open_pipe(&p->err, 0) != 0 ||
      open_pipe(&p->life, 1) != 0 || open_pipe(&p->report, 0) != 0)
    return errno;
  if ((c->wants_output ? open_pipe(&p->out, 0) : open_null(&p->out)) != 0)
    return errno;
  return 0;
}

/* ---- Two processes ------------------------------------------------------- */

/* Forks the command, in its own group, where it waits for a byte of life; then
 * forks its guard.  Returns 0, or an errno: no process is left. */
static int
fork_both(const struct forked *f, struct started *s)
{
  int err;

  s->pid = fork();
  if (s->pid == 0)
    forked_command(f);
  if (s->pid < 0)
    return errno;
  setpgid(s->pid, s->pid); /* before the guard joins it */
  s->guard = fork();
  if (s->guard == 0)
    forked_guard(f->life, s->pid);
  err = s->guard < 0 ? errno : 0;
  if (err != 0) {
    kill(s->pid, SIGKILL);
    start_wait(s->pid, KILLED_MS, NULL);
  }
  return err;
}

/* Forks with all signals blocked: no handler of the host may run in a forked
 * process. */
static int
fork_undisturbed(const struct forked *f, struct started *s)
{
  sigset_t all, before;
  int err;

  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  err = fork_both(f, s);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return err;
}

static int
run_program(const struct child *c, const struct plumbing *p, struct started *s)
{
  char path[FIND_PATH];
  const struct forked f = {
    .path = path,
    .words = c->words,
    .env = environ,
    .in = p->in.its,
    .out = p->out.its,
    .err = p->err.its,
    .life = p->life.its,
    .report = p->report.its,
  };
  int err = find_path(c->words[0], path);

  if (err == 0)
    err = fork_undisturbed(&f, s);
  if (err != 0)
    return err;
  if (write(p->life.ours, "", 1) == 1)
    return 0;
  err = errno;
  kill(s->guard, SIGKILL);
  kill(s->pid, SIGKILL);
  start_wait(s->guard, KILLED_MS, NULL);
  start_wait(s->pid, KILLED_MS, NULL);
  return err;
}

int
start_error(const struct started *s)
{
  int err;
  ssize_t n;

  do
    n = read(s->report, &err, sizeof(err));
  while (n < 0 && errno == EINTR);
  return n == (ssize_t)sizeof(err) ? err : 0;
}

int
start_wait(pid_t pid, int64_t ms, int *ret_status)
{
  struct timespec pause = { .tv_nsec = FIRST_PAUSE_NS };
  int64_t left = ms * 1000000;
  pid_t ended = waitpid(pid, ret_status, WNOHANG);

  while (ended == 0 && left > 0) {
    nanosleep(&pause, NULL);
    left -= pause.tv_nsec;
    if (pause.tv_nsec < LAST_PAUSE_NS)
      pause.tv_nsec *= 2;
    ended = waitpid(pid, ret_status, WNOHANG);
  }
  return ended == 0 ? 0 : ended == pid ? 1 : -1;
}

int
start_explain(const struct mp_host *host, const char *name, int err)
{
  int r = MP_EIO;

  if (err == ENOENT || err == ENOTDIR || err == ENOEXEC)
    r = MP_ECONFIG;
  if (err == EACCES || err == EPERM)
    r = MP_EPERM;
  if (err == ENOMEM)
    r = MP_ENOMEM;
  if (err == EMFILE || err == ENFILE)
    return mp_fail(host, r, name,
                   "cannot be run: %s: raise the limit of open files (ulimit "
                   "-n)",
                   strerror(err));
  return mp_fail(host, r, name, "cannot be run: %s", strerror(err));
}

int
start_command(const struct child *c, struct started *ret)
{
  struct plumbing p = {
    { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 }
  };
  struct started s = { 0 };
  int err = open_plumbing(c, &p);

  if (err == 0)
    err = run_program(c, &p, &s);
  if (err != 0) {
    close_fd(&p.in);
    close_fd(&p.out);
    close_fd(&p.err);
    close_fd(&p.life);
    close_fd(&p.report);
    return start_explain(c->host, c->words[0], err);
  }
  close(p.in.its);
  close(p.out.its);
  close(p.err.its);
  close(p.life.its);
  close(p.report.its);
  *ret = (struct started){ .pid = s.pid,
                           .guard = s.guard,
                           .in = p.in.ours,
                           .out = p.out.ours,
                           .err = p.err.ours,
                           .life = p.life.ours,
                           .report = p.report.ours };
  return MP_OK;
}
