/* The temporary directory of a fuzz target. */
#include "fuzz/require.h"
#include "fuzz/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[256];

void
scratch_each(void (*fn)(const char *path, void *ctx), void *ctx)
{
  char path[sizeof(dir) + 260];
  DIR *d = opendir(dir);

  require(d);
  for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
    if (entry->d_name[0] == '.')
      continue;
    require(snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) <
            (int)sizeof(path));
    fn(path, ctx);
  }
  closedir(d);
}

static void
remove_file(const char *path, void *ctx)
{
  (void)ctx;
  unlink(path);
}

void
scratch_empty(void)
{
  scratch_each(remove_file, NULL);
}

static void
remove_directory(void)
{
  scratch_empty();
  rmdir(dir);
}

const char *
scratch_directory(void)
{
  const char *tmp = getenv("TMPDIR");

  if (dir[0])
    return dir;
  require(snprintf(dir, sizeof(dir), "%s/fuzz-XXXXXX", tmp ? tmp : "/tmp") <
          (int)sizeof(dir));
  require(mkdtemp(dir));
  atexit(remove_directory);
  return dir;
}

void
scratch_write(const char *path, const uint8_t *data, size_t size)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  require(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size));
  close(fd);
}

long
scratch_read(const char *path, uint8_t *buf, size_t size)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n;

  if (fd < 0)
    return -1;
  n = read(fd, buf, size);
  require(n >= 0);
  close(fd);
  return n;
}
