/*
 * Preloaded into the program under test: the time of day begins at $TEST_CLOCK
 * (Unix time in seconds) and goes on from there.  The monotonic clock is left
 * alone, so that nothing waits longer or shorter than it would.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

typedef int (*clock_gettime_fn)(clockid_t, struct timespec *);

static clock_gettime_fn real_clock;
static time_t shift; /* seconds from the real time to the test's */

__attribute__((constructor)) static void
begin(void)
{
  const char *start = getenv("TEST_CLOCK");
  struct timespec now;

  *(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
  if (start && real_clock(CLOCK_REALTIME, &now) == 0)
    shift = (time_t)strtoll(start, NULL, 10) - now.tv_sec;
}

__attribute__((visibility("default"))) int
clock_gettime(clockid_t id, struct timespec *t)
{
  int r;

  if (!real_clock)
    begin();
  r = real_clock(id, t);
  if (r == 0 && id == CLOCK_REALTIME)
    t->tv_sec += shift;
  return r;
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
