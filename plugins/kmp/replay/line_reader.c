/*
 * Reads the lines of a file or a pipe through one buffer of fixed size.
 */
#ifdef HAVE_CONFIG_H
#include "config.h" /* files beyond 2 GiB */
#endif

#include "plugins/kmp/replay/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/rare.h"

/* Search for a blank line with a non-blank line after it.  A blank line at the
 * very end, as editors leave it, separates nothing. */
struct search {
  bool in_line; /* the current line is not blank */
  bool blank;   /* a blank line was found */
};

static bool
search_block(struct search *s, const char *buf, size_t len)
{
  const char *p = buf, *end = buf + len;

  for (; p < end; p++) {
    if (!s->in_line && *p == '\n') {
      s->blank = true;
    } else if (s->in_line || (*p != ' ' && *p != '\t' && *p != '\r')) {
      if (s->blank && !s->in_line)
        return true;
      p = memchr(p, '\n', (size_t)(end - p));
      s->in_line = !p;
      if (!p)
        return false;
    }
  }
  return false;
}

/* Searches a file to its end without moving the file offset.  Returns 1 if
 * there is such a blank line, 0 if not, or -1 with errno set. */
static int
search_file(struct line_reader *l)
{
  off_t begin = lseek(l->fd, 0, SEEK_CUR), pos = begin;
  struct search s = { false, false };

  if (begin < 0)
    return 0;
  for (;;) {
    ssize_t n = pread(l->fd, l->buf, sizeof(l->buf), pos);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return (int)n;
    if (search_block(&s, l->buf, (size_t)n))
      return 1;
    pos += n;
  }
}

static int
open_failed(struct line_reader *l, int error)
{
  switch (error) {
  case ENOENT:
  case ENOTDIR:
    return mp_fail(l->host, MP_ENOINPUT, l->name, "there is no such file");
  case EACCES:
  case EPERM:
    return mp_fail(l->host, MP_EPERM, l->name,
                   "cannot be read: %s; give this user read access",
                   strerror(error));
  default:
    return mp_fail(l->host, MP_EIO, l->name, "cannot be opened: %s",
                   strerror(error));
  }
}

static int
look_at(struct line_reader *l)
{
  struct stat st;

  if (fstat(l->fd, &st) < 0)
    return mp_fail(l->host, MP_EIO, l->name, "%s", strerror(errno));
  if (S_ISDIR(st.st_mode))
    return mp_fail(l->host, MP_ENOINPUT, l->name,
                   "is a directory, not a capture");
  l->regular = S_ISREG(st.st_mode);
  l->separated = l->regular ? search_file(l) : 0;
  if (l->separated < 0)
    return mp_fail(l->host, MP_EIO, l->name, "cannot be read: %s",
                   strerror(errno));
  return MP_OK;
}

int
line_reader_open(struct line_reader *l, const struct mp_host *host,
                 const char *path)
{
  int r;

  l->host = host;
  l->number = 0;
  l->at_end = l->skipping = false;
  l->start = l->end = 0;
  if (strcmp(path, "-") == 0) {
    l->name = "standard input";
    l->fd = STDIN_FILENO;
    l->owned = false;
    return look_at(l);
  }
  l->name = path;
  /* Do not block on a FIFO without a writer: poll waits for it. */
  l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (l->fd < 0)
    return open_failed(l, errno);
  l->owned = true;
  r = look_at(l);
  if (r != MP_OK)
    line_reader_close(l);
  return r;
}

void
line_reader_close(struct line_reader *l)
{
  if (l->owned)
    close(l->fd);
  l->owned = false;
  l->fd = -1;
}

/* Waits until the input is readable; a regular file always is.  Returns MP_OK,
 * or a reason: cancelled (at once), timeout or error. */
static int
wait_readable(struct line_reader *l)
{
  const struct mp_host *host = l->host;
  struct pollfd fds[2] = {
    { .fd = host->cancel_fd(host), .events = POLLIN },
    { .fd = l->fd, .events = POLLIN },
  };
  int n;

  for (;;) {
    int64_t left = host->time_left(host);
    int timeout = l->regular ? 0 : left > INT_MAX ? INT_MAX : (int)left;

    n = poll(fds, l->regular ? 1 : 2, timeout);
    if (n >= 0 || errno != EINTR)
      break;
  }
  if (n < 0)
    return mp_fail(host, MP_EIO, l->name, "poll: %s", strerror(errno));
  if (fds[0].revents)
    return mp_fail(host, MP_ECANCELED, l->name, "interrupted after line %llu",
                   (unsigned long long)l->number);
  if (n == 0 && !l->regular)
    return mp_fail(host, MP_ETIMEOUT, l->name,
                   "no more input after line %llu before the deadline",
                   (unsigned long long)l->number);
  return MP_OK;
}

/* Moves the unread bytes to the front of the buffer.  This overwrites the last
 * line returned. */
static void
move_to_front(struct line_reader *l)
{
  memmove(l->buf, l->buf + l->start, l->end - l->start);
  l->end -= l->start;
  l->start = 0;
}

/* Reads more bytes, up to LINE_READER_BUFFER bytes from start on.  Returns
 * MP_OK (also at the end of the file) or a reason. */
static int
fill_buffer(struct line_reader *l)
{
  ssize_t n;
  int r;

  do {
    r = wait_readable(l);
    if (r != MP_OK)
      return r;
    n = read(l->fd, l->buf + l->end, l->start + LINE_READER_BUFFER - l->end);
  } while (n < 0 && (errno == EINTR || errno == EAGAIN));
  if (n < 0)
    return mp_fail(l->host, MP_EIO, l->name, "cannot be read: %s",
                   strerror(errno));
  if (n == 0)
    l->at_end = 1;
  l->end += (size_t)n;
  l->read_ms = l->host->now(l->host);
  return MP_OK;
}

/* Reads as far ahead as the buffer reaches.  The caller still uses the last
 * line returned, so nothing is moved.  Start is in the second half of the
 * buffer only if an earlier call filled that half. */
static int
read_ahead(struct line_reader *l)
{
  int r = MP_OK;

  while (r == MP_OK && !l->at_end && l->start <= LINE_READER_BUFFER &&
         l->end - l->start < LINE_READER_BUFFER)
    r = fill_buffer(l);
  return r;
}

int
line_reader_separated(struct line_reader *l)
{
  struct search s = { false, false };
  int r = MP_OK;

  if (l->regular)
    return l->separated;
  r = read_ahead(l);
  return r == MP_OK ? search_block(&s, l->buf + l->start, l->end - l->start)
                    : r;
}

int
line_reader_peek(struct line_reader *l, const char **ret_text, size_t *ret_len)
{
  int r = read_ahead(l);

  *ret_text = l->buf + l->start;
  *ret_len = l->end - l->start;
  return r;
}

/* Returns the LEN bytes at start as a line; moves start past them and EXTRA
 * more bytes. */
static int
return_line(struct line_reader *l, size_t len, size_t extra,
            const char **ret_line, size_t *ret_len)
{
  int kind = l->skipping ? LINE_READER_LONG : LINE_READER_LINE;

  *ret_line = l->buf + l->start;
  *ret_len = len;
  l->start += len + extra;
  l->skipping = false;
  l->number++;
  return kind;
}

/* Returns the line at start, which ends at NEWLINE. */
static int
return_whole_line(struct line_reader *l, const char *newline,
                  const char **ret_line, size_t *ret_len)
{
  size_t len = (size_t)(newline - l->buf) - l->start;

  return return_line(l, len, 1, ret_line, ret_len);
}

/* Reads on until the buffer has a whole line. */
RARE static int
read_line(struct line_reader *l, const char **ret_line, size_t *ret_len)
{
  const char *newline;

  do {
    size_t len = l->end - l->start;
    int r;

    if (l->at_end) {
      if (len == 0 && !l->skipping)
        return LINE_READER_END;
      return return_line(l, len, 0, ret_line, ret_len);
    }
    if (len >= LINE_READER_BUFFER) {
      l->skipping = true;
      l->start = l->end = 0;
      len = 0;
    }
    move_to_front(l);
    r = fill_buffer(l);
    if (r != MP_OK)
      return r;
    newline = memchr(l->buf + len, '\n', l->end - len);
  } while (!newline);
  return return_whole_line(l, newline, ret_line, ret_len);
}

int
line_reader_next(struct line_reader *l, const char **ret_line, size_t *ret_len)
{
  const char *newline = memchr(l->buf + l->start, '\n', l->end - l->start);

  return newline ? return_whole_line(l, newline, ret_line, ret_len)
                 : read_line(l, ret_line, ret_len);
}
