/*
 * Uses read() instead of stdio, so that a secret is in one place in memory
 * only, which slurp_free wipes.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "lib/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longest wait for data from a pipe. */
#define PIPE_WAIT_MS 5000

/* Waits until FD is readable; a FIFO without a writer never is.  Returns 0
 * or an errno value. */
static int
wait_readable(int fd)
{
  struct pollfd p = { .fd = fd, .events = POLLIN };
  int n = poll(&p, 1, PIPE_WAIT_MS);

  if (n < 0)
    return errno;
  return n == 0 ? ETIMEDOUT : 0;
}

/* Reads at most SIZE bytes from FD; *LEN of them are there also after a
 * failure. Returns 0 or an errno value. */
static int
read_fully(int fd, char *text, size_t size, size_t *len)
{
  *len = 0;
  while (*len < size) {
    int err = wait_readable(fd);
    ssize_t n = err ? -1 : read(fd, text + *len, size - *len);

    if (n == 0)
      break;
    if (n > 0)
      *len += (size_t)n;
    else if ((err = err ? err : errno) != EINTR)
      return err;
  }
  return 0;
}

int
slurp_file(const char *path, size_t max, struct slurp *ret)
{
  struct slurp file = { .text = NULL };
  struct stat st;
  int fd, err = 0;

  fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return errno;
  file.text = malloc(max + 1);
  if (!file.text)
    err = ENOMEM;
  else if (fstat(fd, &st) < 0)
    err = errno;
  else
    err = read_fully(fd, file.text, max + 1, &file.len);
  close(fd);
  if (!err && file.len > max)
    err = EFBIG;
  if (err) {
    slurp_free(&file);
    return err;
  }
  file.text[file.len] = '\0';
  file.mode = st.st_mode;
  *ret = file;
  return 0;
}

bool
slurp_is_world_readable(const struct slurp *slurp)
{
  return S_ISREG(slurp->mode) && (slurp->mode & S_IROTH) != 0;
}

void
slurp_free(struct slurp *slurp)
{
  if (slurp->text)
    explicit_bzero(slurp->text, slurp->len);
  free(slurp->text);
  slurp->text = NULL;
  slurp->len = 0;
}
