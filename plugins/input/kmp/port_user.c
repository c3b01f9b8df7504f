/*
 * Which process has a port open, as far as /proc tells this user.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/input/kmp/port_impl.h"

/* "/proc/4194304/fd/1048576" and the like. */
#define PROC_PATH 64

/* Whether process PID has a descriptor of PATH. */
static int
has_open(const char *pid, const char *path)
{
  char name[PROC_PATH];
  DIR *dir;
  int found = 0;

  snprintf(name, sizeof(name), "/proc/%.16s/fd", pid);
  dir = opendir(name);
  if (dir == NULL)
    return 0;
  while (!found) {
    const struct dirent *entry = readdir(dir);
    char target[PATH_MAX];
    ssize_t len;

    if (entry == NULL)
      break;
    len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
    if (len < 0)
      continue;
    target[len] = '\0';
    found = strcmp(target, path) == 0;
  }
  closedir(dir);
  return found;
}

const char *
port_process(pid_t pid, char *buf, size_t size)
{
  char name[PROC_PATH];
  char comm[32] = "";
  ssize_t len = -1;
  int fd;

  if (pid == getpid()) {
    snprintf(buf, size, "another input of this pipeline");
    return buf;
  }
  snprintf(name, sizeof(name), "/proc/%ld/comm", (long)pid);
  fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    len = read(fd, comm, sizeof(comm) - 1);
    close(fd);
  }
  comm[len > 0 ? (size_t)len : 0] = '\0';
  comm[strcspn(comm, "\n")] = '\0';
  snprintf(buf, size, "%s (process %ld)", comm[0] ? comm : "a program",
           (long)pid);
  return buf;
}

void
port_user(const char *path, char *buf, size_t size)
{
  char *real = realpath(path, NULL);
  DIR *proc;

  buf[0] = '\0';
  if (real == NULL)
    return;
  proc = opendir("/proc");
  while (proc != NULL && buf[0] == '\0') {
    const struct dirent *entry = readdir(proc);

    if (entry == NULL)
      break;
    if (isdigit((unsigned char)entry->d_name[0]) &&
        has_open(entry->d_name, real))
      port_process((pid_t)strtol(entry->d_name, NULL, 10), buf, size);
  }
  if (proc != NULL)
    closedir(proc);
  free(real);
}
