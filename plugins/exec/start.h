/*
 * Starting a command: its descriptors, its group, its signals and its guard.
 */
#ifndef EXEC_START_H
#define EXEC_START_H

#include <sys/types.h>

#include "plugins/exec/child.h"

/* A command that runs, and our ends of the pipes to it. */
struct started {
  pid_t pid;   /* also the number of its process group */
  pid_t guard; /* see forked.h */
  int in, out, err;
  int life;   /* while it is open, the guard lets the command live */
  int report; /* for start_error */
};

/* MP_OK, or a reason that was explained: the command does not run, and nothing
 * is left of it.  out is -1 when the child's output is not wanted. */
int start(const struct child *child, struct started *ret);

/* After the command has ended: the errno for which its program could not be
 * executed; 0: it was. */
int start_error(const struct started *started);

/* Explains ERR, for which the program NAME cannot be run: as what can be helped
 * by another pipeline file, by permissions, or by nobody. */
int start_explain(const struct mp_host *host, const char *name, int err);

/* Waits at most MS for the end of process PID and takes its status.  Returns 1;
 * 0: it still runs; -1: it has ended, and its status was taken by another part
 * of the program, or SIGCHLD is ignored. */
int start_wait(pid_t pid, int64_t ms, int *ret_status);

#endif
