/*
 * Finds the process that has a port open, as far as /proc shows it to this
 * user.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/major.h>

#include "plugins/kmp/line/port_impl.h"

/* Buffer size for paths such as "/proc/4194304/fd/1048576". */
#define PROC_PATH 64

struct device {
  dev_t number;
  dev_t devpts; /* a pseudo-terminal's file system; else 0 */
};

/* Identifies the character device NAME.  Every mount of devpts counts its
 * terminals from 0, so a pseudo-terminal is identified by its file system too.
 * Returns true, or false when NAME is not a character device. */
static bool
device_id(int dir, const char *name, struct device *ret_device)
{
  struct statx st;

  /* DONT_SYNC: a descriptor may belong to a file server that is unreachable. */
  if (statx(dir, name, AT_STATX_DONT_SYNC, STATX_TYPE, &st) != 0 ||
      !S_ISCHR(st.stx_mode))
    return false;
  *ret_device =
    (struct device){ .number = makedev(st.stx_rdev_major, st.stx_rdev_minor) };
  if (st.stx_rdev_major >= UNIX98_PTY_SLAVE_MAJOR &&
      st.stx_rdev_major < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT)
    ret_device->devpts = makedev(st.stx_dev_major, st.stx_dev_minor);
  return true;
}

/* True if process PID has a descriptor of DEVICE. */
static bool
has_open(const char *pid, const struct device *device)
{
  char name[PROC_PATH];
  DIR *dir;
  bool found = false;

  snprintf(name, sizeof(name), "/proc/%.16s/fd", pid);
  dir = opendir(name);
  if (!dir)
    return false;
  while (!found) {
    const struct dirent *entry = readdir(dir);
    struct device other;

    if (!entry)
      break;
    found = device_id(dirfd(dir), entry->d_name, &other) &&
            other.number == device->number && other.devpts == device->devpts;
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
  struct device device;
  DIR *proc;

  buf[0] = '\0';
  if (!device_id(AT_FDCWD, path, &device))
    return;
  proc = opendir("/proc");
  while (proc && buf[0] == '\0') {
    const struct dirent *entry = readdir(proc);

    if (!entry)
      break;
    if (isdigit((unsigned char)entry->d_name[0]) &&
        has_open(entry->d_name, &device))
      port_process((pid_t)strtol(entry->d_name, NULL, 10), buf, size);
  }
  if (proc)
    closedir(proc);
}
