/* The tracer: uses ptrace to stop at each system call and apply the fault. */
#include "tests/faults/tracer.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <linux/ptrace.h>

#include "lib/array.h"

/* A stop at a system call, as reported with PTRACE_O_TRACESYSGOOD. */
#define CALL_STOP (SIGTRAP | 0x80)

/* ---- Registers ---- */

#if defined __x86_64__
#define REG_RESULT(r) ((r)->rax)
#define REG_SIZE(r) ((r)->rdx)
#define REG_FIRST(r) ((r)->rdi)
typedef struct user_regs_struct registers;
#elif defined __aarch64__
#define REG_RESULT(r) ((r)->regs[0])
#define REG_SIZE(r) ((r)->regs[2])
#define REG_FIRST(r) ((r)->regs[0])
typedef struct user_regs_struct registers;
#else
#define NO_REGISTERS
#endif

bool
trace_can_inject(void)
{
#ifdef NO_REGISTERS
  return false;
#else
  return true;
#endif
}

#ifndef NO_REGISTERS
static bool
get_registers(pid_t tid, registers *r)
{
  struct iovec io = { r, sizeof(*r) };

  return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &io) == 0;
}

static void
set_registers(pid_t tid, registers *r)
{
  struct iovec io = { r, sizeof(*r) };

  ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &io);
}
#endif

bool
trace_can_hang(void)
{
#if defined __x86_64__
  return true;
#else
  return false;
#endif
}

/* Replaces the call by pause(), so that it never returns but signals are
 * handled.  (A thread kept stopped by the tracer would handle no signal.) */
static void
hang_call(pid_t tid)
{
#if defined __x86_64__
  registers r;

  if (get_registers(tid, &r)) {
    r.orig_rax = SYS_pause;
    set_registers(tid, &r);
  }
#else
  (void)tid;
#endif
}

/* Skips the call. */
static void
skip_call(pid_t tid)
{
#if defined __x86_64__
  registers r;

  if (get_registers(tid, &r)) {
    r.orig_rax = (unsigned long long)-1;
    set_registers(tid, &r);
  }
#elif defined __aarch64__
  int none = -1;
  struct iovec io = { &none, sizeof(none) };

  ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &io);
#else
  (void)tid;
#endif
}

static void
set_result(pid_t tid, long result)
{
#ifndef NO_REGISTERS
  registers r;

  if (get_registers(tid, &r)) {
    REG_RESULT(&r) = (unsigned long long)result;
    set_registers(tid, &r);
  }
#else
  (void)tid;
  (void)result;
#endif
}

/* Replaces an argument, the first or the third, by VALUE and returns the old
 * value.  The caller must restore it after the call, because the program relies
 * on it. */
static unsigned long long
change_argument(pid_t tid, bool first, unsigned long long value)
{
  unsigned long long old = value;
#ifndef NO_REGISTERS
  registers r;

  if (get_registers(tid, &r)) {
    old = first ? REG_FIRST(&r) : REG_SIZE(&r);
    if (first)
      REG_FIRST(&r) = value;
    else
      REG_SIZE(&r) = value;
    set_registers(tid, &r);
  }
#else
  (void)tid;
  (void)first;
#endif
  return old;
}

/* ---- Threads ---- */

/* System calls with this number or above are not counted per number. */
#define CALL_NUMBERS 512

struct thread {
  pid_t tid;
  unsigned calls;
  unsigned nth[CALL_NUMBERS];  /* calls so far per call number */
  bool inside;                 /* between entry and exit of a call */
  bool spoiling;               /* the fault applies to this call */
  unsigned long long argument; /* old value of the replaced argument */
};

struct tracer {
  pid_t pid;
  struct trace_fault *fault;
  struct trace_log *log;
  struct thread threads[TRACE_THREADS];
  unsigned n;
  bool counting; /* main() has started */
  bool killed;
};

static struct thread *
thread_of(struct tracer *t, pid_t tid)
{
  for (unsigned i = 0; i < t->n; i++)
    if (t->threads[i].tid == tid)
      return &t->threads[i];
  if (t->n == TRACE_THREADS) {
    fprintf(stderr, "tracer: more than %d threads\n", TRACE_THREADS);
    abort();
  }
  t->threads[t->n] = (struct thread){ .tid = tid };
  return &t->threads[t->n++];
}

void
trace_log_clear(struct trace_log *log)
{
  for (unsigned i = 0; i < TRACE_THREADS; i++)
    free(log->thread[i].nr);
  memset(log, 0, sizeof(*log));
}

unsigned
trace_log_nth(const struct trace_log *log, unsigned thread, unsigned call)
{
  const long *nr = log->thread[thread].nr;
  unsigned n = 0;

  for (unsigned i = 0; i < call; i++)
    n += nr[i] == nr[call - 1];
  return n;
}

static void
log_call(struct trace_log *log, unsigned thread, long nr)
{
  if (!ARRAY_GROW(&log->thread[thread].nr, log->thread[thread].n))
    abort();
  log->thread[thread].nr[log->thread[thread].n++] = nr;
}

/* ---- Faults ---- */

static void
kill_all(struct tracer *t)
{
  t->killed = true;
  kill(t->pid, SIGKILL);
}

static unsigned
nth_of(const struct thread *thread, long nr)
{
  return nr >= 0 && nr < CALL_NUMBERS ? thread->nth[nr] : 0;
}

static bool
is_nth(const struct thread *thread, long nr, const struct trace_fault *f)
{
  unsigned nth = nth_of(thread, nr);

  return nr == f->nr && (nth == f->nth || (f->lasting && nth > f->nth));
}

static bool
is_here(const struct tracer *t, const struct thread *thread, long nr)
{
  const struct trace_fault *f = t->fault;

  return f && f->what != TRACE_NOTHING && (!f->hit || f->lasting) &&
         (unsigned)(thread - t->threads) == f->thread &&
         (f->nth      ? is_nth(thread, nr, f)
          : f->nr < 0 ? thread->calls == f->call
                      : thread->calls >= f->call && nr == f->nr);
}

static void
at_entry(struct tracer *t, struct thread *thread, long nr)
{
  thread->calls++;
  if (nr >= 0 && nr < CALL_NUMBERS)
    thread->nth[nr]++;
  if (t->log)
    log_call(t->log, (unsigned)(thread - t->threads), nr);
  thread->spoiling = is_here(t, thread, nr);
  if (!thread->spoiling)
    return;
  t->fault->hit = true;
  t->fault->nr = nr;
  switch (t->fault->what) {
  case TRACE_KILL_BEFORE:
    skip_call(thread->tid);
    kill_all(t);
    break;
  case TRACE_ERROR:
    /* brk has no errno: it returns the unchanged break for an address that it
     * rejects, such as 0. */
    if (nr == SYS_brk)
      thread->argument = change_argument(thread->tid, true, 0);
    else if (nr != SYS_close) /* close() closes even if it returns an error */
      skip_call(thread->tid);
    break;
  case TRACE_SHORT:
    thread->argument = change_argument(thread->tid, false, 1);
    break;
  case TRACE_HANG:
    hang_call(thread->tid);
    break;
  default:
    break;
  }
}

/* Restores the first argument, except where the result is returned in the same
 * register. */
static void
restore_first(const struct thread *thread)
{
#if defined __x86_64__
  change_argument(thread->tid, true, thread->argument);
#else
  (void)thread;
#endif
}

static void
at_exit(struct tracer *t, struct thread *thread)
{
  if (!thread->spoiling)
    return;
  thread->spoiling = false;
  if (t->fault->what == TRACE_KILL_AFTER)
    kill_all(t);
  else if (t->fault->what == TRACE_SHORT)
    change_argument(thread->tid, false, thread->argument);
  else if (t->fault->what == TRACE_ERROR && t->fault->nr == SYS_brk)
    restore_first(thread);
  else if (t->fault->what == TRACE_ERROR)
    set_result(thread->tid, -t->fault->error);
}

static void
at_call(struct tracer *t, struct thread *thread)
{
  struct ptrace_syscall_info info = { 0 };

  if (!t->counting ||
      ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) <= 0)
    return;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    thread->inside = true;
    at_entry(t, thread, (long)info.entry.nr);
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread->inside) {
    thread->inside = false;
    at_exit(t, thread);
  }
}

/* ---- Stops ---- */

/* Handles a stop.  Returns the signal to deliver to the thread; 0: none. */
static int
at_stop(struct tracer *t, struct thread *thread, int status)
{
  int signo = WSTOPSIG(status);
  unsigned long child;

  if (status >> 16 == PTRACE_EVENT_CLONE) {
    if (ptrace(PTRACE_GETEVENTMSG, thread->tid, 0, &child) == 0)
      thread_of(t, (pid_t)child);
    return 0;
  }
  if (signo == CALL_STOP) {
    at_call(t, thread);
    return 0;
  }
  if (signo == SIGSTOP) { /* start of a thread, or of main() */
    if (thread->tid == t->pid)
      t->counting = true;
    return 0;
  }
  return signo == SIGTRAP ? 0 : signo;
}

/* Lets the thread run on.  Before main(), its system calls are not traced. */
static void
go_on(const struct tracer *t, pid_t tid, int signo)
{
  ptrace(t->counting ? PTRACE_SYSCALL : PTRACE_CONT, tid, NULL,
         (void *)(intptr_t)signo);
}

void
trace_me(void)
{
  ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

int
trace_child(pid_t pid, struct trace_fault *fault, struct trace_log *log)
{
  struct tracer t = { .pid = pid, .fault = fault, .log = log };
  int status = 0;
  pid_t tid = waitpid(pid, &status, __WALL); /* the stop at exec */

  thread_of(&t, pid);
  if (WIFSTOPPED(status)) {
    ptrace(PTRACE_SETOPTIONS, pid, NULL,
           (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                    PTRACE_O_EXITKILL));
    go_on(&t, pid, 0);
  }
  while (tid != pid || WIFSTOPPED(status)) {
    tid = waitpid(-1, &status, __WALL);
    if (tid < 0 && errno != EINTR)
      break;
    if (tid > 0 && WIFSTOPPED(status)) {
      int signo = at_stop(&t, thread_of(&t, tid), status);

      go_on(&t, tid, signo);
    }
  }
  return status;
}

bool
trace_is_transfer(long nr)
{
  static const long transfers[] = { SYS_read,     SYS_write,  SYS_pread64,
                                    SYS_pwrite64, SYS_sendto, SYS_recvfrom };

  for (size_t i = 0; i < ARRAY_SIZE(transfers); i++)
    if (transfers[i] == nr)
      return true;
  return false;
}
