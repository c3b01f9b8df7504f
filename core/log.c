/* Log lines, for people, for cron's mail and for the journal. */
#include "core/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/plain.h"

static int shown_level = MP_LOG_NOTICE;
static bool to_journal;
static bool terminal;

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

void
log_setup(int verbosity)
{
  shown_level = MP_LOG_NOTICE + verbosity;
  if (verbosity < 0)
    shown_level = MP_LOG_ERROR;
  terminal = isatty(STDERR_FILENO);
  to_journal = stderr_is_journal();
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

static void
write_all(const char *text, size_t len)
{
  while (len > 0) {
    ssize_t n = write(STDERR_FILENO, text, len);

    if (n < 0 && errno != EINTR)
      return;
    if (n > 0) {
      text += n;
      len -= (size_t)n;
    }
  }
}

void
log_emergency(const char *line, size_t len)
{
  struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

  if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) &&
      write(STDERR_FILENO, line, len) < 0)
    return; /* there is nobody left to tell */
}

/* Line ends inside of a message would make two of one line. */
static void
flatten(char *text)
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
  int n;

  if (!log_shows(level) || level < 0 || level > MP_LOG_DEBUG)
    return;
  vsnprintf(fact, sizeof(fact), fmt, args);
  flatten(fact);
  n = snprintf(line, sizeof(line) - 1, "%s%s: %s%s%s%s%s",
               to_journal ? levels[level].priority : "", levels[level].word,
               name ? name : "", name ? ": " : "", object ? object : "",
               object ? ": " : "", fact);
  if (n < 0)
    return;
  if ((size_t)n >= sizeof(line) - 1)
    n = (int)sizeof(line) - 2;
  plain_make(line);
  line[n] = '\n';
  write_all(line, (size_t)n + 1);
}

void
log_line(int level, const char *name, const char *object, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  log_vline(level, name, object, fmt, args);
  va_end(args);
}
