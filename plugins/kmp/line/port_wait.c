/*
 * The monotonic clock, and waiting by it: all of this input's waits are here.
 * (A fuzz target can replace both functions and so control the time.)
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <poll.h>

#include "lib/clock.h"
#include "plugins/kmp/line/port_impl.h"

int64_t
port_clock(void)
{
  return clock_mono_ms();
}

/* Limits a time for poll(): 0 when it has passed, at most a minute. */
static int
poll_time(int64_t ms)
{
  if (ms <= 0)
    return 0;
  return ms > 60000 ? 60000 : (int)ms;
}

int
port_wait(const struct mp_host *host, int fd, short events, int64_t until)
{
  struct pollfd fds[2] = {
    { .fd = host->cancel_fd(host), .events = POLLIN },
    { .fd = fd, .events = events },
  };

  for (;;) {
    int64_t cycle = host->time_left(host);
    int64_t left = until - port_clock();
    int n;

    if (cycle <= 0)
      return MP_ETIMEOUT;
    n = poll(fds, 2, poll_time(left < cycle ? left : cycle));
    if (n < 0 && errno != EINTR)
      return MP_ENOMEM;
    if (n > 0 && fds[0].revents != 0)
      return host->time_left(host) <= 0 ? MP_ETIMEOUT : MP_ECANCELED;
    if (n > 0)
      return MP_OK;
    if (port_clock() >= until)
      return MP_DROP;
  }
}
