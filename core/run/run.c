/* Deadlines and signals of a run. */
#include "core/run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/clock.h"
#include "core/run/log.h"
#include "core/run/watchdog.h"
#include "meterpipe/plugin.h"

/* How often a sleep checks whether the run must end. */
#define LOOK_MS 500

/* The signal handler can access only these. */
static volatile sig_atomic_t stopped;
static int stop_fd = -1;

static void
on_stop(int signo)
{
  uint64_t one = 1;
  int err = errno;

  (void)signo;
  stopped = 1;
  watchdog_hurry();
  if (stop_fd >= 0 && write(stop_fd, &one, sizeof(one)) < 0)
    stopped = 1; /* nothing to do: a full counter is already readable */
  errno = err;
}

bool
run_stopped(void)
{
  return stopped != 0;
}

/* The signals are blocked except during the sleep, so that none arrives
 * unnoticed between the check of the flag and the sleep. */
bool
run_sleep(int64_t ms)
{
  sigset_t stops, before;
  int64_t end = clock_mono_ms() + ms;

  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGHUP);
  sigprocmask(SIG_BLOCK, &stops, &before);
  while (!stopped && ms > 0) {
    /* Another thread (of an abandoned input) may get the signal. */
    int64_t part = ms < LOOK_MS ? ms : LOOK_MS;
    struct timespec t = { .tv_sec = (time_t)(part / 1000),
                          .tv_nsec = (long)(part % 1000) * 1000000 };

    ppoll(NULL, 0, &t, &before);
    ms = end - clock_mono_ms();
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  return !stopped;
}

static bool
watch_signals(int epoll, int fd)
{
  struct epoll_event event = { .events = EPOLLIN };

  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

int
run_init(struct run *run, struct report *report)
{
  struct sigaction stop = { .sa_handler = on_stop }, hangup;

  memset(run, 0, sizeof(*run));
  run->report = report;
  run->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  run->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  run->cancel_fd = epoll_create1(EPOLL_CLOEXEC);
  if (run->event_fd < 0 || run->timer_fd < 0 || run->cancel_fd < 0 ||
      !watch_signals(run->cancel_fd, run->event_fd) ||
      !watch_signals(run->cancel_fd, run->timer_fd)) {
    run_finish(run);
    return MP_EIO;
  }
  stop_fd = run->event_fd;
  log_set_cancel(run->cancel_fd);
  watchdog_init();
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGINT, &stop, NULL);
  if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &stop, NULL);
  return MP_OK;
}

void
run_finish(struct run *run)
{
  stop_fd = -1;
  log_set_cancel(-1);
  log_set_deadline(0);
  if (run->cancel_fd >= 0)
    close(run->cancel_fd);
  if (run->timer_fd >= 0)
    close(run->timer_fd);
  if (run->event_fd >= 0)
    close(run->event_fd);
  run->cancel_fd = run->timer_fd = run->event_fd = -1;
}

void
run_set_deadline(struct run *run, int64_t ms)
{
  struct itimerspec when = { 0 };

  if (ms < 1)
    ms = 1;
  run->deadline_ms = clock_mono_ms() + ms;
  log_set_deadline(run->deadline_ms);
  when.it_value.tv_sec = ms / 1000;
  when.it_value.tv_nsec = ms % 1000 * 1000000;
  timerfd_settime(run->timer_fd, 0, &when, NULL);
}

void
run_begin_slice(struct run *run, size_t n)
{
  if (run->deadline_ms == 0 || n == 0)
    return;
  run->whole_ms = run->deadline_ms;
  run_set_deadline(run, run_time_left(run) / (int64_t)n);
}

void
run_end_slice(struct run *run)
{
  if (run->whole_ms == 0)
    return;
  run_set_deadline(run, run->whole_ms - clock_mono_ms());
  run->whole_ms = 0;
}

void
run_drop_deadline(struct run *run)
{
  static const struct itimerspec never;

  run->deadline_ms = 0;
  log_set_deadline(0);
  timerfd_settime(run->timer_fd, 0, &never, NULL);
}

int64_t
run_time_left(const struct run *run)
{
  int64_t left = run->deadline_ms - clock_mono_ms();

  if (run->deadline_ms == 0)
    return INT32_MAX;
  return left > 0 ? left : 0;
}
