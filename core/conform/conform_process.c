/* A process for each check, and the report of how it ended. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "core/conform/conform.h"

#ifdef COUNT_LINES
#include <gcov.h>
#endif
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/run/log.h"
#include "lib/clock.h"

/* The time limit of a check, in seconds.  The environment variable changes it:
 * for a slow debugger, or for a test that must be fast. */
#define CHECK_SECONDS 60
#define CHECK_SECONDS_VARIABLE "METERPIPE_CONFORM_SECONDS"

#define SIGNAL_STACK 65536

/* ---- In the process of the check ---- */

/* The report of this process, for the functions below that get no argument. */
static struct conform_report *own_report;
static struct sigaction old_handler;

/* Ends the process without the exit handlers of the plugin. */
static void
exit_at_once(void)
{
#ifdef COUNT_LINES
  __gcov_dump(); /* _exit skips this, too */
#endif
  _exit(EX_OK);
}

/* Runs if a callback ends the main thread. */
static void
note_thread_end(void *arg)
{
  (void)arg;
  own_report->thread_ended = true;
  exit_at_once();
}

/* An access to protected memory ends the process here.  Any other fault repeats
 * without this handler; a signal that was sent is sent again. */
static void
note_fault(int signo, siginfo_t *info, void *context)
{
  const char *lent_to = loan_callback(info->si_addr);

  (void)context;
  if (!lent_to) {
    sigaction(signo, &old_handler, NULL);
    if (info->si_code <= 0)
      raise(signo);
    return;
  }
  own_report->lent_to = lent_to;
  exit_at_once();
}

static void
watch_for_faults(void)
{
  static char memory[SIGNAL_STACK];
  static pthread_key_t key;
  stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };
  struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };

  sigaltstack(&stack, NULL);
  action.sa_sigaction = note_fault;
  sigaction(SIGSEGV, &action, &old_handler);
  loan_reserve();
  if (pthread_key_create(&key, note_thread_end) == 0)
    pthread_setspecific(key, &key);
}

struct job {
  void (*fn)(struct conform *c, void *ctx);
  void *ctx;
};

__attribute__((noreturn)) static void
be_child(struct conform *c, const struct job *job, const sigset_t *mask)
{
  struct conform_use before;

  own_report = c->report;
  sigprocmask(SIG_SETMASK, mask, NULL);
  signal(SIGPIPE, SIG_IGN); /* as in a run */
  if (dup2(c->printed[0], STDOUT_FILENO) < 0 ||
      dup2(c->printed[1], STDERR_FILENO) < 0)
    _exit(EX_OSERR);
  watch_for_faults();
  manners_note(&c->manners);
  prctl(PR_SET_CHILD_SUBREAPER, 1); /* a daemon stays a child of this process */
  conform_measure(&before);
  job->fn(c, job->ctx);
  if (!conform_failed(c))
    conform_left(c, &before);
  c->report->finished = true;
  exit_at_once();
  _exit(EX_OK);
}

/* ---- In the parent ---- */

static int
check_seconds(void)
{
  const char *text = getenv(CHECK_SECONDS_VARIABLE);
  long n = text ? strtol(text, NULL, 10) : 0;

  return n > 0 && n < 86400 ? (int)n : CHECK_SECONDS;
}

/* Waits for the process PID.  Returns false if it hung and was killed.  The
 * time is measured in this process, because the plugin may have disabled the
 * child's alarms.  SIGCHLD is blocked. */
static bool
wait_for(pid_t pid, const sigset_t *sigchld, int *ret_status)
{
  int64_t until = clock_mono_ms() + check_seconds() * INT64_C(1000);

  while (waitpid(pid, ret_status, WNOHANG) == 0) {
    int64_t left = until - clock_mono_ms();
    struct timespec t = { .tv_sec = (time_t)(left / 1000),
                          .tv_nsec = (long)(left % 1000) * 1000000 };

    if (left <= 0) {
      kill(pid, SIGKILL);
      waitpid(pid, ret_status, 0);
      return false;
    }
    sigtimedwait(sigchld, NULL, &t);
  }
  return true;
}

/* Copies the text that the process wrote to FD to standard error: words of the
 * C library or of a sanitizer about the crash. */
static void
show_text(int fd)
{
  char text[4096];
  ssize_t n;

  for (off_t at = 0; (n = pread(fd, text, sizeof(text), at)) > 0; at += n)
    (void)!write(STDERR_FILENO, text, (size_t)n);
}

/* Reports that the process ended before its check did.  Its exit status is not
 * a result of the check: it may be the plugin's. */
static void
report_early_end(struct conform *c, int status)
{
  const struct conform_report *report = c->report;
  char after[64];
  const char *who = report->callback;

  snprintf(after, sizeof(after), "after %s, the plugin",
           report->last ? report->last : "its start");
  if (!who)
    who = after;
  if (report->lent_to)
    conform_fail(c,
                 "%s used memory that the host had lent to %s: copy what you "
                 "need before the host takes it back",
                 who, report->lent_to);
  else if (report->thread_ended)
    conform_fail(c,
                 "%s ended the host's thread: return a reason instead of "
                 "calling pthread_exit",
                 who);
  else if (WIFSIGNALED(status))
    conform_fail(c,
                 "%s ended with signal %d (%s): to find the place, run this "
                 "command in gdb after \"set follow-fork-mode child\"",
                 who, WTERMSIG(status), strsignal(WTERMSIG(status)));
  else
    conform_fail(c,
                 "%s ended the process with status %d: return a reason instead "
                 "of calling exit",
                 who, WEXITSTATUS(status));
  show_text(c->printed[0]);
  show_text(c->printed[1]);
}

static int
report_findings(const struct conform *c)
{
  const struct conform_report *report = c->report;

  for (unsigned i = 0; i < report->n_findings; i++)
    log_line(MP_LOG_ERROR, c->label, c->check, "%s", report->findings[i]);
  return report->n_findings > 0 ? EX_SOFTWARE : EX_OK;
}

static int
run_child(struct conform *c, const struct job *job)
{
  sigset_t sigchld, mask;
  int status = 0;
  bool ended;
  pid_t pid;

  fflush(stdout);
  signal(SIGCHLD, SIG_DFL);
  sigemptyset(&sigchld);
  sigaddset(&sigchld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &sigchld, &mask);
  pid = fork();
  if (pid == 0)
    be_child(c, job, &mask);
  ended = pid > 0 && wait_for(pid, &sigchld, &status);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  if (pid < 0)
    return EX_OSERR;
  if (!ended)
    conform_fail(
      c, "%s does not return within %d s: wait no longer than time_left",
      c->report->callback ? c->report->callback : "it", check_seconds());
  else if (!c->report->finished)
    report_early_end(c, status);
  return report_findings(c);
}

int
conform_process(struct conform *c, const char *check,
                void (*fn)(struct conform *c, void *ctx), void *ctx)
{
  const struct job job = { fn, ctx };
  struct conform_report *report;
  int status = EX_OSERR;

  report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  c->check = check;
  c->n_checks++;
  for (int i = 0; i < 2; i++)
    c->printed[i] = memfd_create("printed", MFD_CLOEXEC);
  if (report != MAP_FAILED && c->printed[0] >= 0 && c->printed[1] >= 0) {
    c->report = report;
    status = run_child(c, &job);
    c->report = NULL;
  }
  for (int i = 0; i < 2; i++)
    if (c->printed[i] >= 0)
      close(c->printed[i]);
  if (report != MAP_FAILED)
    munmap(report, sizeof(*report));
  return status;
}

static void
run_check(struct conform *c, void *ctx)
{
  const struct conform_check *check = ctx;

  check->run(c);
}

int
conform_run(struct conform *c, const struct conform_check *checks)
{
  int status = EX_OK;

  for (; checks->name && status == EX_OK; checks++) {
    struct conform_check check = *checks;

    status = conform_process(c, check.name, run_check, &check);
  }
  return status;
}
