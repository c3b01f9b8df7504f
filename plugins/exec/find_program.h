/*
 * Finds the program of a command.
 */
#ifndef EXEC_FIND_PROGRAM_H
#define EXEC_FIND_PROGRAM_H

#include <meterpipe/plugin.h>

/* Room for the path of a program. */
#define FIND_PATH 4096

/* Searches PATH for the program NAME.  Returns 0 and its path, or the errno of
 * the failure. */
int find_path(const char *name, char path[FIND_PATH]);

/* Returns MP_OK if NAME can be run; otherwise reports the reason, as a run
 * would. */
int find_program(const struct mp_host *host, const char *name);

#endif
