/*
 * One run under ptrace: the number of its system calls, and its peak memory
 * just before it ends.
 */
#include "bench/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/ptrace.h>

/* The stop signal of a system call, as PTRACE_O_TRACESYSGOOD reports it. */
#define CALL_STOP (SIGTRAP | 0x80)
/* The system call that maps files on this machine. */
#ifdef SYS_mmap2
#define SYS_MAP SYS_mmap2
#else
#define SYS_MAP SYS_mmap
#endif

static void
let_trace(void)
{
  ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

/* Returns whether the call maps a library: a file mapped to be executed. */
static bool
maps_library(const struct ptrace_syscall_info *info)
{
  return info->entry.nr == SYS_MAP && (info->entry.args[2] & PROT_EXEC) &&
         (int)info->entry.args[4] >= 0;
}

static void
at_call(pid_t tid, struct watched *w)
{
  struct ptrace_syscall_info info = { 0 };

  if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0 ||
      info.op != PTRACE_SYSCALL_INFO_ENTRY)
    return;
  w->calls++;
  w->libraries += maps_library(&info);
}

static long
read_peak(pid_t pid)
{
  char path[64], line[256];
  long kib = 0;
  FILE *f;

  snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
  f = fopen(path, "r");
  if (!f)
    program_die("%s: %s", path, strerror(errno));
  while (fgets(line, sizeof(line), f))
    if (strncmp(line, "VmHWM:", 6) == 0)
      kib = strtol(line + 6, NULL, 10);
  fclose(f);
  return kib;
}

/* Handles a stop of TID; returns the signal to deliver to it. */
static int
at_stop(pid_t pid, pid_t tid, int status, struct watched *w)
{
  int signo = WSTOPSIG(status);

  if (signo == CALL_STOP) {
    at_call(tid, w);
    return 0;
  }
  if (status >> 16 == PTRACE_EVENT_EXIT && tid == pid)
    w->peak_kib = read_peak(pid);
  return signo == SIGTRAP || signo == SIGSTOP ? 0 : signo;
}

struct watched
watch_run(const char *const *argv, const char *out)
{
  pid_t pid = program_start(argv, out, let_trace), tid;
  struct watched w = { .libraries = 1 }; /* the loader itself */
  int status = 0;

  waitpid(pid, &status, __WALL); /* the stop at exec */
  ptrace(PTRACE_SETOPTIONS, pid, NULL,
         (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                  PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL));
  ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
  for (;;) {
    tid = waitpid(-1, &status, __WALL);
    if (tid < 0 || (tid == pid && !WIFSTOPPED(status)))
      break;
    if (WIFSTOPPED(status))
      ptrace(PTRACE_SYSCALL, tid, NULL,
             (void *)(intptr_t)at_stop(pid, tid, status, &w));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    program_die("%s under ptrace ended with status %d", argv[0], status);
  return w;
}
