/* Runs a command until it ends or is killed. */
#include "plugins/exec/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/utf8.h"
#include "plugins/exec/start_command.h"

/* The time between SIGTERM and SIGKILL. */
#define GRACE_MS 300
/* A grandchild can hold the pipe open after the command has ended, so EOF is
 * not reliable.  The exit status is polled at this interval. */
#define LOOK_MS 20
/* The time for processes to end after SIGKILL.  One that does not is in an
 * uninterruptible system call, or belongs to another user; it is left
 * behind. */
#define KILLED_MS 2000
/* Most bytes that are read at a time. */
#define PIECE ((size_t)4096)
/* Most lines of standard error that are logged. */
#define LINES_SHOWN 20

/* The steps taken against a command that does not end, in their order. */
enum phase { RUNNING, TOLD_TO_END, MADE_TO_END, LEFT_BEHIND };

struct running {
  struct child *child;
  struct started started;
  size_t fed; /* bytes of the input written */
  enum phase phase;
  int64_t until_ms; /* end of the phase, on the monotonic clock */
  int lost;         /* it has ended, but its status cannot be had */

  int reason;       /* why its outcome is unknown; MP_OK: it is known */
  const char *what; /* the problem in words; NULL: see reason */
  int err;          /* its errno; 0: none */
};

static const char *
child_program(const struct child *child)
{
  return child->words[0];
}

static void
close_fd(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

/* ---- Pipes --------------------------------------------------------------- */

/* Records why the outcome is unknown.  Only the first reason is kept. */
static void
fail_running(struct running *r, int reason, const char *what, int err)
{
  if (r->reason != MP_OK)
    return;
  r->reason = reason;
  r->what = what;
  r->err = err;
}

/* Writes input.  A command may close its standard input early (EPIPE): its
 * status decides.  After any other error the command is killed, so that it does
 * not take a part of the input for the whole.  The host ignores SIGPIPE. */
static void
write_input(struct running *r)
{
  const struct child *c = r->child;
  ssize_t n = 0;

  if (r->fed < c->input_len)
    n = write(r->started.in, c->input + r->fed, c->input_len - r->fed);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n < 0 && errno != EPIPE)
    fail_running(r, MP_EIO, "cannot write to its standard input", errno);
  if (n > 0)
    r->fed += (size_t)n;
  if ((n < 0 && errno == EPIPE) || r->fed == c->input_len)
    close_fd(&r->started.in);
}

/* Reads from FD into BUF.  Returns 0 if no data is there now, or at EOF or an
 * error; then it closes *FD. */
static size_t
read_pipe(struct running *r, int *fd, char *buf, size_t size)
{
  ssize_t n;

  do
    n = read(*fd, buf, size);
  while (n < 0 && errno == EINTR);
  if (n > 0)
    return (size_t)n;
  if (n < 0 && errno == EAGAIN)
    return 0;
  if (n < 0)
    fail_running(r, MP_EIO, "cannot read its output", errno);
  close_fd(fd);
  return 0;
}

/* The drain functions return true if they read data.  They read on after a
 * failure, so that the command does not block on a full pipe when it should
 * end. */
static int
drain_out(struct running *r)
{
  struct text_buffer *out = &r->child->out;
  char buf[PIECE];
  size_t n = read_pipe(r, &r->started.out, buf, sizeof(buf));

  if (n > CHILD_OUT_MAX - out->len)
    fail_running(r, MP_EPROTO, "printed more than 4 MiB", 0);
  else if (text_buffer_reserve(out, n + 1) != MP_OK)
    fail_running(r, MP_ENOMEM, "printed more than fits into memory", 0);
  if (r->reason == MP_OK)
    text_buffer_add(out, buf, n);
  return n > 0;
}

/* Keeps the end of standard error: the last lines are the most useful. */
static int
drain_err(struct running *r)
{
  struct text_buffer *err = &r->child->err;
  char buf[PIECE / 2]; /* there is always room for it and a NUL */
  size_t n = read_pipe(r, &r->started.err, buf, sizeof(buf));

  if (text_buffer_reserve(err, n + 1) != MP_OK) {
    err->len = 0;
    r->child->err_cut = true;
  }
  text_buffer_add(err, buf, n);
  if (err->len <= 2 * CHILD_ERR_MAX)
    return n > 0;
  memmove(err->data, err->data + err->len - CHILD_ERR_MAX, CHILD_ERR_MAX);
  err->len = CHILD_ERR_MAX;
  r->child->err_cut = true;
  return 1;
}

/* Empties a pipe of a command that has ended.  The amount is limited, because a
 * process that left its group may still write. */
static void
drain_rest(struct running *r, const int *fd, int (*drain)(struct running *r))
{
  size_t i = 0;

  while (*fd >= 0 && i++ <= CHILD_OUT_MAX / PIECE && drain(r))
    ;
}

/* ---- End of the command -------------------------------------------------- */

/* Returns true if the command has ended.  It is not yet reaped, so that its
 * number still names its group. */
static bool
has_ended(struct running *r)
{
  siginfo_t info;

  memset(&info, 0, sizeof(info));
  if (waitid(P_PID, (id_t)r->started.pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
      0)
    return info.si_pid == r->started.pid;
  r->lost = 1; /* ECHILD: its status was taken elsewhere, or is not kept */
  return true;
}

static void
next_phase(struct running *r)
{
  static const int signals[] = { SIGTERM, SIGKILL };
  static const int64_t patience_ms[] = { GRACE_MS, KILLED_MS };

  if (r->phase < MADE_TO_END) {
    kill(-r->started.pid, signals[r->phase]);
    r->until_ms = clock_mono_ms() + patience_ms[r->phase];
  }
  r->phase++;
}

static void
attend_pipes(struct running *r, const struct pollfd *fds)
{
  if (fds[0].revents != 0)
    write_input(r);
  if (fds[1].revents != 0)
    drain_out(r);
  if (fds[2].revents != 0)
    drain_err(r);
}

/* Waits for the next event and handles it. */
static void
handle_next_event(struct running *r)
{
  struct started *s = &r->started;
  const struct mp_host *host = r->child->host;
  int64_t left = r->until_ms - clock_mono_ms();
  bool late, quiet = s->out < 0 && s->err < 0;
  struct pollfd fds[] = {
    { .fd = r->reason == MP_OK ? s->in : -1, .events = POLLOUT },
    { .fd = s->out, .events = POLLIN },
    { .fd = s->err, .events = POLLIN },
    { .fd = r->phase == RUNNING ? host->cancel_fd(host) : -1,
      .events = POLLIN },
  };

  if (left > (quiet ? 1 : LOOK_MS))
    left = quiet ? 1 : LOOK_MS;
  if (poll(fds, ARRAY_SIZE(fds), left > 0 ? (int)left : 0) >= 0)
    attend_pipes(r, fds);
  else if (errno != EINTR)
    fail_running(r, MP_EIO, "cannot wait for it", errno);
  late = clock_mono_ms() >= r->until_ms;
  if (late)
    fail_running(r, MP_ETIMEOUT, NULL, 0);
  else if (fds[3].revents != 0)
    fail_running(r, MP_ECANCELED, NULL, 0);
  if (late || (r->phase == RUNNING && r->reason != MP_OK))
    next_phase(r);
}

/* Kills the rest of the group, and returns the command's status. */
static int
wait_for_killed(struct running *r)
{
  struct started *s = &r->started;
  int status = 0;

  /* If another part of the program reaped the command, its number may be that
   * of another group by now.  Then only the guard, a member of the group, can
   * safely kill it; it does so when life is closed. */
  if (!r->lost) {
    kill(-s->pid, SIGKILL);
    kill(s->guard, SIGKILL);
  }
  drain_rest(r, &s->out, drain_out);
  drain_rest(r, &s->err, drain_err);
  close_fd(&s->in);
  close_fd(&s->out);
  close_fd(&s->err);
  close_fd(&s->life);
  start_wait(s->guard, KILLED_MS, NULL);
  if (!r->lost && r->phase != LEFT_BEHIND)
    r->lost = start_wait(s->pid, KILLED_MS, &status) != 1;
  return status;
}

/* Reports why the outcome is unknown.  cancel_fd becomes readable also when the
 * host's time is over. */
static int
explain_end(const struct running *r)
{
  const struct child *c = r->child;
  const char *fate =
    r->phase == LEFT_BEHIND ? "did not end when it was killed" : "was stopped";

  if (r->what)
    return mp_fail(c->host, r->reason, child_program(c), "%s%s%s; it %s",
                   r->what, r->err != 0 ? ": " : "",
                   r->err != 0 ? strerror(r->err) : "", fate);
  if (r->reason == MP_ECANCELED && c->host->time_left(c->host) > 0)
    return mp_fail(c->host, MP_ECANCELED, child_program(c),
                   "the run was interrupted");
  return mp_fail(c->host, MP_ETIMEOUT, child_program(c),
                 "was still running at its time limit, and %s", fate);
}

static int
reason_of_end(struct running *r, int status)
{
  struct child *c = r->child;
  int err = start_error(&r->started);

  c->started = err == 0;
  if (err != 0)
    return start_explain(c->host, child_program(c), err);
  if (r->reason != MP_OK)
    return explain_end(r);
  if (r->lost)
    return mp_fail(c->host, MP_EIO, child_program(c),
                   "ended, but its exit status is unknown: another part of "
                   "this process collected it");
  if (WIFSIGNALED(status))
    return mp_fail(c->host, MP_EPROTO, child_program(c),
                   "was killed by signal %d", WTERMSIG(status));
  c->status = WEXITSTATUS(status);
  if (c->status == 0 && c->out.len > 0 && memchr(c->out.data, '\0', c->out.len))
    return mp_fail(c->host, MP_EPROTO, child_program(c),
                   "printed a NUL byte; all its output was discarded");
  return MP_OK;
}

/* Makes standard error safe to log: replaces invalid UTF-8 and control
 * characters by question marks.  The text must end with a NUL. */
static void
make_loggable(char *text, size_t len)
{
  char *end = text + len;

  while (text < end) {
    size_t n = utf8_length(text);
    unsigned char c = (unsigned char)*text;

    if (n == 0 || c == 0x7f || (c < 0x20 && !strchr("\n\r\t", c)))
      *text = '?';
    text += n == 0 ? 1 : n;
  }
}

int
child_run(struct child *c)
{
  struct running r = { .child = c };
  int64_t left = c->host->time_left(c->host);
  int answer;

  if (left == 0)
    return mp_fail(c->host, MP_EAGAIN, child_program(c),
                   "was not run: no time was left in this cycle");
  c->out.max = CHILD_OUT_MAX + 1; /* and a NUL */
  if (text_buffer_reserve(&c->out, 1) != MP_OK ||
      text_buffer_reserve(&c->err, 1) != MP_OK)
    return mp_fail(c->host, MP_ENOMEM, child_program(c), "out of memory");
  c->out.data[0] = c->err.data[0] = '\0'; /* in case it never runs */
  answer = start_command(c, &r.started);
  if (answer != MP_OK)
    return answer;
  r.until_ms = clock_mono_ms() + (left < c->timeout_ms ? left : c->timeout_ms);
  while (r.phase != LEFT_BEHIND && !has_ended(&r))
    handle_next_event(&r);
  answer = reason_of_end(&r, wait_for_killed(&r));
  close(r.started.report);
  c->out.data[c->out.len] = '\0';
  c->err.data[c->err.len] = '\0';
  make_loggable(c->err.data, c->err.len);
  return answer;
}

void
child_clear(struct child *c)
{
  text_buffer_free(&c->out);
  text_buffer_free(&c->err);
}

/* ---- Standard error ---- */

/* Returns the next line that is not empty, without its line end; NULL: no
 * more. */
static char *
next_line(char **rest)
{
  char *line = NULL;

  while (*rest && (!line || *line == '\0')) {
    line = strsep(rest, "\n");
    line[strcspn(line, "\r")] = '\0';
  }
  return !line || *line == '\0' ? NULL : line;
}

static size_t
count_lines(const struct child *c)
{
  char *copy = c->err.data ? strdup(c->err.data) : NULL;
  char *rest = copy;
  size_t n = 0;

  while (next_line(&rest))
    n++;
  free(copy);
  return n;
}

void
child_log_errors(const struct child *c, int level)
{
  size_t n = count_lines(c);
  char *copy = n == 0 ? NULL : strdup(c->err.data);
  char *rest = copy;

  if (c->err_cut || n > LINES_SHOWN)
    mp_log(c->host, level, child_program(c),
           "wrote more than %d lines to standard error; these are the last",
           LINES_SHOWN);
  for (size_t i = 0; copy && i < n; i++) {
    const char *line = next_line(&rest);

    if (i + LINES_SHOWN >= n)
      mp_log(c->host, level, child_program(c), "%s", line);
  }
  free(copy);
}

int
child_fail(const struct child *c, int code)
{
  char *copy = c->err.data ? strdup(c->err.data) : NULL;
  char *rest = copy, *last = NULL;

  for (char *line = next_line(&rest); line; line = next_line(&rest))
    last = line;
  mp_fail(c->host, code, child_program(c), "ended with status %d%s%s",
          c->status, last ? ": " : "", last ? last : "");
  free(copy);
  return code;
}
