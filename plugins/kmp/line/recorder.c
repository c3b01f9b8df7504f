/*
 * Writes captures: the file, its header, and one line per frame.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/kmp/codec/capture.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/line/recorder.h"
#include "lib/file.h"
#include "lib/rfc3339.h"

/* Serial numbers are personal data: not readable by every user. */
#define CAPTURE_MODE 0640

struct recorder {
  const struct mp_host *host;
  const char *path;
  FILE *file;
  bool reported; /* a failure to write was reported */
};

static void
record_cycle_begin(struct recorder *recorder, bool is_new)
{
  const struct mp_host *host = recorder->host;
  char when[RFC3339_MS_SIZE];

  if (is_new)
    fprintf(recorder->file, "# meterpipe capture %d %s\n", CAPTURE_VERSION,
            host->name);
  if (rfc3339_format_ms(when, sizeof(when), host->now(host)) == 0)
    when[0] = '\0';
  fprintf(recorder->file, "\n# %s\n", when);
}

/* True if the file ends in the middle of a line, after a full disk or a power
 * cut.  A file that cannot be read counts as whole. */
static bool
is_cut(const char *path, const struct stat *st)
{
  char last = '\n';
  int fd;

  if (!S_ISREG(st->st_mode) || st->st_size == 0)
    return false;
  fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return false;
  if (pread(fd, &last, 1, st->st_size - 1) != 1)
    last = '\n';
  close(fd);
  return last != '\n';
}

static FILE *
open_to_append(const char *path, int *ret_new, char why[FILE_WHY])
{
  struct stat st;
  FILE *file = NULL;
  /* O_NONBLOCK: opening a pipe without a reader fails at once. */
  int fd = file_open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK,
                     CAPTURE_MODE, why);

  if (fd < 0)
    return NULL;
  if (fstat(fd, &st) == 0)
    file = fdopen(fd, "a");
  if (!file) {
    int err = errno;

    close(fd);
    errno = err;
    return NULL;
  }
  *ret_new = st.st_size == 0;
  /* End a cut line, or the blank line before the next cycle would only end
   * it. */
  if (is_cut(path, &st))
    fputc('\n', file);
  return file;
}

struct recorder *
recorder_open(const struct mp_host *host, const char *path, bool begins_cycle)
{
  struct recorder *recorder;
  char why[FILE_WHY];
  int is_new = 0;

  if (!path)
    return NULL;
  recorder = calloc(1, sizeof(*recorder));
  if (!recorder) {
    mp_fail(host, MP_ENOMEM, path, "no capture: out of memory");
    return NULL;
  }
  recorder->host = host;
  recorder->path = path;
  recorder->file = open_to_append(path, &is_new, why);
  if (!recorder->file) {
    mp_fail(host, MP_ECREATE, path, "the capture cannot be written: %s%s",
            why[0] != '\0' ? "it " : strerror(errno), why);
    free(recorder);
    return NULL;
  }
  if (begins_cycle || is_new)
    record_cycle_begin(recorder, is_new);
  return recorder;
}

void
recorder_frame(struct recorder *recorder, char direction, const uint8_t *wire,
               size_t len)
{
  char line[3 * KMP_WIRE_MAX + CAPTURE_LINE_EXTRA];
  size_t n;

  if (!recorder)
    return;
  n = capture_format(line, sizeof(line), recorder->host->now(recorder->host),
                     direction, wire, len);
  fwrite(line, 1, n, recorder->file);
}

/* Reports a failure to write, once. */
static void
report_failure(struct recorder *recorder)
{
  if (recorder->reported)
    return;
  recorder->reported = true;
  mp_fail(recorder->host, MP_EIO, recorder->path,
          "the capture could not be written: %s",
          errno != 0 ? strerror(errno) : "write error");
}

void
recorder_flush(struct recorder *recorder)
{
  if (!recorder)
    return;
  errno = 0;
  if (fflush(recorder->file) != 0 || ferror(recorder->file))
    report_failure(recorder);
}

void
recorder_close(struct recorder *recorder)
{
  if (!recorder)
    return;
  recorder_flush(recorder);
  errno = 0;
  if (fclose(recorder->file) != 0)
    report_failure(recorder);
  free(recorder);
}
