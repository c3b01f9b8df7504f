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
#include "plugins/utf8.h"

/* What a group that was told to end has left before it is made to. */
#define GRACE_MS 300
/* A descriptor that something left behind keeps open says nothing of the end
 * of the command: so often it is looked for. */
#define LOOK_MS 20
/* Read at once; and the most that a pipe can hold, where nobody has raised
 * /proc/sys/fs/pipe-max-size. */
#define PIECE ((size_t)4096)
#define PIPE_MAX ((size_t)1 << 20)
/* Lines of its errors that are shown. */
#define LINES_SHOWN 20

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

/* What FD has, to BUF; 0: nothing now, or, and then it is shut, never more. */
static size_t
take(int *fd, char *buf, size_t size)
{
  ssize_t n = read(*fd, buf, size);

  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    shut(fd);
  return n > 0 ? (size_t)n : 0;
}

/* Beyond the bound, what comes is read and dropped: the command must not hang
 * in a pipe that nobody empties. */
static void
drain_out(struct running *r)
{
  struct child *c = r->child;
  char buf[PIECE];
  size_t n = take(&r->started.out, buf, sizeof(buf));
  size_t room = CHILD_OUT_MAX - c->out.len;

  c->out_cut |= n > room;
  if (text_buffer_add(&c->out, buf, n < room ? n : room) != MP_OK)
    shut(&r->started.out);
}

/* Of errors the last ones tell most. */
static void
drain_err(struct running *r)
{
  struct text_buffer *err = &r->child->err;
  char buf[PIECE];
  size_t n = take(&r->started.err, buf, sizeof(buf));

  if (text_buffer_add(err, buf, n) != MP_OK)
    shut(&r->started.err);
  if (err->len <= 2 * CHILD_ERR_MAX)
    return;
  memmove(err->data, err->data + err->len - CHILD_ERR_MAX, CHILD_ERR_MAX);
  err->len = CHILD_ERR_MAX;
  r->child->err_cut = 1;
}

/* What a pipe still holds when the command is gone; not what something that
 * left its group goes on writing. */
static void
drain_rest(struct running *r, const int *fd, void (*drain)(struct running *r))
{
  struct pollfd p = { .events = POLLIN };
  size_t i;

  for (i = 0; i < PIPE_MAX / PIECE && *fd >= 0; i++) {
    p.fd = *fd;
    if (poll(&p, 1, 0) <= 0)
      return;
    drain(r);
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
    drain_out(r);
  if (fds[2].revents != 0)
    drain_err(r);
  if (mono_ms() >= r->until_ms)
    next_phase(r, MP_ETIMEOUT);
  else if (fds[3].revents != 0)
    next_phase(r, MP_ECANCELED);
}

/* Ends what is left of the group, and takes the command's status. */
static int
reap(struct running *r)
{
  int status = 0;

  kill(-r->started.pid, SIGKILL);
  drain_rest(r, &r->started.out, drain_out);
  drain_rest(r, &r->started.err, drain_err);
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

/* Half of what was printed is not taken for the whole. */
static int
check_printed(const struct child *c)
{
  if (c->out_cut)
    return mp_fail(c->host, MP_EPROTO, program(c),
                   "printed more than %lu MiB: nothing of it counts",
                   (unsigned long)(CHILD_OUT_MAX >> 20));
  if (c->out.len > 0 && memchr(c->out.data, '\0', c->out.len) != NULL)
    return mp_fail(c->host, MP_EPROTO, program(c),
                   "printed a NUL byte: nothing of it counts");
  return MP_OK;
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
  return c->status == 0 ? check_printed(c) : MP_OK;
}

/* Nobody has vouched for what a command complains: what is not UTF-8, and what
 * a terminal would obey, becomes a question mark.  Ends with a NUL. */
static void
scrub(char *text, size_t len)
{
  char *end = text + len;

  while (text < end) {
    size_t n = utf8_length(text);
    unsigned char c = (unsigned char)*text;

    if (n == 0 || c == 0x7f || (c < 0x20 && strchr("\n\r\t", c) == NULL))
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
  scrub(c->err.data, c->err.len);
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

/* ---- What it complained ---- */

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

static size_t
count_lines(const struct child *c)
{
  char *copy = c->err.data == NULL ? NULL : strdup(c->err.data);
  char *rest = copy;
  size_t n = 0;

  while (next_line(&rest) != NULL)
    n++;
  free(copy);
  return n;
}

void
child_log_errors(const struct child *c, int level)
{
  size_t n = count_lines(c), i;
  char *copy = n == 0 ? NULL : strdup(c->err.data);
  char *rest = copy;

  if (c->err_cut || n > LINES_SHOWN)
    mp_log(c->host, level, program(c),
           "complains in more than %d lines, of which these are the last",
           LINES_SHOWN);
  for (i = 0; copy != NULL && i < n; i++) {
    const char *line = next_line(&rest);

    if (i + LINES_SHOWN >= n)
      mp_log(c->host, level, program(c), "%s", line);
  }
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
