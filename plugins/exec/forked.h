/*
 * The two processes that are forked for a command: the command itself, until
 * its program is executed, and its guard.
 *
 * The guard is a member of the command's process group.  It holds the read end
 * of a pipe whose write end only the run has open.  When the run is gone, even
 * by SIGKILL, the guard kills the group.  While the guard lives, the kernel
 * cannot give the number of the group to another one.
 *
 * The host has threads, so these functions make only async-signal-safe calls.
 * All signals are blocked when they begin.
 */
#ifndef EXEC_FORKED_H
#define EXEC_FORKED_H

#include <stdnoreturn.h>
#include <sys/types.h>

/* The lowest descriptor of a pipe in the run, so that dup2() in the forked
 * process overwrites none of them. */
#define FORKED_FIRST_FD 5

struct forked {
  const char *path;
  char *const *words;
  char *const *env;
  int in, out, err; /* become its descriptors 0 to 2 */
  int life;         /* a byte lets the command begin; EOF: the run is gone */
  int report;       /* takes the errno if the program cannot be executed */
};

noreturn void forked_command(const struct forked *f);

/* LIFE as above.  Waits for its EOF and reads nothing. */
noreturn void forked_guard(int life, pid_t group);

#endif
