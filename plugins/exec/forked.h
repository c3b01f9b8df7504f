/*
 * The two processes that a command takes, from fork() on: the command itself,
 * until its program is executed, and its guard.
 *
 * The guard is a member of the command's process group.  It holds the read end
 * of a pipe whose write end belongs to the run alone: when the run is gone,
 * even by SIGKILL, the guard ends the group.  As long as the guard lives, the
 * number of the group cannot be given to another one.
 *
 * The host has threads, so these functions call nothing that is not
 * async-signal-safe.  All signals are blocked when they begin.
 */
#ifndef EXEC_FORKED_H
#define EXEC_FORKED_H

#include <stdnoreturn.h>
#include <sys/types.h>

/* Descriptors of the command are at least this, so that they do not collide
 * with their places in the forked process. */
#define FORKED_FIRST_FD 5

struct forked {
  const char *path;
  char *const *words;
  char *const *env;
  int in, out, err; /* become its descriptors 0 to 2 */
  int life;         /* a byte here lets it go; its end says the run is gone */
  int report;       /* takes the errno if the program cannot be executed */
};

noreturn void forked_command(const struct forked *f);

/* LIFE as above: its end is waited for, and nothing is read. */
noreturn void forked_guard(int life, pid_t group);

#endif
