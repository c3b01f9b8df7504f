/*
 * A tracer: runs the program under test and applies one fault to one of its
 * system calls.
 *
 * Calls are numbered per thread, from 1, since the start of main() (marked by
 * fault_preload.c); threads are numbered from 0 in the order of their creation.
 * So the same call is found again in the next run, independent of the other
 * threads.  A fault can also name, for example, the third write instead of the
 * hundredth call.
 */
#ifndef FAULTS_TRACER_H
#define FAULTS_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TRACE_THREADS 8

enum trace_what {
  TRACE_NOTHING,
  TRACE_KILL_BEFORE, /* killed before the call */
  TRACE_KILL_AFTER,  /* killed after the call */
  TRACE_ERROR,       /* the call is skipped and returns an error */
  TRACE_SHORT,       /* the call reads or writes only one byte */
  TRACE_HANG,        /* the call hangs until a signal arrives */
};

struct trace_fault {
  enum trace_what what;
  unsigned thread, call;
  long nr;      /* the first call NR from CALL on; -1: any, at CALL */
  unsigned nth; /* the NTH call NR instead, from 1; 0: use CALL */
  int error;    /* errno of TRACE_ERROR */
  bool lasting; /* also all later such calls of the thread */
  bool hit;     /* set when the fault was applied */
};

/* The system calls of a run: the call numbers of each thread, in order. */
struct trace_log {
  struct {
    long *nr;
    unsigned n;
  } thread[TRACE_THREADS];
};

/* Returns how many calls up to and including CALL of THREAD have its system
 * call number.  Runs differ in how often they wait, so the third write is a
 * more stable name than the hundredth call. */
unsigned trace_log_nth(const struct trace_log *log, unsigned thread,
                       unsigned call);

void trace_log_clear(struct trace_log *log);

/* Makes the calling child process traceable; call it before exec. */
void trace_me(void);

/* Traces the child PID until it ends.  Returns its status as of waitpid().
 * FAULT and LOG may be NULL. */
int trace_child(pid_t pid, struct trace_fault *fault, struct trace_log *log);

/* Returns whether this architecture supports TRACE_ERROR and TRACE_SHORT, which
 * need to know its registers. */
bool trace_can_inject(void);
/* Returns whether this architecture supports TRACE_HANG. */
bool trace_can_hang(void);

/* Returns whether the third argument of system call NR is the number of bytes
 * to read or write. */
bool trace_is_transfer(long nr);

#endif
