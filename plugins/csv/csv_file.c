/*
 * Reads, compares, appends and truncates the open file of a CSV output.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/csv/csv_file.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/utf8.h"

/* Most bytes of a foreign header in a message. */
#define SHOWN_MAX 160
#define COMPARE_SIZE 4096
/* The longest header line. */
#define LINE_MAX_LEN ((size_t)1 << 20)

static int
fail_io(struct csv_file *f, const char *what)
{
  int err = errno;

  return mp_fail(f->host, MP_EIO, f->path, "%s: %s", what, strerror(err));
}

/* Reads up to N bytes at POS; fewer at the end of the file.  -1: see errno. */
static ssize_t
read_some(int fd, char *buf, size_t n, int64_t pos)
{
  size_t done = 0;

  while (done < n) {
    ssize_t got = pread(fd, buf + done, n - done, (off_t)(pos + (int64_t)done));

    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

/* ---- Reading ------------------------------------------------------------- */

/* Returns the bytes of TEXT that fit into a message, cut between characters. */
static int
shown_length(const char *text, size_t len)
{
  if (len <= SHOWN_MAX)
    return (int)len;
  for (len = SHOWN_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
    len--;
  return (int)len;
}

static int
fail_header(struct csv_file *f, char *found, const char *header, size_t len)
{
  char *clean;
  int r;

  found[strcspn(found, "\r\n")] = '\0';
  clean = utf8_repair(found);
  if (!clean)
    return mp_fail(f->host, MP_ENOMEM, f->path, "out of memory");
  r = mp_fail(f->host, MP_ECONFIG, f->path,
              "its header is \"%.*s\", but the columns of the pipeline "
              "are \"%.*s\"; move the file away, or name the same columns",
              shown_length(clean, strlen(clean)), clean,
              shown_length(header, len), header);
  free(clean);
  return r;
}

int
csv_file_check_header(struct csv_file *f, const char *header, size_t len)
{
  size_t room = (len < SHOWN_MAX ? SHOWN_MAX : len) + sizeof("\r\n");
  char *found, *end;
  ssize_t got;
  int answer = MP_OK;

  if (!f->regular || f->length == 0)
    return MP_OK;
  found = calloc(1, room + 1);
  if (!found)
    return mp_fail(f->host, MP_ENOMEM, f->path, "out of memory");
  got = read_some(f->fd, found, room, 0);
  if (got < 0) {
    answer = fail_io(f, "cannot be read");
    goto out;
  }
  end = found + len;
  if ((size_t)got < len || memcmp(found, header, len) != 0 ||
      (strncmp(end, "\n", 1) != 0 && strncmp(end, "\r\n", 2) != 0))
    answer = fail_header(f, found, header, len);
out:
  free(found);
  return answer;
}

int
csv_file_read_line(struct csv_file *f, struct text_buffer *line)
{
  while (line->len < LINE_MAX_LEN) {
    char *at, *newline;
    ssize_t got;

    /* one byte more, for a NUL after the line */
    if (text_buffer_reserve(line, COMPARE_SIZE + 1) != MP_OK)
      return mp_fail(f->host, MP_ENOMEM, f->path, "out of memory");
    at = line->data + line->len;
    got = read_some(f->fd, at, COMPARE_SIZE, (int64_t)line->len);
    if (got < 0)
      return fail_io(f, "cannot be read");
    newline = memchr(at, '\n', (size_t)got);
    line->len += newline ? (size_t)(newline - at) : (size_t)got;
    if (newline || got < COMPARE_SIZE)
      break;
  }
  return MP_OK;
}

int
csv_file_is_ragged(struct csv_file *f, int64_t length, int *ret_ragged)
{
  char last = '\n';

  errno = EIO; /* for a file that became shorter meanwhile */
  if (length > 0 && read_some(f->fd, &last, 1, length - 1) != 1)
    return fail_io(f, "cannot be read");
  *ret_ragged = last != '\n';
  return MP_OK;
}

int
csv_file_match(struct csv_file *f, int64_t pos, const char *data, size_t len,
               size_t *ret_matched, int *ret_end)
{
  char found[COMPARE_SIZE];
  size_t matched = 0;

  while (matched < len) {
    size_t n = len - matched < sizeof(found) ? len - matched : sizeof(found);
    ssize_t got = read_some(f->fd, found, n, pos + (int64_t)matched);
    ssize_t i = 0;

    if (got < 0)
      return fail_io(f, "cannot be read");
    while (i < got && found[i] == data[matched + (size_t)i])
      i++;
    matched += (size_t)i;
    if ((size_t)i < n)
      break;
  }
  *ret_matched = matched;
  *ret_end = f->length == pos + (int64_t)matched;
  return MP_OK;
}

/* ---- Writing ------------------------------------------------------------- */

/* Waits until a pipe takes more data. */
static int
wait_writable(struct csv_file *f)
{
  struct pollfd fds[] = {
    { .fd = f->fd, .events = POLLOUT },
    { .fd = f->host->cancel_fd(f->host), .events = POLLIN },
  };
  int64_t left = f->host->time_left(f->host);
  int n = poll(fds, 2, left > 60000 ? 60000 : (int)left);

  if (n < 0 && errno != EINTR)
    return fail_io(f, "cannot wait for it");
  if (n > 0 && (fds[1].revents & POLLIN) != 0)
    return mp_fail(f->host, MP_ECANCELED, f->path, "the run was interrupted");
  if (n == 0 && f->host->time_left(f->host) == 0)
    return mp_fail(
      f->host, MP_EAGAIN, f->path,
      "the program at the other end of this pipe did not read in time");
  return MP_OK;
}

int
csv_file_append(struct csv_file *f, const char *data, size_t len,
                size_t *ret_written)
{
  size_t done = 0;
  int answer = MP_OK;

  while (done < len && answer == MP_OK) {
    ssize_t n = write(f->fd, data + done, len - done);

    if (n >= 0)
      done += (size_t)n;
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      answer = wait_writable(f);
    else if (errno != EINTR)
      answer = fail_io(f, "cannot be written");
  }
  f->length += (int64_t)done;
  *ret_written = done;
  return answer;
}

int
csv_file_cut(struct csv_file *f, int64_t length, int64_t expected)
{
  struct stat st;

  if (fstat(f->fd, &st) != 0)
    return fail_io(f, "cannot be cut back");
  if (st.st_size != expected)
    return mp_fail(f->host, MP_EIO, f->path,
                   "not cut back to whole rows: another program changed the "
                   "file without locking it");
  if (length == expected)
    return MP_OK;
  while (ftruncate(f->fd, (off_t)length) != 0)
    if (errno != EINTR)
      return fail_io(f, "cannot be cut back to whole rows");
  f->length = length;
  return MP_OK;
}

/* Returns the length of the file without NUL bytes at its end. */
static int
find_nuls(struct csv_file *f, int64_t *ret_length)
{
  char buf[COMPARE_SIZE];
  int64_t end = f->length;

  while (end > 0) {
    size_t n = end < COMPARE_SIZE ? (size_t)end : COMPARE_SIZE;

    errno = EIO; /* for a file that became shorter meanwhile */
    if (read_some(f->fd, buf, n, end - (int64_t)n) != (ssize_t)n)
      return fail_io(f, "cannot be read");
    while (n > 0 && buf[n - 1] == '\0') {
      n--;
      end--;
    }
    if (n > 0)
      break;
  }
  *ret_length = end;
  return MP_OK;
}

int
csv_file_skip_nuls(struct csv_file *f)
{
  return f->regular ? find_nuls(f, &f->length) : MP_OK;
}

int
csv_file_cut_nuls(struct csv_file *f)
{
  int64_t before = f->length;
  int r = csv_file_skip_nuls(f);

  if (r != MP_OK || f->length == before)
    return r;
  r = csv_file_cut(f, f->length, before);
  if (r == MP_OK)
    mp_log(
      f->host, MP_LOG_NOTICE, f->path,
      "%" PRId64
      " NUL bytes at its end were cut off; a power cut can leave such bytes",
      before - f->length);
  return r;
}

int
csv_file_sync(struct csv_file *f)
{
  if (!f->regular)
    return MP_OK;
  while (fsync(f->fd) != 0)
    if (errno != EINTR)
      return fail_io(f, "cannot be written to the disk");
  return MP_OK;
}
