/*
 * Things that no callback of a plugin may do.  The environment variable BAD
 * selects one: "CALLBACK-ACT", such as "commit-forks".
 */
#ifndef SUPPORT_MANNERS_H
#define SUPPORT_MANNERS_H

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/bad.h"

/* Not at 0: a sanitizer would end the process in its own way. */
static inline void
act_crash(void)
{
  static char *volatile nowhere = (char *)64;

  *nowhere = 1;
}

static inline void
act_raise(void)
{
  raise(SIGSEGV);
}

static inline void
act_leave(void)
{
  _exit(3);
}

static inline void
act_exit(void)
{
  exit(3);
}

static inline void
act_exit_quickly(void)
{
  quick_exit(3);
}

static inline void
act_end_thread(void)
{
  pthread_exit(NULL);
}

static inline void
act_leak(void)
{
  void *volatile lost = malloc(1);

  (void)lost;
}

/* Leaks in every fourth call. */
static inline void
act_leak_seldom(void)
{
  static unsigned calls;

  if (++calls % 4 == 0)
    act_leak();
}

static inline void
act_map(void)
{
  (void)mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
             -1, 0);
}

static inline void
act_open(void)
{
  (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Opens a file in each call; act_release closes them all. */
static int manners_hoard[4096];
static unsigned manners_hoarded;

static inline void
act_hoard(void)
{
  if (manners_hoarded < 4096)
    manners_hoard[manners_hoarded++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static inline void
act_release(void)
{
  while (manners_hoarded > 0)
    close(manners_hoard[--manners_hoarded]);
}

static inline void *
manners_wait(void *arg)
{
  for (;;)
    pause();
  return arg;
}

static inline void
act_thread(void)
{
  pthread_t thread;

  if (pthread_create(&thread, NULL, manners_wait, NULL) == 0)
    pthread_detach(thread);
}

static inline void
act_open_once(void)
{
  static bool done;

  if (!done)
    act_open();
  done = true;
}

static inline void *
manners_crash(void *arg)
{
  usleep(200000);
  raise(SIGSEGV);
  return arg;
}

/* Crashes when the callback has returned. */
static inline void
act_crash_later(void)
{
  pthread_t thread;

  if (pthread_create(&thread, NULL, manners_crash, NULL) == 0)
    pthread_detach(thread);
}

static inline void
act_thread_once(void)
{
  static bool done;

  if (!done)
    act_thread();
  done = true;
}

/* The child ends by itself when the process of the check has ended, or after
 * 10 s. */
static inline void
act_fork(void)
{
  if (fork() != 0)
    return;
  alarm(10);
  for (pid_t parent = getppid(); getppid() == parent;)
    usleep(100000);
  _exit(0);
}

/* A child of a child that was waited for. */
static inline void
act_daemon(void)
{
  pid_t child = fork();

  if (child == 0) {
    if (fork() == 0) {
      alarm(10);
      for (;;)
        pause();
    }
    _exit(0);
  }
  if (child > 0)
    waitpid(child, NULL, 0);
}

static inline void
act_mask(void)
{
  sigset_t set;

  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

static inline void
act_handler(void)
{
  signal(SIGTERM, SIG_IGN);
}

static inline void
act_mask_real_time(void)
{
  sigset_t set;

  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN + 3);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

static inline void
act_handler_real_time(void)
{
  signal(SIGRTMAX, SIG_IGN);
}

/* Changes only the mask of the handler. */
static inline void
act_handler_mask(void)
{
  struct sigaction action;

  sigaction(SIGTERM, NULL, &action);
  sigaddset(&action.sa_mask, SIGINT);
  sigaction(SIGTERM, &action, NULL);
}

static inline void
act_handler_flags(void)
{
  struct sigaction action;

  sigaction(SIGTERM, NULL, &action);
  action.sa_flags ^= SA_RESTART;
  sigaction(SIGTERM, &action, NULL);
}

static inline void
act_timer(void)
{
  const struct itimerval t = { .it_value = { .tv_sec = 1000 } };

  setitimer(ITIMER_REAL, &t, NULL);
}

static inline void
act_directory(void)
{
  (void)!chdir("/");
}

static inline void
act_umask(void)
{
  umask(0);
}

static inline void
act_locale(void)
{
  (void)setlocale(LC_ALL, "C.UTF-8");
}

static inline void
act_thread_locale(void)
{
  uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

static inline void
act_environment(void)
{
  setenv("TZ", "UTC+3", 1);
}

static inline void
act_print(void)
{
  printf("hello\nworld\n");
}

static inline void
act_print_error(void)
{
  fprintf(stderr, "hello\n");
}

static inline void
act_close_input(void)
{
  close(STDIN_FILENO);
}

static const struct {
  const char *name;
  void (*fn)(void);
} manners_acts[] = {
  { "aborts", abort },
  { "segfaults", act_crash },
  { "raises", act_raise },
  { "_exits", act_leave },
  { "exits-late", act_exit },
  { "quick_exits", act_exit_quickly },
  { "ends-thread", act_end_thread },
  { "leaks", act_leak },
  { "leaks-seldom", act_leak_seldom },
  { "maps", act_map },
  { "crashes-later", act_crash_later },
  { "opens-file", act_open },
  { "hoards-files", act_hoard },
  { "opens-file-once", act_open_once },
  { "starts-thread", act_thread },
  { "starts-thread-once", act_thread_once },
  { "forks", act_fork },
  { "starts-daemon", act_daemon },
  { "blocks-signal", act_mask },
  { "ignores-signal", act_handler },
  { "blocks-real-time", act_mask_real_time },
  { "ignores-real-time", act_handler_real_time },
  { "changes-handler-mask", act_handler_mask },
  { "changes-handler-flags", act_handler_flags },
  { "sets-timer", act_timer },
  { "changes-directory", act_directory },
  { "changes-umask", act_umask },
  { "changes-locale", act_locale },
  { "changes-thread-locale", act_thread_locale },
  { "changes-environment", act_environment },
  { "prints", act_print },
  { "prints-error", act_print_error },
  { "closes-input", act_close_input },
};

static const void *volatile manners_kept;

/* Keeps POINTER for the next callback if BAD is HOW. */
static inline void
keep(const char *how, const void *pointer)
{
  if (bad_is(how) && !manners_kept)
    manners_kept = pointer;
}

/* Call it first in each callback, with its name: uses a kept pointer, and acts
 * as BAD says. */
static inline void
misbehave(const char *callback)
{
  const char *bad = getenv("BAD");
  size_t len = strlen(callback);

  if (manners_kept)
    (void)*(const volatile char *)manners_kept;
  if (!bad || strncmp(bad, callback, len) != 0 || bad[len] != '-')
    return;
  for (size_t i = 0; i < sizeof(manners_acts) / sizeof(*manners_acts); i++)
    if (strcmp(bad + len + 1, manners_acts[i].name) == 0)
      manners_acts[i].fn();
}

/* mp_input_ops.check and mp_output_ops.check */
static inline int
bad_check(void *self)
{
  (void)self;
  misbehave("check");
  if (bad_is("check-late"))
    bad_be_late();
  if (bad_is("check-silent"))
    return MP_EPERM;
  return bad_is("check-outcome") ? MP_SKIP : MP_OK;
}

#endif
