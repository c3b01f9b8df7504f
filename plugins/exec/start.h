/*
 * Starting a command: its descriptors, its group, and its signals.
 */
#ifndef EXEC_START_H
#define EXEC_START_H

#include <sys/types.h>

#include "plugins/exec/child.h"

/* Our ends of the pipes to a command that runs. */
struct started {
  pid_t pid; /* also the number of its process group */
  int in, out, err;
};

/* MP_OK, or a reason that was explained: the command does not run, and nothing
 * is left of it.  out is -1 when the child's output is not wanted. */
int start(const struct child *child, struct started *ret);

/* Explains ERR, for which the program NAME cannot be run: as what can be helped
 * by another pipeline file, by permissions, or by nobody. */
int start_explain(const struct mp_host *host, const char *name, int err);

#endif
