/* Log lines for people, for cron's mail and for the journal. */
#include "core/run/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "core/run/hidden.h"
#include "lib/clock.h"
#include "lib/utf8.h"

/* How long a line waits if there is no deadline. */
#define PATIENCE_MS 2000

static int shown_level = MP_LOG_NOTICE;
static bool to_journal;
static bool terminal;

/* Standard error, or a second descriptor of the same file. */
static int out_fd = STDERR_FILENO;
static bool out_is_socket;

static atomic_int cancel_fd = -1;
static _Atomic int64_t deadline_ms;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Guarded by the lock: */
static unsigned long dropped;
static bool is_cut; /* only part of the last line was written */

/* $JOURNAL_STREAM holds device and inode of the journal's socket. */
static bool
stderr_is_journal(void)
{
  const char *stream = getenv("JOURNAL_STREAM");
  unsigned long long dev, ino;
  struct stat st;

  return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
         fstat(STDERR_FILENO, &st) == 0 &&
         (unsigned long long)st.st_dev == dev &&
         (unsigned long long)st.st_ino == ino;
}

/*
 * A write to a full pipe or a stopped terminal blocks, and poll() does not tell
 * how much a terminal still accepts.  The flags of standard error are shared
 * with all processes that inherited it.  So a pipe or terminal is opened a
 * second time, with its own flags.  If that is not permitted, only poll() is
 * used.
 */
static void
open_output(void)
{
  struct stat st;
  int fd = -1;

  if (fstat(STDERR_FILENO, &st) != 0)
    return;
  out_is_socket = S_ISSOCK(st.st_mode);
  if (terminal || S_ISFIFO(st.st_mode))
    fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0)
    out_fd = fd;
}

void
log_setup(int verbosity)
{
  shown_level = MP_LOG_NOTICE + verbosity;
  if (verbosity < 0)
    shown_level = MP_LOG_ERROR;
  terminal = isatty(STDERR_FILENO);
  to_journal = stderr_is_journal();
  if (out_fd == STDERR_FILENO)
    open_output();
  memory_set_writer(log_emergency);
}

bool
log_shows(int level)
{
  return level <= shown_level;
}

bool
log_is_terminal(void)
{
  return terminal;
}

void
log_set_cancel(int fd)
{
  cancel_fd = fd;
}

void
log_set_deadline(int64_t ms)
{
  deadline_ms = ms;
}

/* ---- Writing ------------------------------------------------------------- */

static int64_t
wait_limit_ms(void)
{
  int64_t end = deadline_ms;

  if (dropped > 0)
    return 0;
  return end == 0 ? PATIENCE_MS : (end - clock_mono_ms()) / 4;
}

/* Waits until standard error accepts bytes or has an error.  False: not by
 * UNTIL_MS, or the run must end. */
static bool
wait_writable(int64_t until_ms)
{
  struct pollfd fds[] = { { .fd = out_fd, .events = POLLOUT },
                          { .fd = cancel_fd, .events = POLLIN } };
  int64_t left;
  int n;

  do {
    left = until_ms - clock_mono_ms();
    left = left < 0 ? 0 : left < INT_MAX ? left : INT_MAX;
    n = poll(fds, 2, (int)left);
  } while (n < 0 && errno == EINTR && left > 0);
  return n > 0 && fds[0].revents != 0;
}

static ssize_t
write_some(const char *text, size_t len)
{
  if (out_is_socket)
    return send(out_fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
  return write(out_fd, text, len);
}

/* Returns true if all of TEXT was written by UNTIL_MS. */
static bool
write_in_time(const char *text, size_t len, int64_t until_ms)
{
  size_t done = 0;

  while (done < len && wait_writable(until_ms)) {
    ssize_t n = write_some(text + done, len - done);

    if (n > 0)
      done += (size_t)n;
    else if (n < 0 && errno != EINTR && errno != EAGAIN)
      break;
  }
  if (done > 0)
    is_cut = done < len;
  return done == len;
}

/* Reports dropped lines, before the next line is written.  True: the report was
 * written, or there is nothing to report. */
static bool
write_dropped(int64_t until_ms)
{
  char line[128];
  int n;

  if (dropped == 0)
    return true;
  n = snprintf(
    line, sizeof(line),
    "%s%swarning: %lu line%s dropped: standard error accepted no more\n",
    is_cut ? "\n" : "", to_journal ? "<4>" : "", dropped,
    dropped == 1 ? " was" : "s were");
  if (!write_in_time(line, (size_t)n, until_ms))
    return false;
  dropped = 0;
  return true;
}

/* LEN is at most PIPE_BUF: a pipe accepts the whole line or nothing. */
static void
write_line(const char *line, size_t len)
{
  int64_t until_ms;

  pthread_mutex_lock(&lock);
  until_ms = clock_mono_ms() + wait_limit_ms();
  if (!write_dropped(until_ms) || !write_in_time(line, len, until_ms))
    dropped++;
  pthread_mutex_unlock(&lock);
}

void
log_finish(void)
{
  pthread_mutex_lock(&lock);
  write_dropped(0);
  pthread_mutex_unlock(&lock);
}

void
log_text(const char *text)
{
  while (*text) {
    size_t len = strcspn(text, "\n");

    len += text[len] == '\n';
    if (len > PIPE_BUF)
      len = PIPE_BUF;
    write_line(text, len);
    text += len;
  }
}

void
log_emergency(const char *line, size_t len)
{
  struct pollfd out = { .fd = out_fd, .events = POLLOUT };

  if (poll(&out, 1, 0) == 1 && write_some(line, len) < 0)
    return; /* there is no other place to report it */
}

/* ---- Lines --------------------------------------------------------------- */

/* Replaces control characters by blanks: a line end in a message would make two
 * lines of one. */
static void
flatten_controls(char *text)
{
  for (; *text; text++)
    if ((unsigned char)*text < 0x20)
      *text = ' ';
}

void
log_vline(int level, const char *name, const char *object, const char *fmt,
          va_list args)
{
  static const struct {
    const char *word, *priority;
  } levels[] = { { "error", "<3>" },
                 { "warning", "<4>" },
                 { "notice", "<5>" },
                 { "info", "<6>" },
                 { "debug", "<7>" } };
  char fact[2048], line[2560];
  size_t len;
  int n;

  if (!log_shows(level) || level < 0 || level > MP_LOG_DEBUG)
    return;
  vsnprintf(fact, sizeof(fact), fmt, args);
  hidden_make(fact);
  flatten_controls(fact);
  n = snprintf(line, sizeof(line) - 1, "%s%s: %s%s%s%s%s",
               to_journal ? levels[level].priority : "", levels[level].word,
               name ? name : "", name ? ": " : "", object ? object : "",
               object ? ": " : "", fact);
  if (n < 0)
    return;
  hidden_make(line); /* OBJECT too */
  utf8_make_plain(line);
  len = strlen(line);
  line[len] = '\n';
  write_line(line, len + 1);
}

void
log_line(int level, const char *name, const char *object, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  log_vline(level, name, object, fmt, args);
  va_end(args);
}
