/*
 * Preloaded into the program under test: the time of day begins at $TEST_CLOCK
 * (Unix time in seconds), exactly on the second, and runs from there.  The
 * monotonic clocks are unchanged, so that all waits keep their length; but with
 * $TEST_HURRY = N all clocks run N times as fast, and waits are N times
 * shorter.
 *
 * With $TEST_NO_NAMES no name server answers: getaddrinfo() takes 30 s.
 *
 * With $TEST_LOCALE the process runs in that locale, as if a library used by a
 * plugin had set it.
 */
/* Fortified headers define their own poll(), so it could not be redefined
 * here. */
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <locale.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int (*clock_gettime_fn)(clockid_t, struct timespec *);

#define SECOND INT64_C(1000000000)

/* Name of the clock_gettime() for which this file is compiled.  If time_t is
 * wider than a register, the plain name is the older function with a narrow
 * time_t. */
#define REAL_CLOCK                                                             \
  (sizeof(time_t) > sizeof(long) ? "__clock_gettime64" : "clock_gettime")

typedef int (*poll_fn)(struct pollfd *, nfds_t, int);

static clock_gettime_fn real_clock;
static poll_fn real_poll;
static int64_t hurry = 1;
static int64_t origin; /* of the monotonic clock, in nanoseconds */
static int64_t real_origin;
static int64_t start; /* the time of day then */

static int64_t
nanoseconds(const struct timespec *t)
{
  return (int64_t)t->tv_sec * SECOND + t->tv_nsec;
}

__attribute__((constructor)) static void
begin(void)
{
  const char *clock = getenv("TEST_CLOCK");
  const char *times = getenv("TEST_HURRY");
  struct timespec now;

  *(void **)&real_clock = dlsym(RTLD_NEXT, REAL_CLOCK);
  *(void **)&real_poll = dlsym(RTLD_NEXT, "poll");
  if (times)
    hurry = strtoll(times, NULL, 10);
  if (real_clock(CLOCK_MONOTONIC, &now) == 0)
    origin = nanoseconds(&now);
  if (real_clock(CLOCK_REALTIME, &now) == 0)
    real_origin = nanoseconds(&now);
  start = clock ? strtoll(clock, NULL, 10) * SECOND : real_origin;
}

__attribute__((constructor)) static void
enter_locale(void)
{
  const char *name = getenv("TEST_LOCALE");

  if (!name || setlocale(LC_ALL, name))
    return;
  fprintf(stderr, "TEST_LOCALE: there is no locale %s\n", name);
  abort();
}

__attribute__((visibility("default"))) int
clock_gettime(clockid_t id, struct timespec *t)
{
  bool monotonic = id == CLOCK_MONOTONIC || id == CLOCK_BOOTTIME;
  int64_t now;
  int r;

  if (!real_clock)
    begin();
  r = real_clock(id, t);
  if (r != 0 || (id != CLOCK_REALTIME && (!monotonic || hurry == 1)))
    return r;
  if (id == CLOCK_REALTIME)
    now = start + (nanoseconds(t) - real_origin) * hurry;
  else
    now = origin + (nanoseconds(t) - origin) * hurry;
  t->tv_sec = (time_t)(now / SECOND);
  t->tv_nsec = (long)(now % SECOND);
  return r;
}

__attribute__((visibility("default"))) int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **ret)
{
  int (*real)(const char *, const char *, const struct addrinfo *,
              struct addrinfo **);

  if (getenv("TEST_NO_NAMES")) {
    sleep(30);
    return EAI_AGAIN;
  }
  *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  return real(name, service, hints, ret);
}

__attribute__((visibility("default"))) time_t
time(time_t *ret)
{
  struct timespec t;

  clock_gettime(CLOCK_REALTIME, &t);
  if (ret)
    *ret = t.tv_sec;
  return t.tv_sec;
}

__attribute__((visibility("default"))) int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
  if (!real_poll)
    begin();
  if (timeout > 0)
    timeout = (int)((timeout + hurry - 1) / hurry);
  return real_poll(fds, n, timeout);
}
