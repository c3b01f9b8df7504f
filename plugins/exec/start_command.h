/*
 * Starts a command: its descriptors, process group, signals and guard.
 */
#ifndef EXEC_START_COMMAND_H
#define EXEC_START_COMMAND_H

#include <sys/types.h>

#include "plugins/exec/child.h"

/* A running command, and the run's ends of the pipes to it. */
struct started {
  pid_t pid;   /* also the number of its process group */
  pid_t guard; /* see forked.h */
  int in, out, err;
  int life;   /* as long as it is open, the command may run */
  int report; /* for start_error */
};

/* MP_OK, or a reason, which was reported; then no process is left.  out is -1
 * if the child does not want the output. */
int start_command(const struct child *child, struct started *ret);

/* Call it after the command has ended.  Returns 0 if the program was executed,
 * or the errno of the failure. */
int start_error(const struct started *started);

/* Reports that the program NAME cannot be run because of ERR.  The code says
 * who can help: MP_ECONFIG (the pipeline file), MP_EPERM (permissions),
 * MP_ENOMEM or MP_EIO. */
int start_explain(const struct mp_host *host, const char *name, int err);

/* Waits at most MS for the end of process PID, and takes its status.  Returns
 * 1; 0: it still runs; -1: it has ended, but another part of the program took
 * its status, or SIGCHLD is ignored. */
int start_wait(pid_t pid, int64_t ms, int *ret_status);

#endif
