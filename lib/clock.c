/* Reads the clocks, waits by them, and writes durations in words. */
#include "lib/clock.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

static int64_t
read_us(clockid_t id)
{
  struct timespec t;

  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_now_ms(void)
{
  return read_us(CLOCK_REALTIME) / 1000;
}

int64_t
clock_mono_ms(void)
{
  return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_mono_us(void)
{
  return read_us(CLOCK_MONOTONIC);
}

void
clock_sleep_ms(int64_t ms, int fd)
{
  int64_t end = clock_mono_ms() + ms;
  struct pollfd p = { .fd = fd, .events = POLLIN };

  while (ms > 0) {
    int r = poll(&p, 1, ms > 60000 ? 60000 : (int)ms);

    if (r > 0)
      return;
    ms = end - clock_mono_ms();
  }
}

void
clock_format_span(int64_t ms, char *buf, size_t size)
{
  static const struct {
    int64_t ms;
    const char *name;
  } units[] = {
    { 86400000, "d" }, { 3600000, "h" }, { 60000, "min" }, { 1000, "s" }
  };
  size_t i;

  /* Round to the smaller of the two printed units: 59.9 s become 1 min. */
  for (i = 0; i < 3; i++)
    if (ms + units[i + 1].ms / 2 >= units[i].ms)
      break;
  if (i < 3)
    ms += units[i + 1].ms / 2;
  int64_t n = ms / units[i].ms;
  int64_t rest = i < 3 ? ms % units[i].ms / units[i + 1].ms : 0;
  if (rest > 0)
    snprintf(buf, size, "%lld %s %lld %s", (long long)n, units[i].name,
             (long long)rest, units[i + 1].name);
  else
    snprintf(buf, size, "%lld %s", (long long)n, units[i].name);
}

int64_t
clock_age_ms(int64_t now, int64_t then)
{
  return then > now ? INT64_MAX : now - then;
}
