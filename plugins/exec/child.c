/* Running a command until it ends, or has to. */
#include "plugins/exec/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugins/exec/start.h"

/* What a group that was told to end has left before it is made to. */
#define GRACE_MS 300
/* A descriptor that something left behind keeps open says nothing of the end
 * of the command: so often it is looked for. */
#define LOOK_MS 20

/* What is done about a command that runs on: one step after the other. */
enum phase { RUNNING, TOLD_TO_END, MADE_TO_END };

struct running {
  struct child *child;
  struct started started;
  size_t fed; /* of the input */
  enum phase phase;
  int64_t until_ms; /* on the monotonic clock: the end of the phase */
  int reason;       /* for which it had to end */
};

static int64_t
mono_ms(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *
program(const struct child *child)
{
  return child->words[0];
}

static void
shut(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

/* ---- What it is given, and prints ---------------------------------------- */

/* A command that does not read all of it may have its reasons: its status is
 * what counts.  The host ignores SIGPIPE. */
static void
feed(struct running *r)
{
  const struct child *c = r->child;
  ssize_t n = 0;

  if (r->fed < c->input_len)
    n = write(r->started.in, c->input + r->fed, c->input_len - r->fed);
  if (n > 0)
    r->fed += (size_t)n;
  if (r->fed == c->input_len || (n < 0 && errno != EAGAIN && errno != EINTR))
    shut(&r->started.in);
}

/* Keeps at most MAX; beyond it, what comes is read and dropped. */
static void
drain(int *fd, struct text_buffer *to, size_t max)
{
  char buf[4096];
  ssize_t n = read(*fd, buf, sizeof(buf));
  size_t keep;

  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    shut(fd);
  if (n <= 0)
    return;
  keep = (size_t)n < max - to->len ? (size_t)n : max - to->len;
  if (text_buffer_add(to, buf, keep) != MP_OK)
    shut(fd);
}

/* What the pipes still hold when there is nobody left to write to them. */
static void
drain_rest(int *fd, struct text_buffer *to, size_t max)
{
  struct pollfd p = { .events = POLLIN };

  while (*fd >= 0) {
    p.fd = *fd;
    if (poll(&p, 1, 0) <= 0)
      return;
    drain(fd, to, max);
  }
}

/* ---- Its end ------------------------------------------------------------- */

/* Whether the command has ended; it is not yet reaped, so that its number still
 * names its group. */
static int
has_ended(const struct running *r)
{
  siginfo_t info;

  memset(&info, 0, sizeof(info));
  return waitid(P_PID, (id_t)r->started.pid, &info,
                WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == r->started.pid;
}

static void
next_phase(struct running *r, int reason)
{
  if (r->phase == RUNNING)
    r->reason = reason;
  kill(-r->started.pid, r->phase == RUNNING ? SIGTERM : SIGKILL);
  r->phase = r->phase == RUNNING ? TOLD_TO_END : MADE_TO_END;
  r->until_ms = mono_ms() + GRACE_MS;
}

/* Waits for something to do, and does it. */
static void
attend(struct running *r)
{
  struct started *s = &r->started;
  const struct mp_host *host = r->child->host;
  int64_t left = r->until_ms - mono_ms();
  int quiet = s->out < 0 && s->err < 0;
  struct pollfd fds[] = {
    { .fd = s->in, .events = POLLOUT },
    { .fd = s->out, .events = POLLIN },
    { .fd = s->err, .events = POLLIN },
    { .fd = r->phase == RUNNING ? host->cancel_fd(host) : -1,
      .events = POLLIN },
  };

  if (left > (quiet ? 1 : LOOK_MS))
    left = quiet ? 1 : LOOK_MS;
  poll(fds, sizeof(fds) / sizeof(fds[0]), left > 0 ? (int)left : 0);
  if (fds[0].revents != 0)
    feed(r);
  if (fds[1].revents != 0)
    drain(&s->out, &r->child->out, CHILD_OUT_MAX);
  if (fds[2].revents != 0)
    drain(&s->err, &r->child->err, CHILD_ERR_MAX);
  if (mono_ms() >= r->until_ms)
    next_phase(r, MP_ETIMEOUT);
  else if (fds[3].revents != 0)
    next_phase(r, MP_ECANCELED);
}

/* Ends what is left of the group, and takes the command's status. */
static int
reap(struct running *r)
{
  struct child *c = r->child;
  int status = 0;

  kill(-r->started.pid, SIGKILL);
  drain_rest(&r->started.out, &c->out, CHILD_OUT_MAX);
  drain_rest(&r->started.err, &c->err, CHILD_ERR_MAX);
  shut(&r->started.in);
  shut(&r->started.out);
  shut(&r->started.err);
  while (waitpid(r->started.pid, &status, 0) < 0 && errno == EINTR)
    ;
  return status;
}

/* The host's cancel_fd also tells the end of its time. */
static int
explain_end(const struct running *r)
{
  const struct child *c = r->child;

  if (r->reason == MP_ECANCELED && c->host->time_left(c->host) > 0)
    return mp_fail(c->host, MP_ECANCELED, program(c), "the run was ended");
  return mp_fail(c->host, MP_ETIMEOUT, program(c),
                 "was still running when its time was over, and was ended");
}

static int
judge(const struct running *r, int status)
{
  struct child *c = r->child;

  if (r->phase != RUNNING)
    return explain_end(r);
  if (WIFSIGNALED(status))
    return mp_fail(c->host, MP_EPROTO, program(c), "was ended by signal %d",
                   WTERMSIG(status));
  c->status = WEXITSTATUS(status);
  return MP_OK;
}

int
child_run(struct child *c)
{
  struct running r = { .child = c };
  int64_t left = c->host->time_left(c->host);
  int answer;

  if (left == 0)
    return mp_fail(c->host, MP_EAGAIN, program(c),
                   "is not run: no time is left in this cycle");
  answer = start(c, &r.started);
  if (answer != MP_OK)
    return answer;
  r.until_ms = mono_ms() + (left < c->timeout_ms ? left : c->timeout_ms);
  while (!has_ended(&r))
    attend(&r);
  answer = judge(&r, reap(&r));
  if (text_buffer_add(&c->out, "", 1) != MP_OK ||
      text_buffer_add(&c->err, "", 1) != MP_OK)
    return mp_fail(c->host, MP_EPROTO, program(c), "out of memory");
  c->out.len--;
  c->err.len--;
  return answer;
}

void
child_clear(struct child *c)
{
  text_buffer_free(&c->out);
  text_buffer_free(&c->err);
}

int
child_never_ran(int reason)
{
  return reason == MP_ECONFIG || reason == MP_EPERM || reason == MP_ENOMEM ||
         reason == MP_EIO || reason == MP_EAGAIN;
}

/* ---- What it complained ---------------------------------------------------
 */

/* The next line that is not empty, its end cut off; NULL: there is none. */
static char *
next_line(char **rest)
{
  char *line = NULL;

  while (*rest != NULL && (line == NULL || *line == '\0')) {
    line = strsep(rest, "\n");
    line[strcspn(line, "\r")] = '\0';
  }
  return line == NULL || *line == '\0' ? NULL : line;
}

void
child_log_errors(const struct child *c, int level)
{
  char *copy = c->err.data == NULL ? NULL : strdup(c->err.data);
  char *rest = copy;
  char *line;

  for (line = next_line(&rest); line != NULL; line = next_line(&rest))
    mp_log(c->host, level, program(c), "%s", line);
  free(copy);
}

int
child_fail(const struct child *c, int code)
{
  char *copy = c->err.data == NULL ? NULL : strdup(c->err.data);
  char *rest = copy, *last = NULL;
  char *line;

  for (line = next_line(&rest); line != NULL; line = next_line(&rest))
    last = line;
  mp_fail(c->host, code, program(c), "ended with status %d%s%s", c->status,
          last == NULL ? "" : ": ", last == NULL ? "" : last);
  free(copy);
  return code;
}
