/*
 * A tracer: runs the program under test and lets one thing go wrong at one of
 * its system calls.
 *
 * Calls are numbered for each thread, from 1, from the start of main() on
 * (fault_preload.c marks it); threads from 0 in the order in which they were
 * made.  So a call is found again in the next run, whatever the threads do
 * meanwhile.  A fault can also name the third write instead of the hundredth
 * call.
 */
#ifndef FAULTS_TRACER_H
#define FAULTS_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TRACE_THREADS 8

enum trace_what {
  TRACE_NOTHING,
  TRACE_KILL_BEFORE, /* the call is not made */
  TRACE_KILL_AFTER,  /* it is made, and is the last */
  TRACE_ERROR,       /* it is not made, and fails */
  TRACE_SHORT,       /* it reads or writes one byte */
  TRACE_HANG,        /* it is not made, and returns only for a signal */
};

struct trace_fault {
  enum trace_what what;
  unsigned thread, call;
  long nr;      /* then at the first of these at or after CALL; -1: at CALL */
  unsigned nth; /* then at the NTH of these instead, from 1; 0: not */
  int error;    /* errno of TRACE_ERROR */
  bool lasting; /* and each of these after it, in its thread */
  bool hit;     /* set: the run came so far */
};

/* What a run did: the number of each call of each thread. */
struct trace_log {
  struct {
    long *nr;
    unsigned n, room;
  } thread[TRACE_THREADS];
};

/* How many calls of the same number there were up to CALL of THREAD, this one
 * included.  Runs differ in how often they wait, so that the third write is
 * found again more often than the hundredth call. */
unsigned trace_log_nth(const struct trace_log *log, unsigned thread,
                       unsigned call);

void trace_log_clear(struct trace_log *log);

/* In the child, before it executes the program. */
void trace_me(void);

/* Goes with the child PID to its end, which waitpid's status tells.  FAULT and
 * LOG may be NULL. */
int trace_child(pid_t pid, struct trace_fault *fault, struct trace_log *log);

/* Whether this machine's registers are known: TRACE_ERROR and TRACE_SHORT need
 * them. */
bool trace_can_inject(void);
/* Whether a call can be made to hang on this machine. */
bool trace_can_hang(void);

/* Whether calls NR read or write a number of bytes given as third argument. */
bool trace_is_transfer(long nr);

#endif
