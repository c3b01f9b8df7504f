/* The watchdog.  Its handler allocates nothing and takes no lock. */
#include "core/run/watchdog.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/run/log.h"
#include "core/run/progress.h"

/* The handler keeps one line on its stack; log_emergency needs little more. */
#define STACK_SIZE ((size_t)64 * 1024)

static volatile sig_atomic_t hurried;

/* A line built without stdio, which is not allowed in a signal handler. */
struct line {
  char text[256];
  size_t len;
};

static void
append_to_line(struct line *line, const char *text)
{
  size_t len = strlen(text), room = sizeof(line->text) - line->len;

  if (len > room)
    len = room;
  memcpy(line->text + line->len, text, len);
  line->len += len;
}

static void
on_alarm(int signo)
{
  const struct progress *call = progress_of_main_thread();
  /* Read once: this may run in another thread, and the call may end
   * meanwhile. */
  const char *name = call ? call->name : NULL;
  const char *what = name ? call->what : NULL;
  struct line line = { .len = 0 };

  (void)signo;
  append_to_line(&line, "error: ");
  if (name && what) {
    append_to_line(&line, name);
    append_to_line(&line, ": ");
    append_to_line(&line, what);
    append_to_line(&line, " did not return; ");
  }
  append_to_line(&line, hurried
                          ? "the run is ended 5 s after the signal to stop\n"
                          : "the run is ended 5 s after its deadline\n");
  log_emergency(line.text, line.len);
  _exit(EX_IOERR);
}

static void
set_timer(int64_t ms)
{
  struct itimerval timer = { .it_value = { .tv_sec = (time_t)(ms / 1000),
                                           .tv_usec = (suseconds_t)(ms % 1000) *
                                                      1000 } };

  setitimer(ITIMER_REAL, &timer, NULL);
}

void
watchdog_init(void)
{
  struct sigaction alarm = { .sa_handler = on_alarm };
  sigset_t set;

  sigaction(SIGALRM, &alarm, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* This thread only exists to receive SIGALRM, even if a plugin blocks it in the
 * main thread. */
static void *
wait_for_alarm(void *arg)
{
  for (;;)
    pause();
  return arg;
}

/* Starts the thread.  If that fails, the main thread handles the signal unless
 * a plugin blocks it. */
static void
start_thread(void)
{
  static bool started;
  sigset_t all_but_alarm, before;
  pthread_attr_t attr;
  pthread_t thread;

  if (started)
    return;
  started = true;
  sigfillset(&all_but_alarm);
  sigdelset(&all_but_alarm, SIGALRM);
  pthread_sigmask(SIG_SETMASK, &all_but_alarm, &before);
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, STACK_SIZE);
  (void)pthread_create(&thread, &attr, wait_for_alarm, NULL);
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* A signal to stop may arrive after the first check.  Its handler has then set
 * the timer before this function overwrites it, so set it again. */
static void
set_unless_hurried(int64_t ms)
{
  if (hurried)
    return;
  set_timer(ms);
  if (hurried)
    set_timer(WATCHDOG_GRACE_MS);
}

void
watchdog_arm(int64_t deadline_ms)
{
  start_thread();
  set_unless_hurried(deadline_ms + WATCHDOG_GRACE_MS);
}

void
watchdog_disarm(void)
{
  set_unless_hurried(0);
}

/* On Linux, setitimer() and getitimer() are plain system calls and therefore
 * safe in a handler. */
void
watchdog_hurry(void)
{
  struct itimerval timer;

  getitimer(ITIMER_REAL, &timer);
  if (!hurried && (!timerisset(&timer.it_value) ||
                   timer.it_value.tv_sec >= WATCHDOG_GRACE_MS / 1000))
    set_timer(WATCHDOG_GRACE_MS);
  hurried = 1;
}
