/*
 * The file of attempts, a line for each fact:
 *
 *     meterpipe attempts 1
 *     model 0000 0b            type and marker registers, as in memory.c
 *     noticed 1795341600000
 *     1795341601000 ok
 *     1795342801000 failed
 *
 * It is replaced as a whole, so a reader needs no lock.  It is not synced:
 * after a power cut, the worst case is one reading more than allowed.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "plugins/kmp/input/attempts.h"

#define HEADER "meterpipe attempts 1\n"
/* Before the umask is applied. */
#define FILE_MODE 0644

/* Inputs are read in threads, perhaps as many as the limit of open files allows
 * (kmp_files): their files of attempts are open one at a time, so that all of
 * them need one descriptor. */
static pthread_mutex_t one_file = PTHREAD_MUTEX_INITIALIZER;

/* True for letters, digits, '.' and '-', in any locale. */
static bool
is_plain(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '.' || c == '-';
}

char *
attempts_path(const char *state_dir, const char *device)
{
  size_t size =
    strlen(state_dir) + sizeof("/attempts-") + strlen("%00") * strlen(device);
  char *path = malloc(size), *end = path;

  if (!path)
    return NULL;
  end += sprintf(end, "%s/attempts-", state_dir);
  for (; *device; device++)
    end +=
      sprintf(end, is_plain(*device) ? "%c" : "%%%02X", (unsigned char)*device);
  return path;
}

/* ---- Reading ------------------------------------------------------------- */

static int
append(struct attempts *attempts, int64_t time_ms, bool failed)
{
  if (!ARRAY_GROW(&attempts->list, attempts->n))
    return ENOMEM;
  attempts->list[attempts->n++] = (struct attempt){ time_ms, failed };
  return 0;
}

static int
take_line(struct attempts *attempts, const char *line)
{
  unsigned type, has;
  int64_t time_ms;
  char result[8];

  if (sscanf(line, "model %4x %2x", &type, &has) == 2) {
    attempts->asked_model = true;
    attempts->model =
      (struct model){ .type = (uint16_t)type, .has = (uint8_t)has };
    return 0;
  }
  if (sscanf(line, "noticed %" SCNd64, &time_ms) == 1) {
    attempts->noticed_ms = time_ms;
    return 0;
  }
  if (sscanf(line, "%" SCNd64 " %7s", &time_ms, result) != 2 ||
      attempts->n == ATTEMPTS_MAX)
    return 0;
  return append(attempts, time_ms, strcmp(result, "ok") != 0);
}

static int
read_lines(FILE *file, struct attempts *ret)
{
  char line[64];
  int err = 0;

  if (!fgets(line, sizeof(line), file) || strcmp(line, HEADER) != 0)
    return ferror(file) ? errno : 0;
  while (!err && fgets(line, sizeof(line), file))
    err = take_line(ret, line);
  return !err && ferror(file) ? errno : err;
}

static int
load_file(const char *path, struct attempts *ret)
{
  struct attempts attempts = { .list = NULL };
  char why[FILE_WHY];
  int fd = file_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, why);
  FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
  int err = errno;

  if (fd < 0)
    return err == ENOENT ? 0 : err;
  if (!file) {
    close(fd);
    return err;
  }
  err = read_lines(file, &attempts);
  fclose(file);
  if (err)
    attempts_clear(&attempts);
  else
    *ret = attempts;
  return err;
}

int
attempts_load(const char *path, struct attempts *ret)
{
  int err;

  pthread_mutex_lock(&one_file);
  err = load_file(path, ret);
  pthread_mutex_unlock(&one_file);
  return err;
}

/* ---- Writing ------------------------------------------------------------- */

static int
write_lines(FILE *file, const struct attempts *attempts)
{
  fputs(HEADER, file);
  if (attempts->asked_model)
    fprintf(file, "model %04x %02x\n", attempts->model.type,
            attempts->model.has);
  if (attempts->noticed_ms)
    fprintf(file, "noticed %" PRId64 "\n", attempts->noticed_ms);
  for (size_t i = 0; i < attempts->n; i++)
    fprintf(file, "%" PRId64 " %s\n", attempts->list[i].time_ms,
            attempts->list[i].failed ? "failed" : "ok");
  return fflush(file) == 0 && !ferror(file) ? 0 : errno;
}

static int
write_file(const char *path, const struct attempts *attempts)
{
  char why[FILE_WHY];
  int fd =
    file_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, FILE_MODE, why);
  FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
  int err = errno;

  if (fd >= 0 && !file)
    close(fd);
  if (!file)
    return err;
  err = write_lines(file, attempts);
  if (fclose(file) != 0 && !err)
    err = errno;
  return err;
}

/* Makes the directories above PATH, but none in a directory of another user. */
static int
make_directories(char *path)
{
  char why[SAFE_DIR_WHY];

  if (safe_dir_check_above(path, geteuid(), why) != 0)
    return EPERM;
  return file_make_directories(path);
}

/* Replaces the file PATH by TEMPORARY, a new one. */
static int
replace_file(const char *path, const char *temporary,
             const struct attempts *attempts)
{
  int err;

  pthread_mutex_lock(&one_file);
  err = write_file(temporary, attempts);
  pthread_mutex_unlock(&one_file);
  if (!err && rename(temporary, path) != 0)
    err = errno;
  if (err)
    unlink(temporary);
  return err;
}

int
attempts_save(const char *path, const struct attempts *attempts)
{
  char *temporary;
  int err;

  if (asprintf(&temporary, "%s.new", path) < 0)
    return ENOMEM;
  err = replace_file(path, temporary, attempts);
  if (err == ENOENT) {
    err = make_directories(temporary);
    if (!err)
      err = replace_file(path, temporary, attempts);
  }
  free(temporary);
  return err;
}

/* ---- The attempts -------------------------------------------------------- */

/* True if ATTEMPT may have been made in the last 24 hours.  If the clock was
 * set back, a time in the future is that of an attempt in the past; but not one
 * more than a day ahead, which is from a clock that was wrong. */
static bool
is_recent(const struct attempt *attempt, int64_t now)
{
  return attempt->time_ms > now - CLOCK_DAY_MS &&
         attempt->time_ms < now + CLOCK_DAY_MS;
}

int
attempts_add(struct attempts *attempts, int64_t now)
{
  size_t n = 0, first = attempts->n == ATTEMPTS_MAX;

  for (size_t i = first; i < attempts->n; i++)
    if (is_recent(&attempts->list[i], now))
      attempts->list[n++] = attempts->list[i];
  attempts->n = n;
  return append(attempts, now, true);
}

size_t
attempts_count(const struct attempts *attempts, int64_t now, size_t *ret_failed)
{
  size_t n = 0;

  *ret_failed = 0;
  for (size_t i = 0; i < attempts->n; i++) {
    if (!is_recent(&attempts->list[i], now))
      continue;
    n++;
    *ret_failed += attempts->list[i].failed;
  }
  return n;
}

void
attempts_clear(struct attempts *attempts)
{
  free(attempts->list);
  memset(attempts, 0, sizeof(*attempts));
}
