/*
 * Starting a command.
 *
 * With posix_spawn: the host has threads, and what may be done between fork and
 * exec in a program with threads is little.
 */
#include "plugins/exec/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

/* Our end of a pipe, and the command's. */
struct ends {
  int ours, its;
};

struct plumbing {
  struct ends in, out, err;
};

static void
shut(struct ends *ends)
{
  if (ends->ours >= 0)
    close(ends->ours);
  if (ends->its >= 0)
    close(ends->its);
  ends->ours = ends->its = -1;
}

/* A pipe may get the numbers 0 to 2, if the host was started without them: but
 * these become the command's. */
static int
lift(int fd)
{
  int lifted;

  if (fd < 0 || fd > STDERR_FILENO)
    return fd;
  lifted = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close(fd);
  return lifted;
}

/* WRITES: we write, and the command reads. */
static int
open_pipe(struct ends *ends, int writes)
{
  int fds[2];

  if (pipe2(fds, O_CLOEXEC) != 0)
    return -1;
  ends->ours = lift(fds[writes]);
  ends->its = lift(fds[!writes]);
  if (ends->ours < 0 || ends->its < 0)
    return -1;
  return fcntl(ends->ours, F_SETFL, O_NONBLOCK);
}

static int
open_null(struct ends *ends)
{
  ends->its = lift(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return ends->its < 0 ? -1 : 0;
}

static int
open_plumbing(const struct child *c, struct plumbing *p)
{
  if (open_pipe(&p->in, 1) != 0 || open_pipe(&p->err, 0) != 0)
    return errno;
  if ((c->wants_output ? open_pipe(&p->out, 0) : open_null(&p->out)) != 0)
    return errno;
  return 0;
}

/* What the host holds open is marked to be closed by exec; what a library or
 * another plugin has forgotten to mark is closed here. */
static int
close_others(posix_spawn_file_actions_t *actions)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  return posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#else
  (void)actions;
  return 0;
#endif
}

static int
add_actions(posix_spawn_file_actions_t *actions, const struct plumbing *p)
{
  int err = posix_spawn_file_actions_adddup2(actions, p->in.its, STDIN_FILENO);

  if (err == 0)
    err = posix_spawn_file_actions_adddup2(actions, p->out.its, STDOUT_FILENO);
  if (err == 0)
    err = posix_spawn_file_actions_adddup2(actions, p->err.its, STDERR_FILENO);
  return err == 0 ? close_others(actions) : err;
}

/* A group of its own, and signals as a program expects them: what the host
 * ignores or blocks, it would inherit. */
static int
set_attributes(posix_spawnattr_t *attr)
{
  sigset_t all, none;
  int err;

  sigfillset(&all);
  sigemptyset(&none);
  err = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
                                         POSIX_SPAWN_SETSIGDEF |
                                         POSIX_SPAWN_SETSIGMASK);
  if (err == 0)
    err = posix_spawnattr_setpgroup(attr, 0);
  if (err == 0)
    err = posix_spawnattr_setsigdefault(attr, &all);
  return err == 0 ? posix_spawnattr_setsigmask(attr, &none) : err;
}

static int
spawn(const struct child *c, const struct plumbing *p, pid_t *ret_pid)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  int err = posix_spawn_file_actions_init(&actions);

  if (err != 0)
    return err;
  err = posix_spawnattr_init(&attr);
  if (err == 0) {
    err = add_actions(&actions, p);
    if (err == 0)
      err = set_attributes(&attr);
    if (err == 0)
      err =
        posix_spawnp(ret_pid, c->words[0], &actions, &attr, c->words, environ);
    posix_spawnattr_destroy(&attr);
  }
  posix_spawn_file_actions_destroy(&actions);
  return err;
}

int
start_explain(const struct mp_host *host, const char *name, int err)
{
  int code = MP_EIO;

  if (err == ENOENT || err == ENOTDIR || err == ENOEXEC)
    code = MP_ECONFIG;
  if (err == EACCES || err == EPERM)
    code = MP_EPERM;
  if (err == ENOMEM)
    code = MP_ENOMEM;
  return mp_fail(host, code, name, "cannot be run: %s", strerror(err));
}

int
start(const struct child *c, struct started *ret)
{
  struct plumbing p = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
  pid_t pid;
  int err = open_plumbing(c, &p);

  if (err == 0)
    err = spawn(c, &p, &pid);
  if (err != 0) {
    shut(&p.in);
    shut(&p.out);
    shut(&p.err);
    return start_explain(c->host, c->words[0], err);
  }
  close(p.in.its);
  close(p.out.its);
  close(p.err.its);
  *ret = (struct started){
    .pid = pid, .in = p.in.ours, .out = p.out.ours, .err = p.err.ours
  };
  return MP_OK;
}
