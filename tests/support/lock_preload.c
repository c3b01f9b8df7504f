/*
 * Preloaded into the program under test: simulates a file system without locks.
 * $TEST_NO_LOCKS names the call that fails ("flock", or "fcntl" for the locks
 * of SQLite) and its errno, as in "flock 37".
 */
/* Fortified headers define their own functions, which could not be redefined
 * here; headers for large files rename fcntl() to fcntl64(). */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define PUBLIC __attribute__((visibility("default")))

typedef int (*flock_fn)(int, int);
typedef int (*fcntl_fn)(int, int, ...);

/* Returns whether CALL must fail for FD, a regular file; sets errno then. */
static bool
fails(const char *call, int fd)
{
  const char *fault = getenv("TEST_NO_LOCKS");
  size_t len = strlen(call);
  struct stat st;

  if (!fault || strncmp(fault, call, len) != 0 || fault[len] != ' ')
    return false;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
    return false; /* not a file: for example a serial port */
  errno = atoi(fault + len);
  return true;
}

PUBLIC int
flock(int fd, int operation)
{
  flock_fn real;

  if (fails("flock", fd))
    return -1;
  *(void **)&real = dlsym(RTLD_NEXT, "flock");
  return real(fd, operation);
}

static int
call_fcntl(const char *name, int fd, int command, void *argument)
{
  fcntl_fn real;

  if ((command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK) &&
      fails("fcntl", fd))
    return -1;
  *(void **)&real = dlsym(RTLD_NEXT, name);
  return real(fd, command, argument);
}

#undef fcntl
#undef fcntl64
#define WRAP_FCNTL(name)                                                       \
  PUBLIC int name(int fd, int command, ...);                                   \
  PUBLIC int name(int fd, int command, ...)                                    \
  {                                                                            \
    va_list args;                                                              \
    void *argument;                                                            \
                                                                               \
    va_start(args, command);                                                   \
    argument = va_arg(args, void *);                                           \
    va_end(args);                                                              \
    return call_fcntl(#name, fd, command, argument);                           \
  }

WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)
