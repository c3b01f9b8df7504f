/*
 * Preloaded into the program under test: with $TEST_HANG = "CALL:PATH" the call
 * CALL does not return if the path of its file contains PATH ("CALL:" alone:
 * for any file).
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sleeps until a signal ends the process, if $TEST_HANG selects CALL and
 * PATH. */
static void
hang_if(const char *call, const char *path)
{
  const char *order = getenv("TEST_HANG");
  size_t len = strlen(call);

  if (!order || strncmp(order, call, len) != 0 || order[len] != ':' ||
      !strstr(path, order + len + 1))
    return;
  for (;;)
    pause();
}

static void
hang_if_fd(const char *call, int fd)
{
  char proc[64], target[1024] = "";

  snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
  if (readlink(proc, target, sizeof(target) - 1) >= 0)
    hang_if(call, target);
}

/* Finds the function that this one replaces; NAME is its name in the C
 * library. */
#define REAL_AS(function, name)                                                \
  static __typeof__(&function) real;                                           \
  if (!real)                                                                   \
  *(void **)&real = dlsym(RTLD_NEXT, name)
#define REAL(function) REAL_AS(function, #function)

/* If off_t is wider than a register, the plain name is the older function with
 * a narrow offset. */
#define REAL_PWRITE (sizeof(off_t) > sizeof(long) ? "pwrite64" : "pwrite")

#define PUBLIC __attribute__((visibility("default")))

PUBLIC int
fsync(int fd)
{
  REAL(fsync);
  hang_if_fd("fsync", fd);
  return real(fd);
}

PUBLIC int
fdatasync(int fd)
{
  REAL(fdatasync);
  hang_if_fd("fsync", fd);
  return real(fd);
}

PUBLIC int
flock(int fd, int how)
{
  REAL(flock);
  hang_if_fd("flock", fd);
  return real(fd, how);
}

PUBLIC ssize_t
write(int fd, const void *buf, size_t len)
{
  REAL(write);
  hang_if_fd("write", fd);
  return real(fd, buf, len);
}

PUBLIC ssize_t
pwrite(int fd, const void *buf, size_t len, off_t at)
{
  REAL_AS(pwrite, REAL_PWRITE);
  hang_if_fd("pwrite", fd);
  return real(fd, buf, len, at);
}

PUBLIC int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
  REAL(connect);
  hang_if("connect", "");
  return real(fd, address, len);
}

PUBLIC int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **ret)
{
  REAL(getaddrinfo);
  hang_if("getaddrinfo", "");
  return real(name, service, hints, ret);
}

PUBLIC pid_t
waitpid(pid_t pid, int *status, int flags)
{
  REAL(waitpid);
  hang_if("waitpid", "");
  return real(pid, status, flags);
}
